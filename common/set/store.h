/*
 * store: lines kept to be read again in any order, in memory while that lasts, then in the spill file. A line is named
 * by where it stands, counted in bytes of all lines before it.
 */
#ifndef SYNC_SET_STORE_H
#define SYNC_SET_STORE_H

#include "base/buf.h"
#include "set/memory.h"
#include "set/spill.h"

enum { STORE_HEAD = 4 };	/* bytes before each line: its length */

struct store {
	struct spill *spill;		/* borrowed */
	struct memory *memory;		/* borrowed */
	struct store_block *block;	/* owned */
	size_t n, cap;
	size_t kept;			/* blocks before this one are in the spill file */
	uint64_t size;			/* bytes of all lines */
	bool spilling;			/* memory is used up: every block goes to the file when it is full */
};

void store_init(struct store *s, struct spill *spill, struct memory *memory);
void store_release(struct store *s);
/* Keeps a copy of the line (of at most 4 GiB); *at names it. */
int store_add(struct store *s, struct span line, uint64_t *at, struct error *err);
/* The line named `at` into out, which is emptied first and has SCAN_PADDING readable bytes after it. */
int store_get(const struct store *s, uint64_t at, struct buf *out, struct error *err);
/* The name of the line behind the one at `at`, which `line` holds; s->size after the last one. */
static inline uint64_t store_next(uint64_t at, const struct buf *line) { return at + STORE_HEAD + line->n; }
/* Gives all memory but a block back, for others to use: what is kept goes to the spill file. */
int store_spill(struct store *s, struct error *err);

#endif
