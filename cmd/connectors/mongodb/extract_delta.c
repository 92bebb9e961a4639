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

/* A copy of one document that meets a condition, the one with the largest cursor if asked for; NULL where none does. */
static int one_document(struct extract *x, const struct collection *c, const bson_t *condition, bool largest, bson_t **out, struct error *err)
{
	bson_t *options = largest ? BCON_NEW("limit", BCON_INT64(1), "sort", "{", x->o->cursor, BCON_INT32(-1), "}") : BCON_NEW("limit", BCON_INT64(1));
	mongoc_collection_t *from = mongo_collection(&x->mongo, c->name);
	mongoc_cursor_t *cursor = mongoc_collection_find_with_opts(from, condition, options, NULL);
	bson_error_t why = { 0 };
	const bson_t *document;
	int failed = 0;

	*out = NULL;
	if (mongoc_cursor_next(cursor, &document))
		*out = bson_copy(document);
	else if (mongoc_cursor_error(cursor, &why))
		failed = mongo_fail(&x->mongo, &why, "read", err);
	mongoc_cursor_destroy(cursor);
	mongoc_collection_destroy(from);
	bson_destroy(options);
	return failed;
}

/* The largest value of the cursor, in {"": value}; NULL where no document has one, or nulls alone. */
static int find_largest(struct extract *x, const struct collection *c, bson_t **out, struct error *err)
{
	bson_t *condition = BCON_NEW(x->o->cursor, "{", "$ne", BCON_NULL, "}"), *document;
	bson_iter_t it, value;
	int failed = one_document(x, c, condition, true, &document, err);

	*out = NULL;
	if (document && bson_iter_init(&it, document) && bson_iter_find_descendant(&it, x->o->cursor, &value) && !BSON_ITER_HOLDS_ARRAY(&value)) {
		*out = bson_new();
		bson_append_iter(*out, "", 0, &value);
	} else if (document) {
		failed = error_set(err, EXIT_USAGE, "--cursor: '%s' of '%s' lies in an array: a document has one cursor, not several",
				   error_show(span_of(x->o->cursor)), error_show(span_of(c->name)));
	}
	bson_destroy(document);
	bson_destroy(condition);
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
	bson_t *condition = of_other_type(x, type), *document;
	int failed = one_document(x, c, condition, false, &document, err);

	if (document)
		diag_warn("--cursor: documents of '%s' have no '%s' that is %s: they are read by the first run, and never again", c->name, x->o->cursor,
			  type_name(type));
	bson_destroy(document);
	bson_destroy(condition);
	return failed;
}

/* Types that are compared with each other; of others nothing is larger or smaller for the server. */
static bson_type_t family(bson_type_t type)
{
	switch (type) {
	case BSON_TYPE_INT32:
	case BSON_TYPE_INT64:
	case BSON_TYPE_DECIMAL128:
		return BSON_TYPE_DOUBLE;
	case BSON_TYPE_SYMBOL:
		return BSON_TYPE_UTF8;
	default:
		return type;
	}
}

/* The largest may be of a type that no condition compares with where the last run ended. */
static int prepare_trusted(struct extract *x, struct collection *c, bson_t *largest, struct error *err)
{
	c->to = largest;
	if (!c->from || !largest || family(type_of(c->from)) == family(type_of(largest)))
		return 0;
	return error_set(err, EXIT_FAILED, "--cursor: the largest '%s' of '%s' is of another type than where the last run ended: what came since can't be "
			 "told; start anew with --reset", error_show(span_of(x->o->cursor)), error_show(span_of(c->name)));
}

static bool tells_time(bson_type_t type)
{
	return type == BSON_TYPE_DATE_TIME || type == BSON_TYPE_OID || type == BSON_TYPE_TIMESTAMP;
}

/* The type is the state's: a document of another one, which came since, doesn't move where the next run starts. */
static int prepare_timed(struct extract *x, struct collection *c, bson_type_t largest, struct error *err)
{
	bson_type_t type = c->from ? type_of(c->from) : largest;

	if (type == BSON_TYPE_EOD)
		return 0;
	if (!tells_time(type))
		return error_set(err, EXIT_USAGE, "--cursor: '%s' of '%s' is neither date nor ObjectId nor timestamp: name a field that is, or say "
				 "--trust-cursor", error_show(span_of(x->o->cursor)), error_show(span_of(c->name)));
	if (x->mongo.now == INT64_MIN)
		return error_set(err, EXIT_FAILED, "--cursor: '%s' doesn't tell its clock", error_show(span_of(x->mongo.shown)));
	c->to = bound(x, type);
	if (!c->from)
		return warn_of_others(x, c, type, err);
	if (largest != BSON_TYPE_EOD && largest != type)
		diag_warn("--cursor: documents of '%s' came whose '%s' isn't %s: no run reads them", c->name, x->o->cursor, type_name(type));
	return 0;
}

/* What a secondary doesn't have yet lies behind the next run's start. */
void delta_warn(const struct extract *x)
{
	const mongoc_read_prefs_t *prefs = mongoc_client_get_read_prefs(x->mongo.client);

	if (x->o->cursor && mongoc_read_prefs_get_mode(prefs) != MONGOC_READ_PRIMARY)
		diag_warn("--cursor: '%s' may read from secondaries: what they have later than --lag is missed", error_show(span_of(x->mongo.shown)));
}

int delta_prepare(struct extract *x, struct collection *c, struct error *err)
{
	bson_t *largest;
	int failed;

	if (!x->o->cursor)
		return 0;
	if (find_largest(x, c, &largest, err))
		return -1;
	if (x->o->trust_cursor)
		return prepare_trusted(x, c, largest, err);
	failed = prepare_timed(x, c, type_of(largest), err);
	bson_destroy(largest);
	return failed;
}

/* ---- which documents */

static void add_side(bson_t *out, const char *op, const bson_t *value)
{
	bson_iter_t it;

	if (bson_iter_init(&it, value) && bson_iter_next(&it))
		bson_append_iter(out, op, -1, &it);
}

/* The first run reads what no later one will. */
static void first_condition(const struct extract *x, const struct collection *c, bson_t *out)
{
	bson_t side, either, each, *others = of_other_type(x, type_of(c->to));

	BSON_APPEND_ARRAY_BEGIN(out, "$or", &either);
	BSON_APPEND_DOCUMENT_BEGIN(&either, "0", &each);
	BSON_APPEND_DOCUMENT_BEGIN(&each, x->o->cursor, &side);
	add_side(&side, x->o->trust_cursor ? "$lte" : "$lt", c->to);
	bson_append_document_end(&each, &side);
	bson_append_document_end(&either, &each);
	BSON_APPEND_DOCUMENT(&either, "1", others);
	bson_destroy(others);
	bson_append_array_end(out, &either);
}

void delta_condition(const struct extract *x, const struct collection *c, bson_t *out)
{
	bson_t side;

	if (!c->from) {
		if (c->to)
			first_condition(x, c, out);
		return;
	}
	BSON_APPEND_DOCUMENT_BEGIN(out, x->o->cursor, &side);
	add_side(&side, x->o->trust_cursor ? "$gt" : "$gte", c->from);
	if (c->to)
		add_side(&side, x->o->trust_cursor ? "$lte" : "$lt", c->to);
	bson_append_document_end(out, &side);
}

/* ---- tokens: {"cursor":NAME,"value":TEXT,"collection":UUID}, where TEXT is {"":value} in canonical Extended JSON */

static int not_ours(struct error *err)
{
	return error_set(err, EXIT_FAILED, "the state's token is none of sync-extract for MongoDB by this cursor: restore the state, or start anew with "
			 "--reset");
}

/* Where collections have an identity of their own, one made anew under its name is another. */
int delta_token_read(struct extract *x, struct collection *c, const json_t *token, struct error *err)
{
	const char *cursor = json_string_value(json_object_get(token, "cursor")), *value = json_string_value(json_object_get(token, "value"));
	const char *uuid = json_string_value(json_object_get(token, "collection"));
	bson_error_t why;

	if (!cursor || strcmp(cursor, x->o->cursor))
		return not_ours(err);
	if (uuid && c->uuid && strcmp(uuid, c->uuid))
		return error_set(err, EXIT_USAGE, "the state in '%s' belongs to another collection '%s' ('%s', not '%s'): use another state, or --reset",
				 x->place.where, error_show(span_of(c->name)), error_show(span_of(uuid)), c->uuid);
	c->from = value ? bson_new_from_json((const uint8_t *)value, -1, &why) : NULL;
	return value && type_of(c->from) == BSON_TYPE_EOD ? not_ours(err) : 0;
}

int delta_checkpoint(struct extract *x, const struct collection *c, struct error *err)
{
	const bson_t *at = c->to ? c->to : c->from;
	struct buf token = BUF_INIT;
	char *value;
	int failed;

	if (!x->o->state)
		return 0;
	value = at ? bson_as_canonical_extended_json(at, NULL) : NULL;
	buf_adds(&token, "{\"cursor\":");
	json_add_string(&token, span_of(x->o->cursor));
	if (value) {
		buf_adds(&token, ",\"value\":");
		json_add_string(&token, span_of(value));
	}
	if (c->uuid)
		buf_addf(&token, ",\"collection\":\"%s\"", c->uuid);
	buf_addc(&token, '}');
	bson_free(value);
	failed = writer_checkpoint(&x->tool->writer, c->stream, buf_span(&token), err);
	buf_release(&token);
	return failed;
}
