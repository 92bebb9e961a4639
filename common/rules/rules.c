/* rules: a schema or a rules file, read, checked and compiled. */
#include "rules/rules.h"

#include <stdlib.h>

#include "doc/yaml.h"

static void where(const void *ctx, uint32_t tok, uint32_t *line, uint32_t *column)
{
	const struct doc *d = ctx;
	struct doc_place at = doc_place(d, (struct value){ &d->rec, tok });

	*line = at.line;
	*column = at.column;
}

static int compile(const struct doc *d, struct value v, void (*warn)(const char *text), struct schema **out, struct error *err)
{
	struct schema_source source = { .name = d->name, .where = where, .ctx = d, .warn = warn };

	return schema_compile(out, v, &source, err);
}

int rules_load_schema(const char *path, void (*warn)(const char *text), struct schema **out, struct error *err)
{
	struct doc d;
	int rc;

	if (doc_load(&d, path, err))
		return -1;
	rc = compile(&d, doc_root(&d), warn, out, err);
	doc_release(&d);
	return rc;
}

/* A name in a file is meant from where that file stands. */
static char *beside(const char *path, struct span name)
{
	const char *slash = strrchr(path, '/');
	struct buf out = BUF_INIT;

	if (slash && name.n && name.p[0] != '/')
		buf_add(&out, path, (size_t)(slash - path) + 1);
	buf_addspan(&out, name);
	return buf_take(&out);
}

static int load_from(struct doc *d, struct value v, const char *path, void (*warn)(const char *text), struct schema **out,
		     struct error *err)
{
	struct span name;
	char *file;
	int rc;

	if (value_type(v) != TOKEN_STRING)
		return compile(d, v, warn, out, err);
	if (doc_text(d, v, "schema", &name, err))
		return -1;
	file = beside(path, name);
	rc = rules_load_schema(file, warn, out, err);
	free(file);
	return rc;
}

/* What a rules file may say in time, and what is done of it. */
static int check_keys(struct doc *d, struct error *err)
{
	static const char *const words[] = { "schema", "unique", "references", "overlaps", "checks", "quality", NULL };
	struct walk walk = { 0 };
	struct value name, v;

	if (doc_is_map(d, doc_root(d), "a rules file", err) || doc_names(d, doc_root(d), "a rules file", words, err))
		return -1;
	while (value_next(doc_root(d), &walk, &name, &v))
		if (!value_text_is(name, SPAN_LIT("schema")))
			return doc_error(d, name, err, "'%s' is not supported: this version judges by 'schema' alone",
					 error_show(value_bytes(name)));
	return 0;
}

int rules_load(const char *path, void (*warn)(const char *text), struct schema **out, struct error *err)
{
	struct value v;
	struct doc d;
	int rc;

	if (doc_load(&d, path, err))
		return -1;
	rc = check_keys(&d, err);
	if (!rc && !doc_get(doc_root(&d), "schema", &v))
		rc = doc_error(&d, doc_root(&d), err, "there is no 'schema'");
	if (!rc)
		rc = load_from(&d, v, path, warn, out, err);
	doc_release(&d);
	return rc;
}
