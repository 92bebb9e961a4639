/* load_csv: records as rows (RFC 4180). Null is an empty cell, an empty text is "" in quotes, nested values are JSON. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "load.h"

/* ---- columns */

static struct column *new_column(struct columns *c)
{
	XGROW(c->v, c->n, c->cap);
	c->v[c->n] = (struct column){ .cursor = { .guess = { 0 } } };
	return &c->v[c->n++];
}

struct column *columns_add(struct columns *c, struct span name)
{
	struct column *new = new_column(c);

	path_name(&new->path, arena_span(&c->arena, name), &c->arena);
	new->name = new->path.step[0].name;
	return new;
}

struct column *columns_find(const struct columns *c, struct span name)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (span_eq(c->v[i].name, name))
			return &c->v[i];
	return NULL;
}

/* A column of --fields: a field of that name, or the path as it is written. */
static int add_path(struct columns *c, struct span text, struct error *err)
{
	struct path path;
	struct span name;
	struct column *new;

	if (path_compile(&path, arena_span(&c->arena, text), &c->arena, err))
		return error_prefix(err, "--fields");
	if (!path.n)
		return error_set(err, EXIT_USAGE, "--fields: a name is missing");
	if (path.each)
		return error_set(err, EXIT_USAGE, "--fields: '%s' stands for several values", error_show(text));
	name = path.n == 1 && path.step[0].kind == STEP_NAME ? path.step[0].name : path.text;
	if (columns_find(c, name))
		return error_set(err, EXIT_USAGE, "--fields: '%s' stands there twice", error_show(name));
	new = new_column(c);
	new->path = path;
	new->name = name;
	return 0;
}

int columns_from_list(struct columns *c, const char *list, struct error *err)
{
	const char *end;

	for (;; list = end + 1) {
		end = path_list_end(list);
		if (add_path(c, (struct span){ list, (size_t)(end - list) }, err))
			return -1;
		if (!*end)
			break;
	}
	c->given = c->known = true;
	return 0;
}

void columns_from_object(struct columns *c, struct value object)
{
	struct walk walk = { 0, 0, 0 };
	struct value name, v;

	while (value_next(object, &walk, &name, &v))
		columns_add(c, value_text(name, &c->arena));
	c->known = c->n > 0;
}

void columns_copy(struct columns *to, const struct columns *from)
{
	size_t i;

	for (i = 0; i < from->n; i++)
		columns_add(to, from->v[i].name);
	to->known = true;
}

void columns_release(struct columns *c)
{
	free(c->v);
	arena_release(&c->arena);
	*c = (struct columns){ .v = NULL };
}

/* ---- cells */

static bool wants_quotes(struct span s, char delimiter)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] == delimiter || s.p[i] == '"' || s.p[i] == '\n' || s.p[i] == '\r')
			return true;
	return s.n == 0 || (s.n >= 3 && !memcmp(s.p, "\xef\xbb\xbf", 3));	/* what starts a file may pass for a byte order mark */
}

static void add_cell(struct buf *out, struct span s, char delimiter)
{
	size_t i;

	if (!wants_quotes(s, delimiter)) {
		buf_addspan(out, s);
		return;
	}
	buf_addc(out, '"');
	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			buf_addc(out, '"');
		buf_addc(out, s.p[i]);
	}
	buf_addc(out, '"');
}

void csv_header(const struct columns *c, char delimiter, struct buf *out)
{
	size_t i;

	buf_adds(out, c->mark ? "\xef\xbb\xbf" : "");
	for (i = 0; i < c->n; i++) {
		if (i)
			buf_addc(out, delimiter);
		add_cell(out, c->v[i].name, delimiter);
	}
	buf_adds(out, c->crlf ? "\r\n" : "\n");
}

static void add_value(struct buf *out, struct value v, struct arena *arena, char delimiter)
{
	struct buf json = BUF_INIT;

	switch (value_type(v)) {
	case TOKEN_NULL:
		break;
	case TOKEN_STRING:
		add_cell(out, value_text(v, arena), delimiter);
		break;
	case TOKEN_OBJECT:
	case TOKEN_ARRAY:
		value_write(v, &json);
		add_cell(out, buf_span(&json), delimiter);
		buf_release(&json);
		break;
	default:
		buf_addspan(out, value_bytes(v));
	}
}

int csv_unknown(struct value name, struct error *err)
{
	error_data(err, "unknown-field", "no column for '%s': --fields names the columns, or a schema frame does", error_show(value_bytes(name)));
	return LOAD_REJECT;
}

/* A member that no column holds, or none. */
static struct value unknown_member(const struct columns *c, const struct record *rec)
{
	struct walk walk = { 0, 0, 0 };
	struct value name, v;
	size_t i;

	while (value_next(record_root(rec), &walk, &name, &v)) {
		for (i = 0; i < c->n; i++)
			if (value_text_is(name, c->v[i].name))
				break;
		if (i == c->n)
			return name;
	}
	return VALUE_NONE;
}

int csv_row(struct columns *c, const struct record *rec, char delimiter, struct buf *out, struct error *err)
{
	struct arena arena = ARENA_INIT;
	size_t start = out->n, found = 0, i;
	struct value unknown, v;

	for (i = 0; i < c->n; i++) {
		if (i)
			buf_addc(out, delimiter);
		if (c->v[i].empty || !record_get(rec, &c->v[i].path, &c->v[i].cursor, &v))
			continue;
		found++;
		add_value(out, v, &arena, delimiter);
	}
	buf_adds(out, c->crlf ? "\r\n" : "\n");
	arena_release(&arena);
	if (c->given || found == value_count(record_root(rec)))
		return LOAD_DONE;
	unknown = unknown_member(c, rec);
	if (!value_present(unknown))
		return LOAD_DONE;
	out->n = start;
	return csv_unknown(unknown, err);
}
