/* extract_find: what there is to read: collections, the query, samples of documents. */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "extract.h"

/* Documents of one reply, which is held as a whole: a server's own bound is 16 MB of them, or none. */
enum { MOST_BATCH = 2000 };

/* ---- the query */

static int take_part(bson_iter_t *it, const char *name, bson_t **out, struct error *err)
{
	const uint8_t *bytes;
	uint32_t n;

	if (!BSON_ITER_HOLDS_DOCUMENT(it))
		return error_set(err, EXIT_USAGE, "--query: '%s' is no object", name);
	bson_iter_document(it, &n, &bytes);
	*out = bson_new_from_data(bytes, n);
	return 0;
}

int query_parse(struct extract *x, const char *text, struct error *err)
{
	bson_error_t why = { 0 };
	bson_t *query = bson_new_from_json((const uint8_t *)text, -1, &why);
	const char *name;
	bson_iter_t it;
	int failed = 0;

	if (!query || text[strspn(text, " \t\n\r")] != '{' || !bson_iter_init(&it, query)) {
		bson_destroy(query);
		return error_set(err, EXIT_USAGE, "--query is no JSON object%s%s", why.message[0] ? ": " : "", why.message);
	}
	while (!failed && bson_iter_next(&it)) {
		name = bson_iter_key(&it);
		if (!strcmp(name, "filter") && !x->filter)
			failed = take_part(&it, name, &x->filter, err);
		else if (!strcmp(name, "projection") && !x->projection)
			failed = take_part(&it, name, &x->projection, err);
		else if (!strcmp(name, "sort") && !x->sort)
			failed = take_part(&it, name, &x->sort, err);
		else
			failed = error_set(err, EXIT_USAGE, "--query is {\"filter\":{…},\"projection\":{…},\"sort\":{…}}, without '%s'",
					   error_show(span_of(name)));
	}
	if (x->projection && bson_iter_init_find(&it, x->projection, "_id") && !bson_iter_as_bool(&it))
		x->keyless = true;
	bson_destroy(query);
	return failed;
}

mongoc_cursor_t *collection_cursor(struct extract *x, const struct collection *c, const bson_t *more, int64_t limit, int order)
{
	mongoc_collection_t *from = mongo_collection(&x->mongo, c->name);
	bson_t filter = BSON_INITIALIZER, options = BSON_INITIALIZER, part;
	mongoc_cursor_t *cursor;

	if (x->filter && more && bson_count_keys(more)) {
		BSON_APPEND_ARRAY_BEGIN(&filter, "$and", &part);
		BSON_APPEND_DOCUMENT(&part, "0", x->filter);
		BSON_APPEND_DOCUMENT(&part, "1", more);
		bson_append_array_end(&filter, &part);
	} else if (x->filter || more) {
		bson_concat(&filter, x->filter && !(more && bson_count_keys(more)) ? x->filter : more);
	}
	if (x->projection || x->o->keys) {
		BSON_APPEND_DOCUMENT_BEGIN(&options, "projection", &part);
		if (x->projection)
			bson_concat(&part, x->projection);
		else
			BSON_APPEND_INT32(&part, "_id", 1);
		bson_append_document_end(&options, &part);
	}
	if (order) {
		BSON_APPEND_DOCUMENT_BEGIN(&options, "sort", &part);
		BSON_APPEND_INT32(&part, "_id", order);
		bson_append_document_end(&options, &part);
	} else if (x->sort) {
		BSON_APPEND_DOCUMENT(&options, "sort", x->sort);
	}
	if (limit)
		BSON_APPEND_INT64(&options, "limit", limit);
	BSON_APPEND_INT32(&options, "batchSize", MOST_BATCH);
	cursor = mongoc_collection_find_with_opts(from, &filter, &options, NULL);
	bson_destroy(&filter);
	bson_destroy(&options);
	mongoc_collection_destroy(from);
	return cursor;
}

/* ---- collections */

static char *uuid_of(const bson_t *info)
{
	struct buf out = BUF_INIT;
	bson_subtype_t subtype;
	const uint8_t *bytes;
	bson_iter_t it, uuid;
	uint32_t n, i;

	if (!info || !bson_iter_init(&it, info) || !bson_iter_find_descendant(&it, "info.uuid", &uuid) || !BSON_ITER_HOLDS_BINARY(&uuid))
		return NULL;
	bson_iter_binary(&uuid, &subtype, &n, &bytes);
	for (i = 0; i < n; i++)
		buf_addf(&out, "%02x", bytes[i]);
	return buf_take(&out);
}

static void add(struct extract *x, const char *name, const bson_t *info)
{
	XGROW(x->collection, x->collections, x->cap);
	x->collection[x->collections++] = (struct collection){ .name = xstrdup(name), .uuid = uuid_of(info) };
}

/* ctx: the extraction. Views, and what loaders keep, are read where they are named. */
static int take_unnamed(void *ctx, const char *name, bool view, const bson_t *info, struct error *err)
{
	(void)err;
	if (!view && strncmp(name, "_sync_", strlen("_sync_")))
		add(ctx, name, info);
	return 0;
}

static int take_named(void *ctx, const char *name, bool view, const bson_t *info, struct error *err)
{
	(void)view;
	(void)err;
	add(ctx, name, info);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct collection *)a)->name, ((const struct collection *)b)->name);
}

static int find_named(struct extract *x, const char *name, struct error *err)
{
	uint32_t before = x->collections, i;

	for (i = 0; i < before; i++)
		if (!strcmp(x->collection[i].name, name))
			return error_set(err, EXIT_USAGE, "collection '%s' is named twice", error_show(span_of(name)));
	if (mongo_collections(&x->mongo, name, take_named, x, err))
		return -1;
	if (x->collections == before && !strcmp(name, "_sync_state"))	/* no job has stored one yet */
		add(x, name, NULL);
	return x->collections > before ? 0 : error_set(err, EXIT_FAILED, "'%s' has no collection '%s'", error_show(span_of(x->mongo.shown)),
						      error_show(span_of(name)));
}

int collections_find(struct extract *x, char **names, int n, struct error *err)
{
	uint32_t at;
	int i;

	for (i = 0; i < n; i++)
		if (find_named(x, names[i], err))
			return -1;
	if (!n && mongo_collections(&x->mongo, NULL, take_unnamed, x, err))
		return -1;
	if (!n && x->collections)
		qsort(x->collection, x->collections, sizeof *x->collection, by_name);
	x->tagged = x->collections > 1;
	if (x->o->stream && x->tagged)
		return error_set(err, EXIT_USAGE, "--stream names one stream, and there are %u collections: name the one that is meant", x->collections);
	for (at = 0; at < x->collections; at++)
		x->collection[at].stream = streams_index(&x->tool->streams, span_of(x->o->stream ? x->o->stream : x->collection[at].name));
	return 0;
}

void collections_release(struct extract *x)
{
	uint32_t i;

	for (i = 0; i < x->collections; i++) {
		free(x->collection[i].name);
		free(x->collection[i].uuid);
		bson_destroy(x->collection[i].from);
		bson_destroy(x->collection[i].to);
		shapes_release(&x->collection[i].shapes);
	}
	free(x->collection);
	bson_destroy(x->filter);
	bson_destroy(x->projection);
	bson_destroy(x->sort);
}

/* ---- types of fields */

static int sample(struct extract *x, struct collection *c, int order, struct error *err)
{
	mongoc_cursor_t *cursor = collection_cursor(x, c, NULL, (int64_t)x->own->sample, order);
	bson_error_t why = { 0 };
	const bson_t *document;
	int failed = 0;

	while (mongoc_cursor_next(cursor, &document))
		shapes_note(&c->shapes, document);
	if (mongoc_cursor_error(cursor, &why))
		failed = mongo_fail(&x->mongo, &why, "read", err);
	mongoc_cursor_destroy(cursor);
	return failed;
}

/* The last by _id are mostly those that came last. A query with an order of its own is asked once. */
int collection_sample(struct extract *x, struct collection *c, struct error *err)
{
	c->shapes.native = c->shapes.ejson = true;
	return sample(x, c, 0, err) || (x->own->sample && !x->sort && sample(x, c, -1, err)) ? -1 : 0;
}
