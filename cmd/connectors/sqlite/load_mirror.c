/* load_mirror: the keys that a stream brought, and deleting the rows of all others. */
#include <stdlib.h>

#include "load.h"
#include "value/number.h"

int bind_key(struct database *d, struct table *t, sqlite3_stmt *stmt, int at, struct value object, struct error *err)
{
	struct value v;
	uint32_t i;
	int verdict;

	for (i = 0; i < t->columns; i++) {
		if (!t->column[i].key)
			continue;
		if (!value_get(object, &t->column[i].path, &t->column[i].cursor, &v) || value_type(v) == TOKEN_NULL) {
			error_data(err, "no-key", "the key '%s' is missing or null", t->column[i].name);
			return LOAD_REJECT;
		}
		verdict = bind_value(d, stmt, at++, &t->column[i], v, err);
		if (verdict)
			return verdict;
	}
	return LOAD_DONE;
}

static const char *type_of(enum affinity a)
{
	static const char *const types[] = { "BLOB", "TEXT", "INTEGER", "REAL", "NUMERIC" };

	return types[a];
}

/* A temporary table with the key's columns, of the same affinities so that its values compare alike. */
static int make_seen(struct database *d, struct table *t, struct error *err)
{
	struct buf sql = BUF_INIT, names = BUF_INIT;
	uint32_t i, n = 0;
	int failed;

	buf_addf(&sql, "CREATE TEMP TABLE \"_sync_seen_%u\"(", t->stream);
	for (i = 0; i < t->columns; i++) {
		if (!t->column[i].key)
			continue;
		buf_addf(&sql, "%sk%u %s", n ? "," : "", n, type_of(t->column[i].affinity));
		buf_addf(&names, "%sk%u", n ? "," : "", n);
		n++;
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

int mirror_see(struct database *d, struct table *t, struct record *rec, struct error *err)
{
	int verdict;

	if (!t->seen && (rows_count(d, t, err) || make_seen(d, t, err)))
		return -1;
	verdict = bind_key(d, t, t->seen, 1, record_root(rec), err);
	if (verdict)
		return verdict;
	if (sqlite3_step(t->seen) != SQLITE_DONE) {
		sqlite3_reset(t->seen);
		return target_error(d, "noting keys", err);
	}
	sqlite3_reset(t->seen);
	return LOAD_DONE;
}

static void add_unseen(const struct table *t, struct buf *sql)
{
	uint32_t i, n = 0;

	if (!t->seen)
		return;
	buf_addf(sql, " WHERE NOT EXISTS(SELECT 1 FROM temp.\"_sync_seen_%u\" WHERE ", t->stream);
	for (i = 0; i < t->columns; i++)
		if (t->column[i].key) {
			buf_addf(sql, "%sk%u=%s.%s", n ? " AND " : "", n, t->quoted, t->column[i].quoted);
			n++;
		}
	buf_addc(sql, ')');
}

static void add_cell(struct buf *line, sqlite3_stmt *stmt, int i)
{
	char number[NUMBER_DOUBLE_ROOM];

	switch (sqlite3_column_type(stmt, i)) {
	case SQLITE_INTEGER:
		buf_addf(line, "%lld", (long long)sqlite3_column_int64(stmt, i));
		break;
	case SQLITE_FLOAT:
		buf_add(line, number, number_from_double(sqlite3_column_double(stmt, i), number));
		break;
	default:
		json_add_string(line, (struct span){ (const char *)sqlite3_column_text(stmt, i), (size_t)sqlite3_column_bytes(stmt, i) });
	}
}

/* --dry-run: the keys of the rows that would go. */
static int print_unseen(struct database *d, struct table *t, struct error *err)
{
	struct writer *w = &d->load->tool->writer;
	struct buf sql = BUF_INIT, name = BUF_INIT, *line;
	sqlite3_stmt *stmt;
	uint32_t i;
	int n, rc, failed;

	buf_adds(&sql, "SELECT ");
	for (i = 0, n = 0; i < t->columns; i++)
		if (t->column[i].key)
			buf_addf(&sql, "%s%s", n++ ? "," : "", t->column[i].quoted);
	buf_addf(&sql, " FROM %s", t->quoted);
	add_unseen(t, &sql);
	failed = target_prepare(d, buf_str(&sql), &stmt, err);
	json_add_string(&name, span_of(t->name));
	while (!failed && (rc = sqlite3_step(stmt)) != SQLITE_DONE) {
		if (rc != SQLITE_ROW) {
			failed = target_error(d, "reading keys", err);
			break;
		}
		line = writer_line_start(w);
		buf_addf(line, "{\"_sync\":{\"op\":\"delete\",\"stream\":%s}", buf_str(&name));
		for (i = 0, n = 0; i < t->columns; i++) {
			if (!t->column[i].key)
				continue;
			buf_addc(line, ',');
			json_add_string(line, span_of(t->column[i].name));
			buf_addc(line, ':');
			add_cell(line, stmt, n++);
		}
		buf_addc(line, '}');
		failed = writer_line_end(w, t->stream, err);
	}
	sqlite3_finalize(stmt);
	buf_release(&sql);
	buf_release(&name);
	return failed;
}

int mirror_finish(struct database *d, struct table *t, struct error *err)
{
	struct buf sql = BUF_INIT;
	uint64_t gone = 0;
	int failed;

	if (guard_keeps_all(d->load))
		return 0;
	failed = rows_count(d, t, err) || guard_whole(d->load, t->rows_at_start, err);
	if (!failed) {
		buf_addf(&sql, "SELECT count(*) FROM %s", t->quoted);
		add_unseen(t, &sql);
		failed = target_number(d, buf_str(&sql), &gone, err) || guard_deletes(d->load, gone + t->deleted, t->rows_at_start, err);
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
