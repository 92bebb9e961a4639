/* fields: what a schema says that records have, and of which types. */
#include "rules/program.h"

enum { FIELDS_DEEP = 16 };

struct visit {
	void *(*fn)(void *ctx, void *above, struct span name);
	void *ctx;
	struct schema *s;
};

static void visit_node(struct visit *v, struct node *n, void *above, unsigned depth);

static void visit_properties(struct visit *v, const struct object_rules *o, void *above, unsigned depth)
{
	struct walk walk = { 0 };
	struct value name, sub;
	void *field;

	while (value_next(o->properties, &walk, &name, &sub)) {
		field = v->fn(v->ctx, above, value_text(name, &v->s->arena));
		if (field)
			visit_node(v, v->s->node[sub.tok], field, depth + 1);
	}
}

static void visit_node(struct visit *v, struct node *n, void *above, unsigned depth)
{
	const struct logic *l;
	uint32_t i;

	if (n->busy || depth > FIELDS_DEEP)
		return;
	n->busy = true;
	if (n->object && n->object->properties.rec)
		visit_properties(v, n->object, above, depth);
	for (l = n->logic; l; l = l->next)
		for (i = 0; i < l->n && (l->kind == LOGIC_REF || l->kind == LOGIC_ALL); i++)
			visit_node(v, l->sub[i], above, depth);
	n->busy = false;
}

void schema_fields(struct schema *s, void *(*fn)(void *ctx, void *above, struct span name), void *ctx)
{
	struct visit v = { fn, ctx, s };

	visit_node(&v, s->root, NULL, 0);
}

/* ---- types */

static unsigned choice_types(const struct enum_rules *e)
{
	unsigned types = 0;
	uint32_t i;

	for (i = 0; i < e->n; i++)
		types |= 1u << value_type(e->choice[i].value);
	return types | (types & TYPE_NUMBER ? TYPE_INTEGER : 0u);
}

/* Of a value: what the node and those that apply in any case let through. */
static unsigned value_types(const struct node *n, unsigned depth)
{
	unsigned types = n->never ? 0u : n->types | (n->types & TYPE_NUMBER ? TYPE_INTEGER : 0u);
	const struct logic *l;
	uint32_t i;

	if (n->values)
		types &= choice_types(n->values);
	if (n->constant)
		types &= choice_types(n->constant);
	for (l = n->logic; l && depth < FIELDS_DEEP; l = l->next)
		for (i = 0; i < l->n && (l->kind == LOGIC_REF || l->kind == LOGIC_ALL); i++)
			types &= value_types(l->sub[i], depth + 1);
	return types;
}

/* Of a field of an object that the node rules. */
static unsigned field_types(const struct schema *s, const struct node *n, struct span name, unsigned depth)
{
	unsigned types = TYPE_ANY | TYPE_INTEGER;
	const struct plan *p = n->object ? plan_find(s, n->object, name) : NULL;
	const struct logic *l;
	uint32_t i;

	for (i = 0; p && i < p->nsub; i++)
		types &= value_types(p->sub[i], 0);
	for (l = n->logic; l && depth < FIELDS_DEEP; l = l->next)
		for (i = 0; i < l->n && (l->kind == LOGIC_REF || l->kind == LOGIC_ALL); i++)
			types &= field_types(s, l->sub[i], name, depth + 1);
	return types;
}

unsigned schema_types(const struct schema *s, struct span name)
{
	return field_types(s, s->root, name, 0);
}
