/* text: a JSON string's text and back. */
#include <string.h>

#include "json/record_private.h"
#include "json/scan_private.h"

static unsigned hex4(const char *p)
{
	unsigned v = 0, c;
	int i;

	for (i = 0; i < 4; i++) {
		c = (unsigned char)p[i];
		v = v << 4 | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return v;
}

static size_t put_utf8(char *o, unsigned c)
{
	if (c < 0x80) {
		o[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		o[0] = (char)(0xc0 | c >> 6);
		o[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		o[0] = (char)(0xe0 | c >> 12);
		o[1] = (char)(0x80 | (c >> 6 & 0x3f));
		o[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	o[0] = (char)(0xf0 | c >> 18);
	o[1] = (char)(0x80 | (c >> 12 & 0x3f));
	o[2] = (char)(0x80 | (c >> 6 & 0x3f));
	o[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* One escape of a scanned string: its text to o (at most 4 bytes), its length in *n. Returns past it. */
static const char *unescape(const char *p, char *o, size_t *n)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	unsigned c, low;

	if (p[1] != 'u') {
		*o = to[strchr(from, p[1]) - from];
		*n = 1;
		return p + 2;
	}
	c = hex4(p + 2);
	if (c < 0xd800 || c > 0xdbff) {
		*n = put_utf8(o, c);
		return p + 6;
	}
	low = hex4(p + 8);
	*n = put_utf8(o, 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00));
	return p + 12;
}

struct span value_text(struct value v, struct arena *arena)
{
	struct span raw = value_bytes(v);
	const char *p = raw.p, *end = raw.p + raw.n, *slash;
	char *out, *o;
	size_t n;

	if (!(value_token(v)->flags & TOKEN_ESCAPED))
		return raw;
	out = o = arena_alloc(arena, raw.n);
	while (p < end) {
		slash = memchr(p, '\\', (size_t)(end - p));
		n = (size_t)((slash ? slash : end) - p);
		memcpy(o, p, n);
		o += n;
		p += n;
		if (slash) {
			p = unescape(p, o, &n);
			o += n;
		}
	}
	return (struct span){ out, (size_t)(o - out) };
}

bool value_text_is(struct value v, struct span text)
{
	struct span raw = value_bytes(v);
	const char *p = raw.p, *end = raw.p + raw.n, *t = text.p, *t_end = text.p + text.n;
	char piece[4];
	size_t n;

	if (!(value_token(v)->flags & TOKEN_ESCAPED))
		return span_eq(raw, text);
	while (p < end) {
		if (*p != '\\') {
			if (t == t_end || *p++ != *t++)
				return false;
			continue;
		}
		p = unescape(p, piece, &n);
		if ((size_t)(t_end - t) < n || memcmp(piece, t, n))
			return false;
		t += n;
	}
	return t == t_end;
}

/* Whether eight bytes hold none that needs a look: no quote, no backslash, no control byte, nothing but ASCII. */
static inline bool plain8(uint64_t v)
{
	const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
	uint64_t quote = v ^ ones * '"', slash = v ^ ones * '\\';

	return !((v | (v - ones * 0x20) | (quote - ones) | (slash - ones)) & highs);
}

static inline uint64_t load(const char *p, size_t n)
{
	uint64_t v = 0;

	memcpy(&v, p, n);
	return v;
}

/* Copies the bytes of plain text; false, with some of them copied, where one of them needs a look. */
static inline bool copy_plain(char *o, const char *p, size_t n)
{
	const uint64_t spaces = 0x2020202020202020u;
	uint64_t a, b;
	size_t i;

	if (n < 8) {
		if (n >= 4) {	/* two halves that may overlap */
			a = load(p, 4);
			b = load(p + n - 4, 4);
			memcpy(o, &a, 4);
			memcpy(o + n - 4, &b, 4);
			return plain8(a | spaces << 32) && plain8(b | spaces << 32);
		}
		for (i = 0; i < n; i++) {
			if ((unsigned char)(p[i] - 0x20) >= 0x60 || p[i] == '"' || p[i] == '\\')
				return false;
			o[i] = p[i];
		}
		return true;
	}
	for (i = 0; i + 8 <= n; i += 8) {
		a = load(p + i, 8);
		if (!plain8(a))
			return false;
		memcpy(o + i, &a, 8);
	}
	b = load(p + n - 8, 8);
	memcpy(o + n - 8, &b, 8);
	return plain8(b);
}

bool json_is_plain(struct span text)
{
	const uint64_t spaces = 0x2020202020202020u;
	size_t i;

	if (text.n >= 8) {
		for (i = 0; i + 8 <= text.n; i += 8)
			if (!plain8(load(text.p + i, 8)))
				return false;
		return plain8(load(text.p + text.n - 8, 8));
	}
	if (text.n >= 4)	/* two halves that may overlap */
		return plain8(load(text.p, 4) | spaces << 32) && plain8(load(text.p + text.n - 4, 4) | spaces << 32);
	for (i = 0; i < text.n; i++)
		if ((unsigned char)(text.p[i] - 0x20) >= 0x60 || text.p[i] == '"' || text.p[i] == '\\')
			return false;
	return true;
}

static void add_escaped(struct buf *out, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	const char *short_form = c ? strchr("\"\"\\\\\bb\ff\nn\rr\tt", c) : NULL;

	buf_addc(out, '\\');
	if (short_form) {
		buf_addc(out, short_form[1]);
	} else {
		buf_adds(out, "u00");
		buf_addc(out, hex[c >> 4]);
		buf_addc(out, hex[c & 15]);
	}
}

int json_add_string(struct buf *out, struct span text)
{
	const char *p = text.n ? text.p : "", *end = p + text.n, *run = p;	/* an empty span may have no place */
	unsigned char c;

	if (out->cap - out->n < text.n + 2)
		buf_reserve(out, text.n + 2);
	if (copy_plain(out->p + out->n + 1, p, text.n)) {
		out->p[out->n] = '"';
		out->p[out->n + text.n + 1] = '"';
		out->n += text.n + 2;
		return 0;
	}
	if (scan_utf8(p, end))
		return -1;
	buf_addc(out, '"');
	for (; p < end; p++) {
		c = (unsigned char)*p;
		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_add(out, run, (size_t)(p - run));
		run = p + 1;
		add_escaped(out, c);
	}
	buf_add(out, run, (size_t)(p - run));
	buf_addc(out, '"');
	return 0;
}
