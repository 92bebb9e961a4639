/* sync-extract-mongodb: collections of a MongoDB database as a stream. extract.h has a map of its parts. */
#include "extract.h"

#include <stdlib.h>

#include "base/diag.h"
#include "endpoint/capability.h"

enum { SAMPLE = 1000, LAG = 60 };

#define ROW(name, kind, arg, field, help) OPT(name, 0, kind, arg, struct extract_options, field, help)
static const struct opt database_opts[] = {
	ROW("query", OPT_STRING, "JSON", query, "{\"filter\":…,\"projection\":…,\"sort\":…}"),
	ROW("cursor", OPT_STRING, "FIELD", cursor, "a field that grows: delta by its value"),
	ROW("lag", OPT_SECONDS, "TIME", lag, "delta: stay so far behind the present (60s)"),
	ROW("trust-cursor", OPT_FLAG, NULL, trust_cursor, "the cursor only grows, as documents come"),
	ROW("keys", OPT_FLAG, NULL, keys, "read _id alone, for a mirror to delete by"),
	OPT_END,
};

static const struct opt own_opts[] = {
	OPT("sample", 0, OPT_NUMBER, "N", struct own_options, sample, "look at so many documents for types (1000; 0: all)"),
	OPT_END,
};

/* ---- the state */

/* Reads the state, checks that it is this source's, and makes begin.from. */
static int start_state(struct extract *x, char **names, int n, struct buf *from, struct error *err)
{
	struct buf source = BUF_INIT;
	int failed;

	if (!x->o->state)
		return 0;
	buf_addf(&source, "database:%s", x->mongo.db);
	failed = state_take_up(&x->state, &x->place, x->o, "mongodb", buf_str(&source), names, n, from, err);
	buf_release(&source);
	return failed;
}

static int take_tokens(struct extract *x, struct error *err)
{
	const json_t *token;
	uint32_t i;

	for (i = 0; x->o->state && !x->o->reset && i < x->collections; i++) {
		token = state_token(&x->state, streams_name(&x->tool->streams, x->collection[i].stream));
		if (token && delta_token_read(x, &x->collection[i], token, err))
			return -1;
	}
	return 0;
}

/* ---- the stream's section */

static int begin(struct extract *x, struct span from, struct error *err)
{
	return extract_begin(&x->tool->writer, extract_scope(x->o), span_of(x->mongo.shown), "mongodb", from, err);
}

static int read_all(struct extract *x, struct error *err)
{
	struct collection *c;
	uint32_t i;

	delta_warn(x);
	for (i = 0; i < x->collections; i++) {
		c = &x->collection[i];
		if (collection_sample(x, c, err) || delta_prepare(x, c, err) || collection_declare(x, c, err) || collection_read(x, c, err) ||
		    delta_checkpoint(x, c, err))
			return -1;
	}
	return 0;
}

static int extract(struct extract *x, const char *uri, char **names, int n, struct error *err)
{
	struct buf from = BUF_INIT;
	int failed;

	progress_start(&x->tool->progress, x->tool->opt.progress, 0);
	failed = mongo_open(&x->mongo, uri, err) || collections_find(x, names, n, err) || start_state(x, names, n, &from, err) || take_tokens(x, err) ||
		begin(x, buf_span(&from), err) || read_all(x, err) ||
		rejects_check(&x->tool->rejects, x->tool->writer.records + x->tool->rejects.n, true, err) ? -1 : 0;
	buf_release(&from);
	return failed ? -1 : writer_end(&x->tool->writer, err);
}

/* ---- options */

static int check_options(struct extract *x, int names, struct error *err)
{
	const struct extract_options *o = x->o;

	if (o->query && names != 1)
		return error_set(err, EXIT_USAGE, "--query is asked of one collection: name it");
	if (o->query && query_parse(x, o->query, err))
		return -1;
	if (o->state && !o->cursor)
		return error_set(err, EXIT_USAGE, "--state wants --cursor: a field that holds the time of each change, or _id where documents only come");
	if (o->keys && o->cursor)
		return error_set(err, EXIT_USAGE, "--keys are all keys that are there: it goes with no --cursor");
	if (o->keys && (o->query || o->key))
		return error_set(err, EXIT_USAGE, "--keys reads _id of whole collections: it goes with neither --query nor --key");
	if ((o->trust_cursor || o->lag >= 0) && !o->cursor)
		return error_set(err, EXIT_USAGE, "--trust-cursor and --lag are about a --cursor");
	if (o->reset && !o->state)
		return error_set(err, EXIT_USAGE, "--reset says to ignore the state: it wants --state");
	return 0;
}

static int run(struct extract *x, char **operands, int n, struct error *err)
{
	if (x->o->lag < 0 && x->o->cursor)
		x->o->lag = LAG;
	if (tool_open(x->tool, err) || check_options(x, n - 1, err) || extract_key(x->o->key, &x->key, err))
		return -1;
	if (!x->key.n && !x->keyless)
		buf_adds(&x->key, "[\"_id\"]");
	return extract(x, operands[0], operands + 1, n - 1, err);
}

static void release(struct extract *x)
{
	collections_release(x);
	state_release(&x->state);
	state_place_release(&x->place);
	mongo_close(&x->mongo);
	record_release(&x->scratch);
	buf_release(&x->key);
	buf_release(&x->tag);
}

static const struct opt_lack lacks[] = {
	{ "follow", "--follow: MongoDB can't be followed: run sync-extract again" },
	{ NULL, NULL },
};

static const struct extractor extractor = {
	.scheme = "mongodb", .synopsis = "[OPTION...] DATABASE [COLLECTION...]", .summary = "Reads collections of a MongoDB database as a stream.",
	.wants = "a database", .lacks = lacks, .scopes = 1u << SCOPE_FULL | 1u << SCOPE_KEYS | 1u << SCOPE_PART, .delta = "cursor",
};

int main(int argc, char **argv)
{
	struct extract_options options = EXTRACT_OPTIONS_INIT;
	struct own_options own = { SAMPLE };
	struct error err = ERROR_INIT;
	struct tool tool;
	struct extract x = { .tool = &tool, .o = &options, .own = &own };
	const struct opt_group groups[] = {
		{ "What to read", extract_any_opts, &options, false },
		{ "Databases", database_opts, &options, false },
		{ "MongoDB", own_opts, &own, false },
		TOOL_GROUPS(&tool),
	};
	int first, failed;

	options.lag = -1;	/* not given */
	tool_start(&tool, "sync-extract");
	first = extractor_parse(&extractor, groups, &options, argc, argv, &err);
	if (first < 0)
		return first == OPT_ASKED ? EXIT_DONE : diag_fail(&err);
	state_init(&x.state);
	record_init(&x.scratch);
	failed = run(&x, argv + first, argc - first, &err);
	release(&x);
	return tool_end(&tool, failed, &err);
}
