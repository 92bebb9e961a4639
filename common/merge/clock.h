/*
 * clock: when a row was last changed, as its clock field says: an RFC 3339 time, or a number that grows (an epoch, a version).
 */
#ifndef SYNC_MERGE_CLOCK_H
#define SYNC_MERGE_CLOCK_H

#include "json/record.h"
#include "value/time.h"

enum row_clock_kind { CLOCK_NONE, CLOCK_TIME, CLOCK_NUMBER };

struct row_clock {
	enum row_clock_kind kind;	/* CLOCK_NONE: absent, null, or neither of the two */
	struct moment moment;
	struct span number;		/* borrowed from the row */
};

struct row_clock row_clock_read(struct value v, struct arena *arena);	/* VALUE_NONE: CLOCK_NONE */
/*
 * 1: a is later, by more than the skew; -1: b is; 0: they are too near to tell, or of different kinds, or one is missing.
 * For numbers the skew counts as that many, each second as 1.
 */
int row_clock_compare(const struct row_clock *a, const struct row_clock *b, int64_t skew_ns);

/* An ISO 8601 duration without years and months ("PT5S", "P1DT2H", "PT0.25S") or seconds with a unit ("5s", "250ms"), in nanoseconds; -1: neither. */
int duration_parse(struct span s, int64_t *ns);

#endif
