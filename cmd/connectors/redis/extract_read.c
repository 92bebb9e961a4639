/*
 * extract_read: keys' types, then their values. A value and its expiry are read in one MULTI, so that they belong together; a key
 * whose type changed in between is read again.
 */
#include "extract.h"

enum { MOST_TRIES = 20 };

/* Keys in hand; those that have another type by now are asked again. */
struct batch {
	struct key key[KEYS_AT_ONCE];
	size_t n;
	struct arena arena;
};

/* ---- setting aside */

int set_aside(struct extract *x, const struct key *k, const char *code, const char *why, struct error *err)
{
	struct error reason = ERROR_INIT;
	struct buf line = BUF_INIT;
	int failed;

	counts_add(&x->tool->read, x->stream, 1);
	error_data(&reason, code, "the key '%s' %s", error_show(k->name), why);
	buf_adds(&line, "{\"key\":");
	put_text(&line, k->name);
	buf_adds(&line, ",\"type\":");
	put_text(&line, k->type);
	buf_addc(&line, '}');
	failed = writer_reject_raw(&x->tool->writer, buf_span(&line), x->stream, &reason, err);
	buf_release(&line);
	return failed;
}

int end_record(struct extract *x, const struct key *k, struct error *err)
{
	struct writer *w = &x->tool->writer;

	if (w->out.n - w->line > x->tool->opt.max_record) {
		writer_line_cancel(w);
		return set_aside(x, k, "too-long", "makes a record of more than --max-record bytes", err);
	}
	counts_add(&x->tool->read, x->stream, 1);
	return writer_line_end(w, x->stream, err);
}

/* ---- types */

static int read_types(struct extract *x, struct batch *b, struct error *err)
{
	struct span raw;
	struct item it;
	size_t i;

	for (i = 0; i < b->n; i++)
		redis_send(&x->redis, 2, (struct span[]){ SPAN_LIT("TYPE"), b->key[i].name });
	for (i = 0; i < b->n; i++) {
		if (redis_read(&x->redis, REPLY_LIMIT, &raw, err))
			return -1;
		it = item_first(raw);
		if (it.type == '-')
			return redis_refused(&x->redis, it.text, "read", err);
		b->key[i].type = arena_span(&b->arena, it.text);
	}
	return 0;
}

/* ---- values */

static bool makes_row(const struct key *k)
{
	return span_is(k->type, "string") || span_is(k->type, "hash");
}

/* Under a template other types are told of. */
static int drop_no_rows(struct extract *x, struct batch *b, struct error *err)
{
	size_t i, n = 0;

	for (i = 0; i < b->n; i++) {
		if (span_is(b->key[i].type, "none"))
			continue;
		if (x->tmpl.parts && !makes_row(&b->key[i])) {
			if (set_aside(x, &b->key[i], "bad-record", "makes no row: it is neither a hash nor a string (--type says which are read)", err))
				return -1;
			continue;
		}
		b->key[n++] = b->key[i];
	}
	b->n = n;
	return 0;
}

static void ask_values(struct extract *x, const struct key *k, size_t n)
{
	struct span words[6];
	size_t i;

	redis_send(&x->redis, 1, (struct span[]){ SPAN_LIT("MULTI") });
	for (i = 0; i < n; i++) {
		expiry_send(&x->redis, k[i].name);
		redis_send(&x->redis, value_words(k[i].type, k[i].name, words), words);
	}
	redis_send(&x->redis, 1, (struct span[]){ SPAN_LIT("EXEC") });
}

/* OK and QUEUED so many times, then the head of EXEC's reply. What is refused makes EXEC fail: the reason is what came first. */
static int open_replies(struct extract *x, size_t n, struct error *err)
{
	struct span raw;
	struct item it;
	uint64_t got;
	size_t i;
	bool refused = false;

	for (i = 0; i < n * 2 + 1; i++) {
		if (redis_read(&x->redis, REPLY_LIMIT, &raw, err))
			return -1;
		it = item_first(raw);
		if (it.type == '-' && !refused) {
			refused = true;
			redis_refused(&x->redis, it.text, "read", err);
		}
	}
	if (refused)
		return -1;
	if (redis_open_array(&x->redis, &got, err) == 0 && got == n * 2)
		return 0;
	if (err->status || redis_read(&x->redis, REPLY_LIMIT, &raw, err))
		return -1;
	it = item_first(raw);
	return redis_refused(&x->redis, it.type == '-' ? it.text : SPAN_LIT("EXEC's reply isn't what it should be"), "read", err);
}

static int write_value(struct extract *x, const struct key *k, struct span raw, struct error *err)
{
	struct item it = item_first(raw);

	if (it.type == '-')
		return redis_refused(&x->redis, it.text, "read", err);
	if (x->tmpl.parts)
		return row_write(x, k, raw, err);
	if (key_put(k, raw, writer_line_start(&x->tool->writer), err)) {
		writer_line_cancel(&x->tool->writer);
		return -1;
	}
	return end_record(x, k, err);
}

/* What one MULTI gave; keys of another type by now are kept in the batch, from *kept. */
static int take_values(struct extract *x, struct batch *b, size_t at, size_t n, size_t *kept, struct error *err)
{
	const uint64_t most = x->tool->opt.max_record * 2 + (64 << 10);	/* a record has at least half the bytes of its reply */
	struct span raw;
	struct key *k;
	size_t i;
	int got, there;

	if (open_replies(x, n, err))
		return -1;
	for (i = at; i < at + n; i++) {
		k = &b->key[i];
		if (redis_read(&x->redis, REPLY_LIMIT, &raw, err))
			return -1;
		k->expires = expiry_of_reply(&x->redis, raw);
		got = redis_read(&x->redis, (size_t)most, &raw, err);
		if (got < 0)
			return -1;
		x->value_bytes = (x->value_bytes * 7 + (got ? (size_t)most : raw.n)) / 8;
		there = got ? 1 : value_check(k->type, raw);
		if (there < 0)
			b->key[(*kept)++] = *k;
		else if (there && (got ? set_aside(x, k, "too-long", "makes a record of more than --max-record bytes", err) : write_value(x, k, raw, err)))
			return -1;
	}
	return 0;
}

/* How many keys one MULTI reads now. */
static size_t in_multi(const struct extract *x, size_t left)
{
	size_t fit = MULTI_BYTES / (x->value_bytes + 1) + 1;

	return fit < left && fit < KEYS_IN_MULTI ? fit : left < KEYS_IN_MULTI ? left : KEYS_IN_MULTI;
}

/* All values of the batch: what is left in it must be read again. */
static int read_values(struct extract *x, struct batch *b, struct error *err)
{
	enum { AHEAD = 4 };	/* the server reads while we write */
	size_t size[AHEAD] = { 0 }, sent = 0, taken = 0, kept = 0, asked = 0, got = 0;

	if (x->redis.version < REDIS_7 && redis_clock(&x->redis, err))
		return -1;
	for (; taken < b->n; taken += size[got++ % AHEAD]) {
		for (; sent < b->n && asked < got + AHEAD; sent += size[asked++ % AHEAD]) {
			size[asked % AHEAD] = in_multi(x, b->n - sent);
			ask_values(x, b->key + sent, size[asked % AHEAD]);
		}
		if (redis_flush(&x->redis, err) || take_values(x, b, taken, size[got % AHEAD], &kept, err))
			return -1;
	}
	b->n = kept;
	return 0;
}

int keys_read(struct extract *x, const struct span *name, size_t n, struct error *err)
{
	static struct batch batch;
	int tries;
	size_t i;

	arena_reset(&batch.arena);
	batch.n = n;
	for (i = 0; i < n; i++)
		batch.key[i] = (struct key){ .name = name[i], .expires = -1 };
	for (tries = 0; batch.n && tries < MOST_TRIES; tries++)
		if (read_types(x, &batch, err) || drop_no_rows(x, &batch, err) || read_values(x, &batch, err))
			return -1;
	return batch.n ? error_set(err, EXIT_AGAIN, "'%s': the key '%s' changes its type all the time", error_show(span_of(x->redis.shown)),
				   error_show(batch.key[0].name)) : 0;
}
