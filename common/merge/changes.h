/*
 * changes: the change stream that comes out of a comparison: put in any order, written in one: deletes before updates before
 * inserts (so that what is unique is free again), then by stream, then by key.
 */
#ifndef SYNC_MERGE_CHANGES_H
#define SYNC_MERGE_CHANGES_H

#include "set/sort.h"
#include "stream/writer.h"

struct changes {
	struct sort sort;
	struct streams *streams;	/* borrowed */
	struct buf key, line;		/* owned: scratch */
	uint64_t deletes, updates, inserts;
	bool no_deletes;		/* none is written, whatever was put */
	/* Called for every change before it is written, may add another text of it to out (empty: as it is); may be NULL. */
	int (*edit)(void *ctx, uint32_t stream, struct span line, struct buf *out, struct error *err);
	void *ctx;
};

void changes_init(struct changes *c, struct streams *streams, struct spill *spill, struct memory *memory, size_t room);
void changes_release(struct changes *c);

/* key: canonical bytes. members: those of the key, "id":7. */
int changes_delete(struct changes *c, uint32_t stream, struct span key, struct span members, struct error *err);
/* set: members, those of the key among them; unset: names; sync: the new row's `_sync`, whose ts, version, … go on, or none. */
int changes_update(struct changes *c, uint32_t stream, struct span key, struct span set, struct span unset, struct value sync,
		   struct error *err);
/* The whole row; what its `_sync` says goes on, but for op and stream. */
int changes_insert(struct changes *c, uint32_t stream, struct span key, const struct record *row, struct value sync, struct error *err);
/* Writes them all, once. */
int changes_write(struct changes *c, struct writer *w, struct error *err);

#endif
