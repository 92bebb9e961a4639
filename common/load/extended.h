/*
 * extended: values off a stream's schema, as objects of canonical Extended JSON v2 (x-values: ejson), for stores of typed
 * columns: what plain value one stands for. {"$symbol":TEXT} and {"$literal":TEXT} are text as it is, whatever the column.
 */
#ifndef SYNC_LOAD_EXTENDED_H
#define SYNC_LOAD_EXTENDED_H

#include "json/record.h"

enum extended_kind {
	EXTENDED_NONE,		/* none of these: a value like any other */
	EXTENDED_NUMBER,	/* digits, by the grammar of JSON */
	EXTENDED_TEXT,		/* text that is read as its column's type: a time, an ObjectId's digits, "NaN" */
	EXTENDED_EXACT,		/* text as it is */
	EXTENDED_BYTES,		/* base64 */
};

/* text is borrowed from the record or in the arena. */
enum extended_kind extended_read(struct value v, struct arena *arena, struct span *text);

#endif
