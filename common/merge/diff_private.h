/* diff_private: what the files diff*.c share, and nobody else. */
#ifndef SYNC_MERGE_DIFF_PRIVATE_H
#define SYNC_MERGE_DIFF_PRIVATE_H

#include "merge/diff.h"

enum { SIDE_A = 1, SIDE_B = 2, SIDES = 3 };	/* 1 << side */
enum { MOST_STREAMS = UINT16_MAX };
#define MOST_BYTES (UINT64_C(1) << 46)

/* What is known of a key behind its hash: for one side the row that waits, for both sides only that they had it. */
struct waiting {
	struct hash128 line;	/* of the row's bytes */
	uint64_t at : 46;	/* what operand_again wants */
	uint64_t stream : 16;
	uint64_t sides : 2;
};

/* A row on its way through the spill file. */
struct parted {
	struct hash128 key;
	struct waiting row;
};

/* ---- diff.c */

/* Compares two rows of one key; sync: the second one's `_sync`. */
int diff_pair(struct diff *d, uint32_t stream, const struct record *a, const struct record *b, struct value sync, struct error *err);
/* Reads the row that waits into the side's `again`. */
int diff_again(struct diff *d, int side, const struct waiting *w, struct error *err);
/* The reason for setting aside a row whose key was there before. */
void diff_twice(struct diff *d, uint32_t stream, int side, const struct record *rec, struct error *why);

/* Reads until the side has a row at hand, or the end. */
int diff_fill(struct diff *d, int side, struct error *err);
/* Finds the key of that row, if its stream is settled: 1; 0: not yet, or the row was set aside; -1. */
int diff_find_key(struct diff *d, int side, bool now, struct error *err);
/* The hash of its key and stream. */
struct hash128 diff_hash(struct diff *d, int side);
/* The entry of a hash: 1; 0 when the table is over and rows go to partitions; -1. */
int diff_entry(struct diff *d, struct hash128 hash, struct waiting **w, bool *added, struct error *err);

/* ---- diff_order.c */

/* Passes a line that both files have next: 1; 0; -1. */
int diff_step_equal(struct diff *d, struct error *err);
/* Rows that step_equal has on their way go to the table, before any other does. */
int diff_retire_all(struct diff *d, struct error *err);
/* May the row that the first side has at hand, and whose key the second has too, pass without leaving a trace? Then diff_pass. */
bool diff_passes(struct diff *d);
void diff_pass(struct diff *d);
/* Before a row goes to the table: is it behind all that passed? Else their keys are put there first. */
int diff_check_order(struct diff *d, int side, struct error *err);
/* Puts the keys that have passed into partitions, those that the table has left out. */
int diff_part_passed(struct diff *d, struct error *err);

/* ---- diff_end.c */

/* Settles a row that can be read again against the table. */
int diff_place_again(struct diff *d, const struct parted *row, struct error *err);
/* What is left waiting in the table becomes deletes and inserts. */
int diff_finish_table(struct diff *d, struct error *err);
/* Rows of the second side that were set aside may be those that the first side seems to have alone: then nothing is deleted. */
void diff_keep_deletes(struct diff *d);
/* -1 if the second operand lacks a whole stream of the first. */
int diff_check_streams(const struct diff *d, struct error *err);

/* ---- diff_stream.c */

struct diff_stream *diff_stream(struct diff *d, uint32_t stream);
/* Takes in a schema frame that the side has just read. */
int diff_declare(struct diff *d, int side, struct error *err);
/* Is the stream's key known? Settles it if it can be; `now`: with what is known, because both sides wait. 1, 0, -1. */
int diff_settle(struct diff *d, int side, uint32_t stream, bool now, struct error *err);
/* changes.edit: gives a change the types of the first side. ctx: the diff. */
int diff_retype(void *ctx, uint32_t stream, struct span line, struct buf *out, struct error *err);
void diff_count_field(void *ctx, struct span name);
void diff_stream_free(struct diff_stream *s);

/* ---- diff_parts.c: memory is used up */

struct parts;
/* Moves what the table holds into partitions, and the table's memory back. */
int diff_start_parts(struct diff *d, struct error *err);
int diff_part_row(struct diff *d, const struct parted *row, struct error *err);
/* Settles all partitions, after the last row. */
int diff_finish_parts(struct diff *d, struct error *err);
void diff_free_parts(struct diff *d);

#endif
