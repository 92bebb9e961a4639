/* load_keys: keys that move, sequences. */
#include <stdlib.h>

#include "load.h"

int keys_count(struct database *d, struct table *t, struct error *err)
{
	struct buf sql = BUF_INIT;
	uint64_t n;
	int failed;

	if (t->counted)
		return 0;
	t->counted = true;
	buf_addf(&sql, "SELECT pg_catalog.count(*) FROM %s", t->quoted);
	failed = session_number(d, buf_str(&sql), NULL, &n, err);
	buf_release(&sql);
	t->rows_at_start = n > t->run.inserted ? n - t->run.inserted : 0;
	return failed;
}

int keys_truncate(struct database *d, struct table *t, struct error *err)
{
	struct buf sql = BUF_INIT;
	int64_t n;
	int verdict = 0;

	if (batch_flush(d, err) || batch_retry(d, true, err) || keys_count(d, t, err) || journal_open(d, err))
		return -1;
	buf_addf(&sql, "DELETE FROM %s", t->quoted);
	n = session_theirs(d, err) ? -1 : session_change(d, buf_str(&sql), &verdict, err);
	buf_release(&sql);
	if (n < 0)
		return -1;
	journal_add(d, &d->load->arrival);
	t->run.deleted += (uint64_t)n;
	d->load->deleted += (uint64_t)n;
	return 0;
}

/* ---- keys that move */

struct move {
	struct row from, to;
	uint64_t moved, gone;	/* rows */
};

/* Whether the new key is another row's than the old one. */
static int find_other(struct database *d, const struct table *t, const struct move *m, bool *there, struct error *err)
{
	struct buf sql = BUF_INIT;
	int verdict = LOAD_DONE;
	int64_t n;

	buf_addf(&sql, "SELECT 1 FROM %s AS t, ", t->quoted);
	stage_add_one(t, &m->to, "s, ", &sql);
	stage_add_one(t, &m->from, "o WHERE ", &sql);
	add_key_match(t, "t", "s", &sql);
	buf_adds(&sql, " AND NOT (");
	add_key_match(t, "t", "o", &sql);
	buf_addc(&sql, ')');
	n = session_change(d, buf_str(&sql), &verdict, err);
	buf_release(&sql);
	*there = n > 0;
	return n < 0 ? verdict : LOAD_DONE;
}

static int change_key(struct database *d, struct table *t, struct move *m, struct error *err)
{
	struct buf sql = BUF_INIT;
	int verdict = LOAD_DONE;
	uint32_t i;
	int64_t n;

	buf_addf(&sql, "UPDATE %s AS t SET ", t->quoted);
	for (i = 0; i < t->keys; i++)
		buf_addf(&sql, "%s%s=s.c%u", i ? "," : "", t->column[t->key[i]].quoted, t->key[i]);
	buf_adds(&sql, " FROM ");
	stage_add_one(t, &m->to, "s, ", &sql);
	stage_add_one(t, &m->from, "o WHERE ", &sql);
	add_key_match(t, "t", "o", &sql);
	n = session_change(d, buf_str(&sql), &verdict, err);
	buf_release(&sql);
	m->moved = n > 0 ? (uint64_t)n : 0;
	return verdict;
}

static int delete_old(struct database *d, struct table *t, struct move *m, struct error *err)
{
	struct buf sql = BUF_INIT;
	int verdict = LOAD_DONE;
	int64_t n;

	if (keys_count(d, t, err))
		return -1;
	buf_addf(&sql, "DELETE FROM %s AS t USING ", t->quoted);
	stage_add_one(t, &m->from, "o WHERE ", &sql);
	add_key_match(t, "t", "o", &sql);
	n = session_change(d, buf_str(&sql), &verdict, err);
	buf_release(&sql);
	m->gone = n > 0 ? (uint64_t)n : 0;
	return verdict;
}

/* The row of the old key gets the new one; or, where an upsert's new key is there already, goes. Then the record is written. */
static int move(struct database *d, struct table *t, struct move *m, const struct record *rec, bool upsert, struct error *err)
{
	uint64_t unchanged = d->load->unchanged;
	bool there = false;
	int verdict = upsert ? find_other(d, t, m, &there, err) : LOAD_DONE;

	if (!verdict)
		verdict = there ? delete_old(d, t, m, err) : change_key(d, t, m, err);
	if (!verdict)
		verdict = batch_add(d, t, rec, upsert ? ROW_UPSERT : ROW_UPDATE, err);
	if (!verdict)
		verdict = batch_flush(d, err);
	if (verdict)
		return verdict;
	t->run.deleted += m->gone;
	d->load->deleted += m->gone;
	if (m->moved && d->load->unchanged > unchanged) {
		d->load->unchanged--;
		d->load->updated++;
	}
	return LOAD_DONE;
}

static bool same_cells(const struct table *t, const struct move *m)
{
	uint32_t i;

	for (i = 0; i < t->keys; i++)
		if (!span_eq(m->from.cell[t->key[i]], m->to.cell[t->key[i]]))
			return false;
	return true;
}

/* The record waits, and what comes for either key behind it. */
static int wait_both(struct database *d, const struct table *t, const struct move *m)
{
	waiting_mark(d->waiting, wait_hash(t, m->from.hash));
	waiting_keep(d->waiting, wait_hash(t, m->to.hash), &d->load->arrival);
	return LOAD_DONE;
}

static int undo_move(struct database *d, struct table *t, const struct move *m, const struct tally *before, int verdict, struct error *err)
{
	if (session_rollback(d, "_sync_move", &(struct error)ERROR_INIT))
		return -1;
	tally_restore(d, t, before);
	if (verdict != TRY_LATER)
		return verdict;
	if (d->waiting->last || d->journal.replaying)
		return LOAD_REJECT;
	error_reset(err);
	return wait_both(d, t, m);
}

/* The move and the change behind it are one: both or neither. LOAD_DONE, LOAD_REJECT, -1. */
int keys_move(struct database *d, struct table *t, const struct record *rec, struct value old, bool upsert, struct error *err)
{
	uint64_t aside;
	size_t waiting;
	struct tally before;
	struct move m = { .moved = 0 };
	int verdict = batch_flush(d, err) || batch_evolve(d, t, rec, err) ? -1 : batch_key(d, t, old, &m.from, err);

	if (!verdict)
		verdict = batch_key(d, t, record_root(rec), &m.to, err);
	if (verdict)
		return verdict;
	if (same_cells(t, &m))
		return batch_add(d, t, rec, upsert ? ROW_UPSERT : ROW_UPDATE, err);
	if (waiting_some(d->waiting) && (waiting_on(d->waiting, wait_hash(t, m.from.hash)) || waiting_on(d->waiting, wait_hash(t, m.to.hash))))
		return wait_both(d, t, &m);
	if (journal_open(d, err) || merge_prepare(d, t, err) || session_theirs(d, err) || session_run(d, "SAVEPOINT _sync_move", err))
		return -1;
	d->journal.moving = true;
	waiting = d->waiting->held.n;
	aside = d->load->aside;
	t->empty = false;
	tally_take(d, t, &before);
	verdict = move(d, t, &m, rec, upsert, err);
	d->journal.moving = false;
	if (verdict < 0)
		return -1;
	if (!verdict && d->waiting->held.n != waiting)
		waiting_mark(d->waiting, wait_hash(t, m.from.hash));
	if (verdict || d->load->aside != aside || d->waiting->held.n != waiting)
		return undo_move(d, t, &m, &before, verdict, err);
	return session_run(d, "RELEASE SAVEPOINT _sync_move", err) || journal_check(d, err) ? -1 : 0;
}

/* ---- sequences */

/* A default that gives numbers goes on behind the largest that was loaded. */
int sequences_move(struct database *d, struct table *t, struct error *err)
{
	struct buf sql = BUF_INIT;
	uint64_t ignored;
	uint32_t i;
	int failed = 0;

	for (i = 0; !failed && i < t->columns; i++) {
		struct column *c = &t->column[i];

		if (c->largest <= 0)
			continue;
		buf_reset(&sql);
		buf_addf(&sql, "SELECT pg_catalog.setval(q.s, %lld) FROM (SELECT ", (long long)c->largest);
		pg_add_literal(&sql, span_of(c->sequence));
		buf_addf(&sql, "::pg_catalog.regclass AS s) q WHERE %lld > coalesce((SELECT p.last_value FROM pg_catalog.pg_sequences p WHERE "
			 "(pg_catalog.quote_ident(p.schemaname)||'.'||pg_catalog.quote_ident(p.sequencename))::pg_catalog.regclass=q.s), 0)",
			 (long long)c->largest);
		failed = session_ours(d, err) || session_number(d, buf_str(&sql), NULL, &ignored, err);
		c->largest = 0;
	}
	buf_release(&sql);
	return failed ? -1 : 0;
}
