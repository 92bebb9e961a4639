/* map_private: what the steps and what runs them share. For common/map alone. */
#ifndef SYNC_MAP_MAP_PRIVATE_H
#define SYNC_MAP_MAP_PRIVATE_H

#include "base/arena.h"
#include "doc/yaml.h"
#include "map/map.h"

struct shape;

enum map_mode {
	MAP_ROW,	/* upsert, insert: the whole row */
	MAP_UPDATE,	/* fields that changed: absent means unchanged */
	MAP_KEYS,	/* delete, a stream of keys, an old key: what names the row and no more */
	MAP_BEFORE,	/* old values: what a step can't map is removed */
};

/* Names of top fields that an update removes. */
struct unset {
	struct span *v;		/* owned array; the names live in the record's arena or in the specification */
	uint32_t n, cap;
	bool changed;
};

/* A record on its way through the steps. */
struct map_run {
	struct map *map;
	struct record *rec;
	enum map_mode mode;
	struct unset *unset;		/* MAP_UPDATE: never NULL */
	struct record *before;		/* MAP_UPDATE: the old values as this step finds them, or NULL */
	const void *known;		/* what the step's shape() left for this stream, or NULL */
	const struct path *at;		/* set when a step fails: the field */
};

struct map_step {
	const struct map_kind *kind;
	void *self;			/* in the map's arena */
};

/* Where a specification is compiled. */
struct spec {
	struct map *map;
	struct doc *doc;		/* paths and texts live in its arena, as long as the map */
	const char *file;		/* the file it was read from, or NULL */
};

struct map_kind {
	const char *word;
	/* Makes step->self from what stands behind the word. A usage error says where. */
	int (*compile)(struct spec *spec, struct value v, struct map_step *step, struct error *err);
	/* Reads what the step needs from elsewhere, or NULL. */
	int (*open)(struct map_step *step, struct map *map, struct error *err);
	/* Changes run->rec. -1 with a data error: set aside; with another: failed. NULL for the one that makes many of one. */
	int (*run)(struct map_step *step, struct map_run *run, struct error *err);
	/* What the step does to the stream's schema and key; *known is kept for run, in the arena shape->keep. */
	int (*shape)(struct map_step *step, struct shape *shape, const void **known, struct error *err);
	void (*release)(struct map_step *step);	/* or NULL */
};

extern const struct map_kind step_rename, step_keep, step_drop, step_set, step_cast, step_time, step_map, step_flatten, step_nest,
	step_explode, step_clean;

struct arena *map_arena(struct map *m);
struct memory *map_memory(struct map *m);
const struct scan_limits *map_limits(const struct map *m);

/* ---- reading a specification */

/* A path that names a field: not "", not `_sync`, and no index first. */
int spec_path(struct spec *spec, struct value v, const char *what, struct path *out, struct error *err);

/* A field that a step reads, and the guess where it stands. */
struct field {
	struct path path;
	struct cursor cursor;
};
struct fields {
	struct field *v;	/* in the map's arena */
	uint32_t n;
};
/* A path or a list of paths. */
int spec_paths(struct spec *spec, struct value v, const char *what, struct fields *out, struct error *err);
/* The member `field` or `fields` of a map; one of them must be there. */
int spec_fields(struct spec *spec, struct value map, const char *what, struct fields *out, struct error *err);
/* In an order in which they can be removed one by one: elements from their array's end, what is inside before its parent. */
void fields_last_first(struct fields *fields);

/* ---- running */

/* record_change for each of the fields; in MAP_BEFORE a value that fn refuses is removed. */
int map_change(struct map_run *run, struct fields *fields, change_fn *fn, void *ctx, struct error *err);
/* A failure at a field. -1. */
int map_refuse(struct map_run *run, const struct path *at, struct error *err, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* "partial": the step would need more of the row than the change has. -1; in MAP_BEFORE the field is removed instead: 0. */
int map_partial(struct map_run *run, const struct path *at, struct error *err);

/* By the top field of a path, in MAP_UPDATE: whether the update sets or removes it. */
bool map_touched(const struct map_run *run, const struct path *path);
/* Of a field that the update touches and the row has no more: whether it had it, as far as old values say. */
enum map_had { HAD_NOT, HAD, HAD_UNKNOWN };
enum map_had map_had(const struct map_run *run, const struct path *path);
bool unset_has(const struct unset *u, struct span name);
void unset_add(struct unset *u, struct span name);
void unset_remove(struct unset *u, struct span name);
/* What the update sets, it doesn't remove. */
void unset_settle(struct map_run *run);

/* ---- paths */

/* The first n steps of a path, as a path whose steps are borrowed. */
static inline struct path path_head(const struct path *path, uint32_t n)
{
	struct path head = *path;
	uint32_t i;

	head.n = n;
	head.each = false;
	for (i = 0; i < n; i++)
		head.each = head.each || path->step[i].kind == STEP_EACH;
	return head;
}
static inline void steps_copy(struct step *to, const struct step *from, uint32_t n)
{
	if (n)
		memcpy(to, from, n * sizeof *to);
}
static inline struct step *path_last(const struct path *path) { return &path->step[path->n - 1]; }
/* Both stand in the same object or array. */
static inline bool path_siblings(const struct path *a, const struct path *b)
{
	struct path head = path_head(a, a->n - 1);

	return a->n == b->n && path_covers(&head, b);
}
/* Whether a step goes through an array. */
static inline bool path_in_array(const struct path *path)
{
	uint32_t i;

	for (i = 0; i < path->n; i++)
		if (path->step[i].kind != STEP_NAME)
			return true;
	return false;
}

#endif
