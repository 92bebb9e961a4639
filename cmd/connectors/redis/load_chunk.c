/*
 * load_chunk: some rows at a time. Whether their keys are there is asked, or what they hold; what isn't there is written in one
 * MULTI, which deletes such keys first, so that it doesn't matter who makes them meanwhile. While the server writes one chunk
 * the next is gathered: chunks are gathered, asked, written. A chunk in which what was there matters goes through load_change.c.
 */
#include <stdlib.h>

#include "load.h"

/* ---- keys of a chunk, each once */

/* False where the key, or one with its hash, is among them. */
static bool chunk_takes(struct database *d, struct chunk *c, struct span key)
{
	uint64_t hash = hash_bytes(key.p, key.n, &d->hash_key).lo | 1, i;

	for (i = hash >> 8 & (CHUNK_SLOTS - 1); c->slot[i]; i = (i + 1) & (CHUNK_SLOTS - 1))
		if (c->slot[i] == hash)
			return false;
	c->slot[i] = hash;
	return true;
}

static void chunk_reset(struct chunk *c)
{
	arena_reset(&c->arena);
	memset(c->slot, 0, sizeof c->slot);
	memset(c->settled, 0, sizeof c->settled);
	memset(c->replies, 0, sizeof c->replies);
	c->n = c->sent = 0;
	c->bytes = 0;
	c->careful = c->values = false;
}

/* ---- what is there */

static void ask_values(struct database *d, struct chunk *c)
{
	struct span words[6];
	uint32_t i;

	for (i = 0; i < c->n; i++) {
		struct row *r = &c->row[i];

		if (r->op == OP_DELETE) {
			redis_send(&d->redis, 2, (struct span[]){ SPAN_LIT("EXISTS"), r->key });
			continue;
		}
		expiry_send(&d->redis, r->key);
		redis_send(&d->redis, value_words(r->type, r->key, words), words);
	}
	c->values = true;
}

static void ask(struct database *d, struct chunk *c)
{
	struct buf *out = &d->redis.io.out;
	uint32_t i;

	if (c->careful)
		return;
	if (d->expect) {
		ask_values(d, c);
		return;
	}
	resp_command(out, (size_t)c->n + 1);
	resp_word(out, SPAN_LIT("EXISTS"));
	for (i = 0; i < c->n; i++)
		resp_word(out, c->row[i].key);
}

static int refused(struct database *d, struct span raw, struct error *err)
{
	struct item it = item_first(raw);

	return redis_refused(&d->redis, it.type == '-' ? it.text : SPAN_LIT("the reply isn't what it should be"), "write to", err);
}

/* What is there as the row's words, in out where it must be made; false where it is none. */
static bool words_there(const struct row *r, struct span raw, struct buf *made, struct span *out)
{
	struct item it;

	if (span_is(r->type, "stream") && !r->dump) {
		*out = stream_words(raw, made) ? (struct span){ NULL, 0 } : buf_span(made);
		return out->n > 0;
	}
	*out = raw;
	(void)item_next(&raw, &it);
	if (it.type == '*')
		*out = raw;
	return it.type == '*' || it.type == '$';
}

bool expiry_kept(const struct database *d, const struct row *r, int64_t expires)
{
	return expiry_same(&d->redis, r->expires, expires) || (r->expires < 0 && d->tmpl.parts);
}

bool value_same(const struct row *r, struct span raw)
{
	struct buf made = BUF_INIT;
	struct span words;
	bool same = words_there(r, raw, &made, &words) && words_equal(r->dump ? SPAN_LIT("dump") : r->type, words, r->words);

	buf_release(&made);
	return same;
}

/* A row's reply: its effect is known, or the chunk must be careful. */
static int take_value(struct database *d, struct chunk *c, uint32_t i, struct error *err)
{
	struct row *r = &c->row[i];
	struct span raw;
	int64_t expires;
	int got, there;

	c->effect[i] = EFFECT_NONE;
	if (redis_read(&d->redis, REPLY_LIMIT, &raw, err))
		return -1;
	if (item_first(raw).type != ':')
		return refused(d, raw, err);
	if (r->op == OP_DELETE) {
		c->there[i] = item_first(raw).n > 0;
		return 0;
	}
	expires = expiry_of_reply(&d->redis, raw);
	got = redis_read(&d->redis, r->words.n + REPLY_LIMIT / 8, &raw, err);
	if (got < 0)
		return -1;
	there = got ? 1 : value_check(r->dump ? SPAN_LIT("dump") : r->type, raw);
	c->there[i] = there != 0;
	if (there > 0 && !got && item_first(raw).type == '-')
		return refused(d, raw, err);
	c->settled[i] = there > 0 && !got && expiry_kept(d, r, expires) && value_same(r, raw);
	c->effect[i] = c->settled[i] ? EFFECT_SAME : EFFECT_NONE;
	c->careful = c->careful || (there && !c->settled[i]);
	return 0;
}

static int take_values(struct database *d, struct chunk *c, struct error *err)
{
	bool some = false;
	uint32_t i;

	for (i = 0; i < c->n; i++) {
		if (take_value(d, c, i, err))
			return -1;
		some = some || c->there[i];
	}
	d->expect = some;
	return 0;
}

static int take_answers(struct database *d, struct chunk *c, struct error *err)
{
	struct span raw;

	if (c->careful)
		return 0;
	if (c->values)
		return take_values(d, c, err);
	if (redis_read(&d->redis, REPLY_LIMIT, &raw, err))
		return -1;
	if (item_first(raw).type != ':')
		return refused(d, raw, err);
	memset(c->there, 0, sizeof c->there);
	memset(c->effect, 0, sizeof c->effect);
	if (!item_first(raw).n)
		return 0;
	ask_values(d, c);
	return take_values(d, c, err);
}

/* ---- writing */

void chunk_publish(struct database *d, struct chunk *c, uint32_t i)
{
	if (!d->own->publish || (c->effect[i] != EFFECT_INSERTED && c->effect[i] != EFFECT_UPDATED && c->effect[i] != EFFECT_DELETED))
		return;
	redis_send(&d->redis, 3, (struct span[]){ SPAN_LIT("PUBLISH"), span_of(d->own->publish), c->row[i].arrival.line });
	c->replies[i]++;
}

/* The keys that are made, and those that go, in one DEL in front. */
static uint32_t send_deletes(struct database *d, struct chunk *c)
{
	struct span words[ROWS_AT_ONCE + 1] = { SPAN_LIT("DEL") };
	uint32_t n = 1, i;

	for (i = 0; i < c->n; i++)
		if (c->row[i].op == OP_DELETE ? c->there[i] : !c->there[i])
			words[n++] = c->row[i].key;
	if (n > 1)
		redis_send(&d->redis, n, words);
	return n > 1;
}

static void write_simple(struct database *d, struct chunk *c)
{
	size_t start = d->redis.io.out.n;
	uint32_t i;

	redis_send(&d->redis, 1, (struct span[]){ SPAN_LIT("MULTI") });
	c->sent = send_deletes(d, c);
	if (!c->sent) {
		d->redis.io.out.n = start;
		memset(c->replies, 0, sizeof c->replies);
		return;
	}
	for (i = 0; i < c->n; i++) {
		c->replies[i] = 0;
		if (c->row[i].op == OP_DELETE) {
			c->effect[i] = c->there[i] ? EFFECT_DELETED : EFFECT_NONE;
		} else if (!c->there[i]) {
			c->effect[i] = EFFECT_INSERTED;
			c->replies[i] = value_send(d, &c->row[i], c->row[i].expires);
		}
		chunk_publish(d, c, i);
		c->sent += c->replies[i];
	}
	redis_send(&d->redis, 1, (struct span[]){ SPAN_LIT("EXEC") });
}

/* ---- what came of it */

void chunk_count(struct database *d, const struct chunk *c)
{
	struct load *l = d->load;
	uint32_t i;

	for (i = 0; i < c->n; i++) {
		if (c->row[i].rejected)
			continue;
		l->unchanged += c->effect[i] == EFFECT_SAME;
		l->inserted += c->effect[i] == EFFECT_INSERTED;
		l->updated += c->effect[i] == EFFECT_UPDATED;
		l->deleted += c->effect[i] == EFFECT_DELETED;
	}
}

/* The row that the nth command of the MULTI belongs to; c->n: what stands in front, or the state. */
static uint32_t row_at(const struct chunk *c, uint32_t n, uint32_t front)
{
	uint32_t i;

	if (n < front)
		return c->n;
	for (n -= front, i = 0; i < c->n && n >= c->replies[i]; i++)
		n -= c->replies[i];
	return i;
}

/* A payload that the server doesn't understand is one record's fault; any other failure isn't to be expected, and not undone. */
static int one_failed(struct database *d, struct chunk *c, uint32_t i, struct span text, struct error *err)
{
	struct error why = ERROR_INIT;

	if (i < c->n && c->row[i].dump && !c->row[i].rejected) {
		c->row[i].rejected = true;
		error_data(err, "bad-value", "the server can't restore this: %.*s", (int)(text.n < 200 ? text.n : 200), text.p);
		return load_set_aside(d->load, &c->row[i].arrival, err);
	}
	redis_refused(&d->redis, text, "write to", &why);
	return error_set(err, why.status, "%.700s (what else was to be written with it has been written)", why.text);
}

static int take_exec(struct database *d, struct chunk *c, uint32_t front, struct error *err)
{
	struct span raw;
	struct item it;
	uint64_t n, i;
	int got = redis_open_array(&d->redis, &n, err), failed = 0;

	if (got < 0 || (got && redis_read(&d->redis, REPLY_LIMIT, &raw, err)))
		return -1;
	if (got) {
		it = item_first(raw);
		return it.type == '_' ? 1 : refused(d, raw, err);
	}
	for (i = 0; i < n; i++) {
		got = redis_read(&d->redis, REPLY_LIMIT, &raw, err);
		if (got < 0)
			return -1;
		it = got ? (struct item){ .type = '_' } : item_first(raw);
		if (it.type == '-' && !failed)
			failed = one_failed(d, c, row_at(c, (uint32_t)i, front), it.text, err);
	}
	return failed;
}

int chunk_result(struct database *d, struct chunk *c, struct error *err)
{
	struct error ignored = ERROR_INIT;
	struct span raw;
	struct item it;
	uint32_t i, front = c->sent;
	bool failed = false;
	int got;

	for (i = 0; i < c->n; i++)
		front -= c->replies[i];
	if (c->careful)
		front = 0;	/* the state stands behind */
	for (i = 0; i < c->sent + 1; i++) {	/* OK and QUEUED; what the server refuses to queue makes EXEC fail */
		if (redis_read(&d->redis, REPLY_LIMIT, &raw, err))
			return -1;
		it = item_first(raw);
		if (it.type == '-' && !failed) {
			failed = true;
			redis_refused(&d->redis, it.text, "write to", err);
		}
	}
	got = take_exec(d, c, front, failed ? &ignored : err);
	if (failed || got < 0)
		return -1;
	if (!got)
		chunk_count(d, c);
	return got;
}

/* ---- the three of them */

static int settle_written(struct database *d, struct error *err)
{
	struct chunk *c = d->written;
	int got = c->n && c->sent ? chunk_result(d, c, err) : 0;

	if (!got && c->n && !c->sent)
		chunk_count(d, c);
	chunk_reset(c);
	return got;
}

/* What was asked is answered: it is written, or begins to be. */
static int settle_asked(struct database *d, struct error *err)
{
	struct chunk *c = d->asked;

	if (!c->n)
		return 0;
	if (take_answers(d, c, err))
		return -1;
	if (c->careful) {
		if (chunk_change(d, c, false, err))
			return -1;
		chunk_reset(c);
		return 0;
	}
	write_simple(d, c);
	d->asked = d->written;
	d->written = c;
	return 0;
}

/* What is gathered is asked, what was asked is written, what was written is done. */
static int rotate(struct database *d, struct error *err)
{
	struct chunk *c;

	if (settle_written(d, err) || settle_asked(d, err))
		return -1;
	c = d->asked;
	d->asked = d->gathering;
	d->gathering = c;
	if (d->asked->n)
		ask(d, d->asked);
	return redis_flush(&d->redis, err);
}

int chunk_drain(struct database *d, struct error *err)
{
	while (d->gathering->n || d->asked->n || d->written->n)
		if (rotate(d, err))
			return -1;
	return 0;
}

/* A payload may be refused, which must be known before the state moves. */
int chunk_commit(struct database *d, struct error *err)
{
	struct chunk *last = d->gathering;
	uint32_t i;
	bool alone = d->o->dry_run;

	for (i = 0; i < last->n; i++)
		alone = alone || last->row[i].dump;
	if (alone && chunk_drain(d, err))
		return -1;
	while (d->asked->n || d->written->n) {
		if (settle_written(d, err) || settle_asked(d, err) || redis_flush(&d->redis, err))
			return -1;
	}
	last = d->gathering;
	last->careful = true;
	if (chunk_change(d, last, true, err))
		return -1;
	chunk_reset(last);
	return 0;
}

static struct span copy(struct chunk *c, struct span s)
{
	c->bytes += s.n;
	return s.n ? arena_span(&c->arena, s) : (struct span){ "", 0 };
}

/* Names and values by turns. */
static void interleave(struct chunk *c, struct row *r)
{
	struct span names = r->names, values = r->words, name, value;
	struct item it;
	char *p = arena_alloc(&c->arena, names.n + values.n), *start = p;

	for (r->count = 0;; r->count += 2) {
		name = names;
		if (!item_next(&names, &it))
			break;
		value = values;
		if (!item_next(&values, &it))
			break;
		memcpy(p, name.p, (size_t)(names.p - name.p));
		p += names.p - name.p;
		memcpy(p, value.p, (size_t)(values.p - value.p));
		p += values.p - value.p;
	}
	r->words = (struct span){ start, (size_t)(p - start) };
	r->names = (struct span){ NULL, 0 };
	c->bytes += r->words.n;
}

int chunk_add(struct database *d, const struct row *row, struct error *err)
{
	struct chunk *c = d->gathering;
	struct row *r;

	if (row->op == OP_TRUNCATE)
		return chunk_drain(d, err) || keys_truncate(d, err) ? -1 : 0;
	if (c->n == ROWS_AT_ONCE || c->bytes > CHUNK_BYTES || !chunk_takes(d, c, row->key) || (row->old.n && !chunk_takes(d, c, row->old))) {
		if (rotate(d, err))
			return -1;
		c = d->gathering;
		(void)chunk_takes(d, c, row->key);
		if (row->old.n)
			(void)chunk_takes(d, c, row->old);
	}
	r = &c->row[c->n++];
	*r = *row;
	r->key = copy(c, row->key);
	r->old = copy(c, row->old);
	r->type = copy(c, row->type);
	if (r->names.n) {
		interleave(c, r);
	} else {
		r->words = copy(c, row->words);
		r->count = words_count(r->words);
	}
	r->gone = copy(c, row->gone);
	if (row->arrival.line.n) {
		r->arrival.line = line_copy(&c->arena, row->arrival.line);
		c->bytes += row->arrival.line.n;
	}
	c->careful = c->careful || d->o->dry_run || d->o->newer || r->op == OP_UPDATE || r->old.n || (r->expires >= 0 && r->expires <= redis_now(&d->redis));
	return 0;
}

void chunk_release(struct database *d)
{
	int i;

	for (i = 0; i < 3; i++)
		arena_release(&d->chunk[i].arena);
}
