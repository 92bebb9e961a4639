/* load_rows: rows put, changed, moved, deleted. */
#include "load.h"

bool rows_only_added(const struct database *d, const struct table *t)
{
	return d->load->mode == MODE_APPEND || d->load->mode == MODE_REPLACE || !t->keys;
}

static int run_cells(struct database *d, struct table *t, struct shape *s, enum sql kind, const struct cell *cell, struct error *err)
{
	sqlite3_stmt *stmt = shape_statement(d, t, s, kind, err);

	if (!stmt)
		return -1;
	cells_bind(stmt, 1, cell, s->n);
	return target_run(d, stmt, t, err);
}

/* ---- upserts and inserts */

static void count_change(struct database *d, struct table *t, int change)
{
	t->added += change == SQLITE_INSERT;
	if (change == SQLITE_INSERT)
		d->load->inserted++;
	else if (change == SQLITE_UPDATE)
		d->load->updated++;
	else
		d->load->unchanged++;
	t->new_rows = change == SQLITE_INSERT ? t->new_rows + 1 : 0;
}

/* Where no hook tells an insert from an update: one after the other. */
static int put_in_two_steps(struct database *d, struct table *t, struct shape *s, const struct cell *cell, struct error *err)
{
	int verdict = run_cells(d, t, s, SQL_TRY, cell, err);

	if (verdict)
		return verdict;
	if (sqlite3_changes(d->db)) {
		count_change(d, t, SQLITE_INSERT);
		return LOAD_DONE;
	}
	if (!s->only_keys)
		verdict = run_cells(d, t, s, SQL_UPDATE, cell, err);
	if (!verdict)
		count_change(d, t, !s->only_keys && sqlite3_changes(d->db) ? SQLITE_UPDATE : 0);
	return verdict;
}

static int find_row(struct database *d, struct table *t, const struct cell *key, struct error *err);

/*
 * What an upsert would insert was refused, perhaps only for columns that the record doesn't set: where the row is there, it is
 * to be changed. The verdict stays where it isn't.
 */
static int change_refused(struct database *d, struct table *t, struct shape *s, const struct cell *cell, struct error *err)
{
	struct error other = ERROR_INIT;
	int there = find_row(d, t, d->key, &other), verdict;

	if (there <= 0) {
		if (there < 0)
			*err = other;
		return there < 0 ? -1 : LOAD_REJECT;
	}
	verdict = s->only_keys ? LOAD_DONE : run_cells(d, t, s, SQL_UPDATE, cell, err);
	if (!verdict)
		count_change(d, t, !s->only_keys && sqlite3_changes(d->db) ? SQLITE_UPDATE : 0);
	return verdict;
}

static int put(struct database *d, struct table *t, struct shape *s, const struct cell *cell, bool only_added, struct error *err)
{
	int verdict;

	if (!only_added && !t->rowid)
		return put_in_two_steps(d, t, s, cell, err);
	verdict = run_cells(d, t, s, only_added ? SQL_INSERT : SQL_UPSERT, cell, err);
	if (!verdict)
		count_change(d, t, only_added ? SQLITE_INSERT : d->changed);
	return verdict;
}

int rows_put(struct database *d, struct table *t, struct shape *s, const struct cell *cell, struct error *err)
{
	bool only_added = rows_only_added(d, t);
	int verdict = put(d, t, s, cell, only_added, err);

	return verdict == LOAD_REJECT && !only_added && !d->in_the_way ? change_refused(d, t, s, cell, err) : verdict;
}

/* Before the first delete. */
int rows_count(struct database *d, struct table *t, struct error *err)
{
	struct buf sql = BUF_INIT;
	int failed;

	if (t->counted)
		return 0;
	t->counted = true;
	buf_addf(&sql, "SELECT count(*) FROM %s", t->quoted);
	failed = target_number(d, buf_str(&sql), NULL, &t->rows_at_start, err);
	t->rows_at_start -= t->added < t->rows_at_start ? t->added : t->rows_at_start;
	buf_release(&sql);
	return failed;
}

/* ---- rows that move to another key */

static void add_key_is(const struct table *t, uint32_t parameter, struct buf *sql)
{
	uint32_t i;

	for (i = 0; i < t->keys; i++)
		buf_addf(sql, "%s%s=?%u", i ? " AND " : "", t->column[t->key[i]].quoted, parameter + i);
}

static int run_key(struct database *d, struct table *t, sqlite3_stmt **stmt, const char *start, const struct cell *key, struct error *err)
{
	struct buf sql = BUF_INIT;
	int failed = 0;

	if (!*stmt) {
		buf_addf(&sql, "%s %s WHERE ", start, t->quoted);
		add_key_is(t, 1, &sql);
		failed = target_prepare(d, buf_str(&sql), stmt, err);
		buf_release(&sql);
	}
	if (failed)
		return -1;
	cells_bind(*stmt, 1, key, t->keys);
	return 0;
}

/* Whether the row is there. 1, 0; -1. */
static int find_row(struct database *d, struct table *t, const struct cell *key, struct error *err)
{
	int rc;

	if (run_key(d, t, &t->find, "SELECT 1 FROM", key, err))
		return -1;
	rc = sqlite3_step(t->find);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		target_error(d, t->name, err);
	sqlite3_reset(t->find);
	return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : -1;
}

/* The row of the old key gets the new one. LOAD_DONE also where it isn't there. */
static int move_row(struct database *d, struct table *t, const struct cell *old, struct error *err)
{
	struct buf sql = BUF_INIT;
	uint32_t i;
	int failed = 0, verdict;

	if (!t->move) {
		buf_addf(&sql, "UPDATE OR ABORT %s SET ", t->quoted);
		for (i = 0; i < t->keys; i++)
			buf_addf(&sql, "%s%s=?%u", i ? "," : "", t->column[t->key[i]].quoted, i + 1);
		buf_adds(&sql, " WHERE ");
		add_key_is(t, t->keys + 1, &sql);
		failed = target_prepare(d, buf_str(&sql), &t->move, err);
		buf_release(&sql);
	}
	if (failed)
		return -1;
	cells_bind(t->move, 1, d->key, t->keys);
	cells_bind(t->move, (int)t->keys + 1, old, t->keys);
	verdict = target_run(d, t->move, t, err);
	d->moved = !verdict && sqlite3_changes(d->db) > 0;
	return verdict;
}

/* Whether both keys are of one row, which its column's collation or type can't tell apart. 1, 0; -1. */
static int same_row(struct database *d, struct table *t, const struct cell *old, struct error *err)
{
	struct buf sql = BUF_INIT;
	int rc, failed = 0;

	if (!t->both) {
		buf_addf(&sql, "SELECT 1 FROM %s WHERE ", t->quoted);
		add_key_is(t, 1, &sql);
		buf_adds(&sql, " AND ");
		add_key_is(t, t->keys + 1, &sql);
		failed = target_prepare(d, buf_str(&sql), &t->both, err);
		buf_release(&sql);
	}
	if (failed)
		return -1;
	cells_bind(t->both, 1, d->key, t->keys);
	cells_bind(t->both, (int)t->keys + 1, old, t->keys);
	rc = sqlite3_step(t->both);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		target_error(d, t->name, err);
	sqlite3_reset(t->both);
	return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : -1;
}

static int delete_row(struct database *d, struct table *t, const struct cell *key, struct error *err)
{
	return run_key(d, t, &t->delete, "DELETE FROM", key, err) ? -1 : target_run(d, t->delete, t, err);
}

/* An upsert onto a row that is there leaves nothing at the old key; else the row moves, with what the stream doesn't know of. */
static int move_for_upsert(struct database *d, struct table *t, const struct cell *old, struct error *err)
{
	int there = find_row(d, t, d->key, err), same = there > 0 ? same_row(d, t, old, err) : 0, verdict;

	if (there < 0 || same < 0)
		return -1;
	if (!there || same)
		return move_row(d, t, old, err);
	if (rows_count(d, t, err))
		return -1;
	verdict = delete_row(d, t, old, err);
	d->gone = verdict ? 0 : (uint64_t)sqlite3_changes(d->db);
	return verdict;
}

typedef int change_fn_row(struct database *d, struct table *t, const struct record *rec, struct error *err);

static void count_deleted(struct database *d, struct table *t, uint64_t n)
{
	t->deleted += n;
	d->load->deleted += n;
}

/* unchanged: how many were before. A row that only moved was changed. */
static void count_move(struct database *d, struct table *t, uint64_t unchanged)
{
	count_deleted(d, t, d->gone);
	if (!d->moved || d->load->unchanged == unchanged)
		return;
	d->load->unchanged--;
	d->load->updated++;
}

/* The row moves and changes, or neither. */
static int moved(struct database *d, struct table *t, const struct record *rec, const struct cell *old,
		 int (*move)(struct database *, struct table *, const struct cell *, struct error *), change_fn_row *change, struct error *err)
{
	const uint64_t unchanged = d->load->unchanged;
	struct error ignored = ERROR_INIT;
	int verdict;

	d->moved = false;
	d->gone = 0;
	if (target_exec(d, "SAVEPOINT _sync_move", err))
		return -1;
	verdict = move(d, t, old, err);
	if (!verdict)
		verdict = change(d, t, rec, err);
	if (!verdict)
		count_move(d, t, unchanged);
	if (verdict == LOAD_REJECT && target_exec(d, "ROLLBACK TO _sync_move", &ignored)) {
		*err = ignored;
		return -1;
	}
	return verdict >= 0 && target_exec(d, "RELEASE _sync_move", verdict ? &ignored : err) ? -1 : verdict;
}

/* The old key, where the change moved it: 1 and its cells, 0, or as the verdicts. */
static int old_key(struct database *d, struct table *t, struct cell **old, bool *has, struct error *err)
{
	struct value v;

	*has = t->keys && load_member(d->load, "key", &v) && value_type(v) == TOKEN_OBJECT;
	if (!*has)
		return LOAD_DONE;
	*old = arena_alloc(&d->arena, t->keys * sizeof **old);
	return cells_of_key(d, t, v, *old, err);
}

static bool same_key(const struct table *t, const struct cell *a, const struct cell *b)
{
	uint32_t i;

	for (i = 0; i < t->keys; i++) {
		if (a[i].kind != b[i].kind)
			return false;
		if (a[i].kind == CELL_TEXT || a[i].kind == CELL_BLOB ? !span_eq(a[i].s, b[i].s)
		    : a[i].kind == CELL_INTEGER ? a[i].i != b[i].i : a[i].d < b[i].d || a[i].d > b[i].d)
			return false;
	}
	return true;
}

/* ---- operations */

/* The row that it moves stays until then, also in a mirror. */
static int keep_for_later(struct database *d, struct table *t, const struct cell *old, struct error *err)
{
	retry_keep(d, t, old);
	return old && d->load->mode == MODE_MIRROR ? mirror_see(d, t, old, err) : LOAD_DONE;
}

/* Keeps the record for later if an earlier one of its keys waits: 1, and verdict is set. */
static bool must_wait(struct database *d, struct table *t, const struct cell *old, int *verdict, struct error *err)
{
	if (!retry_some(d) || !t->keys || !(retry_waits(d, t, d->key) || (old && retry_waits(d, t, old))))
		return false;
	*verdict = keep_for_later(d, t, old, err);
	return true;
}

static int put_record(struct database *d, struct table *t, const struct record *rec, struct error *err)
{
	(void)rec;
	return rows_put(d, t, d->shape, d->cell, err);
}

int rows_upsert(struct database *d, struct table *t, const struct record *rec, struct error *err)
{
	struct cell *old = NULL;
	bool moves = false;
	int verdict = shape_of(d, t, rec, false, err);

	if (!verdict && !rows_only_added(d, t))
		verdict = old_key(d, t, &old, &moves, err);
	if (verdict)
		return verdict;
	if (d->load->mode == MODE_MIRROR && mirror_see(d, t, d->key, err))
		return -1;
	moves = moves && !same_key(t, old, d->key);
	if (park_now(d))
		return park_row(d, t, moves ? old : NULL, err);
	if (!moves && gather_wants(d, t, d->shape))
		return gather_add(d, t, d->shape, err);
	if (gather_flush(d, err))
		return -1;
	if (must_wait(d, t, moves ? old : NULL, &verdict, err))
		return verdict;
	verdict = moves ? moved(d, t, rec, old, move_for_upsert, put_record, err) : rows_put(d, t, d->shape, d->cell, err);
	return verdict == LOAD_REJECT && retry_helps(d, t) ? keep_for_later(d, t, old, err) : verdict;
}

static int missing_row(struct database *d, struct table *t, const struct record *rec, struct error *err)
{
	int verdict;

	if (d->o->missing == MISSING_SKIP)
		return LOAD_DONE;
	if (d->o->missing == MISSING_INSERT) {
		verdict = shape_of(d, t, rec, false, err);
		return verdict ? verdict : rows_put(d, t, d->shape, d->cell, err);
	}
	error_data(err, "missing-row", "an update of a row that isn't there (--missing insert|skip)");
	d->in_the_way = false;
	return LOAD_REJECT;
}

static int change_row(struct database *d, struct table *t, const struct record *rec, struct error *err)
{
	int verdict;

	if (!d->shape->only_keys) {
		verdict = run_cells(d, t, d->shape, SQL_UPDATE, d->cell, err);
		if (verdict)
			return verdict;
		if (sqlite3_changes(d->db)) {
			d->load->updated++;
			return LOAD_DONE;
		}
	}
	verdict = find_row(d, t, d->key, err);
	if (verdict > 0)
		d->load->unchanged++;
	return verdict < 0 ? -1 : verdict ? LOAD_DONE : missing_row(d, t, rec, err);
}

int rows_update(struct database *d, struct table *t, const struct record *rec, struct error *err)
{
	struct cell *old = NULL;
	bool moves = false;
	int verdict = gather_flush(d, err) ? -1 : shape_of(d, t, rec, true, err);

	if (!verdict)
		verdict = old_key(d, t, &old, &moves, err);
	if (!verdict && d->load->mode == MODE_MIRROR && mirror_see(d, t, d->key, err))
		return -1;
	if (verdict)
		return verdict;
	moves = moves && !same_key(t, old, d->key);
	if (park_now(d))
		return park_row(d, t, moves ? old : NULL, err);
	if (must_wait(d, t, old, &verdict, err))
		return verdict;
	verdict = moves ? moved(d, t, rec, old, move_row, change_row, err) : change_row(d, t, rec, err);
	return verdict == LOAD_REJECT && retry_helps(d, t) ? keep_for_later(d, t, old, err) : verdict;
}

int rows_delete(struct database *d, struct table *t, const struct record *rec, struct error *err)
{
	int verdict;

	if (!t->keys)
		return error_set(err, EXIT_USAGE, "'%s': a delete wants a key: name one with --key", t->name);
	if (gather_flush(d, err) || rows_count(d, t, err))
		return -1;
	verdict = cells_of_key(d, t, record_root(rec), d->key, err);
	if (!verdict && park_now(d)) {
		retry_keep(d, t, NULL);
		return LOAD_DONE;
	}
	if (verdict || must_wait(d, t, NULL, &verdict, err))
		return verdict;
	verdict = delete_row(d, t, d->key, err);
	if (!verdict)
		count_deleted(d, t, (uint64_t)sqlite3_changes(d->db));
	return verdict;
}

int rows_truncate(struct database *d, struct table *t, struct error *err)
{
	struct buf sql = BUF_INIT;
	uint64_t now = 0;
	int failed = gather_flush(d, err) || retry_all(d, true, err) || rows_count(d, t, err);

	buf_addf(&sql, "SELECT count(*) FROM %s", t->quoted);
	failed = failed || target_number(d, buf_str(&sql), NULL, &now, err);
	buf_reset(&sql);
	buf_addf(&sql, "DELETE FROM %s", t->quoted);
	failed = failed || target_exec(d, buf_str(&sql), err);
	buf_release(&sql);
	if (!failed)
		count_deleted(d, t, now);
	return failed ? -1 : 0;
}
