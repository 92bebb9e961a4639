/*
 * load_mirror: rows that no record came for. Records may wait for such rows to go, whose unique values they take: then both are tried
 * together, and where a record still can't be written, nothing goes.
 */
#include <stdlib.h>

#include "load.h"

static void seen_name(const struct table *t, char out[32])
{
	snprintf(out, 32, "_sync_seen_%u", t->stream);
}

/* Before the first batch's savepoint: a table of keys, compared as the table's own. */
static int make_seen(struct database *d, struct table *t, struct error *err)
{
	struct buf sql = BUF_INIT;
	char name[32];
	uint32_t i;
	int failed;

	seen_name(t, name);
	buf_addf(&sql, "CREATE TEMP TABLE %s (", name);
	for (i = 0; i < t->keys; i++)
		buf_addf(&sql, "%sc%u %s%s", i ? ", " : "", t->key[i], t->column[t->key[i]].declared,
			 t->column[t->key[i]].collation);
	buf_addc(&sql, ')');
	failed = session_ours(d, err) || session_run(d, buf_str(&sql), err) ? -1 : 0;
	buf_release(&sql);
	t->seen = !failed;
	journal_lose(d);
	return failed;
}

int mirror_prepare(struct database *d, struct table *t, struct error *err)
{
	if (t->seen || d->load->mode != MODE_MIRROR)
		return 0;
	return keys_count(d, t, err) || make_seen(d, t, err) ? -1 : 0;
}

/* "s.c0,s.c2": the key's columns, of rows that are called so. */
static void add_keys(const struct table *t, const char *alias, struct buf *sql)
{
	uint32_t i;

	for (i = 0; i < t->keys; i++)
		buf_addf(sql, "%s%s.c%u", i ? "," : "", alias, t->key[i]);
}

int mirror_see(struct database *d, struct table *t, uint32_t from, uint32_t to, struct error *err)
{
	struct member *m = arena_alloc(&d->arena, (to - from + 1) * sizeof *m);
	struct group g = { .rows = m, .inline_rows = !t->staged };
	struct buf sql = BUF_INIT;
	char name[32];
	uint32_t i;
	int verdict = LOAD_DONE;

	for (i = from; i < to; i++)
		if (d->row[i].op != ROW_DELETE)
			m[g.n++].n = i;
	seen_name(t, name);
	buf_addf(&sql, "INSERT INTO pg_temp.%s SELECT ", name);
	add_keys(t, "s", &sql);
	buf_adds(&sql, " FROM ");
	stage_add_rows(d, t, &g, &sql);
	if (!t->alike)
		buf_adds(&sql, " WHERE s.op OPERATOR(pg_catalog.<>) '-'::pg_catalog.\"char\"");
	if (g.n)
		(void)session_change(d, buf_str(&sql), &verdict, err);
	buf_release(&sql);
	return verdict;
}

static void add_unseen(const struct table *t, const char *verb, struct buf *sql)
{
	char name[32];

	seen_name(t, name);
	buf_addf(sql, "%s FROM %s AS t WHERE NOT EXISTS (SELECT 1 FROM pg_temp.%s AS s WHERE ", verb, t->quoted, name);
	add_key_match(t, "t", "s", sql);
	buf_addc(sql, ')');
}

/* The rows that no record came for, if the guards let them go. */
static int count_unseen(struct database *d, struct table *t, uint64_t *gone, struct error *err)
{
	struct buf sql = BUF_INIT;
	int failed;

	*gone = 0;
	if (!t->seen)
		return 0;
	if (keys_count(d, t, err) || guard_whole(d->load, t->rows_at_start, err))
		return -1;
	add_unseen(t, "SELECT pg_catalog.count(*)", &sql);
	failed = session_number(d, buf_str(&sql), NULL, gone, err) || guard_deletes(d->load, *gone + t->run.deleted, t->rows_at_start, err);
	buf_release(&sql);
	return failed ? -1 : 0;
}

/* One statement deletes in all tables: foreign keys between them are checked behind it. */
static void add_delete(struct buf *with, struct buf *select, const struct table *t, uint32_t number)
{
	buf_addf(with, "%sd%u AS (", with->n ? ", " : "WITH ", number);
	add_unseen(t, "DELETE", with);
	buf_adds(with, " RETURNING 1)");
	buf_addf(select, "%s(SELECT pg_catalog.count(*) FROM d%u)", select->n ? " OPERATOR(pg_catalog.+) " : " SELECT ", number);
}

/* The statement's one number: a verdict. */
static int run_delete(struct database *d, const char *sql, uint64_t *deleted, struct error *err)
{
	PGresult *r = PQexec(d->pg.c, sql);
	ExecStatusType status = PQresultStatus(r);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		return session_verdict(d, r, sql, err);
	*deleted = strtoull(status == PGRES_TUPLES_OK ? PQgetvalue(r, 0, 0) : PQcmdTuples(r), NULL, 10);
	PQclear(r);
	return LOAD_DONE;
}

/* A verdict, where a constraint holds them. */
static int delete_unseen(struct database *d, struct error *err)
{
	struct buf with = BUF_INIT, select = BUF_INIT, one = BUF_INIT;
	uint64_t gone, deleted = 0;
	uint32_t i, n = 0;
	int verdict = 0;

	for (i = 0; !verdict && !guard_keeps_all(d->load) && i < d->tables; i++) {
		verdict = count_unseen(d, d->table[i], &gone, err);
		if (verdict || !gone)
			continue;
		if (!n++)
			add_unseen(d->table[i], "DELETE", &one);
		add_delete(&with, &select, d->table[i], i);
	}
	buf_addspan(&with, buf_span(&select));
	if (!verdict && n)
		verdict = session_theirs(d, err) ? -1 : run_delete(d, buf_str(n == 1 ? &one : &with), &deleted, err);	/* one by itself obeys rules too */
	buf_release(&with);
	buf_release(&select);
	buf_release(&one);
	d->load->deleted += deleted;
	return verdict;
}

/* ---- with records that wait */

int mirror_expect(struct database *d, struct table *t, const struct record *rec, struct error *err)
{
	struct buf sql = BUF_INIT;
	struct value old;
	struct row r;
	char name[32];
	int verdict = merge_prepare(d, t, err);

	seen_name(t, name);
	if (!verdict)
		verdict = batch_key(d, t, record_root(rec), &r, err);
	if (!verdict) {
		buf_addf(&sql, "INSERT INTO pg_temp.%s SELECT ", name);
		add_keys(t, "s", &sql);
		buf_adds(&sql, " FROM ");
		stage_add_one(t, &r, "s", &sql);
		if (load_member(d->load, "key", &old) && value_type(old) == TOKEN_OBJECT && !batch_key(d, t, old, &r, err)) {
			buf_adds(&sql, " UNION ALL SELECT ");
			add_keys(t, "o", &sql);
			buf_adds(&sql, " FROM ");
			stage_add_one(t, &r, "o", &sql);
		}
		(void)session_change(d, buf_str(&sql), &verdict, err);
	}
	buf_release(&sql);
	return verdict;
}

/* The keys of records that wait are not among those that go. */
static int expect_waiting(struct database *d, struct error *err)
{
	const struct held *held = &d->waiting->held;
	size_t i;
	int failed = 0;

	d->expecting = true;
	for (i = 0; i < held->n && !failed && !d->journal.failed; i++)
		failed = load_again(d->load, &held->v[i], err);
	d->expecting = false;
	return failed;
}

/* *works: all that waited is written, and what checks there are at the commit are content. */
static int try_it(struct database *d, bool *works, struct error *err)
{
	struct journal *j = &d->journal;
	int verdict;

	j->trial = true;
	j->failed = false;
	verdict = session_theirs(d, err) ? -1 : expect_waiting(d, err);
	if (!verdict && !j->failed)
		verdict = delete_unseen(d, err);
	if (!verdict && !j->failed)
		verdict = batch_retry(d, false, err) || journal_check(d, err) ? -1 : 0;
	j->trial = false;
	*works = !verdict && !j->failed && !j->open && !waiting_some(d->waiting);
	if (verdict > 0)
		error_reset(err);
	return verdict < 0 ? -1 : 0;
}

static void copy_waiting(const struct held *from, struct held *to)
{
	size_t i;

	for (i = 0; i < from->n; i++)
		held_add(to, &from->v[i]);
}

/* Undone: those that waited are given a last time; where one is set aside, nothing goes. */
static int give_up(struct database *d, struct held *waiting, const struct tally *tally, struct error *err)
{
	uint32_t i;

	journal_drop(d);
	tally_restore(d, NULL, tally);
	for (i = 0; i < d->tables; i++) {
		d->table[i]->run = d->table[i]->at_mirror;
		d->table[i]->stage[0] = '\0';	/* it may be gone */
	}
	held_release(&d->waiting->held);
	d->waiting->held = *waiting;
	*waiting = (struct held)HELD_INIT;
	return session_rollback(d, "_sync_mirror", err) || batch_retry(d, true, err) || journal_settle(d, err) || delete_unseen(d, err) ? -1 : 0;
}

static int delete_and_retry(struct database *d, struct error *err)
{
	struct held waiting = HELD_INIT;
	struct tally tally;
	bool works = false;
	uint32_t i;
	int failed = session_theirs(d, err) || session_run(d, "SAVEPOINT _sync_mirror", err) ? -1 : 0;

	tally_take(d, NULL, &tally);
	for (i = 0; i < d->tables; i++)
		d->table[i]->at_mirror = d->table[i]->run;
	copy_waiting(&d->waiting->held, &waiting);
	failed = failed || try_it(d, &works, err) ? -1 : 0;
	if (!failed && works)
		failed = session_run(d, "RELEASE SAVEPOINT _sync_mirror", err);
	else if (!failed)
		failed = give_up(d, &waiting, &tally, err);
	held_release(&waiting);
	return failed ? -1 : 0;
}

int mirror_finish(struct database *d, struct error *err)
{
	if (!waiting_some(d->waiting))
		return delete_unseen(d, err) ? -1 : 0;
	if (guard_keeps_all(d->load))
		return batch_retry(d, true, err) || journal_settle(d, err) ? -1 : 0;
	return delete_and_retry(d, err);
}
