/*
 * load_journal: the journal of an append: a line that says what it is, what is to be added to a file, and as its last line
 * where the file ended before and what makes it final: a state's next generation, or that the journal (or the mark of a
 * run with several) is gone.
 *
 * A journal without that line never got to the file. With it, and if it isn't final, what stands in the file behind that
 * place and is the journal's own is taken back; nothing else ever is.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/xalloc.h"
#include "load.h"

enum { CHUNK = 64 << 10, LAST_LINE = 64 << 10 };

const char journal_head[] = "sync-load append 1\n";
static_assert(sizeof journal_head == JOURNAL_HEAD + 1, "the head of a journal");

static void set(json_t *object, const char *name, uint64_t n)
{
	char text[24];

	snprintf(text, sizeof text, "%llu", (unsigned long long)n);
	json_object_set_new(object, name, json_string(text));
}

int journal_close(int fd, const struct journal *j, const char *path, struct error *err)
{
	json_t *line = json_object();
	char *text;
	struct buf b = BUF_INIT;
	int failed;

	set(line, "inode", j->inode);
	set(line, "start", j->start);
	set(line, "length", j->length);
	set(line, "glued", j->glued);
	set(line, "changed", j->changed);
	set(line, "generation", j->generation);
	json_object_set_new(line, "digest", json_string(j->digest));
	if (j->state)
		json_object_set_new(line, "state", json_string(j->state));
	if (j->job)
		json_object_set_new(line, "job", json_string(j->job));
	if (j->mark)
		json_object_set_new(line, "mark", json_string(j->mark));
	text = json_dumps(line, JSON_COMPACT);
	if (!text)
		xalloc_die();
	buf_addf(&b, "%s\n", text);
	failed = io_write(fd, b.p, b.n, path, err) || io_sync(fd, path, err) ? -1 : 0;
	buf_release(&b);
	free(text);
	json_decref(line);
	return failed;
}

void journal_release(struct journal *j)
{
	free(j->state);
	free(j->job);
	free(j->mark);
	*j = (struct journal){ .state = NULL };
}

/* ---- reading */

static int get(const json_t *line, const char *name, uint64_t *n)
{
	const char *text = json_string_value(json_object_get(line, name));
	char *end;

	if (!text || text[0] < '0' || text[0] > '9')
		return -1;
	errno = 0;
	*n = strtoull(text, &end, 10);
	return errno || *end ? -1 : 0;
}

static char *get_text(const json_t *line, const char *name)
{
	const char *text = json_string_value(json_object_get(line, name));

	return text ? xstrdup(text) : NULL;
}

static int parse(struct journal *j, const char *p, size_t n)
{
	json_t *line = json_loadb(p, n, JSON_REJECT_DUPLICATES, NULL);
	const char *digest = json_string_value(json_object_get(line, "digest"));
	uint64_t glued = 0;
	int failed;

	failed = get(line, "inode", &j->inode) || get(line, "start", &j->start) || get(line, "length", &j->length) ||
		get(line, "changed", &j->changed) || get(line, "generation", &j->generation) || get(line, "glued", &glued) || !digest;
	j->glued = glued != 0;
	snprintf(j->digest, sizeof j->digest, "%s", digest ? digest : "");
	j->state = get_text(line, "state");
	j->job = get_text(line, "job");
	j->mark = get_text(line, "mark");
	json_decref(line);
	return failed ? -1 : 0;
}

/* The bytes before the last line are those that it speaks of. */
static bool is_whole(int fd, const struct journal *j)
{
	char *buf = xmalloc(CHUNK), text[2 * JOURNAL_DIGEST + 1] = "";
	uint64_t at = 0;
	ssize_t got = 1;
	struct digest d;

	digest_start(&d, JOURNAL_DIGEST, SPAN_LIT(""));
	while (at < j->length && got > 0) {
		got = pread(fd, buf, j->length - at < CHUNK ? (size_t)(j->length - at) : CHUNK, (off_t)(JOURNAL_HEAD + at));
		if (got > 0)
			digest_add(&d, buf, (size_t)got);
		at += got > 0 ? (uint64_t)got : 0;
	}
	digest_end_hex(&d, text);
	free(buf);
	return at == j->length && !strcmp(text, j->digest);
}

/* Whether it begins as a journal does, as far as it goes. */
static bool is_journal(int fd)
{
	char head[JOURNAL_HEAD];
	ssize_t got = pread(fd, head, JOURNAL_HEAD, 0);

	return got >= 0 && !memcmp(head, journal_head, (size_t)got);
}

int journal_read(int fd, struct journal *j, const char *path, struct error *err)
{
	struct stat st;
	struct buf b = BUF_INIT;
	uint64_t from;
	ssize_t got;
	size_t at;
	int good = 0;

	*j = (struct journal){ .state = NULL };
	if (fstat(fd, &st))
		return error_errno(err, EXIT_FAILED, "cannot read '%s'", path);
	if (!is_journal(fd))
		return error_set(err, EXIT_FAILED, "'%s' is in the way of an append, and no journal of one", path);
	from = (uint64_t)st.st_size > LAST_LINE ? (uint64_t)st.st_size - LAST_LINE : 0;
	buf_reserve(&b, LAST_LINE);
	got = pread(fd, b.p, LAST_LINE, (off_t)from);
	if (got > 0 && b.p[got - 1] == '\n') {
		for (at = (size_t)got - 1; at && b.p[at - 1] != '\n'; at--)
			;
		good = !parse(j, b.p + at, (size_t)got - at) && j->length + JOURNAL_HEAD == from + at && is_whole(fd, j);
	}
	buf_release(&b);
	return got < 0 ? error_errno(err, EXIT_FAILED, "cannot read '%s'", path) : good;
}

/* ---- taking back */

int journal_final(const struct journal *j, const char *path, const struct load *l, struct error *err)
{
	struct state_place place = { .where = j->state, .job = j->job };
	const char *slash = strrchr(path, '/');
	struct buf mark = BUF_INIT;
	struct state state;
	int final;

	if (j->mark) {
		buf_addf(&mark, "%.*s%s", slash ? (int)(slash + 1 - path) : 0, path, j->mark);
		final = access(buf_str(&mark), F_OK) != 0;
		buf_release(&mark);
		return final;
	}
	if (!j->state || !j->job)
		return 0;
	if (access(j->state, F_OK) && l && l->o->state && l->state.generation)	/* it has moved, or is known by another name */
		return l->state.generation > j->generation ? 1 : l->state.generation == j->generation ? 0 : -1;
	state_init(&state);
	if (state_read_file(&state, &place, err))
		final = -2;
	else
		final = state.generation > j->generation ? 1 : state.generation == j->generation ? 0 : -1;
	state_release(&state);
	return final;
}

/* How many bytes behind the start are the journal's; *behind: something else stands behind them. */
static int compare(int fd, int file, const struct journal *j, uint64_t size, uint64_t *same, bool *behind)
{
	char *a = xmalloc(CHUNK), *b = xmalloc(CHUNK);
	uint64_t at = 0, all = size - j->start;
	ssize_t n = 1, m = 1, i = 1;

	*same = 0;
	if (j->glued && pread(file, a, 1, (off_t)j->start) == 1 && a[0] == '\n')
		*same = 1;
	while (*same >= j->glued && at < j->length && *same < all && n > 0 && m > 0 && i == n) {
		n = pread(fd, a, j->length - at < CHUNK ? (size_t)(j->length - at) : CHUNK, (off_t)(JOURNAL_HEAD + at));
		m = n > 0 ? pread(file, b, (size_t)n, (off_t)(j->start + *same)) : 0;
		for (i = 0; i < n && i < m && a[i] == b[i]; i++)
			;
		at += (uint64_t)i;
		*same += (uint64_t)i;
	}
	*behind = *same < all;
	free(a);
	free(b);
	return n < 0 || m < 0 ? -1 : 0;
}

static int refuse(const struct journal *j, uint64_t same, const char *path, const char *journal, struct error *err)
{
	return error_set(err, EXIT_FAILED, "'%s': a run that didn't end has added the bytes %llu to %llu, and somebody else has added more behind "
			 "them: take those bytes out or leave them in, then remove '%s'", path, (unsigned long long)j->start,
			 (unsigned long long)(j->start + same), journal);
}

static int take_back(int fd, int file, const struct journal *j, const char *path, const char *journal, int final, struct error *err)
{
	struct stat st;
	uint64_t same;
	bool behind;

	if (fstat(file, &st))
		return error_errno(err, EXIT_FAILED, "cannot read '%s'", path);
	if (j->inode != (uint64_t)st.st_ino || (uint64_t)st.st_size <= j->start)
		return 0;	/* another file, or nothing was added */
	if (compare(fd, file, j, (uint64_t)st.st_size, &same, &behind))
		return error_errno(err, EXIT_FAILED, "cannot read '%s'", path);
	if (same <= j->glued || (final < 0 && same == j->length + j->glued))
		return 0;
	if (behind)
		return refuse(j, same, path, journal, err);
	diag_note("'%s': %llu bytes of a run that didn't end are taken back", path, (unsigned long long)same);
	if (ftruncate(file, (off_t)j->start))
		return error_errno(err, EXIT_FAILED, "cannot cut '%s'", path);
	return io_sync(file, path, err);
}

int journal_settle(const char *path, int file, const char *journal, const struct load *l, struct error *err)
{
	int fd = open(journal, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), got, final;
	struct journal j;

	if (fd < 0)
		return errno == ENOENT ? 0 : error_errno(err, EXIT_FAILED, "cannot open '%s'", journal);
	got = journal_read(fd, &j, journal, err);
	if (got > 0) {
		final = journal_final(&j, path, l, err);
		got = final == -2 || (final != 1 && take_back(fd, file, &j, path, journal, final, err)) ? -1 : 0;
	}
	journal_release(&j);
	close(fd);
	return got < 0 ? -1 : journal_remove(journal, err);
}

int journal_remove(const char *journal, struct error *err)
{
	if (unlink(journal) && errno != ENOENT)
		return error_errno(err, EXIT_FAILED, "cannot remove '%s'", journal);
	return io_sync_folder(journal, err);
}

char *journal_name(const char *path, const char *ending)
{
	const char *slash = strrchr(path, '/');
	struct buf b = BUF_INIT;

	buf_addf(&b, "%.*s.%s%s", slash ? (int)(slash + 1 - path) : 0, path, slash ? slash + 1 : path, ending);
	return buf_take(&b);
}

void journal_state(struct journal *j, const struct load *l)
{
	char *cwd = *l->place.where == '/' ? NULL : getcwd(NULL, 0);
	struct buf b = BUF_INIT;

	if (cwd)
		buf_addf(&b, "%s/", cwd);
	buf_adds(&b, l->place.where);
	free(cwd);
	j->state = buf_take(&b);
	j->job = xstrdup(l->place.job);
	j->generation = l->state.generation;
}
