/* load_rows: a record as the key that it becomes. */
#include <stdlib.h>

#include "base/clock.h"
#include "load.h"
#include "value/base64.h"
#include "value/time.h"

static int bad(struct error *err, const char *code, const char *why)
{
	error_data(err, code, "%s", why);
	return LOAD_REJECT;
}

/* A scalar's text, a nested value's JSON; false for null. */
static bool text_of(struct database *d, struct value v, struct span *out)
{
	struct buf json = BUF_INIT;

	switch (value_type(v)) {
	case TOKEN_NULL:
		return false;
	case TOKEN_STRING:
		*out = arena_span(&d->arena, value_text(v, &d->arena));
		return true;
	default:
		value_write(v, &json);
		*out = arena_span(&d->arena, buf_span(&json));
		buf_release(&json);
		return true;
	}
}

/* Bytes: a string, or {"$binary":{"base64":…}} or another of Extended JSON's that stands for a text. */
static int bytes_of(struct database *d, struct value v, struct span *out)
{
	struct value inner, base64;
	struct span text;
	unsigned char *bytes;
	int64_t n;

	if (value_type(v) == TOKEN_OBJECT && value_member(v, SPAN_LIT("$binary"), &inner) && value_type(inner) == TOKEN_OBJECT &&
	    value_member(inner, SPAN_LIT("base64"), &base64) && value_type(base64) == TOKEN_STRING) {
		text = value_text(base64, &d->arena);
		bytes = arena_alloc(&d->arena, base64_room(text.n));
		n = base64_decode(text, bytes);
		*out = (struct span){ (const char *)bytes, (size_t)n };
		return n < 0 ? -1 : 0;
	}
	return value_type(v) == TOKEN_STRING || value_type(v) == TOKEN_NUMBER ? !text_of(d, v, out) : -1;
}

static int expiry_of(struct database *d, int64_t *out, struct error *err)
{
	struct value v;
	struct moment m;
	int32_t offset;

	*out = d->own->ttl > 0 ? clock_wall() / 1000000 + (int64_t)(d->own->ttl * 1000) : -1;
	if (!load_member(d->load, "expires", &v) || value_type(v) == TOKEN_NULL)
		return LOAD_DONE;
	if (value_type(v) != TOKEN_STRING || time_parse_rfc3339(value_text(v, &d->arena), &m, &offset))
		return bad(err, "bad-value", "'expires' is no time of RFC 3339");
	*out = m.second * 1000 + m.nano / 1000000;
	return LOAD_DONE;
}

/* ---- rows */

static int key_of(struct database *d, struct value object, struct span *out, struct error *err)
{
	struct span parts[MOST_PARTS], part;
	struct buf key = BUF_INIT;
	struct value v;
	uint32_t i;

	for (i = 0; i < d->tmpl.parts; i++) {
		buf_addspan(&key, d->tmpl.literal[i]);
		if (!value_member(object, d->tmpl.name[i], &v) || !text_of(d, v, &part) || !part.n) {
			buf_release(&key);
			error_data(err, "no-key", "the key's part '%s' is missing, null or empty", error_show(d->tmpl.name[i]));
			return LOAD_REJECT;
		}
		buf_addspan(&key, part);
	}
	buf_addspan(&key, d->tmpl.literal[i]);
	*out = arena_span(&d->arena, buf_span(&key));
	buf_release(&key);
	for (i = 0; i < d->tmpl.parts; i++)
		parts[i] = SPAN_LIT("");
	/* read back it must be the same fields */
	if (!template_match(&d->tmpl, *out, parts))
		return bad(err, "bad-key", "the key can't be taken apart again");
	for (i = 0; i < d->tmpl.parts; i++)
		if (!value_member(object, d->tmpl.name[i], &v) || !text_of(d, v, &part) || !span_eq(part, parts[i]))
			return bad(err, "bad-key", "a part of the key holds what stands between parts");
	return LOAD_DONE;
}

static void add_pair(struct row *r, struct span name, struct span value, bool gone)
{
	r->pair[r->pairs++] = (struct pair){ name, value, gone };
}

static int hash_of(struct database *d, struct record *rec, struct row *r)
{
	struct value root = record_root(rec), name, v, unset;
	struct walk walk = { 0, 0, 0 };
	struct span text = SPAN_LIT("");
	uint32_t extra = load_member(d->load, "unset", &unset) && value_type(unset) == TOKEN_ARRAY ? value_count(unset) : 0;
	bool there;

	r->pair = arena_alloc(&d->arena, (value_count(root) + extra + 1) * sizeof *r->pair);
	while (value_next(root, &walk, &name, &v)) {
		there = text_of(d, v, &text);
		add_pair(r, arena_span(&d->arena, value_text(name, &d->arena)), text, !there);
	}
	walk = (struct walk){ 0, 0, 0 };
	while (extra && value_next(unset, &walk, NULL, &v))
		if (value_type(v) == TOKEN_STRING)
			add_pair(r, arena_span(&d->arena, name_restored(value_text(v, &d->arena))), SPAN_LIT(""), true);
	return LOAD_DONE;
}

static int row_of_fields(struct database *d, struct record *rec, const struct meta *meta, struct row *r, struct error *err)
{
	struct buf text = BUF_INIT;
	struct value old;
	int verdict = key_of(d, record_root(rec), &r->key, err);

	if (!verdict && load_member(d->load, "key", &old) && value_type(old) == TOKEN_OBJECT)
		verdict = key_of(d, old, &r->old, err);
	if (verdict || meta->op == OP_DELETE)
		return verdict;
	if (!d->own->as)
		return hash_of(d, rec, r);
	record_write(rec, &text);
	r->text = arena_span(&d->arena, buf_span(&text));
	buf_release(&text);
	return LOAD_DONE;
}

/* ---- keys of every type */

struct filler {
	struct database *d;
	struct row *r;
	uint32_t room;
	bool failed;
};

static void put(struct filler *f, struct span word)
{
	struct span *more;

	if (f->r->words == f->room) {
		more = arena_alloc(&f->d->arena, (f->room * 2 + 8) * sizeof *more);
		if (f->room)
			memcpy(more, f->r->word, f->room * sizeof *more);
		f->r->word = more;
		f->room = f->room * 2 + 8;
	}
	f->r->word[f->r->words++] = word;
}

static void put_bytes(struct filler *f, struct value v)
{
	struct span s = SPAN_LIT("");

	f->failed = f->failed || bytes_of(f->d, v, &s);
	put(f, s);
}

static void put_all(struct filler *f, struct value array)
{
	struct walk walk = { 0, 0, 0 };
	struct value each;

	f->failed = f->failed || value_type(array) != TOKEN_ARRAY;
	while (!f->failed && value_next(array, &walk, NULL, &each))
		put_bytes(f, each);
}

static void put_members(struct filler *f, struct value object)
{
	struct walk walk = { 0, 0, 0 };
	struct value name, v;

	f->failed = f->failed || value_type(object) != TOKEN_OBJECT;
	while (!f->failed && value_next(object, &walk, &name, &v)) {
		put(f, arena_span(&f->d->arena, value_text(name, &f->d->arena)));
		put_bytes(f, v);
	}
}

/* [[member, score], …] as score member … */
static void put_scores(struct filler *f, struct value array)
{
	struct walk walk = { 0, 0, 0 }, inner;
	struct value pair, member, score;

	f->failed = f->failed || value_type(array) != TOKEN_ARRAY;
	while (!f->failed && value_next(array, &walk, NULL, &pair)) {
		inner = (struct walk){ 0, 0, 0 };
		f->failed = value_type(pair) != TOKEN_ARRAY || !value_next(pair, &inner, NULL, &member) || !value_next(pair, &inner, NULL, &score);
		if (f->failed)
			break;
		put_bytes(f, score);
		put_bytes(f, member);
	}
}

static struct command command(struct filler *f, const char *a, struct span b, struct span c, struct span e)
{
	struct row r = { .words = 0 };
	struct filler own = { f->d, &r, 0, false };

	put(&own, span_of(a));
	if (c.p)
		put(&own, b);
	put(&own, f->r->key);
	if (c.p)
		put(&own, c);
	put(&own, e);
	return (struct command){ r.word, r.words };
}

/* [[id, [field, value, …]], …] as XADD, [[name, last], …] as XGROUP CREATE. */
static int entries_of(struct filler *f, struct value value, bool has_groups, struct value groups)
{
	struct row *r = f->r, entry;
	struct filler own;
	struct walk walk = { 0, 0, 0 }, inner;
	struct value each, id, fields;
	struct span a, b;

	if (value_type(value) != TOKEN_ARRAY || (has_groups && value_type(groups) != TOKEN_ARRAY))
		return -1;
	r->entry = arena_alloc(&f->d->arena, (value_count(value) + (has_groups ? value_count(groups) : 0) + 2) * sizeof *r->entry);
	while (value_next(value, &walk, NULL, &each)) {
		inner = (struct walk){ 0, 0, 0 };
		if (value_type(each) != TOKEN_ARRAY || !value_next(each, &inner, NULL, &id) || !value_next(each, &inner, NULL, &fields) ||
		    bytes_of(f->d, id, &a))
			return -1;
		entry = (struct row){ .words = 0 };
		own = (struct filler){ f->d, &entry, 0, false };
		put(&own, SPAN_LIT("XADD"));
		put(&own, r->key);
		put(&own, a);
		put_all(&own, fields);
		if (own.failed || entry.words < 5)
			return -1;
		r->entry[r->entries++] = (struct command){ entry.word, entry.words };
	}
	if (!r->entries) {	/* one without entries is made by one that goes again */
		entry = (struct row){ .words = 0 };
		own = (struct filler){ f->d, &entry, 0, false };
		put(&own, SPAN_LIT("XADD"));
		put(&own, r->key);
		put(&own, SPAN_LIT("0-1"));
		put(&own, SPAN_LIT("-"));
		put(&own, SPAN_LIT("-"));
		r->entry[r->entries++] = (struct command){ entry.word, entry.words };
		r->entry[r->entries++] = command(f, "XDEL", (struct span){ NULL, 0 }, (struct span){ NULL, 0 }, SPAN_LIT("0-1"));
	}
	walk = (struct walk){ 0, 0, 0 };
	while (has_groups && value_next(groups, &walk, NULL, &each)) {
		inner = (struct walk){ 0, 0, 0 };
		if (value_type(each) != TOKEN_ARRAY || !value_next(each, &inner, NULL, &id) || !value_next(each, &inner, NULL, &fields) ||
		    bytes_of(f->d, id, &a) || bytes_of(f->d, fields, &b))
			return -1;
		r->entry[r->entries++] = command(f, "XGROUP", SPAN_LIT("CREATE"), a, b);
	}
	return 0;
}

static int type_of(struct row *r, struct value type, struct arena *arena)
{
	static const char *const types[] = { "string", "hash", "list", "set", "zset", "stream" };
	struct span s;
	size_t i;

	if (value_type(type) != TOKEN_STRING)
		return -1;
	s = value_text(type, arena);
	r->type = arena_dup(arena, s.p, s.n);
	for (i = 0; i < sizeof types / sizeof *types; i++)
		if (!strcmp(r->type, types[i]))
			return 0;
	return 1;
}

/* The command that makes the value, its key as the second word. */
static int words_of(struct database *d, struct value root, struct row *r)
{
	static const struct { const char *type, *command; } commands[] = {
		{ "string", "SET" }, { "hash", "HSET" }, { "list", "RPUSH" }, { "set", "SADD" }, { "zset", "ZADD" },
	};
	struct filler f = { d, r, 0, false };
	struct value v, groups;
	bool has_groups;
	size_t i;

	if (!strcmp(r->type, "stream")) {
		has_groups = value_member(root, SPAN_LIT("groups"), &groups);
		return value_member(root, SPAN_LIT("value"), &v) ? entries_of(&f, v, has_groups, groups) : -1;
	}
	for (i = 0; i < sizeof commands / sizeof *commands; i++)
		if (!strcmp(r->type, commands[i].type)) {
			put(&f, span_of(commands[i].command));
			put(&f, r->key);
		}
	if (value_member(root, SPAN_LIT("dump"), &v) && value_type(v) == TOKEN_STRING) {
		struct span text = value_text(v, &d->arena);
		unsigned char *bytes = arena_alloc(&d->arena, base64_room(text.n));
		int64_t n = base64_decode(text, bytes);

		put(&f, SPAN_LIT("RESTORE"));
		put(&f, r->key);
		put(&f, SPAN_LIT("0"));
		put(&f, (struct span){ (const char *)bytes, n < 0 ? 0 : (size_t)n });
		return n < 0 ? -1 : 0;
	}
	if (value_member(root, SPAN_LIT("pairs"), &v))
		put_all(&f, v);
	else if (!value_member(root, SPAN_LIT("value"), &v))
		return -1;
	else if (!strcmp(r->type, "string"))
		put_bytes(&f, v);
	else if (!strcmp(r->type, "hash"))
		put_members(&f, v);
	else if (!strcmp(r->type, "zset"))
		put_scores(&f, v);
	else
		put_all(&f, v);
	return f.failed || r->words < 3 ? -1 : 0;
}

static int row_of_key(struct database *d, struct record *rec, const struct meta *meta, struct row *r, struct error *err)
{
	struct value root = record_root(rec), v;

	if (!value_member(root, SPAN_LIT("key"), &v) || bytes_of(d, v, &r->key))
		return bad(err, "no-key", "no 'key' (or name --key-template, for rows)");
	if (meta->op == OP_DELETE)
		return LOAD_DONE;
	if (meta->op == OP_UPDATE)
		return bad(err, "bad-op", "a key is written whole: an update of one can't be (sync-diff --full-rows)");
	if (!value_member(root, SPAN_LIT("type"), &v) || type_of(r, v, &d->arena) < 0 || words_of(d, root, r))
		return bad(err, "bad-value", "'type' and 'value' (or 'pairs', 'dump') don't make a key");
	r->text = arena_span(&d->arena, d->load->arrival.line);
	return LOAD_DONE;
}

int row_of(struct database *d, struct record *rec, const struct meta *meta, struct row *r, struct error *err)
{
	int verdict;

	*r = (struct row){ .op = meta->op, .expires = -1 };
	verdict = expiry_of(d, &r->expires, err);
	if (!verdict)
		verdict = d->tmpl.parts ? row_of_fields(d, rec, meta, r, err) : row_of_key(d, rec, meta, r, err);
	return verdict;
}
