/*
 * fuzz_csv: any bytes as CSV. However they are cut into pieces, the rows are the same; every row is a record with a
 * member for each column; every byte belongs to one row.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "endpoint/csv_reader.h"
#include "json/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
	struct buf rows;	/* what came, a line each: records, or "!code" */
	size_t bytes;
	uint64_t lines;
};

static enum csv_type type_of(void *ctx, struct span name)
{
	(void)ctx;
	return name.n ? (enum csv_type)((unsigned char)name.p[0] % (CSV_JSON + 1)) : CSV_UNTYPED;
}

static void check_record(const struct csv_reader *c, struct span text)
{
	const struct scan_limits limits = { 1000, 10000000 };
	struct error err = ERROR_INIT;
	struct record rec;

	record_init(&rec);
	if (record_copy(&rec, text.p, text.n, &limits, &err) || !record_is_object(&rec) || value_count(record_root(&rec)) != c->columns + 1 ||
	    memchr(text.p, '\n', text.n))
		abort();
	record_release(&rec);
}

static enum csv_got one(struct csv_reader *c, bool *header, const char *p, const char *end, bool last, struct run *run,
			struct csv_place *place)
{
	struct error err = ERROR_INIT;
	size_t start = run->rows.n;
	enum csv_got got;

	if (*header) {
		got = csv_reader_header(c, p, end, last, type_of, NULL, place, &err);
		*header = got == CSV_MORE;
		if (got == CSV_ROW)
			csv_reader_start(c, SPAN_LIT("{\"_path\":\"x\","));
		return got;
	}
	got = csv_reader_row(c, p, end, last, &run->rows, place, &err);
	if (got == CSV_ROW)
		check_record(c, (struct span){ run->rows.p + start, run->rows.n - start });
	else if (run->rows.n != start)
		abort();
	if (got == CSV_BAD)
		buf_addf(&run->rows, "!%s", err.code);
	if (got == CSV_ROW || got == CSV_BAD)
		buf_addc(&run->rows, '\n');
	return got;
}

/* Feeds the text in pieces of so many bytes, each in memory of its own, so that a sanitizer sees every byte too far. */
static void feed(struct span text, size_t piece, struct csv_reader *c, struct run *run)
{
	size_t at = 0, end = piece < text.n ? piece : text.n;
	struct csv_place place;
	enum csv_got got;
	bool header = true;
	char *copy;

	for (;;) {
		if (at < end) {
			copy = malloc(end - at + CSV_PADDING);
			memcpy(copy, text.p + at, end - at);
			memset(copy + (end - at), '\n', 1);
			memset(copy + (end - at) + 1, 'x', CSV_PADDING - 1);
			got = one(c, &header, copy, copy + (end - at), end == text.n, run, &place);
			free(copy);
		} else {
			got = CSV_MORE;
		}
		if (got == CSV_BROKEN || (got == CSV_BAD && c->columns == 0))
			return;
		if (got == CSV_BAD && !header && run->rows.n == 0)
			return;		/* a header that was refused */
		if (got == CSV_MORE) {
			if (end == text.n)
				return;
			end += piece < text.n - end ? piece : text.n - end;
			continue;
		}
		if (!place.bytes || place.bytes > end - at)
			abort();
		at += place.bytes;
		run->bytes += place.bytes;
		run->lines += place.lines;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char delimiters[] = ",;\t|", quotes[] = "\"'\"\"";
	struct run whole = { .rows = BUF_INIT }, parts = { .rows = BUF_INIT };
	struct csv_reader a, b;
	struct span text;

	if (size < 2 || size > 4096)
		return 0;
	text = (struct span){ (const char *)data + 2, size - 2 };
	csv_reader_init(&a, delimiters[data[0] & 3], quotes[data[0] >> 2 & 3], (data[0] & 48) != 0);
	csv_reader_init(&b, delimiters[data[0] & 3], quotes[data[0] >> 2 & 3], (data[0] & 48) != 0);
	feed(text, SIZE_MAX, &a, &whole);
	feed(text, 1u + data[1] % 40, &b, &parts);
	if (!span_eq(buf_span(&whole.rows), buf_span(&parts.rows)) || whole.bytes != parts.bytes || whole.lines != parts.lines)
		abort();
	csv_reader_release(&a);
	csv_reader_release(&b);
	buf_release(&whole.rows);
	buf_release(&parts.rows);
	return 0;
}
