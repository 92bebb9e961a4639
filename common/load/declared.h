/* declared: what a stream's schema frame says of its fields and its key, as loaders need it. */
#ifndef SYNC_LOAD_DECLARED_H
#define SYNC_LOAD_DECLARED_H

#include "json/record.h"

/* Initializes schema, and reads a frame's schema into it; nothing kept is {}. The caller releases it, after -1 too. */
int declared_schema(struct span text, struct record *schema, struct error *err);
/* The schema's `properties`, if it has any: 1 or 0. */
int declared_properties(const struct record *schema, struct value *properties);
/* `required` names it, and its type takes no null. */
bool declared_not_null(const struct record *schema, struct span name);
/* A property's `type` is this word, or an array that holds it. */
bool declared_type(struct value property, const char *word);
/* A property's member of this name is this text. */
bool declared_as(struct value property, const char *member, const char *text);

/* Calls fn for each name of the key: those of the option (--key a,b), else those of the frame (a JSON array, or empty). 1 if there were any, 0, -1. */
typedef int key_fn(void *ctx, struct span name, struct error *err);
int declared_key(const char *option, struct span frame, key_fn *fn, void *ctx, struct error *err);

/* ---- where no schema says it: the fields of the first records, in the order they came */

enum { SEEN_TEXT = 1, SEEN_NESTED = 2, SEEN_BOOLEAN = 4, SEEN_NUMBER = 8 /* none that an int64 holds */, SEEN_INTEGER = 16 };

struct seen_field {
	struct span name;	/* in the arena */
	int kinds;		/* of SEEN_…; 0: only nulls */
};

struct seen {
	struct seen_field *v;	/* owned */
	size_t n, cap;
	uint32_t *slot;		/* owned: by hash of the name, number of its field + 1 */
	size_t slots;		/* a power of two */
	struct arena arena;
};
#define SEEN_INIT { NULL, 0, 0, NULL, 0, ARENA_INIT }

int seen_kind(struct value v);
/* any_case: names that differ by the case of ASCII letters are one. */
void seen_note(struct seen *s, const struct record *rec, bool any_case);
void seen_release(struct seen *s);

/* The text of the last frame's schema is that of this one: it says nothing new. */
bool declared_again(const struct buf *last, struct value schema);

#endif
