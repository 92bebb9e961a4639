/* sync-merge: merges versions of the same data, by field, by policy. */
#include <stdlib.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/sandbox.h"
#include "base/xalloc.h"
#include "endpoint/uri.h"
#include "merge/merge.h"
#include "outputs.h"
#include "sides.h"

struct options {
	const char *base, *key, *policy, *newest, *prefer, *stream, *conflicts, *resolved;
	struct opt_list changes;
	bool accept_part;
};

#define ROW(name, letter, kind, arg, field, help) OPT(name, letter, kind, arg, struct options, field, help)
static const struct opt rows[] = {
	ROW("base", 'b', OPT_STRING, "ENDPOINT", base, "what the versions came from: three-way, by field"),
	ROW("key", 'k', OPT_STRING, "FIELD,...", key, "the fields that name a row (from the schema)"),
	ROW("newest", 0, OPT_STRING, "FIELD", newest, "the row with the latest FIELD wins"),
	ROW("prefer", 0, OPT_STRING, "NAME", prefer, "that side wins"),
	ROW("policy", 0, OPT_STRING, "FILE", policy, "how versions are settled, field by field"),
	ROW("changes", 0, OPT_LIST, "NAME=FILE", changes, "the changes that bring side NAME there, to FILE"),
	ROW("conflicts", 0, OPT_STRING, "FILE", conflicts, "rows that nobody could settle, to FILE"),
	ROW("resolved", 0, OPT_STRING, "FILE", resolved, "conflicts that were decided by hand"),
	ROW("stream", 0, OPT_STRING, "NAME", stream, "take all rows as one stream, NAME"),
	ROW("accept-part", 0, OPT_FLAG, NULL, accept_part, "take a part of a source as if it were whole"),
	OPT_END,
};

struct program {
	struct tool *tool;
	const struct options *opt;
	struct sides sides;
	struct policy policy;
	struct outputs outputs;
	int conflicts;			/* index in outputs, or -1 */
	int changes[MOST_SIDES];	/* the same, by side */
	int resolved_fd;
	bool merging;			/* merge is to be released */
	struct merge merge;
	struct buf source;
};

/* ---- before the sandbox */

/* Outputs say what is to be done to an operand; in its place they would destroy it. */
static int spare_operand(const struct program *p, const char *operand, struct error *err)
{
	struct endpoint e = ENDPOINT_INIT;
	char *path;
	int failed = endpoint_parse(&e, operand, err);

	if (!failed) {
		path = uri_scheme(e.text) ? sqlite_path(e.text) : xstrdup(e.text);
		failed = path ? outputs_spare(&p->outputs, path, err) : 0;
		free(path);
	}
	endpoint_release(&e);
	return failed;
}

static int spare_operands(const struct program *p, struct error *err)
{
	int i;

	for (i = 0; i < p->sides.n; i++)
		if (spare_operand(p, p->sides.operand[i], err))
			return -1;
	return p->opt->base ? spare_operand(p, p->opt->base, err) : 0;
}

static int open_outputs(struct program *p, struct error *err)
{
	const char *file;
	size_t i;
	int side;

	for (i = 0; i < p->opt->changes.n; i++) {
		side = sides_file(&p->sides, p->opt->changes.v[i], &file, err);
		if (side < 0)
			return -1;
		if (p->changes[side] >= 0)
			return error_set(err, EXIT_USAGE, "--changes is given twice for '%s'", p->sides.name[side]);
		p->changes[side] = outputs_add(&p->outputs, file, err);
		if (p->changes[side] < 0)
			return -1;
	}
	if (p->opt->conflicts && (p->conflicts = outputs_add(&p->outputs, p->opt->conflicts, err)) < 0)
		return -1;
	return spare_operands(p, err) || outputs_start(&p->outputs, err) ? -1 : 0;
}

static void add_source(struct program *p)
{
	int i;

	for (i = 0; i < p->sides.n; i++) {
		buf_addc(&p->source, i ? ',' : '[');
		if (json_add_string(&p->source, span_of(p->sides.operand[i])))
			json_add_string(&p->source, span_of(error_show(span_of(p->sides.operand[i]))));
	}
	buf_addc(&p->source, ']');
}

static int open_operands(struct program *p, struct error *err)
{
	struct operand_options o = { .reader = tool_reader_options(p->tool, false), .stream = p->opt->stream, .accept_part = p->opt->accept_part };
	int i;

	p->merging = true;
	if (merge_init(&p->merge, &p->policy, p->sides.name, p->sides.n, p->opt->base != NULL, p->tool->opt.memory, &p->tool->streams,
		       &p->tool->writer, &o.reader.limits, err))
		return -1;
	for (i = 0; i < p->sides.n; i++) {
		p->merge.wanted[i] = p->changes[i] >= 0;
		if (intake_open(&p->merge.intake, i, p->sides.operand[i], &o, err))
			return -1;
	}
	if (p->opt->base && intake_open(&p->merge.intake, i, p->opt->base, &o, err))
		return -1;
	if (p->conflicts >= 0) {
		p->merge.conflicts_fd = p->outputs.v[p->conflicts].fd;
		p->merge.conflicts_name = p->opt->conflicts;
	}
	return 0;
}

/* Standard input can be read once. */
static int check_stdin(const struct program *p, struct error *err)
{
	int n = p->opt->base && !strcmp(p->opt->base, "-"), i;

	for (i = 0; i < p->sides.n; i++)
		n += !strcmp(p->sides.operand[i], "-");
	return n > 1 ? error_set(err, EXIT_USAGE, "standard input can't be several operands") : 0;
}

static int prepare(struct program *p, char **argv, int n, struct error *err)
{
	struct policy_options policy = { p->opt->policy, p->opt->key, p->opt->newest, p->opt->prefer };

	if (p->tool->opt.memory < MEMORY_LEAST)
		return error_set(err, EXIT_USAGE, "--memory is at least 1M");
	if (p->opt->newest && p->opt->prefer)
		return error_set(err, EXIT_USAGE, "--newest and --prefer exclude each other");
	if (sides_parse(&p->sides, argv, n, err) || check_stdin(p, err) || policy_load(&p->policy, &policy, p->sides.name, p->sides.n, p->opt->base != NULL, err))
		return -1;
	add_source(p);
	if (p->opt->resolved && (p->resolved_fd = io_open_read(p->opt->resolved, err)) < 0)
		return -1;
	return open_outputs(p, err) || open_operands(p, err) || sandbox_enter(err) ? -1 : 0;
}

/* ---- in it */

static int run(struct program *p, struct error *err)
{
	struct reader_options o = tool_reader_options(p->tool, true);
	struct reader resolved;
	int failed;

	progress_start(&p->tool->progress, p->tool->opt.progress, (uint64_t)p->merge.intake.side[0].operand.st.st_size);
	p->merge.intake.side[0].operand.reader.progress = &p->tool->progress;
	if (p->resolved_fd >= 0)
		reader_open(&resolved, p->resolved_fd, p->opt->resolved, &p->tool->streams, &o);
	failed = merge_run(&p->merge, p->resolved_fd >= 0 ? &resolved : NULL, err);
	if (p->resolved_fd >= 0)
		reader_close(&resolved);
	progress_end(&p->tool->progress);
	return failed;
}

static int write_changes(struct program *p, int side, struct error *err)
{
	const struct output *out = &p->outputs.v[p->changes[side]];
	struct writer w;
	int failed;

	writer_open(&w, out->fd, out->path, &p->tool->streams, p->tool->opt.plain);
	failed = merge_write_changes(&p->merge, side, &w, buf_span(&p->source), err);
	writer_close(&w);
	return failed;
}

static int write_all(struct program *p, struct error *err)
{
	int i;

	if (merge_write(&p->merge, &p->tool->writer, buf_span(&p->source), err))
		return -1;
	for (i = 0; i < p->sides.n; i++)
		if (p->changes[i] >= 0 && write_changes(p, i, err))
			return -1;
	return outputs_commit(&p->outputs, err);
}

static void conclude(struct program *p)
{
	const struct merge *m = &p->merge;
	int i;

	for (i = 0; i < m->intake.n; i++)
		tool_account(p->tool, &m->intake.side[i].operand.reader);
	if (m->counts.conflicts && p->conflicts < 0)
		diag_warn("%llu rows are in conflict (--conflicts FILE writes them down)", (unsigned long long)m->counts.conflicts);
	if (m->conflicts.stale)
		diag_warn("%llu resolutions in '%s' were made for other versions of their rows", (unsigned long long)m->conflicts.stale,
			  p->opt->resolved);
	p->tool->look = m->counts.conflicts || counts_total(&p->tool->writer.aside);
}

static void more_stats(void *ctx, struct buf *json)
{
	const struct merge_counts *c = &((const struct program *)ctx)->merge.counts;

	buf_addf(json, ",\"rows\":%llu,\"equal\":%llu,\"gone\":%llu,\"conflicts\":%llu,\"resolved\":%llu", (unsigned long long)c->rows,
		 (unsigned long long)c->equal, (unsigned long long)c->gone, (unsigned long long)c->conflicts, (unsigned long long)c->resolved);
}

static void release(struct program *p)
{
	if (p->merging)
		merge_release(&p->merge);
	outputs_release(&p->outputs);
	policy_release(&p->policy);
	sides_release(&p->sides);
	buf_release(&p->source);
	if (p->resolved_fd >= 0)
		close(p->resolved_fd);
}

int main(int argc, char **argv)
{
	struct error err = ERROR_INIT;
	struct options options = { 0 };
	struct tool tool;
	static struct program p;
	const struct opt_group groups[] = {
		{ NULL, rows, &options, false },
		TOOL_GROUPS(&tool),
	};
	const struct opt_program program = {
		.name = "sync-merge", .synopsis = "[OPTION...] [NAME=]ENDPOINT [NAME=]ENDPOINT...",
		.summary = "Merges two or more versions of the same data; with --base three-way, by field.",
		.after = "Exit status: 0 merged, 1 conflicts are left, 2 usage, 3 failed, 75 try again.", .groups = groups, .version = tool_version,
	};
	int first, failed, status, i;

	tool_start(&tool, "sync-merge");
	first = opt_parse(&program, argc, argv, &err);
	if (first == OPT_ASKED)
		return EXIT_DONE;
	if (first < 0)
		return tool_end(&tool, -1, &err);
	p = (struct program){ .tool = &tool, .opt = &options, .outputs = OUTPUTS_INIT, .conflicts = -1, .resolved_fd = -1, .source = BUF_INIT };
	for (i = 0; i < MOST_SIDES; i++)
		p.changes[i] = -1;
	tool.more_stats = more_stats;
	tool.ctx = &p;
	failed = tool_open(&tool, &err) || prepare(&p, argv + first, argc - first, &err) || run(&p, &err) || write_all(&p, &err) ? -1 : 0;
	if (!failed)
		conclude(&p);
	status = tool_end(&tool, failed, &err);
	release(&p);
	opt_list_release(&options.changes);
	return status;
}
