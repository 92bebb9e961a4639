/* extract_lines: NDJSON, passed on byte for byte, and saved streams, passed on with their frames. */
#include <unistd.h>

#include "base/fileio.h"
#include "base/sig.h"
#include "extract.h"

struct lines {
	struct extract *x;
	struct reader *r;
	bool saved;		/* a saved stream: its frames are the stream's */
	bool counted;		/* shards go by the number of the record */
	uint64_t from;		/* where in the file reading began */
};

static int on_record(void *self, struct record *rec, struct meta *meta, struct writer *w, struct error *err)
{
	struct lines *l = self;
	struct extract *x = l->x;
	int failed = 0;

	(void)w;
	if (l->saved)
		return STAGE_PASS;
	if (checkpoint(x, err))
		return -1;	/* of what came before this record */
	x->source->pos.offset = l->from + l->r->consumed;
	x->source->pos.line = l->r->lineno;
	if (sig_stopping()) {	/* what was read already is the rest, but for half a line */
		l->r->opt.limit = l->r->bytes;
		l->r->opt.whole_lines = true;
	}
	if (l->counted && !in_shard(x, l->r->records - 1))
		return STAGE_DROP;
	if (!x->lead.n) {
		if (!value_present(meta->sync))
			meta->stream = x->source->stream;
		return STAGE_PASS;
	}
	failed = emit(x, rec, meta, err);
	return failed ? -1 : STAGE_DROP;
}

static int refuse_saved(const struct extract *x, struct error *err)
{
	const struct extract_options *o = x->o;
	const char *what = o->state ? "--state" : o->follow ? "--follow" : o->shard.n ? "--shard" : o->with_path ? "--with-path" :
			   o->stream ? "--stream" : o->key ? "--key" : NULL;

	return what ? error_set(err, EXIT_USAGE, "'%s' is a saved stream, and says by itself what it holds: %s has no meaning for it", x->path,
				what) : 0;
}

/* Frames of plain input are made up, and ours stand instead; a saved stream's are passed on. */
static int on_frame(void *self, struct record *rec, struct meta *meta, struct writer *w, struct error *err)
{
	struct lines *l = self;

	(void)rec;
	(void)w;
	if (l->r->framed) {
		if (meta->op == OP_BEGIN && (refuse_saved(l->x, err) || close_section(l->x, err)))
			return -1;
		l->saved = true;
		return STAGE_PASS;
	}
	if (meta->op == OP_BEGIN && (open_section(l->x, err) || declare(l->x, SPAN_LIT("{}"), err)))
		return -1;
	return STAGE_DROP;
}

/* The bytes of a shard: from the first line that begins in it to the end of the last one. */
static int seek_shard(struct extract *x, const struct input *in, uint64_t *limit, struct error *err)
{
	uint64_t size = (uint64_t)in->st.st_size, edge[2];
	char buf[4096], *eol;
	ssize_t got;
	int i;

	shard_bytes(x, size, &edge[0], &edge[1]);
	for (i = 0; i < 2; i++) {
		for (eol = NULL; edge[i] && edge[i] < size && !eol; edge[i] += eol ? (uint64_t)(eol - buf) : (uint64_t)got) {
			got = pread(in->fd, buf, sizeof buf, (off_t)edge[i] - 1);
			if (got <= 0)
				return error_set(err, EXIT_FAILED, "'%s' shrank while it was read", x->path);
			eol = memchr(buf, '\n', (size_t)got);
		}
		if (edge[i] > size)
			edge[i] = size;
	}
	x->source->pos.offset = edge[0];
	*limit = edge[1] - edge[0];
	return 0;
}

/* Where to begin, and how far to read (0: to the end). *none: the shard has no line of this file. */
static int place(struct extract *x, struct lines *l, struct input *in, struct reader_options *o, bool *none, struct error *err)
{
	bool by_bytes = x->o->shard.n && in->file && !in->packed;

	if (by_bytes && seek_shard(x, in, &o->limit, err))
		return -1;
	*none = by_bytes && !o->limit;
	l->counted = x->o->shard.n && !by_bytes;
	l->from = x->source->pos.offset;
	o->resumed = l->from > 0;
	return l->from ? input_skip(in, l->from, x->path, err) : 0;
}

int extract_lines(struct extract *x, struct input *in, struct error *err)
{
	const struct stage stage = { .record = on_record, .frame = on_frame, .names_pass = true };
	struct reader_options o = tool_reader_options(x->tool, in->file);
	struct lines lines = { .x = x };
	struct reader r;
	bool none;
	int failed;

	o.plain = false;
	o.data = !x->o->changes;
	o.file = in->file || x->tool->opt.plain;
	o.whole_lines = x->growing;
	if (place(x, &lines, in, &o, &none, err))
		return -1;
	if (none)	/* a file with fewer lines than shards */
		return open_section(x, err) || declare(x, SPAN_LIT("{}"), err) ? -1 : 0;
	reader_open(&r, in->fd, x->path, &x->tool->streams, &o);
	reader_unread(&r, (struct span){ in->head, in->head_n });
	r.lineno = x->o->shard.n ? 0 : x->source->pos.line;
	r.only = x->source->stream;
	r.progress = &x->tool->progress;
	lines.r = &r;
	failed = stage_run(&stage, &lines, &r, &x->tool->writer, NULL, err);
	if (!failed && !lines.saved) {
		x->source->pos.offset = lines.from + r.consumed;	/* empty lines and what was set aside are behind us too */
		x->source->pos.line = r.lineno;
		if (x->growing && r.consumed < r.bytes)
			say_unfinished(x);
	}
	tool_account(x->tool, &r);
	reader_close(&r);
	return failed;
}
