/* scan_portable: the scanner for any machine; it looks at 8 bytes at once in a 64-bit word. */
#include <string.h>

#include "json/scan_private.h"

#define EACH(byte) ((byte) * 0x0101010101010101u)

/* The top bit of each byte that is zero, exactly. */
static inline uint64_t zeros(uint64_t v)
{
	return ~(((v & EACH(0x7fu)) + EACH(0x7fu)) | v) & EACH(0x80u);
}

static inline uint64_t look(const char *p, uint64_t *high)
{
	uint64_t v;

	__builtin_memcpy(&v, p, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	*high = v & EACH(0x80u);
	return zeros(v ^ EACH((uint64_t)'"')) | zeros(v ^ EACH((uint64_t)'\\')) |
		(~(((v & EACH(0x7fu)) + EACH(0x60u)) | v) & EACH(0x80u));
}

/* A bit for each byte whose top bit is set, the first byte's lowest. */
static inline uint64_t gather(uint64_t tops)
{
	return ((tops >> 7) * 0x0102040810204080u) >> 56;
}

static inline uint64_t load(const char *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

static inline uint64_t quotes(const char *p, uint64_t *out)
{
	uint64_t v, found = 0, other = 0;
	int i;

	for (i = 0; i < 64; i += 8) {
		v = load(p + i);
		found |= gather(zeros(v ^ EACH((uint64_t)'"'))) << i;
		other |= gather(zeros(v ^ EACH((uint64_t)'\\')) | ((~((v & EACH(0x7fu)) + EACH(0x60u)) | v) & EACH(0x80u))) << i;
	}
	*out = other;
	return found;
}

static inline void emit(struct token *to, const struct token *from, uint32_t by)
{
	*to = *from;
	to->at += by;
}

#define SCAN_NAME scan_portable
#define SCAN_TARGET
#define SCAN_STEP 8
#define SCAN_MASK uint64_t
#define SCAN_LOOK look
#define SCAN_FIRST(mask) ((unsigned)__builtin_ctzll(mask) / 8)
#define SCAN_QUOTES quotes
#define SCAN_DIFFERS(p, q, mask) memcmp(p, q, 32 - (unsigned)__builtin_clz((mask) | 1))
#define SCAN_DIGITS digits8
#define SCAN_EMIT emit
#include "json/scan_core.inc"
