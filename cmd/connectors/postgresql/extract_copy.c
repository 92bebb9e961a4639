/* extract_copy: COPY … TO STDOUT (FORMAT binary): rows as records. */
#include <stdlib.h>

#include "extract.h"

enum { CHECK_EVERY = 256, HEADER = 19 };
static const char signature[] = "PGCOPY\n\377\r\n";	/* and a NUL */

/* ---- what is read */

static size_t query_length(const char *query)
{
	size_t n = strlen(query);

	while (n && strchr("; \t\r\n", query[n - 1]))
		n--;
	return n;
}

static void add_columns(const struct table *t, struct buf *sql)
{
	uint32_t i;

	for (i = 0; i < t->columns; i++) {
		buf_adds(sql, i ? ", q." : "q.");
		sql_add_identifier(sql, span_of(t->column[i].name));
		if (!t->column[i].type->plain)
			buf_adds(sql, "::pg_catalog.text");
	}
}

void table_source(const struct table *t, struct buf *sql)
{
	buf_adds(sql, t->only ? " FROM ONLY " : " FROM ");
	if (t->query)
		buf_addf(sql, "(%.*s\n)", (int)query_length(t->query), t->query);
	else
		pg_add_name(sql, t->schema, t->name);
	buf_adds(sql, " AS q");
}

/* Before one more condition. */
static void add_and(struct buf *sql, bool *some)
{
	buf_adds(sql, *some ? " AND " : " WHERE ");
	*some = true;
}

/* Rows part by a hash of their key (of all that they hold, where there is none), so that it doesn't matter when a shard is read. */
static void add_shard(const struct extract *x, const struct table *t, struct buf *sql)
{
	uint32_t i, n = t->keys ? t->keys : t->columns;

	buf_adds(sql, "(pg_catalog.hashtextextended(ROW(");
	for (i = 0; i < n; i++) {
		buf_adds(sql, i ? ", q." : "q.");
		sql_add_identifier(sql, span_of(t->column[t->keys ? t->key[i] : i].name));
	}
	buf_addf(sql, ")::pg_catalog.text, 0) & 9223372036854775807) %% %llu = %llu", (unsigned long long)x->o->shard.n,
		 (unsigned long long)x->o->shard.i - 1);
}

/* ---- rows */

static int bad_copy(struct extract *x, struct error *err)
{
	return error_set(err, EXIT_FAILED, "'%s': the server's COPY isn't what it should be", error_show(span_of(x->pg.shown)));
}

int row_aside(struct extract *x, const struct table *t, const char *code, const char *why, struct span row, struct error *err)
{
	const struct scan_limits limits = { 1000, UINT32_MAX / 2 };
	const struct meta meta = { OP_UPSERT, t->stream, VALUE_NONE };
	struct error reason = ERROR_INIT;

	error_data(&reason, code, "%s: %s", t->name, why);
	return record_copy(&x->scratch, row.p, row.n, &limits, err) ||
		writer_reject(&x->tool->writer, &x->scratch, &meta, &reason, SPAN_LIT(""), SPAN_LIT(""), err) ? -1 : 0;
}

/* The row stands in the writer from start on. */
static int set_aside(struct extract *x, const struct table *t, size_t start, const char *code, const char *why, struct error *err)
{
	struct writer *w = &x->tool->writer;
	struct buf row = BUF_INIT;
	int failed;

	buf_addc(&row, '{');
	buf_add(&row, w->out.p + start, w->out.n - start);
	writer_line_cancel(w);
	failed = x->worker.fd >= 0 ? worker_aside(x, code, why, buf_span(&row), err) : row_aside(x, t, code, why, buf_span(&row), err);
	buf_release(&row);
	return failed;
}

static inline void add_lead(struct buf *out, const struct buf *lead, bool comma)
{
	if (out->cap - out->n < lead->n + 1)
		buf_reserve(out, lead->n + 1);
	out->p[out->n] = ',';
	out->n += comma;
	memcpy(out->p + out->n, lead->p, lead->n);
	out->n += lead->n;
}

static int put_row(struct extract *x, const struct table *t, struct bytes *b, struct buf *out)
{
	struct bytes v;
	uint32_t i;
	int got = 0;

	x->bad_text = false;
	x->bad_column = NULL;
	for (i = 0; i < t->columns && got >= 0; i++) {
		add_lead(out, &t->column[i].lead, i > 0);
		got = take_value(b, &v);
		if (got == 0)
			buf_add(out, "null", 4);
		else if (got > 0)
			got = t->column[i].type->plain ? json_of(x, t->column[i].type, v, out) : json_of(x, &x->pg_text, v, out);
		if (x->bad_text && !x->bad_column)
			x->bad_column = t->column[i].name;
	}
	buf_addc(out, '}');
	return got < 0 ? -1 : 0;
}

static int one_row(struct extract *x, struct table *t, struct bytes b, struct error *err)
{
	struct writer *w = &x->tool->writer;
	struct buf *out = writer_line_start(w);
	char why[400];
	size_t start;

	counts_add(&x->tool->read, t->stream, 1);
	buf_add(out, x->tag.p, x->tag.n);
	start = out->n;
	if (put_row(x, t, &b, out) || b.p != b.end)
		return bad_copy(x, err);
	if (x->bad_text) {
		snprintf(why, sizeof why, "'%s': text that is no UTF-8", error_show(span_of(x->bad_column)));
		return set_aside(x, t, start, "bad-utf8", why, err);
	}
	if (out->n - w->line > x->tool->opt.max_record)
		return set_aside(x, t, start, "too-long", "a row of more than --max-record bytes", err);
	return x->worker.fd >= 0 ? worker_row(x, false, err) : writer_line_end(w, t->stream, err);
}

/* One message of the server's: a row, the first with the header before it, the last the end's mark. */
static int take_message(struct extract *x, struct table *t, struct bytes b, bool *first, struct error *err)
{
	uint32_t more;
	int16_t n;

	if (*first) {
		if (b.end - b.p < HEADER || memcmp(b.p, signature, sizeof signature))
			return bad_copy(x, err);
		b.p += HEADER - 4;
		more = (uint32_t)take(&b, 4);
		if ((uint64_t)(b.end - b.p) < more)
			return bad_copy(x, err);
		b.p += more;
		*first = false;
	}
	if (b.p == b.end)
		return 0;
	n = (int16_t)take(&b, 2);
	if (n == -1 || !b.p)
		return b.p && b.p == b.end ? 0 : bad_copy(x, err);
	if ((uint32_t)n != t->columns)
		return bad_copy(x, err);
	return one_row(x, t, b, err) || (t->ordered && resume_row(x, t, b, err)) ? -1 : 0;
}

static int take_rows(struct extract *x, struct table *t, struct error *err)
{
	struct tool *tool = x->tool;
	bool first = true;
	char *row;
	int n, failed;

	while ((n = PQgetCopyData(x->pg.c, &row, 0)) > 0) {
		failed = take_message(x, t, (struct bytes){ (unsigned char *)row, (unsigned char *)row + n }, &first, err);
		PQfreemem(row);
		if (failed)
			return -1;
		if (tool->writer.records % CHECK_EVERY == 0)
			progress_update(&tool->progress, counts_total(&tool->read), tool->writer.bytes);
	}
	return n == -1 ? 0 : pg_fail(&x->pg, NULL, "read", err);
}

/* All rows of one table, as they are, which costs the server less than a query. */
static bool may_copy_table(const struct extract *x, const struct table *t)
{
	bool plain = t->own_rows && t->columns && !x->o->shard.n && !x->o->cursor;
	uint32_t i;

	for (i = 0; plain && i < t->columns; i++)
		plain = t->column[i].type->plain && !t->column[i].generated;
	return plain;
}

static void add_copy_table(const struct table *t, struct buf *sql)
{
	uint32_t i;

	buf_adds(sql, "COPY ");
	pg_add_name(sql, t->schema, t->name);
	for (i = 0; i < t->columns; i++) {
		buf_adds(sql, i ? ", " : " (");
		sql_add_identifier(sql, span_of(t->column[i].name));
	}
	buf_adds(sql, ") TO STDOUT (FORMAT binary)");
}

int table_sql(struct extract *x, const struct table *t, const struct part *part, struct buf *sql, struct error *err)
{
	bool some = part && part->blocks;

	if (!part && may_copy_table(x, t)) {
		add_copy_table(t, sql);
		return 0;
	}
	buf_adds(sql, "COPY (SELECT ");
	add_columns(t, sql);
	if (part)
		buf_addspan(sql, part->source);
	else
		table_source(t, sql);
	if (x->o->shard.n) {
		add_and(sql, &some);
		add_shard(x, t, sql);
	}
	if (x->o->cursor) {
		add_and(sql, &some);
		if (delta_where(x, t, sql, err))
			return -1;
	}
	if (t->after) {
		add_and(sql, &some);
		resume_where(t, sql);
	}
	if (t->ordered)
		resume_order(t, sql);
	buf_adds(sql, ") TO STDOUT (FORMAT binary)");
	return 0;
}

/* A database of no encoding (SQL_ASCII) may hold any bytes: its rows are taken as they are, and looked at here. */
static int take_any(struct extract *x, const char *encoding, struct error *err)
{
	const char *server = PQparameterStatus(x->pg.c, "server_encoding");

	return server && !strcmp(server, "SQL_ASCII") && PQsetClientEncoding(x->pg.c, encoding) ? pg_fail(&x->pg, NULL, "read", err) : 0;
}

int table_copy(struct extract *x, struct table *t, const char *sql, struct error *err)
{
	PGresult *r;

	if (take_any(x, "SQL_ASCII", err))
		return -1;
	r = PQexec(x->pg.c, sql);
	if (PQresultStatus(r) != PGRES_COPY_OUT)
		return pg_fail(&x->pg, r, "read", err);
	PQclear(r);
	if (take_rows(x, t, err))
		return -1;
	while ((r = PQgetResult(x->pg.c))) {
		if (PQresultStatus(r) != PGRES_COMMAND_OK)
			return pg_fail(&x->pg, r, "read", err);
		PQclear(r);
	}
	return take_any(x, "UTF8", err);
}
