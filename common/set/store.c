/* store: lines in blocks of memory that move to the spill file when memory is used up. */
#include "set/store.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "json/scan.h"

enum { BLOCK = 256 << 10, BLOCK_SMALL = 16 << 10, GUESS = 1024 };

/* Bytes of the store from `block * size of a block` on. Blocks are all of one size, chosen by what memory there is. */
struct store_block {
	char *p;	/* owned; NULL once it is in the spill file */
	uint64_t at;	/* there */
};

static size_t block_size(const struct store *s)
{
	return s->memory->limit / 64 >= BLOCK ? BLOCK : BLOCK_SMALL;
}

void store_init(struct store *s, struct spill *spill, struct memory *memory)
{
	*s = (struct store){ .spill = spill, .memory = memory };
}

void store_release(struct store *s)
{
	size_t i;

	for (i = s->kept; i < s->n; i++) {
		free(s->block[i].p);
		memory_give(s->memory, block_size(s));
	}
	free(s->block);
	store_init(s, s->spill, s->memory);
}

/* Moves full blocks to the spill file, the oldest first, until only `left` blocks are in memory. */
static int move_out(struct store *s, size_t left, struct error *err)
{
	struct store_block *b;

	for (; s->n - s->kept > left; s->kept++) {
		b = &s->block[s->kept];
		if (spill_write(s->spill, b->p, block_size(s), &b->at, err))
			return -1;
		free(b->p);
		b->p = NULL;
		memory_give(s->memory, block_size(s));
	}
	return 0;
}

static int add_block(struct store *s, struct error *err)
{
	struct store_block *b;

	if (s->spilling || !memory_take(s->memory, block_size(s))) {
		s->spilling = true;
		if (move_out(s, 0, err))
			return -1;
		memory_force(s->memory, block_size(s));
	}
	XGROW(s->block, s->n, s->cap);
	b = &s->block[s->n++];
	b->p = xmalloc(block_size(s));
	b->at = 0;
	return 0;
}

static int add_bytes(struct store *s, const char *p, size_t n, struct error *err)
{
	size_t size = block_size(s), in, part;

	for (; n; n -= part, p += part, s->size += part) {
		in = s->size % size;
		if (in == 0 && add_block(s, err))
			return -1;
		part = n < size - in ? n : size - in;
		memcpy(s->block[s->n - 1].p + in, p, part);
	}
	return 0;
}

int store_add(struct store *s, struct span line, uint64_t *at, struct error *err)
{
	uint32_t n = (uint32_t)line.n;

	*at = s->size;
	if (line.n > UINT32_MAX)
		return error_set(err, EXIT_FAILED, "a line of more than 4 GiB");
	return add_bytes(s, (const char *)&n, STORE_HEAD, err) || add_bytes(s, line.p, line.n, err) ? -1 : 0;
}

static int get_bytes(const struct store *s, uint64_t at, char *p, size_t n, struct error *err)
{
	size_t size = block_size(s), in, part;
	const struct store_block *b;

	for (; n; n -= part, p += part, at += part) {
		b = &s->block[at / size];
		in = at % size;
		part = n < size - in ? n : size - in;
		if (b->p)
			memcpy(p, b->p + in, part);
		else if (spill_read(s->spill, b->at + in, p, part, err))
			return -1;
	}
	return 0;
}

int store_get(const struct store *s, uint64_t at, struct buf *out, struct error *err)
{
	uint64_t left = s->size - at;
	size_t first = left < GUESS ? (size_t)left : GUESS;
	uint32_t n;

	/* one read gets most lines whole */
	buf_reset(out);
	buf_reserve(out, GUESS + SCAN_PADDING);
	if (get_bytes(s, at, out->p, first, err))
		return -1;
	memcpy(&n, out->p, STORE_HEAD);
	memmove(out->p, out->p + STORE_HEAD, first - STORE_HEAD);
	if (n > first - STORE_HEAD) {
		buf_reserve(out, (size_t)n + SCAN_PADDING);
		if (get_bytes(s, at + first, out->p + first - STORE_HEAD, n - (first - STORE_HEAD), err))
			return -1;
	}
	out->n = n;
	return 0;
}

int store_spill(struct store *s, struct error *err)
{
	s->spilling = true;
	return s->n ? move_out(s, 1, err) : 0;
}
