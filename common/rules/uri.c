/* uri: RFC 3986 §5.2: split, merge paths, remove dot segments, put together again. */
#include "rules/uri.h"

static struct span upto(struct span *rest, const char *stops)
{
	struct span head = { rest->p, 0 };

	while (head.n < rest->n && !memchr(stops, rest->p[head.n], strlen(stops)))
		head.n++;
	rest->p += head.n;
	rest->n -= head.n;
	return head;
}

static bool eat(struct span *rest, const char *s)
{
	size_t n = strlen(s);

	if (rest->n < n || memcmp(rest->p, s, n))
		return false;
	rest->p += n;
	rest->n -= n;
	return true;
}

void uri_split(struct uri *u, struct span text)
{
	struct span rest = text;

	memset(u, 0, sizeof *u);
	u->scheme = upto(&rest, ":/?#");
	u->has_scheme = u->scheme.n && eat(&rest, ":");
	if (!u->has_scheme) {
		u->scheme = (struct span){ NULL, 0 };
		rest = text;
	}
	u->has_authority = eat(&rest, "//");
	if (u->has_authority)
		u->authority = upto(&rest, "/?#");
	u->path = upto(&rest, "?#");
	u->has_query = eat(&rest, "?");
	if (u->has_query)
		u->query = upto(&rest, "#");
	u->has_fragment = eat(&rest, "#");
	if (u->has_fragment)
		u->fragment = rest;
}

/* Takes the last segment and its slash off what was added since `start`. */
static void pop(struct buf *out, size_t start)
{
	while (out->n > start && out->p[--out->n] != '/')
		;
}

/* RFC 3986 §5.2.4 */
static void add_without_dots(struct span path, struct buf *out)
{
	size_t start = out->n;
	struct span s = path;

	while (s.n) {
		if (eat(&s, "../") || eat(&s, "./"))
			continue;
		if (span_is(s, "/.") || span_is(s, "/..")) {
			if (s.n == 3)
				pop(out, start);
			buf_addc(out, '/');
			return;
		}
		if (s.n > 2 && !memcmp(s.p, "/./", 3)) {
			s.p += 2;
			s.n -= 2;
		} else if (s.n > 3 && !memcmp(s.p, "/../", 4)) {
			s.p += 3;
			s.n -= 3;
			pop(out, start);
		} else if (span_is(s, ".") || span_is(s, "..")) {
			return;
		} else {
			if (eat(&s, "/"))
				buf_addc(out, '/');
			buf_addspan(out, upto(&s, "/"));
		}
	}
}

/* RFC 3986 §5.2.3 */
static void add_merged(const struct uri *base, struct span ref, struct buf *out)
{
	struct buf merged = BUF_INIT;
	size_t n = base->path.n;

	if (base->has_authority && !n) {
		buf_addc(&merged, '/');
	} else {
		while (n && base->path.p[n - 1] != '/')
			n--;
		buf_add(&merged, base->path.p, n);
	}
	buf_addspan(&merged, ref);
	add_without_dots(buf_span(&merged), out);
	buf_release(&merged);
}

static void add_authority(const struct uri *u, struct buf *out)
{
	if (u->has_authority) {
		buf_adds(out, "//");
		buf_addspan(out, u->authority);
	}
}

static void add_query(const struct uri *u, struct buf *out)
{
	if (u->has_query) {
		buf_addc(out, '?');
		buf_addspan(out, u->query);
	}
}

void uri_resolve(struct span base_text, struct span ref_text, struct buf *out)
{
	struct uri base, ref;
	const struct uri *from;

	uri_split(&base, base_text);
	uri_split(&ref, ref_text);
	from = ref.has_scheme ? &ref : &base;
	buf_reset(out);
	buf_addspan(out, from->scheme);
	buf_addc(out, ':');
	if (ref.has_scheme || ref.has_authority) {
		add_authority(&ref, out);
		add_without_dots(ref.path, out);
		add_query(&ref, out);
	} else {
		add_authority(&base, out);
		if (!ref.path.n)
			buf_addspan(out, base.path);
		else if (ref.path.p[0] == '/')
			add_without_dots(ref.path, out);
		else
			add_merged(&base, ref.path, out);
		add_query(ref.path.n || ref.has_query ? &ref : &base, out);
	}
	if (ref.has_fragment) {
		buf_addc(out, '#');
		buf_addspan(out, ref.fragment);
	}
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void uri_decode(struct span text, struct buf *out)
{
	size_t i;

	for (i = 0; i < text.n; i++) {
		if (text.p[i] == '%' && text.n - i > 2 && hex(text.p[i + 1]) >= 0 && hex(text.p[i + 2]) >= 0) {
			buf_addc(out, (char)(hex(text.p[i + 1]) << 4 | hex(text.p[i + 2])));
			i += 2;
		} else {
			buf_addc(out, text.p[i]);
		}
	}
}
