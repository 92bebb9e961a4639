/*
 * table: a hash and what is known of it. Open addressing over 8-byte slots that point into entries, which never move and
 * stay in the order they were added. Hashes are keyed (value/hash.h), so that no input makes them collide; two keys of one
 * hash are taken for one. Memory is charged; a row costs 16 bytes, the entry and 8 to 16 bytes of slots.
 */
#ifndef SYNC_SET_TABLE_H
#define SYNC_SET_TABLE_H

#include "json/equal.h"
#include "set/memory.h"

struct table {
	struct memory *memory;	/* borrowed */
	size_t size;		/* bytes of an entry, a multiple of 8, its hash not counted */
	char **chunk;		/* owned: the entries, each after its hash */
	uint32_t chunks;
	unsigned shift;		/* a chunk has 1 << shift entries */
	uint32_t n;		/* entries */
	uint64_t *slot;		/* owned: tag << 32 | number of the entry + 1; 0: free */
	uint32_t mask;		/* slots - 1; 0 while there are none */
};

void table_init(struct table *t, size_t size, struct memory *memory);
/* For one of many tables, which mostly stay small: memory is taken in small pieces from the beginning. */
void table_init_small(struct table *t, size_t size, struct memory *memory);
void table_release(struct table *t);	/* gives its memory back; usable again as new */

/* The entry, or NULL. */
void *table_find(const struct table *t, struct hash128 hash);
/* The entry, added and zeroed if it is new (*added may be NULL). NULL: memory is used up, and nothing has changed. */
void *table_put(struct table *t, struct hash128 hash, bool *added);
/* Starts to load what a hash that will be asked for soon needs. */
void table_prefetch(const struct table *t, struct hash128 hash);
/* Makes slots for so many entries at once, if memory is there; what is added doesn't pay for growing then. */
void table_reserve(struct table *t, uint64_t n);

/* Entries by number, from 0, in the order they were added. */
void *table_entry(const struct table *t, uint32_t i);
struct hash128 table_hash(const struct table *t, uint32_t i);

#endif
