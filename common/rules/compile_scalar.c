/* compile_scalar: the keywords about types, fixed values, numbers and strings. */
#include "rules/compile.h"

#include "doc/suggest.h"
#include "rules/decimal.h"
#include "value/number.h"

/* ---- type */

static const struct { const char *name; uint8_t bits; } types[] = {
	{ "null", 1 << TOKEN_NULL },
	{ "boolean", 1 << TOKEN_FALSE | 1 << TOKEN_TRUE },
	{ "integer", TYPE_INTEGER },
	{ "number", TYPE_NUMBER | TYPE_INTEGER },
	{ "string", TYPE_STRING },
	{ "array", 1 << TOKEN_ARRAY },
	{ "object", TYPE_OBJECT },
};

enum { TYPES = sizeof types / sizeof *types };

static int one_type(struct compiler *c, struct node *n, struct value v, unsigned *bits)
{
	const char *names[TYPES + 1] = { NULL }, *nearest;
	struct span name;
	size_t i;

	if (value_type(v) != TOKEN_STRING)
		return compile_fail(c, n, "type", v.tok, "must be a type's name, or an array of them");
	name = value_text(v, &c->s->arena);
	for (i = 0; i < TYPES; i++) {
		if (span_is(name, types[i].name)) {
			*bits |= types[i].bits;
			return 0;
		}
		names[i] = types[i].name;
	}
	nearest = suggest(name, names);
	return compile_fail(c, n, "type", v.tok, "unknown type '%s'%s%s%s", error_show(name), nearest ? "; is '" : "",
			    nearest ? nearest : "", nearest ? "' meant?" : "");
}

int add_type(struct compiler *c, struct node *n, struct value v)
{
	struct walk walk = { 0 };
	struct value one;
	unsigned bits = 0;

	if (value_type(v) != TOKEN_ARRAY) {
		if (one_type(c, n, v, &bits))
			return -1;
	} else {
		while (value_next(v, &walk, NULL, &one))
			if (one_type(c, n, one, &bits))
				return -1;
		if (!bits)
			return compile_fail(c, n, "type", v.tok, "names no type");
	}
	n->types = (uint8_t)bits;
	return 0;
}

/* ---- enum and const */

static void put_choice(struct compiler *c, struct choice *out, struct value v)
{
	out->value = v;
	if (value_type(v) == TOKEN_STRING)
		short_set(&out->text, value_text(v, &c->s->arena));
}

int add_enum(struct compiler *c, struct node *n, struct value v)
{
	struct enum_rules *e = arena_zalloc(&c->s->arena, sizeof *e);
	struct walk walk = { 0 };
	struct value one;

	if (value_type(v) != TOKEN_ARRAY)
		return compile_fail(c, n, "enum", v.tok, "must be an array");
	e->code = "enum";
	e->choice = arena_zalloc(&c->s->arena, value_count(v) * sizeof *e->choice);
	while (value_next(v, &walk, NULL, &one))
		put_choice(c, &e->choice[e->n++], one);
	n->values = e;
	return 0;
}

int add_const(struct compiler *c, struct node *n, struct value v)
{
	struct enum_rules *e = arena_zalloc(&c->s->arena, sizeof *e);

	e->code = "const";
	e->choice = arena_zalloc(&c->s->arena, sizeof *e->choice);
	e->n = 1;
	put_choice(c, e->choice, v);
	n->constant = e;
	return 0;
}

/* ---- numbers */

struct number_rules *node_number(struct compiler *c, struct node *n)
{
	if (!n->number) {
		n->number = arena_zalloc(&c->s->arena, sizeof *n->number);
		n->number->lo = INT64_MIN;
		n->number->hi = INT64_MAX;
	}
	return n->number;
}

static int take_limit(struct compiler *c, struct node *n, const char *keyword, enum limit_kind kind, struct value v)
{
	if (value_type(v) != TOKEN_NUMBER)
		return compile_fail(c, n, keyword, v.tok, "must be a number");
	node_number(c, n)->limit[kind] = value_bytes(v);
	return 0;
}

/* The integers that are surely within a limit; none, when the limit isn't simple. */
static void narrow(struct number_rules *r, enum limit_kind kind)
{
	int64_t floor, ceil, lo = INT64_MIN, hi = INT64_MAX;
	bool whole;

	if (decimal_quick(r->limit[kind].p, r->limit[kind].n, &floor, &whole)) {
		ceil = whole ? floor : floor + 1;
		switch (kind) {
		case LIMIT_MIN: lo = ceil; break;
		case LIMIT_ABOVE: lo = floor + 1; break;
		case LIMIT_MAX: hi = floor; break;
		default: hi = ceil - 1; break;
		}
	} else {
		lo = INT64_MAX;
		hi = INT64_MIN;
	}
	if (r->lo < lo)
		r->lo = lo;
	if (r->hi > hi)
		r->hi = hi;
}

static int add_limit(struct compiler *c, struct node *n, const char *keyword, enum limit_kind kind, struct value v)
{
	if (take_limit(c, n, keyword, kind, v))
		return -1;
	narrow(n->number, kind);
	return 0;
}

int add_minimum(struct compiler *c, struct node *n, struct value v)
{
	return add_limit(c, n, "minimum", LIMIT_MIN, v);
}

int add_maximum(struct compiler *c, struct node *n, struct value v)
{
	return add_limit(c, n, "maximum", LIMIT_MAX, v);
}

static int add_exclusive(struct compiler *c, struct node *n, const char *keyword, enum limit_kind kind, struct value v)
{
	if (value_type(v) == TOKEN_TRUE || value_type(v) == TOKEN_FALSE)
		return compile_fail(c, n, keyword, v.tok, "is an older draft's: it must be the limit itself");
	return add_limit(c, n, keyword, kind, v);
}

int add_exclusive_minimum(struct compiler *c, struct node *n, struct value v)
{
	return add_exclusive(c, n, "exclusiveMinimum", LIMIT_ABOVE, v);
}

int add_exclusive_maximum(struct compiler *c, struct node *n, struct value v)
{
	return add_exclusive(c, n, "exclusiveMaximum", LIMIT_BELOW, v);
}

int add_multiple_of(struct compiler *c, struct node *n, struct value v)
{
	int64_t floor;
	bool whole;

	if (take_limit(c, n, "multipleOf", LIMIT_STEP, v))
		return -1;
	if (number_compare(value_bytes(v), SPAN_LIT("0")) <= 0)
		return compile_fail(c, n, "multipleOf", v.tok, "must be above 0");
	if (number_digits(value_bytes(v)) > NUMBER_DIVISOR_DIGITS)
		return compile_fail(c, n, "multipleOf", v.tok, "has more than %d digits", NUMBER_DIVISOR_DIGITS);
	if (decimal_quick(value_bytes(v).p, value_bytes(v).n, &floor, &whole) && whole)
		n->number->step = floor;
	return 0;
}

/* ---- counts */

int compile_count(struct compiler *c, struct node *n, const char *keyword, struct value v, uint64_t *out)
{
	int64_t small;

	if (value_type(v) != TOKEN_NUMBER || !number_is_integer(value_bytes(v)) || number_compare(value_bytes(v), SPAN_LIT("0")) < 0)
		return compile_fail(c, n, keyword, v.tok, "must be a whole number, 0 or more");
	*out = value_int64(v, &small) ? UINT64_MAX : (uint64_t)small;
	return 0;
}

/* ---- strings */

struct string_rules *node_string(struct compiler *c, struct node *n)
{
	if (!n->string) {
		n->string = arena_zalloc(&c->s->arena, sizeof *n->string);
		n->string->max = UINT64_MAX;
	}
	return n->string;
}

int add_min_length(struct compiler *c, struct node *n, struct value v)
{
	return compile_count(c, n, "minLength", v, &node_string(c, n)->min);
}

int add_max_length(struct compiler *c, struct node *n, struct value v)
{
	return compile_count(c, n, "maxLength", v, &node_string(c, n)->max);
}

int compile_pattern(struct compiler *c, struct node *n, const char *keyword, uint32_t tok, struct span text, struct regex **out)
{
	struct error why = ERROR_INIT;

	*out = regex_compile(text, &why);
	if (!*out)
		return compile_fail(c, n, keyword, tok, "%s", why.text);
	return 0;
}

int add_pattern(struct compiler *c, struct node *n, struct value v)
{
	struct string_rules *s = node_string(c, n);

	if (value_type(v) != TOKEN_STRING)
		return compile_fail(c, n, "pattern", v.tok, "must be a string");
	s->pattern_text = value_text(v, &c->s->arena);
	return compile_pattern(c, n, "pattern", v.tok, s->pattern_text, &s->pattern);
}

static const char *nearest_format(struct span name)
{
	const char *names[32] = { NULL };
	const struct format *table;
	size_t n, i;

	table = format_table(&n);
	for (i = 0; i < n && i < 31; i++)
		names[i] = table[i].name;
	return suggest(name, names);
}

int add_format(struct compiler *c, struct node *n, struct value v)
{
	struct span name;
	const char *nearest;

	if (value_type(v) != TOKEN_STRING)
		return compile_fail(c, n, "format", v.tok, "must be a string");
	name = value_text(v, &c->s->arena);
	node_string(c, n)->format = format_find(name);
	if (n->string->format)
		return 0;
	nearest = nearest_format(name);
	if (nearest)
		compile_warn(c, n, "format", v.tok, "unknown format '%s' checks nothing; is '%s' meant?", error_show(name), nearest);
	return 0;
}

int add_content_encoding(struct compiler *c, struct node *n, struct value v)
{
	if (value_type(v) != TOKEN_STRING)
		return compile_fail(c, n, "contentEncoding", v.tok, "must be a string");
	if (c->s->frame && span_is(value_text(v, &c->s->arena), "base64"))
		node_string(c, n)->base64 = true;
	return 0;
}
