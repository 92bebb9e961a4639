/*
 * scan_core: the one scanner, compiled three times. The includer defines
 *
 *   SCAN_NAME           the function's name
 *   SCAN_TARGET         its attribute, or nothing
 *   SCAN_STEP           bytes that one look covers
 *   SCAN_LOOK(p, high)  a mask of the SCAN_STEP bytes at p: a bit for each quote, backslash and control byte;
 *                       *high: a bit for each byte that is no ASCII
 *
 * The grammar (RFC 8259) is walked by gotos: a state a label, and the token that each one leaves. While a
 * container is open its token's len holds its parent's index, so that no stack is needed.
 */
#include <stdint.h>
#include <string.h>

#include "json/scan_private.h"

#ifndef SCAN_CORE_SHARED
#define SCAN_CORE_SHARED

static inline bool is_space(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* How many of the next eight bytes, from the first, are digits (SWAR). */
static inline unsigned digits8(const char *p)
{
	uint64_t v, bad;

	memcpy(&v, p, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	/* '0' to '9': high nibble 3, and no carry out of the low one when 6 is added */
	bad = ((v & 0xf0f0f0f0f0f0f0f0u) | (((v + 0x0606060606060606u) & 0xf0f0f0f0f0f0f0f0u) >> 4)) ^ 0x3333333333333333u;
	return bad ? (unsigned)__builtin_ctzll(bad) / 8 : 8;
}

/* Past the digits at p; never past the end, whatever stands in the padding. */
static inline const char *skip_digits(const char *p, const char *end)
{
	unsigned n = 8;

	while (p < end && (n = digits8(p)) == 8)
		p += 8;
	if (p < end)
		p += n;
	return p < end ? p : end;
}

/* Past a number that starts at p; NULL and *bad where it goes wrong. */
static inline const char *scan_number(const char *p, const char *end, uint8_t *flags, const char **bad)
{
	const char *q = p + (*p == '-'), *start = q;

	*flags = TOKEN_INTEGER;
	q = skip_digits(q, end);
	if (q == start || (*start == '0' && q - start > 1)) {
		*bad = q == start ? q : start + 1;
		return NULL;
	}
	if (q < end && *q == '.') {
		*flags = 0;
		start = ++q;
		q = skip_digits(q, end);
		if (q == start) {
			*bad = q;
			return NULL;
		}
	}
	if (q < end && (*q | 0x20) == 'e') {
		*flags = 0;
		q++;
		if (q < end && (*q == '+' || *q == '-'))
			q++;
		start = q;
		q = skip_digits(q, end);
		if (q == start) {
			*bad = q;
			return NULL;
		}
	}
	return q;
}

#endif

SCAN_TARGET
int SCAN_NAME(struct tape *tape, const char *base, size_t from, size_t size, const struct scan_limits *limits, struct scan_fault *fault)
{
	const char *p = base + from, *end = p + size, *bad = NULL;
	struct token *tok = tape->tok, *t;
	uint32_t n = tape->n, cap = tape->cap, open = UINT32_MAX, depth = 0, parent;
	uint32_t mask, high, any_high;
	const char *start;
	uint8_t flags;
	unsigned char c;
	bool key = false;

#define PUSH(kind, from, length, flag) do { \
	if (n == cap) { \
		tape->n = n; \
		if (scan_grow(tape, limits, fault, (size_t)(p - base))) \
			return -1; \
		tok = tape->tok; \
		cap = tape->cap; \
	} \
	t = &tok[n++]; \
	t->at = (uint32_t)((from) - base); \
	t->len = (uint32_t)(length); \
	t->next = n; \
	t->type = (kind); \
	t->flags = (flag); \
	t->aux = 0; \
} while (0)
#define SKIP_SPACE() do { \
	while (p < end && is_space((unsigned char)*p)) \
		p++; \
} while (0)
#define FAIL(what, where) return scan_fail(fault, (what), (size_t)((where) - base))

value:
	SKIP_SPACE();
	if (p >= end)
		FAIL(FAULT_END, end);
	c = (unsigned char)*p;
	if (c == '"')
		goto string;
	if (c == '{' || c == '[')
		goto container;
	if (c == '-' || (c >= '0' && c <= '9')) {
		start = p;
		p = scan_number(p, end, &flags, &bad);
		if (!p)
			FAIL(bad >= end ? FAULT_END : FAULT_NUMBER, bad);
		PUSH(TOKEN_NUMBER, start, p - start, flags);
		goto after;
	}
	if (c == 'n' && end - p >= 4 && !memcmp(p, "null", 4)) {
		PUSH(TOKEN_NULL, p, 4, 0);
		p += 4;
		goto after;
	}
	if (c == 't' && end - p >= 4 && !memcmp(p, "true", 4)) {
		PUSH(TOKEN_TRUE, p, 4, 0);
		p += 4;
		goto after;
	}
	if (c == 'f' && end - p >= 5 && !memcmp(p, "false", 5)) {
		PUSH(TOKEN_FALSE, p, 5, 0);
		p += 5;
		goto after;
	}
	FAIL(FAULT_VALUE, p);

container:
	if (depth == limits->depth)
		FAIL(FAULT_DEEP, p);
	depth++;
	PUSH(c == '{' ? TOKEN_OBJECT : TOKEN_ARRAY, p, open, 0);
	open = n - 1;
	p++;
	SKIP_SPACE();
	if (p < end && *p == (c == '{' ? '}' : ']'))
		goto close;
	if (c == '[')
		goto element;
member:
	SKIP_SPACE();
	if (p >= end)
		FAIL(FAULT_END, end);
	if (*p != '"')
		FAIL(FAULT_NAME, p);
	key = true;
	goto string;
element:
	if (tok[open].aux != UINT16_MAX)
		tok[open].aux++;
	goto value;

string:
	start = ++p;
	flags = 0;
	any_high = 0;
	for (;;) {
		mask = SCAN_LOOK(p, &high);
		if (!mask) {
			any_high |= high;
			p += SCAN_STEP;
			if (p >= end)
				FAIL(FAULT_END, end);
			continue;
		}
		any_high |= high & (mask ^ (mask - 1)) >> 1;
		p += __builtin_ctz(mask);
		if (p >= end)
			FAIL(FAULT_END, end);
		if (*p == '"')
			break;
		if (*p != '\\')
			FAIL(FAULT_CONTROL, p);
		flags |= TOKEN_ESCAPED;
		p = scan_escape(p, end, fault, base);
		if (!p)
			return -1;
	}
	if (!any_high) {
		flags |= TOKEN_ASCII;
	} else {
		bad = scan_utf8(start, p);
		if (bad)
			FAIL(FAULT_UTF8, bad);
	}
	if (!key) {
		PUSH(TOKEN_STRING, start, p - start, flags);
		p++;
		goto after;
	}
	key = false;
	PUSH(TOKEN_STRING, start, p - start, (uint8_t)(flags | TOKEN_KEY));
	t->next = n + 1;	/* right for a scalar; a container's end corrects it */
	t->aux = open < UINT16_MAX ? (uint16_t)open : UINT16_MAX;
	if (tok[open].aux != UINT16_MAX)
		tok[open].aux++;
	p++;
	SKIP_SPACE();
	if (p >= end)
		FAIL(FAULT_END, end);
	if (*p != ':')
		FAIL(FAULT_COLON, p);
	p++;
	goto value;

after:
	/* tok[n - 1] or the container just closed is whole; the key before it, if any, ends here too */
	if (open == UINT32_MAX)
		goto done;
	SKIP_SPACE();
	if (p >= end)
		FAIL(FAULT_END, end);
	if (*p == ',') {
		p++;
		if (tok[open].type == TOKEN_OBJECT)
			goto member;
		SKIP_SPACE();
		goto element;
	}
	if (*p != (tok[open].type == TOKEN_OBJECT ? '}' : ']'))
		FAIL(FAULT_COMMA, p);
close:
	t = &tok[open];
	parent = t->len;
	t->len = (uint32_t)(p + 1 - (base + t->at));
	t->next = n;
	if (t > tok && (t[-1].flags & TOKEN_KEY))
		t[-1].next = n;
	open = parent;
	depth--;
	p++;
	goto after;

done:
	SKIP_SPACE();
	if (p < end)
		FAIL(FAULT_AFTER, p);
	tape->n = n;
	return 0;
#undef PUSH
#undef SKIP_SPACE
#undef FAIL
}
