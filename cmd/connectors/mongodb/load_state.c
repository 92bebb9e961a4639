/* load_state: the state, a document {_id: JOB, generation, state} of the collection _sync_state. */
#include <inttypes.h>
#include <string.h>

#include "load.h"

static mongoc_collection_t *states(struct database *d)
{
	return mongo_collection(&d->mongo, "_sync_state");
}

/* The job's document, or NULL where there is none; *failed where it can't be known. */
static bson_t *read_job(struct database *d, int *failed, struct error *err)
{
	mongoc_collection_t *c = states(d);
	bson_t *filter = BCON_NEW("_id", "{", "$eq", BCON_UTF8(d->load->place.job), "}"), *out = NULL;
	mongoc_cursor_t *cursor = mongoc_collection_find_with_opts(c, filter, NULL, NULL);
	bson_error_t why = { 0 };
	const bson_t *document;

	*failed = 0;
	if (mongoc_cursor_next(cursor, &document))
		out = bson_copy(document);
	else if (mongoc_cursor_error(cursor, &why))
		*failed = mongo_fail(&d->mongo, &why, "read the state in", err);
	mongoc_cursor_destroy(cursor);
	mongoc_collection_destroy(c);
	bson_destroy(filter);
	return out;
}

static int parse(struct state *s, const bson_t *document, const char *where, struct error *err)
{
	bson_iter_t it;
	const char *text;
	uint32_t n;

	if (!document)
		return 0;
	if (!bson_iter_init_find(&it, document, "state") || !BSON_ITER_HOLDS_UTF8(&it))
		return state_damaged(s, where, "no text where it should be", err);
	text = bson_iter_utf8(&it, &n);
	return state_parse(s, (struct span){ text, n }, where, err);
}

int state_load(struct database *d, struct error *err)
{
	int failed;
	bson_t *document = read_job(d, &failed, err);

	failed = failed || parse(&d->load->state, document, d->uri, err) ? -1 : 0;
	bson_destroy(document);
	return failed;
}

static int moved(const struct database *d, struct error *err)
{
	return error_set(err, EXIT_AGAIN, "another run has moved the state in '%s'", error_show(span_of(d->uri)));
}

int state_check(struct database *d, struct error *err)
{
	struct state now;
	int failed;
	bson_t *document = read_job(d, &failed, err);

	state_init(&now);
	now.reset = d->load->state.damaged || d->load->state.reset;
	failed = failed || parse(&now, document, d->uri, err) ? -1 : 0;
	if (!failed && now.generation != d->load->state.generation && !d->load->state.damaged)
		failed = moved(d, err);
	state_release(&now);
	bson_destroy(document);
	return failed;
}

/* Compare-and-swap: the job's document as it was read, or none, becomes the new one. */
int state_save(struct database *d, struct error *err)
{
	struct state *s = &d->load->state;
	mongoc_collection_t *c = states(d);
	char was[32], is[32];
	struct buf text = BUF_INIT;
	bson_t *filter, *document, *options, reply;
	bson_error_t why = { 0 };
	bson_iter_t it;
	bool done;
	int failed = 0;

	snprintf(was, sizeof was, "%" PRIu64, s->generation);
	snprintf(is, sizeof is, "%" PRIu64, ++s->generation);
	state_text(s, &text);
	filter = s->damaged ? BCON_NEW("_id", "{", "$eq", BCON_UTF8(d->load->place.job), "}")
		: BCON_NEW("_id", "{", "$eq", BCON_UTF8(d->load->place.job), "}", "generation", BCON_UTF8(was));
	document = BCON_NEW("_id", BCON_UTF8(d->load->place.job), "generation", BCON_UTF8(is), "state", BCON_UTF8(buf_str(&text)));
	options = BCON_NEW("upsert", BCON_BOOL(s->generation == 1 || s->damaged));
	done = mongoc_collection_replace_one(c, filter, document, options, &reply, &why);
	if (!done && why.domain == MONGOC_ERROR_SERVER && why.code == DUPLICATE_KEY)
		failed = moved(d, err);
	else if (!done)
		failed = mongo_fail(&d->mongo, &why, "store the state in", err);
	else if (bson_iter_init_find(&it, &reply, "matchedCount") && !bson_iter_as_int64(&it) && s->generation != 1 && !s->damaged)
		failed = moved(d, err);
	if (!failed)
		s->changed = s->damaged = false;
	bson_destroy(&reply);
	bson_destroy(filter);
	bson_destroy(document);
	bson_destroy(options);
	buf_release(&text);
	mongoc_collection_destroy(c);
	return failed;
}
