/*
 * sort: lines put in order of their keys' bytes, however many there are: sorted runs in the spill file, merged at the end.
 * Stable: lines of equal keys come back in the order they were added.
 */
#ifndef SYNC_SET_SORT_H
#define SYNC_SET_SORT_H

#include "base/span.h"
#include "set/memory.h"
#include "set/spill.h"

struct sort {
	struct spill *spill;		/* borrowed */
	struct memory *memory;		/* borrowed */
	size_t room;			/* bytes of memory it holds at most, within what `memory` still has */
	struct sort_private *priv;	/* owned */
	uint64_t n;			/* lines added */
};

/* room: its share of memory in bytes; at least 64 KiB is used. */
void sort_init(struct sort *s, struct spill *spill, struct memory *memory, size_t room);
void sort_release(struct sort *s);
/* Copies both. A key is compared as memcmp does, a prefix first. */
int sort_add(struct sort *s, struct span key, struct span line, struct error *err);
/*
 * The next in order: 1, 0 after the last, -1. The first call ends adding. Both are borrowed until the next call;
 * SCAN_PADDING bytes after the line are readable.
 */
int sort_next(struct sort *s, struct span *key, struct span *line, struct error *err);

#endif
