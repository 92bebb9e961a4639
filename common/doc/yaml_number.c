/* yaml_number: numbers of YAML's core schema (YAML 1.2.2 §10.3.2) that JSON writes otherwise. */
#include <stdint.h>
#include <stdio.h>

#include "doc/yaml_private.h"
#include "value/number.h"

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : 99;
}

/* 0x1F and 0o17, below 2^64 */
static bool based(struct span s, char *out, size_t room)
{
	int base = s.n > 2 && s.p[0] == '0' ? (s.p[1] == 'x' ? 16 : s.p[1] == 'o' ? 8 : 0) : 0;
	uint64_t v = 0;
	size_t i;

	if (!base)
		return false;
	for (i = 2; i < s.n; i++) {
		if (digit(s.p[i]) >= base || v > UINT64_MAX / (uint64_t)base)
			return false;
		v = v * (uint64_t)base + (uint64_t)digit(s.p[i]);
	}
	snprintf(out, room, "%llu", (unsigned long long)v);
	return true;
}

bool yaml_number(struct span s, char *out, size_t room)
{
	const char *p = s.p, *end = s.p + s.n;
	char *o = out;
	bool dot;

	if (based(s, out, room))
		return true;
	if (s.n + 3 > room || s.n == 0)
		return false;
	if (*p == '-')
		*o++ = *p;
	p += *p == '-' || *p == '+';
	while (end - p > 1 && p[0] == '0' && p[1] >= '0' && p[1] <= '9')
		p++;
	if (p < end && *p == '.')
		*o++ = '0';
	for (; p < end; p++) {
		dot = *p == '.';
		*o++ = *p;
		if (dot && (p + 1 == end || (p[1] | 0x20) == 'e'))
			*o++ = '0';
	}
	*o = '\0';
	return number_is_json((struct span){ out, (size_t)(o - out) }) && s.p[s.n - 1] != '+' && !span_is(s, ".");
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
