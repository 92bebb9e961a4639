/* shape: what steps do to a schema. */
#include "map/shape.h"

#include "json/equal.h"
#include "map/map_private.h"

/* Keywords that say something of several members or elements, or refer elsewhere. */
static const char *const combining[] = {
	"$ref", "$dynamicRef", "$recursiveRef", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentRequired",
	"dependentSchemas", "dependencies", "patternProperties", "propertyNames", "minProperties", "maxProperties",
	"unevaluatedProperties", "minItems", "maxItems", "prefixItems", "contains", "minContains", "maxContains", "uniqueItems", "unevaluatedItems",
	"enum", "const", "default", "examples", NULL,
};
/* Keywords that tell of a string's contents. */
static const char *const textual[] = {
	"enum", "const", "pattern", "minLength", "maxLength", "format", "contentEncoding", "contentMediaType", "contentSchema", "default",
	"examples", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "$ref", "$dynamicRef", NULL,
};
/* Keywords that stay true of a field whose values are replaced. */
static const char *const describing[] = { "title", "description", "$comment", "deprecated", "readOnly", "writeOnly", NULL };

/* ---- places in the schema */

static struct step *add_step(struct path *path, struct span name)
{
	struct step *s = &path->step[path->n++];

	*s = (struct step){ .kind = STEP_NAME, .name = name };
	return s;
}

/* The path of a field's schema, with room for three more steps. */
static void place(const struct path *field, uint32_t steps, struct arena *arena, struct path *out)
{
	uint32_t i;

	*out = (struct path){ .step = arena_alloc(arena, ((size_t)steps * 2 + 3) * sizeof *out->step), .text = field->text };
	for (i = 0; i < steps; i++) {
		if (field->step[i].kind != STEP_NAME) {
			add_step(out, SPAN_LIT("items"));
			continue;
		}
		add_step(out, SPAN_LIT("properties"));
		add_step(out, field->step[i].name);
	}
}

void shape_path(const struct path *field, struct arena *arena, struct path *out)
{
	place(field, field->n, arena, out);
}

static int keyword(struct shape *s, const struct path *at, const char *word, struct value *out)
{
	struct path path = *at;

	path.step = arena_alloc(&s->arena, (at->n + 1) * sizeof *path.step);
	memcpy(path.step, at->step, at->n * sizeof *path.step);
	add_step(&path, span_of(word));
	return record_get(&s->rec, &path, NULL, out);
}

static int remove_keyword(struct shape *s, struct path *at, const char *word, struct error *err)
{
	int failed;

	add_step(at, span_of(word));
	failed = record_remove(&s->rec, at, err);
	at->n--;
	return failed;
}

static int remove_keywords(struct shape *s, struct path *at, const char *const *words, struct error *err)
{
	for (; *words; words++)
		if (remove_keyword(s, at, *words, err))
			return -1;
	return 0;
}

/* What says something of several members or elements; and of others than the declared, where patterns no more say which are. */
static int weaken(struct shape *s, struct path *at, struct error *err)
{
	struct value v;

	if (keyword(s, at, "patternProperties", &v) && remove_keyword(s, at, "additionalProperties", err))
		return -1;
	return remove_keywords(s, at, combining, err);
}

/* Everything on the way to a field, the field's own schema not. */
static int weaken_parents(struct shape *s, const struct path *field, struct error *err)
{
	struct path at;
	uint32_t i;

	for (i = 0; i < field->n; i++) {
		place(field, i, &s->arena, &at);
		if (weaken(s, &at, err))
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

/* Whether a schema lets null through, as far as its type says. */
static bool allows_null(struct value schema)
{
	struct walk walk = { 0, 0, 0 };
	struct value type, each;

	if (!value_member(schema, SPAN_LIT("type"), &type))
		return true;
	if (value_type(type) == TOKEN_STRING)
		return value_text_is(type, SPAN_LIT("null"));
	if (value_type(type) == TOKEN_ARRAY)
		while (value_next(type, &walk, NULL, &each))
			if (value_type(each) == TOKEN_STRING && value_text_is(each, SPAN_LIT("null")))
				return true;
	return false;
}

bool shape_may_be_null(const struct shape *s, const struct path *field)
{
	struct value v;

	return !shape_get(s, field, &v) || allows_null(v);
}

/* ---- required */

/* The `required` list that a field stands in, without that name, or with another in its place. Says whether it was there. */
static int edit_required(struct shape *s, const struct path *field, const struct span *to, bool *was, struct error *err)
{
	struct span name = path_last(field)->name;
	struct walk walk = { 0, 0, 0 };
	struct buf text = BUF_INIT;
	struct value list, v;
	struct path at;
	int failed = 0;

	*was = false;
	place(field, field->n - 1, &s->arena, &at);
	if (path_last(field)->kind != STEP_NAME || !keyword(s, &at, "required", &list) || value_type(list) != TOKEN_ARRAY)
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
		add_step(&at, SPAN_LIT("required"));
		failed = text.n > 2 ? record_set(&s->rec, &at, buf_span(&text), err) : record_remove(&s->rec, &at, err);
	}
	buf_release(&text);
	return failed;
}

int shape_optional(struct shape *s, const struct path *field, struct error *err)
{
	bool was;

	return edit_required(s, field, NULL, &was, err);
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
	memcpy(last->step, field->step, field->n * sizeof *last->step);
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
static void move_key(struct shape *s, const struct path *from, const struct path *to)
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
		memcpy(moved.step, to->step, to->n * sizeof *moved.step);
		memcpy(moved.step + to->n, key->step + from->n, (key->n - from->n) * sizeof *moved.step);
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

/* ---- edits */

/* The nearest object or array above a field that is declared; false where the schema says that there is no such field. */
static bool declared_above(const struct shape *s, const struct path *field, struct path *out)
{
	struct value v, more;

	*out = *field;
	do
		out->n--;
	while (out->n && !shape_get(s, out, &v));
	if (!shape_get(s, out, &v) || value_member(v, SPAN_LIT("patternProperties"), &more))
		return true;
	return !value_member(v, SPAN_LIT("additionalProperties"), &more) || value_type(more) != TOKEN_FALSE;
}

int shape_admit(struct shape *s, const struct path *field, struct error *err)
{
	struct path above, at;
	struct value v;

	if (shape_get(s, field, &v))
		return 0;
	(void)declared_above(s, field, &above);
	place(&above, above.n, &s->arena, &at);
	return weaken_parents(s, field, err) || remove_keywords(s, &at, combining, err) ||
		remove_keyword(s, &at, "additionalProperties", err) ? -1 : 0;
}

int shape_free(struct shape *s, const struct path *field, struct error *err)
{
	struct path above;
	struct value v;

	if (shape_get(s, field, &v) || !declared_above(s, field, &above))
		return 0;
	return shape_admit(s, field, err);
}

/* Whether the object that a field stands in has its members declared: it does where it isn't declared itself yet. */
static bool parent_declares(const struct shape *s, const struct path *field)
{
	struct path head;
	struct value v;
	uint32_t i;

	for (i = 0; i < field->n; i++) {
		head = path_head(field, i);
		if (!shape_get(s, &head, &v))
			return true;
		if (field->step[i].kind == STEP_NAME ? !shape_members(s, &head, &v) : !value_member(v, SPAN_LIT("items"), &v))
			return false;
	}
	return true;
}

int shape_put(struct shape *s, const struct path *field, struct span schema, struct error *err)
{
	struct value v;
	struct path at;
	uint32_t i;

	if (!parent_declares(s, field))
		return shape_admit(s, field, err);
	if (weaken_parents(s, field, err))
		return -1;
	for (i = 1; i < field->n; i++) {
		place(field, i, &s->arena, &at);
		if (!record_get(&s->rec, &at, NULL, &v) &&
		    record_set(&s->rec, &at, field->step[i].kind == STEP_NAME ? SPAN_LIT("{\"type\":\"object\",\"properties\":{}}")
			       : SPAN_LIT("{\"type\":\"array\"}"), err))
			return -1;
	}
	shape_path(field, &s->arena, &at);
	return record_set(&s->rec, &at, schema, err);
}

int shape_remove(struct shape *s, const struct path *field, struct error *err)
{
	struct path at;
	uint32_t i;
	bool was;

	for (i = 0; i < s->keys; i++)
		s->key_lost = s->key_lost || path_covers(field, &s->key[i]);
	if (weaken_parents(s, field, err) || edit_required(s, field, NULL, &was, err))
		return -1;
	shape_path(field, &s->arena, &at);
	return record_remove(&s->rec, &at, err);
}

int shape_rename(struct shape *s, const struct path *from, const struct path *to, struct error *err)
{
	struct buf text = BUF_INIT;
	struct path at, there;
	struct value v, other;
	bool was, both, possible;
	int failed;

	move_key(s, from, to);
	possible = shape_get(s, from, &v) || declared_above(s, from, &at);
	if (weaken_parents(s, from, err) || edit_required(s, from, path_siblings(from, to) ? &path_last(to)->name : NULL, &was, err))
		return -1;
	shape_path(from, &s->arena, &at);
	shape_path(to, &s->arena, &there);
	both = !(was && path_siblings(from, to)) && record_get(&s->rec, &there, NULL, &other);	/* records have the one or the other */
	if (!record_get(&s->rec, &at, NULL, &v))
		return !possible ? 0 : both ? record_set(&s->rec, &there, SPAN_LIT("{}"), err) : shape_admit(s, to, err);
	value_write(v, &text);
	if (both && !value_equal(v, other, 0)) {
		buf_reset(&text);
		buf_adds(&text, "{}");
	}
	if (path_siblings(from, to))
		failed = record_remove(&s->rec, &there, err) || record_set(&s->rec, &at, buf_span(&text), err) ||
			record_rename(&s->rec, &at, path_last(to)->name, err);
	else
		failed = record_remove(&s->rec, &at, err) || shape_put(s, to, buf_span(&text), err);
	buf_release(&text);
	return failed ? -1 : 0;
}

int shape_retype(struct shape *s, const struct path *field, const char *type, const char *format, struct error *err)
{
	struct buf text = BUF_INIT;
	struct path at;
	struct value v, word;
	size_t i;
	int failed;

	shape_path(field, &s->arena, &at);
	if (weaken_parents(s, field, err))
		return -1;
	if (!record_get(&s->rec, &at, NULL, &v))
		return shape_free(s, field, err);
	buf_addf(&text, allows_null(v) ? "{\"type\":[\"%s\",\"null\"]" : "{\"type\":\"%s\"", type);
	if (*format)
		buf_addf(&text, ",\"format\":\"%s\"", format);
	for (i = 0; describing[i]; i++) {
		if (!value_member(v, span_of(describing[i]), &word))
			continue;
		buf_addf(&text, ",\"%s\":", describing[i]);
		value_write(word, &text);
	}
	buf_addc(&text, '}');
	failed = record_set(&s->rec, &at, buf_span(&text), err);
	buf_release(&text);
	return failed;
}

int shape_loosen(struct shape *s, const struct path *field, struct error *err)
{
	struct path at;
	struct value v;

	if (!shape_get(s, field, &v))
		return shape_free(s, field, err);
	shape_path(field, &s->arena, &at);
	return weaken_parents(s, field, err) || remove_keywords(s, &at, textual, err) ? -1 : 0;
}

int shape_nullable(struct shape *s, const struct path *field, struct error *err)
{
	struct buf text = BUF_INIT;
	struct path at;
	struct value v, type;
	int failed;

	shape_path(field, &s->arena, &at);
	if (weaken_parents(s, field, err))
		return -1;
	if (!record_get(&s->rec, &at, NULL, &v) || allows_null(v) || !value_member(v, SPAN_LIT("type"), &type))
		return 0;
	value_write(type, &text);
	if (value_type(type) == TOKEN_STRING) {
		buf_adds(&text, ",\"null\"]");
		buf_addc(&text, '[');	/* room; the text moves behind it */
		memmove(text.p + 1, text.p, text.n - 1);
		text.p[0] = '[';
	} else {
		text.n--;
		buf_adds(&text, ",\"null\"]");
	}
	add_step(&at, SPAN_LIT("type"));
	failed = record_set(&s->rec, &at, buf_span(&text), err);
	buf_release(&text);
	return failed;
}

int shape_fewer(struct shape *s, const struct path *object, struct error *err)
{
	struct path at;

	shape_path(object, &s->arena, &at);
	return weaken_parents(s, object, err) || weaken(s, &at, err) ? -1 : 0;
}

int shape_undeclared(struct shape *s, const struct path *field, struct error *err)
{
	struct path at;

	shape_path(field, &s->arena, &at);
	return shape_fewer(s, field, err) || remove_keyword(s, &at, "additionalProperties", err) ? -1 : 0;
}
