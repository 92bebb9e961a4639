/* pg: a connection, its failures told, names and literals. */
#include "pg.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "endpoint/secret.h"
#include "pg_connect.h"

/* ---- failures */

int pg_status(const char *state)
{
	static const char *const pass[] = { "08", "40", "53", "55P03", "55006", "57P01", "57P02", "57P03", "25006" };
	size_t i;

	if (!state)
		return EXIT_FAILED;
	for (i = 0; i < sizeof pass / sizeof *pass; i++)
		if (!strncmp(state, pass[i], strlen(pass[i])))
			return EXIT_AGAIN;
	return !strncmp(state, "28", 2) || !strncmp(state, "42501", 5) ? EXIT_USAGE : EXIT_FAILED;
}

void pg_one_line(struct buf *b, const char *text)
{
	for (; text && *text; text++) {
		if (*text != '\n')
			buf_addc(b, *text == '\t' ? ' ' : *text);
		else if (text[1])
			buf_adds(b, "; ");
	}
}

int pg_fail(struct pg *pg, PGresult *r, const char *verb, struct error *err)
{
	const char *state = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
	const char *text = r ? PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	bool gone = PQstatus(pg->c) == CONNECTION_BAD;
	struct buf b = BUF_INIT;

	snprintf(pg->state, sizeof pg->state, "%s", state ? state : "");
	pg_one_line(&b, text ? text : PQerrorMessage(pg->c));
	error_set(err, gone ? EXIT_AGAIN : pg_status(state), "cannot %s '%s': %s", verb, error_show(span_of(pg->shown)), buf_str(&b));
	buf_release(&b);
	PQclear(r);
	return -1;
}

/* ---- statements */

PGresult *pg_query(struct pg *pg, const char *sql, int n, const char *const *values, const char *verb, struct error *err)
{
	PGresult *r = PQexecParams(pg->c, sql, n, NULL, values, NULL, NULL, 0);
	ExecStatusType status = PQresultStatus(r);

	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		return r;
	pg_fail(pg, r, verb, err);
	return NULL;
}

int pg_run(struct pg *pg, const char *sql, const char *verb, struct error *err)
{
	PGresult *r = PQexec(pg->c, sql);
	ExecStatusType status = PQresultStatus(r);

	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
		return pg_fail(pg, r, verb, err);
	PQclear(r);
	return 0;
}

/* ---- names and literals */

void pg_add_name(struct buf *sql, const char *schema, const char *name)
{
	if (schema) {
		sql_add_identifier(sql, span_of(schema));
		buf_addc(sql, '.');
	}
	sql_add_identifier(sql, span_of(name));
}

void pg_add_literal(struct buf *sql, struct span text)
{
	size_t i;

	buf_adds(sql, memchr(text.p ? text.p : "", '\\', text.n) ? "E'" : "'");
	for (i = 0; i < text.n; i++) {
		if (text.p[i] == '\'' || text.p[i] == '\\')
			buf_addc(sql, text.p[i]);
		buf_addc(sql, text.p[i]);
	}
	buf_addc(sql, '\'');
}

/* ---- the session */

static const char setup[] =
	"SET client_encoding TO 'UTF8'; SET datestyle TO 'ISO, YMD'; SET intervalstyle TO 'iso_8601'; SET timezone TO 'UTC';"
	"SET extra_float_digits TO 3; SET bytea_output TO 'hex'; SET xmloption TO 'content'; SET standard_conforming_strings TO on;"
	"SET idle_in_transaction_session_timeout TO 0; SET row_security TO off;";

/* Where names without a schema are, before the path is emptied. */
static int read_path(struct pg *pg, struct error *err)
{
	PGresult *r = pg_query(pg, "SELECT pg_catalog.current_schema(), pg_catalog.current_setting('search_path')", 0, NULL, "read", err);

	if (!r)
		return -1;
	pg->schema = xstrdup(PQgetisnull(r, 0, 0) ? "" : PQgetvalue(r, 0, 0));
	pg->path = xstrdup(PQgetvalue(r, 0, 1));
	PQclear(r);
	return 0;
}

static int set_up(struct pg *pg, struct error *err)
{
	struct buf sql = BUF_INIT;
	double wait = pg->lock_timeout * 1000;
	int failed;

	buf_addf(&sql, "%sSET lock_timeout TO %lld;", setup, (long long)(wait < 1 ? 1 : wait > 2e9 ? 2e9 : wait));
	pg->version = PQserverVersion(pg->c);	/* 0 once the connection is gone, which the next statement tells */
	failed = pg_run(pg, "SET statement_timeout TO 0", "set up the session of", err) || (!pg->path && read_path(pg, err)) || pg_run(pg, buf_str(&sql), "set up the session of", err) ||
		pg_run(pg, "SET search_path TO ''", "set up the session of", err);
	buf_release(&sql);
	/* where the server's system can: a query ends soon after the process that asked */
	PQclear(PQexec(pg->c, "SET client_connection_check_interval TO '2s'"));
	if (!failed && pg->version && pg->version < 120000)
		failed = error_set(err, EXIT_USAGE, "'%s': PostgreSQL 12 or later is wanted, and this is %d", error_show(span_of(pg->shown)),
				   pg->version / 10000);
	return failed ? -1 : 0;
}

static void ignore(void *ctx, const char *message)
{
	(void)ctx;
	(void)message;
}

int pg_open(struct pg *pg, const char *uri, double lock_timeout, struct error *err)
{
	char *password = NULL, *key = NULL;
	int failed;

	*pg = (struct pg){ .shown = uri, .lock_timeout = lock_timeout };
	failed = secret_password(&password, err) || secret_other("sslpassword", &key, err) || pg_connect(pg, password, key, err) ? -1 : 0;
	secrets_forget();
	free(password);
	free(key);
	if (failed)
		return -1;
	PQsetNoticeProcessor(pg->c, ignore, NULL);
	return set_up(pg, err);
}

/* The parameters of a connection as they were; the address is the one that it found, though its host may have several. */
static void add_parameters(const PGconn *c, PQconninfoOption *o, const char **names, const char **values, int room)
{
	int n = 0;

	for (; o->keyword && n < room - 4; o++) {
		if (!o->val || !*o->val || !strcmp(o->keyword, "host") || !strcmp(o->keyword, "hostaddr") || !strcmp(o->keyword, "port"))
			continue;
		names[n] = o->keyword;
		values[n++] = o->val;
	}
	names[n] = "host";
	values[n++] = PQhost(c);
	names[n] = "port";
	values[n++] = PQport(c);
	if (*PQhostaddr(c)) {
		names[n] = "hostaddr";
		values[n++] = PQhostaddr(c);
	}
	names[n] = values[n] = NULL;
}

int pg_open_again(struct pg *pg, struct error *err)
{
	PGconn *parent = pg->c;
	PQconninfoOption *all = PQconninfo(parent);
	const char *names[80], *values[80];
	int failed;

	if (!all)
		xalloc_die();
	add_parameters(parent, all, names, values, 80);
	pg->c = PQconnectdbParams(names, values, 0);
	if (!pg->c)
		xalloc_die();
	failed = PQstatus(pg->c) == CONNECTION_OK ? 0 : pg_refused(pg, names, values, err);
	PQconninfoFree(all);
	close(PQsocket(parent));	/* without a word to the server: the parent goes on */
	if (failed)
		return -1;
	PQsetNoticeProcessor(pg->c, ignore, NULL);
	return set_up(pg, err);
}

void pg_close(struct pg *pg)
{
	PQfinish(pg->c);
	free(pg->schema);
	free(pg->path);
	free(pg->type);
	arena_release(&pg->arena);
	*pg = (struct pg){ NULL };
}
