/* declared: what a stream's schema frame, or its first records, say of its fields and its key. */
#include "load/declared.h"

#include <stdlib.h>
#include <strings.h>

#include "base/xalloc.h"

int declared_schema(struct span text, struct record *schema, struct error *err)
{
	static const struct scan_limits limits = SCAN_LIMITS_INIT;

	record_init(schema);
	return text.n ? record_copy(schema, text.p, text.n, &limits, err) : record_copy(schema, "{}", 2, &limits, err);
}

int declared_properties(const struct record *schema, struct value *properties)
{
	return record_is_object(schema) && value_member(record_root(schema), SPAN_LIT("properties"), properties) &&
		value_type(*properties) == TOKEN_OBJECT && value_count(*properties) > 0;
}

/* An array of strings that holds this one. */
static bool holds(struct value array, struct span text)
{
	struct walk walk = { 0, 0, 0 };
	struct value each;

	while (value_type(array) == TOKEN_ARRAY && value_next(array, &walk, NULL, &each))
		if (value_type(each) == TOKEN_STRING && value_text_is(each, text))
			return true;
	return false;
}

bool declared_type(struct value property, const char *word)
{
	struct value type;

	if (value_type(property) != TOKEN_OBJECT || !value_member(property, SPAN_LIT("type"), &type))
		return false;
	return value_type(type) == TOKEN_STRING ? value_text_is(type, span_of(word)) : holds(type, span_of(word));
}

bool declared_not_null(const struct record *schema, struct span name)
{
	struct value required, properties, property, type;

	return record_is_object(schema) && value_member(record_root(schema), SPAN_LIT("required"), &required) && holds(required, name) &&
		declared_properties(schema, &properties) && value_member(properties, name, &property) && value_type(property) == TOKEN_OBJECT &&
		value_member(property, SPAN_LIT("type"), &type) && !declared_type(property, "null");
}

bool declared_as(struct value property, const char *member, const char *text)
{
	struct value v;

	return value_type(property) == TOKEN_OBJECT && value_member(property, span_of(member), &v) && value_type(v) == TOKEN_STRING &&
		value_text_is(v, span_of(text));
}

/* ---- keys */

static int key_of_option(const char *k, key_fn *fn, void *ctx, struct error *err)
{
	const char *end;

	for (;; k = end + 1) {
		end = k + strcspn(k, ",");
		if (fn(ctx, (struct span){ k, (size_t)(end - k) }, err))
			return -1;
		if (!*end)
			return 1;
	}
}

static int key_of_frame(struct span frame, key_fn *fn, void *ctx, struct error *err)
{
	const struct scan_limits limits = SCAN_LIMITS_INIT;
	struct arena arena = ARENA_INIT;
	struct walk walk = { 0, 0, 0 };
	struct record rec;
	struct value v;
	int failed;

	record_init(&rec);
	failed = record_copy(&rec, frame.p, frame.n, &limits, err);
	while (!failed && value_type(record_root(&rec)) == TOKEN_ARRAY && value_next(record_root(&rec), &walk, NULL, &v))
		failed = value_type(v) == TOKEN_STRING ? fn(ctx, value_text(v, &arena), err)
			: error_set(err, EXIT_FAILED, "schema: 'key' is not an array of names");
	record_release(&rec);
	arena_release(&arena);
	return failed ? -1 : 1;
}

int declared_key(const char *option, struct span frame, key_fn *fn, void *ctx, struct error *err)
{
	return option ? key_of_option(option, fn, ctx, err) : frame.n ? key_of_frame(frame, fn, ctx, err) : 0;
}

/* ---- first records */

static int kind_of(struct value v)
{
	int64_t n;

	switch (value_type(v)) {
	case TOKEN_STRING:
		return SEEN_TEXT;
	case TOKEN_OBJECT:
	case TOKEN_ARRAY:
		return SEEN_NESTED;
	case TOKEN_FALSE:
	case TOKEN_TRUE:
		return SEEN_BOOLEAN;
	case TOKEN_NUMBER:
		return value_int64(v, &n) ? SEEN_NUMBER : SEEN_INTEGER;
	default:
		return 0;
	}
}

int seen_kind(struct value v)
{
	return kind_of(v);
}

static bool same_name(struct span a, struct span b, bool any_case)
{
	return a.n == b.n && !(any_case ? strncasecmp(a.p, b.p, a.n) : memcmp(a.p, b.p, a.n));
}

/* FNV-1a, of ASCII letters without their case. Where names are made to collide, they cost what a list would. */
static size_t name_hash(struct span name)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	size_t i;

	for (i = 0; i < name.n; i++)
		h = (h ^ (unsigned char)(name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] | 0x20 : name.p[i])) * UINT64_C(0x100000001b3);
	return (size_t)(h ^ h >> 32);
}

/* The name's slot, or the free one where it belongs. */
static uint32_t *slot_of(const struct seen *s, struct span name, bool any_case)
{
	size_t at = name_hash(name);

	for (;; at++) {
		uint32_t *slot = &s->slot[at & (s->slots - 1)];

		if (!*slot || same_name(s->v[*slot - 1].name, name, any_case))
			return slot;
	}
}

/* Room for one more, at most half full. */
static void grow_slots(struct seen *s, bool any_case)
{
	size_t i;

	if (2 * (s->n + 1) <= s->slots)
		return;
	free(s->slot);
	s->slots = s->slots ? 2 * s->slots : 64;
	s->slot = xcalloc(s->slots, sizeof *s->slot);
	for (i = 0; i < s->n; i++)
		*slot_of(s, s->v[i].name, any_case) = (uint32_t)i + 1;
}

static struct seen_field *field_of(struct seen *s, struct span name, bool any_case)
{
	uint32_t *slot;

	grow_slots(s, any_case);
	slot = slot_of(s, name, any_case);
	if (!*slot) {
		XGROW(s->v, s->n, s->cap);
		s->v[s->n] = (struct seen_field){ arena_span(&s->arena, name), 0 };
		*slot = (uint32_t)++s->n;
	}
	return &s->v[*slot - 1];
}

void seen_note(struct seen *s, const struct record *rec, bool any_case)
{
	struct walk walk = { 0, 0, 0 };
	struct value name, v;

	while (value_next(record_root(rec), &walk, &name, &v))
		field_of(s, value_text(name, &s->arena), any_case)->kinds |= kind_of(v);
}

void seen_release(struct seen *s)
{
	free(s->v);
	free(s->slot);
	arena_release(&s->arena);
	*s = (struct seen)SEEN_INIT;
}

bool declared_again(const struct buf *last, struct value schema)
{
	struct buf text = BUF_INIT;
	bool same;

	value_write(schema, &text);
	same = span_eq(buf_span(&text), buf_span(last));
	buf_release(&text);
	return same;
}
