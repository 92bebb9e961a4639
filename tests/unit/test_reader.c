/* test_reader: places and counts of lines, looking ahead and passing over, bytes read before, ends of files, odd bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "stream/reader.h"

struct input {
	struct streams streams;
	struct record rec;
	struct meta meta;
	struct reader r;
	struct error err;
};

static void start(struct input *in, struct span text, const struct reader_options *o)
{
	in->err = (struct error)ERROR_INIT;
	streams_init(&in->streams);
	record_init(&in->rec);
	reader_open_memory(&in->r, text, "in", &in->streams, o);
}

static int next(struct input *in)
{
	return reader_next(&in->r, &in->rec, &in->meta, &in->err);
}

static void stop(struct input *in)
{
	reader_close(&in->r);
	record_release(&in->rec);
	streams_release(&in->streams);
}

static void line_is(const struct input *in, const char *text, uint64_t lineno, uint64_t offset)
{
	assert_true(span_is(in->r.line, text));
	assert_int_equal(in->r.lineno, lineno);
	assert_int_equal(in->r.offset, offset);
}

static void places(void **state)
{
	struct reader_options o = READER_OPTIONS_INIT;
	struct input in;

	(void)state;
	start(&in, SPAN_LIT("{\"a\":1}\n\n{\"b\":2}\r\nbad\n{\"c\":3}"), &o);
	assert_int_equal(next(&in), READER_FRAME);
	assert_int_equal(next(&in), READER_RECORD);
	line_is(&in, "{\"a\":1}", 1, 0);
	assert_int_equal(in.r.consumed, 8);
	assert_int_equal(next(&in), READER_RECORD);
	assert_int_equal(in.r.lineno, 3);
	assert_int_equal(in.r.offset, 9);
	assert_int_equal(next(&in), READER_BAD);
	line_is(&in, "bad", 4, 18);
	assert_int_equal(in.err.status, EXIT_FAILED);
	assert_int_equal(next(&in), READER_RECORD);
	line_is(&in, "{\"c\":3}", 5, 22);
	assert_int_equal(next(&in), READER_FRAME);
	assert_int_equal(next(&in), READER_END);
	assert_int_equal(in.r.records, 3);
	assert_int_equal(in.r.bytes, 29);
	stop(&in);
}

static void looks_ahead(void **state)
{
	struct reader_options o = READER_OPTIONS_INIT;
	struct input in;

	(void)state;
	o.data = true;
	start(&in, SPAN_LIT("{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n"), &o);
	assert_int_equal(next(&in), READER_FRAME);
	assert_int_equal(next(&in), READER_RECORD);
	assert_int_equal(reader_peek(&in.r, &in.err), 1);
	line_is(&in, "{\"a\":2}", 2, 8);
	reader_skip(&in.r);
	assert_int_equal(in.r.records, 2);
	assert_int_equal(reader_peek(&in.r, &in.err), 1);
	assert_int_equal(next(&in), READER_RECORD);
	line_is(&in, "{\"a\":3}", 3, 16);
	assert_int_equal(reader_peek(&in.r, &in.err), 0);
	assert_int_equal(next(&in), READER_FRAME);
	assert_int_equal(in.meta.op, OP_END);
	assert_int_equal(next(&in), READER_END);
	assert_int_equal(in.r.records, 3);
	stop(&in);
}

/* The letters of what is read: r a record, x a bad line, '!' the end by an error. */
static void reads(struct span text, const struct reader_options *o, const char *want)
{
	struct input in;
	char seen[32], *p = seen;
	int got;

	start(&in, text, o);
	while ((got = next(&in)) > 0)
		if (got != READER_FRAME)
			*p++ = got == READER_BAD ? 'x' : 'r';
	if (got < 0)
		*p++ = '!';
	*p = '\0';
	assert_string_equal(seen, want);
	stop(&in);
}

static void ends_and_odd_bytes(void **state)
{
	struct reader_options o = READER_OPTIONS_INIT;

	(void)state;
	reads(SPAN_LIT("{\"a\":1}\n{\"a\":2}"), &o, "rr");
	reads(SPAN_LIT("{\"a\":1}\n{\"a\":"), &o, "rx");
	reads(SPAN_LIT("{\"a\":\0}\n\0\n{\"a\":\"\0\"}\n{\"a\":\"\\u0000\"}\n"), &o, "xxxr");
	reads(SPAN_LIT("{\"a\":\"\xff\"}\n{\"a\":\"\xed\xa0\x80\"}\n{}\n"), &o, "xxr");
	reads(SPAN_LIT("{\"a\":1}\n\xef\xbb\xbf{\"a\":2}\n"), &o, "rx");
	o.whole_lines = true;
	reads(SPAN_LIT("{\"a\":1}\n{\"a\":"), &o, "r");
	reads(SPAN_LIT("{\"a\":1}\n{\"a\":2}"), &o, "rr");
	o.whole_lines = false;
	o.max_record = 10;
	reads(SPAN_LIT("{\"a\":123}\n{\"ab\":1234}\n"), &o, "r!");
}

static void read_before(void **state)
{
	struct reader_options o = READER_OPTIONS_INIT;
	struct input in;
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(write(fd[1], "\":1}\n{\"b\":2}\n", 13), 13);
	close(fd[1]);
	in.err = (struct error)ERROR_INIT;
	streams_init(&in.streams);
	record_init(&in.rec);
	reader_open(&in.r, fd[0], "in", &in.streams, &o);
	reader_unread(&in.r, SPAN_LIT("{\"a"));
	assert_int_equal(next(&in), READER_FRAME);
	assert_int_equal(next(&in), READER_RECORD);
	line_is(&in, "{\"a\":1}", 1, 0);
	assert_int_equal(next(&in), READER_RECORD);
	line_is(&in, "{\"b\":2}", 2, 8);
	assert_int_equal(next(&in), READER_FRAME);
	assert_int_equal(next(&in), READER_END);
	stop(&in);
	close(fd[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places), cmocka_unit_test(looks_ahead), cmocka_unit_test(ends_and_odd_bytes), cmocka_unit_test(read_before),
	};

	return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
