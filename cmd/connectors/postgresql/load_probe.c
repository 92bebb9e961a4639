/*
 * load_probe: rows that are there as they are to be. Where few rows of the last batch had to be written, those that are there are
 * read first, as COPY's text, and only the others are sent. What the server writes for a value, it reads as that value: so equal
 * text is proof; what differs, if only in how it is written, goes the usual way. While the server reads some, the next ones come.
 */
#include "load.h"

enum { PROBE_FROM = 64, AT_ONCE = 2048, OFTEN = 128 };

bool probe_wanted(const struct database *d, const struct table *t)
{
	return t->calm && !t->unproven && t->direct && !t->alias && !t->restless && d->load->mode == MODE_UPSERT && !table_only_added(d, t) &&
		!waiting_some(d->waiting) && !d->journal.replaying;
}

/* ---- the statement */

/* The values of a key column of those rows that weren't asked for, as an array. */
static void add_keys(const struct database *d, const struct column *c, uint32_t i, struct buf *sql)
{
	struct buf text = BUF_INIT, one = BUF_INIT;
	uint32_t n;
	size_t j;

	for (n = d->probe.asked; n < d->rows; n++) {
		buf_adds(&text, text.n ? ",\"" : "{\"");
		buf_reset(&one);
		cell_restored(d->row[n].cell[i], &one);
		for (j = 0; j < one.n; j++) {
			if (one.p[j] == '"' || one.p[j] == '\\')
				buf_addc(&text, '\\');
			buf_addc(&text, one.p[j]);
		}
		buf_addc(&text, '"');
	}
	buf_addc(&text, '}');
	pg_add_literal(sql, buf_span(&text));
	buf_addf(sql, "::%s[]", c->base);
	buf_release(&text);
	buf_release(&one);
}

/* The keys, and what the batch's rows set of the others. */
static bool is_read(const struct table *t, struct span shape, uint32_t i)
{
	return t->column[i].key || (shape.p[i] && !t->column[i].generated && !t->column[i].always);
}

static void add_statement(const struct database *d, const struct table *t, struct buf *sql)
{
	const char *sep = "";
	uint32_t i;

	buf_adds(sql, "COPY (SELECT ");
	for (i = 0; i < t->columns; i++)
		if (is_read(t, d->row[0].shape, i)) {
			buf_addf(sql, "%st.%s", sep, t->column[i].quoted);
			sep = ",";
		}
	buf_adds(sql, " FROM ROWS FROM (");
	for (i = 0; i < t->keys; i++) {
		buf_adds(sql, i ? ", pg_catalog.unnest(" : "pg_catalog.unnest(");
		add_keys(d, &t->column[t->key[i]], t->key[i], sql);
		buf_addc(sql, ')');
	}
	buf_adds(sql, ") AS s(");
	for (i = 0; i < t->keys; i++)
		buf_addf(sql, "%sc%u", i ? "," : "", t->key[i]);
	buf_addf(sql, "), %s AS t WHERE ", t->quoted);
	add_key_match(t, "t", "s", sql);
	buf_adds(sql, ") TO STDOUT");
}

/* ---- rows that are there */

/* 2026-03-01T09:00:00Z and 2026-03-01 09:00:00+00. */
static bool same_time(const struct pg_type *type, cell a, cell b)
{
	enum { DATE = 10 };
	size_t zone = type->kind == PG_TIMESTAMPTZ, tail = zone ? 3 : 0;

	return a.n > DATE + 1 && b.n > DATE + tail && a.n - zone == b.n - tail && a.p[DATE] == 'T' && b.p[DATE] == ' ' && !memcmp(a.p, b.p, DATE) &&
		!memcmp(a.p + DATE + 1, b.p + DATE + 1, a.n - zone - DATE - 1) && (!zone || (a.p[a.n - 1] == 'Z' && !memcmp(b.p + b.n - 3, "+00", 3)));
}

static bool same_cell(const struct column *c, cell a, cell b)
{
	if (!a.p || !b.p)
		return !a.p && !b.p;
	return span_eq(a, b) || ((c->type->kind == PG_TIMESTAMP || c->type->kind == PG_TIMESTAMPTZ) && same_time(c->type, a, b));
}

/* A line of COPY as the cells of the columns that were asked for. */
static void split(const struct table *t, struct span shape, struct span line, cell *out)
{
	const char *p = line.p, *end = line.p + line.n, *tab;
	uint32_t i;

	for (i = 0; i < t->columns; i++) {
		if (!is_read(t, shape, i))
			continue;
		tab = memchr(p, '\t', (size_t)(end - p));
		out[i] = (cell){ p, (size_t)((tab ? tab : end) - p) };
		if (span_is(out[i], "\\N"))
			out[i].p = NULL;
		p = tab ? tab + 1 : end;
	}
}

static void take_line(struct database *d, struct span line)
{
	const struct table *t = d->batch;
	cell *there = d->probe.there;
	uint32_t n, i;

	if (line.n && line.p[line.n - 1] == '\n')
		line.n--;
	split(t, d->row[0].shape, line, there);
	if (!batch_find(d, t, there, &n))
		return;
	for (i = 0; i < t->columns; i++)
		if (is_read(t, d->row[0].shape, i) && !same_cell(&t->column[i], d->row[n].cell[i], there[i]))
			return;
	d->probe.proven[n] = 1;
}

/* ---- question and answer */

/* What the server can't read is its rows' fault, who are then written one way or the other. */
static int failed(struct database *d, PGresult *r, struct error *err)
{
	if (session_verdict(d, r, NULL, err) < 0 && !session_may_retry(d))
		return -1;
	error_reset(err);
	d->probe.failed = true;
	while ((r = PQgetResult(d->pg.c)))
		PQclear(r);
	return 0;
}

static int take_answer(struct database *d, struct error *err)
{
	PGresult *r;
	char *line;
	int n;

	if (!d->probe.flight)
		return 0;
	d->probe.flight = false;
	r = PQgetResult(d->pg.c);
	if (PQresultStatus(r) != PGRES_COPY_OUT)
		return failed(d, r, err);
	PQclear(r);
	while ((n = PQgetCopyData(d->pg.c, &line, 0)) > 0) {
		take_line(d, (struct span){ line, (size_t)n });
		PQfreemem(line);
	}
	r = PQgetResult(d->pg.c);
	if (n == -2 || PQresultStatus(r) != PGRES_COMMAND_OK)
		return failed(d, r, err);
	for (; r; r = PQgetResult(d->pg.c))
		PQclear(r);
	return 0;
}

static int ask(struct database *d, struct error *err)
{
	struct buf sql = BUF_INIT;
	int sent = 1;

	if (!d->probe.failed && d->probe.asked < d->rows) {
		add_statement(d, d->batch, &sql);
		sent = PQsendQuery(d->pg.c, buf_str(&sql));
		d->probe.flight = sent == 1;
		buf_release(&sql);
	}
	d->probe.asked = d->rows;
	return sent == 1 ? 0 : pg_fail(&d->pg, NULL, "read", err);
}

static int start(struct database *d, struct error *err)
{
	if (journal_open(d, err) || session_ours(d, err) ||
	    session_run(d, "SAVEPOINT _sync_probe; SET LOCAL enable_mergejoin TO off; SET LOCAL enable_hashjoin TO off", err))
		return -1;
	d->probe = (struct probe){ .on = true, .proven = arena_zalloc(&d->batch_arena, BATCH_ROWS),
				   .there = arena_alloc(&d->batch_arena, d->batch->columns * sizeof(cell)) };
	return 0;
}

/* Nothing was written, and the planner is as it was. */
static int stop(struct database *d, struct error *err)
{
	d->probe.on = false;
	return session_rollback(d, "_sync_probe", err);
}

int probe_row(struct database *d, struct error *err)
{
	const struct row *r = &d->row[d->rows - 1];
	struct probe *p = &d->probe;

	if (!p->on)
		return d->rows == PROBE_FROM && probe_wanted(d, d->batch) && rows_alike(d) ? start(d, err) : 0;
	if (r->op != ROW_UPSERT || !span_eq(r->shape, d->row[0].shape))
		return probe_stop(d, err);
	if (d->rows - p->asked >= AT_ONCE)
		return take_answer(d, err) || ask(d, err) ? -1 : 0;
	if (p->flight && d->rows % OFTEN == 0)
		(void)PQconsumeInput(d->pg.c);	/* what fails is told when the answer is taken */
	return 0;
}

int probe_stop(struct database *d, struct error *err)
{
	if (!d->probe.on)
		return 0;
	d->batch->restless = true;
	return take_answer(d, err) || stop(d, err) ? -1 : 0;
}

/* Those that are proven come last. */
static uint32_t part(struct database *d, const char *proven)
{
	struct row *kept = arena_alloc(&d->batch_arena, d->rows * sizeof *kept);
	uint32_t i, rest = 0, n = 0;

	for (i = 0; i < d->rows; i++) {
		if (proven[i])
			kept[n++] = d->row[i];
		else
			d->row[rest++] = d->row[i];
	}
	memcpy(d->row + rest, kept, n * sizeof *kept);
	return rest;
}

int probe_end(struct database *d, uint32_t *rest, struct error *err)
{
	if (take_answer(d, err) || ask(d, err) || take_answer(d, err))
		return -1;
	*rest = d->probe.failed ? d->rows : part(d, d->probe.proven);
	return stop(d, err);
}
