/* value_bson: JSON as BSON. */
#include <stdlib.h>
#include <string.h>

#include "value.h"
#include "value/base64.h"
#include "value/number.h"
#include "value_private.h"

static int length(struct span name)
{
	return (int)name.n;
}

/* libbson refuses what would make a document too long to have a length. */
static int appended(bool done, struct span name, struct error *err)
{
	return done ? 0 : error_data(err, "too-long", "field '%s': the document grows too long", error_show(name));
}

static int bad(struct span name, const char *what, struct error *err)
{
	return error_data(err, "bad-value", "field '%s': %s", error_show(name), what);
}

/* ---- text */

static int put_text(bson_t *to, struct span name, struct span text, struct error *err)
{
	return appended(text.n < INT32_MAX && bson_append_utf8(to, name.p, length(name), text.p, (int)text.n), name, err);
}

static int put_base64(bson_t *to, struct span name, bson_subtype_t subtype, struct span text, struct reading *r, struct error *err)
{
	unsigned char *bytes = arena_alloc(&r->arena, base64_room(text.n));
	int64_t n = base64_decode(text, bytes);

	if (n < 0)
		return bad(name, "it isn't base64", err);
	return appended(n < INT32_MAX && bson_append_binary(to, name.p, length(name), subtype, bytes, (uint32_t)n), name, err);
}

/* A time finer than BSON's milliseconds stays as it was written. */
static int put_finer_time(bson_t *to, struct span name, struct span text, int64_t ms, struct reading *r, struct error *err)
{
	if (r->lossy && !r->shapes->native)
		return appended(bson_append_date_time(to, name.p, length(name), ms), name, err);
	r->times_as_text += !r->shapes->native;
	return put_text(to, name, text, err);
}

static int put_special(bson_t *to, struct span name, struct span text, enum shape_kind kind, struct error *err)
{
	bson_decimal128_t d;

	if (kind != SHAPE_DECIMAL)
		return appended(bson_append_double(to, name.p, length(name), special_double(text)), name, err);
	special_decimal(text, &d);
	return appended(bson_append_decimal128(to, name.p, length(name), &d), name, err);
}

static int put_string(bson_t *to, struct span name, struct span text, enum shape_kind kind, struct reading *r, struct error *err)
{
	uint8_t uuid[16];
	bson_oid_t oid;
	int64_t ms;

	switch (kind) {
	case SHAPE_OID:
		if (oid_parse(text, &oid))
			return appended(bson_append_oid(to, name.p, length(name), &oid), name, err);
		break;
	case SHAPE_DATE:
		switch (date_parse(text, &ms)) {
		case DATE_EXACT:
			return appended(bson_append_date_time(to, name.p, length(name), ms), name, err);
		case DATE_FINER:
			return put_finer_time(to, name, text, ms, r, err);
		case DATE_NOT:
			break;
		}
		break;
	case SHAPE_UUID:
		if (uuid_parse(text, uuid))
			return appended(bson_append_binary(to, name.p, length(name), BSON_SUBTYPE_UUID, uuid, sizeof uuid), name, err);
		break;
	case SHAPE_BINARY:
		if (base64_is(text))
			return put_base64(to, name, BSON_SUBTYPE_BINARY, text, r, err);
		break;
	case SHAPE_DOUBLE:
	case SHAPE_DECIMAL:
	case SHAPE_NUMBER:
		if (text_is_special(text))
			return put_special(to, name, text, kind, err);
		break;
	default:
		break;
	}
	return put_text(to, name, text, err);
}

/* ---- numbers */

static int put_integer(bson_t *to, struct span name, int64_t n, bool is64, struct error *err)
{
	if (is64 || n < INT32_MIN || n > INT32_MAX)
		return appended(bson_append_int64(to, name.p, length(name), n), name, err);
	return appended(bson_append_int32(to, name.p, length(name), (int32_t)n), name, err);
}

static bool is_written_as_integer(struct span digits)
{
	return !memchr(digits.p, '.', digits.n) && !memchr(digits.p, 'e', digits.n) && !memchr(digits.p, 'E', digits.n);
}

static bool is_minus_zero(struct span digits)
{
	return digits.p[0] == '-' && number_is_zero(digits);
}

/* Where no type of number is declared, or the declared one can't hold it. */
static int put_any_number(bson_t *to, struct span name, struct span digits, struct reading *r, struct error *err)
{
	bson_decimal128_t d;
	int64_t n;

	if (is_written_as_integer(digits) && !is_minus_zero(digits) && !number_int64(digits, &n))
		return put_integer(to, name, n, false, err);
	if (number_fits_double(digits) || (r->lossy && !r->shapes->native))
		return appended(bson_append_double(to, name.p, length(name), number_double(digits)), name, err);
	if (decimal_parse(digits, &d))
		return appended(bson_append_decimal128(to, name.p, length(name), &d), name, err);
	r->numbers_as_text++;
	return put_text(to, name, digits, err);
}

static int put_number(bson_t *to, struct span name, struct span digits, enum shape_kind kind, struct reading *r, struct error *err)
{
	bson_decimal128_t d;
	int64_t n;

	switch (kind) {
	case SHAPE_INT32:
		if (!number_int64(digits, &n) && n >= INT32_MIN && n <= INT32_MAX)
			return put_integer(to, name, n, false, err);
		break;
	case SHAPE_INT64:
		if (!number_int64(digits, &n))
			return put_integer(to, name, n, true, err);
		break;
	case SHAPE_DOUBLE:
	case SHAPE_NUMBER:
		if (number_fits_double(digits))
			return appended(bson_append_double(to, name.p, length(name), number_double(digits)), name, err);
		break;
	case SHAPE_DECIMAL:
		if (decimal_parse(digits, &d))
			return appended(bson_append_decimal128(to, name.p, length(name), &d), name, err);
		break;
	default:
		break;
	}
	return put_any_number(to, name, digits, r, err);
}

/* ---- objects of Extended JSON */

static bool member_text(struct value object, const char *name, struct reading *r, struct span *out)
{
	struct value v;

	if (!value_member(object, span_of(name), &v) || value_type(v) != TOKEN_STRING)
		return false;
	*out = value_text(v, &r->arena);
	return true;
}

static bool member_uint32(struct value object, const char *name, uint32_t *out)
{
	struct value v;
	int64_t n;

	if (!value_member(object, span_of(name), &v) || value_type(v) != TOKEN_NUMBER || value_int64(v, &n) || n < 0 || n > UINT32_MAX)
		return false;
	*out = (uint32_t)n;
	return true;
}

/* A text for a C string. */
static bool member_cstring(struct value object, const char *name, struct reading *r, const char **out)
{
	struct span text;

	if (!member_text(object, name, r, &text) || memchr(text.p, '\0', text.n))
		return false;
	*out = arena_dup(&r->arena, text.p, text.n);
	return true;
}

static int put_extended_binary(bson_t *to, struct span name, struct value inner, struct reading *r, struct error *err)
{
	struct span text, subtype;
	char *end;
	unsigned long n;

	if (value_type(inner) != TOKEN_OBJECT || !member_text(inner, "base64", r, &text) || !member_text(inner, "subType", r, &subtype) || !subtype.n ||
	    subtype.n > 2)
		return bad(name, "$binary is {\"base64\":TEXT,\"subType\":HEX}", err);
	n = strtoul(arena_dup(&r->arena, subtype.p, subtype.n), &end, 16);
	if (*end)
		return bad(name, "the subType of $binary is two hexadecimal digits", err);
	return put_base64(to, name, (bson_subtype_t)n, text, r, err);
}

static int put_extended_date(bson_t *to, struct span name, struct value inner, struct reading *r, struct error *err)
{
	struct span text;
	int64_t ms;

	if (value_type(inner) == TOKEN_OBJECT && member_text(inner, "$numberLong", r, &text) && number_is_json(text) && !number_int64(text, &ms))
		return appended(bson_append_date_time(to, name.p, length(name), ms), name, err);
	if (value_type(inner) == TOKEN_STRING && date_parse(value_text(inner, &r->arena), &ms) == DATE_EXACT)
		return appended(bson_append_date_time(to, name.p, length(name), ms), name, err);
	return bad(name, "$date is {\"$numberLong\":TEXT} or a time of RFC 3339 with milliseconds at most", err);
}

static int put_extended_number(bson_t *to, struct span name, enum extended kind, struct span text, struct error *err)
{
	bson_decimal128_t d;
	bool json = number_is_json(text);
	int64_t n;

	if (kind == EXTENDED_DECIMAL && text_is_special(text))
		return put_special(to, name, text, SHAPE_DECIMAL, err);
	if (kind == EXTENDED_DECIMAL && decimal_parse(text, &d))
		return appended(bson_append_decimal128(to, name.p, length(name), &d), name, err);
	if (kind == EXTENDED_DOUBLE && (json || text_is_special(text)))
		return appended(bson_append_double(to, name.p, length(name), json ? number_double(text) : special_double(text)), name, err);
	if (kind == EXTENDED_LONG && json && !number_int64(text, &n))
		return put_integer(to, name, n, true, err);
	if (kind == EXTENDED_INT && json && !number_int64(text, &n) && n >= INT32_MIN && n <= INT32_MAX)
		return put_integer(to, name, n, false, err);
	return bad(name, "the number of Extended JSON isn't one of its type", err);
}

static int put_extended_code(bson_t *to, struct span name, struct value v, bool scoped, struct reading *r, struct error *err)
{
	struct value scope = VALUE_NONE;
	const char *code;
	bson_t inner;
	int failed = 0;

	if (!member_cstring(v, "$code", r, &code) || (scoped && (!value_member(v, SPAN_LIT("$scope"), &scope) || value_type(scope) != TOKEN_OBJECT)))
		return bad(name, "$code is text without a NUL, and $scope an object", err);
	if (!scoped)
		return appended(bson_append_code(to, name.p, length(name), code), name, err);
	bson_init(&inner);
	failed = members_bson(&inner, scope, NULL, r, err) || appended(bson_append_code_with_scope(to, name.p, length(name), code, &inner), name, err);
	bson_destroy(&inner);
	return failed ? -1 : 0;
}

static int put_extended_regex(bson_t *to, struct span name, struct value inner, struct reading *r, struct error *err)
{
	const char *pattern, *options;

	if (value_type(inner) != TOKEN_OBJECT || !member_cstring(inner, "pattern", r, &pattern) || !member_cstring(inner, "options", r, &options))
		return bad(name, "$regularExpression is {\"pattern\":TEXT,\"options\":TEXT}, without a NUL", err);
	return appended(bson_append_regex(to, name.p, length(name), pattern, options), name, err);
}

static int put_extended_pointer(bson_t *to, struct span name, struct value inner, struct reading *r, struct error *err)
{
	const char *collection;
	struct value id;
	struct span text;
	bson_oid_t oid;

	if (value_type(inner) != TOKEN_OBJECT || !member_cstring(inner, "$ref", r, &collection) || !value_member(inner, SPAN_LIT("$id"), &id) ||
	    value_type(id) != TOKEN_OBJECT || !member_text(id, "$oid", r, &text) || !oid_parse(text, &oid))
		return bad(name, "$dbPointer is {\"$ref\":TEXT,\"$id\":{\"$oid\":TEXT}}", err);
	return appended(bson_append_dbpointer(to, name.p, length(name), collection, &oid), name, err);
}

static int put_literal(bson_t *to, struct span name, struct value inner, struct reading *r, struct error *err);

static int put_extended_text(bson_t *to, struct span name, enum extended kind, struct value inner, struct reading *r, struct error *err)
{
	struct span text;
	uint8_t uuid[16];
	bson_oid_t oid;

	if (value_type(inner) != TOKEN_STRING)
		return bad(name, "the value of an object of Extended JSON isn't text", err);
	text = value_text(inner, &r->arena);
	switch (kind) {
	case EXTENDED_OID:
		return oid_parse(text, &oid) ? appended(bson_append_oid(to, name.p, length(name), &oid), name, err) :
					       bad(name, "$oid is 24 hexadecimal digits", err);
	case EXTENDED_UUID:
		return uuid_parse(text, uuid) ? appended(bson_append_binary(to, name.p, length(name), BSON_SUBTYPE_UUID, uuid, sizeof uuid), name, err) :
						bad(name, "$uuid is 32 hexadecimal digits with hyphens", err);
	case EXTENDED_SYMBOL:	/* other systems say by it that the text is text */
		return r->shapes->native ? appended(text.n < INT32_MAX && bson_append_symbol(to, name.p, length(name), text.p, (int)text.n), name, err) :
					   put_text(to, name, text, err);
	default:
		return put_extended_number(to, name, kind, text, err);
	}
}

static int put_extended(bson_t *to, struct span name, enum extended kind, struct value v, struct reading *r, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct value inner;
	uint32_t t, i;

	value_next(v, &walk, NULL, &inner);
	switch (kind) {
	case EXTENDED_BINARY:
		return put_extended_binary(to, name, inner, r, err);
	case EXTENDED_CODE:
	case EXTENDED_SCOPED:
		return put_extended_code(to, name, v, kind == EXTENDED_SCOPED, r, err);
	case EXTENDED_TIMESTAMP:
		if (value_type(inner) != TOKEN_OBJECT || !member_uint32(inner, "t", &t) || !member_uint32(inner, "i", &i))
			return bad(name, "$timestamp is {\"t\":SECONDS,\"i\":NUMBER}", err);
		return appended(bson_append_timestamp(to, name.p, length(name), t, i), name, err);
	case EXTENDED_REGEX:
		return put_extended_regex(to, name, inner, r, err);
	case EXTENDED_POINTER:
		return put_extended_pointer(to, name, inner, r, err);
	case EXTENDED_DATE:
		return put_extended_date(to, name, inner, r, err);
	case EXTENDED_MIN:
		return appended(bson_append_minkey(to, name.p, length(name)), name, err);
	case EXTENDED_MAX:
		return appended(bson_append_maxkey(to, name.p, length(name)), name, err);
	case EXTENDED_UNDEFINED:
		return appended(bson_append_undefined(to, name.p, length(name)), name, err);
	case EXTENDED_LITERAL:
		return put_literal(to, name, inner, r, err);
	default:
		return put_extended_text(to, name, kind, inner, r, err);
	}
}

static enum extended extended_in(struct value object, struct reading *r)
{
	struct walk walk = { 0, 0, 0 };
	struct span names[2];
	struct value name, v;
	size_t n = 0;

	if (!r->shapes->ejson)
		return EXTENDED_NONE;
	while (value_next(object, &walk, &name, &v)) {
		if (n == 2)
			return EXTENDED_NONE;
		names[n++] = value_text(name, &r->arena);
		if (!names[n - 1].n || names[n - 1].p[0] != '$')
			return EXTENDED_NONE;
	}
	return n ? extended_of(names, n) : EXTENDED_NONE;
}

/* ---- containers */

static int put_document(bson_t *to, struct span name, struct value v, struct shape *s, struct reading *r, struct error *err)
{
	bson_t inner;
	int failed;

	if (!bson_append_document_begin(to, name.p, length(name), &inner))
		return appended(false, name, err);
	failed = members_bson(&inner, v, s, r, err);
	return !bson_append_document_end(to, &inner) || failed ? -1 : 0;
}

static int put_array(bson_t *to, struct span name, struct value v, const struct shape *items, struct reading *r, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct value each;
	const char *key;
	char room[16];
	uint32_t i = 0;
	bson_t inner;
	int failed = 0;

	bool inside = r->inside;

	if (!bson_append_array_begin(to, name.p, length(name), &inner))
		return appended(false, name, err);
	r->inside = true;
	while (!failed && value_next(v, &walk, NULL, &each)) {
		size_t n = bson_uint32_to_string(i++, &key, room, sizeof room);

		failed = value_bson(&inner, (struct span){ key, n }, each, items, r, err);
	}
	r->inside = inside;
	return !bson_append_array_end(to, &inner) || failed ? -1 : 0;
}

/* {"$literal":X}: X as if nothing were declared, and an object a document whatever its names are. */
static int put_literal(bson_t *to, struct span name, struct value inner, struct reading *r, struct error *err)
{
	return value_type(inner) == TOKEN_OBJECT ? put_document(to, name, inner, NULL, r, err) : value_bson(to, name, inner, NULL, r, err);
}

/* {"$symbol":TEXT} in a field of JSON: what JSON itself can't tell apart, such as its null from none. */
static int put_json_text(bson_t *to, struct span name, struct value symbol, struct reading *r, struct error *err)
{
	static const struct scan_limits limits = SCAN_LIMITS_INIT;
	struct walk walk = { 0, 0, 0 };
	struct value inner;
	struct record rec;
	struct span text;
	int failed;

	value_next(symbol, &walk, NULL, &inner);
	text = value_type(inner) == TOKEN_STRING ? value_text(inner, &r->arena) : SPAN_LIT("");
	record_init(&rec);
	failed = record_copy(&rec, text.p, text.n, &limits, err) ? bad(name, "$symbol in a field of JSON holds JSON text", err)
		: value_bson(to, name, record_root(&rec), NULL, r, err);
	record_release(&rec);
	return failed;
}

static int put_object(bson_t *to, struct span name, struct value v, const struct shape *s, struct reading *r, struct error *err)
{
	enum shape_kind declared = s ? s->kind : SHAPE_ANY;
	bool inside = r->inside;
	enum extended kind = r->shapes->native || (!inside && declared != SHAPE_DOCUMENT) ? extended_in(v, r) : EXTENDED_NONE;
	int failed;

	r->inside = true;
	if (declared == SHAPE_JSON && kind == EXTENDED_SYMBOL)
		failed = put_json_text(to, name, v, r, err);
	else if (declared != SHAPE_JSON && kind != EXTENDED_NONE)
		failed = put_extended(to, name, kind, v, r, err);
	else
		failed = put_document(to, name, v, s && declared == SHAPE_DOCUMENT ? (struct shape *)(uintptr_t)s : NULL, r, err);
	r->inside = inside;
	return failed;
}

int value_bson(bson_t *to, struct span name, struct value v, const struct shape *s, struct reading *r, struct error *err)
{
	enum shape_kind kind = s ? s->kind : SHAPE_ANY;

	if (memchr(name.p, '\0', name.n))
		return error_data(err, "bad-name", "the name of a field holds a NUL, which BSON can't: '%s'", error_show(name));
	switch (value_type(v)) {
	case TOKEN_NULL:
		return appended(bson_append_null(to, name.p, length(name)), name, err);
	case TOKEN_FALSE:
	case TOKEN_TRUE:
		return appended(bson_append_bool(to, name.p, length(name), value_type(v) == TOKEN_TRUE), name, err);
	case TOKEN_NUMBER:
		return put_number(to, name, value_bytes(v), kind, r, err);
	case TOKEN_STRING:
		return put_string(to, name, value_text(v, &r->arena), kind, r, err);
	case TOKEN_ARRAY:
		return put_array(to, name, v, kind == SHAPE_ARRAY ? s->items : NULL, r, err);
	case TOKEN_OBJECT:
		return put_object(to, name, v, s, r, err);
	}
	return -1;
}

int members_bson(bson_t *to, struct value object, struct shape *s, struct reading *r, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct value name, v;
	struct span text;

	while (value_next(object, &walk, &name, &v)) {
		text = value_text(name, &r->arena);
		if (value_bson(to, text, v, shape_member(s, text), r, err))
			return -1;
	}
	return 0;
}
