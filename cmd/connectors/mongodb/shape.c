/* shape: types of fields, from documents and from schemas. */
#include "shape.h"

#include "load/declared.h"
#include "stream/frame.h"

/*
 * Of documents used as maps, whose names are data, the rest stays undeclared: a document's fields, those of all of them, and bytes
 * of their names. Declared fields may be so deep that the schema's line, where each level is two, has 128 levels at most.
 */
enum { MOST_FIELDS = 2000, MOST_FIELDS_ALL = 50000, MOST_NAMES = 2 << 20, MOST_DEPTH = 48 };

static const struct {
	enum shape_kind kind;
	bson_type_t type;
	const char *json;	/* its type in JSON Schema */
	const char *more;	/* the standard keywords beside it */
	const char *name;	/* of x-type, where the type alone doesn't say it */
} kinds[] = {
	{ SHAPE_STRING, BSON_TYPE_UTF8, "string", "", NULL },
	{ SHAPE_BOOL, BSON_TYPE_BOOL, "boolean", "", NULL },
	{ SHAPE_INT32, BSON_TYPE_INT32, "integer", "", "mongodb:int32" },
	{ SHAPE_INT64, BSON_TYPE_INT64, "integer", "", "mongodb:int64" },
	{ SHAPE_DOUBLE, BSON_TYPE_DOUBLE, "number", "", "mongodb:double" },
	{ SHAPE_DECIMAL, BSON_TYPE_DECIMAL128, "number", "", "mongodb:decimal128" },
	{ SHAPE_OID, BSON_TYPE_OID, "string", "", "mongodb:objectId" },
	{ SHAPE_DATE, BSON_TYPE_DATE_TIME, "string", ",\"format\":\"date-time\"", "mongodb:date" },
	{ SHAPE_BINARY, BSON_TYPE_BINARY, "string", ",\"contentEncoding\":\"base64\"", "mongodb:binary" },
	{ SHAPE_UUID, BSON_TYPE_BINARY, "string", ",\"format\":\"uuid\"", "mongodb:uuid" },
	{ SHAPE_DOCUMENT, BSON_TYPE_DOCUMENT, "object", "", NULL },
	{ SHAPE_ARRAY, BSON_TYPE_ARRAY, "array", "", NULL },
};
enum { KINDS = sizeof kinds / sizeof *kinds };

void shapes_release(struct shapes *s)
{
	arena_release(&s->arena);
	*s = (struct shapes){ 0 };
}

static struct shape_field *find(struct shape *s, struct span name)
{
	uint32_t i, at;

	for (i = 0; i < s->n; i++) {
		at = s->guess + i < s->n ? s->guess + i : s->guess + i - s->n;
		if (span_eq(s->field[at].name, name)) {
			s->guess = at + 1 < s->n ? at + 1 : 0;
			return &s->field[at];
		}
	}
	return NULL;
}

const struct shape *shape_member(struct shape *s, struct span name)
{
	struct shape_field *f = s ? find(s, name) : NULL;

	return f ? &f->shape : NULL;
}

static struct shape *add_field(struct arena *arena, struct shape *s, struct span name)
{
	struct shape_field *grown;

	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 8;
		grown = arena_zalloc(arena, s->cap * sizeof *grown);
		if (s->n)
			memcpy(grown, s->field, s->n * sizeof *grown);
		s->field = grown;
	}
	s->field[s->n] = (struct shape_field){ .name = arena_span(arena, name) };
	return &s->field[s->n++].shape;
}

/* ---- from documents */

static enum shape_kind kind_of(const bson_iter_t *it)
{
	bson_subtype_t subtype;
	const uint8_t *bytes;
	uint32_t n, i;

	if (bson_iter_type(it) == BSON_TYPE_BINARY) {
		bson_iter_binary(it, &subtype, &n, &bytes);
		return subtype == BSON_SUBTYPE_BINARY ? SHAPE_BINARY : subtype == BSON_SUBTYPE_UUID && n == 16 ? SHAPE_UUID : SHAPE_OTHER;
	}
	for (i = 0; i < KINDS; i++)
		if (kinds[i].type == bson_iter_type(it))
			return kinds[i].kind;
	return SHAPE_OTHER;
}

static bool is_number(enum shape_kind kind)
{
	return kind >= SHAPE_INT32 && kind <= SHAPE_DECIMAL;
}

static void note_members(struct shapes *all, struct shape *s, bson_iter_t *it, int depth);

static void note(struct shapes *all, struct shape *s, bson_iter_t *it, int depth)
{
	enum shape_kind kind = kind_of(it);
	bson_iter_t inner;

	if (bson_iter_type(it) == BSON_TYPE_NULL) {
		s->null = true;
		return;
	}
	if (s->kind == SHAPE_UNSEEN) {
		s->kind = kind;
	} else if (s->kind != kind) {
		s->numbers = is_number(kind) && (s->kind == SHAPE_ANY ? s->numbers : is_number(s->kind));
		s->kind = SHAPE_ANY;
	}
	if (depth > MOST_DEPTH || (kind != SHAPE_DOCUMENT && kind != SHAPE_ARRAY) || s->kind != kind || !bson_iter_recurse(it, &inner))
		return;
	if (kind == SHAPE_DOCUMENT) {
		note_members(all, s, &inner, depth);
		return;
	}
	if (!s->items)
		s->items = arena_zalloc(&all->arena, sizeof *s->items);
	while (bson_iter_next(&inner))
		note(all, s->items, &inner, depth + 1);
}

static bool has_room(const struct shapes *all, const struct shape *s, struct span name)
{
	return s->n < MOST_FIELDS && all->fields < MOST_FIELDS_ALL && name.n <= MOST_NAMES - all->names;
}

static void note_members(struct shapes *all, struct shape *s, bson_iter_t *it, int depth)
{
	struct shape_field *f;
	struct span name;

	while (bson_iter_next(it)) {
		name = (struct span){ bson_iter_key(it), bson_iter_key_len(it) };
		f = find(s, name);
		if (!f && !has_room(all, s, name))
			continue;
		if (!f) {
			all->fields++;
			all->names += (uint32_t)name.n;
		}
		note(all, f ? &f->shape : add_field(&all->arena, s, name), it, depth + 1);
	}
}

void shapes_note(struct shapes *s, const bson_t *document)
{
	bson_iter_t it;

	s->top.kind = SHAPE_DOCUMENT;
	s->native = s->ejson = true;
	if (bson_iter_init(&it, document))
		note_members(s, &s->top, &it, 0);
}

static void write_fields(const struct shape *s, bool top, struct buf *out);

static void write_shape(const struct shape *s, struct buf *out)
{
	uint32_t i;

	for (i = 0; i < KINDS && kinds[i].kind != s->kind; i++)
		;
	if (i == KINDS) {	/* of several types: whatever isn't said is allowed */
		buf_adds(out, s->numbers ? s->null ? "{\"type\":[\"number\",\"null\"]}" : "{\"type\":\"number\"}" : "{}");
		return;
	}
	buf_addf(out, s->null ? "{\"type\":[\"%s\",\"null\"]%s" : "{\"type\":\"%s\"%s", kinds[i].json, kinds[i].more);
	if (kinds[i].name)
		buf_addf(out, ",\"x-type\":\"%s\"", kinds[i].name);
	if (s->kind == SHAPE_DOCUMENT && s->n)
		write_fields(s, false, out);
	if (s->kind == SHAPE_ARRAY && s->items && s->items->kind != SHAPE_ANY && s->items->kind != SHAPE_OTHER) {
		buf_adds(out, ",\"items\":");
		write_shape(s->items, out);
	}
	buf_addc(out, '}');
}

/* Names that no UTF-8 says are left out: a record that has them can't be said, either. */
static void write_fields(const struct shape *s, bool top, struct buf *out)
{
	struct buf name = BUF_INIT;
	size_t before;
	uint32_t i;

	buf_adds(out, ",\"properties\":{");
	for (i = 0; i < s->n; i++) {
		before = out->n;
		buf_reset(&name);
		if (top)
			name_add_reserved(&name, s->field[i].name);
		else
			buf_addspan(&name, s->field[i].name);
		if (out->p[out->n - 1] != '{')
			buf_addc(out, ',');
		if (json_add_string(out, buf_span(&name))) {
			out->n = before;
			continue;
		}
		buf_addc(out, ':');
		write_shape(&s->field[i].shape, out);
	}
	buf_addc(out, '}');
	buf_release(&name);
}

void shapes_write(const struct shapes *s, struct buf *out)
{
	buf_adds(out, "{\"type\":\"object\",\"x-type\":\"mongodb:document\",\"x-values\":\"ejson\"");
	write_fields(&s->top, true, out);
	buf_addc(out, '}');
}

/* ---- from schemas */

static bool text_of(struct value v, const char *member, struct span *out)
{
	struct value text;

	if (!value_member(v, span_of(member), &text) || value_type(text) != TOKEN_STRING)
		return false;
	*out = value_bytes(text);
	return true;
}

static bool begins(struct span s, const char *with)
{
	size_t n = strlen(with);

	return s.n >= n && !memcmp(s.p, with, n);
}

/* The types of other systems that say more than JSON does. */
static enum shape_kind foreign(struct span x_type)
{
	static const struct { const char *name; enum shape_kind kind; } rows[] = {
		{ "postgresql:bigint", SHAPE_INT64 }, { "postgresql:double precision", SHAPE_DOUBLE }, { "postgresql:real", SHAPE_DOUBLE },
		{ "postgresql:numeric", SHAPE_DECIMAL }, { "postgresql:integer", SHAPE_INT32 }, { "postgresql:smallint", SHAPE_INT32 },
	};
	size_t i;

	if (begins(x_type, "postgresql:json"))
		return SHAPE_JSON;
	for (i = 0; i < sizeof rows / sizeof *rows; i++)
		if (begins(x_type, rows[i].name) && (x_type.n == strlen(rows[i].name) || x_type.p[strlen(rows[i].name)] == '('))
			return rows[i].kind;
	return SHAPE_ANY;
}

/* Of a MongoDB's stream what no x-type says isn't declared. */
static enum shape_kind kind_declared(struct value v, bool native)
{
	struct span text;
	uint32_t i;

	if (text_of(v, "x-type", &text) && begins(text, "mongodb:")) {
		for (i = 0; i < KINDS; i++)
			if (kinds[i].name && span_is(text, kinds[i].name))
				return kinds[i].kind;
		return SHAPE_ANY;
	}
	if (declared_type(v, "object"))
		return SHAPE_DOCUMENT;
	if (declared_type(v, "array"))
		return SHAPE_ARRAY;
	if (native)
		return SHAPE_ANY;
	if (text_of(v, "x-type", &text) && foreign(text) != SHAPE_ANY)
		return foreign(text);
	if (declared_type(v, "string") && declared_as(v, "format", "date-time"))
		return SHAPE_DATE;
	if (declared_type(v, "string") && declared_as(v, "format", "uuid"))
		return SHAPE_UUID;
	if (declared_as(v, "contentEncoding", "base64"))
		return SHAPE_BINARY;
	return declared_type(v, "number") ? SHAPE_NUMBER : declared_type(v, "string") ? SHAPE_STRING : SHAPE_ANY;
}

static void read_shape(struct shapes *all, struct shape *s, struct value v, int depth);

static void read_fields(struct shapes *all, struct shape *s, struct value schema, int depth)
{
	struct value properties, name, each;
	struct walk walk = { 0, 0, 0 };
	struct span text;

	if (!value_member(schema, SPAN_LIT("properties"), &properties) || value_type(properties) != TOKEN_OBJECT)
		return;
	while (value_next(properties, &walk, &name, &each)) {
		text = value_text(name, &all->arena);
		read_shape(all, add_field(&all->arena, s, depth ? text : name_restored(text)), each, depth + 1);
	}
}

static void read_shape(struct shapes *all, struct shape *s, struct value v, int depth)
{
	struct value items;

	s->kind = value_type(v) == TOKEN_OBJECT ? kind_declared(v, all->native) : SHAPE_ANY;
	if (depth > MOST_DEPTH)
		return;
	if (s->kind == SHAPE_DOCUMENT)
		read_fields(all, s, v, depth);
	if (s->kind == SHAPE_ARRAY && value_member(v, SPAN_LIT("items"), &items)) {
		s->items = arena_zalloc(&all->arena, sizeof *s->items);
		read_shape(all, s->items, items, depth + 1);
	}
}

void shapes_read(struct shapes *s, struct value schema)
{
	struct span text;

	shapes_release(s);
	s->top.kind = SHAPE_DOCUMENT;
	if (value_type(schema) != TOKEN_OBJECT)
		return;
	s->native = text_of(schema, "x-type", &text) && begins(text, "mongodb:");
	s->ejson = declared_as(schema, "x-values", "ejson");
	read_fields(s, &s->top, schema, 0);
}
