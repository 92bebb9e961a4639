/* regex_translate: ECMA-262 patterns (§22.2.1) in the words of PCRE2, piece by piece. */
#include <stdio.h>
#include <stdlib.h>

#include "value/regex_private.h"

enum { COUNT_MAX = 65535, DEPTH_MAX = 200 };

int regex_fail(struct translation *t, size_t at, const char *fmt, ...)
{
	struct buf text = BUF_INIT;
	size_t i, column = 1;
	va_list ap;

	for (i = 0; i < at && i < t->text.n; i++)
		column += ((unsigned char)t->text.p[i] & 0xc0) != 0x80;
	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	error_set(t->err, EXIT_USAGE, "column %zu: %s", column, buf_str(&text));
	buf_release(&text);
	return -1;
}

/* How many groups capture: needed before the first reference. */
static uint32_t count_groups(struct span s)
{
	uint32_t n = 0;
	bool brackets = false;
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '[')
			brackets = true;
		else if (s.p[i] == ']')
			brackets = false;
		else if (s.p[i] == '(' && !brackets)
			n += i + 1 >= s.n || s.p[i + 1] != '?' ||
			     (i + 3 < s.n && s.p[i + 2] == '<' && s.p[i + 3] != '=' && s.p[i + 3] != '!');
	}
	return n;
}

/* ---- quantifiers */

static bool take_number(struct translation *t, uint32_t *n)
{
	size_t start = t->i;

	for (*n = 0; peek(t) >= '0' && peek(t) <= '9'; t->i++)
		if (*n <= COUNT_MAX)
			*n = *n * 10 + (uint32_t)(peek(t) - '0');
	return t->i > start;
}

/* {n}, {n,} or {n,m}: 1; 0 where the brace is something else, which is not passed then. */
static int take_braces(struct translation *t, uint32_t *min, uint32_t *max)
{
	size_t start = t->i++;
	bool is = take_number(t, min);

	*max = *min;
	if (is && peek(t) == ',') {
		t->i++;
		if (!take_number(t, max))
			*max = UINT32_MAX;
	}
	if (!is || peek(t) != '}') {
		t->i = start;
		return 0;
	}
	t->i++;
	if (*min > COUNT_MAX || (*max > COUNT_MAX && *max != UINT32_MAX))
		return regex_fail(t, start, "a count above %d", COUNT_MAX);
	if (*max < *min)
		return regex_fail(t, start, "a count whose end is below its beginning");
	return 1;
}

/* 1: there is one; 0; -1. */
static int take_count(struct translation *t, uint32_t *min, uint32_t *max)
{
	switch (peek(t)) {
	case '*': *min = 0; *max = UINT32_MAX; break;
	case '+': *min = 1; *max = UINT32_MAX; break;
	case '?': *min = 0; *max = 1; break;
	case '{': return take_braces(t, min, max);
	default: return 0;
	}
	t->i++;
	return 1;
}

/* Behind an atom. */
static int take_quantifier(struct translation *t)
{
	uint32_t min, max;
	size_t start = t->i;
	int rc = take_count(t, &min, &max);

	if (rc <= 0)
		return rc;
	buf_add(&t->out, t->text.p + start, t->i - start);
	row_repeat(&t->row, min, max);
	if (peek(t) == '?') {
		t->i++;
		buf_addc(&t->out, '?');	/* whether anything matches doesn't depend on it */
	}
	start = t->i;
	rc = take_count(t, &min, &max);
	return rc > 0 ? regex_fail(t, start, "nothing to repeat") : rc;
}

/* ---- atoms */

static int take_alternatives(struct translation *t);

static bool is_name(struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] != '_' && !((s.p[i] | 32) >= 'a' && (s.p[i] | 32) <= 'z') && !(i && s.p[i] >= '0' && s.p[i] <= '9'))
			return false;
	return s.n && s.n <= 32;
}

/* The head of a group, at the '('. *assertion: nothing may repeat it. */
static int take_head(struct translation *t, bool *assertion)
{
	static const char *const heads[] = { "(?:", "(?=", "(?!", "(?<=", "(?<!" };
	size_t start = t->i, i;
	const char *end;

	for (i = 0; i < sizeof heads / sizeof *heads; i++) {
		if (looking_at(t, heads[i])) {
			*assertion = i > 0;
			t->i += strlen(heads[i]);
			buf_adds(&t->out, heads[i]);
			return 0;
		}
	}
	*assertion = false;
	if (looking_at(t, "(?<")) {
		t->i += 3;
		end = memchr(t->text.p + t->i, '>', t->text.n - t->i);
		if (!end || !is_name((struct span){ t->text.p + t->i, (size_t)(end - t->text.p) - t->i }))
			return regex_fail(t, start, "a group's name is letters, digits and '_', 32 at most, then '>'");
		buf_add(&t->out, t->text.p + start, (size_t)(end - t->text.p) + 1 - start);
		t->i = (size_t)(end - t->text.p) + 1;
		return 0;
	}
	if (looking_at(t, "(?"))
		return regex_fail(t, start, "ECMA-262 has no such group");
	t->i++;
	buf_addc(&t->out, '(');
	return 0;
}

static int take_group(struct translation *t)
{
	size_t start = t->i;
	bool assertion;

	t->row.possible = false;
	if (take_head(t, &assertion))
		return -1;
	if (++t->depth > DEPTH_MAX)
		return regex_fail(t, start, "groups nest deeper than %d", DEPTH_MAX);
	if (take_alternatives(t))
		return -1;
	t->depth--;
	if (peek(t) != ')')
		return regex_fail(t, start, "a '(' without its ')'");
	t->i++;
	buf_addc(&t->out, ')');
	return assertion ? 0 : take_quantifier(t);
}

static int take_edge(struct translation *t)
{
	char c = peek(t);

	t->i++;
	buf_adds(&t->out, c == '^' ? "^" : "\\z");
	if (c == '^' && t->i == 1)
		t->row.begun = true;
	else if (c == '$' && at_end(t))
		t->row.to_end = true;
	else
		t->row.possible = false;
	return 0;
}

static int take_escaped(struct translation *t)
{
	struct atom a;

	if (take_escape(t, false, &a))
		return -1;
	if (a.kind == ATOM_CHAR)
		add_point(&t->out, a.point);
	else if (a.kind == ATOM_CLASS)
		buf_addf(&t->out, "[%s]", a.inner);
	else
		buf_adds(&t->out, a.inner);
	row_add(&t->row, &a.set, a.ascii);
	return a.kind == ATOM_EDGE ? 0 : take_quantifier(t);
}

static int take_class(struct translation *t)
{
	struct ascii_set set;
	bool ascii;

	if (take_brackets(t, &set, &ascii))
		return -1;
	row_add(&t->row, &set, ascii);
	return take_quantifier(t);
}

static int take_plain(struct translation *t)
{
	struct ascii_set set = { { 0, 0 } };
	uint32_t point;

	if (peek(t) == '.') {
		t->i++;
		buf_adds(&t->out, "[^\\x{a}\\x{d}\\x{2028}\\x{2029}]");
		t->row.possible = false;
		return take_quantifier(t);
	}
	point = take_point(t);
	add_point(&t->out, point);
	set_add(&set, point, point);
	row_add(&t->row, &set, point < 128);
	return take_quantifier(t);
}

static int take_term(struct translation *t)
{
	uint32_t min, max;
	size_t start = t->i;
	int rc;

	switch (peek(t)) {
	case '(': return take_group(t);
	case '[': return take_class(t);
	case '\\': return take_escaped(t);
	case '^':
	case '$': return take_edge(t);
	default: break;
	}
	rc = take_count(t, &min, &max);
	if (rc)
		return rc < 0 ? -1 : regex_fail(t, start, "nothing to repeat");
	return take_plain(t);
}

static int take_alternatives(struct translation *t)
{
	while (!at_end(t) && peek(t) != ')') {
		if (peek(t) == '|') {
			t->i++;
			buf_addc(&t->out, '|');
			t->row.possible = false;
		} else if (take_term(t)) {
			return -1;
		}
	}
	return 0;
}

int regex_translate(struct translation *t)
{
	t->row.possible = true;
	t->groups = count_groups(t->text);
	if (take_alternatives(t))
		return -1;
	return at_end(t) ? 0 : regex_fail(t, t->i, "a ')' without its '('");
}
