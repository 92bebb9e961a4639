/* tool: what the mains of all programs share. */
#include "stream/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/diag.h"
#include "base/fileio.h"
#include "base/sandbox.h"
#include "base/sig.h"

enum { DEPTH_MOST = 10000 };	/* what compares, hashes or writes values calls itself so deep; the stack has room for it */

#define ROW(name, letter, kind, arg, field, help) OPT(name, letter, kind, arg, struct tool_options, field, help)

const struct opt tool_stream_opts[] = {
	ROW("plain", 0, OPT_FLAG, NULL, plain, "no frames: write none, skip those that come"),
	ROW("uncounted", 0, OPT_FLAG, NULL, uncounted, "don't check the counts of frames"),
	ROW("rejects", 0, OPT_STRING, "FILE", rejects, "append records set aside to FILE"),
	ROW("max-errors", 0, OPT_STRING, "N|P%", max_errors, "fail when more are set aside"),
	OPT_END,
};

const struct opt tool_info_opts[] = {
	ROW("stats", 0, OPT_STRING, "FILE", stats, "write statistics to FILE as JSON"),
	ROW("progress", 0, OPT_FLAG, NULL, progress, "show progress on a terminal"),
	ROW("verbose", 'v', OPT_FLAG, NULL, verbose, "say more"),
	ROW("quiet", 'q', OPT_FLAG, NULL, quiet, "say only errors"),
	ROW("log-format", 0, OPT_CHOICE, "text|json", log_format, "form of messages"),
	OPT_END,
};

const struct opt tool_bound_opts[] = {
	ROW("max-record", 0, OPT_SIZE, "SIZE", max_record, "longest line (16M)"),
	ROW("max-tokens", 0, OPT_NUMBER, "N", max_tokens, "most values and names in a record (1000000)"),
	ROW("max-depth", 0, OPT_NUMBER, "N", max_depth, "deepest nesting (128)"),
	ROW("memory", 0, OPT_SIZE, "SIZE", memory, "memory for what is held back (256M)"),
	OPT_END,
};

void tool_start(struct tool *t, const char *name)
{
	sig_start();
	diag_start(name);
	*t = (struct tool){ .name = name, .began = clock_mono() };
	t->opt.max_record = 16u << 20;
	t->opt.max_tokens = 1000000;
	t->opt.max_depth = 128;
	t->opt.memory = 256u << 20;
	t->rejects.fd = -1;
	t->stats_fd = t->report_fd = -1;
}

static int check_bounds(const struct tool_options *o, struct error *err)
{
	if (o->max_record < 1 || o->max_record > INT32_MAX)
		return error_set(err, EXIT_USAGE, "--max-record is from 1 to 2147483647 bytes");
	if (o->max_tokens < 1 || o->max_tokens > INT32_MAX)
		return error_set(err, EXIT_USAGE, "--max-tokens is from 1 to 2147483647");
	if (o->max_depth < 1 || o->max_depth > DEPTH_MOST)
		return error_set(err, EXIT_USAGE, "--max-depth is from 1 to %d", DEPTH_MOST);
	return 0;
}

int tool_open(struct tool *t, struct error *err)
{
	diag_json(t->opt.log_format == 1);
	diag_verbose(t->opt.verbose);
	diag_quiet(t->opt.quiet);
	streams_init(&t->streams);
	writer_open(&t->writer, STDOUT_FILENO, "standard output", &t->streams, t->opt.plain);
	t->opened = true;
	if (check_bounds(&t->opt, err) || rejects_open(&t->rejects, t->name, t->opt.rejects, t->opt.max_errors, err))
		return -1;
	t->writer.rejects = &t->rejects;
	if (!t->opt.stats)
		return 0;
	t->stats_fd = open(t->opt.stats, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	return t->stats_fd < 0 ? error_errno(err, EXIT_USAGE, "--stats: cannot open '%s'", t->opt.stats) : 0;
}

static bool is_file(int fd, const struct stat *file)
{
	struct stat st;

	return fd >= 0 && S_ISREG(file->st_mode) && !fstat(fd, &st) && st.st_dev == file->st_dev && st.st_ino == file->st_ino;
}

int tool_check_input(struct tool *t, const struct stat *input, const char *name, struct error *err)
{
	const char *what = NULL;

	if (is_file(t->rejects.fd, input))
		what = "--rejects";
	if (is_file(t->stats_fd, input)) {
		what = "--stats";
		close(t->stats_fd);
		t->stats_fd = -1;
	}
	if (is_file(t->report_fd, input)) {
		what = "--report";
		t->report_fd = -1;
	}
	if (is_file(STDOUT_FILENO, input)) {
		what = "standard output";
		t->writer.plain = true;	/* no frames that say so, either */
	}
	return what ? error_set(err, EXIT_USAGE, "'%s' is read, and %s would write to it", name, what) : 0;
}

struct reader_options tool_reader_options(const struct tool *t, bool file)
{
	struct reader_options o = READER_OPTIONS_INIT;

	o.plain = t->opt.plain;
	o.uncounted = t->opt.uncounted;
	o.file = file;
	o.max_record = t->opt.max_record;
	o.limits = (struct scan_limits){ (uint32_t)t->opt.max_depth, (uint32_t)t->opt.max_tokens };
	return o;
}

void tool_account(struct tool *t, const struct reader *r)
{
	uint32_t i;

	t->bytes_in += r->bytes;
	t->progress.bytes += r->bytes;
	t->progress.records += r->records;
	for (i = 0; i < t->streams.n; i++)
		counts_add(&t->read, i, counts_get(&r->total, i));
	t->records_in = counts_total(&t->read);
}

/* ---- a stage over files */

static uint64_t size_of(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size > 0 ? (uint64_t)st.st_size : 0;
}

/* Opens all inputs, so that a name that is wrong is known before anything is written; later they couldn't be opened. */
static int open_inputs(struct tool *t, char **files, int n, int *fd, struct error *err)
{
	struct stat st;
	int i;

	for (i = 0; i < n; i++) {
		fd[i] = strcmp(files[i], "-") ? io_open_read(files[i], err) : STDIN_FILENO;
		if (fd[i] < 0) {
			err->status = EXIT_FAILED;
			return -1;
		}
		if (!fstat(fd[i], &st) && tool_check_input(t, &st, files[i], err))
			return -1;
	}
	return 0;
}

static int run_input(struct tool *t, const struct stage *stage, void *self, struct stage_reason *reason, int fd, const char *name,
		     struct error *err)
{
	struct reader_options o = tool_reader_options(t, io_is_regular(fd));
	struct reader r;
	int failed;

	reader_open(&r, fd, name, &t->streams, &o);
	r.progress = &t->progress;
	failed = stage_run(stage, self, &r, &t->writer, reason, err);
	tool_account(t, &r);
	reader_close(&r);
	return failed;
}

int tool_stage(struct tool *t, const struct stage *stage, void *self, struct stage_reason *reason, char **files, int n,
	       int (*before)(struct error *err), struct error *err)
{
	static char stdin_name[] = "-";
	char *only[] = { stdin_name };
	uint64_t total = 0;
	int *fd, i, failed;

	if (n == 0) {
		files = only;
		n = 1;
	}
	fd = calloc((size_t)n, sizeof *fd);
	if (!fd)
		return error_set(err, EXIT_FAILED, "out of memory");
	failed = open_inputs(t, files, n, fd, err);
	for (i = 0; !failed && i < n; i++)
		total += size_of(fd[i]);
	progress_start(&t->progress, t->opt.progress, total);
	if (!failed && before)
		failed = before(err);
	if (failed)
		writer_fail(&t->writer, err);
	for (i = 0; !failed && i < n; i++)
		failed = run_input(t, stage, self, reason, fd[i], fd[i] == STDIN_FILENO ? "standard input" : files[i], err);
	progress_end(&t->progress);
	free(fd);
	return failed;
}

/* ---- the end */

static void add_streams(const struct tool *t, struct buf *b)
{
	const char *comma = "";
	uint64_t in, out, aside;
	uint32_t i;

	for (i = 0; i < t->streams.n; i++) {
		in = counts_get(&t->read, i);
		out = counts_get(&t->writer.total, i);
		aside = counts_get(&t->writer.total_aside, i);
		if (!in && !out && !aside)
			continue;
		buf_addf(b, "%s%s:{\"read\":%llu,\"written\":%llu,\"rejects\":%llu}", comma, t->streams.entry[i].json,
			 (unsigned long long)in, (unsigned long long)out, (unsigned long long)aside);
		comma = ",";
	}
}

static int write_stats(const struct tool *t, int status, struct error *err)
{
	double seconds = (double)(clock_mono() - t->began) / 1e9;
	uint64_t records = t->records_in ? t->records_in : t->writer.records;
	struct buf b = BUF_INIT;
	int failed;

	buf_addf(&b, "{\"program\":\"%s\",\"status\":%d,\"records\":{\"read\":%llu,\"written\":%llu},\"bytes\":{\"read\":%llu,"
		 "\"written\":%llu},\"rejects\":%llu,\"seconds\":%.3f,\"records_per_second\":%.0f", t->name, status,
		 (unsigned long long)t->records_in, (unsigned long long)t->writer.records, (unsigned long long)t->bytes_in,
		 (unsigned long long)t->writer.bytes, (unsigned long long)t->rejects.n, seconds,
		 seconds > 0 ? (double)records / seconds : 0);
	if (t->more_stats)
		t->more_stats(t->ctx, &b);
	buf_adds(&b, ",\"streams\":{");
	add_streams(t, &b);
	buf_adds(&b, "}}\n");
	if (io_is_regular(t->stats_fd) && ftruncate(t->stats_fd, 0))
		failed = error_errno(err, EXIT_FAILED, "cannot write to '%s'", t->opt.stats);
	else
		failed = io_write(t->stats_fd, b.p, b.n, t->opt.stats, err);
	buf_release(&b);
	return failed;
}

static void release(struct tool *t)
{
	if (t->stats_fd >= 0)
		close(t->stats_fd);
	rejects_close(&t->rejects);
	if (t->opened)
		writer_close(&t->writer);
	counts_release(&t->read);
	streams_release(&t->streams);
}

int tool_end(struct tool *t, int failed, struct error *err)
{
	struct error sync;
	int status;

	t->records_in = counts_total(&t->read);
	progress_end(&t->progress);
	if (failed && t->opened) {
		writer_fail(&t->writer, err);
		(void)rejects_sync(&t->rejects, &sync);
	} else if (t->opened && (rejects_sync(&t->rejects, err) || writer_finish(&t->writer, err))) {
		failed = -1;
	}
	status = failed ? (err->status ? err->status : EXIT_FAILED) : t->look || t->rejects.n ? EXIT_LOOK : EXIT_DONE;
	if (failed)
		status = diag_fail(err);
	if (t->stats_fd >= 0 && write_stats(t, status, err))
		status = diag_fail(err);
	release(t);
	sig_finish();
	return status;
}

void tool_version(bool verbose)
{
	if (!verbose)
		return;
	fprintf(stdout, "scanner: %s\nsandbox: %s\n", scan_variant(), sandbox_describe());
	fflush(stdout);
}
