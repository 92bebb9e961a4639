/* load_row: a record as what it asks for, with the key of its document. */
#include <stdlib.h>
#include <string.h>

#include "load.h"

/* ---- keys */

struct span number_digits_of(const bson_iter_t *it, char room[NUMBER_OF_ROOM])
{
	bson_decimal128_t d;
	size_t n;

	if (BSON_ITER_HOLDS_DECIMAL128(it)) {
		bson_iter_decimal128(it, &d);
		bson_decimal128_to_string(&d, room);
		n = strlen(room);
	} else if (BSON_ITER_HOLDS_DOUBLE(it)) {
		n = number_from_double(bson_iter_double(it), room);
		if (!n)
			n = (size_t)snprintf(room, NUMBER_OF_ROOM, "%g", bson_iter_double(it));
	} else {
		return number_from_int64(bson_iter_as_int64(it), room);
	}
	return (struct span){ room, n };
}

/* An equal number of another type is the same key. */
static void add_number(const bson_iter_t *it, struct buf *out)
{
	char room[NUMBER_OF_ROOM], *canonical;
	struct span digits = number_digits_of(it, room);

	buf_addc(out, 'n');
	if (!number_is_json(digits)) {	/* NaN, infinities */
		buf_add(out, digits.p, digits.n);
		return;
	}
	buf_reserve(out, digits.n + NUMBER_CANONICAL_EXTRA);
	canonical = out->p + out->n;
	out->n += number_canonical(digits, canonical);
}

struct hash128 key_hash(struct target *t, const bson_t *document)
{
	struct error ignored = ERROR_INIT;
	struct buf *text = &t->key_text;
	bson_iter_t it;
	uint32_t i;

	buf_reset(text);
	for (i = 0; i < t->keys; i++) {
		if (!bson_iter_init_find(&it, document, t->key[i]))
			buf_addc(text, 'x');
		else if (BSON_ITER_HOLDS_NUMBER(&it) || BSON_ITER_HOLDS_DECIMAL128(&it))
			add_number(&it, text);
		else
			(void)value_json(&it, NULL, text, &ignored);
		buf_addc(text, '\0');
	}
	return hash_bytes(text->p, text->n, &t->d->hash_key);
}

bson_t *key_condition(const struct target *t, const bson_t *several)
{
	bson_t *out = bson_new(), inner, array, each, equal;
	bson_iter_t it, field, value;
	const char *name;
	char room[16];
	uint32_t i = 0;
	size_t n;

	if (t->keys == 1) {
		BSON_APPEND_DOCUMENT_BEGIN(out, t->key[0], &inner);
		BSON_APPEND_ARRAY_BEGIN(&inner, "$in", &array);
	} else {
		BSON_APPEND_ARRAY_BEGIN(out, "$or", &array);
	}
	for (bson_iter_init(&it, several); bson_iter_next(&it); i++) {
		n = bson_uint32_to_string(i, &name, room, sizeof room);
		bson_iter_recurse(&it, &field);
		if (t->keys == 1) {
			if (bson_iter_next(&field))
				bson_append_iter(&array, name, (int)n, &field);
			continue;
		}
		bson_append_document_begin(&array, name, (int)n, &each);
		while (bson_iter_next(&field)) {
			value = field;
			bson_append_document_begin(&each, bson_iter_key(&field), -1, &equal);
			bson_append_iter(&equal, "$eq", 3, &value);
			bson_append_document_end(&each, &equal);
		}
		bson_append_document_end(&array, &each);
	}
	if (t->keys == 1) {
		bson_append_array_end(&inner, &array);
		bson_append_document_end(out, &inner);
	} else {
		bson_append_array_end(out, &array);
	}
	return out;
}

/* What a query would take for something else than a value, or that no key can be. */
static bool can_be_key(const bson_iter_t *it)
{
	bson_iter_t inner;

	switch (bson_iter_type(it)) {
	case BSON_TYPE_NULL:
	case BSON_TYPE_UNDEFINED:
	case BSON_TYPE_ARRAY:
	case BSON_TYPE_REGEX:
		return false;
	case BSON_TYPE_DOCUMENT:
		return !(bson_iter_recurse(it, &inner) && bson_iter_next(&inner) && bson_iter_key(&inner)[0] == '$');
	default:
		return true;
	}
}

/* Takes the key's fields out of a document; NULL, with a data error, where one is missing. */
static bson_t *key_of(const struct target *t, const bson_t *document, struct error *err)
{
	bson_t *key = bson_sized_new(64);
	bson_iter_t it;
	uint32_t i;

	for (i = 0; i < t->keys; i++) {
		if (bson_iter_init_find(&it, document, t->key[i]) && can_be_key(&it)) {
			bson_append_iter(key, t->key[i], -1, &it);
			continue;
		}
		error_data(err, "no-key", "the key '%s' is missing or null, or no value that can be a key", error_show(span_of(t->key[i])));
		bson_destroy(key);
		return NULL;
	}
	return key;
}

/* ---- rows */

/* An object's members as a document, _id first, as the server would put it. LOAD_REJECT where they can't be. */
static int document_of(struct target *t, struct value object, bson_t **out, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct value name, v, id;
	struct span text;
	bool has_id = value_member(object, SPAN_LIT("_id"), &id);
	int failed = 0;

	*out = bson_sized_new(value_bytes(object).n);
	if (has_id)
		failed = value_bson(*out, SPAN_LIT("_id"), id, shape_member(&t->reading.shapes->top, SPAN_LIT("_id")), &t->reading, err);
	while (!failed && value_next(object, &walk, &name, &v)) {
		if (has_id && value_text_is(name, SPAN_LIT("_id")))
			continue;
		text = value_text(name, &t->reading.arena);
		failed = value_bson(*out, text, v, shape_member(&t->reading.shapes->top, text), &t->reading, err);
	}
	if (!failed && (*out)->len + (has_id ? 0 : ID_BYTES) > DOCUMENT_MOST) {
		error_data(err, "too-long", "a document of %u bytes: MongoDB's may have %d", (*out)->len, (int)DOCUMENT_MOST);
		failed = -1;
	}
	return failed ? LOAD_REJECT : LOAD_DONE;
}

static int take_unset(struct target *t, struct row *r, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct value unset, each;
	struct span name;

	if (r->op != OP_UPDATE || !load_member(t->d->load, "unset", &unset) || value_type(unset) != TOKEN_ARRAY)
		return LOAD_DONE;
	r->unset = bson_new();
	while (value_next(unset, &walk, NULL, &each)) {
		if (value_type(each) != TOKEN_STRING) {
			error_data(err, "bad-sync", "_sync: 'unset' holds something other than names");
			return LOAD_REJECT;
		}
		name = name_restored(value_text(each, &t->reading.arena));
		if (!memchr(name.p, '\0', name.n))
			bson_append_null(r->unset, name.p, (int)name.n);
	}
	return LOAD_DONE;
}

static int take_old_key(struct target *t, struct row *r, struct error *err)
{
	struct value old;
	bson_t *document;
	int verdict;

	if (!load_member(t->d->load, "key", &old) || value_type(old) != TOKEN_OBJECT)
		return LOAD_DONE;
	verdict = document_of(t, old, &document, err);
	if (!verdict)
		r->old = key_of(t, document, err);
	bson_destroy(document);
	if (verdict || !r->old)
		return LOAD_REJECT;
	r->old_hash = key_hash(t, r->old);
	if (hash128_eq(r->old_hash, r->hash)) {
		bson_destroy(r->old);
		r->old = NULL;
	}
	return LOAD_DONE;
}

static void add_id(struct row *r)
{
	bson_t *with = bson_new();
	bson_oid_t oid;

	bson_oid_init(&oid, NULL);
	BSON_APPEND_OID(with, "_id", &oid);
	bson_concat(with, r->document);
	bson_destroy(r->document);
	r->document = with;
}

int row_of(struct target *t, struct record *rec, const struct meta *meta, struct row *out, struct error *err)
{
	int verdict;

	*out = (struct row){ .op = meta->op == OP_INSERT ? OP_UPSERT : meta->op };
	arena_reset(&t->reading.arena);
	t->reading.shapes = target_shapes(t);
	verdict = document_of(t, record_root(rec), &out->document, err);
	if (verdict || t->d->load->mode == MODE_APPEND || t->d->load->mode == MODE_REPLACE)
		return verdict;
	if (t->generates && out->op == OP_UPSERT && !bson_has_field(out->document, "_id"))
		add_id(out);
	out->key = key_of(t, out->document, err);
	if (!out->key)
		return LOAD_REJECT;
	out->hash = key_hash(t, out->key);
	verdict = take_old_key(t, out, err);
	return verdict ? verdict : take_unset(t, out, err);
}

void row_release(struct row *r)
{
	bson_destroy(r->document);
	bson_destroy(r->unset);
	bson_destroy(r->key);
	bson_destroy(r->old);
	*r = (struct row){ .op = OP_UPSERT };
}
