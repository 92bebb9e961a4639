/*
 * memory: what --memory allows, shared by everything of a tool that grows with its input. Tables, sorts and stores charge
 * what they allocate; who is refused spills, or says so to its user. A byte count, no allocator; nothing to release.
 */
#ifndef SYNC_SET_MEMORY_H
#define SYNC_SET_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

struct memory {
	size_t limit;	/* bytes */
	size_t used;	/* may pass the limit by what one record needs */
};

enum { MEMORY_DEFAULT = 256 << 20, MEMORY_LEAST = 1 << 20 };	/* --memory unless told; what it may not be below */

/* False, and nothing charged, if it would pass the limit. */
static inline bool memory_take(struct memory *m, size_t n)
{
	if (n > m->limit || m->used > m->limit - n)
		return false;
	m->used += n;
	return true;
}

/* Charges without asking: for what can't be done without. */
static inline void memory_force(struct memory *m, size_t n) { m->used += n; }
static inline void memory_give(struct memory *m, size_t n) { m->used -= n < m->used ? n : m->used; }

#endif
