/*
 * time: moments and the calendar, without locale and without the C library's own ideas. The calendar is the
 * proleptic Gregorian one (ISO 8601); moments are seconds since 1970-01-01T00:00:00Z, as POSIX counts them,
 * without leap seconds, with nanoseconds beside.
 */
#ifndef SYNC_VALUE_TIME_H
#define SYNC_VALUE_TIME_H

#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

struct civil {
	int64_t year;
	int month, day;			/* 1 to 12, 1 to 31 */
	int hour, minute, second;	/* 0 to 23, 59, 59 (60 where a leap second was read) */
	int32_t nano;
};

struct moment {
	int64_t second;
	int32_t nano;		/* 0 to 999999999, also before 1970 */
};

int64_t days_from_civil(int64_t year, int month, int day);
/* Seconds of a civil time read as UTC. */
int64_t civil_seconds(const struct civil *c);
void civil_from_seconds(int64_t second, struct civil *c);
int days_in_month(int64_t year, int month);
int weekday(int64_t days);	/* of days since 1970-01-01: 0 is Sunday */

/*
 * An RFC 3339 date-time, with 'T', 't' or a blank between, any number of fraction digits (cut at nine), an offset. 0 and *m
 * and *offset (seconds east), or -1. A leap second is taken where it can be one (23:59:60 UTC) and counted as the second after.
 */
int time_parse_rfc3339(struct span s, struct moment *m, int32_t *offset);
/* Adds a moment as RFC 3339: UTC with 'Z', or at an offset (seconds east, whole minutes). Fractions only where there are any. */
void time_add_rfc3339(struct buf *out, struct moment m, int32_t offset, bool utc);

#endif
