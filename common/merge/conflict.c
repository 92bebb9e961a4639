/* conflict: conflicts written, resolutions read. */
#include "merge/conflict.h"

#include <stdlib.h>

#include "base/xalloc.h"

void conflicts_init(struct conflicts *c, const char *const *side, struct streams *streams, struct spill *spill, struct memory *memory)
{
	*c = (struct conflicts){ .side = side, .streams = streams };
	sort_init(&c->sort, spill, memory, memory->limit / 16);
	record_init(&c->rec);
	record_init(&c->version);
}

void conflicts_release(struct conflicts *c)
{
	sort_release(&c->sort);
	record_release(&c->rec);
	record_release(&c->version);
	buf_release(&c->text);
	free(c->name);
}

bool conflicts_reserved(const char *name)
{
	static const char *const words[] = { "stream", "key", "why", "fields", "base", "take", "manual", "newest", "oldest", "first", "last", "union",
					     "counter", "max", "min", "delete", "keep", "_sync" };
	size_t i;

	for (i = 0; i < sizeof words / sizeof *words; i++)
		if (!strcmp(name, words[i]))
			return true;
	return false;
}

/* ---- writing */

/* A version's row without `_sync`, or null. */
static void add_version(const struct version *v, struct buf *out)
{
	struct walk walk = { 0, 0, 0 };
	const char *comma = "";
	struct value name, value;

	if (!v->there) {
		buf_adds(out, "null");
		return;
	}
	buf_addc(out, '{');
	while (value_next(record_root(&v->rec), &walk, &name, &value)) {
		if (value_text_is(name, SPAN_LIT("_sync")))
			continue;
		buf_addf(out, "%s\"", comma);
		buf_addspan(out, value_bytes(name));
		buf_adds(out, "\":");
		value_write(value, out);
		comma = ",";
	}
	buf_addc(out, '}');
}

void conflicts_write(struct conflicts *c, struct group *g, uint32_t stream, struct span members, const struct outcome *outcome, struct buf *out)
{
	uint32_t f;
	int i;

	buf_addc(out, '{');
	if (stream)
		buf_addf(out, "\"stream\":%s,", c->streams->entry[stream].json);
	buf_adds(out, "\"key\":{");
	buf_addspan(out, members);
	buf_addf(out, "},\"why\":\"%s\",\"fields\":[", outcome->why);
	for (f = 0; f < outcome->fields; f++) {
		if (f)
			buf_addc(out, ',');
		buf_addspan(out, outcome->field[f]);
	}
	buf_addc(out, ']');
	if (g->has_base) {
		buf_adds(out, ",\"base\":");
		add_version(group_base(g), out);
	}
	for (i = 0; i < g->sides; i++) {
		buf_addf(out, ",\"%s\":", c->side[i]);
		add_version(&g->v[i], out);
	}
	buf_adds(out, ",\"take\":\"\"}\n");
}

/* ---- reading */

static int refuse(const struct reader *r, const char *what, struct error *err)
{
	return error_set(err, EXIT_FAILED, "%s:%llu: %s", r->name, (unsigned long long)r->lineno, what);
}

/* The stream that a resolution names; else the only one there is. */
static int stream_named(struct conflicts *c, const struct record *rec, uint32_t *stream)
{
	struct arena arena = ARENA_INIT;
	struct value v;
	int found = 0;

	*stream = 0;
	if (value_member(record_root(rec), SPAN_LIT("stream"), &v)) {
		found = value_type(v) == TOKEN_STRING ? streams_find(c->streams, value_text(v, &arena)) : -1;
		*stream = found < 0 ? 0 : (uint32_t)found;
	}
	arena_release(&arena);
	return found < 0 ? -1 : 0;
}

static bool is_filled_in(const struct record *rec)
{
	struct value take;

	if (!value_member(record_root(rec), SPAN_LIT("take"), &take) || value_type(take) == TOKEN_NULL)
		return false;
	return value_type(take) != TOKEN_STRING || value_token(take)->len > 0;
}

static int read_one(struct conflicts *c, const struct reader *r, const struct record *rec, struct key *(*key_of)(void *ctx, uint32_t stream), void *ctx,
		    struct error *err)
{
	struct value members;
	struct key *key = NULL;
	struct buf bytes = BUF_INIT;
	uint32_t stream;
	int failed;

	if (!is_filled_in(rec))
		return 0;
	if (!stream_named(c, rec, &stream))
		key = key_of(ctx, stream);
	if (!key)
		return refuse(r, "a resolution for a stream that is not merged", err);
	if (!value_member(record_root(rec), SPAN_LIT("key"), &members) || value_type(members) != TOKEN_OBJECT)
		return refuse(r, "a resolution without 'key'", err);
	buf_addc(&bytes, (char)(stream >> 24));
	buf_addc(&bytes, (char)(stream >> 16));
	buf_addc(&bytes, (char)(stream >> 8));
	buf_addc(&bytes, (char)stream);
	failed = key_bytes_of(key, members, &bytes, err);
	if (failed)
		error_prefix(err, "%s:%llu", r->name, (unsigned long long)r->lineno);
	else
		failed = sort_add(&c->sort, buf_span(&bytes), r->line, err);
	buf_release(&bytes);
	return failed;
}

int conflicts_read(struct conflicts *c, struct reader *r, struct key *(*key_of)(void *ctx, uint32_t stream), void *ctx, struct error *err)
{
	struct record rec;
	struct meta meta;
	int got;

	c->name = xstrdup(r->name);
	c->limits = r->opt.limits;
	record_init(&rec);
	while ((got = reader_next(r, &rec, &meta, err)) > 0) {
		if (got == READER_BAD)
			got = error_prefix(err, "%s:%llu", r->name, (unsigned long long)r->lineno);
		else if (got == READER_RECORD)
			got = read_one(c, r, &rec, key_of, ctx, err);
		if (got < 0)
			break;
	}
	record_release(&rec);
	return got < 0 ? -1 : 0;
}

/* ---- finding */

static int next(struct conflicts *c, struct error *err)
{
	int got = sort_next(&c->sort, &c->key, &c->line, err);

	c->more = got > 0;
	return got < 0 ? -1 : 0;
}

/* Is the version what the resolution says it was? */
static int same_version(struct conflicts *c, const struct group *g, const char *name, const struct version *v, struct error *err)
{
	struct value was;

	if (!value_member(record_root(&c->rec), span_of(name), &was))
		return 0;
	if (value_type(was) == TOKEN_NULL || !v->there)
		return value_type(was) == TOKEN_NULL && !v->there;
	buf_reset(&c->text);
	add_version(v, &c->text);
	if (record_copy(&c->version, c->text.p, c->text.n, &c->limits, err))
		return -1;
	return value_equal(was, record_root(&c->version), g->absent_null ? EQUAL_ABSENT_NULL : 0);
}

static int same_versions(struct conflicts *c, struct group *g, struct error *err)
{
	int same = g->has_base ? same_version(c, g, "base", group_base(g), err) : 1, i;

	for (i = 0; same > 0 && i < g->sides; i++)
		same = same_version(c, g, c->side[i], &g->v[i], err);
	return same;
}

static int read_take(struct conflicts *c, const struct group *g, struct take *take, struct error *err)
{
	struct value v;
	int i;

	if (!value_member(record_root(&c->rec), SPAN_LIT("take"), &v))
		return error_set(err, EXIT_FAILED, "'%s': a resolution without 'take'", c->name);
	if (value_type(v) == TOKEN_OBJECT) {
		*take = (struct take){ TAKE_VALUES, 0, v };
		return 1;
	}
	for (i = 0; i <= g->sides && value_type(v) == TOKEN_STRING; i++)
		if (i < g->sides ? value_text_is(v, span_of(c->side[i])) : g->has_base && value_text_is(v, SPAN_LIT("base"))) {
			*take = (struct take){ TAKE_VERSION, i, VALUE_NONE };
			return 1;
		}
	c->text.n = 0;
	value_write(v, &c->text);
	return error_set(err, EXIT_FAILED, "'%s': take is the name of a version or an object, not %s", c->name, error_show(buf_span(&c->text)));
}

/* The last resolution for the key into c->rec: 1, 0, -1. */
static int find(struct conflicts *c, struct span key, struct error *err)
{
	int found = 0;

	if (!c->started && next(c, err))
		return -1;
	c->started = true;
	while (c->more && span_cmp(c->key, key) < 0)
		if (next(c, err))
			return -1;
	while (c->more && span_eq(c->key, key)) {
		found = 1;
		if (record_copy(&c->rec, c->line.p, c->line.n, &c->limits, err) || next(c, err))
			return -1;
	}
	return found;
}

int conflicts_find(struct conflicts *c, struct group *g, uint32_t stream, struct span key, struct take *take, struct error *err)
{
	const char prefix[4] = { (char)(stream >> 24), (char)(stream >> 16), (char)(stream >> 8), (char)stream };
	struct buf want = BUF_INIT;
	int got;

	take->how = TAKE_NOTHING;
	if (!c->name)
		return 0;
	buf_add(&want, prefix, sizeof prefix);
	buf_addspan(&want, key);
	got = find(c, buf_span(&want), err);
	buf_release(&want);
	if (got <= 0)
		return got;
	got = same_versions(c, g, err);
	if (got == 0)
		c->stale++;
	if (got <= 0)
		return got;
	c->used++;
	return read_take(c, g, take, err);
}
