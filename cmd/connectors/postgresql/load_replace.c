/*
 * load_replace: what was there goes before the first record, in the same transaction: others see the old rows until it ends.
 * Where foreign keys bind a table to another that may still have old rows, its records are put by until the end: then
 * all such tables are emptied by one statement, and filled, those first that others point to.
 */
#include "load.h"

/* "ARRAY['…'::regclass, …]" of tables. */
static void add_list(const struct database *d, bool pick(const struct table *t), const struct table *but, struct buf *sql)
{
	const char *sep = "";
	uint32_t i;

	buf_adds(sql, "ARRAY[");
	for (i = 0; i < d->tables; i++) {
		if (d->table[i] == but || !d->table[i]->exists || !pick(d->table[i]))
			continue;
		buf_adds(sql, sep);
		pg_add_literal(sql, span_of(d->table[i]->quoted));
		buf_adds(sql, "::pg_catalog.regclass");
		sep = ",";
	}
	buf_adds(sql, "]::pg_catalog.oid[]");
}

static bool is_new(const struct table *t)
{
	return t->made || t->emptied;
}

static bool is_put_by(const struct table *t)
{
	return t->spool.n > 0;
}

/* "… conrelid=t", of keys to other tables. */
static void add_keys_of(const struct table *t, const char *column, struct buf *sql)
{
	buf_addf(sql, "(k.%s OPERATOR(pg_catalog.=) ", column);
	pg_add_literal(sql, span_of(t->quoted));
	buf_adds(sql, "::pg_catalog.regclass");
}

static const char foreign_keys[] = "SELECT pg_catalog.count(*) FROM pg_catalog.pg_constraint k WHERE k.contype OPERATOR(pg_catalog.=) 'f' AND "
	"k.conrelid OPERATOR(pg_catalog.<>) k.confrelid AND (";

/* It has rows and others may point to them, or points to rows that may still go. */
static int find_bound(struct database *d, struct table *t, struct error *err)
{
	struct buf sql = BUF_INIT;
	uint64_t n = 0;
	int failed;

	buf_adds(&sql, foreign_keys);
	if (t->rows_at_start) {
		add_keys_of(t, "confrelid", &sql);
		buf_adds(&sql, ") OR ");
	}
	add_keys_of(t, "conrelid", &sql);
	buf_adds(&sql, " AND k.confrelid OPERATOR(pg_catalog.<>) ALL(");
	add_list(d, is_new, NULL, &sql);
	buf_adds(&sql, ")))");
	failed = session_number(d, buf_str(&sql), NULL, &n, err);
	buf_release(&sql);
	t->bound = n > 0;
	return failed;
}

static int look(struct database *d, struct table *t, struct error *err)
{
	if (t->counted)
		return 0;
	return session_begin(d, err) || keys_count(d, t, err) || find_bound(d, t, err) ? -1 : 0;
}

static int delete_rows(struct database *d, struct table *t, struct error *err)
{
	struct buf sql = BUF_INIT;
	int failed;

	buf_addf(&sql, "DELETE FROM %s", t->quoted);
	failed = session_theirs(d, err) ? -1 : t->rows_at_start ? session_run(d, buf_str(&sql), err) : 0;
	buf_release(&sql);
	t->emptied = true;
	t->emptied_late = d->journal.open;
	return failed;
}

/* One statement, behind which the foreign keys between them are checked. */
static int delete_together(struct database *d, bool pick(const struct table *t), struct error *err)
{
	struct buf sql = BUF_INIT;
	struct table *t, *last = NULL;
	uint32_t i, n = 0;
	int failed = 0;

	for (i = 0; i < d->tables; i++) {
		t = d->table[i];
		if (!pick(t))
			continue;
		t->emptied = true;
		t->emptied_late = d->journal.open;
		if (!t->rows_at_start)
			continue;
		buf_addf(&sql, "%sd%u AS (DELETE FROM %s)", n++ ? ", " : "WITH ", i, t->quoted);
		last = t;
	}
	buf_adds(&sql, " SELECT 1");
	if (n == 1)
		failed = delete_rows(d, last, err);	/* by itself it obeys rules too */
	else if (n)
		failed = session_theirs(d, err) || session_run(d, buf_str(&sql), err) ? -1 : 0;
	buf_release(&sql);
	return failed;
}

int replace_prepare(struct database *d, struct table *t, struct error *err)
{
	if (d->load->mode != MODE_REPLACE || is_new(t))
		return 0;
	if (look(d, t, err))
		return -1;
	if (t->bound)
		return spool_add(&t->spool, &d->load->arrival, err) ? -1 : 1;
	return delete_rows(d, t, err);
}

static bool is_old(const struct table *t)
{
	return t->exists && !is_new(t) && t->bound;
}

/* The table to fill next: none of those that it points to are still to be filled, or there is no such one. */
static int choose(struct database *d, struct table **out, struct error *err)
{
	struct buf sql = BUF_INIT;
	uint64_t parents = 1;
	uint32_t i;
	int failed = 0;

	*out = NULL;
	for (i = 0; i < d->tables && parents && !failed; i++) {
		if (!is_put_by(d->table[i]))
			continue;
		buf_reset(&sql);
		buf_adds(&sql, foreign_keys);
		add_keys_of(d->table[i], "conrelid", &sql);
		buf_adds(&sql, " AND k.confrelid OPERATOR(pg_catalog.=) ANY(");
		add_list(d, is_put_by, d->table[i], &sql);
		buf_adds(&sql, ")))");
		failed = session_number(d, buf_str(&sql), NULL, &parents, err);
		if (!*out || !parents)
			*out = d->table[i];
	}
	buf_release(&sql);
	return failed;
}

int replace_finish(struct database *d, struct error *err)
{
	struct table *t;
	uint32_t i;

	if (d->load->mode != MODE_REPLACE)
		return 0;
	for (i = 0; i < d->tables; i++) {
		t = d->table[i];
		if (table_ready(d, t, err) < 0 || (t->exists && !is_new(t) && (look(d, t, err) || (!t->bound && delete_rows(d, t, err)))))
			return -1;
	}
	if (delete_together(d, is_old, err))
		return -1;
	for (;;) {
		if (batch_flush(d, err) || choose(d, &t, err))
			return -1;
		if (!t)
			return 0;
		if (spool_apply(&t->spool, d->load, err))
			return -1;
	}
}

static bool is_late(const struct table *t)
{
	return t->emptied && t->emptied_late;
}

int replace_again(struct database *d, struct error *err)
{
	return delete_together(d, is_late, err);
}
