/* extract_position: how far a file was read, and whether it is still that file, under that name or another. */
#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fileio.h"
#include "base/xalloc.h"
#include "extract.h"
#include "value/digest.h"

enum { HEAD = 4096, TAIL = 1024, HASH = 16 };

/* The digest of bytes of a plain file; *got is how many there were. */
static int hash_plain(const struct input *in, const char *path, uint64_t from, uint32_t n, char out[33], uint32_t *got, struct error *err)
{
	char buf[HEAD];
	ssize_t have;

	for (*got = 0; *got < n; *got += (uint32_t)have) {
		have = pread(in->raw, buf + *got, n - *got, (off_t)(from + *got));
		if (have < 0)
			return error_errno(err, EXIT_FAILED, "cannot read '%s'", path);
		if (have == 0)
			break;
	}
	digest_hex((struct span){ buf, *got }, HASH, out);
	return 0;
}

/* The first bytes of a packed one, unpacked once more for it. */
static int hash_packed(const char *path, uint32_t n, char out[33], uint32_t *got, struct error *err)
{
	struct error ignored = ERROR_INIT;
	char buf[HEAD];
	struct input in;
	ssize_t have = 1;

	if (input_open(&in, path, err))
		return -1;
	for (*got = 0; *got < n && have > 0; *got += (uint32_t)have) {
		have = input_read(&in, buf + *got, n - *got, path, err);
		if (have < 0)
			break;
	}
	(void)input_close(&in, path, &ignored);
	digest_hex((struct span){ buf, *got }, HASH, out);
	return have < 0 ? -1 : 0;
}

static int hash_head(const struct input *in, const char *path, uint32_t n, char out[33], uint32_t *got, struct error *err)
{
	return in->packed ? hash_packed(path, n, out, got, err) : hash_plain(in, path, 0, n, out, got, err);
}

int position_fits(const struct position *pos, const struct input *in, const char *path, struct error *err)
{
	char hash[33];
	uint32_t got;

	if (!in->packed && (uint64_t)in->st.st_size < pos->offset)
		return 0;
	if (hash_head(in, path, pos->head_size, hash, &got, err))
		return -1;
	if (got != pos->head_size || strcmp(hash, pos->head))
		return 0;
	if (in->packed || !pos->tail_size)
		return 1;
	if (hash_plain(in, path, pos->offset - pos->tail_size, pos->tail_size, hash, &got, err))
		return -1;
	return got == pos->tail_size && !strcmp(hash, pos->tail);
}

int position_note(struct position *pos, const struct input *in, const char *path, struct error *err)
{
	uint32_t head = pos->offset < HEAD ? (uint32_t)pos->offset : HEAD, tail = pos->offset < TAIL ? (uint32_t)pos->offset : TAIL;
	uint32_t got;

	if ((!pos->known || head != pos->head_size) && hash_head(in, path, head, pos->head, &got, err))
		return -1;
	pos->head_size = head;
	pos->tail_size = in->packed ? 0 : tail;
	pos->tail[0] = '\0';
	if (pos->tail_size && hash_plain(in, path, pos->offset - tail, tail, pos->tail, &got, err))
		return -1;
	pos->ino = (uint64_t)in->st.st_ino;
	pos->known = true;
	return 0;
}

/* ---- where a file has gone */

/* Rotated files keep the beginning of their name: app.log becomes app.log.1, app-2026-03-01.log, app.1.log.gz. */
static bool is_candidate(const struct dirent *e, const char *base, const struct position *pos)
{
	size_t stem = strcspn(base + 1, ".") + 1;

	return strcmp(e->d_name, base) && (e->d_ino == pos->ino || !strncmp(e->d_name, base, stem));
}

static bool goes_on(const struct position *pos, const char *path)
{
	struct error ignored = ERROR_INIT;
	struct input in;
	struct stat st;
	bool fits;

	if (stat(path, &st) || !S_ISREG(st.st_mode))
		return false;	/* a FIFO would wait for somebody who writes */
	if (input_open(&in, path, &ignored))
		return false;
	fits = in.file && position_fits(pos, &in, path, &ignored) > 0;
	(void)input_close(&in, path, &ignored);
	return fits;
}

/* A folder being looked through: that of a path. */
struct beside {
	DIR *dir;
	const char *base;	/* the path's name in it */
	char *folder;		/* owned: what stands before it, with its slash; "" where there is none */
	struct buf name;	/* of the file in hand */
};

static void beside_open(struct beside *b, const char *path)
{
	const char *slash = strrchr(path, '/');

	*b = (struct beside){ .base = slash ? slash + 1 : path, .folder = xstrndup(path, slash ? (size_t)(slash - path) + 1 : 0) };
	b->dir = opendir(slash ? b->folder : ".");
}

static struct dirent *beside_next(struct beside *b)
{
	struct dirent *e = b->dir ? readdir(b->dir) : NULL;

	buf_reset(&b->name);
	if (e)
		buf_addf(&b->name, "%s%s", b->folder, e->d_name);
	return e;
}

static void beside_close(struct beside *b)
{
	if (b->dir)
		closedir(b->dir);
	buf_release(&b->name);
	free(b->folder);
}

char *position_find(const struct position *pos, const char *path)
{
	struct beside b;
	struct dirent *e;
	char *found = NULL;

	beside_open(&b, path);
	while (!found && *b.base && (e = beside_next(&b)))
		if (is_candidate(e, b.base, pos) && goes_on(pos, buf_str(&b.name)))
			found = xstrdup(b.name.p);
	beside_close(&b);
	return found;
}

/* ---- what had the name after it */

/* Whether two names are the same but for the digits in them and a packing's ending: app.log.1 and app.log.10.gz. */
static bool alike(struct span a, struct span b)
{
	size_t i = 0, j = 0;

	a.n -= packing_of(a);
	b.n -= packing_of(b);
	while (i < a.n && j < b.n) {
		if (isdigit((unsigned char)a.p[i]) && isdigit((unsigned char)b.p[j])) {
			while (i < a.n && isdigit((unsigned char)a.p[i]))
				i++;
			while (j < b.n && isdigit((unsigned char)b.p[j]))
				j++;
		} else if (a.p[i++] != b.p[j++]) {
			return false;
		}
	}
	return i == a.n && j == b.n;
}

/* When a regular file was changed; 0: it is none. */
static uint64_t changed_when(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) ? changed_at(&st) : 0;
}

char *position_next(const struct sources *s, const char *path, const char *moved)
{
	uint64_t after = changed_when(moved), best = changed_when(path), when;
	const char *slash = strrchr(moved, '/');
	struct span name = span_of(slash ? slash + 1 : moved);
	struct beside b;
	struct dirent *e;
	char *found = NULL;

	beside_open(&b, path);
	while ((e = beside_next(&b))) {
		if (!strcmp(e->d_name, b.base) || !alike(span_of(e->d_name), name) || sources_has(s, buf_str(&b.name)))
			continue;
		when = changed_when(b.name.p);
		if (when <= after || when > best)
			continue;
		best = when;
		free(found);
		found = xstrdup(b.name.p);
	}
	beside_close(&b);
	return found;
}
