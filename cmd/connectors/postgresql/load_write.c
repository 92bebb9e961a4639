/*
 * load_write: a batch written under a savepoint: straight into the table, or by a merge. What the server refuses is found
 * by halves: each half is written by itself, until a single row is refused, which is set aside or kept for later.
 */
#include "load.h"
#include "net/backoff.h"
#include "value/number.h"

enum { MOST_TRIES = 6, SETTLED = 2000 };

void tally_take(const struct database *d, const struct table *t, struct tally *out)
{
	const struct load *l = d->load;

	*out = (struct tally){ l->inserted, l->updated, l->unchanged, l->deleted, t ? t->run : (struct touched){ 0, 0 }, d->journal.held.n };
}

void tally_restore(struct database *d, struct table *t, const struct tally *y)
{
	struct load *l = d->load;

	l->inserted = y->inserted;
	l->updated = y->updated;
	l->unchanged = y->unchanged;
	l->deleted = y->deleted;
	if (t)
		t->run = y->here;
	if (d->journal.held.n > y->kept)
		d->journal.held.n = y->kept;
}

/* The records of a row that several were folded into, newest first, in order. */
static uint32_t unfold(const struct row *r, const struct row **out)
{
	uint32_t n = 1;

	for (; r->earlier; r = r->earlier, n++)
		if (out)
			*--out = r->latest;
	if (out)
		*--out = r;
	return n;
}

static const struct row **unfolded(struct database *d, const struct row *r, uint32_t *n)
{
	const struct row **v;

	*n = unfold(r, NULL);
	v = arena_alloc(&d->batch_arena, *n * sizeof(const struct row *));
	unfold(r, v + *n);
	return v;
}

static void keep_written(struct database *d, uint32_t from, uint32_t to)
{
	const struct row **each;
	uint32_t i, n;

	for (; d->journal.open && !d->journal.lost && from < to; from++) {
		each = unfolded(d, &d->row[from], &n);
		for (i = 0; i < n; i++)
			journal_add(d, &each[i]->arrival);
	}
}

/* The largest numbers of columns that a sequence fills. */
static void note_numbers(struct database *d, uint32_t from, uint32_t to)
{
	struct table *t = d->batch;
	uint32_t i, j;
	int64_t n;

	for (i = 0; i < t->columns; i++) {
		struct column *c = &t->column[i];

		if (!c->sequence || (c->type->kind != PG_INT2 && c->type->kind != PG_INT4 && c->type->kind != PG_INT8))
			continue;
		for (j = from; j < to; j++)
			if (d->row[j].op != ROW_DELETE && d->row[j].shape.p[i] && d->row[j].cell[i].p && !number_int64(d->row[j].cell[i], &n) &&
			    n > c->largest)
				c->largest = n;
	}
}

/* What became of the rows from from to to. */
static void count(struct database *d, uint32_t from, uint32_t to)
{
	struct load *l = d->load;
	struct table *t = d->batch;
	uint64_t n = to - from;
	uint64_t touched = d->count.inserted + d->count.updated + d->count.deletes + d->count.passed;

	l->inserted += d->count.inserted;
	l->updated += d->count.updated;
	l->deleted += d->count.deleted;
	l->unchanged += n > touched ? n - touched : 0;
	t->run.inserted += d->count.inserted;
	t->run.deleted += d->count.deleted;
	note_numbers(d, from, to);
	keep_written(d, from, to);
	d->count = (struct counters){ 0 };
}

static int attempt(struct database *d, uint32_t from, uint32_t to, struct error *err)
{
	struct table *t = d->batch;
	uint32_t i;
	int verdict;

	d->count = (struct counters){ 0 };
	for (i = from; i < to; i++)
		d->count.deletes += d->row[i].op == ROW_DELETE;
	if (!table_only_added(d, t) || !t->direct)
		return merge_rows(d, from, to, err);
	verdict = copy_rows(d, from, to, false, err);
	d->count.inserted = verdict ? 0 : to - from;
	return verdict;
}

static int write_part(struct database *d, uint32_t from, uint32_t to, struct error *err);

/* All records of a row wait. */
static int wait(struct database *d, const struct row *r)
{
	uint64_t hash = wait_hash(d->batch, r->hash);
	uint32_t i, n;
	const struct row **each = unfolded(d, r, &n);

	for (i = 0; i < n; i++)
		waiting_keep(d->waiting, hash, &each[i]->arrival);
	return 0;
}

/* A row that is refused by itself; where it is of several records, each is written, so that just those are refused that must be. */
static int refused(struct database *d, uint32_t at, int verdict, struct error *err)
{
	struct row *r = arena_alloc(&d->batch_arena, sizeof *r);
	const struct row **each;
	uint32_t i, n;
	int failed = 0;

	*r = d->row[at];
	if (!r->earlier) {
		if (verdict == TRY_LATER && !d->waiting->last && (d->dangling || !table_only_added(d, d->batch)))
			return wait(d, r);
		if (d->journal.trial)
			return journal_refuse(d, err), 0;
		return load_set_aside(d->load, &r->arrival, err);
	}
	each = unfolded(d, r, &n);
	for (i = 0; i < n && !failed; i++) {
		d->row[at] = *each[i];
		failed = write_part(d, at, at + 1, err);
	}
	return failed;
}

/* Under a savepoint, again while it may pass. A verdict; what was refused is undone. */
static int try_part(struct database *d, uint32_t from, uint32_t to, struct error *err)
{
	struct backoff backoff = { .first_ms = 20, .most = MOST_TRIES };	/* two that met don't meet again */
	int verdict;

	for (;;) {
		if (session_theirs(d, err) || session_run(d, "SAVEPOINT _sync_batch", err))
			return -1;
		verdict = attempt(d, from, to, err);
		if (!verdict) {
			count(d, from, to);
			return session_run(d, "RELEASE SAVEPOINT _sync_batch", err);
		}
		if (verdict < 0 && (!session_may_retry(d) || backoff.waits == MOST_TRIES))
			return -1;
		if (session_rollback(d, "_sync_batch", &(struct error)ERROR_INIT))
			return -1;
		if (verdict > 0)
			return verdict;
		(void)backoff_wait(&backoff);
	}
}

/* Rows of a part one by one, where all have given up their unique values: those that are refused go behind the others. */
static int write_each(struct database *d, uint32_t from, uint32_t *to, struct error *err)
{
	uint32_t i = from, end = *to, refused = 0;
	struct row r;
	int verdict = merge_make_way(d, from, end, err);

	while (!verdict && i < end) {
		verdict = try_part(d, i, i + 1, err);
		if (verdict > 0) {
			r = d->row[i];
			d->row[i] = d->row[--end];
			d->row[end] = r;
			refused++;
			verdict = 0;
		} else {
			i++;
		}
	}
	if (!verdict)
		*to = end;
	return verdict ? verdict : refused > 0;
}

/*
 * Rows that take each other's values, among others that find no way: those that are refused are left out and all begins
 * anew, until the rest is in. They come last.
 */
static int settle(struct database *d, uint32_t from, uint32_t to, struct error *err)
{
	uint32_t end = to, before;
	struct tally tally;
	int verdict = 1, failed = 0;

	while (verdict > 0 && end > from) {
		if (session_theirs(d, err) || session_run(d, "SAVEPOINT _sync_way", err))
			return -1;
		tally_take(d, d->batch, &tally);
		before = end;
		verdict = write_each(d, from, &end, err);
		if (verdict < 0)
			return -1;
		if (verdict && session_rollback(d, "_sync_way", &(struct error)ERROR_INIT))
			return -1;
		if (verdict)
			tally_restore(d, d->batch, &tally);
		if (verdict && end == before)
			end = from;	/* no value can be given up */
	}
	if (!verdict && session_run(d, "RELEASE SAVEPOINT _sync_way", err))
		return -1;
	for (; end < to && !failed; end++)
		failed = write_part(d, end, end + 1, err);
	return failed;
}

static int write_part(struct database *d, uint32_t from, uint32_t to, struct error *err)
{
	uint32_t middle = from + (to - from) / 2;
	int verdict;

	if (to - from == 1 && waiting_some(d->waiting) && !table_only_added(d, d->batch) &&
	    waiting_on(d->waiting, wait_hash(d->batch, d->row[from].hash)))
		return wait(d, &d->row[from]);
	verdict = try_part(d, from, to, err);
	if (verdict > 0 && d->journal.replaying && (to - from == 1 || verdict != TRY_LATER))
		return journal_refuse(d, err), 0;
	if (verdict == TRY_LATER && to - from > 1 && !table_only_added(d, d->batch)) {
		d->make_way = true;
		verdict = try_part(d, from, to, err);
		d->make_way = false;
		if (verdict == TRY_LATER && d->waiting->last && to - from <= SETTLED)
			return settle(d, from, to, err);
	}
	if (verdict <= 0)
		return verdict;
	if (d->journal.replaying)
		return journal_refuse(d, err), 0;
	if (to - from == 1)
		return refused(d, from, verdict, err);
	return write_part(d, from, middle, err) || write_part(d, middle, to, err) ? -1 : 0;
}

/* The rows that were sent straight into the table. 0: they are in; 1: the table refused one of them, and all are undone. */
static int end_sent(struct database *d, struct error *err)
{
	int verdict = copy_end(d, err);

	if (verdict < 0)
		return -1;
	if (verdict)
		return session_rollback(d, "_sync_batch", err) ? -1 : 1;
	d->count = (struct counters){ .inserted = d->sent };
	count(d, 0, d->sent);
	if (session_run(d, "RELEASE SAVEPOINT _sync_batch", err))
		return -1;
	return 0;
}

/* All rows stand in the staging table. 0: they are merged; 1: one was refused, and all is undone. */
static int end_staged(struct database *d, struct error *err)
{
	int verdict;

	d->staging = false;
	d->batch->staged = d->batch->alike = true;
	d->batch->mixed = false;
	d->count = (struct counters){ 0 };
	verdict = copy_end(d, err);
	d->staged = true;
	if (!verdict)
		verdict = merge_rows(d, 0, d->rows, err);
	d->staged = false;
	if (verdict < 0 && !session_may_retry(d))
		return -1;
	if (verdict)
		return session_rollback(d, "_sync_batch", &(struct error)ERROR_INIT) ? -1 : 1;
	count(d, 0, d->rows);
	return session_run(d, "RELEASE SAVEPOINT _sync_batch", err);
}

/* Rows that are proven to be there as they are to be are done; if that hardly ever is, though few change, it isn't asked again. */
static int write_unproven(struct database *d, struct error *err)
{
	struct table *t = d->batch;
	uint64_t unchanged;
	uint32_t rest;
	int failed;

	if (probe_end(d, &rest, err))
		return -1;
	d->count = (struct counters){ 0 };
	count(d, rest, d->rows);
	unchanged = d->load->unchanged;
	failed = rest && (merge_prepare(d, t, err) || write_part(d, 0, rest, err)) ? -1 : 0;
	unchanged = d->load->unchanged - unchanged;
	t->unproven = unchanged > d->rows / 4;
	t->calm = rest - unchanged < d->rows / 4;
	return failed;
}

static int write_gathered(struct database *d, struct error *err)
{
	uint32_t from = 0;
	int got;

	if (d->probe.on)
		return write_unproven(d, err);
	if (d->staging) {
		got = end_staged(d, err);
		return got > 0 ? write_part(d, 0, d->rows, err) : got;
	}
	if (d->copying) {
		got = end_sent(d, err);
		if (got < 0)
			return -1;
		from = got ? 0 : d->sent;
		if (got)
			d->batch->empty = false;
	}
	d->sent = 0;
	if (from < d->rows && (!table_only_added(d, d->batch) || !d->batch->direct) && merge_prepare(d, d->batch, err))
		return -1;
	return from < d->rows ? write_part(d, from, d->rows, err) : 0;
}

int write_rows(struct database *d, struct error *err)
{
	bool on_its_way = d->staging || d->copying || d->probe.on;	/* then it was opened before */

	return (!on_its_way && journal_open(d, err)) || write_gathered(d, err) || journal_check(d, err) ? -1 : 0;
}
