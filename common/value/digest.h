/*
 * digest: BLAKE2b (RFC 7693), with a key or without: for what goes into files and over the wire, where the hashes of
 * value/hash.h, whose key dies with the process, can't be used.
 */
#ifndef SYNC_VALUE_DIGEST_H
#define SYNC_VALUE_DIGEST_H

#include <stdint.h>

#include "base/span.h"

enum { DIGEST_MOST = 64 };

/* May be copied to go on in two ways. */
struct digest {
	uint64_t h[8], total[2];
	unsigned char block[128];
	size_t in_block;
	unsigned size;
};

/* size: bytes of the result, 1 to 64. key: at most 64 bytes, or empty. */
void digest_start(struct digest *d, unsigned size, struct span key);
void digest_add(struct digest *d, const void *p, size_t n);
/* Fills size bytes; d is spent. */
void digest_end(struct digest *d, unsigned char *out);

/* All in one, without a key, as hexadecimal text: 2 × size digits and a NUL. */
void digest_hex(struct span text, unsigned size, char *out);
/* The result of a digest under way as hexadecimal text; d is spent. */
void digest_end_hex(struct digest *d, char *out);

#endif
