/*
 * conflict: rows that nobody could settle, as records that people edit (--conflicts FILE) and feed back (--resolved FILE):
 *
 *   {"stream":"games","key":{"id":7},"why":"edit-edit","fields":["status"],
 *    "base":{…},"ours":{…},"theirs":{…},"take":""}
 *
 * A version that has no such row is null. `take` is filled in with the name of a version ("theirs", "base"), or with an
 * object: the values of the fields in conflict, or the whole row where one side has deleted it. A resolution counts for the
 * versions it was made for: if one of them has changed since, the row is in conflict again.
 */
#ifndef SYNC_MERGE_CONFLICT_H
#define SYNC_MERGE_CONFLICT_H

#include "merge/settle.h"
#include "set/sort.h"
#include "stream/reader.h"

struct conflicts {
	const char *const *side;	/* borrowed: the sides' names */
	struct streams *streams;	/* borrowed */
	/* resolutions */
	struct sort sort;
	char *name;			/* owned: of the file, for messages */
	struct scan_limits limits;
	bool more;			/* key and line are the next resolution */
	bool started;
	struct span key, line;
	struct record rec;		/* the one found */
	struct record version;		/* scratch */
	struct buf text;
	uint64_t stale;			/* resolutions for other versions than there are now */
	uint64_t used;
};

void conflicts_init(struct conflicts *c, const char *const *side, struct streams *streams, struct spill *spill, struct memory *memory);
void conflicts_release(struct conflicts *c);

/* Reads resolutions from a reader; those whose take is empty are passed over. key_of gives the key of a stream, NULL if there is no such stream. */
int conflicts_read(struct conflicts *c, struct reader *r, struct key *(*key_of)(void *ctx, uint32_t stream), void *ctx, struct error *err);
/* The resolution for a key: 1 and *take, 0, or -1. Keys must be asked for in order. take is good until the next call. */
int conflicts_find(struct conflicts *c, struct group *g, uint32_t stream, struct span key, struct take *take, struct error *err);
/* Adds a conflict's record and a line feed. members: those of the key. */
void conflicts_write(struct conflicts *c, struct group *g, uint32_t stream, struct span members, const struct outcome *outcome, struct buf *out);
/* Words that a side may not be called. */
bool conflicts_reserved(const char *name);

#endif
