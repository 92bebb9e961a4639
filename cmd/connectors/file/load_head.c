/* load_head: how a file that is there begins, packed or not: the first row of CSV, which new rows have to follow. */
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/xalloc.h"
#include "endpoint/csv_reader.h"
#include "load.h"

enum { CHUNK = 64 << 10, MOST = 16 << 20 };

struct head {
	int fd;
	const char *path;
	z_stream gzip;
	ZSTD_DCtx *zstd;
	enum { AS_IT_IS, GZIP, ZSTD } packing;
	unsigned char in[CHUNK];
	size_t at, end;		/* unread bytes of in */
	struct buf text;
};

static int fill(struct head *h, struct error *err)
{
	ssize_t got = h->at < h->end ? 1 : io_read(h->fd, h->in, CHUNK);

	if (got < 0)
		return error_errno(err, EXIT_FAILED, "cannot read '%s'", h->path);
	if (h->at == h->end) {
		h->at = 0;
		h->end = (size_t)got;
	}
	return got > 0;
}

static int damaged(const struct head *h, struct error *err)
{
	return error_set(err, EXIT_FAILED, "'%s' is damaged: it can't be unpacked", h->path);
}

static int unpack_gzip(struct head *h, struct error *err)
{
	z_stream *z = &h->gzip;
	int rc;

	z->next_in = h->in + h->at;
	z->avail_in = (unsigned)(h->end - h->at);
	z->next_out = (unsigned char *)h->text.p + h->text.n;
	z->avail_out = CHUNK;
	rc = inflate(z, Z_NO_FLUSH);
	if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
		return damaged(h, err);
	h->text.n += CHUNK - z->avail_out;
	h->at = h->end - z->avail_in;
	if (rc == Z_STREAM_END)
		inflateReset(z);
	return 0;
}

static int unpack_zstd(struct head *h, struct error *err)
{
	ZSTD_inBuffer in = { h->in, h->end, h->at };
	ZSTD_outBuffer out = { h->text.p + h->text.n, CHUNK, 0 };

	if (ZSTD_isError(ZSTD_decompressStream(h->zstd, &out, &in)))
		return damaged(h, err);
	h->text.n += out.pos;
	h->at = in.pos;
	return 0;
}

/* More text: 1, 0 at the end, -1. */
static int more(struct head *h, struct error *err)
{
	size_t was = h->text.n;
	int got = 1;

	while (h->text.n == was && got > 0) {
		got = fill(h, err);
		if (got <= 0)
			break;
		buf_reserve(&h->text, CHUNK + CSV_PADDING);
		if (h->packing == AS_IT_IS) {
			buf_add(&h->text, h->in + h->at, h->end - h->at);
			h->at = h->end;
		} else if (h->packing == GZIP ? unpack_gzip(h, err) : unpack_zstd(h, err)) {
			return -1;
		}
	}
	if (h->text.n > MOST)
		return error_set(err, EXIT_FAILED, "'%s': the row of names has more than 16 MiB", h->path);
	return got;
}

static int open_head(struct head *h, struct error *err)
{
	h->fd = io_open_read(h->path, err);
	if (h->fd < 0 || fill(h, err) < 0)
		return -1;
	if (h->end >= 2 && h->in[0] == 0x1f && h->in[1] == 0x8b)
		h->packing = GZIP;
	else if (h->end >= 4 && !memcmp(h->in, "\x28\xb5\x2f\xfd", 4))
		h->packing = ZSTD;
	if (h->packing == ZSTD)
		h->zstd = ZSTD_createDCtx();
	if (h->packing == GZIP ? inflateInit2(&h->gzip, 15 + 32) != Z_OK : h->packing == ZSTD && !h->zstd)
		return error_set(err, EXIT_FAILED, "out of memory");
	return 0;
}

static void close_head(struct head *h)
{
	if (h->fd >= 0)
		close(h->fd);
	if (h->packing == GZIP)
		inflateEnd(&h->gzip);
	if (h->zstd)
		ZSTD_freeDCtx(h->zstd);
	buf_release(&h->text);
	free(h);
}

static enum csv_type untyped(void *ctx, struct span name)
{
	(void)ctx;
	(void)name;
	return CSV_UNTYPED;
}

/* Reads until the row of names is whole. */
static int read_names(struct head *h, struct csv_reader *r, struct columns *c, struct error *err)
{
	struct csv_place place;
	enum csv_got got = CSV_MORE;
	int left = 1;

	while (got == CSV_MORE && left > 0) {
		left = more(h, err);
		if (left < 0)
			return -1;
		if (!h->text.n)
			return 0;
		buf_reserve(&h->text, CSV_PADDING);
		memset(h->text.p + h->text.n, 0, CSV_PADDING);
		h->text.p[h->text.n] = '\n';
		got = csv_reader_header(r, h->text.p, h->text.p + h->text.n, !left, untyped, NULL, &place, err);
	}
	if (got != CSV_ROW)
		return error_prefix(err, "%s:1", h->path);
	c->mark = h->text.n >= 3 && !memcmp(h->text.p, "\xef\xbb\xbf", 3);
	c->crlf = place.bytes >= 2 && !memcmp(h->text.p + place.bytes - 2, "\r\n", 2);
	return 0;
}

/* Every column of --fields must be one of the file's. */
static int take_given(struct columns *now, const struct columns *given, const char *path, struct error *err)
{
	struct column *c;
	size_t i;

	for (i = 0; i < now->n; i++)
		now->v[i].empty = true;
	for (i = 0; i < given->n; i++) {
		c = columns_find(now, given->v[i].name);
		if (!c)
			return error_set(err, EXIT_USAGE, "--fields: '%s' has no column '%s'", path, error_show(given->v[i].name));
		c->empty = false;
		if (path_compile(&c->path, arena_span(&now->arena, given->v[i].path.text), &now->arena, err))
			return -1;
	}
	now->given = true;
	return 0;
}

int head_follow(struct out *o, char delimiter, struct error *err)
{
	struct head *h = xcalloc(1, sizeof *h);
	struct columns now = { .known = true };
	struct csv_reader r;
	uint32_t i;
	int failed;

	h->path = o->path;
	csv_reader_init(&r, delimiter, '"', true);
	failed = open_head(h, err) || read_names(h, &r, &now, err);
	for (i = 0; !failed && i < r.columns; i++)
		columns_add(&now, (struct span){ r.column[i].name, r.column[i].name_len });
	if (!failed && o->columns.given)
		failed = take_given(&now, &o->columns, o->path, err);
	csv_reader_release(&r);
	close_head(h);
	columns_release(failed ? &now : &o->columns);
	if (!failed)
		o->columns = now;
	return failed ? -1 : 0;
}

/* Where the text begins behind a byte order mark and spaces; enough of it is read to know what it is. */
static int read_start(struct head *h, size_t *start, struct error *err)
{
	int got = 1;
	size_t i = 0;

	while (got > 0 && h->text.n - i < sizeof "{\"_sync\":{\"op\":\"begin\"") {
		got = more(h, err);
		while (i < h->text.n && memchr(" \t\r\n\xef\xbb\xbf", h->text.p[i], 7))
			i++;
	}
	*start = i;
	return got < 0 ? -1 : 0;
}

static bool starts_with(const struct head *h, size_t start, const char *with)
{
	return h->text.n - start >= strlen(with) && !memcmp(h->text.p + start, with, strlen(with));
}

int head_check(const struct out *o, struct error *err)
{
	struct head *h;
	size_t start;
	int failed;

	if (!o->existed || (o->format != FORMAT_JSON && o->format != FORMAT_NDJSON))
		return 0;
	h = xcalloc(1, sizeof *h);
	h->path = o->path;
	failed = open_head(h, err) || read_start(h, &start, err);
	if (!failed && o->format == FORMAT_JSON && start < h->text.n && h->text.p[start] != '[')
		failed = error_set(err, EXIT_FAILED, "'%s' is no JSON array: its rows can't be changed", o->path);
	if (!failed && o->format == FORMAT_NDJSON && starts_with(h, start, "{\"_sync\":{\"op\":\"begin\""))
		failed = error_set(err, EXIT_FAILED, "'%s' is a saved stream, which has an end: it can be replaced, not changed", o->path);
	close_head(h);
	return failed;
}

/* Follows quotes through a piece of CSV: a cell is quoted if it begins with a quote. */
static void follow_quotes(const char *p, size_t n, char delimiter, bool *open, bool *begins)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (p[i] == '"' && (*open || *begins)) {
			*open = !*open;
			*begins = !*open;	/* a second quote is one in the text */
			continue;
		}
		*begins = !*open && (p[i] == delimiter || p[i] == '\n');
	}
}

int head_ends_whole(const struct out *o, int fd, char delimiter, struct error *err)
{
	char *buf = xmalloc(CHUNK);
	bool open = false, begins = true;
	off_t at = 0;
	ssize_t got;

	while ((got = pread(fd, buf, CHUNK, at)) > 0) {
		follow_quotes(buf, (size_t)got, delimiter, &open, &begins);
		at += got;
	}
	free(buf);
	if (got < 0)
		return error_errno(err, EXIT_FAILED, "cannot read '%s'", o->path);
	return open ? error_set(err, EXIT_FAILED, "'%s' ends inside quotes: what is appended would be part of that cell", o->path) : 0;
}
