/*
 * load_merge: rows into a table that has rows, through a staging table of the same columns: deletes first, then updates,
 * then upserts, each set of columns by its own statements. A row is compared by the image of its record, so that
 * what is as it should be isn't written and what differs in any way is.
 */
#include <stdlib.h>

#include "load.h"

/* ---- rows to COPY */

static void add_line(const struct table *t, const struct row *r, bool stage, uint32_t number, struct buf *out)
{
	const char *tab = "";
	uint32_t i;

	if (stage)
		buf_addf(out, "%u\t%c\t%c\t", number, r->op == ROW_UPSERT ? '+' : r->op == ROW_UPDATE ? '~' : '-', r->anew ? 't' : 'f');
	for (i = 0; i < t->columns; i++) {
		if (!stage && !r->shape.p[i])
			continue;
		if (t->column[i].generated)
			continue;
		buf_adds(out, tab);
		tab = "\t";
		if (r->shape.p[i] && r->cell[i].p)
			buf_addspan(out, r->cell[i]);
		else
			buf_add(out, "\\N", 2);
	}
	buf_addc(out, '\n');
}

static void add_names(const struct table *t, struct span shape, const char *before, const char *between, struct buf *sql)
{
	const char *sep = "";
	uint32_t i;

	for (i = 0; i < t->columns; i++) {
		if (t->column[i].generated || (shape.p && !shape.p[i]))
			continue;
		buf_addf(sql, "%s%s%s", sep, before, t->column[i].quoted);
		sep = between;
	}
}

static int end_copy(struct database *d, struct error *err)
{
	PGresult *r;
	int verdict = LOAD_DONE;

	if (PQputCopyEnd(d->pg.c, NULL) != 1)
		return pg_fail(&d->pg, NULL, "write to", err);
	while ((r = PQgetResult(d->pg.c))) {
		if (PQresultStatus(r) == PGRES_COMMAND_OK || verdict)
			PQclear(r);
		else
			verdict = session_verdict(d, r, err);
	}
	return verdict;
}

static int start_copy(struct database *d, const struct table *t, struct span shape, bool stage, struct error *err)
{
	struct buf sql = BUF_INIT;
	PGresult *r;

	buf_addf(&sql, "COPY %s%s(%s", stage ? "pg_temp." : "", stage ? t->stage : t->quoted, stage ? "_sync_n, _sync_op, _sync_anew, " : "");
	add_names(t, stage ? (struct span){ NULL, 0 } : shape, "", ",", &sql);
	buf_adds(&sql, ") FROM STDIN");
	r = PQexec(d->pg.c, buf_str(&sql));
	buf_release(&sql);
	if (PQresultStatus(r) != PGRES_COPY_IN)
		return pg_fail(&d->pg, r, "write to", err);
	PQclear(r);
	return 0;
}

static int send(struct database *d, struct error *err)
{
	if (d->out.n && PQputCopyData(d->pg.c, d->out.p, (int)d->out.n) != 1)
		return pg_fail(&d->pg, NULL, "write to", err);
	buf_reset(&d->out);
	return 0;
}

enum { PIECE = 64 << 10 };

/* A row straight into the table; its COPY is opened with the first one of its columns. */
int write_now(struct database *d, const struct row *r, struct error *err)
{
	struct table *t = d->batch;

	if (r->op != ROW_UPSERT || (!table_only_added(d, t) && (!t->empty || d->load->mode == MODE_MIRROR)))
		return 0;
	if (!d->copying) {
		if (d->rows > 1)
			return 0;	/* rows of other columns came: all are written at the end */
		if (session_run(d, "SAVEPOINT _sync_batch", err) || start_copy(d, t, r->shape, false, err))
			return -1;
		d->copying = true;
		buf_reset(&d->out);
	} else if (!span_eq(r->shape, d->row[0].shape)) {
		return 0;	/* written behind those that are on their way */
	}
	if (d->sent != d->rows - 1)
		return 0;
	add_line(t, r, false, 0, &d->out);
	d->sent = d->rows;
	return d->out.n < PIECE ? 0 : send(d, err);
}

int copy_end(struct database *d, struct error *err)
{
	d->copying = false;
	return send(d, err) ? -1 : end_copy(d, err);
}

/* Rows by COPY, into the staging table or as they are into the table: all have the same columns then. */
int copy_rows(struct database *d, uint32_t from, uint32_t to, bool stage, struct error *err)
{
	struct table *t = d->batch;
	uint32_t i, n;
	int verdict = LOAD_DONE;

	for (; from < to && !verdict; from = n) {
		if (start_copy(d, t, d->row[from].shape, stage, err))
			return -1;
		buf_reset(&d->out);
		for (n = from; n < to && (stage || span_eq(d->row[n].shape, d->row[from].shape)); n++) {
			add_line(t, &d->row[n], stage, n, &d->out);
			if (d->out.n >= PIECE && send(d, err))
				return -1;
		}
		i = n;
		verdict = copy_end(d, err);
		n = i;
	}
	return verdict;
}

/* ---- the staging table */

int merge_prepare(struct database *d, struct table *t, struct error *err)
{
	static unsigned number;
	struct buf sql = BUF_INIT;
	uint32_t i;
	int failed;

	if (*t->stage)
		return 0;
	snprintf(t->stage, sizeof t->stage, "_sync_stage_%u", number++);
	buf_addf(&sql, "CREATE TEMP TABLE %s (_sync_n integer, _sync_op \"char\", _sync_anew boolean", t->stage);
	for (i = 0; i < t->columns; i++)
		if (!t->column[i].generated)
			buf_addf(&sql, ", %s %s", t->column[i].quoted, t->column[i].declared);
	buf_addc(&sql, ')');
	failed = session_run(d, buf_str(&sql), err);
	buf_release(&sql);
	return failed;
}

static int clear_stage(struct database *d, struct table *t, struct error *err)
{
	struct buf sql = BUF_INIT;
	int failed;

	buf_addf(&sql, "TRUNCATE pg_temp.%s", t->stage);
	failed = session_run(d, buf_str(&sql), err);
	buf_release(&sql);
	return failed;
}

void add_key_match(const struct table *t, const char *left, const char *right, struct buf *sql)
{
	uint32_t i;

	for (i = 0; i < t->keys; i++) {
		const struct column *c = &t->column[t->key[i]];

		buf_addf(sql, "%s%s.%s %s %s.%s", i ? " AND " : "", left, c->quoted, c->equals, right, c->quoted);
	}
}

/* ---- statements */

static bool changes(const struct column *c, char in_shape)
{
	return in_shape && !c->key && !c->generated && !c->always;
}

static void add_newer(struct database *d, struct table *t, struct span shape, struct buf *sql)
{
	const struct column *c = d->o->newer ? table_column(t, span_of(d->o->newer)) : NULL;

	if (c && shape.p[c - t->column])
		buf_addf(sql, " AND (t.%s IS NULL OR s.%s >= t.%s)", c->quoted, c->quoted, c->quoted);
}

/* Rows of one operation and one set of columns, as a range of numbers that other rows may stand in. */
struct group {
	char op;
	struct span shape;
	struct buf rows;	/* "1,5,7", or empty for all of the operation */
};

static void add_group(const struct group *g, struct buf *sql)
{
	buf_addf(sql, "s._sync_op='%c'", g->op);
	if (g->rows.n)
		buf_addf(sql, " AND s._sync_n=ANY('{%.*s}'::pg_catalog.int4[])", (int)g->rows.n, g->rows.p);
}

static void add_row_of(const struct table *t, struct span shape, const char *alias, struct buf *sql)
{
	const char *sep = "";
	uint32_t i;

	buf_adds(sql, "ROW(");
	for (i = 0; i < t->columns; i++)
		if (changes(&t->column[i], shape.p[i])) {
			buf_addf(sql, "%s%s.%s", sep, alias, t->column[i].quoted);
			sep = ",";
		}
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

static int update(struct database *d, struct table *t, const struct group *g, struct error *err)
{
	struct buf sql = BUF_INIT;
	const char *sep = "";
	uint32_t i;
	int64_t n;
	int verdict = LOAD_DONE;

	if (!any_changes(t, g->shape))
		return LOAD_DONE;
	buf_addf(&sql, "UPDATE %s AS t SET ", t->quoted);
	for (i = 0; i < t->columns; i++)
		if (changes(&t->column[i], g->shape.p[i])) {
			buf_addf(&sql, "%s%s=s.%s", sep, t->column[i].quoted, t->column[i].quoted);
			sep = ",";
		}
	buf_addf(&sql, " FROM pg_temp.%s AS s WHERE ", t->stage);
	add_group(g, &sql);
	buf_adds(&sql, " AND ");
	add_key_match(t, "t", "s", &sql);
	buf_adds(&sql, " AND pg_catalog.record_image_ne(");
	add_row_of(t, g->shape, "t", &sql);
	buf_addc(&sql, ',');
	add_row_of(t, g->shape, "s", &sql);
	buf_addc(&sql, ')');
	add_newer(d, t, g->shape, &sql);
	n = session_change(d, buf_str(&sql), &verdict, err);
	buf_release(&sql);
	if (n > 0)
		d->count.updated += (uint64_t)n;
	return verdict;
}

/* Unique values that change are given up before any row takes one, so that rows can swap them. */
static int make_way(struct database *d, struct table *t, const struct group *g, struct error *err)
{
	struct buf sql = BUF_INIT;
	uint32_t i;
	int verdict = LOAD_DONE;

	for (i = 0; i < t->columns && !verdict; i++) {
		const struct column *c = &t->column[i];

		if (!c->makes_way || !changes(c, g->shape.p[i]))
			continue;
		buf_reset(&sql);
		buf_addf(&sql, "UPDATE %s AS t SET %s=NULL FROM pg_temp.%s AS s WHERE ", t->quoted, c->quoted, t->stage);
		add_group(g, &sql);
		buf_adds(&sql, " AND ");
		add_key_match(t, "t", "s", &sql);
		buf_addf(&sql, " AND t.%s IS NOT NULL AND pg_catalog.record_image_ne(ROW(t.%s), ROW(s.%s))", c->quoted, c->quoted, c->quoted);
		add_newer(d, t, g->shape, &sql);
		(void)session_change(d, buf_str(&sql), &verdict, err);
	}
	buf_release(&sql);
	return verdict;
}

static int insert(struct database *d, struct table *t, const struct group *g, struct error *err)
{
	struct buf sql = BUF_INIT;
	int64_t n;
	int verdict = LOAD_DONE;

	buf_addf(&sql, "INSERT INTO %s (", t->quoted);
	add_names(t, g->shape, "", ",", &sql);
	buf_adds(&sql, ") OVERRIDING SYSTEM VALUE SELECT ");
	add_names(t, g->shape, "s.", ",", &sql);
	buf_addf(&sql, " FROM pg_temp.%s AS s WHERE ", t->stage);
	add_group(g, &sql);
	buf_addf(&sql, " AND NOT EXISTS (SELECT 1 FROM %s AS t WHERE ", t->quoted);
	add_key_match(t, "t", "s", &sql);
	buf_adds(&sql, ") ORDER BY s._sync_n");
	n = session_change(d, buf_str(&sql), &verdict, err);
	buf_release(&sql);
	if (n > 0)
		d->count.inserted += (uint64_t)n;
	return verdict;
}

static int delete(struct database *d, struct table *t, struct error *err)
{
	struct buf sql = BUF_INIT;
	int64_t n;
	int verdict = LOAD_DONE;

	buf_addf(&sql, "DELETE FROM %s AS t USING pg_temp.%s AS s WHERE (s._sync_op='-' OR s._sync_anew) AND ", t->quoted, t->stage);
	add_key_match(t, "t", "s", &sql);
	n = session_change(d, buf_str(&sql), &verdict, err);
	buf_release(&sql);
	if (n > 0)
		d->count.deleted += (uint64_t)n;
	return verdict;
}

/* Updates of rows that aren't there: LOAD_REJECT, which finds each by halves; or they are inserted or passed over. */
static int missing(struct database *d, struct table *t, struct error *err)
{
	struct buf sql = BUF_INIT;
	uint64_t n = 0;
	int failed;

	if (d->o->missing == MISSING_SKIP)
		return LOAD_DONE;
	buf_addf(&sql, "SELECT count(*) FROM pg_temp.%s AS s WHERE s._sync_op='~' AND NOT EXISTS (SELECT 1 FROM %s AS t WHERE ", t->stage, t->quoted);
	add_key_match(t, "t", "s", &sql);
	buf_addc(&sql, ')');
	failed = session_number(d, buf_str(&sql), NULL, &n, err);
	buf_release(&sql);
	if (failed || !n)
		return failed;
	error_data(err, "missing-row", "an update of a row that isn't there (--missing insert|skip)");
	return LOAD_REJECT;
}

/* Two rows of one key by other texts: they are written one after the other then. */
static int check_aliases(struct database *d, struct table *t, struct error *err)
{
	struct buf sql = BUF_INIT;
	uint64_t n = 0;
	uint32_t i;
	int failed;

	if (!t->alias)
		return 0;
	buf_addf(&sql, "SELECT 1 FROM pg_temp.%s AS s GROUP BY ", t->stage);
	for (i = 0; i < t->keys; i++)
		buf_addf(&sql, "%ss.%s", i ? "," : "", t->column[t->key[i]].quoted);
	buf_adds(&sql, " HAVING count(*)>1 LIMIT 1");
	failed = session_number(d, buf_str(&sql), NULL, &n, err);
	buf_release(&sql);
	return failed ? -1 : n ? LOAD_REJECT : LOAD_DONE;
}

/* The groups of an operation, by what rows set, in the order they first come. */
static int each_group(struct database *d, struct table *t, char op, uint32_t from, uint32_t to,
		      int (*fn)(struct database *, struct table *, const struct group *, struct error *), struct error *err)
{
	enum row_op wanted = op == '+' ? ROW_UPSERT : ROW_UPDATE;
	bool *done = arena_zalloc(&d->arena, to - from + 1), whole = true, several;
	struct group g = { op, { NULL, 0 }, BUF_INIT };
	uint32_t i, j;
	int verdict = LOAD_DONE;

	for (i = from; i < to && !verdict; i++) {
		if (done[i - from] || d->row[i].op != wanted)
			continue;
		g.shape = d->row[i].shape;
		buf_reset(&g.rows);
		several = false;
		for (j = i; j < to; j++) {
			if (d->row[j].op != wanted || done[j - from])
				continue;
			done[j - from] = span_eq(d->row[j].shape, g.shape);
			several = several || !done[j - from];
			if (done[j - from])
				buf_addf(&g.rows, "%s%u", g.rows.n ? "," : "", j);
		}
		if (whole && !several)
			buf_reset(&g.rows);
		whole = false;
		verdict = fn(d, t, &g, err);
	}
	buf_release(&g.rows);
	return verdict;
}

int merge_rows(struct database *d, uint32_t from, uint32_t to, struct error *err)
{
	struct table *t = d->batch;
	bool deletes = false, updates = false, upserts = false;
	uint32_t i;
	int verdict;

	for (i = from; i < to; i++) {
		deletes = deletes || d->row[i].op == ROW_DELETE || d->row[i].anew;
		updates = updates || d->row[i].op == ROW_UPDATE;
		upserts = upserts || d->row[i].op == ROW_UPSERT;
	}
	if (clear_stage(d, t, err))
		return -1;
	verdict = copy_rows(d, from, to, true, err);
	if (!verdict)
		verdict = check_aliases(d, t, err);
	if (!verdict && deletes)
		verdict = keys_count(d, t, err) ? -1 : delete(d, t, err);
	if (!verdict && d->make_way)
		verdict = each_group(d, t, '~', from, to, make_way, err);
	if (!verdict && d->make_way)
		verdict = each_group(d, t, '+', from, to, make_way, err);
	if (!verdict && updates)
		verdict = each_group(d, t, '~', from, to, update, err);
	if (!verdict && updates && d->o->missing == MISSING_INSERT)
		verdict = each_group(d, t, '~', from, to, insert, err);
	if (!verdict && updates && d->o->missing == MISSING_REJECT)
		verdict = missing(d, t, err);
	if (!verdict && upserts)
		verdict = each_group(d, t, '+', from, to, update, err);
	if (!verdict && upserts)
		verdict = each_group(d, t, '+', from, to, insert, err);
	if (!verdict && d->load->mode == MODE_MIRROR)
		mirror_see(d, t, &verdict, err);
	return verdict;
}
