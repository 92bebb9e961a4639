/*
 * load_text: a JSON value as the text that PostgreSQL takes for it, exactly or not at all.
 *
 * The server would round a number to a column's scale, cut blanks that are too many, drop digits of a time: such a value is
 * refused here as lossy, unless --lossy accepts it.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "load.h"
#include "load/extended.h"
#include "value/base64.h"
#include "value/number.h"
#include "value/text.h"

enum { TYPMOD_HEADER = 4 };

int text_rejected(struct error *err, const char *code, const struct column *c, const char *why)
{
	error_data(err, code, "'%s': %s", error_show(c->name), why);
	return LOAD_REJECT;
}

int text_lossy(struct database *d, const struct column *c, const char *why, struct error *err)
{
	return d->o->lossy ? LOAD_DONE : text_rejected(err, "lossy", c, why);
}

/* ---- numbers */

/* Digits behind the point that aren't zeros at the end, fewer than none where zeros end an integer; the exponent moves the point. */
static int64_t fraction_digits(struct span digits)
{
	char *canonical = malloc(digits.n + NUMBER_CANONICAL_EXTRA), *e;
	int64_t exponent, n = INT32_MIN;	/* of 0 */
	size_t len;

	if (!canonical)
		return INT32_MAX;
	len = number_canonical(digits, canonical);
	canonical[len] = '\0';
	e = strchr(canonical, 'e');
	if (e) {
		exponent = strtoll(e + 1, NULL, 10);
		n = (int64_t)(e - canonical) - (*canonical == '-') - exponent;
	}
	free(canonical);
	return n;
}

/* What a numeric's modifier says: 11 bits with a sign. */
static int scale_of(int32_t typmod)
{
	return (((typmod - TYPMOD_HEADER) & 0x7ff) ^ 0x400) - 0x400;
}

static bool is_money(const struct pg_type *t)
{
	return t->kind == PG_AS_TEXT && !strcmp(t->name, "money");
}

static int check_float4(struct database *d, const struct column *c, struct span digits, struct error *err)
{
	char text[32];
	float f = (float)number_double(digits);
	int n;

	for (n = fabsf(f) < FLT_MIN ? 1 : 6; n <= 9; n++) {	/* small ones have fewer */
		snprintf(text, sizeof text, "%.*g", n, (double)f);
		if (number_is_json(span_of(text)) && number_equal(span_of(text), digits))
			return LOAD_DONE;
	}
	return text_lossy(d, c, "the number doesn't come back equal from a real (--lossy accepts that)", err);
}

static int check_number(struct database *d, const struct column *c, const struct pg_type *t, int32_t typmod, struct span digits, struct error *err)
{
	switch (t->kind) {
	case PG_INT2:
	case PG_INT4:
	case PG_INT8:
	case PG_OID:
		if (t->kind == PG_OID && *digits.p == '-')
			return text_rejected(err, "bad-value", c, "no OID");
		return number_is_integer(digits) ? LOAD_DONE : text_rejected(err, "bad-value", c, "no integer");
	case PG_FLOAT4:
		return check_float4(d, c, digits, err);
	case PG_FLOAT8:
		return number_fits_double(digits) ? LOAD_DONE
			: text_lossy(d, c, "the number doesn't come back equal from a double precision (--lossy accepts that)", err);
	case PG_NUMERIC:
		if (typmod >= TYPMOD_HEADER && fraction_digits(digits) > scale_of(typmod))
			return text_lossy(d, c, "more digits than the column keeps (--lossy rounds)", err);
		return LOAD_DONE;
	default:
		if (is_money(t) && fraction_digits(digits) > 2)
			return text_lossy(d, c, "more digits than money keeps (--lossy rounds)", err);
		return LOAD_DONE;
	}
}

/* An integer by value is written without point and exponent, which the server's integers don't take. */
static int number_text(struct database *d, const struct column *c, const struct pg_type *t, int32_t typmod, struct span digits, struct buf *out,
		       struct error *err)
{
	char text[NUMBER_INT64_ROOM];
	int64_t i;
	int verdict = check_number(d, c, t, typmod, digits, err);

	if (verdict)
		return verdict;
	if (t->kind == PG_BOOL)
		return text_rejected(err, "bad-value", c, "a number is no boolean");
	if ((t->kind == PG_INT2 || t->kind == PG_INT4 || t->kind == PG_INT8 || t->kind == PG_OID) && !number_int64(digits, &i))
		buf_addspan(out, number_from_int64(i, text));
	else
		buf_addspan(out, digits);
	return LOAD_DONE;
}

/* ---- strings */

static int bytes_text(struct database *d, const struct column *c, struct span s, struct buf *out, struct error *err)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char *bytes = (unsigned char *)(uintptr_t)s.p;
	int64_t n = (int64_t)s.n, i;

	/* bytes inside of arrays and rows are base64 where the source says so of all that is off its schema */
	if (c->base64 || (c->ejson && c->type->kind != PG_BYTEA)) {
		bytes = arena_alloc(&d->arena, base64_room(s.n));
		n = base64_decode(s, bytes);
		if (n < 0)
			return text_rejected(err, "bad-base64", c, "not base64, as the schema says");
	}
	buf_adds(out, "\\x");
	for (i = 0; i < n; i++) {
		buf_addc(out, hex[bytes[i] >> 4]);
		buf_addc(out, hex[bytes[i] & 15]);
	}
	return LOAD_DONE;
}

static int string_text(struct database *d, const struct column *c, const struct pg_type *t, int32_t typmod, struct span s, struct buf *out,
		       struct error *err)
{
	switch (t->kind) {
	case PG_BYTEA:
		return bytes_text(d, c, s, out, err);
	case PG_DATE:
	case PG_TIME:
	case PG_TIMETZ:
	case PG_TIMESTAMP:
	case PG_TIMESTAMPTZ:
	case PG_INTERVAL:
		return time_text(d, c, t, typmod, s, out, err);
	case PG_RANGE:
	case PG_MULTIRANGE:
		if (time_check_bounds(d, c, t, s, err))
			return LOAD_REJECT;
		break;
	case PG_OID:
	case PG_NUMERIC:
	case PG_FLOAT4:
	case PG_FLOAT8:
	case PG_AS_TEXT:
		if ((t->kind != PG_AS_TEXT || is_money(t)) && number_is_json(s) && check_number(d, c, t, typmod, s, err))
			return LOAD_REJECT;
		break;
	default:
		break;
	}
	if (s.n && memchr(s.p, 0, s.n))
		return text_rejected(err, "lossy", c, "text with a NUL, which PostgreSQL can't hold");
	buf_addspan(out, s);
	return LOAD_DONE;
}

/* ---- any value */

static bool is_json(const struct pg_type *t)
{
	return t->kind == PG_JSON || t->kind == PG_JSONB;
}

/* Text as it is, whatever the column's type makes of it. */
static int exact_text(const struct column *c, struct span text, struct buf *out, struct error *err)
{
	if (text.n && memchr(text.p, 0, text.n))
		return text_rejected(err, "lossy", c, "text with a NUL, which PostgreSQL can't hold");
	buf_addspan(out, text);
	return LOAD_DONE;
}

/* An object of Extended JSON in a column that takes what it stands for. 1: it was one, with its verdict. */
static int extended_text(struct database *d, const struct column *c, const struct pg_type *t, int32_t typmod, struct value v, struct buf *out,
			 int *verdict, struct error *err)
{
	struct column as_base64 = *c;
	struct span text;
	enum extended_kind kind = c->ejson ? extended_read(v, &d->arena, &text) : EXTENDED_NONE;

	if (kind == EXTENDED_NONE || (is_json(t) && kind != EXTENDED_EXACT) || (kind == EXTENDED_BYTES && t->kind != PG_BYTEA))
		return 0;
	as_base64.base64 = true;
	*verdict = kind == EXTENDED_EXACT ? exact_text(c, text, out, err) : kind == EXTENDED_NUMBER ? number_text(d, c, t, typmod, text, out, err)
		: kind == EXTENDED_TEXT ? string_text(d, c, t, typmod, text, out, err) : bytes_text(d, &as_base64, text, out, err);
	return 1;
}

static int any_text(struct database *d, const struct column *c, const struct pg_type *t, int32_t typmod, struct value v, struct buf *out,
		    struct error *err)
{
	int verdict;

	if (value_type(v) == TOKEN_OBJECT && extended_text(d, c, t, typmod, v, out, &verdict, err))
		return verdict;
	if (is_json(t)) {
		value_write(v, out);
		return LOAD_DONE;
	}
	switch (value_type(v)) {
	case TOKEN_FALSE:
	case TOKEN_TRUE:
		buf_adds(out, value_type(v) == TOKEN_TRUE ? "true" : "false");
		return t->kind == PG_BOOL || t->kind == PG_TEXT || t->kind == PG_AS_TEXT ? LOAD_DONE
			: text_rejected(err, "bad-value", c, "a boolean, which its column doesn't take");
	case TOKEN_NUMBER:
		return number_text(d, c, t, typmod, value_bytes(v), out, err);
	case TOKEN_STRING:
		return string_text(d, c, t, typmod, value_text(v, &d->arena), out, err);
	default:
		return nested_text(d, c, t, typmod, v, out, err);
	}
}

/* Bits are cut, or zeros put behind them, where a statement says them. */
static int check_bits(struct database *d, const struct column *c, const struct pg_type *t, int32_t typmod, struct span s, struct error *err)
{
	bool varying = !strncmp(t->name, "bit varying", 11);
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] != '0' && s.p[i] != '1')
			return text_rejected(err, "bad-value", c, "not 0 and 1 alone");
	if (typmod < 0 || (varying ? s.n <= (size_t)typmod : s.n == (size_t)typmod))
		return LOAD_DONE;
	return text_lossy(d, c, "bits of another length than the column's", err);
}

enum { NAME_BYTES = 63 };

/* A server that knows no encoding takes each byte for a character. */
static bool counts_bytes(const struct database *d)
{
	const char *encoding = PQparameterStatus(d->pg.c, "server_encoding");

	return encoding && !strcmp(encoding, "SQL_ASCII");
}

/* The server would cut it. */
static int check_length(struct database *d, const struct column *c, const struct pg_type *t, int32_t typmod, struct span s, struct error *err)
{
	bool too_long = false;

	if (t->kind == PG_BIT)
		return check_bits(d, c, t, typmod, s, err);
	if (t->kind == PG_CHAR)
		too_long = s.n > 1 && !(s.n == 4 && *s.p == '\\');	/* which is a byte's octal digits */
	else if (t->kind == PG_TEXT && typmod >= TYPMOD_HEADER)
		too_long = s.n > (size_t)(typmod - TYPMOD_HEADER) && (counts_bytes(d) || text_length(s) > (size_t)(typmod - TYPMOD_HEADER));
	else if (t->kind == PG_TEXT && s.n > NAME_BYTES)
		too_long = !strcmp(t->name, "name");
	return too_long ? text_lossy(d, c, "text longer than the column takes", err) : LOAD_DONE;
}

int type_text(struct database *d, const struct column *c, const struct pg_type *t, int32_t typmod, struct value v, struct buf *out,
	      struct error *err)
{
	size_t from = out->n;
	int verdict;

	if (typmod < 0)
		typmod = t->typmod;
	verdict = any_text(d, c, t, typmod, v, out, err);
	return verdict ? verdict : check_length(d, c, t, typmod, (struct span){ out->p + from, out->n - from }, err);
}

/* COPY's text: backslash, tab, line feed and carriage return escaped. */
static struct span escaped(struct span s, struct arena *arena)
{
	static const char letters[256] = { ['\\'] = '\\', ['\t'] = 't', ['\n'] = 'n', ['\r'] = 'r', ['\b'] = 'b', ['\f'] = 'f', ['\v'] = 'v' };
	size_t i, extra = 0;
	char *p, *o;

	for (i = 0; i < s.n; i++)
		extra += letters[(unsigned char)s.p[i]] != 0;
	p = o = arena_alloc(arena, s.n + extra + 1);
	if (!extra) {
		memcpy(p, s.p ? s.p : "", s.n);
		return (struct span){ p, s.n };
	}
	for (i = 0; i < s.n; i++) {
		char letter = letters[(unsigned char)s.p[i]];

		if (letter)
			*o++ = '\\';
		*o++ = letter ? letter : s.p[i];
	}
	return (struct span){ p, (size_t)(o - p) };
}

/* A JSON string without a backslash has no control characters either: nothing in it is escaped. */
static bool is_plain_string(struct value v)
{
	return value_type(v) == TOKEN_STRING && !(value_token(v)->flags & TOKEN_ESCAPED);
}

/* …of an integer in one form: not -0. */
static bool is_digits(struct span s)
{
	size_t i = s.n > 1 && s.p[0] == '-' && s.p[1] != '0';

	while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
		i++;
	return i == s.n;
}

/* What goes as it stands: text into text, an integer's digits into integers. */
static bool as_it_stands(const struct column *c, struct value v)
{
	switch (c->type->kind) {
	case PG_TEXT:
		return c->typmod < TYPMOD_HEADER && is_plain_string(v) && (value_bytes(v).n <= NAME_BYTES || strcmp(c->type->name, "name") != 0);
	case PG_INT2:
	case PG_INT4:
	case PG_INT8:
		return value_type(v) == TOKEN_NUMBER && is_digits(value_bytes(v));
	default:
		return false;
	}
}

int cell_of(struct database *d, const struct column *c, struct value v, struct arena *arena, cell *out, struct error *err)
{
	int verdict;

	*out = (cell){ NULL, 0 };
	if (value_type(v) == TOKEN_NULL)
		return LOAD_DONE;
	if (as_it_stands(c, v)) {
		*out = (cell){ arena_dup(arena, value_bytes(v).p, value_bytes(v).n), value_bytes(v).n };
		return LOAD_DONE;
	}
	buf_reset(&d->raw);
	verdict = type_text(d, c, c->type, c->typmod, v, &d->raw, err);
	if (!verdict)
		*out = escaped(buf_span(&d->raw), arena);
	return verdict;
}
