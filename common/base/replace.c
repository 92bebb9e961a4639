/* replace: files replaced by write, fsync, rename and fsync of the folder. */
#include "base/fileio.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sig.h"
#include "base/xalloc.h"

/* The folder of a path, "." if it has none; the caller frees it. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return xstrdup(".");
	return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int io_sync_folder(const char *path, struct error *err)
{
	char *folder = folder_of(path);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), failed;

	if (fd < 0)
		failed = error_errno(err, EXIT_FAILED, "cannot open the folder '%s'", folder);
	else
		failed = io_sync(fd, folder, err);
	if (fd >= 0)
		close(fd);
	free(folder);
	return failed;
}

/* Follows symbolic links by hand as far as there is something, so that a dangling link's target is made. */
static char *resolve(const char *path, struct error *err)
{
	char *at = xstrdup(path), *folder, *next;
	char link[4096];
	struct buf joined = BUF_INIT;
	ssize_t n;
	int hops;

	for (hops = 0; hops < 40; hops++) {
		n = readlink(at, link, sizeof link - 1);
		if (n < 0)
			return at;	/* not a link, or nothing there */
		link[n] = '\0';
		if (link[0] != '/') {
			folder = folder_of(at);
			buf_addf(&joined, "%s/%s", folder, link);
			free(folder);
			next = buf_take(&joined);
		} else {
			next = xstrdup(link);
		}
		free(at);
		at = next;
	}
	error_set(err, EXIT_FAILED, "cannot open '%s': too many levels of symbolic links", path);
	free(at);
	return NULL;
}

/* ".NAME." and at least six characters and ".tmp" */
static bool is_leftover(const char *entry, const char *base)
{
	size_t n = strlen(base), len = strlen(entry);

	return len == n + 12 && entry[0] == '.' && !strncmp(entry + 1, base, n) && entry[n + 1] == '.' &&
	       !strcmp(entry + n + 8, ".tmp");
}

/* Removes what killed runs left behind for this target: temporaries that nobody holds locked. */
static void sweep(const char *folder, const char *base)
{
	DIR *dir = opendir(folder);
	struct dirent *e;
	int fd;

	if (!dir)
		return;
	while ((e = readdir(dir))) {
		if (!is_leftover(e->d_name, base))
			continue;
		fd = openat(dirfd(dir), e->d_name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0)
			continue;
		if (!flock(fd, LOCK_EX | LOCK_NB))
			unlinkat(dirfd(dir), e->d_name, 0);
		close(fd);
	}
	closedir(dir);
}

/* Gives the temporary the mode and, where allowed, the owner that the target has or would get. */
static void take_mode(int fd, const char *target)
{
	struct stat st;
	mode_t mask;

	if (!stat(target, &st)) {
		if (fchown(fd, st.st_uid, st.st_gid) && errno != EPERM)
			return;
		(void)fchmod(fd, st.st_mode & 07777);
		return;
	}
	mask = umask(0);
	umask(mask);
	(void)fchmod(fd, 0666 & ~mask);
}

static bool is_replaceable(const char *target, struct error *err)
{
	struct stat st;

	if (stat(target, &st) || S_ISREG(st.st_mode))
		return true;
	error_set(err, EXIT_FAILED, "cannot replace '%s': it is no regular file", target);
	return false;
}

int replace_open(struct replacement *r, const char *path, struct error *err)
{
	struct buf temp = BUF_INIT;
	char *folder;

	*r = (struct replacement)REPLACEMENT_INIT;
	r->target = resolve(path, err);
	if (!r->target || !is_replaceable(r->target, err)) {
		replace_abort(r);
		return -1;
	}
	folder = folder_of(r->target);
	sweep(folder, base_of(r->target));
	buf_addf(&temp, "%s/.%s.XXXXXX.tmp", folder, base_of(r->target));
	free(folder);
	r->temp = buf_take(&temp);
	r->fd = mkstemps(r->temp, 4);
	if (r->fd < 0) {
		error_errno(err, EXIT_FAILED, "cannot write beside '%s'", path);
		free(r->temp);
		r->temp = NULL;
		replace_abort(r);
		return -1;
	}
	(void)fcntl(r->fd, F_SETFD, FD_CLOEXEC);
	(void)flock(r->fd, LOCK_EX | LOCK_NB);
	sig_temporary(r->temp);
	take_mode(r->fd, r->target);
	return 0;
}

int replace_commit(struct replacement *r, struct error *err)
{
	int failed = io_sync(r->fd, r->target, err);

	if (!failed && rename(r->temp, r->target))
		failed = error_errno(err, EXIT_FAILED, "cannot replace '%s'", r->target);
	if (failed) {
		replace_abort(r);
		return -1;
	}
	sig_forget(r->temp);
	failed = io_close(r->fd, r->target, err);
	r->fd = -1;
	if (!failed)
		failed = io_sync_folder(r->target, err);
	free(r->temp);
	r->temp = NULL;
	replace_abort(r);
	return failed;
}

void replace_abort(struct replacement *r)
{
	if (r->temp) {
		unlink(r->temp);
		sig_forget(r->temp);
	}
	if (r->fd >= 0)
		close(r->fd);
	free(r->temp);
	free(r->target);
	*r = (struct replacement)REPLACEMENT_INIT;
}

int replace_file(const char *path, struct span content, struct error *err)
{
	struct replacement r;

	if (replace_open(&r, path, err))
		return -1;
	if (io_write(r.fd, content.p, content.n, path, err)) {
		replace_abort(&r);
		return -1;
	}
	return replace_commit(&r, err);
}
