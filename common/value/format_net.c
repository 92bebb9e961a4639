/* format_net: addresses (RFC 2673, 4291), host names (1123), mailboxes (5321) and URIs (3986). */
#include "value/format_net.h"

enum { LABEL_MAX = 63, NAME_MAX_BYTES = 253, LOCAL_MAX = 64 };

static bool digit(char c)
{
	return (unsigned char)(c - '0') < 10;
}

static bool letter(char c)
{
	return (unsigned char)((c | 32) - 'a') < 26;
}

static bool hex(char c)
{
	return digit(c) || (unsigned char)((c | 32) - 'a') < 6;
}

static bool among(char c, const char *set)
{
	return c && strchr(set, c);
}

static struct span cut(struct span s, size_t from, size_t to)
{
	return (struct span){ from ? s.p + from : s.p, to - from };
}

/* The place of a byte, or s.n. */
static size_t find(struct span s, char c)
{
	const char *p = s.n ? memchr(s.p, c, s.n) : NULL;

	return p ? (size_t)(p - s.p) : s.n;
}

/* ---- addresses */

bool net_is_ipv4(struct span s)
{
	size_t i = 0, start;
	int part, v;

	for (part = 0; part < 4; part++) {
		if (part && (i == s.n || s.p[i++] != '.'))
			return false;
		for (v = 0, start = i; i < s.n && digit(s.p[i]) && i - start < 3; i++)
			v = v * 10 + (s.p[i] - '0');
		if (i == start || v > 255 || (i - start > 1 && s.p[start] == '0'))
			return false;
	}
	return i == s.n;
}

/* Groups of 16 bits up to the end or to a "::", which it stands at then; -1: wrong. An IPv4 address may be the last one. */
static int ipv6_groups(struct span s, size_t *at)
{
	size_t i = *at, start;
	int groups = 0;

	while (i < s.n && s.p[i] != ':') {
		for (start = i; i < s.n && hex(s.p[i]) && i - start < 4; i++)
			;
		if (i < s.n && s.p[i] == '.') {
			if (!net_is_ipv4(cut(s, start, s.n)))
				return -1;
			i = s.n;
			groups += 2;
			break;
		}
		if (i == start)
			return -1;
		groups++;
		if (i == s.n || (s.n - i > 1 && s.p[i + 1] == ':'))
			break;
		if (s.p[i] != ':' || ++i == s.n)
			return -1;
	}
	*at = i;
	return groups;
}

bool net_is_ipv6(struct span s)
{
	size_t at = 0;
	int head = ipv6_groups(s, &at), tail;

	if (head < 0)
		return false;
	if (at == s.n)
		return head == 8;
	if (s.n - at < 2 || s.p[at] != ':' || s.p[at + 1] != ':')
		return false;
	at += 2;
	tail = ipv6_groups(s, &at);
	return tail >= 0 && at == s.n && head + tail < 8;
}

/* ---- host names */

static bool is_label(struct span s)
{
	size_t i;

	if (!s.n || s.n > LABEL_MAX || s.p[0] == '-' || s.p[s.n - 1] == '-')
		return false;
	for (i = 0; i < s.n; i++)
		if (!letter(s.p[i]) && !digit(s.p[i]) && s.p[i] != '-')
			return false;
	return true;
}

bool net_is_hostname(struct span s)
{
	size_t dot;

	if (s.n > NAME_MAX_BYTES)
		return false;
	for (;;) {
		dot = find(s, '.');
		if (!is_label(cut(s, 0, dot)))
			return false;
		if (dot == s.n)
			return true;
		s = cut(s, dot + 1, s.n);
	}
}

/* ---- mailboxes */

/* The length of a quoted string at the start, or 0. */
static size_t quoted(struct span s)
{
	size_t i;

	if (!s.n || s.p[0] != '"')
		return 0;
	for (i = 1; i < s.n && s.p[i] != '"'; i++) {
		if (s.p[i] == '\\')
			i++;
		if (i == s.n || s.p[i] < ' ' || s.p[i] > '~')
			return 0;
	}
	return i < s.n ? i + 1 : 0;
}

/* The length of atoms with single dots between them at the start, or 0. */
static size_t dot_string(struct span s)
{
	size_t i;
	bool dot = true;

	for (i = 0; i < s.n && s.p[i] != '@'; i++) {
		if (s.p[i] == '.' ? dot : !letter(s.p[i]) && !digit(s.p[i]) && !among(s.p[i], "!#$%&'*+-/=?^_`{|}~"))
			return 0;
		dot = s.p[i] == '.';
	}
	return dot ? 0 : i;
}

static bool is_literal(struct span s)
{
	if (s.n < 2 || s.p[0] != '[' || s.p[s.n - 1] != ']')
		return false;
	s = cut(s, 1, s.n - 1);
	if (s.n > 5 && !memcmp(s.p, "IPv6:", 5))
		return net_is_ipv6(cut(s, 5, s.n));
	return net_is_ipv4(s);
}

bool net_is_email(struct span s)
{
	size_t n = s.n && s.p[0] == '"' ? quoted(s) : dot_string(s);

	if (!n || n > LOCAL_MAX || n + 1 >= s.n || s.p[n] != '@')
		return false;
	s = cut(s, n + 1, s.n);
	return net_is_hostname(s) || is_literal(s);
}

/* ---- URIs */

/* All bytes are unreserved, sub-delims, percent-encoded, or in `more`. */
static bool all_in(struct span s, const char *more)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '%') {
			if (s.n - i < 3 || !hex(s.p[i + 1]) || !hex(s.p[i + 2]))
				return false;
			i += 2;
		} else if (!letter(c) && !digit(c) && !among(c, "-._~!$&'()*+,;=") && !among(c, more)) {
			return false;
		}
	}
	return true;
}

/* IPvFuture: "v" HEXDIG+ "." any */
static bool is_future(struct span s)
{
	size_t dot = find(s, '.'), i;

	if (s.n < 4 || (s.p[0] | 32) != 'v' || dot < 2 || dot + 1 >= s.n)
		return false;
	for (i = 1; i < dot; i++)
		if (!hex(s.p[i]))
			return false;
	return !memchr(s.p, '%', s.n) && all_in(cut(s, dot + 1, s.n), ":");
}

static bool is_authority(struct span s)
{
	size_t at = find(s, '@'), end;

	if (at < s.n) {
		if (!all_in(cut(s, 0, at), ":"))
			return false;
		s = cut(s, at + 1, s.n);
	}
	if (s.n && s.p[0] == '[') {
		end = find(s, ']');
		if (end == s.n || (!net_is_ipv6(cut(s, 1, end)) && !is_future(cut(s, 1, end))))
			return false;
		s = cut(s, end + 1, s.n);
		if (s.n && s.p[0] != ':')
			return false;
	} else if (!all_in(cut(s, 0, find(s, ':')), "")) {
		return false;
	}
	for (end = find(s, ':') + 1; end < s.n; end++)
		if (!digit(s.p[end]))
			return false;
	return true;
}

static bool is_scheme(struct span s)
{
	size_t i;

	if (!s.n || !letter(s.p[0]))
		return false;
	for (i = 1; i < s.n; i++)
		if (!letter(s.p[i]) && !digit(s.p[i]) && !among(s.p[i], "+-."))
			return false;
	return true;
}

bool net_is_uri(struct span s)
{
	size_t colon = find(s, ':'), end;

	if (colon == s.n || !is_scheme(cut(s, 0, colon)))
		return false;
	s = cut(s, colon + 1, s.n);
	end = find(s, '#');
	if (end < s.n && !all_in(cut(s, end + 1, s.n), ":@/?"))
		return false;
	s = cut(s, 0, end);
	end = find(s, '?');
	if (end < s.n && !all_in(cut(s, end + 1, s.n), ":@/?"))
		return false;
	s = cut(s, 0, end);
	if (s.n >= 2 && s.p[0] == '/' && s.p[1] == '/') {
		s = cut(s, 2, s.n);
		end = find(s, '/');
		if (!is_authority(cut(s, 0, end)))
			return false;
		s = cut(s, end, s.n);
	}
	return all_in(s, ":@/");
}
