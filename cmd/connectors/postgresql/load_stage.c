/*
 * load_stage: where rows stand before they are merged: a temporary table whose columns are of base types, so that a domain
 * is checked where a value is written and not where a row lacks it; c0, c1, … for the columns of the target. A few rows
 * are no table but an array of such rows within the statement itself.
 *
 * Users' own code runs in the same session and with its own search path, so each name and operator here says its schema.
 */
#include <stdlib.h>

#include "base/xalloc.h"
#include "load.h"
#include "value/number.h"

enum { FEW_ROWS = 32, FEW_BYTES = 64 << 10, FEW_SHAPES = 6 };

int merge_prepare(struct database *d, struct table *t, struct error *err)
{
	static unsigned number;
	struct buf sql = BUF_INIT;
	uint32_t i;
	int failed;

	if (*t->stage)
		return 0;
	snprintf(t->stage, sizeof t->stage, "_sync_stage_%u", number++);
	buf_addf(&sql, "CREATE TEMP TABLE %s (n integer, op \"char\", anew boolean, has bit varying", t->stage);
	for (i = 0; i < t->columns; i++)
		if (!t->column[i].generated)
			buf_addf(&sql, ", c%u %s%s", i, t->column[i].declared, t->column[i].collation);
	buf_addc(&sql, ')');
	failed = session_ours(d, err) || session_run(d, buf_str(&sql), err) ? -1 : 0;
	buf_release(&sql);
	return failed;
}

void table_add_names(const struct table *t, struct span shape, struct buf *sql)
{
	const char *sep = "";
	uint32_t i;

	for (i = 0; i < t->columns; i++) {
		if (t->column[i].generated || !shape.p[i])
			continue;
		buf_addf(sql, "%s%s", sep, t->column[i].quoted);
		sep = ",";
	}
}

void stage_add_names(const struct table *t, struct span shape, const char *before, struct buf *sql)
{
	const char *sep = "";
	uint32_t i;

	for (i = 0; i < t->columns; i++) {
		if (t->column[i].generated || (shape.p && !shape.p[i]))
			continue;
		buf_addf(sql, "%s%sc%u", sep, before, i);
		sep = ",";
	}
}

static char letter_of(const struct row *r)
{
	return r->op == ROW_UPSERT ? '+' : r->op == ROW_UPDATE ? '~' : '-';
}

static void add_has(const struct table *t, const struct row *r, struct buf *out)
{
	uint32_t i;

	for (i = 0; i < t->columns; i++)
		buf_addc(out, r->shape.p[i] ? '1' : '0');
}

void stage_add_head(const struct table *t, const struct row *r, uint32_t number, struct buf *out)
{
	char digits[NUMBER_INT64_ROOM];

	buf_addspan(out, number_from_int64(number, digits));
	buf_addc(out, '\t');
	if (t->alike)
		return;
	buf_addf(out, "%c\t%c\t", letter_of(r), r->anew ? 't' : 'f');
	if (t->mixed)
		add_has(t, r, out);
	else
		buf_add(out, "\\N", 2);
	buf_addc(out, '\t');
}

int stage_clear(struct database *d, struct table *t, struct error *err)
{
	struct buf sql = BUF_INIT;
	int failed;

	buf_addf(&sql, "TRUNCATE pg_temp.%s", t->stage);
	failed = session_run(d, buf_str(&sql), err);
	buf_release(&sql);
	return failed;
}

int stage_fill(struct database *d, uint32_t from, uint32_t to, struct error *err)
{
	struct table *t = d->batch;
	size_t bytes = 0;
	uint32_t i;

	t->mixed = false;
	t->alike = true;
	for (i = from; i < to; i++) {
		t->alike = t->alike && d->row[i].op == ROW_UPSERT && !d->row[i].anew;
		bytes += to - from <= FEW_ROWS ? d->row[i].arrival.line.n : 0;
		t->mixed = t->mixed || !span_eq(d->row[i].shape, d->row[from].shape);
	}
	t->alike = t->alike && !t->mixed;
	t->staged = to - from > FEW_ROWS || bytes > FEW_BYTES;
	if (!t->staged)
		return LOAD_DONE;
	return stage_clear(d, t, err) ? -1 : copy_rows(d, from, to, true, err);
}

/* ---- groups of rows */

void cell_restored(cell c, struct buf *out)
{
	static const char meant[256] = { ['t'] = '\t', ['n'] = '\n', ['r'] = '\r', ['b'] = '\b', ['f'] = '\f', ['v'] = '\v', ['\\'] = '\\' };
	size_t i;

	for (i = 0; i < c.n; i++) {
		bool escaped = c.p[i] == '\\' && i + 1 < c.n;

		i += escaped;
		buf_addc(out, escaped ? meant[(unsigned char)c.p[i]] : c.p[i]);
	}
}

/* What COPY's text says, as a literal. */
static void add_cell(cell c, struct buf *scratch, struct buf *sql)
{
	buf_reset(scratch);
	cell_restored(c, scratch);
	pg_add_literal(sql, buf_span(scratch));
}

void stage_add_row(const struct table *t, const struct row *r, uint32_t number, struct buf *sql)
{
	struct buf scratch = BUF_INIT;
	uint32_t i;

	buf_addf(sql, "ROW(%u,'%c',%s,'", number, letter_of(r), r->anew ? "true" : "false");
	add_has(t, r, sql);
	buf_addc(sql, '\'');
	for (i = 0; i < t->columns; i++) {
		if (t->column[i].generated)
			continue;
		buf_addc(sql, ',');
		if (r->shape.p[i] && r->cell[i].p)
			add_cell(r->cell[i], &scratch, sql);
		else
			buf_adds(sql, "NULL");
	}
	buf_addf(sql, ")::pg_temp.%s", t->stage);
	buf_release(&scratch);
}

void stage_add_one(const struct table *t, const struct row *r, const char *alias, struct buf *sql)
{
	buf_adds(sql, "pg_catalog.unnest(ARRAY[");
	stage_add_row(t, r, 0, sql);
	buf_addf(sql, "]) AS %s", alias);
}

void stage_add_rows(const struct database *d, const struct table *t, const struct group *g, struct buf *sql)
{
	uint32_t i;

	if (g->numbers) {	/* the limit is no limit, but tells the planner how few they are */
		buf_addf(sql, "(SELECT * FROM pg_temp.%s WHERE n OPERATOR(pg_catalog.=) ANY('{%s}'::pg_catalog.int4[]) LIMIT %u) AS s", t->stage,
			 g->numbers, g->n);
		return;
	}
	if (!g->inline_rows) {
		buf_addf(sql, "pg_temp.%s AS s", t->stage);
		return;
	}
	buf_adds(sql, "pg_catalog.unnest(ARRAY[");
	for (i = 0; i < g->n; i++) {
		if (i)
			buf_addc(sql, ',');
		stage_add_row(t, &d->row[g->rows[i].n], g->rows[i].n, sql);
	}
	buf_adds(sql, "]) AS s");
}

void stage_add_where(const struct table *t, const struct group *g, struct buf *sql)
{
	uint32_t i;

	if (g->numbers || g->inline_rows || t->alike) {
		buf_adds(sql, "true");
	} else if (g->whole) {
		buf_addf(sql, "s.op OPERATOR(pg_catalog.=) '%c'::pg_catalog.\"char\"", g->op);
	} else {
		buf_adds(sql, "s.n OPERATOR(pg_catalog.=) ANY('{");
		for (i = 0; i < g->n; i++)
			buf_addf(sql, "%s%u", i ? "," : "", g->rows[i].n);
		buf_adds(sql, "}'::pg_catalog.int4[])");
	}
}

static int by_shape(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int c = memcmp(x->shape.p, y->shape.p, x->shape.n);

	return c ? c : (x->n > y->n) - (x->n < y->n);
}

/* The columns whose absence means anything but null. */
static struct span with_defaults(const struct table *t, struct span shape, struct arena *arena)
{
	char *p = arena_dup(arena, shape.p, shape.n);
	uint32_t i;

	for (i = 0; i < t->columns; i++)
		p[i] = p[i] || !t->column[i].defaults;
	return (struct span){ p, shape.n };
}

static uint32_t collect(struct database *d, char op, uint32_t from, uint32_t to, struct member *out)
{
	uint32_t i, n = 0;

	for (i = from; i < to; i++)
		if (op == '-' ? d->row[i].op == ROW_DELETE || d->row[i].anew : letter_of(&d->row[i]) == op)
			out[n++] = (struct member){ d->row[i].shape, i };
	return n;
}

static uint32_t count_shapes(struct member *m, uint32_t n)
{
	uint32_t i, shapes = n > 0;

	qsort(m, n, sizeof *m, by_shape);
	for (i = 1; i < n; i++)
		shapes += memcmp(m[i].shape.p, m[i - 1].shape.p, m[i].shape.n) != 0;
	return shapes;
}

/* All shapes as one that has what any has. */
static struct span all_of(const struct table *t, const struct member *m, uint32_t n, struct arena *arena)
{
	char *p = arena_zalloc(arena, t->columns + 1);
	uint32_t i, j;

	for (i = 0; i < n; i++)
		for (j = 0; j < t->columns; j++)
			p[j] = (char)(p[j] | m[i].shape.p[j]);
	return (struct span){ p, t->columns };
}

int stage_each_group(struct database *d, char op, uint32_t from, uint32_t to, bool inserts, group_fn *fn, struct error *err)
{
	struct table *t = d->batch;
	struct member *m = arena_alloc(&d->arena, (to - from + 1) * sizeof *m);
	uint32_t n = collect(d, op, from, to, m), shapes = t->mixed && op != '-' ? count_shapes(m, n) : 1, i, j;
	struct group g = { .op = op, .rows = m, .n = n };
	int verdict = LOAD_DONE;

	if (shapes > FEW_SHAPES && !inserts) {
		g.by_case = true;
		g.shape = all_of(t, m, n, &d->arena);
	} else if (shapes > FEW_SHAPES) {
		for (i = 0; i < n; i++)
			m[i].shape = with_defaults(t, m[i].shape, &d->arena);
		shapes = count_shapes(m, n);
	}
	for (i = 0; i < n && !verdict; i = j) {
		for (j = g.by_case || shapes == 1 ? n : i + 1; j < n && !memcmp(m[i].shape.p, m[j].shape.p, m[i].shape.n); j++)
			;
		if (!g.by_case)
			g.shape = m[i].shape;
		g.rows = m + i;
		g.n = j - i;
		g.whole = g.n == n && op != '-';
		g.inline_rows = !t->staged || (!g.whole && shapes > FEW_SHAPES && g.n <= FEW_ROWS);
		verdict = fn(d, t, &g, err);
	}
	return verdict;
}
