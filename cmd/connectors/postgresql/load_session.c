/* load_session: transactions, failures as verdicts. */
#include <stdlib.h>

#include "load.h"

/*
 * Whether one row can be the reason: what it holds, what constraints and checks say, what users' code raises for it, whatever
 * SQLSTATE that takes. Classes of the server's own faults and of statements that can't run at all are no row's.
 */
static bool is_rows_fault(const char *state, const char *function, bool of_value)
{
	static const char *const whole[] = {
		"08", "0A", "0B", "0L", "0P", "25", "26", "28", "3D", "3F", "40", "42", "53", "55", "57", "58", "72", "F0", "HV", "XX",
	};
	size_t i;

	if (of_value && !strncmp(state, "42", 2) && strcmp(state, "42501"))
		return true;
	if (!strcmp(state, "42804") || !strcmp(state, "40002"))
		return true;
	/* row security has the code of rights that lack; these names are in no language */
	if (function && (!strcmp(function, "ExecWithCheckOptions") || (!strcmp(function, "exec_stmt_raise") && strncmp(state, "40", 2))))
		return true;
	for (i = 0; i < sizeof whole / sizeof *whole; i++)
		if (!strncmp(state, whole[i], 2))
			return false;
	return true;
}

/* The place in a statement that an error is about is a literal: what a value's type can't read. */
static bool is_literal(const char *sql, const char *place)
{
	unsigned long at = place ? strtoul(place, NULL, 10) : 0;	/* in characters, from 1 */

	while (at > 1 && *sql)
		if ((*++sql & 0xc0) != 0x80)
			at--;
	return at == 1 && (*sql == '\'' || ((*sql == 'E' || *sql == 'e') && sql[1] == '\''));
}

/* Some types say of a value what else is said of a statement: "syntax error", "does not exist". */
static bool is_of_value(PGresult *r, const char *sql)
{
	const char *context = PQresultErrorField(r, PG_DIAG_CONTEXT);

	if (sql)
		return is_literal(sql, PQresultErrorField(r, PG_DIAG_STATEMENT_POSITION));
	return context && !strncmp(context, "COPY ", 5);	/* and no function's before */
}

int session_verdict(struct database *d, PGresult *r, const char *sql, struct error *err)
{
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE), *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
	const char *detail = PQresultErrorField(r, PG_DIAG_MESSAGE_DETAIL);
	int verdict = LOAD_REJECT;

	if (!state || PQstatus(d->pg.c) == CONNECTION_BAD ||
	    !is_rows_fault(state, PQresultErrorField(r, PG_DIAG_SOURCE_FUNCTION), is_of_value(r, sql)))
		return pg_fail(&d->pg, r, "write to", err);
	d->dangling = !strcmp(state, "23503");
	if (!strcmp(state, "23505") || !strcmp(state, "23503") || !strcmp(state, "23P01"))
		verdict = TRY_LATER;
	error_data(err, "constraint", "%s%s%s", text ? text : state, detail ? ": " : "", detail ? detail : "");
	PQclear(r);
	return verdict;
}

bool session_may_retry(const struct database *d)
{
	return PQstatus(d->pg.c) == CONNECTION_OK && (!strcmp(d->pg.state, "40P01") || !strcmp(d->pg.state, "40001"));
}

/* ---- whose names are looked up */

static int set_path(struct database *d, enum session_path path, struct error *err)
{
	struct buf sql = BUF_INIT;
	int failed;

	if (d->path == path)
		return 0;
	buf_adds(&sql, "SELECT pg_catalog.set_config('search_path', ");
	pg_add_literal(&sql, span_of(path == PATH_OURS ? "" : d->pg.path));
	buf_adds(&sql, ", false)");
	failed = session_run(d, buf_str(&sql), err);
	buf_release(&sql);
	d->path = failed ? PATH_UNKNOWN : path;
	return failed;
}

int session_ours(struct database *d, struct error *err)
{
	return set_path(d, PATH_OURS, err);
}

int session_theirs(struct database *d, struct error *err)
{
	return set_path(d, PATH_THEIRS, err);
}

int session_rollback(struct database *d, const char *savepoint, struct error *err)
{
	struct buf sql = BUF_INIT;
	int failed;

	buf_addf(&sql, "ROLLBACK TO SAVEPOINT %s; RELEASE SAVEPOINT %s", savepoint, savepoint);
	failed = session_run(d, buf_str(&sql), err);
	buf_release(&sql);
	d->path = PATH_UNKNOWN;	/* it was what it was at the savepoint */
	return failed;
}

/* ---- statements */

int session_run(struct database *d, const char *sql, struct error *err)
{
	return pg_run(&d->pg, sql, "write to", err);
}

int64_t session_change(struct database *d, const char *sql, int *verdict, struct error *err)
{
	PGresult *r = PQexec(d->pg.c, sql);
	ExecStatusType status = PQresultStatus(r);
	int64_t n;

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
		*verdict = session_verdict(d, r, sql, err);
		return -1;
	}
	n = strtoll(PQcmdTuples(r), NULL, 10);	/* of a SELECT too */
	PQclear(r);
	return n;
}

int session_number(struct database *d, const char *sql, const char *value, uint64_t *out, struct error *err)
{
	PGresult *r = pg_query(&d->pg, sql, value ? 1 : 0, &value, "read", err);

	*out = 0;
	if (!r)
		return -1;
	if (PQntuples(r) && !PQgetisnull(r, 0, 0))
		*out = strtoull(PQgetvalue(r, 0, 0), NULL, 10);
	PQclear(r);
	return 0;
}

int session_begin(struct database *d, struct error *err)
{
	if (d->in_transaction)
		return 0;
	d->in_transaction = true;
	return session_run(d, "BEGIN ISOLATION LEVEL READ COMMITTED; SET CONSTRAINTS ALL DEFERRED", err);
}

int session_commit(struct database *d, struct error *err)
{
	if (!d->in_transaction)
		return 0;
	if (session_theirs(d, err) || session_run(d, "SET CONSTRAINTS ALL IMMEDIATE", err) || session_run(d, "COMMIT", err))
		return -1;
	d->in_transaction = false;
	return 0;
}
