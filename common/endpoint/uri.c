/* uri: what an operand names. */
#include "endpoint/uri.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "endpoint/names.h"

void endpoint_release(struct endpoint *e)
{
	free(e->scheme);
	free(e->text);
	free(e->stream);
	free(e->password);
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

char *sqlite_path(const char *uri)
{
	static const char hex[] = "0123456789abcdef0123456789ABCDEF";
	const char *rest = uri + strlen("sqlite:"), *high, *low;
	size_t n = strcspn(rest, "?#"), i = 2;
	char *path, *o;

	if (n < 3 || rest[2] != '/')
		return NULL;
	path = o = xmalloc(n);
	for (; i < n; i++) {
		if (rest[i] != '%') {
			*o++ = rest[i];
			continue;
		}
		high = i + 2 < n && rest[i + 1] ? strchr(hex, rest[i + 1]) : NULL;
		low = high && rest[i + 2] ? strchr(hex, rest[i + 2]) : NULL;
		if (!low || (high - hex) % 16 * 16 + (low - hex) % 16 == 0) {
			free(path);
			return NULL;
		}
		*o++ = (char)((high - hex) % 16 * 16 + (low - hex) % 16);
		i += 2;
	}
	*o = '\0';
	return path;
}

/* The length of the scheme before "://", or 0. */
static size_t scheme_length(const char *s)
{
	size_t n;

	if (s[0] < 'a' || s[0] > 'z')
		return 0;
	n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789+.-");
	return strncmp(s + n, "://", 3) ? 0 : n;
}

/* The password of user:password@host, from its colon on, and its length; NULL for none. */
static char *find_password(char *authority, size_t *n)
{
	char *end = authority + strcspn(authority, "/?#"), *at = NULL, *colon, *p;

	for (p = authority; p < end; p++)
		if (*p == '@')
			at = p;
	colon = at ? memchr(authority, ':', (size_t)(at - authority)) : NULL;
	if (colon)
		*n = (size_t)(at - colon);
	return colon;
}

/* A password that a named endpoint holds goes to its connector by another way than argv; one in argv is refused. */
static int take_password(struct endpoint *e, size_t scheme, bool named, struct error *err)
{
	size_t n;
	char *p = find_password(e->text + scheme + 3, &n);

	if (!p)
		return 0;
	if (named) {
		e->password = xstrndup(p + 1, n - 1);
		memmove(p, p + n, strlen(p + n) + 1);
		return 0;
	}
	return error_set(err, EXIT_USAGE, "a password in a command line can be read by everyone here: put the address into the "
			 "endpoints file, mode 0600, and name it '@NAME'");
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
	size_t n = scheme_length(operand);

	e->text = xstrdup(operand);
	if (n) {
		if (take_password(e, n, named, err))
			return -1;
		e->scheme = xstrndup(operand, n);
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
