/* sides: the operands of sync-merge, `[NAME=]ENDPOINT`. */
#ifndef SYNC_CMD_MERGE_SIDES_H
#define SYNC_CMD_MERGE_SIDES_H

#include "merge/settle.h"

struct sides {
	const char *name[MOST_SIDES];
	const char *operand[MOST_SIDES];	/* borrowed from argv */
	char *owned[MOST_SIDES];		/* names that were cut out of argv */
	int n;
};

/* Two without names are `ours` and `theirs`. -1: a usage error. */
int sides_parse(struct sides *s, char **argv, int n, struct error *err);
/* NAME=FILE: the side's number and the file; -1. */
int sides_file(const struct sides *s, const char *arg, const char **file, struct error *err);
void sides_release(struct sides *s);

#endif
