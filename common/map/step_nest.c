/*
 * nest: the inverse of flatten: fields whose names have a common first piece become an object of that name, where the
 * first of them stood: {venue.city: x, venue.id: 7} is {venue: {city: x, id: 7}}.
 */
#include <stdlib.h>

#include "map/groups.h"
#include "map/shape.h"

/* A member that is nested, by its name. */
struct piece {
	struct span name;
	size_t head;		/* bytes of the name that are its object's */
	struct value v;
	uint32_t order;		/* where it stood */
};

/* Pieces that share the part of their names up to a separator. */
struct cluster {
	uint32_t first, n;
	uint32_t order;		/* of the first that stood there */
	size_t head;		/* bytes of the shared part behind the offset */
	bool leaf;		/* a whole name: the value itself */
};

struct nesting {
	struct groups groups;
	struct map_run *run;		/* while it runs */
	const struct group *group;	/* likewise */
	struct arena *arena;		/* the record's */
	struct piece *piece;		/* in arena */
	uint32_t n;
};

enum { DEEPEST = 128 };

static int compile(struct spec *spec, struct value v, struct map_step *step, struct error *err)
{
	struct nesting *t = arena_zalloc(map_arena(spec->map), sizeof *t);

	step->self = t;
	return groups_compile(&t->groups, spec, v, "nest", err);
}

static void release(struct map_step *step)
{
	groups_release(&((struct nesting *)step->self)->groups);
}

/* ---- which members */

static const char *find(struct span s, struct span what)
{
	const char *p = s.p, *last = s.p + s.n - what.n;

	for (; s.n >= what.n && p <= last; p++) {
		p = memchr(p, *what.p, (size_t)(last - p) + 1);
		if (!p || !memcmp(p, what.p, what.n))
			return p;
	}
	return NULL;
}

/* "venue" of "venue.city", where the group has it; n 0 and p NULL: it is not nested. */
static struct span head_of(const struct groups *groups, const struct group *g, struct span name)
{
	const struct span none = { NULL, 0 }, sep = groups->separator;
	const char *at = find(name, sep);
	uint32_t i;

	if (!at || (!g->parent.n && span_is(name, "_sync")))
		return none;
	if (!g->n)
		return (struct span){ name.p, (size_t)(at - name.p) };
	for (i = 0; i < g->n; i++)	/* the field's own name may hold the separator */
		if (name.n >= g->name[i].n + sep.n && !memcmp(name.p, g->name[i].p, g->name[i].n) &&
		    !memcmp(name.p + g->name[i].n, sep.p, sep.n))
			return (struct span){ name.p, g->name[i].n };
	return none;
}

static int by_name(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;
	int c = span_cmp((struct span){ x->name.p, x->head }, (struct span){ y->name.p, y->head });

	c = c ? c : span_cmp(x->name, y->name);
	return c ? c : (x->order > y->order) - (x->order < y->order);
}

static int by_order(const void *a, const void *b)
{
	const struct cluster *x = a, *y = b;

	return (x->order > y->order) - (x->order < y->order);
}

/* ---- rebuilding */

/* Splits sorted pieces by what stands in their names at `offset` up to the separator. */
static uint32_t split(const struct nesting *t, uint32_t first, uint32_t n, size_t offset, struct cluster *out)
{
	struct cluster *c = NULL;
	uint32_t i, count = 0;
	struct span rest;
	const char *at;
	size_t head;

	for (i = first; i < first + n; i++) {
		rest = (struct span){ t->piece[i].name.p + offset, t->piece[i].name.n - offset };
		at = find(rest, t->groups.separator);
		head = at ? (size_t)(at - rest.p) : rest.n;
		if (c && c->leaf == !at && c->head == head && !memcmp(t->piece[c->first].name.p + offset, rest.p, head)) {
			c->n++;
		} else {
			c = &out[count++];
			*c = (struct cluster){ i, 1, t->piece[i].order, head, !at };
		}
		if (t->piece[i].order < c->order)
			c->order = t->piece[i].order;
	}
	return count;
}

static int add_object(struct nesting *t, uint32_t first, uint32_t n, size_t offset, uint32_t depth, struct buf *json, struct error *err)
{
	struct cluster *c;
	uint32_t count, i;

	if (depth == DEEPEST)
		return map_refuse(t->run, NULL, err, "too-deep", "the name '%s' would nest deeper than %d", error_show(t->piece[first].name), DEEPEST);
	c = arena_alloc(t->arena, n * sizeof *c);
	count = split(t, first, n, offset, c);
	qsort(c, count, sizeof *c, by_order);
	for (i = 0; i < count; i++) {
		buf_addc(json, i ? ',' : '{');
		json_add_string(json, (struct span){ t->piece[c[i].first].name.p + offset, c[i].head });
		buf_addc(json, ':');
		if (c[i].leaf)
			value_write(t->piece[c[i].first].v, json);
		else if (add_object(t, c[i].first, c[i].n, offset + c[i].head + t->groups.separator.n, depth + 1, json, err))
			return -1;
	}
	buf_addc(json, '}');
	return 0;
}

static void collect(struct nesting *t, struct value object)
{
	struct walk walk = { 0, 0, 0 };
	uint32_t order = 0;
	struct value name, v;
	struct span text, head;

	t->piece = arena_alloc(t->arena, (value_count(object) + 1) * sizeof *t->piece);
	t->n = 0;
	while (value_next(object, &walk, &name, &v)) {
		text = value_text(name, t->arena);
		head = head_of(&t->groups, t->group, text);
		if (head.p)
			t->piece[t->n++] = (struct piece){ text, head.n, v, order };
		order++;
	}
	qsort(t->piece, t->n, sizeof *t->piece, by_name);
}

/* The objects to be, in the order of their first members. */
static struct cluster *objects(struct nesting *t)
{
	struct cluster *out = arena_alloc(t->arena, (t->n + 1) * sizeof *out), *c = NULL;
	struct piece *p, *first = NULL;
	uint32_t i, n = 0;

	for (i = 0; i < t->n; i++) {
		p = &t->piece[i];
		if (!first || first->head != p->head || memcmp(first->name.p, p->name.p, p->head)) {
			first = p;
			c = &out[n++];
			*c = (struct cluster){ i, 0, p->order, p->head, false };
		}
		c->n++;
		if (p->order < c->order)
			c->order = p->order;
	}
	out[n] = (struct cluster){ .order = UINT32_MAX };
	qsort(out, n, sizeof *out, by_order);
	return out;
}

static void add_name(struct value name, struct span head, struct buf *json)
{
	if (json->n > 1)
		buf_addc(json, ',');
	if (head.p) {
		json_add_string(json, head);
		buf_addc(json, ':');
		return;
	}
	buf_addc(json, '"');
	buf_addspan(json, value_bytes(name));
	buf_adds(json, "\":");
}

static int rebuild(void *ctx, struct value object, struct buf *json, struct error *err)
{
	struct nesting *t = ctx;
	struct walk walk = { 0, 0, 0 };
	const struct cluster *next;
	struct value name, v;
	uint32_t order = 0;
	struct span head;

	if (value_type(object) != TOKEN_OBJECT)
		return CHANGE_NOT;
	collect(t, object);
	if (!t->n)
		return CHANGE_NOT;
	next = objects(t);
	buf_addc(json, '{');
	for (; value_next(object, &walk, &name, &v); order++) {
		head = head_of(&t->groups, t->group, value_text(name, t->arena));
		if (head.p && next->order != order)
			continue;	/* it stands in an object already */
		add_name(name, head, json);
		if (!head.p)
			value_write(v, json);
		else if (add_object(t, next->first, next->n, head.n + t->groups.separator.n, 1, json, err))
			return -1;
		next += head.p != NULL;
	}
	buf_addc(json, '}');
	return groups_check(&t->groups, t->group, buf_span(json), t->run, err) ? -1 : CHANGE_SET;
}

/* ---- changes: an object in an update is its whole new value, which its pieces may not be */

static int partial(struct nesting *t, struct map_run *run, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct value name, v;
	struct path *path;	/* outlives the step where it is to blame */
	struct span text;
	uint32_t i;

	while (value_next(record_root(run->rec), &walk, &name, &v)) {
		text = value_text(name, t->arena);
		if (!head_of(&t->groups, t->group, text).p)
			continue;
		path = arena_alloc(t->arena, sizeof *path);
		path_name(path, text, t->arena);
		if (map_partial(run, path, err))
			return -1;
	}
	for (i = 0; run->unset && i < run->unset->n; i++)
		if (head_of(&t->groups, t->group, run->unset->v[i]).p)
			return map_refuse(run, NULL, err, "partial", "'%s' is a part of an object, of which the change says no more: have full rows "
					  "read (--full-rows)", error_show(run->unset->v[i]));
	return 0;
}

static int run_nest(struct map_step *step, struct map_run *run, struct error *err)
{
	struct nesting *t = step->self;
	struct group *g;

	t->run = run;
	t->arena = &run->rec->arena;
	for (g = t->groups.v; g < t->groups.v + t->groups.n; g++) {
		t->group = g;
		if ((run->mode == MAP_UPDATE || run->mode == MAP_BEFORE) && !g->parent.n && partial(t, run, err))
			return -1;
		if (record_change(run->rec, &g->parent, &g->cursor, rebuild, t, err))
			return -1;
	}
	return 0;
}

/* ---- the schema */

/* A declared name, or a key's, as the path that it becomes. */
static int shape_name(const struct groups *groups, const struct group *g, struct shape *s, struct span name, struct error *err)
{
	struct span head = head_of(groups, g, name), rest;
	struct path from = g->parent, to = g->parent;
	const char *at;

	if (!head.p)
		return 0;
	from.step = arena_alloc(&s->arena, (g->parent.n + 1) * sizeof *from.step);
	to.step = arena_alloc(&s->arena, (g->parent.n + 1 + name.n) * sizeof *to.step);
	steps_copy(from.step, g->parent.step, g->parent.n);
	steps_copy(to.step, g->parent.step, g->parent.n);
	from.step[from.n++] = (struct step){ .kind = STEP_NAME, .name = name };
	to.step[to.n++] = (struct step){ .kind = STEP_NAME, .name = head };
	rest = (struct span){ name.p + head.n + groups->separator.n, name.n - head.n - groups->separator.n };
	while ((at = find(rest, groups->separator)) && to.n < DEEPEST) {
		to.step[to.n++] = (struct step){ .kind = STEP_NAME, .name = { rest.p, (size_t)(at - rest.p) } };
		rest.n -= (size_t)(at - rest.p) + groups->separator.n;
		rest.p = at + groups->separator.n;
	}
	to.step[to.n++] = (struct step){ .kind = STEP_NAME, .name = rest };
	return shape_rename(s, &from, &to, err);
}

struct nested {
	const struct groups *groups;
	const struct group *group;
};

static bool is_nested(void *ctx, struct span name)
{
	const struct nested *n = ctx;

	return head_of(n->groups, n->group, name).p != NULL;
}

static int shape_group(const struct groups *groups, const struct group *g, struct shape *s, struct error *err)
{
	struct nested of = { groups, g };
	struct walk walk = { 0, 0, 0 };
	struct value members, name, v;
	struct span *names;
	uint32_t i, n = 0;

	for (i = 0; i < s->keys; i++)
		if (s->key[i].n == g->parent.n + 1 && path_covers(&g->parent, &s->key[i]) &&
		    shape_name(groups, g, s, path_last(&s->key[i])->name, err))
			return -1;
	if (shape_relax(s, &g->parent, is_nested, &of, err) || groups_free(g, s, err))
		return -1;
	if (!shape_members(s, &g->parent, &members))
		return 0;
	names = arena_alloc(&s->arena, (value_count(members) + 1) * sizeof *names);
	while (value_next(members, &walk, &name, &v))
		names[n++] = arena_span(&s->arena, value_text(name, &s->arena));
	for (i = 0; i < n; i++)
		if (shape_name(groups, g, s, names[i], err))
			return -1;
	return 0;
}

static int shape(struct map_step *step, struct shape *s, const void **known, struct error *err)
{
	struct nesting *t = step->self;
	uint32_t i;

	(void)known;
	for (i = 0; i < t->groups.n; i++)
		if (shape_group(&t->groups, &t->groups.v[i], s, err))
			return -1;
	return 0;
}

const struct map_kind step_nest = { .word = "nest", .compile = compile, .run = run_nest, .shape = shape, .release = release };
