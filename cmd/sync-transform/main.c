/*
 * sync-transform: maps records, one by one: names, types, times, lookups, shapes.
 *
 *   main.c     options, the steps read, the stage
 */
#include <stdio.h>

#include "base/diag.h"
#include "base/sandbox.h"
#include "map/map.h"
#include "stream/tool.h"

struct options {
	struct opt_list file, step;
};

static const struct opt own_opts[] = {
	OPT("file", 'f', OPT_LIST, "FILE", struct options, file, "take the steps of FILE (sync-map.5)"),
	OPT("expression", 'e', OPT_LIST, "STEP", struct options, step, "take STEP too, behind those of files"),
	OPT_END,
};

struct transform {
	struct map *map;
	struct streams *streams;	/* the tool's */
	struct stage_reason reason;
};

/* ---- the stage */

static int write_many(struct map *m, const struct meta *meta, struct writer *w, struct error *err)
{
	struct span line;

	while (map_next(m, &line)) {
		buf_addspan(writer_line_start(w), line);
		if (writer_line_end(w, meta->stream, err))
			return -1;
	}
	return STAGE_DROP;
}

/* A repaired reject goes on without what was said of it. */
static int forget_error(struct transform *t, struct record *rec, struct meta *meta, struct error *err)
{
	struct value v;

	if (!value_present(meta->sync))
		return 0;
	if (meta_member(meta, "error", &v) && meta_unset(meta, rec, t->streams, "error", err))
		return -1;
	return meta_member(meta, "errors", &v) ? meta_unset(meta, rec, t->streams, "errors", err) : 0;
}

static int on_record(void *self, struct record *rec, struct meta *meta, struct writer *w, struct error *err)
{
	struct transform *t = self;

	if (forget_error(t, rec, meta, err))
		return -1;
	switch (map_record(t->map, rec, meta, err)) {
	case MAP_DONE:
		return STAGE_PASS;
	case MAP_MANY:
		return write_many(t->map, meta, w, err);
	case MAP_REJECT:
		t->reason = (struct stage_reason){ map_where(t->map), map_rule(t->map), false };
		return STAGE_REJECT;
	default:
		return -1;
	}
}

static int on_frame(void *self, struct record *rec, struct meta *meta, struct writer *w, struct error *err)
{
	struct transform *t = self;

	(void)w;
	if (meta->op == OP_BEGIN)
		return map_begin(t->map, meta, err) ? -1 : STAGE_PASS;
	if (meta->op == OP_SCHEMA)
		return map_schema(t->map, rec, meta, err) ? -1 : STAGE_PASS;
	return STAGE_PASS;
}

static const struct stage stage = { .record = on_record, .frame = on_frame };

/* ---- the program */

static int read_steps(struct map *m, const struct options *o, struct error *err)
{
	char name[32];
	size_t i;

	if (!o->file.n && !o->step.n)
		return error_set(err, EXIT_USAGE, "no steps: -f FILE or -e STEP says what to do");
	for (i = 0; i < o->file.n; i++)
		if (map_add_file(m, o->file.v[i], err))
			return -1;
	for (i = 0; i < o->step.n; i++) {
		snprintf(name, sizeof name, "-e %zu", i + 1);
		if (map_add_text(m, span_of(o->step.v[i]), name, err))
			return -1;
	}
	return map_open(m, err);
}

static int run(struct tool *t, const struct options *o, char **files, int n, struct error *err)
{
	struct reader_options reading = tool_reader_options(t, true);
	struct memory memory = { .limit = t->opt.memory };
	struct transform self = { .map = map_new(&t->streams, &memory, &reading.limits), .streams = &t->streams };
	const char *name;
	int rc;

	rc = read_steps(self.map, o, err);
	if (!rc)
		rc = tool_stage(t, &stage, &self, &self.reason, files, n, sandbox_enter, err);
	while (!rc && (name = map_unseen(self.map)))
		diag_note("there are steps for stream '%s', but it never came by", error_show(span_of(name)));
	map_free(self.map);
	return rc;
}

int main(int argc, char **argv)
{
	struct options o = { .file = { NULL, 0, 0 } };
	struct tool t;
	const struct opt_group groups[] = { { NULL, own_opts, &o, false }, TOOL_GROUPS(&t) };
	const struct opt_program program = {
		.name = "sync-transform",
		.synopsis = "[OPTION...] [FILE...]",
		.summary = "Change records step by step: names, types, times, lookups, shapes.",
		.groups = groups,
		.version = tool_version,
	};
	struct error err = ERROR_INIT;
	int first, rc;

	tool_start(&t, "sync-transform");
	first = opt_parse(&program, argc, argv, &err);
	if (first == OPT_ASKED)
		return EXIT_DONE;
	if (first < 0)
		return diag_fail(&err);
	rc = tool_open(&t, &err) ? -1 : run(&t, &o, argv + first, argc - first, &err);
	opt_list_release(&o.file);
	opt_list_release(&o.step);
	return tool_end(&t, rc, &err);
}
