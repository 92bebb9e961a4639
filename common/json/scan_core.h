/*
 * scan_core: the one scanner, compiled three times. The includer defines
 *
 *   SCAN_NAME           the function's name
 *   SCAN_TARGET         its attribute, or nothing
 *   SCAN_LOOK(p, high)  a mask of the 64 bytes at p: a bit for each quote, backslash and control byte;
 *                       *high: a bit for each byte that is no ASCII
 *
 * A window of the line is looked at first, which the processor does many bytes at once; walking the line then
 * finds a string's end by a bit, so that no step waits for bytes to be compared.
 *
 * The grammar (RFC 8259) is walked by gotos: a state a label, and the token that each one leaves. While a
 * container is open its token's len holds its parent's index, so that no stack is needed.
 */
#include <stdint.h>
#include <string.h>

#include "json/scan_private.h"

#ifndef SCAN_CORE_SHARED
#define SCAN_CORE_SHARED

#define SCAN_PASTE_(a, b) a##b
#define SCAN_PASTE(a, b) SCAN_PASTE_(a, b)

enum { WINDOW = 64 };	/* words of 64 bytes */

struct window {
	const char *at;			/* what bit 0 of word 0 stands for */
	size_t size;			/* bytes, a multiple of 64 */
	uint64_t any_high;		/* of all words together */
	uint64_t special[WINDOW], high[WINDOW];
};

/* Whether a byte from p to q, both within the window, is no ASCII. */
static inline bool window_has_high(const struct window *w, const char *p, const char *q)
{
	size_t from = (size_t)(p - w->at), to = (size_t)(q - w->at), i = from >> 6;
	uint64_t word = w->high[i] >> (from & 63) << (from & 63);

	for (; i < to >> 6; word = w->high[++i])
		if (word)
			return true;
	return (to & 63) && word << (64 - (to & 63));
}

static inline bool is_space(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static inline const char *skip_space(const char *p, const char *end)
{
	while (p < end && is_space((unsigned char)*p))
		p++;
	return p;
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
static void SCAN_PASTE(SCAN_NAME, _look)(struct window *w, const char *p, const char *end)
{
	size_t words = ((size_t)(end - p) + 63) / 64;
	size_t i;

	if (words > WINDOW)
		words = WINDOW;
	w->at = p;
	w->size = words * 64;
	w->any_high = 0;
	for (i = 0; i < words; i++) {
		w->special[i] = SCAN_LOOK(p + 64 * i, &w->high[i]);
		w->any_high |= w->high[i];
	}
}

#define PUSH(kind, from, length, flag, extra) do { \
	if (n == cap) { \
		tape->n = n; \
		if (scan_grow(tape, limits, fault, (size_t)(p - base))) \
			return -1; \
		tok = tape->tok; \
		cap = tape->cap; \
	} \
	t = &tok[n++]; \
	*t = (struct token){ (uint32_t)((from) - base), (uint32_t)(length), n, (kind), (uint8_t)(flag), (uint16_t)(extra) }; \
} while (0)
#define SKIP_SPACE() do { \
	if ((unsigned char)*p <= ' ') \
		p = skip_space(p, end); \
} while (0)
#define FAIL(what, where) return scan_fail(fault, (where) >= end ? FAULT_END : (what), (size_t)((where) < end ? (where) - base : end - base))

/*
 * What stands behind the end is padding, whatever it holds: a step may look at it, and every way round the loop
 * meets a check against the end before it has gone further than the padding reaches.
 */
SCAN_TARGET
int SCAN_NAME(struct tape *tape, const char *base, size_t from, size_t size, const struct scan_limits *limits, struct scan_fault *fault)
{
	const char *p = base + from, *end = p + size, *start, *bad = NULL;
	struct token *tok = tape->tok, *t;
	uint32_t n = tape->n, cap = tape->cap, open = UINT32_MAX, depth = 0, parent;
	uint32_t count = 0;	/* members or elements of the open container so far */
	bool object = false;	/* the open container is one */
	struct window w;
	uint64_t word;
	size_t offset;
	uint8_t flags;
	unsigned char c;

	SCAN_PASTE(SCAN_NAME, _look)(&w, p, end);
value:
	SKIP_SPACE();
	c = (unsigned char)*p;
	if (c == '"') {
		start = p + 1;
		goto string;
	}
	if (c == '{' || c == '[')
		goto container;
	if (c == '-' || (c >= '0' && c <= '9')) {
		start = p;
		p = scan_number(p, end, &flags, &bad);
		if (!p)
			FAIL(FAULT_NUMBER, bad);
		PUSH(TOKEN_NUMBER, start, p - start, flags, 0);
		goto after;
	}
	if (c == 'n' && end - p >= 4 && !memcmp(p, "null", 4)) {
		PUSH(TOKEN_NULL, p, 4, 0, 0);
		p += 4;
		goto after;
	}
	if (c == 't' && end - p >= 4 && !memcmp(p, "true", 4)) {
		PUSH(TOKEN_TRUE, p, 4, 0, 0);
		p += 4;
		goto after;
	}
	if (c == 'f' && end - p >= 5 && !memcmp(p, "false", 5)) {
		PUSH(TOKEN_FALSE, p, 5, 0, 0);
		p += 5;
		goto after;
	}
	FAIL(FAULT_VALUE, p);

container:
	if (p >= end)
		FAIL(FAULT_END, end);
	if (depth == limits->depth)
		FAIL(FAULT_DEEP, p);
	depth++;
	if (open != UINT32_MAX)
		tok[open].aux = (uint16_t)(count < UINT16_MAX ? count : UINT16_MAX);
	object = c == '{';
	PUSH(object ? TOKEN_OBJECT : TOKEN_ARRAY, p, open, 0, 0);
	open = n - 1;
	count = 0;
	p++;
	SKIP_SPACE();
	if (*p == (object ? '}' : ']') && p < end)
		goto close;
	if (!object)
		goto element;
member:
	SKIP_SPACE();
	if (*p != '"')
		FAIL(FAULT_NAME, p);
	start = p + 1;
	count++;
	goto string;
element:
	count++;
	goto value;

string:
	/* of a value where c is the quote; else of a member's name */
	p = start;
	flags = 0;
	for (;;) {
		offset = (size_t)(p - w.at);
		if (offset >= w.size) {
			if (p >= end)
				FAIL(FAULT_END, end);
			SCAN_PASTE(SCAN_NAME, _look)(&w, p, end);
			offset = 0;
		}
		word = w.special[offset >> 6] >> (offset & 63);
		if (!word) {
			p = w.at + ((offset | 63) + 1);
			continue;
		}
		p += __builtin_ctzll(word);
		if (*p == '"')
			break;
		if (*p != '\\' || p >= end)
			FAIL(FAULT_CONTROL, p);
		flags |= TOKEN_ESCAPED;
		p = scan_escape(p, end, fault, base);
		if (!p)
			return -1;
	}
	if (p >= end)
		FAIL(FAULT_END, end);
	if (start >= w.at ? !w.any_high || !window_has_high(&w, start, p) : scan_ascii(start, p)) {
		flags |= TOKEN_ASCII;
	} else {
		bad = scan_utf8(start, p);
		if (bad)
			FAIL(FAULT_UTF8, bad);
	}
	if (c == '"') {
		PUSH(TOKEN_STRING, start, p - start, flags, 0);
		p++;
		goto after;
	}
	PUSH(TOKEN_STRING, start, p - start, flags | TOKEN_KEY, open < UINT16_MAX ? open : UINT16_MAX);
	t->next = n + 1;	/* right for a scalar; a container's end corrects it */
	p++;
	SKIP_SPACE();
	if (*p != ':')
		FAIL(FAULT_COLON, p);
	p++;
	goto value;

after:
	if (open == UINT32_MAX)
		goto done;
	SKIP_SPACE();
	if (p >= end)
		FAIL(FAULT_END, end);
	if (*p == ',') {
		p++;
		c = ',';
		if (object)
			goto member;
		goto element;
	}
	if (*p != (object ? '}' : ']'))
		FAIL(FAULT_COMMA, p);
close:
	t = &tok[open];
	parent = t->len;
	t->len = (uint32_t)(p + 1 - (base + t->at));
	t->next = n;
	t->aux = (uint16_t)(count < UINT16_MAX ? count : UINT16_MAX);
	if (t > tok && (t[-1].flags & TOKEN_KEY))
		t[-1].next = n;
	open = parent;
	depth--;
	p++;
	if (open != UINT32_MAX) {
		object = tok[open].type == TOKEN_OBJECT;
		count = tok[open].aux;
	}
	goto after;

done:
	SKIP_SPACE();
	if (p < end)
		FAIL(FAULT_AFTER, p);
	if (p > end)
		FAIL(FAULT_END, end);
	tape->n = n;
	return 0;
}
#undef PUSH
#undef SKIP_SPACE
#undef FAIL
