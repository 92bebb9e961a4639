/*
 * merge: versions of the same data made one. Rows come in order of stream and key, whatever order they were read in;
 * what is left open is handed out as conflicts.
 */
#ifndef SYNC_MERGE_MERGE_H
#define SYNC_MERGE_MERGE_H

#include "merge/changes.h"
#include "merge/conflict.h"
#include "merge/intake.h"

struct merge_counts {
	uint64_t rows;		/* that came out */
	uint64_t gone;		/* keys that did not, without a conflict */
	uint64_t equal;		/* keys that all versions have in the same bytes */
	uint64_t conflicts;	/* left */
	uint64_t resolved;	/* by --resolved */
};

struct merge {
	struct policy *policy;		/* borrowed */
	const char *const *name;	/* borrowed: of the sides */
	int sides;
	struct streams *streams;	/* borrowed */
	struct memory memory;
	struct spill spill;
	struct hash_key secret;
	struct intake intake;
	struct group group;
	struct conflicts conflicts;
	struct store rows;		/* merged rows, each after the number of its stream */
	struct changes *changes;	/* owned: for each side */
	bool wanted[MOST_SIDES];	/* changes are wanted for that side */
	struct outcome outcome;
	struct record merged;
	struct delta delta;
	struct buf line;
	struct scan_limits limits;
	int conflicts_fd;		/* where conflicts go, or -1 */
	const char *conflicts_name;
	struct buf conflict_lines;	/* what isn't written yet */
	struct merge_counts counts;
};

/* base: there is one, the last operand. The operands are opened by the caller (m->intake), who then reads. */
int merge_init(struct merge *m, struct policy *policy, const char *const *names, int sides, bool base, size_t memory, struct streams *streams,
	       struct writer *w, const struct scan_limits *limits, struct error *err);
/* Reads all operands; resolutions, where there are any; settles all rows. */
int merge_run(struct merge *m, struct reader *resolved, struct error *err);
/* Writes the merged rows, begin and end included. source: JSON array of the operands. */
int merge_write(struct merge *m, struct writer *w, struct span source, struct error *err);
/* Writes the change stream of a side, likewise. */
int merge_write_changes(struct merge *m, int side, struct writer *w, struct span source, struct error *err);
void merge_release(struct merge *m);

#endif
