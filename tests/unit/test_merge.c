/* test_merge: exact sums, clocks of rows, durations, comparison of values without types. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "merge/clock.h"
#include "merge/compare.h"
#include "merge/decimal.h"
#include "merge/policy.h"
#include "merge/retype.h"

static void sum(const char *a, const char *b, const char *minus, const char *want)
{
	const struct decimal_term term[] = { { span_of(a), false }, { span_of(b), false }, { span_of(minus), true } };
	struct buf out = BUF_INIT;

	assert_int_equal(decimal_sum(term, *minus ? 3 : 2, &out), want ? 0 : -1);
	if (want)
		assert_string_equal(buf_str(&out), want);
	buf_release(&out);
}

static void sums_are_exact(void **state)
{
	(void)state;
	sum("0.1", "0.2", "", "0.3");
	sum("1", "1", "", "2");
	sum("999", "1", "", "1000");
	sum("-999", "-1", "", "-1000");
	sum("5", "3", "10", "-2");
	sum("0", "-0", "", "0");
	sum("1", "-1", "", "0");
	sum("1.10", "1.10", "1.10", "1.10");
	sum("-0.5", "0.25", "", "-0.25");
	sum("12345678901234567890", "12345678901234567891", "12345678901234567890", "12345678901234567891");
	sum("1e3", "2.5E-1", "", "1000.25");
	sum("0.001", "1e-3", "", "0.002");
	sum("100", "0", "99.99", "0.01");
	sum("1e5000", "1", "", NULL);
	sum("1e-5000", "1", "", NULL);
	sum("1e999999999999999999999", "1", "", NULL);
	sum("1e3000", "1e-3000", "", NULL);
}

static struct scan_limits limits = SCAN_LIMITS_INIT;

static void scan(struct record *rec, const char *json)
{
	struct error err = ERROR_INIT;

	if (record_copy(rec, json, strlen(json), &limits, &err))
		fail_msg("%s: %s", json, err.text);
}

static int clocks(const char *a, const char *b, int64_t skew)
{
	struct arena arena = ARENA_INIT;
	struct row_clock x, y;
	struct record p, q;
	int c;

	record_init(&p);
	record_init(&q);
	scan(&p, a);
	scan(&q, b);
	x = row_clock_read(record_root(&p), &arena);
	y = row_clock_read(record_root(&q), &arena);
	c = row_clock_compare(&x, &y, skew);
	record_release(&p);
	record_release(&q);
	arena_release(&arena);
	return c;
}

#define SECONDS(n) ((int64_t)((n) * 1e9))

static void clocks_compare(void **state)
{
	(void)state;
	assert_int_equal(clocks("1", "2", 0), -1);
	assert_int_equal(clocks("9007199254740993", "9007199254740992", 0), 1);
	assert_int_equal(clocks("1.0", "1", 0), 0);
	assert_int_equal(clocks("10", "5", SECONDS(5)), 0);
	assert_int_equal(clocks("11", "5", SECONDS(5)), 1);
	assert_int_equal(clocks("\"2026-03-01T09:00:00Z\"", "\"2026-03-01T10:00:00+01:00\"", 0), 0);
	assert_int_equal(clocks("\"2026-03-01T09:00:00.000000001Z\"", "\"2026-03-01T09:00:00Z\"", 0), 1);
	assert_int_equal(clocks("\"2026-03-01T09:00:05Z\"", "\"2026-03-01T09:00:00Z\"", SECONDS(5)), 0);
	assert_int_equal(clocks("\"2026-03-01T09:00:00Z\"", "\"2026-03-01T09:00:05.000000001Z\"", SECONDS(5)), -1);
	assert_int_equal(clocks("\"0001-01-01T00:00:00Z\"", "\"9999-12-31T23:59:59Z\"", SECONDS(1)), -1);
	assert_int_equal(clocks("1", "\"2026-03-01T09:00:00Z\"", 0), 0);
	assert_int_equal(clocks("\"noon\"", "\"morning\"", 0), 0);
	assert_int_equal(clocks("null", "1", 0), 0);
}

static void durations_are_read(void **state)
{
	static const struct { const char *text; int64_t ns; } row[] = {
		{ "PT5S", SECONDS(5) }, { "PT0.25S", SECONDS(0.25) }, { "P1DT2H3M4S", SECONDS(93784) }, { "PT48H", SECONDS(172800) }, { "P1W", SECONDS(604800) },
		{ "5s", SECONDS(5) }, { "250ms", SECONDS(0.25) }, { "P", -1 }, { "PT", -1 }, { "P1Y", -1 }, { "P5", -1 }, { "PT5X", -1 }, { "soon", -1 }, { "", -1 },
	};
	int64_t ns;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof row / sizeof *row; i++) {
		assert_int_equal(duration_parse(span_of(row[i].text), &ns), row[i].ns < 0 ? -1 : 0);
		if (row[i].ns >= 0)
			assert_int_equal(ns, row[i].ns);
	}
}

static bool reads(const char *text, const char *value)
{
	struct arena arena = ARENA_INIT;
	struct record a, b;
	bool equal, other;

	record_init(&a);
	record_init(&b);
	scan(&a, text);
	scan(&b, value);
	equal = compare_values(record_root(&a), true, record_root(&b), false, &arena);
	other = compare_values(record_root(&b), false, record_root(&a), true, &arena);
	assert_int_equal(equal, other);
	record_release(&a);
	record_release(&b);
	arena_release(&arena);
	return equal;
}

static void text_reads_as_values(void **state)
{
	(void)state;
	assert_true(reads("\"2.50\"", "2.5"));
	assert_true(reads("\"1e2\"", "100"));
	assert_true(reads("\"true\"", "true"));
	assert_true(reads("\"[1, 2]\"", "[1.0,2]"));
	assert_true(reads("\"007\"", "\"007\""));
	assert_true(reads("null", "null"));
	assert_false(reads("\"007\"", "7"));
	assert_false(reads("\"\"", "null"));
	assert_false(reads("\"null\"", "null"));
	assert_false(reads("\"True\"", "true"));
	assert_false(reads("\"1\"", "true"));
}

static void types_are_learned(void **state)
{
	struct learned l = { NULL, 0, 0, ARENA_INIT };
	struct record rec;

	(void)state;
	record_init(&rec);
	scan(&rec, "{\"n\":1,\"s\":\"x\",\"m\":1,\"z\":null,\"o\":{},\"b\":true}");
	learn(&l, &rec);
	scan(&rec, "{\"n\":2.5,\"s\":\"y\",\"m\":\"x\",\"o\":[],\"b\":null}");
	learn(&l, &rec);
	assert_int_equal(learned_type(&l, SPAN_LIT("n")), SHAPE_NUMBER);
	assert_int_equal(learned_type(&l, SPAN_LIT("s")), SHAPE_STRING);
	assert_int_equal(learned_type(&l, SPAN_LIT("m")), SHAPE_ANY);
	assert_int_equal(learned_type(&l, SPAN_LIT("z")), SHAPE_ANY);
	assert_int_equal(learned_type(&l, SPAN_LIT("o")), SHAPE_OTHER);
	assert_int_equal(learned_type(&l, SPAN_LIT("b")), SHAPE_BOOLEAN);
	assert_int_equal(learned_type(&l, SPAN_LIT("none")), SHAPE_ANY);
	learned_release(&l);
	record_release(&rec);
}

static void options_make_a_policy(void **state)
{
	static const char *const sides[] = { "ours", "theirs" };
	struct policy_options newest = { .newest = "at", .key = "id,no" }, prefer = { .prefer = "theirs" }, nobody = { .prefer = "mine" };
	struct error err = ERROR_INIT;
	struct policy p;
	bool own;

	(void)state;
	assert_int_equal(policy_load(&p, &newest, sides, 2, true, &err), 0);
	assert_int_equal(p.key.n, 2);
	assert_int_equal(policy_rule(&p, SPAN_LIT("x"), &own).how, BY_NEWEST);
	assert_false(own);
	assert_int_equal(policy_rule(&p, SPAN_LIT("at"), &own).how, BY_MAX);
	assert_true(own);
	assert_int_equal(p.deletes.how, BY_NOBODY);
	policy_release(&p);
	assert_int_equal(policy_load(&p, &prefer, sides, 2, true, &err), 0);
	assert_int_equal(p.deletes.how, BY_SIDE);
	assert_int_equal(p.deletes.side, 1);
	policy_release(&p);
	assert_int_equal(policy_load(&p, &nobody, sides, 2, true, &err), -1);
	assert_int_equal(err.status, EXIT_USAGE);
	policy_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_are_exact),
		cmocka_unit_test(clocks_compare),
		cmocka_unit_test(durations_are_read),
		cmocka_unit_test(text_reads_as_values),
		cmocka_unit_test(types_are_learned),
		cmocka_unit_test(options_make_a_policy),
	};

	return cmocka_run_group_tests_name("merge", tests, NULL, NULL);
}
