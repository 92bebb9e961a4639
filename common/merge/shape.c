/* shape: reads schema frames for those who compare rows. */
#include "merge/shape.h"

void shape_release(struct shape *s)
{
	key_release(&s->key);
	buf_release(&s->schema);
	arena_release(&s->arena);
	*s = (struct shape)SHAPE_INIT;
}

static enum shape_type type_named(struct value v)
{
	if (value_text_is(v, SPAN_LIT("string")))
		return SHAPE_STRING;
	if (value_text_is(v, SPAN_LIT("integer")) || value_text_is(v, SPAN_LIT("number")))
		return SHAPE_NUMBER;
	return value_text_is(v, SPAN_LIT("boolean")) ? SHAPE_BOOLEAN : SHAPE_OTHER;
}

/* Of a property's `type`, which may be a list with "null" in it. */
static enum shape_type read_type(struct value property)
{
	enum shape_type found = SHAPE_ANY;
	struct walk walk = { 0, 0, 0 };
	struct value type, v;

	if (!value_member(property, SPAN_LIT("type"), &type))
		return SHAPE_ANY;
	if (value_type(type) == TOKEN_STRING)
		return type_named(type);
	while (value_type(type) == TOKEN_ARRAY && value_next(type, &walk, NULL, &v)) {
		if (value_type(v) != TOKEN_STRING || value_text_is(v, SPAN_LIT("null")))
			continue;
		if (found != SHAPE_ANY)
			return SHAPE_ANY;
		found = type_named(v);
	}
	return found;
}

static bool says(struct value object, const char *member, const char *text)
{
	struct value v;

	return value_type(object) == TOKEN_OBJECT && value_member(object, span_of(member), &v) && value_type(v) == TOKEN_STRING &&
		value_text_is(v, span_of(text));
}

static void read_properties(struct shape *s, struct value properties)
{
	struct walk walk = { 0, 0, 0 };
	struct shape_field *f;
	struct value name, v;

	s->field = arena_alloc(&s->arena, (value_count(properties) + 1) * sizeof *s->field);
	while (value_next(properties, &walk, &name, &v)) {
		f = &s->field[s->n++];
		*f = (struct shape_field){ arena_span(&s->arena, value_text(name, &s->arena)), SHAPE_ANY, s->all_untyped };
		if (value_type(v) != TOKEN_OBJECT)
			continue;
		f->type = read_type(v);
		f->untyped = f->untyped || says(v, "x-type", "untyped");
		s->untyped = s->untyped || f->untyped;
	}
}

static void read_schema(struct shape *s, struct value schema)
{
	struct value v;

	value_write(schema, &s->schema);
	if (value_type(schema) != TOKEN_OBJECT)
		return;
	s->all_untyped = s->untyped = says(schema, "x-type", "untyped");
	if (value_member(schema, SPAN_LIT("x-absent"), &v))
		s->absent_null = value_type(v) == TOKEN_NULL || (value_type(v) == TOKEN_STRING && value_text_is(v, SPAN_LIT("null")));
	if (value_member(schema, SPAN_LIT("properties"), &v) && value_type(v) == TOKEN_OBJECT)
		read_properties(s, v);
}

int shape_read(struct shape *s, const struct meta *meta, struct error *err)
{
	struct value v;

	shape_release(s);
	s->declared = true;
	if (meta_member(meta, "key", &v) && key_from_schema(&s->key, v, err))
		return -1;
	if (meta_member(meta, "schema", &v))
		read_schema(s, v);
	return 0;
}

static const struct shape_field *find(const struct shape *s, struct span name)
{
	uint32_t i;

	for (i = 0; i < s->n; i++)
		if (span_eq(s->field[i].name, name))
			return &s->field[i];
	return NULL;
}

bool shape_is_untyped(const struct shape *s, struct span name)
{
	const struct shape_field *f = s->untyped ? find(s, name) : NULL;

	return f ? f->untyped : s->all_untyped;
}

enum shape_type shape_type(const struct shape *s, struct span name)
{
	const struct shape_field *f = find(s, name);

	return f && !f->untyped ? f->type : SHAPE_ANY;
}
