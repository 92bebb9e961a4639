/* pg_connect: a connection is made, or why it isn't. */
#include "pg_connect.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "net/backoff.h"

/* ---- refused */

/* What passes, though the server answers again when it is asked: libpq keeps no SQLSTATE of a connection that fails. */
static bool is_passing(const char *text)
{
	static const char *const pass[] = { "too many", "connection slots", "starting up", "shutting down", "in recovery", "not yet accepting",
					    "administrator command", "closed the connection", "Connection re", "Broken pipe", "timeout expired" };
	size_t i;

	for (i = 0; i < sizeof pass / sizeof *pass; i++)
		if (strstr(text, pass[i]))
			return true;
	return false;
}

enum { ASK_MS = 15000 };

/* Until it is connected or refused. */
static PostgresPollingStatusType complete(PGconn *c)
{
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;
	struct pollfd p;

	while (status == PGRES_POLLING_WRITING || status == PGRES_POLLING_READING) {
		p = (struct pollfd){ .fd = PQsocket(c), .events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT };
		if (poll(&p, 1, ASK_MS) <= 0)
			return PGRES_POLLING_FAILED;
		status = PQconnectPoll(c);
	}
	return status;
}

/* "SEVERITY:  SQLSTATE: text", whatever the language is: the last in a text. */
static void find_state(const char *text, char state[6])
{
	static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	const char *p;

	for (p = text; (p = strstr(p, ":  ")); p++)
		if (strspn(p + 3, letters) == 5 && p[8] == ':')
			memcpy(state, p + 3, 5);
}

/* libpq has no SQLSTATE of a connection that fails, but in the verbose text of one that is asked for again. true: that one succeeds. */
static bool ask_state(const char *const *names, const char *const *values, char state[6])
{
	PGconn *c = PQconnectStartParams(names, values, 1);
	bool connected = false;

	if (c && PQstatus(c) != CONNECTION_BAD) {
		PQsetErrorVerbosity(c, PQERRORS_VERBOSE);
		connected = complete(c) == PGRES_POLLING_OK;
		find_state(PQerrorMessage(c), state);
	}
	PQfinish(c);
	return connected;
}

/* What no second try changes, though the server never spoke: libpq and the server don't agree about TLS. */
static bool is_about_tls(const char *text)
{
	static const char *const words[] = { "certificate verify failed", "server certificate for", "does not support SSL",
					     "certificate file", "private key file", "alert" };
	size_t i;

	for (i = 0; i < sizeof words / sizeof *words; i++)
		if (strstr(text, words[i]))
			return true;
	return false;
}

/* By its SQLSTATE; where there is none, a server that answers refused this user or database, and one that doesn't may come. */
static int status_of_refusal(const char *text, const char *const *names, const char *const *values)
{
	char state[6] = "";

	if (is_about_tls(text))
		return EXIT_USAGE;
	if (ask_state(names, values, state))
		return EXIT_AGAIN;
	if (*state)
		return pg_status(state) == EXIT_AGAIN ? EXIT_AGAIN : EXIT_USAGE;
	return PQpingParams(names, values, 1) == PQPING_OK && !is_passing(text) ? EXIT_USAGE : EXIT_AGAIN;
}

int pg_refused(struct pg *pg, const char *const *names, const char *const *values, struct error *err)
{
	struct buf b = BUF_INIT;

	pg_one_line(&b, PQerrorMessage(pg->c));
	error_set(err, status_of_refusal(buf_str(&b), names, values), "cannot connect to '%s': %s%s", error_show(span_of(pg->shown)), buf_str(&b),
		  pg->verified && is_about_tls(buf_str(&b)) ? " (the server is verified by TLS, unless the address has another sslmode: require, disable)" : "");
	buf_release(&b);
	return -1;
}

/* ---- TLS, where the address doesn't speak of it */

static const char *value_of(const PQconninfoOption *o, const char *name)
{
	for (; o && o->keyword; o++)
		if (!strcmp(o->keyword, name))
			return o->val && *o->val ? o->val : NULL;
	return NULL;
}

/* This machine: a socket's folder, or the loopback's name or address. */
static bool is_local(struct span host)
{
	size_t i = 0;

	if (!host.n || host.p[0] == '/' || host.p[0] == '@' || span_is(host, "localhost") || span_is(host, "::1"))
		return true;
	while (i < host.n && strchr("0123456789.", host.p[i]))
		i++;
	return i == host.n && i > 4 && !memcmp(host.p, "127.", 4);
}

static bool all_local(const char *hosts)
{
	size_t n;

	for (; hosts && *hosts; hosts += n + (hosts[n] == ',')) {
		n = strcspn(hosts, ",");
		if (!is_local((struct span){ hosts, n }))
			return false;
	}
	return true;
}

/* What the environment says, and the service that the address names. The caller's; NULL for none. */
static PQconninfoOption *environment(const char *service)
{
	char *before = getenv("PGSERVICE") ? xstrdup(getenv("PGSERVICE")) : NULL;
	PQconninfoOption *all;

	if (service && setenv("PGSERVICE", service, 1))
		xalloc_die();
	all = PQconndefaults();
	if (service && (before ? setenv("PGSERVICE", before, 1) : unsetenv("PGSERVICE")))
		xalloc_die();
	free(before);
	return all;
}

/* The authorities that the system trusts, where the user has none of his own: libpq 15 and older know only the latter. NULL: as libpq has it. */
static const char *authorities(void)
{
	static const char *const files[] = { "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
					     "/etc/ssl/cert.pem" };
	const char *given = getenv("SSL_CERT_FILE"), *home = getenv("HOME");
	struct buf own = BUF_INIT;
	bool has_own;
	size_t i;

	buf_addf(&own, "%s/.postgresql/root.crt", home ? home : "");
	has_own = !access(buf_str(&own), R_OK);
	buf_release(&own);
	if (has_own || given)
		return has_own ? NULL : given;
	for (i = 0; i < sizeof files / sizeof *files; i++)
		if (!access(files[i], R_OK))
			return files[i];
	return NULL;
}

/* A server elsewhere, and nobody said what TLS is to be: libpq would take any certificate, or none. */
static bool must_verify(const char *uri, const char **trusted)
{
	PQconninfoOption *said = PQconninfoParse(uri, NULL), *others = environment(value_of(said, "service"));
	const char *mode = value_of(others, "sslmode"), *hosts[4];
	size_t i = 0;
	bool must;

	hosts[0] = value_of(said, "host");
	hosts[1] = value_of(said, "hostaddr");
	hosts[2] = value_of(others, "host");
	hosts[3] = value_of(others, "hostaddr");
	while (i < 3 && !hosts[i])
		i++;
	must = said && !value_of(said, "sslmode") && !getenv("PGSSLMODE") && (!mode || !strcmp(mode, "prefer")) && !all_local(hosts[i]);
	*trusted = value_of(others, "sslrootcert") ? NULL : authorities();
	PQconninfoFree(said);
	PQconninfoFree(others);
	return must;
}

/* ---- connecting */

int pg_connect(struct pg *pg, const char *password, const char *key, struct error *err)
{
	const char *names[8] = { "fallback_application_name", "connect_timeout" }, *values[8] = { "syncline", "15" }, *trusted;
	struct backoff backoff = BACKOFF_CONNECT;
	int n = 2;

	pg->verified = must_verify(pg->shown, &trusted);
	if (pg->verified) {
		names[n] = "sslmode";
		values[n++] = "verify-full";
		names[n] = "sslrootcert";
		values[n++] = trusted;
	}
	names[n] = "dbname";	/* the address, which has the better of those before it */
	values[n++] = pg->shown;
	if (password) {
		names[n] = "password";
		values[n++] = password;
	}
	if (key) {
		names[n] = "sslpassword";
		values[n++] = key;
	}
	for (;;) {
		pg->c = PQconnectdbParams(names, values, 1);
		if (!pg->c)
			xalloc_die();
		if (PQstatus(pg->c) == CONNECTION_OK)
			return 0;
		(void)pg_refused(pg, names, values, err);
		if (err->status != EXIT_AGAIN || !backoff_wait(&backoff))
			return -1;
		PQfinish(pg->c);
		error_reset(err);
	}
}
