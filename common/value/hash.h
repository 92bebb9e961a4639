/*
 * hash: keyed 128-bit hashes for tables in one process. The key comes from getrandom and never leaves the process,
 * nor does a hash, so an input can't be made to collide on purpose. Not for files or the wire.
 *
 * Two lanes of folded 64 x 64 -> 128 bit multiplications, each word masked by secret key material before
 * it is multiplied (the construction of wyhash and of NH: Black, Halevi et al., UMAC, 1999).
 */
#ifndef SYNC_VALUE_HASH_H
#define SYNC_VALUE_HASH_H

#include <stdint.h>

#include "base/span.h"

struct hash_key { uint64_t k[8]; };
struct hash128 { uint64_t lo, hi; };

/* Fills a key from the system's randomness; dies (status 3) if there is none. */
void hash_key_random(struct hash_key *key);
struct hash128 hash_bytes(const void *p, size_t n, const struct hash_key *key);
/* The hash of two in this order: combine(a, b) differs from combine(b, a). */
struct hash128 hash_combine(struct hash128 a, struct hash128 b, const struct hash_key *key);

static inline bool hash128_eq(struct hash128 a, struct hash128 b) { return a.lo == b.lo && a.hi == b.hi; }
/* -1, 0, 1: some order, for sorting. */
static inline int hash128_cmp(struct hash128 a, struct hash128 b)
{
	return a.hi != b.hi ? (a.hi < b.hi ? -1 : 1) : a.lo != b.lo ? (a.lo < b.lo ? -1 : 1) : 0;
}

/* n random bytes from the system; -1 with errno. */
int random_bytes(void *p, size_t n);

#endif
