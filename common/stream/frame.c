/* frame: what `_sync` says of a line. */
#include "stream/frame.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "stream/frame_private.h"
#include "value/hash.h"

static const char *const ops[] = {
	"upsert", "insert", "update", "delete", "truncate", "begin", "schema", "checkpoint", "end",
};
enum { OPS = sizeof ops / sizeof *ops };

const char *op_name(enum op op)
{
	return ops[op];
}

int op_parse(struct span name, enum op *op)
{
	int i;

	for (i = 0; i < OPS; i++) {
		if (!span_is(name, ops[i]))
			continue;
		*op = (enum op)i;
		return 0;
	}
	return -1;
}

const char *scope_name(enum scope s)
{
	return s == SCOPE_FULL ? "full" : s == SCOPE_KEYS ? "keys" : "part";
}

/* ---- `_sync` */

static const struct span sync_name = { "_sync", 5 };

int meta_find(const struct record *rec, struct value *sync)
{
	struct value root = record_root(rec), name, v;
	const struct token *tok = rec->tape.tok, *t;
	struct walk walk = { 0, 0, 0 };
	uint32_t at, found = 0;

	*sync = VALUE_NONE;
	if (rec->dirty) {
		while (value_next(root, &walk, &name, &v)) {
			if (!value_text_is(name, sync_name))
				continue;
			*sync = v;
			found++;
		}
		return found > 1 ? -1 : (int)found;
	}
	for (at = 1; at < tok->next; at = t->next) {
		t = &tok[at];
		if (!(t->flags & TOKEN_ESCAPED) && (t->len != 5 || rec->line.p[t->at] != '_'))
			continue;
		if (!value_text_is((struct value){ rec, at }, sync_name))
			continue;
		*sync = (struct value){ rec, at + 1 };
		found++;
	}
	return found > 1 ? -1 : (int)found;
}

static int bad_sync(struct error *err, const char *why)
{
	return error_data(err, "bad-sync", "_sync: %s", why);
}

static int parse_member(struct meta *meta, struct value name, struct value v, struct streams *streams, struct error *err)
{
	struct arena arena = ARENA_INIT;
	bool op = value_text_is(name, SPAN_LIT("op")), stream = value_text_is(name, SPAN_LIT("stream"));
	struct span text;
	int failed = 0;

	if (!op && !stream)
		return 0;
	if (value_type(v) != TOKEN_STRING)
		return bad_sync(err, op ? "'op' is no string" : "'stream' is no string");
	text = value_text(v, &arena);
	if (stream && text.n && memchr(text.p, '\0', text.n))
		failed = bad_sync(err, "'stream' holds a NUL, which no name does");
	else if (stream)
		meta->stream = streams_index(streams, text);
	else if (op_parse(text, &meta->op))
		failed = error_data(err, "unknown-op", "_sync: unknown op '%s'", error_show(text));
	arena_release(&arena);
	return failed;
}

int meta_parse(struct meta *meta, struct value sync, struct streams *streams, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct value name, v;

	*meta = (struct meta){ OP_UPSERT, STREAM_ABSENT, sync };
	if (value_type(sync) != TOKEN_OBJECT)
		return bad_sync(err, "it is no object");
	while (value_next(sync, &walk, &name, &v))
		if (parse_member(meta, name, v, streams, err))
			return -1;
	return 0;
}

int meta_read(struct meta *meta, const struct record *rec, struct streams *streams, struct error *err)
{
	struct value sync;
	int found;

	if (!record_is_object(rec))
		return error_data(err, "bad-record", "a record is a JSON object");
	found = meta_find(rec, &sync);
	if (found < 0)
		return bad_sync(err, "it stands there twice");
	*meta = (struct meta){ OP_UPSERT, 0, VALUE_NONE };
	if (!found)
		return 0;
	if (meta_parse(meta, sync, streams, err))
		return -1;
	if (meta->stream == STREAM_ABSENT)
		meta->stream = 0;
	return 0;
}

int meta_member(const struct meta *meta, const char *name, struct value *out)
{
	return value_present(meta->sync) && value_member(meta->sync, span_of(name), out);
}

/* The path _sync.NAME, on the caller's stack. */
static void sync_path(struct path *path, struct step step[2], const char *name)
{
	step[0] = (struct step){ .kind = STEP_NAME, .name = sync_name };
	step[1] = (struct step){ .kind = STEP_NAME, .name = span_of(name) };
	*path = (struct path){ .step = step, .n = 2, .text = span_of(name) };
}

static int reread(struct meta *meta, const struct record *rec, struct streams *streams, struct error *err)
{
	uint32_t stream = meta->stream;

	if (meta_read(meta, rec, streams, err))
		return -1;
	if (!value_present(meta->sync) || !value_member(meta->sync, SPAN_LIT("stream"), &(struct value){ 0 }))
		meta->stream = stream;
	return 0;
}

int meta_set(struct meta *meta, struct record *rec, struct streams *streams, const char *name, struct span json, struct error *err)
{
	struct step step[2];
	struct path path;

	sync_path(&path, step, name);
	if (!value_present(meta->sync) && record_set_first(rec, sync_name, SPAN_LIT("{}"), err))
		return -1;
	return record_set(rec, &path, json, err) ? -1 : reread(meta, rec, streams, err);
}

int meta_unset(struct meta *meta, struct record *rec, struct streams *streams, const char *name, struct error *err)
{
	struct step step[2];
	struct path path;

	sync_path(&path, step, name);
	return record_remove(rec, &path, err) ? -1 : reread(meta, rec, streams, err);
}

int begin_read(struct begin *b, const struct meta *meta, struct error *err)
{
	struct value v;

	*b = (struct begin){ SCOPE_PART, { "", 0 }, VALUE_NONE, VALUE_NONE };
	if (!value_present(meta->sync))
		return 0;
	if (!meta_member(meta, "format", &v) || !span_is(value_bytes(v), "1"))
		return error_set(err, EXIT_FAILED, "begin: this is not format 1 of the stream; a newer version of the tools may read it");
	if (meta_member(meta, "run", &v) && value_type(v) == TOKEN_STRING)
		b->run = value_bytes(v);
	meta_member(meta, "source", &b->source);
	meta_member(meta, "from", &b->from);
	if (!meta_member(meta, "scope", &v) || value_text_is(v, SPAN_LIT("part")))
		return 0;
	if (value_text_is(v, SPAN_LIT("full")))
		b->scope = SCOPE_FULL;
	else if (value_text_is(v, SPAN_LIT("keys")))
		b->scope = SCOPE_KEYS;
	else
		return error_set(err, EXIT_FAILED, "begin: unknown scope '%s'", error_show(value_bytes(v)));
	return 0;
}

void run_new(char out[27])
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	unsigned char r[16];
	uint64_t ms = (uint64_t)(clock_wall() / 1000000);
	int i;

	if (random_bytes(r, sizeof r))
		memset(r, 0, sizeof r);
	for (i = 9; i >= 0; i--, ms >>= 5)
		out[i] = digits[ms & 31];
	for (i = 0; i < 16; i++)
		out[10 + i] = digits[r[i] & 31];
	out[26] = '\0';
}

/* ---- reserved names */

/* `_sync`, `__sync`, …: how many underscores, or 0. */
static size_t reserved(struct span name)
{
	size_t n = 0;

	while (n < name.n && name.p[n] == '_')
		n++;
	return n && name.n == n + 4 && !memcmp(name.p + n, "sync", 4) ? n : 0;
}

static int rename_reserved(struct record *rec, struct value name, struct span to, struct error *err)
{
	struct arena arena = ARENA_INIT;
	struct path path;
	int failed;

	path_name(&path, value_text(name, &arena), &arena);
	failed = record_rename(rec, &path, to, err);
	arena_release(&arena);
	return failed;
}

/* The top member that is next to be renamed: with the most underscores below `limit` (by > 0), else with the fewest above. 1 or 0. */
static size_t next_reserved(const struct record *rec, int by, size_t limit, struct value *best)
{
	struct value root = record_root(rec), name, v;
	struct arena arena = ARENA_INIT;
	struct walk walk = { 0, 0, 0 };
	size_t n, most = 0;

	while (value_next(root, &walk, &name, &v)) {
		n = reserved(value_text(name, &arena));
		if (!n || (by > 0 ? n >= limit || n <= most : n <= limit || (most && n >= most)))
			continue;
		most = n;
		*best = name;
	}
	arena_release(&arena);
	return most;
}

/* How many top members have this name. */
static unsigned count_name(const struct record *rec, struct span text)
{
	struct value root = record_root(rec), name, v;
	struct walk walk = { 0, 0, 0 };
	unsigned n = 0;

	while (value_next(root, &walk, &name, &v))
		n += value_text_is(name, text);
	return n;
}

/* Names with more underscores first when one is added, last when one is taken, so that none meets another. */
static int shift_reserved(struct record *rec, int by, struct error *err)
{
	struct value best = VALUE_NONE;
	struct buf to = BUF_INIT;
	size_t n, most, limit = by > 0 ? SIZE_MAX : 1;
	int failed = 0;

	while (!failed && (most = next_reserved(rec, by, limit, &best))) {
		limit = most;
		buf_reset(&to);
		for (n = 0; n < most; n++)
			buf_addc(&to, '_');
		buf_adds(&to, "sync");
		if (count_name(rec, buf_span(&to)) > 1) {	/* which of them could be meant by a reader is anyone's guess */
			failed = error_data(err, "duplicate-name", "two members are called '%.*s'", (int)to.n, to.p);
			break;
		}
		buf_reset(&to);
		for (n = 0; n < (by > 0 ? most + 1 : most - 1); n++)
			buf_addc(&to, '_');
		buf_adds(&to, "sync");
		failed = rename_reserved(rec, best, buf_span(&to), err);
	}
	buf_release(&to);
	return failed;
}

/* Whether any top name could be reserved, cheaply. */
static bool may_be_reserved(const struct record *rec)
{
	const struct token *tok = rec->tape.tok, *t;
	uint32_t at;

	if (rec->dirty)
		return true;
	for (at = 1; at < tok->next; at = t->next) {
		t = &tok[at];
		if ((t->len > 4 && rec->line.p[t->at] == '_' && rec->line.p[t->at + t->len - 1] == 'c') || t->flags & TOKEN_ESCAPED)
			return true;
	}
	return false;
}

bool names_are_free(const struct record *rec, uint64_t shapes[TAPE_SHAPES])
{
	uint64_t shape = rec->tape.shape;

	if (rec->dirty)
		return false;
	if (shape && shape == shapes[rec->tape.which])
		return true;
	if (may_be_reserved(rec))
		return false;
	if (shape)
		shapes[rec->tape.which] = shape;
	return true;
}

int names_reserve(struct record *rec, struct error *err)
{
	return may_be_reserved(rec) ? shift_reserved(rec, 1, err) : 0;
}

int names_restore(struct record *rec, struct error *err)
{
	return may_be_reserved(rec) ? shift_reserved(rec, -1, err) : 0;
}

void name_add_reserved(struct buf *out, struct span name)
{
	if (reserved(name))
		buf_addc(out, '_');
	buf_addspan(out, name);
}

struct span name_restored(struct span name)
{
	return reserved(name) < 2 ? name : (struct span){ name.p + 1, name.n - 1 };
}

/* A path below `_sync`: names, or NULL and an index. */
static void deep_path(struct path *path, struct step *step, uint32_t n, const char *const *names, uint32_t index)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		step[i] = names[i] ? (struct step){ .kind = STEP_NAME, .name = span_of(names[i]) }
				   : (struct step){ .kind = STEP_INDEX, .index = index };
	*path = (struct path){ .step = step, .n = n, .text = SPAN_LIT("_sync") };
}

/* The reserved names of an array of names, one underscore less each. */
static int restore_list(struct record *rec, uint32_t n, const char *const *names, struct error *err)
{
	struct arena arena = ARENA_INIT;
	struct buf json = BUF_INIT;
	struct step step[4];
	struct walk walk = { 0, 0, 0 };
	struct value list, v;
	struct path path;
	struct span name;
	uint32_t i;
	int failed = 0;

	deep_path(&path, step, n - 1, names, 0);
	if (!record_get(rec, &path, NULL, &list) || value_type(list) != TOKEN_ARRAY)
		return 0;
	for (i = 0; !failed && value_next(list, &walk, NULL, &v); i++) {
		name = value_type(v) == TOKEN_STRING ? value_text(v, &arena) : (struct span){ "", 0 };
		if (reserved(name) < 2)
			continue;
		buf_reset(&json);
		json_add_string(&json, (struct span){ name.p + 1, name.n - 1 });
		deep_path(&path, step, n, names, i);
		failed = record_set(rec, &path, buf_span(&json), err);
	}
	buf_release(&json);
	arena_release(&arena);
	return failed;
}

static int restore_properties(struct record *rec, struct error *err)
{
	static const char *const names[] = { "_sync", "schema", "properties", "" };
	struct buf from = BUF_INIT;
	struct step step[4];
	struct value object, v;
	struct path path;
	size_t n;
	int failed = 0;

	deep_path(&path, step, 3, names, 0);
	if (!record_get(rec, &path, NULL, &object) || value_type(object) != TOKEN_OBJECT)
		return 0;
	for (n = 2; n < 64 && !failed; n++) {	/* the fewest underscores first, so that none meets another */
		buf_reset(&from);
		for (size_t i = 0; i < n; i++)
			buf_addc(&from, '_');
		buf_adds(&from, "sync");
		if (!value_member(object, buf_span(&from), &v))
			break;
		deep_path(&path, step, 4, names, 0);
		step[3].name = buf_span(&from);
		failed = record_rename(rec, &path, (struct span){ from.p + 1, from.n - 1 }, err);
		deep_path(&path, step, 3, names, 0);
		failed = failed || !record_get(rec, &path, NULL, &object);
	}
	buf_release(&from);
	return failed ? -1 : 0;
}

int schema_restore(struct record *rec, struct error *err)
{
	static const char *const key[] = { "_sync", "key", NULL }, *const required[] = { "_sync", "schema", "required", NULL };

	return restore_properties(rec, err) || restore_list(rec, 3, key, err) || restore_list(rec, 4, required, err) ? -1 : 0;
}
