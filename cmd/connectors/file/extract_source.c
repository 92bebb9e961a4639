/* extract_source: one file read, from where it was left, and what is left of the file that had its name before. */
#include <errno.h>
#include <stdlib.h>

#include "base/diag.h"
#include "base/sig.h"
#include "extract.h"

static int read_form(struct extract *x, struct input *in, struct error *err)
{
	switch (x->source->format) {
	case FORMAT_JSON:
		return extract_json(x, in, err);
	case FORMAT_CSV:
	case FORMAT_TSV:
		return extract_csv(x, in, err);
	default:
		return extract_lines(x, in, err);
	}
}

/* A file that more may be appended to must have a place to go on from. */
static int check_growing(const struct extract *x, const struct input *in, struct error *err)
{
	if (!in->file)
		return error_set(err, EXIT_USAGE, "'%s' has no place to go on from: --state and --follow read files", x->path);
	if (x->source->format == FORMAT_JSON)
		return error_set(err, EXIT_USAGE, "'%s' is a JSON document, which isn't appended to: --state and --follow read NDJSON, CSV and "
				 "TSV", x->path);
	return 0;
}

static int read_moved(struct extract *x, struct source *s, struct error *err);

/*
 * A file that was read before: is it still that one? Else what is left of the old one comes first, if it can be found.
 * 0; 1: a signal ended that, and s->pos is still a place in the old one; -1.
 */
static int check_position(struct extract *x, struct source *s, struct input *in, struct error *err)
{
	int fits;

	if (!s->pos.known)
		return 0;
	fits = position_fits(&s->pos, in, x->path, err);
	if (fits)
		return fits < 0 ? -1 : 0;
	if (read_moved(x, s, err))
		return -1;
	if (sig_stopping())
		return 1;
	s->pos = (struct position){ .known = false };
	return 0;
}

static int read_opened(struct extract *x, struct source *s, struct input *in, struct error *err)
{
	struct error cause = ERROR_INIT;
	int failed = read_form(x, in, err);

	if (!x->o->follow && input_check(in, x->path, &cause)) {
		*err = cause;	/* half a line was not the cause */
		failed = -1;
	}
	if (failed)
		return -1;
	if (!has_checkpoints(x))
		return 0;
	counts_grow(&x->moved, s->stream);
	x->moved.n[s->stream] = 1;
	return position_note(&s->pos, in, x->path, err);
}

static int close_input(struct extract *x, struct input *in, int failed, struct error *err)
{
	struct error later = ERROR_INIT;

	x->in = NULL;
	if (input_close(in, x->path, &later) && (!failed || in->packed)) {
		*err = later;	/* what a damaged file made of its records is not the cause */
		failed = -1;
	}
	return failed;
}

/* From s->pos on; it is whole, so its last record is too. */
static int read_one_moved(struct extract *x, struct source *s, const char *moved, struct error *err)
{
	const char *path = x->path;
	struct input *in = x->in, now;
	int failed;

	diag_note("'%s' has become '%s', which is read to its end first", path, moved);
	x->path = moved;
	x->growing = false;
	failed = input_open(&now, moved, err);
	if (!failed) {
		now.writer = &x->tool->writer;
		x->in = &now;
		failed = close_input(x, &now, read_opened(x, s, &now, err), err);
	}
	x->path = path;
	x->in = in;
	x->growing = true;
	return failed;
}

/* The rest of a file that was moved away, and all of those that had its name since. */
static int read_moved(struct extract *x, struct source *s, struct error *err)
{
	char *moved = position_find(&s->pos, x->path), *next;
	int failed = 0;

	if (!moved)
		diag_warn("'%s' is another file than it was, or was truncated, and the old one isn't beside it: what came behind its "
			  "byte %llu is lost, and the new one is read from its start", x->path, (unsigned long long)s->pos.offset);
	while (moved && !failed) {
		failed = read_one_moved(x, s, moved, err);
		next = failed || sig_stopping() ? NULL : position_next(&x->sources, x->path, moved);
		if (next)
			s->pos = (struct position){ .known = false };
		free(moved);
		moved = next;
	}
	free(moved);
	return failed;
}

int extract_source(struct extract *x, struct source *s, struct error *err)
{
	struct input in;
	int got = 0;

	x->source = s;
	x->path = s->path;
	x->growing = x->o->state || x->o->follow;
	if (input_open(&in, s->path, err))
		return x->o->follow && errno == ENOENT ? 0 : -1;
	in.writer = &x->tool->writer;
	x->in = &in;
	s->looked = (uint64_t)in.st.st_size;
	s->looked_at = changed_at(&in.st);
	if (x->growing)
		got = check_growing(x, &in, err) ? -1 : check_position(x, s, &in, err);
	if (!got)
		got = read_opened(x, s, &in, err);
	return close_input(x, &in, got < 0, err) ? -1 : checkpoint_streams(x, false, err);
}
