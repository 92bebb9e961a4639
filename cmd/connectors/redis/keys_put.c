/*
 * keys_put: a key of any type as a record: {"key":…,"type":…,"value":…}, its expiry in `_sync.expires`.
 *
 *   string   the text                                  zset     [[member, score], …] in their order
 *   hash     an object; its fields in `pairs` where    stream   [[id, [field, value, …]], …], and what put_stream says
 *            a name of theirs is no UTF-8              any other type   `dump`, base64, as DUMP gives it
 *   list     an array       set   an array, sorted by bytes
 */
#include <stdlib.h>

#include "base/xalloc.h"
#include "json/record.h"
#include "keys.h"
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

bool put_head(int64_t expires, struct buf *out)
{
	if (expires < 0) {
		buf_addc(out, '{');
		return false;
	}
	buf_adds(out, "{\"_sync\":{\"expires\":\"");
	time_add_rfc3339(out, (struct moment){ expires / 1000, (int32_t)(expires % 1000) * 1000000 }, 0, true);
	buf_adds(out, "\"}");
	return true;
}

static int by_bytes(const void *a, const void *b)
{
	return span_cmp(*(const struct span *)a, *(const struct span *)b);
}

static void put_set(struct buf *out, struct span words)
{
	size_t n = words_count(words), i;
	struct span *v = xreallocarray(NULL, n + 1, sizeof *v);
	struct item it;

	for (i = 0; item_next(&words, &it); i++)
		v[i] = it.text;
	qsort(v, n, sizeof *v, by_bytes);
	for (i = 0; i < n; i++) {
		buf_addc(out, i ? ',' : '[');
		put_text(out, v[i]);
	}
	buf_addc(out, ']');
	free(v);
}

static void put_list(struct buf *out, struct span words)
{
	struct item it;
	char open = '[';

	for (; item_next(&words, &it); open = ',') {
		buf_addc(out, open);
		put_text(out, it.text);
	}
	buf_addc(out, ']');
}

static void put_hash(struct buf *out, struct span words)
{
	struct span rest = words;
	size_t start = out->n;
	struct item name, value;
	char open = '{';

	buf_adds(out, "\"value\":");
	for (; item_next(&rest, &name) && item_next(&rest, &value); open = ',') {
		buf_addc(out, open);
		if (json_add_string(out, name.text)) {
			out->n = start;
			buf_adds(out, "\"pairs\":");
			put_list(out, words);
			return;
		}
		buf_addc(out, ':');
		put_text(out, value.text);
	}
	buf_addc(out, '}');
}

/* A score's digits as the server gives them, which read back as the same double. */
static void put_score(struct buf *out, struct span s)
{
	if (number_is_json(s))
		buf_addspan(out, s);
	else
		buf_adds(out, s.n && s.p[0] == '-' ? "\"-Infinity\"" : "\"Infinity\"");
}

static void put_zset(struct buf *out, struct span words)
{
	struct item member, score;
	char open = '[';

	for (; item_next(&words, &member) && item_next(&words, &score); open = ',') {
		buf_addc(out, open);
		buf_addc(out, '[');
		put_text(out, member.text);
		buf_addc(out, ',');
		put_score(out, score.text);
		buf_addc(out, ']');
	}
	buf_addc(out, ']');
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
	struct span s = next(words);
	uint64_t n = 0;

	if (s.n && number_is_json(s))
		(void)number_uint64(s, &n);
	return n;
}

static void put_words(struct buf *out, struct span *words, uint64_t n)
{
	buf_addc(out, '[');
	for (; n; n--) {
		put_text(out, next(words));
		if (n > 1)
			buf_addc(out, ',');
	}
	buf_addc(out, ']');
}

/* [name, last id, entries read or null, [consumer, …], [[id, consumer, time, count], …]] */
static void put_group(struct buf *out, struct span *words)
{
	uint64_t n;
	struct span read;

	buf_addc(out, '[');
	put_text(out, next(words));
	buf_addc(out, ',');
	put_text(out, next(words));
	buf_addc(out, ',');
	read = next(words);
	buf_addspan(out, read.n ? read : SPAN_LIT("null"));
	buf_addc(out, ',');
	n = next_count(words);
	put_words(out, words, n);
	buf_adds(out, ",[");
	for (n = next_count(words); n; n--) {
		buf_addc(out, '[');
		put_text(out, next(words));
		buf_addc(out, ',');
		put_text(out, next(words));
		buf_addc(out, ',');
		buf_addspan(out, next(words));
		buf_addc(out, ',');
		buf_addspan(out, next(words));
		buf_adds(out, n > 1 ? "]," : "]");
	}
	buf_adds(out, "]]");
}

/* `value`; `last`, `added` and `deleted` where the entries don't say them; `groups` where there are any. */
static void put_stream(struct buf *out, struct span words)
{
	struct span last = next(&words), added = next(&words), deleted = next(&words), id = SPAN_LIT("0-0");
	uint64_t n = next_count(&words), count = n, fields, many = 0;

	buf_adds(out, "\"value\":[");
	for (; n; n--) {
		id = next(&words);
		buf_addc(out, '[');
		put_text(out, id);
		buf_addc(out, ',');
		fields = next_count(&words);
		put_words(out, &words, fields);
		buf_adds(out, n > 1 ? "]," : "]");
	}
	buf_addc(out, ']');
	if (!span_eq(last, id)) {
		buf_adds(out, ",\"last\":");
		put_text(out, last);
	}
	if (!number_is_json(added) || number_uint64(added, &many) || many != count) {
		buf_adds(out, ",\"added\":");
		buf_addspan(out, added);
	}
	if (!span_is(deleted, "0-0")) {
		buf_adds(out, ",\"deleted\":");
		put_text(out, deleted);
	}
	n = next_count(&words);
	buf_adds(out, n ? ",\"groups\":[" : "");
	for (; n; n--) {
		put_group(out, &words);
		buf_adds(out, n > 1 ? "," : "]");
	}
}

/* ---- any */

static int put_value(struct buf *out, struct span type, struct span raw)
{
	struct buf stream = BUF_INIT;
	struct span words = raw;
	struct item it;

	if (span_is(type, "stream")) {
		if (stream_words(raw, &stream))
			return -1;
		put_stream(out, buf_span(&stream));
		buf_release(&stream);
		return 0;
	}
	if (!item_next(&words, &it))
		return -1;
	if (span_is(type, "hash") && it.type == '*') {
		put_hash(out, words);
		return 0;
	}
	if (it.type == '$' && !span_is(type, "string")) {
		buf_adds(out, "\"dump\":\"");
		base64_add(out, it.text);
		buf_addc(out, '"');
		return 0;
	}
	buf_adds(out, "\"value\":");
	if (it.type == '$')
		put_text(out, it.text);
	else if (it.type != '*')
		return -1;
	else if (span_is(type, "set"))
		put_set(out, words);
	else if (span_is(type, "zset"))
		put_zset(out, words);
	else
		put_list(out, words);
	return 0;
}

int key_put(const struct key *k, struct span raw, struct buf *out, struct error *err)
{
	if (put_head(k->expires, out))
		buf_addc(out, ',');
	buf_adds(out, "\"key\":");
	put_text(out, k->name);
	buf_adds(out, ",\"type\":");
	put_text(out, k->type);
	buf_addc(out, ',');
	if (put_value(out, k->type, raw))
		return error_set(err, EXIT_FAILED, "the reply of the key '%s' isn't what its type '%s' should have", error_show(k->name), error_show(k->type));
	buf_addc(out, '}');
	return 0;
}
