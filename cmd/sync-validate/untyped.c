/* untyped: text judged by the type that a schema wants. */
#include "untyped.h"

#include <stdlib.h>

#include "base/xalloc.h"

struct column {
	struct span name;
	unsigned types;		/* as schema_types has them */
};

struct untyped {
	struct column *column;	/* owned */
	size_t n, cap;
	struct arena arena;
	struct buf text;
	struct record rec;	/* owned */
};

static bool is_untyped(struct value field)
{
	struct value v;

	return value_member(field, SPAN_LIT("x-type"), &v) && value_type(v) == TOKEN_STRING && value_text_is(v, SPAN_LIT("untyped"));
}

struct untyped *untyped_new(struct value frame, const struct schema *given)
{
	struct untyped *u = xcalloc(1, sizeof *u);
	struct value properties, name, field;
	struct walk walk = { 0 };
	struct column c;

	record_init(&u->rec);
	if (value_member(frame, SPAN_LIT("properties"), &properties) && value_type(properties) == TOKEN_OBJECT) {
		while (value_next(properties, &walk, &name, &field)) {
			if (!is_untyped(field))
				continue;
			c.name = arena_span(&u->arena, value_text(name, &u->arena));
			c.types = schema_types(given, c.name);
			if (c.types & 1u << TOKEN_STRING)
				continue;
			XGROW(u->column, u->n, u->cap);
			u->column[u->n++] = c;
		}
	}
	if (u->n)
		return u;
	untyped_free(u);
	return NULL;
}

void untyped_free(struct untyped *u)
{
	if (!u)
		return;
	free(u->column);
	arena_release(&u->arena);
	buf_release(&u->text);
	record_release(&u->rec);
	free(u);
}

static size_t digits(struct span s, size_t i)
{
	size_t start = i;

	while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
		i++;
	return i - start;
}

/* RFC 8259 §6 */
static bool is_number(struct span s)
{
	size_t i = s.n && s.p[0] == '-', n = digits(s, i);

	if (!n || (n > 1 && s.p[i] == '0'))
		return false;
	i += n;
	if (i < s.n && s.p[i] == '.') {
		n = digits(s, ++i);
		if (!n)
			return false;
		i += n;
	}
	if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
		i++;
		i += i < s.n && (s.p[i] == '+' || s.p[i] == '-');
		n = digits(s, i);
		if (!n)
			return false;
		i += n;
	}
	return i == s.n;
}

/* Whether a string's text can stand for a value of one of the types. */
static bool stands_for(struct span text, unsigned types)
{
	if (types & (1u << TOKEN_NUMBER | SCHEMA_INTEGER) && is_number(text))
		return true;
	return types & 1u << TOKEN_TRUE && (span_is(text, "true") || span_is(text, "false"));
}

static const struct column *find(const struct untyped *u, struct value name, size_t guess)
{
	size_t i, k;

	for (i = 0; i < u->n; i++) {
		k = (guess + i) % u->n;
		if (value_text_is(name, u->column[k].name))
			return &u->column[k];
	}
	return NULL;
}

const struct record *untyped_read(struct untyped *u, const struct record *rec, uint32_t skip, struct error *err)
{
	const struct scan_limits limits = { UINT32_MAX / 2, UINT32_MAX };	/* it was within bounds when it was read */
	struct value name, v;
	struct walk walk = { 0 };
	const struct column *c;
	size_t guess = 0;

	buf_reset(&u->text);
	while (value_next(record_root(rec), &walk, &name, &v)) {
		if (skip && name.tok == skip)
			continue;
		buf_addc(&u->text, u->text.n ? ',' : '{');
		value_write(name, &u->text);
		buf_addc(&u->text, ':');
		c = value_type(v) == TOKEN_STRING ? find(u, name, guess) : NULL;
		if (c)
			guess = (size_t)(c - u->column) + 1;
		if (c && stands_for(value_bytes(v), c->types))
			buf_addspan(&u->text, value_bytes(v));
		else
			value_write(v, &u->text);
	}
	buf_adds(&u->text, u->text.n ? "}" : "{}");
	return record_copy(&u->rec, u->text.p, u->text.n, &limits, err) ? NULL : &u->rec;
}
