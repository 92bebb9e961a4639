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

enum { SEEN_MEMORY = 24 << 20 };	/* of keys that were read; more of them are sorted on disk */

static const struct opt own_opts[] = {
	OPT("key-template", 0, OPT_STRING, "T", struct own_options, key_template, "rows under keys such as game:{id}"),
	OPT("type", 0, OPT_STRING, "TYPE", struct own_options, type, "only keys of this type"),
	OPT_END,
};

/* ---- keys */

/* Was it not seen before? Where the table of those seen is full, it is kept for later. 1, 0, -1. */
static int is_fresh(struct extract *x, struct span key, struct error *err)
{
	struct hash128 hash = hash_bytes(key.p, key.n, &x->hash_key);
	bool added = false;

	if (key_is_own(key) && !x->any_key)
		return 0;
	if (!x->full)
		x->full = !table_put(&x->seen, hash, &added);
	return x->full && !table_find(&x->seen, hash) ? sort_add(&x->later, key, SPAN_LIT(""), err) : added;
}

static int take_page(void *ctx, struct span *key, size_t n, struct error *err)
{
	struct extract *x = ctx;
	struct span fresh[KEYS_AT_ONCE];
	size_t i, some = 0;
	int got;

	for (i = 0; i < n; i++) {
		got = is_fresh(x, key[i], err);
		if (got < 0)
			return -1;
		if (got)
			fresh[some++] = key[i];
		if (some == KEYS_AT_ONCE) {
			if (keys_read(x, fresh, some, err))
				return -1;
			some = 0;
		}
	}
	progress_update(&x->tool->progress, counts_total(&x->tool->read), x->tool->writer.bytes);
	return some ? keys_read(x, fresh, some, err) : 0;
}

/* Keys that came when the table was full: in their order, those that came twice one behind the other. */
static int read_later(struct extract *x, struct error *err)
{
	struct span fresh[KEYS_AT_ONCE], key, line, last = { NULL, 0 };
	struct arena arena = ARENA_INIT;
	size_t some = 0;
	int got, failed = 0;

	while (!failed && x->later.n && (got = sort_next(&x->later, &key, &line, err)) != 0) {
		if (got < 0 || (last.p && span_eq(key, last))) {
			failed = got < 0 ? -1 : 0;
			continue;
		}
		last = fresh[some++] = arena_span(&arena, key);
		if (some < KEYS_AT_ONCE)
			continue;
		failed = keys_read(x, fresh, some, err);
		arena_reset(&arena);
		last = (struct span){ NULL, 0 };
		some = 0;
		if (!failed)
			last = arena_span(&arena, key);
	}
	if (!failed && some)
		failed = keys_read(x, fresh, some, err);
	arena_release(&arena);
	return failed;
}

/* A pattern without anything special is a key. */
static int read_pattern(struct extract *x, struct span pattern, struct error *err)
{
	size_t i;

	for (i = 0; i < pattern.n && !strchr("*?[\\", pattern.p[i]); i++)
		;
	return i == pattern.n && !x->own->type ? take_page(x, &pattern, 1, err) : redis_scan(&x->redis, pattern, x->own->type, take_page, x, err);
}

/* ---- the stream */

static int begin(struct extract *x, int patterns, struct error *err)
{
	const char *name = x->o->stream ? x->o->stream : x->tmpl.parts ? "rows" : "keys";
	enum scope scope = patterns || x->own->type || x->redis.cluster ? SCOPE_PART : SCOPE_FULL;

	x->stream = streams_index(&x->tool->streams, span_of(name));
	if (x->redis.cluster)
		diag_warn("'%s' is one node of a cluster: the keys of the others are not read", error_show(span_of(x->redis.shown)));
	return extract_begin(&x->tool->writer, scope, span_of(x->redis.shown), "redis", SPAN_LIT(""), err) || schema_write(x, err) ? -1 : 0;
}

static int extract(struct extract *x, const char *uri, char **patterns, int n, struct error *err)
{
	struct buf pattern = BUF_INIT;
	int i, failed;

	progress_start(&x->tool->progress, x->tool->opt.progress, 0);
	failed = redis_open(&x->redis, uri, err) || begin(x, n, err) ? -1 : 0;
	if (!failed && x->tmpl.parts) {
		template_pattern(&x->tmpl, &pattern);
		failed = redis_scan(&x->redis, buf_span(&pattern), x->own->type, take_page, x, err);
	}
	for (i = 0; !failed && !x->tmpl.parts && (i < n || i == 0); i++) {
		x->any_key = n && key_is_own(span_of(patterns[i]));
		failed = n ? read_pattern(x, span_of(patterns[i]), err) : redis_scan(&x->redis, SPAN_LIT("*"), x->own->type, take_page, x, err);
	}
	if (!failed)
		failed = read_later(x, err);
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
	x->memory.limit = x->tool->opt.memory < SEEN_MEMORY ? x->tool->opt.memory : SEEN_MEMORY;
	hash_key_random(&x->hash_key);
	if (spill_open(&x->spill, err))
		return -1;
	sort_init(&x->later, &x->spill, &x->later_memory, 4 << 20);
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
	struct extract x = { .tool = &tool, .o = &options, .own = &own, .spill = SPILL_INIT, .later_memory = { 8 << 20, 0 } };
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
	record_init(&x.typed.scratch);
	failed = run(&x, argv + first, argc - first, &err);
	redis_close(&x.redis);
	table_release(&x.seen);
	sort_release(&x.later);
	spill_close(&x.spill);
	typed_release(&x.typed);
	record_release(&x.scratch);
	record_release(&x.schema);
	buf_release(&x.key);
	return tool_end(&tool, failed, &err);
}
