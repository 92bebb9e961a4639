/* compile: a schema's document, copied, indexed, then turned into nodes, keyword by keyword. */
#include "rules/compile.h"

#include <stdlib.h>

#include "base/xalloc.h"

/* What a document without an absolute `$id` of its own is known as, to itself. */
#define BASE "syncline:///schema"

enum { CHAIN_MAX = 1000 };	/* schemas that apply to one value, each because of the one before */

/* ---- messages */

static void add_position(const struct compiler *c, uint32_t tok, struct buf *out)
{
	uint32_t line = 0, column = 0;

	buf_adds(out, c->source->name);
	if (c->source->where) {
		c->source->where(c->source->ctx, c->first + tok, &line, &column);
		buf_addf(out, ":%u:%u", line, column);
	}
	buf_adds(out, ": ");
}

static void add_place(const struct node *at, const char *keyword, struct buf *out)
{
	if (at) {
		buf_adds(out, error_show(at->where));
		if (keyword) {
			buf_addc(out, '/');
			buf_adds(out, keyword);
		}
		buf_adds(out, ": ");
	}
}

static void add_message(struct compiler *c, const struct node *at, const char *keyword, uint32_t tok, const char *fmt,
			va_list ap, struct buf *out)
{
	add_position(c, tok, out);
	add_place(at, keyword, out);
	buf_vaddf(out, fmt, ap);
}

int compile_fail(struct compiler *c, const struct node *at, const char *keyword, uint32_t tok, const char *fmt, ...)
{
	struct buf text = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	add_message(c, at, keyword, tok, fmt, ap, &text);
	va_end(ap);
	error_set(c->err, EXIT_USAGE, "%s", buf_str(&text));
	buf_release(&text);
	return -1;
}

void compile_warn(struct compiler *c, const struct node *at, const char *keyword, uint32_t tok, const char *fmt, ...)
{
	struct buf text = BUF_INIT;
	va_list ap;

	if (!c->source->warn)
		return;
	va_start(ap, fmt);
	add_message(c, at, keyword, tok, fmt, ap, &text);
	va_end(ap);
	c->source->warn(buf_str(&text));
	buf_release(&text);
}

/* ---- keywords */

static void unknown_keyword(struct compiler *c, const struct node *n, struct span name, uint32_t tok)
{
	const char *nearest = keyword_nearest(name);

	if (nearest)
		compile_warn(c, n, NULL, tok, "unknown keyword '%s' checks nothing; is '%s' meant?", error_show(name), nearest);
}

static int add_keywords(struct compiler *c, struct node *n)
{
	struct value schema = { &c->s->doc, n->tok }, name, v;
	const struct keyword *k;
	struct walk walk = { 0 };
	struct span word;

	if (value_type(schema) != TOKEN_OBJECT) {
		n->never = value_type(schema) == TOKEN_FALSE;
		return 0;
	}
	while (value_next(schema, &walk, &name, &v)) {
		word = value_text(name, &c->s->arena);
		k = keyword_find(word);
		if (!k)
			unknown_keyword(c, n, word, name.tok);
		else if (k->refused)
			return compile_fail(c, n, k->name, name.tok, "%s", k->refused);
		else if (k->add && k->add(c, n, v))
			return -1;
	}
	return 0;
}

/* ---- references without end: a schema that applies itself to the same value again */

static int follow_chain(struct compiler *c, struct node *n, unsigned depth);

static int follow_dependencies(struct compiler *c, const struct node *n, unsigned depth)
{
	const struct dependency *d;

	for (d = n->object ? n->object->dependency : NULL; d; d = d->next)
		if (d->node && follow_chain(c, d->node, depth))
			return -1;
	return 0;
}

static int follow_chain(struct compiler *c, struct node *n, unsigned depth)
{
	const struct logic *l;
	uint32_t i;

	if (n->sound)
		return 0;
	if (n->busy)
		return compile_fail(c, n, NULL, n->tok, "refers to itself without end");
	if (depth > CHAIN_MAX)
		return compile_fail(c, n, NULL, n->tok, "references nest deeper than %d", CHAIN_MAX);
	n->busy = true;
	for (l = n->logic; l; l = l->next)
		for (i = 0; i < l->n; i++)
			if (l->sub[i] && follow_chain(c, l->sub[i], depth + 1))
				return -1;
	if (follow_dependencies(c, n, depth + 1))
		return -1;
	n->busy = false;
	n->sound = true;
	return 0;
}

/* ---- past references, and without what says nothing */

static struct node *useful(struct node *n)
{
	n = node_target(n);
	return n && node_is_free(n) ? NULL : n;
}

static int node_finish(struct compiler *c, struct node *n)
{
	struct array_rules *a = n->array;
	struct logic *l;
	uint32_t i;

	for (l = n->logic; l; l = l->next)
		for (i = 0; i < l->n; i++)
			l->sub[i] = node_target(l->sub[i]);
	if (a) {
		a->items = useful(a->items);
		a->contains = node_target(a->contains);
		for (i = 0; i < a->nprefix; i++)
			a->prefix[i] = useful(a->prefix[i]);
	}
	if (n->string)
		n->string->picky = n->string->pattern || n->string->format || n->string->base64;
	n->leaf = !n->never && !n->constant && !n->logic;
	return n->object ? object_finish(c, n) : 0;
}

/* ---- the document */

/* Copies the schema, so that it lives as long as its program; its tokens keep their order. */
static int copy_document(struct compiler *c, struct value root)
{
	struct schema *s = c->s;
	struct scan_limits limits = SCAN_LIMITS_INIT;
	struct record_names *memo = NULL;
	struct value name;
	int rc;

	value_write(root, &s->text);
	buf_reserve(&s->text, SCAN_PADDING);
	memset(s->text.p + s->text.n, 0, SCAN_PADDING);
	if (record_scan(&s->doc, s->text.p, s->text.n, &limits, c->err)) {
		c->err->status = EXIT_USAGE;
		return error_prefix(c->err, "%s: ", c->source->name);
	}
	rc = record_duplicate(&s->doc, &memo, &name);
	record_names_release(memo);
	if (rc)
		return compile_fail(c, NULL, NULL, name.tok, "'%s' is there twice", error_show(value_bytes(name)));
	s->node = xcalloc(s->doc.tape.n, sizeof *s->node);
	c->resource_of = xcalloc(s->doc.tape.n, sizeof *c->resource_of);
	return 0;
}

static int compile_all(struct compiler *c, struct value root)
{
	uint32_t i;

	if (copy_document(c, root))
		return -1;
	buf_adds(&c->path, "#");
	index_resource(c, SPAN_LIT(BASE), 0);
	if (index_schema(c, 0, 0))
		return -1;
	c->s->root = c->s->node[0];
	for (i = 0; i < c->n; i++)	/* grows while references find more */
		if (add_keywords(c, c->todo[i]))
			return -1;
	for (i = 0; i < c->n; i++)
		if (follow_chain(c, c->todo[i], 0))
			return -1;
	for (i = 0; i < c->n; i++)
		if (node_finish(c, c->todo[i]))
			return -1;
	c->s->root = node_target(c->s->root);
	return 0;
}

static void compiler_release(struct compiler *c)
{
	free(c->todo);
	free(c->resource_of);
	free(c->resource);
	free(c->anchor);
	buf_release(&c->path);
}

int schema_compile(struct schema **out, struct value root, const struct schema_source *source, struct error *err)
{
	struct compiler c = { .source = source, .first = root.tok, .err = err };
	struct schema *s = xcalloc(1, sizeof *s);
	int rc;

	record_init(&s->doc);
	s->frame = source->frame;
	hash_key_random(&s->key);
	s->seed = s->key.k[0];
	c.s = s;
	rc = compile_all(&c, root);
	compiler_release(&c);
	if (rc) {
		schema_free(s);
		return -1;
	}
	*out = s;
	return 0;
}

static void node_release(struct node *n)
{
	uint32_t i;

	if (n->string && n->string->pattern)
		regex_free(n->string->pattern);
	for (i = 0; n->object && i < n->object->npattern; i++)
		regex_free(n->object->pattern[i].regex);
}

void schema_free(struct schema *s)
{
	uint32_t i;

	if (!s)
		return;
	for (i = 0; s->node && i < s->doc.tape.n; i++)
		if (s->node[i])
			node_release(s->node[i]);
	free(s->node);
	record_release(&s->doc);
	buf_release(&s->text);
	arena_release(&s->arena);
	arena_release(&s->scratch);
	buf_release(&s->text_scratch);
	free(s);
}
