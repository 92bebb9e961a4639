/*
 * keys: a key of any type as a record: {"key":…,"type":…,"value":…}, its expiry in `_sync.expires`.
 *
 *   string   the text                                  zset     [[member, score], …] in their order
 *   hash     an object; its fields in `pairs` where    stream   [[id, [field, value, …]], …], and `groups`
 *            a name of theirs is no UTF-8              any other type   `dump`, base64, as DUMP gives it
 *   list     an array       set   an array, sorted by bytes
 */
#include "keys.h"

#include <stdlib.h>

#include "base/clock.h"
#include "json/record.h"
#include "value/base64.h"
#include "value/number.h"
#include "value/time.h"

void put_text(struct buf *out, struct span s)
{
	if (!json_add_string(out, s))
		return;
	buf_adds(out, "{\"$binary\":{\"base64\":\"");
	base64_add(out, s);
	buf_adds(out, "\",\"subType\":\"00\"}}");
}

bool put_head(const struct key *k, struct buf *out)
{
	if (k->expires < 0) {
		buf_addc(out, '{');
		return false;
	}
	buf_adds(out, "{\"_sync\":{\"expires\":\"");
	time_add_rfc3339(out, (struct moment){ k->expires / 1000, (int32_t)(k->expires % 1000) * 1000000 }, 0, true);
	buf_adds(out, "\"}");
	return true;
}

/* ---- asking */

static bool is(const struct key *k, const char *type)
{
	return !strcmp(k->type, type);
}

int value_words(const struct key *k, struct span words[5])
{
	static const struct { const char *type; struct span words[5]; int n; } asks[] = {
		{ "string", { SPAN_LIT("GET") }, 2 }, { "hash", { SPAN_LIT("HGETALL") }, 2 },
		{ "list", { SPAN_LIT("LRANGE"), { NULL, 0 }, SPAN_LIT("0"), SPAN_LIT("-1") }, 4 }, { "set", { SPAN_LIT("SMEMBERS") }, 2 },
		{ "zset", { SPAN_LIT("ZRANGE"), { NULL, 0 }, SPAN_LIT("0"), SPAN_LIT("-1"), SPAN_LIT("WITHSCORES") }, 5 },
		{ "stream", { SPAN_LIT("XRANGE"), { NULL, 0 }, SPAN_LIT("-"), SPAN_LIT("+") }, 4 },
	};
	int n = 2;
	size_t i;

	words[0] = SPAN_LIT("DUMP");
	for (i = 0; i < sizeof asks / sizeof *asks; i++)
		if (is(k, asks[i].type)) {
			memcpy(words, asks[i].words, sizeof asks[i].words);
			n = asks[i].n;
		}
	words[1] = k->name;
	return n;
}

/* ---- writing */

static int compare(const void *a, const void *b)
{
	const redisReply *x = *(redisReply *const *)a, *y = *(redisReply *const *)b;
	int n = memcmp(x->str, y->str, (size_t)(x->len < y->len ? x->len : y->len));

	return n ? n : (x->len > y->len) - (x->len < y->len);
}

static void put_array(struct buf *out, const redisReply *v)
{
	size_t i;

	buf_addc(out, '[');
	for (i = 0; i < v->elements; i++) {
		if (i)
			buf_addc(out, ',');
		put_text(out, reply_span(v->element[i]));
	}
	buf_addc(out, ']');
}

static void put_hash(struct buf *out, const redisReply *v)
{
	size_t start = out->n, i;

	buf_adds(out, "\"value\":{");
	for (i = 0; i + 1 < v->elements; i += 2) {
		if (i)
			buf_addc(out, ',');
		if (json_add_string(out, reply_span(v->element[i]))) {
			out->n = start;
			buf_adds(out, "\"pairs\":");
			put_array(out, v);
			return;
		}
		buf_addc(out, ':');
		put_text(out, reply_span(v->element[i + 1]));
	}
	buf_addc(out, '}');
}

/* A score's digits as the server gives them, which read back as the same double; infinities as strings. */
static void put_score(struct buf *out, struct span s)
{
	if (number_is_json(s))
		buf_addspan(out, s);
	else
		put_text(out, s);
}

static void put_zset(struct buf *out, const redisReply *v)
{
	size_t i;

	buf_adds(out, "\"value\":[");
	for (i = 0; i + 1 < v->elements; i += 2) {
		buf_adds(out, i ? ",[" : "[");
		put_text(out, reply_span(v->element[i]));
		buf_addc(out, ',');
		put_score(out, reply_span(v->element[i + 1]));
		buf_addc(out, ']');
	}
	buf_addc(out, ']');
}

static void put_groups(struct buf *out, const redisReply *groups)
{
	size_t i, j;

	for (i = 0; i < groups->elements; i++) {
		const redisReply *g = groups->element[i];
		struct span name = SPAN_LIT(""), last = SPAN_LIT("0-0");

		for (j = 0; j + 1 < g->elements; j += 2) {
			if (span_is(reply_span(g->element[j]), "name"))
				name = reply_span(g->element[j + 1]);
			if (span_is(reply_span(g->element[j]), "last-delivered-id"))
				last = reply_span(g->element[j + 1]);
		}
		buf_adds(out, i ? ",[" : ",\"groups\":[[");
		put_text(out, name);
		buf_addc(out, ',');
		put_text(out, last);
		buf_addc(out, ']');
	}
	if (i)
		buf_addc(out, ']');
}

static void put_stream(struct buf *out, const redisReply *v)
{
	size_t i;

	buf_adds(out, "\"value\":[");
	for (i = 0; i < v->elements; i++) {
		buf_adds(out, i ? ",[" : "[");
		put_text(out, reply_span(v->element[i]->element[0]));
		buf_addc(out, ',');
		put_array(out, v->element[i]->element[1]);
		buf_addc(out, ']');
	}
	buf_addc(out, ']');
}

static void put_value(struct buf *out, const struct key *k, const redisReply *v)
{
	if (is(k, "string")) {
		buf_adds(out, "\"value\":");
		put_text(out, reply_span(v));
	} else if (is(k, "hash")) {
		put_hash(out, v);
	} else if (is(k, "list") || is(k, "set")) {
		if (is(k, "set"))
			qsort(v->element, v->elements, sizeof *v->element, compare);
		buf_adds(out, "\"value\":");
		put_array(out, v);
	} else if (is(k, "zset")) {
		put_zset(out, v);
	} else if (is(k, "stream")) {
		put_stream(out, v);
	} else {
		buf_adds(out, "\"dump\":\"");
		base64_add(out, reply_span(v));
		buf_addc(out, '"');
	}
}

bool value_is_gone(const struct key *k, const redisReply *v)
{
	return v->type == REDIS_REPLY_NIL || (v->type == REDIS_REPLY_ARRAY && !v->elements && !is(k, "stream")) ||
		(v->type == REDIS_REPLY_ERROR && !strncmp(v->str, "WRONGTYPE", 9));
}

void key_put(const struct key *k, const redisReply *value, struct buf *out)
{
	if (put_head(k, out))
		buf_addc(out, ',');
	buf_adds(out, "\"key\":");
	put_text(out, k->name);
	buf_adds(out, ",\"type\":");
	put_text(out, span_of(k->type));
	buf_addc(out, ',');
	put_value(out, k, value);
	if (k->groups)
		put_groups(out, k->groups);
	buf_addc(out, '}');
}

/* ---- many keys at once */

int keys_types(struct redis *r, struct key *keys, uint32_t n, struct arena *arena, struct error *err)
{
	struct span type[2] = { SPAN_LIT("TYPE") }, ttl[2] = { r->version >= 70000 ? SPAN_LIT("PEXPIRETIME") : SPAN_LIT("PTTL") };
	redisReply *reply;
	uint32_t i;

	for (i = 0; i < n; i++) {
		type[1] = ttl[1] = keys[i].name;
		redis_send(r, 2, type);
		redis_send(r, 2, ttl);
	}
	for (i = 0; i < n; i++) {
		reply = redis_read(r, err);
		if (!reply)
			return -1;
		if (reply->type == REDIS_REPLY_ERROR) {
			redis_refused(r, reply, "read", err);
			freeReplyObject(reply);
			return -1;
		}
		keys[i].type = arena_dup(arena, reply->str, (size_t)reply->len);
		freeReplyObject(reply);
		reply = redis_read(r, err);
		if (!reply)
			return -1;
		keys[i].expires = reply->type == REDIS_REPLY_INTEGER && reply->integer >= 0
			? reply->integer + (r->version >= 70000 ? 0 : clock_wall() / 1000000) : -1;
		freeReplyObject(reply);
	}
	return 0;
}

int keys_groups(struct redis *r, struct key *keys, uint32_t n, struct error *err)
{
	struct span words[3] = { SPAN_LIT("XINFO"), SPAN_LIT("GROUPS") };
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (strcmp(keys[i].type, "stream"))
			continue;
		words[2] = keys[i].name;
		redis_send(r, 3, words);
	}
	for (i = 0; i < n; i++)
		if (!strcmp(keys[i].type, "stream") && !(keys[i].groups = redis_read(r, err)))
			return -1;
	return 0;
}

void keys_release(struct key *keys, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (keys[i].value)
			freeReplyObject(keys[i].value);
		if (keys[i].groups)
			freeReplyObject(keys[i].groups);
	}
}
