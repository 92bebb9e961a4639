/* test_writer: what the headers of writer, reject and frame promise of lines, frames, counts and what is set aside. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "stream/reject.h"
#include "stream/writer.h"

static const struct scan_limits limits = SCAN_LIMITS_INIT;

/* A writer into a file of no name, and what it is given. */
struct fixture {
	struct streams streams;
	struct writer w;
	struct rejects rejects;
	struct record rec;
	struct meta meta;
	struct error err;
	FILE *out;
	char path[40];	/* of the rejects */
	struct buf seen;
};

static void start(struct fixture *f, bool plain, const char *max_errors)
{
	*f = (struct fixture){ .err = ERROR_INIT, .seen = BUF_INIT, .path = "/tmp/sync-test-writer-XXXXXX" };
	f->out = tmpfile();
	assert_non_null(f->out);
	close(mkstemp(f->path));
	streams_init(&f->streams);
	record_init(&f->rec);
	assert_int_equal(rejects_open(&f->rejects, "sync-test", f->path, max_errors, &f->err), 0);
	writer_open(&f->w, fileno(f->out), "out", &f->streams, plain);
	f->w.rejects = &f->rejects;
}

static void stop(struct fixture *f)
{
	writer_close(&f->w);
	rejects_close(&f->rejects);
	record_release(&f->rec);
	streams_release(&f->streams);
	buf_release(&f->seen);
	unlink(f->path);
	fclose(f->out);
}

static const char *all_of(struct fixture *f, FILE *file)
{
	int c;

	buf_reset(&f->seen);
	rewind(file);
	while ((c = getc(file)) != EOF)
		buf_addc(&f->seen, (char)c);
	return buf_str(&f->seen);
}

static const char *written(struct fixture *f)
{
	assert_int_equal(writer_flush(&f->w, &f->err), 0);
	return all_of(f, f->out);
}

static const char *set_aside(struct fixture *f)
{
	FILE *file = fopen(f->path, "r");

	assert_non_null(file);
	all_of(f, file);
	fclose(file);
	return buf_str(&f->seen);
}

static void scan(struct fixture *f, const char *line)
{
	assert_int_equal(record_copy(&f->rec, line, strlen(line), &limits, &f->err), 0);
	assert_int_equal(meta_read(&f->meta, &f->rec, &f->streams, &f->err), 0);
}

static void put(struct fixture *f, const char *line)
{
	scan(f, line);
	assert_int_equal(writer_record(&f->w, &f->rec, &f->meta, &f->err), 0);
}

static void begin(struct fixture *f)
{
	assert_int_equal(writer_begin(&f->w, SCOPE_FULL, SPAN_LIT("r"), SPAN_LIT("[\"a\"]"), SPAN_LIT(""), &f->err), 0);
}

/* ---- */

static void frames(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, false, NULL);
	begin(&f);
	assert_int_equal(writer_schema(&f.w, streams_index(&f.streams, SPAN_LIT("g\"")), SPAN_LIT("[\"id\"]"), SPAN_LIT("{}"), &f.err), 0);
	put(&f, "{\"_sync\":{\"stream\":\"g\\\"\"},\"id\":1}");
	assert_int_equal(writer_checkpoint(&f.w, UINT32_MAX, SPAN_LIT("{\"a\":\"1\"}"), &f.err), 0);
	assert_int_equal(writer_checkpoint(&f.w, f.meta.stream, SPAN_LIT("{}"), &f.err), 0);
	assert_int_equal(writer_end(&f.w, &f.err), 0);
	begin(&f);	/* which resets the counts and seq */
	put(&f, "{\"id\":1}");
	assert_int_equal(writer_checkpoint(&f.w, UINT32_MAX, SPAN_LIT("{}"), &f.err), 0);
	assert_int_equal(writer_end(&f.w, &f.err), 0);
	assert_string_equal(written(&f),
		"{\"_sync\":{\"op\":\"begin\",\"format\":1,\"run\":\"r\",\"source\":[\"a\"],\"scope\":\"full\"}}\n"
		"{\"_sync\":{\"op\":\"schema\",\"stream\":\"g\\\"\",\"key\":[\"id\"],\"schema\":{}}}\n"
		"{\"_sync\":{\"stream\":\"g\\\"\"},\"id\":1}\n"
		"{\"_sync\":{\"op\":\"checkpoint\",\"seq\":1,\"state\":{\"a\":\"1\"},\"count\":{\"g\\\"\":1}}}\n"
		"{\"_sync\":{\"op\":\"checkpoint\",\"stream\":\"g\\\"\",\"seq\":2,\"state\":{},\"count\":{\"g\\\"\":1}}}\n"
		"{\"_sync\":{\"op\":\"end\",\"count\":{\"g\\\"\":1}}}\n"
		"{\"_sync\":{\"op\":\"begin\",\"format\":1,\"run\":\"r\",\"source\":[\"a\"],\"scope\":\"full\"}}\n"
		"{\"id\":1}\n"
		"{\"_sync\":{\"op\":\"checkpoint\",\"seq\":1,\"state\":{},\"count\":{\"\":1}}}\n"
		"{\"_sync\":{\"op\":\"end\",\"count\":{\"\":1}}}\n");
	assert_int_equal(f.w.records, 2);
	assert_int_equal(counts_total(&f.w.total), 2);
	assert_int_equal(f.w.bytes, f.seen.n);
	stop(&f);
}

static void plain(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, true, NULL);
	begin(&f);
	assert_int_equal(writer_schema(&f.w, 0, SPAN_LIT(""), SPAN_LIT("{}"), &f.err), 0);
	put(&f, "{\"id\":1}");
	assert_int_equal(writer_checkpoint(&f.w, UINT32_MAX, SPAN_LIT("{}"), &f.err), 0);
	assert_int_equal(writer_end(&f.w, &f.err), 0);
	assert_string_equal(written(&f), "{\"id\":1}\n");
	stop(&f);
}

/* A run's name is made where none is given, and a begin without a frame of its own becomes a plain source's. */
static void made_begin(void **state)
{
	static const char head[] = "{\"_sync\":{\"op\":\"begin\",\"format\":1,\"run\":\"", last[] = "\",\"scope\":\"part\"}}\n";
	const struct meta none = { OP_BEGIN, 0, VALUE_NONE };
	struct fixture f;
	const char *text;

	(void)state;
	start(&f, false, NULL);
	assert_int_equal(writer_frame(&f.w, &f.rec, &none, &f.err), 0);
	text = written(&f);
	assert_memory_equal(text, head, sizeof head - 1);
	assert_string_equal(text + strlen(text) - (sizeof last - 1), last);
	assert_int_equal(strlen(text), sizeof head - 1 + 26 + sizeof last - 1);
	stop(&f);
}

static void failed(void **state)
{
	struct error why = ERROR_INIT;
	struct fixture f;

	(void)state;
	error_set(&why, EXIT_AGAIN, "cannot reach '%s'", "x\xff");
	start(&f, false, NULL);
	begin(&f);
	put(&f, "{\"id\":1}");
	writer_fail(&f.w, &why);
	writer_fail(&f.w, &why);	/* an end is an end */
	assert_non_null(strstr(written(&f), "{\"id\":1}\n{\"_sync\":{\"op\":\"end\",\"status\":75,\"message\":\"a stage before this one failed\"}}\n"));
	stop(&f);
	start(&f, false, NULL);
	error_set(&why, EXIT_FAILED, "no \"x\"");
	writer_fail(&f.w, &why);	/* before anything was written: a begin comes first */
	assert_non_null(strstr(written(&f), ",\"scope\":\"part\"}}\n{\"_sync\":{\"op\":\"end\",\"status\":3,\"message\":\"no \\\"x\\\"\"}}\n"));
	stop(&f);
	start(&f, true, NULL);
	put(&f, "{\"id\":1}");
	writer_fail(&f.w, &why);
	assert_string_equal(all_of(&f, f.out), "{\"id\":1}\n");
	stop(&f);
}

/* Lines that may stay where they are come in order with those that are copied. */
static void passed_on(void **state)
{
	static const char lines[] = "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n{\"a\":4}\0" "12345678901234567890123456789012345678901234567890123456789012345678";
	struct fixture f;
	struct span line = { lines, 7 };
	int i;

	(void)state;
	start(&f, true, NULL);
	for (i = 0; i < 4; i++, line.p += 8) {
		assert_int_equal(record_scan(&f.rec, line.p, line.n, &limits, &f.err), 0);
		assert_int_equal(meta_read(&f.meta, &f.rec, &f.streams, &f.err), 0);
		if (i == 2)
			put(&f, "{\"between\":0}");
		else
			assert_int_equal(writer_pass(&f.w, &f.rec, &f.meta, &f.err), 0);
	}
	assert_int_equal(writer_settle(&f.w, &f.err), 0);
	assert_int_equal(f.w.run.n, 0);
	buf_adds(writer_line_start(&f.w), "{\"gone\":0}");
	writer_line_cancel(&f.w);
	buf_adds(writer_line_start(&f.w), "{\"made\":0}");
	assert_int_equal(writer_line_end(&f.w, 0, &f.err), 0);
	assert_string_equal(written(&f), "{\"a\":1}\n{\"a\":2}\n{\"between\":0}\n{\"a\":4}\n{\"made\":0}\n");
	assert_int_equal(f.w.records, 5);
	stop(&f);
}

static void full_disk(void **state)
{
	struct error err = ERROR_INIT;
	struct streams streams;
	struct writer w;
	int fd = open("/dev/full", O_WRONLY);

	(void)state;
	assert_true(fd >= 0);
	streams_init(&streams);
	writer_open(&w, fd, "out", &streams, false);
	assert_int_equal(writer_begin(&w, SCOPE_FULL, SPAN_LIT(""), SPAN_LIT(""), SPAN_LIT(""), &err), 0);
	assert_int_equal(writer_end(&w, &err), -1);
	assert_string_equal(err.text, "cannot write to 'out': No space left on device");
	assert_int_equal(err.status, EXIT_FAILED);
	writer_close(&w);
	close(fd);
	streams_release(&streams);
}

static void rejects(void **state)
{
	static const char raw[] = "{\"a\xff\"";
	struct error why = ERROR_INIT;
	struct fixture f;

	(void)state;
	start(&f, false, NULL);
	error_data(&why, "type", "is a \"number\"");
	scan(&f, "{\"id\":1,\"n\":1.50}");
	assert_int_equal(writer_reject(&f.w, &f.rec, &f.meta, &why, SPAN_LIT("id"), SPAN_LIT("schema"), &f.err), 0);
	scan(&f, "{\"_sync\":{\"op\":\"delete\",\"stream\":\"g\",\"error\":{\"code\":\"old\"}},\"id\":2}");
	assert_int_equal(writer_reject(&f.w, &f.rec, &f.meta, &why, SPAN_LIT(""), SPAN_LIT(""), &f.err), 0);
	scan(&f, "{\"id\":3}");
	f.meta.stream = streams_index(&f.streams, SPAN_LIT("g"));	/* the only one: its name goes with the record */
	assert_int_equal(writer_reject(&f.w, &f.rec, &f.meta, &why, SPAN_LIT(""), SPAN_LIT(""), &f.err), 0);
	error_data(&why, "bad-json", "no end");
	assert_int_equal(writer_reject_raw(&f.w, SPAN_LIT("{\"a\""), f.meta.stream, &why, &f.err), 0);
	assert_int_equal(writer_reject_raw(&f.w, (struct span){ raw, sizeof raw - 1 }, 0, &why, &f.err), 0);
	assert_string_equal(set_aside(&f),
		"{\"_sync\":{\"error\":{\"code\":\"type\",\"by\":\"sync-test\",\"path\":\"id\",\"rule\":\"schema\",\"message\":\"is a \\\"number\\\"\"}},\"id\":1,\"n\":1.50}\n"
		"{\"_sync\":{\"op\":\"delete\",\"stream\":\"g\",\"error\":{\"code\":\"type\",\"by\":\"sync-test\",\"message\":\"is a \\\"number\\\"\"}},\"id\":2}\n"
		"{\"_sync\":{\"stream\":\"g\",\"error\":{\"code\":\"type\",\"by\":\"sync-test\",\"message\":\"is a \\\"number\\\"\"}},\"id\":3}\n"
		"{\"_sync\":{\"stream\":\"g\",\"error\":{\"code\":\"bad-json\",\"by\":\"sync-test\",\"message\":\"no end\"},\"raw\":\"{\\\"a\\\"\"}}\n"
		"{\"_sync\":{\"error\":{\"code\":\"bad-json\",\"by\":\"sync-test\",\"message\":\"no end\"},\"raw\":\"eyJh/yI=\",\"rawEncoding\":\"base64\"}}\n");
	assert_int_equal(f.rejects.n, 5);
	assert_true(f.rejects.unsynced);
	assert_int_equal(writer_checkpoint(&f.w, UINT32_MAX, SPAN_LIT("{}"), &f.err), 0);
	assert_false(f.rejects.unsynced);
	assert_int_equal(writer_end(&f.w, &f.err), 0);
	assert_non_null(strstr(written(&f), "{\"op\":\"end\",\"count\":{},\"aside\":{\"\":2,\"g\":3}}"));
	stop(&f);
}

/* Without --rejects a record that would be set aside is the end, and the way out is said. */
static void no_rejects(void **state)
{
	struct error why = ERROR_INIT;
	struct fixture f;

	(void)state;
	start(&f, false, NULL);
	f.w.rejects = NULL;
	error_data(&why, "type", "is no number");
	scan(&f, "{\"id\":1}");
	assert_int_equal(writer_reject(&f.w, &f.rec, &f.meta, &why, SPAN_LIT("id"), SPAN_LIT("r"), &f.err), -1);
	assert_string_equal(f.err.text, "id: is no number (rule r; --rejects FILE sets such records aside)");
	assert_int_equal(writer_reject_raw(&f.w, SPAN_LIT("{"), 0, &why, &f.err), -1);
	assert_string_equal(f.err.text, "is no number (--rejects FILE sets such records aside)");
	assert_int_equal(counts_total(&f.w.aside), 0);
	stop(&f);
}

static void bounds(void **state)
{
	static const struct { const char *max; uint64_t n, seen; bool last, over; } cases[] = {
		{ NULL, 1000000, 1000000, true, false }, { "0", 0, 1, true, false }, { "0", 1, 1, false, true }, { "3", 3, 3, true, false },
		{ "3", 4, 100, false, true }, { "10%", 999, 999, false, false }, { "10%", 100, 1000, false, false }, { "10%", 101, 1000, false, true },
		{ "10%", 2, 10, true, true }, { "10%", 1, 10, true, false }, { "0%", 1, 100000, true, true }, { "100%", 5, 5, true, false },
	};
	static const char *const wrong[] = { "", "-1", "x", "1x", "101%", "1%%", " 1", "99999999999999999999" };
	struct error err = ERROR_INIT;
	struct rejects r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(rejects_open(&r, "t", NULL, cases[i].max, &err), 0);
		r.n = cases[i].n;
		assert_int_equal(rejects_check(&r, cases[i].seen, cases[i].last, &err), cases[i].over ? -1 : 0);
		rejects_close(&r);
	}
	for (i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_int_equal(rejects_open(&r, "t", NULL, wrong[i], &err), -1);
		assert_int_equal(err.status, EXIT_USAGE);
		rejects_close(&r);
	}
}

/* An index stays good while thousands of names come. */
static void many_streams(void **state)
{
	struct streams s;
	char name[20];
	uint32_t i;

	(void)state;
	streams_init(&s);
	assert_int_equal(streams_find(&s, SPAN_LIT("")), 0);
	for (i = 1; i < 5000; i++) {
		snprintf(name, sizeof name, "s%u", i);
		assert_int_equal(streams_find(&s, span_of(name)), -1);
		assert_int_equal(streams_index(&s, span_of(name)), i);
	}
	for (i = 1; i < 5000; i++) {
		snprintf(name, sizeof name, "s%u", i);
		assert_int_equal(streams_find(&s, span_of(name)), i);
		assert_int_equal(streams_index(&s, span_of(name)), i);
		assert_string_equal(streams_name(&s, i), name);
	}
	assert_int_equal(streams_index(&s, SPAN_LIT("")), 0);
	assert_int_equal(s.n, 5000);
	streams_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames), cmocka_unit_test(plain), cmocka_unit_test(made_begin), cmocka_unit_test(failed),
		cmocka_unit_test(passed_on), cmocka_unit_test(full_disk), cmocka_unit_test(rejects), cmocka_unit_test(no_rejects),
		cmocka_unit_test(bounds), cmocka_unit_test(many_streams),
	};

	return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
