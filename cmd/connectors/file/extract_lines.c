/* extract_lines: NDJSON, passed on byte for byte, and saved streams, passed on with their frames. */
#include <unistd.h>

#include "base/fileio.h"
#include "extract.h"

struct lines {
	struct extract *x;
	struct reader *r;
	bool saved;		/* a saved stream: its frames are the stream's */
};

static int on_record(void *self, struct record *rec, struct meta *meta, struct writer *w, struct error *err)
{
	struct lines *l = self;

	(void)w;
	(void)meta;
	if (l->saved)
		return STAGE_PASS;
	if (checkpoint(l->x, false, err))
		return -1;	/* of what came before this record */
	if (!rec->dirty && !l->x->tagged && !l->x->o->with_path)
		meta->stream = l->x->source->stream;
	else if (emit(l->x, rec, err))
		return -1;
	else
		meta = NULL;
	l->x->source->offset = l->r->consumed;
	return meta ? STAGE_PASS : STAGE_DROP;
}

/* Frames of plain input are made up, and ours stand instead; a saved stream's are passed on. */
static int on_frame(void *self, struct record *rec, struct meta *meta, struct writer *w, struct error *err)
{
	struct lines *l = self;

	(void)rec;
	(void)w;
	if (!l->r->framed)
		return STAGE_DROP;
	if (meta->op == OP_BEGIN) {
		if (l->x->o->state)
			return error_set(err, EXIT_USAGE, "'%s' is a saved stream: --state has no meaning for it", l->x->source->path);
		if (close_section(l->x, err))
			return -1;
		l->saved = true;
	}
	return STAGE_PASS;
}

/* Is the first line a begin frame? Looked at before our own begin is written. */
static bool looks_saved(int fd, bool file)
{
	static const char start[] = "{\"_sync\":{\"op\":\"begin\"";
	char head[sizeof start];

	return file && pread(fd, head, sizeof head, 0) == (ssize_t)sizeof head && !memcmp(head, start, sizeof start - 1);
}

int extract_lines(struct extract *x, struct input *in, uint64_t limit, struct error *err)
{
	const struct stage stage = { .record = on_record, .frame = on_frame, .names_pass = true };
	struct reader_options o = tool_reader_options(x->tool, in->file);
	struct lines lines = { .x = x };
	struct reader r;
	int failed;

	o.plain = false;
	o.data = !x->o->changes;
	o.file = in->file || x->tool->opt.plain;
	o.whole_lines = x->o->follow || x->o->state;
	o.limit = limit;
	if (!looks_saved(in->fd, in->file && !in->packed) && (open_section(x, err) || declare(x, SPAN_LIT("{}"), err)))
		return -1;
	reader_open(&r, in->fd, x->source->path, &x->tool->streams, &o);
	r.consumed = x->source->offset;
	r.progress = &x->tool->progress;
	lines.r = &r;
	failed = stage_run(&stage, &lines, &r, &x->tool->writer, NULL, err);
	tool_account(x->tool, &r);
	reader_close(&r);
	return failed;
}
