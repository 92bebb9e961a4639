/*
 * load_write: a batch written under a savepoint: straight into the table, or by a merge. What the server refuses is found
 * by halves: each half is written by itself, until a single row is refused, which is set aside or kept for later.
 */
#include <time.h>

#include "load.h"

enum { MOST_TRIES = 6 };

static void pause_ms(unsigned ms)
{
	const struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };

	nanosleep(&t, NULL);
}

/* A share of the time chosen by chance, so that two that met don't meet again. */
static void back_off(int attempt)
{
	unsigned char byte = 128;

	(void)random_bytes(&byte, 1);
	pause_ms((20u << attempt) * (64u + byte) / 128u);
}

static int undo(struct database *d, struct error *err)
{
	return session_run(d, "ROLLBACK TO SAVEPOINT _sync_batch; RELEASE SAVEPOINT _sync_batch", err);
}

static void count(struct database *d, uint32_t n)
{
	struct load *l = d->load;
	struct table *t = d->batch;
	uint64_t touched = d->count.inserted + d->count.updated + d->count.deletes;

	l->inserted += d->count.inserted;
	l->updated += d->count.updated;
	l->deleted += d->count.deleted;
	l->unchanged += n > touched ? n - touched : 0;
	t->inserted += d->count.inserted;
	t->deleted += d->count.deleted;
	d->count = (struct counters){ 0, 0, 0, 0 };
}

static int attempt(struct database *d, uint32_t from, uint32_t to, struct error *err)
{
	struct table *t = d->batch;
	uint32_t i;
	int verdict;

	d->count = (struct counters){ 0, 0, 0, 0 };
	for (i = from; i < to; i++)
		d->count.deletes += d->row[i].op == ROW_DELETE;
	if (!table_only_added(d, t))
		return merge_rows(d, from, to, err);
	verdict = copy_rows(d, from, to, false, err);
	d->count.inserted = verdict ? 0 : to - from;
	return verdict;
}

/* A row that is refused by itself. */
static int refused(struct database *d, const struct row *r, int verdict, struct error *err)
{
	if (verdict == TRY_LATER && !d->waiting->last && !table_only_added(d, d->batch)) {
		waiting_keep(d->waiting, wait_hash(d->batch, r->hash), &r->arrival);
		return 0;
	}
	return load_set_aside(d->load, &r->arrival, err);
}

/* Under a savepoint, again while it may pass. A verdict; what was refused is undone. */
static int try_part(struct database *d, uint32_t from, uint32_t to, struct error *err)
{
	int verdict, tries;

	for (tries = 0; ; tries++) {
		if (session_run(d, "SAVEPOINT _sync_batch", err))
			return -1;
		verdict = attempt(d, from, to, err);
		if (!verdict) {
			count(d, to - from);
			return session_run(d, "RELEASE SAVEPOINT _sync_batch", err);
		}
		if (verdict < 0 && (!session_may_retry(err) || tries == MOST_TRIES))
			return -1;
		if (undo(d, &(struct error)ERROR_INIT))
			return -1;
		if (verdict > 0)
			return verdict;
		back_off(tries);
	}
}

static int write_part(struct database *d, uint32_t from, uint32_t to, struct error *err)
{
	uint32_t middle = from + (to - from) / 2;
	int verdict;

	if (to - from == 1 && waiting_some(d->waiting) && !table_only_added(d, d->batch) &&
	    waiting_on(d->waiting, wait_hash(d->batch, d->row[from].hash))) {
		waiting_keep(d->waiting, wait_hash(d->batch, d->row[from].hash), &d->row[from].arrival);
		return 0;
	}
	verdict = try_part(d, from, to, err);
	if (verdict == TRY_LATER && to - from > 1 && !table_only_added(d, d->batch)) {
		d->make_way = true;
		verdict = try_part(d, from, to, err);
		d->make_way = false;
	}
	if (verdict <= 0)
		return verdict;
	if (to - from == 1)
		return refused(d, &d->row[from], verdict, err);
	return write_part(d, from, middle, err) || write_part(d, middle, to, err) ? -1 : 0;
}

/* The rows that were sent straight into the table. 0: they are in; 1: the table refused one of them, and all are undone. */
static int end_sent(struct database *d, struct error *err)
{
	int verdict = copy_end(d, err);

	if (verdict < 0)
		return -1;
	if (verdict)
		return undo(d, err) ? -1 : 1;
	d->count = (struct counters){ .inserted = d->sent };
	count(d, d->sent);
	if (session_run(d, "RELEASE SAVEPOINT _sync_batch", err))
		return -1;
	return 0;
}

int write_rows(struct database *d, struct error *err)
{
	uint32_t from = 0;
	int got;

	if (d->copying) {
		got = end_sent(d, err);
		if (got < 0)
			return -1;
		from = got ? 0 : d->sent;
		if (got)
			d->batch->empty = false;
	}
	d->sent = 0;
	if (from < d->rows && !table_only_added(d, d->batch) && merge_prepare(d, d->batch, err))
		return -1;
	return from < d->rows ? write_part(d, from, d->rows, err) : 0;
}
