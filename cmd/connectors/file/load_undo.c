/*
 * load_undo: an upsert and its state.
 *
 * The file is replaced first, then the state is stored. A run that was killed in between is run again with the same changes,
 * which mostly makes the same of it, but not always: a key that has moved away may move once more. So the old file is kept
 * under another name (".NAME.before", a link) until the state is stored; a journal (".NAME.upsert") says by which state,
 * and what the new file is. The next upsert puts the old file back if that state hasn't moved on.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/xalloc.h"
#include "load.h"

struct undo {
	char *path, *before, *journal;	/* owned */
	int fd;				/* the journal, locked; -1 */
};

static struct undo *undo_new(const char *path)
{
	char *real = realpath(path, NULL);
	struct undo *u;

	if (!real)
		return NULL;
	u = xcalloc(1, sizeof *u);
	u->path = real;
	u->before = journal_name(real, ".before");
	u->journal = journal_name(real, ".upsert");
	u->fd = -1;
	return u;
}

static void undo_free(struct undo *u)
{
	if (u->fd >= 0)
		close(u->fd);
	free(u->path);
	free(u->before);
	free(u->journal);
	free(u);
}

static uint64_t changed_at(const struct stat *st)
{
	return (uint64_t)st->st_mtim.tv_sec * 1000000000 + (uint64_t)st->st_mtim.tv_nsec;
}

/* Is the file still the one that the journal's run has made? */
static bool is_made(const struct undo *u, const struct journal *j)
{
	struct stat st;

	return !stat(u->path, &st) && (uint64_t)st.st_ino == j->inode && (uint64_t)st.st_size == j->start &&
		changed_at(&st) == j->changed;
}

static int put_back(const struct undo *u, const struct journal *j, const struct load *l, struct error *err)
{
	int final = is_made(u, j) ? journal_final(j, u->path, l, err) : 1;

	if (final == -2)
		return -1;
	if (final || access(u->before, F_OK))
		return 0;
	diag_note("'%s': what a run that didn't end has changed is undone", u->path);
	if (rename(u->before, u->path))
		return error_errno(err, EXIT_FAILED, "cannot put '%s' back", u->before);
	return io_sync_folder(u->path, err);
}

static int settle(struct undo *u, const struct load *l, struct error *err)
{
	struct journal j;
	int got;

	u->fd = open(u->journal, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (u->fd < 0)
		return errno == ENOENT ? 0 : error_errno(err, EXIT_FAILED, "cannot open '%s'", u->journal);
	if (flock(u->fd, LOCK_EX | LOCK_NB))
		return error_set(err, EXIT_AGAIN, "another run is writing to '%s'", u->path);
	got = journal_read(u->fd, &j, u->journal, err);
	if (got > 0 && put_back(u, &j, l, err))
		got = -1;
	journal_release(&j);
	if (got < 0)
		return -1;
	return journal_remove(u->before, err) || journal_remove(u->journal, err) ? -1 : 0;
}

int undo_settle(const char *path, const struct load *l, struct error *err)
{
	struct undo *u = undo_new(path);
	int failed = u ? settle(u, l, err) : 0;

	if (u)
		undo_free(u);
	return failed;
}

static int write_journal(struct undo *u, const struct load *l, const struct out *o, struct error *err)
{
	struct journal j = { .length = 0 };
	struct digest d;
	struct stat st;
	int failed;

	if (fstat(o->fd, &st))
		return error_errno(err, EXIT_FAILED, "cannot read '%s'", o->path);
	u->fd = open(u->journal, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (u->fd < 0 || flock(u->fd, LOCK_EX | LOCK_NB))
		return error_errno(err, EXIT_FAILED, "cannot write beside '%s': '%s'", o->path, u->journal);
	j.inode = (uint64_t)st.st_ino;
	j.start = (uint64_t)st.st_size;
	j.changed = changed_at(&st);
	digest_start(&d, JOURNAL_DIGEST, SPAN_LIT(""));
	digest_end_hex(&d, j.digest);
	journal_state(&j, l);
	failed = io_write(u->fd, journal_head, JOURNAL_HEAD, u->journal, err) || journal_close(u->fd, &j, u->journal, err) ||
		io_sync_folder(u->journal, err);
	journal_release(&j);
	return failed ? -1 : 0;
}

int undo_prepare(struct files *f, const struct load *l, const struct out *o, struct error *err)
{
	if (!l->o->state || !o->existed || !o->temp.target)
		return 0;
	f->undo = undo_new(o->path);
	if (!f->undo || (unlink(f->undo->before) && errno != ENOENT) || link(f->undo->path, f->undo->before))
		return 0;	/* a file system without links: the changes are made again if it comes to that */
	return write_journal(f->undo, l, o, err);
}

void undo_close(struct files *f, const struct load *l)
{
	struct error ignored = ERROR_INIT;
	struct undo *u = f->undo;

	f->undo = NULL;
	if (!u)
		return;
	if (u->fd >= 0) {
		close(u->fd);
		(void)settle(u, l, &ignored);
	}
	undo_free(u);
}
