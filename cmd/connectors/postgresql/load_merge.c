/*
 * load_merge: rows into a table that has rows: deletes first, then updates, then upserts, each set of columns by its own
 * statements; where there are many sets, by one that tells them apart. A row is compared by the image of its record, so
 * that what is as it should be isn't written and what differs in any way is.
 */
#include <stdlib.h>

#include "load.h"

void add_key_match(const struct table *t, const char *left, const char *right, struct buf *sql)
{
	uint32_t i;

	for (i = 0; i < t->keys; i++) {
		const struct column *c = &t->column[t->key[i]];

		buf_addf(sql, "%s%s.%s %s %s.c%u", i ? " AND " : "", left, c->quoted, c->equals, right, t->key[i]);
	}
}

/* ---- parts of statements */

static bool changes(const struct column *c, char in_shape)
{
	return in_shape && !c->key && !c->generated && !c->always;
}

static void add_newer(struct database *d, struct table *t, const struct group *g, struct buf *sql)
{
	const struct column *c = d->o->newer ? table_column(t, span_of(d->o->newer)) : NULL;
	const unsigned i = c ? (unsigned)(c - t->column) : 0;

	if (!c || !g->shape.p[i])
		return;
	buf_addf(sql, " AND (t.%s IS NULL OR s.c%u %s t.%s", c->quoted, i, c->at_least, c->quoted);
	if (g->by_case)
		buf_addf(sql, " OR pg_catalog.get_bit(s.has, %u) OPERATOR(pg_catalog.=) 0", i);
	buf_addc(sql, ')');
}

/* The row's own value of a column, of its base type. */
static void add_own(const struct column *c, struct buf *sql)
{
	buf_addf(sql, "t.%s%s%s", c->quoted, c->domain ? "::" : "", c->domain ? c->base : "");
}

/* What a column is to become. */
static void add_new(const struct table *t, const struct group *g, uint32_t i, struct buf *sql)
{
	if (!g->by_case) {
		buf_addf(sql, "s.c%u", i);
		return;
	}
	buf_addf(sql, "CASE WHEN pg_catalog.get_bit(s.has, %u) OPERATOR(pg_catalog.=) 1 THEN s.c%u ELSE ", i, i);
	add_own(&t->column[i], sql);
	buf_adds(sql, " END");
}

static void add_images(const struct table *t, const struct group *g, struct buf *sql)
{
	struct buf new = BUF_INIT;
	const char *sep = "";
	uint32_t i;

	for (i = 0; i < t->columns; i++) {
		if (!changes(&t->column[i], g->shape.p[i]) || t->column[i].by_equals)
			continue;
		buf_adds(sql, *sep ? sep : " OR pg_catalog.record_image_ne(ROW(");
		buf_adds(&new, sep);
		add_own(&t->column[i], sql);
		add_new(t, g, i, &new);
		sep = ",";
	}
	if (*sep)
		buf_addf(sql, "), ROW(%s))", buf_str(&new));
	buf_release(&new);
}

/* The row differs in any column: by its image, but where equal values are the same. */
static void add_differs(const struct table *t, const struct group *g, struct buf *sql)
{
	uint32_t i;

	buf_adds(sql, "(false");
	for (i = 0; i < t->columns; i++) {
		const struct column *c = &t->column[i];

		if (!changes(c, g->shape.p[i]) || !c->by_equals)
			continue;
		buf_adds(sql, " OR coalesce(");
		add_own(c, sql);
		buf_adds(sql, " OPERATOR(pg_catalog.<>) ");
		add_new(t, g, i, sql);
		buf_adds(sql, ", (");
		add_own(c, sql);
		buf_adds(sql, " IS NULL) OPERATOR(pg_catalog.<>) (");
		add_new(t, g, i, sql);
		buf_adds(sql, " IS NULL))");
	}
	add_images(t, g, sql);
	buf_addc(sql, ')');
}

static bool any_changes(const struct table *t, struct span shape)
{
	uint32_t i;

	for (i = 0; i < t->columns; i++)
		if (changes(&t->column[i], shape.p[i]))
			return true;
	return false;
}

/* " FROM/USING rows WHERE those of the group AND the key is theirs" */
static void add_from(struct database *d, const struct table *t, const struct group *g, const char *word, struct buf *sql)
{
	buf_addf(sql, " %s ", word);
	stage_add_rows(d, t, g, sql);
	buf_adds(sql, " WHERE ");
	stage_add_where(t, g, sql);
	buf_adds(sql, " AND ");
	add_key_match(t, "t", "s", sql);
}

static int change(struct database *d, struct buf *sql, uint64_t *counter, struct error *err)
{
	int verdict = LOAD_DONE;
	int64_t n = session_change(d, buf_str(sql), &verdict, err);

	buf_clear(sql);
	if (n > 0 && counter)
		*counter += (uint64_t)n;
	return verdict;
}

/* ---- statements */

static int update(struct database *d, struct table *t, const struct group *g, struct error *err)
{
	struct buf sql = BUF_INIT;
	const char *sep = "";
	uint32_t i;

	if (!any_changes(t, g->shape))
		return LOAD_DONE;
	buf_addf(&sql, "UPDATE %s AS t SET ", t->quoted);
	for (i = 0; i < t->columns; i++) {
		if (!changes(&t->column[i], g->shape.p[i]))
			continue;
		buf_addf(&sql, "%s%s=", sep, t->column[i].quoted);
		add_new(t, g, i, &sql);
		sep = ",";
	}
	add_from(d, t, g, "FROM", &sql);
	buf_adds(&sql, " AND ");
	add_differs(t, g, &sql);
	add_newer(d, t, g, &sql);
	return change(d, &sql, &d->count.updated, err);
}

/* Unique values that change are given up before any row takes one, so that rows can swap them. */
static int make_way(struct database *d, struct table *t, const struct group *g, struct error *err)
{
	struct buf sql = BUF_INIT;
	uint32_t i;
	int verdict = LOAD_DONE;

	for (i = 0; i < t->columns && !verdict; i++) {
		const struct column *c = &t->column[i];
		char *one = arena_zalloc(&d->arena, t->columns + 1);
		struct group only = *g;

		if (!c->parked || !changes(c, g->shape.p[i]))
			continue;
		one[i] = 1;
		only.shape = (struct span){ one, t->columns };
		buf_addf(&sql, "UPDATE %s AS t SET %s=%s", t->quoted, c->quoted, c->parked);
		add_from(d, t, g, "FROM", &sql);
		buf_addf(&sql, " AND t.%s IS NOT NULL AND ", c->quoted);
		add_differs(t, &only, &sql);
		add_newer(d, t, g, &sql);
		verdict = change(d, &sql, NULL, err);
	}
	return verdict;
}

static int insert(struct database *d, struct table *t, const struct group *g, struct error *err)
{
	struct buf sql = BUF_INIT;

	buf_addf(&sql, "INSERT INTO %s (", t->quoted);
	table_add_names(t, g->shape, &sql);
	buf_adds(&sql, ") OVERRIDING SYSTEM VALUE SELECT ");
	stage_add_names(t, g->shape, "s.", &sql);
	buf_adds(&sql, " FROM ");
	stage_add_rows(d, t, g, &sql);
	buf_adds(&sql, " WHERE ");
	stage_add_where(t, g, &sql);
	if (!table_only_added(d, t)) {
		buf_addf(&sql, " AND NOT EXISTS (SELECT 1 FROM %s AS t WHERE ", t->quoted);
		add_key_match(t, "t", "s", &sql);
		buf_addc(&sql, ')');
	}
	buf_adds(&sql, " ORDER BY s.n");
	return change(d, &sql, &d->count.inserted, err);
}

static int delete(struct database *d, struct table *t, const struct group *g, struct error *err)
{
	struct buf sql = BUF_INIT;

	buf_addf(&sql, "DELETE FROM %s AS t", t->quoted);
	add_from(d, t, g, "USING", &sql);
	return change(d, &sql, &d->count.deleted, err);
}

/* Updates of rows that aren't there: LOAD_REJECT, which finds each by halves; or they are passed over. */
static int missing(struct database *d, struct table *t, const struct group *g, struct error *err)
{
	struct buf sql = BUF_INIT;
	uint64_t n = 0;
	int failed;

	buf_adds(&sql, "SELECT pg_catalog.count(*) FROM ");
	stage_add_rows(d, t, g, &sql);
	buf_adds(&sql, " WHERE ");
	stage_add_where(t, g, &sql);
	buf_addf(&sql, " AND NOT EXISTS (SELECT 1 FROM %s AS t WHERE ", t->quoted);
	add_key_match(t, "t", "s", &sql);
	buf_addc(&sql, ')');
	failed = session_number(d, buf_str(&sql), NULL, &n, err);
	buf_release(&sql);
	if (failed || !n)
		return failed;
	d->count.passed += n;
	if (d->o->missing == MISSING_SKIP)
		return LOAD_DONE;
	error_data(err, "missing-row", "an update of a row that isn't there (--missing insert|skip)");
	return LOAD_REJECT;
}

/* Two rows of one key by other texts: they are written one after the other then. */
static int check_aliases(struct database *d, struct table *t, uint32_t from, uint32_t to, struct error *err)
{
	struct member *m = arena_alloc(&d->arena, (to - from + 1) * sizeof *m);
	struct group g = { .rows = m, .n = to - from, .inline_rows = !t->staged };
	struct buf sql = BUF_INIT;
	uint32_t i;
	int64_t n;
	int verdict = LOAD_DONE;

	if (!t->alias || to - from < 2)
		return LOAD_DONE;
	for (i = from; i < to; i++)
		m[i - from].n = i;
	buf_adds(&sql, "SELECT 1 FROM ");
	stage_add_rows(d, t, &g, &sql);
	buf_adds(&sql, " GROUP BY ");
	for (i = 0; i < t->keys; i++)
		buf_addf(&sql, "%ss.c%u", i ? "," : "", t->key[i]);
	buf_adds(&sql, " HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1::pg_catalog.int8 LIMIT 1");
	n = session_change(d, buf_str(&sql), &verdict, err);
	buf_release(&sql);
	return n < 0 ? verdict : n ? LOAD_REJECT : LOAD_DONE;
}

/* ---- a batch of which few rows are to be written: one join says which */

struct todo {
	struct buf update, insert;	/* their numbers */
	uint32_t updates, inserts;
};

static int find_todo(struct database *d, struct table *t, const struct group *g, struct todo *todo, struct error *err)
{
	struct buf sql = BUF_INIT, *b;
	PGresult *r;
	int i;

	/* a batch is small, and the key has an index; what the planner thinks of a new table's size and order is a guess */
	if (!t->view)
		buf_adds(&sql, "SET LOCAL enable_mergejoin TO off; SET LOCAL enable_hashjoin TO off; ");
	buf_addf(&sql, "SELECT s.n, t.%s IS NULL FROM pg_temp.%s AS s LEFT JOIN %s AS t ON ", t->column[t->key[0]].quoted, t->stage, t->quoted);
	add_key_match(t, "t", "s", &sql);
	buf_addf(&sql, " WHERE t.%s IS NULL OR (", t->column[t->key[0]].quoted);
	add_differs(t, g, &sql);
	add_newer(d, t, g, &sql);
	buf_addc(&sql, ')');
	r = PQexec(d->pg.c, buf_str(&sql));
	buf_release(&sql);
	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		return session_verdict(d, r, "", err);
	for (i = 0; i < PQntuples(r); i++) {
		b = *PQgetvalue(r, i, 1) == 't' ? &todo->insert : &todo->update;
		*(b == &todo->insert ? &todo->inserts : &todo->updates) += 1;
		buf_addf(b, "%s%s", b->n ? "," : "", PQgetvalue(r, i, 0));
	}
	PQclear(r);
	return session_run(d, "SET LOCAL enable_mergejoin TO DEFAULT; SET LOCAL enable_hashjoin TO DEFAULT", err);
}

static int write_todo(struct database *d, struct table *t, uint32_t from, uint32_t to, struct error *err)
{
	struct todo todo = { BUF_INIT, BUF_INIT, 0, 0 };
	struct group g = { .op = '+', .shape = d->row[from].shape, .n = to - from, .whole = true };
	int verdict = find_todo(d, t, &g, &todo, err);

	t->calm = todo.updates + todo.inserts < (to - from) / 4;
	if (!verdict && todo.update.n) {
		g.numbers = buf_str(&todo.update);
		g.n = todo.updates;
		verdict = update(d, t, &g, err);
	}
	if (!verdict && todo.insert.n) {
		g.numbers = buf_str(&todo.insert);
		g.n = todo.inserts;
		verdict = insert(d, t, &g, err);
	}
	buf_release(&todo.update);
	buf_release(&todo.insert);
	return verdict;
}

static int merge_upserts(struct database *d, uint32_t from, uint32_t to, struct error *err)
{
	struct table *t = d->batch;
	const uint64_t updated = d->count.updated, before = updated + d->count.inserted;
	int verdict;

	if (t->calm && t->alike && t->staged)
		return write_todo(d, t, from, to, err);
	verdict = stage_each_group(d, '+', from, to, false, update, err);
	if (!verdict && d->count.updated - updated < to - from)
		verdict = stage_each_group(d, '+', from, to, true, insert, err);
	t->calm = d->count.updated + d->count.inserted - before < (to - from) / 4;
	return verdict;
}

/* ---- a batch */

static int merge_updates(struct database *d, uint32_t from, uint32_t to, uint64_t updates, struct error *err)
{
	uint64_t before = d->count.updated;
	int verdict = stage_each_group(d, '~', from, to, false, update, err);

	if (verdict || d->count.updated - before == updates)
		return verdict;
	if (d->o->missing == MISSING_INSERT)
		return stage_each_group(d, '~', from, to, true, insert, err);
	return stage_each_group(d, '~', from, to, false, missing, err);
}

static int give_up(struct database *d, uint32_t from, uint32_t to, struct error *err)
{
	int verdict = stage_each_group(d, '~', from, to, false, make_way, err);

	return verdict ? verdict : stage_each_group(d, '+', from, to, false, make_way, err);
}

int merge_make_way(struct database *d, uint32_t from, uint32_t to, struct error *err)
{
	int verdict = stage_fill(d, from, to, err);

	return verdict ? verdict : give_up(d, from, to, err);
}

int merge_rows(struct database *d, uint32_t from, uint32_t to, struct error *err)
{
	struct table *t = d->batch;
	bool deletes = false, upserts = false;
	uint64_t updates = 0;
	uint32_t i;
	int verdict = d->staged ? LOAD_DONE : stage_fill(d, from, to, err);

	if (!verdict && table_only_added(d, t))
		return stage_each_group(d, '+', from, to, true, insert, err);
	for (i = from; i < to; i++) {
		deletes = deletes || d->row[i].op == ROW_DELETE || d->row[i].anew;
		updates += d->row[i].op == ROW_UPDATE;
		upserts = upserts || d->row[i].op == ROW_UPSERT;
	}
	if (!verdict)
		verdict = check_aliases(d, t, from, to, err);
	if (!verdict && deletes)
		verdict = keys_count(d, t, err) ? -1 : stage_each_group(d, '-', from, to, false, delete, err);
	if (!verdict && d->make_way)
		verdict = give_up(d, from, to, err);
	if (!verdict && updates)
		verdict = merge_updates(d, from, to, updates, err);
	if (!verdict && upserts)
		verdict = merge_upserts(d, from, to, err);
	if (!verdict && d->load->mode == MODE_MIRROR)
		verdict = mirror_see(d, t, from, to, err);
	return verdict;
}
