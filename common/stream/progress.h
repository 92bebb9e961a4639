/* progress: a line on a terminal that says how far a run is. Silent anywhere else. */
#ifndef SYNC_STREAM_PROGRESS_H
#define SYNC_STREAM_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool on;
	uint64_t total;		/* bytes there are to read, 0 when unknown */
	int64_t began, shown;	/* monotonic nanoseconds */
	bool drawn;
	uint64_t records, bytes;	/* of the inputs that came before the one being read */
};

/* Shows something only with `wanted` and where standard error is a terminal. */
void progress_start(struct progress *p, bool wanted, uint64_t total);
/* Redraws at most five times a second; cheap to call often. */
void progress_update(struct progress *p, uint64_t records, uint64_t bytes);
/* Takes the line away. */
void progress_end(struct progress *p);
/* The line's text: "1,234,567 records  412 MB  98%  350,000/s  0:04 left". For tests. Returns out. */
char *progress_text(char out[120], uint64_t records, uint64_t bytes, uint64_t total, double seconds);

#endif
