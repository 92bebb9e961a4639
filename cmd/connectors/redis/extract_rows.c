/*
 * extract_rows: a hash or a JSON string under a template of keys as a row.
 *
 * The key's parts are fields, unless the value has fields of those names. A hash holds texts; where a loader remembered the
 * schema that the rows came with, they are given back as what it says: numbers, booleans, objects.
 */
#include "extract.h"
#include "stream/frame.h"

/* ---- the schema */

static void add_name(struct span name, struct buf *out)
{
	struct buf travels = BUF_INIT;

	name_add_reserved(&travels, name);
	json_add_string(out, buf_span(&travels));
	buf_release(&travels);
}

static void add_key(const struct extract *x, struct buf *out)
{
	uint32_t i;

	for (i = 0; i < x->tmpl.parts; i++) {
		buf_addc(out, i ? ',' : '[');
		add_name(x->tmpl.name[i], out);
	}
	buf_addc(out, ']');
}

/* What a loader kept under _sync_schema:TEMPLATE. */
static int read_schema(struct extract *x, struct error *err)
{
	const struct scan_limits limits = { 1000, INT32_MAX };
	struct error ignored = ERROR_INIT;
	struct buf name = BUF_INIT;
	struct span raw;
	struct item it;
	int failed;

	buf_addf(&name, "_sync_schema:%s", x->own->key_template);
	failed = redis_ask(&x->redis, "read the schema in", 2, (struct span[]){ SPAN_LIT("GET"), buf_span(&name) }, &raw, err);
	buf_release(&name);
	if (failed)
		return -1;
	it = item_first(raw);
	x->has_schema = it.type == '$' && !record_copy(&x->schema, it.text.p, it.text.n, &limits, &ignored) && record_is_object(&x->schema);
	if (x->has_schema)
		typed_read(&x->typed, &x->schema);
	return 0;
}

/* The schema with the names of its properties as they travel. */
static int add_schema(struct extract *x, struct buf *out, struct error *err)
{
	struct value properties, name, v;
	struct walk walk = { 0, 0, 0 };
	struct step step = { .kind = STEP_NAME, .name = SPAN_LIT("properties") };
	const struct path path = { .step = &step, .n = 1, .text = SPAN_LIT("properties") };
	struct buf text = BUF_INIT;
	struct arena arena = ARENA_INIT;
	int failed = 0;

	if (value_member(record_root(&x->schema), SPAN_LIT("properties"), &properties) && value_type(properties) == TOKEN_OBJECT) {
		buf_addc(&text, '{');
		while (value_next(properties, &walk, &name, &v)) {
			if (text.n > 1)
				buf_addc(&text, ',');
			add_name(value_text(name, &arena), &text);
			buf_addc(&text, ':');
			value_write(v, &text);
		}
		buf_addc(&text, '}');
		failed = record_set(&x->schema, &path, buf_span(&text), err);
	}
	if (!failed)
		record_write(&x->schema, out);
	buf_release(&text);
	arena_release(&arena);
	return failed;
}

int schema_write(struct extract *x, struct error *err)
{
	struct buf schema = BUF_INIT, key = BUF_INIT;
	int failed = 0;

	if (!x->tmpl.parts) {
		buf_adds(&schema, "{\"type\":\"object\",\"x-values\":\"ejson\",\"required\":[\"key\",\"type\"],\"properties\":{\"key\":{\"type\":\"string\"},"
			 "\"type\":{\"type\":\"string\"},\"value\":{},\"pairs\":{\"type\":\"array\"},\"last\":{\"type\":\"string\"},\"added\":{\"type\":\"integer\"},"
			 "\"deleted\":{\"type\":\"string\"},\"groups\":{\"type\":\"array\"},\"dump\":{\"type\":\"string\",\"contentEncoding\":\"base64\"}}}");
		buf_adds(&key, "[\"key\"]");
	} else {
		failed = read_schema(x, err);
		if (!failed && x->has_schema)
			failed = add_schema(x, &schema, err);
		else
			buf_adds(&schema, "{\"type\":\"object\",\"x-absent\":null,\"x-values\":\"ejson\"}");
		add_key(x, &key);
	}
	if (!failed)
		failed = writer_schema(&x->tool->writer, x->stream, x->key.n ? buf_span(&x->key) : buf_span(&key), buf_span(&schema), err);
	buf_release(&schema);
	buf_release(&key);
	return failed;
}

/* ---- values */

/* -1: a name that is no UTF-8. */
static int put_field(struct extract *x, struct span name, struct span text, bool *comma, struct buf *out)
{
	const struct typed_field *f = x->has_schema ? typed_field(&x->typed, name) : NULL;

	if (*comma)
		buf_addc(out, ',');
	*comma = true;
	if (name.n >= 5 && name.p[0] == '_')
		add_name(name, out);
	else if (json_add_string(out, name))
		return -1;
	buf_addc(out, ':');
	if (f && !f->text && typed_is_json(&x->typed, text))
		buf_addspan(out, text);
	else
		put_text(out, text);
	return 0;
}

static bool hash_has(struct span words, struct span name)
{
	struct item field, value;

	while (item_next(&words, &field) && item_next(&words, &value))
		if (span_eq(field.text, name))
			return true;
	return false;
}

static int write_hash(struct extract *x, const struct key *k, struct span words, const struct span *parts, struct error *err)
{
	struct buf *out = writer_line_start(&x->tool->writer);
	bool comma = put_head(k->expires, out);
	struct item field, value;
	uint32_t i;

	for (i = 0; i < x->tmpl.parts; i++)
		if (!hash_has(words, x->tmpl.name[i]))
			(void)put_field(x, x->tmpl.name[i], parts[i], &comma, out);
	while (item_next(&words, &field) && item_next(&words, &value))
		if (put_field(x, field.text, value.text, &comma, out)) {
			writer_line_cancel(&x->tool->writer);
			return set_aside(x, k, "bad-record", "has a field whose name is no UTF-8", err);
		}
	buf_addc(out, '}');
	return end_record(x, k, err);
}

/* A line feed in JSON stands between tokens: a blank does as well. */
static bool scan_row(struct extract *x, struct span text)
{
	const struct scan_limits limits = { (uint32_t)x->tool->opt.max_depth, (uint32_t)x->tool->opt.max_tokens };
	struct error ignored = ERROR_INIT;
	struct buf line = BUF_INIT;
	bool good;
	size_t i;

	buf_addspan(&line, text);
	for (i = 0; i < line.n; i++)
		line.p[i] = line.p[i] == '\n' || line.p[i] == '\r' ? ' ' : line.p[i];
	good = line.n && !record_copy(&x->scratch, line.p, line.n, &limits, &ignored) && record_is_object(&x->scratch) &&
		!names_reserve(&x->scratch, &ignored);
	buf_release(&line);
	return good;
}

static int write_json(struct extract *x, const struct key *k, struct span text, const struct span *parts, struct error *err)
{
	struct buf *out, line = BUF_INIT;
	struct value v;
	bool comma;
	uint32_t i;
	size_t open;

	if (!scan_row(x, text))
		return set_aside(x, k, "bad-record", "holds no JSON object", err);
	out = writer_line_start(&x->tool->writer);
	comma = put_head(k->expires, out);
	for (i = 0; i < x->tmpl.parts; i++)
		if (!value_member(record_root(&x->scratch), x->tmpl.name[i], &v))
			(void)put_field(x, x->tmpl.name[i], parts[i], &comma, out);
	record_write(&x->scratch, &line);
	open = strspn(buf_str(&line), " \t") + 1;
	if (comma && value_count(record_root(&x->scratch)))
		buf_addc(out, ',');
	buf_add(out, line.p + open, line.n - open);
	buf_release(&line);
	return end_record(x, k, err);
}

int row_write(struct extract *x, const struct key *k, struct span raw, struct error *err)
{
	struct span parts[MOST_PARTS];
	struct item it;

	if (!template_match(&x->tmpl, k->name, parts))
		return 0;
	(void)item_next(&raw, &it);
	return it.type == '*' ? write_hash(x, k, raw, parts, err) : write_json(x, k, it.text, parts, err);
}
