/* yaml_number: numbers of YAML's core schema (YAML 1.2.2 §10.3.2) that JSON writes otherwise. */
#include "doc/yaml_private.h"

#define DECIMAL "0123456789"

static size_t digits(struct span s, size_t i, const char *set)
{
	size_t start = i;

	while (i < s.n && s.p[i] && strchr(set, s.p[i]))
		i++;
	return i - start;
}

static size_t sign(struct span s, size_t i)
{
	return i < s.n && (s.p[i] == '-' || s.p[i] == '+');
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool is_decimal(struct span s)
{
	size_t i = sign(s, 0), whole = digits(s, i, DECIMAL), rest = 0, n;

	i += whole;
	if (i < s.n && s.p[i] == '.') {
		rest = digits(s, ++i, DECIMAL);
		i += rest;
	}
	if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
		i++;
		i += sign(s, i);
		n = digits(s, i, DECIMAL);
		if (!n)
			return false;
		i += n;
	}
	return i == s.n && (whole || rest);
}

/* No '+', no zeros in front, digits on both sides of a point. */
static void add_decimal(struct span s, struct buf *out)
{
	size_t i = sign(s, 0), n;

	if (s.p[0] == '-')
		buf_addc(out, '-');
	while (s.n - i > 1 && s.p[i] == '0' && s.p[i + 1] >= '0' && s.p[i + 1] <= '9')
		i++;
	n = digits(s, i, DECIMAL);
	if (!n)
		buf_addc(out, '0');
	buf_add(out, s.p + i, n);
	i += n;
	if (i < s.n && s.p[i] == '.') {
		n = digits(s, ++i, DECIMAL);
		buf_addc(out, '.');
		if (!n)
			buf_addc(out, '0');
		buf_add(out, s.p + i, n);
		i += n;
	}
	buf_add(out, s.p + i, s.n - i);
}

/* 0x1F and 0o17, in decimal by long multiplication; false where there are more than 64 digits of those. */
static bool add_based(struct span s, unsigned base, struct buf *out)
{
	unsigned char d[64] = { 0 };	/* the least digit first */
	size_t n = 1, i, k;

	for (i = 2; i < s.n; i++) {
		unsigned carry = (unsigned)(s.p[i] <= '9' ? s.p[i] - '0' : (s.p[i] | 32) - 'a' + 10);

		for (k = 0; k < n || carry; k++) {
			if (k == sizeof d)
				return false;
			carry += d[k] * base;
			d[k] = (unsigned char)(carry % 10);
			carry /= 10;
			if (k >= n)
				n = k + 1;
		}
	}
	while (n > 1 && !d[n - 1])
		n--;
	while (n)
		buf_addc(out, (char)('0' + d[--n]));
	return true;
}

bool yaml_number(struct span s, struct buf *out)
{
	if (s.n > 2 && s.p[0] == '0' && s.p[1] == 'o' && digits(s, 2, "01234567") == s.n - 2)
		return add_based(s, 8, out);
	if (s.n > 2 && s.p[0] == '0' && s.p[1] == 'x' && digits(s, 2, DECIMAL "abcdefABCDEF") == s.n - 2)
		return add_based(s, 16, out);
	if (!is_decimal(s))
		return false;
	add_decimal(s, out);
	return true;
}

bool yaml_is_infinite(struct span s)
{
	static const char *const words[] = { ".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN" };
	size_t i;

	if (s.n && (*s.p == '-' || *s.p == '+')) {
		s.p++;
		s.n--;
	}
	for (i = 0; i < 6; i++)
		if (span_is(s, words[i]))
			return true;
	return false;
}
