/* sync-extract: reads a system as a stream, by the connector of its scheme. */
#include "base/opt.h"
#include "endpoint/dispatch.h"
#include "endpoint/extract_opts.h"
#include "stream/tool.h"

static bool is_connectors_own(const char *arg)
{
	return !strncmp(arg, "--", 2) && strchr(arg, '=');
}

int main(int argc, char **argv)
{
	struct extract_options options = EXTRACT_OPTIONS_INIT;
	struct opt_list unknown = { NULL, 0, 0 };
	struct tool tool = { .name = "sync-extract" };
	const struct opt_group groups[] = {
		{ "What to read", extract_any_opts, &options, false },
		{ "Files", extract_file_opts, &options, false },
		{ "Databases", extract_sql_opts, &options, false },
		{ "Servers", extract_server_opts, &options, false },
		{ NULL, extract_jobs_opts, &options, false },
		TOOL_GROUPS(&tool),
	};
	const struct opt_program program = {
		"sync-extract", EXTRACT_SYNOPSIS, EXTRACT_SUMMARY, NULL, groups, is_connectors_own, &unknown, tool_version, NULL,
	};

	return dispatch(&program, argc, argv);
}
