/* sort_private: items in memory and runs in the spill file. Shared by sort.c and sort_run.c alone. */
#ifndef SYNC_SET_SORT_PRIVATE_H
#define SYNC_SET_SORT_PRIVATE_H

#include "set/sort.h"

#include <stdint.h>

/* As it lies in memory and in a run: this, the key, the line. */
struct sort_item {
	uint32_t key, line;	/* bytes of each */
};

static inline size_t sort_item_bytes(const char *p)
{
	struct sort_item item;

	memcpy(&item, p, sizeof item);
	return sizeof item + item.key + item.line;
}

static inline struct span sort_item_key(const char *p)
{
	struct sort_item item;

	memcpy(&item, p, sizeof item);
	return (struct span){ p + sizeof item, item.key };
}

static inline struct span sort_item_line(const char *p)
{
	struct sort_item item;

	memcpy(&item, p, sizeof item);
	return (struct span){ p + sizeof item + item.key, item.line };
}

/* A sorted run in the spill file, and the part of it that is in memory. */
struct sort_run {
	uint64_t at, left;	/* what is not read yet */
	char *p;		/* owned: buffer of cap bytes and padding; NULL while it isn't being read */
	size_t from, n, cap;	/* items from `from` up to n */
};

/* Reads on until a whole item stands at `from`: 1, 0 at the end of the run, -1. */
int sort_run_fill(struct sort_run *run, const struct spill *spill, size_t buffer, struct memory *memory, struct error *err);
static inline const char *sort_run_item(const struct sort_run *run) { return run->p + run->from; }
void sort_run_release(struct sort_run *run, struct memory *memory);

/* Runs being merged: a heap of indexes into `run`, the least item first, of equal keys that of the earlier run. */
struct sort_heap {
	struct sort_run *run;	/* borrowed */
	uint32_t *at;		/* owned */
	uint32_t n;
};

/* Opens `n` runs for merging, each with a buffer of so many bytes. */
int sort_heap_open(struct sort_heap *h, struct sort_run *run, uint32_t n, size_t buffer, const struct spill *spill, struct memory *memory,
		   struct error *err);
/* The run with the least item; NULL when all are at their ends. */
static inline struct sort_run *sort_heap_top(const struct sort_heap *h) { return h->n ? &h->run[h->at[0]] : NULL; }
/* Drops that item. */
int sort_heap_drop(struct sort_heap *h, size_t buffer, const struct spill *spill, struct memory *memory, struct error *err);
void sort_heap_release(struct sort_heap *h);

/* Writes a run in pieces. */
struct sort_out {
	struct spill *spill;
	char *p;		/* owned */
	size_t n, cap;
	uint64_t at, size;	/* where the run begins, bytes written */
	bool started;
};
int sort_out_add(struct sort_out *out, const char *p, size_t n, struct error *err);
/* The run as written; releases the buffer. */
int sort_out_end(struct sort_out *out, struct sort_run *run, struct error *err);

#endif
