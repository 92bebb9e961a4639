/* spill: the nameless file. */
#define _GNU_SOURCE
#include "set/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"

/* Made, 0600, and unlinked at once; for systems and file systems without O_TMPFILE. */
static int open_unlinked(const char *folder)
{
	size_t n = strlen(folder) + sizeof "/sync-spill.XXXXXX";
	char *path = xmalloc(n);
	int fd, why;

	snprintf(path, n, "%s/sync-spill.XXXXXX", folder);
	fd = mkstemp(path);
	why = errno;
	if (fd >= 0) {
		unlink(path);
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	}
	free(path);
	errno = why;
	return fd;
}

static int open_nameless(const char *folder)
{
	int fd = -1;

#ifdef O_TMPFILE
	fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOENT))
		return fd;
#endif
	return open_unlinked(folder);
}

int spill_open(struct spill *s, struct error *err)
{
	const char *folder = getenv("TMPDIR");

	if (!folder || !*folder)
		folder = "/var/tmp";
	s->size = 0;
	s->folder = xstrdup(folder);
	s->fd = open_nameless(folder);
	if (s->fd < 0)
		return error_errno(err, EXIT_FAILED, "cannot make a temporary file in '%s'", error_show(span_of(folder)));
	return 0;
}

int spill_write(struct spill *s, const void *p, size_t n, uint64_t *at, struct error *err)
{
	const char *from = p;
	uint64_t to = s->size;
	ssize_t done;

	*at = to;
	for (; n; n -= (size_t)done, from += done, to += (uint64_t)done) {
		done = pwrite(s->fd, from, n, (off_t)to);
		if (done < 0 && errno == EINTR)
			done = 0;
		else if (done < 0)
			return error_errno(err, EXIT_FAILED, "cannot write to the temporary file in '%s'", error_show(span_of(s->folder)));
	}
	s->size = to;
	return 0;
}

int spill_read(const struct spill *s, uint64_t at, void *p, size_t n, struct error *err)
{
	char *to = p;
	ssize_t done;

	for (; n; n -= (size_t)done, to += done, at += (uint64_t)done) {
		done = pread(s->fd, to, n, (off_t)at);
		if (done < 0 && errno == EINTR)
			done = 0;
		else if (done < 0)
			return error_errno(err, EXIT_FAILED, "cannot read the temporary file in '%s'", error_show(span_of(s->folder)));
		else if (done == 0)
			return error_set(err, EXIT_FAILED, "the temporary file in '%s' has lost its end", error_show(span_of(s->folder)));
	}
	return 0;
}

void spill_close(struct spill *s)
{
	if (s->fd >= 0)
		close(s->fd);
	free(s->folder);
	*s = (struct spill)SPILL_INIT;
}
