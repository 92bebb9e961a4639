/*
 * time_format: times in other people's formats, as strptime and strftime write them, without locale.
 *
 * Read and written: %Y %y %m %d %e %b %B %h %a %A %H %I %p %M %S %f (fraction digits) %j %z (+hhmm, +hh:mm, Z) %Z (UTC, GMT
 * or Z only) %s (seconds since 1970) %F (%Y-%m-%d) %T (%H:%M:%S) %R (%H:%M) %D (%m/%d/%y) %n %t %%. %y is 1969 to 2068.
 * Numbers are read with one digit less too (%d takes 7 and 07), names whatever their case, white space in a format
 * matches any.
 */
#ifndef SYNC_VALUE_TIME_FORMAT_H
#define SYNC_VALUE_TIME_FORMAT_H

#include "base/error.h"
#include "value/time.h"

struct time_parsed {
	struct civil civil;	/* what the format doesn't say is 1970-01-01T00:00:00 */
	bool has_offset;
	int32_t offset;		/* seconds east of UTC */
	bool has_moment;	/* by %s: the moment stands in civil, as UTC */
	bool has_date, has_time;
	bool cut;		/* the fraction is finer than nanoseconds: digits behind the ninth that are not 0 */
};

/* 0 if every conversion is known, else -1 and a usage error that names it. */
int time_format_check(const char *format, struct error *err);
/* Reads all of s. 0; -1 where it doesn't obey the format, or is no date (the 31st of April): a data error "bad-time". */
int time_format_parse(const char *format, struct span s, struct time_parsed *out, struct error *err);
/* Writes a moment as it is at an offset. */
void time_format_print(const char *format, struct moment m, int32_t offset, struct buf *out);

#endif
