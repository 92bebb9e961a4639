/*
 * settle: one row out of its versions. With a base, three-way by field: what one side changed wins over what others left as
 * it was; changed to different values, a field is settled by its rule. Without a base, every field that differs is.
 *
 *   base   sides                                   outcome
 *   there  all as the base, or equal edits         that row
 *   there  edits of different fields               all edits
 *   there  different edits of one field            the field's rule, or a conflict ("edit-edit")
 *   there  gone here, as the base there            gone
 *   there  gone here, edited there                 the rule for deletes, or a conflict ("delete-edit")
 *   none   in one, or equal in several             that row
 *   none   created differently                     all fields; differing ones by rule, or a conflict ("create-create")
 *   no base operand: in one, or equal              that row
 *   no base operand: different                     differing fields by rule, or a conflict ("differ")
 */
#ifndef SYNC_MERGE_SETTLE_H
#define SYNC_MERGE_SETTLE_H

#include "merge/compare.h"
#include "merge/policy.h"

enum { MOST_SIDES = 31 };

/* A row as one side, or the base, has it. */
struct version {
	bool there;
	struct record rec;
	struct fields place, name;	/* by place and by name; made by settle */
};

struct group {
	struct version v[MOST_SIDES + 1];	/* the sides, then the base */
	int sides;
	bool has_base;		/* there is a base operand, be the row in it or not */
	bool absent_null;
	uint32_t unknown;	/* bits of sides some of whose rows were set aside: one that lacks a row may have had it */
	struct arena arena;	/* reset by settle */
};

void group_init(struct group *g, int sides, bool has_base);
void group_release(struct group *g);
static inline struct version *group_base(struct group *g) { return &g->v[g->sides]; }

/* What a person decided. */
struct take {
	enum { TAKE_NOTHING, TAKE_VERSION, TAKE_VALUES } how;
	int version;		/* TAKE_VERSION: a side, or the base */
	struct value values;	/* TAKE_VALUES: an object: the fields in conflict, or the whole row where one side deleted it */
};

enum verdict { VERDICT_ROW, VERDICT_GONE, VERDICT_CONFLICT };

struct outcome {
	enum verdict verdict;
	struct buf row;		/* owned: VERDICT_ROW: its JSON text, without `_sync` */
	const char *why;	/* VERDICT_CONFLICT, and where one was settled by take: "edit-edit", …; else NULL */
	struct span *field;	/* the fields in conflict, as JSON strings; in the group's arena */
	uint32_t fields;
};
#define OUTCOME_INIT { .row = BUF_INIT }

/* The row as one version has it, which is there. */
void settle_as(struct group *g, int version, struct outcome *out);
/* -1: a take that lacks a field in conflict. secret: for hashing elements of sets. */
int settle(struct group *g, const struct policy *p, const struct take *take, const struct hash_key *secret, struct outcome *out, struct error *err);

#endif
