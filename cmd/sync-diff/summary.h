/* summary: a difference in numbers, for people. */
#ifndef SYNC_DIFF_SUMMARY_H
#define SYNC_DIFF_SUMMARY_H

#include "merge/diff.h"

void summary_write(struct diff *d, struct buf *out);

#endif
