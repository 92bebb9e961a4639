/* load_write: what differs is written in bulk; what the server refuses is told one by one. */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "load.h"

/*
 * One bulk write, unordered, and whose each of its operations is. All are of one kind and together below a message's size, so
 * that they are one command: of several, the driver tells of a refused operation in one and not that another one failed.
 */
struct bulk {
	struct target *t;
	mongoc_bulk_operation_t *op;
	bson_t options;		/* of each operation */
	void **whose;		/* owned */
	uint32_t n, cap;
	size_t bytes;		/* of the documents */
};

enum { BULK_MOST = 16 << 20 };

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

/* {"index": 3, "code": 11000, "errmsg": …}. -1 where the reason isn't the operation's own: it may pass, or all have it. */
static int one_refused(struct bulk *b, const bson_iter_t *error, refused_fn *refused, struct error *err)
{
	const char *why = "the server gives no reason";
	bson_iter_t it;
	uint32_t index = UINT32_MAX, code = 0;
	bson_error_t whole;

	if (!bson_iter_recurse(error, &it))
		return 0;
	while (bson_iter_next(&it)) {
		if (!strcmp(bson_iter_key(&it), "index"))
			index = (uint32_t)bson_iter_as_int64(&it);
		else if (!strcmp(bson_iter_key(&it), "code"))
			code = (uint32_t)bson_iter_as_int64(&it);
		else if (!strcmp(bson_iter_key(&it), "errmsg") && BSON_ITER_HOLDS_UTF8(&it))
			why = bson_iter_utf8(&it, NULL);
	}
	if (mongo_status(code) != EXIT_FAILED) {
		bson_set_error(&whole, MONGOC_ERROR_SERVER, code, "%s", why);
		return mongo_fail(&b->t->d->mongo, &whole, "write to", err);
	}
	if (index < b->n)
		refused(b->t, b->whose[index], code ? code : UINT32_MAX, why);
	return 0;
}

static bool find_errors(const bson_t *reply, const char *name, bson_iter_t *errors)
{
	bson_iter_t it;

	return bson_iter_init_find(&it, reply, name) && BSON_ITER_HOLDS_ARRAY(&it) && bson_iter_recurse(&it, errors) && bson_iter_next(errors);
}

/* The server, or the driver before it, refused a command as a whole, for a reason that a single operation may be: each is to be tried alone. */
static bool is_suspicious(const bson_error_t *why)
{
	if (why->domain == MONGOC_ERROR_BSON)	/* a document grew too large */
		return true;
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
		while (single && !failed) {
			failed = one_refused(b, &errors, refused, err);
			single = bson_iter_next(&errors);
		}
		if (!failed && find_errors(&reply, "writeConcernErrors", &errors))
			failed = mongo_fail(&b->t->d->mongo, &why, "write to", err);
		else if (!failed && !find_errors(&reply, "writeErrors", &errors) && any && is_suspicious(&why))
			for (i = 0; i < b->n; i++)
				refused(b->t, b->whose[i], why.code, why.message);
		else if (!failed && !find_errors(&reply, "writeErrors", &errors))
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

/* What the document of its changed slot is made of; NULL: nothing, it is new. */
static const bson_t *changes_from(const struct target *t, const struct slot *s)
{
	if (is_renamed(t, s))
		return s->from->before;
	return s->before;
}

enum phase { GOES_FIRST, CHANGES, ADDITIONS, GOES_LAST };

/* A document that moves under another _id, or into another's place, is there before it goes from its old place. */
static bool is_in(const struct target *t, const struct slot *s, enum phase phase)
{
	if (!differs(s) && !is_renamed(t, s))
		return false;
	switch (phase) {
	case GOES_FIRST:
		return s->before && !s->now && !s->to;
	case CHANGES:
		return s->now && changes_from(t, s);
	case ADDITIONS:
		return s->now && !changes_from(t, s);
	default:
		return s->before && !s->now && s->to && !s->to->code && !is_renamed(t, s->to);
	}
}

static void add_slot(struct bulk *b, struct slot *s, enum phase phase)
{
	s->code = 0;
	b->bytes += s->now ? s->now->len : 0;
	if (phase == CHANGES)
		add_change(b, s, changes_from(b->t, s));
	else if (phase == ADDITIONS)
		add_insert(b, s);
	else
		add_remove(b, s);
}

/* again: only those that were refused because another document has their unique value. */
static int write_phase(struct target *t, struct slot *slot, uint32_t n, enum phase phase, bool again, struct error *err)
{
	struct bulk b;
	uint32_t i;
	int failed = 0;

	bulk_start(&b, t);
	for (i = 0; i < n && !failed; i++) {
		if (!is_in(t, &slot[i], phase) || (again ? slot[i].code != DUPLICATE_KEY : slot[i].code != 0))
			continue;
		if (b.n && slot[i].now && b.bytes + slot[i].now->len > BULK_MOST) {
			failed = bulk_run(&b, slot_refused, true, err);
			bulk_end(&b);
			bulk_start(&b, t);
		}
		add_slot(&b, &slot[i], phase);
	}
	failed = failed || bulk_run(&b, slot_refused, true, err) ? -1 : 0;
	bulk_end(&b);
	return failed;
}

static int write_changes(struct target *t, struct slot *slot, uint32_t n, bool again, struct error *err)
{
	return write_phase(t, slot, n, CHANGES, again, err) || write_phase(t, slot, n, ADDITIONS, again, err) ? -1 : 0;
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

	if (write_phase(t, slot, n, GOES_FIRST, false, err) || write_changes(t, slot, n, false, err))
		return -1;
	/* the value that one wants may be free now that others are written */
	for (after = refused(slot, n), before = after + 1; after && after < before; before = after, after = refused(slot, n))
		if (write_changes(t, slot, n, true, err))
			return -1;
	return write_phase(t, slot, n, GOES_LAST, false, err);
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
			t->d->load->inserted++, t->added++;
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
