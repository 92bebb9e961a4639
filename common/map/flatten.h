/*
 * flatten: what flatten does to a schema, and to an update: fields that an object had before and has no more are removed,
 * as far as old values or the schema say which those are. For common/map alone.
 */
#ifndef SYNC_MAP_FLATTEN_H
#define SYNC_MAP_FLATTEN_H

#include "map/groups.h"
#include "map/shape.h"

/* Edits the schema; *known, unless NULL, gets the names that the record's own fields become. */
int flatten_shape(const struct groups *groups, const struct group *g, struct shape *s, const void **known, struct error *err);
/* Before an update's own fields (a group of the record itself) are flattened: fills run->unset. -1: "partial". */
int flatten_update(const struct groups *groups, const struct group *g, struct map_run *run, struct error *err);

#endif
