/* compile: from a schema's document to its program. Private to this room: compile.c and its handlers. */
#ifndef SYNC_RULES_COMPILE_H
#define SYNC_RULES_COMPILE_H

#include "rules/program.h"

/* A part of the document with a URI of its own (`$id`); the first is the document. */
struct resource {
	struct span uri;	/* absolute, without a fragment */
	uint32_t tok;
};

struct anchor {
	uint32_t resource;
	struct span name;
	uint32_t tok;
};

struct compiler {
	struct schema *s;
	const struct schema_source *source;
	uint32_t first;			/* token of the source's record that is token 0 of ours */
	struct node **todo;		/* owned: every node, in the order they were found */
	uint32_t n, cap;
	uint32_t *resource_of;		/* owned: by token of a schema, the resource it belongs to */
	struct resource *resource;	/* owned */
	uint32_t nresource, cresource;
	struct anchor *anchor;		/* owned */
	uint32_t nanchor, canchor;
	struct buf path;		/* of what is being looked at: "#/properties/age" */
	struct error *err;
};

/* Where subschemas stand in a keyword's value. */
enum shape { SHAPE_NONE, SHAPE_ONE, SHAPE_LIST, SHAPE_MAP };

struct keyword {
	const char *name;
	enum shape shape;
	/* Adds the keyword to the node; NULL: an annotation, or read with another keyword. */
	int (*add)(struct compiler *c, struct node *n, struct value v);
	const char *refused;	/* why the keyword isn't taken; NULL: it is */
};

/* NULL: unknown. */
const struct keyword *keyword_find(struct span name);
/* The keyword nearest to a name that is probably a mistake for it, or NULL. */
const char *keyword_nearest(struct span name);

/* A usage error at a token of the document: -1. `at` is the node it concerns and may be NULL; keyword too. */
int compile_fail(struct compiler *c, const struct node *at, const char *keyword, uint32_t tok, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
void compile_warn(struct compiler *c, const struct node *at, const char *keyword, uint32_t tok, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* The node of a subschema's token: found by the index. */
static inline struct node *compile_node(struct compiler *c, struct value v) { return c->s->node[v.tok]; }

/* Adds a resource: its index. The document itself comes first. */
uint32_t index_resource(struct compiler *c, struct span uri, uint32_t tok);
/* Finds the schemas at and below tok, with their ids and anchors. c->path is where it stands. */
int index_schema(struct compiler *c, uint32_t tok, uint32_t resource);
/* The node that a reference means, which may be one that the index has to find first. */
int index_resolve(struct compiler *c, const struct node *from, struct value ref, struct node **out);

/* The groups of a node, made when first asked for. */
struct number_rules *node_number(struct compiler *c, struct node *n);
struct string_rules *node_string(struct compiler *c, struct node *n);
struct array_rules *node_array(struct compiler *c, struct node *n);
struct object_rules *node_object(struct compiler *c, struct node *n);

/* Handlers of keywords. */
int add_type(struct compiler *c, struct node *n, struct value v);
int add_enum(struct compiler *c, struct node *n, struct value v);
int add_const(struct compiler *c, struct node *n, struct value v);
int add_minimum(struct compiler *c, struct node *n, struct value v);
int add_maximum(struct compiler *c, struct node *n, struct value v);
int add_exclusive_minimum(struct compiler *c, struct node *n, struct value v);
int add_exclusive_maximum(struct compiler *c, struct node *n, struct value v);
int add_multiple_of(struct compiler *c, struct node *n, struct value v);
int add_min_length(struct compiler *c, struct node *n, struct value v);
int add_max_length(struct compiler *c, struct node *n, struct value v);
int add_pattern(struct compiler *c, struct node *n, struct value v);
int add_format(struct compiler *c, struct node *n, struct value v);
int add_content_encoding(struct compiler *c, struct node *n, struct value v);
int add_min_items(struct compiler *c, struct node *n, struct value v);
int add_max_items(struct compiler *c, struct node *n, struct value v);
int add_unique_items(struct compiler *c, struct node *n, struct value v);
int add_prefix_items(struct compiler *c, struct node *n, struct value v);
int add_items(struct compiler *c, struct node *n, struct value v);
int add_contains(struct compiler *c, struct node *n, struct value v);
int add_min_contains(struct compiler *c, struct node *n, struct value v);
int add_max_contains(struct compiler *c, struct node *n, struct value v);
int add_min_properties(struct compiler *c, struct node *n, struct value v);
int add_max_properties(struct compiler *c, struct node *n, struct value v);
int add_required(struct compiler *c, struct node *n, struct value v);
int add_properties(struct compiler *c, struct node *n, struct value v);
int add_pattern_properties(struct compiler *c, struct node *n, struct value v);
int add_additional_properties(struct compiler *c, struct node *n, struct value v);
int add_property_names(struct compiler *c, struct node *n, struct value v);
int add_dependent_required(struct compiler *c, struct node *n, struct value v);
int add_dependent_schemas(struct compiler *c, struct node *n, struct value v);
int add_ref(struct compiler *c, struct node *n, struct value v);
int add_all_of(struct compiler *c, struct node *n, struct value v);
int add_any_of(struct compiler *c, struct node *n, struct value v);
int add_one_of(struct compiler *c, struct node *n, struct value v);
int add_not(struct compiler *c, struct node *n, struct value v);
int add_if(struct compiler *c, struct node *n, struct value v);
int add_schema(struct compiler *c, struct node *n, struct value v);

/* A count: 0 or more, UINT64_MAX where it's greater than can be. */
int compile_count(struct compiler *c, struct node *n, const char *keyword, struct value v, uint64_t *out);
int compile_pattern(struct compiler *c, struct node *n, const char *keyword, uint32_t tok, struct span text, struct regex **out);

/* When all nodes have their keywords: plans for the names that the schema knows. */
int object_finish(struct compiler *c, struct node *n);

#endif
