/* clock: the two clocks, in nanoseconds, and a moment as text. */
#ifndef SYNC_BASE_CLOCK_H
#define SYNC_BASE_CLOCK_H

#include <stdint.h>

int64_t clock_mono(void);	/* never goes back; since some unnamed moment */
int64_t clock_wall(void);	/* since 1970-01-01T00:00:00Z */
/* RFC 3339 in UTC with milliseconds, "2026-03-01T09:00:00.123Z" and a NUL. */
void clock_text(int64_t wall, char out[32]);

#endif
