/*
 * change: updates and deletes, which don't have the whole row. A rule is true, false, or can't be told from the fields
 * that are there (Kleene's logic of three values). The row was good before, so what can't be told matters
 * only where it depends on something that the change touches.
 */
#include "rules/check.h"

enum truth { NO, MAYBE, YES };	/* `and` is the least of two, `or` the greatest */

struct update {
	struct run run;
	const struct change *change;
	struct span lacks;	/* a field that would be needed */
};

static enum truth both(enum truth a, enum truth b) { return a < b ? a : b; }
static enum truth either(enum truth a, enum truth b) { return a > b ? a : b; }
static enum truth opposite(enum truth a) { return (enum truth)(YES - a); }
static enum truth known(bool b) { return b ? YES : NO; }

static bool is_unset(const struct update *u, struct span name)
{
	struct walk walk = { 0 };
	struct value v;

	if (u->change->unset.rec)
		while (value_next(u->change->unset, &walk, NULL, &v))
			if (value_type(v) == TOKEN_STRING && value_text_is(v, name))
				return true;
	return false;
}

static bool is_key(const struct change *c, struct span name)
{
	size_t i;

	for (i = 0; c->key && i < c->nkey; i++)
		if (span_eq(c->key[i], name))
			return true;
	return false;
}

/* Whether the row has a field after the change. */
static enum truth has(struct update *u, struct span name)
{
	if (object_member(&u->run, 0, name))
		return YES;
	if (is_unset(u, name))
		return NO;
	u->lacks = name;
	return MAYBE;
}

/* ---- what can be told of a rule */

static enum truth judge(struct update *u, struct node *n);

static enum truth judge_members(struct update *u, struct node *n)
{
	struct run *r = &u->run;
	const struct token *t = r->tok;
	bool collect = r->collect, ok = true;
	uint32_t i, slot = 0;
	struct plan *p;

	r->collect = false;
	for (i = 1; ok && i < t[0].next; i = t[i].next) {
		if (i == r->skip)
			continue;
		p = object_plan(r, n->object, i, slot++);
		ok = p && member_check(r, n, p, i);
	}
	r->collect = collect && !r->broken;
	return known(ok);
}

/* Rules of fields that aren't there. */
static enum truth judge_absent(struct update *u, struct node *n)
{
	const struct object_rules *o = n->object;
	struct walk walk = { 0 };
	struct value name, sub;
	enum truth t = o->npattern || o->additional || o->names || o->min || o->max != UINT64_MAX ? MAYBE : YES;

	while (o->properties.rec && value_next(o->properties, &walk, &name, &sub)) {
		struct span text = value_text(name, &u->run.s->scratch);
		const struct plan *p = plan_find(u->run.s, o, text);

		if (p && p->nsub && has(u, text) == MAYBE)
			t = MAYBE;
	}
	return t;
}

static enum truth judge_dependency(struct update *u, const struct dependency *d)
{
	enum truth needs = YES, when = has(u, d->name);
	uint32_t i;

	if (when == NO)
		return YES;
	for (i = 0; i < d->n; i++)
		needs = both(needs, has(u, d->needs[i]));
	if (d->node)
		needs = judge(u, d->node);
	return either(opposite(when), needs);
}

static enum truth judge_object(struct update *u, struct node *n)
{
	const struct object_rules *o = n->object;
	const struct dependency *d;
	enum truth t = judge_members(u, n);
	uint32_t i;

	for (i = 0; t && i < o->nrequired; i++)
		t = both(t, has(u, o->required[i]));
	for (d = o->dependency; t && d; d = d->next)
		t = both(t, judge_dependency(u, d));
	return t ? both(t, judge_absent(u, n)) : NO;
}

static enum truth judge_one(struct update *u, const struct logic *l)
{
	unsigned yes = 0, maybe = 0;
	enum truth t;
	uint32_t i;

	for (i = 0; i < l->n; i++) {
		t = judge(u, l->sub[i]);
		yes += t == YES;
		maybe += t == MAYBE;
	}
	if (yes > 1 || (!yes && !maybe))
		return NO;
	return maybe ? MAYBE : YES;
}

static enum truth judge_if(struct update *u, const struct logic *l)
{
	enum truth when = judge(u, l->sub[0]), then = YES, other = YES;

	if (when != NO && l->sub[1])
		then = judge(u, l->sub[1]);
	if (when != YES && l->sub[2])
		other = judge(u, l->sub[2]);
	if (when == YES)
		return then;
	if (when == NO)
		return other;
	return then == other ? then : MAYBE;
}

static enum truth judge_logic(struct update *u, const struct logic *l)
{
	enum truth t = l->kind == LOGIC_ANY ? NO : YES;
	uint32_t i;

	switch (l->kind) {
	case LOGIC_ONE: return judge_one(u, l);
	case LOGIC_NOT: return opposite(judge(u, l->sub[0]));
	case LOGIC_IF: return judge_if(u, l);
	default: break;
	}
	for (i = 0; i < l->n; i++)
		t = l->kind == LOGIC_ANY ? either(t, judge(u, l->sub[i])) : both(t, judge(u, l->sub[i]));
	return t;
}

static enum truth judge(struct update *u, struct node *n)
{
	const struct logic *l;
	enum truth t = YES;

	if (n->never || !(n->types & TYPE_OBJECT))
		return NO;
	if (!u->run.budget-- || u->run.depth >= DEPTH_MAX)
		run_too_much(&u->run);
	if (u->run.broken)
		return MAYBE;
	u->run.depth++;
	if (n->object)
		t = judge_object(u, n);
	for (l = n->logic; t && l; l = l->next)
		t = both(t, judge_logic(u, l));
	if (t && (n->values || n->constant))
		t = MAYBE;
	u->run.depth--;
	return t;
}

/* ---- what a rule depends on */

static bool touches(struct update *u, struct node *n);

/* The change sets or unsets a field. */
static bool touches_field(struct update *u, struct span name)
{
	return !is_key(u->change, name) && has(u, name) != MAYBE;
}

static bool touches_dependency(struct update *u, const struct dependency *d)
{
	uint32_t i;

	if (touches_field(u, d->name) || (d->node && touches(u, d->node)))
		return true;
	for (i = 0; i < d->n; i++)
		if (touches_field(u, d->needs[i]))
			return true;
	return false;
}

static bool touches_object(struct update *u, struct node *n)
{
	struct run *r = &u->run;
	const struct token *t = r->tok;
	struct object_rules *o = n->object;
	const struct dependency *d;
	struct walk walk = { 0 };
	struct value v;
	struct plan *p;
	uint32_t i;

	if (o->names || o->min || o->max != UINT64_MAX)
		return true;
	for (i = 1; i < t[0].next; i = t[i].next) {
		p = i == r->skip || is_key(u->change, run_text(r, i)) ? NULL : object_plan(r, o, i, MEMO_MAX);
		if (p && (p->nsub || p->required))
			return true;
	}
	while (u->change->unset.rec && value_next(u->change->unset, &walk, NULL, &v)) {
		if (value_type(v) != TOKEN_STRING)
			continue;
		p = plan_find(r->s, o, value_text(v, &r->s->scratch));
		if (p ? p->nsub || p->required : o->npattern || o->additional)
			return true;
	}
	for (d = o->dependency; d; d = d->next)
		if (touches_dependency(u, d))
			return true;
	return false;
}

static bool touches(struct update *u, struct node *n)
{
	const struct logic *l;
	uint32_t i;
	bool yes = n->values || n->constant;

	if (!u->run.budget-- || u->run.depth >= DEPTH_MAX)
		return run_too_much(&u->run);
	u->run.depth++;
	yes = yes || (n->object && touches_object(u, n));
	for (l = n->logic; l; l = l->next)
		for (i = 0; !yes && i < l->n; i++)
			yes = l->sub[i] && touches(u, l->sub[i]);
	u->run.depth--;
	return yes;
}

/* ---- the rules of an update, one by one */

static bool partial(struct update *u, const struct node *n, const char *keyword)
{
	return fail_code(&u->run, "partial", n, keyword, 0, "can't be told without the field '%s', which this update lacks",
			 error_show(u->lacks));
}

static bool update_node(struct update *u, struct node *n);

static bool update_members(struct update *u, struct node *n)
{
	struct run *r = &u->run;
	const struct token *t = r->tok;
	uint32_t i, slot = 0;
	struct plan *p;
	bool ok = true;

	for (i = 1; i < t[0].next; i = t[i].next) {
		if (i == r->skip)
			continue;
		p = object_plan(r, n->object, i, slot++);
		if (!p)
			return false;
		TRY(r, ok, member_check(r, n, p, i));
	}
	return ok;
}

/* The number of members is known if nothing was added and nothing unset; it isn't, so only a sure excess counts. */
static bool update_count(struct update *u, const struct node *n)
{
	const struct object_rules *o = n->object;
	bool unset = u->change->unset.rec && value_count(u->change->unset);
	uint64_t there = object_count(&u->run, 0);

	u->lacks = (struct span){ NULL, 0 };
	if (there > o->max) {
		fail(&u->run, n, "maxProperties", 0, "must have %llu members or fewer, has %llu", (unsigned long long)o->max,
		     (unsigned long long)there);
		return false;
	}
	if (o->max != UINT64_MAX || (unset && there < o->min)) {
		fail_code(&u->run, "partial", n, o->max != UINT64_MAX ? "maxProperties" : "minProperties", 0,
			  "can't be told without the whole row, which this update lacks");
		return false;
	}
	return true;
}

static bool update_dependency(struct update *u, struct node *n, const struct dependency *d)
{
	const char *keyword = d->node ? "dependentSchemas" : "dependentRequired";
	enum truth t = judge_dependency(u, d);

	if (t == MAYBE && touches_dependency(u, d)) {
		judge_dependency(u, d);	/* names the field again */
		partial(u, n, keyword);
		return false;
	}
	if (t == NO)
		fail(&u->run, n, keyword, 0, "breaks what follows from '%s'", error_show(d->name));
	return t != NO;
}

static bool update_object(struct update *u, struct node *n)
{
	struct object_rules *o = n->object;
	const struct dependency *d;
	bool ok = true;
	uint32_t i;

	TRY(&u->run, ok, update_members(u, n));
	for (i = 0; i < o->nrequired; i++)
		MUST(ok, has(u, o->required[i]) != NO, &u->run, n, "required", 0, "must have '%s', which this update unsets",
		     error_show(o->required[i]));
	TRY(&u->run, ok, update_count(u, n));
	for (d = o->dependency; d; d = d->next)
		TRY(&u->run, ok, update_dependency(u, n, d));
	return ok;
}

/* One of `then` and `else` is known to apply. If the update brought that about, it may be new, so that nothing of it held before. */
static bool update_branch(struct update *u, struct node *n, const struct logic *l, enum truth when)
{
	struct node *then = l->sub[when == YES ? 1 : 2];
	enum truth t = YES;

	if (!then)
		return true;
	if (touches(u, l->sub[0]))
		t = judge(u, then);
	if (t == MAYBE) {
		partial(u, n, "if");
		return false;
	}
	if (update_node(u, then) && t == YES)
		return true;
	if (t == NO && !u->run.v->n)
		fail(&u->run, n, "if", 0, "is broken by what this update sets");
	return false;
}

static bool update_all(struct update *u, const struct logic *l)
{
	bool ok = true;
	uint32_t i;

	for (i = 0; i < l->n; i++)
		TRY(&u->run, ok, update_node(u, l->sub[i]));
	return ok;
}

static bool update_logic(struct update *u, struct node *n, const struct logic *l)
{
	static const char *const keyword[] = { "$ref", "allOf", "anyOf", "oneOf", "not", "if" };
	struct node whole = { .types = TYPE_ANY, .logic = &(struct logic){ l->kind, l->sub, l->n, NULL } };
	enum truth t;

	if (l->kind == LOGIC_REF || l->kind == LOGIC_ALL)
		return update_all(u, l);
	if (l->kind == LOGIC_IF && (t = judge(u, l->sub[0])) != MAYBE)
		return update_branch(u, n, l, t);
	t = judge_logic(u, l);
	if (t == NO)
		fail(&u->run, n, keyword[l->kind], 0, "is broken by what this update sets");
	else if (t == MAYBE && touches(u, &whole) && judge_logic(u, l) == MAYBE)
		partial(u, n, keyword[l->kind]);
	else
		return true;
	return false;
}

static bool update_node(struct update *u, struct node *n)
{
	const struct logic *l;
	bool ok = true;

	if (n->never || !(n->types & TYPE_OBJECT))
		return node_check(&u->run, n, 0);
	if (!u->run.budget-- || u->run.depth >= DEPTH_MAX)
		return run_too_much(&u->run);
	u->run.depth++;
	if (n->object)
		ok = update_object(u, n);
	if (n->values || n->constant) {
		partial(u, n, n->values ? "enum" : "const");
		ok = false;
	}
	for (l = n->logic; l && !u->run.broken; l = l->next)
		ok = update_logic(u, n, l) && ok;
	u->run.depth--;
	return ok;
}

int schema_check_update(struct schema *s, const struct record *rec, const struct change *change, struct verdict *v, struct error *err)
{
	struct update u = { .change = change };
	bool ok;

	run_start(&u.run, s, rec, change->skip, v, err);
	ok = update_node(&u, s->root);
	return run_result(&u.run, ok);
}

/* ---- deletes */

static bool delete_node(struct run *r, struct node *n, const struct change *change)
{
	const struct token *t = r->tok;
	const struct logic *l;
	uint32_t i;
	bool ok = true;
	struct plan *p;

	if (!r->budget-- || r->depth >= DEPTH_MAX)
		return run_too_much(r);
	r->depth++;
	for (i = 1; n->object && i < t[0].next; i = t[i].next) {
		if (i == r->skip || (change->key && !is_key(change, run_text(r, i))))
			continue;
		p = object_plan(r, n->object, i, MEMO_MAX);
		ok = p && member_check(r, n, p, i) && ok;
	}
	for (l = n->logic; l && !r->broken; l = l->next)
		for (i = 0; i < l->n && (l->kind == LOGIC_REF || l->kind == LOGIC_ALL); i++)
			ok = delete_node(r, l->sub[i], change) && ok;
	r->depth--;
	return ok;
}

int schema_check_delete(struct schema *s, const struct record *rec, const struct change *change, struct verdict *v, struct error *err)
{
	struct run r;
	bool ok;

	run_start(&r, s, rec, change->skip, v, err);
	ok = delete_node(&r, s->root, change);
	return run_result(&r, ok);
}
