/* load_mirror: keys that nothing brought. */
#include <stdlib.h>

#include "load.h"

/* Calls fn for every key that the template fits, or for all but Syncline's own, some more than once. */
static int each_key(struct database *d, int (*fn)(struct database *d, struct span key, struct error *err), struct error *err)
{
	struct span words[6] = { SPAN_LIT("SCAN"), SPAN_LIT("0"), SPAN_LIT("MATCH"), SPAN_LIT("*"), SPAN_LIT("COUNT"), SPAN_LIT("1000") };
	struct span parts[MOST_PARTS];
	struct buf pattern = BUF_INIT;
	char cursor[32] = "0";
	redisReply *reply;
	size_t i;
	int failed = 0;

	if (d->tmpl.parts) {
		template_pattern(&d->tmpl, &pattern);
		words[3] = buf_span(&pattern);
	}
	do {
		words[1] = span_of(cursor);
		reply = redis_ask(&d->redis, "read", 6, words, err);
		failed = reply ? 0 : -1;
		for (i = 0; !failed && i < reply->element[1]->elements; i++) {
			struct span key = reply_span(reply->element[1]->element[i]);

			if (d->tmpl.parts ? template_match(&d->tmpl, key, parts) : !(key.n >= 6 && !memcmp(key.p, "_sync_", 6)))
				failed = fn(d, key, err);
		}
		if (!failed)
			snprintf(cursor, sizeof cursor, "%s", reply->element[0]->str);
		if (reply)
			freeReplyObject(reply);
	} while (!failed && strcmp(cursor, "0"));
	buf_release(&pattern);
	return failed;
}

static int count_one(struct database *d, struct span key, struct error *err)
{
	(void)key;
	(void)err;
	d->keys_at_start++;
	return 0;
}

int keys_count(struct database *d, struct error *err)
{
	if (d->counted)
		return 0;
	d->counted = true;
	d->keys_at_start = 0;
	return each_key(d, count_one, err);
}

/* A key that nothing brought is held as a line of its own, once. */
static int hold_unseen(struct database *d, struct span key, struct error *err)
{
	struct arrival a = { key, 0, 0 };
	bool added;

	if (!table_put(&d->seen, hash_bytes(key.p, key.n, &d->hash_key), &added))
		return error_set(err, EXIT_FAILED, "more keys than --memory holds the hashes of (32 bytes each)");
	if (added)
		held_add(&d->held, &a);
	return 0;
}

static int delete_held(struct database *d, struct error *err)
{
	struct row r;
	size_t i;

	for (i = 0; i < d->held.n; i++) {
		if (!d->rows)
			arena_reset(&d->arena);
		r = (struct row){ .op = OP_DELETE, .key = arena_span(&d->arena, d->held.v[i].line), .expires = -1 };
		r.arrival = (struct arrival){ r.key, 0, 0 };
		if (chunk_add(d, &r, err))
			return -1;
	}
	return chunk_flush(d, false, err);
}

int mirror_finish(struct database *d, struct error *err)
{
	int failed;

	if (guard_keeps_all(d->load))
		return 0;
	failed = keys_count(d, err) || guard_whole(d->load, d->keys_at_start, err) || each_key(d, hold_unseen, err) ||
		guard_deletes(d->load, d->held.n + d->deletes, d->keys_at_start, err) || delete_held(d, err) ? -1 : 0;
	held_release(&d->held);
	return failed;
}
