/* check_object: members by their plans, which are guessed from the layout of the value before. */
#include "rules/check.h"

#include "rules/quick.h"

/* ---- names */

static inline bool is_name(const struct plan *p, const struct token *key, const char *text)
{
	return !(key->flags & TOKEN_ESCAPED) && short_is(&p->name, text + key->at, key->len);
}

static void remember(struct run *r, struct object_rules *o, uint32_t slot, struct plan *p)
{
	struct plan **memo;
	uint32_t n = o->memos ? o->memos : 8;

	if (slot >= MEMO_MAX || !p->kept)
		return;
	if (slot >= o->memos) {
		while (n <= slot)
			n *= 2;
		memo = arena_zalloc(&r->s->arena, n * sizeof(struct plan *));
		if (o->memos)
			memcpy(memo, o->memo, o->memos * sizeof(struct plan *));
		o->memo = memo;
		o->memos = n;
	}
	o->memo[slot] = p;
}

static struct plan *plan_look(struct run *r, struct object_rules *o, uint32_t key, uint32_t slot)
{
	struct span name = run_text(r, key);
	struct plan *p = plan_find(r->s, o, name);
	bool keep;

	if (!p) {
		keep = o->met < PLANS_MAX && name.n <= PLAN_NAME_MAX;
		if (plan_make(r->s, o, name, NULL, keep, &p, r->err)) {
			run_break(r);
			return NULL;
		}
		o->met += keep;
	}
	remember(r, o, slot, p);
	return p;
}

struct plan *object_plan(struct run *r, struct object_rules *o, uint32_t key, uint32_t slot)
{
	struct plan *p = slot < o->memos ? o->memo[slot] : NULL;

	return p && is_name(p, &r->tok[key], r->text) ? p : plan_look(r, o, key, slot);
}

uint32_t object_member(const struct run *r, uint32_t at, struct span name)
{
	const struct token *t = r->tok;
	uint32_t i;

	for (i = at + 1; i < t[at].next; i = t[i].next)
		if (i != r->skip && value_text_is((struct value){ r->rec, i }, name))
			return i;
	return 0;
}

uint64_t object_count(const struct run *r, uint32_t at)
{
	uint64_t n = value_count((struct value){ r->rec, at });

	return at == 0 && r->skip ? n - 1 : n;
}

/* ---- members */

static bool name_check(struct run *r, const struct node *n, struct plan *p, uint32_t key)
{
	if (p->as_name == NAME_UNKNOWN) {
		p->as_name = node_obeys(r, n->object->names, key) ? NAME_GOOD : NAME_BAD;
		if (r->broken) {
			p->as_name = NAME_UNKNOWN;
			return false;
		}
	}
	if (p->as_name == NAME_GOOD)
		return true;
	fail(r, n, "propertyNames", key, "the name '%s' breaks its rule: %s", error_show(p->name.text),
	     error_show(node_complaint(r, n->object->names, key)));
	return false;
}

bool member_check(struct run *r, const struct node *n, struct plan *p, uint32_t key)
{
	bool ok = true;
	uint32_t i;

	if (n->object->names)
		TRY(r, ok, name_check(r, n, p, key));
	for (i = 0; i < p->nsub; i++)
		TRY(r, ok, node_check(r, p->sub[i], key + 1));
	return ok;
}

/* ---- required */

/* Bits of the names beyond 64, which few schemas have. */
static uint64_t *many_bits(struct run *r, const struct object_rules *o)
{
	return o->nrequired > 64 ? arena_zalloc(&r->s->scratch, (o->nrequired + 63) / 64 * sizeof(uint64_t)) : NULL;
}

static bool required_check(struct run *r, const struct node *n, uint32_t at, uint64_t seen, const uint64_t *many)
{
	const struct object_rules *o = n->object;
	bool ok = true, there;
	uint32_t i;

	if (!many && seen == o->need)
		return true;
	for (i = 0; i < o->nrequired; i++) {
		there = i < 64 ? seen >> i & 1 : many[i / 64] >> i % 64 & 1;
		MUST(ok, there, r, n, "required", at, "must have '%s'", error_show(o->required[i]));
	}
	return ok;
}

/* ---- dependencies, counts */

static bool dependency_check(struct run *r, const struct node *n, const struct dependency *d, uint32_t at)
{
	bool ok = true;
	uint32_t i;

	if (!object_member(r, at, d->name))
		return true;
	if (d->node)
		return node_check(r, d->node, at);
	for (i = 0; i < d->n; i++)
		MUST(ok, object_member(r, at, d->needs[i]), r, n, "dependentRequired", at, "must have '%s', because it has '%s'",
		     error_show(d->needs[i]), error_show(d->name));
	return ok;
}

static bool count_check(struct run *r, const struct node *n, uint32_t at)
{
	const struct object_rules *o = n->object;
	uint64_t members;
	bool ok = true;

	if (!o->min && o->max == UINT64_MAX)
		return true;
	members = object_count(r, at);
	MUST(ok, members >= o->min, r, n, "minProperties", at, "must have %llu members or more, has %llu",
	     (unsigned long long)o->min, (unsigned long long)members);
	MUST(ok, members <= o->max, r, n, "maxProperties", at, "must have %llu members or fewer, has %llu",
	     (unsigned long long)o->max, (unsigned long long)members);
	return ok;
}

/* ---- places */

/* Whether this object is to be remembered: none is yet for lines of this shape. */
static bool places_begin(const struct run *r, struct object_rules *o, uint32_t at)
{
	struct object_places *p = &o->places[r->rec->tape.which];
	uint64_t shape = r->rec->dirty || o->nrequired > 64 ? 0 : r->rec->tape.shape;

	if (!shape || p->shape == shape)
		return false;
	p->shape = 0;
	p->at = at;
	p->skip = r->skip;
	p->n = 0;
	return true;
}

/* False where it can't be: one object inside the other by the same rules is remembered instead, or it is too much. */
static bool places_add(struct run *r, struct object_rules *o, uint32_t at, uint32_t key, struct plan *plan)
{
	struct object_places *p = &o->places[r->rec->tape.which];
	struct place *grown;

	if (!plan->kept || p->at != at)
		return false;
	if (!o->names && !plan->nsub)
		return true;
	if (p->n == p->cap) {
		if (p->cap >= MEMO_MAX)
			return false;
		p->cap = p->cap ? p->cap * 2 : 16;
		grown = arena_alloc(&r->s->arena, p->cap * sizeof *grown);
		if (p->n)
			memcpy(grown, p->place, p->n * sizeof *grown);
		p->place = grown;
	}
	p->place[p->n++] = (struct place){ plan, !o->names && plan->nsub == 1 ? plan->sub[0] : NULL, key };
	return true;
}

static bool places_known(const struct run *r, const struct object_rules *o, uint32_t at)
{
	const struct object_places *p = &o->places[r->rec->tape.which];

	return p->shape && p->shape == r->rec->tape.shape && p->at == at && p->skip == r->skip && !r->rec->dirty;
}

/* ---- the object */

static bool places_check(struct run *r, const struct node *n)
{
	const struct object_places *p = &n->object->places[r->rec->tape.which];
	const struct place *at;
	bool ok = true;
	uint32_t i;

	for (i = 0; i < p->n; i++) {
		at = &p->place[i];
		if (!at->only || !node_quick(r, at->only, at->key + 1))
			TRY(r, ok, member_check(r, n, at->plan, at->key));
	}
	return ok;
}

/* Each member by its name; *seen and many get the bits of the required ones. */
static bool members_check(struct run *r, const struct node *n, uint32_t at, uint64_t *seen, uint64_t *many)
{
	struct object_rules *o = n->object;
	struct object_places *places = &o->places[r->rec->tape.which];
	bool ok = true, learn = places_begin(r, o, at);
	const struct token *t = r->tok;
	uint32_t i, slot = 0;
	struct plan *p;

	for (i = at + 1; i < t[at].next; i = t[i].next) {
		if (i == r->skip)
			continue;
		p = slot < o->memos ? o->memo[slot] : NULL;
		if ((!p || !is_name(p, &t[i], r->text)) && !(p = plan_look(r, o, i, slot)))
			return false;
		slot++;
		*seen |= p->bit;
		if (many && p->required)
			many[(p->required - 1) / 64] |= 1ull << (p->required - 1) % 64;
		learn = learn && places_add(r, o, at, i, p);
		if (o->names || (p->nsub && (p->nsub > 1 || !node_quick(r, p->sub[0], i + 1))))
			TRY(r, ok, member_check(r, n, p, i));
	}
	if (learn && places->at == at) {
		places->seen = *seen;
		places->shape = r->rec->tape.shape;
	}
	return ok;
}

bool object_check(struct run *r, const struct node *n, uint32_t at)
{
	struct object_rules *o = n->object;
	uint64_t seen = 0, *many = many_bits(r, o);
	const struct dependency *d;
	bool ok = true;

	if (places_known(r, o, at)) {
		seen = o->places[r->rec->tape.which].seen;
		TRY(r, ok, places_check(r, n));
	} else {
		TRY(r, ok, members_check(r, n, at, &seen, many));
	}
	TRY(r, ok, required_check(r, n, at, seen, many));
	TRY(r, ok, count_check(r, n, at));
	for (d = o->dependency; d; d = d->next)
		TRY(r, ok, dependency_check(r, n, d, at));
	return ok;
}
