/*
 * equal: equality and hash of values, the one definition that all tools share. Members are compared by
 * unescaped name whatever their order, strings unescaped, numbers by value (1.0 = 1, 1e2 = 100, any
 * number of digits); equal values have equal hashes. The top member `_sync` of a record doesn't count.
 * Objects with two members of one name are equal to nothing that these functions promise: set them aside first.
 */
#ifndef SYNC_JSON_EQUAL_H
#define SYNC_JSON_EQUAL_H

#include "json/record.h"
#include "value/hash.h"

enum {
	EQUAL_ABSENT_NULL = 1 << 0,	/* a null member of the top object equals an absent one (x-absent) */
};

bool value_equal(struct value a, struct value b, unsigned how);
struct hash128 value_hash(struct value v, const struct hash_key *key, unsigned how);
/* Of the whole record less `_sync`. */
bool record_equal(const struct record *a, const struct record *b, unsigned how);
struct hash128 record_hash(const struct record *rec, const struct hash_key *key, unsigned how);

#endif
