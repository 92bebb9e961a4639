/* operand: endpoints as sets of rows. */
#include "merge/operand.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fileio.h"
#include "base/xalloc.h"
#include "endpoint/uri.h"

/* ---- opening */

static bool ends_with(const char *s, const char *ending)
{
	size_t n = strlen(s), e = strlen(ending);

	return n > e && !strcmp(s + n - e, ending);
}

/* Neither its name nor its first bytes say that it is anything but NDJSON. */
static bool is_ndjson(const char *path, int fd)
{
	static const char *const others[] = { ".json", ".csv", ".tsv", ".gz", ".zst", ".zstd" };
	unsigned char head[4];
	size_t i;

	for (i = 0; i < sizeof others / sizeof *others; i++)
		if (ends_with(path, others[i]))
			return false;
	if (pread(fd, head, sizeof head, 0) < (ssize_t)sizeof head)
		return true;
	return !(head[0] == 0x1f && head[1] == 0x8b) && memcmp(head, "\x28\xb5\x2f\xfd", 4);
}

/* As sync-extract calls the stream of a file. */
static char *stream_of(const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	size_t n = strlen(base);

	if (ends_with(base, ".ndjson"))
		n -= strlen(".ndjson");
	else if (ends_with(base, ".jsonl"))
		n -= strlen(".jsonl");
	return xstrndup(base, n);
}

/* Opens what is a file that can be read directly; else finds out whether sync-extract will give one stream. */
static int open_file(struct operand *o, const struct endpoint *e, struct error *err)
{
	struct stat st;
	int fd;

	o->single = e->stream != NULL;
	if (strcmp(e->scheme, "file") || stat(e->text, &st) || !S_ISREG(st.st_mode))
		return 0;
	o->single = true;
	fd = io_open_read(e->text, err);
	if (fd < 0) {
		err->status = EXIT_FAILED;
		return -1;
	}
	o->direct = is_ndjson(e->text, fd) && !fstat(fd, &o->st);
	if (!o->direct) {
		close(fd);
		return 0;
	}
	o->fd = fd;
	o->named = e->stream != NULL;
	o->own_name = o->named ? xstrdup(e->stream) : stream_of(e->text);
	return 0;
}

static int start_extract(struct operand *o, struct error *err)
{
	struct buf option = BUF_INIT;
	const char *options[] = { "--max-record", NULL, NULL };
	int failed;

	buf_addf(&option, "%zu", o->opt.reader.max_record);
	options[1] = buf_str(&option);
	failed = extraction_start(&o->extraction, o->text, options, err);
	buf_release(&option);
	return failed;
}

static int open_any(struct operand *o, struct streams *streams, struct error *err)
{
	struct reader_options opt = o->opt.reader;
	struct endpoint e;
	int failed;

	if (!strcmp(o->text, "-")) {
		opt.file = io_is_regular(STDIN_FILENO);
		reader_open(&o->reader, o->fd = STDIN_FILENO, "standard input", streams, &opt);
		return 0;
	}
	opt.plain = false;
	if (endpoint_parse(&e, o->text, err))
		return -1;
	failed = open_file(o, &e, err);
	endpoint_release(&e);
	if (!failed && !o->direct)
		failed = start_extract(o, err);
	if (failed)
		return -1;
	opt.data = opt.file = o->direct;
	reader_open(&o->reader, o->direct ? o->fd : o->extraction.fd, o->text, streams, &opt);
	return 0;
}

void operand_init(struct operand *o, struct spill *spill, struct memory *memory)
{
	*o = (struct operand){ .fd = -1, .extraction = { -1, -1, NULL } };
	record_init(&o->rec);
	store_init(&o->store, spill, memory);
}

int operand_open(struct operand *o, const char *text, const struct operand_options *opt, struct streams *streams, struct error *err)
{
	o->text = text;
	o->opt = *opt;
	if (open_any(o, streams, err))
		return -1;
	if (opt->stream) {
		free(o->own_name);
		o->own_name = xstrdup(opt->stream);
		o->single = o->named = true;
	}
	return 0;
}

void operand_release(struct operand *o)
{
	struct error ignored;

	reader_close(&o->reader);
	(void)extraction_end(&o->extraction, &ignored);
	if (o->fd > STDIN_FILENO)
		close(o->fd);
	o->fd = -1;
	record_release(&o->rec);
	record_names_release(o->names);
	o->names = NULL;
	store_release(&o->store);
	buf_release(&o->line);
	counts_release(&o->aside);
	free(o->own_name);
	free(o->said_name);
	o->own_name = o->said_name = NULL;
}

/* ---- reading */

int operand_where(const struct operand *o, struct error *err)
{
	return error_prefix(err, "%s:%llu", o->reader.name, (unsigned long long)o->reader.lineno);
}

/* A section begins. What it must be is said when it has brought something: it may be the words of a failed program. */
static void on_begin(struct operand *o)
{
	bool plain = !o->reader.framed;

	if (o->fd == STDIN_FILENO && plain)
		o->single = true;
	if (o->direct && !plain && !o->named) {	/* a saved stream, whose frames name its streams */
		free(o->own_name);
		o->own_name = NULL;
		o->single = false;
	}
	o->unjudged = true;
}

static int judge(struct operand *o, struct error *err)
{
	bool plain = !o->reader.framed;

	o->unjudged = false;
	if (!plain && o->reader.scope == SCOPE_KEYS && !o->opt.keys)
		return error_set(err, EXIT_FAILED, "'%s' holds keys and nothing else", o->text);
	if ((plain && (o->direct || o->opt.reader.plain)) || (!plain && o->reader.scope != SCOPE_PART))
		return 0;
	o->part = true;
	if (o->opt.accept_part)
		return 0;
	return error_set(err, EXIT_FAILED, "'%s' is %s: what it lacks would count as deleted (--accept-part takes it as it is)", o->text,
			 plain ? "input without frames, which may be cut off" : "a part of its source");
}

static void on_end(struct operand *o)
{
	uint32_t i;

	for (i = 0; i < o->reader.streams->n; i++)
		counts_add(&o->aside, i, counts_get(&o->reader.aside, i));
}

void operand_make_single(struct operand *o, bool any)
{
	o->single = true;
	if (any && !o->said_name)
		o->said_name = xstrdup(streams_name(o->reader.streams, o->meta.stream));
	if (any && !o->own_name)
		o->own_name = xstrdup(o->said_name);
}

/* Rows of a single operand are all of one stream, which has its own name or that of the first of them. */
static int name_stream(struct operand *o, struct error *err)
{
	struct streams *streams = o->reader.streams;

	if (!o->single)
		return 0;
	if (o->known && o->meta.stream == o->said) {
		o->meta.stream = o->own;
		return 0;
	}
	operand_make_single(o, true);
	if (!o->opt.stream && strcmp(o->said_name, streams_name(streams, o->meta.stream)))
		return error_set(err, EXIT_USAGE, "'%s' has several streams: name one of them, as in '%s#%s', or give all one name with --stream",
				 o->text, o->text, error_show(span_of(o->said_name)));
	o->known = true;
	o->said = o->meta.stream;
	o->own = o->meta.stream = streams_index(streams, span_of(o->own_name));
	return 0;
}

static int on_record(struct operand *o, struct error *err)
{
	struct value name;

	if (name_stream(o, err))
		return operand_where(o, err);
	if (o->meta.op != OP_UPSERT && o->meta.op != OP_INSERT) {
		error_set(err, EXIT_FAILED, "op '%s': a stream of changes is no set of rows (sync-load applies it to one)", op_name(o->meta.op));
		return operand_where(o, err);
	}
	if (record_duplicate(&o->rec, &o->names, &name)) {
		error_data(err, "duplicate-name", "two members are called '%s'", error_show(value_bytes(name)));
		return OPERAND_BAD;
	}
	o->rows++;
	return OPERAND_ROW;
}

/* The input is over; a program that was read must have ended well. */
static int at_end(struct operand *o, struct error *err)
{
	return extraction_end(&o->extraction, err) ? -1 : OPERAND_END;
}

static int on_frame(struct operand *o, struct error *err)
{
	if (o->meta.op == OP_END)
		on_end(o);
	if (o->meta.op != OP_SCHEMA)
		return 0;
	return name_stream(o, err) ? -1 : OPERAND_SCHEMA;
}

int operand_next(struct operand *o, struct error *err)
{
	int got;

	do {
		got = reader_next(&o->reader, &o->rec, &o->meta, err);
		o->bad_line = got == READER_BAD;
		if (got < 0)
			return -1;
		if (got == READER_END)
			return at_end(o, err);
		if (got == READER_FRAME && o->meta.op == OP_BEGIN)
			on_begin(o);
		else if (o->unjudged && judge(o, err))
			return -1;
		if (got == READER_BAD)
			return OPERAND_BAD;
		got = got == READER_RECORD ? on_record(o, err) : on_frame(o, err);
	} while (got == 0);
	return got;
}

int operand_peek(struct operand *o, struct span *line, struct error *err)
{
	int got = o->direct ? reader_peek(&o->reader, err) : 0;

	*line = o->reader.line;
	return got;
}

void operand_skip(struct operand *o)
{
	reader_skip(&o->reader);
	o->rows++;
}

int operand_set_aside(struct operand *o, struct writer *w, const struct error *why, struct error *err)
{
	int failed;

	if (o->bad_line)
		failed = writer_reject_raw(w, o->reader.line, o->reader.only, why, err);
	else
		failed = writer_reject(w, &o->rec, &o->meta, why, SPAN_LIT(""), SPAN_LIT(""), err);
	return failed ? operand_where(o, err) : 0;
}

/* ---- reading again */

enum { LINENO = sizeof(uint64_t), GUESS = 4096 };

int operand_keep(struct operand *o, uint64_t *at, struct error *err)
{
	*at = o->reader.offset;
	if (o->direct)
		return 0;
	buf_reset(&o->line);
	buf_add(&o->line, &o->reader.lineno, LINENO);
	buf_addspan(&o->line, o->reader.line);
	return store_add(&o->store, buf_span(&o->line), at, err);
}

static int changed(const struct operand *o, struct error *err)
{
	return error_set(err, EXIT_FAILED, "'%s' was changed while it was read", o->text);
}

/* The line that begins at `at` in the file, into o->line. */
static int read_line(struct operand *o, uint64_t at, struct error *err)
{
	struct buf *b = &o->line;
	size_t want = GUESS;
	char *eol = NULL;
	ssize_t got;

	for (buf_reset(b); !eol; want = b->n) {
		buf_reserve(b, want + SCAN_PADDING);
		got = pread(o->fd, b->p + b->n, want, (off_t)(at + b->n));
		if (got < 0)
			return error_errno(err, EXIT_FAILED, "cannot read '%s' again", o->text);
		if (got == 0)
			break;
		eol = memchr(b->p + b->n, '\n', (size_t)got);
		b->n += (size_t)got;
		if (!eol && b->n > o->opt.reader.max_record)
			return changed(o, err);
	}
	if (eol)
		b->n = (size_t)(eol - b->p);
	buf_reserve(b, SCAN_PADDING);
	return 0;
}

int operand_again(struct operand *o, uint64_t at, struct record *rec, struct meta *meta, struct span *raw, struct error *err)
{
	if (o->direct ? read_line(o, at, err) : store_get(&o->store, at, &o->line, err))
		return -1;
	*raw = buf_span(&o->line);
	if (!o->direct) {
		memcpy(&o->line_at, raw->p, LINENO);
		raw->p += LINENO;
		raw->n -= LINENO;
	}
	if (record_scan(rec, raw->p, raw->n, &o->opt.reader.limits, err) || (o->direct && !o->reader.framed && names_reserve(rec, err)))
		return o->direct ? changed(o, err) : -1;
	*meta = (struct meta){ OP_UPSERT, 0, VALUE_NONE };
	return o->direct && !o->reader.framed ? 0 : meta_read(meta, rec, o->reader.streams, err);
}

/* The line number of what was read again; slow for a file, whose lines are counted. */
static uint64_t lineno_again(const struct operand *o, uint64_t at)
{
	char block[16384], *p, *end;
	uint64_t from = 0, lines = 1;
	size_t want;
	ssize_t got;

	if (!o->direct)
		return o->line_at;
	for (; from < at; from += (uint64_t)got) {
		want = at - from < sizeof block ? (size_t)(at - from) : sizeof block;
		got = pread(o->fd, block, want, (off_t)from);
		if (got <= 0)
			break;
		end = block + got;
		for (p = block; (p = memchr(p, '\n', (size_t)(end - p))); p++)
			lines++;
	}
	return lines;
}

int operand_set_aside_again(struct operand *o, uint64_t at, struct record *rec, const struct meta *meta, struct writer *w,
			    const struct error *why, struct error *err)
{
	if (!writer_reject(w, rec, meta, why, SPAN_LIT(""), SPAN_LIT(""), err))
		return 0;
	return error_prefix(err, "%s:%llu", o->reader.name, (unsigned long long)lineno_again(o, at));
}

int operand_unchanged(struct operand *o, struct error *err)
{
	struct stat st;

	if (!o->direct)
		return 0;
	if (fstat(o->fd, &st) || st.st_size != o->st.st_size || st.st_mtim.tv_sec != o->st.st_mtim.tv_sec ||
	    st.st_mtim.tv_nsec != o->st.st_mtim.tv_nsec)
		return changed(o, err);
	return 0;
}
