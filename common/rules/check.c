/* check: a value against a node: types, then the rules of its type, then the schemas that apply in place. */
#include "rules/check.h"

#include <stdio.h>

#include "value/number.h"

enum { BUDGET_BASE = 1000000, BUDGET_TOKEN = 1000 };	/* schemas run for one record */

void run_start(struct run *r, struct schema *s, const struct record *rec, uint32_t skip, struct verdict *v, struct error *err)
{
	*r = (struct run){
		.s = s, .rec = rec, .tok = rec->tape.tok, .text = rec->line.p, .skip = skip,
		.budget = BUDGET_BASE + (uint64_t)rec->tape.n * BUDGET_TOKEN, .collect = true, .v = v, .err = err,
	};
	arena_reset(&s->scratch);
	arena_reset(&v->arena);
	v->n = 0;
}

int run_result(const struct run *r, bool ok)
{
	return r->broken ? -1 : ok;
}

bool run_break(struct run *r)
{
	r->broken = true;
	r->collect = false;
	return false;
}

struct span run_text(const struct run *r, uint32_t at)
{
	const struct token *t = &r->tok[at];

	if (t->flags & TOKEN_ESCAPED)
		return value_text((struct value){ r->rec, at }, &r->s->scratch);
	return (struct span){ r->text + t->at, t->len };
}

/* ---- types */

static const struct { unsigned bit; const char *name; } type_names[] = {
	{ 1u << TOKEN_FALSE, "a boolean" }, { TYPE_INTEGER, "an integer" }, { TYPE_NUMBER, "a number" }, { TYPE_STRING, "a string" },
	{ 1u << TOKEN_ARRAY, "an array" }, { TYPE_OBJECT, "an object" }, { 1u << TOKEN_NULL, "null" },
};

static const char *list_types(unsigned types, char *out, size_t size)
{
	size_t i, n = 0;

	if (types & TYPE_NUMBER)
		types &= ~(unsigned)TYPE_INTEGER;
	for (i = 0; i < sizeof type_names / sizeof *type_names; i++)
		if (types & type_names[i].bit)
			n += (size_t)snprintf(out + n, size - n, "%s%s", n ? " or " : "", type_names[i].name);
	return out;
}

/* NaN and the infinities, as a stream writes them under a numeric schema. */
static bool is_number_word(struct span s)
{
	return span_is(s, "NaN") || span_is(s, "Infinity") || span_is(s, "-Infinity");
}

/* A type whose bit isn't set may be allowed all the same. */
static bool type_fits(struct run *r, const struct node *n, uint32_t at)
{
	const struct token *t = &r->tok[at];

	if (t->type == TOKEN_NUMBER && n->types & TYPE_INTEGER)
		return number_is_integer((struct span){ r->text + t->at, t->len });
	return t->type == TOKEN_STRING && n->types & TYPE_NUMBER && r->s->frame && is_number_word(run_text(r, at));
}

static bool type_fail(struct run *r, const struct node *n, uint32_t at)
{
	char want[128];

	fail(r, n, "type", at, "must be %s, is %s", list_types(n->types, want, sizeof want), run_show(r, at));
	return false;
}

/* ---- schemas in place */

bool node_obeys(struct run *r, struct node *n, uint32_t at)
{
	struct failure *first = r->first;
	bool collect = r->collect, ok;

	r->first = NULL;
	r->collect = false;
	ok = node_check(r, n, at);
	r->first = first;
	r->collect = collect && !r->broken;
	return ok && !r->broken;
}

struct span node_complaint(struct run *r, struct node *n, uint32_t at)
{
	struct failure f = { .code = NULL };
	bool collect = r->collect;

	if (r->first || !collect)
		return SPAN_LIT("…");
	r->first = &f;
	r->collect = false;
	node_check(r, n, at);
	r->first = NULL;
	r->collect = collect && !r->broken;
	return f.code ? f.message : SPAN_LIT("…");
}

static void any_fail(struct run *r, const struct node *n, const struct logic *l, uint32_t at, const char *keyword)
{
	struct buf why = BUF_INIT;
	struct span one;
	uint32_t i;

	for (i = 0; i < l->n && i < 4; i++) {
		one = node_complaint(r, l->sub[i], at);
		buf_addf(&why, "%s%.*s", i ? "; or " : "", (int)one.n, one.p);
	}
	if (i < l->n)
		buf_adds(&why, "; or …");
	fail(r, n, keyword, at, "obeys none of %u schemas: %s", l->n, buf_str(&why));
	buf_release(&why);
}

static bool any_check(struct run *r, const struct node *n, const struct logic *l, uint32_t at)
{
	uint32_t i;

	for (i = 0; i < l->n; i++) {
		if (node_obeys(r, l->sub[i], at))
			return true;
		if (r->broken)
			return false;
	}
	any_fail(r, n, l, at, "anyOf");
	return false;
}

static bool one_check(struct run *r, const struct node *n, const struct logic *l, uint32_t at)
{
	uint32_t i, first = UINT32_MAX;

	for (i = 0; i < l->n; i++) {
		if (node_obeys(r, l->sub[i], at)) {
			if (first != UINT32_MAX) {
				fail(r, n, "oneOf", at, "must obey one of the schemas, obeys numbers %u and %u", first, i);
				return false;
			}
			first = i;
		}
		if (r->broken)
			return false;
	}
	if (first == UINT32_MAX)
		any_fail(r, n, l, at, "oneOf");
	return first != UINT32_MAX;
}

static bool not_check(struct run *r, const struct node *n, const struct logic *l, uint32_t at)
{
	bool obeys = node_obeys(r, l->sub[0], at);

	if (r->broken)
		return false;
	if (obeys)
		fail(r, n, "not", at, "must not obey the schema, is %s", run_show(r, at));
	return !obeys;
}

static bool all_check(struct run *r, const struct logic *l, uint32_t at)
{
	bool ok = true;
	uint32_t i;

	for (i = 0; i < l->n; i++)
		TRY(r, ok, node_check(r, l->sub[i], at));
	return ok;
}

static bool if_check(struct run *r, const struct logic *l, uint32_t at)
{
	bool obeys = node_obeys(r, l->sub[0], at);
	struct node *then = l->sub[obeys ? 1 : 2];

	if (r->broken)
		return false;
	return !then || node_check(r, then, at);
}

bool logic_check(struct run *r, const struct node *n, const struct logic *l, uint32_t at)
{
	switch (l->kind) {
	case LOGIC_ANY: return any_check(r, n, l, at);
	case LOGIC_ONE: return one_check(r, n, l, at);
	case LOGIC_NOT: return not_check(r, n, l, at);
	case LOGIC_IF: return if_check(r, l, at);
	default: return all_check(r, l, at);
	}
}

/* ---- a node */

static bool never_fail(struct run *r, const struct node *n, uint32_t at)
{
	struct span where = n->where;
	size_t i = where.n;

	while (i && where.p[i - 1] != '/')
		i--;
	if (span_is((struct span){ where.p + i, where.n - i }, "additionalProperties"))
		fail_code(r, "additionalProperties", n, NULL, at, "is not among the properties");
	else
		fail_code(r, "false", n, NULL, at, "must not be there");
	return false;
}

bool run_too_much(struct run *r)
{
	error_data(r->err, "rule-limit", "the rules take too much work for this record");
	return run_break(r);
}

static bool rest_check(struct run *r, struct node *n, uint32_t at)
{
	const struct logic *l;
	bool ok = true;

	if (n->values)
		TRY(r, ok, enum_check(r, n, n->values, at));
	if (n->constant)
		TRY(r, ok, enum_check(r, n, n->constant, at));
	for (l = n->logic; l; l = l->next)
		TRY(r, ok, logic_check(r, n, l, at));
	return ok;
}

static bool type_rules_check(struct run *r, struct node *n, uint32_t at)
{
	switch (r->tok[at].type) {
	case TOKEN_NUMBER: return !n->number || number_check(r, n, at);
	case TOKEN_STRING: return !n->string || string_check(r, n, at);
	case TOKEN_ARRAY: return !n->array || array_check(r, n, at);
	case TOKEN_OBJECT: return !n->object || object_check(r, n, at);
	default: return true;
	}
}

static bool rules_check(struct run *r, struct node *n, uint32_t at)
{
	bool ok = true;

	TRY(r, ok, type_rules_check(r, n, at));
	if (n->values || n->constant || n->logic)
		TRY(r, ok, rest_check(r, n, at));
	return ok;
}

bool node_check(struct run *r, struct node *n, uint32_t at)
{
	const struct token *t = &r->tok[at];
	unsigned bits = 1u << t->type | (t->flags & TOKEN_INTEGER ? TYPE_INTEGER : 0u);
	bool ok;

	if (n->never)
		return never_fail(r, n, at);
	if (!(n->types & bits) && !type_fits(r, n, at))
		return type_fail(r, n, at);
	if (!r->budget-- || r->depth >= DEPTH_MAX)
		return run_too_much(r);
	r->depth++;
	ok = rules_check(r, n, at);
	r->depth--;
	return ok;
}

int schema_check(struct schema *s, struct value value, uint32_t skip, struct verdict *v, struct error *err)
{
	struct run r;

	run_start(&r, s, value.rec, skip, v, err);
	return run_result(&r, node_check(&r, s->root, value.tok));
}
