/*
 * load_chunk: some rows at a time. Their keys are WATCHed, what is there is read, what differs is written in one MULTI; if
 * anyone changed a key in between, all is done again.
 */
#include <stdlib.h>

#include "load.h"
#include "value/number.h"

enum { MOST_TRIES = 20 };

/* ---- what is there */

static bool is_there(const struct key *k)
{
	return strcmp(k->type, "none");
}

static int expect(struct database *d, redisReply **out, struct error *err)
{
	*out = redis_read(&d->redis, err);
	return *out ? 0 : -1;
}

static int check(struct database *d, redisReply *reply, struct error *err)
{
	int failed = reply->type == REDIS_REPLY_ERROR ? redis_refused(&d->redis, reply, "write to", err) : 0;

	freeReplyObject(reply);
	return failed;
}

static int watch(struct database *d, struct error *err)
{
	struct span *words = arena_alloc(&d->arena, (d->rows * 2 + 1) * sizeof *words);
	redisReply *reply;
	uint32_t i;
	int n = 1;

	if (!d->rows)
		return 0;
	words[0] = SPAN_LIT("WATCH");
	for (i = 0; i < d->rows; i++) {
		words[n++] = d->row[i].key;
		if (d->row[i].old.n)
			words[n++] = d->row[i].old;
	}
	redis_send(&d->redis, n, words);
	return expect(d, &reply, err) || check(d, reply, err) ? -1 : 0;
}

static int count_there(struct database *d, int64_t *n, struct error *err)
{
	struct span *words = arena_alloc(&d->arena, (d->rows + 1) * sizeof *words);
	redisReply *reply;
	uint32_t i;

	*n = 0;
	if (!d->rows)
		return 0;
	words[0] = SPAN_LIT("EXISTS");
	for (i = 0; i < d->rows; i++)
		words[i + 1] = d->row[i].key;
	redis_send(&d->redis, (int)d->rows + 1, words);
	if (expect(d, &reply, err))
		return -1;
	*n = reply->type == REDIS_REPLY_INTEGER ? reply->integer : 0;
	return check(d, reply, err);
}

static int read_old(struct database *d, struct key *old, struct error *err)
{
	struct span words[5];
	uint32_t i;

	if (keys_types(&d->redis, old, d->rows, &d->arena, err) || (!d->tmpl.parts && keys_groups(&d->redis, old, d->rows, err)))
		return -1;
	for (i = 0; i < d->rows; i++)
		if (is_there(&old[i]))
			redis_send(&d->redis, value_words(&old[i], words), words);
	for (i = 0; i < d->rows; i++)
		if (is_there(&old[i]) && expect(d, &old[i].value, err))
			return -1;
	return 0;
}

/* ---- what is to be written */

static int64_t expires_then(const struct database *d, const struct key *old)
{
	return d->redis.version >= 70000 ? old->expires : -1;
}

static const struct pair *last_pair(const struct row *r, struct span name)
{
	const struct pair *found = NULL;
	uint32_t i;

	for (i = 0; i < r->pairs; i++)
		if (span_eq(r->pair[i].name, name))
			found = &r->pair[i];
	return found;
}

static uint32_t send_expiry(struct database *d, const struct row *r)
{
	struct span words[3] = { SPAN_LIT("PEXPIREAT"), r->key };
	char digits[NUMBER_INT64_ROOM];

	if (r->expires < 0)
		return 0;
	words[2] = number_from_int64(r->expires, digits);
	redis_send(&d->redis, 3, words);
	return 1;
}

/* HSET of what differs, HDEL of what goes: the key's expiry stays, unless the row has its own. */
static uint32_t write_hash(struct database *d, const struct row *r, const struct key *old)
{
	bool hash = !strcmp(old->type, "hash"), same;
	size_t fields = hash ? old->value->elements / 2 : 0, j;
	struct span *set = arena_alloc(&d->arena, (r->pairs * 2 + 2) * sizeof *set), *del = arena_alloc(&d->arena, (r->pairs + fields + 2) * sizeof *del);
	uint32_t sent = 0, i;
	int sets = 2, dels = 2;

	set[0] = SPAN_LIT("HSET");
	del[0] = SPAN_LIT("HDEL");
	set[1] = del[1] = r->key;
	for (j = 0; j < fields; j++) {
		const struct pair *p = last_pair(r, reply_span(old->value->element[2 * j]));

		if (p ? p->gone : r->op != OP_UPDATE)
			del[dels++] = reply_span(old->value->element[2 * j]);
	}
	for (i = 0; i < r->pairs; i++) {
		if (r->pair[i].gone)
			continue;
		for (j = 0, same = false; j < fields && !same; j++)
			same = span_eq(reply_span(old->value->element[2 * j]), r->pair[i].name) &&
				span_eq(reply_span(old->value->element[2 * j + 1]), r->pair[i].value);
		if (same)
			continue;
		set[sets++] = r->pair[i].name;
		set[sets++] = r->pair[i].value;
	}
	if (!hash && is_there(old)) {
		redis_send(&d->redis, 2, (struct span[]){ SPAN_LIT("DEL"), r->key });
		sent++;
	}
	if (sets > 2) {
		redis_send(&d->redis, sets, set);
		sent++;
	}
	if (dels > 2) {
		redis_send(&d->redis, dels, del);
		sent++;
	}
	if (sent || r->expires != expires_then(d, old))
		sent += send_expiry(d, r);
	return sent;
}

static uint32_t write_text(struct database *d, const struct row *r, const struct key *old, struct span text)
{
	bool string = !strcmp(old->type, "string"), keep = string && r->expires < 0 && old->expires >= 0;

	if (string && span_eq(reply_span(old->value), text) && (r->expires < 0 || r->expires == expires_then(d, old)))
		return 0;
	redis_send(&d->redis, keep ? 4 : 3, (struct span[]){ SPAN_LIT("SET"), r->key, text, SPAN_LIT("KEEPTTL") });
	return 1 + send_expiry(d, r);
}

/* An update of a row that is kept as JSON: what is there, with its changes. */
static int patch(struct database *d, const struct row *r, const struct key *old, struct span *out, struct error *err)
{
	const struct scan_limits limits = { 1024, INT32_MAX };
	struct step step = { .kind = STEP_NAME };
	struct path path = { .step = &step, .n = 1 };
	struct record change;
	struct walk walk = { 0, 0, 0 };
	struct value name, v;
	struct buf text = BUF_INIT;
	int failed;

	record_init(&change);
	failed = record_copy(&d->scratch, old->value->str, (size_t)old->value->len, &limits, err) || record_copy(&change, r->text.p, r->text.n, &limits, err);
	while (!failed && value_next(record_root(&change), &walk, &name, &v)) {
		step.name = path.text = value_text(name, &d->arena);
		failed = record_put(&d->scratch, &path, v, err);
	}
	if (!failed) {
		record_write(&d->scratch, &text);
		*out = arena_span(&d->arena, buf_span(&text));
	}
	buf_release(&text);
	record_release(&change);
	return failed ? LOAD_REJECT : LOAD_DONE;
}

/* A whole key, unless its record is what the key would be read as. */
static uint32_t write_key(struct database *d, const struct row *r, const struct key *old)
{
	struct buf now = BUF_INIT;
	struct key k = *old;
	bool same = false;
	uint32_t sent = 1, i;

	k.expires = expires_then(d, old);
	if (old->value && !value_is_gone(&k, old->value)) {
		key_put(&k, old->value, &now);
		same = span_eq(buf_span(&now), r->text);
	}
	buf_release(&now);
	if (same)
		return 0;
	redis_send(&d->redis, 2, (struct span[]){ SPAN_LIT("DEL"), r->key });
	if (strcmp(r->type, "stream")) {
		redis_send(&d->redis, (int)r->words, r->word);
		sent++;
	}
	for (i = 0; i < r->entries; i++, sent++)
		redis_send(&d->redis, (int)r->entry[i].words, r->entry[i].word);
	return sent + send_expiry(d, r);
}

/* Sends a row's commands: how many. verdict: LOAD_REJECT where the row can't be. */
static uint32_t write_row(struct database *d, struct row *r, const struct key *old, int *verdict, struct error *err)
{
	bool there = is_there(old);
	struct span text = r->text;
	uint32_t sent = 0;

	*verdict = LOAD_DONE;
	if (r->op == OP_DELETE) {
		if (!there)
			return 0;
		redis_send(&d->redis, 2, (struct span[]){ SPAN_LIT("DEL"), r->key });
		return 1;
	}
	if (r->op == OP_UPDATE && !there && d->o->missing != MISSING_INSERT && !r->old.n) {
		if (d->o->missing == MISSING_SKIP)
			return 0;
		error_data(err, "missing-row", "an update of a row that isn't there (--missing insert|skip)");
		*verdict = LOAD_REJECT;
		return 0;
	}
	if (r->op == OP_UPDATE && there && d->own->as && d->tmpl.parts) {
		*verdict = patch(d, r, old, &text, err);
		if (*verdict)
			return 0;
	}
	if (r->old.n && !span_eq(r->old, r->key)) {
		redis_send(&d->redis, 2, (struct span[]){ SPAN_LIT("DEL"), r->old });
		sent = 1;
	}
	return sent + (!d->tmpl.parts ? write_key(d, r, old) : d->own->as ? write_text(d, r, old, text) : write_hash(d, r, old));
}

static void count(struct database *d, const struct row *r, const struct key *old, uint32_t sent)
{
	struct load *l = d->load;

	if (!sent)
		l->unchanged += r->op != OP_DELETE;
	else if (r->op == OP_DELETE)
		l->deleted++;
	else if (is_there(old))
		l->updated++;
	else
		l->inserted++;
}

/* ---- one MULTI */

/* 0 done; 1: somebody changed a key: again; -1. */
static int transact(struct database *d, struct key *old, bool state, struct error *err)
{
	uint32_t *sent = arena_zalloc(&d->arena, (d->rows + 1) * sizeof *sent), total = 0, i, published;
	redisReply *reply;
	int verdict, failed = 0;

	redis_send(&d->redis, 1, (struct span[]){ SPAN_LIT("MULTI") });
	for (i = 0; i < d->rows && !failed; i++) {
		sent[i] = write_row(d, &d->row[i], &old[i], &verdict, err);
		if (verdict)
			failed = load_set_aside(d->load, &d->row[i].arrival, err);
		d->row[i].op = verdict ? -1 : d->row[i].op;
		published = sent[i] && d->own->publish;
		if (published)
			redis_send(&d->redis, 3, (struct span[]){ SPAN_LIT("PUBLISH"), span_of(d->own->publish), d->row[i].arrival.line });
		total += sent[i] + published;
	}
	if (state) {
		state_send(d);
		total++;
	}
	redis_send(&d->redis, 1, (struct span[]){ failed ? SPAN_LIT("DISCARD") : SPAN_LIT("EXEC") });
	for (i = 0; i < total + 1; i++) {	/* OK and QUEUED; what the server refuses to queue makes EXEC fail */
		if (expect(d, &reply, err))
			return -1;
		if (check(d, reply, failed ? &(struct error)ERROR_INIT : err))
			failed = -1;
	}
	if (expect(d, &reply, failed ? &(struct error)ERROR_INIT : err))
		return -1;
	if (!failed && reply->type == REDIS_REPLY_NIL) {
		freeReplyObject(reply);
		return 1;
	}
	for (i = 0; !failed && reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++)
		if (reply->element[i]->type == REDIS_REPLY_ERROR)
			failed = redis_refused(&d->redis, reply->element[i], "write to", err);
	if (!failed && reply->type == REDIS_REPLY_ERROR)
		failed = redis_refused(&d->redis, reply, "write to", err);
	freeReplyObject(reply);
	for (i = 0; !failed && i < d->rows; i++)
		if (d->row[i].op >= 0)
			count(d, &d->row[i], &old[i], sent[i]);
	return failed;
}

static int attempt(struct database *d, bool state, struct error *err)
{
	struct key *old = arena_alloc(&d->arena, (d->rows + 1) * sizeof *old);
	int64_t there;
	uint32_t i;
	int got;

	if ((state && state_watch(d, err)) || watch(d, err) || count_there(d, &there, err))
		return -1;
	for (i = 0; i < d->rows; i++)
		old[i] = (struct key){ .name = d->row[i].key, .type = "none", .expires = -1 };
	got = there && read_old(d, old, err) ? -1 : transact(d, old, state, err);
	keys_release(old, d->rows);
	return got;
}

int chunk_flush(struct database *d, bool state, struct error *err)
{
	int tries, got = 1;

	if (!d->rows && !state)
		return 0;
	for (tries = 0; got > 0 && tries < MOST_TRIES; tries++)
		got = attempt(d, state, err);
	if (got > 0)
		got = error_set(err, EXIT_AGAIN, "'%s': others change these keys all the time", error_show(span_of(d->uri)));
	d->rows = 0;
	table_release(&d->keys);
	table_init(&d->keys, 0, &d->memory);
	return got;
}

int chunk_add(struct database *d, const struct row *r, struct error *err)
{
	struct hash128 key = hash_bytes(r->key.p, r->key.n, &d->hash_key), old = hash_bytes(r->old.n ? r->old.p : "", r->old.n, &d->hash_key);

	if ((table_find(&d->keys, key) || (r->old.n && table_find(&d->keys, old))) && chunk_flush(d, false, err))
		return -1;
	(void)table_put(&d->keys, key, NULL);
	if (r->old.n)
		(void)table_put(&d->keys, old, NULL);
	d->row[d->rows++] = *r;
	return d->rows == ROWS_AT_ONCE ? chunk_flush(d, false, err) : 0;
}
