/* load_nested: arrays, rows and hstore as PostgreSQL's text; objects and arrays in other columns as JSON text. */
#include <strings.h>

#include "load.h"

enum { MOST_DIMENSIONS = 6 };

static void add_quoted(struct span s, bool in_row, struct buf *out)
{
	size_t i;

	buf_addc(out, '"');
	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_addc(out, in_row ? s.p[i] : '\\');
		buf_addc(out, s.p[i]);
	}
	buf_addc(out, '"');
}

/* Every value but null in quotes: that is always right. */
static int add_inner(struct database *d, const struct column *c, const struct pg_type *t, int32_t typmod, struct value v, bool in_row,
		     struct buf *out, struct error *err)
{
	struct buf text = BUF_INIT;
	int verdict = type_text(d, c, t, typmod, v, &text, err);

	if (!verdict)
		add_quoted(buf_span(&text), in_row, out);
	buf_release(&text);
	return verdict;
}

static int add_array(struct database *d, const struct column *c, const struct pg_type *t, int32_t typmod, struct value v, int depth, struct buf *out,
		     struct error *err)
{
	bool json = t->element->kind == PG_JSON || t->element->kind == PG_JSONB;
	struct walk walk = { 0, 0, 0 };
	struct value each;
	bool first = true;
	int verdict = LOAD_DONE;

	if (depth > MOST_DIMENSIONS)
		return text_rejected(err, "bad-value", c, "an array of more dimensions than PostgreSQL has");
	buf_addc(out, '{');
	while (!verdict && value_next(v, &walk, NULL, &each)) {
		if (!first)
			buf_addc(out, t->element->delimiter);
		first = false;
		if (value_type(each) == TOKEN_ARRAY && !json)
			verdict = add_array(d, c, t, typmod, each, depth + 1, out, err);
		else if (value_type(each) == TOKEN_NULL)
			buf_adds(out, "NULL");
		else
			verdict = add_inner(d, c, t->element, typmod, each, false, out, err);
	}
	buf_addc(out, '}');
	return verdict;
}

static int add_row(struct database *d, const struct column *c, const struct pg_type *t, struct value v, struct buf *out, struct error *err)
{
	struct value member;
	uint32_t i, found = 0;
	int verdict = LOAD_DONE;

	buf_addc(out, '(');
	for (i = 0; i < t->fields && !verdict; i++) {
		if (i)
			buf_addc(out, ',');
		if (!value_member(v, span_of(t->field[i].name), &member))
			continue;
		found++;
		if (value_type(member) != TOKEN_NULL)
			verdict = add_inner(d, c, t->field[i].type, t->field[i].typmod, member, true, out, err);
	}
	buf_addc(out, ')');
	if (!verdict && found < value_count(v))
		return text_rejected(err, "unknown-field", c, "the object has a member that the type has no field for");
	return verdict;
}

static bool has_nul(struct span s)
{
	return s.n && memchr(s.p, 0, s.n);
}

static int add_hstore(struct database *d, const struct column *c, struct value v, struct buf *out, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct value name, member;
	const char *comma = "";
	struct span text;

	while (value_next(v, &walk, &name, &member)) {
		text = value_text(name, &d->arena);
		if (has_nul(text) || (value_type(member) == TOKEN_STRING && has_nul(value_text(member, &d->arena))))
			return text_rejected(err, "lossy", c, "text with a NUL, which PostgreSQL can't hold");
		buf_adds(out, comma);
		add_quoted(text, false, out);
		buf_adds(out, "=>");
		if (value_type(member) == TOKEN_NULL)
			buf_adds(out, "NULL");
		else if (value_type(member) == TOKEN_STRING)
			add_quoted(value_text(member, &d->arena), false, out);
		else
			return text_rejected(err, "bad-value", c, "hstore holds texts only");
		comma = ",";
	}
	return LOAD_DONE;
}

int nested_text(struct database *d, const struct column *c, const struct pg_type *t, int32_t typmod, struct value v, struct buf *out,
		struct error *err)
{
	bool array = value_type(v) == TOKEN_ARRAY;

	switch (t->kind) {
	case PG_ARRAY:
		return array ? add_array(d, c, t, typmod, v, 1, out, err) : text_rejected(err, "bad-value", c, "an object, where its column takes an array");
	case PG_COMPOSITE:
		return array ? text_rejected(err, "bad-value", c, "an array, where its column takes an object") : add_row(d, c, t, v, out, err);
	case PG_HSTORE:
		return array ? text_rejected(err, "bad-value", c, "an array, where its column takes an object") : add_hstore(d, c, v, out, err);
	case PG_TEXT:
		value_write(v, out);
		return LOAD_DONE;
	default:
		return text_rejected(err, "bad-value", c, "an object or array, which its column doesn't take");
	}
}
