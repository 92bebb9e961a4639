/* base64: bytes as text with padding. */
#include "value/base64.h"

void base64_add(struct buf *b, struct span bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = (const unsigned char *)bytes.p;
	size_t n = bytes.n;
	char *o;
	unsigned v;

	buf_reserve(b, (n + 2) / 3 * 4);
	o = b->p + b->n;
	for (; n >= 3; p += 3, n -= 3) {
		v = (unsigned)p[0] << 16 | (unsigned)p[1] << 8 | p[2];
		*o++ = digits[v >> 18];
		*o++ = digits[v >> 12 & 63];
		*o++ = digits[v >> 6 & 63];
		*o++ = digits[v & 63];
	}
	if (n) {
		v = (unsigned)p[0] << 16 | (n > 1 ? (unsigned)p[1] << 8 : 0);
		*o++ = digits[v >> 18];
		*o++ = digits[v >> 12 & 63];
		*o++ = n > 1 ? digits[v >> 6 & 63] : '=';
		*o++ = '=';
	}
	b->n = (size_t)(o - b->p);
}

static int digit_of(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' : c >= 'a' && c <= 'z' ? c - 'a' + 26 : c >= '0' && c <= '9' ? c - '0' + 52 :
		c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Without the padding. */
static size_t digits_in(struct span s)
{
	size_t n = s.n;

	while (n && s.n - n < 2 && s.p[n - 1] == '=')
		n--;
	return n;
}

bool base64_is(struct span s)
{
	size_t i, n = digits_in(s);

	if (s.n % 4)
		return false;
	for (i = 0; i < n && digit_of(s.p[i]) >= 0; i++)
		;
	return i == n;
}

int64_t base64_decode(struct span s, unsigned char *out)
{
	unsigned char *o = out;
	uint32_t v = 0;
	size_t i, n = digits_in(s);
	int digit;

	if (s.n % 4)
		return -1;
	for (i = 0; i < s.n; i++) {
		digit = i < n ? digit_of(s.p[i]) : 0;
		if (digit < 0)
			return -1;
		v = v << 6 | (uint32_t)digit;
		if (i % 4 == 3) {
			*o++ = (unsigned char)(v >> 16);
			*o++ = (unsigned char)(v >> 8);
			*o++ = (unsigned char)v;
		}
	}
	return o - out - (int64_t)(s.n - n);
}
