/* outputs: replaced by a helper process that is still allowed to. */
#include "outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/xalloc.h"

/* The folder of a path, as the system knows it. */
static int stat_folder(const char *path, struct stat *st)
{
	char *copy = xstrdup(path);
	int failed = stat(dirname(copy), st);

	free(copy);
	return failed;
}

static const char *last_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Of two outputs in one file the second would replace the first. */
static bool same_place(const char *a, const char *b)
{
	struct stat x, y;

	return !strcmp(last_name(a), last_name(b)) && !stat_folder(a, &x) && !stat_folder(b, &y) && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

static int check_place(const struct outputs *o, const char *path, const char *target, struct error *err)
{
	size_t i;

	for (i = 0; i < o->n; i++)
		if (o->v[i].replacement.target && same_place(o->v[i].replacement.target, target))
			return error_set(err, EXIT_USAGE, "'%s' is the same file as '%s': each output needs one of its own",
					 error_show(span_of(path)), error_show(span_of(o->v[i].path)));
	return 0;
}

int outputs_add(struct outputs *o, const char *path, struct error *err)
{
	struct output out = { NULL, -1, REPLACEMENT_INIT };
	struct stat st;

	if (!stat(path, &st) && !S_ISREG(st.st_mode)) {
		out.fd = open(path, O_WRONLY | O_CLOEXEC);
		if (out.fd < 0)
			return error_errno(err, EXIT_FAILED, "cannot open '%s'", error_show(span_of(path)));
	} else if (replace_open(&out.replacement, path, err)) {
		return -1;
	} else if (check_place(o, path, out.replacement.target, err)) {
		replace_abort(&out.replacement);
		return -1;
	} else {
		out.fd = out.replacement.fd;
	}
	out.path = xstrdup(path);
	XGROW(o->v, o->n, o->cap);
	o->v[o->n++] = out;
	return (int)o->n - 1;
}

int outputs_spare(const struct outputs *o, const char *path, struct error *err)
{
	struct stat of, st;
	size_t i;

	if (stat(path, &of))
		return 0;
	for (i = 0; i < o->n; i++)
		if (o->v[i].replacement.target && !stat(o->v[i].replacement.target, &st) && st.st_dev == of.st_dev && st.st_ino == of.st_ino)
			return error_set(err, EXIT_USAGE, "'%s' would replace the operand '%s': write it elsewhere", error_show(span_of(o->v[i].path)),
					 error_show(span_of(path)));
	return 0;
}

/* ---- the helper */

/* The answer: its status, then its text. */
static void say(int to, const struct error *err)
{
	struct error ignored = ERROR_INIT;
	unsigned char status = (unsigned char)err->status;

	if (!io_write(to, &status, 1, "pipe", &ignored))
		(void)io_write(to, err->text, strlen(err->text), "pipe", &ignored);
}

static int commit_all(struct outputs *o, struct error *err)
{
	size_t i;

	for (i = 0; i < o->n; i++)
		if (o->v[i].replacement.fd >= 0 && replace_commit(&o->v[i].replacement, err))
			return -1;
	return 0;
}

static void abort_all(struct outputs *o)
{
	size_t i;

	for (i = 0; i < o->n; i++)
		if (o->v[i].replacement.fd >= 0)
			replace_abort(&o->v[i].replacement);
}

/* Nothing of the program's own is held open here but the files. */
static _Noreturn void help(struct outputs *o, int order, int answer)
{
	struct error err = ERROR_INIT;
	int null = open("/dev/null", O_RDWR), fd;
	char word;

	for (fd = 0; null >= 0 && fd < 2; fd++)
		dup2(null, fd);
	if (io_read(order, &word, 1) == 1 && !commit_all(o, &err))
		err.status = 0;
	abort_all(o);
	say(answer, &err);
	_exit(0);
}

int outputs_start(struct outputs *o, struct error *err)
{
	int down[2], up[2];
	size_t i, files = 0;

	for (i = 0; i < o->n; i++)
		files += o->v[i].replacement.fd >= 0;
	if (!files)
		return 0;
	if (pipe(down) || pipe(up))
		return error_errno(err, EXIT_FAILED, "cannot make a pipe");
	o->helper = fork();
	if (o->helper == 0) {
		close(down[1]);
		close(up[0]);
		help(o, down[0], up[1]);
	}
	close(down[0]);
	close(up[1]);
	o->order = down[1];
	o->answer = up[0];
	(void)fcntl(o->order, F_SETFD, FD_CLOEXEC);
	(void)fcntl(o->answer, F_SETFD, FD_CLOEXEC);
	return o->helper < 0 ? error_errno(err, EXIT_AGAIN, "cannot start a process") : 0;
}

/* ---- the program */

static int answer(struct outputs *o, struct error *err)
{
	char text[ERROR_TEXT];
	ssize_t n = io_read_full(o->answer, text, sizeof text - 1);

	if (n < 1)
		return error_set(err, EXIT_FAILED, "the process that replaces files has ended");
	text[n] = '\0';
	return text[0] ? error_set(err, text[0], "%s", text + 1) : 0;
}

int outputs_commit(struct outputs *o, struct error *err)
{
	size_t i;

	for (i = 0; i < o->n; i++)
		if (o->v[i].replacement.fd < 0 && io_close(o->v[i].fd, o->v[i].path, err))
			return -1;
		else if (o->v[i].replacement.fd < 0)
			o->v[i].fd = -1;
	if (o->helper < 0)
		return 0;
	return io_write(o->order, "c", 1, "pipe", err) ? -1 : answer(o, err);
}

void outputs_release(struct outputs *o)
{
	size_t i;

	if (o->order >= 0)
		close(o->order);
	if (o->answer >= 0)
		close(o->answer);
	while (o->helper > 0 && waitpid(o->helper, NULL, 0) < 0 && errno == EINTR)
		;
	for (i = 0; i < o->n; i++) {
		if (o->v[i].replacement.fd >= 0 && o->helper <= 0)
			replace_abort(&o->v[i].replacement);
		else if (o->v[i].fd >= 0)
			close(o->v[i].fd);
		if (o->helper > 0) {
			free(o->v[i].replacement.temp);
			free(o->v[i].replacement.target);
		}
		free(o->v[i].path);
	}
	free(o->v);
	*o = (struct outputs)OUTPUTS_INIT;
}
