/* sync-diff: says what turns one operand into another, as a stream that sync-load can apply. */
#include <stdlib.h>

#include "base/diag.h"
#include "base/sandbox.h"
#include "base/xalloc.h"
#include "merge/diff.h"
#include "summary.h"

struct options {
	const char *key, *stream, *only;
	struct opt_list ignore;
	bool accept_part, full_rows, summary;
};

#define ROW(name, letter, kind, arg, field, help) OPT(name, letter, kind, arg, struct options, field, help)
static const struct opt rows[] = {
	ROW("key", 'k', OPT_STRING, "FIELD,...", key, "the fields that name a row (from the schema)"),
	ROW("ignore", 0, OPT_LIST, "FIELD,...", ignore, "fields that don't count"),
	ROW("only", 0, OPT_STRING, "insert|update|delete,...", only, "just these changes"),
	ROW("full-rows", 0, OPT_FLAG, NULL, full_rows, "updates with every field, changed or not"),
	ROW("summary", 's', OPT_FLAG, NULL, summary, "a summary for people instead of the changes"),
	ROW("stream", 0, OPT_STRING, "NAME", stream, "take all rows of both as one stream, NAME"),
	ROW("accept-part", 0, OPT_FLAG, NULL, accept_part, "take a part of a source as if it were whole"),
	OPT_END,
};

/* "insert,delete" as bits. */
static int parse_only(const char *list, unsigned *only, struct error *err)
{
	static const struct { const char *word; unsigned bit; } words[] = {
		{ "insert", DIFF_INSERT }, { "update", DIFF_UPDATE }, { "delete", DIFF_DELETE },
	};
	size_t n, i;

	*only = list ? 0 : DIFF_ALL;
	for (; list; list = list[n] ? list + n + 1 : NULL) {
		n = strcspn(list, ",");
		for (i = 0; i < sizeof words / sizeof *words; i++)
			if (span_is((struct span){ list, n }, words[i].word))
				break;
		if (i == sizeof words / sizeof *words)
			return error_set(err, EXIT_USAGE, "--only: '%s' is none of insert, update, delete", error_show((struct span){ list, n }));
		*only |= words[i].bit;
	}
	return 0;
}

/* --ignore a,b --ignore c as names; the array is the caller's. */
static struct span *split_ignore(const struct opt_list *lists, uint32_t *count)
{
	struct span *names = NULL;
	uint32_t n = 0, cap = 0;
	const char *p;
	size_t i, len;

	for (i = 0; i < lists->n; i++)
		for (p = lists->v[i]; p; p = p[len] ? p + len + 1 : NULL) {
			len = strcspn(p, ",");
			XGROW(names, n, cap);
			names[n++] = (struct span){ p, len };
		}
	*count = n;
	return names;
}

static void add_source(struct buf *out, const char *const operand[2])
{
	int i;

	for (i = 0; i < 2; i++) {
		buf_addc(out, i ? ',' : '[');
		if (json_add_string(out, span_of(operand[i])))
			json_add_string(out, span_of(error_show(span_of(operand[i]))));
	}
	buf_addc(out, ']');
}

static int begin(struct tool *t, const char *const operand[2], struct error *err)
{
	struct buf source = BUF_INIT;
	int failed;

	add_source(&source, operand);
	failed = writer_begin(&t->writer, SCOPE_PART, SPAN_LIT(""), buf_span(&source), SPAN_LIT(""), err);
	buf_release(&source);
	return failed;
}

static int end(struct tool *t, struct diff *d, struct error *err)
{
	uint32_t i, side;

	for (side = 0; side < 2; side++) {
		tool_account(t, &d->side[side].operand.reader);
		for (i = 0; i < t->streams.n; i++)
			counts_add(&t->writer.aside, i, counts_get(&d->side[side].operand.aside, i));
	}
	if (d->kept_deletes)
		diag_warn("%llu rows that '%s' seems to lack are not deleted, because some of its rows were set aside",
			  (unsigned long long)d->kept_deletes, d->side[1].operand.text);
	t->look = d->changes.inserts + d->changes.updates + d->changes.deletes || d->kept_deletes || counts_total(&t->writer.aside);
	return writer_end(&t->writer, err);
}

static void more_stats(void *ctx, struct buf *json)
{
	const struct diff *d = ctx;

	buf_addf(json, ",\"inserts\":%llu,\"updates\":%llu,\"deletes\":%llu", (unsigned long long)d->changes.inserts,
		 (unsigned long long)d->changes.updates, (unsigned long long)d->changes.deletes);
}

static int run(struct tool *t, const struct options *o, struct diff *d, const char *const operand[2], struct error *err)
{
	struct diff_options opt = { .key = o->key, .full_rows = o->full_rows, .count_fields = o->summary, .memory = t->opt.memory };
	struct span *ignore;
	int failed;

	if (t->opt.memory < MEMORY_LEAST)
		return error_set(err, EXIT_USAGE, "--memory is at least 1M");
	if (!strcmp(operand[0], "-") && !strcmp(operand[1], "-"))
		return error_set(err, EXIT_USAGE, "standard input can't be both operands");
	if (parse_only(o->only, &opt.only, err))
		return -1;
	opt.operand = (struct operand_options){ .reader = tool_reader_options(t, false), .stream = o->stream, .accept_part = o->accept_part };
	opt.operand.keys = opt.only == DIFF_DELETE;
	opt.ignore = ignore = split_ignore(&o->ignore, &opt.ignored);
	t->more_stats = more_stats;
	t->ctx = d;
	failed = diff_open(d, operand, &opt, &t->streams, &t->writer, err) || sandbox_enter(err) || begin(t, operand, err);
	if (!failed) {
		progress_start(&t->progress, t->opt.progress, (uint64_t)d->side[0].operand.st.st_size);
		d->side[0].operand.reader.progress = &t->progress;
		failed = diff_run(d, err);
		progress_end(&t->progress);
	}
	if (!failed && o->summary)
		summary_write(d, &t->writer.out);
	else if (!failed)
		failed = diff_write(d, err);
	if (!failed)
		failed = end(t, d, err);
	free(ignore);
	return failed ? -1 : 0;
}

int main(int argc, char **argv)
{
	struct error err = ERROR_INIT;
	struct options options = { 0 };
	struct tool tool;
	static struct diff diff;
	const struct opt_group groups[] = {
		{ NULL, rows, &options, false },
		TOOL_GROUPS(&tool),
	};
	const struct opt_program program = {
		.name = "sync-diff", .synopsis = "[OPTION...] A B",
		.summary = "Says what turns A into B, as a stream of changes that sync-load can apply to A.",
		.after = "Exit status: 0 equal, 1 different, 2 usage, 3 failed, 75 try again.", .groups = groups, .version = tool_version,
	};
	int first, failed, status;

	tool_start(&tool, "sync-diff");
	first = opt_parse(&program, argc, argv, &err);
	if (first == OPT_ASKED)
		return EXIT_DONE;
	if (first >= 0 && argc - first != 2)
		first = error_set(&err, EXIT_USAGE, "two operands are compared; try 'sync-diff --help'");
	if (first < 0)
		return tool_end(&tool, -1, &err);
	if (options.summary)
		tool.opt.plain = true;
	failed = tool_open(&tool, &err) || run(&tool, &options, &diff, (const char *const *)argv + first, &err) ? -1 : 0;
	status = tool_end(&tool, failed, &err);
	if (tool.ctx)
		diff_release(&diff);
	opt_list_release(&options.ignore);
	return status;
}
