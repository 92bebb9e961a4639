/*
 * stage: the loop of a program that reads a stream and writes one. It passes on frames, counts, sets bad lines
 * aside, flushes before a read that would block, and tells those after it when it failed.
 */
#ifndef SYNC_STREAM_STAGE_H
#define SYNC_STREAM_STAGE_H

#include "stream/reader.h"
#include "stream/writer.h"

enum stage_verdict {
	STAGE_PASS,		/* write the record as it stands now */
	STAGE_DROP,		/* write nothing (or it was written already) */
	STAGE_REJECT,		/* set it aside: err is its reason; reject_path and reject_rule may say more */
};				/* -1: the stage fails with err */

struct stage {
	/* Each may be NULL: passed on. frame() is called for every frame, before it is written (for checkpoint: after all records before it are written). */
	int (*record)(void *self, struct record *rec, struct meta *meta, struct writer *w, struct error *err);
	bool names_pass;	/* records with two members of one name are no business of this stage */
	int (*frame)(void *self, struct record *rec, struct meta *meta, struct writer *w, struct error *err);
};

struct stage_reason {
	struct span path, rule;
	bool as_edited;		/* what the stage changed belongs to the reject; else the record is set aside as it came */
};	/* what a STAGE_REJECT adds; set by the stage, cleared by stage_run */

/* Runs to the end of input. 0; or -1 with err, after an end frame with the failure was written. */
int stage_run(const struct stage *stage, void *self, struct reader *r, struct writer *w, struct stage_reason *reason, struct error *err);

#endif
