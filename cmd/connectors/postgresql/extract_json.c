/*
 * extract_json: a value's binary form as JSON.
 *
 * Numbers are numbers, but NaN and infinities are strings; times, ranges, addresses and bits are strings; bytes are base64;
 * arrays are arrays, composites and hstore objects. {"$symbol":TEXT} is a value in PostgreSQL's own text, where JSON would
 * be read as another: the null of a json column (SQL's is null), JSON that is itself such an object or that no reader
 * here takes, arrays whose lower bounds aren't 1.
 */
#include "extract.h"
#include "value/base64.h"
#include "value/number.h"

static void put_symbol(struct span text, struct buf *out, bool *bad)
{
	buf_adds(out, "{\"$symbol\":");
	if (json_add_string(out, text)) {
		*bad = true;
		buf_adds(out, "\"\"");
	}
	buf_addc(out, '}');
}

static void put_string(struct extract *x, struct span text, struct buf *out)
{
	if (!json_add_string(out, text))
		return;
	x->bad_text = true;
	buf_adds(out, "{\"$binary\":{\"base64\":\"");
	base64_add(out, text);
	buf_adds(out, "\",\"subType\":\"00\"}}");
}

/* JSON as it stands, on one line. */
static void put_json(struct extract *x, struct span text, bool may_repeat, struct buf *out)
{
	const struct scan_limits limits = { (uint32_t)x->tool->opt.max_depth - 1, (uint32_t)x->tool->opt.max_tokens };
	struct value v, inner;
	struct error ignored;
	size_t start = out->n, i;

	if (record_copy(&x->scratch, text.p, text.n, &limits, &ignored)) {
		put_symbol(text, out, &x->bad_text);
		return;
	}
	v = record_root(&x->scratch);
	/* two members of one name: other stages set such a record aside */
	if (value_type(v) == TOKEN_NULL || (may_repeat && record_duplicate(&x->scratch, &x->names, &inner)) ||
	    (value_type(v) == TOKEN_OBJECT && value_count(v) == 1 && value_member(v, SPAN_LIT("$symbol"), &inner))) {
		put_symbol(text, out, &x->bad_text);
		return;
	}
	buf_addspan(out, text);
	for (i = start; i < out->n; i++)	/* line breaks stand between tokens only */
		if (out->p[i] == '\n' || out->p[i] == '\r')
			out->p[i] = ' ';
}

static int put_dimension(struct extract *x, const struct pg_type *t, struct bytes *b, const uint32_t *size, int left, struct buf *out)
{
	struct bytes v;
	uint32_t i;
	int got = 0;

	buf_addc(out, '[');
	for (i = 0; i < *size && got >= 0; i++) {
		if (i)
			buf_addc(out, ',');
		if (left > 1) {
			got = put_dimension(x, t, b, size + 1, left - 1, out);
			continue;
		}
		got = take_value(b, &v);
		if (got == 0)
			buf_adds(out, "null");
		else if (got > 0)
			got = json_of(x, t->element, v, out);
	}
	buf_addc(out, ']');
	return got < 0 ? -1 : 0;
}

static int put_array(struct extract *x, const struct pg_type *t, struct bytes b, struct buf *out)
{
	struct bytes whole = b;
	struct buf text = BUF_INIT;
	uint32_t size[DIMENSIONS];
	int32_t lower[DIMENSIONS];
	int n = take_dimensions(&b, size, lower), i, failed;
	bool usual = true;

	if (n < 0)
		return -1;
	for (i = 0; i < n; i++)
		usual = usual && lower[i] == 1;
	if (!n) {
		buf_adds(out, "[]");
		return 0;
	}
	if (usual)
		return put_dimension(x, t, &b, size, n, out);
	failed = text_of(t, whole, &text);
	put_symbol(buf_span(&text), out, &x->bad_text);
	buf_release(&text);
	return failed;
}

static int put_row(struct extract *x, const struct pg_type *t, struct bytes b, struct buf *out)
{
	uint32_t n = (uint32_t)take(&b, 4), i;
	struct bytes v;
	int got = b.p && n == t->fields ? 0 : -1;

	buf_addc(out, '{');
	for (i = 0; i < n && got >= 0; i++) {
		if (i)
			buf_addc(out, ',');
		buf_addspan(out, t->field[i].lead);
		(void)take(&b, 4);
		got = take_value(&b, &v);
		if (got == 0)
			buf_adds(out, "null");
		else if (got > 0)
			got = json_of(x, t->field[i].type, v, out);
	}
	buf_addc(out, '}');
	return got < 0 ? -1 : 0;
}

static struct span span_of_bytes(struct bytes b)
{
	return (struct span){ (const char *)b.p, (size_t)(b.end - b.p) };
}

static int put_hstore(struct extract *x, struct bytes b, struct buf *out)
{
	uint32_t n = (uint32_t)take(&b, 4), i;
	struct bytes v;
	int got = b.p ? 0 : -1;

	buf_addc(out, '{');
	for (i = 0; i < n && got >= 0; i++) {
		if (i)
			buf_addc(out, ',');
		if (take_value(&b, &v) <= 0)
			return -1;
		if (json_add_string(out, span_of_bytes(v))) {
			x->bad_text = true;
			buf_adds(out, "\"\"");
		}
		buf_addc(out, ':');
		got = take_value(&b, &v);
		if (got > 0)
			put_string(x, span_of_bytes(v), out);
		else
			buf_adds(out, "null");
	}
	buf_addc(out, '}');
	return got < 0 ? -1 : 0;
}

/* The text as a number, or in quotes where it is none. */
static int put_number(const struct pg_type *t, struct bytes b, struct buf *out)
{
	size_t start = out->n;
	char first;

	if (text_of(t, b, out))
		return -1;
	first = out->p[start + (out->p[start] == '-')];
	if (first >= '0' && first <= '9')
		return 0;
	buf_addc(out, '"');
	buf_addc(out, '"');
	memmove(out->p + start + 1, out->p + start, out->n - start - 2);
	out->p[start] = '"';
	return 0;
}

/* Text of letters, digits and signs that JSON takes as they are. */
static int put_plain(const struct pg_type *t, struct bytes b, struct buf *out)
{
	int failed;

	buf_addc(out, '"');
	failed = t->kind == PG_DATE || t->kind == PG_TIMESTAMP || t->kind == PG_TIMESTAMPTZ ? iso_of(t, b, out) : text_of(t, b, out);
	buf_addc(out, '"');
	return failed;
}

static int put_text_of(struct extract *x, const struct pg_type *t, struct bytes b, struct buf *out)
{
	struct buf text = BUF_INIT;
	int failed = text_of(t, b, &text);

	put_string(x, buf_span(&text), out);
	buf_release(&text);
	return failed;
}

int json_of(struct extract *x, const struct pg_type *t, struct bytes b, struct buf *out)
{
	char digits[NUMBER_INT64_ROOM];
	int64_t v;

	switch (t->kind) {
	case PG_BOOL:
		buf_adds(out, b.p < b.end && *b.p ? "true" : "false");
		return b.end - b.p == 1 ? 0 : -1;
	case PG_INT4:
		v = (int32_t)take(&b, 4);
		buf_addspan(out, number_from_int64(v, digits));
		return b.p == b.end ? 0 : -1;
	case PG_INT8:
		v = (int64_t)take(&b, 8);
		buf_addspan(out, number_from_int64(v, digits));
		return b.p == b.end ? 0 : -1;
	case PG_INT2:
	case PG_OID:
		return text_of(t, b, out);
	case PG_FLOAT4:
	case PG_FLOAT8:
	case PG_NUMERIC:
		return put_number(t, b, out);
	case PG_UUID:
	case PG_DATE:
	case PG_TIME:
	case PG_TIMETZ:
	case PG_TIMESTAMP:
	case PG_TIMESTAMPTZ:
	case PG_INTERVAL:
	case PG_INET:
	case PG_CIDR:
	case PG_MACADDR:
	case PG_BIT:
		return put_plain(t, b, out);
	case PG_BYTEA:
		buf_addc(out, '"');
		base64_add(out, span_of_bytes(b));
		buf_addc(out, '"');
		return 0;
	case PG_JSONB:
		if (take(&b, 1) != 1)
			return -1;
		put_json(x, span_of_bytes(b), false, out);
		return 0;
	case PG_JSON:
		put_json(x, span_of_bytes(b), true, out);
		return 0;
	case PG_ARRAY:
		return put_array(x, t, b, out);
	case PG_COMPOSITE:
		return put_row(x, t, b, out);
	case PG_HSTORE:
		return put_hstore(x, b, out);
	case PG_LTREE:
	case PG_RANGE:
	case PG_MULTIRANGE:
		return put_text_of(x, t, b, out);
	default:
		put_string(x, span_of_bytes(b), out);
		return 0;
	}
}
