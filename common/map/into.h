/*
 * into: where the steps that make one value of others read and write: `field` or `fields`, and perhaps `to-field`, which takes
 * their place (they stay with `keep: true`). For common/map alone.
 */
#ifndef SYNC_MAP_INTO_H
#define SYNC_MAP_INTO_H

#include "map/map_private.h"
#include "map/shape.h"

struct into {
	struct fields from;
	struct path to;		/* n 0: each field's value goes where it was */
	bool keep;
};

/* Reads those members of a map. */
int into_compile(struct into *in, struct spec *spec, struct value map, const char *what, struct error *err);

/* ---- with `to-field` */

enum into_what {
	INTO_NOTHING,	/* none of the fields is there: nothing to do (or all is done) */
	INTO_NULL,	/* those that are there are null */
	INTO_VALUE,	/* v holds a value for each field, VALUE_NONE where it is null or absent */
};		/* -1: set aside */
int into_take(struct into *in, struct map_run *run, struct value *v, struct error *err);
/* Writes JSON text to `to-field` (n 0: it is absent) and takes the fields away. */
int into_put(struct into *in, struct map_run *run, struct span json, struct error *err);
/* Old values that don't tell: takes away the fields and what is at `to-field`. */
int into_forget(struct into *in, struct map_run *run, struct error *err);
/* Likewise in a schema, whose JSON text is given; *known is for run. */
int into_shape(const struct into *in, struct shape *s, struct span schema, const void **known, struct error *err);
/* All of the fields may be null, as far as the schema says. */
bool into_nullable(const struct into *in, const struct shape *s);

#endif
