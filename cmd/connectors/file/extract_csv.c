/* extract_csv: CSV (RFC 4180) and TSV by libcsv. Every cell is text as written, unless a schema types it. */
#include <csv.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fileio.h"
#include "base/xalloc.h"
#include "extract.h"

enum { CHUNK = 256 << 10 };

struct column {
	struct buf lead;	/* `"name":` with a comma before it, but for the first */
	char type;		/* of the schema */
};

struct csv {
	struct extract *x;
	struct csv_parser parser;
	struct column *column;	/* owned */
	size_t columns, cap;
	bool header_done;
	size_t cell;		/* of the row being read */
	struct buf row;		/* the record's text */
	struct buf names;	/* the header row's cells, each with a NUL behind */
	uint64_t line, row_line;	/* of the file: now, and where the row began */
	int ended_by;		/* the byte that ended the last row */
	struct error bad;	/* why the row in hand is to be set aside */
	struct buf raw;		/* its cells, when it is */
	int failed;
	struct error *err;
	struct record check;	/* the row as a record */
};

static void bad_row(struct csv *c, const char *code, const char *why)
{
	if (!c->bad.status)
		error_data(&c->bad, code, "%s", why);
}

static void add_raw(struct csv *c, struct span cell)
{
	if (c->cell)
		buf_addc(&c->raw, ',');
	buf_addspan(&c->raw, cell);
}

static void on_cell(void *text, size_t n, void *ctx)
{
	struct csv *c = ctx;
	struct span cell = { text, n };
	struct error why = ERROR_INIT;
	const char *p;

	for (p = text; p && (p = memchr(p, '\n', n - (size_t)(p - (char *)text))); p++)
		c->line++;
	if (!c->header_done) {
		buf_add(&c->names, text ? text : "", text ? n : 0);
		buf_addc(&c->names, '\0');
		c->cell++;
		return;
	}
	if (c->cell < c->columns) {
		buf_addspan(&c->row, buf_span(&c->column[c->cell].lead));
		if (!text)
			buf_adds(&c->row, "null");
		else if (add_typed(&c->row, cell, c->column[c->cell].type, &why))
			bad_row(c, why.code, why.text);
	}
	add_raw(c, text ? cell : (struct span){ "", 0 });
	c->cell++;
}

/* ---- the header */

static int add_column(struct csv *c, struct span name, struct error *err)
{
	struct column *col;
	size_t i;

	XGROW(c->column, c->columns, c->cap);
	col = &c->column[c->columns];
	*col = (struct column){ .lead = BUF_INIT };
	buf_addc(&col->lead, c->columns ? ',' : '{');
	if (json_add_string(&col->lead, name))
		return error_set(err, EXIT_FAILED, "%s: the header is no UTF-8: '%s'", c->x->source->path, error_show(name));
	for (i = 0; i < c->columns; i++)
		if (c->column[i].lead.n == col->lead.n + 1 && !memcmp(c->column[i].lead.p + 1, col->lead.p + 1, col->lead.n - 1))
			return error_set(err, EXIT_FAILED, "%s:1: two columns are called '%s' (--header gives other names)",
					 c->x->source->path, error_show(name));
	buf_addc(&col->lead, ':');
	col->type = declared_type(c->x, name);
	c->columns++;
	return 0;
}

/* The schema frame: --schema as it is, else every column untyped. */
static int declare_columns(struct csv *c, struct error *err)
{
	struct buf b = BUF_INIT;
	size_t i;
	int failed;

	if (c->x->has_schema) {
		record_write(&c->x->schema, &b);
		for (i = 0; i < b.n; i++)
			if (b.p[i] == '\n' || b.p[i] == '\r')
				b.p[i] = ' ';	/* in JSON a line feed stands between values only */
	} else {
		buf_adds(&b, "{\"type\":\"object\",\"x-absent\":null,\"properties\":");
		for (i = 0; i < c->columns; i++) {
			buf_addspan(&b, buf_span(&c->column[i].lead));
			buf_adds(&b, "{\"type\":[\"string\",\"null\"],\"x-type\":\"untyped\"}");
		}
		buf_adds(&b, c->columns ? "}}" : "{}}");
	}
	failed = open_section(c->x, err) || declare(c->x, buf_span(&b), err) ? -1 : 0;
	buf_release(&b);
	return failed;
}

static int take_header(struct csv *c, struct error *err)
{
	const char *name = c->names.p, *end = c->names.p + c->names.n;

	if (c->names.n >= 3 && !memcmp(name, "\xef\xbb\xbf", 3))
		name += 3;
	for (; name < end; name += strlen(name) + 1)
		if (add_column(c, span_of(name), err))
			return -1;
	c->header_done = true;
	return declare_columns(c, err);
}

static int take_given_header(struct csv *c, const char *names, struct error *err)
{
	const char *end;

	for (;; names = end + 1) {
		end = names + strcspn(names, ",");
		if (add_column(c, (struct span){ names, (size_t)(end - names) }, err))
			return -1;
		if (!*end)
			break;
	}
	c->header_done = true;
	return declare_columns(c, err);
}

/* ---- rows */

/* Most rows need no scan: their text was made here, and names are reserved by the header. */
static int write_row(struct csv *c, struct error *err)
{
	struct extract *x = c->x;
	const struct scan_limits limits = { 8, UINT32_MAX / 2 };
	struct buf *line;

	buf_addc(&c->row, '}');
	if (!x->o->with_path && !x->tagged && !c->check.dirty) {
		line = writer_line_start(&x->tool->writer);
		buf_addspan(line, buf_span(&c->row));
		return writer_line_end(&x->tool->writer, x->source->stream, err);
	}
	if (record_copy(&c->check, c->row.p, c->row.n, &limits, err))
		return -1;
	return emit(x, &c->check, err);
}

static int set_row_aside(struct csv *c, struct error *err)
{
	if (c->x->tool->rejects.fd < 0)
		return error_set(err, EXIT_FAILED, "%s:%llu: %s (--rejects FILE sets such rows aside)", c->x->source->path,
				 (unsigned long long)c->row_line, c->bad.text);
	return set_aside(c->x, buf_span(&c->raw), c->row_line, &c->bad, err);
}

static int end_row(struct csv *c, struct error *err)
{
	char why[80];

	if (!c->header_done)
		return take_header(c, err);
	if (c->cell != c->columns) {
		snprintf(why, sizeof why, "%zu cells where the header has %zu", c->cell, c->columns);
		bad_row(c, "ragged-row", why);
	}
	if (c->row.n > c->x->tool->opt.max_record)
		bad_row(c, "too-long", "a row longer than --max-record");
	c->x->tool->records_in++;
	return c->bad.status ? set_row_aside(c, err) : write_row(c, err);
}

static void on_row(int by, void *ctx)
{
	struct csv *c = ctx;
	bool second_half = by == '\n' && c->ended_by == '\r' && c->cell == 0;	/* of CR LF */

	c->line += by == '\n' || by == '\r';
	c->ended_by = by;
	if (second_half) {
		c->line--;
		c->row_line = c->line;
		return;
	}
	if (c->cell == 0 && (!c->header_done || c->columns == 1))
		on_cell(NULL, 0, c);	/* an empty line is a row of one empty cell */
	if (!c->failed)
		c->failed = end_row(c, c->err);
	c->cell = 0;
	c->row_line = c->line;
	c->bad.status = 0;
	buf_reset(&c->row);
	buf_reset(&c->raw);
}

static int never(unsigned char c)
{
	(void)c;
	return 0;
}

/* ---- the file */

static int parse_error(struct csv *c, struct error *err)
{
	return error_set(err, EXIT_FAILED, "%s:%llu: %s", c->x->source->path, (unsigned long long)c->line,
			 csv_error(&c->parser) == CSV_EPARSE ? "a quote stands inside a cell, or text behind a closing quote"
			 : csv_strerror(csv_error(&c->parser)));
}

static int parse(struct csv *c, const char *p, size_t n, struct error *err)
{
	c->ended_by = c->cell || c->row.n ? 0 : c->ended_by;
	if (csv_parse(&c->parser, p, n, on_cell, on_row, c) != n && !c->failed)
		return parse_error(c, err);
	return c->failed;
}

/*
 * The file is given to libcsv in pieces that end at line feeds, so that between two pieces with no row open the
 * place in the file is known: a state may say it.
 */
static int read_all(struct csv *c, struct input *in, struct error *err)
{
	struct extract *x = c->x;
	char *buf = xmalloc(CHUNK);
	ssize_t got;
	size_t n;
	int failed = 0;

	while (!failed && (got = io_read(in->fd, buf, CHUNK)) > 0) {
		x->tool->bytes_in += (uint64_t)got;
		progress_update(&x->tool->progress, x->tool->records_in, x->tool->bytes_in);
		if (!x->o->state) {
			failed = parse(c, buf, (size_t)got, err);
			continue;
		}
		while (!failed && got > 0) {
			char *eol = memchr(buf, '\n', (size_t)got);

			n = eol ? (size_t)(eol + 1 - buf) : (size_t)got;
			failed = parse(c, buf, n, err);
			c->x->source->offset += n;
			memmove(buf, buf + n, (size_t)got - n);
			got -= (ssize_t)n;
		}
	}
	if (!failed && got < 0)
		failed = error_errno(err, EXIT_FAILED, "cannot read '%s'", x->source->path);
	free(buf);
	return failed;
}

static int finish(struct csv *c, struct error *err)
{
	if (csv_fini(&c->parser, on_cell, on_row, c) && !c->failed)
		return error_set(err, EXIT_FAILED, "%s:%llu: the file ends inside a quoted cell", c->x->source->path,
				 (unsigned long long)c->row_line);
	if (!c->failed && !c->header_done)
		return declare_columns(c, err);	/* an empty file: no columns and no rows */
	return c->failed;
}

static int start(struct csv *c, struct error *err)
{
	const struct extract_options *o = c->x->o;
	char delimiter = o->delimiter ? o->delimiter[0] : c->x->source->format == FORMAT_TSV ? '\t' : ',';

	if (csv_init(&c->parser, CSV_EMPTY_IS_NULL | CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL))
		return error_set(err, EXIT_FAILED, "libcsv does not start");
	csv_set_delim(&c->parser, (unsigned char)delimiter);
	csv_set_quote(&c->parser, o->quote ? (unsigned char)o->quote[0] : '"');
	csv_set_space_func(&c->parser, never);
	record_init(&c->check);
	c->line = c->row_line = 1;
	return o->header ? take_given_header(c, o->header, err) : 0;
}

int extract_csv(struct extract *x, struct input *in, struct error *err)
{
	struct csv c = { .x = x, .err = err };
	size_t i;
	int failed;

	if (x->o->follow || x->o->state)
		return error_set(err, EXIT_USAGE, "--state and --follow read NDJSON files; '%s' is CSV", x->source->path);
	failed = start(&c, err) || read_all(&c, in, err) || finish(&c, err) ? -1 : 0;
	for (i = 0; i < c.columns; i++)
		buf_release(&c.column[i].lead);
	free(c.column);
	csv_free(&c.parser);
	record_release(&c.check);
	buf_release(&c.row);
	buf_release(&c.raw);
	buf_release(&c.names);
	return failed;
}
