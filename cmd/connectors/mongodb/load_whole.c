/* load_whole: what acts on a collection as a whole: replace and mirror; and how many documents changes delete. */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "load.h"

enum { NOT_IMPLEMENTED = 238, KEYS_AT_ONCE = 10000 };

/* ---- deletes are counted before anything is written */

int deletes_flush(struct target *t, struct error *err)
{
	bson_error_t why = { 0 };
	bson_t *condition;
	int64_t n;

	t->emptied = false;
	if (!t->wanteds)
		return 0;
	condition = key_condition(t, t->wanted);
	n = mongoc_collection_count_documents(t->collection, condition, NULL, NULL, NULL, &why);
	bson_destroy(condition);
	bson_reinit(t->wanted);
	t->wanteds = 0;
	if (n < 0)
		return mongo_fail(&t->d->mongo, &why, "count the documents of", err);
	t->deletes += n;
	return 0;
}

int deletes_add(struct target *t, const bson_t *key, struct error *err)
{
	const char *name;
	char room[16];
	size_t n;

	if (t->emptied)
		return 0;
	if (!t->wanted)
		t->wanted = bson_new();
	n = bson_uint32_to_string(t->wanteds++, &name, room, sizeof room);
	bson_append_document(t->wanted, name, (int)n, key);
	return t->wanteds < ROWS_AT_ONCE ? 0 : deletes_flush(t, err);
}

int deletes_add_all(struct target *t, struct error *err)
{
	if (deletes_flush(t, err) || target_count(t, err))
		return -1;
	t->deletes = t->rows_at_start;
	t->emptied = true;
	return 0;
}

int target_truncate(struct target *t, struct error *err)
{
	bson_t all = BSON_INITIALIZER, reply;
	bson_error_t why = { 0 };
	bson_iter_t it;
	int failed = 0;

	if (!mongoc_collection_delete_many(t->collection, &all, NULL, &reply, &why))
		failed = mongo_fail(&t->d->mongo, &why, "delete from", err);
	else if (bson_iter_init_find(&it, &reply, "deletedCount"))
		t->d->load->deleted += (uint64_t)bson_iter_as_int64(&it);
	bson_destroy(&reply);
	return failed;
}

/* ---- replace: into a new collection, which then takes the old one's name */

/* ctx: the `create` command, to which the old collection's options are added. */
static int copy_options(void *ctx, const char *name, bool view, const bson_t *info, struct error *err)
{
	bson_iter_t it, options;

	(void)name;
	(void)view;
	(void)err;
	if (bson_iter_init_find(&it, info, "options") && BSON_ITER_HOLDS_DOCUMENT(&it) && bson_iter_recurse(&it, &options))
		while (bson_iter_next(&options))
			bson_append_iter(ctx, NULL, 0, &options);
	return 0;
}

static int note_there(void *ctx, const char *name, bool view, const bson_t *info, struct error *err)
{
	(void)name;
	(void)view;
	(void)info;
	(void)err;
	*(bool *)ctx = true;
	return 0;
}

/* Drops what a replace makes, or what one that was killed has left. */
static int drop_new(struct target *t, struct error *err)
{
	bson_error_t why = { 0 };
	bool there = false;

	if (mongo_collections(&t->d->mongo, t->to, note_there, &there, err))
		return -1;
	return !there || mongoc_collection_drop_with_opts(t->collection, NULL, &why) ? 0 : mongo_fail(&t->d->mongo, &why, "drop a collection of", err);
}

static int create(struct target *t, struct error *err)
{
	bson_t *command = BCON_NEW("create", BCON_UTF8(t->to)), reply;
	int failed = mongo_collections(&t->d->mongo, t->name, copy_options, command, err);

	if (!failed) {
		failed = mongo_command(&t->d->mongo, command, &reply, "make a collection in", err);
		bson_destroy(&reply);
	}
	bson_destroy(command);
	return failed;
}

/* An index as createIndexes takes it: without what listIndexes adds. */
static void add_index(bson_t *array, uint32_t i, const bson_t *index)
{
	const char *name;
	char room[16];
	size_t n = bson_uint32_to_string(i, &name, room, sizeof room);
	bson_t each;

	bson_append_document_begin(array, name, (int)n, &each);
	bson_copy_to_excluding_noinit(index, &each, "ns", "v", NULL);
	bson_append_document_end(array, &each);
}

static bool is_of_id(const bson_t *index)
{
	bson_iter_t it;

	return bson_iter_init_find(&it, index, "name") && BSON_ITER_HOLDS_UTF8(&it) && !strcmp(bson_iter_utf8(&it, NULL), "_id_");
}

static int copy_indexes(struct target *t, struct error *err)
{
	mongoc_collection_t *old = mongo_collection(&t->d->mongo, t->name);
	mongoc_cursor_t *cursor = mongoc_collection_find_indexes_with_opts(old, NULL);
	bson_t command = BSON_INITIALIZER, array, reply;
	bson_error_t why = { 0 };
	const bson_t *index;
	uint32_t n = 0;
	int failed = 0;

	BSON_APPEND_UTF8(&command, "createIndexes", t->to);
	BSON_APPEND_ARRAY_BEGIN(&command, "indexes", &array);
	while (mongoc_cursor_next(cursor, &index))
		if (!is_of_id(index))
			add_index(&array, n++, index);
	bson_append_array_end(&command, &array);
	if (mongoc_cursor_error(cursor, &why)) {
		failed = mongo_fail(&t->d->mongo, &why, "read the indexes of", err);
	} else if (n) {
		failed = mongo_command(&t->d->mongo, &command, &reply, "make an index in", err);
		bson_destroy(&reply);
	}
	bson_destroy(&command);
	mongoc_cursor_destroy(cursor);
	mongoc_collection_destroy(old);
	return failed;
}

int replace_start(struct target *t, struct error *err)
{
	struct buf name = BUF_INIT;

	buf_addf(&name, "_sync_new_%s", t->name);
	t->to = buf_take(&name);
	t->collection = mongo_collection(&t->d->mongo, t->to);
	return drop_new(t, err) || create(t, err) || (t->exists && copy_indexes(t, err)) ? -1 : 0;
}

int replace_check(struct target *t, struct error *err)
{
	bson_error_t why = { 0 };
	int64_t n;

	if (target_count(t, err) || guard_whole(t->d->load, (uint64_t)t->rows_at_start, err))
		return -1;
	n = mongoc_collection_estimated_document_count(t->collection, NULL, NULL, NULL, &why);
	if (n < 0)
		return mongo_fail(&t->d->mongo, &why, "count the documents of", err);
	if ((uint64_t)n != t->added)
		return error_set(err, EXIT_AGAIN, "'%s' has %lld documents of %llu: another run replaces '%s', too, or it holds no more", t->to, (long long)n,
				 (unsigned long long)t->added, t->name);
	return 0;
}

int replace_finish(struct target *t, struct error *err)
{
	bson_error_t why = { 0 };

	if (!mongoc_collection_rename(t->collection, t->d->mongo.db, t->name, t->exists, &why)) {
		mongo_fail(&t->d->mongo, &why, "put the new collection into the place of the old one in", err);
		return why.code == NOT_IMPLEMENTED ? error_set(err, EXIT_USAGE, "'%s' can't put a collection into another's place: use --mode mirror",
							       error_show(span_of(t->d->uri))) : -1;
	}
	free(t->to);
	t->to = NULL;
	return 0;
}

void replace_undo(struct target *t)
{
	struct error ignored;

	if (t->to && t->collection)
		(void)drop_new(t, &ignored);
}

/* ---- mirror: documents that nothing brought go */

struct unseen {
	bson_t ids;		/* an array */
	uint32_t n;
};

static void forget(struct unseen *u)
{
	bson_reinit(&u->ids);
	u->n = 0;
}

/* Calls fn with the _id of each document whose key didn't come. */
static int each_unseen(struct target *t, int (*fn)(struct target *t, const bson_iter_t *id, void *ctx, struct error *err), void *ctx, struct error *err)
{
	bson_t all = BSON_INITIALIZER, options = BSON_INITIALIZER, fields;
	mongoc_cursor_t *cursor;
	bson_error_t why = { 0 };
	const bson_t *document;
	bson_iter_t id;
	uint32_t i;
	int failed = 0;

	BSON_APPEND_DOCUMENT_BEGIN(&options, "projection", &fields);
	BSON_APPEND_INT32(&fields, "_id", 1);
	for (i = 0; i < t->keys; i++)
		if (strcmp(t->key[i], "_id"))
			bson_append_int32(&fields, t->key[i], -1, 1);
	bson_append_document_end(&options, &fields);
	BSON_APPEND_INT32(&options, "batchSize", KEYS_AT_ONCE);
	cursor = mongoc_collection_find_with_opts(t->collection, &all, &options, NULL);
	while (!failed && mongoc_cursor_next(cursor, &document))
		if (!table_find(&t->seen, key_hash(t, document)) && bson_iter_init_find(&id, document, "_id"))
			failed = fn(t, &id, ctx, err);
	if (!failed && mongoc_cursor_error(cursor, &why))
		failed = mongo_fail(&t->d->mongo, &why, "read", err);
	mongoc_cursor_destroy(cursor);
	bson_destroy(&options);
	return failed;
}

static int count_one(struct target *t, const bson_iter_t *id, void *ctx, struct error *err)
{
	(void)t;
	(void)id;
	(void)err;
	++*(uint64_t *)ctx;
	return 0;
}

static int delete_some(struct target *t, struct unseen *u, struct error *err)
{
	bson_t *filter, reply;
	bson_error_t why = { 0 };
	bson_iter_t it;
	int failed = 0;

	if (!u->n)
		return 0;
	filter = BCON_NEW("_id", "{", "$in", BCON_ARRAY(&u->ids), "}");
	if (!mongoc_collection_delete_many(t->collection, filter, NULL, &reply, &why))
		failed = mongo_fail(&t->d->mongo, &why, "delete from", err);
	else if (bson_iter_init_find(&it, &reply, "deletedCount"))
		t->d->load->deleted += (uint64_t)bson_iter_as_int64(&it);
	bson_destroy(&reply);
	bson_destroy(filter);
	forget(u);
	return failed;
}

static int delete_one(struct target *t, const bson_iter_t *id, void *ctx, struct error *err)
{
	struct unseen *u = ctx;
	const char *name;
	char room[16];
	size_t n = bson_uint32_to_string(u->n++, &name, room, sizeof room);

	bson_append_iter(&u->ids, name, (int)n, id);
	return u->n < ROWS_AT_ONCE ? 0 : delete_some(t, u, err);
}

int mirror_check(struct target *t, struct error *err)
{
	struct load *l = t->d->load;
	uint64_t n = 0;

	if (guard_keeps_all(l))
		return 0;
	return target_count(t, err) || guard_whole(l, (uint64_t)t->rows_at_start, err) || each_unseen(t, count_one, &n, err) ||
		guard_deletes(l, n, (uint64_t)t->rows_at_start, err) ? -1 : 0;
}

int mirror_finish(struct target *t, struct error *err)
{
	struct unseen u = { .n = 0 };
	int failed;

	if (guard_keeps_all(t->d->load))
		return 0;
	bson_init(&u.ids);
	failed = each_unseen(t, delete_one, &u, err) || delete_some(t, &u, err) ? -1 : 0;
	bson_destroy(&u.ids);
	return failed;
}
