/* load_session: transactions, failures as verdicts. */
#include <stdlib.h>

#include "load.h"

/* A row's own fault: what it holds (22), what constraints say (23), what a trigger or domain raised, a type (42804). */
static bool is_rows_fault(const char *state)
{
	return state && (!strncmp(state, "22", 2) || !strncmp(state, "23", 2) || !strcmp(state, "P0001") || !strcmp(state, "42804") ||
			 !strcmp(state, "54000"));
}

int session_verdict(struct database *d, PGresult *r, struct error *err)
{
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE), *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
	const char *detail = PQresultErrorField(r, PG_DIAG_MESSAGE_DETAIL);
	int verdict = LOAD_REJECT;

	if (!is_rows_fault(state))
		return pg_fail(&d->pg, r, "write to", err);
	if (!strcmp(state, "23505") || !strcmp(state, "23503") || !strcmp(state, "23P01"))
		verdict = TRY_LATER;
	error_data(err, "constraint", "%s%s%s", text ? text : state, detail ? ": " : "", detail ? detail : "");
	PQclear(r);
	return verdict;
}

bool session_may_retry(const struct error *err)
{
	return err->status == EXIT_AGAIN && (strstr(err->text, "deadlock") || strstr(err->text, "could not serialize"));
}

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
		*verdict = session_verdict(d, r, err);
		return -1;
	}
	n = strtoll(PQcmdTuples(r), NULL, 10);
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
	if (session_run(d, "SET CONSTRAINTS ALL IMMEDIATE", err) || session_run(d, "COMMIT", err))
		return -1;
	d->in_transaction = false;
	return 0;
}
