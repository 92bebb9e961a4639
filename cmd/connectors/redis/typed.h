/*
 * typed: what a hash's text is under the schema that its rows came with, the same for writing and for reading. A field that
 * the schema says is text is text. Any other that it declares is JSON where its text is JSON, else text; so a text that would
 * be taken for JSON is written with its quotes. What no schema declares is text.
 */
#ifndef SYNC_REDIS_TYPED_H
#define SYNC_REDIS_TYPED_H

#include "json/record.h"

struct typed_field {
	struct span name;
	bool text;		/* it is text, whatever it looks like */
};

struct typed {
	struct typed_field *field;	/* in the arena */
	uint32_t n, guess;
	struct arena arena;
	struct record scratch;
};

/* From a JSON Schema, {} for none. */
void typed_read(struct typed *t, const struct record *schema);
void typed_release(struct typed *t);
/* NULL: it isn't declared. */
const struct typed_field *typed_field(struct typed *t, struct span name);
/* The text is a JSON value on one line, which t->scratch then holds. */
bool typed_is_json(struct typed *t, struct span text);

#endif
