/* secret: secrets inside addresses. */
#include "endpoint/secret.h"

#include <stdlib.h>
#include <strings.h>

#include "base/buf.h"
#include "base/sandbox.h"
#include "base/xalloc.h"
#include "endpoint/uri.h"

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

/* user:pa/ss@host, whose authority ends inside the password: what stands where a port would is no number. */
static bool is_broken(const char *authority)
{
	size_t n = strcspn(authority, "/?#"), i = n;

	while (i && authority[i - 1] >= '0' && authority[i - 1] <= '9')
		i--;
	return !memchr(authority, '@', n) && memchr(authority, ':', n) && authority[0] != '[' && authority[i - 1] != ':' &&
		strchr(authority + n, '@');
}

/* Whether a parameter's name, unescaped and in any case, says that its value is secret. */
static bool is_secret_name(struct span name)
{
	static const char *const ends[] = { "password", "passwd", "passphrase", "secret", "token", "apikey", "api_key", "pwd" };
	struct buf b = BUF_INIT;
	bool found = false;
	size_t i, n;

	if (percent_decode(name, &b))
		buf_reset(&b);
	(void)buf_str(&b);
	for (i = 0; !found && i < sizeof ends / sizeof *ends; i++) {
		n = strlen(ends[i]);
		found = b.n >= n && !strcasecmp(b.p + b.n - n, ends[i]);
	}
	buf_release(&b);
	return found;
}

/* The next parameter of a query from p on: `?name=value` or `&name=value`, to where the next begins. NULL: no more. */
static char *next_parameter(char *p, struct span *name, struct span *value)
{
	if (*p != '?' && *p != '&')
		return NULL;
	*name = (struct span){ p + 1, strcspn(p + 1, "=&#") };
	p += 1 + name->n;
	*value = (struct span){ p + 1, *p == '=' ? strcspn(p + 1, "&#") : 0 };
	return *p == '=' ? p + 1 + value->n : p;
}

static char *query_of(char *address)
{
	return address + strcspn(address, "?#");
}

int secret_refuse(const char *arg, struct error *err)
{
	char *address = xstrdup(arg), *p;
	size_t scheme = uri_scheme(address), n;
	struct span name, value;
	bool found = false;

	if (scheme) {
		found = find_password(address + scheme + 3, &n) || is_broken(address + scheme + 3);
		for (p = query_of(address); !found && (p = next_parameter(p, &name, &value)); )
			found = is_secret_name(name);
	}
	free(address);
	return found ? error_set(err, EXIT_USAGE, "a password in a command line can be read by everyone here: put the address into the "
				 "endpoints file, mode 0600, and name it '@NAME'") : 0;
}

static int take_one(struct span name, struct span value, char **password, struct buf *others, struct error *err)
{
	if (name.n != strlen("password") || strncasecmp(name.p, "password", name.n)) {
		buf_adds(others, others->n ? "&" : "");
		buf_addspan(others, name);
		buf_addc(others, '=');
		buf_addspan(others, value);
		return 0;
	}
	if (*password)
		return error_set(err, EXIT_USAGE, "the address has two passwords");
	*password = xstrndup(value.p, value.n);
	return 0;
}

int secret_take(char *address, char **password, char **others, struct error *err)
{
	char *authority = address + uri_scheme(address) + 3, *p, *end, *query;
	struct buf rest = BUF_INIT;
	struct span name, value;
	size_t n;
	int failed = 0;

	if (is_broken(authority))
		return error_set(err, EXIT_USAGE, "the address has a password with '/', '?' or '#' in it: write %%2F, %%3F, %%23 (percent-encoded)");
	p = find_password(authority, &n);
	if (p) {
		*password = xstrndup(p + 1, n - 1);
		memmove(p, p + n, strlen(p + n) + 1);
	}
	p = query = query_of(address);
	while (!failed && (end = next_parameter(p, &name, &value))) {
		if (!is_secret_name(name)) {
			p = end;
			continue;
		}
		failed = take_one(name, value, password, &rest, err);
		memmove(p, end, strlen(end) + 1);
	}
	if (*query == '&')
		*query = '?';	/* the first was taken */
	*others = rest.n ? buf_take(&rest) : NULL;
	buf_release(&rest);
	return failed;
}

/* ---- in a connector */

static int decoded(struct span text, char **out, struct error *err)
{
	struct buf b = BUF_INIT;

	if (percent_decode(text, &b)) {
		buf_release(&b);
		return error_set(err, EXIT_USAGE, "the endpoints file: a percent sign of the password isn't followed by two hexadecimal digits");
	}
	*out = buf_take(&b);
	return 0;
}

int secret_password(char **out, struct error *err)
{
	const char *text = getenv("SYNC_PASSWORD");

	sandbox_no_cores();
	*out = NULL;
	return text ? decoded(span_of(text), out, err) : 0;
}

int secret_other(const char *name, char **out, struct error *err)
{
	const char *p = getenv("SYNC_SECRETS");
	size_t n = strlen(name), len;

	*out = NULL;
	for (; p && *p; p += len + (p[len] == '&')) {
		len = strcspn(p, "&");
		if (len > n && p[n] == '=' && !memcmp(p, name, n))
			return decoded((struct span){ p + n + 1, len - n - 1 }, out, err);
	}
	return 0;
}

void secrets_forget(void)
{
	(void)unsetenv("SYNC_PASSWORD");
	(void)unsetenv("SYNC_SECRETS");
}
