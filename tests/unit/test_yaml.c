/* test_yaml: YAML and JSON specifications as values, their positions, what is refused; the nearest word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "doc/suggest.h"
#include "doc/yaml.h"

static const struct { const char *yaml, *json; } good[] = {
	{ "a: 1", "{\"a\":1}" }, { "{\"a\": 1.10}", "{\"a\": 1.10}" }, { "[1, 2,]", "[1,2]" }, { "text", "\"text\"" }, { "5", "5" },
	{ "a: no\nb: yes\nc: on", "{\"a\":\"no\",\"b\":\"yes\",\"c\":\"on\"}" }, { "a: true\nb: False\nc: ~\nd:\ne: Null", "{\"a\":true,\"b\":false,\"c\":null,\"d\":null,\"e\":null}" },
	{ "- 007\n- +5\n- -0\n- 0o17\n- 0x1F\n- 1e400\n- .5\n- 1.\n- -.5e-3\n- +12.0", "[7,5,-0,15,31,1e400,0.5,1.0,-0.5e-3,12.0]" },
	{ "- 12345678901234567890123456789\n- 0xffffffffffffffffffffffff", "[12345678901234567890123456789,79228162514264337593543950335]" },
	{ "- 8e.e..............................................e0.e.\n- 5.e3\n- -.e\n- +", "[\"8e.e..............................................e0.e.\",5.0e3,\"-.e\",\"+\"]" },
	{ "- 1_000\n- 12:30:45\n- 0b11\n- 1.2.3\n- 2024-01-02\n- e5\n- .\n- '5'\n- \"true\"", "[\"1_000\",\"12:30:45\",\"0b11\",\"1.2.3\",\"2024-01-02\",\"e5\",\".\",\"5\",\"true\"]" },
	{ "5: a\ntrue: b\n~: c\n'x y': d", "{\"5\":\"a\",\"true\":\"b\",\"~\":\"c\",\"x y\":\"d\"}" },
	{ "a: |\n  one\n  two\nb: >\n  one\n  two\nc: 'it''s'\nd: \"a\\tb\\u00e9\"", "{\"a\":\"one\\ntwo\\n\",\"b\":\"one two\\n\",\"c\":\"it's\",\"d\":\"a\\tb\xc3\xa9\"}" },
	{ "a: &x {b: [1, 2]}\nc: *x\nd: [*x, *x]", "{\"a\":{\"b\":[1,2]},\"c\":{\"b\":[1,2]},\"d\":[{\"b\":[1,2]},{\"b\":[1,2]}]}" },
	{ "a: &n name\n*n : 1", "{\"a\":\"name\",\"name\":1}" }, { "a: &x 1\nb: &x 2\nc: *x", "{\"a\":1,\"b\":2,\"c\":2}" },
	{ "# comment\n%YAML 1.2\n---\na: 1 # more\n...\n", "{\"a\":1}" }, { "\xef\xbb\xbf" "a: 1", "{\"a\":1}" }, { "- rename: {a: b}\n- drop: [c]", "[{\"rename\":{\"a\":\"b\"}},{\"drop\":[\"c\"]}]" },
	{ "a:\n  - b: 1\n    c: 2\n  -\n    - d", "{\"a\":[{\"b\":1,\"c\":2},[\"d\"]]}" }, { "{}", "{}" }, { "a: []\nb: {}", "{\"a\":[],\"b\":{}}" },
};

static void values(void **state)
{
	struct error err = ERROR_INIT;
	struct doc d;
	struct buf out = BUF_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof good / sizeof *good; i++) {
		if (doc_load_text(&d, span_of(good[i].yaml), "x", &err))
			fail_msg("%s: %s", good[i].yaml, err.text);
		buf_reset(&out);
		value_write(doc_root(&d), &out);
		assert_string_equal(buf_str(&out), good[i].json);
		doc_release(&d);
	}
	buf_release(&out);
}

static const struct { const char *yaml, *why; } bad[] = {
	{ "", "x:1:1: there is nothing in it" }, { "# only a comment\n", "x:1:1: there is nothing in it" }, { "a: 1\nb: 2\na: 3", "x:3:1: 'a' stands there twice" },
	{ "{\"a\":1,\n \"\\u0061\":2}", "x:2:2: '\\u0061' stands there twice" }, { "a: .inf", "x:1:4: infinities and NaN have no place here" },
	{ "a: &x [*x]", "x:1:9: an alias inside what it names" }, { "a: *x", "x:1:5: an alias of nothing" },
	{ "<<: {a: 1}", "x:1:1: YAML 1.2 has no merge keys: write the members out" }, { "? [a]\n: 1", "x:1:3: a name must be text" },
	{ "a: 1\n---\nb: 2", "x:2:1: a second document" }, { "a: !mine 5", "x:1:10: tags are not used here" },
 { "a: !!set {b}", "x:1:10: tags are not used here" },
};

static void refusals(void **state)
{
	struct error err = ERROR_INIT;
	struct doc d;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(doc_load_text(&d, span_of(bad[i].yaml), "x", &err), -1);
		assert_string_equal(err.text, bad[i].why);
		assert_int_equal(err.status, EXIT_USAGE);
	}
	assert_int_equal(doc_load_text(&d, SPAN_LIT("a: [1, 2\nb: 3"), "x", &err), -1);
	assert_non_null(strstr(err.text, "x:3:1: flow sequence without a closing bracket"));
	assert_int_equal(doc_load_text(&d, SPAN_LIT("a: b\n\xc3\xa9\xff: 1"), "x", &err), -1);
	assert_string_equal(err.text, "x:2:2: a byte that is no text in UTF-8");
}

static void bounds(void **state)
{
	struct error err = ERROR_INIT;
	struct buf text = BUF_INIT;
	struct doc d;
	int i;

	(void)state;
	for (i = 0; i < 65; i++)
		buf_addc(&text, '[');
	assert_int_equal(doc_load_text(&d, buf_span(&text), "x", &err), -1);
	assert_string_equal(err.text, "x:1:65: nested deeper than 64");
	buf_reset(&text);
	buf_adds(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");	/* a billion laughs */
	for (i = 1; i < 10; i++)
		buf_addf(&text, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i, i - 1, i - 1, i - 1, i - 1, i - 1,
			 i - 1, i - 1, i - 1, i - 1, i - 1);
	assert_int_equal(doc_load_text(&d, buf_span(&text), "x", &err), -1);
	assert_non_null(strstr(err.text, "more than 100000 values and names"));
	buf_release(&text);
}

static void position(const char *yaml, const char *a, const char *b, uint32_t line, uint32_t column)
{
	struct error err = ERROR_INIT;
	struct value v, w;
	struct doc_place m;
	struct doc d;

	assert_int_equal(doc_load_text(&d, span_of(yaml), "x", &err), 0);
	assert_int_equal(value_member(doc_root(&d), span_of(a), &v), 1);
	if (b) {
		assert_int_equal(value_member(v, span_of(b), &w), 1);
		v = w;
	}
	m = doc_place(&d, v);
	assert_int_equal(m.line, line);
	assert_int_equal(m.column, column);
	doc_release(&d);
}

static void positions(void **state)
{
	(void)state;
	position("a: 1\nb:\n  c: x\n  d: [1,2]\n", "b", "d", 4, 6);
	position("{\"a\": 1,\n \"b\": {\"\xc3\xa9\": 3}}", "b", "\xc3\xa9", 2, 13);
	position("{\"a\": [1, {\"x\": 2}],\n \"b\": \"c\"}", "b", NULL, 2, 7);
	position("a: &x {k: 1}\nb: *x\n", "b", "k", 2, 5);	/* where it is used */
	position("\xc3\xa9\xc3\xa9: {b: 5}\n", "\xc3\xa9\xc3\xa9", "b", 1, 9);
}

static void nearest(void **state)
{
	static const char *const words[] = { "required", "properties", "type", "if", "items", NULL };

	(void)state;
	assert_string_equal(suggest(SPAN_LIT("requierd"), words), "required");
	assert_string_equal(suggest(SPAN_LIT("propertys"), words), "properties");
	assert_string_equal(suggest(SPAN_LIT("typ"), words), "type");
	assert_string_equal(suggest(SPAN_LIT("itmes"), words), "items");
	assert_null(suggest(SPAN_LIT("wombat"), words));
	assert_null(suggest(SPAN_LIT(""), words));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values), cmocka_unit_test(refusals), cmocka_unit_test(bounds), cmocka_unit_test(positions), cmocka_unit_test(nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
