/* shape: what steps do to a schema. */
#include "map/shape.h"

#include "map/map_private.h"
#include "map/shape_private.h"

/* Keywords that say something of several members or elements, or refer elsewhere. */
const char *const shape_combining[] = {
	"$ref", "$dynamicRef", "$recursiveRef", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentRequired",
	"dependentSchemas", "dependencies", "patternProperties", "propertyNames", "minProperties", "maxProperties",
	"unevaluatedProperties", "minItems", "maxItems", "prefixItems", "contains", "minContains", "maxContains", "uniqueItems", "unevaluatedItems",
	"enum", "const", "default", "examples", NULL,
};
/* ---- places in the schema */

struct step *shape_step(struct path *path, struct span name)
{
	struct step *s = &path->step[path->n++];

	*s = (struct step){ .kind = STEP_NAME, .name = name };
	return s;
}

/* The path of a field's schema, with room for three more steps. */
void shape_place(const struct path *field, uint32_t steps, struct arena *arena, struct path *out)
{
	uint32_t i;

	*out = (struct path){ .step = arena_alloc(arena, ((size_t)steps * 2 + 3) * sizeof *out->step), .text = field->text };
	for (i = 0; i < steps; i++) {
		if (field->step[i].kind != STEP_NAME) {
			shape_step(out, SPAN_LIT("items"));
			continue;
		}
		shape_step(out, SPAN_LIT("properties"));
		shape_step(out, field->step[i].name);
	}
}

void shape_path(const struct path *field, struct arena *arena, struct path *out)
{
	shape_place(field, field->n, arena, out);
}

int shape_word(struct shape *s, const struct path *at, const char *word, struct value *out)
{
	struct path path = *at;

	path.step = arena_alloc(&s->arena, (at->n + 1) * sizeof *path.step);
	steps_copy(path.step, at->step, at->n);
	shape_step(&path, span_of(word));
	return record_get(&s->rec, &path, NULL, out);
}

int shape_cut(struct shape *s, struct path *at, const char *word, struct error *err)
{
	int failed;

	shape_step(at, span_of(word));
	failed = record_remove(&s->rec, at, err);
	at->n--;
	return failed;
}

int shape_cut_all(struct shape *s, struct path *at, const char *const *words, struct error *err)
{
	for (; *words; words++)
		if (shape_cut(s, at, *words, err))
			return -1;
	return 0;
}

/* What says something of several members or elements; and of others than the declared, where patterns no more say which are. */
int shape_weaken(struct shape *s, struct path *at, struct error *err)
{
	struct value v;

	if (shape_word(s, at, "patternProperties", &v) && shape_cut(s, at, "additionalProperties", err))
		return -1;
	return shape_cut_all(s, at, shape_combining, err);
}

/* Everything on the way to a field, the field's own schema not. */
int shape_weaken_parents(struct shape *s, const struct path *field, struct error *err)
{
	struct path at;
	uint32_t i;

	for (i = 0; i < field->n; i++) {
		shape_place(field, i, &s->arena, &at);
		if (shape_weaken(s, &at, err))
			return -1;
	}
	return 0;
}

/* ---- lifecycle */

static int read_key(struct shape *s, struct value key, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct path path;
	struct span name;
	struct value v;

	if (!value_present(key))
		return 0;
	if (value_type(key) != TOKEN_ARRAY)
		return error_data(err, "bad-key", "the key of a schema is no array of names");
	while (value_next(key, &walk, NULL, &v)) {
		if (value_type(v) != TOKEN_STRING)
			return error_data(err, "bad-key", "the key of a schema is no array of names");
		name = arena_span(&s->arena, value_text(v, &s->arena));
		if (name.n && *name.p == '/') {
			if (path_compile(&path, name, &s->arena, err))
				return -1;
		} else {
			path_name(&path, name, &s->arena);
		}
		shape_key_add(s, &path);
	}
	return 0;
}

int shape_open(struct shape *s, struct value schema, struct value key, struct error *err)
{
	const struct scan_limits limits = { 1024, INT32_MAX };
	struct buf text = BUF_INIT;
	int failed;

	record_init(&s->rec);
	s->arena = (struct arena)ARENA_INIT;
	s->key = NULL;
	s->keys = 0;
	s->key_lost = false;
	value_write(schema, &text);
	failed = record_copy(&s->rec, text.p, text.n, &limits, err);
	buf_release(&text);
	return failed ? -1 : read_key(s, key, err);
}

void shape_close(struct shape *s)
{
	record_release(&s->rec);
	arena_release(&s->arena);
}

/* ---- reading */

int shape_get(const struct shape *s, const struct path *field, struct value *out)
{
	struct arena arena = ARENA_INIT;
	struct path at;
	int found;

	shape_path(field, &arena, &at);
	found = record_get(&s->rec, &at, NULL, out);
	arena_release(&arena);
	return found;
}

int shape_members(const struct shape *s, const struct path *field, struct value *out)
{
	struct value v;

	return shape_get(s, field, &v) && value_member(v, SPAN_LIT("properties"), out) && value_type(*out) == TOKEN_OBJECT;
}

bool shape_may_be_null(const struct shape *s, const struct path *field)
{
	struct value v;

	return !shape_get(s, field, &v) || shape_may_be(v, "null");
}

bool shape_may_be(struct value schema, const char *word)
{
	struct walk walk = { 0, 0, 0 };
	struct value type, v;

	if (!value_member(schema, SPAN_LIT("type"), &type))
		return true;
	if (value_type(type) == TOKEN_STRING)
		return value_text_is(type, span_of(word));
	while (value_type(type) == TOKEN_ARRAY && value_next(type, &walk, NULL, &v))
		if (value_type(v) == TOKEN_STRING && value_text_is(v, span_of(word)))
			return true;
	return false;
}

/* ---- required */

static bool names(struct value list, struct span name)
{
	struct walk walk = { 0, 0, 0 };
	struct value v;

	while (value_type(list) == TOKEN_ARRAY && value_next(list, &walk, NULL, &v))
		if (value_type(v) == TOKEN_STRING && value_text_is(v, name))
			return true;
	return false;
}

bool shape_is_required(const struct shape *s, const struct path *field)
{
	struct path head;
	struct value v, list;
	uint32_t i;

	for (i = 0; i < field->n; i++) {
		head = path_head(field, i);
		if (field->step[i].kind == STEP_NAME && (!shape_get(s, &head, &v) || !value_member(v, SPAN_LIT("required"), &list) ||
		    !names(list, field->step[i].name)))
			return false;
	}
	return true;
}

int shape_relax(struct shape *s, const struct path *object, bool (*goes)(void *ctx, struct span name), void *ctx, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct path field = *object;
	struct value schema, list, v;
	struct span *name;
	uint32_t i, n = 0;

	if (shape_fewer(s, object, err))
		return -1;
	if (!shape_get(s, object, &schema) || !value_member(schema, SPAN_LIT("required"), &list) || value_type(list) != TOKEN_ARRAY)
		return 0;
	name = arena_alloc(&s->arena, (value_count(list) + 1) * sizeof *name);
	while (value_next(list, &walk, NULL, &v)) {
		name[n] = value_type(v) == TOKEN_STRING ? arena_span(&s->arena, value_text(v, &s->arena)) : SPAN_LIT("");
		n += value_type(v) == TOKEN_STRING && goes(ctx, name[n]);
	}
	field.step = arena_alloc(&s->arena, (object->n + 1) * sizeof *field.step);
	steps_copy(field.step, object->step, object->n);
	for (i = 0, field.n++; i < n; i++) {
		*path_last(&field) = (struct step){ .kind = STEP_NAME, .name = name[i] };
		if (shape_optional(s, &field, err))
			return -1;
	}
	return 0;
}

/* The `required` list that a field stands in, without that name, or with another in its place. Says whether it was there. */
int shape_require(struct shape *s, const struct path *field, const struct span *to, bool *was, struct error *err)
{
	struct span name = path_last(field)->name;
	struct walk walk = { 0, 0, 0 };
	struct buf text = BUF_INIT;
	struct value list, v;
	struct path at;
	int failed = 0;

	*was = false;
	shape_place(field, field->n - 1, &s->arena, &at);
	if (path_last(field)->kind != STEP_NAME || !shape_word(s, &at, "required", &list) || value_type(list) != TOKEN_ARRAY)
		return 0;
	while (value_next(list, &walk, NULL, &v)) {
		if (value_type(v) == TOKEN_STRING && value_text_is(v, name)) {
			*was = true;
			if (!to)
				continue;
			buf_addc(&text, text.n ? ',' : '[');
			json_add_string(&text, *to);
		} else if (!to || value_type(v) != TOKEN_STRING || !value_text_is(v, *to)) {
			buf_addc(&text, text.n ? ',' : '[');
			value_write(v, &text);
		}
	}
	buf_adds(&text, text.n ? "]" : "[]");
	if (*was) {
		shape_step(&at, SPAN_LIT("required"));
		failed = text.n > 2 ? record_set(&s->rec, &at, buf_span(&text), err) : record_remove(&s->rec, &at, err);
	}
	buf_release(&text);
	return failed;
}

int shape_optional(struct shape *s, const struct path *field, struct error *err)
{
	bool was;

	return shape_require(s, field, NULL, &was, err);
}

/* ---- the key */

void shape_key_add(struct shape *s, const struct path *field)
{
	struct path *key = arena_alloc(&s->arena, (s->keys + 1) * sizeof *key);
	struct path *last = &key[s->keys];

	if (s->keys)
		memcpy(key, s->key, s->keys * sizeof *key);
	*last = *field;
	last->step = arena_alloc(&s->arena, field->n * sizeof *last->step);
	steps_copy(last->step, field->step, field->n);
	s->key = key;
	s->keys++;
}

bool shape_in_key(const struct shape *s, const struct path *field)
{
	uint32_t i;

	for (i = 0; i < s->keys; i++)
		if (path_eq(&s->key[i], field))
			return true;
	return false;
}

void shape_key_remove(struct shape *s, const struct path *field)
{
	uint32_t i, n = 0;

	for (i = 0; i < s->keys; i++)
		if (!path_eq(&s->key[i], field))
			s->key[n++] = s->key[i];
	s->keys = n;
}

/* Key parts at or below `from` are now at or below `to`. */
void shape_move_key(struct shape *s, const struct path *from, const struct path *to)
{
	struct path moved, *key;
	uint32_t i;

	for (i = 0; i < s->keys; i++) {
		key = &s->key[i];
		if (!path_covers(from, key))
			continue;
		moved = *to;
		moved.n = to->n + key->n - from->n;
		moved.step = arena_alloc(&s->arena, moved.n * sizeof *moved.step);
		steps_copy(moved.step, to->step, to->n);
		steps_copy(moved.step + to->n, key->step + from->n, (key->n - from->n));
		*key = moved;
	}
}

void shape_key_write(const struct shape *s, struct buf *out)
{
	struct buf pointer = BUF_INIT;
	const struct path *key;
	uint32_t i;

	for (i = 0; i < s->keys; i++) {
		key = &s->key[i];
		buf_addc(out, i ? ',' : '[');
		buf_reset(&pointer);
		if (key->n == 1 && !(key->step->name.n && *key->step->name.p == '/'))
			buf_addspan(&pointer, key->step->name);
		else
			path_pointer(key, &pointer);
		json_add_string(out, buf_span(&pointer));
	}
	buf_addc(out, ']');
	buf_release(&pointer);
}
