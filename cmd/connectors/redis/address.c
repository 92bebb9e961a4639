/* address: what an operand says about a server. */
#include "address.h"

#include <stddef.h>
#include <stdlib.h>

#include "endpoint/uri.h"

static bool digits_only(struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0 && s.n < 10;
}

/* HOST[:PORT], or [IPv6][:PORT] */
static bool parse_host(struct span s, struct address *a)
{
	const char *close = s.n && s.p[0] == '[' ? memchr(s.p, ']', s.n) : NULL, *from = close ? close + 1 : s.p;
	const char *colon = memchr(from, ':', (size_t)(s.p + s.n - from)), *end = colon ? colon : s.p + s.n;
	struct span host = close ? (struct span){ s.p + 1, (size_t)(close - s.p) - 1 } : (struct span){ s.p, (size_t)(end - s.p) }, port;

	if ((s.n && s.p[0] == '[' && !close) || (close && end != close + 1) || percent_decode(host, &a->host))
		return false;
	a->port = 6379;
	if (!colon)
		return true;
	port = (struct span){ colon + 1, (size_t)(s.p + s.n - colon) - 1 };
	if (!digits_only(port))
		return false;
	a->port = atoi(colon + 1);
	return a->port > 0 && a->port < 65536;
}

/* NAME=VALUE: the socket's path; all others are of TLS. */
static bool parse_parameter(struct span s, struct address *a)
{
	static const struct { const char *name; size_t at; } names[] = {
		{ "host", offsetof(struct address, socket) }, { "cacert", offsetof(struct address, cacert) }, { "cert", offsetof(struct address, cert) },
		{ "key", offsetof(struct address, key) }, { "sni", offsetof(struct address, sni) },
	};
	const char *equals = memchr(s.p, '=', s.n);
	struct span name = { s.p, equals ? (size_t)(equals - s.p) : s.n }, value = { equals + 1, s.n - name.n - 1 };
	struct buf *to;
	size_t i;

	if (!equals || !value.n)
		return false;
	if (a->tls && span_is(name, "insecure")) {
		a->insecure = span_is(value, "true");
		return a->insecure || span_is(value, "false");
	}
	for (i = a->tls; i < (a->tls ? sizeof names / sizeof *names : 1); i++)
		if (span_is(name, names[i].name)) {
			to = (struct buf *)(void *)((char *)a + names[i].at);
			return !to->n && !percent_decode(value, to);
		}
	return false;
}

/* [?NAME=VALUE[&NAME=VALUE…]] */
static bool parse_query(const char *p, struct address *a)
{
	size_t n;

	while (*p) {
		n = strcspn(++p, "&");
		if (!parse_parameter((struct span){ p, n }, a))
			return false;
		p += n;
	}
	return !a->socket.n || a->socket.p[0] == '/';
}

/* [USER@]HOST[:PORT][/[DB]][?…] */
static bool parse(const char *p, struct address *a)
{
	const char *end = p + strcspn(p, "/?"), *at = memchr(p, '@', (size_t)(end - p)), *query = end + strcspn(end, "?");

	a->has_user = at && at > p;
	if (a->has_user && percent_decode((struct span){ p, (size_t)(at - p) }, &a->user))
		return false;
	p = at ? at + 1 : p;
	if (!parse_host((struct span){ p, (size_t)(end - p) }, a))
		return false;
	if (*end == '/' && query > end + 1) {
		a->db = (struct span){ end + 1, (size_t)(query - end) - 1 };
		a->has_db = true;
		if (!digits_only(a->db))
			return false;
	}
	return parse_query(query, a);
}

int address_parse(struct address *a, const char *text, struct error *err)
{
	size_t scheme = uri_scheme(text);

	*a = (struct address){ .host = BUF_INIT };
	a->tls = scheme == 6 && !memcmp(text, "rediss", scheme);
	if ((a->tls || (scheme == 5 && !memcmp(text, "redis", scheme))) && parse(text + scheme + 3, a))
		return 0;
	return error_set(err, EXIT_USAGE,
			 "'%s' is no address of Redis: it looks like redis://host:6379/0, redis:///0?host=/run/redis.sock, or rediss://host:6379/0 for TLS",
			 error_show(span_of(text)));
}

void address_release(struct address *a)
{
	buf_release(&a->host);
	buf_release(&a->user);
	buf_release(&a->socket);
	buf_release(&a->cacert);
	buf_release(&a->cert);
	buf_release(&a->key);
	buf_release(&a->sni);
}
