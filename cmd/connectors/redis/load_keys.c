/* load_keys: a record of a key as the words that make its value. What Redis would refuse is told here, before anything is written. */
#include <stdlib.h>

#include "load.h"
#include "value/base64.h"
#include "value/number.h"

static int bad(struct error *err, const char *why)
{
	error_data(err, "bad-value", "%s", why);
	return -1;
}

static int put_bytes(struct database *d, struct value v, struct error *err)
{
	struct span s;

	if (bytes_of(d, v, &s))
		return bad(err, "a value is neither a string, a number nor {\"$binary\":{\"base64\":...}}");
	resp_word(&d->words, s);
	return 0;
}

static int put_all(struct database *d, struct value array, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct value each;

	if (value_type(array) != TOKEN_ARRAY)
		return bad(err, "'value' of this type is an array");
	while (value_next(array, &walk, NULL, &each))
		if (put_bytes(d, each, err))
			return -1;
	return 0;
}

static int no_duplicate(struct database *d, size_t step, struct error *err)
{
	struct span name;

	if (!words_duplicate(buf_span(&d->words), step, &name))
		return 0;
	error_data(err, "bad-value", "'%s' stands twice in the value", error_show(name));
	return -1;
}

/* ---- hashes, sorted sets */

static int put_members(struct database *d, struct value object, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct value name, v;

	if (value_type(object) != TOKEN_OBJECT)
		return bad(err, "'value' of a hash is an object");
	while (value_next(object, &walk, &name, &v)) {
		resp_word(&d->words, value_text(name, &d->arena));
		if (put_bytes(d, v, err))
			return -1;
	}
	return 0;
}

static int put_pairs(struct database *d, struct value array, struct error *err)
{
	if (put_all(d, array, err))
		return -1;
	return value_count(array) % 2 ? bad(err, "'pairs' are names and values by turns") : no_duplicate(d, 2, err);
}

/* A double, as Redis reads it. */
static int put_score(struct database *d, struct value v, struct error *err)
{
	struct span s;
	double n;

	if (bytes_of(d, v, &s))
		return bad(err, "a score is no number");
	if (span_is(s, "inf") || span_is(s, "Infinity") || span_is(s, "+inf")) {
		resp_word(&d->words, SPAN_LIT("inf"));
		return 0;
	}
	if (span_is(s, "-inf") || span_is(s, "-Infinity")) {
		resp_word(&d->words, SPAN_LIT("-inf"));
		return 0;
	}
	if (!number_is_json(s))
		return bad(err, "a score is no number");
	n = number_double(s);
	if (!d->o->lossy && (n - n != 0 || (!number_fits_double(s) && number_digits(s) > 17))) {
		error_data(err, "lossy", "the score %s is no double (--lossy accepts the nearest)", error_show(s));
		return -1;
	}
	if (n - n != 0)
		return bad(err, "a score is out of range");
	resp_word(&d->words, s);
	return 0;
}

static int put_scores(struct database *d, struct value array, struct error *err)
{
	struct walk walk = { 0, 0, 0 }, inner;
	struct value pair, member, score;

	if (value_type(array) != TOKEN_ARRAY)
		return bad(err, "'value' of a zset is an array");
	while (value_next(array, &walk, NULL, &pair)) {
		inner = (struct walk){ 0, 0, 0 };
		if (value_type(pair) != TOKEN_ARRAY || value_count(pair) != 2 || !value_next(pair, &inner, NULL, &member) ||
		    !value_next(pair, &inner, NULL, &score))
			return bad(err, "an element of a zset is [member, score]");
		if (put_bytes(d, member, err) || put_score(d, score, err))
			return -1;
	}
	return no_duplicate(d, 2, err);
}

/* ---- streams */

static int by_bytes(const void *a, const void *b)
{
	return span_cmp(*(const struct span *)a, *(const struct span *)b);
}

struct id { uint64_t ms, seq; };

static bool digits(const char *p, const char *end, uint64_t *out)
{
	struct span s = { p, (size_t)(end - p) };

	return s.n && s.n <= 20 && p[0] != '-' && number_is_json(s) && !number_uint64(s, out) && !memchr(p, '.', s.n) && !memchr(p, 'e', s.n) &&
		!memchr(p, 'E', s.n);
}

static bool parse_id(struct span s, struct id *out)
{
	const char *dash = memchr(s.p ? s.p : "", '-', s.n);

	return dash && digits(s.p, dash, &out->ms) && digits(dash + 1, s.p + s.n, &out->seq);
}

static int order(struct id a, struct id b)
{
	return a.ms != b.ms ? (a.ms < b.ms ? -1 : 1) : (a.seq > b.seq) - (a.seq < b.seq);
}

/* A stream's ids, in order: those of its entries. */
struct ids {
	struct id *v;	/* in the arena */
	uint32_t n;
};

static int by_id(const void *a, const void *b)
{
	return order(*(const struct id *)a, *(const struct id *)b);
}

static void put_count(struct database *d, uint64_t n)
{
	char room[NUMBER_INT64_ROOM];

	resp_word(&d->words, number_from_int64((int64_t)n, room));
}

static int put_id(struct database *d, struct value v, struct id *id, struct error *err)
{
	struct span s;

	if (value_type(v) != TOKEN_STRING || !parse_id(s = value_text(v, &d->arena), id))
		return bad(err, "an id of a stream is \"MILLISECONDS-NUMBER\"");
	resp_word(&d->words, s);
	return 0;
}

/* The next element of an array. */
static int take(struct value array, struct walk *walk, struct value *out, struct error *err)
{
	return value_type(array) == TOKEN_ARRAY && value_next(array, walk, NULL, out) ? 0 : bad(err, "a stream's entry or group lacks a part");
}

static int put_entry(struct database *d, struct value entry, struct ids *ids, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct value id, fields;

	if (take(entry, &walk, &id, err) || put_id(d, id, &ids->v[ids->n], err) || take(entry, &walk, &fields, err))
		return -1;
	if (order(ids->v[ids->n], ids->n ? ids->v[ids->n - 1] : (struct id){ 0, 0 }) <= 0)
		return bad(err, "the ids of a stream don't ascend");
	ids->n++;
	if (value_type(fields) != TOKEN_ARRAY || !value_count(fields) || value_count(fields) % 2)
		return bad(err, "an entry of a stream is [id, [field, value, ...]]");
	put_count(d, value_count(fields));
	return put_all(d, fields, err);
}

static int put_number(struct database *d, struct value v, struct error *err)
{
	uint64_t n;
	struct span s = value_type(v) == TOKEN_NUMBER ? value_bytes(v) : SPAN_LIT("");

	if (!s.n || !digits(s.p, s.p + s.n, &n) || n > INT64_MAX)
		return bad(err, "a number of a stream is none");
	resp_word(&d->words, s);
	return 0;
}

/* Names in order, each once. */
static int put_names(struct database *d, struct value array, struct span **out, size_t *n, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct value v;
	struct span *names = arena_alloc(&d->arena, ((value_type(array) == TOKEN_ARRAY ? value_count(array) : 0) + 1) * sizeof *names);
	size_t i;

	for (*n = 0; value_type(array) == TOKEN_ARRAY && value_next(array, &walk, NULL, &v); (*n)++)
		if (bytes_of(d, v, &names[*n]))
			return bad(err, "a consumer's name is no text");
	qsort(names, *n, sizeof *names, by_bytes);
	put_count(d, *n);
	for (i = 0; i < *n; i++) {
		if (i && span_eq(names[i], names[i - 1]))
			return bad(err, "a consumer stands twice in its group");
		resp_word(&d->words, names[i]);
	}
	*out = names;
	return 0;
}

/* [id, consumer, time, count] */
static int put_one_pending(struct database *d, struct value each, struct id *id, const struct span *names, size_t n, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct id last = *id;
	struct value v;
	struct span name;

	if (take(each, &walk, &v, err) || put_id(d, v, id, err) || take(each, &walk, &v, err) || put_bytes(d, v, err))
		return -1;
	(void)bytes_of(d, v, &name);
	if (!bsearch(&name, names, n, sizeof name, by_bytes))
		return bad(err, "a pending entry's consumer is none of its group");
	if (order(*id, last) <= 0)
		return bad(err, "the ids of pending entries don't ascend");
	return take(each, &walk, &v, err) || put_number(d, v, err) || take(each, &walk, &v, err) || put_number(d, v, err) ? -1 : 0;
}

/* Redis makes none for an entry that is no more in the stream: those are left out, if that is accepted. */
static int put_pending(struct database *d, struct value array, const struct ids *ids, const struct span *names, size_t n, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct buf all = d->words, pending;
	struct id id = { 0, 0 };
	struct value each;
	uint64_t kept = 0;
	size_t start;
	int failed = value_type(array) != TOKEN_ARRAY ? bad(err, "a group's pending entries are an array") : 0;

	d->words = (struct buf)BUF_INIT;
	while (!failed && value_next(array, &walk, NULL, &each)) {
		start = d->words.n;
		failed = put_one_pending(d, each, &id, names, n, err);
		if (!failed && bsearch(&id, ids->v, ids->n, sizeof id, by_id)) {
			kept++;
		} else if (!failed && d->o->lossy) {
			d->words.n = start;
		} else if (!failed) {
			error_data(err, "lossy", "a pending entry of a group is no more in the stream, and can't be made (--lossy leaves it out)");
			failed = -1;
		}
	}
	pending = d->words;
	d->words = all;
	put_count(d, kept);
	buf_addspan(&d->words, buf_span(&pending));
	buf_release(&pending);
	return failed;
}

/* [name, last id, entries read or null, [consumer, ...], [pending, ...]]; the last three may be missing. */
static int put_group(struct database *d, struct value group, const struct ids *ids, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct span *names = NULL;
	struct value v;
	struct id id;
	size_t n = 0;

	if (take(group, &walk, &v, err) || put_bytes(d, v, err) || take(group, &walk, &v, err) || put_id(d, v, &id, err))
		return -1;
	if (!value_next(group, &walk, NULL, &v) || value_type(v) == TOKEN_NULL)
		resp_word(&d->words, SPAN_LIT(""));
	else if (put_number(d, v, err))
		return -1;
	if (!value_next(group, &walk, NULL, &v)) {
		put_count(d, 0);
		put_count(d, 0);
		return 0;
	}
	if (put_names(d, v, &names, &n, err))
		return -1;
	if (value_next(group, &walk, NULL, &v))
		return put_pending(d, v, ids, names, n, err);
	put_count(d, 0);
	return 0;
}

static int put_groups(struct database *d, struct value root, const struct ids *ids, struct error *err)
{
	struct walk walk = { 0, 0, 0 }, inner;
	struct value groups, group, name;
	struct span *names;
	size_t n = 0, i;

	if (!value_member(root, SPAN_LIT("groups"), &groups) || value_type(groups) == TOKEN_NULL) {
		put_count(d, 0);
		return 0;
	}
	if (value_type(groups) != TOKEN_ARRAY)
		return bad(err, "'groups' is an array");
	put_count(d, value_count(groups));
	names = arena_alloc(&d->arena, (value_count(groups) + 1) * sizeof *names);
	for (; value_next(groups, &walk, NULL, &group); n++) {
		inner = (struct walk){ 0, 0, 0 };
		if (put_group(d, group, ids, err) || take(group, &inner, &name, err) || bytes_of(d, name, &names[n]))
			return -1;
	}
	qsort(names, n, sizeof *names, by_bytes);
	for (i = 1; i < n; i++)
		if (span_eq(names[i], names[i - 1]))
			return bad(err, "a group stands twice");
	return 0;
}

/* last, added, deleted: as the entries say where they are missing. */
static int put_counters(struct database *d, struct value root, struct id top, uint32_t n, struct error *err)
{
	struct value v;
	struct id last = top, deleted = { 0, 0 };
	struct buf id = BUF_INIT;
	int failed = 0;

	if (value_member(root, SPAN_LIT("last"), &v) && value_type(v) != TOKEN_NULL) {
		failed = put_id(d, v, &last, err);
	} else {
		buf_addf(&id, "%llu-%llu", (unsigned long long)top.ms, (unsigned long long)top.seq);
		resp_word(&d->words, buf_span(&id));
		buf_release(&id);
	}
	if (!failed && value_member(root, SPAN_LIT("added"), &v) && value_type(v) != TOKEN_NULL)
		failed = put_number(d, v, err) || strtoull(value_bytes(v).p, NULL, 10) < n ? bad(err, "'added' is less than there are entries") : 0;
	else
		put_count(d, n);
	if (failed || !value_member(root, SPAN_LIT("deleted"), &v) || value_type(v) == TOKEN_NULL)
		resp_word(&d->words, SPAN_LIT("0-0"));
	else
		failed = put_id(d, v, &deleted, err);
	if (!failed && (order(last, top) < 0 || order(last, deleted) < 0))
		failed = bad(err, "'last' is before an entry, or before 'deleted'");
	return failed;
}

/* See keys.h: what they begin with is known when the entries are. */
static int put_stream(struct database *d, struct value root, struct value value, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct value each;
	struct ids ids = { NULL, 0 };
	struct buf entries;
	int failed = 0;

	if (value_type(value) != TOKEN_ARRAY)
		return bad(err, "'value' of a stream is an array");
	ids.v = arena_alloc(&d->arena, (value_count(value) + 1) * sizeof *ids.v);
	put_count(d, value_count(value));
	while (!failed && value_next(value, &walk, NULL, &each))
		failed = put_entry(d, each, &ids, err);
	if (failed)
		return -1;
	entries = d->words;
	d->words = (struct buf)BUF_INIT;
	failed = put_counters(d, root, ids.n ? ids.v[ids.n - 1] : (struct id){ 0, 0 }, ids.n, err);
	buf_addspan(&d->words, buf_span(&entries));
	buf_release(&entries);
	return failed ? -1 : put_groups(d, root, &ids, err);
}

/* ---- a key */

static int put_dump(struct database *d, struct value v, struct error *err)
{
	struct span text = value_text(v, &d->arena);
	unsigned char *bytes = arena_alloc(&d->arena, base64_room(text.n));
	int64_t n = base64_decode(text, bytes);

	if (n <= 0)
		return bad(err, "'dump' is no base64");
	resp_word(&d->words, (struct span){ (const char *)bytes, (size_t)n });
	return 0;
}

static int put_value(struct database *d, struct value root, struct row *r, struct error *err)
{
	static const char *const types[] = { "string", "hash", "list", "set", "zset", "stream" };
	struct value v;
	size_t i;

	for (i = 0; i < sizeof types / sizeof *types && !span_is(r->type, types[i]); i++)
		;
	if (value_member(root, SPAN_LIT("dump"), &v) && value_type(v) == TOKEN_STRING) {
		r->dump = true;
		return put_dump(d, v, err);
	}
	if (i == sizeof types / sizeof *types)
		return bad(err, "a type that isn't Redis's own is written by its 'dump'");
	if (span_is(r->type, "hash") && value_member(root, SPAN_LIT("pairs"), &v))
		return put_pairs(d, v, err);
	if (!value_member(root, SPAN_LIT("value"), &v))
		return bad(err, "'value' is missing");
	switch (i) {
	case 0:
		return put_bytes(d, v, err);
	case 1:
		return put_members(d, v, err);
	case 2:
		return put_all(d, v, err);
	case 3:
		return put_all(d, v, err) ? -1 : no_duplicate(d, 1, err);
	case 4:
		return put_scores(d, v, err);
	default:
		return put_stream(d, root, v, err);
	}
}

int row_of_key(struct database *d, struct record *rec, struct row *r, struct error *err)
{
	struct value root = record_root(rec), v;

	if (!value_member(root, SPAN_LIT("key"), &v) || bytes_of(d, v, &r->key)) {
		error_data(err, "no-key", "no 'key' (or name --key-template, for rows)");
		return LOAD_REJECT;
	}
	if (r->op == OP_DELETE)
		return LOAD_DONE;
	if (r->op == OP_UPDATE) {
		error_data(err, "bad-op", "a key is written whole: an update of one can't be (sync-diff --full-rows)");
		return LOAD_REJECT;
	}
	if (!value_member(root, SPAN_LIT("type"), &v) || value_type(v) != TOKEN_STRING) {
		error_data(err, "bad-value", "'type' is missing");
		return LOAD_REJECT;
	}
	r->type = value_text(v, &d->arena);
	if (put_value(d, root, r, err))
		return LOAD_REJECT;
	if (!d->words.n) {
		error_data(err, "bad-value", "a value with nothing in it is no key of Redis");
		return LOAD_REJECT;
	}
	return LOAD_DONE;
}
