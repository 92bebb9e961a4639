/*
 * load_change: rows that depend on what is there: updates, moved keys, values that differ, --newer; and the state. Their keys are
 * WATCHed, read, and written in one MULTI; who changes one in between makes that chunk begin again.
 */
#include <stdlib.h>

#include "load.h"
#include "merge/clock.h"
#include "value/number.h"

enum { MOST_TRIES = 50, PATIENT_TRIES = 3 };

/* What is at a row's key, or where its old key is still there, at that one. */
struct there {
	bool is, moves;		/* moves: it is at the old key */
	bool also;		/* there is something at the new key, too */
	struct span type;	/* in the chunk's arena */
	int64_t expires;
	struct span value;	/* what was asked of it, in the chunk's arena; n 0: too long, or not asked */
	struct span newer;	/* --newer: the field's text */
	bool asked, asked_newer;
};

static int refused(struct database *d, struct span raw, struct error *err)
{
	struct item it = item_first(raw);

	return redis_refused(&d->redis, it.type == '-' ? it.text : SPAN_LIT("the reply isn't what it should be"), "write to", err);
}

static int reject(struct database *d, struct row *r, const char *code, const char *why, struct error *err)
{
	error_data(err, code, "%s", why);
	r->rejected = true;
	return load_set_aside(d->load, &r->arrival, err);
}

/* It is as it should be, or set aside. */
static bool is_done(const struct chunk *c, uint32_t i)
{
	return c->settled[i] || c->row[i].rejected;
}

/* ---- asking */

/* What becomes of the row depends on what is there. A value that is replaced as a whole doesn't, but for an expiry that it keeps. */
static bool depends(const struct database *d, const struct row *r)
{
	return r->op == OP_UPDATE || r->old.n || d->o->newer;
}

/* Where others never leave the keys alone, those of whole values aren't watched any more. */
static int watch(struct database *d, struct chunk *c, bool state, bool patient, struct error *err)
{
	struct span words[2 * ROWS_AT_ONCE + 1] = { SPAN_LIT("WATCH") }, raw;
	size_t n = 1;
	uint32_t i;

	if (state && state_watch(d, err))
		return -1;
	for (i = 0; i < c->n; i++) {
		if (is_done(c, i) || (!patient && !depends(d, &c->row[i])))
			continue;
		words[n++] = c->row[i].key;
		if (c->row[i].old.n)
			words[n++] = c->row[i].old;
	}
	return n > 1 && redis_ask(&d->redis, "write to", n, words, &raw, err) ? -1 : 0;
}

static void ask_about(struct database *d, struct span key)
{
	redis_send(&d->redis, 2, (struct span[]){ SPAN_LIT("TYPE"), key });
	expiry_send(&d->redis, key);
}

static int take_about(struct database *d, struct chunk *c, struct there *t, struct error *err)
{
	struct span raw;

	if (redis_read(&d->redis, REPLY_LIMIT, &raw, err))
		return -1;
	if (item_first(raw).type == '-')
		return refused(d, raw, err);
	t->type = arena_span(&c->arena, item_first(raw).text);
	t->is = !span_is(t->type, "none");
	if (redis_read(&d->redis, REPLY_LIMIT, &raw, err))
		return -1;
	t->expires = expiry_of_reply(&d->redis, raw);
	return 0;
}

static int find(struct database *d, struct chunk *c, struct there *t, struct error *err)
{
	struct there old = { .is = false };
	uint32_t i;

	for (i = 0; i < c->n; i++) {
		if (is_done(c, i))
			continue;
		ask_about(d, c->row[i].key);
		if (c->row[i].old.n)
			ask_about(d, c->row[i].old);
	}
	for (i = 0; i < c->n; i++) {
		t[i] = (struct there){ .expires = -1 };
		if (is_done(c, i))
			continue;
		if (take_about(d, c, &t[i], err) || (c->row[i].old.n && take_about(d, c, &old, err)))
			return -1;
		if (c->row[i].old.n && old.is) {
			old.moves = true;
			old.also = t[i].is;
			t[i] = old;
		}
	}
	return 0;
}

/* A hash's fields that an update names; else the value. */
static bool ask_value(struct database *d, const struct row *r, const struct there *t)
{
	struct span key = t->moves ? r->old : r->key, words[6], rest;
	struct buf *out = &d->redis.io.out;
	struct item it;

	if (!t->is || r->op == OP_DELETE || (!span_eq(t->type, r->type) && !r->dump) || r->rejected)
		return false;
	if (r->op != OP_UPDATE || d->own->as) {
		redis_send(&d->redis, value_words(r->dump ? SPAN_LIT("dump") : r->type, key, words), words);
		return true;
	}
	if (!r->words.n && !r->gone.n)
		return false;
	resp_command(out, 2 + words_count(r->words) / 2 + words_count(r->gone));
	resp_word(out, SPAN_LIT("HMGET"));
	resp_word(out, key);
	for (rest = r->words; item_next(&rest, &it); (void)item_next(&rest, &it))
		resp_word(out, it.text);
	buf_addspan(out, r->gone);
	return true;
}

static bool ask_newer(struct database *d, const struct row *r, const struct there *t)
{
	if (!d->o->newer || d->own->as || !t->is || !span_is(t->type, "hash") || r->op == OP_DELETE)
		return false;
	redis_send(&d->redis, 3, (struct span[]){ SPAN_LIT("HGET"), t->moves ? r->old : r->key, span_of(d->o->newer) });
	return true;
}

/* One row's value at a time is held: what is asked of all is answered in their order. */
static int take_value(struct database *d, struct chunk *c, uint32_t i, struct there *t, struct buf *value, struct error *err)
{
	struct row *r = &c->row[i];
	struct span raw;
	int got;

	buf_reset(value);
	if (t->asked) {
		got = redis_read(&d->redis, r->words.n + REPLY_LIMIT / 2, &raw, err);
		if (got < 0 || (!got && item_first(raw).type == '-' && value_check(r->type, raw) > 0))
			return got < 0 ? -1 : refused(d, raw, err);
		if (!got)
			buf_addspan(value, raw);
		t->value = buf_span(value);
	}
	if (!t->asked_newer)
		return 0;
	if (redis_read(&d->redis, REPLY_LIMIT, &raw, err))
		return -1;
	t->newer = item_first(raw).type == '$' ? arena_span(&c->arena, item_first(raw).text) : (struct span){ NULL, 0 };
	return 0;
}

/* ---- updates */

/* HSET of what differs, HDEL of what goes and is there. */
static uint32_t change_hash(struct database *d, const struct row *r, struct span now)
{
	struct buf set = BUF_INIT, del = BUF_INIT;
	struct span words = r->words, gone = r->gone;
	struct item it, name, value;
	uint32_t sent = 0;

	(void)item_next(&now, &it);
	while (item_next(&words, &name) && item_next(&words, &value)) {
		if (item_next(&now, &it) && it.type == '$' && span_eq(it.text, value.text))
			continue;
		resp_word(&set, name.text);
		resp_word(&set, value.text);
	}
	while (item_next(&gone, &name))
		if (item_next(&now, &it) && it.type == '$')
			resp_word(&del, name.text);
	if (set.n) {
		resp_command(&d->redis.io.out, 2 + words_count(buf_span(&set)));
		resp_word(&d->redis.io.out, SPAN_LIT("HSET"));
		resp_word(&d->redis.io.out, r->key);
		buf_addspan(&d->redis.io.out, buf_span(&set));
		sent++;
	}
	if (del.n) {
		resp_command(&d->redis.io.out, 2 + words_count(buf_span(&del)));
		resp_word(&d->redis.io.out, SPAN_LIT("HDEL"));
		resp_word(&d->redis.io.out, r->key);
		buf_addspan(&d->redis.io.out, buf_span(&del));
		sent++;
	}
	buf_release(&set);
	buf_release(&del);
	return sent;
}

static int change_members(struct database *d, const struct row *r, struct record *change, struct error *err)
{
	struct step step = { .kind = STEP_NAME };
	struct path path = { .step = &step, .n = 1 };
	struct walk walk = { 0, 0, 0 };
	struct arena arena = ARENA_INIT;
	struct span gone = r->gone;
	struct value name, v;
	struct item it;
	int failed = 0;

	while (!failed && value_next(record_root(change), &walk, &name, &v)) {
		step.name = path.text = value_text(name, &arena);
		failed = record_put(&d->scratch, &path, v, err);
	}
	while (!failed && item_next(&gone, &it)) {
		step.name = path.text = it.text;
		failed = record_remove(&d->scratch, &path, err);
	}
	arena_release(&arena);
	return failed;
}

/* What is there, with its changes; -1: there is no object. */
static int change_json(struct database *d, const struct row *r, struct span now, struct buf *out, struct error *err)
{
	const struct scan_limits limits = { 1024, INT32_MAX };
	struct span text = item_first(r->words).text;
	struct item old = item_first(now);
	struct record change;
	int failed;

	record_init(&change);
	failed = old.type != '$' || record_copy(&d->scratch, old.text.p, old.text.n, &limits, err) || !record_is_object(&d->scratch) ||
		record_copy(&change, text.p, text.n, &limits, err) || change_members(d, r, &change, err);
	if (!failed)
		record_write(&d->scratch, out);
	record_release(&change);
	return failed ? -1 : 0;
}

/* ---- --newer */

/* A field's text as a value: a number where it is one. */
static struct row_clock clock_of(struct record *rec, struct span text, struct arena *arena)
{
	const struct scan_limits limits = { 1024, INT32_MAX };
	struct error ignored = ERROR_INIT;
	struct buf json = BUF_INIT;
	struct row_clock c = { .kind = CLOCK_NONE };

	if (number_is_json(text))
		buf_addspan(&json, text);
	else
		(void)json_add_string(&json, text);
	if (json.n && !record_copy(rec, json.p, json.n, &limits, &ignored))
		c = row_clock_read(record_root(rec), arena);
	buf_release(&json);
	return c;
}

static struct span field_of_json(struct database *d, struct record *rec, struct span text, struct arena *arena)
{
	const struct scan_limits limits = { 1024, INT32_MAX };
	struct error ignored = ERROR_INIT;
	struct value v;

	if (!text.n || record_copy(rec, text.p, text.n, &limits, &ignored) || !record_is_object(rec) ||
	    !value_member(record_root(rec), span_of(d->o->newer), &v))
		return (struct span){ NULL, 0 };
	return value_type(v) == TOKEN_STRING ? value_text(v, arena) : value_type(v) == TOKEN_NUMBER ? value_bytes(v) : (struct span){ NULL, 0 };
}

static struct span field_of_words(const struct database *d, struct span words)
{
	struct item name, value;

	while (item_next(&words, &name) && item_next(&words, &value))
		if (span_is(name.text, d->o->newer))
			return value.text;
	return (struct span){ NULL, 0 };
}

/* What is there is newer than the row. */
static bool is_newer(struct database *d, const struct row *r, const struct there *t)
{
	struct arena arena = ARENA_INIT;
	struct record one, other;
	struct row_clock x, y;
	struct span a, b;
	bool newer;

	if (!d->o->newer || !t->is || r->op == OP_DELETE)
		return false;
	record_init(&one);
	record_init(&other);
	a = d->own->as ? field_of_json(d, &one, item_first(t->value).text, &arena) : t->newer;
	b = d->own->as ? field_of_json(d, &other, item_first(r->words).text, &arena) : field_of_words(d, r->words);
	a = arena_span(&arena, a);
	b = arena_span(&arena, b);
	x = clock_of(&one, a, &arena);
	y = clock_of(&other, b, &arena);
	newer = x.kind == CLOCK_NONE && y.kind == CLOCK_NONE ? a.n && b.n && span_cmp(a, b) > 0 : row_clock_compare(&x, &y, 0) > 0;
	record_release(&one);
	record_release(&other);
	arena_release(&arena);
	return newer;
}

/* ---- a row's commands: how many in c->replies, its effect in c->effect */

static void put_whole(struct database *d, struct chunk *c, uint32_t i, const struct row *r, const struct there *t)
{
	int64_t expires = r->expires >= 0 || !d->tmpl.parts ? r->expires : t->expires;

	if (!r->dump && !t->moves) {	/* also where there is none: somebody may have made it by now */
		redis_send(&d->redis, 2, (struct span[]){ SPAN_LIT("DEL"), r->key });
		c->replies[i]++;
	}
	if (t->moves) {
		redis_send(&d->redis, 3, (struct span[]){ SPAN_LIT("DEL"), r->old, r->key });
		c->replies[i]++;
	}
	c->replies[i] += value_send(d, r, expires);
	c->effect[i] = t->is ? EFFECT_UPDATED : EFFECT_INSERTED;
}

/* A value as it should be: its expiry, if that is said. --ttl begins anew with each run, which is no change of the row. */
static void put_expiry(struct database *d, struct chunk *c, uint32_t i, const struct row *r, const struct there *t)
{
	if (expiry_kept(d, r, t->expires)) {
		c->effect[i] = EFFECT_SAME;
	} else if (r->expires < 0) {
		redis_send(&d->redis, 2, (struct span[]){ SPAN_LIT("PERSIST"), r->key });
		c->replies[i]++;
		c->effect[i] = EFFECT_UPDATED;
	} else {
		c->replies[i] += expiry_set(d, r->key, r->expires);
		c->effect[i] = d->own->ttl > 0 ? EFFECT_SAME : EFFECT_UPDATED;
	}
}

static void put_delete(struct database *d, struct chunk *c, uint32_t i, const struct row *r, const struct there *t)
{
	c->effect[i] = t->is ? EFFECT_DELETED : r->op == OP_DELETE ? EFFECT_NONE : EFFECT_SAME;
	if (!t->is)
		return;
	redis_send(&d->redis, r->old.n ? 3 : 2, (struct span[]){ SPAN_LIT("DEL"), r->key, r->old });
	c->replies[i]++;
}

static void put_move(struct database *d, struct chunk *c, uint32_t i, const struct row *r)
{
	redis_send(&d->redis, 3, (struct span[]){ SPAN_LIT("RENAME"), r->old, r->key });
	c->replies[i]++;
	c->effect[i] = EFFECT_UPDATED;
}

static int put_update(struct database *d, struct chunk *c, uint32_t i, struct row *r, const struct there *t, struct error *err)
{
	struct buf text = BUF_INIT;
	struct error why = ERROR_INIT;
	uint32_t sent = 0;

	if (!span_eq(t->type, r->type))
		return reject(d, r, "bad-value", d->own->as ? "the key holds no text that could be changed" : "the key holds no hash that could be changed", err);
	if (d->own->as && change_json(d, r, t->value, &text, &why)) {
		buf_release(&text);
		return reject(d, r, "bad-value", "the key holds no JSON object that could be changed", err);
	}
	c->effect[i] = EFFECT_SAME;
	if (t->moves)
		put_move(d, c, i, r);
	if (!d->own->as) {
		sent = change_hash(d, r, t->value);
	} else if (!span_eq(buf_span(&text), item_first(t->value).text)) {
		redis_send(&d->redis, 4, (struct span[]){ SPAN_LIT("SET"), r->key, buf_span(&text), SPAN_LIT("KEEPTTL") });
		sent = 1;
	}
	buf_release(&text);
	if (!sent && !t->moves) {
		if (r->expires >= 0)
			put_expiry(d, c, i, r, t);
		return 0;
	}
	c->replies[i] += sent + expiry_set(d, r->key, r->expires);
	c->effect[i] = EFFECT_UPDATED;
	return 0;
}

static int put_row(struct database *d, struct chunk *c, uint32_t i, const struct there *t, struct error *err)
{
	struct row *r = &c->row[i];

	c->effect[i] = EFFECT_NONE;
	if (r->op == OP_DELETE || (r->expires >= 0 && r->expires <= redis_now(&d->redis))) {
		put_delete(d, c, i, r, t);
		return 0;
	}
	if (is_newer(d, r, t)) {
		c->effect[i] = EFFECT_SAME;
		return 0;
	}
	if (r->op == OP_UPDATE && !t->is && d->o->missing != MISSING_INSERT)
		return d->o->missing == MISSING_SKIP ? 0 : reject(d, r, "missing-row", "an update of a row that isn't there (--missing insert|skip)", err);
	if (r->op == OP_UPDATE && t->is)
		return put_update(d, c, i, r, t, err);
	if (t->is && !t->moves && t->asked && t->value.n && value_same(r, t->value))
		put_expiry(d, c, i, r, t);
	else
		put_whole(d, c, i, r, t);
	return 0;
}

/* ---- all of them */

static int put_rows(struct database *d, struct chunk *c, struct there *t, struct error *err)
{
	struct buf value = BUF_INIT;
	uint32_t i;
	int failed = redis_flush(&d->redis, err);

	d->redis.io.hold = true;	/* the MULTI goes behind the answers */
	redis_send(&d->redis, 1, (struct span[]){ SPAN_LIT("MULTI") });
	c->sent = 0;
	for (i = 0; !failed && i < c->n; i++) {
		c->replies[i] = 0;
		if (is_done(c, i))
			continue;
		failed = take_value(d, c, i, &t[i], &value, err) || put_row(d, c, i, &t[i], err) ? -1 : 0;
		chunk_publish(d, c, i);
		c->sent += c->replies[i];
	}
	d->redis.io.hold = false;
	buf_release(&value);
	return failed;
}

static int print_rows(struct database *d, struct chunk *c, struct error *err)
{
	uint32_t i;

	for (i = 0; i < c->n; i++)
		if (!c->row[i].rejected && print_row(d, &c->row[i], c->effect[i], err))
			return -1;
	chunk_count(d, c);
	return 0;
}

static int attempt(struct database *d, struct chunk *c, bool state, bool patient, struct error *err)
{
	static struct there t[ROWS_AT_ONCE];
	uint32_t i;

	if (watch(d, c, state, patient, err) || find(d, c, t, err))
		return -1;
	for (i = 0; i < c->n; i++) {
		if (is_done(c, i))
			continue;
		t[i].asked = ask_value(d, &c->row[i], &t[i]);
		t[i].asked_newer = ask_newer(d, &c->row[i], &t[i]);
	}
	if (put_rows(d, c, t, err))
		return -1;
	if (d->o->dry_run) {
		buf_reset(&d->redis.io.out);
		return print_rows(d, c, err);
	}
	if (state && rejects_sync(&d->load->tool->rejects, err))
		return -1;
	if (state) {
		state_send(d);
		c->sent++;
	}
	redis_send(&d->redis, 1, (struct span[]){ SPAN_LIT("EXEC") });
	return chunk_result(d, c, err);
}

int chunk_change(struct database *d, struct chunk *c, bool state, struct error *err)
{
	int tries, got = 1;

	state = state && d->load->state_here && d->load->state.changed;
	if (!c->n && !state)
		return 0;
	for (tries = 0; got > 0 && tries < MOST_TRIES; tries++)
		got = attempt(d, c, state, tries < PATIENT_TRIES, err);
	return got > 0 ? error_set(err, EXIT_AGAIN, "'%s': others change these keys all the time", error_show(span_of(d->uri))) : got;
}
