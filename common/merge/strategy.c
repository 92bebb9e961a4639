/* strategy: newest, first, union, counter and their like. */
#include "merge/strategy.h"

#include <stdlib.h>

#include "merge/clock.h"
#include "merge/decimal.h"

static inline bool has(uint32_t mask, int side) { return mask >> side & 1; }

static void pick(struct choice *choice, const struct candidates *c, int side)
{
	choice->conflict = false;
	choice->v = c->v[side];
}

/* ---- by the row's clock */

static struct row_clock clock_of(struct group *g, const struct policy *p, int side)
{
	struct value v = VALUE_NONE;

	if (!record_get(&g->v[side].rec, &p->clock, NULL, &v))
		v = VALUE_NONE;
	return row_clock_read(v, &g->arena);
}

/* The side whose clock is beyond that of all others that have another value. */
static void by_clock(struct group *g, const struct policy *p, const struct candidates *c, int sign, struct choice *choice)
{
	struct row_clock clock[MOST_SIDES];
	bool best;
	int i, j;

	for (i = 0; i < g->sides; i++)
		if (has(c->changed, i))
			clock[i] = clock_of(g, p, i);
	for (i = 0; i < g->sides; i++) {
		best = has(c->changed, i);
		for (j = 0; best && j < g->sides; j++)
			if (has(c->changed, j) && c->same[j] != c->same[i])
				best = row_clock_compare(&clock[i], &clock[j], p->skew) == sign;
		if (best) {
			pick(choice, c, i);
			return;
		}
	}
}

/* ---- by value */

/* 1, 0, -1 as times, numbers or strings; 2 for what has no order. */
static int compare(struct value a, struct value b, struct arena *arena)
{
	struct row_clock x = row_clock_read(a, arena), y = row_clock_read(b, arena);
	int c;

	if (x.kind != CLOCK_NONE && x.kind == y.kind)
		return row_clock_compare(&x, &y, 0);
	if (value_type(a) != TOKEN_STRING || value_type(b) != TOKEN_STRING)
		return 2;
	c = span_cmp(value_text(a, arena), value_text(b, arena));
	return (c > 0) - (c < 0);
}

/* The largest (sign 1) or smallest (-1) of all that aren't absent or null. */
static void by_value(struct group *g, const struct candidates *c, int sign, struct choice *choice)
{
	int best = -1, order, i;

	for (i = 0; i < g->sides; i++) {
		if (!has(c->changed, i) || !value_present(c->v[i]) || value_type(c->v[i]) == TOKEN_NULL)
			continue;
		order = best < 0 ? sign : compare(c->v[i], c->v[best], &g->arena);
		if (order == 2)
			return;
		if (order == sign)
			best = i;
	}
	if (best >= 0)
		pick(choice, c, best);
}

/* ---- counters: what each side added to the base is added to it */

static bool is_nothing(const struct group *g, struct value v)
{
	return !value_present(v) || (g->absent_null && value_type(v) == TOKEN_NULL);
}

static void by_counting(struct group *g, const struct candidates *c, struct buf *made, struct choice *choice)
{
	struct decimal_term term[2 * MOST_SIDES];
	bool none = is_nothing(g, c->base);
	size_t n = 0;
	int i, counted = 0;

	if (!none && value_type(c->base) != TOKEN_NUMBER)
		return;
	for (i = 0; i < g->sides; i++) {
		if (!has(c->changed, i))
			continue;
		if (is_nothing(g, c->v[i]) || value_type(c->v[i]) != TOKEN_NUMBER)
			return;
		term[n++] = (struct decimal_term){ value_bytes(c->v[i]), false };
		if (counted++ && !none)
			term[n++] = (struct decimal_term){ value_bytes(c->base), true };
	}
	if (decimal_sum(term, n, made))
		return;
	choice->conflict = false;
	choice->made = made;
}

/* ---- sets */

struct element {
	struct hash128 hash;
	struct value v;
	uint32_t order;		/* in the base, then in the sides, one after the other */
	uint32_t in;		/* bits of the sides that have it, of the base at 31 */
	bool stays;
};
#define IN_BASE (UINT32_C(1) << 31)

static int by_hash(const void *a, const void *b)
{
	const struct element *x = a, *y = b;
	int c = hash128_cmp(x->hash, y->hash);

	return c ? c : (x->order > y->order) - (x->order < y->order);
}

static int by_order(const void *a, const void *b)
{
	const struct element *x = a, *y = b;

	return (x->order > y->order) - (x->order < y->order);
}

/* Adds an array's elements; an absent one has none. -1: no array. */
static int gather(const struct group *g, struct value array, uint32_t in, const struct hash_key *secret, struct element *e, uint32_t *n)
{
	struct walk walk = { 0, 0, 0 };
	struct value v;

	if (is_nothing(g, array))
		return 0;
	if (value_type(array) != TOKEN_ARRAY)
		return -1;
	while (value_next(array, &walk, NULL, &v)) {
		e[*n] = (struct element){ value_hash(v, secret, 0), v, *n, in, false };
		++*n;
	}
	return 0;
}

/* Of equal elements the first one stays, unless the base has it and some side has not. */
static void keep(struct element *e, uint32_t n, uint32_t sides)
{
	uint32_t i, j, in;

	for (i = 0; i < n; i = j) {
		in = 0;
		for (j = i; j < n && hash128_eq(e[j].hash, e[i].hash); j++)
			in |= e[j].in;
		e[i].stays = !(in & IN_BASE) || (in & sides) == sides;
	}
}

static uint32_t elements(struct value v)
{
	return value_present(v) && value_type(v) == TOKEN_ARRAY ? value_count(v) : 0;
}

static void by_union(struct group *g, const struct candidates *c, const struct hash_key *secret, struct buf *made, struct choice *choice)
{
	uint32_t most = elements(c->base), n = 0, i;
	struct element *e;
	int side, bad;

	for (side = 0; side < g->sides; side++)
		if (has(c->sides, side))
			most += elements(c->v[side]);
	e = arena_alloc(&g->arena, ((size_t)most + 1) * sizeof *e);
	bad = gather(g, c->base, IN_BASE, secret, e, &n);
	for (side = 0; !bad && side < g->sides; side++)
		if (has(c->sides, side))
			bad = gather(g, c->v[side], UINT32_C(1) << side, secret, e, &n);
	if (bad)
		return;
	qsort(e, n, sizeof *e, by_hash);
	keep(e, n, c->sides);
	qsort(e, n, sizeof *e, by_order);
	for (i = 0; i < n; i++) {
		if (!e[i].stays)
			continue;
		buf_addc(made, made->n ? ',' : '[');
		value_write(e[i].v, made);
	}
	buf_adds(made, made->n ? "]" : "[]");
	choice->conflict = false;
	choice->made = made;
}

/* ---- all of them */

static void by_place(const struct group *g, const struct candidates *c, bool first, struct choice *choice)
{
	int i;

	for (i = 0; i < g->sides; i++)
		if (has(c->changed, i)) {
			pick(choice, c, i);
			if (first)
				return;
		}
}

void strategy_choose(struct group *g, const struct policy *p, struct rule rule, const struct candidates *c, const struct hash_key *secret,
		     struct buf *made, struct choice *choice)
{
	*choice = (struct choice){ true, VALUE_NONE, NULL };
	buf_reset(made);
	switch (rule.how) {
	case BY_NEWEST:
	case BY_OLDEST:
		by_clock(g, p, c, rule.how == BY_NEWEST ? 1 : -1, choice);
		break;
	case BY_FIRST:
	case BY_LAST:
		by_place(g, c, rule.how == BY_FIRST, choice);
		break;
	case BY_SIDE:
		if (has(c->changed, rule.side))
			pick(choice, c, rule.side);
		break;
	case BY_UNION:
		by_union(g, c, secret, made, choice);
		break;
	case BY_COUNTER:
		by_counting(g, c, made, choice);
		break;
	case BY_MAX:
	case BY_MIN:
		by_value(g, c, rule.how == BY_MAX ? 1 : -1, choice);
		break;
	default:
		break;
	}
}
