/* diff_end: when both operands have been read: rows from the spill file, rows without a partner, the stream that comes out. */
#include "merge/diff_private.h"

/* ---- rows from the spill file */

int diff_place_again(struct diff *d, const struct parted *row, struct error *err)
{
	struct error why = ERROR_INIT;
	struct waiting *w;
	bool added;
	int side = row->row.sides == SIDE_B, i;

	w = table_put(&d->table, row->key, &added);
	if (!w)
		return error_set(err, EXIT_FAILED, "--memory is too small for these operands");
	if (added) {
		*w = row->row;
		return 0;
	}
	if (w->sides & row->row.sides) {
		if (diff_again(d, side, &row->row, err))
			return -1;
		diff_twice(d, row->row.stream, side, &d->side[side].again, &why);
		d->side[side].aside++;
		return operand_set_aside_again(&d->side[side].operand, row->row.at, &d->side[side].again, &d->side[side].again_meta, d->w, &why, err);
	}
	if (!(d->opt.only & DIFF_UPDATE) || hash128_eq(w->line, row->row.line)) {
		diff_stream(d, w->stream)->equal++;
	} else {
		for (i = 0; i < 2; i++)
			if (diff_again(d, i, i == side ? &row->row : w, err))
				return -1;
		if (diff_pair(d, w->stream, &d->side[0].again, &d->side[1].again, d->side[1].again_meta.sync, err))
			return -1;
	}
	w->sides = SIDES;
	return 0;
}

/* ---- rows without a partner */

static int add_delete(struct diff *d, const struct waiting *w, struct error *err)
{
	struct diff_stream *s = diff_stream(d, w->stream);
	struct buf *key = &d->key;
	struct buf *members = &d->delta.set;

	if (diff_again(d, 0, w, err))
		return -1;
	buf_reset(key);
	buf_reset(members);
	if (key_bytes(&s->key[0], &d->side[0].again, key, err))
		return -1;
	key_write_members(&s->key[0], &d->side[0].again, members);
	s->deletes++;
	return changes_delete(&d->changes, w->stream, buf_span(key), buf_span(members), err);
}

static int add_insert(struct diff *d, const struct waiting *w, struct error *err)
{
	struct diff_stream *s = diff_stream(d, w->stream);
	struct diff_side *b = &d->side[1];

	if (diff_again(d, 1, w, err))
		return -1;
	buf_reset(&d->key);
	if (key_bytes(&s->key[1], &b->again, &d->key, err))
		return -1;
	s->inserts++;
	return changes_insert(&d->changes, w->stream, buf_span(&d->key), &b->again, b->again_meta.sync, err);
}

int diff_finish_table(struct diff *d, struct error *err)
{
	const struct waiting *w;
	uint32_t i;

	for (i = 0; i < d->table.n; i++) {
		w = table_entry(&d->table, i);
		if (w->sides == SIDE_A && (d->opt.only & DIFF_DELETE) && add_delete(d, w, err))
			return -1;
		if (w->sides == SIDE_B && (d->opt.only & DIFF_INSERT) && add_insert(d, w, err))
			return -1;
	}
	return 0;
}

void diff_keep_deletes(struct diff *d)
{
	uint32_t i;

	if (!d->side[1].aside && !counts_total(&d->side[1].operand.aside))
		return;
	d->kept_deletes = d->changes.deletes;
	d->changes.deletes = 0;
	d->changes.no_deletes = true;
	for (i = 0; i < d->stream_n; i++)
		if (d->stream[i])
			d->stream[i]->deletes = 0;
}

/* A stream that the second operand doesn't have at all was hardly meant to be emptied. */
int diff_check_streams(const struct diff *d, struct error *err)
{
	const struct operand *a = &d->side[0].operand, *b = &d->side[1].operand;
	uint32_t i;

	if ((a->single && b->single) || !(d->opt.only & DIFF_DELETE))
		return 0;
	for (i = 0; i < d->stream_n; i++)
		if (d->stream[i] && d->stream[i]->rows[0] && !d->stream[i]->seen[1] &&
		    !(b->own_name && !strcmp(b->own_name, streams_name(d->streams, i))))
			return error_set(err, EXIT_USAGE, "'%s' has no stream '%s', which '%s' has: name those to be compared ('%s#NAME'), "
					 "or give all one name with --stream", b->text, error_show(span_of(streams_name(d->streams, i))),
					 a->text, a->text);
	return 0;
}

/* ---- writing */

/* The second side's schema describes the rows that come; the first one's, where they get its types. */
static int write_schema(struct diff *d, uint32_t i, struct error *err)
{
	const struct diff_stream *s = d->stream[i];
	const struct buf *schema = &s->shape[!s->retype].schema;
	struct buf names = BUF_INIT;
	int failed;

	key_write_names(&s->key[0], &names);
	failed = writer_schema(d->w, i, buf_span(&names), schema->n ? buf_span(schema) : SPAN_LIT("{}"), err);
	buf_release(&names);
	return failed;
}

int diff_write(struct diff *d, struct error *err)
{
	uint32_t i;

	for (i = 0; i < d->stream_n; i++)
		if (d->stream[i] && d->stream[i]->settled && write_schema(d, i, err))
			return -1;
	return changes_write(&d->changes, d->w, err);
}
