/*
 * untyped: streams whose values are text without a type (CSV; `x-type: untyped` in their schema frame). A schema that was
 * given says what the text is: where it wants a number or a boolean and takes no string, "45000" is judged as 45000.
 * Only the judgement is changed; the record passes as it came.
 */
#ifndef SYNC_VALIDATE_UNTYPED_H
#define SYNC_VALIDATE_UNTYPED_H

#include "rules/schema.h"

struct untyped;

/* The fields that a frame's schema declares untyped and that `given` doesn't want as strings; NULL if there are none. */
struct untyped *untyped_new(struct value frame, const struct schema *given);
void untyped_free(struct untyped *u);

/*
 * Reads a record's untyped fields by their types, into a record of its own, which is borrowed until the next call. skip: the
 * token of `_sync`'s name, which is left out, or 0. NULL with a data error where bounds forbid it.
 */
const struct record *untyped_read(struct untyped *u, const struct record *rec, uint32_t skip, struct error *err);

#endif
