/* fileio: descriptors: whole writes and reads, with their errors said. */
#include "base/fileio.h"

#ifdef __linux__
#define SYNC_PIPE_SIZE 1031	/* F_SETPIPE_SZ, which <fcntl.h> hides from POSIX programs */
#endif

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

ssize_t io_read(int fd, void *p, size_t n)
{
	ssize_t got;

	do
		got = read(fd, p, n);
	while (got < 0 && errno == EINTR);
	return got;
}

ssize_t io_read_full(int fd, void *p, size_t n)
{
	size_t have = 0;
	ssize_t got;

	while (have < n) {
		got = io_read(fd, (char *)p + have, n - have);
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		have += (size_t)got;
	}
	return (ssize_t)have;
}

/* Waits until a non-blocking descriptor takes more. */
static void wait_writable(int fd)
{
	struct pollfd p = { fd, POLLOUT, 0 };

	poll(&p, 1, -1);
}

/* What became of a write of n bytes: those written, 0 to try again, or -1. */
static ssize_t written(int fd, ssize_t put, const char *name, struct error *err)
{
	if (put >= 0)
		return put;
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		wait_writable(fd);
	else if (errno != EINTR)
		return error_errno(err, EXIT_FAILED, "cannot write to '%s'", name);
	return 0;
}

int io_write(int fd, const void *data, size_t n, const char *name, struct error *err)
{
	const char *p = data;
	ssize_t put;

	while (n > 0) {
		put = written(fd, write(fd, p, n), name, err);
		if (put < 0)
			return -1;
		p += put;
		n -= (size_t)put;
	}
	return 0;
}

int io_write_two(int fd, struct span a, struct span b, const char *name, struct error *err)
{
	struct iovec two[2];
	ssize_t put;

	while (a.n > 0 && b.n > 0) {
		two[0] = (struct iovec){ (void *)(uintptr_t)a.p, a.n };
		two[1] = (struct iovec){ (void *)(uintptr_t)b.p, b.n };
		put = written(fd, writev(fd, two, 2), name, err);
		if (put < 0)
			return -1;
		if ((size_t)put >= a.n) {
			b.p += (size_t)put - a.n;
			b.n -= (size_t)put - a.n;
			a.n = 0;
		} else {
			a.p += put;
			a.n -= (size_t)put;
		}
	}
	return io_write(fd, a.p, a.n, name, err) || io_write(fd, b.p, b.n, name, err) ? -1 : 0;
}

int io_open_read(const char *path, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, EXIT_FAILED, "cannot open '%s'", path);
	return fd;
}

int io_slurp_fd(int fd, const char *name, size_t limit, struct buf *out, struct error *err)
{
	size_t start = out->n;
	ssize_t got;

	for (;;) {
		if (buf_try_reserve(out, 65536))
			return error_set(err, EXIT_FAILED, "'%s' is too large for memory", name);
		got = io_read(fd, out->p + out->n, 65536);
		if (got < 0)
			return error_errno(err, EXIT_FAILED, "cannot read '%s'", name);
		if (got == 0)
			return 0;
		out->n += (size_t)got;
		if (out->n - start > limit)
			return error_set(err, EXIT_FAILED, "'%s' is larger than %zu bytes", name, limit);
	}
}

int io_slurp(const char *path, size_t limit, struct buf *out, struct error *err)
{
	int fd, failed;

	if (!strcmp(path, "-"))
		return io_slurp_fd(STDIN_FILENO, "standard input", limit, out, err);
	fd = io_open_read(path, err);
	if (fd < 0)
		return -1;
	failed = io_slurp_fd(fd, path, limit, out, err);
	close(fd);
	return failed;
}

int io_close(int fd, const char *name, struct error *err)
{
	if (close(fd) && errno != EINTR)
		return error_errno(err, EXIT_FAILED, "cannot close '%s'", name);
	return 0;
}

int io_sync(int fd, const char *name, struct error *err)
{
	int failed;

	do
		failed = fsync(fd);
	while (failed && errno == EINTR);
	if (failed && errno != EINVAL && errno != ENOTSUP && errno != EROFS)
		return error_errno(err, EXIT_FAILED, "cannot sync '%s'", name);
	return 0;
}

bool io_is_regular(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode);
}

int io_readable(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };

	return poll(&p, 1, 0) != 0;
}

void io_pipe_enlarge(int fd)
{
#ifdef SYNC_PIPE_SIZE
	struct stat st;

	if (!fstat(fd, &st) && S_ISFIFO(st.st_mode))
		(void)fcntl(fd, SYNC_PIPE_SIZE, 1 << 20);
#else
	(void)fd;
#endif
}
