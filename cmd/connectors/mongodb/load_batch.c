/*
 * load_batch: some rows at a time: the documents that they are about are read, the rows are folded into them in their order,
 * and what differs then is written.
 */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "load.h"

struct batch {
	struct target *t;
	struct slot *slot;	/* in the order of their keys' first rows */
	uint32_t slots;
	struct table by_key;	/* hash → uint64_t, the slot's number */
	struct memory memory;	/* of by_key: small, whatever --memory says */
};

/* ---- slots */

static void add_slot(struct batch *b, const bson_t *key, struct hash128 hash, bool moves)
{
	bool added;
	uint64_t *at = table_put(&b->by_key, hash, &added);

	if (!at)
		xalloc_die();
	if (added) {
		*at = b->slots;
		b->slot[b->slots++] = (struct slot){ .key = key, .alone = moves };
	}
}

static struct slot *slot_of(const struct batch *b, struct hash128 hash)
{
	const uint64_t *at = table_find(&b->by_key, hash);

	return at ? &b->slot[*at] : NULL;
}

/* A row that moves a document shares its keys with no other row of a batch, so that it is refused, or done, for itself. */
static bool shares(const struct batch *b, const struct row *r)
{
	const struct slot *s = slot_of(b, r->hash);

	return r->old ? s || slot_of(b, r->old_hash) : s && s->alone;
}

/* Returns how many of the rows the batch takes. */
static uint32_t make_slots(struct batch *b, struct row *row, uint32_t n)
{
	uint32_t i;

	b->slot = xcalloc(n * 2, sizeof *b->slot);
	b->memory.limit = SIZE_MAX;
	table_init_small(&b->by_key, sizeof(uint64_t), &b->memory);
	for (i = 0; i < n && !shares(b, &row[i]); i++) {
		if (row[i].old)
			add_slot(b, row[i].old, row[i].old_hash, true);
		add_slot(b, row[i].key, row[i].hash, row[i].old);
	}
	return i;
}

static void release_slots(struct batch *b)
{
	uint32_t i;

	for (i = 0; i < b->slots; i++) {
		bson_destroy(b->slot[i].before);
		bson_destroy(b->slot[i].made);
		free(b->slot[i].why);
	}
	free(b->slot);
	table_release(&b->by_key);
}

/* ---- what is there */

static int take_documents(struct batch *b, mongoc_cursor_t *cursor, struct error *err)
{
	bson_error_t why = { 0 };
	const bson_t *document;
	struct slot *s;

	while (mongoc_cursor_next(cursor, &document)) {
		s = slot_of(b, key_hash(b->t, document));
		if (!s || s->before)
			continue;
		s->now = s->before = bson_copy(document);
	}
	return mongoc_cursor_error(cursor, &why) ? mongo_fail(&b->t->d->mongo, &why, "read", err) : 0;
}

static int read_there(struct batch *b, struct error *err)
{
	bson_t several = BSON_INITIALIZER, *condition;
	mongoc_cursor_t *cursor;
	const char *name;
	char room[16];
	uint32_t i;
	size_t n;
	int failed;

	for (i = 0; i < b->slots; i++) {
		n = bson_uint32_to_string(i, &name, room, sizeof room);
		bson_append_document(&several, name, (int)n, b->slot[i].key);
	}
	condition = key_condition(b->t, &several);
	cursor = mongoc_collection_find_with_opts(b->t->collection, condition, NULL, NULL);
	failed = take_documents(b, cursor, err);
	mongoc_cursor_destroy(cursor);
	bson_destroy(condition);
	bson_destroy(&several);
	return failed;
}

/* ---- folding */

/* A copy of `base` with the fields of `set` in their places, or behind, and without those of `unset`. */
static bson_t *merged(const bson_t *base, const bson_t *set, const bson_t *unset)
{
	bson_t *out = bson_new();
	bson_iter_t it, other;

	for (bson_iter_init(&it, base); bson_iter_next(&it);) {
		if (unset && bson_iter_init_find(&other, unset, bson_iter_key(&it)))
			continue;
		bson_append_iter(out, NULL, 0, bson_iter_init_find(&other, set, bson_iter_key(&it)) ? &other : &it);
	}
	for (bson_iter_init(&it, set); bson_iter_next(&it);)
		if (!bson_iter_init_find(&other, base, bson_iter_key(&it)))
			bson_append_iter(out, NULL, 0, &it);
	return out;
}

/* The document with the _id that it has there: where the record brings none, or the same number as another type. NULL: it is so. */
static bson_t *with_id(const struct target *t, const bson_t *document, const bson_t *there)
{
	bool brings = bson_has_field(document, "_id");
	bson_iter_t it;
	bson_t *out;

	if (!there || (brings && !key_is_id(t)) || bson_equal(document, there) || !bson_iter_init_find(&it, there, "_id"))
		return NULL;
	out = bson_sized_new(document->len + 32);
	bson_append_iter(out, "_id", 3, &it);
	bson_copy_to_excluding_noinit(document, out, "_id", NULL);
	return out;
}

static bool is_number(const bson_iter_t *it)
{
	return BSON_ITER_HOLDS_NUMBER(it) || BSON_ITER_HOLDS_DECIMAL128(it);
}

static bool number_is_larger(const bson_iter_t *a, const bson_iter_t *b)
{
	char x[NUMBER_OF_ROOM], y[NUMBER_OF_ROOM];
	struct span m = number_digits_of(a, x), n = number_digits_of(b, y);

	return number_is_json(m) && number_is_json(n) && number_compare(m, n) > 0;
}

/* --newer FIELD: dates, numbers and texts are compared with their kind, and anything else is not newer, but than null. */
static bool is_newer(const bson_t *there, const bson_t *here, const char *field)
{
	bson_iter_t a, b;
	uint32_t n, m;
	const char *s, *z;
	int order;

	if (!bson_iter_init_find(&a, there, field) || !bson_iter_init_find(&b, here, field))
		return false;
	if (BSON_ITER_HOLDS_NULL(&b))
		return !BSON_ITER_HOLDS_NULL(&a);
	if (BSON_ITER_HOLDS_DATE_TIME(&a) && BSON_ITER_HOLDS_DATE_TIME(&b))
		return bson_iter_date_time(&a) > bson_iter_date_time(&b);
	if (is_number(&a) && is_number(&b))
		return number_is_larger(&a, &b);
	if (!BSON_ITER_HOLDS_UTF8(&a) || !BSON_ITER_HOLDS_UTF8(&b))
		return false;
	s = bson_iter_utf8(&a, &n);
	z = bson_iter_utf8(&b, &m);
	order = memcmp(s, z, n < m ? n : m);
	return order > 0 || (order == 0 && n > m);
}

/* made: now, where the slot is to own it. */
static void set_now(struct slot *s, const bson_t *now, bson_t *made, struct row *r)
{
	r->effect = !now ? EFFECT_DELETED : !s->now ? EFFECT_INSERTED : bson_equal(s->now, now) ? EFFECT_UNCHANGED : EFFECT_UPDATED;
	bson_destroy(s->made);
	s->now = now;
	s->made = made;
}

/*
 * The document that stands under the old key is this slot's from here on. Where one stands already, a whole record becomes that
 * one, and the old one goes; an update puts none into another's place.
 */
static int move(struct slot *old, struct slot *s, const struct row *r, struct error *err)
{
	if (!old || !old->now)
		return LOAD_DONE;
	if (s->now && r->op == OP_UPDATE) {
		error_data(err, "duplicate-key", "an update to a key that another document has");
		return LOAD_REJECT;
	}
	old->to = s;
	if (!s->now) {
		s->from = old;
		s->now = old->now;
	}
	old->now = NULL;
	return LOAD_DONE;
}

static void set_merged(struct target *t, struct slot *s, const bson_t *base, struct row *r)
{
	bson_t *now = merged(base, r->document, r->unset), *made = with_id(t, now, s->from && key_is_id(t) ? NULL : s->now);

	if (made)
		bson_destroy(now);
	else
		made = now;
	set_now(s, made, made, r);
}

/* LOAD_REJECT: an update of what isn't there. */
static int fold_update(struct target *t, struct slot *s, struct row *r, struct error *err)
{
	const bson_t empty = BSON_INITIALIZER;

	if (!s->now && t->d->o->missing == MISSING_SKIP)
		return LOAD_DONE;
	if (!s->now && t->d->o->missing == MISSING_REJECT) {
		error_data(err, "missing-row", "an update of a row that isn't there (--missing insert|skip)");
		return LOAD_REJECT;
	}
	if (s->now && t->d->o->newer && is_newer(s->now, r->document, t->d->o->newer)) {
		r->effect = EFFECT_UNCHANGED;
		return LOAD_DONE;
	}
	s->whole |= !s->now;
	set_merged(t, s, s->now ? s->now : &empty, r);
	return LOAD_DONE;
}

static int fold_whole(struct target *t, struct slot *s, struct row *r)
{
	bson_t *made;

	if (s->now && t->d->o->newer && is_newer(s->now, r->document, t->d->o->newer)) {
		r->effect = EFFECT_UNCHANGED;
	} else if (t->d->load->mode == MODE_PATCH && s->now) {
		set_merged(t, s, s->now, r);
	} else {
		s->whole = true;
		made = with_id(t, r->document, s->from && key_is_id(t) ? NULL : s->now);
		set_now(s, made ? made : r->document, made, r);
	}
	return LOAD_DONE;
}

static int fold(struct batch *b, struct row *r, struct error *err)
{
	struct slot *s = slot_of(b, r->hash);
	int verdict = LOAD_DONE;

	if (r->op == OP_DELETE) {
		if (s->now)
			set_now(s, NULL, NULL, r);
		s->whole = true;
	} else {
		verdict = move(r->old ? slot_of(b, r->old_hash) : NULL, s, r, err);
		if (!verdict)
			verdict = r->op == OP_UPDATE ? fold_update(b->t, s, r, err) : fold_whole(b->t, s, r);
	}
	if (verdict)
		return verdict;
	r->slot = s;
	return LOAD_DONE;
}

/* ---- the whole */

static void count(struct load *l, const struct row *r)
{
	l->inserted += r->effect == EFFECT_INSERTED;
	l->updated += r->effect == EFFECT_UPDATED;
	l->unchanged += r->effect == EFFECT_UNCHANGED;
	l->deleted += r->effect == EFFECT_DELETED;
}

/* Rows of a slot that was refused: one by one, in their order, so that just the bad one is set aside. */
static int settle(struct batch *b, struct row *r, bool alone, struct error *err)
{
	const struct slot *s = r->slot;

	if (!s)
		return 0;
	r->slot = NULL;
	if (!s->code) {
		count(b->t->d->load, r);
		return 0;
	}
	if (alone)
		return row_set_aside(b->t, r, s->code, s->why, err);
	r->effect = EFFECT_NONE;
	return rows_apply(b->t, r, 1, true, err);
}

/* As many of the rows as one batch takes. */
static int apply_some(struct target *t, struct row *row, uint32_t *some, bool alone, struct error *err)
{
	struct batch b = { .t = t };
	uint32_t i, n = *some = make_slots(&b, row, *some);
	int failed = read_there(&b, err), verdict;

	for (i = 0; i < n && !failed; i++) {
		verdict = fold(&b, &row[i], err);
		failed = verdict == LOAD_REJECT ? load_set_aside(t->d->load, &row[i].arrival, err) : verdict;
	}
	failed = failed || slots_write(t, b.slot, b.slots, err) ? -1 : 0;
	for (i = 0; i < n && !failed; i++)
		failed = settle(&b, &row[i], alone, err);
	release_slots(&b);
	return failed;
}

int rows_apply(struct target *t, struct row *row, uint32_t n, bool alone, struct error *err)
{
	uint32_t i, some;
	int failed = 0;

	for (i = 0; i < n && !failed; i += some) {
		some = n - i;
		failed = apply_some(t, row + i, &some, alone, err);
	}
	return failed;
}

int batch_flush(struct target *t, struct error *err)
{
	bool append = t->d->load->mode == MODE_APPEND || t->d->load->mode == MODE_REPLACE;
	uint32_t i;
	int failed = 0;

	if (t->rows)
		failed = append ? rows_append(t, t->row, t->rows, err) : rows_apply(t, t->row, t->rows, false, err);
	for (i = 0; i < t->rows; i++)
		row_release(&t->row[i]);
	t->rows = 0;
	t->bytes = 0;
	arena_reset(&t->arena);
	return failed;
}

int batch_add(struct target *t, struct row *r, struct error *err)
{
	if ((t->rows == ROWS_AT_ONCE || t->bytes + r->document->len > BYTES_AT_ONCE) && batch_flush(t, err)) {
		row_release(r);
		return -1;
	}
	r->arrival = t->d->load->arrival;
	r->arrival.line = line_copy(&t->arena, r->arrival.line);
	XGROW(t->row, t->rows, t->cap);
	t->row[t->rows++] = *r;
	t->bytes += r->document->len;
	return 0;
}
