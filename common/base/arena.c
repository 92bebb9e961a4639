/* arena: many small allocations that end together. */
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

struct arena_chunk {
	struct arena_chunk *older;
	size_t size;		/* bytes of room */
	_Alignas(16) char room[];
};

enum { FIRST = 4096 };

void *arena_slow(struct arena *a, size_t n)
{
	size_t size = a->chunk ? a->chunk->size * 2 : FIRST;
	struct arena_chunk *c;
	char *p;

	if (n > SIZE_MAX / 2)
		xalloc_die();
	n = (n + 15) & ~(size_t)15;
	if (size < n)
		size = n;
	c = xmalloc(sizeof *c + size);
	c->older = a->chunk;
	c->size = size;
	a->chunk = c;
	p = c->room;
	a->at = p + n;
	a->end = p + size;
	return p;
}

void *arena_zalloc(struct arena *a, size_t n)
{
	return memset(arena_alloc(a, n), 0, n);
}

char *arena_dup(struct arena *a, const void *p, size_t n)
{
	char *s = arena_alloc(a, n + 1);

	if (n)
		memcpy(s, p, n);
	s[n] = '\0';
	return s;
}

struct span arena_span(struct arena *a, struct span s)
{
	return (struct span){ arena_dup(a, s.p, s.n), s.n };
}

static void drop_older(struct arena_chunk *c)
{
	struct arena_chunk *older;

	while (c) {
		older = c->older;
		free(c);
		c = older;
	}
}

void arena_reset(struct arena *a)
{
	if (!a->chunk)
		return;
	drop_older(a->chunk->older);	/* chunks double, so the newest is the largest */
	a->chunk->older = NULL;
	a->at = a->chunk->room;
	a->end = a->chunk->room + a->chunk->size;
}

void arena_release(struct arena *a)
{
	drop_older(a->chunk);
	*a = (struct arena)ARENA_INIT;
}
