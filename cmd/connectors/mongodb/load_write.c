/* load_write: what differs is written in bulk; what the server refuses is told one by one. */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "load.h"

/* One bulk write, unordered, and whose each of its operations is. */
struct bulk {
	struct target *t;
	mongoc_bulk_operation_t *op;
	bson_t options;		/* of each operation */
	void **whose;		/* owned */
	uint32_t n, cap;
};

static void bulk_start(struct bulk *b, struct target *t)
{
	bson_t *options = BCON_NEW("ordered", BCON_BOOL(false));

	*b = (struct bulk){ .t = t, .op = mongoc_collection_create_bulk_operation_with_opts(t->collection, options) };
	bson_init(&b->options);
	BSON_APPEND_BOOL(&b->options, "validate", false);	/* the server knows better which names it takes */
	bson_destroy(options);
}

static void bulk_end(struct bulk *b)
{
	mongoc_bulk_operation_destroy(b->op);
	bson_destroy(&b->options);
	free(b->whose);
}

typedef void refused_fn(struct target *t, void *whose, uint32_t code, const char *why);

static void bulk_added(struct bulk *b, bool done, void *whose, const bson_error_t *why, refused_fn *refused)
{
	if (!done) {
		refused(b->t, whose, why->code, why->message);
		return;
	}
	XGROW(b->whose, b->n, b->cap);
	b->whose[b->n++] = whose;
}

/* {"index": 3, "code": 11000, "errmsg": …} */
static void one_refused(struct bulk *b, const bson_iter_t *error, refused_fn *refused)
{
	const char *why = "the server gives no reason";
	bson_iter_t it;
	uint32_t index = UINT32_MAX, code = 0;

	if (!bson_iter_recurse(error, &it))
		return;
	while (bson_iter_next(&it)) {
		if (!strcmp(bson_iter_key(&it), "index"))
			index = (uint32_t)bson_iter_as_int64(&it);
		else if (!strcmp(bson_iter_key(&it), "code"))
			code = (uint32_t)bson_iter_as_int64(&it);
		else if (!strcmp(bson_iter_key(&it), "errmsg") && BSON_ITER_HOLDS_UTF8(&it))
			why = bson_iter_utf8(&it, NULL);
	}
	if (index < b->n)
		refused(b->t, b->whose[index], code ? code : UINT32_MAX, why);
}

static bool find_errors(const bson_t *reply, const char *name, bson_iter_t *errors)
{
	bson_iter_t it;

	return bson_iter_init_find(&it, reply, name) && BSON_ITER_HOLDS_ARRAY(&it) && bson_iter_recurse(&it, errors) && bson_iter_next(errors);
}

/* The server refused a command as a whole, for a reason that a single operation may be: each is to be tried alone. */
static bool is_suspicious(const bson_error_t *why)
{
	return why->domain == MONGOC_ERROR_SERVER && mongo_status(why->code) == EXIT_FAILED;
}

/* Errors of single operations are the answers to them; any other one ends all, unless `any` says that a refusal of all is one of each. */
static int bulk_run(struct bulk *b, refused_fn *refused, bool any, struct error *err)
{
	uint32_t i;

	bson_error_t why = { 0 };
	bson_iter_t errors;
	bson_t reply;
	bool single;
	int failed = 0;

	if (!b->n)
		return 0;
	if (!mongoc_bulk_operation_execute(b->op, &reply, &why)) {
		single = find_errors(&reply, "writeErrors", &errors);
		while (single) {
			one_refused(b, &errors, refused);
			single = bson_iter_next(&errors);
		}
		if (find_errors(&reply, "writeConcernErrors", &errors))
			failed = mongo_fail(&b->t->d->mongo, &why, "write to", err);
		else if (!find_errors(&reply, "writeErrors", &errors) && any && is_suspicious(&why))
			for (i = 0; i < b->n; i++)
				refused(b->t, b->whose[i], why.code, why.message);
		else if (!find_errors(&reply, "writeErrors", &errors))
			failed = mongo_fail(&b->t->d->mongo, &why, "write to", err);
	}
	bson_destroy(&reply);
	return failed;
}

/* ---- slots */

static void slot_refused(struct target *t, void *whose, uint32_t code, const char *why)
{
	struct slot *s = whose;

	(void)t;
	s->code = code ? code : UINT32_MAX;
	free(s->why);
	s->why = xstrdup(why);
}

static bson_t *by_id(const bson_t *document)
{
	bson_t *out = bson_new(), equal;
	bson_iter_t it;

	if (bson_iter_init_find(&it, document, "_id")) {
		BSON_APPEND_DOCUMENT_BEGIN(out, "_id", &equal);
		bson_append_iter(&equal, "$eq", 3, &it);
		bson_append_document_end(out, &equal);
	}
	return out;
}

static void add_remove(struct bulk *b, struct slot *s)
{
	bson_t *filter = by_id(s->before);
	bson_error_t why = { 0 };

	bulk_added(b, mongoc_bulk_operation_remove_one_with_opts(b->op, filter, NULL, &why), s, &why, slot_refused);
	bson_destroy(filter);
}

static bool is_plain_name(const char *name)
{
	return name[0] && name[0] != '$' && !strchr(name, '.');
}

/* {"$set": …, "$unset": …} of what differs; NULL where names mean something else in it. */
static bson_t *difference(const bson_t *before, const bson_t *now)
{
	bson_t *out = bson_new(), set = BSON_INITIALIZER, unset = BSON_INITIALIZER, x = BSON_INITIALIZER, y = BSON_INITIALIZER;
	bson_iter_t it, other;
	bool plain = true;

	for (bson_iter_init(&it, now); bson_iter_next(&it);) {
		bson_reinit(&x);
		bson_reinit(&y);
		bson_append_iter(&x, "", 0, &it);
		if (bson_iter_init_find(&other, before, bson_iter_key(&it)))
			bson_append_iter(&y, "", 0, &other);
		if (bson_equal(&x, &y))
			continue;
		plain = plain && is_plain_name(bson_iter_key(&it));
		bson_append_iter(&set, NULL, 0, &it);
	}
	for (bson_iter_init(&it, before); bson_iter_next(&it);)
		if (!bson_iter_init_find(&other, now, bson_iter_key(&it))) {
			plain = plain && is_plain_name(bson_iter_key(&it));
			bson_append_int32(&unset, bson_iter_key(&it), -1, 1);
		}
	if (bson_count_keys(&set))
		BSON_APPEND_DOCUMENT(out, "$set", &set);
	if (bson_count_keys(&unset))
		BSON_APPEND_DOCUMENT(out, "$unset", &unset);
	plain = plain && bson_count_keys(out);
	bson_destroy(&set);
	bson_destroy(&unset);
	bson_destroy(&x);
	bson_destroy(&y);
	if (plain)
		return out;
	bson_destroy(out);
	return NULL;
}

/* There as `before` and to become s->now. An update leaves fields alone that it doesn't change, whoever writes them meanwhile. */
static void add_change(struct bulk *b, struct slot *s, const bson_t *before)
{
	bson_t *filter = by_id(before), *update = s->whole ? NULL : difference(before, s->now), upsert = BSON_INITIALIZER;
	bson_error_t why = { 0 };
	bool done;

	bson_concat(&upsert, &b->options);
	BSON_APPEND_BOOL(&upsert, "upsert", true);	/* it was there a moment ago */
	done = update ? mongoc_bulk_operation_update_one_with_opts(b->op, filter, update, &b->options, &why)
		: mongoc_bulk_operation_replace_one_with_opts(b->op, filter, s->now, &upsert, &why);
	bulk_added(b, done, s, &why, slot_refused);
	bson_destroy(update);
	bson_destroy(&upsert);
	bson_destroy(filter);
}

static void add_insert(struct bulk *b, struct slot *s)
{
	bson_error_t why = { 0 };

	bulk_added(b, mongoc_bulk_operation_insert_with_opts(b->op, s->now, &b->options, &why), s, &why, slot_refused);
}

/* The document came from another key, and its _id can stay. */
static bool is_renamed(const struct target *t, const struct slot *s)
{
	return s->from && s->now && !key_is_id(t);
}

static bool differs(const struct slot *s)
{
	return s->before && s->now ? !bson_equal(s->before, s->now) : s->before != s->now;
}

/* What must be gone first: documents whose keys others get. */
static bool goes_first(const struct target *t, const struct slot *s)
{
	return s->before && !(s->moved && !key_is_id(t)) && (!s->now ? !(s->moved && key_is_id(t)) : is_renamed(t, s));
}

static void add_slot(struct bulk *b, struct slot *s)
{
	const struct target *t = b->t;

	if (is_renamed(t, s))
		add_change(b, s, s->from->before);
	else if (!s->now)
		return;
	else if (s->before && !(s->moved && !key_is_id(t)))
		add_change(b, s, s->before);
	else
		add_insert(b, s);
}

enum phase { GOES_FIRST, CHANGES, GOES_LAST };

/* A document that moves under another _id is there anew before it goes from its old place. */
static bool is_in(const struct target *t, const struct slot *s, enum phase phase)
{
	if (!differs(s) && !is_renamed(t, s))
		return false;
	return phase == GOES_FIRST ? goes_first(t, s) : phase == CHANGES ? s->now != NULL : s->before && !s->now && s->moved && key_is_id(t);
}

/* again: only those that were refused because another document has their unique value. -1, or how many were asked for. */
static int64_t write_phase(struct target *t, struct slot *slot, uint32_t n, enum phase phase, bool again, struct error *err)
{
	struct bulk b;
	uint32_t i;
	int failed;

	bulk_start(&b, t);
	for (i = 0; i < n; i++) {
		if (!is_in(t, &slot[i], phase) || (again ? slot[i].code != DUPLICATE_KEY : slot[i].code != 0))
			continue;
		slot[i].code = 0;
		if (phase == CHANGES)
			add_slot(&b, &slot[i]);
		else
			add_remove(&b, &slot[i]);
	}
	failed = bulk_run(&b, slot_refused, true, err);
	i = b.n;
	bulk_end(&b);
	return failed ? -1 : (int64_t)i;
}

static uint32_t refused(const struct slot *slot, uint32_t n)
{
	uint32_t i, some = 0;

	for (i = 0; i < n; i++)
		some += slot[i].code == DUPLICATE_KEY;
	return some;
}

int slots_write(struct target *t, struct slot *slot, uint32_t n, struct error *err)
{
	uint32_t before, after;

	if (write_phase(t, slot, n, GOES_FIRST, false, err) < 0 || write_phase(t, slot, n, CHANGES, false, err) < 0)
		return -1;
	/* the value that one wants may be free now that others are written */
	for (after = refused(slot, n), before = after + 1; after && after < before; before = after, after = refused(slot, n))
		if (write_phase(t, slot, n, CHANGES, true, err) < 0)
			return -1;
	return write_phase(t, slot, n, GOES_LAST, false, err) < 0 ? -1 : 0;
}

/* ---- rows that are just added */

struct addition {
	struct row *row;
	uint32_t code;
	char *why;
};

static void addition_refused(struct target *t, void *whose, uint32_t code, const char *why)
{
	struct addition *a = whose;

	(void)t;
	a->code = code ? code : UINT32_MAX;
	a->why = xstrdup(why);
}

int rows_append(struct target *t, struct row *row, uint32_t n, struct error *err)
{
	struct addition *a = xcalloc(n, sizeof *a);
	bson_error_t why = { 0 };
	struct bulk b;
	uint32_t i;
	int failed;

	bulk_start(&b, t);
	for (i = 0; i < n; i++) {
		a[i].row = &row[i];
		bulk_added(&b, mongoc_bulk_operation_insert_with_opts(b.op, row[i].document, &b.options, &why), &a[i], &why, addition_refused);
	}
	failed = bulk_run(&b, addition_refused, false, err);
	for (i = 0; i < n; i++) {
		if (!failed && a[i].code)
			failed = row_set_aside(t, a[i].row, a[i].code, a[i].why, err);
		else if (!failed)
			t->d->load->inserted++;
		free(a[i].why);
	}
	bulk_end(&b);
	free(a);
	return failed;
}

int row_set_aside(struct target *t, const struct row *r, uint32_t code, const char *why, struct error *err)
{
	error_data(err, code == DUPLICATE_KEY ? "duplicate-key" : "refused", "%s (code %u)", why, code == UINT32_MAX ? 0 : code);
	return load_set_aside(t->d->load, &r->arrival, err);
}
