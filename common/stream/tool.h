/*
 * tool: what the mains of all programs share: the options that mean the same everywhere, the stream on standard output,
 * rejects, statistics, progress, and the exit status.
 *
 *   tool_start(&tool, "sync-validate");
 *   … opt_parse with the groups TOOL_GROUPS(&tool) …
 *   if (tool_open(&tool, &err)) return tool_end(&tool, -1, &err);
 *   failed = tool_stage(&tool, &stage, self, &reason, argv + first, argc - first, &err);
 *   return tool_end(&tool, failed, &err);
 */
#ifndef SYNC_STREAM_TOOL_H
#define SYNC_STREAM_TOOL_H

#include <sys/stat.h>

#include "base/opt.h"
#include "stream/progress.h"
#include "stream/reject.h"
#include "stream/stage.h"

struct tool_options {
	bool plain, uncounted, progress, verbose, quiet;
	int log_format;		/* 0 text, 1 json */
	const char *rejects, *max_errors, *stats;
	uint64_t max_record, max_tokens, max_depth, memory;
};

extern const struct opt tool_stream_opts[];	/* --plain --uncounted --rejects --max-errors */
extern const struct opt tool_info_opts[];	/* --stats --progress --verbose --quiet --log-format */
extern const struct opt tool_bound_opts[];	/* --max-record --max-tokens --max-depth --memory */

/* The last rows of a program's array of groups. */
#define TOOL_GROUPS(t) \
	{ "Stream", tool_stream_opts, &(t)->opt, false }, { "Messages", tool_info_opts, &(t)->opt, false }, \
	{ "Bounds", tool_bound_opts, &(t)->opt, true }, { NULL, NULL, NULL, false }

struct tool {
	const char *name;		/* static */
	struct tool_options opt;
	struct streams streams;
	struct writer writer;		/* standard output */
	struct rejects rejects;
	struct progress progress;
	uint64_t records_in, bytes_in;	/* for statistics */
	struct counts read;		/* records in, by stream */
	int64_t began;
	bool opened;
	int stats_fd;		/* opened at the start: a sandbox may stand between; -1: none */
	int report_fd;		/* borrowed: what else the program writes to, as --report; -1: nothing */
	bool look;			/* the program wants to exit 1 */
	void (*more_stats)(void *ctx, struct buf *json);	/* adds ,"name":value members; may be NULL */
	void *ctx;
};

/* Signals, messages, defaults. Call first. */
void tool_start(struct tool *t, const char *name);
/* After the options: opens rejects and the writer. */
int tool_open(struct tool *t, struct error *err);
/* -1 where an input is what --rejects, --stats, --report or standard output write to: it would never end, or be lost. Nothing
   is written there then. */
int tool_check_input(struct tool *t, const struct stat *input, const char *name, struct error *err);
/* What the options say about reading; `file` for a regular file. */
struct reader_options tool_reader_options(const struct tool *t, bool file);
/* Runs a stage over the files (or standard input, where there are none or for "-"), one after the other. before is called once, when the first input is open (for the sandbox); may be NULL. */
int tool_stage(struct tool *t, const struct stage *stage, void *self, struct stage_reason *reason, char **files, int n,
	       int (*before)(struct error *err), struct error *err);
/* Adds what a reader read to the statistics. */
void tool_account(struct tool *t, const struct reader *r);
/* Ends the output, writes statistics, prints the error, releases everything, and gives the exit status: failed is -1 with err, or 0. Raises a deferred signal. */
int tool_end(struct tool *t, int failed, struct error *err);

/* --version -v: what the sandbox and the scanner use here. For opt_program.version. */
void tool_version(bool verbose);

#endif
