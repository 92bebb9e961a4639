/* load_mirror: the keys that a stream brought, and deleting the rows of all others. */
#include <stdlib.h>

#include "load.h"

static const char *type_of(enum affinity a)
{
	static const char *const types[] = { "BLOB", "TEXT", "INTEGER", "REAL", "NUMERIC" };

	return types[a];
}

/* A temporary table with the key's columns, of the same affinities and collations so that its values compare alike. */
static int make_seen(struct database *d, struct table *t, struct error *err)
{
	struct buf sql = BUF_INIT, names = BUF_INIT;
	uint32_t i, n = t->keys;
	int failed;

	buf_addf(&sql, "CREATE TEMP TABLE \"_sync_seen_%u\"(", t->stream);
	for (i = 0; i < n; i++) {
		const struct column *c = &t->column[t->key[i]];

		buf_addf(&sql, "%sk%u %s%s%s", i ? "," : "", i, type_of(c->affinity), c->collation ? " COLLATE " : "",
			 c->collation ? c->collation : "");
		buf_addf(&names, "%sk%u", i ? "," : "", i);
	}
	buf_addf(&sql, ", PRIMARY KEY(%s)) WITHOUT ROWID", buf_str(&names));
	failed = target_exec(d, buf_str(&sql), err);
	if (!failed) {
		buf_reset(&sql);
		buf_addf(&sql, "INSERT OR IGNORE INTO temp.\"_sync_seen_%u\" VALUES(", t->stream);
		for (i = 0; i < n; i++)
			buf_addf(&sql, "%s?", i ? "," : "");
		buf_addc(&sql, ')');
		failed = target_prepare(d, buf_str(&sql), &t->seen, err);
	}
	buf_release(&sql);
	buf_release(&names);
	return failed;
}

int mirror_see(struct database *d, struct table *t, const struct cell *key, struct error *err)
{
	int rc;

	if (!t->seen && (rows_count(d, t, err) || make_seen(d, t, err)))
		return -1;
	cells_bind(t->seen, 1, key, t->keys);
	rc = sqlite3_step(t->seen);
	if (rc != SQLITE_DONE)
		target_error(d, "noting keys", err);
	sqlite3_reset(t->seen);
	return rc == SQLITE_DONE ? 0 : -1;
}

static void add_unseen(const struct table *t, struct buf *sql)
{
	uint32_t i;

	if (!t->seen)
		return;
	buf_addf(sql, " WHERE NOT EXISTS(SELECT 1 FROM temp.\"_sync_seen_%u\" WHERE ", t->stream);
	for (i = 0; i < t->keys; i++)
		buf_addf(sql, "%sk%u=%s.%s", i ? " AND " : "", i, t->quoted, t->column[t->key[i]].quoted);
	buf_addc(sql, ')');
}

/* --dry-run: the keys of the rows that would go. */
static int print_unseen(struct database *d, struct table *t, struct error *err)
{
	struct buf sql = BUF_INIT;
	uint32_t i;
	int failed;

	buf_adds(&sql, "SELECT ");
	for (i = 0; i < t->keys; i++)
		buf_addf(&sql, "%s%s", i ? "," : "", t->column[t->key[i]].quoted);
	buf_addf(&sql, " FROM %s", t->quoted);
	add_unseen(t, &sql);
	failed = print_deletes(d, t, buf_str(&sql), err);
	buf_release(&sql);
	return failed;
}

static int delete_unseen(struct database *d, struct table *t, struct error *err)
{
	struct buf sql = BUF_INIT;
	uint64_t gone = 0;
	int failed = rows_count(d, t, err) || guard_whole(d->load, t->rows_at_start, err);

	if (!failed) {
		buf_addf(&sql, "SELECT count(*) FROM %s", t->quoted);
		add_unseen(t, &sql);
		failed = target_number(d, buf_str(&sql), NULL, &gone, err) ||
			guard_deletes(d->load, gone + t->deleted, t->rows_at_start, err);
	}
	if (!failed && gone && d->o->dry_run)
		failed = print_unseen(d, t, err);
	if (!failed && gone) {
		buf_reset(&sql);
		buf_addf(&sql, "DELETE FROM %s", t->quoted);
		add_unseen(t, &sql);
		failed = target_exec(d, buf_str(&sql), err);
		d->load->deleted += gone;
	}
	buf_release(&sql);
	return failed ? -1 : 0;
}

static int delete_all_unseen(struct database *d, struct error *err)
{
	uint32_t i;

	for (i = 0; i < d->tables; i++)
		if (d->table[i]->exists && delete_unseen(d, d->table[i], err))
			return -1;
	return 0;
}

static int try_it(struct database *d, bool *works, struct error *err)
{
	int failed = delete_all_unseen(d, err) || retry_all(d, false, err);

	*works = !failed && !guard_keeps_all(d->load) && !retry_some(d);
	return failed;
}

/*
 * Rows that wait may wait for some that go now. If any still waits then, or was set aside, nothing goes: those that waited
 * are tried once more without. A dry run says nothing before it knows.
 */
static int delete_and_retry(struct database *d, struct error *err)
{
	struct held waiting = HELD_INIT;
	struct tally tally;
	bool works;
	int failed;

	tally_take(d, &tally);
	retry_copy(d, &waiting);
	d->silent = true;
	failed = target_exec(d, "SAVEPOINT _sync_mirror", err) || try_it(d, &works, err);
	d->silent = false;
	if (!failed && (!works || d->o->dry_run)) {
		tally_give_back(d, &tally);
		failed = target_exec(d, "ROLLBACK TO _sync_mirror", err);
		retry_replace(d, &waiting);
		failed = failed || (works ? try_it(d, &works, err) : retry_all(d, true, err));
	}
	held_release(&waiting);
	tally_release(&tally);
	return failed || target_exec(d, "RELEASE _sync_mirror", err) ? -1 : 0;
}

int mirror_finish(struct database *d, struct error *err)
{
	if (guard_keeps_all(d->load))
		return retry_all(d, true, err);
	return retry_some(d) ? delete_and_retry(d, err) : delete_all_unseen(d, err);
}
