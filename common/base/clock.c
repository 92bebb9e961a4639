/* clock: the two clocks, in nanoseconds. */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t now(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t clock_mono(void) { return now(CLOCK_MONOTONIC); }
int64_t clock_wall(void) { return now(CLOCK_REALTIME); }

void clock_text(int64_t wall, char out[32])
{
	time_t t = (time_t)(wall / 1000000000);
	struct tm tm;
	size_t n;

	gmtime_r(&t, &tm);
	n = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, 32 - n, ".%03dZ", (int)(wall / 1000000 % 1000));
}
