/* uri: what an operand names. */
#include "endpoint/uri.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "endpoint/names.h"
#include "endpoint/secret.h"

void endpoint_release(struct endpoint *e)
{
	free(e->scheme);
	free(e->text);
	free(e->stream);
	free(e->password);
	free(e->secrets);
	*e = (struct endpoint)ENDPOINT_INIT;
}

bool path_is_sqlite(const char *path)
{
	static const char *const endings[] = { ".db", ".sqlite", ".sqlite3" };
	size_t n = strlen(path), i, len;

	for (i = 0; i < sizeof endings / sizeof *endings; i++) {
		len = strlen(endings[i]);
		if (n > len && !strcmp(path + n - len, endings[i]))
			return true;
	}
	return false;
}

static int hex_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

int percent_decode(struct span text, struct buf *out)
{
	size_t i;
	int high, low;

	for (i = 0; i < text.n; i++) {
		if (text.p[i] != '%') {
			buf_addc(out, text.p[i]);
			continue;
		}
		high = text.n - i > 2 ? hex_of(text.p[i + 1]) : -1;
		low = high >= 0 ? hex_of(text.p[i + 2]) : -1;
		if (low < 0 || high * 16 + low == 0)
			return -1;
		buf_addc(out, (char)(high * 16 + low));
		i += 2;
	}
	return 0;
}

char *sqlite_path(const char *uri)
{
	const char *rest = uri + strlen("sqlite://");
	struct buf path = BUF_INIT;

	if (rest[0] == '/' && !percent_decode((struct span){ rest, strcspn(rest, "?#") }, &path))
		return buf_take(&path);
	buf_release(&path);
	return NULL;
}

size_t uri_scheme(const char *s)
{
	size_t n;

	if (s[0] < 'a' || s[0] > 'z')
		return 0;
	n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789+.-");
	return strncmp(s + n, "://", 3) ? 0 : n;
}

char *uri_connector(const char *s)
{
	static const struct { const char *scheme, *connector; } others[] = {
		{ "postgres", "postgresql" }, { "mongodb+srv", "mongodb" }, { "rediss", "redis" },
	};
	size_t n = uri_scheme(s), i;

	for (i = 0; i < sizeof others / sizeof *others; i++)
		if (n == strlen(others[i].scheme) && !memcmp(s, others[i].scheme, n))
			return xstrdup(others[i].connector);
	return n ? xstrndup(s, n) : NULL;
}

static void set_fragment(struct endpoint *e)
{
	char *hash = strrchr(e->text, '#');

	if (!hash || hash == e->text)
		return;
	e->stream = xstrdup(hash + 1);
	*hash = '\0';
}

static int parse(struct endpoint *e, const char *operand, bool named, struct error *err)
{
	size_t n = uri_scheme(operand);

	e->text = xstrdup(operand);
	if (n) {
		if (named ? secret_take(e->text, &e->password, &e->secrets, err) : secret_refuse(operand, err))
			return -1;
		e->scheme = uri_connector(operand);
		set_fragment(e);
		return 0;
	}
	if (access(operand, F_OK))
		set_fragment(e);
	e->scheme = xstrdup(path_is_sqlite(e->text) ? "sqlite" : "file");
	return 0;
}

/* @NAME or @NAME#STREAM */
static int parse_named(struct endpoint *e, const char *operand, struct error *err)
{
	char *name = xstrdup(operand + 1), *hash = strrchr(name, '#'), *uri = NULL;
	int failed;

	if (hash)
		*hash = '\0';
	failed = endpoint_lookup(name, &uri, err) || parse(e, uri, true, err);
	if (!failed && hash) {
		free(e->stream);
		e->stream = xstrdup(hash + 1);
	}
	free(uri);
	free(name);
	return failed ? -1 : 0;
}

int endpoint_parse(struct endpoint *e, const char *operand, struct error *err)
{
	int failed;

	*e = (struct endpoint)ENDPOINT_INIT;
	if (!*operand)
		return error_set(err, EXIT_USAGE, "an empty operand names nothing");
	failed = operand[0] == '@' && operand[1] ? parse_named(e, operand, err) : parse(e, operand, false, err);
	if (failed)
		endpoint_release(e);
	return failed;
}
