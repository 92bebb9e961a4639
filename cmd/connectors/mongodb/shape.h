/*
 * shape: what types the fields of a collection's documents have, as a stream's schema frame says it.
 *
 * A field whose every value has one type is declared by that type's name (`x-type: mongodb:int32`, …), and its values are
 * written in plain JSON. A value of another type stands as canonical Extended JSON v2 where plain JSON would be read as
 * something else (see value.h). Fields of other systems' streams are declared by the standard keywords.
 */
#ifndef SYNC_MONGODB_SHAPE_H
#define SYNC_MONGODB_SHAPE_H

#include <bson/bson.h>

#include "base/arena.h"
#include "base/buf.h"
#include "json/record.h"

enum shape_kind {
	SHAPE_UNSEEN,	/* nothing but nulls so far */
	SHAPE_ANY,	/* values of several types, or nothing is known */
	SHAPE_STRING, SHAPE_BOOL, SHAPE_INT32, SHAPE_INT64, SHAPE_DOUBLE, SHAPE_DECIMAL, SHAPE_OID, SHAPE_DATE, SHAPE_BINARY, SHAPE_UUID,
	SHAPE_DOCUMENT, SHAPE_ARRAY,
	SHAPE_OTHER,	/* one type that has no plain form */
	SHAPE_NUMBER,	/* of other systems: a number of any kind */
	SHAPE_JSON,	/* …and JSON, whose objects are never Extended JSON, but for {"$symbol":TEXT} with JSON in the text */
};

struct shape_field;

struct shape {
	enum shape_kind kind;
	bool null;			/* nulls were seen */
	bool numbers;			/* SHAPE_ANY of nothing but numbers */
	struct shape_field *field;	/* in the arena; of a document */
	uint32_t n, cap;
	uint32_t guess;			/* where the next field asked for probably is */
	struct shape *items;		/* in the arena; of an array */
};

struct shape_field {
	struct span name;	/* in the arena */
	struct shape shape;
};

/* What a stream says of its documents. Zeroed at first. */
struct shapes {
	struct shape top;
	bool native;		/* it is of a MongoDB: whatever isn't declared is as value.h says */
	bool ejson;		/* objects such as {"$oid":…} are Extended JSON (x-values: ejson) */
	uint32_t fields, names;	/* noted: how many, and the bytes of their names */
	struct arena arena;
};
void shapes_release(struct shapes *s);

/* The shape of a document's field; NULL where nothing is said of it. */
const struct shape *shape_member(struct shape *s, struct span name);

/* ---- for the extractor: from documents */

/* Takes note of a document's fields. */
void shapes_note(struct shapes *s, const bson_t *document);
/* Adds the JSON Schema of what was noted. */
void shapes_write(const struct shapes *s, struct buf *out);

/* ---- for the loader: from a schema frame */

/* From its JSON Schema; s is as new. */
void shapes_read(struct shapes *s, struct value schema);

#endif
