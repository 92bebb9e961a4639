/*
 * retype: text without a type (CSV) written as the value that it stands for, once somebody knows the type: a schema of the
 * other side, or the values that stand there.
 */
#ifndef SYNC_MERGE_RETYPE_H
#define SYNC_MERGE_RETYPE_H

#include "merge/shape.h"

/* Adds the text as JSON of that type and returns true; false where it doesn't read as one ("007" as a number), nothing added. */
bool retype(struct value text, enum shape_type type, struct arena *arena, struct buf *out);

/* The types that fields were seen to have. */
struct learned {
	struct learned_field { struct span name; unsigned types; } *v;	/* owned */
	uint32_t n, cap;
	struct arena arena;	/* names */
};
void learn(struct learned *l, const struct record *rec);
/* SHAPE_ANY where a field was never seen, or with several types; null is none. */
enum shape_type learned_type(const struct learned *l, struct span name);
void learned_release(struct learned *l);

#endif
