/* compile_apply: the keywords that apply other schemas to the same value, and those about arrays. */
#include "rules/compile.h"

/* ---- in place */

static struct logic *add_logic(struct compiler *c, struct node *n, enum logic_kind kind, uint32_t subs)
{
	struct logic *l = arena_zalloc(&c->s->arena, sizeof *l), **end = &n->logic;

	l->kind = kind;
	l->n = subs;
	l->sub = arena_zalloc(&c->s->arena, subs * sizeof *l->sub);
	while (*end)
		end = &(*end)->next;
	*end = l;
	return l;
}

static int add_list(struct compiler *c, struct node *n, const char *keyword, enum logic_kind kind, struct value v)
{
	struct walk walk = { 0 };
	struct logic *l;
	struct value sub;
	uint32_t i = 0;

	if (!value_count(v))
		return compile_fail(c, n, keyword, v.tok, "must have a schema in it");
	l = add_logic(c, n, kind, value_count(v));
	while (value_next(v, &walk, NULL, &sub))
		l->sub[i++] = compile_node(c, sub);
	return 0;
}

int add_all_of(struct compiler *c, struct node *n, struct value v)
{
	return add_list(c, n, "allOf", LOGIC_ALL, v);
}

int add_any_of(struct compiler *c, struct node *n, struct value v)
{
	return add_list(c, n, "anyOf", LOGIC_ANY, v);
}

int add_one_of(struct compiler *c, struct node *n, struct value v)
{
	return add_list(c, n, "oneOf", LOGIC_ONE, v);
}

int add_not(struct compiler *c, struct node *n, struct value v)
{
	add_logic(c, n, LOGIC_NOT, 1)->sub[0] = compile_node(c, v);
	return 0;
}

int add_if(struct compiler *c, struct node *n, struct value v)
{
	static const char *const branch[] = { "then", "else" };
	struct value schema = { &c->s->doc, n->tok }, sub;
	struct logic *l = add_logic(c, n, LOGIC_IF, 3);
	int i;

	l->sub[0] = compile_node(c, v);
	for (i = 0; i < 2; i++)
		if (value_member(schema, span_of(branch[i]), &sub))
			l->sub[i + 1] = compile_node(c, sub);
	return 0;
}

int add_ref(struct compiler *c, struct node *n, struct value v)
{
	struct node *target;

	if (value_type(v) != TOKEN_STRING)
		return compile_fail(c, n, "$ref", v.tok, "must be a string");
	if (index_resolve(c, n, v, &target))
		return -1;
	add_logic(c, n, LOGIC_REF, 1)->sub[0] = target;
	return 0;
}

/* `$schema`: what the document says it is. */
int add_schema(struct compiler *c, struct node *n, struct value v)
{
	static const char *const older[] = {
		"https://json-schema.org/draft/2019-09/schema", "http://json-schema.org/draft-07/schema", "http://json-schema.org/draft-06/schema",
		"http://json-schema.org/draft-04/schema", "http://json-schema.org/schema", "https://json-schema.org/schema",
	};
	struct span text;
	size_t i;

	if (value_type(v) != TOKEN_STRING)
		return compile_fail(c, n, "$schema", v.tok, "must be a string");
	text = value_text(v, &c->s->arena);
	if (text.n && text.p[text.n - 1] == '#')
		text.n--;
	if (span_is(text, "https://json-schema.org/draft/2020-12/schema"))
		return 0;
	for (i = 0; i < sizeof older / sizeof *older; i++) {
		if (span_is(text, older[i])) {
			compile_warn(c, n, "$schema", v.tok, "'%s' is read as draft 2020-12", older[i]);
			return 0;
		}
	}
	return compile_fail(c, n, "$schema", v.tok, "'%s' is not a draft that is known here", error_show(text));
}

/* ---- arrays */

struct array_rules *node_array(struct compiler *c, struct node *n)
{
	if (!n->array) {
		n->array = arena_zalloc(&c->s->arena, sizeof *n->array);
		n->array->max = UINT64_MAX;
		n->array->min_contains = 1;
		n->array->max_contains = UINT64_MAX;
	}
	return n->array;
}

int add_min_items(struct compiler *c, struct node *n, struct value v)
{
	return compile_count(c, n, "minItems", v, &node_array(c, n)->min);
}

int add_max_items(struct compiler *c, struct node *n, struct value v)
{
	return compile_count(c, n, "maxItems", v, &node_array(c, n)->max);
}

int add_min_contains(struct compiler *c, struct node *n, struct value v)
{
	return compile_count(c, n, "minContains", v, &node_array(c, n)->min_contains);
}

int add_max_contains(struct compiler *c, struct node *n, struct value v)
{
	return compile_count(c, n, "maxContains", v, &node_array(c, n)->max_contains);
}

int add_unique_items(struct compiler *c, struct node *n, struct value v)
{
	if (value_type(v) != TOKEN_TRUE && value_type(v) != TOKEN_FALSE)
		return compile_fail(c, n, "uniqueItems", v.tok, "must be true or false");
	node_array(c, n)->unique = value_type(v) == TOKEN_TRUE;
	return 0;
}

int add_prefix_items(struct compiler *c, struct node *n, struct value v)
{
	struct array_rules *a = node_array(c, n);
	struct walk walk = { 0 };
	struct value sub;

	if (!value_count(v))
		return compile_fail(c, n, "prefixItems", v.tok, "must have a schema in it");
	a->prefix = arena_zalloc(&c->s->arena, value_count(v) * sizeof *a->prefix);
	while (value_next(v, &walk, NULL, &sub))
		a->prefix[a->nprefix++] = compile_node(c, sub);
	return 0;
}

int add_items(struct compiler *c, struct node *n, struct value v)
{
	node_array(c, n)->items = compile_node(c, v);
	return 0;
}

int add_contains(struct compiler *c, struct node *n, struct value v)
{
	node_array(c, n)->contains = compile_node(c, v);
	return 0;
}
