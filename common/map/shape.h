/*
 * shape: the schema of a stream, as a record, while steps change it. Paths are those of records; a field a.b stands in
 * the schema at /properties/a/properties/b. What the steps can't follow (references, combined schemas) is taken out:
 * the schema then says less, never something wrong. For common/map alone.
 */
#ifndef SYNC_MAP_SHAPE_H
#define SYNC_MAP_SHAPE_H

#include "json/record.h"

struct shape {
	struct record rec;	/* the schema; owned */
	struct arena arena;	/* owned: paths made here */
	struct path *key;	/* in arena */
	uint32_t keys;
	bool key_lost;		/* a field of the key went: what is left names no row */
	struct arena *keep;	/* what steps remember */
};

/* schema and key are of a schema frame; key may be none. -1: damaged. */
int shape_open(struct shape *s, struct value schema, struct value key, struct error *err);
void shape_close(struct shape *s);

/* The schema of a field: 1 or 0. */
int shape_get(const struct shape *s, const struct path *field, struct value *out);
/* The `properties` of a field's schema ("" the record): 1 or 0. */
int shape_members(const struct shape *s, const struct path *field, struct value *out);
/* Sets a field's schema, and its parents' where they are missing; not where an object's members aren't declared at all. */
int shape_put(struct shape *s, const struct path *field, struct span schema, struct error *err);
/* The same for a field that is made, its parents too, where records don't have them. */
int shape_put_deep(struct shape *s, const struct path *field, struct span schema, struct error *err);
/* Takes a field away, from `required` and the key too. */
int shape_remove(struct shape *s, const struct path *field, struct error *err);
/* Gives a field another place. What stood there goes. */
int shape_rename(struct shape *s, const struct path *from, const struct path *to, struct error *err);
/* Another type for a declared field: type is JSON text of one type, format "" or a format's name; null stays allowed if it was. */
int shape_retype(struct shape *s, const struct path *field, const char *type, const char *format, struct error *err);
/* Takes away what limits a field's strings. */
int shape_loosen(struct shape *s, const struct path *field, struct error *err);
/* Null may stand there, as far as the schema says. */
bool shape_may_be_null(const struct shape *s, const struct path *field);
/* Null is allowed too. */
int shape_nullable(struct shape *s, const struct path *field, struct error *err);
/* No record has that field, as far as the schema says. */
bool shape_lacks(const struct shape *s, const struct path *field);
/* The type of a schema has that word; without a type all are possible. */
bool shape_may_be(struct value schema, const char *word);
/* The field must be there wherever its parent is, and that must be there too. */
bool shape_is_required(const struct shape *s, const struct path *field);
/* Names that an object must have but that `goes` says are not its own any more, declared or not, are not required. */
int shape_relax(struct shape *s, const struct path *object, bool (*goes)(void *ctx, struct span name), void *ctx, struct error *err);
/* The field is not required any more. */
int shape_optional(struct shape *s, const struct path *field, struct error *err);
/* A field that isn't declared may hold anything: if it can be there as far as the schema says (free), or it is made, with its parents (admit). */
int shape_free(struct shape *s, const struct path *field, struct error *err);
int shape_admit(struct shape *s, const struct path *field, struct error *err);
/* The object or array at the field may have fewer members than its schema wants. */
int shape_fewer(struct shape *s, const struct path *object, struct error *err);
/* The object at the field may have members that are not declared. */
int shape_undeclared(struct shape *s, const struct path *field, struct error *err);
/* The path in the schema of a field's schema. */
void shape_path(const struct path *field, struct arena *arena, struct path *out);
/* The key: whether a field is a part of it; a part more, a part less (without losing it). */
bool shape_in_key(const struct shape *s, const struct path *field);
void shape_key_add(struct shape *s, const struct path *field);
void shape_key_remove(struct shape *s, const struct path *field);
/* The key as JSON, for the frame. */
void shape_key_write(const struct shape *s, struct buf *out);

#endif
