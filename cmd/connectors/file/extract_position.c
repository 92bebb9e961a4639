/* extract_position: how far a file was read, and whether it is still that file, under that name or another. */
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

int position_find(const struct position *pos, const char *path, char **found)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	char *folder = slash ? xstrndup(path, (size_t)(slash - path) + 1) : xstrdup("./");
	struct buf name = BUF_INIT;
	struct dirent *e;
	DIR *d = opendir(folder);

	*found = NULL;
	while (d && *base && !*found && (e = readdir(d))) {
		if (!is_candidate(e, base, pos))
			continue;
		buf_reset(&name);
		buf_addf(&name, "%s%s", slash ? folder : "", e->d_name);
		if (goes_on(pos, buf_str(&name)))
			*found = xstrdup(name.p);
	}
	if (d)
		closedir(d);
	buf_release(&name);
	free(folder);
	return *found != NULL;
}
