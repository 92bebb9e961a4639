/*
 * pace: when a checkpoint is due: once a second or 64 MiB, whichever comes first (DESIGN, Frames).
 * For tests the environment's SYNC_CHECKPOINT_MS says another time, in milliseconds.
 */
#ifndef SYNC_STREAM_PACE_H
#define SYNC_STREAM_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
	int64_t at;		/* when the last one was written, by clock_mono */
	int64_t every;		/* nanoseconds from one to the next */
	uint64_t bytes;		/* the writer's bytes then */
};

/* One is written now, or a section begins. */
void pace_mark(struct pace *p, uint64_t bytes);
bool pace_due(const struct pace *p, uint64_t bytes);
/* The same, asked after every record: the clock is looked at only now and then. */
bool pace_due_at(const struct pace *p, uint64_t bytes, uint64_t records);

#endif
