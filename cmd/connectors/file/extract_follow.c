/* extract_follow: waits for files to grow and for new ones in folders: by inotify, elsewhere by looking. */
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/inotify.h>
#endif

#include "base/sig.h"
#include "base/xalloc.h"
#include "extract.h"

enum { LOOK_MS = 250 };	/* also with inotify: what a network file system does isn't told */

/* A descriptor that becomes readable when something happened, or -1. */
static int watch(const struct extract *x)
{
#ifdef __linux__
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	size_t i;

	for (i = 0; fd >= 0 && i < x->sources.n; i++)
		inotify_add_watch(fd, x->sources.v[i].path, IN_MODIFY | IN_MOVE_SELF | IN_DELETE_SELF | IN_ATTRIB);
	for (i = 0; fd >= 0 && i < x->sources.folders.n; i++)
		inotify_add_watch(fd, x->sources.folders.v[i], IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE);
	return fd;
#else
	(void)x;
	return -1;
#endif
}

static void wait_for_news(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };
	char events[4096];

	if (poll(&p, fd >= 0, LOOK_MS) > 0)
		while (read(fd, events, sizeof events) > 0)
			;
}

/* Whether there may be more to read: it grew, shrank or is another file. One that is gone for now is waited for. */
static bool changed(const struct source *s)
{
	struct stat st;

	if (stat(s->path, &st))
		return false;
	return (uint64_t)st.st_size != s->offset || st.st_ino != s->ino || st.st_dev != s->dev;
}

int follow(struct extract *x, int (*one)(struct extract *x, struct source *s, struct error *err), struct error *err)
{
	uint64_t *size = xcalloc(x->sources.n + 1, sizeof *size);
	int fd = watch(x), added, failed = 0;
	size_t i, known = x->sources.n;
	struct stat st;

	sig_defer();
	while (!failed && !sig_stopping()) {
		if (writer_flush(&x->tool->writer, err)) {
			failed = -1;
			break;
		}
		wait_for_news(fd);
		added = list_new(x, err);
		if (added > 0) {
			close(fd);
			fd = watch(x);
			size = xreallocarray(size, x->sources.n + 1, sizeof *size);
			for (; known < x->sources.n; known++)
				size[known] = 0;
		}
		failed = added < 0 ? -1 : 0;
		for (i = 0; i < x->sources.n && !failed && !sig_stopping(); i++) {
			/* an unfinished last line is looked at again only when the file has grown */
			if (!changed(&x->sources.v[i]) || stat(x->sources.v[i].path, &st) || (size[i] == (uint64_t)st.st_size &&
			    st.st_ino == x->sources.v[i].ino))
				continue;
			size[i] = (uint64_t)st.st_size;
			failed = one(x, &x->sources.v[i], err);
		}
	}
	if (fd >= 0)
		close(fd);
	free(size);
	return failed;
}
