/* load_bind: values into columns, exactly or not at all. */
#include <math.h>
#include <stdlib.h>

#include "load.h"
#include "value/number.h"

static int rejected(struct error *err, const char *code, const struct column *c, const char *why)
{
	error_data(err, code, "'%s': %s", error_show(span_of(c->name)), why);
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

static int bind_text(sqlite3_stmt *stmt, int at, struct span s)
{
	sqlite3_bind_text64(stmt, at, s.p ? s.p : "", s.n, SQLITE_STATIC, SQLITE_UTF8);
	return LOAD_DONE;
}

static int bind_number(struct database *d, sqlite3_stmt *stmt, int at, const struct column *c, struct span digits, struct error *err)
{
	int64_t i;

	if (c->affinity == AFFINITY_TEXT)
		return bind_text(stmt, at, digits);
	/* 1.0 stays a real where the column doesn't say what it takes */
	if (c->affinity == AFFINITY_NONE && !number_int64(digits, &i) && (memchr(digits.p, '.', digits.n) || memchr(digits.p, 'e', digits.n))) {
		sqlite3_bind_double(stmt, at, number_double(digits));
		return LOAD_DONE;
	}
	if (!number_int64(digits, &i) && (c->affinity != AFFINITY_REAL || (i <= (INT64_C(1) << 53) && i >= -(INT64_C(1) << 53)))) {
		sqlite3_bind_int64(stmt, at, i);
		return LOAD_DONE;
	}
	if (number_fits_double(digits) || d->o->lossy) {
		sqlite3_bind_double(stmt, at, number_double(digits));
		return LOAD_DONE;
	}
	if (c->affinity == AFFINITY_NONE)
		return bind_text(stmt, at, digits);
	return rejected(err, "lossy", c, "the number doesn't come back equal from this column (--lossy accepts that)");
}

/* Strict base64 (RFC 4648 §4): the length of the bytes, or -1. */
static int64_t decode_base64(struct span s, unsigned char *out)
{
	uint32_t v = 0;
	unsigned char *o = out;
	size_t i, pad = 0;
	int digit;

	if (s.n % 4)
		return -1;
	for (i = 0; i < s.n; i++) {
		char ch = s.p[i];

		digit = ch >= 'A' && ch <= 'Z' ? ch - 'A' : ch >= 'a' && ch <= 'z' ? ch - 'a' + 26 : ch >= '0' && ch <= '9' ? ch - '0' + 52 :
			ch == '+' ? 62 : ch == '/' ? 63 : -1;
		if (ch == '=' && i + 2 >= s.n && (i + 1 == s.n || s.p[i + 1] == '=')) {
			pad++;
			digit = 0;
		}
		if (digit < 0 || (pad && ch != '='))
			return -1;
		v = v << 6 | (uint32_t)digit;
		if (i % 4 == 3) {
			*o++ = (unsigned char)(v >> 16);
			*o++ = (unsigned char)(v >> 8);
			*o++ = (unsigned char)v;
		}
	}
	return o - out - (int64_t)pad;
}

static int bind_blob(struct database *d, sqlite3_stmt *stmt, int at, const struct column *c, struct span text, struct error *err)
{
	unsigned char *bytes = arena_alloc(&d->arena, text.n / 4 * 3 + 4);
	int64_t n = decode_base64(text, bytes);

	if (n < 0)
		return rejected(err, "bad-base64", c, "not base64, as the schema says");
	sqlite3_bind_blob64(stmt, at, bytes, (sqlite3_uint64)n, SQLITE_STATIC);
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

static int bind_string(struct database *d, sqlite3_stmt *stmt, int at, const struct column *c, struct span text, struct error *err)
{
	struct span digits;

	if (c->base64)
		return bind_blob(d, stmt, at, c, text, err);
	if (c->number && (span_is(text, "Infinity") || span_is(text, "-Infinity"))) {
		sqlite3_bind_double(stmt, at, *text.p == '-' ? -HUGE_VAL : HUGE_VAL);
		return LOAD_DONE;
	}
	if (!is_numeric(c))
		return bind_text(stmt, at, text);
	if (c->untyped) {
		digits = without_zeros(text);
		if (number_is_json(digits))
			return bind_number(d, stmt, at, c, digits, err);
	}
	if (looks_numeric(text) && !d->o->lossy)
		return rejected(err, "lossy", c, "text that this column turns into a number (--lossy accepts that)");
	return bind_text(stmt, at, text);
}

/* {"$name":X} with that member and no other. */
static bool only_member(struct value v, const char *name, enum token_type type, struct value *out)
{
	return value_count(v) == 1 && value_member(v, span_of(name), out) && value_type(*out) == type;
}

/*
 * A value off its schema, as canonical Extended JSON v2 (x-values: ejson): a blob, text that would be read as something
 * else, a number that JSON lacks. 1 bound, 0 none of these, or LOAD_REJECT with err set.
 */
static int bind_ejson(struct database *d, sqlite3_stmt *stmt, int at, const struct column *c, struct value v, struct error *err)
{
	struct value inner, base64;
	struct span text;

	if (value_type(v) != TOKEN_OBJECT)
		return 0;
	if (only_member(v, "$binary", TOKEN_OBJECT, &inner) && value_member(inner, SPAN_LIT("base64"), &base64) &&
	    value_type(base64) == TOKEN_STRING)
		return bind_blob(d, stmt, at, c, value_text(base64, &d->arena), err) ? -1 : 1;
	if (only_member(v, "$symbol", TOKEN_STRING, &inner)) {
		(void)bind_text(stmt, at, value_text(inner, &d->arena));
		return 1;
	}
	if (!only_member(v, "$numberDouble", TOKEN_STRING, &inner))
		return 0;
	text = value_text(inner, &d->arena);
	if (!span_is(text, "Infinity") && !span_is(text, "-Infinity"))
		return 0;
	sqlite3_bind_double(stmt, at, *text.p == '-' ? -HUGE_VAL : HUGE_VAL);
	return 1;
}

int bind_value(struct database *d, sqlite3_stmt *stmt, int at, const struct column *c, struct value v, struct error *err)
{
	struct buf json = BUF_INIT;
	struct span text;
	bool yes;
	int got = c->ejson ? bind_ejson(d, stmt, at, c, v, err) : 0;

	if (got)
		return got < 0 ? LOAD_REJECT : LOAD_DONE;
	switch (value_type(v)) {
	case TOKEN_NULL:
		sqlite3_bind_null(stmt, at);
		return LOAD_DONE;
	case TOKEN_FALSE:
	case TOKEN_TRUE:
		yes = value_type(v) == TOKEN_TRUE;
		if (c->affinity == AFFINITY_TEXT)
			return bind_text(stmt, at, yes ? SPAN_LIT("true") : SPAN_LIT("false"));
		sqlite3_bind_int(stmt, at, yes);
		return LOAD_DONE;
	case TOKEN_NUMBER:
		return bind_number(d, stmt, at, c, value_bytes(v), err);
	case TOKEN_STRING:
		return bind_string(d, stmt, at, c, value_text(v, &d->arena), err);
	default:
		value_write(v, &json);
		text = arena_span(&d->arena, buf_span(&json));
		buf_release(&json);
		return bind_text(stmt, at, text);
	}
}
