/*
 * extract_rows: a hash or a JSON string under a template of keys as a row.
 *
 * The key's parts are fields, unless the value has fields of those names. A hash holds texts; where a loader remembered the
 * schema that the rows came with, they are given back as what it says: numbers, booleans, objects.
 */
#include "extract.h"
#include "load/declared.h"
#include "value/number.h"

/* ---- the schema */

static void add_key(const struct extract *x, struct buf *out)
{
	uint32_t i;

	for (i = 0; i < x->tmpl.parts; i++) {
		buf_addc(out, i ? ',' : '[');
		json_add_string(out, x->tmpl.name[i]);
	}
	buf_addc(out, ']');
}

/* What a loader kept under _sync_schema:TEMPLATE. */
static int read_schema(struct extract *x, struct error *err)
{
	const struct scan_limits limits = { 1000, INT32_MAX };
	struct buf name = BUF_INIT;
	struct span words[2] = { SPAN_LIT("GET") };
	redisReply *reply;

	buf_addf(&name, "_sync_schema:%s", x->own->key_template);
	words[1] = buf_span(&name);
	reply = redis_ask(&x->redis, "read the schema in", 2, words, err);
	buf_release(&name);
	if (!reply)
		return -1;
	x->has_schema = reply->type == REDIS_REPLY_STRING && !record_copy(&x->schema, reply->str, (size_t)reply->len, &limits, &(struct error)ERROR_INIT) &&
		record_is_object(&x->schema);
	freeReplyObject(reply);
	return 0;
}

int schema_write(struct extract *x, struct error *err)
{
	struct buf schema = BUF_INIT, key = BUF_INIT;
	int failed;

	if (!x->tmpl.parts) {
		buf_adds(&schema, "{\"type\":\"object\",\"x-values\":\"ejson\",\"required\":[\"key\",\"type\"],\"properties\":{\"key\":{\"type\":\"string\"},"
			 "\"type\":{\"type\":\"string\"},\"value\":{},\"pairs\":{\"type\":\"array\"},\"groups\":{\"type\":\"array\"},\"dump\":{\"type\":\"string\","
			 "\"contentEncoding\":\"base64\"}}}");
		buf_adds(&key, "[\"key\"]");
	} else {
		if (read_schema(x, err))
			return -1;
		if (x->has_schema)
			record_write(&x->schema, &schema);
		else
			buf_adds(&schema, "{\"type\":\"object\",\"x-absent\":null,\"x-values\":\"ejson\"}");
		add_key(x, &key);
	}
	failed = writer_schema(&x->tool->writer, x->stream, x->key.n ? buf_span(&x->key) : buf_span(&key), buf_span(&schema), err);
	buf_release(&schema);
	buf_release(&key);
	return failed;
}

/* ---- values */

/* A text as what its field's schema says, where it can be that. */
static void put_typed(struct extract *x, struct span field, struct span text, struct buf *out)
{
	const struct scan_limits limits = { (uint32_t)x->tool->opt.max_depth, (uint32_t)x->tool->opt.max_tokens };
	struct value properties, p;
	bool known = x->has_schema && value_member(record_root(&x->schema), SPAN_LIT("properties"), &properties) &&
		value_type(properties) == TOKEN_OBJECT && value_member(properties, field, &p) && !declared_type(p, "string");

	if (known && (declared_type(p, "number") || declared_type(p, "integer")) && number_is_json(text))
		buf_addspan(out, text);
	else if (known && declared_type(p, "boolean") && (span_is(text, "true") || span_is(text, "false")))
		buf_addspan(out, text);
	else if (known && !declared_type(p, "number") && !declared_type(p, "integer") && !declared_type(p, "boolean") && !memchr(text.p, '\n', text.n) &&
		 !record_copy(&x->scratch, text.p, text.n, &limits, &(struct error)ERROR_INIT))
		buf_addspan(out, text);
	else
		put_text(out, text);
}

static void put_field(struct extract *x, struct span field, struct span text, bool *comma, struct buf *out)
{
	if (*comma)
		buf_addc(out, ',');
	*comma = true;
	if (json_add_string(out, field)) {	/* a name that is no UTF-8 */
		struct buf hex = BUF_INIT;
		size_t i;

		buf_adds(&hex, "\\x");
		for (i = 0; i < field.n; i++)
			buf_addf(&hex, "%02x", (unsigned char)field.p[i]);
		json_add_string(out, buf_span(&hex));
		buf_release(&hex);
	}
	buf_addc(out, ':');
	put_typed(x, field, text, out);
}

static bool hash_has(const redisReply *v, struct span name)
{
	size_t i;

	for (i = 0; i + 1 < v->elements; i += 2)
		if (span_eq(reply_span(v->element[i]), name))
			return true;
	return false;
}

static int write_hash(struct extract *x, const struct key *k, const redisReply *v, const struct span *parts, struct error *err)
{
	struct buf *out = writer_line_start(&x->tool->writer);
	bool comma = put_head(k, out);
	uint32_t i;
	size_t j;

	for (i = 0; i < x->tmpl.parts; i++)
		if (!hash_has(v, x->tmpl.name[i]))
			put_field(x, x->tmpl.name[i], parts[i], &comma, out);
	for (j = 0; j + 1 < v->elements; j += 2)
		put_field(x, reply_span(v->element[j]), reply_span(v->element[j + 1]), &comma, out);
	buf_addc(out, '}');
	return end_record(x, err);
}

static int set_aside(struct extract *x, const struct key *k, const char *why, struct error *err)
{
	struct error reason = ERROR_INIT;

	counts_add(&x->tool->read, x->stream, 1);
	error_data(&reason, "bad-record", "the key '%s' %s", error_show(k->name), why);
	return writer_reject_raw(&x->tool->writer, k->name, x->stream, &reason, err);
}

static int write_json(struct extract *x, const struct key *k, struct span text, const struct span *parts, struct error *err)
{
	const struct scan_limits limits = { (uint32_t)x->tool->opt.max_depth, (uint32_t)x->tool->opt.max_tokens };
	struct buf *out;
	struct value v;
	bool comma;
	uint32_t i;
	size_t open;

	if (record_copy(&x->scratch, text.p, text.n, &limits, &(struct error)ERROR_INIT) || !record_is_object(&x->scratch) || memchr(text.p, '\n', text.n))
		return set_aside(x, k, "holds no JSON object on one line", err);
	out = writer_line_start(&x->tool->writer);
	comma = put_head(k, out);
	for (i = 0; i < x->tmpl.parts; i++)
		if (!value_member(record_root(&x->scratch), x->tmpl.name[i], &v))
			put_field(x, x->tmpl.name[i], parts[i], &comma, out);
	open = strspn(text.p, " \t\r\n") + 1;
	if (comma && value_count(record_root(&x->scratch)))
		buf_addc(out, ',');
	buf_add(out, text.p + open, text.n - open);
	return end_record(x, err);
}

int row_write(struct extract *x, const struct key *k, const redisReply *value, struct error *err)
{
	struct span parts[MOST_PARTS];

	if (value->type == REDIS_REPLY_NIL || (value->type == REDIS_REPLY_ARRAY && !value->elements) || !template_match(&x->tmpl, k->name, parts))
		return 0;
	if (value->type == REDIS_REPLY_ERROR)
		return strncmp(value->str, "WRONGTYPE", 9) ? redis_refused(&x->redis, value, "read", err) : 0;
	return value->type == REDIS_REPLY_ARRAY ? write_hash(x, k, value, parts, err) : write_json(x, k, reply_span(value), parts, err);
}
