/* value_text: text that stands for something else: objects of Extended JSON by their names, and the plain forms of declared types. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "value/base64.h"
#include "value/number.h"
#include "value/time.h"
#include "value_private.h"

enum extended extended_of(const struct span *names, size_t n)
{
	static const struct { const char *name, *other; enum extended kind; } rows[] = {
		{ "$oid", NULL, EXTENDED_OID }, { "$symbol", NULL, EXTENDED_SYMBOL }, { "$numberInt", NULL, EXTENDED_INT },
		{ "$numberLong", NULL, EXTENDED_LONG }, { "$numberDouble", NULL, EXTENDED_DOUBLE }, { "$numberDecimal", NULL, EXTENDED_DECIMAL },
		{ "$binary", NULL, EXTENDED_BINARY }, { "$uuid", NULL, EXTENDED_UUID }, { "$code", NULL, EXTENDED_CODE },
		{ "$code", "$scope", EXTENDED_SCOPED }, { "$timestamp", NULL, EXTENDED_TIMESTAMP }, { "$regularExpression", NULL, EXTENDED_REGEX },
		{ "$dbPointer", NULL, EXTENDED_POINTER }, { "$date", NULL, EXTENDED_DATE }, { "$minKey", NULL, EXTENDED_MIN },
		{ "$maxKey", NULL, EXTENDED_MAX }, { "$undefined", NULL, EXTENDED_UNDEFINED }, { "$literal", NULL, EXTENDED_LITERAL },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (n == 1 && !rows[i].other && span_is(names[0], rows[i].name))
			return rows[i].kind;
		if (n == 2 && rows[i].other && ((span_is(names[0], rows[i].name) && span_is(names[1], rows[i].other)) ||
						(span_is(names[1], rows[i].name) && span_is(names[0], rows[i].other))))
			return rows[i].kind;
	}
	return EXTENDED_NONE;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* n bytes of 2 n digits. */
static bool hex_parse(const char *p, size_t n, uint8_t *out)
{
	size_t i;

	for (i = 0; i < n; i++, p += 2) {
		if (hex_digit(p[0]) < 0 || hex_digit(p[1]) < 0)
			return false;
		out[i] = (uint8_t)(hex_digit(p[0]) << 4 | hex_digit(p[1]));
	}
	return true;
}

bool oid_parse(struct span text, bson_oid_t *out)
{
	return text.n == 24 && hex_parse(text.p, 12, out->bytes);
}

bool uuid_parse(struct span text, uint8_t out[16])
{
	const char *p = text.p;

	return text.n == 36 && p[8] == '-' && p[13] == '-' && p[18] == '-' && p[23] == '-' && hex_parse(p, 4, out) && hex_parse(p + 9, 2, out + 4) &&
	       hex_parse(p + 14, 2, out + 6) && hex_parse(p + 19, 2, out + 8) && hex_parse(p + 24, 6, out + 10);
}

/* A fraction of a second has digits other than 0 behind the third. */
static bool finer(struct span text)
{
	const char *dot = memchr(text.p, '.', text.n), *end = text.p + text.n, *p;

	for (p = dot ? dot + 1 : end; p < end && *p >= '0' && *p <= '9'; p++)
		if (p > dot + 3 && *p != '0')
			return true;
	return false;
}

enum date_fit date_parse(struct span text, int64_t *ms)
{
	struct moment m;
	int32_t offset;

	if (time_parse_rfc3339(text, &m, &offset) || !memcmp(text.p + 17, "60", 2))	/* a leap second is no date's */
		return DATE_NOT;
	*ms = m.second * 1000 + m.nano / 1000000;
	return finer(text) ? DATE_FINER : DATE_EXACT;
}

/* The five bits behind the sign, which are all ones but the last in an infinity, and all ones in a NaN (IEEE 754-2008 3.5.2). */
static bool is_finite(const bson_decimal128_t *d)
{
	return (d->high >> 58 & 31) < 30;
}

bool decimal_parse(struct span text, bson_decimal128_t *out)
{
	char room[128], *copy;	/* libbson looks for the end of digits by what follows */
	bool done;

	if (!number_is_json(text) || number_digits(text) > 34 || text.n > INT32_MAX)
		return false;
	copy = text.n < sizeof room ? memcpy(room, text.p, text.n) : xstrndup(text.p, text.n);
	copy[text.n] = '\0';
	done = bson_decimal128_from_string_w_len(copy, (int)text.n, out) && is_finite(out);
	if (copy != room)
		free(copy);
	return done;
}

bool text_is_special(struct span text)
{
	return span_is(text, "NaN") || span_is(text, "Infinity") || span_is(text, "-Infinity");
}

bool text_is_declared(struct span text, enum shape_kind kind)
{
	uint8_t uuid[16];
	bson_oid_t oid;
	int64_t ms;

	switch (kind) {
	case SHAPE_OID:
		return oid_parse(text, &oid);
	case SHAPE_DATE:
		return date_parse(text, &ms) == DATE_EXACT;
	case SHAPE_UUID:
		return uuid_parse(text, uuid);
	case SHAPE_BINARY:
		return base64_is(text);
	case SHAPE_DOUBLE:
	case SHAPE_DECIMAL:
		return text_is_special(text);
	default:
		return false;
	}
}

double special_double(struct span text)
{
	return span_is(text, "NaN") ? (double)NAN : text.p[0] == '-' ? -(double)INFINITY : (double)INFINITY;
}

void special_decimal(struct span text, bson_decimal128_t *out)
{
	bson_decimal128_from_string(span_is(text, "NaN") ? "NaN" : text.p[0] == '-' ? "-Infinity" : "Infinity", out);
}
