/*
 * key_bytes: the canonical bytes of a key, ordered by memcmp as the values are.
 *
 * A value is a tag and what follows it. A string: its UTF-8, a zero byte written as 00 FF, ended by 00 00. A number: its
 * sign, its decimal exponent, its significant digits and a zero byte, the last three inverted for negative ones. A container: its
 * elements, or its members (name, then value) by name, and an end byte below all tags.
 */
#include "set/key.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "value/number.h"

enum { TAG_END = 0x04, TAG_NULL = 0x08, TAG_FALSE = 0x10, TAG_TRUE = 0x11, TAG_NUMBER = 0x20, TAG_STRING = 0x30, TAG_ARRAY = 0x40, TAG_OBJECT = 0x50 };
enum { SIGN_NEGATIVE = 1, SIGN_ZERO, SIGN_POSITIVE };
enum { NEAR = 100 };	/* exponents up to this take one byte */

/* ---- numbers */

static void add_exponent(struct buf *out, int64_t e)
{
	uint64_t v = (uint64_t)e ^ (UINT64_C(1) << 63);
	int i;

	if (e >= -NEAR && e <= NEAR) {
		buf_addc(out, (char)(0x80 + e));
		return;
	}
	buf_addc(out, (char)(e < 0 ? 0x01 : 0xff));
	for (i = 56; i >= 0; i -= 8)
		buf_addc(out, (char)(v >> i));
}

/* 0.digits × 10^exponent, digits without zeros at either end. */
static void add_parts(struct buf *out, bool negative, const char *digits, size_t n, int64_t exponent)
{
	size_t from, i;

	buf_addc(out, TAG_NUMBER);
	buf_addc(out, negative ? SIGN_NEGATIVE : SIGN_POSITIVE);
	from = out->n;
	add_exponent(out, exponent);
	buf_add(out, digits, n);
	buf_addc(out, 0);
	for (i = from; negative && i < out->n; i++)
		out->p[i] = (char)~out->p[i];
}

static void add_number(struct buf *out, struct span s)
{
	char room[128], *text = s.n + NUMBER_CANONICAL_EXTRA < sizeof room ? room : xmalloc(s.n + NUMBER_CANONICAL_EXTRA + 1);
	size_t n = number_canonical(s, text);
	char *e = memchr(text, 'e', n), *digits = text + (*text == '-');
	int64_t exponent = 0;

	if (n == 1 && *text == '0') {
		buf_addc(out, TAG_NUMBER);
		buf_addc(out, SIGN_ZERO);
	} else {
		if (e) {
			text[n] = '\0';
			exponent = strtoll(e + 1, NULL, 10);
			n = (size_t)(e - text);
		}
		n -= (size_t)(digits - text);
		add_parts(out, digits != text, digits, n, exponent);
	}
	if (text != room)
		free(text);
}

/* The usual number: an integer as digits, not zero. */
static bool add_integer(struct buf *out, struct value v)
{
	struct span s = value_bytes(v);
	bool negative = s.p[0] == '-';
	size_t n;

	if (!(value_token(v)->flags & TOKEN_INTEGER) || s.p[negative] == '0')
		return false;
	s.p += negative;
	n = s.n -= negative;
	while (s.p[n - 1] == '0')
		n--;
	add_parts(out, negative, s.p, n, (int64_t)s.n);
	return true;
}

/* Text that obeys the grammar of JSON numbers. */
static bool is_number(struct span s)
{
	struct scan_limits limits = SCAN_LIMITS_INIT;
	struct error err = ERROR_INIT;
	struct record rec;
	bool is = false;

	if (!s.n || !(s.p[0] == '-' || (s.p[0] >= '0' && s.p[0] <= '9')))
		return false;
	record_init(&rec);
	if (!record_copy(&rec, s.p, s.n, &limits, &err))
		is = value_type(record_root(&rec)) == TOKEN_NUMBER && value_bytes(record_root(&rec)).n == s.n;
	record_release(&rec);
	return is;
}

/* ---- strings */

static void add_string(struct buf *out, struct span text)
{
	const char *zero;

	buf_addc(out, TAG_STRING);
	while ((zero = text.n ? memchr(text.p, 0, text.n) : NULL)) {
		buf_add(out, text.p, (size_t)(zero - text.p));
		buf_add(out, "\0\xff", 2);
		text.n -= (size_t)(zero + 1 - text.p);
		text.p = zero + 1;
	}
	buf_addspan(out, text);
	buf_add(out, "\0", 2);
}

/* n digits with the decimal point after the first `point` of them, which may be none or more than there are. */
static size_t plain_digits(char *to, const char *digits, size_t n, long long point)
{
	size_t before = point < 0 ? 0 : (size_t)point, zeros = point < 0 ? (size_t)-point : 0;

	if (before >= n) {
		memcpy(to, digits, n);
		memset(to + n, '0', before - n);
		return before;
	}
	memcpy(to, digits, before);
	if (!before)
		to[before++] = '0';
	to[before++] = '.';
	memset(to + before, '0', zeros);
	memcpy(to + before + zeros, digits + (point < 0 ? 0 : point), n - (point < 0 ? 0 : (size_t)point));
	return before + zeros + n - (point < 0 ? 0 : (size_t)point);
}

/* A number as people write it, if that isn't too long: 100, 0.25, -2.5; else as digits and an exponent. */
static void add_number_text(struct buf *out, struct span s, struct arena *arena)
{
	char *text = arena_alloc(arena, s.n + NUMBER_CANONICAL_EXTRA + 1), *e, *plain;
	size_t n = number_canonical(s, text), sign = *text == '-', digits;
	long long point;

	text[n] = '\0';
	e = memchr(text, 'e', n);
	digits = (e ? (size_t)(e - text) : n) - sign;
	point = e ? strtoll(e + 1, NULL, 10) : 0;
	if (!e || point > 40 || point < -40) {
		add_string(out, (struct span){ text, n });
		return;
	}
	plain = arena_alloc(arena, digits + 88);
	plain[0] = '-';
	n = plain_digits(plain + sign, text + sign, digits, point);
	add_string(out, (struct span){ plain, sign + n });
}

/* ---- containers */

static void add_value(struct buf *out, struct value v, struct arena *arena);

struct member {
	struct span name;
	struct value v;
};

static int by_name(const void *a, const void *b)
{
	return span_cmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

static void add_object(struct buf *out, struct value object, struct arena *arena)
{
	struct member *m = arena_alloc(arena, (value_count(object) + 1) * sizeof *m);
	struct walk walk = { 0, 0, 0 };
	struct value name, v;
	size_t n = 0, i;

	while (value_next(object, &walk, &name, &v))
		m[n++] = (struct member){ value_text(name, arena), v };
	qsort(m, n, sizeof *m, by_name);
	for (i = 0; i < n; i++) {
		add_string(out, m[i].name);
		add_value(out, m[i].v, arena);
	}
}

/* As deep as the scan's limit lets it be. */
static void add_value(struct buf *out, struct value v, struct arena *arena)
{
	struct walk walk = { 0, 0, 0 };
	struct value element;

	switch (value_type(v)) {
	case TOKEN_NULL:
		buf_addc(out, TAG_NULL);
		break;
	case TOKEN_FALSE:
	case TOKEN_TRUE:
		buf_addc(out, value_type(v) == TOKEN_TRUE ? TAG_TRUE : TAG_FALSE);
		break;
	case TOKEN_NUMBER:
		if (!add_integer(out, v))
			add_number(out, value_bytes(v));
		break;
	case TOKEN_STRING:
		add_string(out, value_text(v, arena));
		break;
	case TOKEN_ARRAY:
		buf_addc(out, TAG_ARRAY);
		while (value_next(v, &walk, NULL, &element))
			add_value(out, element, arena);
		buf_addc(out, TAG_END);
		break;
	case TOKEN_OBJECT:
		buf_addc(out, TAG_OBJECT);
		add_object(out, v, arena);
		buf_addc(out, TAG_END);
		break;
	}
}

/* ---- the key */

static void add_part(struct buf *out, struct value v, enum key_read read, struct arena *arena)
{
	struct span text;

	if (read == KEY_TEXT && value_type(v) == TOKEN_NUMBER) {
		add_number_text(out, value_bytes(v), arena);
	} else if (read == KEY_TEXT && (value_type(v) == TOKEN_TRUE || value_type(v) == TOKEN_FALSE)) {
		add_string(out, value_type(v) == TOKEN_TRUE ? SPAN_LIT("true") : SPAN_LIT("false"));
	} else if ((read == KEY_NUMBER || read == KEY_BOOLEAN) && value_type(v) == TOKEN_STRING) {
		text = value_text(v, arena);
		if (read == KEY_NUMBER && is_number(text))
			add_number(out, text);
		else if (read == KEY_BOOLEAN && (span_is(text, "true") || span_is(text, "false")))
			buf_addc(out, text.n == 4 ? TAG_TRUE : TAG_FALSE);
		else
			add_string(out, text);
	} else {
		add_value(out, v, arena);
	}
}

static int no_key(const struct path *path, bool null, struct error *err)
{
	struct span name = path->n == 1 ? path->step[0].name : path->text;

	return error_data(err, "no-key", "field '%s' of the key is %s", error_show(name), null ? "null" : "missing");
}

int key_bytes_of(struct key *key, struct value from, struct buf *out, struct error *err)
{
	size_t before = out->n;
	struct key_part *part;
	struct value v;
	uint32_t i;
	int found;

	arena_reset(&key->scratch);
	for (i = 0; i < key->n; i++) {
		part = &key->part[i];
		found = value_get(from, &part->path, &part->cursor, &v);
		if (!found || value_type(v) == TOKEN_NULL) {
			out->n = before;
			return no_key(&part->path, found, err);
		}
		add_part(out, v, part->read, &key->scratch);
	}
	return 0;
}

int key_bytes(struct key *key, const struct record *rec, struct buf *out, struct error *err)
{
	return key_bytes_of(key, record_root(rec), out, err);
}
