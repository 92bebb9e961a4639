/*
 * load_append: what makes an append whole.
 *
 * Where the file ended is known before the first byte is added: from the state, if it has been kept there, else from a
 * note beside the file (".NAME.append", its length in bytes), written and synced first and removed when all is durable.
 * A run that finds the file longer than that cuts it back: what a killed run added goes, and is added again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/xalloc.h"
#include "load.h"

static char *note_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct buf b = BUF_INIT;

	buf_addf(&b, "%.*s.%s.append", slash ? (int)(slash + 1 - path) : 0, path, slash ? slash + 1 : path);
	return buf_take(&b);
}

/* A length in decimal digits: 0, or -1. */
static int read_length(const char *text, uint64_t *length)
{
	char *end;

	errno = 0;
	*length = strtoull(text, &end, 10);
	return errno || text[0] < '0' || text[0] > '9' || (*end && *end != '\n') ? -1 : 0;
}

/* 1 and the length that a note says, 0 without a note, -1. */
static int read_note(const char *note, uint64_t *length, struct error *err)
{
	struct buf b = BUF_INIT;
	int got = 0;

	if (!access(note, F_OK)) {
		if (io_slurp(note, 64, &b, err))
			got = -1;
		else if (read_length(buf_str(&b), length))
			got = error_set(err, EXIT_FAILED, "the note '%s' of an append that didn't end is damaged: see that the file is as it "
					"should be, and remove the note", note);
		else
			got = 1;
	}
	buf_release(&b);
	return got;
}

static int write_note(struct out *o, struct error *err)
{
	char text[32];

	snprintf(text, sizeof text, "%llu\n", (unsigned long long)o->size);
	return replace_file(o->undo, span_of(text), err);
}

/* What the state says: 1 and the length, 0 nothing, -1. */
static int state_length(const struct load *l, const char *path, uint64_t *length, struct error *err)
{
	const char *text = l->o->state && !l->o->reset ? json_string_value(json_object_get(state_loader(&l->state), path)) : NULL;

	if (!text)
		return 0;
	return read_length(text, length) ? error_set(err, EXIT_FAILED, "the state's length of '%s' is damaged", path) : 1;
}

static int cut(struct out *o, uint64_t length, struct error *err)
{
	if (o->size == length)
		return 0;
	if (o->size < length)
		return error_set(err, EXIT_FAILED, "'%s' has %llu bytes, and %llu were there: somebody else changed it", o->path,
				 (unsigned long long)o->size, (unsigned long long)length);
	diag_note("'%s': %llu bytes of a run that didn't end are taken back", o->path, (unsigned long long)(o->size - length));
	if (ftruncate(o->fd, (off_t)length))
		return error_errno(err, EXIT_FAILED, "cannot cut '%s'", o->path);
	o->size = length;
	return 0;
}

static int find_start(struct load *l, struct out *o, struct error *err)
{
	uint64_t length;
	int known = state_length(l, o->path, &length, err);

	if (known == 0) {
		o->undo = note_name(o->path);
		known = read_note(o->undo, &length, err);
		if (known == 0)
			return write_note(o, err);
	}
	return known < 0 ? -1 : cut(o, length, err);
}

/* A last line without its line feed is whole, if it is somebody's; then it gets one. */
static int end_last_line(struct out *o, struct error *err)
{
	char last;

	if (o->size == 0)
		return 0;
	if (pread(o->fd, &last, 1, (off_t)o->size - 1) != 1)
		return error_errno(err, EXIT_FAILED, "cannot read '%s'", o->path);
	if (last != '\n')
		buf_addc(&o->buf, '\n');
	return 0;
}

static int open_locked(struct out *o, struct error *err)
{
	struct stat st;

	o->fd = open(o->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (o->fd < 0 || fstat(o->fd, &st))
		return error_errno(err, EXIT_FAILED, "cannot open '%s'", o->path);
	if (!S_ISREG(st.st_mode)) {
		o->direct = true;
		return 0;
	}
	if (flock(o->fd, LOCK_EX | LOCK_NB))
		return error_set(err, EXIT_AGAIN, "another run is appending to '%s'", o->path);
	o->size = (uint64_t)st.st_size;
	return 0;
}

int append_open(struct files *f, struct load *l, struct out *o, struct error *err)
{
	bool csv = o->format == FORMAT_CSV || o->format == FORMAT_TSV;
	size_t n = strlen(o->path);

	if (o->format == FORMAT_JSON)
		return error_set(err, EXIT_USAGE, "a JSON array can't be appended to: use NDJSON, or replace '%s'", o->path);
	if ((n > 3 && !strcmp(o->path + n - 3, ".gz")) || (n > 4 && !strcmp(o->path + n - 4, ".zst")))
		return error_set(err, EXIT_USAGE, "'%s' is packed: it can be replaced, not appended to", o->path);
	if (!strcmp(o->path, "-"))
		return error_set(err, EXIT_USAGE, "standard output can't be appended to");
	if (open_locked(o, err))
		return -1;
	if (o->direct)
		return 0;
	if (find_start(l, o, err) || end_last_line(o, err))
		return -1;
	o->existed = o->size > 0;
	if (csv && o->existed && !o->columns.known)
		return columns_from_header(&o->columns, o->path, f->delimiter, err);
	return 0;
}

void append_note(const struct files *f, struct load *l)
{
	json_t *sizes = json_object();
	char text[24];
	size_t i;

	for (i = 0; i < f->n; i++) {
		snprintf(text, sizeof text, "%llu", (unsigned long long)f->out[i]->size);
		if (!f->out[i]->direct)
			json_object_set_new(sizes, f->out[i]->path, json_string(text));
	}
	state_set_loader(&l->state, sizes);
}
