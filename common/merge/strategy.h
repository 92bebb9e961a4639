/* strategy: rules that make one value of one field out of several. Used by settle.c alone. */
#ifndef SYNC_MERGE_STRATEGY_H
#define SYNC_MERGE_STRATEGY_H

#include "merge/settle.h"

/* A field's values in the versions of a group; VALUE_NONE where it is absent. */
struct candidates {
	struct value base;
	struct value v[MOST_SIDES];
	int same[MOST_SIDES];	/* the first side that has an equal value */
	uint32_t sides;		/* that have a say: bit 1 << side */
	uint32_t changed;	/* those whose value isn't the base's; all that have a say where there is no base */
};

struct choice {
	bool conflict;
	struct value v;		/* VALUE_NONE: the field is absent */
	struct buf *made;	/* the value is this JSON text instead; owned by the caller of strategy_choose, used where it isn't NULL */
};

/* Settles a field that was changed to different values (or a counter). made: where a new value may be put. */
void strategy_choose(struct group *g, const struct policy *p, struct rule rule, const struct candidates *c, const struct hash_key *secret,
		     struct buf *made, struct choice *choice);

#endif
