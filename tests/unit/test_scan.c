/* test_scan: the scanner against JSONTestSuite and by itself, every variant alike. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/fileio.h"
#include "json/scan.h"

static const char *const variants[] = { "avx2", "sse2", "portable" };
static const struct scan_limits usual = SCAN_LIMITS_INIT;

/*
 * What the suite leaves to the implementation. Numbers are digits here, of any size and precision, so all of them are
 * taken; what isn't UTF-8 and halves of surrogate pairs are refused, since no other system could be given them; a byte
 * order mark is the reader's business, at the start of a file, and nothing else's; 500 levels are more than 128.
 */
static const struct { const char *name; bool taken; } decided[] = {
	{ "i_number_double_huge_neg_exp.json", true }, { "i_number_huge_exp.json", true }, { "i_number_neg_int_huge_exp.json", true },
	{ "i_number_pos_double_huge_exp.json", true }, { "i_number_real_neg_overflow.json", true },
	{ "i_number_real_pos_overflow.json", true }, { "i_number_real_underflow.json", true }, { "i_number_too_big_neg_int.json", true },
	{ "i_number_too_big_pos_int.json", true }, { "i_number_very_big_negative_int.json", true },
	{ "i_object_key_lone_2nd_surrogate.json", false }, { "i_string_1st_surrogate_but_2nd_missing.json", false },
	{ "i_string_1st_valid_surrogate_2nd_invalid.json", false }, { "i_string_UTF-16LE_with_BOM.json", false },
	{ "i_string_UTF-8_invalid_sequence.json", false }, { "i_string_UTF8_surrogate_U+D800.json", false },
	{ "i_string_incomplete_surrogate_and_escape_valid.json", false }, { "i_string_incomplete_surrogate_pair.json", false },
	{ "i_string_incomplete_surrogates_escape_valid.json", false }, { "i_string_invalid_lonely_surrogate.json", false },
	{ "i_string_invalid_surrogate.json", false }, { "i_string_invalid_utf-8.json", false },
	{ "i_string_inverted_surrogates_U+1D11E.json", false }, { "i_string_iso_latin_1.json", false },
	{ "i_string_lone_second_surrogate.json", false }, { "i_string_lone_utf8_continuation_byte.json", false },
	{ "i_string_not_in_unicode_range.json", false }, { "i_string_overlong_sequence_2_bytes.json", false },
	{ "i_string_overlong_sequence_6_bytes.json", false }, { "i_string_overlong_sequence_6_bytes_null.json", false },
	{ "i_string_truncated-utf-8.json", false }, { "i_string_utf16BE_no_BOM.json", false }, { "i_string_utf16LE_no_BOM.json", false },
	{ "i_structure_500_nested_arrays.json", false }, { "i_structure_UTF-8_BOM_empty_object.json", false },
};

static bool expected(const char *name)
{
	size_t i;

	if (name[0] != 'i')
		return name[0] == 'y';
	for (i = 0; i < sizeof decided / sizeof *decided; i++)
		if (!strcmp(decided[i].name, name))
			return decided[i].taken;
	fail_msg("%s is not decided", name);
	return false;
}

static void same_answer(int got, const struct tape *tape, const struct error *err, int want, const struct tape *first, const struct error *first_err)
{
	assert_int_equal(got, want);
	assert_string_equal(err->text, first_err->text);
	if (got)
		return;
	assert_int_equal(tape->n, first->n);
	assert_memory_equal(tape->tok, first->tok, tape->n * sizeof *tape->tok);
}

/*
 * Scans a copy of text with each kind of padding, by itself, behind lines like it and behind other lines; all variants must say the same.
 * Returns whether it was taken.
 */
static bool scan_alike(struct span text, const struct scan_limits *limits, struct tape *first, struct error *first_err)
{
	static const char paddings[] = { '\0', '9', '"', ']' };
	static struct tape warm[3];	/* they keep the shape of the line before */
	struct error err;
	char *copy = malloc(text.n + SCAN_PADDING);
	int want, got, again;
	size_t v, i;

	if (text.n)
		memcpy(copy, text.p, text.n);
	memset(copy + text.n, 0, SCAN_PADDING);
	scan_choose("portable");
	scan_use_shapes(false);
	*first_err = (struct error)ERROR_INIT;
	want = scan_text(first, copy, text.n, limits, first_err);
	scan_use_shapes(true);
	for (v = 0; v < 3; v++) {
		if (scan_choose(variants[v]))
			continue;
		for (i = 0; i < sizeof paddings; i++) {
			memset(copy + text.n, paddings[i], SCAN_PADDING);
			for (again = 0; again < 3; again++) {
				err = (struct error)ERROR_INIT;
				got = scan_text(&warm[v], copy, text.n, limits, &err);
				same_answer(got, &warm[v], &err, want, first, first_err);
			}
		}
	}
	free(copy);
	return want == 0;
}

static bool taken(const char *text)
{
	struct tape tape = TAPE_INIT;
	struct error err = ERROR_INIT;
	bool yes = scan_alike(span_of(text), &usual, &tape, &err);

	tape_release(&tape);
	return yes;
}

static void suite(void **state)
{
	const char *folder = "tests/data/json-test-suite/test_parsing";
	DIR *dir = opendir(folder);
	struct tape tape = TAPE_INIT;
	struct error err = ERROR_INIT;
	struct buf b = BUF_INIT;
	struct dirent *e;
	char path[400];
	int seen = 0;

	(void)state;
	assert_non_null(dir);
	while ((e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
		buf_reset(&b);
		assert_int_equal(io_slurp(path, 1 << 24, &b, &err), 0);
		if (scan_alike((struct span){ b.p ? b.p : "", b.n }, &usual, &tape, &err) != expected(e->d_name))
			fail_msg("%s: %s", e->d_name, expected(e->d_name) ? err.text : "is taken");
		seen++;
	}
	closedir(dir);
	assert_true(seen > 300);
	tape_release(&tape);
	buf_release(&b);
}

static void tape_of_a_record(void **state)
{
	/* {"a":[1,{"b":"x"}],"c":{},"d":1.5} */
	static const struct { uint8_t type, flags; uint32_t at, len, next; uint16_t aux; } want[] = {
		{ TOKEN_OBJECT, 0, 0, 34, 11, 3 }, { TOKEN_STRING, TOKEN_KEY | TOKEN_ASCII, 2, 1, 7, 0 }, { TOKEN_ARRAY, 0, 5, 13, 7, 2 },
		{ TOKEN_NUMBER, TOKEN_INTEGER, 6, 1, 4, 0 }, { TOKEN_OBJECT, 0, 8, 9, 7, 1 },
		{ TOKEN_STRING, TOKEN_KEY | TOKEN_ASCII, 10, 1, 7, 4 }, { TOKEN_STRING, TOKEN_ASCII, 14, 1, 7, 0 },
		{ TOKEN_STRING, TOKEN_KEY | TOKEN_ASCII, 20, 1, 9, 0 }, { TOKEN_OBJECT, 0, 23, 2, 9, 0 },
		{ TOKEN_STRING, TOKEN_KEY | TOKEN_ASCII, 27, 1, 11, 0 }, { TOKEN_NUMBER, 0, 30, 3, 11, 0 },
	};
	struct tape tape = TAPE_INIT;
	struct error err = ERROR_INIT;
	uint32_t i;

	(void)state;
	assert_true(scan_alike(SPAN_LIT("{\"a\":[1,{\"b\":\"x\"}],\"c\":{},\"d\":1.5}"), &usual, &tape, &err));
	assert_int_equal(tape.n, sizeof want / sizeof *want);
	for (i = 0; i < tape.n; i++) {
		assert_int_equal(tape.tok[i].type, want[i].type);
		assert_int_equal(tape.tok[i].flags, want[i].flags);
		assert_int_equal(tape.tok[i].at, want[i].at);
		assert_int_equal(tape.tok[i].len, want[i].len);
		assert_int_equal(tape.tok[i].next, want[i].next);
		assert_int_equal(tape.tok[i].aux, want[i].aux);
	}
	tape_release(&tape);
}

static void bounds(void **state)
{
	const struct scan_limits small = { 3, 5 };
	struct tape tape = TAPE_INIT;
	struct error err = ERROR_INIT;

	(void)state;
	assert_true(scan_alike(SPAN_LIT("[[[1]]]"), &small, &tape, &err));
	assert_false(scan_alike(SPAN_LIT("[[[[1]]]]"), &small, &tape, &err));
	assert_string_equal(err.code, "too-deep");
	assert_true(scan_alike(SPAN_LIT("[1,2,3,4]"), &small, &tape, &err));
	assert_false(scan_alike(SPAN_LIT("[1,2,3,4,5]"), &small, &tape, &err));
	assert_string_equal(err.code, "too-many-tokens");
	assert_false(scan_alike(SPAN_LIT("{\"a\":\"\\ud800\"}"), &usual, &tape, &err));
	assert_string_equal(err.code, "lone-surrogate");
	assert_false(scan_alike(SPAN_LIT("\"\xff\""), &usual, &tape, &err));
	assert_string_equal(err.code, "bad-utf8");
	assert_string_equal(err.text, "byte 2: no UTF-8");
	tape_release(&tape);
}

/* Strings of every length, with each thing that matters at every place, so that every edge of every window is met. */
static void every_place(void **state)
{
	char text[700];
	size_t n, at;

	(void)state;
	for (n = 1; n < 140; n++) {
		for (at = 0; at < n; at++) {
			memset(text, 'x', sizeof text);
			text[0] = '"';
			text[n + 1] = '"';
			text[n + 2] = '\0';
			assert_true(taken(text));
			text[1 + at] = '\n';
			assert_false(taken(text));
			text[1 + at] = (char)0x80;
			assert_false(taken(text));
			text[1 + at] = '"';
			assert_false(taken(text));
			if (at + 1 < n) {
				memcpy(text + 1 + at, "\xc3\xb6", 2);
				assert_true(taken(text));
				memcpy(text + 1 + at, "\\n", 2);
				assert_true(taken(text));
			}
		}
	}
}

/* Strings that reach over the scanner's window of 4096 bytes. */
static void long_strings(void **state)
{
	struct buf b = BUF_INIT;
	size_t n, i;

	(void)state;
	for (n = 4000; n < 13000; n += 61) {
		buf_reset(&b);
		buf_adds(&b, "[\"");
		for (i = 0; i < n; i++)
			buf_addc(&b, 'x');
		buf_adds(&b, n & 1 ? "\xc3\xb6\"," : "\",");
		buf_adds(&b, "1]");
		assert_true(taken(buf_str(&b)));
		b.p[3] = (char)0xc0;
		assert_false(taken(buf_str(&b)));
		b.p[3] = '\x01';
		assert_false(taken(buf_str(&b)));
	}
	buf_release(&b);
}

/* Lines that differ from the one before in a few bytes, which is where a shape could be believed too far. */
static void mutations(void **state)
{
	static const char *const lines[] = {
		"{\"id\":1000001,\"season\":\"2024-25\",\"a\":[1,2],\"venue\":{\"id\":\"v-1\",\"n\":{}},\"price\":12.50,\"note\":null}",
		"[[1,2,3],{\"a\":true,\"b\":[]},\"x\\ny\",-0.5e-3,false]",
		"{ \"a\" : \"K\xc3\xb6ln\" , \"\\\"b\\\\\" : [ { \"c\" : 1 } , { \"c\" : 2 } ] , \"a name of more than thirty-two bytes, alas\" : \"\" } ",
		"{\"a\":{\"b\":{\"c\":[[[\"d\",{\"e\":[1]}]]]}},\"f\":\"0123456789012345678901234567890123456789012345678901234567890123456789\"}",
	};
	static const char bytes[] = "\"\\{}[],:0123456789-+.eEtrufalsn \t\n\x01\x7f\xc3\xb6\xff";
	struct tape tape = TAPE_INIT;
	struct error err = ERROR_INIT;
	struct buf b = BUF_INIT;
	size_t i, line, at;
	int k;

	(void)state;
	srand(1);
	for (i = 0; i < 30000; i++) {
		line = (size_t)rand() % 4;
		assert_true(scan_alike(span_of(lines[line]), &usual, &tape, &err));
		buf_reset(&b);
		buf_adds(&b, lines[line]);
		for (k = rand() % 3; k >= 0; k--) {
			at = (size_t)rand() % b.n;
			switch (rand() % 4) {
			case 0:
				b.p[at] = bytes[(size_t)rand() % (sizeof bytes - 1)];
				break;
			case 1:		/* a byte more */
				buf_addc(&b, ' ');
				memmove(b.p + at + 1, b.p + at, b.n - at - 1);
				b.p[at] = bytes[(size_t)rand() % (sizeof bytes - 1)];
				break;
			case 2:		/* one less */
				memmove(b.p + at, b.p + at + 1, b.n - at - 1);
				b.n -= b.n > 1;
				break;
			default:
				b.n = at + 1;
			}
		}
		scan_alike(buf_span(&b), &usual, &tape, &err);
	}
	tape_release(&tape);
	buf_release(&b);
}

/* Lines of the same members, some of which are missing or of another kind: those of one shape go on in another. */
static void members_that_come_and_go(void **state)
{
	static const char *const kinds[6][4] = {
		{ "\"id\":1", "\"id\":\"x\\n\"", "\"id\" : 22", "\"id\":[]" },
		{ "\"a\":{\"b\":1,\"c\":{\"d\":\"K\xc3\xb6ln\"}}", "\"a\":{\"b\":1}", "\"a\":{}", "\"a\":{\"b\":1,\"c\":{}}" },
		{ "\"list\":[1,2,3]", "\"list\":[1,2]", "\"list\":[[1],2]", "\"list\":[{\"e\":1},{\"e\":2,\"f\":3}]" },
		{ "\"a name of more than thirty-two bytes, alas\":null", "\"a name of more than thirty-two bytes, oh!!\":null",
		  "\"a name of more than thirty-two bytes, alas\":[null]", "\"a name\":null" },
		{ "\"t\":true", "\"t\":-1.5e3", "\"t\":tru", "\"t\":01" },
		{ "\"z\":\"\"", "\"z\":{\"y\":{\"x\":[]}}", "\"z\":[[[1]]]", "\"z\":\"\x01\"" },
	};
	struct tape tape = TAPE_INIT;
	struct error err = ERROR_INIT;
	struct buf b = BUF_INIT;
	int i, k, usually;

	(void)state;
	srand(2);
	for (i = 0; i < 30000; i++) {
		buf_reset(&b);
		buf_addc(&b, '{');
		for (k = 0; k < 6; k++) {
			usually = rand() % 8;
			if (usually == 7)
				continue;
			if (b.n > 1)
				buf_addc(&b, ',');
			buf_adds(&b, kinds[k][usually < 5 ? 0 : rand() % 4]);
		}
		buf_adds(&b, rand() % 16 ? "}" : " }");
		scan_alike(buf_span(&b), &usual, &tape, &err);
	}
	tape_release(&tape);
	buf_release(&b);
}

static uint64_t shape_of(struct tape *tape, const char *text)
{
	struct buf b = BUF_INIT;
	struct error err = ERROR_INIT;
	size_t n = strlen(text);

	buf_reserve(&b, n + SCAN_PADDING);
	buf_add(&b, text, n);
	memset(b.p + n, 0, SCAN_PADDING);
	assert_int_equal(scan_text(tape, b.p, n, &usual, &err), 0);
	buf_release(&b);
	return tape->shape;
}

static void shapes(void **state)
{
	struct tape tape = TAPE_INIT, other = TAPE_INIT;
	uint64_t shape;

	(void)state;
	shape_of(&tape, "{\"a\":1,\"b\":[\"x\"]}");	/* a line that may be the only one is not looked at */
	shape = shape_of(&tape, "{\"a\":1,\"b\":[\"x\"]}");
	assert_true(shape);
	assert_int_equal(shape_of(&tape, "{\"a\":null,\"b\":[\"xyz\\n\"]}"), shape);
	assert_int_not_equal(shape_of(&tape, "{\"a\":1,\"c\":[\"x\"]}"), shape);
	assert_int_not_equal(shape_of(&tape, "{\"a\":1,\"b\":[\"x\",1]}"), shape);
	assert_int_not_equal(shape_of(&tape, "{\"a\":1,\"b\":{}}"), shape);
	assert_int_not_equal(shape_of(&other, "{\"a\":1,\"b\":[\"x\"]}"), shape);
	/* the ones before are still known */
	assert_int_equal(shape_of(&tape, "{\"a\":7,\"b\":[\"y\"]}"), shape);
	shape_of(&tape, "{\"a\":1,\"b\":[\"x\"],\"c\":[{\"d\":1}]}");
	assert_true(shape_of(&tape, "{\"a\":1,\"b\":[\"x\"],\"c\":[{\"d\":1}]}") != shape);
	assert_int_equal(shape_of(&tape, "{\"a\":7,\"b\":[\"y\"]}"), shape);
	assert_true(tape.which < TAPE_SHAPES);
	tape_release(&tape);
	tape_release(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suite), cmocka_unit_test(tape_of_a_record), cmocka_unit_test(bounds), cmocka_unit_test(every_place),
		cmocka_unit_test(long_strings), cmocka_unit_test(mutations), cmocka_unit_test(members_that_come_and_go),
		cmocka_unit_test(shapes),
	};

	return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}
