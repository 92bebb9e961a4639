/*
 * policy: how versions of a row are settled (--policy FILE, or options):
 *
 *   key: [id]
 *   default: newest          # newest oldest first last manual, or a side's name
 *   clock: updated_at        # the field that newest and oldest look at
 *   skew: PT5S               # nearer than this isn't newer
 *   fields: {tags: union, views: counter, price: max, status: erp}
 *   deletes: manual          # a row deleted here and edited there: manual delete keep first last, or a side's name
 */
#ifndef SYNC_MERGE_POLICY_H
#define SYNC_MERGE_POLICY_H

#include "set/key.h"

enum strategy {
	BY_NOBODY,				/* manual: a conflict */
	BY_NEWEST, BY_OLDEST, BY_FIRST, BY_LAST,
	BY_SIDE,				/* the side named */
	BY_UNION, BY_COUNTER, BY_MAX, BY_MIN,	/* of a field alone */
	BY_DELETE, BY_KEEP,			/* of deletes alone */
};

struct rule {
	enum strategy how;
	int side;		/* BY_SIDE */
};

struct policy {
	struct key key;			/* n 0: not said */
	struct rule fallback;		/* default */
	struct rule deletes;
	bool has_clock;
	struct path clock;
	int64_t skew;			/* nanoseconds */
	struct policy_field { struct span name; struct rule rule; } *field;	/* in the arena */
	uint32_t fields;
	struct arena arena;
	struct buf clock_text;		/* what `clock` borrows from */
};

struct policy_options {
	const char *file;		/* --policy */
	const char *key, *newest, *prefer;	/* --key, --newest FIELD, --prefer SIDE: they have the last word; NULL */
};

/* side: the names of the n sides. base: there is one (counters need it). -1: a usage error with the place. */
int policy_load(struct policy *p, const struct policy_options *opt, const char *const *side, int n, bool base, struct error *err);
void policy_release(struct policy *p);
/* The rule of a top field: its own one, the latest value for the clock itself, or the default. *own: it is not the default. */
struct rule policy_rule(const struct policy *p, struct span field, bool *own);

#endif
