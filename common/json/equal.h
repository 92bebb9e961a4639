/*
 * equal: equality and hash of values, the one definition that all tools share. Members are compared by
 * unescaped name whatever their order, strings unescaped, numbers by value (1.0 = 1, 1e2 = 100, any
 * number of digits); equal values have equal hashes. The top member `_sync` of a record doesn't count.
 */
#ifndef SYNC_JSON_EQUAL_H
#define SYNC_JSON_EQUAL_H

#include "json/record.h"

struct hash_key { uint64_t k[4]; };	/* hash_key_random: from getrandom, for one process */
struct hash128 { uint64_t lo, hi; };

enum {
	EQUAL_ABSENT_NULL = 1 << 0,	/* a null member of the top object equals an absent one (x-absent) */
};

void hash_key_random(struct hash_key *key);

bool value_equal(struct value a, struct value b, unsigned how);
struct hash128 value_hash(struct value v, const struct hash_key *key, unsigned how);
/* Of the whole record less `_sync`. */
bool record_equal(const struct record *a, const struct record *b, unsigned how);
struct hash128 record_hash(const struct record *rec, const struct hash_key *key, unsigned how);

static inline bool hash128_eq(struct hash128 a, struct hash128 b) { return a.lo == b.lo && a.hi == b.hi; }

#endif
