/* scan_portable: the scanner for any machine; it looks at 8 bytes at once in a 64-bit word. */
#include "json/scan_private.h"

#define EACH(byte) ((byte) * 0x0101010101010101u)

/* A bit for each byte whose top bit is set, the first byte's lowest. */
static inline uint64_t gather(uint64_t tops)
{
	return ((tops >> 7) * 0x0102040810204080u) >> 56;
}

/* The top bit of each byte that is zero, exactly. */
static inline uint64_t zeros(uint64_t v)
{
	return ~(((v & EACH(0x7fu)) + EACH(0x7fu)) | v) & EACH(0x80u);
}

static inline uint64_t look(const char *p, uint64_t *high)
{
	uint64_t v, control, mask = 0;
	int i;

	*high = 0;
	for (i = 0; i < 64; i += 8) {
		__builtin_memcpy(&v, p + i, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
		v = __builtin_bswap64(v);
#endif
		control = ~(((v & EACH(0x7fu)) + EACH(0x60u)) | v) & EACH(0x80u);
		*high |= gather(v & EACH(0x80u)) << i;
		mask |= gather(zeros(v ^ EACH((uint64_t)'"')) | zeros(v ^ EACH((uint64_t)'\\')) | control) << i;
	}
	return mask;
}

#define SCAN_NAME scan_portable
#define SCAN_TARGET
#define SCAN_LOOK look
#include "json/scan_core.inc"
