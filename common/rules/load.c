/* load: schemas and rules from the files that users write, YAML or JSON. */
#include <stdlib.h>

#include "base/buf.h"
#include "doc/yaml.h"
#include "rules/rules.h"

static void where(const void *ctx, uint32_t tok, uint32_t *line, uint32_t *column)
{
	const struct doc *doc = ctx;
	struct doc_place at = doc_place(doc, (struct value){ &doc->rec, tok });

	*line = at.line;
	*column = at.column;
}

static int compile(struct doc *doc, struct value root, void (*warn)(const char *text), struct schema **out, struct error *err)
{
	const struct schema_source source = { .name = doc->name, .where = where, .ctx = doc, .warn = warn };

	return schema_compile(out, root, &source, err);
}

int rules_load_schema(const char *path, void (*warn)(const char *text), struct schema **out, struct error *err)
{
	struct doc doc;
	int rc;

	if (doc_load(&doc, path, err))
		return -1;
	rc = compile(&doc, doc_root(&doc), warn, out, err);
	doc_release(&doc);
	return rc;
}

/* A file named in another file is looked for beside that one. */
static int load_beside(const char *path, struct span name, void (*warn)(const char *text), struct schema **out, struct error *err)
{
	const char *slash = strrchr(path, '/');
	struct buf b = BUF_INIT;
	int rc;

	if (slash && name.n && name.p[0] != '/')
		buf_add(&b, path, (size_t)(slash + 1 - path));
	buf_addspan(&b, name);
	rc = rules_load_schema(buf_str(&b), warn, out, err);
	buf_release(&b);
	return rc;
}

int rules_load(const char *path, void (*warn)(const char *text), struct schema **out, struct error *err)
{
	static const char *const names[] = { "schema", NULL };
	struct span file;
	struct value v;
	struct doc doc;
	int rc;

	if (doc_load(&doc, path, err))
		return -1;
	rc = doc_names(&doc, doc_root(&doc), "rules", names, err);
	if (!rc && !doc_get(doc_root(&doc), "schema", &v))
		rc = doc_error(&doc, doc_root(&doc), err, "'schema' is missing");
	if (!rc && value_type(v) == TOKEN_STRING)
		rc = doc_text(&doc, v, "schema", &file, err) || load_beside(path, file, warn, out, err) ? -1 : 0;
	else if (!rc)
		rc = compile(&doc, v, warn, out, err);
	doc_release(&doc);
	return rc;
}
