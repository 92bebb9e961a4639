/* check_array: items one by one, those that match `contains` counted, and no two equal. */
#include "rules/check.h"

enum { FEW = 8 };	/* so many items are compared each with each */

static bool count_check(struct run *r, const struct node *n, uint32_t at)
{
	const struct array_rules *a = n->array;
	uint64_t items;
	bool ok = true;

	if (!a->min && a->max == UINT64_MAX)
		return true;
	items = value_count((struct value){ r->rec, at });
	MUST(ok, items >= a->min, r, n, "minItems", at, "must have %llu items or more, has %llu", (unsigned long long)a->min,
	     (unsigned long long)items);
	MUST(ok, items <= a->max, r, n, "maxItems", at, "must have %llu items or fewer, has %llu", (unsigned long long)a->max,
	     (unsigned long long)items);
	return ok;
}

static bool items_check(struct run *r, const struct array_rules *a, uint32_t at)
{
	const struct token *t = r->tok;
	struct node *sub;
	uint32_t i, k = 0;
	bool ok = true;

	if (!a->items && !a->nprefix)
		return true;
	for (i = at + 1; i < t[at].next; i = t[i].next, k++) {
		sub = k < a->nprefix ? a->prefix[k] : a->items;
		if (sub)
			TRY(r, ok, node_check(r, sub, i));
		else if (k >= a->nprefix)
			break;
	}
	return ok;
}

static bool contains_check(struct run *r, const struct node *n, uint32_t at)
{
	const struct array_rules *a = n->array;
	const struct token *t = r->tok;
	uint64_t found = 0;
	bool ok = true;
	uint32_t i;

	if (!a->contains)
		return true;
	for (i = at + 1; i < t[at].next; i = t[i].next) {
		found += node_obeys(r, a->contains, i);
		if (r->broken)
			return false;
	}
	MUST(ok, found >= a->min_contains, r, n, a->min_contains == 1 ? "contains" : "minContains", at,
	     "must contain %llu matching items or more, contains %llu", (unsigned long long)a->min_contains, (unsigned long long)found);
	MUST(ok, found <= a->max_contains, r, n, "maxContains", at, "must contain %llu matching items or fewer, contains %llu",
	     (unsigned long long)a->max_contains, (unsigned long long)found);
	return ok;
}

/* ---- uniqueItems */

struct item {
	struct hash128 hash;
	uint32_t tok;		/* 0: free */
	uint32_t index;
};

static bool twice(struct run *r, const struct node *n, uint32_t at, uint32_t first, uint32_t second)
{
	fail(r, n, "uniqueItems", at, "items %u and %u are equal", first, second);
	return false;
}

static bool unique_few(struct run *r, const struct node *n, uint32_t at)
{
	const struct token *t = r->tok;
	uint32_t i, k, x, y;

	for (i = at + 1, x = 0; i < t[at].next; i = t[i].next, x++)
		for (k = t[i].next, y = x + 1; k < t[at].next; k = t[k].next, y++)
			if (value_equal((struct value){ r->rec, i }, (struct value){ r->rec, k }, 0))
				return twice(r, n, at, x, y);
	return true;
}

/* By hash, in an open table. */
static bool unique_many(struct run *r, const struct node *n, uint32_t at, uint32_t count)
{
	const struct token *t = r->tok;
	struct item *table, *e;
	uint32_t size = 16, i, x;
	struct hash128 h;
	uint64_t slot;

	while (size < 2 * count)
		size *= 2;
	table = arena_zalloc(&r->s->scratch, size * sizeof *table);
	for (i = at + 1, x = 0; i < t[at].next; i = t[i].next, x++) {
		h = value_hash((struct value){ r->rec, i }, &r->s->key, 0);
		for (slot = h.lo; e = &table[slot & (size - 1)], e->tok; slot++)
			if (hash128_eq(e->hash, h) && value_equal((struct value){ r->rec, e->tok }, (struct value){ r->rec, i }, 0))
				return twice(r, n, at, e->index, x);
		*e = (struct item){ h, i, x };
	}
	return true;
}

static bool unique_check(struct run *r, const struct node *n, uint32_t at)
{
	uint32_t count;

	if (!n->array->unique)
		return true;
	count = value_count((struct value){ r->rec, at });
	return count <= FEW ? unique_few(r, n, at) : unique_many(r, n, at, count);
}

bool array_check(struct run *r, const struct node *n, uint32_t at)
{
	bool ok = true;

	TRY(r, ok, count_check(r, n, at));
	TRY(r, ok, items_check(r, n->array, at));
	TRY(r, ok, contains_check(r, n, at));
	TRY(r, ok, unique_check(r, n, at));
	return ok;
}
