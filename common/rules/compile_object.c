/* compile_object: the keywords about objects, and the plans: what follows from a member's name alone. */
#include "rules/compile.h"

#include "base/xalloc.h"

struct object_rules *node_object(struct compiler *c, struct node *n)
{
	if (!n->object) {
		n->object = arena_zalloc(&c->s->arena, sizeof *n->object);
		n->object->max = UINT64_MAX;
	}
	return n->object;
}

int add_min_properties(struct compiler *c, struct node *n, struct value v)
{
	return compile_count(c, n, "minProperties", v, &node_object(c, n)->min);
}

int add_max_properties(struct compiler *c, struct node *n, struct value v)
{
	return compile_count(c, n, "maxProperties", v, &node_object(c, n)->max);
}

/* An array of names, no two the same. */
static int take_names(struct compiler *c, struct node *n, const char *keyword, struct value v, struct span **out, uint32_t *count)
{
	struct walk walk = { 0 };
	struct value one;

	if (value_type(v) != TOKEN_ARRAY)
		return compile_fail(c, n, keyword, v.tok, "must be an array of names");
	*out = arena_zalloc(&c->s->arena, (value_count(v) + 1) * sizeof **out);
	while (value_next(v, &walk, NULL, &one)) {
		if (value_type(one) != TOKEN_STRING)
			return compile_fail(c, n, keyword, one.tok, "must be an array of names");
		(*out)[(*count)++] = value_text(one, &c->s->arena);
	}
	return 0;
}

int add_required(struct compiler *c, struct node *n, struct value v)
{
	struct object_rules *o = node_object(c, n);

	return take_names(c, n, "required", v, &o->required, &o->nrequired);
}

/* `properties` and its schemas are read from the document again when plans are made. */
int add_properties(struct compiler *c, struct node *n, struct value v)
{
	node_object(c, n)->properties = v;
	return 0;
}

int add_pattern_properties(struct compiler *c, struct node *n, struct value v)
{
	struct object_rules *o = node_object(c, n);
	struct walk walk = { 0 };
	struct value name, sub;
	struct pattern_rule *p;

	o->pattern = arena_zalloc(&c->s->arena, (value_count(v) + 1) * sizeof *o->pattern);
	while (value_next(v, &walk, &name, &sub)) {
		p = &o->pattern[o->npattern];
		p->node = compile_node(c, sub);
		if (compile_pattern(c, n, "patternProperties", name.tok, value_text(name, &c->s->arena), &p->regex))
			return -1;
		o->npattern++;
	}
	return 0;
}

int add_additional_properties(struct compiler *c, struct node *n, struct value v)
{
	node_object(c, n)->additional = compile_node(c, v);
	return 0;
}

int add_property_names(struct compiler *c, struct node *n, struct value v)
{
	node_object(c, n)->names = compile_node(c, v);
	return 0;
}

static struct dependency *new_dependency(struct compiler *c, struct node *n, struct value name)
{
	struct object_rules *o = node_object(c, n);
	struct dependency *d = arena_zalloc(&c->s->arena, sizeof *d), **end = &o->dependency;

	d->name = value_text(name, &c->s->arena);
	while (*end)
		end = &(*end)->next;
	*end = d;
	return d;
}

int add_dependent_required(struct compiler *c, struct node *n, struct value v)
{
	struct walk walk = { 0 };
	struct value name, list;
	struct dependency *d;

	if (value_type(v) != TOKEN_OBJECT)
		return compile_fail(c, n, "dependentRequired", v.tok, "must be an object of arrays of names");
	while (value_next(v, &walk, &name, &list)) {
		d = new_dependency(c, n, name);
		if (take_names(c, n, "dependentRequired", list, &d->needs, &d->n))
			return -1;
	}
	return 0;
}

int add_dependent_schemas(struct compiler *c, struct node *n, struct value v)
{
	struct walk walk = { 0 };
	struct value name, sub;

	while (value_next(v, &walk, &name, &sub))
		new_dependency(c, n, name)->node = compile_node(c, sub);
	return 0;
}

/* ---- plans */

static uint64_t hash_name(uint64_t seed, struct span name)
{
	uint64_t h = seed ^ name.n;
	size_t i;

	for (i = 0; i < name.n; i++)
		h = (h ^ (unsigned char)name.p[i]) * 0x100000001b3u;
	return h ^ h >> 32;
}

struct plan *plan_find(const struct schema *s, const struct object_rules *o, struct span name)
{
	uint64_t hash = hash_name(s->seed, name);
	struct plan *p;

	for (p = o->bucket[hash & (o->buckets - 1)]; p; p = p->next)
		if (p->hash == hash && span_eq(p->name.text, name))
			return p;
	return NULL;
}

static void plan_add(struct plan *p, struct node *n)
{
	if (n && !node_is_free(n))
		p->sub[p->nsub++] = n;
}

static int plan_match(struct plan *p, struct object_rules *o, struct node *property, struct error *err)
{
	bool known = property != NULL;
	uint32_t i;
	int rc;

	plan_add(p, property);
	for (i = 0; i < o->npattern; i++) {
		rc = regex_match(o->pattern[i].regex, p->name.text, err);
		if (rc < 0)
			return -1;
		if (rc)
			plan_add(p, o->pattern[i].node);
		known |= rc > 0;
	}
	if (!known)
		plan_add(p, o->additional);
	return 0;
}

int plan_make(struct schema *s, struct object_rules *o, struct span name, struct node *property, bool keep, struct plan **out,
	      struct error *err)
{
	struct arena *arena = keep ? &s->arena : &s->scratch;
	struct plan *p = arena_zalloc(arena, sizeof *p), **bucket;

	short_set(&p->name, arena_span(arena, name));
	p->hash = hash_name(s->seed, name);
	p->sub = arena_zalloc(arena, (o->npattern + 1) * sizeof *p->sub);
	p->declared = property != NULL;
	p->kept = keep;
	if (plan_match(p, o, property, err))
		return -1;
	if (keep) {
		bucket = &o->bucket[p->hash & (o->buckets - 1)];
		p->next = *bucket;
		*bucket = p;
	}
	*out = p;
	return 0;
}

static int plan_properties(struct compiler *c, struct node *n, struct object_rules *o)
{
	struct error why = ERROR_INIT;
	struct walk walk = { 0 };
	struct value name, sub;
	struct plan *p;

	while (o->properties.rec && value_next(o->properties, &walk, &name, &sub))
		if (plan_make(c->s, o, value_text(name, &c->s->arena), node_target(compile_node(c, sub)), true, &p, &why))
			return compile_fail(c, n, "properties", name.tok, "%s", why.text);
	return 0;
}

static int plan_required(struct compiler *c, struct node *n, struct object_rules *o)
{
	struct error why = ERROR_INIT;
	struct plan *p;
	uint32_t i;

	for (i = 0; i < o->nrequired; i++) {
		p = plan_find(c->s, o, o->required[i]);
		if (!p && plan_make(c->s, o, o->required[i], NULL, true, &p, &why))
			return compile_fail(c, n, "required", n->tok, "%s", why.text);
		if (p->required)
			return compile_fail(c, n, "required", n->tok, "'%s' is there twice", error_show(p->name.text));
		p->required = i + 1;
		if (i < 64)
			p->bit = 1ull << i;
		o->need |= p->bit;
	}
	return 0;
}

int object_finish(struct compiler *c, struct node *n)
{
	struct object_rules *o = n->object;
	uint32_t want = o->nrequired + PLANS_MAX / 4, i;
	struct dependency *d;

	if (o->properties.rec)
		want += value_count(o->properties);
	for (o->buckets = 64; o->buckets < want; o->buckets *= 2)
		;
	o->bucket = arena_zalloc(&c->s->arena, o->buckets * sizeof *o->bucket);
	o->additional = node_target(o->additional);
	o->names = node_target(o->names);
	if (o->names && node_is_free(o->names))
		o->names = NULL;
	for (i = 0; i < o->npattern; i++)
		o->pattern[i].node = node_target(o->pattern[i].node);
	for (d = o->dependency; d; d = d->next)
		d->node = node_target(d->node);
	return plan_properties(c, n, o) || plan_required(c, n, o) ? -1 : 0;
}
