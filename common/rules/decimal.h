/* decimal: the quick look at a number: most have few digits and no exponent, and then an int64 holds what is left of the point. */
#ifndef SYNC_RULES_DECIMAL_H
#define SYNC_RULES_DECIMAL_H

#include <stdint.h>

#include "base/span.h"

enum { DECIMAL_DIGITS = 18 };

/*
 * Reads a JSON number of at most 18 characters and no exponent: *floor is the greatest integer not above it, *whole
 * whether it is that integer. False where the number isn't so simple.
 */
static inline bool decimal_quick(const char *p, size_t n, int64_t *floor, bool *whole)
{
	bool minus = n && *p == '-', rest = false;
	int64_t v = 0;
	size_t i = minus;

	if (n > DECIMAL_DIGITS)
		return false;
	for (; i < n && (unsigned char)(p[i] - '0') < 10; i++)
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
