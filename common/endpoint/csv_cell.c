/* csv_cell: cells one by one: headers, rows passed over, and text made into typed values. */
#include "endpoint/csv_private.h"
#include "json/record.h"
#include "value/number.h"

/* ---- a cell */

static enum csv_got more(const struct csv_cells *s)
{
	return s->last ? CSV_ROW : CSV_MORE;
}

/* Whether p stands at what ends a cell: CSV_ROW, CSV_MORE where that isn't known yet, CSV_BAD. */
static enum csv_got ends(const struct csv_cells *s)
{
	if (s->p >= s->end)
		return more(s);
	if ((unsigned char)*s->p == s->c->delimiter || *s->p == '\n')
		return CSV_ROW;
	if (*s->p != '\r')
		return CSV_BAD;
	if (s->p + 1 >= s->end)
		return more(s);
	return s->p[1] == '\n' ? CSV_ROW : CSV_BAD;
}

static enum csv_got quoted_cell(struct csv_cells *s, struct error *err)
{
	const char quote = (char)s->c->quote;

	for (s->p++;; s->p++) {
		if (s->p >= s->end && s->last)
			error_data(err, "bad-quote", "the input ends inside a quoted cell");
		if (s->p >= s->end)
			return s->last ? CSV_BROKEN : CSV_MORE;
		if (*s->p == quote) {
			if (s->p + 1 >= s->end && !s->last)
				return CSV_MORE;
			s->p++;
			if (s->p >= s->end || *s->p != quote)
				return CSV_ROW;
		}
		s->lines += *s->p == '\n';
		buf_addc(&s->text, *s->p);
	}
}

enum csv_got csv_cell(struct csv_cells *s, struct span *text, bool *quoted, struct error *err)
{
	const char *from = s->p;
	enum csv_got got;

	*quoted = s->c->quoting && s->p < s->end && (unsigned char)*s->p == s->c->quote;
	if (*quoted) {
		buf_reset(&s->text);
		got = quoted_cell(s, err);
		if (got != CSV_ROW)
			return got;
		from = s->p;
	}
	while ((got = ends(s)) == CSV_BAD)
		s->p++;
	*text = (struct span){ from, (size_t)(s->p - from) };
	if (*quoted) {
		buf_addspan(&s->text, *text);
		*text = s->text.n ? buf_span(&s->text) : SPAN_LIT("");
	}
	return got;
}

/* Past a delimiter: true. Past the row's end: false. */
static bool next_cell(struct csv_cells *s)
{
	if (s->p < s->end && (unsigned char)*s->p == s->c->delimiter) {
		s->p++;
		return true;
	}
	if (s->p < s->end && *s->p == '\r')
		s->p++;
	if (s->p < s->end) {
		s->p++;
		s->lines++;
	}
	return false;
}

/* ---- rows */

uint64_t csv_count(const struct csv_reader *c, const char *p, const char *end, bool last)
{
	struct csv_cells s = { c, p, end, last, 0, BUF_INIT };
	struct error ignored;
	struct span text;
	uint64_t n = 0;
	bool quoted;

	do
		n++;
	while (csv_cell(&s, &text, &quoted, &ignored) == CSV_ROW && next_cell(&s));
	buf_release(&s.text);
	return n;
}

enum csv_got csv_reader_skip(const struct csv_reader *c, const char *p, const char *end, bool last, struct csv_place *place, struct error *err)
{
	struct csv_cells s = { c, p, end, last, 0, BUF_INIT };
	enum csv_got got;
	struct span text;
	bool quoted;

	do
		got = csv_cell(&s, &text, &quoted, err);
	while (got == CSV_ROW && next_cell(&s));
	*place = (struct csv_place){ (size_t)(s.p - p), s.lines };
	buf_release(&s.text);
	return got;
}

enum csv_got csv_reader_header(struct csv_reader *c, const char *p, const char *end, bool last,
			enum csv_type (*type_of)(void *ctx, struct span name), void *ctx, struct csv_place *place, struct error *err)
{
	const size_t mark = end - p >= 3 && !memcmp(p, "\xef\xbb\xbf", 3) ? 3 : 0;
	struct csv_cells s = { c, p + mark, end, last, 0, BUF_INIT };
	enum csv_got got = csv_reader_skip(c, p + mark, end, last, place, err);	/* is it whole? */
	struct span text;
	bool quoted;

	while (got == CSV_ROW) {
		got = csv_cell(&s, &text, &quoted, err);
		if (got == CSV_ROW && csv_reader_add(c, text, type_of(ctx, text), err))
			got = CSV_BAD;
		if (!next_cell(&s))
			break;
	}
	place->bytes += mark;
	buf_release(&s.text);
	return got;
}

/* ---- UTF-8 */

static bool is_tail(const char *p)
{
	return ((unsigned char)*p & 0xc0) == 0x80;
}

size_t csv_utf8(const char *p, const char *end)
{
	unsigned char a = (unsigned char)p[0], b;

	if (a < 0xc2 || a > 0xf4 || end - p < 2 || !is_tail(p + 1))
		return 0;
	if (a < 0xe0)
		return 2;
	b = (unsigned char)p[1];
	if (end - p < 3 || !is_tail(p + 2))
		return 0;
	if (a < 0xf0)
		return (a == 0xe0 && b < 0xa0) || (a == 0xed && b > 0x9f) ? 0 : 3;
	if (end - p < 4 || !is_tail(p + 3) || (a == 0xf0 && b < 0x90) || (a == 0xf4 && b > 0x8f))
		return 0;
	return 4;
}

/* ---- typed values */

/* "007" is the number 7. */
static struct span without_zeros(struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return s;
	while (s.n > 1 && *s.p == '0') {
		s.p++;
		s.n--;
	}
	return s;
}

static bool is_one_of(struct span text, const char *const *words)
{
	for (; *words; words++)
		if (span_is(text, *words))
			return true;
	return false;
}

static int add_json(struct buf *out, struct span text, struct error *err)
{
	const struct scan_limits limits = SCAN_LIMITS_INIT;
	struct error why;
	struct record rec;
	size_t i, from = out->n;
	int failed;

	record_init(&rec);
	failed = record_copy(&rec, text.p, text.n, &limits, &why);
	record_release(&rec);
	if (failed)
		return error_data(err, "bad-type", "'%s' is no JSON value (%s)", error_show(text), why.text);
	buf_addspan(out, text);
	for (i = from; i < out->n; i++)		/* between values, where else: in a string they are escaped */
		if (out->p[i] == '\n' || out->p[i] == '\r')
			out->p[i] = ' ';
	return 0;
}

int csv_add_typed(struct buf *out, struct span text, enum csv_type type, struct error *err)
{
	static const char *const no_numbers[] = { "NaN", "Infinity", "-Infinity", NULL };
	static const char *const yes[] = { "true", "True", "TRUE", NULL }, *const no[] = { "false", "False", "FALSE", NULL };
	static const char *const names[] = { "", "string", "integer", "number", "boolean", "" };
	const struct span digits = without_zeros(text);

	if (type == CSV_JSON)
		return add_json(out, text, err);
	if (type == CSV_BOOLEAN && (is_one_of(text, yes) || is_one_of(text, no)))
		buf_adds(out, is_one_of(text, yes) ? "true" : "false");
	else if (type == CSV_NUMBER && is_one_of(text, no_numbers))
		buf_addf(out, "\"%.*s\"", (int)text.n, text.p);
	else if ((type == CSV_NUMBER || type == CSV_INTEGER) && number_is_json(digits) && (type == CSV_NUMBER || number_is_integer(digits)))
		buf_addspan(out, digits);
	else
		return error_data(err, "bad-type", "'%s' is no %s", error_show(text), names[type]);
	return 0;
}
