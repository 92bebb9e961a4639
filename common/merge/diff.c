/* diff: two operands read side by side. */
#include "merge/diff.h"

#include <stdlib.h>

#include "base/diag.h"
#include "base/xalloc.h"
#include "merge/diff_private.h"

/* ---- life */

int diff_open(struct diff *d, const char *const operand[2], const struct diff_options *opt, struct streams *streams, struct writer *w,
	      struct error *err)
{
	int i;

	*d = (struct diff){ .opt = *opt, .streams = streams, .w = w, .memory = { opt->memory, 0 }, .spill = SPILL_INIT, .alone = -1,
			    .ordered = true, .delta = DELTA_INIT, .arena = ARENA_INIT };
	hash_key_random(&d->secret);
	table_init(&d->table, sizeof(struct waiting), &d->memory);
	changes_init(&d->changes, streams, &d->spill, &d->memory, opt->memory / 4);
	d->changes.edit = diff_retype;
	d->changes.ctx = d;
	for (i = 0; i < 2; i++) {
		operand_init(&d->side[i].operand, &d->spill, &d->memory);
		record_init(&d->side[i].again);
	}
	if (spill_open(&d->spill, err))
		return -1;
	for (i = 0; i < 2; i++)
		if (operand_open(&d->side[i].operand, operand[i], &opt->operand, streams, err))
			return -1;
	return 0;
}

void diff_release(struct diff *d)
{
	uint32_t i;

	for (i = 0; i < 2; i++) {
		operand_release(&d->side[i].operand);
		record_release(&d->side[i].again);
		buf_release(&d->side[i].key);
	}
	for (i = 0; i < d->stream_n; i++)
		diff_stream_free(d->stream[i]);
	free(d->stream);
	diff_free_parts(d);
	table_release(&d->table);
	changes_release(&d->changes);
	buf_release(&d->key);
	buf_release(&d->highest);
	buf_release(&d->delta.set);
	buf_release(&d->delta.unset);
	arena_release(&d->arena);
	spill_close(&d->spill);
}

/* ---- setting aside */

/* The row or line that the side has just read; the side reads on. */
static int set_aside(struct diff *d, int side, const struct error *why, struct error *err)
{
	struct diff_side *x = &d->side[side];

	x->aside++;
	x->filled = false;
	return operand_set_aside(&x->operand, d->w, why, err);
}

void diff_twice(struct diff *d, uint32_t stream, int side, const struct record *rec, struct error *why)
{
	struct buf shown = BUF_INIT;

	key_show(&diff_stream(d, stream)->key[side], rec, &shown);
	error_data(why, "duplicate-key", "key %s was there before", error_show(buf_span(&shown)));
	buf_release(&shown);
}

/* ---- two rows of one key */

static void prepare_delta(struct diff *d, struct diff_stream *s)
{
	d->delta.each = d->opt.count_fields ? diff_count_field : NULL;
	d->delta.ctx = s;
}

int diff_pair(struct diff *d, uint32_t stream, const struct record *a, const struct record *b, struct value sync, struct error *err)
{
	struct diff_stream *s = diff_stream(d, stream);
	struct buf *key = &d->key;

	arena_reset(&d->arena);
	if (!(d->opt.only & DIFF_UPDATE) || compare_rows(&s->compare, a, b, &d->arena)) {
		s->equal++;
		return 0;
	}
	prepare_delta(d, s);
	compare_delta(&s->compare, &s->key[1], a, b, d->opt.full_rows, &d->delta, &d->arena);
	s->updates++;
	buf_reset(key);
	if (key_bytes(&s->key[1], b, key, err))
		return -1;
	return changes_update(&d->changes, stream, buf_span(key), buf_span(&d->delta.set), buf_span(&d->delta.unset), sync, err);
}

int diff_again(struct diff *d, int side, const struct waiting *w, struct error *err)
{
	struct diff_side *x = &d->side[side];
	struct span raw;

	if (operand_again(&x->operand, w->at, &x->again, &x->again_meta, &raw, err))
		return -1;
	x->again_meta.stream = w->stream;
	if (hash128_eq(hash_bytes(raw.p, raw.n, &d->secret), w->line))
		return 0;
	return error_set(err, EXIT_FAILED, "'%s' was changed while it was read", x->operand.text);
}

/* ---- rows that go to the table */

struct hash128 diff_hash(struct diff *d, int side)
{
	struct diff_side *x = &d->side[side];

	if (!x->hashed)
		x->hash = key_hash(buf_span(&x->key), x->stream, &d->secret);
	x->hashed = true;
	return x->hash;
}

/* What is to be known of the row that a side has at hand. */
static int describe(struct diff *d, int side, struct waiting *w, struct error *err)
{
	struct diff_side *x = &d->side[side];
	struct span line = x->operand.reader.line;
	uint64_t at;

	if (operand_keep(&x->operand, &at, err))
		return -1;
	if (at >= MOST_BYTES || x->stream > MOST_STREAMS)
		return error_set(err, EXIT_FAILED, "'%s' has more than 64 TiB or 65535 streams", x->operand.text);
	w->line = hash_bytes(line.p, line.n, &d->secret);
	w->at = at & (MOST_BYTES - 1);
	w->stream = x->stream & MOST_STREAMS;
	w->sides = (unsigned)(side ? SIDE_B : SIDE_A);
	return 0;
}

static int to_parts(struct diff *d, int side, struct error *err)
{
	struct parted row = { .key = diff_hash(d, side) };

	d->side[side].filled = false;
	return describe(d, side, &row.row, err) || diff_part_row(d, &row, err) ? -1 : 0;
}

/* The entry of a hash: 1; 0 when the table is over and rows go to partitions; -1. */
int diff_entry(struct diff *d, struct hash128 hash, struct waiting **w, bool *added, struct error *err)
{
	if (d->parts)
		return 0;
	*w = table_put(&d->table, hash, added);
	if (!*w) {
		if (store_spill(&d->side[0].operand.store, err) || store_spill(&d->side[1].operand.store, err))
			return -1;
		*w = table_put(&d->table, hash, added);
	}
	return *w ? 1 : diff_start_parts(d, err);
}

/* Meets the waiting row of the other side. */
static int meet(struct diff *d, int side, struct waiting *w, struct error *err)
{
	struct diff_side *x = &d->side[side], *o = &d->side[!side];
	struct span line = x->operand.reader.line;

	w->sides = SIDES;
	if (!(d->opt.only & DIFF_UPDATE) || hash128_eq(w->line, hash_bytes(line.p, line.n, &d->secret))) {
		diff_stream(d, x->stream)->equal++;
		return 0;
	}
	if (diff_again(d, !side, w, err))
		return -1;
	if (side)
		return diff_pair(d, x->stream, &o->again, &x->operand.rec, x->operand.meta.sync, err);
	return diff_pair(d, x->stream, &x->operand.rec, &o->again, o->again_meta.sync, err);
}

/* Puts the row at hand into the table: 1 if it met its partner there, 0 if it waits or was set aside, -1. */
static int place(struct diff *d, int side, struct error *err)
{
	struct diff_side *x = &d->side[side];
	struct waiting *w;
	bool added;
	int got;

	if (diff_check_order(d, side, err))
		return -1;
	got = diff_entry(d, diff_hash(d, side), &w, &added, err);
	if (got <= 0)
		return got < 0 ? -1 : to_parts(d, side, err);
	x->filled = false;
	if (added)
		return describe(d, side, w, err);
	if (w->sides & (side ? SIDE_B : SIDE_A)) {
		diff_twice(d, x->stream, side, &x->operand.rec, &d->why);
		return set_aside(d, side, &d->why, err);
	}
	return meet(d, side, w, err) ? -1 : 1;
}

/* Both sides have a row of the same key at hand. */
static int pair(struct diff *d, struct error *err)
{
	struct diff_side *a = &d->side[0], *b = &d->side[1];
	struct waiting *w;
	bool added;
	int got;

	d->alone = -1;
	if (diff_passes(d)) {
		diff_pass(d);
	} else {
		got = diff_check_order(d, 0, err) ? -1 : diff_entry(d, diff_hash(d, 0), &w, &added, err);
		if (got < 0)
			return -1;
		if (!got || !added)
			return place(d, 0, err) < 0 || place(d, 1, err) < 0 ? -1 : 0;
		*w = (struct waiting){ .stream = a->stream & MOST_STREAMS, .sides = SIDES };
	}
	a->filled = b->filled = false;
	if (span_eq(a->operand.reader.line, b->operand.reader.line)) {
		diff_stream(d, a->stream)->equal++;
		return 0;
	}
	return diff_pair(d, a->stream, &a->operand.rec, &b->operand.rec, b->operand.meta.sync, err);
}

/* ---- reading */

/*
 * When the second side has brought something: where either side has just one stream, the other must have just one too, and
 * they belong together whatever they are called; else streams belong together by name.
 */
static int match_streams(struct diff *d, struct error *err)
{
	struct operand *a = &d->side[0].operand, *b = &d->side[1].operand;
	uint32_t i, seen = 0;

	d->named = true;
	for (i = 0; i < d->stream_n; i++)
		seen += d->stream[i] && d->stream[i]->seen[0];
	if (b->single && !a->single && seen > 1)
		return error_set(err, EXIT_USAGE, "'%s' has several streams: name the one to be compared with '%s', as in '%s#NAME'", a->text, b->text,
				 a->text);
	if (a->single && !b->single)
		operand_make_single(b, true);
	else if (b->single && !a->single)
		operand_make_single(a, seen);
	return 0;
}

/* Both count streams as the first operand does. */
static uint32_t common_stream(struct diff *d, int side)
{
	struct operand *a = &d->side[0].operand, *x = &d->side[side].operand;

	if (side && a->single && x->single && a->own_name)
		return streams_index(d->streams, span_of(a->own_name));
	return x->meta.stream;
}

/* Reads until a row is at hand, or the end. */
int diff_fill(struct diff *d, int side, struct error *err)
{
	struct diff_side *x = &d->side[side];
	struct diff_stream *s;
	int got;

	while (!x->filled && !x->ended) {
		got = operand_next(&x->operand, err);
		if (side && !d->named && (got == OPERAND_ROW || got == OPERAND_SCHEMA) && match_streams(d, err))
			return -1;
		if (got == OPERAND_ROW || got == OPERAND_SCHEMA)
			x->stream = common_stream(d, side);
		if (got == OPERAND_END) {
			x->ended = true;
		} else if (got == OPERAND_ROW) {
			s = diff_stream(d, x->stream);
			s->seen[side] = x->filled = true;
			s->rows[side]++;
			x->keyed = false;
		} else if (got < 0 || (got == OPERAND_SCHEMA ? diff_declare(d, side, err) : set_aside(d, side, err, err))) {
			return -1;
		}
	}
	error_reset(err);	/* of what was set aside */
	return 0;
}

/* Finds the key of the row at hand, if its stream is settled: 1; 0: not yet, or the row was set aside; -1. */
int diff_find_key(struct diff *d, int side, bool now, struct error *err)
{
	struct diff_side *x = &d->side[side];
	int got;

	if (!x->filled || x->keyed)
		return x->filled;
	got = diff_settle(d, side, x->stream, now, err);
	if (got <= 0)
		return got;
	buf_reset(&x->key);
	if (key_bytes(&diff_stream(d, x->stream)->key[side], &x->operand.rec, &x->key, &d->why))
		return set_aside(d, side, &d->why, err);
	x->keyed = true;
	x->hashed = false;
	if (!side && diff_stream(d, x->stream)->retype)
		learn(&diff_stream(d, x->stream)->learned, &x->operand.rec);
	return 1;
}

/* ---- the loop */

/*
 * Whose row goes to the table: both, unless one of them met its partner there and thus is behind the other: that side
 * reads on alone until it has caught up.
 */
static int step_apart(struct diff *d, struct error *err)
{
	int met[2] = { 0, 0 }, side;

	for (side = 0; side < 2; side++) {
		if (!d->side[side].filled || !d->side[side].keyed || (d->alone == !side && !d->side[d->alone].ended))
			continue;
		met[side] = place(d, side, err);
		if (met[side] < 0)
			return -1;
	}
	if (d->alone < 0 && met[0] != met[1])
		d->alone = met[0] ? 0 : 1;
	else if (d->alone >= 0 && !met[d->alone])
		d->alone = -1;
	return 0;
}

/* Fills both sides and finds their keys; what the table has of the first one is fetched while the second one is read. */
static int get_ready(struct diff *d, int ready[2], struct error *err)
{
	int side;

	for (side = 0; side < 2; side++) {
		if (diff_fill(d, side, err) || (ready[side] = diff_find_key(d, side, false, err)) < 0)
			return -1;
		if (ready[side] && !d->ordered && !d->parts)
			table_prefetch(&d->table, diff_hash(d, side));
	}
	if (!ready[0])	/* the second side may have said what the first one's key is */
		ready[0] = diff_find_key(d, 0, false, err);
	return ready[0] < 0 ? -1 : 0;
}

/* One row of either side or both: 1; 0 after the last one; -1. */
static int step(struct diff *d, struct error *err)
{
	struct diff_side *a = &d->side[0], *b = &d->side[1];
	int got = diff_step_equal(d, err), ready[2];

	if (got)
		return got;
	if (diff_retire_all(d, err) || get_ready(d, ready, err))
		return -1;
	if (a->ended && b->ended)
		return 0;
	if (!ready[0] && !ready[1])	/* each waits for what the other may say */
		return diff_find_key(d, a->filled ? 0 : 1, true, err) < 0 ? -1 : 1;
	if (ready[0] && ready[1] && a->stream == b->stream && span_eq(buf_span(&a->key), buf_span(&b->key)))
		got = pair(d, err);
	else
		got = step_apart(d, err);
	return got < 0 ? -1 : 1;
}

int diff_run(struct diff *d, struct error *err)
{
	int got;

	while ((got = step(d, err)) > 0)
		;
	if (got < 0 || diff_check_streams(d, err))
		return -1;
	if (d->parts ? diff_finish_parts(d, err) : diff_finish_table(d, err))
		return -1;
	diff_keep_deletes(d);
	return operand_unchanged(&d->side[0].operand, err) || operand_unchanged(&d->side[1].operand, err) ? -1 : 0;
}
