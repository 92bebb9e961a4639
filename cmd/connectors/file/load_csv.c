/* load_csv: records as rows (RFC 4180). Null is an empty cell, an empty text is "" in quotes, nested values are JSON. */
#include <csv.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "load.h"

static struct column *new_column(struct columns *c)
{
	XGROW(c->v, c->n, c->cap);
	c->v[c->n] = (struct column){ .cursor = { { 0 } } };
	return &c->v[c->n++];
}

int columns_from_list(struct columns *c, const char *list, struct error *err)
{
	const char *end;

	for (;; list = end + 1) {
		end = list + strcspn(list, ",");
		if (end == list)
			return error_set(err, EXIT_USAGE, "--fields: a name is missing");
		if (path_compile(&new_column(c)->path, (struct span){ list, (size_t)(end - list) }, &c->arena, err))
			return -1;
		if (!*end)
			break;
	}
	c->given = c->known = true;
	return 0;
}

/* The names of an object's members: a record's, or those of a schema's properties. */
int columns_from_object(struct columns *c, struct value object)
{
	struct walk walk = { 0, 0, 0 };
	struct value name, v;

	while (value_next(object, &walk, &name, &v))
		path_name(&new_column(c)->path, value_text(name, &c->arena), &c->arena);
	c->known = true;
	return 0;
}

static void on_header_cell(void *text, size_t n, void *ctx)
{
	struct columns *c = ctx;

	if (!c->known)
		path_name(&new_column(c)->path, (struct span){ text, n }, &c->arena);
}

static void on_header_end(int by, void *ctx)
{
	(void)by;
	((struct columns *)ctx)->known = true;
}

static int never(unsigned char ch)
{
	(void)ch;
	return 0;
}

int columns_from_header(struct columns *c, const char *path, char delimiter, struct error *err)
{
	char *buf = xmalloc(65536);
	struct csv_parser parser;
	int fd = io_open_read(path, err);
	ssize_t got = 1;

	if (fd < 0 || csv_init(&parser, 0)) {
		free(buf);
		return -1;
	}
	csv_set_delim(&parser, (unsigned char)delimiter);
	csv_set_space_func(&parser, never);
	while (!c->known && (got = io_read(fd, buf, 65536)) > 0)
		csv_parse(&parser, buf, (size_t)got, on_header_cell, on_header_end, c);
	csv_fini(&parser, on_header_cell, on_header_end, c);
	csv_free(&parser);
	close(fd);
	free(buf);
	return got < 0 ? error_errno(err, EXIT_FAILED, "cannot read '%s'", path) : 0;
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
	return s.n == 0;
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

	for (i = 0; i < c->n; i++) {
		if (i)
			buf_addc(out, delimiter);
		add_cell(out, c->v[i].path.text, delimiter);
	}
	buf_addc(out, '\n');
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

/* A member that no column holds, or none. */
static struct span unknown_member(const struct columns *c, const struct record *rec)
{
	struct walk walk = { 0, 0, 0 };
	struct value name, v;
	size_t i;

	while (value_next(record_root(rec), &walk, &name, &v)) {
		for (i = 0; i < c->n; i++)
			if (value_text_is(name, c->v[i].path.step[0].name))
				break;
		if (i == c->n)
			return value_bytes(name);
	}
	return (struct span){ NULL, 0 };
}

int csv_row(struct columns *c, const struct record *rec, char delimiter, struct buf *out, struct error *err)
{
	struct arena arena = ARENA_INIT;
	size_t start = out->n, found = 0, i;
	struct span unknown;
	struct value v;

	for (i = 0; i < c->n; i++) {
		if (i)
			buf_addc(out, delimiter);
		if (!record_get(rec, &c->v[i].path, &c->v[i].cursor, &v))
			continue;
		found++;
		add_value(out, v, &arena, delimiter);
	}
	buf_addc(out, '\n');
	arena_release(&arena);
	if (c->given || found == value_count(record_root(rec)))
		return LOAD_DONE;
	unknown = unknown_member(c, rec);
	if (!unknown.p)
		return LOAD_DONE;
	out->n = start;
	error_data(err, "unknown-field", "no column for '%s': --fields names the columns, or a schema frame does", error_show(unknown));
	return LOAD_REJECT;
}
