/*
 * sync-extract-redis: keys of every type, or rows that stand under a template of keys.
 *
 * SCAN gives no snapshot: a key that changes meanwhile is read as it is when its turn comes; a key that SCAN shows twice is
 * read once.
 */
#include <stdlib.h>

#include "base/diag.h"
#include "endpoint/capability.h"
#include "extract.h"

enum { AT_ONCE = 512 };

static const struct opt own_opts[] = {
	OPT("key-template", 0, OPT_STRING, "T", struct own_options, key_template, "rows under keys such as game:{id}"),
	OPT("type", 0, OPT_STRING, "TYPE", struct own_options, type, "only keys of this type"),
	OPT_END,
};

/* ---- keys */

static bool is_own(struct span key)
{
	return key.n >= 6 && !memcmp(key.p, "_sync_", 6);
}

/* Keeps those not seen before; their replies stay until the batch is done. */
static int new_keys(struct extract *x, const redisReply *page, struct key *keys, uint32_t *n, struct error *err)
{
	struct hash128 hash;
	bool added;
	size_t i;

	for (i = 0; i < page->elements; i++) {
		struct span key = reply_span(page->element[i]);

		if (is_own(key) && !x->any_key)
			continue;
		hash = hash_bytes(key.p, key.n, &x->hash_key);
		if (!table_put(&x->seen, hash, &added))
			return error_set(err, EXIT_FAILED, "more keys than --memory holds the hashes of (32 bytes each)");
		if (added)
			keys[(*n)++] = (struct key){ .name = key };
	}
	return 0;
}

static int read_values(struct extract *x, struct key *keys, uint32_t n, struct error *err)
{
	redisReply *reply;
	uint32_t i;
	int failed = 0;

	if (!x->tmpl.parts && keys_groups(&x->redis, keys, n, err))
		return -1;
	for (i = 0; i < n; i++)
		value_ask(x, &keys[i]);
	for (i = 0; i < n; i++) {
		if (!keys[i].asked)
			continue;
		reply = redis_read(&x->redis, err);
		if (!reply)
			return -1;
		if (!failed)
			failed = x->tmpl.parts ? row_write(x, &keys[i], reply, err) : key_write(x, &keys[i], reply, err);
		freeReplyObject(reply);
	}
	keys_release(keys, n);
	return failed;
}

static int read_page(struct extract *x, const redisReply *page, struct error *err)
{
	struct key *keys;
	uint32_t n = 0, i, some;

	arena_reset(&x->arena);
	keys = arena_zalloc(&x->arena, (page->elements + 1) * sizeof *keys);
	if (new_keys(x, page, keys, &n, err))
		return -1;
	for (i = 0; i < n; i += some) {
		some = n - i < AT_ONCE ? n - i : AT_ONCE;
		if (keys_types(&x->redis, keys + i, some, &x->arena, err) || read_values(x, keys + i, some, err))
			return -1;
	}
	progress_update(&x->tool->progress, counts_total(&x->tool->read), x->tool->writer.bytes);
	return 0;
}

static int scan(struct extract *x, struct span pattern, struct error *err)
{
	struct span words[8] = { SPAN_LIT("SCAN"), SPAN_LIT("0"), SPAN_LIT("MATCH"), pattern, SPAN_LIT("COUNT"), SPAN_LIT("1000"), SPAN_LIT("TYPE"),
				 span_of(x->own->type ? x->own->type : "") };
	char cursor[32] = "0";
	redisReply *reply;
	int failed = 0;

	do {
		words[1] = span_of(cursor);
		reply = redis_ask(&x->redis, "read", x->own->type ? 8 : 6, words, err);
		if (!reply)
			return -1;
		if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 || reply->element[0]->len >= (int)sizeof cursor)
			failed = error_set(err, EXIT_FAILED, "'%s': SCAN's reply isn't what it should be", error_show(span_of(x->redis.shown)));
		if (!failed) {
			snprintf(cursor, sizeof cursor, "%s", reply->element[0]->str);
			failed = read_page(x, reply->element[1], err);
		}
		freeReplyObject(reply);
	} while (!failed && strcmp(cursor, "0"));
	return failed;
}

/* ---- the stream */

static int begin(struct extract *x, int patterns, struct error *err)
{
	struct buf source = BUF_INIT;
	const char *name = x->o->stream ? x->o->stream : x->tmpl.parts ? "rows" : "keys";
	int failed;

	extract_source_json(span_of(x->redis.shown), "redis", &source);
	x->stream = streams_index(&x->tool->streams, span_of(name));
	failed = writer_begin(&x->tool->writer, patterns || x->own->type ? SCOPE_PART : SCOPE_FULL, SPAN_LIT(""), buf_span(&source), SPAN_LIT(""), err);
	buf_release(&source);
	return failed || schema_write(x, err) ? -1 : 0;
}

static int extract(struct extract *x, const char *uri, char **patterns, int n, struct error *err)
{
	struct buf pattern = BUF_INIT;
	int i, failed;

	progress_start(&x->tool->progress, x->tool->opt.progress, 0);
	failed = redis_open(&x->redis, uri, err) || begin(x, n, err) ? -1 : 0;
	if (!failed && x->tmpl.parts) {
		template_pattern(&x->tmpl, &pattern);
		failed = scan(x, buf_span(&pattern), err);
	}
	for (i = 0; !failed && !x->tmpl.parts && (i < n || i == 0); i++) {
		x->any_key = n && is_own(span_of(patterns[i]));
		failed = scan(x, n ? span_of(patterns[i]) : SPAN_LIT("*"), err);
	}
	buf_release(&pattern);
	return failed || rejects_check(&x->tool->rejects, x->tool->writer.records + x->tool->rejects.n, true, err) ? -1 : writer_end(&x->tool->writer, err);
}

static int check_options(const struct extract *x, int patterns, struct error *err)
{
	if (x->own->key_template && patterns)
		return error_set(err, EXIT_USAGE, "--key-template says which keys are read: no pattern is named beside it");
	return 0;
}

static int run(struct extract *x, char **operands, int n, struct error *err)
{
	if (tool_open(x->tool, err) || check_options(x, n - 1, err) || extract_key(x->o->key, &x->key, err))
		return -1;
	if (x->own->key_template && template_parse(&x->tmpl, x->own->key_template, err))
		return -1;
	x->memory.limit = x->tool->opt.memory;
	hash_key_random(&x->hash_key);
	return extract(x, operands[0], operands + 1, n - 1, err);
}

static const struct opt_lack lacks[] = {
	{ "state", "--state: Redis doesn't say what came since: it is read in full" },
	{ "reset", "--reset: Redis is read in full, there is no state" },
	{ "follow", "--follow: Redis can't be followed: run sync-extract again" },
	{ "shard", "--shard: Redis is read as a whole" },
	{ NULL, NULL },
};

static const struct extractor extractor = {
	.scheme = "redis", .synopsis = "[OPTION...] ADDRESS [PATTERN...]", .summary = "Reads keys of Redis as a stream.",
	.wants = "an address", .lacks = lacks, .scopes = 1u << SCOPE_FULL | 1u << SCOPE_PART, .delta = "",
};

int main(int argc, char **argv)
{
	struct extract_options options = EXTRACT_OPTIONS_INIT;
	struct own_options own = { NULL, NULL };
	struct error err = ERROR_INIT;
	struct tool tool;
	struct extract x = { .tool = &tool, .o = &options, .own = &own };
	const struct opt_group groups[] = {
		{ "What to read", extract_any_opts, &options, false },
		{ "Redis", own_opts, &own, false },
		TOOL_GROUPS(&tool),
	};
	int first, failed;

	tool_start(&tool, "sync-extract");
	first = extractor_parse(&extractor, groups, &options, argc, argv, &err);
	if (first < 0)
		return first == OPT_ASKED ? EXIT_DONE : diag_fail(&err);
	table_init(&x.seen, 0, &x.memory);
	record_init(&x.scratch);
	record_init(&x.schema);
	failed = run(&x, argv + first, argc - first, &err);
	redis_close(&x.redis);
	table_release(&x.seen);
	arena_release(&x.arena);
	record_release(&x.scratch);
	record_release(&x.schema);
	buf_release(&x.key);
	return tool_end(&tool, failed, &err);
}
