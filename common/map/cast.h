/* cast: a value as another type, exactly: the digits that stand there, never through a double. For common/map alone. */
#ifndef SYNC_MAP_CAST_H
#define SYNC_MAP_CAST_H

#include "json/record.h"

enum cast { CAST_INTEGER, CAST_NUMBER, CAST_STRING, CAST_BOOLEAN };

/* The arena is for the text of strings with escapes. A change_fn's outcome: CHANGE_NOT where it is of that type (or null), CHANGE_SET, or -1: a data error "bad-cast". */
int cast_value(enum cast to, struct value v, struct arena *arena, struct buf *json, struct error *err);

/*
 * Adds the JSON number that a text says: a sign, digits with or without a point, an exponent; leading zeros, a '+' and a
 * bare point are made what JSON wants (007 is 7, .5 is 0.5), the digits stay. -1: it says none, nothing is added.
 */
int cast_number(struct span text, struct buf *out);

#endif
