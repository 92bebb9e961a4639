/*
 * waiting: records that a target refused for what a later record may change: another row has their unique value, or the
 * row that they point to isn't there yet. They are kept, and so are records of the same key that follow, so that each row
 * sees its changes in their order; before a commit they are given once more.
 */
#ifndef SYNC_LOAD_WAITING_H
#define SYNC_LOAD_WAITING_H

#include "load/held.h"

enum { WAITING_BITS = 1 << 16 };

struct waiting {
	struct held held;
	uint64_t bits[WAITING_BITS / 64];	/* keys, by their hash: others with it just wait too */
	bool last;				/* rejects are final now */
};

static inline bool waiting_some(const struct waiting *w) { return w->held.n > 0; }
bool waiting_on(const struct waiting *w, uint64_t hash);
/* Records of this key wait from now on. */
void waiting_mark(struct waiting *w, uint64_t hash);
/* …as does this one. */
void waiting_keep(struct waiting *w, uint64_t hash, const struct arrival *a);
/* So many that they had better be settled. */
bool waiting_many(const struct waiting *w);
/* Gives all again, once: those that must still wait are kept anew. flush writes what gathers. */
int waiting_again(struct waiting *w, struct load *l, int (*flush)(void *ctx, struct error *err), void *ctx, struct error *err);
/* …a last time, in which a reject is final. */
int waiting_end(struct waiting *w, struct load *l, int (*flush)(void *ctx, struct error *err), void *ctx, struct error *err);
/* Gives all again while that gets any further; those left stay, or are given a last time. */
int waiting_retry(struct waiting *w, struct load *l, int (*flush)(void *ctx, struct error *err), void *ctx, bool last, struct error *err);

#endif
