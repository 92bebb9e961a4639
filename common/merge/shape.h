/*
 * shape: what the schema frame of a stream says that matters when rows are compared: the key, whether null and absent are
 * the same (`x-absent: null`), which fields are text without a type (`x-type: untyped`), and the types of the others.
 */
#ifndef SYNC_MERGE_SHAPE_H
#define SYNC_MERGE_SHAPE_H

#include "set/key.h"
#include "stream/frame.h"

enum shape_type {
	SHAPE_ANY,	/* none is declared, or several */
	SHAPE_STRING, SHAPE_NUMBER, SHAPE_BOOLEAN,
	SHAPE_OTHER,	/* array, object, null */
};

struct shape_field {
	struct span name;
	enum shape_type type;
	bool untyped;
};

struct shape {
	bool declared;		/* a schema frame was read */
	bool absent_null;
	bool untyped;		/* at least one field is */
	bool all_untyped;	/* fields that aren't declared too */
	struct key key;		/* n 0: none was said */
	struct shape_field *field;	/* in the arena */
	uint32_t n;
	struct buf schema;	/* owned: the JSON Schema's text; empty: none was said */
	struct arena arena;
};

#define SHAPE_INIT { .key = KEY_INIT, .schema = BUF_INIT, .arena = ARENA_INIT }

/* Reads a schema frame; one that was read before is forgotten. -1: a data error. */
int shape_read(struct shape *s, const struct meta *meta, struct error *err);
void shape_release(struct shape *s);
/* The field is text that the other side's type gives a meaning. */
bool shape_is_untyped(const struct shape *s, struct span name);
enum shape_type shape_type(const struct shape *s, struct span name);

#endif
