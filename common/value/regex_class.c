/* regex_class: escapes, classes in brackets and Unicode properties, as ECMA-262 has them (§22.2.1). */
#include <stdio.h>

#include "value/regex_private.h"

/* §22.2.2.9: white space and line terminators */
#define SPACE "\\x{9}-\\x{d}\\x{20}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}"
#define NOT_SPACE "\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}" \
	"\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}"

/* ---- code points */

uint32_t take_point(struct translation *t)
{
	unsigned char c = (unsigned char)t->text.p[t->i++];
	int more = c < 0xc0 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
	uint32_t point = more ? c & (0x3fu >> more) : c;

	for (; more && !at_end(t); more--)
		point = point << 6 | ((unsigned char)t->text.p[t->i++] & 0x3f);
	return point;
}

void add_point(struct buf *out, uint32_t point)
{
	bool plain = (point >= '0' && point <= '9') || ((point | 32) >= 'a' && (point | 32) <= 'z' && point < 128);

	if (plain)
		buf_addc(out, (char)point);
	else
		buf_addf(out, "\\x{%x}", point);
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* n hexadecimal digits, or -1. */
static long take_hex(struct translation *t, int n)
{
	long v = 0;
	int d;

	for (; n; n--) {
		d = hex_value(peek(t));
		if (d < 0)
			return -1;
		v = v * 16 + d;
		t->i++;
	}
	return v;
}

/* \u0041, a pair of them, or \u{1f409}; behind the 'u'. */
static int take_unicode(struct translation *t, size_t start, uint32_t *point)
{
	long high, low;

	if (peek(t) == '{') {
		for (t->i++, high = 0; hex_value(peek(t)) >= 0 && high <= 0x10ffff; t->i++)
			high = high * 16 + hex_value(peek(t));
		if (peek(t) != '}' || t->text.p[t->i - 1] == '{' || high > 0x10ffff)
			return regex_fail(t, start, "\\u{…} wants a code point in hexadecimal");
		t->i++;
	} else {
		high = take_hex(t, 4);
		if (high < 0)
			return regex_fail(t, start, "\\u wants four hexadecimal digits");
		if (high >= 0xd800 && high < 0xdc00 && looking_at(t, "\\u")) {
			t->i += 2;
			low = take_hex(t, 4);
			if (low >= 0xdc00 && low < 0xe000)
				high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
		}
	}
	if (high >= 0xd800 && high < 0xe000)
		return regex_fail(t, start, "a lone surrogate, which no text holds");
	*point = (uint32_t)high;
	return 0;
}

/* ---- escapes */

static void as_class(struct atom *a, const char *inner)
{
	a->kind = ATOM_CLASS;
	snprintf(a->inner, sizeof a->inner, "%s", inner);
}

/* \d \w \s and their opposites. */
static bool short_class(char c, struct atom *a)
{
	switch (c) {
	case 'd':
		as_class(a, "0-9");
		set_add(&a->set, '0', '9');
		break;
	case 'w':
		as_class(a, "A-Za-z0-9_");
		set_add(&a->set, '0', '9');
		set_add(&a->set, 'A', 'Z');
		set_add(&a->set, 'a', 'z');
		set_add(&a->set, '_', '_');
		break;
	case 'D': as_class(a, "\\x{0}-\\x{2f}\\x{3a}-\\x{10ffff}"); return true;
	case 'W': as_class(a, "\\x{0}-\\x{2f}\\x{3a}-\\x{40}\\x{5b}-\\x{5e}\\x{60}\\x{7b}-\\x{10ffff}"); return true;
	case 's': as_class(a, SPACE); return true;
	case 'S': as_class(a, NOT_SPACE); return true;
	default: return false;
	}
	a->ascii = true;
	return true;
}

static int take_property(struct translation *t, size_t start, bool negated, struct atom *a)
{
	struct span name;
	const char *end;

	if (peek(t) != '{' || !(end = memchr(t->text.p + t->i, '}', t->text.n - t->i)))
		return regex_fail(t, start, "\\p wants a property in braces");
	name = (struct span){ t->text.p + t->i + 1, (size_t)(end - t->text.p) - t->i - 1 };
	a->kind = ATOM_CLASS;
	if (property_class(name, negated, a->inner))
		return regex_fail(t, start, "unknown property '%s'", error_show(name));
	t->i += name.n + 2;
	return 0;
}

static int take_reference(struct translation *t, size_t start, struct atom *a)
{
	uint32_t n = 0;

	while (peek(t) >= '0' && peek(t) <= '9' && n < 100000)
		n = n * 10 + (uint32_t)(t->text.p[t->i++] - '0');
	if (n > t->groups)
		return regex_fail(t, start, "a reference to group %u, of which there are %u", n, t->groups);
	if (n > t->refs)
		t->refs = n;
	a->kind = ATOM_REF;
	snprintf(a->inner, sizeof a->inner, "\\g{%u}", n);
	return 0;
}

static int take_named_reference(struct translation *t, size_t start, struct atom *a)
{
	const char *end = peek(t) == '<' ? memchr(t->text.p + t->i, '>', t->text.n - t->i) : NULL;
	size_t n = end ? (size_t)(end - t->text.p) - t->i - 1 : 0;

	if (!n || n > 32)
		return regex_fail(t, start, "\\k wants a group's name in angle brackets");
	a->kind = ATOM_REF;
	snprintf(a->inner, sizeof a->inner, "\\k<%.*s>", (int)n, t->text.p + t->i + 1);
	t->named_refs = true;
	t->i += n + 2;
	return 0;
}

/* An escape that stands for one character. */
static int take_character(struct translation *t, size_t start, char c, uint32_t *point)
{
	static const char from[] = "tnvfr", to[] = "\t\n\v\f\r";
	const char *control = strchr(from, c);
	long v;

	if (control && c) {
		*point = (uint32_t)to[control - from];
	} else if (c == '0' && !(peek(t) >= '0' && peek(t) <= '9')) {
		*point = 0;
	} else if (c == 'c' && ((peek(t) | 32) >= 'a' && (peek(t) | 32) <= 'z')) {
		*point = (uint32_t)t->text.p[t->i++] & 31;
	} else if (c == 'x') {
		v = take_hex(t, 2);
		if (v < 0)
			return regex_fail(t, start, "\\x wants two hexadecimal digits");
		*point = (uint32_t)v;
	} else if (c == 'u') {
		return take_unicode(t, start, point);
	} else if (c > ' ' && c < 127 && !(c >= '0' && c <= '9') && !((c | 32) >= 'a' && (c | 32) <= 'z')) {
		*point = (uint32_t)c;
	} else {
		return regex_fail(t, start, "ECMA-262 has no escape '\\%s'", error_show((struct span){ &c, c != '\0' }));
	}
	return 0;
}

int take_escape(struct translation *t, bool brackets, struct atom *a)
{
	size_t start = t->i++;
	char c = peek(t);

	*a = (struct atom){ .kind = ATOM_CHAR };
	if (at_end(t))
		return regex_fail(t, start, "a backslash at the end");
	t->i++;
	if (short_class(c, a))
		return 0;
	if (c == 'p' || c == 'P')
		return take_property(t, start, c == 'P', a);
	if (c == 'b' && brackets) {
		a->point = '\b';
	} else if ((c == 'b' || c == 'B') && !brackets) {
		a->kind = ATOM_EDGE;
		snprintf(a->inner, sizeof a->inner, "\\%c", c);
		return 0;
	} else if (c >= '1' && c <= '9' && !brackets) {
		t->i--;
		return take_reference(t, start, a);
	} else if (c == 'k' && !brackets) {
		return take_named_reference(t, start, a);
	} else if (take_character(t, start, c, &a->point)) {
		return -1;
	}
	a->ascii = a->point < 128;
	set_add(&a->set, a->point, a->point);
	return 0;
}

/* ---- brackets */

static int take_member(struct translation *t, struct atom *a)
{
	if (peek(t) == '\\')
		return take_escape(t, true, a);
	*a = (struct atom){ .kind = ATOM_CHAR, .point = take_point(t) };
	a->ascii = a->point < 128;
	set_add(&a->set, a->point, a->point);
	return 0;
}

static void merge(struct ascii_set *set, bool *ascii, const struct atom *a)
{
	*ascii = *ascii && a->ascii;
	set->bits[0] |= a->set.bits[0];
	set->bits[1] |= a->set.bits[1];
}

/* A character, a class, or a range. */
static int take_range(struct translation *t, struct ascii_set *set, bool *ascii)
{
	size_t start = t->i;
	struct atom from, to;

	if (take_member(t, &from))
		return -1;
	merge(set, ascii, &from);
	if (from.kind == ATOM_CLASS) {
		buf_adds(&t->out, from.inner);
		return 0;
	}
	add_point(&t->out, from.point);
	if (peek(t) != '-' || t->text.n - t->i < 2 || t->text.p[t->i + 1] == ']')
		return 0;
	t->i++;
	if (take_member(t, &to))
		return -1;
	merge(set, ascii, &to);
	if (to.kind == ATOM_CLASS) {	/* annex B: the '-' is itself */
		buf_addf(&t->out, "\\x{2d}%s", to.inner);
		set_add(set, '-', '-');
		return 0;
	}
	if (to.point < from.point)
		return regex_fail(t, start, "a range that ends before it begins");
	buf_addc(&t->out, '-');
	add_point(&t->out, to.point);
	set_add(set, from.point, to.point);
	return 0;
}

int take_brackets(struct translation *t, struct ascii_set *set, bool *ascii)
{
	size_t start = t->i++, mark = t->out.n;
	bool negated = peek(t) == '^';

	*set = (struct ascii_set){ { 0, 0 } };
	*ascii = !negated;
	t->i += negated;
	if (peek(t) == ']') {
		t->i++;
		buf_adds(&t->out, negated ? "[\\x{0}-\\x{10ffff}]" : "(?!)");
		return 0;
	}
	buf_adds(&t->out, negated ? "[^" : "[");
	while (!at_end(t) && peek(t) != ']')
		if (take_range(t, set, ascii))
			return -1;
	if (at_end(t)) {
		t->out.n = mark;
		return regex_fail(t, start, "a '[' without its ']'");
	}
	t->i++;
	buf_addc(&t->out, ']');
	return 0;
}
