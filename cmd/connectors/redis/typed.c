/* typed: what a hash's text is under the schema of its rows. */
#include "typed.h"

#include "load/declared.h"
#include "value/number.h"

void typed_read(struct typed *t, const struct record *schema)
{
	static const char *const others[] = { "number", "integer", "boolean", "object", "array" };
	struct walk walk = { 0, 0, 0 };
	struct value properties, name, v;
	struct typed_field *f;
	size_t i;

	arena_reset(&t->arena);
	t->n = t->guess = 0;
	if (!declared_properties(schema, &properties))
		return;
	t->field = arena_alloc(&t->arena, value_count(properties) * sizeof *t->field);
	while (value_next(properties, &walk, &name, &v)) {
		f = &t->field[t->n++];
		*f = (struct typed_field){ arena_span(&t->arena, value_text(name, &t->arena)), declared_type(v, "string") };
		for (i = 0; i < sizeof others / sizeof *others; i++)
			f->text = f->text && !declared_type(v, others[i]);
	}
}

void typed_release(struct typed *t)
{
	arena_release(&t->arena);
	record_release(&t->scratch);
}

/* Fields mostly come in the schema's order. */
const struct typed_field *typed_field(struct typed *t, struct span name)
{
	uint32_t i, at;

	for (i = 0, at = t->guess; i < t->n; i++, at++) {
		at = at < t->n ? at : 0;
		if (span_eq(t->field[at].name, name)) {
			t->guess = at + 1;
			return &t->field[at];
		}
	}
	return NULL;
}

bool typed_is_json(struct typed *t, struct span text)
{
	const struct scan_limits limits = { 1000, INT32_MAX };
	struct error ignored = ERROR_INIT;

	return number_is_json(text) || (text.n && !memchr(text.p, '\n', text.n) && !record_copy(&t->scratch, text.p, text.n, &limits, &ignored));
}
