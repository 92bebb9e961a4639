/*
 * sync-validate: passes what obeys the rules, byte for byte, and sets the rest aside with the reason.
 *
 *   main.c     options, schemas and rules read, the report written
 *   judge.c    the stage: each record against its stream's schema
 *   untyped.c  text of CSV judged by the type that a schema wants
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/fileio.h"
#include "base/sandbox.h"
#include "judge.h"
#include "rules/rules.h"
#include "stream/tool.h"

struct options {
	struct opt_list schema, rules;
	const char *report;
};

static const struct opt own_opts[] = {
	OPT("schema", 0, OPT_LIST, "[NAME=]FILE", struct options, schema, "judge records, or those of stream NAME, by a JSON Schema"),
	OPT("rules", 0, OPT_LIST, "[NAME=]FILE", struct options, rules, "judge by a rules file (sync-rules.5)"),
	OPT("report", 0, OPT_STRING, "FILE", struct options, report, "write how good the records were to FILE as JSON"),
	OPT_END,
};

static void warn(const char *text)
{
	diag_warn("%s", text);
}

/* NAME=FILE, where NAME holds no '/': a file whose name holds '=' is written ./a=b. */
static const char *split(const char *arg, char **stream)
{
	const char *eq = strchr(arg, '='), *slash = strchr(arg, '/');

	*stream = NULL;
	if (!eq || eq == arg || (slash && slash < eq))
		return arg;
	*stream = strndup(arg, (size_t)(eq - arg));
	return eq + 1;
}

typedef int load_fn(const char *path, void (*warn)(const char *text), struct schema **out, struct error *err);

static int load(struct judge *j, const struct opt_list *list, load_fn *fn, struct error *err)
{
	struct schema *schema;
	const char *path;
	char *stream;
	size_t i;
	int rc = 0;

	for (i = 0; !rc && i < list->n; i++) {
		path = split(list->v[i], &stream);
		rc = fn(path, warn, &schema, err) || judge_give(j, stream, schema, err) ? -1 : 0;
		free(stream);
	}
	return rc;
}

static int open_report(const char *path, struct error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

	return fd < 0 ? error_errno(err, EXIT_USAGE, "--report: cannot open '%s'", path) : fd;
}

static int write_report(const struct judge *j, const struct tool *t, int fd, const char *path, struct error *err)
{
	struct buf text = BUF_INIT;
	int rc;

	judge_report(j, &t->writer, &text);
	if (io_is_regular(fd) && ftruncate(fd, 0))
		rc = error_errno(err, EXIT_FAILED, "cannot write to '%s'", path);
	else
		rc = io_write(fd, text.p, text.n, path, err);
	buf_release(&text);
	return rc;
}

static int run(struct tool *t, const struct options *o, char **files, int n, struct error *err)
{
	struct judge j;
	int fd = -1, rc;

	judge_init(&j, &t->streams, o->report != NULL);
	rc = load(&j, &o->schema, rules_load_schema, err) || load(&j, &o->rules, rules_load, err) ? -1 : 0;
	if (!rc && o->report)
		rc = (t->report_fd = fd = open_report(o->report, err)) < 0 ? -1 : 0;
	if (!rc)
		rc = tool_stage(t, &judge_stage, &j, &j.reason, files, n, sandbox_enter, err);
	if (!rc)
		judge_warn_unused(&j);
	if (fd >= 0) {
		struct error report = ERROR_INIT;

		if (t->report_fd >= 0 && write_report(&j, t, fd, o->report, &report) && !rc) {
			*err = report;
			rc = -1;
		}
		close(fd);
	}
	judge_release(&j);
	return rc;
}

int main(int argc, char **argv)
{
	struct options o = { .report = NULL };
	struct tool t;
	const struct opt_group groups[] = { { NULL, own_opts, &o, false }, TOOL_GROUPS(&t) };
	const struct opt_program program = {
		.name = "sync-validate",
		.synopsis = "[OPTION...] [FILE...]",
		.summary = "Pass the records that obey a schema, set the rest aside with the reason.",
		.groups = groups,
		.version = tool_version,
	};
	struct error err = ERROR_INIT;
	int first, rc;

	tool_start(&t, "sync-validate");
	first = opt_parse(&program, argc, argv, &err);
	if (first < 0)
		rc = first == OPT_ASKED ? EXIT_DONE : diag_fail(&err);
	else
		rc = tool_end(&t, tool_open(&t, &err) ? -1 : run(&t, &o, argv + first, argc - first, &err), &err);
	opt_list_release(&o.schema);
	opt_list_release(&o.rules);
	return rc;
}
