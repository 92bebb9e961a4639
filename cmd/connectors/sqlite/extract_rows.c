/* extract_rows: a row as a record. */
#include <math.h>

#include "any.h"
#include "base/sig.h"
#include "extract.h"
#include "rules/pointer.h"
#include "value/base64.h"
#include "value/number.h"

enum { SCALAR = 64, CHECK_EVERY = 256 };	/* room for any number; rows between looks at the clock */

static void room(struct buf *b, size_t n)
{
	if (b->cap - b->n < n)
		buf_reserve(b, n);
}

static void put_lead(struct buf *b, const struct column *c, bool comma)
{
	char *o;

	room(b, c->lead_len + LEAD_PADDING + 1);
	o = b->p + b->n;
	*o = ',';
	o += comma;
	memcpy(o, c->lead, LEAD_PADDING);
	if (c->lead_len > LEAD_PADDING)
		memcpy(o + LEAD_PADDING, c->lead + LEAD_PADDING, c->lead_len - LEAD_PADDING);
	b->n += c->lead_len + comma;
}

/* Its shortest digits, with a fraction or an exponent, so that 1.0 stays no integer. */
static void put_double(struct buf *b, double d, const struct column *c)
{
	const char *infinity = d < 0 ? "-Infinity" : "Infinity";
	char text[NUMBER_DOUBLE_ROOM];
	size_t n;

	if (isfinite(d)) {
		n = number_from_double(d, text);
		buf_add(b, text, n);
		if (d == floor(d) && !memchr(text, 'e', n))
			buf_adds(b, ".0");
	} else if (c->kind == COLUMN_INTEGER || c->kind == COLUMN_NUMBER) {
		buf_addf(b, "\"%s\"", infinity);
	} else {
		buf_addf(b, "{\"$numberDouble\":\"%s\"}", infinity);
	}
}

static void put_blob(struct buf *b, const void *p, size_t n, const struct column *c)
{
	bool plain = c->kind == COLUMN_BLOB;

	buf_adds(b, plain ? "\"" : "{\"$binary\":{\"base64\":\"");
	base64_add(b, (struct span){ p, n });
	buf_adds(b, plain ? "\"" : "\",\"subType\":\"00\"}}");
}

/*
 * Text that would be read as something else, were it written as it is. A loader keeps infinities as such, but NaN as text,
 * which SQLite has no number for: in a column of numbers that it made, that is no text.
 */
static bool needs_mark(struct span text, const struct column *c)
{
	if (c->kind == COLUMN_BLOB)
		return true;
	return (c->kind == COLUMN_INTEGER || c->kind == COLUMN_NUMBER) && text.n < 10 &&
		((span_is(text, "NaN") && !c->property) || span_is(text, "Infinity") || span_is(text, "-Infinity"));
}

/* Text that stands for a value which SQLite has no type for: nested JSON, more digits than a double has. */
static bool put_value(struct extract *x, struct buf *b, struct span text, const struct column *c)
{
	const struct scan_limits limits = { (uint32_t)x->tool->opt.max_depth, (uint32_t)x->tool->opt.max_tokens };

	if (c->kind == COLUMN_JSON)
		return any_read(text, &x->scratch, &limits, b);
	if ((c->kind != COLUMN_NUMBER && c->kind != COLUMN_INTEGER) || !number_is_json(text))
		return false;
	buf_addspan(b, text);
	return true;
}

/* 0, or -1 where it is no UTF-8: then it stands there as bytes. */
static int put_text(struct extract *x, struct buf *b, struct span text, const struct column *c)
{
	bool mark = needs_mark(text, c);

	if (c->property && put_value(x, b, text, c))
		return 0;
	if (mark)
		buf_adds(b, "{\"$symbol\":");
	if (json_add_string(b, text)) {
		b->n -= mark ? strlen("{\"$symbol\":") : 0;
		buf_adds(b, "{\"$binary\":{\"base64\":\"");
		base64_add(b, text);
		buf_adds(b, "\",\"subType\":\"00\"}}");
		return -1;
	}
	if (mark)
		buf_addc(b, '}');
	return 0;
}

static int put_cell(struct extract *x, struct buf *b, sqlite3_stmt *row, int i, const struct column *c)
{
	struct span text;
	const void *p;
	char digits[NUMBER_INT64_ROOM];
	int64_t v;

	room(b, SCALAR);
	switch (sqlite3_column_type(row, i)) {
	case SQLITE_INTEGER:
		v = sqlite3_column_int64(row, i);
		if (c->kind == COLUMN_BOOLEAN && (v == 0 || v == 1))
			buf_adds(b, v ? "true" : "false");
		else
			buf_addspan(b, number_from_int64(v, digits));
		return 0;
	case SQLITE_FLOAT:
		put_double(b, sqlite3_column_double(row, i), c);
		return 0;
	case SQLITE_TEXT:
		text.p = (const char *)sqlite3_column_text(row, i);
		text.n = (size_t)sqlite3_column_bytes(row, i);
		return put_text(x, b, text, c);
	case SQLITE_BLOB:
		p = sqlite3_column_blob(row, i);
		put_blob(b, p, (size_t)sqlite3_column_bytes(row, i), c);
		return 0;
	default:
		buf_add(b, "null", 4);
		return 0;
	}
}

/* Adds the row's members and the closing bracket. *bad is a column whose text is no UTF-8, or NULL. */
static void put_row(struct extract *x, struct buf *b, sqlite3_stmt *row, const struct table *t, const struct column **bad)
{
	uint32_t i;

	*bad = NULL;
	for (i = 0; i < t->columns; i++) {
		put_lead(b, &t->column[i], i > 0);
		if (put_cell(x, b, row, (int)i, &t->column[i]) && !*bad)
			*bad = &t->column[i];
	}
	buf_addc(b, '}');
}

/* The row stands in the writer from start on, and is to be set aside. */
static int set_aside(struct extract *x, struct table *t, size_t start, const char *code, const char *why, const struct column *c,
		     struct error *err)
{
	const struct scan_limits limits = { 1000, UINT32_MAX / 2 };
	struct writer *w = &x->tool->writer;
	const struct meta meta = { OP_UPSERT, t->stream, VALUE_NONE };
	struct error reason = ERROR_INIT;
	struct buf text = BUF_INIT, name = BUF_INIT, path = BUF_INIT;
	int failed;

	buf_addc(&text, '{');
	buf_add(&text, w->out.p + start, w->out.n - start);
	writer_line_cancel(w);
	error_data(&reason, code, "%s: %s", t->name, why);
	if (c) {
		name_add_reserved(&name, span_of(c->name));
		pointer_step(buf_span(&name), &path);
	}
	failed = record_copy(&x->scratch, text.p, text.n, &limits, err) ||
		writer_reject(w, &x->scratch, &meta, &reason, buf_span(&path), SPAN_LIT(""), err);
	buf_release(&text);
	buf_release(&name);
	buf_release(&path);
	return failed ? -1 : 0;
}

static int one_row(struct extract *x, struct table *t, sqlite3_stmt *row, row_judge *judge, struct error *err)
{
	struct writer *w = &x->tool->writer;
	struct buf *b = writer_line_start(w);
	const struct column *bad;
	size_t start;
	int keep = 1;

	buf_add(b, x->tag.p, x->tag.n);
	start = b->n;
	put_row(x, b, row, t, &bad);
	if (judge)
		keep = judge(x, t, row, (struct span){ b->p + start, b->n - start }, err);
	if (keep <= 0) {
		writer_line_cancel(w);
		return keep;
	}
	if (bad)
		return set_aside(x, t, start, "bad-utf8", "text that is no UTF-8", bad, err);
	if (b->n - w->line > x->tool->opt.max_record)
		return set_aside(x, t, start, "too-long", "a row of more than --max-record bytes", NULL, err);
	return writer_line_end(w, t->stream, err);
}

int rows_write(struct extract *x, struct table *t, sqlite3_stmt *stmt, row_judge *judge, bool checkpoints, struct error *err)
{
	struct tool *tool = x->tool;
	int got = 0;

	while (!(checkpoints && sig_stopping()) && (got = db_step(&x->db, stmt, "read", err)) > 0) {
		counts_add(&tool->read, t->stream, 1);
		if (tool->writer.records % CHECK_EVERY == 0)
			progress_update(&tool->progress, counts_total(&tool->read), tool->writer.bytes);
		if (one_row(x, t, stmt, judge, err) || (checkpoints && checkpoint(x, t, false, err)))
			return -1;
	}
	return got < 0 ? -1 : 0;
}
