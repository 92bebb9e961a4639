/* fields: what a schema says that records have, for reports. */
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
