/* csv_reader: rows of CSV as records. */
#include "endpoint/csv_reader.h"

#include <stdlib.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/xalloc.h"
#include "endpoint/csv_private.h"
#include "json/record.h"

enum { STEP = 16, ROOM = 64 };	/* bytes at one look; room that is kept free behind what is written */

/* ---- columns */

void csv_reader_init(struct csv_reader *c, char delimiter, char quote, bool quoting)
{
	*c = (struct csv_reader){ .delimiter = (unsigned char)delimiter, .quote = (unsigned char)quote, .quoting = quoting,
				  .most = CSV_MOST };
	hash_key_random(&c->key);
}

void csv_reader_release(struct csv_reader *c)
{
	uint32_t i;

	for (i = 0; i < c->columns; i++) {
		free(c->column[i].name);
		free(c->column[i].lead);
	}
	free(c->column);
	free(c->slot);
	*c = (struct csv_reader){ .column = NULL };
}

/* Where a column of this name is, or would be. */
static uint32_t *slot_of(const struct csv_reader *c, struct span name)
{
	uint32_t i = (uint32_t)hash_bytes(name.p, name.n, &c->key).lo & (c->slots - 1), at;

	for (; (at = c->slot[i]); i = (i + 1) & (c->slots - 1))
		if (span_eq(name, (struct span){ c->column[at - 1].name, c->column[at - 1].name_len }))
			break;
	return &c->slot[i];
}

static void more_slots(struct csv_reader *c)
{
	uint32_t i;

	c->slots = c->slots ? c->slots * 2 : 64;
	free(c->slot);
	c->slot = xcalloc(c->slots, sizeof *c->slot);
	for (i = 0; i < c->columns; i++)
		*slot_of(c, (struct span){ c->column[i].name, c->column[i].name_len }) = i + 1;
}

int csv_reader_add(struct csv_reader *c, struct span name, enum csv_type type, struct error *err)
{
	struct csv_column *new;
	uint32_t *slot;

	if (scan_check_utf8(name))
		return error_data(err, "bad-utf8", "the column name '%s' is no UTF-8", error_show(name));
	if (c->columns >= c->most)
		return error_data(err, "too-many-tokens", "more than %lu columns (--max-tokens)", (unsigned long)c->most);
	if (c->slots <= 2 * c->columns)
		more_slots(c);
	slot = slot_of(c, name);
	if (*slot)
		return error_data(err, "duplicate-name", "two columns are called '%s'", error_show(name));
	XGROW(c->column, c->columns, c->cap);
	new = &c->column[c->columns++];
	*new = (struct csv_column){ .name = xstrndup(name.p, name.n), .name_len = name.n, .type = type };
	*slot = c->columns;
	return 0;
}

/* `_sync`, `__sync`, …: names that travel with one more underscore. */
static bool is_reserved(const struct csv_column *col)
{
	size_t n = 0;

	while (col->name[n] == '_')
		n++;
	return n && !strcmp(col->name + n, "sync");
}

void csv_reader_start(struct csv_reader *c, struct span start)
{
	struct buf name = BUF_INIT, lead;
	uint32_t i;

	for (i = 0; i < c->columns; i++) {
		lead = (struct buf)BUF_INIT;
		buf_addspan(&lead, i ? SPAN_LIT(",") : start);
		buf_reset(&name);
		buf_adds(&name, is_reserved(&c->column[i]) ? "_" : "");
		buf_add(&name, c->column[i].name, c->column[i].name_len);
		json_add_string(&lead, buf_span(&name));
		buf_adds(&lead, ":\"");
		c->column[i].lead_len = lead.n;
		buf_reserve(&lead, ROOM);
		memset(lead.p + lead.n, 0, ROOM);
		free(c->column[i].lead);
		c->column[i].lead = lead.p;
	}
	buf_release(&name);
}

/* ---- looking for bytes that need a look */

#if defined(__SSE2__)
struct look { __m128i delimiter, quote, json_quote, slash, space; };

static inline struct look look_for(unsigned char delimiter, unsigned char quote)
{
	return (struct look){ _mm_set1_epi8((char)delimiter), _mm_set1_epi8((char)quote), _mm_set1_epi8('"'), _mm_set1_epi8('\\'),
			      _mm_set1_epi8(' ') };
}

/* Copies STEP bytes; a bit for each that is special: the delimiter, a quote, a backslash, a control byte, no ASCII. */
static inline unsigned copy_look(char *o, const char *p, const struct look *l)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p), m;

	_mm_storeu_si128((__m128i *)(void *)o, v);
	m = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, l->delimiter), _mm_cmpeq_epi8(v, l->quote)),
			 _mm_or_si128(_mm_cmpeq_epi8(v, l->slash), _mm_cmplt_epi8(v, l->space)));
	m = _mm_or_si128(m, _mm_cmpeq_epi8(v, l->json_quote));
	return (unsigned)_mm_movemask_epi8(m);
}
#else
struct look { unsigned char delimiter, quote; };

static inline struct look look_for(unsigned char delimiter, unsigned char quote)
{
	return (struct look){ delimiter, quote };
}

static inline unsigned copy_look(char *o, const char *p, const struct look *l)
{
	unsigned mask = 0, i;
	unsigned char c;

	memcpy(o, p, STEP);
	for (i = 0; i < STEP; i++) {
		c = (unsigned char)p[i];
		mask |= (unsigned)(c == l->delimiter || c == l->quote || c == '"' || c == '\\' || c < 0x20 || c > 0x7f) << i;
	}
	return mask;
}
#endif

/* ---- the row being read */

struct row {
	const struct csv_reader *c;
	const char *p, *end;
	bool last;
	struct buf *out;
	char *o, *room;		/* written so far; up to where there is room for ROOM more */
	uint64_t lines;
	struct look bare, quoted;	/* inside quotes the delimiter is text */
	struct error *err;
};

static inline void set_room(struct row *r)
{
	r->o = r->out->p + r->out->n;
	r->room = r->out->p + r->out->cap - ROOM;
}

static void more_room(struct row *r, size_t n)
{
	size_t written = (size_t)(r->o - r->out->p), start = r->out->n;

	r->out->n = written;
	buf_reserve(r->out, n + 2 * ROOM);
	r->out->n = start;
	r->o = r->out->p + written;
	r->room = r->out->p + r->out->cap - ROOM;
}

static inline void put_lead(struct row *r, const struct csv_column *col)
{
	if (r->o + col->lead_len > r->room)
		more_room(r, col->lead_len);
	memcpy(r->o, col->lead, 32);
	if (col->lead_len > 32)
		memcpy(r->o + 32, col->lead + 32, col->lead_len - 32);
	r->o += col->lead_len;
}

static enum csv_got bad(struct row *r, const char *code, const char *why)
{
	error_data(r->err, code, "%s", why);
	return CSV_BAD;
}

/* A byte of text that needs a look: escaped as JSON wants it, or a whole character of UTF-8. CSV_ROW to go on. */
static enum csv_got put_special(struct row *r)
{
	static const char hex[] = "0123456789abcdef", shorts[] = "btn\0fr";	/* of 8, 9, 10, 12, 13 */
	unsigned char ch = (unsigned char)*r->p;
	size_t n;

	if (ch >= 0x80) {
		n = csv_utf8(r->p, r->end);
		if (!n && r->end - r->p < 4 && !r->last)
			return CSV_MORE;
		if (!n)
			return bad(r, "bad-utf8", "text that is no UTF-8");
		memcpy(r->o, r->p, 4);
		r->p += n;
		r->o += n;
		return CSV_ROW;
	}
	r->p++;
	if (ch >= 0x20) {
		if (ch == '"' || ch == '\\')
			*r->o++ = '\\';
		*r->o++ = (char)ch;
		return CSV_ROW;
	}
	*r->o++ = '\\';
	if (ch >= 8 && ch <= 13 && ch != 11) {
		*r->o++ = shorts[ch - 8];
		return CSV_ROW;
	}
	memcpy(r->o, "u00", 3);
	r->o[3] = hex[ch >> 4];
	r->o[4] = hex[ch & 15];
	r->o += 5;
	return CSV_ROW;
}

/* What stands where a cell may end: CSV_ROW for a delimiter or a row's end, CSV_BAD for none of these. Nothing is taken. */
static enum csv_got at_end(const struct row *r)
{
	unsigned char ch = (unsigned char)*r->p;

	if (r->p >= r->end)
		return r->last ? CSV_ROW : CSV_MORE;
	if (ch == r->c->delimiter || ch == '\n')
		return CSV_ROW;
	if (ch != '\r')
		return CSV_BAD;
	if (r->p + 1 >= r->end)
		return r->last ? CSV_ROW : CSV_MORE;
	return r->p[1] == '\n' ? CSV_ROW : CSV_BAD;
}

/* A cell's text without quotes, up to what ends it. */
static enum csv_got bare_cell(struct row *r)
{
	unsigned mask;
	enum csv_got got;

	for (;;) {
		if (r->o > r->room)
			more_room(r, ROOM);
		mask = copy_look(r->o, r->p, &r->bare);
		if (!mask) {
			r->p += STEP;
			r->o += STEP;
			continue;
		}
		mask = (unsigned)__builtin_ctz(mask);
		r->p += mask;
		r->o += mask;
		if ((unsigned char)*r->p == r->c->delimiter && r->p < r->end)
			return CSV_ROW;
		got = at_end(r);
		if (got != CSV_BAD)
			return got;
		if (*r->p == '\r')
			return bad(r, "bad-cr", "a carriage return without a line feed stands outside quotes");
		got = put_special(r);
		if (got != CSV_ROW)
			return got;
	}
}

/* From the opening quote past the closing one, to what ends the cell. */
static enum csv_got quoted_cell(struct row *r)
{
	unsigned mask;
	enum csv_got got;

	for (r->p++;;) {
		if (r->o > r->room)
			more_room(r, ROOM);
		mask = copy_look(r->o, r->p, &r->quoted);
		if (!mask) {
			r->p += STEP;
			r->o += STEP;
			continue;
		}
		mask = (unsigned)__builtin_ctz(mask);
		r->p += mask;
		r->o += mask;
		if (r->p >= r->end)
			return r->last ? CSV_BROKEN : CSV_MORE;
		if ((unsigned char)*r->p == r->c->quote) {
			if (r->p + 1 >= r->end && !r->last)
				return CSV_MORE;
			r->p++;
			if (r->p >= r->end || (unsigned char)*r->p != r->c->quote)
				break;
		}
		r->lines += *r->p == '\n';
		got = put_special(r);
		if (got != CSV_ROW)
			return got;
	}
	got = at_end(r);
	return got == CSV_BAD ? bad(r, "bad-quote", "text stands behind a closing quote") : got;
}

/* A cell that a schema types: its text, then the value that this makes. */
static enum csv_got typed_cell(struct row *r, enum csv_type type)
{
	struct csv_cells cells = { r->c, r->p, r->end, r->last, r->lines, { NULL, 0, 0 } };
	struct span text;
	bool quoted;
	enum csv_got got = csv_cell(&cells, &text, &quoted, r->err);

	if (got == CSV_ROW) {
		r->lines = cells.lines;
		r->p = cells.p;
		r->out->n = (size_t)(r->o - 1 - r->out->p);	/* without the quote of the lead */
		if (csv_add_typed(r->out, text, type, r->err))
			got = CSV_BAD;
		set_room(r);
		more_room(r, ROOM);
	}
	buf_release(&cells.text);
	return got;
}

/* A cell as a member. */
static inline enum csv_got one_cell(struct row *r, const struct csv_column *col)
{
	bool quoted = r->c->quoting && (unsigned char)*r->p == r->c->quote && r->p < r->end;
	enum csv_got got;

	put_lead(r, col);
	if (!quoted && ((unsigned char)*r->p == r->c->delimiter || *r->p == '\n' || *r->p == '\r' || r->p >= r->end)) {
		got = at_end(r);
		if (got == CSV_ROW) {
			memcpy(r->o - 1, "null", 4);
			r->o += 3;
		}
		if (got != CSV_BAD)
			return got;
	}
	if (col->type > CSV_STRING)
		return typed_cell(r, col->type);
	got = quoted ? quoted_cell(r) : bare_cell(r);
	*r->o++ = '"';
	return got;
}

/* ---- rows */

/* The row is bad, and err says why: where does it end? */
static enum csv_got bad_row(const struct csv_reader *c, const char *p, const char *end, bool last, struct csv_place *place)
{
	struct error ignored;
	enum csv_got got = csv_reader_skip(c, p, end, last, place, &ignored);

	return got == CSV_ROW ? CSV_BAD : got;
}

static void ragged(const struct csv_reader *c, const char *p, const char *end, bool last, struct error *err)
{
	uint64_t cells = csv_count(c, p, end, last);

	error_data(err, "ragged-row", "%llu cell%s where there are %u columns", (unsigned long long)cells, cells == 1 ? "" : "s",
		   c->columns);
}

static bool at_delimiter(const struct row *r)
{
	return (unsigned char)*r->p == r->c->delimiter && r->p < r->end;
}

/* All cells, and the end of the row behind them; CSV_BAD without err: there are more or fewer. */
static enum csv_got all_cells(struct row *r)
{
	uint32_t i;
	enum csv_got got;

	for (i = 0;; r->p++) {
		got = one_cell(r, &r->c->column[i]);
		if (got == CSV_BAD)
			error_prefix(r->err, "column '%s'", error_show(span_of(r->c->column[i].name)));
		if (got != CSV_ROW)
			return got;
		if (++i == r->c->columns)
			break;
		if (!at_delimiter(r))
			return CSV_BAD;
	}
	if (at_delimiter(r))
		return CSV_BAD;
	if (r->p < r->end && *r->p == '\r')
		r->p++;
	if (r->p < r->end) {
		r->p++;
		r->lines++;
	}
	return CSV_ROW;
}

enum csv_got csv_reader_row(const struct csv_reader *c, const char *p, const char *end, bool last, struct buf *out, struct csv_place *place,
		     struct error *err)
{
	unsigned char quote = c->quoting ? c->quote : c->delimiter;
	struct row r = { .c = c, .p = p, .end = end, .last = last, .out = out, .err = err,
			 .bare = look_for(c->delimiter, c->delimiter), .quoted = look_for(quote, quote) };
	size_t start = out->n;
	enum csv_got got;

	buf_reserve(out, 4 * ROOM);
	set_room(&r);
	error_reset(err);
	got = all_cells(&r);
	if (got == CSV_ROW) {
		if (r.o >= r.room)
			more_room(&r, ROOM);
		*r.o++ = '}';
		out->n = (size_t)(r.o - out->p);
		*place = (struct csv_place){ (size_t)(r.p - p), r.lines };
		return CSV_ROW;
	}
	out->n = start;
	if (got == CSV_BROKEN)
		error_data(err, "bad-quote", "the input ends inside a quoted cell");
	if (got == CSV_BROKEN)
		return got;
	if (got == CSV_BAD && !err->status)
		ragged(c, p, end, last, err);
	return got == CSV_BAD ? bad_row(c, p, end, last, place) : CSV_MORE;
}
