/*
 * decimal: exact sums of JSON numbers (RFC 8259 §6), by their digits: 0.1 + 0.2 is 0.3.
 */
#ifndef SYNC_MERGE_DECIMAL_H
#define SYNC_MERGE_DECIMAL_H

#include "base/buf.h"

struct decimal_term {
	struct span number;	/* obeys the grammar of JSON numbers */
	bool minus;		/* it is taken away */
};

/*
 * Adds the sum as JSON, with as many decimal places as the term that has most. -1, and nothing added, if it would take
 * more than 4000 digits; then nothing sensible is counted.
 */
int decimal_sum(const struct decimal_term *term, size_t n, struct buf *out);

#endif
