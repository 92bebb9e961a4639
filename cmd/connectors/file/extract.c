/* sync-extract-file: files as a stream. extract.h has a map of its parts. */
#include "extract.h"

#include "base/diag.h"
#include "endpoint/capability.h"
#include "base/fileio.h"
#include "base/sig.h"

/* ---- all of it */

/* The bytes of all files, where none is packed or a pipe; else 0. */
static uint64_t size_of_all(const struct extract *x)
{
	uint64_t total = 0;
	struct stat st;
	size_t i;

	for (i = 0; i < x->sources.n; i++) {
		if (stat(x->sources.v[i].path, &st) || !S_ISREG(st.st_mode) || is_packed(x->sources.v[i].path))
			return 0;
		total += (uint64_t)st.st_size;
	}
	return total;
}

static int extract_all(struct extract *x, struct error *err)
{
	size_t i;

	if (x->o->follow)
		sig_defer();	/* what is there already may take long, too */
	progress_start(&x->tool->progress, x->tool->opt.progress, x->o->follow ? 0 : size_of_all(x));
	for (i = 0; i < x->sources.n && !sig_stopping(); i++)
		if (extract_source(x, &x->sources.v[i], err))
			return -1;
	if (x->o->follow && follow(x, err))
		return -1;
	if (!x->sources.n && open_section(x, err))
		return -1;
	if (rejects_check(&x->tool->rejects, x->tool->writer.records + x->tool->rejects.n, true, err))
		return -1;
	return checkpoint_streams(x, true, err) || close_section(x, err) ? -1 : 0;
}

/* ---- options */

static bool is_one_byte(const char *s)
{
	return strlen(s) == 1 && (unsigned char)*s < 0x80 && *s != '\n' && *s != '\r';
}

static int check_options(const struct extract *x, struct error *err)
{
	const struct extract_options *o = x->o;

	if (o->reset && !o->state)
		return error_set(err, EXIT_USAGE, "--reset says to ignore the state: it wants --state");
	if (o->shard.n && (o->state || o->follow))
		return error_set(err, EXIT_USAGE, "--shard reads files once: it goes with neither --state nor --follow");
	if (o->header && !*o->header)
		return error_set(err, EXIT_USAGE, "--header wants the names of the columns");
	if (o->delimiter && !is_one_byte(o->delimiter))
		return error_set(err, EXIT_USAGE, "--delimiter is one ASCII character");
	if (o->quote && *o->quote && !is_one_byte(o->quote))
		return error_set(err, EXIT_USAGE, "--quote is one ASCII character, or nothing for none");
	if (o->quote && o->delimiter && *o->quote == *o->delimiter)
		return error_set(err, EXIT_USAGE, "--quote and --delimiter are the same");
	return 0;
}

static bool has_format(const struct extract *x, int a, int b)
{
	size_t i;

	for (i = 0; i < x->sources.n; i++)
		if (x->sources.v[i].format == a || x->sources.v[i].format == b)
			return true;
	return x->sources.folders.n > 0;	/* files may come */
}

/* An option that means nothing to any of the files is a mistake. */
static int check_formats(const struct extract *x, struct error *err)
{
	const struct extract_options *o = x->o;
	const char *csv = o->header ? "--header" : o->delimiter ? "--delimiter" : o->quote ? "--quote" : NULL;

	if (csv && !has_format(x, FORMAT_CSV, FORMAT_TSV))
		return error_set(err, EXIT_USAGE, "%s is for CSV, and no file is CSV (--format csv says so)", csv);
	if (o->records && !has_format(x, FORMAT_JSON, FORMAT_JSON))
		return error_set(err, EXIT_USAGE, "--records is for JSON documents, and no file is one (--format json says so)");
	if (o->changes && !has_format(x, FORMAT_NDJSON, FORMAT_NDJSON))
		return error_set(err, EXIT_USAGE, "--changes is for NDJSON, and no file is NDJSON (--format ndjson says so)");
	return 0;
}

static int read_schema(struct extract *x, struct error *err)
{
	const struct scan_limits limits = SCAN_LIMITS_INIT;
	struct buf text = BUF_INIT;
	int failed;

	if (!x->o->schema)
		return 0;
	failed = io_slurp(x->o->schema, 64 << 20, &text, err) || record_copy(&x->schema, text.p ? text.p : "", text.n, &limits, err) ||
		(!record_is_object(&x->schema) && error_set(err, EXIT_USAGE, "a schema is a JSON object"));
	if (failed) {
		error_prefix(err, "--schema '%s'", x->o->schema);
		err->status = EXIT_USAGE;
	}
	buf_release(&text);
	x->has_schema = true;
	return failed ? -1 : 0;
}

static int prepare(struct extract *x, char **operands, int n, struct error *err)
{
	sources_init(&x->sources, x->tool->opt.memory);
	if (tool_open(x->tool, err) || check_options(x, err) || read_schema(x, err) ||
	    extract_key(x->o->key, &x->key, err))
		return -1;
	if (x->o->records && path_compile(&x->records, span_of(x->o->records), &x->arena, err))
		return -1;
	return list_sources(x, operands, n, err) || check_formats(x, err) || (x->o->state && state_start(x, err)) ? -1 : 0;
}

static void release(struct extract *x)
{
	sources_release(&x->sources);
	state_release(&x->state);
	state_place_release(&x->place);
	record_release(&x->schema);
	buf_release(&x->key);
	buf_release(&x->lead);
	counts_release(&x->moved);
	buf_release(&x->declared);
	arena_release(&x->arena);
}

static const struct extractor extractor = {
	.scheme = "file", .synopsis = "[OPTION...] FILE...", .summary = "Reads files as a stream.", .wants = "a file",
	.scopes = 1u << SCOPE_FULL | 1u << SCOPE_PART, .delta = "position",
};

int main(int argc, char **argv)
{
	struct extract_options options = EXTRACT_OPTIONS_INIT;
	struct error err = ERROR_INIT;
	struct tool tool;
	struct extract x = { .tool = &tool, .o = &options };
	const struct opt_group groups[] = {
		{ "What to read", extract_any_opts, &options, false },
		{ "Files", extract_file_opts, &options, false },
		TOOL_GROUPS(&tool),
	};
	int first, failed;

	tool_start(&tool, "sync-extract");
	first = extractor_parse(&extractor, groups, &options, argc, argv, &err);
	if (first < 0)
		return first == OPT_ASKED ? EXIT_DONE : diag_fail(&err);
	state_init(&x.state);
	record_init(&x.schema);
	failed = prepare(&x, argv + first, argc - first, &err) || extract_all(&x, &err) ? -1 : 0;
	release(&x);
	return tool_end(&tool, failed, &err);
}
