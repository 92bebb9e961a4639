/* reader: lines in a row, as records and frames, in their order and counted. */
#include "stream/reader.h"

#include <errno.h>
#include <stdlib.h>

#include "base/fileio.h"
#include "base/xalloc.h"
#include "stream/frame_private.h"
#include "value/number.h"

enum { READ_SIZE = 256 << 10, SYNC_MEMO = 256 };

enum state { AT_START, IN_PLAIN, IN_SECTION, AFTER_END, AT_END };

struct reader_private {
	int fd;			/* -1: memory */
	char *buf;		/* owned */
	size_t at, end, cap;	/* unread bytes are buf[at..end); cap leaves room for padding */
	bool eof;
	bool again;		/* the line last read is to be given once more */
	size_t unfinished;	/* bytes of the line last read, if no line feed ended it */
	enum state state;
	uint32_t schemas;	/* streams that schema frames declared in this section */
	struct counts declared;	/* 1 for each of them */
	char sync[SYNC_MEMO];	/* the bytes of the last `_sync` that was parsed, and what they mean */
	size_t sync_len;
	struct meta sync_meta;
	uint64_t free_names[TAPE_SHAPES];	/* shapes of records without reserved names */
	uint64_t plain[TAPE_SHAPES];	/* shapes of records without `_sync` */
};

static struct reader_private *open_private(struct reader *r, const char *name, struct streams *streams,
					   const struct reader_options *opt)
{
	*r = (struct reader){ .opt = *opt, .streams = streams, .name = xstrdup(name) };
	r->priv = xcalloc(1, sizeof *r->priv);
	return r->priv;
}

void reader_open(struct reader *r, int fd, const char *name, struct streams *streams, const struct reader_options *opt)
{
	struct reader_private *p = open_private(r, name, streams, opt);

	p->fd = fd;
	p->cap = READ_SIZE;
	p->buf = xmalloc(p->cap + SCAN_PADDING);
	io_pipe_enlarge(fd);
}

void reader_open_memory(struct reader *r, struct span text, const char *name, struct streams *streams,
			const struct reader_options *opt)
{
	struct reader_private *p = open_private(r, name, streams, opt);

	p->fd = -1;
	p->cap = p->end = text.n;
	p->buf = xmalloc(p->cap + SCAN_PADDING);
	if (text.n)
		memcpy(p->buf, text.p, text.n);
	memset(p->buf + text.n, 0, SCAN_PADDING);
	p->eof = true;
	r->bytes = text.n;
}

void reader_unread(struct reader *r, struct span head)
{
	memcpy(r->priv->buf, head.p, head.n);
	r->priv->end = head.n;
	r->bytes = head.n;
}

void reader_close(struct reader *r)
{
	if (r->priv) {
		free(r->priv->buf);
		counts_release(&r->priv->declared);
	}
	free(r->priv);
	free(r->name);
	record_names_release(r->names);
	counts_release(&r->counts);
	counts_release(&r->aside);
	counts_release(&r->total);
	*r = (struct reader){ .name = NULL };
}

static int broken(const struct reader *r, int status, const char *what, struct error *err)
{
	return error_set(err, status, "%s:%llu: %s", r->name, (unsigned long long)r->lineno, what);
}

/* ---- lines */

/* Makes room behind the unread bytes and reads once. 0, or -1; at the end eof is set. */
static int fill(struct reader *r, struct error *err)
{
	struct reader_private *p = r->priv;
	ssize_t got;
	size_t cap, want;
	char *grown;

	if (r->before_block && !io_readable(p->fd))
		r->before_block(r->ctx);
	if (r->before_reuse)
		r->before_reuse(r->ctx);
	if (p->at) {
		memmove(p->buf, p->buf + p->at, p->end - p->at);
		p->end -= p->at;
		p->at = 0;
	}
	if (p->end == p->cap) {
		cap = p->cap * 2;
		grown = p->end > r->opt.max_record ? NULL : realloc(p->buf, cap + SCAN_PADDING);
		if (!grown) {
			r->lineno++;
			return error_set(err, EXIT_FAILED, "%s:%llu: a line of more than %zu bytes (--max-record)", r->name,
					 (unsigned long long)r->lineno, r->opt.max_record);
		}
		p->buf = grown;
		p->cap = cap;
	}
	want = p->cap - p->end;
	if (r->opt.limit && want > r->opt.limit - r->bytes)
		want = (size_t)(r->opt.limit - r->bytes);
	got = io_read(p->fd, p->buf + p->end, want);
	if (got < 0)
		return error_errno(err, EXIT_FAILED, "cannot read '%s'", r->name);
	p->eof = got == 0;
	p->end += (size_t)got;
	r->bytes += (uint64_t)got;
	if (r->progress)
		progress_update(r->progress, r->records, r->bytes);
	return 0;
}

/* 1 and r->line, 0 at the end, -1. */
static int next_line(struct reader *r, struct error *err)
{
	struct reader_private *p = r->priv;
	size_t seen = 0;
	char *start, *eol;

	for (;;) {
		start = p->buf + p->at;
		eol = memchr(start + seen, '\n', p->end - p->at - seen);
		if (eol || p->eof)
			break;
		seen = p->end - p->at;
		if (fill(r, err))
			return -1;
	}
	if (!eol && p->at == p->end)
		return 0;
	r->line = (struct span){ start, (size_t)((eol ? eol : p->buf + p->end) - start) };
	r->offset = r->bytes - (uint64_t)(p->end - p->at);
	p->at += r->line.n + (eol != NULL);
	r->consumed += r->line.n + (eol != NULL);
	p->unfinished = eol ? 0 : r->line.n;
	r->lineno++;
	if (r->line.n > r->opt.max_record)
		return error_set(err, EXIT_FAILED, "%s:%llu: a line of more than %zu bytes (--max-record)", r->name,
				 (unsigned long long)r->lineno, r->opt.max_record);
	if (r->line.n && r->line.p[r->line.n - 1] == '\r')
		r->line.n--;
	return 1;
}

static bool is_blank(struct span line)
{
	size_t i;

	for (i = 0; i < line.n; i++)
		if (!strchr(" \t\r", line.p[i]) || !line.p[i])
			return false;
	return true;
}

/* A byte order mark before the first line counts for nothing. */
static void skip_mark(struct reader *r)
{
	if (r->lineno != 1 || r->line.n < 3 || memcmp(r->line.p, "\xef\xbb\xbf", 3))
		return;
	r->line.p += 3;
	r->line.n -= 3;
	r->offset += 3;
}

/* The next line that holds something; the last one again after a begin was made up before it. */
static int next_text(struct reader *r, struct error *err)
{
	int got;

	if (r->priv->again) {
		r->priv->again = false;
		return 1;
	}
	do {
		got = next_line(r, err);
		if (got > 0)
			skip_mark(r);
	} while (got > 0 && (r->line.n == 0 || (r->line.p[0] <= ' ' && is_blank(r->line))));
	return got;
}

/* ---- what a line is */

static int read_meta(struct reader *r, const struct record *rec, struct meta *meta, struct error *err)
{
	struct reader_private *p = r->priv;
	uint64_t shape = rec->tape.shape;
	const struct token *t;
	struct value sync;
	int found;

	if (rec->tape.tok->type != TOKEN_OBJECT)
		return error_data(err, "bad-record", "a record is a JSON object");
	if (shape && p->plain[rec->tape.which] == shape) {
		*meta = (struct meta){ OP_UPSERT, STREAM_ABSENT, VALUE_NONE };
		return 0;
	}
	found = meta_find(rec, &sync);
	if (found < 0)
		return error_data(err, "bad-sync", "_sync: it stands there twice");
	if (!found) {
		if (shape)
			p->plain[rec->tape.which] = shape;
		*meta = (struct meta){ OP_UPSERT, STREAM_ABSENT, VALUE_NONE };
		return 0;
	}
	t = value_token(sync);
	if (t->len == p->sync_len && !memcmp(rec->line.p + t->at, p->sync, p->sync_len)) {
		*meta = p->sync_meta;
		meta->sync = sync;
		return 0;
	}
	if (meta_parse(meta, sync, r->streams, err))
		return -1;
	p->sync_len = 0;
	if (t->len <= SYNC_MEMO) {
		memcpy(p->sync, rec->line.p + t->at, t->len);
		p->sync_len = t->len;
		p->sync_meta = *meta;
	}
	return 0;
}

/* Scans the line in hand. 0; 1 for a line that is no record; never -1. What a user's own `_sync` says counts for nothing. */
static int scan_line(struct reader *r, struct record *rec, struct meta *meta, struct error *err)
{
	struct error ignored;

	*meta = (struct meta){ OP_UPSERT, STREAM_ABSENT, VALUE_NONE };
	if (record_scan(rec, r->line.p, r->line.n, &r->opt.limits, err))
		return 1;
	if (!r->opt.data)
		return read_meta(r, rec, meta, err) ? 1 : 0;
	if (rec->tape.tok->type != TOKEN_OBJECT)
		return error_data(err, "bad-record", "a record is a JSON object") ? 1 : 0;
	if (r->priv->state != AT_START || r->opt.resumed || read_meta(r, rec, meta, &ignored) || meta->op != OP_BEGIN)
		*meta = (struct meta){ OP_UPSERT, STREAM_ABSENT, VALUE_NONE };
	return 0;
}

static void count_record(struct reader *r, uint32_t stream)
{
	counts_add(&r->counts, stream, 1);
	counts_add(&r->total, stream, 1);
	r->records++;
}

static int give_record(struct reader *r, struct record *rec, struct meta *meta, struct error *err)
{
	if (r->opt.data) {
		*meta = (struct meta){ OP_UPSERT, r->only, VALUE_NONE };
		if (!names_are_free(rec, r->priv->free_names) && names_reserve(rec, err))
			return READER_BAD;
	} else if (meta->stream == STREAM_ABSENT) {
		if (r->priv->schemas > 1)
			return broken(r, EXIT_FAILED, "a record that names no stream, where there are several", err);
		meta->stream = r->only;
	}
	count_record(r, meta->stream);
	return READER_RECORD;
}

/* ---- frames */

static int start_section(struct reader *r, const struct meta *meta, struct error *err)
{
	struct begin b;

	if (begin_read(&b, meta, err))
		return error_prefix(err, "%s:%llu", r->name, (unsigned long long)r->lineno);
	r->scope = b.scope;
	r->only = 0;
	r->priv->schemas = 0;
	counts_reset(&r->counts);
	counts_reset(&r->aside);
	counts_reset(&r->priv->declared);
	r->priv->state = IN_SECTION;
	return 0;
}

static void declare(struct reader *r, struct meta *meta)
{
	if (meta->stream == STREAM_ABSENT)
		meta->stream = 0;
	if (counts_get(&r->priv->declared, meta->stream))
		return;
	counts_add(&r->priv->declared, meta->stream, 1);
	r->priv->schemas++;
	r->only = meta->stream;
}

/* Adds the numbers of {"games":41003} to counts; -1 where it isn't of that shape. */
static int read_counts(struct reader *r, struct value object, struct counts *counts)
{
	struct arena arena = ARENA_INIT;
	struct walk walk = { 0, 0, 0 };
	struct value name, v;
	uint64_t n;
	int failed = value_type(object) != TOKEN_OBJECT;

	while (!failed && value_next(object, &walk, &name, &v)) {
		failed = value_type(v) != TOKEN_NUMBER || number_uint64(value_bytes(v), &n);
		if (!failed)
			counts_add(counts, streams_index(r->streams, value_text(name, &arena)), n);
	}
	arena_release(&arena);
	return failed ? -1 : 0;
}

static int check_counts(struct reader *r, const struct meta *meta, struct error *err)
{
	struct counts said = { NULL, 0 };
	uint64_t want, got;
	struct value v;
	int failed = 0;
	uint32_t i;

	if (r->opt.uncounted)
		return 0;
	if (!meta_member(meta, "count", &v) || read_counts(r, v, &said))
		failed = broken(r, EXIT_FAILED, "a frame without 'count' (--uncounted takes streams that other tools changed)", err);
	for (i = 0; !failed && i < r->streams->n; i++) {
		want = counts_get(&said, i);
		got = counts_get(&r->counts, i);
		if (want != got)
			failed = error_set(err, EXIT_FAILED, "%s:%llu: %llu records of stream '%s' arrived, and the frame counts %llu "
					   "(--uncounted takes streams that other tools changed)", r->name,
					   (unsigned long long)r->lineno, (unsigned long long)got,
					   error_show(span_of(streams_name(r->streams, i))), (unsigned long long)want);
	}
	counts_release(&said);
	return failed;
}

static int end_section(struct reader *r, const struct meta *meta, struct error *err)
{
	struct arena arena = ARENA_INIT;
	struct value v, message;
	int64_t status;
	struct span why;

	if (meta_member(meta, "status", &v)) {
		if (value_int64(v, &status) || status < 1 || status > 255)
			status = EXIT_FAILED;
		why = meta_member(meta, "message", &message) && value_type(message) == TOKEN_STRING ? value_text(message, &arena)
			: SPAN_LIT("a stage before this one failed");
		error_set(err, (int)status, "%s: %s", r->name, error_show(why));
		arena_release(&arena);
		return -1;
	}
	if (check_counts(r, meta, err))
		return -1;
	if (meta_member(meta, "aside", &v) && read_counts(r, v, &r->aside))
		return broken(r, EXIT_FAILED, "'aside' of the end frame is not an object of numbers", err);
	r->priv->state = AFTER_END;
	return 0;
}

static int give_frame(struct reader *r, struct meta *meta, struct error *err)
{
	struct reader_private *p = r->priv;

	if (p->state == IN_PLAIN)
		return broken(r, EXIT_FAILED, "a frame in plain input", err);
	if ((meta->op == OP_BEGIN) != (p->state != IN_SECTION))
		return broken(r, EXIT_FAILED, meta->op == OP_BEGIN ? "'begin' before the 'end' of the stream before it"
			      : "a frame before 'begin'", err);
	r->framed = true;
	if (meta->op == OP_BEGIN && start_section(r, meta, err))
		return -1;
	if (meta->op == OP_SCHEMA)
		declare(r, meta);
	if (meta->op == OP_CHECKPOINT && check_counts(r, meta, err))
		return -1;
	if (meta->op == OP_END && end_section(r, meta, err))
		return -1;
	return READER_FRAME;
}

/* ---- the sequence */

static int made_up(struct reader *r, struct record *rec, struct meta *meta, enum op op, struct error *err)
{
	if (record_copy(rec, "{}", 2, &r->opt.limits, err))
		return -1;
	*meta = (struct meta){ op, STREAM_ABSENT, VALUE_NONE };
	return READER_FRAME;
}

static int start_plain(struct reader *r, struct record *rec, struct meta *meta, bool again, struct error *err)
{
	r->priv->state = IN_PLAIN;
	r->priv->again = again;
	r->scope = SCOPE_PART;
	counts_reset(&r->counts);
	return made_up(r, rec, meta, OP_BEGIN, err);
}

static int at_eof(struct reader *r, struct record *rec, struct meta *meta, struct error *err)
{
	struct reader_private *p = r->priv;

	switch (p->state) {
	case AT_START:
		if (r->opt.plain || r->opt.file)
			return start_plain(r, rec, meta, false, err);
		return error_set(err, EXIT_FAILED, "%s: no input at all: what writes it has failed, or --plain is missing", r->name);
	case IN_PLAIN:
		p->state = AT_END;
		return made_up(r, rec, meta, OP_END, err);
	case IN_SECTION:
		return broken(r, EXIT_FAILED, "the stream is truncated: it stops without an end frame", err);
	default:
		p->state = AT_END;
		return READER_END;
	}
}

/* One line; -2 to go on with the next one. */
static int one_line(struct reader *r, struct record *rec, struct meta *meta, struct error *err)
{
	struct reader_private *p = r->priv;
	int bad = scan_line(r, rec, meta, err);
	bool frame = !bad && op_is_frame(meta->op);

	if (bad && p->unfinished && r->opt.whole_lines) {
		r->consumed -= p->unfinished;
		r->lineno--;
		return at_eof(r, rec, meta, err);
	}
	if (bad && p->unfinished && p->state == IN_SECTION)
		return broken(r, EXIT_FAILED, "the stream is truncated: it stops within a line", err);
	if (frame && r->opt.plain)
		return p->state == AT_START ? start_plain(r, rec, meta, false, err) : -2;
	if (frame)
		r->opt.data = false;	/* a saved stream */
	if (p->state == AT_START && !frame)
		return start_plain(r, rec, meta, true, err);
	if (p->state == AFTER_END && !(frame && meta->op == OP_BEGIN))
		return broken(r, EXIT_FAILED, "something stands behind the end frame", err);
	if (bad)
		return READER_BAD;
	return frame ? give_frame(r, meta, err) : give_record(r, rec, meta, err);
}

int reader_next(struct reader *r, struct record *rec, struct meta *meta, struct error *err)
{
	int got;

	if (r->priv->state == AT_END)
		return READER_END;
	do {
		got = next_text(r, err);
		if (got < 0)
			return -1;
		if (!got)
			return at_eof(r, rec, meta, err);
		got = one_line(r, rec, meta, err);
	} while (got == -2);
	return got;
}

int reader_peek(struct reader *r, struct error *err)
{
	int got;

	if (r->priv->state != IN_PLAIN || !r->opt.data)
		return 0;
	got = next_text(r, err);
	r->priv->again = got > 0;
	return got;
}

void reader_skip(struct reader *r)
{
	r->priv->again = false;
	count_record(r, r->only);
}

int reader_duplicate(struct reader *r, const struct record *rec, struct value *name)
{
	return record_duplicate(rec, &r->names, name);
}
