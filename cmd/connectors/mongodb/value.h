/*
 * value: BSON as JSON and back, so that what was written is read as the same BSON: type, digits, order and all.
 *
 * Plain JSON is: null; booleans; documents and arrays; strings; of a field that the shape declares also the numbers of its
 * type, an ObjectId's 24 digits, a date as RFC 3339 (years 0 to 9999), binary of subtype 0 as base64, a UUID (subtype 4) in its
 * text form, NaN and infinities as "NaN", "Infinity", "-Infinity". Where no type of number is declared, digits without fraction and
 * exponent are an int32, or an int64 if they don't fit one, and any others a double, which is written with a fraction or exponent;
 * digits that none of these holds are a decimal.
 *
 * All else is canonical Extended JSON v2: {"$oid":…}, {"$numberLong":…}, {"$date":{"$numberLong":…}}, … Text that would be read as
 * a declared ObjectId, date, binary, UUID or number, and a document that has just the names of such an object, stand as
 * {"$literal":…}, MongoDB's own word for what is not to be interpreted.
 *
 * Other systems' streams have Extended JSON (where x-values says so) as the value of a field, never further inside, and by
 * {"$symbol":TEXT} say that the text is text, or in a field of JSON that it is JSON.
 */
#ifndef SYNC_MONGODB_VALUE_H
#define SYNC_MONGODB_VALUE_H

#include "base/error.h"
#include "shape.h"

/*
 * Adds the value in the iterator's hand. shape: what is declared, or NULL. -1, with an error that names the field, where JSON
 * can't say it: text that is no UTF-8 (data error "bad-utf8"), nesting beyond what a record may have ("too-deep").
 */
int value_json(bson_iter_t *it, const struct shape *shape, struct buf *out, struct error *err);
/* Adds a document's members, without braces, with the shapes of its fields. A member _sync, __sync, … gains an underscore if `top`. */
int members_json(bson_iter_t *it, struct shape *shape, bool top, struct buf *out, struct error *err);

/* How values of a stream are read. */
struct reading {
	struct shapes *shapes;
	bool lossy;		/* --lossy: what BSON can't hold exactly is rounded */
	uint64_t times_as_text;	/* times finer than a millisecond, which became text */
	uint64_t numbers_as_text;	/* numbers that no type holds exactly, likewise */
	bool inside;		/* of a value: set by members_bson's callees */
	struct arena arena;	/* scratch, reset by the caller */
};

/*
 * Appends a value under a name (len bytes). shape: what is declared, or NULL. 0, or -1: a data error: "bad-value" (an object of
 * Extended JSON whose text is wrong), "too-long", "bad-name" (a NUL in it).
 */
int value_bson(bson_t *to, struct span name, struct value v, const struct shape *shape, struct reading *r, struct error *err);
/* Appends the members of an object. */
int members_bson(bson_t *to, struct value object, struct shape *shape, struct reading *r, struct error *err);

#endif
