/*
 * compare: whether two rows of one key are equal, field by field, and what turns the first into the second. A field is a
 * top member with its whole value; equality is that of json/equal, and, where one side is text without types, whether the
 * text reads as the other side's value ("2.50" as 2.5, "true" as true; never "" as null).
 */
#ifndef SYNC_MERGE_COMPARE_H
#define SYNC_MERGE_COMPARE_H

#include "merge/shape.h"

struct compare {
	const struct shape *a, *b;	/* borrowed */
	const struct span *ignore;	/* borrowed: fields that don't count */
	uint32_t ignored;
};

/* Top members by name, `_sync` left out. In the arena they were made in. */
struct field {
	struct span name;		/* unescaped */
	struct value key, value;	/* key: the name's token */
	uint32_t place;			/* its place in the record, from 0 */
	bool seen;
};
struct fields {
	struct field *v;	/* sorted by name once fields_sort was called */
	uint32_t n;
};
struct fields fields_of(const struct record *rec, struct arena *arena);
void fields_sort(struct fields *f);
/* By binary search in sorted fields; NULL: none. */
struct field *fields_find(const struct fields *f, struct span name);

/* x-absent of either side: a null field and an absent one are equal. */
static inline bool compare_absent_null(const struct compare *c) { return c->a->absent_null || c->b->absent_null; }
/* Equality of one field's values; a and b say whether each is text without a type. */
bool compare_values(struct value a, bool a_untyped, struct value b, bool b_untyped, struct arena *arena);
bool compare_rows(const struct compare *c, const struct record *a, const struct record *b, struct arena *arena);

/* What turns a into b. */
struct delta {
	struct buf set;		/* owned: "name":value,"name":value: b's fields that the key is in, then what a has not, or otherwise */
	struct buf unset;	/* owned: "name","name": what only a has */
	uint32_t n;		/* fields in both */
	void (*each)(void *ctx, struct span name);	/* told every field that differs; may be NULL */
	void *ctx;
};
#define DELTA_INIT { .set = BUF_INIT, .unset = BUF_INIT }
/* `all`: set gets every field of b but the ignored ones. */
void compare_delta(const struct compare *c, const struct key *key, const struct record *a, const struct record *b, bool all, struct delta *d,
		   struct arena *arena);

#endif
