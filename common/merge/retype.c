/* retype: text becomes a value. */
#include "merge/retype.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "merge/compare.h"

enum { MOST_FIELDS = 4096, LONGEST_NAME = 1024 };	/* that are learned about */

static bool fits(enum token_type found, enum shape_type want)
{
	switch (want) {
	case SHAPE_NUMBER:
		return found == TOKEN_NUMBER;
	case SHAPE_BOOLEAN:
		return found == TOKEN_TRUE || found == TOKEN_FALSE;
	case SHAPE_OTHER:
		return found == TOKEN_ARRAY || found == TOKEN_OBJECT;
	default:
		return false;
	}
}

bool retype(struct value text, enum shape_type type, struct arena *arena, struct buf *out)
{
	struct scan_limits limits = SCAN_LIMITS_INIT;
	struct error err = ERROR_INIT;
	struct record rec;
	struct span s;
	bool good = false;

	if (value_type(text) != TOKEN_STRING || type == SHAPE_ANY || type == SHAPE_STRING)
		return false;
	s = value_text(text, arena);
	record_init(&rec);
	if (!record_copy(&rec, s.p, s.n, &limits, &err) && fits(value_type(record_root(&rec)), type)) {
		value_write(record_root(&rec), out);
		good = true;
	}
	record_release(&rec);
	return good;
}

static enum shape_type type_of(struct value v)
{
	switch (value_type(v)) {
	case TOKEN_NUMBER:
		return SHAPE_NUMBER;
	case TOKEN_STRING:
		return SHAPE_STRING;
	case TOKEN_TRUE:
	case TOKEN_FALSE:
		return SHAPE_BOOLEAN;
	case TOKEN_NULL:
		return SHAPE_ANY;
	default:
		return SHAPE_OTHER;
	}
}

static struct learned_field *find(const struct learned *l, struct span name)
{
	uint32_t i;

	for (i = 0; i < l->n; i++)
		if (span_eq(l->v[i].name, name))
			return &l->v[i];
	return NULL;
}

void learn(struct learned *l, const struct record *rec)
{
	struct arena arena = ARENA_INIT;
	struct fields f = fields_of(rec, &arena);
	struct learned_field *known;
	uint32_t i;

	for (i = 0; i < f.n; i++) {
		known = find(l, f.v[i].name);
		if (!known && l->n < MOST_FIELDS && f.v[i].name.n <= LONGEST_NAME) {
			XGROW(l->v, l->n, l->cap);
			known = &l->v[l->n++];
			*known = (struct learned_field){ arena_span(&l->arena, f.v[i].name), 0 };
		}
		if (known)
			known->types |= 1u << type_of(f.v[i].value);
	}
	arena_release(&arena);
}

enum shape_type learned_type(const struct learned *l, struct span name)
{
	const struct learned_field *f = find(l, name);
	enum shape_type type;

	for (type = SHAPE_STRING; f && type <= SHAPE_OTHER; type++)
		if ((f->types & ~(1u << SHAPE_ANY)) == 1u << type)
			return type;
	return SHAPE_ANY;
}

void learned_release(struct learned *l)
{
	free(l->v);
	arena_release(&l->arena);
	*l = (struct learned){ NULL, 0, 0, ARENA_INIT };
}
