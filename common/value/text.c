/* text: characters, white space, case and normal forms of UTF-8. */
#include "value/text.h"

#include <stdlib.h>
#include <utf8proc.h>

#include "base/xalloc.h"

/* Every byte that doesn't continue a character begins one; eight at a time. */
size_t text_length(struct span s)
{
	const char *p = s.p, *end = s.p + s.n;
	size_t continued = 0;
	uint64_t v;

	for (; end - p >= 8; p += 8) {
		memcpy(&v, p, 8);
		if (v & 0x8080808080808080u)
			continued += (size_t)__builtin_popcountll((v >> 7) & ~(v >> 6) & 0x0101010101010101u);
	}
	for (; p < end; p++)
		continued += ((unsigned char)*p & 0xc0) == 0x80;
	return s.n - continued;
}

/* One code point of valid UTF-8; its length. */
static size_t next_point(const char *p, const char *end, int32_t *out)
{
	utf8proc_ssize_t n;

	if ((unsigned char)*p < 0x80) {
		*out = (unsigned char)*p;
		return 1;
	}
	n = utf8proc_iterate((const utf8proc_uint8_t *)p, end - p, out);
	return n > 0 ? (size_t)n : 1;
}

static void add_point(struct buf *out, int32_t c)
{
	utf8proc_uint8_t room[4];

	if (c < 0x80)
		buf_addc(out, (char)c);
	else
		buf_add(out, room, (size_t)utf8proc_encode_char(c, room));
}

static bool is_ascii(struct span s)
{
	unsigned char any = 0;
	size_t i;

	for (i = 0; i < s.n; i++)
		any |= (unsigned char)s.p[i];
	return any < 0x80;
}

/* ---- white space */

static bool is_white(int32_t c)
{
	return (c >= 9 && c <= 13) || c == ' ' || (c >= 0x85 && (c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
		c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000));
}

static bool trim(struct span s, struct buf *out)
{
	const char *p = s.p, *end = s.p + s.n, *from = NULL, *to = p;
	int32_t c;
	size_t n;

	for (; p < end; p += n) {
		n = next_point(p, end, &c);
		if (is_white(c))
			continue;
		from = from ? from : p;
		to = p + n;
	}
	from = from ? from : to;
	if ((size_t)(to - from) == s.n)
		return false;
	buf_add(out, from, (size_t)(to - from));
	return true;
}

static bool squeeze(struct span s, struct buf *out)
{
	const char *p = s.p, *end = s.p + s.n;
	bool white = false, changed = false;
	size_t n, start = out->n;
	int32_t c;

	for (; p < end; p += n) {
		n = next_point(p, end, &c);
		if (!is_white(c))
			buf_add(out, p, n);
		else if (!white)
			buf_addc(out, ' ');
		changed = changed || (is_white(c) && (white || c != ' '));
		white = is_white(c);
	}
	if (!changed)
		out->n = start;
	return changed;
}

/* ---- case and normal forms */

static bool simple_case(struct span s, bool upper, struct buf *out)
{
	const char *p = s.p, *end = s.p + s.n;
	size_t n, start = out->n;
	bool changed = false;
	int32_t c, to;

	for (; p < end; p += n) {
		n = next_point(p, end, &c);
		if (c < 0x80)
			to = upper ? (c >= 'a' && c <= 'z' ? c - 32 : c) : (c >= 'A' && c <= 'Z' ? c + 32 : c);
		else
			to = upper ? (c == 0xdf ? c : utf8proc_toupper(c)) : utf8proc_tolower(c);	/* it has no simple upper case: SS */
		add_point(out, to);
		changed = changed || to != c;
	}
	if (!changed)
		out->n = start;
	return changed;
}

static size_t decompose(struct span s, utf8proc_option_t how, struct text_room *room)
{
	utf8proc_ssize_t n;

	for (;;) {
		n = utf8proc_decompose((const utf8proc_uint8_t *)s.p, (utf8proc_ssize_t)s.n, room->v, (utf8proc_ssize_t)room->cap, how);
		if (n < 0 || (size_t)n <= room->cap)
			return n < 0 ? 0 : (size_t)n;
		room->cap = (size_t)n * 2;
		room->v = xreallocarray(room->v, room->cap, sizeof *room->v);
	}
}

/* By utf8proc's options; the text has a byte above ASCII or letters to fold. */
static bool by_options(struct span s, utf8proc_option_t how, struct text_room *room, struct buf *out)
{
	size_t n = decompose(s, how, room), start = out->n, i;
	utf8proc_ssize_t composed = (utf8proc_ssize_t)n;

	if (how & UTF8PROC_COMPOSE)
		composed = utf8proc_normalize_utf32(room->v, (utf8proc_ssize_t)n, how);
	for (i = 0; (utf8proc_ssize_t)i < composed; i++)
		add_point(out, room->v[i]);
	if (!span_eq(s, (struct span){ out->p + start, out->n - start }))
		return true;
	out->n = start;
	return false;
}

bool text_change(enum text_change what, struct span s, struct text_room *room, struct buf *out)
{
	if (!s.n)
		return false;
	switch (what) {
	case TEXT_TRIM:
		return trim(s, out);
	case TEXT_SQUEEZE:
		return squeeze(s, out);
	case TEXT_NFC:
		return !is_ascii(s) && by_options(s, UTF8PROC_STABLE | UTF8PROC_COMPOSE, room, out);
	case TEXT_FOLD:
		return is_ascii(s) ? simple_case(s, false, out) : by_options(s, UTF8PROC_STABLE | UTF8PROC_CASEFOLD, room, out);
	default:
		return simple_case(s, what == TEXT_UPPER, out);
	}
}
