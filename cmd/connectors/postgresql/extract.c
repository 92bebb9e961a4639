/* sync-extract-postgresql: tables, views and queries of a PostgreSQL database as a stream. extract.h has a map of its parts. */
#include "extract.h"

#include <stdlib.h>

#include "base/diag.h"
#include "endpoint/capability.h"

/* ---- the state */

/* The cluster, where it may be asked for, and the database in it. */
static int add_identity(struct extract *x, struct buf *b, struct error *err)
{
	PGresult *r = PQexec(x->pg.c, "SELECT system_identifier FROM pg_catalog.pg_control_system()");

	if (PQresultStatus(r) == PGRES_TUPLES_OK)
		buf_addf(b, "system:%s ", PQgetvalue(r, 0, 0));
	PQclear(r);
	r = pg_query(&x->pg, "SELECT oid FROM pg_catalog.pg_database WHERE datname=pg_catalog.current_database()", 0, NULL, "read", err);
	if (r)
		buf_addf(b, "database:%s", PQgetvalue(r, 0, 0));
	PQclear(r);
	return r ? 0 : -1;
}

/* Reads the state, checks that it is this source's, and makes begin.from. */
static int start_state(struct extract *x, char **names, int n, struct buf *from, struct error *err)
{
	struct buf source = BUF_INIT;
	int failed;

	if (!x->o->state)
		return 0;
	failed = add_identity(x, &source, err) || state_take_up(&x->state, &x->place, x->o, "postgresql", buf_str(&source), names, n, from, err) ? -1 : 0;
	buf_release(&source);
	return failed;
}

static int take_tokens(struct extract *x, struct error *err)
{
	const json_t *token;
	uint32_t i;

	for (i = 0; x->o->state && !x->o->reset && i < x->tables; i++) {
		token = state_token(&x->state, streams_name(&x->tool->streams, x->table[i].stream));
		if (token && delta_token_read(x, &x->table[i], token, err))
			return -1;
	}
	return 0;
}

/* ---- the stream's section */

static const char begin_snapshot[] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

static int begin(struct extract *x, struct span from, struct error *err)
{
	return extract_begin(&x->tool->writer, extract_scope(x->o), span_of(x->pg.shown), "postgresql", from, err);
}

static int begin_query(struct extract *x, struct error *err)
{
	return pg_run(&x->pg, begin_snapshot, "read", err) || tables_query(x, err) ? -1 : 0;
}

/* The names of the tables that are found, in the order of the table. */
static void add_names(const struct extract *x, struct buf *b)
{
	uint32_t i;

	for (i = 0; i < x->tables; i++) {
		buf_addf(b, "%s ", x->table[i].oid);
		pg_add_name(b, x->table[i].schema, x->table[i].name);
		buf_addc(b, x->table[i].lockable ? '+' : '-');
	}
}

/*
 * Tables are locked before the snapshot is taken, in which they are looked up again: one that is emptied or rewritten between a
 * snapshot and its lock would seem to have no rows.
 */
static int begin_tables(struct extract *x, char **names, int n, struct error *err)
{
	struct buf before = BUF_INIT, now = BUF_INIT;
	bool same = false;
	int i, failed = 0;

	for (i = 0; !same && !failed && i < 10; i++) {
		buf_reset(&before);
		buf_reset(&now);
		failed = tables_find(x, names, n, err);
		add_names(x, &before);
		failed = failed || pg_run(&x->pg, begin_snapshot, "read", err) || tables_lock(x, "", err);
		if (failed && i + 1 < 10 && !strcmp(x->pg.state, "42P01")) {	/* there is no such table any more */
			failed = 0;
		} else if (!failed) {
			tables_forget(x);
			failed = tables_find(x, names, n, err);
			add_names(x, &now);
			same = before.n == now.n && !memcmp(buf_str(&before), buf_str(&now), now.n);
		}
		if (!same && !failed) {
			tables_forget(x);
			failed = pg_run(&x->pg, "ROLLBACK", "read", err);
		}
	}
	buf_release(&before);
	buf_release(&now);
	return failed ? -1 : same ? 0 : error_set(err, EXIT_AGAIN, "the tables of '%s' are made and dropped all the time", error_show(span_of(x->pg.shown)));
}

static int read_table(struct extract *x, struct table *t, struct error *err)
{
	struct buf sql = BUF_INIT;
	int done, failed;

	if (declare(x, t, err))
		return -1;
	pace_mark(&x->pace, x->tool->writer.bytes);
	done = jobs_read(x, t, err);
	failed = done < 0 || (!done && (table_sql(x, t, NULL, &sql, err) || table_copy(x, t, buf_str(&sql), err))) ? -1 : 0;
	buf_release(&sql);
	return failed || delta_checkpoint(x, t, err) ? -1 : 0;
}

static int read_tables(struct extract *x, struct error *err)
{
	uint32_t i;
	int failed = 0;

	for (i = 0; !failed && i < x->tables; i++)
		failed = read_table(x, &x->table[i], err);
	jobs_end(x);
	return failed;
}

/* Everything is read in one transaction, as of one moment. */
static int read_snapshot(struct extract *x, char **names, int n, struct span from, struct error *err)
{
	if (delta_bound(x, err) || (x->o->query ? begin_query(x, err) : begin_tables(x, names, n, err)))
		return -1;
	x->tagged = x->tables > 1;
	if (x->o->stream && x->tables > 1)
		return error_set(err, EXIT_USAGE, "--stream names one stream, and there are %u tables: name the table that is meant", x->tables);
	return take_tokens(x, err) || delta_prepare(x, err) || resume_prepare(x, err) || (x->o->keys && tables_keep_keys(x, err)) || begin(x, from, err) ||
		read_tables(x, err) || pg_run(&x->pg, "COMMIT", "read", err) ? -1 : 0;
}

static int extract(struct extract *x, const char *uri, char **names, int n, struct error *err)
{
	struct buf from = BUF_INIT;
	int failed;

	progress_start(&x->tool->progress, x->tool->opt.progress, 0);
	failed = pg_open(&x->pg, uri, x->o->lock_timeout, err) || start_state(x, names, n, &from, err) ||
		read_snapshot(x, names, n, buf_span(&from), err) ||
		rejects_check(&x->tool->rejects, x->tool->writer.records + x->tool->rejects.n, true, err) ? -1 : 0;
	buf_release(&from);
	return failed ? -1 : writer_end(&x->tool->writer, err);
}

/* ---- options */

static int check_options(const struct extract *x, int names, struct error *err)
{
	const struct extract_options *o = x->o;

	if (o->query && (names || !o->stream))
		return error_set(err, EXIT_USAGE, names ? "--query reads its own rows: no table is named beside it"
				 : "--query wants --stream NAME for its rows");
	if (o->state && !o->cursor)
		return error_set(err, EXIT_USAGE, "--state wants --cursor: a column of type timestamp with time zone that the server sets, or xmin");
	if (o->keys && o->cursor)
		return error_set(err, EXIT_USAGE, "--keys are all keys that are there: it goes with no --cursor");
	if ((o->trust_cursor || o->lag > 0) && !o->cursor)
		return error_set(err, EXIT_USAGE, "--trust-cursor and --lag are about a --cursor");
	if (o->reset && !o->state)
		return error_set(err, EXIT_USAGE, "--reset says to ignore the state: it wants --state");
	if (o->jobs > JOBS_MOST)
		return error_set(err, EXIT_USAGE, "--jobs: %d at most", JOBS_MOST);
	if (o->jobs > 1 && o->query)
		return error_set(err, EXIT_USAGE, "--jobs reads ranges of tables, and --query has none: --shard parts its rows");
	return 0;
}

static int run(struct extract *x, char **operands, int n, struct error *err)
{
	if (tool_open(x->tool, err) || check_options(x, n - 1, err) || extract_key(x->o->key, &x->key, err))
		return -1;
	return extract(x, operands[0], operands + 1, n - 1, err);
}

static void release(struct extract *x)
{
	tables_forget(x);
	free(x->bound);
	free(x->prepared);
	state_release(&x->state);
	state_place_release(&x->place);
	pg_close(&x->pg);
	record_release(&x->scratch);
	record_names_release(x->names);
	buf_release(&x->key);
	buf_release(&x->tag);
}

static const struct opt_lack lacks[] = {
	{ "follow", "--follow: PostgreSQL can't be followed: run sync-extract again" },
	{ NULL, NULL },
};

static const struct extractor extractor = {
	.scheme = "postgresql", .synopsis = "[OPTION...] DATABASE [TABLE...]",
	.summary = "Reads tables of a PostgreSQL database as a stream.", .wants = "a database", .lacks = lacks,
	.scopes = 1u << SCOPE_FULL | 1u << SCOPE_KEYS | 1u << SCOPE_PART, .snapshot = true, .delta = "cursor|xmin",
};

int main(int argc, char **argv)
{
	struct extract_options options = EXTRACT_OPTIONS_INIT;
	struct error err = ERROR_INIT;
	struct tool tool;
	struct extract x = { .tool = &tool, .o = &options, .pg_text = { .kind = PG_TEXT, .plain = true }, .worker = { .fd = -1 } };
	const struct opt_group groups[] = {
		{ "What to read", extract_any_opts, &options, false },
		{ "Databases", extract_sql_opts, &options, false },
		{ "Servers", extract_server_opts, &options, false },
		{ NULL, extract_jobs_opts, &options, false },
		TOOL_GROUPS(&tool),
	};
	int first, failed;

	tool_start(&tool, "sync-extract");
	first = extractor_parse(&extractor, groups, &options, argc, argv, &err);
	if (first < 0)
		return first == OPT_ASKED ? EXIT_DONE : diag_fail(&err);
	state_init(&x.state);
	record_init(&x.scratch);
	failed = run(&x, argv + first, argc - first, &err);
	release(&x);
	return tool_end(&tool, failed, &err);
}
