/* extract_open: a file opened; gzip and zstd are known by their first bytes and unpacked by a child. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/fileio.h"
#include "extract.h"

enum { CHUNK = 128 << 10, WINDOW_LOG = 23 };	/* zstd windows to 8 MiB, RFC 8878's recommendation */
enum { UNPACKED, DAMAGED = 1, TRUNCATED = 2, LOST = 3, NO_MEMORY = 4, BOMB = 5, WINDOW = 6 };
enum { MOST_FOLD = 2000, ALWAYS_TAKEN = 256 << 20 };	/* gzip makes at most 1032 times as much */

/* Of the child that unpacks. */
static unsigned char in[CHUNK], out[CHUNK];
static unsigned in_n;		/* bytes of in that were read before it started */
static uint64_t packed, unpacked;

static ssize_t take(int fd)
{
	ssize_t got = io_read(fd, in, CHUNK);

	packed += got > 0 ? (uint64_t)got : 0;
	return got;
}

static void put(int fd, size_t n)
{
	struct error err;

	unpacked += n;
	if (unpacked > ALWAYS_TAKEN && unpacked / MOST_FOLD > packed)
		_exit(BOMB);
	if (io_write(fd, out, n, "pipe", &err))
		_exit(LOST);
}

/* gzip members one after the other (RFC 1952). */
static int unpack_gzip(int from, int to)
{
	z_stream z = { .next_in = in, .avail_in = in_n };
	ssize_t got = 1;
	int rc = Z_OK;
	bool inside = true;

	if (inflateInit2(&z, 15 + 16) != Z_OK)
		return NO_MEMORY;
	for (;;) {
		if (z.avail_in == 0) {
			got = take(from);
			if (got < 0)
				return LOST;
			if (got == 0)
				return inside ? TRUNCATED : UNPACKED;
			z.next_in = in;
			z.avail_in = (unsigned)got;
		}
		if (!inside) {
			if (*z.next_in == 0) {	/* padding behind the last member */
				z.next_in++;
				z.avail_in--;
				continue;
			}
			inflateReset(&z);
			inside = true;
		}
		z.next_out = out;
		z.avail_out = CHUNK;
		rc = inflate(&z, Z_NO_FLUSH);
		if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
			return DAMAGED;
		put(to, CHUNK - z.avail_out);
		inside = rc != Z_STREAM_END;
	}
}

static int unpack_zstd(int from, int to)
{
	ZSTD_DCtx *z = ZSTD_createDCtx();
	ZSTD_inBuffer src = { in, in_n, 0 };
	ZSTD_outBuffer dst = { out, CHUNK, 0 };
	ssize_t got;
	size_t left = 0;

	if (!z || ZSTD_isError(ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, WINDOW_LOG)))
		return NO_MEMORY;
	for (;;) {
		if (src.pos == src.size && dst.pos < dst.size) {
			got = take(from);
			if (got <= 0)
				return got < 0 ? LOST : left ? TRUNCATED : UNPACKED;
			src.size = (size_t)got;
			src.pos = 0;
		}
		dst.pos = 0;
		left = ZSTD_decompressStream(z, &dst, &src);
		if (ZSTD_isError(left))
			return ZSTD_getErrorCode(left) == ZSTD_error_frameParameter_windowTooLarge ? WINDOW : DAMAGED;
		put(to, dst.pos);
	}
}

typedef int unpack_fn(int from, int to);

static const struct { const char *magic; unsigned n; unpack_fn *unpack; } packings[] = {
	{ "\x1f\x8b", 2, unpack_gzip }, { "\x28\xb5\x2f\xfd", 4, unpack_zstd },
};
enum { PACKINGS = sizeof packings / sizeof *packings };

/* Whether n bytes are the start of a packing's magic, or hold all of it. */
static bool may_be(int i, const char *head, unsigned n)
{
	return !memcmp(head, packings[i].magic, n < packings[i].n ? n : packings[i].n);
}

/* The first bytes of a file by pread; of a pipe they are read, as few as will do, and kept in head. */
static int look(struct input *input, const char *path, struct error *err)
{
	char first[sizeof input->head];
	ssize_t got = 1;
	bool maybe = true;
	int i;

	if (input->file) {
		got = pread(input->fd, first, sizeof first, 0);
		if (got < 0)
			return error_errno(err, EXIT_FAILED, "cannot read '%s'", path);
		for (i = 0; i < PACKINGS; i++)
			if ((unsigned)got >= packings[i].n && may_be(i, first, (unsigned)got))
				return i;
		return PACKINGS;
	}
	while (maybe && got > 0 && input->head_n < sizeof input->head) {
		got = io_read(input->fd, input->head + input->head_n, sizeof input->head - input->head_n);
		if (got < 0)
			return error_errno(err, EXIT_FAILED, "cannot read '%s'", path);
		input->head_n += (unsigned)got;
		for (maybe = false, i = 0; i < PACKINGS; i++) {
			if (input->head_n >= packings[i].n && may_be(i, input->head, input->head_n))
				return i;
			maybe |= may_be(i, input->head, input->head_n);
		}
	}
	return PACKINGS;
}

static _Noreturn void unpacking_child(const struct input *input, unpack_fn *unpack, int to)
{
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_IGN);	/* the parent decides when to stop, and its pipe tells */
	memcpy(in, input->head, input->head_n);
	packed = in_n = input->head_n;
	_exit(unpack(input->fd, to));
}

static int start_unpacking(struct input *input, unpack_fn *unpack, struct error *err)
{
	int pipes[2];

	if (pipe(pipes))
		return error_errno(err, EXIT_FAILED, "cannot make a pipe");
	(void)fcntl(pipes[0], F_SETFD, FD_CLOEXEC);
	io_pipe_enlarge(pipes[0]);
	input->child = fork();
	if (input->child == 0) {
		close(pipes[0]);
		unpacking_child(input, unpack, pipes[1]);
	}
	close(pipes[1]);
	if (input->child < 0) {
		close(pipes[0]);
		return error_errno(err, EXIT_AGAIN, "cannot start a process to unpack with");
	}
	input->fd = pipes[0];
	input->packed = true;
	input->head_n = 0;
	return 0;
}

static int check_input(struct input *input, const char *path, struct error *err)
{
	int packing;

	if (fstat(input->fd, &input->st))
		return error_errno(err, EXIT_FAILED, "cannot look at '%s'", path);
	if (S_ISDIR(input->st.st_mode)) {
		errno = EISDIR;
		return error_errno(err, EXIT_FAILED, "cannot read '%s'", path);
	}
	input->file = S_ISREG(input->st.st_mode);
	packing = look(input, path, err);
	if (packing < 0)
		return -1;
	return packing < PACKINGS ? start_unpacking(input, packings[packing].unpack, err) : 0;
}

int input_open(struct input *input, const char *path, struct error *err)
{
	*input = (struct input){ .fd = STDIN_FILENO, .child = -1 };
	if (strcmp(path, "-"))
		input->fd = io_open_read(path, err);
	input->raw = input->fd;
	if (input->fd < 0)
		return -1;
	if (!check_input(input, path, err))
		return 0;
	if (input->raw > STDIN_FILENO)
		close(input->raw);
	return -1;
}

ssize_t input_read(struct input *input, void *p, size_t n, const char *path, struct error *err)
{
	ssize_t got;

	if (input->head_n) {
		n = n < input->head_n ? n : input->head_n;
		memcpy(p, input->head, n);
		input->head_n -= (unsigned)n;
		memmove(input->head, input->head + n, input->head_n);
		return (ssize_t)n;
	}
	if (input->writer && (!input->file || input->packed) && !io_readable(input->fd) && writer_flush(input->writer, err))
		return -1;
	got = io_read(input->fd, p, n);
	return got < 0 ? error_errno(err, EXIT_FAILED, "cannot read '%s'", path) : got;
}

int input_skip(struct input *input, uint64_t n, const char *path, struct error *err)
{
	char buf[65536];
	ssize_t got = 1;

	if (input->file && !input->packed)
		return lseek(input->fd, (off_t)n, SEEK_SET) < 0 ? error_errno(err, EXIT_FAILED, "cannot seek in '%s'", path) : 0;
	for (; n && got > 0; n -= (uint64_t)got)
		got = input_read(input, buf, n < sizeof buf ? n : sizeof buf, path, err);
	if (got < 0)
		return -1;
	return n ? error_set(err, EXIT_FAILED, "'%s' is shorter than it was", path) : 0;
}

/* ---- what became of it */

uint64_t changed_at(const struct stat *st)
{
	return (uint64_t)st->st_mtim.tv_sec * 1000000000u + (uint64_t)st->st_mtim.tv_nsec;
}

int input_check(const struct input *input, const char *path, struct error *err)
{
	struct stat now, named;

	if (!input->file || fstat(input->raw, &now))
		return 0;
	if (now.st_size < input->st.st_size)
		return error_set(err, EXIT_FAILED, "'%s' shrank while it was read", path);
	if (now.st_nlink == 0 && stat(path, &named))
		return error_set(err, EXIT_FAILED, "'%s' vanished while it was read", path);
	if (now.st_size == input->st.st_size && changed_at(&now) != changed_at(&input->st))
		return error_set(err, EXIT_FAILED, "'%s' was written to while it was read", path);
	return 0;
}

int input_close(struct input *input, const char *path, struct error *err)
{
	static const char *const why[] = {
		[DAMAGED] = "the packed data is damaged", [TRUNCATED] = "the packed data is truncated", [LOST] = "it can't be read",
		[NO_MEMORY] = "out of memory", [BOMB] = "it unpacks to more than 2000 times its size",
		[WINDOW] = "it wants a window of more than 8 MiB (zstd --long)",
	};
	int status = 0;

	if (input->raw > STDIN_FILENO && input->raw != input->fd)
		close(input->raw);
	if (input->fd > STDIN_FILENO)
		close(input->fd);
	if (input->child <= 0)
		return 0;
	while (waitpid(input->child, &status, 0) < 0 && errno == EINTR)
		;
	input->child = -1;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE)
		return 0;	/* we stopped reading, and say why ourselves */
	if (WIFEXITED(status) && WEXITSTATUS(status) == UNPACKED)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) <= WINDOW)
		return error_set(err, EXIT_FAILED, "cannot unpack '%s': %s", path, why[WEXITSTATUS(status)]);
	return error_set(err, EXIT_FAILED, "cannot unpack '%s': the unpacking process died", path);
}
