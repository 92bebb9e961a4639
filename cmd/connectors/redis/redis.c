/* redis: a connection, its failures told, key templates. */
#include "redis.h"

#include <errno.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "endpoint/secret.h"

/* ---- failures */

static const struct { const char *word; int status; const char *hint; } words[] = {
	{ "LOADING", EXIT_AGAIN, "" }, { "BUSY", EXIT_AGAIN, "" }, { "OOM", EXIT_AGAIN, "" }, { "READONLY", EXIT_AGAIN, "" },
	{ "MASTERDOWN", EXIT_AGAIN, "" }, { "MISCONF", EXIT_AGAIN, "" }, { "CLUSTERDOWN", EXIT_AGAIN, "" }, { "TRYAGAIN", EXIT_AGAIN, "" },
	{ "MOVED", EXIT_USAGE, " (this is a cluster, whose nodes are read and written one by one)" },
	{ "ASK", EXIT_USAGE, " (this is a cluster, whose nodes are read and written one by one)" },
	{ "NOAUTH", EXIT_USAGE, " (a password stands in the endpoints file, or in REDISCLI_AUTH)" }, { "WRONGPASS", EXIT_USAGE, "" },
	{ "NOPERM", EXIT_USAGE, "" },
};

int redis_refused(struct redis *r, const redisReply *reply, const char *verb, struct error *err)
{
	size_t i, n;

	for (i = 0; i < sizeof words / sizeof *words; i++) {
		n = strlen(words[i].word);
		if ((size_t)reply->len >= n && !memcmp(reply->str, words[i].word, n))
			return error_set(err, words[i].status, "cannot %s '%s': %s%s", verb, error_show(span_of(r->shown)), reply->str, words[i].hint);
	}
	return error_set(err, EXIT_FAILED, "cannot %s '%s': %s", verb, error_show(span_of(r->shown)), reply->str);
}

static int gone(struct redis *r, struct error *err)
{
	return error_set(err, EXIT_AGAIN, "the connection to '%s' is gone: %s", error_show(span_of(r->shown)),
			 r->c->err == REDIS_ERR_IO ? strerror(errno) : r->c->errstr);
}

/* ---- commands */

void redis_send(struct redis *r, int n, const struct span *w)
{
	const char **argv = xreallocarray(NULL, (size_t)n, sizeof *argv);
	size_t *len = xreallocarray(NULL, (size_t)n, sizeof *len);
	int i;

	for (i = 0; i < n; i++) {
		argv[i] = w[i].p ? w[i].p : "";
		len[i] = w[i].n;
	}
	if (redisAppendCommandArgv(r->c, n, argv, len) != REDIS_OK)
		xalloc_die();
	free(argv);
	free(len);
}

redisReply *redis_read(struct redis *r, struct error *err)
{
	void *reply = NULL;

	if (redisGetReply(r->c, &reply) == REDIS_OK && reply)
		return reply;
	gone(r, err);
	return NULL;
}

redisReply *redis_ask(struct redis *r, const char *verb, int n, const struct span *w, struct error *err)
{
	redisReply *reply;

	redis_send(r, n, w);
	reply = redis_read(r, err);
	if (reply && reply->type == REDIS_REPLY_ERROR) {
		redis_refused(r, reply, verb, err);
		freeReplyObject(reply);
		return NULL;
	}
	return reply;
}

/* ---- connecting */

struct address {
	char *host, *user, *socket;
	int port;
	char *db;
};

static int bad_address(const char *uri, struct error *err)
{
	return error_set(err, EXIT_USAGE, "'%s' is no address of Redis: it looks like redis://host:6379/0, or redis:///0?host=/run/redis.sock",
			 error_show(span_of(uri)));
}

static int parse(const char *uri, struct address *a, struct error *err)
{
	const char *p = uri + strcspn(uri, ":") + 3, *end = p + strcspn(p, "/?"), *at = memchr(p, '@', (size_t)(end - p)), *colon, *query;

	if (strncmp(uri, "redis://", 8))
		return error_set(err, EXIT_USAGE, "'%s': connections by TLS (rediss://) are not built in here", error_show(span_of(uri)));
	if (at) {
		a->user = at > p ? xstrndup(p, (size_t)(at - p)) : NULL;
		p = at + 1;
	}
	colon = *p == '[' ? strchr(p, ']') : p;
	colon = colon ? memchr(colon, ':', (size_t)(end - colon)) : NULL;
	a->host = xstrndup(*p == '[' ? p + 1 : p, (size_t)((colon ? colon : end) - p) - (*p == '[' ? 2 : 0));
	a->port = colon ? atoi(colon + 1) : 6379;
	query = strchr(end, '?');
	if (*end == '/' && end[1] && end[1] != '?')
		a->db = xstrndup(end + 1, strcspn(end + 1, "?"));
	if (query && !strncmp(query, "?host=/", 7))
		a->socket = xstrdup(query + 6);
	else if (query)
		return bad_address(uri, err);
	if (a->db && (strspn(a->db, "0123456789") != strlen(a->db)))
		return bad_address(uri, err);
	return a->port > 0 && a->port < 65536 ? 0 : bad_address(uri, err);
}

static int log_in(struct redis *r, const struct address *a, struct error *err)
{
	char *given = NULL;
	const char *password;
	struct span auth[3] = { SPAN_LIT("AUTH") }, select[2] = { SPAN_LIT("SELECT") }, info[2] = { SPAN_LIT("INFO"), SPAN_LIT("server") };
	redisReply *reply;
	const char *version;
	int n = 1, major = 0, minor = 0, patch = 0;

	if (secret_password(&given, err))
		return -1;
	password = given ? given : getenv("REDISCLI_AUTH");
	if (password) {
		if (a->user)
			auth[n++] = span_of(a->user);
		auth[n++] = span_of(password);
		reply = redis_ask(r, "log in to", n, auth, err);
		free(given);
		secrets_forget();
		if (!reply)
			return -1;
		freeReplyObject(reply);
	}
	if (a->db) {
		select[1] = span_of(a->db);
		reply = redis_ask(r, "select the database of", 2, select, err);
		if (!reply)
			return -1;
		freeReplyObject(reply);
	}
	reply = redis_ask(r, "read", 2, info, err);
	if (!reply)
		return -1;
	version = strstr(reply->str ? reply->str : "", "redis_version:");
	if (version)
		sscanf(version, "redis_version:%d.%d.%d", &major, &minor, &patch);
	r->version = major * 10000 + minor * 100 + patch;
	freeReplyObject(reply);
	return 0;
}

int redis_open(struct redis *r, const char *uri, struct error *err)
{
	const struct timeval limit = { 15, 0 };
	struct address a = { NULL, NULL, NULL, 0, NULL };
	int failed = parse(uri, &a, err);

	r->shown = uri;
	if (!failed) {
		r->c = a.socket ? redisConnectUnixWithTimeout(a.socket, limit) : redisConnectWithTimeout(*a.host ? a.host : "127.0.0.1", a.port, limit);
		if (!r->c)
			xalloc_die();
		failed = r->c->err ? error_set(err, EXIT_AGAIN, "cannot connect to '%s': %s", error_show(span_of(uri)), r->c->errstr) : log_in(r, &a, err);
	}
	free(a.host);
	free(a.user);
	free(a.socket);
	free(a.db);
	return failed;
}

void redis_close(struct redis *r)
{
	if (r->c)
		redisFree(r->c);
	r->c = NULL;
}

/* ---- key templates */

int template_parse(struct template *t, const char *text, struct error *err)
{
	const char *p = text, *open, *close;
	uint32_t i;

	*t = (struct template){ .parts = 0 };
	for (;; p = close + 1) {
		open = strchr(p, '{');
		t->literal[t->parts] = (struct span){ p, open ? (size_t)(open - p) : strlen(p) };
		if (!open)
			break;
		close = strchr(open, '}');
		if (!close || close == open + 1 || t->parts == MOST_PARTS)
			return error_set(err, EXIT_USAGE, "--key-template: '%s' is not like game:{id}", error_show(span_of(text)));
		if (t->parts && !t->literal[t->parts].n)
			return error_set(err, EXIT_USAGE, "--key-template: in '%s' nothing parts two fields", error_show(span_of(text)));
		t->name[t->parts++] = (struct span){ open + 1, (size_t)(close - open - 1) };
	}
	for (i = 1; i < t->parts; i++)
		if (span_eq(t->name[i], t->name[i - 1]))
			return error_set(err, EXIT_USAGE, "--key-template: '%s' names a field twice", error_show(span_of(text)));
	return t->parts ? 0 : error_set(err, EXIT_USAGE, "--key-template: '%s' has no field, as game:{id} has", error_show(span_of(text)));
}

void template_pattern(const struct template *t, struct buf *out)
{
	uint32_t i;
	size_t j;

	for (i = 0; i <= t->parts; i++) {
		for (j = 0; j < t->literal[i].n; j++) {
			if (strchr("*?[]\\", t->literal[i].p[j]))
				buf_addc(out, '\\');
			buf_addc(out, t->literal[i].p[j]);
		}
		if (i < t->parts)
			buf_addc(out, '*');
	}
}

static const char *find(const char *p, const char *end, struct span what)
{
	for (; (size_t)(end - p) >= what.n; p++)
		if (!memcmp(p, what.p, what.n))
			return p;
	return NULL;
}

bool template_match(const struct template *t, struct span key, struct span parts[MOST_PARTS])
{
	const char *p = key.p, *end = key.p + key.n, *next;
	uint32_t i;

	if (key.n < t->literal[0].n || memcmp(p, t->literal[0].p, t->literal[0].n))
		return false;
	p += t->literal[0].n;
	for (i = 0; i < t->parts; i++) {
		struct span behind = t->literal[i + 1];

		next = i + 1 == t->parts && !behind.n ? end : find(p, end, behind);
		if (!next || next == p || (i + 1 == t->parts && next + behind.n != end))
			return false;
		parts[i] = (struct span){ p, (size_t)(next - p) };
		p = next + behind.n;
	}
	return p == end;
}
