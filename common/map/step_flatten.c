/*
 * flatten: what is in an object becomes fields beside it: {venue: {city: x}} is {venue.city: x}. Arrays and empty objects
 * are values. The fields stand where the object stood.
 */
#include "map/flatten.h"

struct flattening {
	struct groups groups;
	struct map_run *run;		/* while it runs */
	const struct group *group;	/* likewise */
	struct buf name;		/* owned: the name so far */
};

static int compile(struct spec *spec, struct value v, struct map_step *step, struct error *err)
{
	struct flattening *f = arena_zalloc(map_arena(spec->map), sizeof *f);

	step->self = f;
	return groups_compile(&f->groups, spec, v, "flatten", err);
}

static void release(struct map_step *step)
{
	struct flattening *f = step->self;

	groups_release(&f->groups);
	buf_release(&f->name);
}

/* ---- running */

static bool is_flat(struct value v)
{
	return value_type(v) != TOKEN_OBJECT || value_count(v) == 0;
}

/* The members below an object, their names behind those in f->name. */
static void add_leaves(struct flattening *f, struct value object, struct buf *json)
{
	struct walk walk = { 0, 0, 0 };
	size_t prefix = f->name.n;
	struct value name, v;

	while (value_next(object, &walk, &name, &v)) {
		buf_addspan(&f->name, f->groups.separator);
		buf_addspan(&f->name, value_text(name, &f->run->rec->arena));
		if (is_flat(v)) {
			if (json->n > 1)
				buf_addc(json, ',');
			json_add_string(json, buf_span(&f->name));
			buf_addc(json, ':');
			value_write(v, json);
		} else {
			add_leaves(f, v, json);
		}
		f->name.n = prefix;
	}
}

static bool anything_to_do(struct flattening *f, struct value object)
{
	struct walk walk = { 0, 0, 0 };
	struct value name, v;

	while (value_next(object, &walk, &name, &v))
		if (!is_flat(v) && group_has(f->group, value_text(name, &f->run->rec->arena)))
			return true;
	return false;
}

static int rebuild(void *ctx, struct value object, struct buf *json, struct error *err)
{
	struct flattening *f = ctx;
	struct walk walk = { 0, 0, 0 };
	struct value name, v;
	struct span text;

	if (value_type(object) != TOKEN_OBJECT || !anything_to_do(f, object))
		return CHANGE_NOT;
	buf_addc(json, '{');
	while (value_next(object, &walk, &name, &v)) {
		text = value_text(name, &f->run->rec->arena);
		if (!is_flat(v) && group_has(f->group, text)) {
			buf_reset(&f->name);
			buf_addspan(&f->name, text);
			add_leaves(f, v, json);
			continue;
		}
		if (json->n > 1)
			buf_addc(json, ',');
		buf_addc(json, '"');
		buf_addspan(json, value_bytes(name));
		buf_adds(json, "\":");
		value_write(v, json);
	}
	buf_addc(json, '}');
	return groups_check(&f->groups, f->group, buf_span(json), f->run, err) ? -1 : CHANGE_SET;
}

static int run_flatten(struct map_step *step, struct map_run *run, struct error *err)
{
	struct flattening *f = step->self;
	struct group *g;

	f->run = run;
	for (g = f->groups.v; g < f->groups.v + f->groups.n; g++) {
		f->group = g;
		if (run->mode == MAP_UPDATE && !g->parent.n && flatten_update(&f->groups, g, run, err))
			return -1;
		if (record_change(run->rec, &g->parent, &g->cursor, rebuild, f, err))
			return -1;
		if (run->mode == MAP_UPDATE)
			unset_settle(run);
	}
	return 0;
}

static int shape(struct map_step *step, struct shape *s, const void **known, struct error *err)
{
	struct flattening *f = step->self;
	struct group *g;

	for (g = f->groups.v; g < f->groups.v + f->groups.n; g++)
		if (flatten_shape(&f->groups, g, s, g->parent.n ? NULL : known, err))
			return -1;
	return 0;
}

const struct map_kind step_flatten = { .word = "flatten", .compile = compile, .run = run_flatten, .shape = shape, .release = release };
