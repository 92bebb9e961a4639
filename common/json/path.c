/* path: compiles where a value stands in a record. */
#include "json/path.h"

#include <string.h>

#include "json/record.h"

enum { STEPS = 64 };

struct compiler {
	struct span text;
	size_t at;
	struct arena *arena;
	struct step step[STEPS];
	uint32_t n;
	bool each;
};

static int refuse(const struct compiler *c, const char *why, struct error *err)
{
	return error_set(err, EXIT_USAGE, "path '%s', column %zu: %s", error_show(c->text), c->at + 1, why);
}

static void set_name(struct step *s, struct span name, struct arena *arena)
{
	struct buf json = BUF_INIT;

	json_add_string(&json, name);
	*s = (struct step){ .kind = STEP_NAME, .name = arena_span(arena, name), .quoted = arena_span(arena, buf_span(&json)) };
	buf_release(&json);
}

static int add(struct compiler *c, struct step **out, struct error *err)
{
	if (c->n == STEPS)
		return refuse(c, "too many steps", err);
	*out = &c->step[c->n++];
	**out = (struct step){ .kind = STEP_EACH };
	return 0;
}

/* A number without sign or leading zero, below 2^31. */
static bool is_index(struct span s, uint32_t *index)
{
	uint64_t v = 0;
	size_t i;

	if (s.n == 0 || s.n > 10 || (s.p[0] == '0' && s.n > 1))
		return false;
	for (i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(s.p[i] - '0');
	}
	*index = (uint32_t)v;
	return v < INT32_MAX;
}

static int add_name(struct compiler *c, struct span name, struct error *err)
{
	struct step *s = NULL;

	if (add(c, &s, err))
		return -1;
	if (scan_check_utf8(name))
		return refuse(c, "no UTF-8", err);
	set_name(s, name, c->arena);
	return 0;
}

/* "a.b" up to the next '.' or '['; a backslash takes the next byte as it is. */
static int bare_name(struct compiler *c, struct error *err)
{
	char *name = arena_alloc(c->arena, c->text.n + 1);
	size_t n = 0;

	while (c->at < c->text.n && c->text.p[c->at] != '.' && c->text.p[c->at] != '[') {
		if (c->text.p[c->at] == '\\' && c->at + 1 < c->text.n)
			c->at++;
		name[n++] = c->text.p[c->at++];
	}
	if (n == 0)
		return refuse(c, "a name is missing", err);
	return add_name(c, (struct span){ name, n }, err);
}

/* ["first name"] is a JSON string; [3] an index; [*] each element */
static int bracket(struct compiler *c, struct error *err)
{
	const struct scan_limits limits = SCAN_LIMITS_INIT;
	const char *p = c->text.p + c->at + 1, *end = c->text.p + c->text.n, *close;
	struct record rec;
	struct step *s = NULL;
	size_t n;
	int failed;

	if (p < end && *p == '"') {
		for (n = 1; p + n < end && (p[n] != '"'); n++)
			n += p[n] == '\\';
		if (p + n + 1 >= end || p[n + 1] != ']')
			return refuse(c, "the name in brackets doesn't end in '\"]'", err);
		record_init(&rec);
		failed = record_copy(&rec, p, n + 1, &limits, err) ? refuse(c, "no JSON string in brackets", err)
			: add_name(c, value_text(record_root(&rec), &rec.arena), err);
		record_release(&rec);
		c->at += n + 3;
		return failed;
	}
	close = memchr(p, ']', (size_t)(end - p));
	if (!close || add(c, &s, err))
		return close ? -1 : refuse(c, "a closing bracket is missing", err);
	if (close - p == 1 && *p == '*')
		c->each = true;
	else if (is_index((struct span){ p, (size_t)(close - p) }, &s->index))
		s->kind = STEP_INDEX;
	else
		return refuse(c, "brackets hold an index, '*' or a name in quotes", err);
	c->at += (size_t)(close - p) + 2;
	return 0;
}

static int dotted(struct compiler *c, struct error *err)
{
	bool first = true;

	while (c->at < c->text.n) {
		if (c->text.p[c->at] == '[') {
			if (bracket(c, err))
				return -1;
		} else {
			if (!first && c->text.p[c->at] != '.')
				return refuse(c, "a '.' or '[' is missing", err);
			c->at += !first;
			if (bare_name(c, err))
				return -1;
		}
		first = false;
	}
	return 0;
}

/* RFC 6901: ~0 is '~', ~1 is '/'. Digits may be an index or a name: both are kept. */
static int pointer(struct compiler *c, struct error *err)
{
	char *name = arena_alloc(c->arena, c->text.n + 1);
	uint32_t index;
	size_t n;

	while (c->at < c->text.n) {
		c->at++;
		for (n = 0; c->at < c->text.n && c->text.p[c->at] != '/'; c->at++) {
			name[n] = c->text.p[c->at];
			if (name[n] == '~') {
				c->at++;
				if (c->at >= c->text.n || (c->text.p[c->at] != '0' && c->text.p[c->at] != '1'))
					return refuse(c, "'~' stands before 0 or 1 in a JSON Pointer", err);
				name[n] = c->text.p[c->at] == '0' ? '~' : '/';
			}
			n++;
		}
		if (add_name(c, (struct span){ name, n }, err))
			return -1;
		if (is_index((struct span){ name, n }, &index)) {
			c->step[c->n - 1].index = index;
			c->step[c->n - 1].either = true;
		}
	}
	return 0;
}

int path_compile(struct path *path, struct span text, struct arena *arena, struct error *err)
{
	struct compiler c = { .text = text, .arena = arena };

	if (text.n && (text.p[0] == '/' ? pointer(&c, err) : dotted(&c, err)))
		return -1;
	path->n = c.n;
	path->each = c.each;
	path->text = arena_span(arena, text);
	path->step = arena_alloc(arena, (c.n ? c.n : 1) * sizeof *path->step);
	memcpy(path->step, c.step, c.n * sizeof *path->step);
	return 0;
}

void path_name(struct path *path, struct span name, struct arena *arena)
{
	path->n = 1;
	path->each = false;
	path->text = arena_span(arena, name);
	path->step = arena_alloc(arena, sizeof *path->step);
	set_name(path->step, path->text, arena);
}

void path_pointer(const struct path *path, struct buf *out)
{
	const struct step *s;
	size_t j;

	for (s = path->step; s < path->step + path->n; s++) {
		buf_addc(out, '/');
		if (s->kind == STEP_INDEX)
			buf_addf(out, "%u", s->index);
		else if (s->kind == STEP_EACH)
			buf_addc(out, '*');
		else
			for (j = 0; j < s->name.n; j++)
				if (s->name.p[j] == '~' || s->name.p[j] == '/')
					buf_adds(out, s->name.p[j] == '~' ? "~0" : "~1");
				else
					buf_addc(out, s->name.p[j]);
	}
}

static bool step_eq(const struct step *a, const struct step *b)
{
	return a->kind == b->kind && (a->kind == STEP_NAME ? span_eq(a->name, b->name) : a->kind == STEP_EACH || a->index == b->index);
}

bool path_covers(const struct path *a, const struct path *b)
{
	uint32_t i;

	for (i = 0; i < a->n; i++)
		if (i >= b->n || !step_eq(&a->step[i], &b->step[i]))
			return false;
	return true;
}

bool path_eq(const struct path *a, const struct path *b)
{
	return a->n == b->n && path_covers(a, b);
}

const char *path_list_end(const char *p)
{
	bool quoted = false, bracket = false;

	for (; *p && (*p != ',' || bracket); p++) {
		if (*p == '\\' && p[1])
			p++;
		else if (*p == '"' && bracket)
			quoted = !quoted;
		else if (*p == '[' && !quoted)
			bracket = true;
		else if (*p == ']' && !quoted)
			bracket = false;
	}
	return p;
}
