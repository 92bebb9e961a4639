/*
 * extract_delta: what came since a state: by a time that the server sets, or by the number of the transaction that wrote a row.
 *
 * A row may become visible long after the time that stands in it: when its transaction commits. So rows are read up to a
 * bound that no running transaction can write below any more, and the next delta starts there. No row is skipped, and
 * none comes twice but where it was written again.
 *
 *   a time      W <= c < B: B is when the oldest transaction that runs began, read before the snapshot, less --lag
 *   xmin        W <= xmin < S: S is the oldest transaction that the snapshot takes for running
 *   --trust-cursor   W < c <= the largest: a column that only grows, in the order of commits, as its owner knows
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/diag.h"
#include "base/xalloc.h"
#include "extract.h"

#define XID_MASK "4294967295"

static bool by_xmin(const struct extract *x)
{
	return x->o->cursor && !strcmp(x->o->cursor, "xmin");
}

/* ---- bounds */

static int one_value(struct extract *x, const char *sql, const char *value, char **out, struct error *err)
{
	PGresult *r = pg_query(&x->pg, sql, value ? 1 : 0, &value, "read", err);

	if (!r)
		return -1;
	*out = PQntuples(r) && !PQgetisnull(r, 0, 0) ? xstrdup(PQgetvalue(r, 0, 0)) : NULL;
	PQclear(r);
	return 0;
}

/* Sessions whose start this user may not see, or that don't tell it; only those of this database can write here. */
static int look_around(struct extract *x, struct error *err)
{
	char *hidden = NULL;
	int failed = one_value(x, "SELECT nullif(count(*), 0) FROM pg_catalog.pg_stat_activity WHERE datname=pg_catalog.current_database() AND "
			       "(query='<insufficient privilege>' OR state='disabled')", NULL, &hidden, err);

	if (!failed && hidden)
		diag_warn("--cursor: %s sessions don't show this user when their transactions began: rows that they commit late may be missed "
			  "(grant pg_read_all_stats, or use --lag or --cursor xmin)", hidden);
	free(hidden);
	return failed;
}

/*
 * When a prepared transaction began isn't known any more; only that it was not before the last bound, which was below the
 * start of all that ran. So the bound stands still while there is one.
 */
static int look_prepared(struct extract *x, struct error *err)
{
	int failed = one_value(x, "SELECT pg_catalog.min(prepared) FROM pg_catalog.pg_prepared_xacts WHERE database=pg_catalog.current_database()",
			       NULL, &x->prepared, err);

	if (!failed && x->prepared)
		diag_warn("--cursor: a prepared transaction waits since %s: nothing written later is read before it ends", x->prepared);
	return failed;
}

int delta_bound(struct extract *x, struct error *err)
{
	/*
	 * A transaction has its time some microseconds before it shows it to others: 0.2 s are more than that on a busy machine.
	 * Those of other databases can't write here; an autovacuum may take hours, and writes no rows.
	 */
	static const char sql[] = "SELECT (least(pg_catalog.statement_timestamp() - pg_catalog.make_interval(secs => 0.2), (SELECT "
		"pg_catalog.min(xact_start) FROM pg_catalog.pg_stat_activity WHERE pid<>pg_catalog.pg_backend_pid() AND datname="
		"pg_catalog.current_database() AND backend_type NOT IN ('autovacuum worker', 'walsender'))) "
		"- pg_catalog.make_interval(secs => $1::pg_catalog.float8))::pg_catalog.text, pg_catalog.pg_is_in_recovery()";
	char lag[32];
	const char *value = lag;
	bool standby;
	PGresult *r;

	if (!x->o->cursor || by_xmin(x) || x->o->trust_cursor)
		return 0;
	snprintf(lag, sizeof lag, "%.6f", x->o->lag);
	if (look_around(x, err))
		return -1;
	r = pg_query(&x->pg, sql, 1, &value, "read", err);
	if (!r)
		return -1;
	x->bound = xstrdup(PQgetvalue(r, 0, 0));
	standby = *PQgetvalue(r, 0, 1) == 't';
	PQclear(r);
	if (look_prepared(x, err))	/* behind the bound, which one that is prepared just now was below */
		return -1;
	return standby ? error_set(err, EXIT_USAGE, "--cursor: '%s' is a standby, which doesn't know when the transactions of its primary began: "
				      "use --cursor xmin, or read the primary", error_show(span_of(x->pg.shown))) : 0;
}

/* The snapshot's oldest running transaction, and the first that isn't in it at all, as 64-bit numbers. */
static int read_horizon(struct extract *x, struct error *err)
{
	PGresult *r = pg_query(&x->pg, "SELECT pg_catalog.txid_snapshot_xmin(s), pg_catalog.txid_snapshot_xmax(s) FROM "
			       "pg_catalog.txid_current_snapshot() AS s", 0, NULL, "read", err);

	if (!r)
		return -1;
	x->horizon = strtoull(PQgetvalue(r, 0, 0), NULL, 10);
	x->ahead = strtoull(PQgetvalue(r, 0, 1), NULL, 10);
	PQclear(r);
	return 0;
}

static const struct column *cursor_of(const struct extract *x, const struct table *t)
{
	uint32_t i;

	for (i = 0; i < t->columns; i++)
		if (!strcmp(t->column[i].name, x->o->cursor))
			return &t->column[i];
	return NULL;
}

static int check_table(struct extract *x, struct table *t, struct error *err)
{
	const struct column *c = cursor_of(x, t);
	struct buf sql = BUF_INIT;
	char *nulls = NULL;
	int failed;

	if (by_xmin(x))
		return t->query || !t->stored ? error_set(err, EXIT_USAGE, "--cursor xmin: rows of %s '%s' have none",
							  t->query ? "the query" : "the view or foreign table", error_show(span_of(t->name))) : 0;
	if (!c)
		return error_set(err, EXIT_USAGE, "--cursor: '%s' has no column '%s'", error_show(span_of(t->name)), error_show(span_of(x->o->cursor)));
	if (x->o->trust_cursor)
		return 0;
	if (c->type->kind != PG_TIMESTAMPTZ)
		return error_set(err, EXIT_USAGE, "--cursor: '%s' is %s, which says nothing of when its transaction ends: name a column of type "
				 "timestamp with time zone that the server sets, or xmin, or say --trust-cursor", error_show(span_of(c->name)), c->declared);
	if (c->not_null || t->from || t->query)
		return 0;
	buf_adds(&sql, "SELECT 1 FROM ");
	pg_add_name(&sql, t->schema, t->name);
	buf_adds(&sql, " WHERE ");
	sql_add_identifier(&sql, span_of(c->name));
	buf_adds(&sql, " IS NULL LIMIT 1");
	failed = one_value(x, buf_str(&sql), NULL, &nulls, err);
	if (nulls)
		diag_warn("--cursor: rows of '%s' have no '%s': they are read now, and never again", t->name, c->name);
	free(nulls);
	buf_release(&sql);
	return failed;
}

/* With --trust-cursor: the largest value that is there now. */
static int read_largest(struct extract *x, struct table *t, struct error *err)
{
	struct buf sql = BUF_INIT;
	int failed;

	buf_adds(&sql, "SELECT pg_catalog.max(q.");
	sql_add_identifier(&sql, span_of(x->o->cursor));
	buf_adds(&sql, ")::pg_catalog.text");
	table_source(t, &sql);
	failed = one_value(x, buf_str(&sql), NULL, &t->to, err);
	buf_release(&sql);
	return failed;
}

/* Where the read of a table ends, and the next one begins; a first read that goes on ends where it was to end. */
static int set_end(struct extract *x, struct table *t, struct error *err)
{
	struct buf b = BUF_INIT;

	if (t->after)
		return 0;
	if (x->o->trust_cursor)
		return read_largest(x, t, err);
	if (x->prepared && !t->from)
		return error_set(err, EXIT_AGAIN, "--cursor: a prepared transaction waits since %s, and nobody can tell which times it wrote: "
				 "a first read must wait for its end, or use --cursor xmin", x->prepared);
	if (by_xmin(x)) {
		buf_addf(&b, "%" PRIu64, x->horizon);
		t->to = buf_take(&b);
	} else {
		t->to = xstrdup(x->prepared ? t->from : x->bound);
	}
	return 0;
}

int delta_prepare(struct extract *x, struct error *err)
{
	uint32_t i;

	if (!x->o->cursor)
		return 0;
	if (by_xmin(x) && read_horizon(x, err))
		return -1;
	for (i = 0; i < x->tables; i++)
		if (check_table(x, &x->table[i], err) || set_end(x, &x->table[i], err))
			return -1;
	return 0;
}

/* ---- which rows */

static int out_of_reach(const struct extract *x, const char *since, struct error *err)
{
	return error_set(err, EXIT_FAILED, "--cursor xmin: the state's transaction %s is out of reach from %" PRIu64 ": start anew with --reset",
			 since, x->horizon);
}

static int add_xmin(const struct extract *x, const struct table *t, struct buf *sql, struct error *err)
{
	uint64_t from = strtoull(t->from ? t->from : t->to, NULL, 10), to = strtoull(t->to, NULL, 10);

	if (x->horizon < from || x->ahead - from >= UINT64_C(1) << 31)
		return out_of_reach(x, t->from ? t->from : t->to, err);
	if (!t->from)		/* all but those that the next delta begins with */
		buf_addf(sql, "((q.xmin::pg_catalog.text::pg_catalog.int8 - %" PRIu64 ") & " XID_MASK ") >= %" PRIu64, to & 0xffffffff, x->ahead - to);
	else
		buf_addf(sql, "((q.xmin::pg_catalog.text::pg_catalog.int8 - %" PRIu64 ") & " XID_MASK ") < %" PRIu64, from & 0xffffffff, to - from);
	return 0;
}

static void add_side(const struct extract *x, const struct column *c, const char *op, const char *value, struct buf *sql)
{
	buf_adds(sql, "q.");
	sql_add_identifier(sql, span_of(x->o->cursor));
	buf_addf(sql, " %s ", op);
	pg_add_literal(sql, span_of(value));
	buf_addf(sql, "::%s", c->declared);
}

int delta_where(const struct extract *x, const struct table *t, struct buf *sql, struct error *err)
{
	const struct column *c;

	if (by_xmin(x))
		return add_xmin(x, t, sql, err);
	c = cursor_of(x, t);
	if (!t->to) {		/* there was no value at all */
		buf_adds(sql, t->seen ? "false" : "true");
		return 0;
	}
	buf_addc(sql, '(');
	add_side(x, c, x->o->trust_cursor ? "<=" : "<", t->to, sql);
	if (t->from) {
		buf_adds(sql, " AND ");
		add_side(x, c, x->o->trust_cursor ? ">" : ">=", t->from, sql);
	} else if (!t->seen || t->after) {
		buf_adds(sql, " OR q.");
		sql_add_identifier(sql, span_of(x->o->cursor));
		buf_adds(sql, " IS NULL");
	}
	buf_addc(sql, ')');
	return 0;
}

/* ---- tokens */

int delta_token_read(struct extract *x, struct table *t, const json_t *token, struct error *err)
{
	const char *cursor = json_string_value(json_object_get(token, "cursor")), *value = json_string_value(json_object_get(token, "value"));
	bool broken_off = json_object_get(token, "after") != NULL;

	if (!cursor || strcmp(cursor, x->o->cursor))
		return error_set(err, EXIT_FAILED, "the state's token is none of sync-extract for PostgreSQL by this cursor: restore the state, or start "
				 "anew with --reset");
	t->seen = true;
	if (broken_off) {
		t->after = json_deep_copy(token);
		t->to = value ? xstrdup(value) : NULL;
	} else {
		t->from = value ? xstrdup(value) : NULL;
	}
	return 0;
}

void delta_token(const struct extract *x, const struct table *t, struct buf *token)
{
	const char *value = t->to ? t->to : t->from;

	buf_adds(token, "{\"cursor\":");
	json_add_string(token, span_of(x->o->cursor));
	if (value) {
		buf_adds(token, ",\"value\":");
		json_add_string(token, span_of(value));
	}
}

int delta_checkpoint(struct extract *x, const struct table *t, struct error *err)
{
	struct buf token = BUF_INIT;
	int failed;

	if (!x->o->state)
		return 0;
	if (!by_xmin(x) && !x->o->trust_cursor && !x->prepared && t->from && !strcmp(t->from, t->to))
		diag_warn("--cursor: the oldest running transaction began at %s, where the last delta ended: nothing later can be read yet", t->to);
	delta_token(x, t, &token);
	buf_addc(&token, '}');
	failed = writer_checkpoint(&x->tool->writer, t->stream, buf_span(&token), err);
	buf_release(&token);
	return failed;
}
