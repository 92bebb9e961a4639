/* flatten: schemas and updates whose objects become fields. */
#include "map/flatten.h"

/* A declared field, and the names of what it can become. */
struct family {
	struct span field;
	struct span *leaf;
	uint32_t n, cap;
	bool open;		/* not all of them are declared */
	bool self;		/* it may stay what it is: no object */
	struct family *next;
};

struct families {
	struct family *first;
};

/* ---- the schema */

struct shaping {
	const struct groups *groups;
	const struct group *group;
	struct shape *s;
	struct family *family;
	struct path from, to;	/* of the leaf at hand; steps have room */
	struct buf name;	/* what to's last step will be */
	struct error *err;
};

enum { DEEPEST = 128 };

static bool only_object(struct value schema)
{
	static const char *const others[] = { "null", "boolean", "integer", "number", "string", "array" };
	size_t i;

	for (i = 0; i < sizeof others / sizeof *others; i++)
		if (shape_may_be(schema, others[i]))
			return false;
	return true;
}

/* An object may have members that its schema doesn't declare. */
static bool is_open(struct value schema)
{
	struct value v;

	return !value_member(schema, SPAN_LIT("properties"), &v) || value_type(v) != TOKEN_OBJECT ||
		!value_member(schema, SPAN_LIT("additionalProperties"), &v) || value_type(v) != TOKEN_FALSE ||
		value_member(schema, SPAN_LIT("patternProperties"), &v);
}

static void add_leaf(struct shaping *sh, struct span name)
{
	struct family *f = sh->family;
	struct span *more;

	if (f->n == f->cap) {
		f->cap = f->cap ? f->cap * 2 : 8;
		more = arena_alloc(sh->s->keep, f->cap * sizeof *more);
		if (f->n)
			memcpy(more, f->leaf, f->n * sizeof *more);
		f->leaf = more;
	}
	f->leaf[f->n++] = arena_span(sh->s->keep, name);
}

static int leaves(struct shaping *sh);

/* Each declared member of the object at sh->from. Names are taken first: the schema is edited on the way. */
static int members(struct shaping *sh, struct value object)
{
	struct walk walk = { 0, 0, 0 };
	uint32_t n = value_count(object), i = 0, depth = sh->from.n;
	struct span *name = arena_alloc(&sh->s->arena, (n + 1) * sizeof *name);
	size_t prefix = sh->name.n;
	struct value key, v;
	int failed = 0;

	while (value_next(object, &walk, &key, &v))
		name[i++] = arena_span(&sh->s->arena, value_text(key, &sh->s->arena));
	for (i = 0; !failed && i < n; i++) {
		sh->from.step[depth] = (struct step){ .kind = STEP_NAME, .name = name[i] };
		sh->from.n = depth + 1;
		buf_addspan(&sh->name, sh->groups->separator);
		buf_addspan(&sh->name, name[i]);
		failed = leaves(sh);
		sh->name.n = prefix;
		sh->from.n = depth;
	}
	return failed;
}

/* What stands at sh->from, which is below the flattened field. */
static int leaves(struct shaping *sh)
{
	struct value schema, object;
	bool inner;

	if (!shape_get(sh->s, &sh->from, &schema))
		return 0;
	inner = shape_may_be(schema, "object");
	if (inner && value_member(schema, SPAN_LIT("properties"), &object) && value_type(object) == TOKEN_OBJECT && value_count(object) &&
	    sh->from.n < DEEPEST - 1) {
		inner = only_object(schema);
		sh->family->open = sh->family->open || is_open(schema);
		if (members(sh, object))
			return -1;
		if (inner)
			return 0;
	} else if (inner) {
		sh->family->open = true;
	}
	add_leaf(sh, buf_span(&sh->name));
	path_last(&sh->to)->name = arena_span(sh->s->keep, buf_span(&sh->name));
	return shape_rename(sh->s, &sh->from, &sh->to, sh->err);
}

/* Parts of the key that are below the field: they are named by the flat name, declared or not. */
static int move_keys(struct shaping *sh)
{
	struct path key;
	size_t prefix = sh->name.n;
	uint32_t i, j;

	for (i = 0; i < sh->s->keys; i++) {
		key = sh->s->key[i];
		if (key.n <= sh->from.n || !path_covers(&sh->from, &key))
			continue;
		for (j = sh->from.n; j < key.n; j++) {
			buf_addspan(&sh->name, sh->groups->separator);
			buf_addspan(&sh->name, key.step[j].name);
		}
		path_last(&sh->to)->name = arena_span(sh->s->keep, buf_span(&sh->name));
		sh->name.n = prefix;
		if (shape_rename(sh->s, &key, &sh->to, sh->err))
			return -1;
	}
	return 0;
}

static const char *const types[] = { "null", "boolean", "integer", "number", "string", "array", "object", NULL };

/* The field's own schema: what is left of it where it may be something else, or an object that holds nothing. */
static int shape_rest(struct shaping *sh, struct value schema, bool empty)
{
	struct buf text = BUF_INIT;
	struct value type;
	size_t i;
	int failed;

	if (only_object(schema))
		return shape_remove(sh->s, &sh->from, sh->err) || (empty && shape_admit(sh->s, &sh->from, sh->err)) ? -1 : 0;
	if (!value_member(schema, SPAN_LIT("type"), &type))
		return 0;
	for (i = 0; types[i]; i++)
		if (shape_may_be(schema, types[i]) && (types[i + 1] || empty))
			buf_addf(&text, "%s\"%s\"", text.n ? "," : "{\"type\":[", types[i]);
	buf_adds(&text, "]}");
	failed = shape_put(sh->s, &sh->from, buf_span(&text), sh->err) || shape_optional(sh->s, &sh->from, sh->err);
	buf_release(&text);
	return failed;
}

/* One declared field of the group's object. */
static int one_field(struct shaping *sh, const struct group *g, struct span name)
{
	struct path parent = g->parent;
	struct value schema, object, list;
	bool open, empty;

	sh->from.n = sh->to.n = g->parent.n + 1;
	*path_last(&sh->from) = *path_last(&sh->to) = (struct step){ .kind = STEP_NAME, .name = name };
	buf_reset(&sh->name);
	buf_addspan(&sh->name, name);
	sh->family->self = true;
	if (!shape_get(sh->s, &sh->from, &schema) || !shape_may_be(schema, "object"))
		return move_keys(sh);
	sh->family->self = !only_object(schema);
	open = is_open(schema);
	empty = !value_member(schema, SPAN_LIT("required"), &list) || value_type(list) != TOKEN_ARRAY || !value_count(list);
	if (move_keys(sh) || (value_member(schema, SPAN_LIT("properties"), &object) && value_type(object) == TOKEN_OBJECT && members(sh, object)))
		return -1;
	sh->family->open = sh->family->open || open;
	if (sh->family->open && shape_undeclared(sh->s, &parent, sh->err))
		return -1;
	return shape_get(sh->s, &sh->from, &schema) ? shape_rest(sh, schema, empty) : 0;
}

static struct family *add_family(struct shape *s, struct families *all, struct span name)
{
	struct family *f = arena_zalloc(s->keep, sizeof *f);

	f->field = arena_span(s->keep, name);
	f->next = all->first;
	all->first = f;
	return f;
}

/* What is not declared may be an object as well. */
static bool may_go(void *ctx, struct span name)
{
	const struct shaping *sh = ctx;
	struct path field = sh->group->parent;
	struct value v;

	if (!group_has(sh->group, name))
		return false;
	field.step = arena_alloc(&sh->s->arena, (field.n + 1) * sizeof *field.step);
	steps_copy(field.step, sh->group->parent.step, field.n);
	field.step[field.n++] = (struct step){ .kind = STEP_NAME, .name = name };
	return !shape_get(sh->s, &field, &v) || shape_may_be(v, "object");
}

static int shape_others(struct shaping *sh)
{
	return shape_relax(sh->s, &sh->group->parent, may_go, sh, sh->err) || groups_free(sh->group, sh->s, sh->err) ? -1 : 0;
}

int flatten_shape(const struct groups *groups, const struct group *g, struct shape *s, const void **known, struct error *err)
{
	struct families *all = arena_zalloc(s->keep, sizeof *all);
	struct step *steps = arena_zalloc(&s->arena, ((size_t)DEEPEST + 2 * 64) * 2 * sizeof *steps);
	struct shaping sh = { .groups = groups, .group = g, .s = s, .err = err };
	struct walk walk = { 0, 0, 0 };
	struct value members_of, key, v;
	struct span *name = NULL;
	uint32_t n = 0, i;
	int failed = 0;

	sh.from = sh.to = (struct path){ .step = steps };
	sh.to.step = steps + DEEPEST + 64;
	steps_copy(sh.from.step, g->parent.step, g->parent.n);
	steps_copy(sh.to.step, g->parent.step, g->parent.n);
	if (shape_members(s, &g->parent, &members_of)) {
		name = arena_alloc(&s->arena, (value_count(members_of) + 1) * sizeof *name);
		while (value_next(members_of, &walk, &key, &v))
			name[n++] = arena_span(&s->arena, value_text(key, &s->arena));
	} else if (g->n) {
		name = g->name;	/* just the key may know them */
		n = g->n;
		known = NULL;
	}
	for (i = 0; !failed && i < n; i++) {
		if (!group_has(g, name[i]))
			continue;
		sh.family = add_family(s, all, name[i]);
		failed = one_field(&sh, g, name[i]);
	}
	buf_release(&sh.name);
	if (known)
		*known = all;
	return failed || shape_others(&sh) ? -1 : 0;
}

/* ---- updates */

struct updating {
	const struct groups *groups;
	struct map_run *run;
	struct buf name;
};

static const struct family *family_of(const struct families *all, struct span field)
{
	const struct family *f;

	for (f = all ? all->first : NULL; f; f = f->next)
		if (span_eq(f->field, field))
			return f;
	return NULL;
}

/* Each name that an old value had as fields. */
static void unset_old(struct updating *u, struct value v)
{
	struct walk walk = { 0, 0, 0 };
	size_t prefix = u->name.n;
	struct value name, below;

	if (value_type(v) != TOKEN_OBJECT || !value_count(v)) {
		unset_add(u->run->unset, arena_span(&u->run->rec->arena, buf_span(&u->name)));
		return;
	}
	while (value_next(v, &walk, &name, &below)) {
		buf_addspan(&u->name, u->groups->separator);
		buf_addspan(&u->name, value_text(name, &u->run->rec->arena));
		unset_old(u, below);
		u->name.n = prefix;
	}
}

/* The field is set (or removed) by the update: what it was made into goes, what it is made into is set again. */
static int replace(struct updating *u, struct span field, bool all, struct value now, struct error *err)
{
	const struct families *known = u->run->known;
	const struct family *f = family_of(known, field);
	struct value old;
	uint32_t i;

	if (u->run->before && value_member(record_root(u->run->before), field, &old)) {
		buf_reset(&u->name);
		buf_addspan(&u->name, field);
		unset_old(u, old);
	} else if (f && !f->open) {
		for (i = 0; i < f->n; i++)
			unset_add(u->run->unset, f->leaf[i]);
		if (f->self)
			unset_add(u->run->unset, f->field);
	} else if (!f && all && value_present(now) && value_type(now) != TOKEN_OBJECT && value_type(now) != TOKEN_NULL) {
		return 0;	/* no object, and nothing says that it was one */
	} else {
		return map_refuse(u->run, NULL, err, "partial", "'%s' is flattened, and what it was before isn't known: have full rows read "
				  "(--full-rows)", error_show(field));
	}
	return 0;
}

int flatten_update(const struct groups *groups, const struct group *g, struct map_run *run, struct error *err)
{
	struct updating u = { .groups = groups, .run = run };
	struct arena *arena = &run->rec->arena;
	struct walk walk = { 0, 0, 0 };
	struct value name, v;
	uint32_t i, n = run->unset->n;
	struct span *old = arena_alloc(arena, (n + 1) * sizeof *old), text;
	int failed = 0;

	if (n)
		memcpy(old, run->unset->v, n * sizeof *old);
	for (i = 0; i < n; i++)	/* names that stay what they were come back */
		if (group_has(g, old[i]))
			unset_remove(run->unset, old[i]);
	while (!failed && value_next(record_root(run->rec), &walk, &name, &v)) {
		text = value_text(name, arena);
		if (group_has(g, text) && !span_is(text, "_sync"))
			failed = replace(&u, text, !g->n, v, err);
	}
	for (i = 0; !failed && i < n; i++)
		if (group_has(g, old[i]))
			failed = replace(&u, old[i], !g->n, VALUE_NONE, err);
	buf_release(&u.name);
	return failed;
}
