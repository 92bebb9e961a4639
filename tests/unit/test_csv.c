/* test_csv: the CSV reader against libcsv on random tables, and byte by byte against itself. */
#include <csv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "endpoint/csv_reader.h"
#include "json/record.h"

enum { COLUMNS = 7, ROWS = 400 };

static unsigned seed = 20;

static unsigned upto(unsigned n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 16) % n;
}

static enum csv_type untyped(void *ctx, struct span name)
{
	(void)ctx;
	(void)name;
	return CSV_UNTYPED;
}

/* ---- random text */

static void add_cell(struct buf *out)
{
	static const char *const pieces[] = { "a", "bc", "\xc3\xb6", "\xf0\x9f\x98\x80", "0123456789abcdef", " ", "\\", "\t", "\x01", ",,", "\n", "\"\"" };
	unsigned n = upto(5), piece, quoted = upto(3) == 0, i;

	if (quoted)
		buf_addc(out, '"');
	for (i = 0; i < n; i++) {
		piece = upto(quoted ? 12 : 9);
		buf_adds(out, pieces[piece]);
	}
	if (quoted)
		buf_addc(out, '"');
}

static void make_table(struct buf *out, const char *end)
{
	unsigned r, c;

	buf_adds(out, "a,b,c,d,e,f,g");
	buf_adds(out, end);
	for (r = 0; r < ROWS; r++) {
		for (c = 0; c < COLUMNS; c++) {
			if (c)
				buf_addc(out, ',');
			add_cell(out);
		}
		buf_adds(out, end);
	}
}

/* ---- what libcsv says, as the records that are expected */

struct expected {
	struct buf out;
	unsigned cell, row;
};

static void on_cell(void *text, size_t n, void *ctx)
{
	struct expected *e = ctx;

	if (e->row) {
		buf_addf(&e->out, "%s\"%c\":", e->cell ? "," : "{", 'a' + (char)e->cell);
		if (!text)
			buf_adds(&e->out, "null");
		else
			assert_int_equal(json_add_string(&e->out, (struct span){ text, n }), 0);
	}
	e->cell++;
}

static void on_row(int by, void *ctx)
{
	struct expected *e = ctx;

	(void)by;
	if (e->row++)
		buf_adds(&e->out, "}\n");
	e->cell = 0;
}

static int never(unsigned char c)
{
	(void)c;
	return 0;
}

static void libcsv_says(struct span text, struct expected *e)
{
	struct csv_parser p;

	assert_int_equal(csv_init(&p, CSV_STRICT | CSV_STRICT_FINI | CSV_EMPTY_IS_NULL), 0);
	csv_set_space_func(&p, never);
	assert_int_equal(csv_parse(&p, text.p, text.n, on_cell, on_row, e), text.n);
	assert_int_equal(csv_fini(&p, on_cell, on_row, e), 0);
	csv_free(&p);
}

/* ---- what we say, given `step` more bytes whenever a row isn't whole */

static void we_say(struct span text, size_t step, struct buf *out)
{
	struct error err = ERROR_INIT;
	struct csv_reader c;
	struct csv_place place;
	size_t at = 0, end = step < text.n ? step : text.n;
	bool header = true;
	char *piece = malloc(text.n + CSV_PADDING);
	enum csv_got got;

	csv_reader_init(&c, ',', '"', true);
	while (at < text.n) {
		memcpy(piece, text.p + at, end - at);
		memset(piece + (end - at), '\n', CSV_PADDING);
		if (end == at)
			got = CSV_MORE;
		else if (header)
			got = csv_reader_header(&c, piece, piece + (end - at), end == text.n, untyped, NULL, &place, &err);
		else
			got = csv_reader_row(&c, piece, piece + (end - at), end == text.n, out, &place, &err);
		if (got == CSV_MORE) {
			assert_true(end < text.n);
			end = text.n - end < step ? text.n : end + step;
			continue;
		}
		assert_int_equal(got, CSV_ROW);
		at += place.bytes;
		if (header)
			csv_reader_start(&c, SPAN_LIT("{"));
		else
			buf_addc(out, '\n');
		header = false;
	}
	csv_reader_release(&c);
	free(piece);
}

static void same_as_libcsv(void **state)
{
	static const char *const ends[] = { "\n", "\r\n" };
	struct expected e = { BUF_INIT, 0, 0 };
	struct buf text = BUF_INIT, out = BUF_INIT;
	unsigned round;

	(void)state;
	for (round = 0; round < 60; round++) {
		buf_reset(&text);
		buf_reset(&out);
		buf_reset(&e.out);
		e.row = e.cell = 0;
		make_table(&text, ends[round & 1]);
		libcsv_says(buf_span(&text), &e);
		we_say(buf_span(&text), round % 3 ? 100 + upto(5000) : SIZE_MAX, &out);
		assert_int_equal(out.n, e.out.n);
		assert_memory_equal(out.p, e.out.p, out.n);
	}
	buf_release(&text);
	buf_release(&out);
	buf_release(&e.out);
}

static void any_piece(void **state)
{
	struct buf text = BUF_INIT, whole = BUF_INIT, out = BUF_INIT;
	size_t step;

	(void)state;
	buf_adds(&text, "a,b\r\n1,\"x \"\"y\"\"\r\n\"\r\n,\"\"\n\xf0\x9f\x98\x80,\"\xc3\xb6\"\n\"\",0123456789abcdef0123456789\n");
	we_say(buf_span(&text), SIZE_MAX, &whole);
	for (step = 1; step < text.n; step++) {
		buf_reset(&out);
		we_say(buf_span(&text), step, &out);
		assert_true(span_eq(buf_span(&out), buf_span(&whole)));
	}
	assert_string_equal(buf_str(&whole), "{\"a\":\"1\",\"b\":\"x \\\"y\\\"\\r\\n\"}\n{\"a\":null,\"b\":\"\"}\n"
			    "{\"a\":\"\xf0\x9f\x98\x80\",\"b\":\"\xc3\xb6\"}\n{\"a\":\"\",\"b\":\"0123456789abcdef0123456789\"}\n");
	buf_release(&text);
	buf_release(&whole);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(same_as_libcsv), cmocka_unit_test(any_piece) };

	return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
