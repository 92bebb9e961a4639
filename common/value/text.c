/* text: UTF-8 as characters. */
#include "value/text.h"

#include <stdint.h>

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
