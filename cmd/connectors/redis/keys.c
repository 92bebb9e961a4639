/* keys: what keys of all types have in common: reading their values, comparing them. */
#include "keys.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "value/number.h"

/* ---- asking */

size_t value_words(struct span type, struct span name, struct span words[6])
{
	static const struct { const char *type; struct span words[6]; size_t n; } asks[] = {
		{ "string", { SPAN_LIT("GET") }, 2 }, { "hash", { SPAN_LIT("HGETALL") }, 2 },
		{ "list", { SPAN_LIT("LRANGE"), { NULL, 0 }, SPAN_LIT("0"), SPAN_LIT("-1") }, 4 }, { "set", { SPAN_LIT("SMEMBERS") }, 2 },
		{ "zset", { SPAN_LIT("ZRANGE"), { NULL, 0 }, SPAN_LIT("0"), SPAN_LIT("-1"), SPAN_LIT("WITHSCORES") }, 5 },
	};
	size_t i, n = 2;

	if (span_is(type, "stream")) {
		memcpy(words, (struct span[6]){ SPAN_LIT("XINFO"), SPAN_LIT("STREAM"), name, SPAN_LIT("FULL"), SPAN_LIT("COUNT"), SPAN_LIT("0") },
		       6 * sizeof *words);
		return 6;
	}
	words[0] = SPAN_LIT("DUMP");
	for (i = 0; i < sizeof asks / sizeof *asks; i++)
		if (span_is(type, asks[i].type)) {
			memcpy(words, asks[i].words, sizeof asks[i].words);
			n = asks[i].n;
		}
	words[1] = name;
	return n;
}

void expiry_send(struct redis *r, struct span key)
{
	redis_send(r, 2, (struct span[]){ r->version >= REDIS_7 ? SPAN_LIT("PEXPIRETIME") : SPAN_LIT("PTTL"), key });
}

int64_t expiry_of_reply(const struct redis *r, struct span raw)
{
	struct item it = item_first(raw);

	if (it.type != ':' || it.n < 0)
		return -1;
	return r->version >= REDIS_7 ? it.n : redis_now(r) + it.n;
}

bool expiry_same(const struct redis *r, int64_t a, int64_t b)
{
	int64_t apart = a > b ? a - b : b - a;

	return a == b || (r->version < REDIS_7 && a >= 0 && b >= 0 && apart <= 100);
}

int value_check(struct span type, struct span raw)
{
	struct item it = item_first(raw);

	if (it.type == '_' || (it.type == '*' && !it.n && !span_is(type, "stream")) || item_is_error(&it, "ERR no such key"))
		return 0;
	return item_is_error(&it, "WRONGTYPE") ? -1 : 1;
}

/* ---- comparing */

size_t words_count(struct span words)
{
	struct item it;
	size_t n = 0;

	while (item_next(&words, &it))
		n++;
	return n;
}

/* A member, or a field with its value, or a member with its score. */
struct pair { struct span name, value; };

static int by_name(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return span_cmp(x->name, y->name);
}

static struct pair *sorted(struct span words, size_t step, size_t *n)
{
	struct pair *v = xreallocarray(NULL, words_count(words) / step + 1, sizeof *v);
	struct item name, value = { .text = { NULL, 0 } };

	for (*n = 0; item_next(&words, &name) && (step < 2 || item_next(&words, &value)); (*n)++)
		v[*n] = (struct pair){ name.text, value.text };
	qsort(v, *n, sizeof *v, by_name);
	return v;
}

static bool same_score(struct span a, struct span b)
{
	return span_eq(a, b) || (number_is_json(a) && number_is_json(b) && !(number_double(a) < number_double(b)) && !(number_double(a) > number_double(b)));
}

bool words_equal(struct span type, struct span a, struct span b)
{
	size_t step = span_is(type, "hash") || span_is(type, "zset") ? 2 : 1, n, m, i;
	bool score = span_is(type, "zset"), same;
	struct pair *x, *y;

	if (span_eq(a, b))
		return true;
	if (step == 1 && !span_is(type, "set"))
		return false;
	x = sorted(a, step, &n);
	y = sorted(b, step, &m);
	same = n == m;
	for (i = 0; same && i < n; i++)
		same = span_eq(x[i].name, y[i].name) && (score ? same_score(x[i].value, y[i].value) : span_eq(x[i].value, y[i].value));
	free(x);
	free(y);
	return same;
}

int words_duplicate(struct span words, size_t step, struct span *name)
{
	size_t n, i;
	struct pair *v = sorted(words, step, &n);
	int found = 0;

	for (i = 1; i < n && !found; i++)
		if (span_eq(v[i].name, v[i - 1].name)) {
			*name = v[i].name;
			found = 1;
		}
	free(v);
	return found;
}

/* ---- streams */

/* The value of this name in a map whose items `map` walks over: n of them, names and values. */
static bool member(struct span map, uint64_t n, const char *name, struct span *out)
{
	struct item it;

	for (; n >= 2 && item_next(&map, &it); n -= 2) {
		*out = item_whole(&map);
		if (span_is(it.text, name))
			return true;
	}
	return false;
}

static void add_text(struct buf *out, struct span s)
{
	resp_word(out, s);
}

static void add_count(struct buf *out, uint64_t n)
{
	char digits[NUMBER_INT64_ROOM];

	resp_word(out, number_from_int64((int64_t)n, digits));
}

/* A text or an integer as a word; nothing as an empty one. */
static void add_scalar(struct buf *out, struct span raw)
{
	struct item it = item_first(raw);

	if (it.type == ':')
		add_count(out, (uint64_t)it.n);
	else
		add_text(out, it.type == '$' ? it.text : SPAN_LIT(""));
}

static void add_member(struct buf *out, struct span map, uint64_t n, const char *name, const char *otherwise)
{
	struct span raw;

	if (member(map, n, name, &raw))
		add_scalar(out, raw);
	else
		add_text(out, span_of(otherwise));
}

/* Takes an array's head off: its length, 0 where it is none. */
static uint64_t open_array(struct span *raw)
{
	struct item it;

	return item_next(raw, &it) && it.type == '*' ? (uint64_t)it.n : 0;
}

static void add_entries(struct buf *out, struct span raw)
{
	uint64_t n = open_array(&raw), fields;
	struct item it;

	for (add_count(out, n); n && open_array(&raw) == 2 && item_next(&raw, &it); n--) {
		add_text(out, it.text);
		fields = open_array(&raw);
		for (add_count(out, fields); fields && item_next(&raw, &it); fields--)
			add_text(out, it.text);
	}
}

static int by_consumer(const void *a, const void *b)
{
	return span_cmp(*(const struct span *)a, *(const struct span *)b);
}

/* Their names, in order. */
static void add_consumers(struct buf *out, struct span raw)
{
	uint64_t n = open_array(&raw), fields, i;
	struct span *names = xreallocarray(NULL, (size_t)n + 1, sizeof *names), whole, name;

	add_count(out, n);
	for (i = 0; i < n; i++) {
		whole = item_whole(&raw);
		fields = open_array(&whole);
		names[i] = member(whole, fields, "name", &name) ? item_first(name).text : SPAN_LIT("");
	}
	qsort(names, (size_t)n, sizeof *names, by_consumer);
	for (i = 0; i < n; i++)
		add_text(out, names[i]);
	free(names);
}

static void add_pending(struct buf *out, struct span raw)
{
	uint64_t n = open_array(&raw), fields;

	for (add_count(out, n); n; n--)
		for (fields = open_array(&raw); fields; fields--)
			add_scalar(out, item_whole(&raw));
}

static void add_group(struct buf *out, struct span raw)
{
	uint64_t n = open_array(&raw);
	struct span value, none = SPAN_LIT("*0\r\n");

	add_member(out, raw, n, "name", "");
	add_member(out, raw, n, "last-delivered-id", "0-0");
	add_member(out, raw, n, "entries-read", "");
	add_consumers(out, member(raw, n, "consumers", &value) ? value : none);
	add_pending(out, member(raw, n, "pending", &value) || member(raw, n, "pel", &value) ? value : none);
}

int stream_words(struct span raw, struct buf *out)
{
	uint64_t n = open_array(&raw), groups;
	struct span value, entries, length;

	if (!member(raw, n, "entries", &entries) || !member(raw, n, "length", &length) || item_first(length).type != ':' ||
	    item_first(length).n != item_first(entries).n)
		return -1;
	add_member(out, raw, n, "last-generated-id", "0-0");
	if (member(raw, n, "entries-added", &value))
		add_scalar(out, value);
	else
		add_scalar(out, length);
	add_member(out, raw, n, "max-deleted-entry-id", "0-0");
	add_entries(out, entries);
	if (!member(raw, n, "groups", &value))
		value = SPAN_LIT("*0\r\n");
	groups = open_array(&value);
	for (add_count(out, groups); groups; groups--)
		add_group(out, item_whole(&value));
	return 0;
}
