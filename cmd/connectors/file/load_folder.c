/* load_folder: which file a record goes to: the only one, or one of a folder, by its stream or by a value. */
#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "load.h"
#include "value/digest.h"

enum { MOST_FILES = 500, LONGEST = 160, CUT = 120, DIGEST = 16 };

/* ---- names */

/* One character of a name, or what stands for it where a file system could take it amiss. */
static void add_char(struct buf *b, unsigned char c, bool edge)
{
	if (c < 0x20 || c == 0x7f || strchr("/\\:*?\"<>|%", c) || edge)
		buf_addf(b, "%%%02X", c);
	else
		buf_addc(b, (char)c);
}

/* Where a name can be cut: not inside a character of UTF-8 or %XX. */
static size_t cut_at(const struct buf *b, size_t from)
{
	size_t n = CUT;

	while (((unsigned char)b->p[from + n] & 0xc0) == 0x80)
		n--;
	if (b->p[from + n - 1] == '%')
		n--;
	else if (b->p[from + n - 2] == '%')
		n -= 2;
	return n;
}

/*
 * A file name made of any text, so that two texts never get one name: what a file system could take amiss becomes %XX, no
 * name is hidden or empty, and of a long one stays its beginning and a digest of the whole.
 */
static void add_safe(struct buf *b, struct span s)
{
	char digest[2 * DIGEST + 1];
	size_t i, from = b->n;
	bool edge;

	for (i = 0; i < s.n; i++) {
		edge = (i == 0 && (s.p[i] == '.' || s.p[i] == '-')) || (i + 1 == s.n && (s.p[i] == '.' || s.p[i] == ' '));
		add_char(b, (unsigned char)s.p[i], edge);
	}
	if (s.n == 0)
		buf_adds(b, "%empty");
	if (b->n - from <= LONGEST)
		return;
	digest_hex(s, DIGEST, digest);
	b->n = from + cut_at(b, from);
	buf_addf(b, "%%~%s", digest);
}

static const char *ending_of(const struct files *f)
{
	static const char *const endings[] = { ".ndjson", ".json", ".csv", ".tsv" };

	return endings[f->o->format < 0 ? FORMAT_NDJSON : f->o->format];
}

/* ---- files that are open */

static struct out *find_out(struct files *f, struct span name)
{
	size_t i;

	if (f->last && span_eq(name, buf_span(&f->last->name)))
		return f->last;
	for (i = 0; i < f->n; i++)
		if (span_eq(name, buf_span(&f->out[i]->name)))
			return f->out[i];
	return NULL;
}

/* Is the file one of the first n by another name (a link; a disk that doesn't tell A from a)? */
static int check_alias(const struct files *f, const char *path, size_t n, struct error *err)
{
	struct stat st;
	size_t i;

	if (stat(path, &st) || !S_ISREG(st.st_mode))
		return 0;
	for (i = 0; i < n; i++)
		if (f->out[i]->known && f->out[i]->device == st.st_dev && f->out[i]->inode == st.st_ino)
			return error_set(err, EXIT_FAILED, "'%s' is '%s' by another name", path, f->out[i]->path);
	return 0;
}

static void know(struct out *o)
{
	struct stat st;

	o->known = !stat(o->path, &st) && S_ISREG(st.st_mode);
	if (o->known) {
		o->device = st.st_dev;
		o->inode = st.st_ino;
	}
}

int folder_check(const struct files *f, size_t i, struct error *err)
{
	return f->folder && !f->out[i]->dry ? check_alias(f, f->out[i]->path, i, err) : 0;
}

void folder_written(struct files *f, size_t i)
{
	if (f->folder)
		know(f->out[i]);
}

struct out *folder_add(struct files *f, struct load *l, const char *path, struct span name, struct error *err)
{
	struct out *o;

	if (f->n == MOST_FILES) {
		error_set(err, EXIT_FAILED, "more than %d files at once: split by a field with fewer values", MOST_FILES);
		return NULL;
	}
	o = check_alias(f, path, f->n, err) ? NULL : out_open(f, l, path, name, err);
	if (!o)
		return NULL;
	know(o);
	o->stream = f->stream;
	XGROW(f->out, f->n, f->cap);
	f->out[f->n++] = o;
	return o;
}

/* The file of the folder that records of this name go to. */
static struct out *out_in_folder(struct files *f, struct load *l, struct span name, struct error *err)
{
	struct out *o = find_out(f, name);
	struct buf path = BUF_INIT;

	if (!o) {
		buf_addf(&path, "%s%s", f->target, f->target[strlen(f->target) - 1] == '/' ? "" : "/");
		add_safe(&path, name);
		buf_adds(&path, ending_of(f));
		o = folder_add(f, l, buf_str(&path), name, err);
	}
	buf_release(&path);
	return o;
}

/* ---- the choice */

static struct out *by_value(struct files *f, struct load *l, const struct record *rec, struct error *err)
{
	struct buf json = BUF_INIT;
	struct out *o = NULL;
	struct value v;

	if (!record_get(rec, &f->split, &f->split_cursor, &v)) {
		error_data(err, "no-field", "no '%s' to split by", f->o->split_by);
	} else if (value_type(v) == TOKEN_STRING) {
		o = out_in_folder(f, l, value_text(v, (struct arena *)(uintptr_t)&rec->arena), err);
	} else {
		value_write(v, &json);
		o = out_in_folder(f, l, buf_span(&json), err);
	}
	buf_release(&json);
	return o;
}

/* Where all goes to one file there may be one stream only, with rows or without. */
static int check_single(struct files *f, struct load *l, uint32_t stream, struct error *err)
{
	bool another = f->streams && stream != l->only;

	f->streams = true;
	l->only = stream;
	if (!another || (f->folder && (!l->stream || f->o->split_by)))
		return 0;
	return f->folder ? error_set(err, EXIT_USAGE, "there are several streams, and '%s' names one", l->stream) :
		error_set(err, EXIT_USAGE, "there are several streams: name a folder ('%s/') to get a file for each", f->target);
}

struct out *folder_choose(struct files *f, struct load *l, const struct record *rec, uint32_t stream, struct error *err)
{
	if (check_single(f, l, stream, err))
		return NULL;
	if (!f->folder)
		return f->out[0];
	if (f->o->split_by)
		return by_value(f, l, rec, err);
	return out_in_folder(f, l, l->stream ? span_of(l->stream) : span_of(streams_name(&l->tool->streams, stream)), err);
}

int folder_declare(struct files *f, struct load *l, uint32_t stream, struct error *err)
{
	struct span name = l->stream ? span_of(l->stream) : span_of(streams_name(&l->tool->streams, stream));

	if (check_single(f, l, stream, err))
		return -1;
	if (!f->folder || f->o->split_by || !name.n)
		return 0;
	return out_in_folder(f, l, name, err) ? 0 : -1;
}

/* As many files as may be open at once, each with its journal. */
static void allow_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= 2 * MOST_FILES + 64)
		return;
	limit.rlim_cur = limit.rlim_max < 2 * MOST_FILES + 64 ? limit.rlim_max : 2 * MOST_FILES + 64;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

int folder_open(struct files *f, const struct load *l, struct error *err)
{
	struct stat st;

	allow_files();
	if (l->o->dry_run)
		return 0;
	if (!stat(f->target, &st) && S_ISDIR(st.st_mode))
		return l->mode == MODE_APPEND ? append_recover(f->target, l, err) : 0;
	if (mkdir(f->target, 0777) && errno != EEXIST)
		return error_errno(err, EXIT_FAILED, "cannot make the folder '%s'", f->target);
	return 0;
}
