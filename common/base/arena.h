/*
 * arena: many small allocations that end together. Pointers stay where they are until arena_reset or
 * arena_release. Resetting keeps the memory, so a loop that has warmed up allocates nothing.
 */
#ifndef SYNC_BASE_ARENA_H
#define SYNC_BASE_ARENA_H

#include "base/span.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *chunk;	/* the one in use, newest first */
	char *at, *end;			/* free room in it */
};

#define ARENA_INIT { NULL, NULL, NULL }

void *arena_slow(struct arena *a, size_t n);

/* n bytes, aligned for any type, not zeroed. Dies on exhausted memory. */
static inline void *arena_alloc(struct arena *a, size_t n)
{
	size_t room = (n + 15) & ~(size_t)15;
	char *p = a->at;

	if (room < n || (size_t)(a->end - a->at) < room)
		return arena_slow(a, n);
	a->at += room;
	return p;
}

void *arena_zalloc(struct arena *a, size_t n);			/* zeroed */
char *arena_dup(struct arena *a, const void *p, size_t n);	/* a copy with a NUL behind it */
struct span arena_span(struct arena *a, struct span s);		/* a copy */
void arena_reset(struct arena *a);	/* all is given back; the largest chunk is kept */
void arena_release(struct arena *a);	/* all is freed; usable again as new */

#endif
