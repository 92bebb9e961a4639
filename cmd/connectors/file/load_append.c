/*
 * load_append: what makes an append whole.
 *
 * What is to be added is gathered in a journal beside the file (".NAME.append"). At a checkpoint, and at the end, the journal
 * is closed by a line that says where the file ends, and synced; then all of it is added to the file, which is synced too.
 * The journal goes when that is final: with a state, once that is stored; without, at once. So a run that fails adds
 * nothing behind its last checkpoint, and what a killed run has added is known to the byte: see load_journal.c. Of
 * several files without a state all are final together: their journals name a mark in the folder, which goes first.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sig.h"
#include "base/xalloc.h"
#include "load.h"

enum { CHUNK = 1 << 20 };

/* ---- opening */

/* Opens and locks the file that the path names now: who held the lock before may have removed it. */
static int open_locked(struct out *o, struct error *err)
{
	struct append *a = o->append;
	struct stat st, now;
	bool file = stat(o->path, &st) || S_ISREG(st.st_mode);

	for (;;) {
		a->fd = open(o->path, (file ? O_RDWR : O_WRONLY) | O_APPEND | O_CLOEXEC);
		if (a->fd < 0 && errno == ENOENT) {
			a->fd = open(o->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
			a->made = true;
		}
		if (a->fd < 0 || fstat(a->fd, &st))
			return error_errno(err, EXIT_FAILED, "cannot open '%s'", o->path);
		if (!S_ISREG(st.st_mode))
			return 1;
		if (flock(a->fd, LOCK_EX | LOCK_NB))
			return error_set(err, EXIT_AGAIN, "another run is appending to '%s'", o->path);
		if (!stat(o->path, &now) && now.st_ino == st.st_ino && now.st_dev == st.st_dev)
			return 0;
		close(a->fd);
	}
}

/* A pipe or a device: written as it comes. */
static void go_direct(struct out *o)
{
	o->fd = o->append->fd;
	o->direct = true;
	free(o->append);
	o->append = NULL;
}

/* The journal stands beside the file itself, by whatever link it is named. */
static int find_journal(struct out *o, struct error *err)
{
	char *real = realpath(o->path, NULL);

	if (!real)
		return error_errno(err, EXIT_FAILED, "cannot find '%s'", o->path);
	o->append->journal = journal_name(real, ".append");
	free(real);
	return 0;
}

/* The state's word on how long the file was: what is gone of that was loaded, and won't come again. */
static int check_length(const struct load *l, const struct out *o, struct error *err)
{
	const char *text = l->o->state && !l->o->reset ? json_string_value(json_object_get(state_loader(&l->state), o->path)) : NULL;
	unsigned long long was, now = o->append->size;
	char *end;

	if (!text)
		return 0;
	errno = 0;
	was = strtoull(text, &end, 10);
	if (errno || *end || text[0] < '0' || text[0] > '9')
		return error_set(err, EXIT_FAILED, "the state's length of '%s' is damaged", o->path);
	return now < was ? error_set(err, EXIT_FAILED, "'%s' has %llu bytes, and %llu were there after the last run: bring back what is gone, "
				     "or begin anew (--reset, at sync-extract too)", o->path, now, was) : 0;
}

static int check_form(const struct out *o, struct error *err)
{
	size_t n = strlen(o->path);

	if (o->format == FORMAT_JSON)
		return error_set(err, EXIT_USAGE, "a JSON array can't be appended to: use NDJSON, or replace '%s'", o->path);
	if ((n > 3 && !strcmp(o->path + n - 3, ".gz")) || (n > 4 && !strcmp(o->path + n - 4, ".zst")) || (n > 5 && !strcmp(o->path + n - 5, ".zstd")))
		return error_set(err, EXIT_USAGE, "'%s' is packed: it can be replaced, not appended to", o->path);
	return strcmp(o->path, "-") ? 0 : error_set(err, EXIT_USAGE, "standard output can't be appended to");
}

/* Can rows be added to the file that is there? Those of CSV go by its header. */
static int follow(struct files *f, struct out *o, struct error *err)
{
	bool csv = o->format == FORMAT_CSV || o->format == FORMAT_TSV;
	char last;

	if (!o->existed || head_check(o, err))
		return o->existed ? -1 : 0;
	if (csv && o->append && pread(o->append->fd, &last, 1, (off_t)o->size - 1) == 1 && last != '\n' &&
	    head_ends_whole(o, o->append->fd, f->delimiter, err))
		return -1;
	return csv ? head_follow(o, f->delimiter, err) : 0;
}

int append_look(struct files *f, struct out *o, struct error *err)
{
	return check_form(o, err) || follow(f, o, err) ? -1 : 0;
}

int append_open(struct files *f, struct load *l, struct out *o, struct error *err)
{
	struct append *a = o->append = xcalloc(1, sizeof *a);
	struct stat st;
	int got;

	a->fd = -1;
	got = check_form(o, err) ? -1 : open_locked(o, err);
	if (got)
		return got < 0 ? -1 : (go_direct(o), 0);
	if (find_journal(o, err) || journal_settle(o->path, a->fd, a->journal, l, err))
		return -1;
	if (fstat(a->fd, &st))
		return error_errno(err, EXIT_FAILED, "cannot read '%s'", o->path);
	a->size = o->size = (uint64_t)st.st_size;
	o->existed = o->size > 0;
	return check_length(l, o, err) || follow(f, o, err) ? -1 : 0;
}

/* ---- gathering */

static int start_journal(struct out *o, struct error *err)
{
	struct append *a = o->append;

	if (a->added && (ftruncate(o->fd, 0) || lseek(o->fd, 0, SEEK_SET) < 0))
		return error_errno(err, EXIT_FAILED, "cannot write '%s'", a->journal);
	if (o->fd < 0) {
		o->fd = open(a->journal, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (o->fd < 0)
			return error_errno(err, EXIT_FAILED, "cannot write beside '%s': '%s'", o->path, a->journal);
	}
	if (io_write(o->fd, journal_head, JOURNAL_HEAD, a->journal, err))
		return -1;
	a->added = false;
	a->staged = 0;
	digest_start(&a->digest, JOURNAL_DIGEST, SPAN_LIT(""));
	sig_temporary(a->journal);
	return 0;
}

int append_stage(struct out *o, struct error *err)
{
	struct append *a = o->append;

	if (!o->buf.n)
		return 0;
	if ((o->fd < 0 || a->added) && start_journal(o, err))
		return -1;
	if (io_write(o->fd, o->buf.p, o->buf.n, a->journal, err))
		return -1;
	digest_add(&a->digest, o->buf.p, o->buf.n);
	a->staged += o->buf.n;
	return 0;
}

/* ---- adding */

static bool is_due(const struct out *o)
{
	return o->append && o->fd >= 0 && !o->append->added && o->append->staged;
}

/* Where the file ends, now that something is to be added to it. */
static int look(const struct out *o, struct journal *j, struct error *err)
{
	struct append *a = o->append;
	struct stat st, now;
	char last = '\n';

	if (fstat(a->fd, &st))
		return error_errno(err, EXIT_FAILED, "cannot read '%s'", o->path);
	if (stat(o->path, &now) || now.st_ino != st.st_ino || now.st_dev != st.st_dev)
		return error_set(err, EXIT_FAILED, "'%s' was moved or removed while it was appended to", o->path);
	if ((uint64_t)st.st_size < a->size || (o->headed && st.st_size > 0 && !a->size))
		return error_set(err, EXIT_FAILED, "'%s' was written to by somebody else while it was appended to", o->path);
	if (st.st_size && pread(a->fd, &last, 1, st.st_size - 1) != 1)
		return error_errno(err, EXIT_FAILED, "cannot read '%s'", o->path);
	j->inode = (uint64_t)st.st_ino;
	j->start = (uint64_t)st.st_size;
	j->length = a->staged;
	j->glued = last != '\n';	/* somebody's last line is whole without its line feed, and gets one */
	return 0;
}

static int copy(struct out *o, const struct journal *j, struct error *err)
{
	struct append *a = o->append;
	char *buf = xmalloc(CHUNK);
	uint64_t at = 0;
	ssize_t got = 1;
	size_t n;
	int failed = j->glued ? io_write(a->fd, "\n", 1, o->path, err) : 0;

	while (!failed && at < j->length) {
		got = pread(o->fd, buf, j->length - at < CHUNK ? (size_t)(j->length - at) : CHUNK, (off_t)(JOURNAL_HEAD + at));
		if (got <= 0) {
			failed = error_errno(err, EXIT_FAILED, "cannot read '%s'", a->journal);
			break;
		}
		for (n = (size_t)got; n && buf[n - 1] != '\n'; n--)	/* whole lines, in case that somebody else adds some right now */
			;
		n = n ? n : (size_t)got;
		failed = io_write(a->fd, buf, n, o->path, err);
		at += n;
	}
	free(buf);
	return failed;
}

/* Closes the journal: from here on it is needed. */
static int prepare(struct load *l, struct out *o, const char *mark, struct journal *j, struct error *err)
{
	struct append *a = o->append;
	struct digest d = a->digest;

	if (look(o, j, err))
		return -1;
	digest_end_hex(&d, j->digest);
	a->generation = l->state.generation;
	if (l->o->state)
		journal_state(j, l);
	else if (mark)
		j->mark = xstrdup(mark);
	sig_forget(a->journal);
	if (journal_close(o->fd, j, a->journal, err))
		return -1;
	a->added = true;
	return 0;
}

/* Adds what is in the journal to the file. */
static int add(struct out *o, const struct journal *j, struct error *err)
{
	struct append *a = o->append;
	struct stat st;

	if (copy(o, j, err) || io_sync(a->fd, o->path, err))
		return -1;
	if (fstat(a->fd, &st))
		return error_errno(err, EXIT_FAILED, "cannot read '%s'", o->path);
	a->size = (uint64_t)st.st_size;
	return 0;
}

/* ---- several files at once */

/* An empty file in the folder, locked while the run lives. */
static int make_mark(struct files *f, struct error *err)
{
	char run[27];
	struct buf b = BUF_INIT;

	run_new(run);
	buf_addf(&b, "%s/.append.%s", f->target, run);
	f->mark = buf_take(&b);
	f->mark_fd = open(f->mark, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (f->mark_fd < 0)
		return error_errno(err, EXIT_FAILED, "cannot write in '%s'", f->target);
	(void)flock(f->mark_fd, LOCK_EX | LOCK_NB);
	return 0;
}

int append_unmark(struct files *f, struct error *err)
{
	int failed = 0;

	if (f->mark) {
		failed = journal_remove(f->mark, err);
		if (f->mark_fd >= 0)
			close(f->mark_fd);
		free(f->mark);
		f->mark = NULL;
	}
	return failed;
}

/* The folders of all files that were added to, each once where they are all in one. */
static int sync_folders(const struct files *f, struct error *err)
{
	const char *last = NULL, *slash, *path;
	size_t i;

	for (i = 0; i < f->n; i++) {
		path = f->out[i]->append && f->out[i]->append->added ? f->out[i]->append->journal : NULL;
		slash = path ? strrchr(path, '/') : NULL;
		if (!path || (last && slash && !strncmp(last, path, (size_t)(slash + 1 - path)) && !strchr(last + (slash + 1 - path), '/')))
			continue;
		if (io_sync_folder(path, err))
			return -1;
		last = path;
	}
	return 0;
}

/* Without a state, what was added is final: the journals aren't needed any more. */
static int settle(struct files *f, struct error *err)
{
	struct out *o;
	size_t i;

	if (append_unmark(f, err))
		return -1;
	for (i = 0; i < f->n; i++) {
		o = f->out[i];
		if (!o->append || !o->append->added)
			continue;
		close(o->fd);
		o->fd = -1;
		if (unlink(o->append->journal))
			return error_errno(err, EXIT_FAILED, "cannot remove '%s'", o->append->journal);
	}
	if (sync_folders(f, err))
		return -1;
	for (i = 0; i < f->n; i++)
		if (f->out[i]->append)
			f->out[i]->append->added = false;
	return 0;
}

/* All journals are closed before the first file is added to. */
static int add_all(struct files *f, struct load *l, struct journal *j, struct error *err)
{
	const char *mark = f->mark ? strrchr(f->mark, '/') + 1 : NULL;
	size_t i;

	for (i = 0; i < f->n; i++)
		if (is_due(f->out[i]) && prepare(l, f->out[i], mark, &j[i], err))
			return -1;
	if (sync_folders(f, err))
		return -1;
	for (i = 0; i < f->n; i++)
		if (j[i].length && add(f->out[i], &j[i], err))
			return -1;
	return l->o->state ? 0 : settle(f, err);
}

int append_commit(struct files *f, struct load *l, struct error *err)
{
	struct journal *j;
	size_t i, due = 0;
	int failed;

	for (i = 0; i < f->n; i++)
		due += is_due(f->out[i]);
	if (!due)
		return 0;
	if (due > 1 && !l->o->state && make_mark(f, err))
		return -1;
	j = xcalloc(f->n, sizeof *j);
	failed = add_all(f, l, j, err);
	for (i = 0; i < f->n; i++)
		journal_release(&j[i]);
	free(j);
	return failed;
}

/* Whether a name is that of a journal, of which it gives the file's name, or of a mark. */
static bool is_journal(const char *name, struct buf *file)
{
	size_t n = strlen(name);

	buf_reset(file);
	if (n < 9 || name[0] != '.' || strcmp(name + n - 7, ".append"))
		return false;
	buf_add(file, name + 1, n - 8);
	return true;
}

static int recover_one(const char *folder, const char *name, const char *file, const struct load *l, struct error *err)
{
	struct buf path = BUF_INIT, journal = BUF_INIT;
	int fd, failed = 0;

	buf_addf(&path, "%s/%s", folder, file);
	buf_addf(&journal, "%s/%s", folder, name);
	fd = open(buf_str(&path), O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB))	/* else another run has it */
		failed = journal_settle(path.p, fd, buf_str(&journal), l, err);
	else if (fd < 0 && errno == ENOENT)
		failed = journal_remove(buf_str(&journal), err);
	if (fd >= 0)
		close(fd);
	buf_release(&path);
	buf_release(&journal);
	return failed;
}

/* A mark whose run is no more, once all journals that may name it are settled. */
static void remove_mark(const char *folder, const char *name)
{
	struct buf path = BUF_INIT;
	int fd;

	buf_addf(&path, "%s/%s", folder, name);
	fd = open(buf_str(&path), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB))
		unlink(path.p);
	if (fd >= 0)
		close(fd);
	buf_release(&path);
}

int append_recover(const char *folder, const struct load *l, struct error *err)
{
	DIR *dir = opendir(folder);
	struct buf file = BUF_INIT;
	struct dirent *e;
	int failed = 0;

	if (!dir)
		return error_errno(err, EXIT_FAILED, "cannot read '%s'", folder);
	while (!failed && (e = readdir(dir)))
		if (is_journal(e->d_name, &file))
			failed = recover_one(folder, e->d_name, buf_str(&file), l, err);
	for (rewinddir(dir); !failed && (e = readdir(dir));)
		if (!strncmp(e->d_name, ".append.", 8) && strlen(e->d_name) == 34)
			remove_mark(folder, e->d_name);
	closedir(dir);
	buf_release(&file);
	return failed;
}

/* ---- the end */

void append_note(const struct files *f, struct load *l)
{
	json_t *sizes = l->o->reset || !state_loader(&l->state) ? json_object() : json_deep_copy(state_loader(&l->state));
	char text[24];
	size_t i;

	for (i = 0; i < f->n; i++) {
		if (!f->out[i]->append)
			continue;
		snprintf(text, sizeof text, "%llu", (unsigned long long)f->out[i]->append->size);
		json_object_set_new(sizes, f->out[i]->path, json_string(text));
	}
	state_set_loader(&l->state, sizes);
}

/* Undoes what isn't final. What can't be undone now stays for the next run, with the journal. */
void append_close(struct out *o, const struct load *l)
{
	struct append *a = o->append;
	struct error ignored = ERROR_INIT;
	struct stat st;
	bool stored = l && l->o->state && l->state.generation > a->generation, mine = o->fd >= 0;

	if (o->fd >= 0)
		close(o->fd);
	o->fd = -1;
	if (mine && !a->added)
		unlink(a->journal);
	else if (mine && stored)
		(void)journal_remove(a->journal, &ignored);
	else if (mine)
		(void)journal_settle(o->path, a->fd, a->journal, l, &ignored);
	if (mine)
		sig_forget(a->journal);
	if (a->made && !(l && l->durable) && a->fd >= 0 && !fstat(a->fd, &st) && st.st_size == 0)
		unlink(o->path);
	if (a->fd >= 0)
		close(a->fd);
	free(a->journal);
	free(a);
}
