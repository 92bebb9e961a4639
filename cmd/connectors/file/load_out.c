/* load_out: a file being written, replaced as a whole or appended to, packed by its ending. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/xalloc.h"
#include "load.h"

enum { GATHER = 128 << 10 };

struct packer {
	z_stream gzip;
	ZSTD_CCtx *zstd;	/* NULL: gzip */
	char out[GATHER];
};

static bool ends_with(const char *s, const char *ending)
{
	size_t n = strlen(s), m = strlen(ending);

	return n > m && !strcmp(s + n - m, ending);
}

int format_of(const char *path, int wish)
{
	static const struct { const char *ending; int format; } forms[] = {
		{ ".json", FORMAT_JSON }, { ".csv", FORMAT_CSV }, { ".tsv", FORMAT_TSV },
	};
	static const char *const packings[] = { "", ".gz", ".zst", ".zstd" };
	char ending[16];
	size_t i, j;

	for (i = 0; wish < 0 && i < sizeof forms / sizeof *forms; i++) {
		for (j = 0; j < sizeof packings / sizeof *packings; j++) {
			snprintf(ending, sizeof ending, "%s%s", forms[i].ending, packings[j]);
			if (ends_with(path, ending))
				return forms[i].format;
		}
	}
	return wish < 0 ? FORMAT_NDJSON : wish;
}

/* ---- packing */

static int packer_open(struct out *o, struct error *err)
{
	bool gzip = ends_with(o->path, ".gz"), zstd = ends_with(o->path, ".zst") || ends_with(o->path, ".zstd");

	if (!gzip && !zstd)
		return 0;
	o->packer = xcalloc(1, sizeof *o->packer);
	if (zstd)
		o->packer->zstd = ZSTD_createCCtx();
	if (zstd ? !o->packer->zstd : deflateInit2(&o->packer->gzip, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return error_set(err, EXIT_FAILED, "out of memory");
	return 0;
}

static void packer_close(struct packer *p)
{
	if (!p)
		return;
	if (p->zstd)
		ZSTD_freeCCtx(p->zstd);
	else
		deflateEnd(&p->gzip);
	free(p);
}

static int pack_gzip(struct out *o, bool last, struct error *err)
{
	z_stream *z = &o->packer->gzip;

	z->next_in = (unsigned char *)o->buf.p;
	z->avail_in = (unsigned)o->buf.n;
	do {
		z->next_out = (unsigned char *)o->packer->out;
		z->avail_out = GATHER;
		if (deflate(z, last ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_ERROR)
			return error_set(err, EXIT_FAILED, "cannot pack '%s'", o->path);
		if (io_write(o->fd, o->packer->out, GATHER - z->avail_out, o->path, err))
			return -1;
	} while (z->avail_out == 0);
	return 0;
}

static int pack_zstd(struct out *o, bool last, struct error *err)
{
	ZSTD_inBuffer in = { o->buf.p, o->buf.n, 0 };
	ZSTD_outBuffer out;
	size_t left;

	do {
		out = (ZSTD_outBuffer){ o->packer->out, GATHER, 0 };
		left = ZSTD_compressStream2(o->packer->zstd, &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left))
			return error_set(err, EXIT_FAILED, "cannot pack '%s': %s", o->path, ZSTD_getErrorName(left));
		if (io_write(o->fd, o->packer->out, out.pos, o->path, err))
			return -1;
	} while (last ? left != 0 : in.pos < in.size);
	return 0;
}

static int flush(struct out *o, bool last, struct error *err)
{
	int failed = 0;

	if (o->append)
		failed = append_stage(o, err);
	else if (o->packer)
		failed = o->packer->zstd ? pack_zstd(o, last, err) : pack_gzip(o, last, err);
	else if (!o->dry)
		failed = io_write(o->fd, o->buf.p, o->buf.n, o->path, err);
	o->size += o->buf.n;
	buf_reset(&o->buf);
	return failed;
}

/* ---- opening */

static int open_replaced(struct out *o, struct error *err)
{
	struct stat st;

	o->existed = !stat(o->path, &st) && st.st_size > 0;
	if (!strcmp(o->path, "-")) {
		o->fd = STDOUT_FILENO;
		o->direct = true;
	} else if (!stat(o->path, &st) && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
		o->fd = open(o->path, O_WRONLY | O_CLOEXEC);
		if (o->fd < 0)
			return error_errno(err, EXIT_FAILED, "cannot open '%s'", o->path);
		o->direct = true;
	} else {
		if (replace_open(&o->temp, o->path, err))
			return -1;
		o->fd = o->temp.fd;
	}
	if (o->direct)
		o->existed = false;
	return packer_open(o, err);
}

/* --dry-run: looks at what is there, as far as it decides on what would be written. */
static int open_dry(struct files *f, const struct load *l, struct out *o, struct error *err)
{
	struct stat st;

	o->dry = true;
	o->existed = strcmp(o->path, "-") && !stat(o->path, &st) && S_ISREG(st.st_mode) && st.st_size > 0;
	return l->mode == MODE_APPEND ? append_look(f, o, err) : 0;
}

static void start_json(struct out *o)
{
	if (o->format == FORMAT_JSON)
		buf_addc(&o->buf, '[');
}

struct out *out_open(struct files *f, struct load *l, const char *path, struct span name, struct error *err)
{
	struct out *o = xcalloc(1, sizeof *o);

	o->path = xstrdup(path);
	buf_addspan(&o->name, name);
	o->fd = -1;
	o->temp = (struct replacement)REPLACEMENT_INIT;
	o->format = format_of(path, f->o->format);
	buf_reserve(&o->buf, GATHER + 4096);
	if ((f->o->fields && columns_from_list(&o->columns, f->o->fields, err)) ||
	    (l->o->dry_run ? open_dry(f, l, o, err) : l->mode == MODE_APPEND ? append_open(f, l, o, err) : open_replaced(o, err))) {
		out_close(o, NULL);
		return NULL;
	}
	start_json(o);
	return o;
}

/* ---- records */

const struct columns *out_declared(const struct files *f, const struct out *o)
{
	uint32_t stream = f->folder ? o->stream : f->stream;

	return stream < f->schemas && f->schema[stream].known ? &f->schema[stream] : NULL;
}

/* The columns are known at the first record at the latest: --fields, the file's header, the schema, the record's names. */
void out_columns(struct files *f, struct out *o, const struct record *rec)
{
	const struct columns *declared = out_declared(f, o);

	if (!o->columns.known && declared)
		columns_copy(&o->columns, declared);
	if (!o->columns.known && rec)
		columns_from_object(&o->columns, record_root(rec));
}

static void add_header(struct files *f, struct out *o, const struct record *rec)
{
	out_columns(f, o, rec);
	if (!o->columns.known || o->size || o->buf.n)
		return;
	csv_header(&o->columns, f->delimiter, &o->buf);
	o->headed = true;
}

int out_record(struct files *f, struct out *o, struct record *rec, struct error *err)
{
	int verdict;

	if (o->format == FORMAT_CSV || o->format == FORMAT_TSV) {
		if (!o->records)
			add_header(f, o, rec);
		verdict = csv_row(&o->columns, rec, f->delimiter, &o->buf, err);
		if (verdict)
			return verdict;
	} else {
		if (o->format == FORMAT_JSON)
			buf_adds(&o->buf, o->records ? ",\n" : "\n");
		record_write(rec, &o->buf);
		if (o->format == FORMAT_NDJSON)
			buf_addc(&o->buf, '\n');
	}
	o->records++;
	return o->buf.n >= GATHER ? flush(o, false, err) : LOAD_DONE;
}

int out_flush(struct out *o, struct error *err)
{
	return flush(o, false, err);
}

int out_finish(struct files *f, const struct load *l, struct out *o, struct error *err)
{
	if (!o->records && (o->format == FORMAT_CSV || o->format == FORMAT_TSV))
		add_header(f, o, NULL);	/* a table without rows has columns all the same */
	if (o->format == FORMAT_JSON)
		buf_adds(&o->buf, o->records ? "\n]\n" : "]\n");
	if (flush(o, true, err))
		return -1;
	if (o->dry)
		return 0;
	if (l->mode == MODE_UPSERT && undo_prepare(f, l, o, err))
		return -1;
	if (o->temp.target)
		return replace_commit(&o->temp, err) ? -1 : (o->fd = -1, 0);
	if (o->append || o->fd == STDOUT_FILENO)
		return 0;	/* an append has its own end; standard output is closed, with its errors, by the tool's */
	o->direct = false;
	return io_close(o->fd, o->path, err) ? -1 : (o->fd = -1, 0);
}

void out_close(struct out *o, const struct load *l)
{
	if (o->temp.target)
		replace_abort(&o->temp);
	else if (o->append)
		append_close(o, l);
	else if (o->fd > STDERR_FILENO)
		close(o->fd);
	packer_close(o->packer);
	buf_release(&o->buf);
	columns_release(&o->columns);
	buf_release(&o->name);
	free(o->path);
	free(o);
}
