/*
 * fileio: descriptors and files: whole writes, whole reads, and files replaced so that no reader ever sees half of one.
 */
#ifndef SYNC_BASE_FILEIO_H
#define SYNC_BASE_FILEIO_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"

/* read() again after EINTR. -1 with errno. */
ssize_t io_read(int fd, void *p, size_t n);
/* Reads until n bytes or the end. -1 with errno. */
ssize_t io_read_full(int fd, void *p, size_t n);
/* Writes all; -1 and err naming `name`. */
int io_write(int fd, const void *p, size_t n, const char *name, struct error *err);
/* The same of two pieces, in one write where the system takes them at once. */
int io_write_two(int fd, struct span a, struct span b, const char *name, struct error *err);
/* Opens with O_CLOEXEC; -1 and "cannot open 'path': why". */
int io_open_read(const char *path, struct error *err);
/* Reads a whole file of at most limit bytes into out (appended). "-" is standard input. */
int io_slurp(const char *path, size_t limit, struct buf *out, struct error *err);
/* The same of an open descriptor, from where it stands. */
int io_slurp_fd(int fd, const char *name, size_t limit, struct buf *out, struct error *err);
/* close() with its error said. */
int io_close(int fd, const char *name, struct error *err);
/* fsync of a file; what can't be synced (a pipe, a terminal) is no error. */
int io_sync(int fd, const char *name, struct error *err);
/* fsync of the folder that path is in. */
int io_sync_folder(const char *path, struct error *err);
bool io_is_regular(int fd);
/* 1 if a read would not block now (data or end), 0 if it would. */
int io_readable(int fd);
/* Enlarges a pipe to about a MiB where the system allows; nothing otherwise. */
void io_pipe_enlarge(int fd);

/*
 * A file replaced as a whole: written beside its target (same folder, so that rename works), with the old one's
 * mode where there is one; symbolic links are followed, so the link stays. The temporary file is removed by
 * replace_abort and when a signal ends the program; after kill -9 it stays as ".NAME.XXXXXX.tmp" and is removed by the
 * next replace_open of the same target when no process holds its lock.
 */
struct replacement {
	char *target;	/* owned: the path after links were followed */
	char *temp;	/* owned */
	int fd;		/* open for reading and writing; -1 once committed or aborted */
};
#define REPLACEMENT_INIT { NULL, NULL, -1 }
int replace_open(struct replacement *r, const char *path, struct error *err);
/* fsync, rename, fsync of the folder. -1: the old file is as it was (or, if only the folder's sync failed, the new one). */
int replace_commit(struct replacement *r, struct error *err);
void replace_abort(struct replacement *r);
/* Both in one, for small contents. */
int replace_file(const char *path, struct span content, struct error *err);

#endif
