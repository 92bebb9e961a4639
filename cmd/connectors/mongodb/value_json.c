/* value_json: BSON as JSON. */
#include <inttypes.h>
#include <math.h>

#include "stream/frame.h"
#include "value.h"
#include "value/base64.h"
#include "value/number.h"
#include "value/time.h"
#include "value_private.h"

/* Of BSON: servers take 100. Every level may be two of JSON, where it stands as {"$literal":…}. */
enum { MOST_DEPTH = 200, UUID_BYTES = 16 };

struct writing {
	struct buf *out;
	struct error *err;
	int depth;
};

static int put_value(struct writing *w, bson_iter_t *it, const struct shape *s);
static int put_members(struct writing *w, bson_iter_t *it, struct shape *s, bool top);

static int put_text(struct writing *w, struct span text, const bson_iter_t *it)
{
	if (!json_add_string(w->out, text))
		return 0;
	return error_data(w->err, "bad-utf8", "field '%s' holds bytes that are no UTF-8: '%s'", error_show(span_of(bson_iter_key(it))),
			  error_show(text));
}

static void put_hex(struct buf *out, const uint8_t *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < n; i++) {
		buf_addc(out, digits[bytes[i] >> 4]);
		buf_addc(out, digits[bytes[i] & 15]);
	}
}

static void put_oid(struct buf *out, const bson_oid_t *oid)
{
	buf_addc(out, '"');
	put_hex(out, oid->bytes, sizeof oid->bytes);
	buf_addc(out, '"');
}

/* ---- text */

static int put_string(struct writing *w, struct span text, const bson_iter_t *it, const struct shape *s)
{
	bool literal = s && text_is_declared(text, s->kind);

	if (literal)
		buf_adds(w->out, "{\"$literal\":");
	if (put_text(w, text, it))
		return -1;
	if (literal)
		buf_addc(w->out, '}');
	return 0;
}

static int too_deep(struct writing *w, const bson_iter_t *it)
{
	return error_data(w->err, "too-deep", "field '%s' is nested more than %d deep", error_show(span_of(bson_iter_key(it))), MOST_DEPTH);
}

static int put_code(struct writing *w, const bson_iter_t *it)
{
	const uint8_t *scope;
	const char *code;
	uint32_t n, size;
	bson_iter_t inner;

	buf_adds(w->out, "{\"$code\":");
	if (bson_iter_type(it) == BSON_TYPE_CODE) {
		code = bson_iter_code(it, &n);
		if (put_text(w, (struct span){ code, n }, it))
			return -1;
		buf_addc(w->out, '}');
		return 0;
	}
	code = bson_iter_codewscope(it, &n, &size, &scope);
	if (put_text(w, (struct span){ code, n }, it))
		return -1;
	if (w->depth >= MOST_DEPTH)
		return too_deep(w, it);
	w->depth++;
	buf_adds(w->out, ",\"$scope\":{");
	if (!bson_iter_init_from_data(&inner, scope, size))
		return error_data(w->err, "bad-bson", "field '%s': its scope is damaged", error_show(span_of(bson_iter_key(it))));
	if (put_members(w, &inner, NULL, false))
		return -1;
	buf_adds(w->out, "}}");
	w->depth--;
	return 0;
}

static int put_regex(struct writing *w, const bson_iter_t *it)
{
	const char *options, *pattern = bson_iter_regex(it, &options);

	buf_adds(w->out, "{\"$regularExpression\":{\"pattern\":");
	if (put_text(w, span_of(pattern), it))
		return -1;
	buf_adds(w->out, ",\"options\":");
	if (put_text(w, span_of(options), it))
		return -1;
	buf_adds(w->out, "}}");
	return 0;
}

static int put_pointer(struct writing *w, const bson_iter_t *it)
{
	const bson_oid_t *oid;
	const char *name;
	uint32_t n;

	bson_iter_dbpointer(it, &n, &name, &oid);
	buf_adds(w->out, "{\"$dbPointer\":{\"$ref\":");
	if (put_text(w, (struct span){ name, n }, it))
		return -1;
	buf_adds(w->out, ",\"$id\":{\"$oid\":");
	put_oid(w->out, oid);
	buf_adds(w->out, "}}}");
	return 0;
}

static int put_symbol(struct writing *w, const bson_iter_t *it)
{
	uint32_t n;
	const char *text = bson_iter_symbol(it, &n);

	buf_adds(w->out, "{\"$symbol\":");
	if (put_text(w, (struct span){ text, n }, it))
		return -1;
	buf_addc(w->out, '}');
	return 0;
}

/* ---- bytes and times */

static void put_uuid(struct buf *out, const uint8_t *b)
{
	static const size_t parts[] = { 4, 2, 2, 2, 6 };
	size_t i;

	buf_addc(out, '"');
	for (i = 0; i < sizeof parts / sizeof *parts; b += parts[i++]) {
		if (i)
			buf_addc(out, '-');
		put_hex(out, b, parts[i]);
	}
	buf_addc(out, '"');
}

static void put_binary(struct buf *out, const bson_iter_t *it, const struct shape *s)
{
	bson_subtype_t subtype;
	const uint8_t *bytes;
	uint32_t n;
	bool plain;

	bson_iter_binary(it, &subtype, &n, &bytes);
	if (s && s->kind == SHAPE_UUID && subtype == BSON_SUBTYPE_UUID && n == UUID_BYTES) {
		put_uuid(out, bytes);
		return;
	}
	plain = s && s->kind == SHAPE_BINARY && subtype == BSON_SUBTYPE_BINARY;
	buf_adds(out, plain ? "\"" : "{\"$binary\":{\"base64\":\"");
	base64_add(out, (struct span){ (const char *)bytes, n });
	if (plain)
		buf_addc(out, '"');
	else
		buf_addf(out, "\",\"subType\":\"%02x\"}}", (unsigned)subtype);
}

static void put_date(struct buf *out, int64_t ms, const struct shape *s)
{
	int64_t second = ms / 1000 - (ms % 1000 < 0);

	if (s && s->kind == SHAPE_DATE && ms >= DATE_FIRST && ms <= DATE_LAST) {
		buf_addc(out, '"');
		time_add_rfc3339(out, (struct moment){ second, (int32_t)(ms - second * 1000) * 1000000 }, 0, true);
		buf_addc(out, '"');
	} else {
		buf_addf(out, "{\"$date\":{\"$numberLong\":\"%" PRId64 "\"}}", ms);
	}
}

/* ---- numbers */

static void put_int(struct buf *out, int64_t v, bool is32, const struct shape *s)
{
	enum shape_kind kind = s ? s->kind : SHAPE_ANY;
	char room[NUMBER_INT64_ROOM];
	struct span digits = number_from_int64(v, room);
	bool plain;

	if (kind_is_number(kind))
		plain = kind == (is32 ? SHAPE_INT32 : SHAPE_INT64);
	else
		plain = is32 || v < INT32_MIN || v > INT32_MAX;
	if (plain)
		buf_addspan(out, digits);
	else
		buf_addf(out, "{\"$number%s\":\"%.*s\"}", is32 ? "Int" : "Long", (int)digits.n, digits.p);
}

static void put_double(struct buf *out, double d, const struct shape *s)
{
	enum shape_kind kind = s ? s->kind : SHAPE_ANY;
	bool plain = kind == SHAPE_DOUBLE || (!kind_is_number(kind) && isfinite(d));
	char text[NUMBER_DOUBLE_ROOM + 4];
	size_t n;

	if (isfinite(d)) {
		n = number_from_double(d, text);
		if (!memchr(text, '.', n) && !memchr(text, 'e', n))
			strcpy(text + n, ".0");
	} else {
		strcpy(text, isnan(d) ? "NaN" : d < 0 ? "-Infinity" : "Infinity");
	}
	if (plain)
		buf_addf(out, isfinite(d) ? "%s" : "\"%s\"", text);
	else
		buf_addf(out, "{\"$numberDouble\":\"%s\"}", text);
}

/* Where no type of number is declared: digits that neither an integer nor a double holds are read as a decimal again. */
static bool only_decimal(struct span text)
{
	int64_t n;

	return number_is_json(text) && number_int64(text, &n) && !number_fits_double(text);
}

static void put_decimal(struct buf *out, const bson_iter_t *it, const struct shape *s)
{
	enum shape_kind kind = s ? s->kind : SHAPE_ANY;
	char text[BSON_DECIMAL128_STRING];
	bson_decimal128_t d;

	bson_iter_decimal128(it, &d);
	bson_decimal128_to_string(&d, text);
	if (kind == SHAPE_DECIMAL)
		buf_addf(out, number_is_json(span_of(text)) ? "%s" : "\"%s\"", text);
	else if (!kind_is_number(kind) && only_decimal(span_of(text)))
		buf_adds(out, text);
	else
		buf_addf(out, "{\"$numberDecimal\":\"%s\"}", text);
}

/* ---- containers */

/* The document has just the names of an object of Extended JSON. */
static bool looks_extended(const bson_iter_t *document)
{
	struct span names[2];
	bson_iter_t it;
	size_t n = 0;

	if (!bson_iter_recurse(document, &it))
		return false;
	while (bson_iter_next(&it)) {
		if (n == 2 || bson_iter_key(&it)[0] != '$')
			return false;
		names[n++] = (struct span){ bson_iter_key(&it), bson_iter_key_len(&it) };
	}
	return n && extended_of(names, n) != EXTENDED_NONE;
}

static int put_document(struct writing *w, bson_iter_t *it, const struct shape *s)
{
	bool literal = looks_extended(it);
	bson_iter_t inner;

	if (w->depth >= MOST_DEPTH || !bson_iter_recurse(it, &inner))
		return too_deep(w, it);
	w->depth++;
	buf_adds(w->out, literal ? "{\"$literal\":{" : "{");
	if (put_members(w, &inner, !literal && s && s->kind == SHAPE_DOCUMENT ? (struct shape *)(uintptr_t)s : NULL, false))
		return -1;
	buf_adds(w->out, literal ? "}}" : "}");
	w->depth--;
	return 0;
}

static int put_array(struct writing *w, bson_iter_t *it, const struct shape *s)
{
	const struct shape *items = s && s->kind == SHAPE_ARRAY ? s->items : NULL;
	bson_iter_t inner;
	bool comma = false;

	if (w->depth >= MOST_DEPTH || !bson_iter_recurse(it, &inner))
		return too_deep(w, it);
	w->depth++;
	buf_addc(w->out, '[');
	while (bson_iter_next(&inner)) {
		if (comma)
			buf_addc(w->out, ',');
		comma = true;
		if (put_value(w, &inner, items))
			return -1;
	}
	buf_addc(w->out, ']');
	w->depth--;
	return 0;
}

static int put_rest(struct writing *w, bson_iter_t *it)
{
	uint32_t t, i;

	switch (bson_iter_type(it)) {
	case BSON_TYPE_REGEX:
		return put_regex(w, it);
	case BSON_TYPE_CODE:
	case BSON_TYPE_CODEWSCOPE:
		return put_code(w, it);
	case BSON_TYPE_DBPOINTER:
		return put_pointer(w, it);
	case BSON_TYPE_SYMBOL:
		return put_symbol(w, it);
	case BSON_TYPE_TIMESTAMP:
		bson_iter_timestamp(it, &t, &i);
		buf_addf(w->out, "{\"$timestamp\":{\"t\":%" PRIu32 ",\"i\":%" PRIu32 "}}", t, i);
		return 0;
	case BSON_TYPE_UNDEFINED:
		buf_adds(w->out, "{\"$undefined\":true}");
		return 0;
	case BSON_TYPE_MINKEY:
		buf_adds(w->out, "{\"$minKey\":1}");
		return 0;
	case BSON_TYPE_MAXKEY:
		buf_adds(w->out, "{\"$maxKey\":1}");
		return 0;
	default:
		return error_data(w->err, "bad-bson", "field '%s' has a type that BSON doesn't know: 0x%02x", error_show(span_of(bson_iter_key(it))),
				  (unsigned)bson_iter_type(it));
	}
}

static int put_value(struct writing *w, bson_iter_t *it, const struct shape *s)
{
	const char *text;
	uint32_t n;

	switch (bson_iter_type(it)) {
	case BSON_TYPE_UTF8:
		text = bson_iter_utf8(it, &n);
		return put_string(w, (struct span){ text, n }, it, s);
	case BSON_TYPE_INT32:
		put_int(w->out, bson_iter_int32(it), true, s);
		return 0;
	case BSON_TYPE_INT64:
		put_int(w->out, bson_iter_int64(it), false, s);
		return 0;
	case BSON_TYPE_DOUBLE:
		put_double(w->out, bson_iter_double(it), s);
		return 0;
	case BSON_TYPE_DECIMAL128:
		put_decimal(w->out, it, s);
		return 0;
	case BSON_TYPE_BOOL:
		buf_adds(w->out, bson_iter_bool(it) ? "true" : "false");
		return 0;
	case BSON_TYPE_NULL:
		buf_adds(w->out, "null");
		return 0;
	case BSON_TYPE_DATE_TIME:
		put_date(w->out, bson_iter_date_time(it), s);
		return 0;
	case BSON_TYPE_BINARY:
		put_binary(w->out, it, s);
		return 0;
	case BSON_TYPE_DOCUMENT:
		return put_document(w, it, s);
	case BSON_TYPE_ARRAY:
		return put_array(w, it, s);
	case BSON_TYPE_OID:
		if (!s || s->kind != SHAPE_OID)
			buf_adds(w->out, "{\"$oid\":");
		put_oid(w->out, bson_iter_oid(it));
		if (!s || s->kind != SHAPE_OID)
			buf_addc(w->out, '}');
		return 0;
	default:
		return put_rest(w, it);
	}
}

static int put_name(struct writing *w, struct span name, bool top)
{
	struct buf travels = BUF_INIT;
	int failed;

	if (!top || !name.n || name.p[0] != '_') {
		failed = json_add_string(w->out, name);
	} else {
		name_add_reserved(&travels, name);
		failed = json_add_string(w->out, buf_span(&travels));
		buf_release(&travels);
	}
	return failed ? error_data(w->err, "bad-utf8", "the name of a field is no UTF-8: '%s'", error_show(name)) : 0;
}

static int put_members(struct writing *w, bson_iter_t *it, struct shape *s, bool top)
{
	struct span name;
	bool comma = false;

	while (bson_iter_next(it)) {
		name = (struct span){ bson_iter_key(it), bson_iter_key_len(it) };
		if (comma)
			buf_addc(w->out, ',');
		comma = true;
		if (put_name(w, name, top))
			return -1;
		buf_addc(w->out, ':');
		if (put_value(w, it, shape_member(s, name)))
			return -1;
	}
	return it->err_off ? error_data(w->err, "bad-bson", "the document is damaged at byte %u", it->err_off) : 0;
}

int members_json(bson_iter_t *it, struct shape *shape, bool top, struct buf *out, struct error *err)
{
	struct writing w = { out, err, 0 };

	return put_members(&w, it, shape, top);
}

int value_json(bson_iter_t *it, const struct shape *shape, struct buf *out, struct error *err)
{
	struct writing w = { out, err, 0 };

	return put_value(&w, it, shape);
}
