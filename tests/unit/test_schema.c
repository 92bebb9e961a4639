/* test_schema: what a compiled schema says of records: every failure, its place, its rule and its words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rules/schema.h"

static const struct scan_limits limits = { 128, 1000000 };
static char warned[1024];

static void warn(const char *text)
{
	snprintf(warned, sizeof warned, "%s", text);
}

static struct schema *compile_as(const char *text, bool frame, struct error *err)
{
	struct schema_source source = { .name = "s.json", .warn = warn, .frame = frame };
	struct schema *s = NULL;
	struct record rec;

	warned[0] = '\0';
	record_init(&rec);
	assert_int_equal(record_copy(&rec, text, strlen(text), &limits, err), 0);
	if (schema_compile(&s, record_root(&rec), &source, err))
		assert_null(s);
	record_release(&rec);
	return s;
}

static struct schema *compile(const char *text)
{
	struct error err = ERROR_INIT;
	struct schema *s = compile_as(text, false, &err);

	assert_string_equal(err.text, "");
	return s;
}

static void refused(const char *text, const char *why)
{
	struct error err = ERROR_INIT;

	assert_null(compile_as(text, false, &err));
	assert_int_equal(err.status, EXIT_USAGE);
	assert_string_equal(err.text, why);
}

/* Failures as lines "PATH RULE: MESSAGE", or "valid", or the error. */
static void write_verdict(const struct record *rec, const struct verdict *v, int rc, const struct error *err, struct buf *out)
{
	uint32_t i;

	buf_reset(out);
	if (rc < 0)
		buf_addf(out, "%s: %s", err->code, err->text);
	if (rc > 0)
		buf_adds(out, "valid");
	for (i = 0; i < v->n; i++) {
		if (i)
			buf_addc(out, '\n');
		schema_pointer(rec, v->failure[i].tok, out);
		buf_addf(out, " %.*s: %.*s", (int)v->failure[i].rule.n, v->failure[i].rule.p, (int)v->failure[i].message.n,
			 v->failure[i].message.p);
	}
}

enum kind { WHOLE, UPDATE, DELETE };

static void judged(struct schema *s, enum kind kind, const char *text, const char *want)
{
	struct change change = { .unset = VALUE_NONE };
	struct error err = ERROR_INIT;
	struct buf got = BUF_INIT;
	struct verdict v;
	struct record rec;
	struct value sync;
	int rc;

	verdict_init(&v);
	record_init(&rec);
	assert_int_equal(record_copy(&rec, text, strlen(text), &limits, &err), 0);
	if (value_member(record_root(&rec), SPAN_LIT("_sync"), &sync)) {
		change.skip = sync.tok - 1;
		value_member(sync, SPAN_LIT("unset"), &change.unset);
	}
	if (kind == UPDATE)
		rc = schema_check_update(s, &rec, &change, &v, &err);
	else if (kind == DELETE)
		rc = schema_check_delete(s, &rec, &change, &v, &err);
	else
		rc = schema_check(s, record_root(&rec), change.skip, &v, &err);
	write_verdict(&rec, &v, rc, &err, &got);
	assert_string_equal(buf_str(&got), want);
	assert_int_equal(rc == 0, v.n != 0);
	buf_release(&got);
	verdict_release(&v);
	record_release(&rec);
}

static void is(struct schema *s, const char *text, const char *want)
{
	judged(s, WHOLE, text, want);
}

static void one(const char *schema, const char *text, const char *want)
{
	struct schema *s = compile(schema);

	is(s, text, want);
	schema_free(s);
}

static void says_every_failure(void **state)
{
	struct schema *s = compile("{\"type\":\"object\",\"required\":[\"id\",\"name\"],\"properties\":{"
		"\"id\":{\"type\":\"integer\",\"minimum\":1},\"name\":{\"type\":\"string\",\"minLength\":2,\"pattern\":\"^[a-z]+$\"},"
		"\"tags\":{\"items\":{\"enum\":[\"a\",\"b\"]}}},\"additionalProperties\":false}");

	(void)state;
	is(s, "{\"id\":1,\"name\":\"abc\",\"tags\":[\"a\"]}", "valid");
	is(s, "{\"id\":0,\"name\":\"\\u0041\",\"tags\":[\"a\",\"x\",7],\"more\":null}",
	   "/id #/properties/id/minimum: must be at least 1, is 0\n"
	   "/name #/properties/name/minLength: must have 2 characters or more, has 1\n"
	   "/name #/properties/name/pattern: must match '^[a-z]+$', is 'A'\n"
	   "/tags/1 #/properties/tags/items/enum: must be one of \"a\", \"b\", is 'x'\n"
	   "/tags/2 #/properties/tags/items/enum: must be one of \"a\", \"b\", is 7\n"
	   "/more #/additionalProperties: is not among the properties");
	is(s, "{}", " #/required: must have 'id'\n #/required: must have 'name'");
	is(s, "[1]", " #/type: must be an object, is an array");
	is(s, "{\"id\":1.5,\"name\":null}", "/id #/properties/id/type: must be an integer, is 1.5\n"
	   "/name #/properties/name/type: must be a string, is null");
	schema_free(s);
}

static void keeps_a_bounded_number(void **state)
{
	struct schema *s = compile("{\"items\":{\"type\":\"string\"}}");
	struct error err = ERROR_INIT;
	struct buf text = BUF_INIT;
	struct verdict v;
	struct record rec;
	int i;

	(void)state;
	for (i = 0; i < 1000; i++)
		buf_addf(&text, "%c%d", i ? ',' : '[', i);
	buf_addc(&text, ']');
	verdict_init(&v);
	record_init(&rec);
	assert_int_equal(record_copy(&rec, text.p, text.n, &limits, &err), 0);
	assert_int_equal(schema_check(s, record_root(&rec), 0, &v, &err), 0);
	assert_int_equal(v.n, VERDICT_MAX);
	record_release(&rec);
	verdict_release(&v);
	buf_release(&text);
	schema_free(s);
}

static void numbers_are_exact(void **state)
{
	(void)state;
	one("{\"maximum\":1e400}", "1e400", "valid");
	one("{\"maximum\":1e400}", "1.0000000000000000000000001e400",
	    " #/maximum: must be at most 1e400, is 1.0000000000000000000000001e400");
	one("{\"exclusiveMaximum\":0.1}", "0.1000", " #/exclusiveMaximum: must be below 0.1, is 0.1000");
	one("{\"exclusiveMaximum\":0.1}", "0.0999999999999999999999999999", "valid");
	one("{\"minimum\":-1.5}", "-1.5", "valid");
	one("{\"minimum\":-1.5}", "-1.50000000000000000000000001", " #/minimum: must be at least -1.5, is -1.50000000000000000000000001");
	one("{\"exclusiveMinimum\":-2}", "-2.0", " #/exclusiveMinimum: must be above -2, is -2.0");
	one("{\"exclusiveMinimum\":-2}", "-1.9", "valid");
	one("{\"minimum\":1,\"maximum\":3}", "2.5", "valid");
	one("{\"minimum\":9223372036854775807}", "9223372036854775806", " #/minimum: must be at least 9223372036854775807, is 9223372036854775806");
	one("{\"multipleOf\":0.01}", "19.99", "valid");
	one("{\"multipleOf\":0.01}", "19.999", " #/multipleOf: must be a multiple of 0.01, is 19.999");
	one("{\"multipleOf\":0.1234567890123456789}", "1.2345678901234567890", "valid");
	one("{\"multipleOf\":1234567890123456789012345678901234567}", "3703703670370370367037037036703703701", "valid");
	one("{\"multipleOf\":1234567890123456789012345678901234567}", "3703703670370370367037037036703703702",
	    " #/multipleOf: must be a multiple of 1234567890123456789012345678901234567, is 3703703670370370367037037036703703702");
	one("{\"multipleOf\":2e-36}", "3e90", "valid");
	one("{\"multipleOf\":1298074214633706907132624082305024}", "1e111", "valid");
	one("{\"multipleOf\":3}", "-9", "valid");
	one("{\"multipleOf\":3}", "10", " #/multipleOf: must be a multiple of 3, is 10");
	one("{\"type\":\"integer\"}", "1e2", "valid");
	one("{\"type\":\"integer\"}", "12345678901234567890123456789.0", "valid");
	one("{\"const\":100}", "1e2", "valid");
	one("{\"enum\":[1.0]}", "1", "valid");
	one("{\"maxLength\":1e400}", "\"x\"", "valid");
	one("{\"minLength\":2.0}", "\"x\"", " #/minLength: must have 2 characters or more, has 1");
}

static void lengths_are_code_points(void **state)
{
	struct schema *s = compile("{\"minLength\":2,\"maxLength\":2}");

	(void)state;
	is(s, "\"\\ud83d\\udca9\\ud83d\\udca9\"", "valid");
	is(s, "\"\xf0\x9f\x92\xa9\xf0\x9f\x92\xa9\"", "valid");
	is(s, "\"\xf0\x9f\x92\xa9\"", " #/minLength: must have 2 characters or more, has 1");
	is(s, "\"\xc3\xa9\xc3\xa9\xc3\xa9\"", " #/maxLength: must have 2 characters or fewer, has 3");
	schema_free(s);
}

/* The memory of the last layout must never change an answer. */
static void layouts_may_change(void **state)
{
	struct schema *s = compile("{\"properties\":{\"a\":{\"type\":\"string\"},\"b\":{\"type\":\"number\"},"
		"\"a_long_name_of_many_bytes\":{\"const\":1},\"a_long_name_of_many_bytez\":{\"const\":2}},\"required\":[\"a\"]}");
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		is(s, "{\"a\":\"x\",\"b\":1}", "valid");
		is(s, "{\"b\":1,\"a\":\"x\"}", "valid");
		is(s, "{\"b\":\"1\",\"a\":\"x\"}", "/b #/properties/b/type: must be a number, is '1'");
		is(s, "{\"\\u0061\":1}", "/a #/properties/a/type: must be a string, is 1");
		is(s, "{\"x\":1,\"y\":2,\"\":3,\"a\":\"\"}", "valid");
		is(s, "{\"b\":1}", " #/required: must have 'a'");
		is(s, "{\"a\":\"\",\"a_long_name_of_many_bytes\":1,\"a_long_name_of_many_bytez\":2}", "valid");
		is(s, "{\"a\":\"\",\"a_long_name_of_many_bytez\":1}",
		   "/a_long_name_of_many_bytez #/properties/a_long_name_of_many_bytez/const: must be 2, is 1");
	}
	schema_free(s);
}

static void many_names(void **state)
{
	struct buf text = BUF_INIT, data = BUF_INIT;
	struct schema *s;
	int i;

	(void)state;
	buf_adds(&text, "{\"additionalProperties\":{\"type\":\"integer\"},\"required\":[");
	for (i = 0; i < 200; i++)
		buf_addf(&text, "%s\"r%d\"", i ? "," : "", i);
	buf_adds(&text, "]}");
	s = compile(buf_str(&text));
	for (i = 0; i < 5000; i++)
		buf_addf(&data, "%c\"r%d\":%d", i ? ',' : '{', i, i);
	buf_adds(&data, "}");
	is(s, buf_str(&data), "valid");
	data.n--;
	buf_adds(&data, ",\"last\":true}");
	is(s, buf_str(&data), "/last #/additionalProperties/type: must be an integer, is true");
	buf_reset(&data);
	for (i = 0; i < 199; i++)
		buf_addf(&data, "%c\"r%d\":%d", i ? ',' : '{', i, i);
	buf_adds(&data, "}");
	is(s, buf_str(&data), " #/required: must have 'r199'");
	schema_free(s);
	buf_release(&text);
	buf_release(&data);
}

static void unique_items(void **state)
{
	struct schema *s = compile("{\"uniqueItems\":true}");
	struct buf text = BUF_INIT;
	int i;

	(void)state;
	is(s, "[1,\"1\",{\"a\":1,\"b\":2},[1],null]", "valid");
	is(s, "[{\"a\":1,\"b\":2},{\"b\":2.0,\"a\":1e0}]", " #/uniqueItems: items 0 and 1 are equal");
	for (i = 0; i < 20000; i++)
		buf_addf(&text, "%c%d", i ? ',' : '[', i);
	buf_adds(&text, "]");
	is(s, buf_str(&text), "valid");
	text.n--;
	buf_adds(&text, ",77.0]");
	is(s, buf_str(&text), " #/uniqueItems: items 77 and 20000 are equal");
	buf_release(&text);
	schema_free(s);
}

static void in_words(void **state)
{
	(void)state;
	one("{\"anyOf\":[{\"type\":\"string\"},{\"minimum\":5}]}", "3",
	    " #/anyOf: obeys none of 2 schemas: must be a string, is 3; or must be at least 5, is 3");
	one("{\"oneOf\":[{\"minimum\":1},{\"minimum\":2}]}", "3", " #/oneOf: must obey one of the schemas, obeys numbers 0 and 1");
	one("{\"not\":{\"const\":\"x\"}}", "\"x\"", " #/not: must not obey the schema, is 'x'");
	one("{\"if\":{\"minimum\":5},\"then\":{\"multipleOf\":5},\"else\":{\"const\":1}}", "7", " #/then/multipleOf: must be a multiple of 5, is 7");
	one("{\"if\":{\"minimum\":5},\"then\":{\"multipleOf\":5},\"else\":{\"const\":1}}", "2", " #/else/const: must be 1, is 2");
	one("{\"propertyNames\":{\"maxLength\":3}}", "{\"abcd\":1}",
	    "/abcd #/propertyNames: the name 'abcd' breaks its rule: must have 3 characters or fewer, has 4");
	one("{\"contains\":{\"const\":1}}", "[2]", " #/contains: must contain 1 matching items or more, contains 0");
	one("{\"contains\":{\"const\":1},\"maxContains\":1}", "[1,1]", " #/maxContains: must contain 1 matching items or fewer, contains 2");
	one("{\"dependentRequired\":{\"a\":[\"b\"]}}", "{\"a\":1}", " #/dependentRequired: must have 'b', because it has 'a'");
	one("{\"dependentSchemas\":{\"a\":{\"required\":[\"c\"]}}}", "{\"a\":1}", " #/dependentSchemas/a/required: must have 'c'");
	one("{\"properties\":{\"a~b/c\":false}}", "{\"a~b/c\":1}", "/a~0b~1c #/properties/a~0b~1c: must not be there");
	one("{\"$ref\":\"#/$defs/x\",\"$defs\":{\"x\":{\"type\":\"null\"}}}", "1", " #/$defs/x/type: must be null, is 1");
	one("{\"minItems\":2,\"maxItems\":1}", "[]", " #/minItems: must have 2 items or more, has 0");
	one("{\"maxProperties\":0}", "{\"_sync\":{},\"a\":1}", " #/maxProperties: must have 0 members or fewer, has 1");
}

static void recursion(void **state)
{
	struct schema *s = compile("{\"type\":\"object\",\"properties\":{\"v\":{\"type\":\"integer\"},\"c\":{\"items\":{\"$ref\":\"#\"}}},\"required\":[\"v\"]}");

	(void)state;
	is(s, "{\"v\":1,\"c\":[{\"v\":2,\"c\":[]},{\"v\":3}]}", "valid");
	is(s, "{\"v\":1,\"c\":[{\"v\":2,\"c\":[{\"c\":[]}]},{\"v\":\"3\"}]}",
	   "/c/0/c/0 #/required: must have 'v'\n/c/1/v #/properties/v/type: must be an integer, is '3'");
	schema_free(s);
	refused("{\"$ref\":\"#\"}", "s.json: #: refers to itself without end");
	refused("{\"$defs\":{\"a\":{\"allOf\":[{\"$ref\":\"#/$defs/b\"}]},\"b\":{\"not\":{\"$ref\":\"#/$defs/a\"}}}}",
		"s.json: #/$defs/a: refers to itself without end");
}

/* Schemas that double their work with each of 40 levels must end. */
static void work_is_bounded(void **state)
{
	struct buf text = BUF_INIT;
	struct schema *s;
	int i;

	(void)state;
	buf_adds(&text, "{\"$ref\":\"#/$defs/d0\",\"$defs\":{");
	for (i = 0; i < 40; i++)
		buf_addf(&text, "\"d%d\":{\"allOf\":[{\"$ref\":\"#/$defs/d%d\"},{\"$ref\":\"#/$defs/d%d\"}]},", i, i + 1, i + 1);
	buf_adds(&text, "\"d40\":{\"minimum\":1}}}");
	s = compile(buf_str(&text));
	is(s, "5", "rule-limit: the rules take too much work for this record");
	is(s, "5", "rule-limit: the rules take too much work for this record");
	schema_free(s);
	buf_release(&text);
}

static void schemas_that_are_refused(void **state)
{
	(void)state;
	refused("3", "s.json: #: a schema is an object, true or false");
	refused("{\"properties\":{\"a\":{\"type\":\"strin\"}}}", "s.json: #/properties/a/type: unknown type 'strin'; is 'string' meant?");
	refused("{\"properties\":[]}", "s.json: #/properties: must be an object of schemas");
	refused("{\"allOf\":[]}", "s.json: #/allOf: must have a schema in it");
	refused("{\"minLength\":-1}", "s.json: #/minLength: must be a whole number, 0 or more");
	refused("{\"minLength\":1.5}", "s.json: #/minLength: must be a whole number, 0 or more");
	refused("{\"multipleOf\":0}", "s.json: #/multipleOf: must be above 0");
	refused("{\"multipleOf\":12345678901234567890123456789012345678}", "s.json: #/multipleOf: has more than 37 digits");
	refused("{\"required\":[\"a\",\"a\"]}", "s.json: #/required: 'a' is there twice");
	refused("{\"required\":\"a\"}", "s.json: #/required: must be an array of names");
	refused("{\"exclusiveMinimum\":true}", "s.json: #/exclusiveMinimum: is an older draft's: it must be the limit itself");
	refused("{\"$ref\":\"other.json\"}", "s.json: #/$ref: 'other.json' is outside this document, and remote references are not supported");
	refused("{\"$ref\":\"#/nowhere\"}", "s.json: #/$ref: '#/nowhere' refers to nothing");
	refused("{\"$dynamicRef\":\"#a\"}", "s.json: #/$dynamicRef: is not supported: refer with $ref");
	refused("{\"unevaluatedItems\":false}",
		"s.json: #/unevaluatedItems: is not supported: list the names, or close each object with additionalProperties");
	refused("{\"items\":[{}]}", "s.json: #/items: is an array in older drafts: say prefixItems");
	refused("{\"$schema\":\"urn:mine\"}", "s.json: #/$schema: 'urn:mine' is not a draft that is known here");
	refused("{\"type\":1,\"type\":2}", "s.json: 'type' is there twice");
	refused("{\"$id\":\"http://a/#b\"}", "s.json: #/$id: has a fragment: say $anchor");
}

static void warnings(void **state)
{
	(void)state;
	schema_free(compile("{\"properties\":{\"a\":{\"requierd\":[\"b\"]}}}"));
	assert_string_equal(warned, "s.json: #/properties/a: unknown keyword 'requierd' checks nothing; is 'required' meant?");
	schema_free(compile("{\"x-requird\":1,\"wombat\":2}"));
	assert_string_equal(warned, "");
	schema_free(compile("{\"format\":\"datetime\"}"));
	assert_string_equal(warned, "s.json: #/format: unknown format 'datetime' checks nothing; is 'date-time' meant?");
	schema_free(compile("{\"$schema\":\"http://json-schema.org/draft-07/schema#\"}"));
	assert_string_equal(warned, "s.json: #/$schema: 'http://json-schema.org/draft-07/schema' is read as draft 2020-12");
}

static void frames_have_conventions(void **state)
{
	struct error err = ERROR_INIT;
	struct schema *s = compile_as("{\"properties\":{\"n\":{\"type\":\"number\",\"minimum\":1},\"i\":{\"type\":\"integer\"},"
				      "\"b\":{\"contentEncoding\":\"base64\"}}}", true, &err);

	(void)state;
	is(s, "{\"n\":\"-Infinity\",\"b\":\"AAAA\"}", "valid");
	is(s, "{\"i\":\"NaN\",\"b\":\"?\"}", "/i #/properties/i/type: must be an integer, is 'NaN'\n"
	   "/b #/properties/b/contentEncoding: is no base64: '?'");
	schema_free(s);
	s = compile("{\"properties\":{\"n\":{\"type\":\"number\"},\"b\":{\"contentEncoding\":\"base64\"}}}");
	is(s, "{\"n\":\"NaN\",\"b\":\"?\"}", "/n #/properties/n/type: must be a number, is 'NaN'");
	schema_free(s);
}

static void updates(void **state)
{
	struct schema *s = compile("{\"required\":[\"id\",\"name\"],\"properties\":{\"id\":{\"type\":\"integer\"},\"name\":{\"type\":\"string\"},"
		"\"from\":{\"type\":\"integer\"},\"to\":{\"type\":\"integer\"}},\"dependentRequired\":{\"from\":[\"to\"]},"
		"\"if\":{\"properties\":{\"kind\":{\"const\":\"played\"}},\"required\":[\"kind\"]},\"then\":{\"required\":[\"score\"]}}");

	(void)state;
	judged(s, UPDATE, "{\"_sync\":{},\"id\":1}", "valid");
	judged(s, UPDATE, "{\"id\":1,\"name\":5}", "/name #/properties/name/type: must be a string, is 5");
	judged(s, UPDATE, "{\"_sync\":{\"unset\":[\"name\"]},\"id\":1}", " #/required: must have 'name', which this update unsets");
	judged(s, UPDATE, "{\"id\":1,\"from\":2}", " #/dependentRequired: can't be told without the field 'to', which this update lacks");
	judged(s, UPDATE, "{\"id\":1,\"from\":2,\"to\":3}", "valid");
	judged(s, UPDATE, "{\"id\":1,\"to\":3}", "valid");
	judged(s, UPDATE, "{\"_sync\":{\"unset\":[\"to\"]},\"id\":1,\"from\":2}", " #/dependentRequired: breaks what follows from 'from'");
	judged(s, UPDATE, "{\"id\":1,\"kind\":\"new\"}", "valid");
	judged(s, UPDATE, "{\"id\":1,\"kind\":\"played\",\"score\":1}", "valid");
	judged(s, UPDATE, "{\"id\":1,\"score\":1}", "valid");
	judged(s, UPDATE, "{\"_sync\":{\"unset\":[\"score\"]},\"id\":1}",
	       " #/if: can't be told without the field 'kind', which this update lacks");
	judged(s, UPDATE, "{\"_sync\":{\"unset\":[\"score\"]},\"id\":1,\"kind\":\"played\"}",
	       " #/then/required: must have 'score', which this update unsets");
	schema_free(s);
}

static void updates_of_alternatives(void **state)
{
	struct schema *s = compile("{\"anyOf\":[{\"required\":[\"mail\"]},{\"required\":[\"phone\"]}],\"not\":{\"required\":[\"x\",\"y\"]},"
				   "\"oneOf\":[{\"properties\":{\"k\":{\"const\":1}}},{\"properties\":{\"k\":{\"const\":2}}}]}");

	(void)state;
	judged(s, UPDATE, "{\"id\":1}", "valid");
	judged(s, UPDATE, "{\"id\":1,\"k\":1,\"mail\":\"a\"}", "valid");
	judged(s, UPDATE, "{\"id\":1,\"k\":3}", " #/oneOf: is broken by what this update sets");
	judged(s, UPDATE, "{\"id\":1,\"x\":1,\"y\":2}", " #/not: is broken by what this update sets");
	judged(s, UPDATE, "{\"id\":1,\"x\":1}", " #/not: can't be told without the field 'y', which this update lacks");
	judged(s, UPDATE, "{\"_sync\":{\"unset\":[\"mail\"]},\"id\":1}",
	       " #/anyOf: can't be told without the field 'phone', which this update lacks");
	judged(s, UPDATE, "{\"_sync\":{\"unset\":[\"mail\",\"phone\"]},\"id\":1}", " #/anyOf: is broken by what this update sets");
	schema_free(s);
}

static void deletes(void **state)
{
	struct schema *s = compile("{\"required\":[\"id\",\"name\"],\"properties\":{\"id\":{\"type\":\"integer\"}},\"minProperties\":2}");

	(void)state;
	judged(s, DELETE, "{\"_sync\":{},\"id\":1}", "valid");
	judged(s, DELETE, "{\"_sync\":{},\"id\":\"1\"}", "/id #/properties/id/type: must be an integer, is '1'");
	schema_free(s);
}

static void pointers(void **state)
{
	static const char text[] = "{\"a\":[1,{\"b\":[[],[2,3]]}],\"c/d\":{\"e\":4}}";
	static const struct { uint32_t tok; const char *pointer; } want[] = {
		{ 0, "" }, { 2, "/a" }, { 3, "/a/0" }, { 4, "/a/1" }, { 6, "/a/1/b" }, { 7, "/a/1/b/0" }, { 8, "/a/1/b/1" },
		{ 9, "/a/1/b/1/0" }, { 10, "/a/1/b/1/1" }, { 12, "/c~1d" }, { 14, "/c~1d/e" }, { 13, "/c~1d/e" },
	};
	struct error err = ERROR_INIT;
	struct buf out = BUF_INIT;
	struct record rec;
	size_t i;

	(void)state;
	record_init(&rec);
	assert_int_equal(record_copy(&rec, text, strlen(text), &limits, &err), 0);
	for (i = 0; i < sizeof want / sizeof *want; i++) {
		buf_reset(&out);
		schema_pointer(&rec, want[i].tok, &out);
		assert_string_equal(buf_str(&out), want[i].pointer);
	}
	buf_release(&out);
	record_release(&rec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_every_failure), cmocka_unit_test(keeps_a_bounded_number), cmocka_unit_test(numbers_are_exact),
		cmocka_unit_test(lengths_are_code_points), cmocka_unit_test(layouts_may_change), cmocka_unit_test(many_names),
		cmocka_unit_test(unique_items), cmocka_unit_test(in_words), cmocka_unit_test(recursion), cmocka_unit_test(work_is_bounded),
		cmocka_unit_test(schemas_that_are_refused), cmocka_unit_test(warnings), cmocka_unit_test(frames_have_conventions),
		cmocka_unit_test(updates), cmocka_unit_test(updates_of_alternatives), cmocka_unit_test(deletes), cmocka_unit_test(pointers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
