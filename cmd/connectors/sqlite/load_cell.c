/* load_cell: values as cells of columns, exactly or not at all. */
#include <math.h>
#include <stdlib.h>
#include <strings.h>

#include "load.h"
#include "load/extended.h"
#include "value/base64.h"
#include "value/number.h"

static int rejected(struct error *err, const char *code, const struct column *c, const char *why)
{
	error_data(err, code, "'%s': %s", error_show(c->name), why);
	return LOAD_REJECT;
}

/* Text that SQLite would make a number of in a column of this affinity. */
static bool looks_numeric(struct span s)
{
	char room[64], *end;
	size_t i = 0;

	while (i < s.n && strchr(" \t\n\r\f\v", s.p[i]) && s.p[i])
		i++;
	if (i == s.n || !strchr("+-.0123456789", s.p[i]) || !s.p[i])
		return false;
	if (s.n - i >= sizeof room)
		return true;	/* to be safe: rare */
	memcpy(room, s.p + i, s.n - i);
	room[s.n - i] = '\0';
	(void)strtod(room, &end);
	while (*end && strchr(" \t\n\r\f\v", *end))
		end++;
	return end != room && !*end && !strpbrk(room, "xXnNiI");
}

static bool is_numeric(const struct column *c)
{
	return c->affinity == AFFINITY_INTEGER || c->affinity == AFFINITY_REAL || c->affinity == AFFINITY_NUMERIC;
}

static int text_cell(struct cell *out, struct span s)
{
	*out = (struct cell){ .kind = CELL_TEXT, .s = s };
	return LOAD_DONE;
}

static int real_cell(struct cell *out, double d)
{
	*out = (struct cell){ .kind = CELL_REAL, .d = d };
	return LOAD_DONE;
}

static int integer_cell(struct cell *out, int64_t i)
{
	*out = (struct cell){ .kind = CELL_INTEGER, .i = i };
	return LOAD_DONE;
}

/* What the column takes for a value that SQLite has no type for. */
static int any_cell(struct database *d, void (*add)(struct span, struct buf *), struct span s, struct cell *out)
{
	struct buf text = BUF_INIT;

	add(s, &text);
	(void)text_cell(out, arena_span(&d->arena, buf_span(&text)));
	buf_release(&text);
	return LOAD_DONE;
}

static int number_cell(struct database *d, const struct column *c, struct span digits, struct cell *out, struct error *err)
{
	int64_t i;

	if (c->affinity == AFFINITY_TEXT)
		return c->any ? any_cell(d, any_add_number, digits, out) : text_cell(out, digits);
	/* 1.0 stays a real where the column doesn't say what it takes */
	if (c->affinity == AFFINITY_NONE && !number_int64(digits, &i) && number_fits_double(digits) &&
	    (memchr(digits.p, '.', digits.n) || memchr(digits.p, 'e', digits.n) || memchr(digits.p, 'E', digits.n)))
		return real_cell(out, number_double(digits));
	if (!number_int64(digits, &i) && (c->affinity != AFFINITY_REAL || (i <= (INT64_C(1) << 53) && i >= -(INT64_C(1) << 53))))
		return integer_cell(out, i);
	if (number_fits_double(digits) || d->o->lossy)
		return real_cell(out, number_double(digits));
	if (c->any)
		return any_cell(d, any_add_number, digits, out);
	if (c->affinity == AFFINITY_NONE)
		return text_cell(out, digits);
	return rejected(err, "lossy", c, "the number doesn't come back equal from this column (--lossy accepts that)");
}

static int blob_cell(struct database *d, const struct column *c, struct span text, struct cell *out, struct error *err)
{
	unsigned char *bytes = arena_alloc(&d->arena, base64_room(text.n));
	int64_t n = base64_decode(text, bytes);

	if (n < 0)
		return rejected(err, "bad-base64", c, "not base64, as the schema says");
	*out = (struct cell){ .kind = CELL_BLOB, .s = { (const char *)bytes, (size_t)n } };
	return LOAD_DONE;
}

/* "007" in an untyped cell is 7 in a column of numbers. */
static struct span without_zeros(struct span s)
{
	struct span digits = s;
	bool all = s.n > 0;
	size_t i;

	for (i = 0; i < s.n; i++)
		all = all && s.p[i] >= '0' && s.p[i] <= '9';
	while (all && digits.n > 1 && digits.p[0] == '0') {
		digits.p++;
		digits.n--;
	}
	return digits;
}

static int string_cell(struct database *d, const struct column *c, struct span text, struct cell *out, struct error *err)
{
	struct span digits;

	if (c->base64)
		return blob_cell(d, c, text, out, err);
	if (c->number && !c->any && (span_is(text, "Infinity") || span_is(text, "-Infinity")))
		return real_cell(out, *text.p == '-' ? -HUGE_VAL : HUGE_VAL);
	if (c->any)
		return any_cell(d, any_add_text, text, out);
	if (!is_numeric(c))
		return text_cell(out, text);
	if (c->untyped) {
		digits = without_zeros(text);
		if (number_is_json(digits))
			return number_cell(d, c, digits, out, err);
	}
	if (looks_numeric(text) && !d->o->lossy)
		return rejected(err, "lossy", c, "text that this column turns into a number (--lossy accepts that)");
	return text_cell(out, text);
}

/*
 * A value off its schema, as canonical Extended JSON v2 (x-values: ejson): a blob, text that would be read as something
 * else, a number that JSON lacks. 1: it was one, with its verdict.
 */
static int extended_cell(struct database *d, const struct column *c, struct value v, struct cell *out, int *verdict, struct error *err)
{
	struct span text;

	switch (extended_read(v, &d->arena, &text)) {
	case EXTENDED_BYTES:
		*verdict = blob_cell(d, c, text, out, err);
		return 1;
	case EXTENDED_EXACT:
		*verdict = text_cell(out, text);
		return 1;
	case EXTENDED_NUMBER:
		*verdict = number_cell(d, c, text, out, err);
		return 1;
	case EXTENDED_TEXT:
		*verdict = span_is(text, "Infinity") ? real_cell(out, HUGE_VAL) : span_is(text, "-Infinity") ? real_cell(out, -HUGE_VAL)
			: string_cell(d, c, text, out, err);
		return 1;
	default:
		return 0;
	}
}

static int boolean_cell(const struct column *c, bool yes, struct cell *out)
{
	if (c->any || c->affinity == AFFINITY_TEXT)
		return text_cell(out, yes ? SPAN_LIT("true") : SPAN_LIT("false"));
	return integer_cell(out, yes);
}

static int nested_cell(struct database *d, const struct column *c, struct value v, struct cell *out)
{
	struct buf json = BUF_INIT;

	value_write(v, &json);
	(void)(c->any ? any_cell(d, any_add_nested, buf_span(&json), out) : text_cell(out, arena_span(&d->arena, buf_span(&json))));
	buf_release(&json);
	return LOAD_DONE;
}

int cell_of(struct database *d, const struct column *c, struct value v, struct cell *out, struct error *err)
{
	int verdict;

	/* a column for any value keeps these as they are, and gives them back so */
	if (c->ejson && !c->any && extended_cell(d, c, v, out, &verdict, err))
		return verdict;
	switch (value_type(v)) {
	case TOKEN_NULL:
		*out = (struct cell){ .kind = CELL_NULL };
		return LOAD_DONE;
	case TOKEN_FALSE:
	case TOKEN_TRUE:
		return boolean_cell(c, value_type(v) == TOKEN_TRUE, out);
	case TOKEN_NUMBER:
		return number_cell(d, c, value_bytes(v), out, err);
	case TOKEN_STRING:
		return string_cell(d, c, value_text(v, &d->arena), out, err);
	default:
		return nested_cell(d, c, v, out);
	}
}

static void cell_bind(sqlite3_stmt *stmt, int at, const struct cell *c)
{
	switch (c->kind) {
	case CELL_NULL:
		sqlite3_bind_null(stmt, at);
		break;
	case CELL_INTEGER:
		sqlite3_bind_int64(stmt, at, c->i);
		break;
	case CELL_REAL:
		sqlite3_bind_double(stmt, at, c->d);
		break;
	case CELL_TEXT:
		sqlite3_bind_text64(stmt, at, c->s.p ? c->s.p : "", c->s.n, SQLITE_STATIC, SQLITE_UTF8);
		break;
	case CELL_BLOB:
		sqlite3_bind_blob64(stmt, at, c->s.p, c->s.n, SQLITE_STATIC);
	}
}

void cells_bind(sqlite3_stmt *stmt, int at, const struct cell *c, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		cell_bind(stmt, at + (int)i, &c[i]);
}

/* ---- keys */

/* The column's member of an object, whose name may be of another case, as in a record. */
static bool member_of(struct value object, struct column *c, struct value *out)
{
	struct walk walk = { 0, 0, 0 };
	struct arena arena = ARENA_INIT;
	struct value name;
	struct span text;
	bool found = value_get(object, &c->path, &c->cursor, out);

	while (!found && value_next(object, &walk, &name, out)) {
		text = value_text(name, &arena);
		found = text.n == c->name.n && !strncasecmp(text.p, c->name.p, text.n);
	}
	arena_release(&arena);
	return found;
}

int cells_of_key(struct database *d, struct table *t, struct value object, struct cell *out, struct error *err)
{
	struct column *c;
	struct value v;
	uint32_t i;
	int verdict;

	for (i = 0; i < t->keys; i++) {
		c = &t->column[t->key[i]];
		if (!member_of(object, c, &v) || value_type(v) == TOKEN_NULL) {
			error_data(err, "no-key", "the key '%s' is missing or null", error_show(c->name));
			return LOAD_REJECT;
		}
		verdict = cell_of(d, c, v, &out[i], err);
		if (verdict)
			return verdict;
	}
	return LOAD_DONE;
}

static uint64_t mix(uint64_t h, const void *p, size_t n)
{
	const unsigned char *c = p;
	size_t i;

	for (i = 0; i < n; i++)
		h = (h ^ c[i]) * UINT64_C(0x100000001b3);	/* FNV-1a: who makes keys collide just makes rows wait */
	return h;
}

/* Texts that the column's collation takes for one have one number. */
static uint64_t mix_text(uint64_t h, const struct column *c, struct span s)
{
	const bool any_case = c->collation && !strcasecmp(c->collation, "\"NOCASE\"");
	unsigned char byte;
	size_t i;

	while (c->collation && s.n && s.p[s.n - 1] == ' ' && !strcasecmp(c->collation, "\"RTRIM\""))
		s.n--;
	if (!any_case)
		return mix(h, s.p, s.n);
	for (i = 0; i < s.n; i++) {
		byte = (unsigned char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] | 0x20 : s.p[i]);
		h = mix(h, &byte, 1);
	}
	return h;
}

uint64_t key_hash(const struct table *t, const struct cell *key, uint64_t salt)
{
	uint64_t h = mix(UINT64_C(0xcbf29ce484222325) ^ salt, &t->stream, sizeof t->stream);
	double real;
	uint32_t i;

	for (i = 0; i < t->keys; i++) {
		if (key[i].kind == CELL_TEXT || key[i].kind == CELL_BLOB) {
			h = mix_text(h, &t->column[t->key[i]], key[i].s);
			continue;
		}
		real = key[i].kind == CELL_INTEGER ? (double)key[i].i : key[i].kind == CELL_REAL ? key[i].d : 0;
		real += 0.0;	/* -0.0 is 0.0 */
		h = mix(h, &real, sizeof real);
	}
	return h ^ h >> 32;
}
