/*
 * load_batch: rows gathered, operations on one key folded in their order: an upsert takes the place of what came before,
 * an update changes the upsert or the update before it, a delete leaves a delete.
 */
#include <stdlib.h>

#include "base/xalloc.h"
#include "load.h"

/* ---- one record's row */

static int unknown_member(struct value name, const struct table *t, struct error *err)
{
	error_data(err, "unknown-field", "no column of '%s' for '%s' (--evolve adds columns)", t->name, error_show(value_bytes(name)));
	return LOAD_REJECT;
}

static int set_cell(struct database *d, struct table *t, struct row *r, struct column *c, struct value v, struct error *err)
{
	uint32_t i = (uint32_t)(c - t->column);

	c->seen = d->record;
	if (c->generated)
		return LOAD_DONE;
	((char *)(uintptr_t)r->shape.p)[i] = 1;
	r->cell[i] = (cell){ NULL, 0 };
	return value_present(v) ? cell_of(d, c, v, &d->batch_arena, &r->cell[i], err) : LOAD_DONE;
}

static int set_members(struct database *d, struct table *t, struct row *r, const struct record *rec, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct value name, v;
	struct column *c;
	uint32_t guess = 0;
	int verdict;

	while (value_next(record_root(rec), &walk, &name, &v)) {
		c = guess < t->columns && value_text_is(name, t->column[guess].name) ? &t->column[guess]
			: table_column(t, value_text(name, &d->arena));
		if (!c)
			return unknown_member(name, t, err);
		verdict = set_cell(d, t, r, c, v, err);
		if (verdict)
			return verdict;
		guess = (uint32_t)(c - t->column) + 1;
	}
	return LOAD_DONE;
}

int batch_evolve(struct database *d, struct table *t, const struct record *rec, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct value name, v;

	if (!d->o->evolve)
		return 0;
	while (value_next(record_root(rec), &walk, &name, &v))
		if (!table_column(t, value_text(name, &d->arena)) && make_column(d, t, name, v, false, err))
			return -1;
	return 0;
}

static int set_unset(struct database *d, struct table *t, struct row *r, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct value unset, each;
	struct column *c;

	if (!load_member(d->load, "unset", &unset) || value_type(unset) != TOKEN_ARRAY)
		return LOAD_DONE;
	while (value_next(unset, &walk, NULL, &each)) {
		c = value_type(each) == TOKEN_STRING ? table_column(t, name_restored(value_text(each, &d->arena))) : NULL;
		if (c && c->seen != d->record)
			(void)set_cell(d, t, r, c, VALUE_NONE, err);
	}
	return LOAD_DONE;
}

static int check_key(const struct table *t, const struct row *r, struct error *err)
{
	uint32_t i;

	for (i = 0; i < t->keys; i++)
		if (!r->shape.p[t->key[i]] || !r->cell[t->key[i]].p) {
			error_data(err, "no-key", "the key '%s' is missing or null", error_show(t->column[t->key[i]].name));
			return LOAD_REJECT;
		}
	return LOAD_DONE;
}

static int set_key(struct database *d, struct table *t, struct row *r, struct value object, struct error *err)
{
	struct column *c;
	struct value v;
	uint32_t i;
	int verdict = LOAD_DONE;

	for (i = 0; i < t->keys && !verdict; i++) {
		c = &t->column[t->key[i]];
		if (value_get(object, &c->path, &c->cursor, &v))
			verdict = set_cell(d, t, r, c, v, err);
	}
	return verdict;
}

static uint64_t key_hash(const struct database *d, const struct table *t, const cell *key)
{
	struct hash128 h = hash_bytes(&t->stream, sizeof t->stream, &d->hash_key);
	uint32_t i;

	for (i = 0; i < t->keys; i++)
		h = hash_combine(h, hash_bytes(key[t->key[i]].p, key[t->key[i]].n, &d->hash_key), &d->hash_key);
	return h.lo;
}

static int make_row(struct database *d, struct table *t, struct row *r, const struct record *rec, enum row_op op, struct error *err)
{
	char *shape = arena_zalloc(&d->batch_arena, t->columns + 1);
	uint32_t i;
	int verdict;

	d->record++;
	*r = (struct row){ .op = op, .shape = { shape, t->columns }, .cell = arena_alloc(&d->batch_arena, t->columns * sizeof *r->cell) };
	verdict = op == ROW_DELETE ? set_key(d, t, r, record_root(rec), err) : set_members(d, t, r, rec, err);
	if (!verdict && op == ROW_UPDATE)
		verdict = set_unset(d, t, r, err);
	for (i = 0; !verdict && op == ROW_UPSERT && t->has_schema && i < t->columns; i++)
		if (t->column[i].declares && t->column[i].seen != d->record)
			verdict = set_cell(d, t, r, &t->column[i], VALUE_NONE, err);
	if (verdict)
		return verdict;
	r->arrival = (struct arrival){ line_copy(&d->batch_arena, d->load->arrival.line), d->load->arrival.lineno, d->load->arrival.stream };
	d->bytes += r->arrival.line.n;
	return table_only_added(d, t) ? LOAD_DONE : check_key(t, r, err);
}

int batch_key(struct database *d, struct table *t, struct value object, struct row *r, struct error *err)
{
	char *shape = arena_zalloc(&d->batch_arena, t->columns + 1);
	int verdict;

	*r = (struct row){ .op = ROW_DELETE, .shape = { shape, t->columns }, .cell = arena_alloc(&d->batch_arena, t->columns * sizeof *r->cell) };
	verdict = set_key(d, t, r, object, err);
	if (!verdict)
		verdict = check_key(t, r, err);
	if (!verdict)
		r->hash = key_hash(d, t, r->cell);
	return verdict;
}

/* ---- rows of one key */

static bool same_key(const struct table *t, const struct row *a, const struct row *b)
{
	uint32_t i;

	if (a->hash != b->hash)
		return false;
	for (i = 0; i < t->keys; i++)
		if (!span_eq(a->cell[t->key[i]], b->cell[t->key[i]]))
			return false;
	return true;
}

uint64_t wait_hash(const struct table *t, uint64_t hash)
{
	return t->alias ? t->stream : hash;
}

static uint32_t *slot_of(const struct database *d, const struct table *t, const struct row *r)
{
	uint32_t at = (uint32_t)r->hash & (d->slots - 1);

	while (d->slot[at] && !same_key(t, &d->row[d->slot[at] - 1], r))
		at = (at + 1) & (d->slots - 1);
	return &d->slot[at];
}

bool batch_find(const struct database *d, const struct table *t, cell *key, uint32_t *n)
{
	const struct row r = { .cell = key, .hash = key_hash(d, t, key) };
	uint32_t slot = *slot_of(d, t, &r);

	*n = slot - 1;
	return slot > 0;
}

/* The columns of both; the new one's values. */
static void overlay(struct database *d, const struct table *t, struct row *out, const struct row *old, const struct row *new)
{
	char *shape = arena_dup(&d->batch_arena, old->shape.p, old->shape.n);
	uint32_t i;

	out->cell = arena_alloc(&d->batch_arena, t->columns * sizeof *out->cell);
	memcpy(out->cell, old->cell, t->columns * sizeof *out->cell);
	for (i = 0; i < t->columns; i++) {
		if (!new->shape.p[i])
			continue;
		shape[i] = 1;
		out->cell[i] = new->cell[i];
	}
	out->shape = (struct span){ shape, old->shape.n };
	d->bytes += t->columns * (sizeof *out->cell + 1);
}

/* A row that is deleted and comes again is one that is changed, where each column that it lacks is to be null. */
static void come_again(struct database *d, const struct table *t, struct row *r)
{
	char *shape;
	uint32_t i;

	for (i = 0; i < t->columns; i++)
		if (!r->shape.p[i] && !t->column[i].generated && t->column[i].defaults)
			break;
	r->anew = i < t->columns;
	if (r->anew)
		return;
	shape = arena_dup(&d->batch_arena, r->shape.p, r->shape.n);
	for (i = 0; i < t->columns; i++) {
		if (shape[i] || t->column[i].generated)
			continue;
		shape[i] = 1;
		r->cell[i] = (cell){ NULL, 0 };
	}
	r->shape.p = shape;
}

/* false: the new one can't be folded into the old one; what is gathered must be written first. */
static bool fold(struct database *d, const struct table *t, struct row *old, const struct row *new)
{
	struct row *parts, out = *new;

	if ((new->op == ROW_UPDATE && old->op == ROW_DELETE) || (new->op == ROW_UPSERT && old->op == ROW_UPDATE))
		return false;	/* whether the row is there then matters */
	parts = arena_alloc(&d->batch_arena, 2 * sizeof *parts);
	parts[0] = *old;
	parts[1] = *new;
	d->bytes += 2 * sizeof *parts;
	if (new->op == ROW_UPDATE || (new->op == ROW_UPSERT && old->op == ROW_UPSERT && !span_eq(old->shape, new->shape))) {
		out.op = old->op;
		overlay(d, t, &out, old, new);
	}
	out.anew = new->op != ROW_DELETE && old->anew;
	if (new->op == ROW_UPSERT && old->op == ROW_DELETE)
		come_again(d, t, &out);
	out.earlier = parts;
	out.latest = parts + 1;
	*old = out;
	return true;
}

static void start(struct database *d, struct table *t)
{
	d->batch = t;
	if (!d->slots) {
		d->slots = 1 << 16;
		d->slot = xcalloc(d->slots, sizeof *d->slot);
	}
}

static void forget(struct database *d)
{
	if (d->rows)
		memset(d->slot, 0, d->slots * sizeof *d->slot);
	d->rows = 0;
	d->bytes = 0;
	d->batch = NULL;
	arena_reset(&d->batch_arena);
}

int batch_add(struct database *d, struct table *t, const struct record *rec, enum row_op op, struct error *err)
{
	struct row row;
	uint32_t *slot = NULL;
	int verdict;

	if (batch_evolve(d, t, rec, err))
		return -1;
	start(d, t);
	verdict = make_row(d, t, &row, rec, op, err);
	if (verdict)
		return verdict;
	if (!table_only_added(d, t)) {
		row.hash = key_hash(d, t, row.cell);
		if (waiting_some(d->waiting) && waiting_on(d->waiting, wait_hash(t, row.hash))) {
			waiting_keep(d->waiting, wait_hash(t, row.hash), &d->load->arrival);
			return LOAD_DONE;
		}
		slot = slot_of(d, t, &row);
		if (*slot && stage_stop(d, err))
			return -1;
		/* with --newer, what an operation leaves alone depends on the one before it */
		if (*slot && !d->copying && !d->o->newer && fold(d, t, &d->row[*slot - 1], &row))
			return LOAD_DONE;
		if (*slot) {	/* written first, then this record comes again */
			if (batch_flush(d, err))
				return -1;
			return batch_add(d, t, rec, op, err);
		}
	}
	XGROW(d->row, d->rows, d->rows_cap);
	d->row[d->rows++] = row;
	if (slot)
		*slot = d->rows;
	if (write_now(d, &d->row[d->rows - 1], err) || stage_now(d, err))
		return -1;
	return d->rows == BATCH_ROWS || d->bytes >= BATCH_BYTES ? batch_flush(d, err) : LOAD_DONE;
}

int batch_flush(struct database *d, struct error *err)
{
	struct arrival in_hand = d->load->arrival;
	int failed;

	if (!d->batch)
		return 0;
	failed = d->rows ? write_rows(d, err) : 0;
	d->load->arrival = in_hand;
	forget(d);
	return failed;
}

static int flush(void *ctx, struct error *err)
{
	return batch_flush(ctx, err);
}

int batch_retry(struct database *d, bool last, struct error *err)
{
	return waiting_retry(d->waiting, d->load, flush, d, last, err);
}
