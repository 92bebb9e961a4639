/* load_words: the commands that make a value where no key is. */
#include "load.h"
#include "value/number.h"

enum { MOST_WORDS = 20000 };	/* in one command; older servers take a million */

uint32_t expiry_set(struct database *d, struct span key, int64_t expires)
{
	char digits[NUMBER_INT64_ROOM];

	if (expires < 0)
		return 0;
	redis_send(&d->redis, 3, (struct span[]){ SPAN_LIT("PEXPIREAT"), key, number_from_int64(expires, digits) });
	return 1;
}

/* COMMAND KEY WORD …, as many as it takes; step words belong together. */
static uint32_t send_words(struct database *d, struct span command, struct span key, struct span words, size_t left, size_t step)
{
	size_t n;
	struct buf *out = &d->redis.io.out;
	struct span part;
	struct item it;
	uint32_t sent = 0;

	for (; left; left -= n, sent++) {
		n = left < MOST_WORDS ? left : MOST_WORDS;
		n -= n < left ? n % step : 0;
		resp_command(out, n + 2);
		resp_word(out, command);
		resp_word(out, key);
		part = words;
		for (size_t i = 0; n < left && i < n; i++)
			(void)item_next(&words, &it);
		buf_add(out, part.p, n < left ? (size_t)(words.p - part.p) : part.n);
	}
	return sent;
}

/* A sorted set's members stand before their scores, in replies; ZADD wants them behind. */
static uint32_t send_scores(struct database *d, struct span key, struct span words)
{
	struct buf turned = BUF_INIT;
	struct item member, score;
	uint32_t sent;

	while (item_next(&words, &member) && item_next(&words, &score)) {
		resp_word(&turned, score.text);
		resp_word(&turned, member.text);
	}
	sent = send_words(d, SPAN_LIT("ZADD"), key, buf_span(&turned), words_count(buf_span(&turned)), 2);
	buf_release(&turned);
	return sent;
}

/* ---- streams */

static struct span next(struct span *words)
{
	struct item it = { .text = { NULL, 0 } };

	(void)item_next(words, &it);
	return it.text;
}

static uint64_t next_count(struct span *words)
{
	uint64_t n = 0;
	struct span s = next(words);

	if (s.n)
		(void)number_uint64(s, &n);
	return n;
}

static uint32_t send_entry(struct database *d, struct span key, struct span *words)
{
	struct buf *out = &d->redis.io.out;
	struct span id = next(words);
	uint64_t n = next_count(words);

	resp_command(out, (size_t)n + 3);
	resp_word(out, SPAN_LIT("XADD"));
	resp_word(out, key);
	resp_word(out, id);
	for (; n; n--)
		resp_word(out, next(words));
	return 1;
}

static uint32_t send_pending(struct database *d, struct span key, struct span group, struct span *words)
{
	struct span id = next(words), consumer = next(words), time = next(words), count = next(words);

	redis_send(&d->redis, 11, (struct span[]){ SPAN_LIT("XCLAIM"), key, group, consumer, SPAN_LIT("0"), id, SPAN_LIT("TIME"), time,
		   SPAN_LIT("RETRYCOUNT"), count, SPAN_LIT("FORCE") });
	return 1;
}

static uint32_t send_group(struct database *d, struct span key, struct span *words)
{
	struct span name = next(words), last = next(words), read = next(words);
	uint64_t n;
	uint32_t sent = 1;

	redis_send(&d->redis, d->redis.version >= REDIS_7 && read.n ? 7 : 5, (struct span[]){ SPAN_LIT("XGROUP"), SPAN_LIT("CREATE"), key, name, last,
		   SPAN_LIT("ENTRIESREAD"), read });
	for (n = next_count(words); n; n--, sent++)
		redis_send(&d->redis, 5, (struct span[]){ SPAN_LIT("XGROUP"), SPAN_LIT("CREATECONSUMER"), key, name, next(words) });
	for (n = next_count(words); n; n--)
		sent += send_pending(d, key, name, words);
	return sent;
}

/* One without entries is made by a group that goes again. */
static uint32_t send_empty(struct database *d, struct span key)
{
	redis_send(&d->redis, 6, (struct span[]){ SPAN_LIT("XGROUP"), SPAN_LIT("CREATE"), key, SPAN_LIT("_"), SPAN_LIT("0"), SPAN_LIT("MKSTREAM") });
	redis_send(&d->redis, 4, (struct span[]){ SPAN_LIT("XGROUP"), SPAN_LIT("DESTROY"), key, SPAN_LIT("_") });
	return 2;
}

static uint32_t send_stream(struct database *d, struct span key, struct span words)
{
	struct span last = next(&words), added = next(&words), deleted = next(&words);
	uint64_t n = next_count(&words);
	uint32_t sent = n ? 0 : send_empty(d, key);

	for (; n; n--)
		sent += send_entry(d, key, &words);
	redis_send(&d->redis, d->redis.version >= REDIS_7 ? 7 : 3, (struct span[]){ SPAN_LIT("XSETID"), key, last, SPAN_LIT("ENTRIESADDED"), added,
		   SPAN_LIT("MAXDELETEDID"), deleted });
	for (n = next_count(&words), sent++; n; n--)
		sent += send_group(d, key, &words);
	return sent;
}

/* ---- any */

/* RESTORE looks at its payload before it takes the old value away. */
static uint32_t send_dump(struct database *d, const struct row *r, int64_t expires)
{
	struct span payload = item_first(r->words).text;
	char digits[NUMBER_INT64_ROOM];

	redis_send(&d->redis, 6, (struct span[]){ SPAN_LIT("RESTORE"), r->key, number_from_int64(expires < 0 ? 0 : expires, digits), payload,
		   SPAN_LIT("REPLACE"), SPAN_LIT("ABSTTL") });
	return 1;
}

uint32_t value_send(struct database *d, const struct row *r, int64_t expires)
{
	static const struct { const char *type; struct span command; size_t step; } commands[] = {
		{ "hash", SPAN_LIT("HSET"), 2 }, { "string", SPAN_LIT("SET"), 1 }, { "list", SPAN_LIT("RPUSH"), 1 }, { "set", SPAN_LIT("SADD"), 1 },
	};
	size_t i;
	uint32_t sent = 0;

	if (r->dump)
		return send_dump(d, r, expires);
	if (span_is(r->type, "stream"))
		sent = send_stream(d, r->key, r->words);
	else if (span_is(r->type, "zset"))
		sent = send_scores(d, r->key, r->words);
	for (i = 0; !sent && i < sizeof commands / sizeof *commands; i++)
		if (span_is(r->type, commands[i].type))
			sent = send_words(d, commands[i].command, r->key, r->words, r->count, commands[i].step);
	return sent + expiry_set(d, r->key, expires);
}
