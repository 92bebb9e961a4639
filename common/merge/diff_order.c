/* diff_order: files in the same order, whose equal lines are passed over; rows in the order of their keys, which need no table. */
#include <unistd.h>

#include "merge/diff_private.h"

enum { SAMPLE = 10000, PER_ROW = 80 };	/* rows that tell how long rows are; bytes a row in the table at most */

/* ---- files in the same order */

/* Do the next lines of both have the same bytes? They are looked at only where both are plain files, in step so far. */
static int same_lines(struct diff *d, struct error *err)
{
	struct diff_side *a = &d->side[0], *b = &d->side[1];
	struct span x, y;
	int got;

	if (d->parts || d->alone >= 0 || a->filled || b->filled)
		return 0;
	got = operand_peek(&a->operand, &x, err);
	if (got > 0)
		got = operand_peek(&b->operand, &y, err);
	return got > 0 ? span_eq(x, y) : got;
}

/* Settles such a row the long way, each side by itself: its key was there before, or rows go to partitions. */
static int replay(struct diff *d, const struct diff_ahead *a, struct error *err)
{
	struct parted row = { .key = a->key };
	struct diff_side *x;
	struct span raw;
	int side;

	for (side = 0; side < 2; side++) {
		x = &d->side[side];
		row.row = (struct waiting){ .at = a->at[side] & (MOST_BYTES - 1), .stream = a->stream & MOST_STREAMS,
					    .sides = (unsigned)(side ? SIDE_B : SIDE_A) };
		if (operand_again(&x->operand, a->at[side], &x->again, &x->again_meta, &raw, err))
			return -1;
		row.row.line = hash_bytes(raw.p, raw.n, &d->secret);
		if (d->parts ? diff_part_row(d, &row, err) : diff_place_again(d, &row, err))
			return -1;
	}
	return 0;
}

/* The oldest of the rows ahead goes to the table. */
static int retire(struct diff *d, struct error *err)
{
	const struct diff_ahead *a = &d->ahead[d->ahead_first];
	struct waiting *w;
	bool added;
	int got = diff_entry(d, a->key, &w, &added, err);

	d->ahead_first = (d->ahead_first + 1) % DIFF_AHEAD;
	d->ahead_n--;
	if (got < 0)
		return -1;
	if (!got || !added)
		return replay(d, a, err);
	*w = (struct waiting){ .stream = a->stream & MOST_STREAMS, .sides = SIDES };
	diff_stream(d, a->stream)->equal++;
	return 0;
}

int diff_retire_all(struct diff *d, struct error *err)
{
	while (d->ahead_n)
		if (retire(d, err))
			return -1;
	return 0;
}

/* Sends the first side's row, which the second has in the same bytes, on its way to the table. */
static int look_ahead(struct diff *d, uint64_t offset, struct error *err)
{
	struct diff_side *a = &d->side[0];

	if (d->ahead_n == DIFF_AHEAD && retire(d, err))
		return -1;
	table_prefetch(&d->table, diff_hash(d, 0));
	d->ahead[(d->ahead_first + d->ahead_n++) % DIFF_AHEAD] =
		(struct diff_ahead){ diff_hash(d, 0), a->stream, { offset, d->side[1].operand.reader.offset } };
	return 0;
}

/*
 * Passes lines that both sides have next, of which just one is scanned: 1; 0 where they haven't, and nothing has happened
 * but that the first side may have its next row at hand; -1.
 */
int diff_step_equal(struct diff *d, struct error *err)
{
	struct diff_side *a = &d->side[0];
	uint64_t offset;
	int got = same_lines(d, err);

	if (got <= 0)
		return got;
	offset = a->operand.reader.offset;
	if (diff_fill(d, 0, err))
		return -1;
	got = diff_find_key(d, 0, false, err);
	if (got <= 0 || a->operand.reader.offset != offset)	/* it was set aside */
		return got < 0 ? -1 : 0;
	if (a->stream > MOST_STREAMS || offset >= MOST_BYTES)
		return 0;
	if (diff_passes(d)) {
		diff_pass(d);
		diff_stream(d, a->stream)->equal++;
	} else if (diff_check_order(d, 0, err)) {
		return -1;
	} else if (d->ordered || d->parts) {	/* a row of this key waits, or rows go to partitions now */
		return 0;
	} else if (look_ahead(d, offset, err)) {
		return -1;
	}
	operand_skip(&d->side[1].operand);
	a->filled = false;
	diff_stream(d, a->stream)->rows[1]++;
	return 1;
}

/* ---- rows in the order of their keys */

/*
 * As long as pairs come in ascending order of their keys, a key that is higher than all of them was in none: nothing need be
 * kept of what has passed but the highest key. Where the order ends, the keys that have passed are read once more.
 */
bool diff_passes(struct diff *d)
{
	const struct diff_side *a = &d->side[0];

	if (!d->ordered || d->parts || !a->operand.direct || a->operand.reader.framed)
		return false;
	return span_cmp(buf_span(&d->highest), buf_span(&a->key)) < 0 && (!d->table.n || !table_find(&d->table, diff_hash(d, 0)));
}

void diff_pass(struct diff *d)
{
	struct diff_side *a = &d->side[0];
	struct buf key = d->highest;

	d->highest = a->key;
	a->key = key;
	d->passed = a->operand.reader.consumed;
}

/* Calls fn for the keys of all rows of the first side up to where they have passed, but those that were set aside; 1 stops it. */
static int each_passed(struct diff *d, int (*fn)(struct diff *d, struct hash128 key, struct error *err), struct error *err)
{
	struct operand *o = &d->side[0].operand;
	struct reader_options opt = o->reader.opt;
	struct diff_stream *s = diff_stream(d, d->side[0].stream);
	struct record_names *names = NULL;
	struct reader reader;
	struct record rec;
	struct meta meta;
	struct value name;
	int got, failed = 0;

	if (lseek(o->fd, 0, SEEK_SET) < 0)
		return error_errno(err, EXIT_FAILED, "cannot read '%s' again", o->text);
	opt.limit = d->passed;
	record_init(&rec);
	reader_open(&reader, o->fd, o->text, d->streams, &opt);
	while (!failed && (got = reader_next(&reader, &rec, &meta, err)) != READER_END) {
		buf_reset(&d->key);
		if (got < 0)
			failed = -1;
		else if (got == READER_RECORD && !record_duplicate(&rec, &names, &name) && !key_bytes(&s->key[0], &rec, &d->key, &d->why))
			failed = fn(d, key_hash(buf_span(&d->key), d->side[0].stream, &d->secret), err);
	}
	reader_close(&reader);
	record_release(&rec);
	record_names_release(names);
	if (failed >= 0 && lseek(o->fd, (off_t)o->reader.bytes, SEEK_SET) < 0)
		return error_errno(err, EXIT_FAILED, "cannot read '%s' again", o->text);
	return failed < 0 ? -1 : 0;
}

static int remember(struct diff *d, struct hash128 key, struct error *err)
{
	struct waiting *w;
	bool added;

	w = table_put(&d->table, key, &added);
	if (!w)
		return diff_start_parts(d, err) ? -1 : 1;	/* which takes them all */
	if (added)
		*w = (struct waiting){ .stream = d->side[0].stream & MOST_STREAMS, .sides = SIDES };
	return 0;
}

static int remember_parted(struct diff *d, struct hash128 key, struct error *err)
{
	const struct parted row = { key, { .stream = d->side[0].stream & MOST_STREAMS, .sides = SIDES } };

	return table_find(&d->table, key) ? 0 : diff_part_row(d, &row, err);
}

/* How many rows there will be, going by those that were read. */
static void expect_rows(struct diff *d)
{
	const struct operand *a = &d->side[0].operand;
	uint64_t seen = a->reader.offset, all = (uint64_t)a->st.st_size;
	double rows;

	if (!a->direct || a->rows < SAMPLE || !seen || all < seen)
		return;
	rows = (double)a->rows * 1.02 * (double)all / (double)seen;
	if (rows * PER_ROW < (double)d->memory.limit)	/* else they won't all be in the table */
		table_reserve(&d->table, (uint64_t)rows);
}

int diff_check_order(struct diff *d, int side, struct error *err)
{
	int failed = 0;

	if (!d->ordered) {
		if (d->side[0].operand.rows == SAMPLE && !d->parts)
			expect_rows(d);
		return 0;
	}
	if (d->parts || !d->passed || span_cmp(buf_span(&d->highest), buf_span(&d->side[side].key)) < 0)
		return 0;
	d->ordered = false;
	expect_rows(d);
	failed = each_passed(d, remember, err);
	d->passed = 0;
	return failed;
}

int diff_part_passed(struct diff *d, struct error *err)
{
	int failed = d->passed ? each_passed(d, remember_parted, err) : 0;

	d->passed = 0;
	return failed;
}
