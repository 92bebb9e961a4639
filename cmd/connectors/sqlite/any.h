/*
 * any: columns that a loader made for values of several kinds, or of any, so that each comes back as it was.
 *
 * SQLite has no objects, arrays and booleans, and no number of more digits than a double keeps. There these are JSON text. A
 * text that could be taken for one is its own JSON: "{", "[" or a quote first (behind blanks), or just true or false; all
 * other texts stand as they are. A number that SQLite can't hold is {"$numberDecimal":"12.50"}, and an object that happens to
 * be spelled so has a blank in front. What a column was made for stands in _sync_schema, so both sides follow one rule.
 */
#ifndef SYNC_SQLITE_ANY_H
#define SYNC_SQLITE_ANY_H

#include "json/record.h"

/* Whether a column that was made from this schema of a property is one of these. */
bool any_is(struct value property);

void any_add_text(struct span text, struct buf *out);
void any_add_number(struct span digits, struct buf *out);
void any_add_nested(struct span json, struct buf *out);

/* The JSON that a text of such a column stands for, on one line, added to out; false: it is just text. scratch is overwritten. */
bool any_read(struct span text, struct record *scratch, const struct scan_limits *limits, struct buf *out);

#endif
