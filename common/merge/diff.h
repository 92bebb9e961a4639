/*
 * diff: what turns the rows of one operand into those of another, by key, whatever their order and number.
 *
 * Both are read side by side. A row is paired with the row at hand of the other side if their keys are equal; else it waits
 * in a table, by the hash of its key, with a hash of its line and where it stands, until its partner comes; rows that differ in
 * their bytes are read again and compared as values. Files in the same order are thus compared line by line, and as long as
 * they are in the order of their keys nothing is kept of rows that were paired. When the table has used up memory, what is
 * known of each row (40 bytes) goes to partitions in the spill file, which are settled one after the other; the outcome is
 * the same.
 */
#ifndef SYNC_MERGE_DIFF_H
#define SYNC_MERGE_DIFF_H

#include "merge/changes.h"
#include "merge/compare.h"
#include "merge/operand.h"
#include "merge/retype.h"
#include "set/table.h"

enum { DIFF_INSERT = 1, DIFF_UPDATE = 2, DIFF_DELETE = 4, DIFF_ALL = 7 };

struct diff_options {
	struct operand_options operand;
	const char *key;	/* --key; NULL: what schemas say */
	const struct span *ignore;
	uint32_t ignored;
	unsigned only;		/* DIFF_… */
	bool full_rows;
	bool count_fields;	/* how often each field differs is wanted */
	size_t memory;
};

/* How often a field differs. */
struct diff_field { struct span name; uint64_t n; };

/* What both sides say of a stream, and what came out. */
struct diff_stream {
	struct shape shape[2];
	bool seen[2];			/* it was declared or had a row */
	bool settled;			/* the key is known, and how values are read */
	struct key key[2];
	struct compare compare;
	bool retype;			/* the second side is text without types, the first isn't: changes get its types */
	struct learned learned;		/* types of the first side's values, where it declares none */
	uint64_t rows[2], inserts, updates, deletes, equal;
	struct diff_field *field;	/* owned */
	uint32_t fields, fields_cap;
	struct arena arena;		/* names of fields */
};

struct diff_side {
	struct operand operand;
	bool ended;
	bool filled;		/* operand.rec is a row that was not dealt with yet */
	bool keyed;		/* its key and hash are known */
	uint32_t stream;	/* of that row, as both sides count streams */
	struct buf key;
	bool hashed;
	struct hash128 hash;	/* of key and stream, once hashed */
	struct record again;	/* a row read again */
	struct meta again_meta;
	uint64_t aside;		/* rows set aside, here and before */
};

/* A row that both sides have in the same bytes, on its way to the table. */
struct diff_ahead {
	struct hash128 key;
	uint32_t stream;
	uint64_t at[2];
};
enum { DIFF_AHEAD = 8 };

struct diff {
	struct diff_options opt;
	struct streams *streams;	/* borrowed */
	struct writer *w;		/* borrowed: where the stream goes, and rejects */
	struct memory memory;
	struct spill spill;
	struct hash_key secret;
	struct diff_side side[2];
	bool named;			/* it is known how the streams of both belong together */
	int alone;			/* a side that reads on alone, to catch up; -1: none */
	struct diff_stream **stream;	/* owned, by stream index; NULL where there is none */
	uint32_t stream_n;
	bool ordered;			/* pairs have come in the order of their keys, as far as can be told */
	struct buf highest;		/* the key of the last of them */
	uint64_t passed;		/* where in the first side's file they end; 0: there are none */
	struct buf key;			/* scratch */
	struct diff_ahead ahead[DIFF_AHEAD];	/* a ring: the table's memory is loaded meanwhile */
	unsigned ahead_first, ahead_n;
	struct table table;
	struct parts *parts;		/* owned; NULL while everything is in the table */
	struct changes changes;
	struct delta delta;
	struct arena arena;		/* scratch of one comparison */
	struct error why;		/* of a row that is set aside; not cleared for every row, which costs */
	uint64_t kept_deletes;		/* that were not made, since rows of the second side were set aside */
};

/* Opens both operands and the spill file; after it nothing more is opened. */
int diff_open(struct diff *d, const char *const operand[2], const struct diff_options *opt, struct streams *streams, struct writer *w,
	      struct error *err);
/* Reads all of both. After it, d->changes is the difference, and the counts are known. */
int diff_run(struct diff *d, struct error *err);
/* Writes schema frames and changes (begin and end are the caller's). */
int diff_write(struct diff *d, struct error *err);
void diff_release(struct diff *d);

#endif
