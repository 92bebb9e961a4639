/* exec: finds connectors and runs them. */
#include "endpoint/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fileio.h"
#include "base/xalloc.h"

/* The folder that the running program stands in, without a slash at its end; "" if that can't be known. */
static char *own_folder(void)
{
	char path[4096], *slash;
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);

#ifdef __FreeBSD__
	if (n < 0)
		n = readlink("/proc/curproc/file", path, sizeof path - 1);
#endif
	if (n <= 0)
		return xstrdup("");
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (slash)
		*slash = '\0';
	return xstrdup(slash ? path : "");
}

static bool is_program(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

/* Puts folder/name into out and says whether a program stands there. */
static bool try_folder(struct buf *out, const char *folder, size_t n, const char *name)
{
	buf_reset(out);
	buf_addf(out, "%.*s/%s", (int)n, folder, name);
	return is_program(buf_str(out));
}

static bool try_path(struct buf *out, const char *name)
{
	const char *path = getenv("PATH"), *end;

	for (; path && *path; path = *end ? end + 1 : end) {
		end = path + strcspn(path, ":");
		if (path[0] == '/' && try_folder(out, path, (size_t)(end - path), name))
			return true;
	}
	return false;
}

/* Where a program of ours stands: beside this one, in the libexec folders, then on PATH. */
static bool find_program(struct buf *out, const char *name)
{
	static const char *const places[] = { "", "/../libexec/sync", "/../../bin" };
	char *own = own_folder();
	struct buf folder = BUF_INIT;
	bool found = false;
	size_t i;

	for (i = 0; *own && !found && i < sizeof places / sizeof *places; i++) {
		buf_reset(&folder);
		buf_addf(&folder, "%s%s", own, places[i]);
		found = try_folder(out, folder.p, folder.n, name);
	}
	if (!found)
		found = try_folder(out, SYNC_LIBEXEC, strlen(SYNC_LIBEXEC), name) || try_path(out, name);
	buf_release(&folder);
	free(own);
	return found;
}

/* What to install for a scheme of ours that this build lacks. */
static const char *package_of(const char *scheme)
{
	static const struct { const char *scheme, *package; } known[] = {
		{ "sqlite", "libsqlite3-dev" }, { "postgresql", "libpq-dev" }, { "mongodb", "libmongoc-dev" }, { "redis", "libhiredis-dev and libssl-dev" },
	};
	size_t i;

	for (i = 0; i < sizeof known / sizeof *known; i++)
		if (!strcmp(known[i].scheme, scheme))
			return known[i].package;
	return NULL;
}

int connector_exec(const char *kind, const char *scheme, char **argv, struct error *err)
{
	const char *package = package_of(scheme);
	struct buf name = BUF_INIT, path = BUF_INIT;

	buf_addf(&name, "%s-%s", kind, scheme);
	if (find_program(&path, buf_str(&name))) {
		/* libmongoc reads this before main: else a file of its counters stays in shared memory where the process is killed */
		if (!strcmp(scheme, "mongodb"))
			(void)setenv("MONGOC_DISABLE_SHM", "1", 0);
		argv[0] = name.p;
		execv(path.p, argv);
		error_errno(err, EXIT_FAILED, "cannot run '%s'", path.p);
	} else if (package) {
		error_set(err, EXIT_USAGE, "there is no connector '%s' here: install %s and build again", name.p, package);
	} else {
		error_set(err, EXIT_USAGE, "there is no connector '%s' here; a program of that name on PATH would be one", name.p);
	}
	buf_release(&name);
	buf_release(&path);
	return -1;
}

/* ---- reading an operand */

static _Noreturn void child(const char *path, char **argv, int out)
{
	if (out != STDOUT_FILENO) {
		dup2(out, STDOUT_FILENO);
		close(out);
	}
	execv(path, argv);
	_exit(127);
}

static char **build_argv(const char *operand, const char *const *options)
{
	static char program[] = "sync-extract", dashes[] = "--";
	size_t n = 0, i;
	char **argv;

	while (options && options[n])
		n++;
	argv = xcalloc(n + 4, sizeof *argv);
	argv[0] = program;
	for (i = 0; i < n; i++)
		argv[1 + i] = xstrdup(options[i]);
	argv[1 + n] = dashes;
	argv[2 + n] = xstrdup(operand);
	return argv;
}

static void free_argv(char **argv)
{
	size_t i;

	for (i = 1; argv[i]; i++)
		if (strcmp(argv[i], "--"))
			free(argv[i]);
	free(argv);
}

int extraction_start(struct extraction *x, const char *operand, const char *const *options, struct error *err)
{
	struct buf path = BUF_INIT;
	int pipes[2], failed = 0;
	char **argv;

	*x = (struct extraction){ -1, -1, operand };
	if (!find_program(&path, "sync-extract")) {
		buf_release(&path);
		return error_set(err, EXIT_USAGE, "cannot find sync-extract to read '%s'", operand);
	}
	argv = build_argv(operand, options);
	if (pipe(pipes)) {
		failed = error_errno(err, EXIT_FAILED, "cannot make a pipe");
	} else {
		(void)fcntl(pipes[0], F_SETFD, FD_CLOEXEC);
		x->pid = fork();
		if (x->pid == 0) {
			close(pipes[0]);
			child(path.p, argv, pipes[1]);
		}
		close(pipes[1]);
		x->fd = pipes[0];
		if (x->pid < 0)
			failed = error_errno(err, EXIT_AGAIN, "cannot start sync-extract for '%s'", operand);
		io_pipe_enlarge(x->fd);
	}
	free_argv(argv);
	buf_release(&path);
	return failed;
}

int extraction_end(struct extraction *x, struct error *err)
{
	int status = 0;
	pid_t got;

	if (x->fd >= 0)
		close(x->fd);
	x->fd = -1;
	if (x->pid <= 0)
		return 0;
	do
		got = waitpid(x->pid, &status, 0);
	while (got < 0 && errno == EINTR);
	x->pid = -1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFSIGNALED(status))
		return error_set(err, EXIT_FAILED, "sync-extract of '%s' was ended by signal %d", x->name, WTERMSIG(status));
	return error_set(err, WEXITSTATUS(status) == EXIT_AGAIN ? EXIT_AGAIN : EXIT_FAILED, "sync-extract of '%s' failed with status %d",
			 x->name, WEXITSTATUS(status));
}
