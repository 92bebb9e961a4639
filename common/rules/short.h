/*
 * short: texts that are looked for in every record, with their first 16 bytes at hand as two words, so that most are compared
 * without a call. What they are compared with lies in a line, which has SCAN_PADDING readable bytes behind it.
 */
#ifndef SYNC_RULES_SHORT_H
#define SYNC_RULES_SHORT_H

#include <stdint.h>

#include "base/span.h"

struct short_text {
	uint64_t word[2], mask[2];	/* the first bytes, and which of them count */
	struct span text;
};

static inline void short_set(struct short_text *s, struct span text)
{
	size_t n = text.n < sizeof s->word ? text.n : sizeof s->word;

	memset(s, 0, sizeof *s);
	s->text = text;
	if (n)
		memcpy(s->word, text.p, n);
	memset(s->mask, 0xff, n);
}

static inline bool short_is(const struct short_text *s, const char *p, size_t n)
{
	uint64_t a, b;

	if (n != s->text.n)
		return false;
	memcpy(&a, p, 8);
	memcpy(&b, p + 8, 8);
	if (((a ^ s->word[0]) & s->mask[0]) | ((b ^ s->word[1]) & s->mask[1]))
		return false;
	return n <= 16 || !memcmp(p + 16, s->text.p + 16, n - 16);
}

#endif
