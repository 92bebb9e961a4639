/* load_target: the collections that streams go to: their keys and indexes. */
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/xalloc.h"
#include "load.h"

/* ---- finding one */

static int check_name(const struct database *d, const char *name, struct error *err)
{
	if (!*name)
		return error_set(err, EXIT_USAGE, "the stream has no name: name the collection, as in 'sync-load %s COLLECTION'", error_show(span_of(d->uri)));
	if (strchr(name, '$') || !strncmp(name, "system.", strlen("system.")) || !strcmp(name, "_sync_state"))
		return error_set(err, EXIT_USAGE, "'%s' can't be loaded: no collection of users has that name", error_show(span_of(name)));
	return 0;
}

struct target *target_of(struct database *d, uint32_t stream, struct error *err)
{
	const char *name = d->load->stream ? d->load->stream : streams_name(&d->load->tool->streams, stream);
	struct target *t;
	uint32_t i;

	for (i = 0; i < d->targets; i++)
		if (d->target[i]->stream == stream)
			return d->target[i];
	if (d->load->stream && d->targets) {
		error_set(err, EXIT_USAGE, "there are several streams: one name for all ('%s') would mix them", d->load->stream);
		return NULL;
	}
	if (check_name(d, name, err))
		return NULL;
	t = xcalloc(1, sizeof *t);
	t->d = d;
	t->name = xstrdup(name);
	t->stream = stream;
	t->reading.lossy = d->o->lossy;
	t->frame = xcalloc(1, sizeof *t->frame);
	t->frames = t->frames_cap = 1;
	table_init(&t->seen, 0, &d->memory);
	XGROW(d->target, d->targets, d->cap);
	return d->target[d->targets++] = t;
}

void target_release(struct target *t)
{
	uint32_t i;

	for (i = 0; i < t->rows; i++)
		row_release(&t->row[i]);
	for (i = 0; i < t->keys; i++)
		free(t->key[i]);
	for (i = 0; i < t->frames; i++) {
		free(t->frame[i].text);
		shapes_release(&t->frame[i].shapes);
	}
	if (t->collection)
		mongoc_collection_destroy(t->collection);
	bson_destroy(t->wanted);
	table_release(&t->seen);
	arena_release(&t->arena);
	buf_release(&t->key_text);
	arena_release(&t->reading.arena);
	free(t->frame);
	free(t->row);
	free(t->to);
	free(t->name);
	free(t);
}

/* ---- what frames say */

static int add_key(void *ctx, struct span name, struct error *err)
{
	struct target *t = ctx;

	if (!name.n || name.p[0] == '$' || memchr(name.p, '.', name.n) || memchr(name.p, '\0', name.n))
		return error_set(err, EXIT_USAGE, "'%s' can't be a key: MongoDB asks for no field of that name", error_show(name));
	if (t->keys == MOST_KEYS)
		return error_set(err, EXIT_USAGE, "a key has %d fields at most", (int)MOST_KEYS);
	t->key[t->keys++] = xstrndup(name.p, name.n);
	return 0;
}

static int take_key(struct target *t, struct value key, struct error *err)
{
	struct buf text = BUF_INIT;
	int got;

	if (t->keyed)
		return 0;
	if (value_present(key))
		value_write(key, &text);
	got = declared_key(t->d->o->key, buf_span(&text), add_key, t, err);
	buf_release(&text);
	t->keyed = got > 0;
	return got < 0 ? -1 : 0;
}

int target_declare(struct target *t, struct value key, struct value schema, struct error *err)
{
	struct buf text = BUF_INIT;
	struct frame *f = &t->frame[t->frames - 1];

	if (take_key(t, key, err))
		return -1;
	value_write(schema, &text);
	if (f->text && span_eq(span_of(f->text), buf_span(&text))) {
		buf_release(&text);
		return 0;
	}
	if (f->text || t->d->spool.n) {
		XGROW(t->frame, t->frames, t->frames_cap);
		f = &t->frame[t->frames++];
		*f = (struct frame){ .from = t->d->spool.n };
	}
	f->text = buf_take(&text);
	shapes_read(&f->shapes, schema);
	return 0;
}

struct shapes *target_shapes(struct target *t)
{
	if (!t->d->spool.applying)
		t->at = t->frames - 1;
	else
		while (t->at + 1 < t->frames && t->frame[t->at + 1].from < t->d->taken)
			t->at++;
	return &t->frame[t->at].shapes;
}

void targets_say_text(const struct database *d)
{
	const struct target *t;
	uint32_t i;

	for (i = 0; i < d->targets; i++) {
		t = d->target[i];
		if (t->reading.times_as_text)
			diag_warn("%s: %llu times finer than a millisecond, which MongoDB's dates can't be, are stored as text (--lossy cuts them)", t->name,
				  (unsigned long long)t->reading.times_as_text);
		if (t->reading.numbers_as_text)
			diag_warn("%s: %llu numbers of more than 34 digits are stored as text (--lossy rounds them)", t->name,
				  (unsigned long long)t->reading.numbers_as_text);
	}
}

bool key_is_id(const struct target *t)
{
	return t->keys == 1 && !strcmp(t->key[0], "_id");
}

/* ---- what is there */

int target_count(struct target *t, struct error *err)
{
	mongoc_collection_t *c;
	bson_error_t why = { 0 };
	bson_t all = BSON_INITIALIZER;

	if (t->counted)
		return 0;
	c = mongo_collection(&t->d->mongo, t->name);
	t->rows_at_start = mongoc_collection_count_documents(c, &all, NULL, NULL, NULL, &why);
	mongoc_collection_destroy(c);
	if (t->rows_at_start < 0)
		return mongo_fail(&t->d->mongo, &why, "count the documents of", err);
	t->counted = true;
	return 0;
}

static int note_there(void *ctx, const char *name, bool view, const bson_t *info, struct error *err)
{
	struct target *t = ctx;

	(void)info;
	t->exists = true;
	return view ? error_set(err, EXIT_USAGE, "'%s' is a view, which can't be written", error_show(span_of(name))) : 0;
}

static int is_empty(struct target *t, bool *empty, struct error *err)
{
	bson_t all = BSON_INITIALIZER, *options = BCON_NEW("limit", BCON_INT64(1));
	mongoc_cursor_t *cursor = mongoc_collection_find_with_opts(t->collection, &all, options, NULL);
	bson_error_t why = { 0 };
	const bson_t *document;
	int failed;

	*empty = !mongoc_cursor_next(cursor, &document);
	failed = mongoc_cursor_error(cursor, &why) ? mongo_fail(&t->d->mongo, &why, "read", err) : 0;
	mongoc_cursor_destroy(cursor);
	bson_destroy(options);
	return failed;
}

static bool is_unique(const bson_t *index, bson_iter_t *field)
{
	bson_iter_t it;

	return bson_iter_init_find(&it, index, "unique") && bson_iter_as_bool(&it) && !bson_has_field(index, "partialFilterExpression") &&
	       bson_iter_init_find(&it, index, "key") && bson_iter_recurse(&it, field);
}

/* A unique index of just the key's fields, in any order. */
static bool covers(const struct target *t, const bson_t *index)
{
	bson_iter_t field;
	uint32_t n = 0, i;
	bool found;

	if (!is_unique(index, &field))
		return false;
	while (bson_iter_next(&field)) {
		for (i = 0, found = false; i < t->keys && !found; i++)
			found = !strcmp(t->key[i], bson_iter_key(&field));
		if (!found)
			return false;
		n++;
	}
	return n == t->keys;
}

static int find_index(struct target *t, bool *found, struct error *err)
{
	mongoc_cursor_t *cursor = mongoc_collection_find_indexes_with_opts(t->collection, NULL);
	bson_error_t why = { 0 };
	const bson_t *index;
	int failed = 0;

	*found = false;
	while (mongoc_cursor_next(cursor, &index))
		*found = *found || covers(t, index);
	if (mongoc_cursor_error(cursor, &why))
		failed = mongo_fail(&t->d->mongo, &why, "read the indexes of", err);
	mongoc_cursor_destroy(cursor);
	return failed;
}

/* createIndexes, named as MongoDB's own shells name it. */
static int make_index(struct target *t, struct error *err)
{
	bson_t command = BSON_INITIALIZER, indexes, index, key, reply;
	struct buf name = BUF_INIT;
	uint32_t i;
	int failed;

	BSON_APPEND_UTF8(&command, "createIndexes", mongoc_collection_get_name(t->collection));
	BSON_APPEND_ARRAY_BEGIN(&command, "indexes", &indexes);
	BSON_APPEND_DOCUMENT_BEGIN(&indexes, "0", &index);
	BSON_APPEND_DOCUMENT_BEGIN(&index, "key", &key);
	for (i = 0; i < t->keys; i++) {
		bson_append_int32(&key, t->key[i], -1, 1);
		buf_addf(&name, "%s%s_1", i ? "_" : "", t->key[i]);
	}
	bson_append_document_end(&index, &key);
	BSON_APPEND_UTF8(&index, "name", buf_str(&name));
	BSON_APPEND_BOOL(&index, "unique", true);
	bson_append_document_end(&indexes, &index);
	bson_append_array_end(&command, &indexes);
	failed = mongo_command(&t->d->mongo, &command, &reply, "make an index in", err);
	bson_destroy(&reply);
	bson_destroy(&command);
	buf_release(&name);
	return failed;
}

/* Documents are found by their key, so no two may have the same. */
static int ready_key(struct target *t, struct error *err)
{
	bool found, empty = true;

	if (key_is_id(t))
		return 0;
	if (t->exists && (find_index(t, &found, err) || (!found && is_empty(t, &empty, err))))
		return -1;
	if (t->exists && found)
		return 0;
	if (!empty && !t->d->o->create_indexes)
		return error_set(err, EXIT_USAGE, "'%s' has no unique index on its key (%s%s): make one, or say --create-indexes", t->name, t->key[0],
				 t->keys > 1 ? ", …" : "");
	return make_index(t, err);
}

/* Of a collection with one unique index beside that of _id, its fields are the key. */
static int key_of_index(struct target *t, struct error *err)
{
	mongoc_cursor_t *cursor = mongoc_collection_find_indexes_with_opts(t->collection, NULL);
	bson_error_t why = { 0 };
	bson_t *one = NULL;
	const bson_t *index;
	bson_iter_t field;
	uint32_t n = 0;
	int failed = 0;

	while (mongoc_cursor_next(cursor, &index))
		if (is_unique(index, &field) && bson_iter_next(&field) && strcmp(bson_iter_key(&field), "_id") && !n++)
			one = bson_copy(index);
	if (mongoc_cursor_error(cursor, &why))
		failed = mongo_fail(&t->d->mongo, &why, "read the indexes of", err);
	if (!failed && n == 1 && is_unique(one, &field))
		while (!failed && bson_iter_next(&field))
			failed = add_key(t, span_of(bson_iter_key(&field)), err);
	bson_destroy(one);
	mongoc_cursor_destroy(cursor);
	return failed;
}

/* Else documents are found by _id; those that bring none are only added: to what is not there yet. */
static int ready_without_key(struct target *t, bool has_id, struct error *err)
{
	bool empty = true;

	if (t->exists && ((!has_id && key_of_index(t, err)) || is_empty(t, &empty, err)))
		return -1;
	if (t->keys)
		return 0;
	t->generates = empty;
	return add_key(t, SPAN_LIT("_id"), err);
}

int target_ready(struct target *t, const struct record *first, struct error *err)
{
	enum load_mode mode = t->d->load->mode;
	struct value id;

	if (t->ready)
		return 0;
	t->ready = true;
	if (mongo_collections(&t->d->mongo, t->name, note_there, t, err))
		return -1;
	if (take_key(t, VALUE_NONE, err))
		return -1;
	if (mode == MODE_REPLACE)
		return 0;
	t->collection = mongo_collection(&t->d->mongo, t->name);
	if (mode == MODE_APPEND)
		return 0;
	return t->keys ? ready_key(t, err) : ready_without_key(t, first && value_member(record_root(first), SPAN_LIT("_id"), &id), err);
}
