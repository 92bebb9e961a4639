/* extract_csv: CSV (RFC 4180) and TSV. Every cell is text as written, unless a schema types it. */
#include <stdlib.h>
#include <unistd.h>

#include "base/sig.h"
#include "base/xalloc.h"
#include "endpoint/csv_reader.h"
#include "extract.h"

enum { CHUNK = 256 << 10 };

struct csv {
	struct extract *x;
	struct input *in;
	struct csv_reader reader;
	char *buf;		/* owned: CSV_PADDING more than cap */
	size_t at, end, cap;	/* unread bytes are buf[at..end) */
	bool eof;
	uint64_t from, to;	/* rows that begin at these bytes are read */
	bool counted;		/* shards go by the number of the row */
	uint64_t rows;
};

/* ---- bytes */

static int failed_at(const struct csv *c, struct error *err)
{
	return error_prefix(err, "%s:%llu", c->x->path, (unsigned long long)c->x->source->pos.line + 1);
}

/* More bytes behind those that are there. At the end eof is set. */
static int fill(struct csv *c, struct error *err)
{
	struct tool *tool = c->x->tool;
	ssize_t got;
	char *grown;

	memmove(c->buf, c->buf + c->at, c->end - c->at);
	c->end -= c->at;
	c->at = 0;
	if (c->end == c->cap) {
		grown = c->end > tool->opt.max_record ? NULL : realloc(c->buf, c->cap * 2 + CSV_PADDING);
		if (!grown) {
			error_set(err, EXIT_FAILED, "a row of more than %llu bytes (--max-record), or a quote that nothing closes",
				  (unsigned long long)tool->opt.max_record);
			return failed_at(c, err);
		}
		c->buf = grown;
		c->cap *= 2;
	}
	got = input_read(c->in, c->buf + c->end, c->cap - c->end, c->x->path, err);
	if (got < 0)
		return -1;
	c->eof = got == 0;
	c->end += (size_t)got;
	memset(c->buf + c->end, 0, CSV_PADDING);
	c->buf[c->end] = '\n';
	tool->bytes_in += (uint64_t)got;
	show_progress(c->x);
	return 0;
}

static void passed(struct csv *c, const struct csv_place *place)
{
	struct position *pos = &c->x->source->pos;

	c->at += place->bytes;
	pos->offset += place->bytes;
	pos->line += place->lines;
}

/* ---- columns */

/* The first type that isn't null: "integer", or one of ["integer","null"]. */
static enum csv_type type_of_word(struct value v)
{
	static const struct { const char *word; enum csv_type type; } types[] = {
		{ "string", CSV_STRING }, { "integer", CSV_INTEGER }, { "number", CSV_NUMBER }, { "boolean", CSV_BOOLEAN },
		{ "object", CSV_JSON }, { "array", CSV_JSON },
	};
	struct walk walk = { 0, 0, 0 };
	struct value each;
	size_t i;

	if (value_type(v) == TOKEN_ARRAY) {
		while (value_next(v, &walk, NULL, &each))
			if (!value_text_is(each, SPAN_LIT("null")))
				return type_of_word(each);
		return CSV_UNTYPED;
	}
	for (i = 0; value_type(v) == TOKEN_STRING && i < sizeof types / sizeof *types; i++)
		if (value_text_is(v, span_of(types[i].word)))
			return types[i].type;
	return CSV_UNTYPED;
}

static enum csv_type declared_type(void *ctx, struct span name)
{
	const struct extract *x = ctx;
	struct value v;

	if (!x->has_schema || !value_member(record_root(&x->schema), SPAN_LIT("properties"), &v) || value_type(v) != TOKEN_OBJECT ||
	    !value_member(v, name, &v) || value_type(v) != TOKEN_OBJECT || !value_member(v, SPAN_LIT("type"), &v))
		return CSV_UNTYPED;
	return type_of_word(v);
}

/* The schema frame: every column untyped, but for those that --schema knows. */
static int declare_columns(struct csv *c, struct error *err)
{
	struct extract *x = c->x;
	struct buf b = BUF_INIT, lead = BUF_INIT;
	uint32_t i;
	int failed;

	csv_reader_start(&c->reader, SPAN_LIT("{"));	/* names as records have them */
	if (x->has_schema) {
		add_schema(x, &b);
	} else {
		buf_adds(&b, "{\"type\":\"object\",\"x-absent\":null,\"properties\":");
		buf_adds(&b, c->reader.columns ? "" : "{");
		for (i = 0; i < c->reader.columns; i++) {
			buf_add(&b, c->reader.column[i].lead, c->reader.column[i].lead_len - 1);
			buf_adds(&b, "{\"type\":[\"string\",\"null\"],\"x-type\":\"untyped\"}");
		}
		buf_adds(&b, "}}");
	}
	failed = open_section(x, err) || declare(x, buf_span(&b), err) ? -1 : 0;
	buf_addc(&lead, '{');
	buf_addspan(&lead, buf_span(&x->lead));
	buf_adds(&lead, x->lead.n ? "," : "");
	csv_reader_start(&c->reader, buf_span(&lead));
	buf_release(&b);
	buf_release(&lead);
	return failed;
}

static int add_given_names(struct csv *c, const char *names, struct error *err)
{
	struct span name;

	for (;; names += name.n + 1) {
		name = (struct span){ names, strcspn(names, ",") };
		if (csv_reader_add(&c->reader, name, declared_type(c->x, name), err)) {
			err->status = EXIT_USAGE;
			return error_prefix(err, "--header");
		}
		if (!names[name.n])
			return 0;
	}
}

/* A byte order mark at the file's start counts for nothing. No more is read than will tell. */
static int skip_mark(struct csv *c, struct error *err)
{
	static const char mark[] = "\xef\xbb\xbf";

	while (!c->eof && c->end < 3 && !memcmp(c->buf, mark, c->end))
		if (fill(c, err))
			return -1;
	if (c->end >= 3 && !memcmp(c->buf, mark, 3))
		c->x->source->pos.offset = c->at = 3;
	return 0;
}

/* The names of the first row, or of --header. An empty file has neither columns nor rows, nor has one whose header still grows. */
static int read_header(struct csv *c, struct error *err)
{
	struct csv_place place;
	enum csv_got got = CSV_MORE;

	if (c->x->o->header)
		return add_given_names(c, c->x->o->header, err);
	while (got == CSV_MORE) {
		if (c->at < c->end)
			got = csv_reader_header(&c->reader, c->buf + c->at, c->buf + c->end, c->eof && !c->x->growing, declared_type,
						c->x, &place, err);
		if (got == CSV_MORE && c->eof) {
			if (c->at < c->end)
				say_unfinished(c->x);
			return 0;
		}
		if (got == CSV_MORE && fill(c, err))
			return -1;
	}
	if (got != CSV_ROW)
		return error_prefix(err, "%s:1", c->x->path);
	passed(c, &place);
	return 0;
}

static int check_path_column(const struct csv *c, struct error *err)
{
	uint32_t i;

	for (i = 0; c->x->o->with_path && i < c->reader.columns; i++)
		if (!strcmp(c->reader.column[i].name, "_path"))
			return error_set(err, EXIT_FAILED, "%s:1: a column is called '_path' already (--with-path)", c->x->path);
	return 0;
}

/* ---- rows */

static bool wanted(const struct csv *c)
{
	uint64_t at = c->x->source->pos.offset;

	if (c->counted)
		return in_shard(c->x, c->rows);
	return at >= c->from && at < c->to;
}

static int bad_row(struct csv *c, const struct csv_place *place, const struct error *why, struct error *err)
{
	struct extract *x = c->x;
	struct span line = { c->buf + c->at, place->bytes };

	while (line.n && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
		line.n--;
	return set_aside(x, line, x->source->pos.line + 1, why, err);
}

/* One row, wanted or not. CSV_MORE where there is none; -1. */
static int one_row(struct csv *c, struct error *err)
{
	struct extract *x = c->x;
	struct writer *w = &x->tool->writer;
	const char *p = c->buf + c->at, *end = c->buf + c->end;
	struct error why = ERROR_INIT;
	struct csv_place place;
	bool take = wanted(c);
	enum csv_got got = CSV_MORE;
	int failed = 0;

	if (p < end && take)
		got = csv_reader_row(&c->reader, p, end, c->eof && !x->growing, writer_line_start(w), &place, &why);
	else if (p < end)
		got = csv_reader_skip(&c->reader, p, end, c->eof, &place, &why);
	if (got == CSV_MORE)
		return CSV_MORE;
	if (got == CSV_BROKEN) {
		*err = why;
		return failed_at(c, err);
	}
	if (got == CSV_ROW && take && w->out.n - w->line > x->tool->opt.max_record) {
		writer_line_cancel(w);
		error_data(&why, "too-long", "a record of more than --max-record bytes");
		got = CSV_BAD;
	}
	c->rows++;
	if (take)
		counts_add(&x->tool->read, x->source->stream, 1);
	if (got == CSV_BAD)
		failed = bad_row(c, &place, &why, err);
	else if (take)
		failed = writer_line_end(w, x->source->stream, err);
	passed(c, &place);
	return failed ? -1 : CSV_ROW;
}

static int all_rows(struct csv *c, struct error *err)
{
	int got;

	for (;;) {
		if (c->x->source->pos.offset >= c->to)
			return 0;
		got = one_row(c, err);
		if (got < 0)
			return -1;
		if (got == CSV_ROW)
			continue;
		if (c->eof || sig_stopping())
			break;
		if (checkpoint(c->x, err) || fill(c, err))
			return -1;
	}
	if (c->at < c->end)
		say_unfinished(c->x);
	return 0;
}

/* ---- the file */

/* The header stands at the file's start, wherever the rows are that are still to be read. */
static int go_on_from(struct csv *c, const struct position *from, struct error *err)
{
	if (from->offset <= c->x->source->pos.offset)
		return 0;
	if (from->offset - c->x->source->pos.offset <= c->end - c->at)
		c->at += (size_t)(from->offset - c->x->source->pos.offset);
	else if (input_skip(c->in, c->in->file && !c->in->packed ? from->offset : from->offset - c->x->source->pos.offset - (c->end - c->at),
			    c->x->path, err))
		return -1;
	else
		c->at = c->end = 0;
	c->x->source->pos.offset = from->offset;
	c->x->source->pos.line = from->line;
	return 0;
}

static int read_file(struct csv *c, struct error *err)
{
	struct extract *x = c->x;
	struct position from = x->source->pos;

	x->source->pos.offset = x->source->pos.line = 0;
	if (skip_mark(c, err) || read_header(c, err) || check_path_column(c, err) || declare_columns(c, err) || go_on_from(c, &from, err))
		return -1;
	if (!c->reader.columns)
		return 0;
	c->counted = x->o->shard.n && (!c->in->file || c->in->packed);
	if (x->o->shard.n && !c->counted)
		shard_bytes(x, (uint64_t)c->in->st.st_size, &c->from, &c->to);
	return all_rows(c, err);
}

int extract_csv(struct extract *x, struct input *in, struct error *err)
{
	const struct extract_options *o = x->o;
	char delimiter = o->delimiter ? o->delimiter[0] : x->source->format == FORMAT_TSV ? '\t' : ',';
	struct csv c = { .x = x, .in = in, .cap = CHUNK, .to = UINT64_MAX };
	int failed;

	csv_reader_init(&c.reader, delimiter, o->quote && *o->quote ? o->quote[0] : '"', !o->quote || *o->quote);
	c.reader.most = (uint32_t)x->tool->opt.max_tokens / 2;	/* a name and a value each */
	c.buf = xmalloc(c.cap + CSV_PADDING);
	failed = read_file(&c, err);
	csv_reader_release(&c.reader);
	free(c.buf);
	return failed;
}
