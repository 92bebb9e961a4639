/* text: a JSON string's text and back. */
#include <string.h>

#include "json/record.h"
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

int json_add_string(struct buf *out, struct span text)
{
	static const char hex[] = "0123456789abcdef";
	const char *p = text.p, *end = text.p + text.n, *run = p;
	const char *short_form;
	unsigned char c;

	if (scan_utf8(p, end))
		return -1;
	buf_addc(out, '"');
	for (; p < end; p++) {
		c = (unsigned char)*p;
		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_add(out, run, (size_t)(p - run));
		run = p + 1;
		buf_addc(out, '\\');
		short_form = c ? strchr("\"\"\\\\\bb\ff\nn\rr\tt", c) : NULL;
		if (short_form) {
			buf_addc(out, short_form[1]);
		} else {
			buf_adds(out, "u00");
			buf_addc(out, hex[c >> 4]);
			buf_addc(out, hex[c & 15]);
		}
	}
	buf_add(out, run, (size_t)(p - run));
	buf_addc(out, '"');
	return 0;
}
