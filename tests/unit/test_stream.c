/* test_stream: the reader: order of frames, counts, truncation, plain input, reserved names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "stream/progress.h"
#include "stream/reader.h"

#define BEGIN "{\"_sync\":{\"op\":\"begin\",\"format\":1,\"run\":\"r\",\"scope\":\"full\"}}\n"
#define SCHEMA(s) "{\"_sync\":{\"op\":\"schema\",\"stream\":\"" s "\",\"schema\":{}}}\n"
#define CHECK(n) "{\"_sync\":{\"op\":\"checkpoint\",\"state\":{},\"count\":{\"g\":" n "}}}\n"
#define END(n) "{\"_sync\":{\"op\":\"end\",\"count\":{\"g\":" n "}}}\n"

enum { PLAIN = 1, UNCOUNTED = 2, DATA = 4, FILE_IN = 8, WHOLE = 16, SMALL = 32 };

/*
 * What is read, in letters: B begin, S schema, C checkpoint, E end, r a record, u d t an update, delete, truncate, x a bad
 * line, '.' the end; "!STATUS" an error, whose text is put in why.
 */
static void read_all(const char *text, int how, char *seen, struct error *why)
{
	struct reader_options o = READER_OPTIONS_INIT;
	struct streams streams;
	struct record rec;
	struct meta meta;
	struct reader r;
	int got;

	o.plain = how & PLAIN;
	o.uncounted = how & UNCOUNTED;
	o.data = how & DATA;
	o.file = how & FILE_IN;
	o.whole_lines = how & WHOLE;
	if (how & SMALL)
		o.max_record = 100;
	*why = (struct error)ERROR_INIT;
	streams_init(&streams);
	record_init(&rec);
	reader_open_memory(&r, span_of(text), "in", &streams, &o);
	while ((got = reader_next(&r, &rec, &meta, why)) > 0)
		*seen++ = got == READER_BAD ? 'x' : "rrudtBSCE"[meta.op];
	if (got < 0)
		sprintf(seen, "!%d", why->status);
	else
		strcpy(seen, ".");
	reader_close(&r);
	record_release(&rec);
	streams_release(&streams);
}

static const struct { const char *text; int how; const char *seen, *why; } cases[] = {
	/* plain input */
	{ "{\"a\":1}\n{\"a\":2}\n", 0, "BrrE.", NULL },
	{ "{\"a\":1}\n\n  \r\n{\"a\":2}", 0, "BrrE.", NULL },
	{ "\xef\xbb\xbf{\"a\":1}\r\n", 0, "BrE.", NULL },
	{ "{\"a\":1}\nnonsense\n[1]\n{}\n", 0, "BrxxrE.", NULL },
	{ "{\"_sync\":{\"op\":\"update\"},\"a\":1}\n{\"_sync\":{\"op\":\"delete\"}}\n{\"_sync\":{\"op\":\"truncate\"}}\n", 0, "BudtE.", NULL },
	{ "{\"_sync\":{\"op\":\"nosuch\"}}\n{\"_sync\":1}\n{\"_sync\":{},\"_s\\u0079nc\":{}}\n{\"_sync\":{\"stream\":1}}\n", 0, "BxxxxE.", NULL },
	{ "{\"a\":1}\n" END("1"), 0, "Br!3", "a frame in plain input" },
	{ "", 0, "!3", "no input at all" },
	{ "", FILE_IN, "BE.", NULL },
	{ "", PLAIN, "BE.", NULL },
	/* frames */
	{ BEGIN SCHEMA("g") "{\"a\":1}\n" CHECK("1") "{\"a\":2}\n" END("2"), 0, "BSrCrE.", NULL },
	{ BEGIN END("0"), 0, "BE.", NULL },
	{ BEGIN SCHEMA("g") "{\"a\":1}\n" END("1") BEGIN SCHEMA("g") END("0"), 0, "BSrEBSE.", NULL },
	{ BEGIN SCHEMA("g") "{\"a\":1}\n", 0, "BSr!3", "truncated" },
	{ BEGIN SCHEMA("g") "{\"a\":1}\n{\"a\":", 0, "BSr!3", "truncated: it stops within a line" },
	{ BEGIN, 0, "B!3", "truncated" },
	{ BEGIN SCHEMA("g") "{\"a\":1}\n" END("2"), 0, "BSr!3", "1 records of stream 'g' arrived, and the frame counts 2" },
	{ BEGIN SCHEMA("g") "{\"a\":1}\n" CHECK("0"), 0, "BSr!3", "arrived" },
	{ BEGIN SCHEMA("g") "{\"a\":1}\n" END("2"), UNCOUNTED, "BSrE.", NULL },
	{ BEGIN SCHEMA("g") "{\"a\":1}\n", UNCOUNTED, "BSr!3", "truncated" },
	{ BEGIN SCHEMA("g") "{\"a\":1}\n", PLAIN, "BrE.", NULL },
	{ SCHEMA("g") "{\"a\":1}\n", 0, "!3", "before 'begin'" },
	{ BEGIN BEGIN, 0, "B!3", "before the 'end'" },
	{ BEGIN END("0") "{\"a\":1}\n", 0, "BE!3", "behind the end frame" },
	{ BEGIN SCHEMA("g") SCHEMA("h") "{\"a\":1}\n", 0, "BSS!3", "names no stream" },
	{ BEGIN SCHEMA("g") SCHEMA("h") "{\"_sync\":{\"stream\":\"g\"},\"a\":1}\n" END("1"), 0, "BSSrE.", NULL },
	{ BEGIN "{\"_sync\":{\"op\":\"end\",\"status\":75,\"message\":\"locked\"}}\n", 0, "B!75", "locked" },
	{ BEGIN "{\"_sync\":{\"op\":\"end\",\"status\":0}}\n", 0, "B!3", "a stage before this one failed" },
	{ BEGIN "{\"_sync\":{\"op\":\"end\"}}\n", 0, "B!3", "without 'count'" },
	{ BEGIN SCHEMA("g") "broken\n" END("0"), 0, "BSxE.", NULL },
	{ "{\"_sync\":{\"op\":\"begin\",\"format\":2}}\n", 0, "!3", "format 1" },
	{ "{\"_sync\":{\"op\":\"begin\",\"format\":1,\"scope\":\"half\"}}\n", 0, "!3", "unknown scope" },
	/* data: what a user's own `_sync` says counts for nothing */
	{ "{\"_sync\":{\"op\":\"delete\"}}\n{\"_sync\":1}\n", DATA, "BrrE.", NULL },
	{ BEGIN SCHEMA("g") "{\"_sync\":{\"op\":\"delete\"},\"a\":1}\n" END("1"), DATA, "BSdE.", NULL },
	/* bounds */
	{ "{\"a\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}\n", SMALL,
	  "!3", "--max-record" },
};

static void sequences(void **state)
{
	struct error why;
	char seen[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		read_all(cases[i].text, cases[i].how, seen, &why);
		if (strcmp(seen, cases[i].seen))
			fail_msg("%s: %s, not %s (%s)", cases[i].text, seen, cases[i].seen, why.text);
		if (cases[i].why && !strstr(why.text, cases[i].why))
			fail_msg("%s: %s", cases[i].text, why.text);
	}
}

/* `_sync` and its kin gain an underscore as data, and lose it again. */
static void reserved_names(void **state)
{
	static const char text[] = "{\"__sync\":1,\"_sync\":{\"op\":\"x\"},\"a\":2,\"_other\":3}\n";
	struct reader_options o = READER_OPTIONS_INIT;
	struct error err = ERROR_INIT;
	struct streams streams;
	struct buf out = BUF_INIT;
	struct record rec;
	struct meta meta;
	struct reader r;

	(void)state;
	o.data = true;
	streams_init(&streams);
	record_init(&rec);
	reader_open_memory(&r, span_of(text), "in", &streams, &o);
	assert_int_equal(reader_next(&r, &rec, &meta, &err), READER_FRAME);
	assert_int_equal(reader_next(&r, &rec, &meta, &err), READER_RECORD);
	record_write(&rec, &out);
	assert_string_equal(buf_str(&out), "{\"___sync\":1,\"__sync\":{\"op\":\"x\"},\"a\":2,\"_other\":3}");
	assert_int_equal(names_restore(&rec, &err), 0);
	buf_reset(&out);
	record_write(&rec, &out);
	assert_string_equal(buf_str(&out), "{\"__sync\":1,\"_sync\":{\"op\":\"x\"},\"a\":2,\"_other\":3}");
	assert_true(span_is(name_restored(SPAN_LIT("__sync")), "_sync"));
	assert_true(span_is(name_restored(SPAN_LIT("_sync")), "_sync"));
	assert_true(span_is(name_restored(SPAN_LIT("__synch")), "__synch"));
	reader_close(&r);
	record_release(&rec);
	streams_release(&streams);
	buf_release(&out);
}

static void progress_lines(void **state)
{
	char out[120];

	(void)state;
	assert_string_equal(progress_text(out, 1234567, 412000000, 0, 2), "1,234,567 records  412 MB  617,283/s");
	assert_string_equal(progress_text(out, 1000, 5000, 10000, 10), "1,000 records  5.0 kB  50%  100/s  0:10 left");
	assert_string_equal(progress_text(out, 1, 1, 100, 1), "1 records  1 B  1%  1/s  1:39 left");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sequences), cmocka_unit_test(reserved_names), cmocka_unit_test(progress_lines),
	};

	return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
