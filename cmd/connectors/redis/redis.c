/* redis: a connection, its failures told. */
#include "redis.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "address.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/xalloc.h"
#include "endpoint/secret.h"
#include "net/backoff.h"
#include "value/number.h"

/* ---- failures */

static const char node[] = " (this is a cluster, whose nodes are read and written one by one)";
static const struct { const char *word; int status; const char *hint; } words[] = {
	{ "LOADING", EXIT_AGAIN, "" }, { "BUSY", EXIT_AGAIN, "" }, { "OOM", EXIT_AGAIN, "" }, { "READONLY", EXIT_AGAIN, "" },
	{ "MASTERDOWN", EXIT_AGAIN, "" }, { "MISCONF", EXIT_AGAIN, "" }, { "CLUSTERDOWN", EXIT_AGAIN, "" }, { "TRYAGAIN", EXIT_AGAIN, "" },
	{ "NOREPLICAS", EXIT_AGAIN, "" }, { "ERR max number of clients", EXIT_AGAIN, "" },
	{ "MOVED", EXIT_USAGE, node }, { "ASK", EXIT_USAGE, node }, { "CROSSSLOT", EXIT_USAGE, node },
	{ "NOAUTH", EXIT_USAGE, " (a password stands in the endpoints file, or in REDISCLI_AUTH)" }, { "WRONGPASS", EXIT_USAGE, "" },
	{ "NOPERM", EXIT_USAGE, "" }, { "DENIED", EXIT_USAGE, "" }, { "ERR DB index", EXIT_USAGE, "" }, { "ERR invalid DB index", EXIT_USAGE, "" },
	{ "ERR AUTH", EXIT_USAGE, "" },
};

int redis_refused(const struct redis *r, struct span text, const char *verb, struct error *err)
{
	const struct item it = { '-', text, 0 };
	size_t i;
	int status = EXIT_FAILED;
	const char *hint = "";

	for (i = 0; i < sizeof words / sizeof *words; i++)
		if (item_is_error(&it, words[i].word)) {
			status = words[i].status;
			hint = words[i].hint;
			break;
		}
	return error_set(err, status, "cannot %s '%s': %.*s%s", verb, error_show(span_of(r->shown)), (int)(text.n < 400 ? text.n : 400), text.p, hint);
}

static int gone(const struct redis *r, struct error *err)
{
	return error_prefix(err, "the connection to '%s' is gone", error_show(span_of(r->shown)));
}

/* ---- commands */

void redis_send(struct redis *r, size_t n, const struct span *w)
{
	size_t i;

	resp_command(&r->io.out, n);
	for (i = 0; i < n; i++)
		resp_word(&r->io.out, w[i]);
}

int redis_flush(struct redis *r, struct error *err)
{
	return resp_flush(&r->io, err) ? gone(r, err) : 0;
}

int redis_read(struct redis *r, size_t limit, struct span *raw, struct error *err)
{
	int got = resp_read(&r->io, limit, raw, err);

	return got < 0 ? gone(r, err) : got;
}

int redis_open_array(struct redis *r, uint64_t *n, struct error *err)
{
	int got = resp_open(&r->io, n, err);

	return got < 0 ? gone(r, err) : got;
}

int redis_ask(struct redis *r, const char *verb, size_t n, const struct span *w, struct span *raw, struct error *err)
{
	struct item it;
	int got;

	redis_send(r, n, w);
	got = redis_read(r, REPLY_LIMIT, raw, err);
	if (got)
		return got < 0 ? -1 : error_set(err, EXIT_FAILED, "cannot %s '%s': the reply is too long", verb, error_show(span_of(r->shown)));
	it = item_first(*raw);
	return it.type == '-' ? redis_refused(r, it.text, verb, err) : 0;
}

/* ---- connecting */

/* AUTH [USER] PASSWORD. A user without a password may be one that needs none. */
static int log_in(struct redis *r, const struct address *a, struct error *err)
{
	char *given = NULL;
	const char *password;
	struct span auth[3] = { SPAN_LIT("AUTH") }, raw;
	size_t n = 1;
	int failed = 0;

	if (secret_password(&given, err))
		return -1;
	password = given ? given : getenv("REDISCLI_AUTH");
	if (a->has_user)
		auth[n++] = buf_span(&a->user);
	auth[n++] = span_of(password ? password : "");
	if (password || a->has_user)
		failed = redis_ask(r, "log in to", n, auth, &raw, err);
	if (given)
		explicit_bzero(given, strlen(given));
	free(given);
	if (r->io.out.cap)
		explicit_bzero(r->io.out.p, r->io.out.cap);
	return failed;
}

static void read_version(struct redis *r, struct span text)
{
	char copy[32];
	int major = 0, minor = 0, patch = 0;

	snprintf(copy, sizeof copy, "%.*s", (int)(text.n < 31 ? text.n : 31), text.p);
	if (sscanf(copy, "%d.%d.%d", &major, &minor, &patch) > 0)
		r->version = major * 10000 + minor * 100 + patch;
}

/* HELLO, which everybody may call, says what server this is. */
static int greet(struct redis *r, struct error *err)
{
	struct span raw;
	struct item name, value;
	uint64_t n;

	if (redis_ask(r, "read", 2, (struct span[]){ SPAN_LIT("HELLO"), SPAN_LIT("2") }, &raw, err))
		return -1;
	(void)item_next(&raw, &name);
	for (n = (uint64_t)name.n / 2; n && item_next(&raw, &name) && item_first(raw).type != '*'; n--) {
		if (!item_next(&raw, &value))
			break;
		if (span_is(name.text, "version"))
			read_version(r, value.text);
		if (span_is(name.text, "mode"))
			r->cluster = span_is(value.text, "cluster");
	}
	return r->version >= 60000 ? 0 : error_set(err, EXIT_USAGE, "'%s': Redis 6 or later is wanted", error_show(span_of(r->shown)));
}

/* The channel over the connection; what the address says of it. */
static int encrypt(struct redis *r, struct address *a, const char *host, struct error *err)
{
	char *password = NULL;
	struct tls_options o = {
		.name = a->sni.n ? buf_str(&a->sni) : host,
		.ca = a->cacert.n ? buf_str(&a->cacert) : NULL,
		.cert = a->cert.n ? buf_str(&a->cert) : NULL,
		.key = a->key.n ? buf_str(&a->key) : NULL,
		.insecure = a->insecure,
	};

	if (secret_other("keypassword", &password, err))
		return -1;
	o.password = password;
	r->io.tls = tls_open(r->c->fd, &o, err);
	if (password)
		explicit_bzero(password, strlen(password));
	free(password);
	return r->io.tls ? 0 : error_prefix(err, "cannot connect to '%s'", error_show(span_of(r->shown)));
}

static int connect_to(struct redis *r, struct address *a, struct error *err)
{
	const struct timeval limit = { 15, 0 };
	const char *host = a->socket.n ? buf_str(&a->socket) : a->host.n ? buf_str(&a->host) : "127.0.0.1";

	r->c = a->socket.n ? redisConnectUnixWithTimeout(host, limit) : redisConnectWithTimeout(host, a->port, limit);
	if (!r->c)
		xalloc_die();
	if (r->c->err)
		return error_set(err, EXIT_AGAIN, "cannot connect to '%s': %s", error_show(span_of(r->shown)), r->c->errstr);
	if (!a->socket.n)
		redisEnableKeepAlive(r->c);	/* a peer that is silently gone is noticed */
	r->io.fd = r->c->fd;
	return a->tls ? encrypt(r, a, host, err) : 0;
}

static int set_up(struct redis *r, struct address *a, struct error *err)
{
	struct span raw;

	return connect_to(r, a, err) || log_in(r, a, err) || greet(r, err) ||
		(a->has_db && redis_ask(r, "select the database of", 2, (struct span[]){ SPAN_LIT("SELECT"), a->db }, &raw, err)) ? -1 : 0;
}

int redis_open(struct redis *r, const char *uri, struct error *err)
{
	struct backoff backoff = BACKOFF_CONNECT;
	struct address a;
	int failed;

	r->shown = uri;
	failed = address_parse(&a, uri, err);
	if (!failed && a.insecure)
		diag_warn("'%s': insecure: whoever stands between can read and change all of it", error_show(span_of(uri)));
	while (!failed && (failed = set_up(r, &a, err)) && err->status == EXIT_AGAIN && backoff_wait(&backoff)) {
		redis_close(r);
		error_reset(err);
		failed = 0;
	}
	secrets_forget();
	address_release(&a);
	return failed;
}

void redis_close(struct redis *r)
{
	tls_close(r->io.tls);
	if (r->c)
		redisFree(r->c);
	r->c = NULL;
	resp_release(&r->io);
	r->io = (struct resp){ .fd = -1 };
}

/* ---- the clock */

int redis_clock(struct redis *r, struct error *err)
{
	struct span raw;
	struct item it;
	int64_t seconds, micros;

	if (redis_ask(r, "read", 1, (struct span[]){ SPAN_LIT("TIME") }, &raw, err))
		return -1;
	if (!item_next(&raw, &it) || !item_next(&raw, &it) || !number_is_json(it.text) || number_int64(it.text, &seconds) || !item_next(&raw, &it) ||
	    !number_is_json(it.text) || number_int64(it.text, &micros))
		return error_set(err, EXIT_FAILED, "'%s': TIME's reply isn't what it should be", error_show(span_of(r->shown)));
	r->ahead = seconds * 1000 + micros / 1000 - clock_wall() / 1000000;
	return 0;
}

int64_t redis_now(const struct redis *r)
{
	return clock_wall() / 1000000 + r->ahead;
}

/* ---- keys */

bool key_is_own(struct span key)
{
	static const struct span own[] = { SPAN_LIT("_sync_state:"), SPAN_LIT("_sync_schema:") };
	size_t i;

	for (i = 0; i < 2; i++)
		if (key.n >= own[i].n && !memcmp(key.p, own[i].p, own[i].n))
			return true;
	return false;
}

/* The keys of a page, copied: their number, -1 where it is none. */
static int64_t take_page(struct span raw, char cursor[32], struct arena *arena, struct span **keys)
{
	struct item it;
	int64_t n, i;
	char *copy;

	if (!item_next(&raw, &it) || it.type != '*' || it.n != 2 || !item_next(&raw, &it) || it.type != '$' || it.text.n > 30)
		return -1;
	snprintf(cursor, 32, "%.*s", (int)it.text.n, it.text.p);
	copy = arena_dup(arena, raw.p, raw.n);
	raw.p = copy;
	if (!item_next(&raw, &it) || it.type != '*')
		return -1;
	n = it.n;
	*keys = arena_alloc(arena, ((size_t)n + 1) * sizeof **keys);
	for (i = 0; i < n; i++) {
		if (!item_next(&raw, &it) || it.type != '$')
			return -1;
		(*keys)[i] = it.text;
	}
	return n;
}

int redis_scan(struct redis *r, struct span pattern, const char *type, scan_fn *fn, void *ctx, struct error *err)
{
	struct span w[8] = { SPAN_LIT("SCAN"), SPAN_LIT("0"), SPAN_LIT("MATCH"), pattern, SPAN_LIT("COUNT"), SPAN_LIT("1000"), SPAN_LIT("TYPE"),
			     span_of(type ? type : "") }, raw, *keys;
	struct arena arena = ARENA_INIT;
	char cursor[32] = "0";
	int64_t n;
	int failed = 0;

	do {
		w[1] = span_of(cursor);
		arena_reset(&arena);
		failed = redis_ask(r, "read", type ? 8 : 6, w, &raw, err);
		if (failed)
			break;
		n = take_page(raw, cursor, &arena, &keys);
		failed = n < 0 ? error_set(err, EXIT_FAILED, "'%s': SCAN's reply isn't what it should be", error_show(span_of(r->shown)))
			: fn(ctx, keys, (size_t)n, err);
	} while (!failed && strcmp(cursor, "0"));
	arena_release(&arena);
	return failed;
}
