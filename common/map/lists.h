/* lists: the map itself: the steps of each stream in their order, and what a record needs on its way. For common/map alone. */
#ifndef SYNC_MAP_LISTS_H
#define SYNC_MAP_LISTS_H

#include "map/map_private.h"

/* What one stream's records go through. */
struct stream_steps {
	bool ready;		/* the list was made */
	bool key_lost;		/* what comes out has no key, though what goes in has */
	struct map_step **step;	/* owned; the steps are the map's */
	const void **known;	/* owned: by step; in arena */
	uint32_t n;
	struct arena arena;	/* owned: emptied by the next schema */
};

/* A step where the specification has it. */
struct listed {
	const char *stream;	/* in the map's arena; NULL: all */
	struct map_step *step;	/* in the map's arena */
};

/* A stream that the specification names. */
struct named {
	const char *name;	/* in the map's arena */
	bool seen;		/* a schema or a record of it came by, or it was complained of */
};

struct map {
	struct streams *streams;	/* borrowed */
	struct memory *memory;		/* borrowed */
	struct scan_limits limits;
	struct arena arena;		/* owned: all that is compiled */
	struct doc **doc;		/* owned, kept: paths live in them */
	size_t docs, doc_cap;
	struct listed *list;		/* owned */
	size_t n, cap;
	struct named *named;		/* owned */
	size_t names, name_cap;
	struct stream_steps *stream;	/* owned, by stream */
	uint32_t stream_cap;
	uint32_t explodes;		/* steps that make many of one */

	enum scope scope;		/* of the section that is read */
	struct record before, key;	/* of the change at hand */
	bool has_before, has_key;
	struct unset unset;
	struct record *child;		/* owned: one for each step that explodes */
	struct buf *child_text;		/* owned: likewise */
	struct buf text;		/* scratch */
	struct buf many;		/* lines that one record became */
	size_t many_at;			/* given by map_next so far */
	struct buf where, rule;		/* of the last reject */
};

/* Reads a document's steps into the map; file is NULL where it is none. */
int spec_read(struct map *map, struct doc *doc, const char *file, struct error *err);

/* A new step behind the others, of all streams (NULL) or of one; zeroed. */
struct map_step *map_add_step(struct map *m, const char *stream);
/* The specification names a stream. */
void map_name_stream(struct map *m, const char *stream);
struct stream_steps *map_stream(struct map *m, uint32_t stream);

/* Runs the steps from `from` on. depth is how many of those before it exploded. */
int map_run_steps(struct map *m, struct stream_steps *s, struct record *rec, enum map_mode mode, uint32_t from, uint32_t depth,
		  struct error *err);
/* step_explode: runs the rest of the steps on each record that comes of one. */
int map_explode(struct map *m, struct stream_steps *s, struct record *rec, enum map_mode mode, uint32_t at, uint32_t depth,
		const struct path **where, struct error *err);

/* change: `key`, `before` and `unset` of a change, taken apart before the steps and put back after them. */
int change_open(struct map *m, const struct record *rec, const struct meta *meta, struct error *err);
int change_close(struct map *m, struct record *rec, struct meta *meta, struct error *err);

#endif
