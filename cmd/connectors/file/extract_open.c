/* extract_open: a file opened; gzip and zstd are known by their first bytes and unpacked by a child. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/fileio.h"
#include "extract.h"

enum { CHUNK = 128 << 10, WINDOW_LOG = 23 };	/* zstd windows to 8 MiB, RFC 8878's recommendation */
enum { UNPACKED, DAMAGED = 1, TRUNCATED = 2, LOST = 3, NO_MEMORY = 4 };

static unsigned char in[CHUNK], out[CHUNK];

static void put(int fd, size_t n)
{
	struct error err;

	if (io_write(fd, out, n, "pipe", &err))
		_exit(LOST);
}

/* gzip members one after the other (RFC 1952). */
static int unpack_gzip(int from, int to)
{
	z_stream z = { .next_in = in };
	ssize_t got = 1;
	int rc = Z_OK;
	bool inside = true;

	if (inflateInit2(&z, 15 + 16) != Z_OK)
		return NO_MEMORY;
	for (;;) {
		if (z.avail_in == 0) {
			got = io_read(from, in, CHUNK);
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
	ZSTD_inBuffer src = { in, 0, 0 };
	ZSTD_outBuffer dst = { out, CHUNK, 0 };
	ssize_t got;
	size_t left = 0;

	if (!z || ZSTD_isError(ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, WINDOW_LOG)))
		return NO_MEMORY;
	for (;;) {
		if (src.pos == src.size && dst.pos < dst.size) {
			got = io_read(from, in, CHUNK);
			if (got <= 0)
				return got < 0 ? LOST : left ? TRUNCATED : UNPACKED;
			src.size = (size_t)got;
			src.pos = 0;
		}
		dst.pos = 0;
		left = ZSTD_decompressStream(z, &dst, &src);
		if (ZSTD_isError(left))
			return DAMAGED;
		put(to, dst.pos);
	}
}

typedef int unpack_fn(int from, int to);

static unpack_fn *packing_of(int fd)
{
	unsigned char magic[4];

	if (pread(fd, magic, 4, 0) != 4)
		return NULL;
	if (magic[0] == 0x1f && magic[1] == 0x8b)
		return unpack_gzip;
	if (magic[0] == 0x28 && magic[1] == 0xb5 && magic[2] == 0x2f && magic[3] == 0xfd)
		return unpack_zstd;
	return NULL;
}

static int start_unpacking(struct input *input, unpack_fn *unpack, struct error *err)
{
	int pipes[2];

	if (pipe(pipes))
		return error_errno(err, EXIT_FAILED, "cannot make a pipe");
	io_pipe_enlarge(pipes[0]);
	input->child = fork();
	if (input->child == 0) {
		signal(SIGPIPE, SIG_DFL);
		close(pipes[0]);
		_exit(unpack(input->fd, pipes[1]));
	}
	close(pipes[1]);
	close(input->fd);
	input->fd = pipes[0];
	(void)fcntl(input->fd, F_SETFD, FD_CLOEXEC);
	if (input->child < 0)
		return error_errno(err, EXIT_AGAIN, "cannot start a process to unpack with");
	input->packed = true;
	return 0;
}

int input_open(struct input *input, const char *path, struct error *err)
{
	unpack_fn *unpack;

	*input = (struct input){ .fd = STDIN_FILENO, .child = -1 };
	if (strcmp(path, "-"))
		input->fd = io_open_read(path, err);
	if (input->fd < 0)
		return -1;
	if (fstat(input->fd, &input->st))
		return error_errno(err, EXIT_FAILED, "cannot look at '%s'", path);
	if (S_ISDIR(input->st.st_mode)) {
		errno = EISDIR;
		return error_errno(err, EXIT_FAILED, "cannot read '%s'", path);
	}
	input->file = S_ISREG(input->st.st_mode);
	unpack = input->file ? packing_of(input->fd) : NULL;
	return unpack ? start_unpacking(input, unpack, err) : 0;
}

int input_close(struct input *input, const char *path, struct error *err)
{
	static const char *const why[] = {
		[DAMAGED] = "the packed data is damaged", [TRUNCATED] = "the packed data is truncated", [LOST] = "it can't be read",
		[NO_MEMORY] = "out of memory",
	};
	int status = 0;

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
	if (WIFEXITED(status) && WEXITSTATUS(status) <= NO_MEMORY)
		return error_set(err, EXIT_FAILED, "cannot unpack '%s': %s", path, why[WEXITSTATUS(status)]);
	return error_set(err, EXIT_FAILED, "cannot unpack '%s': the unpacking process died", path);
}
