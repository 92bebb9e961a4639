/*
 * rename: fields by other names. All of a step happen at once, so {a: b, b: a} swaps. One that stays in its object keeps
 * its place; one that doesn't is moved.
 */
#include <stdio.h>

#include "map/map_private.h"
#include "map/shape.h"

struct renaming {
	struct path from, to;
	struct cursor cursor;
	bool in_place;		/* only the name differs */
};

struct renames {
	struct renaming *v;
	uint32_t n;
};

/* ---- reading */

static bool meets(const struct path *a, const struct path *b)
{
	return path_covers(a, b) || path_covers(b, a);
}

static int read_pair(struct spec *spec, struct value name, struct value to, struct renaming *r, struct error *err)
{
	if (spec_path(spec, name, "rename", &r->from, err) || spec_path(spec, to, "rename: the new name", &r->to, err))
		return -1;
	r->in_place = path_siblings(&r->from, &r->to);
	if (path_last(&r->from)->kind != STEP_NAME || path_last(&r->to)->kind != STEP_NAME)
		return doc_error(spec->doc, name, err, "rename: an element of an array has no name");
	if (!r->in_place && (path_in_array(&r->from) || path_in_array(&r->to)))
		return doc_error(spec->doc, to, err, "rename: a field of an array's elements stays where it is: write its whole path '%s'",
				 error_show(r->from.text));
	if (path_covers(&r->from, &r->to) && r->to.n > r->from.n)
		return doc_error(spec->doc, to, err, "rename: '%s' would stand inside itself", error_show(r->from.text));
	return 0;
}

/* Two sources or two targets in one place, or one inside the other, have no order that is right. */
static int check_pairs(struct spec *spec, struct value v, const struct renames *s, struct error *err)
{
	const struct renaming *a, *b;

	for (a = s->v; a < s->v + s->n; a++)
		for (b = s->v; b < a; b++)
			if (meets(&a->from, &b->from) || meets(&a->to, &b->to) || (meets(&a->from, &b->to) && !path_eq(&a->from, &b->to)) ||
			    (meets(&b->from, &a->to) && !path_eq(&b->from, &a->to)))
				return doc_error(spec->doc, v, err, "rename: '%s' and '%s' meet: make two steps of it", error_show(b->from.text),
						 error_show(a->from.text));
	return 0;
}

/* A name in between, beside `from`. */
static struct path between(struct arena *arena, const struct path *from, uint32_t number)
{
	char name[24];
	struct path path, last;

	path_name(&last, (struct span){ name, (size_t)snprintf(name, sizeof name, "\x7f" "renamed %u", number) }, arena);
	path = *from;
	path.step = arena_alloc(arena, from->n * sizeof *path.step);
	steps_copy(path.step, from->step, from->n);
	*path_last(&path) = *last.step;
	return path;
}

/* A renaming whose target is another's source goes after that one. A circle is broken by a name in between. */
static void put_in_order(struct spec *spec, struct renames *s)
{
	struct arena *arena = map_arena(spec->map);
	struct renaming *out = arena_alloc(arena, (size_t)s->n * 2 * sizeof *out), *last;
	bool *done = arena_zalloc(arena, s->n + 1);
	uint32_t left = s->n, n = 0, i, j, first;

	last = out + (size_t)s->n * 2;
	while (left) {
		first = s->n;
		for (i = 0; i < s->n; i++) {
			if (done[i])
				continue;
			first = first == s->n ? i : first;
			for (j = 0; j < s->n && (done[j] || j == i || !path_eq(&s->v[i].to, &s->v[j].from)); j++)
				;
			if (j < s->n)
				continue;
			out[n++] = s->v[i];
			done[i] = true;
			left--;
		}
		if (!left || first == s->n || done[first])
			continue;
		/* from -> between now, between -> to behind all others */
		*--last = s->v[first];
		out[n] = s->v[first];
		out[n].to = last->from = between(arena, &s->v[first].from, n);
		out[n].in_place = true;
		n++;
		done[first] = true;
		left--;
	}
	memmove(out + n, last, (size_t)(out + (size_t)s->n * 2 - last) * sizeof *out);
	s->n = n + (uint32_t)(out + (size_t)s->n * 2 - last);
	s->v = out;
}

static int compile(struct spec *spec, struct value v, struct map_step *step, struct error *err)
{
	struct renames *s = arena_zalloc(map_arena(spec->map), sizeof *s);
	struct walk walk = { 0, 0, 0 };
	struct value name, to;

	step->self = s;
	if (doc_is_map(spec->doc, v, "rename", err))
		return -1;
	s->v = arena_zalloc(map_arena(spec->map), (value_count(v) + 1) * sizeof *s->v);
	for (; value_next(v, &walk, &name, &to); s->n++)
		if (read_pair(spec, name, to, &s->v[s->n], err))
			return -1;
	if (check_pairs(spec, v, s, err))
		return -1;
	put_in_order(spec, s);
	return 0;
}

/* ---- running */

/* Old values that don't tell what the renamed field was. */
static int forget(struct map_run *run, const struct renaming *r, struct error *err)
{
	struct path top = path_head(&r->to, 1);

	error_reset(err);
	return record_remove(run->rec, &r->from, err) || record_remove(run->rec, r->in_place ? &r->to : &top, err) ? -1 : 0;
}

static int name_exists(struct map_run *run, const struct renaming *r, struct error *err)
{
	if (run->mode == MAP_BEFORE)
		return forget(run, r, err);
	return map_refuse(run, &r->from, err, "name-exists", "there is a field '%s' already", error_show(r->to.text));
}

/* A part of an object that the update sets, or removes, is not there: if it was, what was made of it goes. */
static int gone(struct map_run *run, const struct renaming *r, bool lacks, struct error *err)
{
	enum map_had had = map_had(run, &r->from);

	if (had == HAD_UNKNOWN && !lacks)
		return map_partial(run, &r->from, err);
	if (had != HAD_NOT)
		unset_add(run->unset, r->to.step[0].name);
	return 0;
}

/* To another object: what the target's object holds beside it must be known. */
static int move(struct map_run *run, struct renaming *r, bool lacks, struct error *err)
{
	bool change = run->mode == MAP_UPDATE || run->mode == MAP_BEFORE;
	bool apart = r->to.n > 1 && !span_eq(r->from.step->name, r->to.step->name);
	bool touched = change && (map_touched(run, &r->from) || (apart && map_touched(run, &r->to)));
	struct value v, other;

	if (touched && apart)
		return run->mode == MAP_BEFORE ? forget(run, r, err) : map_partial(run, &r->from, err);
	if (!record_get(run->rec, &r->from, &r->cursor, &v)) {
		return touched && run->unset && r->to.n == 1 ? gone(run, r, lacks, err) : 0;
	}
	if (record_get(run->rec, &r->to, NULL, &other))
		return name_exists(run, r, err);
	if (r->to.n == 1 ? record_put(run->rec, &r->to, v, err) : record_put_deep(run->rec, &r->to, v, err)) {
		run->at = &r->to;
		return -1;
	}
	return record_remove(run->rec, &r->from, err);
}

static int rename_one(struct map_run *run, struct renaming *r, bool lacks, struct error *err)
{
	if (!r->in_place)
		return move(run, r, lacks, err);
	if (run->unset && r->from.n == 1 && unset_has(run->unset, r->from.step[0].name)) {
		unset_remove(run->unset, r->from.step[0].name);
		unset_add(run->unset, r->to.step[0].name);
	}
	if (!record_rename_at(run->rec, &r->from, &r->cursor, path_last(&r->to)->name, err))
		return 0;
	return err->code && span_is(span_of(err->code), "name-exists") ? name_exists(run, r, err) : -1;
}

static int run_rename(struct map_step *step, struct map_run *run, struct error *err)
{
	struct renames *s = step->self;
	const bool *lacks = run->known;
	uint32_t i;

	for (i = 0; i < s->n; i++)
		if (rename_one(run, &s->v[i], lacks && lacks[i], err))
			return -1;
	return 0;
}

static int shape(struct map_step *step, struct shape *sh, const void **known, struct error *err)
{
	struct renames *s = step->self;
	bool *lacks = arena_alloc(sh->keep, s->n + 1);
	uint32_t i;

	for (i = 0; i < s->n; i++) {
		lacks[i] = shape_lacks(sh, &s->v[i].to);
		if (shape_rename(sh, &s->v[i].from, &s->v[i].to, err))
			return -1;
	}
	*known = lacks;
	return 0;
}

const struct map_kind step_rename = { .word = "rename", .compile = compile, .run = run_rename, .shape = shape };
