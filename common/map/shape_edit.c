/* shape_edit: what steps do to the schemas of fields. */
#include "json/equal.h"
#include "map/map_private.h"
#include "map/shape_private.h"

/* Keywords that tell of a string's contents. */
static const char *const textual[] = {
	"enum", "const", "pattern", "minLength", "maxLength", "format", "contentEncoding", "contentMediaType", "contentSchema", "default",
	"examples", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "$ref", "$dynamicRef", NULL,
};
/* Keywords that stay true of a field whose values are replaced. */
static const char *const describing[] = { "title", "description", "$comment", "deprecated", "readOnly", "writeOnly", NULL };

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

bool shape_lacks(const struct shape *s, const struct path *field)
{
	struct path above;
	struct value v;

	if (shape_get(s, field, &v))
		return false;
	return !declared_above(s, field, &above) || (field->n == 1 && value_member(record_root(&s->rec), SPAN_LIT("x-absent"), &v));
}

static int open_above(struct shape *s, const struct path *field, struct error *err)
{
	struct path above, at;

	(void)declared_above(s, field, &above);
	shape_place(&above, above.n, &s->arena, &at);
	return shape_weaken_parents(s, field, err) || shape_cut_all(s, &at, shape_combining, err) ||
		shape_cut(s, &at, "additionalProperties", err) ? -1 : 0;
}

/* Objects that are made for a field hold nothing else, whatever those must hold that records have. */
static int make_parents(struct shape *s, const struct path *field, struct error *err)
{
	struct path head, at;
	struct value v;
	uint32_t i;

	for (i = 1; i < field->n; i++) {
		head = path_head(field, i);
		if (field->step[i].kind != STEP_NAME || !shape_get(s, &head, &v) || shape_is_required(s, &head))
			continue;
		shape_path(&head, &s->arena, &at);
		if (shape_weaken(s, &at, err) || shape_cut(s, &at, "required", err) ||
		    (!shape_may_be(v, "object") && record_set(&s->rec, &at, SPAN_LIT("{}"), err)))
			return -1;
	}
	return 0;
}

int shape_admit(struct shape *s, const struct path *field, struct error *err)
{
	struct value v;

	if (make_parents(s, field, err))
		return -1;
	return shape_get(s, field, &v) ? 0 : open_above(s, field, err);
}

int shape_free(struct shape *s, const struct path *field, struct error *err)
{
	struct path above;
	struct value v;

	if (shape_get(s, field, &v) || !declared_above(s, field, &above))
		return 0;
	return open_above(s, field, err);
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
		return open_above(s, field, err);
	if (shape_weaken_parents(s, field, err))
		return -1;
	for (i = 1; i < field->n; i++) {
		shape_place(field, i, &s->arena, &at);
		if (!record_get(&s->rec, &at, NULL, &v) &&
		    record_set(&s->rec, &at, field->step[i].kind == STEP_NAME ? SPAN_LIT("{\"type\":\"object\",\"properties\":{}}")
			       : SPAN_LIT("{\"type\":\"array\"}"), err))
			return -1;
	}
	shape_path(field, &s->arena, &at);
	return record_set(&s->rec, &at, schema, err);
}

int shape_put_deep(struct shape *s, const struct path *field, struct span schema, struct error *err)
{
	return make_parents(s, field, err) || shape_put(s, field, schema, err) ? -1 : 0;
}

int shape_remove(struct shape *s, const struct path *field, struct error *err)
{
	struct path at;
	uint32_t i;
	bool was;

	for (i = 0; i < s->keys; i++)
		s->key_lost = s->key_lost || path_covers(field, &s->key[i]);
	if (shape_weaken_parents(s, field, err) || shape_require(s, field, NULL, &was, err))
		return -1;
	shape_path(field, &s->arena, &at);
	return record_remove(&s->rec, &at, err);
}

int shape_rename(struct shape *s, const struct path *from, const struct path *to, struct error *err)
{
	struct buf text = BUF_INIT;
	struct path at, there;
	struct value v, other;
	bool was, declared, possible;
	int failed;

	shape_move_key(s, from, to);
	possible = shape_get(s, from, &v) || declared_above(s, from, &at);
	if (shape_weaken_parents(s, from, err) || shape_require(s, from, path_siblings(from, to) ? &path_last(to)->name : NULL, &was, err))
		return -1;
	shape_path(from, &s->arena, &at);
	shape_path(to, &s->arena, &there);
	declared = record_get(&s->rec, &there, NULL, &other);
	if (!record_get(&s->rec, &at, NULL, &v))
		return !possible ? 0 : shape_admit(s, to, err) || (declared && shape_put(s, to, SPAN_LIT("{}"), err)) ? -1 : 0;
	value_write(v, &text);
	if (declared && !(was && path_siblings(from, to)) && !value_equal(v, other, 0)) {	/* records have the one or the other */
		buf_reset(&text);
		buf_adds(&text, "{}");
	}
	if (path_siblings(from, to))
		failed = record_remove(&s->rec, &there, err) || record_set(&s->rec, &at, buf_span(&text), err) ||
			record_rename(&s->rec, &at, path_last(to)->name, err);
	else
		failed = record_remove(&s->rec, &at, err) || shape_put_deep(s, to, buf_span(&text), err);
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
	if (shape_weaken_parents(s, field, err))
		return -1;
	if (!record_get(&s->rec, &at, NULL, &v))
		return shape_free(s, field, err);
	buf_addf(&text, shape_may_be(v, "null") ? "{\"type\":[\"%s\",\"null\"]" : "{\"type\":\"%s\"", type);
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
	return shape_weaken_parents(s, field, err) || shape_cut_all(s, &at, textual, err) ? -1 : 0;
}

int shape_nullable(struct shape *s, const struct path *field, struct error *err)
{
	struct buf text = BUF_INIT;
	struct path at;
	struct value v, type;
	int failed;

	shape_path(field, &s->arena, &at);
	if (shape_weaken_parents(s, field, err))
		return -1;
	if (!record_get(&s->rec, &at, NULL, &v) || shape_may_be(v, "null") || !value_member(v, SPAN_LIT("type"), &type))
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
	shape_step(&at, SPAN_LIT("type"));
	failed = record_set(&s->rec, &at, buf_span(&text), err);
	buf_release(&text);
	return failed;
}

int shape_fewer(struct shape *s, const struct path *object, struct error *err)
{
	struct path at;

	shape_path(object, &s->arena, &at);
	return shape_weaken_parents(s, object, err) || shape_weaken(s, &at, err) ? -1 : 0;
}

int shape_undeclared(struct shape *s, const struct path *field, struct error *err)
{
	struct path at;

	shape_path(field, &s->arena, &at);
	return shape_fewer(s, field, err) || shape_cut(s, &at, "additionalProperties", err) ? -1 : 0;
}
