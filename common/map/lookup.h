/*
 * lookup: a table of values by other values, read whole before the first record. Keys are equal as json/equal says; where the
 * table is text without types (CSV, or written in the specification), as texts, a number being its digits. For common/map alone.
 */
#ifndef SYNC_MAP_LOOKUP_H
#define SYNC_MAP_LOOKUP_H

#include "json/equal.h"
#include "set/memory.h"

struct lookup;

struct lookup *lookup_new(struct memory *memory, bool text);
void lookup_free(struct lookup *l);

/* Adds a row; value is JSON text. A key that is there with another value is an error. */
int lookup_add(struct lookup *l, struct value key, struct value value, struct error *err);
/* Reads an endpoint's rows: what stands at `from` and at `to`; rows whose `from` is null or absent name nothing. */
int lookup_read(struct lookup *l, const char *operand, const struct path *from, const struct path *to, const struct scan_limits *limits,
		struct error *err);
/* The value's JSON text; p is NULL where there is none. The arena is for strings with escapes. */
struct span lookup_find(const struct lookup *l, struct value key, struct arena *arena);

/* The JSON types of its values, as bits 1 << enum lookup_type. */
enum lookup_type { LOOKUP_NULL, LOOKUP_BOOLEAN, LOOKUP_INTEGER, LOOKUP_NUMBER, LOOKUP_STRING, LOOKUP_ARRAY, LOOKUP_OBJECT, LOOKUP_TYPES };
unsigned lookup_types(const struct lookup *l);
unsigned lookup_type(struct value v);
/* Its values are text without types. */
bool lookup_untyped(const struct lookup *l);

#endif
