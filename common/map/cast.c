/* cast: a value as another type. */
#include "map/cast.h"

#include <stdlib.h>
#include <strings.h>

#include "value/number.h"

enum { LONGEST = 1000 };	/* digits of an integer written out from an exponent */

static size_t digits(const char *p, const char *end)
{
	const char *from = p;

	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return (size_t)(p - from);
}

int cast_number(struct span text, struct buf *out)
{
	const char *p = text.p, *end = text.p + text.n, *frac = NULL, *exponent = NULL;
	bool negative = text.n && *p == '-';
	size_t whole, part = 0, power = 0;

	p += text.n && (*p == '-' || *p == '+');
	whole = digits(p, end);
	if (p + whole < end && p[whole] == '.') {
		frac = p + whole + 1;
		part = digits(frac, end);
	}
	exponent = frac ? frac + part : p + whole;
	if (!whole && !part)
		return -1;
	if (exponent < end && (*exponent | 0x20) == 'e') {
		power = exponent + 1 < end && (exponent[1] == '-' || exponent[1] == '+') ? 2 : 1;
		if (!digits(exponent + power, end))
			return -1;
		power += digits(exponent + power, end);
	}
	if (exponent + power != end)
		return -1;
	for (; whole > 1 && *p == '0'; whole--)
		p++;
	if (negative)
		buf_addc(out, '-');
	buf_add(out, whole ? p : "0", whole ? whole : 1);
	if (part) {
		buf_addc(out, '.');
		buf_add(out, frac, part);
	}
	buf_add(out, exponent, power);
	return 0;
}

static int refuse(struct value v, const char *type, struct error *err)
{
	static const char *const kinds[] = { "null", "false", "true", NULL, NULL, "an array", "an object" };
	const char *kind = kinds[value_type(v)];

	if (kind)
		return error_data(err, "bad-cast", "%s is no %s", kind, type);
	return error_data(err, "bad-cast", "'%s' is no %s", error_show(value_bytes(v)), type);
}

/* The digits of an integer by value that is written with a point or an exponent. */
static int expand(struct span number, struct buf *out)
{
	char room[256], *p = room, *e;
	struct buf big = BUF_INIT;
	bool zero = number_is_zero(number);
	long power;
	size_t n;

	if (zero || !number_is_integer(number)) {
		if (zero)
			buf_addc(out, '0');
		return zero ? 0 : -1;
	}
	if (number.n > sizeof room - NUMBER_CANONICAL_EXTRA) {
		buf_reserve(&big, number.n + NUMBER_CANONICAL_EXTRA);
		p = big.p;
	}
	n = number_canonical(number, p);
	e = memchr(p, 'e', n);
	power = strtol(e + 1, NULL, 10);
	if (power <= LONGEST) {
		if (*p == '-')
			buf_addc(out, *p++);
		buf_add(out, p, (size_t)(e - p));
		for (n = (size_t)(e - p); n < (size_t)power; n++)
			buf_addc(out, '0');
	}
	buf_release(&big);
	return power <= LONGEST ? 0 : -1;
}

static bool plain_digits(struct span s)
{
	size_t sign = s.n && *s.p == '-';

	return s.n > sign && digits(s.p + sign, s.p + s.n) == s.n - sign;
}

static int to_integer(struct value v, struct span text, struct buf *json, struct error *err)
{
	struct span s;
	size_t start;

	if (value_type(v) == TOKEN_NUMBER) {
		if (value_token(v)->flags & TOKEN_INTEGER)
			return CHANGE_NOT;
		return expand(value_bytes(v), json) ? refuse(v, "integer", err) : CHANGE_SET;
	}
	if (value_type(v) != TOKEN_STRING || cast_number(text, json))
		return refuse(v, "integer", err);
	s = buf_span(json);
	if (plain_digits(s)) {
		if (s.n == 2 && *s.p == '-' && s.p[1] == '0')
			buf_drop(json, 1);
		return CHANGE_SET;
	}
	start = json->n;
	if (expand(s, json))
		return refuse(v, "integer", err);
	buf_drop(json, start);
	return CHANGE_SET;
}

static int to_number(struct value v, struct span s, struct buf *json, struct error *err)
{
	if (value_type(v) == TOKEN_NUMBER)
		return CHANGE_NOT;
	if (value_type(v) != TOKEN_STRING)
		return refuse(v, "number", err);
	if (span_is(s, "NaN") || span_is(s, "Infinity") || span_is(s, "-Infinity"))	/* DESIGN, Values: their one way of being written */
		return CHANGE_NOT;
	return cast_number(s, json) ? refuse(v, "number", err) : CHANGE_SET;
}

static int to_string(struct value v, struct buf *json)
{
	size_t n;

	if (value_type(v) < TOKEN_STRING) {
		buf_addc(json, '"');
		value_write(v, json);
		buf_addc(json, '"');
		return CHANGE_SET;
	}
	value_write(v, json);
	n = json->n;
	buf_reserve(json, 6 * n + 2);	/* so that the text stays where it is */
	json_add_string(json, buf_span(json));
	buf_drop(json, n);
	return CHANGE_SET;
}

/* The words that PostgreSQL reads, whatever their case. */
static int boolean_word(struct span s)
{
	static const char *const words[] = { "false", "true", "no", "yes", "f", "t", "n", "y", "off", "on", "0", "1" };
	size_t i;

	for (i = 0; i < sizeof words / sizeof *words; i++)
		if (strlen(words[i]) == s.n && !strncasecmp(words[i], s.p, s.n))
			return i & 1;
	return -1;
}

static int to_boolean(struct value v, struct span text, struct buf *json, struct error *err)
{
	int is = -1;

	if (value_type(v) == TOKEN_STRING)
		is = boolean_word(text);
	else if (value_type(v) == TOKEN_NUMBER)
		is = number_is_zero(value_bytes(v)) ? 0 : number_equal(value_bytes(v), SPAN_LIT("1")) ? 1 : -1;
	if (is < 0)
		return refuse(v, "boolean", err);
	buf_adds(json, is ? "true" : "false");
	return CHANGE_SET;
}

int cast_value(enum cast to, struct value v, struct arena *arena, struct buf *json, struct error *err)
{
	enum token_type type = value_type(v);
	bool boolean = type == TOKEN_TRUE || type == TOKEN_FALSE;
	struct span text;

	if (type == TOKEN_NULL || (type == TOKEN_STRING && to == CAST_STRING) || (boolean && to == CAST_BOOLEAN))
		return CHANGE_NOT;
	if (to == CAST_STRING)
		return to_string(v, json);
	text = type == TOKEN_STRING ? value_text(v, arena) : value_bytes(v);
	if (to == CAST_BOOLEAN)
		return to_boolean(v, text, json, err);
	if (boolean) {
		buf_addc(json, type == TOKEN_TRUE ? '1' : '0');
		return CHANGE_SET;
	}
	return to == CAST_INTEGER ? to_integer(v, text, json, err) : to_number(v, text, json, err);
}
