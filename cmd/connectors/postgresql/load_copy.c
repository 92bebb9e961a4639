/* load_copy: rows by COPY, into the staging table or as they are into the table. */
#include "load.h"

static void add_line(const struct table *t, const struct row *r, bool stage, uint32_t number, struct buf *out)
{
	const char *tab = "";
	uint32_t i;

	if (stage)
		stage_add_head(t, r, number, out);
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
			verdict = session_verdict(d, r, NULL, err);
	}
	return verdict;
}

static int start_copy(struct database *d, const struct table *t, struct span shape, bool stage, struct error *err)
{
	struct buf sql = BUF_INIT;
	PGresult *r;

	buf_addf(&sql, "COPY %s%s(%s", stage ? "pg_temp." : "", stage ? t->stage : t->quoted, !stage ? "" : t->alike ? "n," : "n,op,anew,has,");
	if (stage)
		stage_add_names(t, (struct span){ NULL, 0 }, "", &sql);
	else
		table_add_names(t, shape, &sql);
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

enum { PIECE = 64 << 10, STAGE_AT = 64 };

/* A row straight into the table; its COPY is opened with the first one of its columns. */
int write_now(struct database *d, const struct row *r, struct error *err)
{
	struct table *t = d->batch;

	if (!t->direct || r->op != ROW_UPSERT || (!table_only_added(d, t) && (!t->empty || d->load->mode == MODE_MIRROR)))
		return 0;
	if (!d->copying) {
		if (d->rows > 1)
			return 0;	/* rows of other columns came: all are written at the end */
		if (journal_open(d, err) || session_theirs(d, err) || session_run(d, "SAVEPOINT _sync_batch", err) ||
		    start_copy(d, t, r->shape, false, err))
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

/* ---- into the staging table while rows come, so that the server reads them as this program does */

bool rows_alike(const struct database *d)
{
	uint32_t i;

	for (i = 0; i < d->rows; i++)
		if (d->row[i].op != ROW_UPSERT || d->row[i].anew || d->row[i].earlier || !span_eq(d->row[i].shape, d->row[0].shape))
			return false;
	return true;
}

static int start_staging(struct database *d, struct table *t, struct error *err)
{
	uint32_t i;

	t->alike = true;
	if (journal_open(d, err) || merge_prepare(d, t, err) || session_theirs(d, err) ||
	    session_run(d, "SAVEPOINT _sync_batch", err) || stage_clear(d, t, err) || start_copy(d, t, d->row[0].shape, true, err))
		return -1;
	d->staging = true;
	buf_reset(&d->out);
	for (i = 0; i < d->rows; i++)
		add_line(t, &d->row[i], true, i, &d->out);
	return 0;
}

int stage_now(struct database *d, struct error *err)
{
	struct table *t = d->batch;
	const struct row *r = &d->row[d->rows - 1];

	if (d->probe.on || probe_wanted(d, t))
		return d->copying ? 0 : probe_row(d, err);
	if (!d->staging) {
		if (d->rows != STAGE_AT || d->copying || t->restless || table_only_added(d, t) || waiting_some(d->waiting))
			return 0;
		return rows_alike(d) ? start_staging(d, t, err) : 0;
	}
	if (r->op != ROW_UPSERT || !span_eq(r->shape, d->row[0].shape))
		return stage_stop(d, err);
	add_line(t, r, true, d->rows - 1, &d->out);
	return d->out.n < PIECE ? 0 : send(d, err);
}

int stage_stop(struct database *d, struct error *err)
{
	PGresult *r;

	if (!d->staging)
		return probe_stop(d, err);
	d->staging = false;
	d->batch->restless = true;
	if (PQputCopyEnd(d->pg.c, "other rows came") != 1)
		return pg_fail(&d->pg, NULL, "write to", err);
	while ((r = PQgetResult(d->pg.c)))
		PQclear(r);
	return session_rollback(d, "_sync_batch", err);
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
