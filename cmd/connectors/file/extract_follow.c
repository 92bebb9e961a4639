/* extract_follow: waits for files to grow and for new ones in folders: by inotify, elsewhere by looking. */
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/inotify.h>
#endif

#include "base/sig.h"
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

/* Whether there may be more to read. A file that is gone for now is waited for. */
static bool changed(const struct source *s)
{
	struct stat st;

	return !stat(s->path, &st) && (!s->pos.known || (uint64_t)st.st_ino != s->pos.ino || (uint64_t)st.st_size != s->looked ||
				       changed_at(&st) != s->looked_at);
}

static int look(struct extract *x, struct error *err)
{
	size_t i;

	for (i = 0; i < x->sources.n && !sig_stopping(); i++)
		if (changed(&x->sources.v[i]) && extract_source(x, &x->sources.v[i], err))
			return -1;
	return 0;
}

int follow(struct extract *x, struct error *err)
{
	int fd = watch(x), added, failed = 0;

	while (!failed && !sig_stopping()) {
		failed = look(x, err) || checkpoint_streams(x, false, err) || writer_flush(&x->tool->writer, err);
		if (failed || sig_stopping())
			break;
		wait_for_news(fd);
		added = list_new(x, err);
		failed = added < 0 || (added > 0 && take_over(x, err));
		if (added > 0) {
			if (fd >= 0)
				close(fd);
			fd = watch(x);
		}
	}
	if (fd >= 0)
		close(fd);
	return failed ? -1 : 0;
}
