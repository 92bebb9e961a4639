/*
 * spool: records put by until the checkpoint behind them, or the end, says that the stream is whole so far: for targets that
 * take nothing back. The newest are in memory, the others in a file without a name.
 */
#ifndef SYNC_LOAD_SPOOL_H
#define SYNC_LOAD_SPOOL_H

#include "load/held.h"
#include "set/spill.h"

struct spool {
	struct buf newest;	/* owned */
	struct spill spill;	/* the others, or not open */
	uint64_t n;		/* records put by */
	bool applying;		/* the record in hand comes from the spool */
};
#define SPOOL_INIT { BUF_INIT, SPILL_INIT, 0, false }

int spool_add(struct spool *s, const struct arrival *a, struct error *err);
/* load_again for each, in their order, with `applying` set, and forgets them. */
int spool_apply(struct spool *s, struct load *l, struct error *err);
void spool_release(struct spool *s);

#endif
