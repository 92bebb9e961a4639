/* load_rows: statements: upsert, insert, update, delete. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "load.h"

enum { MOST_STATEMENTS = 16, MOST_COLUMNS = 2000 };

/* ---- which columns a record sets */

struct chosen {
	uint32_t column[MOST_COLUMNS];
	struct value value[MOST_COLUMNS];	/* VALUE_NONE: null */
	uint32_t n;
};

static struct chosen chosen;	/* of the record in hand; too large for the stack */

static int unknown_member(struct value name, const struct table *t, struct error *err)
{
	error_data(err, "unknown-field", "no column of '%s' for '%s' (--evolve adds columns)", t->name, error_show(value_bytes(name)));
	return LOAD_REJECT;
}

/* Members in the record's order. */
static int choose_members(struct database *d, struct table *t, const struct record *rec, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct value name, v;
	struct column *c;
	uint32_t guess = 0;

	chosen.n = 0;
	while (value_next(record_root(rec), &walk, &name, &v)) {
		/* columns mostly stand in the order of the members */
		c = guess < t->columns && value_text_is(name, span_of(t->column[guess].name)) ? &t->column[guess] : NULL;
		if (!c)
			c = table_column(t, value_text(name, &d->arena));
		if (!c && d->o->evolve && !table_add_column(d, t, name, v, err))
			c = &t->column[t->columns - 1];
		if (!c)
			return unknown_member(name, t, err);
		guess = (uint32_t)(c - t->column) + 1;
		if (c->generated)
			continue;
		if (chosen.n == MOST_COLUMNS)
			return error_set(err, EXIT_FAILED, "more than %d columns", MOST_COLUMNS);
		chosen.column[chosen.n] = guess - 1;
		chosen.value[chosen.n++] = v;
	}
	return 0;
}

static bool is_chosen(uint32_t column)
{
	uint32_t i;

	for (i = 0; i < chosen.n; i++)
		if (chosen.column[i] == column)
			return true;
	return false;
}

/* An upsert sets every column that the stream declares, null where the record lacks it. */
static void choose_declared(const struct table *t)
{
	uint32_t i, n = 0;

	if (!t->has_schema)
		return;
	for (i = 0; i < t->columns; i++)
		n += t->column[i].declared && !t->column[i].generated;
	for (i = 0; i < t->columns && chosen.n < n; i++) {
		if (!t->column[i].declared || t->column[i].generated || is_chosen(i))
			continue;
		chosen.column[chosen.n] = i;
		chosen.value[chosen.n++] = VALUE_NONE;
	}
}

static int check_key(const struct table *t, struct error *err)
{
	uint32_t i, j;

	for (i = 0; i < t->columns; i++) {
		if (!t->column[i].key)
			continue;
		for (j = 0; j < chosen.n && chosen.column[j] != i; j++)
			;
		if (j < chosen.n && value_present(chosen.value[j]) && value_type(chosen.value[j]) != TOKEN_NULL)
			continue;
		error_data(err, "no-key", "the key '%s' is missing or null", t->column[i].name);
		return LOAD_REJECT;
	}
	return LOAD_DONE;
}

/* ---- statements, prepared once for each set of columns */

static void add_list(const struct table *t, const char *form, const char *between, bool keys, bool others, struct buf *sql)
{
	const char *sep = "";
	uint32_t i;
	const char *p;

	for (i = 0; i < chosen.n; i++) {
		const struct column *c = &t->column[chosen.column[i]];

		if (c->key ? !keys : !others)
			continue;
		buf_adds(sql, sep);
		for (p = form; *p; p++) {
			if (*p == '$')
				buf_adds(sql, c->quoted);
			else if (*p == '?')
				buf_addf(sql, "?%u", i + 1);
			else
				buf_addc(sql, *p);
		}
		sep = between;
	}
}

static bool only_keys(const struct table *t)
{
	uint32_t i;

	for (i = 0; i < chosen.n; i++)
		if (!t->column[chosen.column[i]].key)
			return false;
	return true;
}

static void add_newer(struct database *d, struct table *t, const char *theirs, struct buf *sql)
{
	struct column *c = d->o->newer ? table_column(t, span_of(d->o->newer)) : NULL;
	uint32_t i;

	if (!c || !is_chosen((uint32_t)(c - t->column)))
		return;
	for (i = 0; chosen.column[i] != (uint32_t)(c - t->column); i++)
		;
	if (theirs)
		buf_addf(sql, " AND (%s.%s IS NULL OR %s%s >= %s.%s)", t->quoted, c->quoted, theirs, c->quoted, t->quoted, c->quoted);
	else
		buf_addf(sql, " AND (%s IS NULL OR ?%u >= %s)", c->quoted, i + 1, c->quoted);
}

static void add_insert(const struct table *t, struct buf *sql)
{
	buf_addf(sql, "INSERT INTO %s(", t->quoted);
	add_list(t, "$", ",", true, true, sql);
	buf_adds(sql, ") VALUES(");
	add_list(t, "?", ",", true, true, sql);
	buf_addc(sql, ')');
}

static void add_upsert(struct database *d, struct table *t, struct buf *sql)
{
	add_insert(t, sql);
	buf_adds(sql, " ON CONFLICT(");
	add_list(t, "$", ",", true, false, sql);
	if (only_keys(t)) {
		buf_adds(sql, ") DO NOTHING");
		return;
	}
	buf_adds(sql, ") DO UPDATE SET ");
	add_list(t, "$=excluded.$", ",", false, true, sql);
	buf_adds(sql, " WHERE (");
	add_list(t, "$ IS NOT excluded.$", " OR ", false, true, sql);	/* by value: 1 and 1.0 are one, '1' is another */
	buf_addc(sql, ')');
	add_newer(d, t, "excluded.", sql);
}

static void add_update(struct database *d, struct table *t, struct buf *sql)
{
	buf_addf(sql, "UPDATE %s SET ", t->quoted);
	add_list(t, "$=?", ",", false, true, sql);
	buf_adds(sql, " WHERE ");
	add_list(t, "$=?", " AND ", true, false, sql);
	buf_adds(sql, " AND (");
	add_list(t, "$ IS NOT ?", " OR ", false, true, sql);
	buf_addc(sql, ')');
	add_newer(d, t, NULL, sql);
}

static int prepare(struct database *d, struct table *t, char kind, struct statement *s, struct error *err)
{
	struct buf sql = BUF_INIT;
	int failed;

	if (kind == 'u')
		add_upsert(d, t, &sql);
	else if (kind == 's')
		add_update(d, t, &sql);
	else
		add_insert(t, &sql);
	failed = target_prepare(d, buf_str(&sql), &s->stmt, err);
	buf_release(&sql);
	if (failed)
		return -1;
	s->kind = kind;
	s->n = chosen.n;
	s->column = xreallocarray(NULL, chosen.n + 1, sizeof *s->column);
	memcpy(s->column, chosen.column, chosen.n * sizeof *s->column);
	return 0;
}

static bool is_for_chosen(const struct statement *s, char kind)
{
	return s->kind == kind && s->n == chosen.n && !memcmp(s->column, chosen.column, chosen.n * sizeof *s->column);
}

static void drop_oldest(struct table *t)
{
	struct statement *s = &t->statement[--t->statements];

	sqlite3_finalize(s->stmt);
	free(s->column);
}

static sqlite3_stmt *statement(struct database *d, struct table *t, char kind, struct error *err)
{
	struct statement s;
	uint32_t i;

	for (i = 0; i < t->statements; i++)
		if (is_for_chosen(&t->statement[i], kind))
			return t->statement[i].stmt;
	if (prepare(d, t, kind, &s, err))
		return NULL;
	if (!t->statement)
		t->statement = xcalloc(MOST_STATEMENTS, sizeof *t->statement);
	if (t->statements == MOST_STATEMENTS)
		drop_oldest(t);
	memmove(t->statement + 1, t->statement, t->statements * sizeof *t->statement);
	t->statements++;
	t->statement[0] = s;
	return s.stmt;
}

/* ---- running them */

static int bind_chosen(struct database *d, struct table *t, sqlite3_stmt *stmt, struct error *err)
{
	uint32_t i;
	int verdict;

	for (i = 0; i < chosen.n; i++) {
		if (!value_present(chosen.value[i])) {
			sqlite3_bind_null(stmt, (int)i + 1);
			continue;
		}
		verdict = bind_value(d, stmt, (int)i + 1, &t->column[chosen.column[i]], chosen.value[i], err);
		if (verdict)
			return verdict;
	}
	return LOAD_DONE;
}

/* Runs a statement to its end. LOAD_DONE, LOAD_REJECT, or -1. */
static int run(struct database *d, sqlite3_stmt *stmt, const char *what, struct error *err)
{
	int rc;

	d->changed = 0;
	rc = sqlite3_step(stmt);
	sqlite3_reset(stmt);
	d->uncommitted++;
	if (rc == SQLITE_DONE || rc == SQLITE_ROW)
		return LOAD_DONE;
	target_error(d, what, err);
	return target_is_records_fault(rc) ? LOAD_REJECT : -1;
}

static void count_change(struct database *d)
{
	if (d->changed == SQLITE_INSERT || (!d->changed && sqlite3_changes(d->db)))
		d->load->inserted++;
	else if (d->changed == SQLITE_UPDATE)
		d->load->updated++;
	else
		d->load->unchanged++;
}

int rows_upsert(struct database *d, struct table *t, struct record *rec, bool plain_insert, struct error *err)
{
	sqlite3_stmt *stmt;
	int verdict = choose_members(d, t, rec, err);

	if (verdict)
		return verdict;
	choose_declared(t);
	if (!plain_insert && (verdict = check_key(t, err)))
		return verdict;
	if (!chosen.n) {
		error_data(err, "bad-record", "a record without members makes no row");
		return LOAD_REJECT;
	}
	stmt = statement(d, t, plain_insert ? 'i' : 'u', err);
	if (!stmt)
		return -1;
	verdict = bind_chosen(d, t, stmt, err);
	if (!verdict)
		verdict = run(d, stmt, t->name, err);
	if (!verdict)
		count_change(d);
	return verdict;
}

/* Whether the row is there. 1, 0; -1. */
static int find_row(struct database *d, struct table *t, struct value object, struct error *err)
{
	struct buf sql = BUF_INIT;
	const char *sep = "";
	uint32_t i;
	int rc, verdict;

	if (!t->find) {
		buf_addf(&sql, "SELECT 1 FROM %s WHERE ", t->quoted);
		for (i = 0; i < t->columns; i++) {
			if (!t->column[i].key)
				continue;
			buf_addf(&sql, "%s%s=?", sep, t->column[i].quoted);
			sep = " AND ";
		}
		rc = target_prepare(d, buf_str(&sql), &t->find, err);
		buf_release(&sql);
		if (rc)
			return -1;
	}
	verdict = bind_key(d, t, t->find, 1, object, err);
	if (verdict)
		return -1;
	rc = sqlite3_step(t->find);
	sqlite3_reset(t->find);
	return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : target_error(d, t->name, err);
}

/* Nulls for the members that an update removes. */
static void choose_unset(struct database *d, struct table *t)
{
	struct walk walk = { 0, 0, 0 };
	struct value unset, each;
	struct column *c;

	if (!load_member(d->load, "unset", &unset) || value_type(unset) != TOKEN_ARRAY)
		return;
	while (value_next(unset, &walk, NULL, &each)) {
		c = value_type(each) == TOKEN_STRING ? table_column(t, name_restored(value_text(each, &d->arena))) : NULL;
		if (!c || c->generated || is_chosen((uint32_t)(c - t->column)) || chosen.n == MOST_COLUMNS)
			continue;
		chosen.column[chosen.n] = (uint32_t)(c - t->column);
		chosen.value[chosen.n++] = VALUE_NONE;
	}
}

static int missing_row(struct database *d, struct table *t, struct record *rec, struct error *err)
{
	if (d->o->missing == MISSING_SKIP)
		return LOAD_DONE;
	if (d->o->missing == MISSING_INSERT)
		return rows_upsert(d, t, rec, false, err);
	error_data(err, "missing-row", "an update of a row that isn't there (--missing insert|skip)");
	return LOAD_REJECT;
}

/* The row of the old key gets the new one. LOAD_DONE also where it isn't there. */
static int move_row(struct database *d, struct table *t, struct record *rec, struct value old, struct error *err)
{
	struct buf sql = BUF_INIT;
	const char *sep = "";
	uint32_t i, n = 0;
	int verdict;

	if (!t->move) {
		buf_addf(&sql, "UPDATE %s SET ", t->quoted);
		for (i = 0; i < t->columns; i++)
			if (t->column[i].key) {
				buf_addf(&sql, "%s%s=?%u", sep, t->column[i].quoted, ++n);
				sep = ",";
			}
		sep = " WHERE ";
		for (i = 0; i < t->columns; i++)
			if (t->column[i].key) {
				buf_addf(&sql, "%s%s=?%u", sep, t->column[i].quoted, ++n);
				sep = " AND ";
			}
		verdict = target_prepare(d, buf_str(&sql), &t->move, err);
		buf_release(&sql);
		if (verdict)
			return -1;
	}
	verdict = bind_key(d, t, t->move, 1, record_root(rec), err);
	if (!verdict)
		verdict = bind_key(d, t, t->move, (int)t->keys + 1, old, err);
	return verdict ? verdict : run(d, t->move, t->name, err);
}

int rows_update(struct database *d, struct table *t, struct record *rec, struct error *err)
{
	sqlite3_stmt *stmt;
	struct value old;
	int verdict;

	if (load_member(d->load, "key", &old) && value_type(old) == TOKEN_OBJECT) {
		verdict = move_row(d, t, rec, old, err);
		if (verdict)
			return verdict;
	}
	verdict = choose_members(d, t, rec, err);
	if (verdict)
		return verdict;
	choose_unset(d, t);
	verdict = check_key(t, err);
	if (verdict)
		return verdict;
	d->changed = 0;
	if (!only_keys(t)) {
		stmt = statement(d, t, 's', err);
		if (!stmt)
			return -1;
		verdict = bind_chosen(d, t, stmt, err);
		if (!verdict)
			verdict = run(d, stmt, t->name, err);
		if (verdict)
			return verdict;
		if (sqlite3_changes(d->db)) {
			d->load->updated++;
			return LOAD_DONE;
		}
	}
	verdict = find_row(d, t, record_root(rec), err);
	if (verdict > 0)
		d->load->unchanged++;
	return verdict < 0 ? -1 : verdict ? LOAD_DONE : missing_row(d, t, rec, err);
}

int rows_count(struct database *d, struct table *t, struct error *err)
{
	struct buf sql = BUF_INIT;
	int failed;

	if (t->counted)
		return 0;
	t->counted = true;
	buf_addf(&sql, "SELECT count(*) FROM %s", t->quoted);
	failed = target_number(d, buf_str(&sql), &t->rows_at_start, err);
	buf_release(&sql);
	return failed;
}

int rows_delete(struct database *d, struct table *t, struct record *rec, struct error *err)
{
	struct buf sql = BUF_INIT;
	const char *sep = "";
	uint32_t i;
	int verdict;

	if (rows_count(d, t, err))
		return -1;
	if (!t->delete) {
		buf_addf(&sql, "DELETE FROM %s WHERE ", t->quoted);
		for (i = 0; i < t->columns; i++) {
			if (!t->column[i].key)
				continue;
			buf_addf(&sql, "%s%s=?", sep, t->column[i].quoted);
			sep = " AND ";
		}
		verdict = target_prepare(d, buf_str(&sql), &t->delete, err);
		buf_release(&sql);
		if (verdict)
			return -1;
	}
	verdict = bind_key(d, t, t->delete, 1, record_root(rec), err);
	if (!verdict)
		verdict = run(d, t->delete, t->name, err);
	if (verdict)
		return verdict;
	t->deleted += (uint64_t)sqlite3_changes(d->db);
	d->load->deleted += (uint64_t)sqlite3_changes(d->db);
	return LOAD_DONE;
}

int rows_truncate(struct database *d, struct table *t, struct error *err)
{
	struct buf sql = BUF_INIT;
	uint64_t now;
	int failed;

	if (rows_count(d, t, err))
		return -1;
	buf_addf(&sql, "SELECT count(*) FROM %s", t->quoted);
	failed = target_number(d, buf_str(&sql), &now, err);
	buf_reset(&sql);
	buf_addf(&sql, "DELETE FROM %s", t->quoted);
	if (!failed)
		failed = target_exec(d, buf_str(&sql), err);
	buf_release(&sql);
	t->deleted += now;
	d->load->deleted += now;
	return failed;
}
