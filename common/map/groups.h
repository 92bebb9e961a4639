/*
 * groups: which fields flatten and nest work on, by the object they stand in, so that each object is rebuilt once.
 * For common/map alone.
 */
#ifndef SYNC_MAP_GROUPS_H
#define SYNC_MAP_GROUPS_H

#include "map/map_private.h"
#include "map/shape.h"

struct group {
	struct path parent;	/* "" for the record */
	struct cursor cursor;
	struct span *name;	/* in the map's arena; sorted by nothing */
	uint32_t n;		/* 0: all */
};

struct groups {
	struct group *v;	/* in the map's arena */
	uint32_t n;
	struct span separator;
	struct record check;	/* owned: an object as it was rebuilt */
	struct record_names *names;	/* owned: what its names were last time */
};

/* From a path, a list of paths, or {field, fields, separator}, all of which may be left out. */
int groups_compile(struct groups *g, struct spec *spec, struct value v, const char *what, struct error *err);
void groups_release(struct groups *g);
bool group_has(const struct group *g, struct span name);
/* An object's text has two members of one name: a data error "name-exists". */
int groups_check(struct groups *g, const struct group *group, struct span json, struct map_run *run, struct error *err);
/* In a schema: names that the group's object may have and that aren't declared become others. */
int groups_free(const struct group *group, struct shape *s, struct error *err);

#endif
