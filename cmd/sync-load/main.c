/* sync-load: writes a stream into a system, by the connector of its scheme. */
#include "base/opt.h"
#include "endpoint/dispatch.h"
#include "endpoint/load_opts.h"
#include "stream/tool.h"

static bool is_connectors_own(const char *arg)
{
	return !strncmp(arg, "--", 2) && strchr(arg, '=');
}

int main(int argc, char **argv)
{
	struct load_options options = LOAD_OPTIONS_INIT;
	struct opt_list unknown = { NULL, 0, 0 };
	struct tool tool = { .name = "sync-load" };
	const struct opt_group groups[] = {
		{ "How to write", load_any_opts, &options, false },
		{ "Files", load_file_opts, &options, false },
		{ "Databases", load_sql_opts, &options, false },
		{ "Indexes", load_index_opts, &options, false },
		TOOL_GROUPS(&tool),
	};
	const struct opt_program program = {
		"sync-load", LOAD_SYNOPSIS, LOAD_SUMMARY, NULL, groups, is_connectors_own, &unknown, tool_version, NULL,
	};

	return dispatch(&program, argc, argv);
}
