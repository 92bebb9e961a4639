/*
 * extract_delta: what came since a state, by a field of the documents.
 *
 *   a time           W <= c < B, where B is the server's clock less --lag: a date, a timestamp, or an ObjectId
 *   --trust-cursor   W < c <= the largest: of any type, that only grows
 *
 * MongoDB doesn't say when the oldest running write began, so --lag must cover the clocks of those that set the field and
 * the time that a write takes to be seen.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/xalloc.h"
#include "extract.h"
#include "value.h"

/* ---- values of the cursor */

static const char *type_name(bson_type_t type)
{
	return type == BSON_TYPE_DATE_TIME ? "date" : type == BSON_TYPE_OID ? "objectId" : "timestamp";
}

/* The server's clock less --lag, as a value of this type. */
static bson_t *bound(const struct extract *x, bson_type_t type)
{
	int64_t ms = x->mongo.now - (int64_t)(x->o->lag * 1000);
	uint32_t seconds = ms < 0 ? 0 : (uint32_t)(ms / 1000);
	bson_t *out = bson_new();
	bson_oid_t oid = { { 0 } };

	if (type == BSON_TYPE_DATE_TIME) {
		BSON_APPEND_DATE_TIME(out, "", ms);
	} else if (type == BSON_TYPE_OID) {
		oid.bytes[0] = (uint8_t)(seconds >> 24);
		oid.bytes[1] = (uint8_t)(seconds >> 16);
		oid.bytes[2] = (uint8_t)(seconds >> 8);
		oid.bytes[3] = (uint8_t)seconds;
		BSON_APPEND_OID(out, "", &oid);
	} else {
		BSON_APPEND_TIMESTAMP(out, "", seconds, 0);
	}
	return out;
}

/* One document that meets a condition, by an order; its cursor's value in {"": value}, or NULL. */
static int one_value(struct extract *x, const struct collection *c, const bson_t *condition, bool largest, bson_t **out, struct error *err)
{
	bson_t *options = largest ? BCON_NEW("limit", BCON_INT64(1), "sort", "{", x->o->cursor, BCON_INT32(-1), "}") : BCON_NEW("limit", BCON_INT64(1));
	mongoc_collection_t *from = mongo_collection(&x->mongo, c->name);
	mongoc_cursor_t *cursor = mongoc_collection_find_with_opts(from, condition, options, NULL);
	bson_iter_t it, value;
	bson_error_t why = { 0 };
	const bson_t *document;
	int failed = 0;

	*out = NULL;
	if (mongoc_cursor_next(cursor, &document)) {
		*out = bson_new();
		if (bson_iter_init(&it, document) && bson_iter_find_descendant(&it, x->o->cursor, &value))
			bson_append_iter(*out, "", 0, &value);
	} else if (mongoc_cursor_error(cursor, &why)) {
		failed = mongo_fail(&x->mongo, &why, "read", err);
	}
	mongoc_cursor_destroy(cursor);
	mongoc_collection_destroy(from);
	bson_destroy(options);
	return failed;
}

static bson_type_t type_of(const bson_t *value)
{
	bson_iter_t it;

	return value && bson_iter_init(&it, value) && bson_iter_next(&it) ? bson_iter_type(&it) : BSON_TYPE_EOD;
}

/* {cursor: {$not: {$type: …}}} */
static bson_t *of_other_type(const struct extract *x, bson_type_t type)
{
	return BCON_NEW(x->o->cursor, "{", "$not", "{", "$type", BCON_INT32((int32_t)type), "}", "}");
}

static int warn_of_others(struct extract *x, const struct collection *c, bson_type_t type, struct error *err)
{
	bson_t *condition = of_other_type(x, type), *found;
	int failed = one_value(x, c, condition, false, &found, err);

	if (found)
		diag_warn("--cursor: documents of '%s' have no '%s' that is %s: they are read by the first run, and never again", c->name, x->o->cursor,
			  type_name(type));
	bson_destroy(found);
	bson_destroy(condition);
	return failed;
}

int delta_prepare(struct extract *x, struct collection *c, struct error *err)
{
	bson_t *condition, *largest;
	bson_type_t type;
	int failed;

	if (!x->o->cursor)
		return 0;
	condition = BCON_NEW(x->o->cursor, "{", "$exists", BCON_BOOL(true), "}");
	failed = one_value(x, c, condition, true, &largest, err);
	bson_destroy(condition);
	type = type_of(largest);
	if (failed || x->o->trust_cursor || type == BSON_TYPE_EOD) {
		c->to = largest;
		return failed;
	}
	bson_destroy(largest);
	if (type != BSON_TYPE_DATE_TIME && type != BSON_TYPE_OID && type != BSON_TYPE_TIMESTAMP)
		return error_set(err, EXIT_USAGE, "--cursor: '%s' of '%s' is neither date nor ObjectId nor timestamp: name a field that is, or say "
				 "--trust-cursor", error_show(span_of(x->o->cursor)), error_show(span_of(c->name)));
	if (x->mongo.now == INT64_MIN)
		return error_set(err, EXIT_FAILED, "--cursor: '%s' doesn't tell its clock", error_show(span_of(x->mongo.shown)));
	c->to = bound(x, type);
	return c->from ? 0 : warn_of_others(x, c, type, err);
}

/* ---- which documents */

static void add_side(bson_t *out, const char *op, const bson_t *value)
{
	bson_iter_t it;

	if (bson_iter_init(&it, value) && bson_iter_next(&it))
		bson_append_iter(out, op, -1, &it);
}

static bson_t *value_of_text(const char *text, struct error *err)
{
	bson_error_t why = { 0 };
	bson_t *value = bson_new_from_json((const uint8_t *)text, -1, &why);

	if (!value)
		error_set(err, EXIT_FAILED, "the state's token is none of sync-extract for MongoDB: restore the state, or start anew with --reset");
	return value;
}

int delta_condition(const struct extract *x, const struct collection *c, bson_t *out, struct error *err)
{
	bson_t side, either, each, *from = NULL, *others;

	if (!x->o->cursor || !c->to)
		return 0;
	if (c->from && !(from = value_of_text(c->from, err)))
		return -1;
	if (!from) {	/* the first run reads what no later one will */
		BSON_APPEND_ARRAY_BEGIN(out, "$or", &either);
		BSON_APPEND_DOCUMENT_BEGIN(&either, "0", &each);
		BSON_APPEND_DOCUMENT_BEGIN(&each, x->o->cursor, &side);
		add_side(&side, x->o->trust_cursor ? "$lte" : "$lt", c->to);
		bson_append_document_end(&each, &side);
		bson_append_document_end(&either, &each);
		others = of_other_type(x, type_of(c->to));
		BSON_APPEND_DOCUMENT(&either, "1", others);
		bson_destroy(others);
		bson_append_array_end(out, &either);
		return 0;
	}
	BSON_APPEND_DOCUMENT_BEGIN(out, x->o->cursor, &side);
	add_side(&side, x->o->trust_cursor ? "$gt" : "$gte", from);
	add_side(&side, x->o->trust_cursor ? "$lte" : "$lt", c->to);
	bson_append_document_end(out, &side);
	bson_destroy(from);
	return 0;
}

/* ---- tokens: {"cursor":NAME,"value":TEXT}, where TEXT is {"":value} in canonical Extended JSON */

int delta_token_read(struct extract *x, struct collection *c, const json_t *token, struct error *err)
{
	const char *cursor = json_string_value(json_object_get(token, "cursor")), *value = json_string_value(json_object_get(token, "value"));

	if (!cursor || strcmp(cursor, x->o->cursor))
		return error_set(err, EXIT_FAILED, "the state's token is none of sync-extract for MongoDB by this cursor: restore the state, or start "
				 "anew with --reset");
	c->from = value ? xstrdup(value) : NULL;
	return 0;
}

int delta_checkpoint(struct extract *x, const struct collection *c, struct error *err)
{
	struct buf token = BUF_INIT;
	char *value;
	int failed;

	if (!x->o->state)
		return 0;
	value = c->to ? bson_as_canonical_extended_json(c->to, NULL) : NULL;
	buf_adds(&token, "{\"cursor\":");
	json_add_string(&token, span_of(x->o->cursor));
	if (value || c->from) {
		buf_adds(&token, ",\"value\":");
		json_add_string(&token, span_of(value ? value : c->from));
	}
	buf_addc(&token, '}');
	bson_free(value);
	failed = writer_checkpoint(&x->tool->writer, c->stream, buf_span(&token), err);
	buf_release(&token);
	return failed;
}
