/* index: where schemas stand in a document, the URIs and anchors they have, and what a reference means. */
#include "rules/compile.h"

#include <stdio.h>

#include "base/xalloc.h"
#include "rules/pointer.h"
#include "rules/uri.h"

static struct node *new_node(struct compiler *c, uint32_t tok, uint32_t resource)
{
	struct node *n = arena_zalloc(&c->s->arena, sizeof *n);

	n->types = TYPE_ANY;
	n->tok = tok;
	n->where = arena_span(&c->s->arena, buf_span(&c->path));
	c->s->node[tok] = n;
	c->resource_of[tok] = resource;
	XGROW(c->todo, c->n, c->cap);
	c->todo[c->n++] = n;
	return n;
}

/* The absolute URI of a reference seen in a resource, its fragment split off. */
static struct span absolute(struct compiler *c, uint32_t resource, struct span ref, struct span *fragment)
{
	struct buf out = BUF_INIT;
	struct span uri;
	const char *hash;

	uri_resolve(c->resource[resource].uri, ref, &out);
	uri = arena_span(&c->s->arena, buf_span(&out));
	buf_release(&out);
	hash = memchr(uri.p, '#', uri.n);
	*fragment = hash ? (struct span){ hash + 1, uri.n - (size_t)(hash + 1 - uri.p) } : (struct span){ NULL, 0 };
	if (hash)
		uri.n = (size_t)(hash - uri.p);
	return uri;
}

static int find_resource(const struct compiler *c, struct span uri, uint32_t *out)
{
	uint32_t i;

	for (i = 0; i < c->nresource; i++) {
		if (span_eq(c->resource[i].uri, uri)) {
			*out = i;
			return 0;
		}
	}
	return -1;
}

uint32_t index_resource(struct compiler *c, struct span uri, uint32_t tok)
{
	XGROW(c->resource, c->nresource, c->cresource);
	c->resource[c->nresource] = (struct resource){ uri, tok };
	return c->nresource++;
}

static int string_member(struct compiler *c, struct node *n, const char *name, struct value *out)
{
	struct value object = { &c->s->doc, n->tok };

	if (!value_member(object, span_of(name), out))
		return 0;
	if (value_type(*out) != TOKEN_STRING)
		return compile_fail(c, n, name, out->tok, "must be a string");
	return 1;
}

/* `$id` opens a resource. */
static int read_id(struct compiler *c, struct node *n, uint32_t *resource)
{
	struct span uri, fragment;
	uint32_t other;
	struct value v;
	int got = string_member(c, n, "$id", &v);

	if (got <= 0)
		return got;
	uri = absolute(c, *resource, value_text(v, &c->s->arena), &fragment);
	if (fragment.n)
		return compile_fail(c, n, "$id", v.tok, "has a fragment: say $anchor");
	if (!find_resource(c, uri, &other) && c->resource[other].tok != n->tok)
		return compile_fail(c, n, "$id", v.tok, "'%s' is there twice", error_show(uri));
	if (n->tok == 0)
		c->resource[0].uri = uri;
	else
		*resource = index_resource(c, uri, n->tok);
	c->resource_of[n->tok] = *resource;
	return 0;
}

static int read_anchor(struct compiler *c, struct node *n, const char *keyword, uint32_t resource)
{
	struct span name;
	struct value v;
	uint32_t i;
	int got = string_member(c, n, keyword, &v);

	if (got <= 0)
		return got;
	name = value_text(v, &c->s->arena);
	for (i = 0; i < c->nanchor; i++)
		if (c->anchor[i].resource == resource && c->anchor[i].tok != n->tok && span_eq(c->anchor[i].name, name))
			return compile_fail(c, n, keyword, v.tok, "'%s' is there twice", error_show(name));
	XGROW(c->anchor, c->nanchor, c->canchor);
	c->anchor[c->nanchor++] = (struct anchor){ resource, name, n->tok };
	return 0;
}

/* The schemas inside a keyword's value, which may be one, a list of them or a map. */
static int index_children(struct compiler *c, struct node *n, const struct keyword *k, struct value v, uint32_t resource)
{
	enum token_type want = k->shape == SHAPE_LIST ? TOKEN_ARRAY : TOKEN_OBJECT;
	struct walk walk = { 0 };
	struct value name, sub;
	size_t mark = c->path.n;
	uint32_t i = 0;

	if (value_type(v) == TOKEN_ARRAY && !strcmp(k->name, "items"))
		return compile_fail(c, n, k->name, v.tok, "is an array in older drafts: say prefixItems");
	if (k->shape == SHAPE_ONE)
		return index_schema(c, v.tok, resource);
	if (value_type(v) != want)
		return compile_fail(c, n, k->name, v.tok, "must be an %s of schemas", want == TOKEN_ARRAY ? "array" : "object");
	while (value_next(v, &walk, &name, &sub)) {
		if (want == TOKEN_ARRAY)
			buf_addf(&c->path, "/%u", i++);
		else
			pointer_step(value_text(name, &c->s->arena), &c->path);
		if (index_schema(c, sub.tok, resource))
			return -1;
		c->path.n = mark;
	}
	return 0;
}

int index_schema(struct compiler *c, uint32_t tok, uint32_t resource)
{
	struct value v = { &c->s->doc, tok }, name, member;
	const struct keyword *k;
	struct walk walk = { 0 };
	size_t mark = c->path.n;
	struct node *n;

	if (c->s->node[tok])
		return 0;
	n = new_node(c, tok, resource);
	if (value_type(v) == TOKEN_TRUE || value_type(v) == TOKEN_FALSE)
		return 0;
	if (value_type(v) != TOKEN_OBJECT)
		return compile_fail(c, n, NULL, tok, "a schema is an object, true or false");
	if (read_id(c, n, &resource) || read_anchor(c, n, "$anchor", resource) || read_anchor(c, n, "$dynamicAnchor", resource))
		return -1;
	while (value_next(v, &walk, &name, &member)) {
		k = keyword_find(value_text(name, &c->s->arena));
		if (!k || k->shape == SHAPE_NONE)
			continue;
		buf_addc(&c->path, '/');
		buf_adds(&c->path, k->name);
		if (index_children(c, n, k, member, resource))
			return -1;
		c->path.n = mark;
	}
	return 0;
}

/* ---- references */

static int step_into(struct value *at, struct span name)
{
	struct walk walk = { 0 };
	struct value v;
	uint32_t i = 0;
	char digits[16];

	if (value_type(*at) == TOKEN_OBJECT)
		return value_member(*at, name, at) ? 0 : -1;
	if (value_type(*at) != TOKEN_ARRAY)
		return -1;
	while (value_next(*at, &walk, NULL, &v)) {
		snprintf(digits, sizeof digits, "%u", i++);
		if (span_is(name, digits)) {
			*at = v;
			return 0;
		}
	}
	return -1;
}

/* Follows a JSON Pointer from a resource's root, and notes the innermost resource on its way. */
static int follow(struct compiler *c, struct span pointer, uint32_t *resource, struct value *at)
{
	struct buf name = BUF_INIT;
	size_t i = 0;

	while (i < pointer.n) {
		buf_reset(&name);
		for (i++; i < pointer.n && pointer.p[i] != '/'; i++) {
			bool tilde = pointer.p[i] == '~' && i + 1 < pointer.n;

			buf_addc(&name, !tilde ? pointer.p[i] : pointer.p[i + 1] == '1' ? '/' : '~');
			i += tilde;
		}
		if (step_into(at, buf_span(&name))) {
			buf_release(&name);
			return -1;
		}
		pointer_step(buf_span(&name), &c->path);
		if (c->s->node[at->tok])
			*resource = c->resource_of[at->tok];
	}
	buf_release(&name);
	return 0;
}

static int by_pointer(struct compiler *c, uint32_t resource, struct span pointer, struct value *at)
{
	struct span where = c->s->node[c->resource[resource].tok]->where;
	uint32_t inner = resource;
	int rc;

	*at = (struct value){ &c->s->doc, c->resource[resource].tok };
	buf_reset(&c->path);
	buf_addspan(&c->path, where);
	rc = follow(c, pointer, &inner, at);
	if (!rc)
		rc = index_schema(c, at->tok, inner) ? -2 : 0;
	return rc;
}

static int by_anchor(const struct compiler *c, uint32_t resource, struct span name, struct value *at)
{
	uint32_t i;

	for (i = 0; i < c->nanchor; i++) {
		if (c->anchor[i].resource == resource && span_eq(c->anchor[i].name, name)) {
			*at = (struct value){ &c->s->doc, c->anchor[i].tok };
			return 0;
		}
	}
	return -1;
}

int index_resolve(struct compiler *c, const struct node *from, struct value ref, struct node **out)
{
	struct span text = value_text(ref, &c->s->arena), uri, fragment;
	struct buf plain = BUF_INIT;
	struct value at;
	uint32_t resource;
	int rc;

	uri = absolute(c, c->resource_of[from->tok], text, &fragment);
	if (find_resource(c, uri, &resource))
		return compile_fail(c, from, "$ref", ref.tok, "'%s' is outside this document, and remote references are not supported",
				    error_show(text));
	uri_decode(fragment, &plain);
	if (plain.n && plain.p[0] != '/')
		rc = by_anchor(c, resource, buf_span(&plain), &at);
	else
		rc = by_pointer(c, resource, buf_span(&plain), &at);
	buf_release(&plain);
	if (rc == -1)
		return compile_fail(c, from, "$ref", ref.tok, "'%s' refers to nothing", error_show(text));
	if (rc)
		return -1;
	*out = c->s->node[at.tok];
	return 0;
}
