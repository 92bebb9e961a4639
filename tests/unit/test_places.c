/* test_places: where a schema's fields stand is remembered for lines of one shape, and never changes what is said of a line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rules/schema.h"

static const struct scan_limits limits = SCAN_LIMITS_INIT;

static const char *const schemas[] = {
	"{\"required\":[\"a\",\"b\"],\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{\"maxLength\":2},\"c\":{\"$ref\":\"#\"}}}",
	"{\"properties\":{\"c\":{\"required\":[\"b\"],\"properties\":{\"a\":{\"type\":\"integer\"}}},\"d\":{\"items\":{\"properties\":"
	"{\"a\":{\"minimum\":2}},\"required\":[\"a\"]}}},\"additionalProperties\":{\"type\":[\"integer\",\"string\"]}}",
	"{\"propertyNames\":{\"maxLength\":1},\"patternProperties\":{\"^[ab]$\":{\"type\":\"integer\"},\"b\":{\"maximum\":5}}}",
	"{\"anyOf\":[{\"properties\":{\"a\":{\"const\":1}},\"required\":[\"a\"]},{\"properties\":{\"b\":{\"const\":\"x\"}}}],"
	"\"properties\":{\"d\":{\"items\":{\"$ref\":\"#\"}}}}",
	"{\"dependentRequired\":{\"a\":[\"b\"]},\"maxProperties\":3,\"if\":{\"properties\":{\"b\":{\"const\":\"x\"}}},"
	"\"then\":{\"properties\":{\"a\":{\"const\":1}}},\"else\":{\"required\":[\"c\"]}}",
};
enum { SCHEMAS = sizeof schemas / sizeof *schemas };

static const char *const values[] = { "1", "2", "7", "1.5", "\"x\"", "\"xyz\"", "null", "{\"a\":1,\"b\":\"x\"}", "{\"a\":\"x\"}",
	"{\"b\":1,\"c\":{\"a\":1}}", "[{\"a\":1},{\"a\":2,\"b\":3}]", "[{\"b\":2},{\"a\":1}]", "[]", "{}" };
enum { VALUES = sizeof values / sizeof *values };

static struct schema *compile(const char *text)
{
	struct schema_source source = { .name = "s" };
	struct error err = ERROR_INIT;
	struct schema *s = NULL;
	struct record rec;

	record_init(&rec);
	assert_int_equal(record_copy(&rec, text, strlen(text), &limits, &err), 0);
	if (schema_compile(&s, record_root(&rec), &source, &err))
		fail_msg("%s", err.text);
	record_release(&rec);
	return s;
}

/* A record with some of the names, in this order. */
static void make(struct buf *line, const char *names)
{
	const char *between = "";

	buf_reset(line);
	buf_addc(line, '{');
	if (rand() % 8 == 0) {
		buf_adds(line, "\"_sync\":{\"ts\":\"2026-03-01T09:00:00Z\"}");
		between = ",";
	}
	for (; *names; names++, between = ",")
		buf_addf(line, "%s\"%c%s\":%s", between, *names, *names == 'l' ? "onger" : "", values[rand() % VALUES]);
	buf_addc(line, '}');
}

static void judge(struct schema *s, struct record *rec, const struct buf *line, bool shapes, struct buf *out)
{
	struct error err = ERROR_INIT;
	struct value sync = VALUE_NONE;
	struct verdict v;
	uint32_t i;

	verdict_init(&v);
	scan_use_shapes(shapes);
	assert_int_equal(record_copy(rec, line->p, line->n, &limits, &err), 0);
	value_member(record_root(rec), SPAN_LIT("_sync"), &sync);
	buf_reset(out);
	buf_addf(out, "%d", schema_check(s, record_root(rec), value_present(sync) ? sync.tok - 1 : 0, &v, &err));
	for (i = 0; i < v.n; i++)
		buf_addf(out, " %u %.*s: %.*s;", v.failure[i].tok, (int)v.failure[i].rule.n, v.failure[i].rule.p,
			 (int)v.failure[i].message.n, v.failure[i].message.p);
	verdict_release(&v);
}

static void nothing_changes(void **state)
{
	static const char *const names[] = { "ab", "ba", "abc", "abcd", "d", "dal", "cba", "" };
	struct buf line = BUF_INIT, with = BUF_INIT, without = BUF_INIT;
	struct schema *remembers, *fresh;
	struct record rec, other;
	const char *now = "ab";
	int i, j;

	(void)state;
	srand(1);
	for (i = 0; i < SCHEMAS; i++) {
		record_init(&rec);
		record_init(&other);
		remembers = compile(schemas[i]);
		fresh = compile(schemas[i]);
		for (j = 0; j < 20000; j++) {
			if (rand() % 4 == 0)
				now = names[(size_t)rand() % (sizeof names / sizeof *names)];
			if (j == 0 || rand() % 3)	/* else the same line again */
				make(&line, now);
			judge(remembers, &rec, &line, true, &with);
			judge(fresh, &other, &line, false, &without);
			assert_string_equal(buf_str(&with), buf_str(&without));
		}
		schema_free(remembers);
		schema_free(fresh);
		record_release(&rec);
		record_release(&other);
	}
	scan_use_shapes(true);
	buf_release(&line);
	buf_release(&with);
	buf_release(&without);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(nothing_changes) };

	return cmocka_run_group_tests_name("places", tests, NULL, NULL);
}
