/* keep and drop: which fields stay. Fields keep their order; `_sync` always stays. */
#include "map/map_private.h"
#include "map/shape.h"

/* ---- keep */

/* Paths as a tree: what is kept below a name, an index, or each element. */
struct node {
	struct step step;
	bool whole;		/* everything below is kept */
	struct node *child;	/* in the map's arena */
	uint32_t n, cap;
	uint32_t next;		/* where the child that is asked for next probably is */
};

static struct node *child_of(struct node *node, const struct step *step, struct arena *arena)
{
	struct node *more;
	uint32_t i;

	for (i = 0; i < node->n; i++)
		if (node->child[i].step.kind == step->kind &&
		    (step->kind == STEP_NAME ? span_eq(node->child[i].step.name, step->name) : node->child[i].step.index == step->index))
			return &node->child[i];
	if (node->n == node->cap) {
		node->cap = node->cap ? node->cap * 2 : 4;
		more = arena_zalloc(arena, node->cap * sizeof *more);
		if (node->n)
			memcpy(more, node->child, node->n * sizeof *more);
		node->child = more;
	}
	node->child[node->n] = (struct node){ .step = *step };
	return &node->child[node->n++];
}

/* What is kept of each element is kept of one that is named by its index too. */
static void graft(struct node *to, const struct node *from, struct arena *arena)
{
	struct node *child;
	uint32_t i;

	to->whole = to->whole || from->whole;
	for (i = 0; i < from->n; i++) {
		child = child_of(to, &from->child[i].step, arena);
		graft(child, &from->child[i], arena);
	}
}

static void share_each(struct node *node, struct arena *arena)
{
	struct node *each = NULL;
	uint32_t i;

	for (i = 0; i < node->n; i++)
		if (node->child[i].step.kind == STEP_EACH)
			each = &node->child[i];
	for (i = 0; each && i < node->n; i++)
		if (node->child[i].step.kind == STEP_INDEX || node->child[i].step.either)
			graft(&node->child[i], each, arena);
	for (i = 0; i < node->n; i++)
		share_each(&node->child[i], arena);
}

static int compile_keep(struct spec *spec, struct value v, struct map_step *step, struct error *err)
{
	struct arena *arena = map_arena(spec->map);
	struct node *root = arena_zalloc(arena, sizeof *root), *node;
	struct fields fields;
	uint32_t i, j;

	step->self = root;
	if (spec_paths(spec, v, "keep", &fields, err))
		return -1;
	for (i = 0; i < fields.n; i++) {
		for (node = root, j = 0; j < fields.v[i].path.n; j++)
			node = child_of(node, &fields.v[i].path.step[j], arena);
		node->whole = true;
	}
	share_each(root, arena);
	return 0;
}

enum { DEEPEST = 65 };	/* a path has 64 steps */

struct keeping {
	struct node *at[DEEPEST];	/* by depth: the node whose children are asked for */
	struct unset *unset;		/* of an update, or NULL */
};

static bool is_element(const struct step *s, uint32_t index)
{
	return s->index == index && (s->kind == STEP_INDEX || s->either);
}

static struct node *find_element(struct node *node, uint32_t index)
{
	struct node *each = NULL;
	uint32_t i;

	for (i = 0; i < node->n; i++) {
		if (is_element(&node->child[i].step, index))
			return &node->child[i];
		if (node->child[i].step.kind == STEP_EACH)
			each = &node->child[i];
	}
	return each;
}

static struct node *find_child(struct node *node, struct value name, uint32_t index)
{
	const struct step *s;
	uint32_t i, at;

	if (!value_present(name))
		return find_element(node, index);
	for (i = 0; i < node->n; i++) {
		at = node->next + i < node->n ? node->next + i : node->next + i - node->n;
		s = &node->child[at].step;
		if (s->kind != STEP_NAME || !value_text_is(name, s->name))
			continue;
		node->next = at + 1 < node->n ? at + 1 : 0;
		return &node->child[at];
	}
	return NULL;
}

static enum change_to keeps(void *ctx, uint32_t depth, struct value name, uint32_t index, struct value v)
{
	struct keeping *k = ctx;
	struct node *node = find_child(k->at[depth], name, index);

	if (!node)
		return depth == 0 && value_text_is(name, SPAN_LIT("_sync")) ? CHANGE_NOT : CHANGE_REMOVE;
	if (node->whole)
		return CHANGE_NOT;
	if (depth == 0 && k->unset && value_type(v) < TOKEN_ARRAY)	/* it goes, as it would from a row */
		unset_add(k->unset, node->step.name);
	k->at[depth + 1] = node;
	return CHANGE_INSIDE;
}

static int run_keep(struct map_step *step, struct map_run *run, struct error *err)
{
	struct keeping k;
	uint32_t i, j, n = 0;

	(void)err;
	k.at[0] = step->self;
	k.unset = run->unset;
	record_prune(run->rec, keeps, &k);
	for (i = 0; run->unset && i < run->unset->n; i++) {
		for (j = 0; j < k.at[0]->n && !span_eq(k.at[0]->child[j].step.name, run->unset->v[i]); j++)
			;
		if (j < k.at[0]->n)
			run->unset->v[n++] = run->unset->v[i];
		else
			run->unset->changed = true;
	}
	if (run->unset)
		run->unset->n = n;
	return 0;
}

static int shape_below(struct shape *s, struct node *node, struct path *at, struct error *err);

/* What is kept of elements: of each the same, or nothing that a schema could say. */
static int shape_elements(struct shape *s, struct node *node, struct path *at, struct error *err)
{
	uint32_t n = at->n;
	struct value v;
	int failed;

	if (shape_get(s, at, &v) && shape_may_be(v, "object"))	/* of which nothing is kept */
		return shape_put(s, at, SPAN_LIT("{}"), err);
	if (node->n > 1 || node->child->step.kind != STEP_EACH)
		return shape_retype(s, at, "array", "", err);
	at->step[at->n++] = node->child->step;
	failed = shape_below(s, node->child, at, err);
	at->n = n;
	return failed;
}

struct keeping_of {
	struct shape *s;
	const struct node *node;
	const struct path *at;	/* steps have room for one more */
};

/* What holds no others goes where just a part of it is kept. */
static bool may_go(void *ctx, struct span name)
{
	static const char *const scalars[] = { "null", "boolean", "integer", "number", "string" };
	const struct keeping_of *k = ctx;
	struct path field = *k->at;
	struct value v;
	uint32_t i, j;

	for (i = 0; i < k->node->n; i++) {
		if (k->node->child[i].step.kind != STEP_NAME || !span_eq(k->node->child[i].step.name, name))
			continue;
		field.step[field.n++] = k->node->child[i].step;
		if (!k->node->child[i].whole && !shape_get(k->s, &field, &v))
			return true;
		for (j = 0; !k->node->child[i].whole && j < sizeof scalars / sizeof *scalars; j++)
			if (shape_may_be(v, scalars[j]))
				return true;
		return false;
	}
	return true;
}

/* Walks what is declared below a field; `at` has room for its steps. */
static int shape_below(struct shape *s, struct node *node, struct path *at, struct error *err)
{
	struct keeping_of of = { s, node, at };
	struct value members, name, v;
	struct walk walk = { 0, 0, 0 };
	uint32_t n = at->n;
	struct node *child;
	int failed = 0;

	if (node->whole || n + 1 >= DEEPEST)
		return 0;
	if (node->child->step.kind != STEP_NAME)
		return shape_elements(s, node, at, err);
	if (shape_relax(s, at, may_go, &of, err))
		return -1;
	if (!shape_members(s, at, &members))
		return 0;
	while (!failed && value_next(members, &walk, &name, &v)) {
		at->step[n] = (struct step){ .kind = STEP_NAME, .name = arena_span(&s->arena, value_text(name, &s->arena)) };
		at->n = n + 1;
		child = find_child(node, name, 0);
		failed = child ? shape_below(s, child, at, err) : shape_remove(s, at, err);
	}
	at->n = n;
	return failed;
}

/* The key's parts that are not kept. */
static void shape_keys(struct shape *s, struct node *root)
{
	struct node *node;
	uint32_t i, j, k;

	for (i = 0; i < s->keys; i++) {
		for (node = root, j = 0; node && !node->whole && j < s->key[i].n; j++) {
			for (k = 0; k < node->n && !span_eq(node->child[k].step.name, s->key[i].step[j].name); k++)
				;
			node = k < node->n ? &node->child[k] : NULL;
		}
		s->key_lost = s->key_lost || !node;
	}
}

static int shape_keep(struct map_step *step, struct shape *s, const void **known, struct error *err)
{
	struct step steps[DEEPEST];
	struct path at = { .step = steps };

	(void)known;
	shape_keys(s, step->self);
	return shape_below(s, step->self, &at, err);
}

const struct map_kind step_keep = { .word = "keep", .compile = compile_keep, .run = run_keep, .shape = shape_keep };

/* ---- drop */

static int compile_drop(struct spec *spec, struct value v, struct map_step *step, struct error *err)
{
	struct fields *f = arena_zalloc(map_arena(spec->map), sizeof *f);

	step->self = f;
	if (spec_paths(spec, v, "drop", f, err))
		return -1;
	fields_last_first(f);
	return 0;
}

static int goes(void *ctx, struct value v, struct buf *json, struct error *err)
{
	(void)ctx;
	(void)v;
	(void)json;
	(void)err;
	return CHANGE_REMOVE;
}

static int run_drop(struct map_step *step, struct map_run *run, struct error *err)
{
	struct fields *f = step->self;
	uint32_t i;

	for (i = 0; i < f->n; i++) {
		if (record_change(run->rec, &f->v[i].path, &f->v[i].cursor, goes, NULL, err))
			return -1;
		if (run->unset && f->v[i].path.n == 1)
			unset_remove(run->unset, f->v[i].path.step[0].name);
	}
	return 0;
}

static int drop_from(struct shape *s, const struct path *field, struct error *err)
{
	struct path array = path_head(field, field->n - 1);

	return path_last(field)->kind == STEP_NAME ? shape_remove(s, field, err) : shape_fewer(s, &array, err);
}

static int shape_drop(struct map_step *step, struct shape *s, const void **known, struct error *err)
{
	struct fields *f = step->self;
	uint32_t i;

	(void)known;
	for (i = 0; i < f->n; i++)
		if (drop_from(s, &f->v[i].path, err))
			return -1;
	return 0;
}

const struct map_kind step_drop = { .word = "drop", .compile = compile_drop, .run = run_drop, .shape = shape_drop };
