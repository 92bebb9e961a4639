/*
 * intake: the versions of many rows, one key after the other: every operand is read and sorted by stream and key, in the
 * spill file where memory doesn't do, and then all are walked together.
 *
 * Operands of text without types (CSV) are read last, and their text becomes the values that the others' types make of it.
 */
#ifndef SYNC_MERGE_INTAKE_H
#define SYNC_MERGE_INTAKE_H

#include "merge/operand.h"
#include "merge/retype.h"
#include "merge/settle.h"
#include "set/sort.h"

/* An operand: a side, or the base. */
struct intake_side {
	struct operand operand;
	struct sort sort;
	int pending;		/* what operand_next has given and nobody dealt with yet; OPERAND_END: it has ended */
	struct error why;	/* of OPERAND_BAD */
	bool untyped;
	uint64_t aside;		/* rows set aside, here and before, so that nobody knows which keys they had */
	bool more;		/* key and line are the next of the sorted ones */
	bool used;		/* they were given to the caller */
	struct span key, line;
	struct buf last;	/* the key of the row before */
};

struct intake_stream {
	struct shape shape[MOST_SIDES + 1];
	struct key key[MOST_SIDES + 1];	/* the same for all; n 0: not known yet */
	bool seen[MOST_SIDES + 1];	/* it was declared or had a row */
	uint64_t rows[MOST_SIDES + 1];
	struct learned learned;		/* types of values where they are not declared */
	bool absent_null;
};

struct intake {
	struct intake_side *side;	/* owned: the sides, then the base where there is one */
	int n;				/* of them, the base included */
	bool has_base;
	const struct key *given;	/* borrowed: the key that was asked for; n 0: what schemas say */
	struct streams *streams;	/* borrowed */
	struct writer *w;		/* borrowed: for rejects */
	struct spill *spill;		/* borrowed */
	struct memory *memory;		/* borrowed */
	struct intake_stream **stream;	/* owned, by index; NULL where there is none */
	uint32_t stream_n;
	bool all_single, some_untyped, walking;
	struct buf scratch;
};

void intake_init(struct intake *in, int n, bool has_base, const struct key *given, struct streams *streams, struct writer *w, struct spill *spill,
		 struct memory *memory);
/* Opens operand i. */
int intake_open(struct intake *in, int i, const char *text, const struct operand_options *opt, struct error *err);
/* Reads all operands. */
int intake_read(struct intake *in, struct error *err);
void intake_release(struct intake *in);

/* The versions of one key, as lines; raw[i].p is NULL where an operand lacks it. */
struct intake_row {
	uint32_t stream;
	struct span key;			/* canonical bytes */
	struct span raw[MOST_SIDES + 1];	/* padded as scans want it */
	bool plain[MOST_SIDES + 1];		/* the line is the row and nothing else: no `_sync` */
};
/* The next key in order: 1, 0, -1. Good until the next call. */
int intake_next(struct intake *in, struct intake_row *row, struct error *err);

/* A schema for what comes out: that of the first typed operand, with the properties that others have beside; "{}" for none. */
void intake_schema(const struct intake *in, uint32_t stream, struct buf *out);

#endif
