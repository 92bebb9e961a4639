/*
 * map: lists of steps (sync-map.5) that change records one by one, and what they make of schemas, of changes and of keys.
 *
 *   m = map_new(…); map_add_file(m, …); map_add_text(m, …); map_open(m, …);     then nothing is opened any more
 *   for every begin frame map_begin, for every schema frame map_schema, for every record map_record
 *
 * Steps run in their order. What one can't do is a reject that names its number, its word and the field; the record is
 * then as it was read. Nothing is allocated per record once warm.
 */
#ifndef SYNC_MAP_MAP_H
#define SYNC_MAP_MAP_H

#include "set/memory.h"
#include "stream/frame.h"

struct map;

/* streams and memory are borrowed; memory is charged with lookups and bounds what one record may be exploded to. */
struct map *map_new(struct streams *streams, struct memory *memory, const struct scan_limits *limits);
void map_free(struct map *m);

/* Adds the steps of a file (YAML or JSON), or of a text that `name` stands for in messages, behind those that are there. */
int map_add_file(struct map *m, const char *path, struct error *err);
int map_add_text(struct map *m, struct span text, const char *name, struct error *err);
/* Reads the tables that steps look values up in. */
int map_open(struct map *m, struct error *err);

int map_begin(struct map *m, const struct meta *meta, struct error *err);
/* Edits a schema frame; map_checked afterwards. -1: the frame is damaged. */
int map_schema(struct map *m, struct record *rec, struct meta *meta, struct error *err);

enum map_outcome {
	MAP_DONE,	/* the record is what came out */
	MAP_MANY,	/* none or several came out: map_next gives them */
	MAP_REJECT,	/* the record is as it was read; err says why, map_where and map_rule what failed */
};			/* -1: a failure that is not the record's */
int map_record(struct map *m, struct record *rec, struct meta *meta, struct error *err);
/* After MAP_MANY: the next line, without line feed; 1, or 0 after the last. */
int map_next(struct map *m, struct span *line);
/* After MAP_REJECT, until the next record: the field as a JSON Pointer, "" where none is to blame; "step 2 cast". */
struct span map_where(const struct map *m);
struct span map_rule(const struct map *m);

/* A stream that the specification has steps for but that never came by; NULL: none (any more). */
const char *map_unseen(struct map *m);

#endif
