/* table: linear probing over slots that carry a tag, so that an entry is touched only where it is very likely the one. */
#include "set/table.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "base/xalloc.h"

enum { HUGE_PAGE = 2 << 20, HASH = sizeof(struct hash128), FIRST_SLOTS = 1024 };
enum { SMALL = 12, LARGE = 16, LARGE_MEMORY = 64 << 20 };	/* shifts, and the memory from which on chunks are large */

void table_init(struct table *t, size_t size, struct memory *memory)
{
	*t = (struct table){ .memory = memory, .size = (size + 7) & ~(size_t)7, .shift = memory->limit < LARGE_MEMORY ? SMALL : LARGE };
}

void table_init_small(struct table *t, size_t size, struct memory *memory)
{
	table_init(t, size, memory);
	t->shift = SMALL;
}

static size_t chunk_bytes(const struct table *t) { return (HASH + t->size) << t->shift; }
static size_t slot_bytes(uint64_t slots) { return (size_t)slots * sizeof(uint64_t); }

void table_release(struct table *t)
{
	uint32_t i;
	unsigned shift = t->shift;

	for (i = 0; i < t->chunks; i++)
		free(t->chunk[i]);
	memory_give(t->memory, t->chunks * (chunk_bytes(t) + sizeof *t->chunk));
	free(t->chunk);
	free(t->slot);
	if (t->mask)
		memory_give(t->memory, slot_bytes((uint64_t)t->mask + 1));
	table_init(t, t->size, t->memory);
	t->shift = shift;
}

static char *place(const struct table *t, uint32_t i)
{
	return t->chunk[i >> t->shift] + (size_t)(i & ((1u << t->shift) - 1)) * (HASH + t->size);
}

void *table_entry(const struct table *t, uint32_t i) { return place(t, i) + HASH; }

struct hash128 table_hash(const struct table *t, uint32_t i)
{
	struct hash128 h;

	memcpy(&h, place(t, i), sizeof h);
	return h;
}

/* The slot of a hash, or the free one where it belongs. */
static uint64_t *probe(const struct table *t, struct hash128 hash)
{
	uint32_t at = (uint32_t)hash.lo & t->mask, tag = (uint32_t)(hash.lo >> 32);
	uint64_t slot;

	for (;; at = (at + 1) & t->mask) {
		slot = t->slot[at];
		if (slot == 0 || ((uint32_t)(slot >> 32) == tag && hash128_eq(table_hash(t, (uint32_t)slot - 1), hash)))
			return &t->slot[at];
	}
}

void *table_find(const struct table *t, struct hash128 hash)
{
	uint64_t slot = t->mask ? *probe(t, hash) : 0;

	return slot ? table_entry(t, (uint32_t)slot - 1) : NULL;
}

void table_prefetch(const struct table *t, struct hash128 hash)
{
	if (t->mask)
		__builtin_prefetch(&t->slot[(uint32_t)hash.lo & t->mask], 1);
}

/* Large pages, where the system has them, make what is touched at random much cheaper, and the rest quicker to get. */
static void *get_pages(size_t bytes)
{
	void *p;

	if (bytes < HUGE_PAGE || posix_memalign(&p, HUGE_PAGE, bytes))
		return malloc(bytes);
#ifdef MADV_HUGEPAGE
	(void)madvise(p, bytes, MADV_HUGEPAGE);
#endif
	return p;
}

static bool set_slots(struct table *t, uint64_t slots)
{
	uint64_t *old = t->slot;
	size_t before = t->mask ? slot_bytes((uint64_t)t->mask + 1) : 0;
	struct hash128 h;
	uint32_t i;

	/* both are there while one is filled from the entries */
	if (slots > (uint64_t)UINT32_MAX + 1 || !memory_take(t->memory, slot_bytes(slots)))
		return false;
	t->slot = get_pages(slot_bytes(slots));
	if (!t->slot) {
		t->slot = old;
		memory_give(t->memory, slot_bytes(slots));
		return false;
	}
	memset(t->slot, 0, slot_bytes(slots));
	free(old);
	memory_give(t->memory, before);
	t->mask = (uint32_t)(slots - 1);
	for (i = 0; i < t->n; i++) {
		h = table_hash(t, i);
		*probe(t, h) = (h.lo >> 32) << 32 | (i + 1);
	}
	return true;
}

static bool grow_slots(struct table *t)
{
	return set_slots(t, t->mask ? ((uint64_t)t->mask + 1) * 2 : FIRST_SLOTS);
}

void table_reserve(struct table *t, uint64_t n)
{
	uint64_t slots = FIRST_SLOTS;

	while (slots - slots / 4 <= n && slots <= UINT32_MAX)
		slots *= 2;
	if (slots > (uint64_t)t->mask + 1)
		(void)set_slots(t, slots);
}

static bool grow_chunks(struct table *t)
{
	char *p;

	if (!memory_take(t->memory, chunk_bytes(t) + sizeof *t->chunk))
		return false;
	p = get_pages(chunk_bytes(t));
	if (!p) {
		memory_give(t->memory, chunk_bytes(t) + sizeof *t->chunk);
		return false;
	}
	t->chunk = xreallocarray(t->chunk, t->chunks + 1, sizeof *t->chunk);
	t->chunk[t->chunks++] = p;
	return true;
}

/* Room for one more: three quarters of the slots at most are used. */
static bool make_room(struct table *t)
{
	if ((!t->mask || t->n >= t->mask - t->mask / 4) && (t->n == UINT32_MAX - 1 || !grow_slots(t)))
		return false;
	return t->n < (uint64_t)t->chunks << t->shift || grow_chunks(t);
}

void *table_put(struct table *t, struct hash128 hash, bool *added)
{
	void *entry = table_find(t, hash);
	char *p;

	if (added)
		*added = !entry;
	if (entry)
		return entry;
	if (!make_room(t))
		return NULL;
	p = place(t, t->n++);
	memcpy(p, &hash, sizeof hash);
	memset(p + HASH, 0, t->size);
	*probe(t, hash) = (hash.lo >> 32) << 32 | t->n;
	return p + HASH;
}
