/* decimal: the quick look at a number: most have few digits and no exponent, and then an int64 holds what is left of the point. */
#ifndef SYNC_RULES_DECIMAL_H
#define SYNC_RULES_DECIMAL_H

#include <stdint.h>

#include "base/span.h"

enum { DECIMAL_DIGITS = 18 };

/* One to eight digits at once: the value, or -1 where there is something else. Behind them eight bytes can be read. */
static inline int64_t decimal_eight(const char *p, size_t n)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	uint64_t v;

	memcpy(&v, p, 8);
	v = (v ^ 0x3030303030303030u) << (64 - 8 * n);	/* the last digit in the highest byte, zeros before the first */
	if ((v | (v + 0x0606060606060606u)) & 0xf0f0f0f0f0f0f0f0u)
		return -1;
	v = v * 10 + (v >> 8);
	v = ((v & 0x000000ff000000ffu) * (100 + (1000000ull << 32)) + (v >> 16 & 0x000000ff000000ffu) * (1 + (10000ull << 32))) >> 32;
	return (int64_t)v;
#else
	int64_t v = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if ((unsigned char)(p[i] - '0') > 9)
			return -1;
		v = v * 10 + (p[i] - '0');
	}
	return v;
#endif
}

/*
 * Reads a JSON number of at most 18 characters and no exponent, behind which eight bytes can be read: *floor is the greatest
 * integer not above it, *whole whether it is that integer. False where the number isn't so simple.
 */
static inline bool decimal_quick(const char *p, size_t n, int64_t *floor, bool *whole)
{
	bool minus = n && *p == '-', rest = false;
	int64_t v = n && n <= 8 ? decimal_eight(p, n) : -1;
	size_t i = minus;

	if (v >= 0) {
		*floor = v;
		*whole = true;
		return true;
	}
	if (n > DECIMAL_DIGITS)
		return false;
	for (v = 0; i < n && (unsigned char)(p[i] - '0') < 10; i++)
		v = v * 10 + (p[i] - '0');
	if (i < n) {
		if (p[i] != '.')
			return false;
		for (i++; i < n; i++) {
			if ((unsigned char)(p[i] - '0') > 9)
				return false;
			rest |= p[i] != '0';
		}
	}
	*floor = minus ? -v - rest : v;
	*whole = !rest;
	return true;
}

#endif
