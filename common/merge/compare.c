/* compare: rows, field by field. */
#include "merge/compare.h"

#include <stdlib.h>

enum { WRITTEN = UINT32_MAX };	/* a field's place, once it is in the output */

struct fields fields_of(const struct record *rec, struct arena *arena)
{
	struct value root = record_root(rec);
	struct fields f = { arena_alloc(arena, (value_count(root) + 1) * sizeof *f.v), 0 };
	struct walk walk = { 0, 0, 0 };
	struct field *at = f.v;

	while (value_next(root, &walk, &at->key, &at->value)) {
		at->name = value_text(at->key, arena);
		if (span_eq(at->name, SPAN_LIT("_sync")))
			continue;
		at->seen = false;
		at->place = f.n++;
		at = &f.v[f.n];
	}
	return f;
}

static int by_name(const void *a, const void *b)
{
	return span_cmp(((const struct field *)a)->name, ((const struct field *)b)->name);
}

static int by_place(const void *a, const void *b)
{
	const struct field *x = a, *y = b;

	return (x->place > y->place) - (x->place < y->place);
}

void fields_sort(struct fields *f)
{
	qsort(f->v, f->n, sizeof *f->v, by_name);
}

struct field *fields_find(const struct fields *f, struct span name)
{
	const struct field want = { .name = name };

	return f->n ? bsearch(&want, f->v, f->n, sizeof *f->v, by_name) : NULL;
}

/* ---- one value */

/* Does the text read as the value? */
static bool reads_as(struct value text, struct value v, struct arena *arena)
{
	struct scan_limits limits = SCAN_LIMITS_INIT;
	struct error err = ERROR_INIT;
	struct record rec;
	struct span s;
	bool equal = false;

	if (value_type(text) != TOKEN_STRING || value_type(v) == TOKEN_STRING || value_type(v) == TOKEN_NULL)
		return value_equal(text, v, 0);
	s = value_text(text, arena);
	if (value_type(v) == TOKEN_TRUE || value_type(v) == TOKEN_FALSE)
		return span_is(s, value_type(v) == TOKEN_TRUE ? "true" : "false");
	if (value_type(v) == TOKEN_NUMBER && span_eq(s, value_bytes(v)))
		return true;
	record_init(&rec);
	if (!record_copy(&rec, s.p, s.n, &limits, &err))
		equal = value_equal(record_root(&rec), v, 0);
	record_release(&rec);
	return equal;
}

bool compare_values(struct value a, bool a_untyped, struct value b, bool b_untyped, struct arena *arena)
{
	if (a_untyped == b_untyped)
		return value_equal(a, b, 0);
	return a_untyped ? reads_as(a, b, arena) : reads_as(b, a, arena);
}

/* ---- one field of both rows, either of which may be NULL: absent there */

static bool is_ignored(const struct compare *c, struct span name)
{
	uint32_t i;

	for (i = 0; i < c->ignored; i++)
		if (span_eq(c->ignore[i], name))
			return true;
	return false;
}

static bool fields_equal(const struct compare *c, const struct field *a, const struct field *b, struct arena *arena)
{
	const struct field *one = a ? a : b;

	if (a && b)
		return compare_values(a->value, shape_is_untyped(c->a, a->name), b->value, shape_is_untyped(c->b, b->name), arena) ||
			is_ignored(c, a->name);
	return (compare_absent_null(c) && value_type(one->value) == TOKEN_NULL) || is_ignored(c, one->name);
}

static bool same_names(const struct fields *a, const struct fields *b)
{
	uint32_t i;

	if (a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++)
		if (!span_eq(a->v[i].name, b->v[i].name))
			return false;
	return true;
}

/* Both as they stand in order of their names; calls fn for every name of either until it returns false, which is returned. */
static bool each_pair(struct fields *a, struct fields *b, bool (*fn)(void *ctx, struct field *a, struct field *b), void *ctx)
{
	uint32_t i = 0, j = 0;
	int c;

	if (!same_names(a, b)) {
		fields_sort(a);
		fields_sort(b);
	}
	while (i < a->n || j < b->n) {
		c = i == a->n ? 1 : j == b->n ? -1 : span_eq(a->v[i].name, b->v[j].name) ? 0 : span_cmp(a->v[i].name, b->v[j].name);
		if (!fn(ctx, c <= 0 ? &a->v[i] : NULL, c >= 0 ? &b->v[j] : NULL))
			return false;
		i += c <= 0;
		j += c >= 0;
	}
	return true;
}

struct pairing {
	const struct compare *c;
	struct arena *arena;
};

static bool pair_equal(void *ctx, struct field *a, struct field *b)
{
	struct pairing *p = ctx;

	return fields_equal(p->c, a, b, p->arena);
}

bool compare_rows(const struct compare *c, const struct record *a, const struct record *b, struct arena *arena)
{
	struct pairing p = { c, arena };
	struct fields x, y;

	if (!c->ignored && !c->a->untyped && !c->b->untyped)
		return record_equal(a, b, compare_absent_null(c) ? EQUAL_ABSENT_NULL : 0);
	x = fields_of(a, arena);
	y = fields_of(b, arena);
	return each_pair(&x, &y, pair_equal, &p);
}

/* ---- what turns a into b */

/* Marks in both what differs. */
static bool mark(void *ctx, struct field *a, struct field *b)
{
	struct pairing *p = ctx;
	bool differs = !fields_equal(p->c, a, b, p->arena);

	if (b)
		b->seen = differs;
	if (a)
		a->seen = differs && !b;
	return true;
}

static void add_name(struct buf *out, struct value key)
{
	if (out->n)
		buf_addc(out, ',');
	buf_addc(out, '"');
	buf_addspan(out, value_bytes(key));
	buf_addc(out, '"');
}

static void add_field(struct buf *out, struct field *f)
{
	add_name(out, f->key);
	buf_addc(out, ':');
	value_write(f->value, out);
}

/* The fields that the key is in; `place` says what was written. */
static void add_key(const struct key *key, struct fields *y, struct buf *out)
{
	uint32_t i, j;

	for (i = 0; i < key->n; i++)
		for (j = 0; j < y->n; j++)
			if (y->v[j].place != WRITTEN && span_eq(y->v[j].name, key->part[i].path.step[0].name)) {
				add_field(out, &y->v[j]);
				y->v[j].place = WRITTEN;
			}
}

static void told(struct delta *d, struct span name)
{
	d->n++;
	if (d->each)
		d->each(d->ctx, name);
}

void compare_delta(const struct compare *c, const struct key *key, const struct record *a, const struct record *b, bool all, struct delta *d,
		   struct arena *arena)
{
	struct pairing p = { c, arena };
	struct fields x = fields_of(a, arena), y = fields_of(b, arena);
	struct field *f;

	buf_reset(&d->set);
	buf_reset(&d->unset);
	d->n = 0;
	each_pair(&x, &y, mark, &p);
	qsort(x.v, x.n, sizeof *x.v, by_place);
	qsort(y.v, y.n, sizeof *y.v, by_place);
	add_key(key, &y, &d->set);
	for (f = y.v; f < y.v + y.n; f++) {
		if (f->seen)
			told(d, f->name);
		if (f->place != WRITTEN && (f->seen || (all && !is_ignored(c, f->name))))
			add_field(&d->set, f);
	}
	for (f = x.v; f < x.v + x.n; f++) {
		if (!f->seen)
			continue;
		told(d, f->name);
		add_name(&d->unset, f->key);
	}
}
