/* shape_private: places and words of a schema, for shape's own files. */
#ifndef SYNC_MAP_SHAPE_PRIVATE_H
#define SYNC_MAP_SHAPE_PRIVATE_H

#include "map/shape.h"

/* Keywords that say something of several members or elements, or refer elsewhere; ended by NULL. */
extern const char *const shape_combining[];

/* Adds a name to a path that has room. */
struct step *shape_step(struct path *path, struct span name);
/* The path of the schema of what a field's first `steps` steps lead to, with room for three more steps. */
void shape_place(const struct path *field, uint32_t steps, struct arena *arena, struct path *out);

/* A keyword of the schema at a path: 1 or 0; without it; without any of those. */
int shape_word(struct shape *s, const struct path *at, const char *word, struct value *out);
int shape_cut(struct shape *s, struct path *at, const char *word, struct error *err);
int shape_cut_all(struct shape *s, struct path *at, const char *const *words, struct error *err);
/* Without what says something of several members or elements, there or in everything on the way to a field. */
int shape_weaken(struct shape *s, struct path *at, struct error *err);
int shape_weaken_parents(struct shape *s, const struct path *field, struct error *err);

/* The `required` list that a field stands in, without that name, or with another in its place. Says whether it was there. */
int shape_require(struct shape *s, const struct path *field, const struct span *to, bool *was, struct error *err);
/* Key parts at or below `from` are now at or below `to`. */
void shape_move_key(struct shape *s, const struct path *from, const struct path *to);

#endif
