/* load_rows: a row as the hash or the JSON text that it becomes. */
#include <stdlib.h>

#include "load.h"
#include "load/declared.h"
#include "value/base64.h"
#include "value/number.h"
#include "value/time.h"

static int bad(struct error *err, const char *code, const char *why)
{
	error_data(err, code, "%s", why);
	return LOAD_REJECT;
}

/* ---- values */

static struct span json_of(struct database *d, struct value v)
{
	struct buf json = BUF_INIT;
	struct span s;

	value_write(v, &json);
	s = arena_span(&d->arena, buf_span(&json));
	buf_release(&json);
	return s;
}

/* A string's text, any other value's JSON. */
static struct span text_of(struct database *d, struct value v)
{
	return value_type(v) == TOKEN_STRING ? value_text(v, &d->arena) : value_type(v) == TOKEN_NUMBER ? value_bytes(v) : json_of(d, v);
}

/* {"$binary":{"base64":…}}: 1, 0 where it is something else, -1 where it is wrong. */
static int binary_of(struct database *d, struct value v, struct span *out)
{
	struct value inner, base64;
	struct span text;
	unsigned char *bytes;
	int64_t n;

	if (value_type(v) != TOKEN_OBJECT || value_count(v) != 1 || !value_member(v, SPAN_LIT("$binary"), &inner) ||
	    value_type(inner) != TOKEN_OBJECT || !value_member(inner, SPAN_LIT("base64"), &base64) || value_type(base64) != TOKEN_STRING)
		return 0;
	text = value_text(base64, &d->arena);
	bytes = arena_alloc(&d->arena, base64_room(text.n));
	n = base64_decode(text, bytes);
	*out = (struct span){ (const char *)bytes, n < 0 ? 0 : (size_t)n };
	return n < 0 ? -1 : 1;
}

int bytes_of(struct database *d, struct value v, struct span *out)
{
	if (value_type(v) == TOKEN_STRING || value_type(v) == TOKEN_NUMBER) {
		*out = text_of(d, v);
		return 0;
	}
	return binary_of(d, v, out) == 1 ? 0 : -1;
}

static int expiry_of(struct database *d, int64_t *out, struct error *err)
{
	struct value v;
	struct moment m;
	int32_t offset;

	*out = d->own->ttl > 0 ? redis_now(&d->redis) + (int64_t)(d->own->ttl * 1000) : -1;
	if (!load_member(d->load, "expires", &v) || value_type(v) == TOKEN_NULL)
		return LOAD_DONE;
	if (value_type(v) != TOKEN_STRING || time_parse_rfc3339(value_text(v, &d->arena), &m, &offset))
		return bad(err, "bad-value", "'expires' is no time of RFC 3339");
	*out = m.second < 0 ? 0 : m.second * 1000 + m.nano / 1000000;
	return LOAD_DONE;
}

/* ---- keys of rows */

/* Integers are one key however they are written. */
static struct span part_of(struct database *d, struct value v)
{
	char digits[NUMBER_INT64_ROOM];
	struct span bytes;
	int64_t n;

	if (d->ejson && binary_of(d, v, &bytes) == 1)
		return bytes;
	if (value_type(v) == TOKEN_NUMBER && !value_int64(v, &n))
		return arena_span(&d->arena, number_from_int64(n, digits));
	return text_of(d, v);
}

static int key_of(struct database *d, struct value object, struct buf *out, struct error *err)
{
	struct span parts[MOST_PARTS];
	struct value v;
	uint32_t i;

	buf_reset(out);
	for (i = 0; i < d->tmpl.parts; i++) {
		if (value_member(object, d->tmpl.name[i], &v) && value_type(v) != TOKEN_NULL)
			parts[i] = part_of(d, v);
		else
			parts[i] = (struct span){ NULL, 0 };
		if (!parts[i].n) {
			error_data(err, "no-key", "the key's part '%s' is missing, null or empty", error_show(d->tmpl.name[i]));
			return LOAD_REJECT;
		}
	}
	if (!template_key(&d->tmpl, parts, out))
		return bad(err, "bad-key", "a part of the key holds what stands between parts");
	return LOAD_DONE;
}

/* ---- hashes */

static int lossy(struct database *d, struct span name, struct error *err)
{
	if (d->o->lossy)
		return LOAD_DONE;
	error_data(err, "lossy", "'%s' is declared as text: a hash would give this value back as one (--lossy accepts that, --as=json keeps it)",
		   error_show(name));
	return LOAD_REJECT;
}

/* What typed.h says of the text. */
static int put_value(struct database *d, struct span name, struct value v, struct error *err)
{
	const struct typed_field *f = typed_field(&d->typed, name);
	struct buf json = BUF_INIT;
	struct span bytes;
	int got = d->ejson ? binary_of(d, v, &bytes) : 0;

	if (got)
		return got < 0 ? bad(err, "bad-value", "'$binary' is no base64") : (resp_word(&d->words, bytes), LOAD_DONE);
	bytes = text_of(d, v);
	if (f && f->text && value_type(v) != TOKEN_STRING && lossy(d, name, err))
		return LOAD_REJECT;
	if (!f || f->text || value_type(v) != TOKEN_STRING || !typed_is_json(&d->typed, bytes)) {
		resp_word(&d->words, bytes);
		return LOAD_DONE;
	}
	json_add_string(&json, bytes);
	resp_word(&d->words, buf_span(&json));
	buf_release(&json);
	return LOAD_DONE;
}

static int hash_of(struct database *d, struct record *rec, const struct meta *meta, struct error *err)
{
	struct value root = record_root(rec), name, v;
	struct walk walk = { 0, 0, 0 };
	struct span text;

	while (value_next(root, &walk, &name, &v)) {
		text = value_text(name, &d->arena);
		if (value_type(v) == TOKEN_NULL) {
			if (meta->op == OP_UPDATE)
				resp_word(&d->gone, text);
			continue;
		}
		resp_word(&d->names, text);
		if (put_value(d, text, v, err))
			return LOAD_REJECT;
	}
	return LOAD_DONE;
}

static void add_unset(struct database *d)
{
	struct walk walk = { 0, 0, 0 };
	struct value unset, v;

	if (!load_member(d->load, "unset", &unset) || value_type(unset) != TOKEN_ARRAY)
		return;
	while (value_next(unset, &walk, NULL, &v))
		if (value_type(v) == TOKEN_STRING)
			resp_word(&d->gone, name_restored(value_text(v, &d->arena)));
}

static int row_of_fields(struct database *d, struct record *rec, const struct meta *meta, struct row *r, struct error *err)
{
	struct buf text = BUF_INIT;
	struct value old;
	int verdict = key_of(d, record_root(rec), &d->key, err);

	r->type = d->own->as ? SPAN_LIT("string") : SPAN_LIT("hash");
	if (!verdict && load_member(d->load, "key", &old) && value_type(old) == TOKEN_OBJECT) {
		verdict = key_of(d, old, &d->old, err);
		r->old = !verdict && !span_eq(buf_span(&d->old), buf_span(&d->key)) ? buf_span(&d->old) : (struct span){ NULL, 0 };
	}
	r->key = buf_span(&d->key);
	if (verdict || meta->op == OP_DELETE)
		return verdict;
	if (meta->op == OP_UPDATE)
		add_unset(d);
	if (!d->own->as)
		return hash_of(d, rec, meta, err);
	record_write(rec, &text);
	resp_word(&d->words, buf_span(&text));
	buf_release(&text);
	return LOAD_DONE;
}

/* ---- any */

static int one_stream(struct database *d, const struct meta *meta, struct error *err)
{
	if (d->stream == UINT32_MAX)
		d->stream = meta->stream;
	return d->stream == meta->stream ? 0 : error_set(err, EXIT_USAGE, "several streams would share their keys in Redis: load them one by one");
}

/* Somebody may want to see the record again. */
static bool keeps_line(const struct database *d, const struct row *r)
{
	return d->own->publish || d->o->dry_run || r->op == OP_UPDATE || r->old.n || r->dump || d->o->newer;
}

int row_of(struct database *d, struct record *rec, const struct meta *meta, struct row *r, struct error *err)
{
	int verdict;

	if (one_stream(d, meta, err))
		return -1;
	arena_reset(&d->arena);
	buf_reset(&d->words);
	buf_reset(&d->names);
	buf_reset(&d->gone);
	*r = (struct row){ .op = meta->op == OP_INSERT ? OP_UPSERT : (int)meta->op, .expires = -1 };
	if (meta->op == OP_TRUNCATE)
		return LOAD_DONE;
	verdict = expiry_of(d, &r->expires, err);
	if (!verdict)
		verdict = d->tmpl.parts ? row_of_fields(d, rec, meta, r, err) : row_of_key(d, rec, r, err);
	if (!verdict && key_is_own(r->key))
		verdict = bad(err, "bad-key", "that key is one of Syncline's own");
	r->words = buf_span(&d->words);
	r->names = buf_span(&d->names);
	r->gone = buf_span(&d->gone);
	r->arrival = (struct arrival){ keeps_line(d, r) ? d->load->arrival.line : (struct span){ NULL, 0 }, d->load->arrival.lineno,
				       d->load->arrival.stream };
	return verdict;
}
