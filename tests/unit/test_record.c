/*
 * test_record: what is remembered from line to line (places of paths, names without duplicates) never says other than a
 * look would; equal values have equal hashes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>

#include "json/equal.h"

static const struct scan_limits limits = SCAN_LIMITS_INIT;

static const char *const lines[] = {
	"{\"a\":1,\"b\":{\"c\":[1,{\"d\":2}],\"e\":\"x\"},\"f\":null}",
	"{\"a\":\"two\",\"b\":{\"c\":[true,{\"d\":\"\\n\"}],\"e\":7},\"f\":0.5}",
	"{\"a\":1,\"b\":{\"c\":[1,{\"e\":2}],\"e\":\"x\"},\"f\":null}",
	"{\"a\":1,\"b\":{\"c\":[{\"d\":1},2],\"e\":\"x\"},\"f\":null}",
	"{\"a\":1,\"b\":{\"c\":[1,{\"d\":2}],\"c\":\"x\"},\"f\":null}",
	"{\"a\":1,\"b\":{\"c\":[1,{\"d\":2}],\"e\":\"x\"},\"a\":null}",
	"{\"a\":1,\"\\u0062\":{\"c\":[1,{\"d\":2}],\"e\":\"x\"},\"f\":null}",
	"{\"a\":1,\"b\":{\"c\":[1,{\"d\":2}],\"e\":\"x\"},\"\\u0061\":null}",
	"{\"a\":1,\"b\":3,\"f\":{\"c\":1}}",
	"{\"a\":1,\"b\":{},\"f\":[]}",
	"{\"f\":1,\"b\":{\"e\":1,\"c\":[1,{\"d\":2}]},\"a\":[{\"d\":1},{\"d\":2}]}",
	"{}",
	"[1,{\"d\":1}]",
	"7",
};
enum { LINES = sizeof lines / sizeof *lines };

static const char *const paths[] = { "a", "b", "b.c", "b.c[1].d", "b.e", "f", "f.c", "b.c[*].d", "a[*].d", "/b/c/1/e", "none", "new", "[1].d" };
enum { PATHS = sizeof paths / sizeof *paths };

struct use {
	struct path path;
	struct cursor cursor;
};

static void same_find(const struct record *rec, struct use *u)
{
	struct value with = VALUE_NONE, without = VALUE_NONE;

	assert_int_equal(record_get(rec, &u->path, &u->cursor, &with), record_get(rec, &u->path, NULL, &without));
	assert_int_equal(with.tok, without.tok);
	assert_ptr_equal(with.rec, without.rec);
}

/* 1 if there is one: which of two members a cursor finds is not said. */
static int same_duplicate(const struct record *rec, struct record_names **memo)
{
	struct record_names *none = NULL;
	struct value with = VALUE_NONE, without = VALUE_NONE;
	int found = record_duplicate(rec, memo, &with);

	assert_int_equal(found, record_duplicate(rec, &none, &without));
	assert_int_equal(with.tok, without.tok);
	record_names_release(none);
	return found;
}

static int edit(struct record *rec, struct use *use)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f", "new", "\xc3\xa9", "a name of more than twenty-four bytes" };
	static const char *const values[] = { "{\"c\":1,\"d\":2}", "7", "\"x\"", "[{\"d\":1}]", "{}" };
	struct use *u = &use[rand() % PATHS];
	struct span name = span_of(names[(size_t)rand() % (sizeof names / sizeof *names)]);
	struct span value = span_of(values[(size_t)rand() % (sizeof values / sizeof *values)]);
	struct error err = ERROR_INIT;

	switch (rand() % 6) {
	case 0: return record_set(rec, &u->path, value, &err);
	case 1: return record_set_deep(rec, &u->path, value, &err);
	case 2: return record_remove(rec, &u->path, &err);
	case 3: return record_set_first(rec, name, value, &err);
	case 4: return record_rename_at(rec, &u->path, &u->cursor, name, &err);
	default: return record_rename(rec, &u->path, name, &err);
	}
}

/* What is found in an edited record is what is found in its text. */
static void same_as_text(const struct record *rec, struct use *use)
{
	struct buf text = BUF_INIT, a = BUF_INIT, b = BUF_INIT;
	struct error err = ERROR_INIT;
	struct record again;
	struct value v;
	size_t i;
	int found;

	record_write(rec, &text);
	record_init(&again);
	scan_use_shapes(false);
	assert_int_equal(record_copy(&again, text.p, text.n, &limits, &err), 0);
	scan_use_shapes(true);
	for (i = 0; i < PATHS; i++) {
		same_find(rec, &use[i]);
		found = record_get(rec, &use[i].path, NULL, &v);
		buf_reset(&a);
		buf_reset(&b);
		if (found)
			value_write(v, &a);
		assert_int_equal(record_get(&again, &use[i].path, NULL, &v), found);
		if (found)
			value_write(v, &b);
		assert_string_equal(buf_str(&a), buf_str(&b));
	}
	record_release(&again);
	buf_release(&text);
	buf_release(&a);
	buf_release(&b);
}

static void remembered(void **state)
{
	struct arena arena = ARENA_INIT;
	struct error err = ERROR_INIT;
	struct record_names *memo = NULL;
	struct use use[PATHS] = { 0 };
	struct record rec;
	size_t i, j, line = 0;
	int edits;

	(void)state;
	srand(1);
	record_init(&rec);
	for (i = 0; i < PATHS; i++)
		assert_int_equal(path_compile(&use[i].path, span_of(paths[i]), &arena, &err), 0);
	for (i = 0; i < 20000; i++) {
		if (rand() % 4 == 0)	/* else like the one before */
			line = (size_t)rand() % LINES;
		assert_int_equal(record_copy(&rec, lines[line], strlen(lines[line]), &limits, &err), 0);
		if (same_duplicate(&rec, &memo))
			continue;
		for (j = 0; j < PATHS; j++)
			same_find(&rec, &use[j]);
		if (!record_is_object(&rec))
			continue;
		for (edits = rand() % 5; edits && !edit(&rec, use); edits--)
			if (!same_duplicate(&rec, &memo))
				same_as_text(&rec, use);
	}
	record_names_release(memo);
	record_release(&rec);
	arena_release(&arena);
}

/* ---- equality and hash */

/* Texts of one value; NULL ends them. */
static const char *const values[][4] = {
	{ "{\"a\":1,\"b\":[{\"c\":1.0,\"d\":\"x\"}]}", "{\"b\":[{\"\\u0064\":\"\\u0078\",\"c\":1}],\"a\":10e-1}" },
	{ "{\"a\":1,\"b\":[{\"c\":1.0,\"d\":\"y\"}]}" },
	{ "{\"a\":1,\"b\":[{\"c\":1.0}]}", "{\"b\":[{\"c\":1}],\"a\":1}" },
	{ "{\"a\":1}", "{ \"a\" : 1 }" },
	{ "{\"b\":1}" },
	{ "{\"a\":null}" },
	{ "{}", "{ }" },
	{ "[]" },
	{ "[{}]" },
	{ "[[],{}]" },
	{ "[{},[]]" },
	{ "{\"a\":{\"b\":{\"c\":1,\"d\":2}},\"e\":3}", "{\"e\":3,\"a\":{\"b\":{\"d\":2,\"c\":1}}}" },
	{ "{\"a\":{\"b\":{\"c\":1,\"e\":3}},\"d\":2}" },
	{ "\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\"" },
	{ "12345678901234567890123", "1.2345678901234567890123e22" },
	{ "12345678901234567890124" },
};
enum { VALUES = sizeof values / sizeof *values };

static void same_or_not(const struct record *a, const struct record *b, const struct hash_key *key, bool same)
{
	struct value x = record_root(a), y = record_root(b);

	assert_int_equal(value_equal(x, y, 0), same);
	assert_int_equal(value_equal(y, x, 0), same);
	assert_int_equal(hash128_eq(value_hash(x, key, 0), value_hash(y, key, 0)), same);
}

static void scan(struct record *rec, const char *text)
{
	struct error err = ERROR_INIT;

	record_init(rec);
	assert_int_equal(record_copy(rec, text, strlen(text), &limits, &err), 0);
}

static void equal_values(void **state)
{
	struct record a, b;
	struct hash_key key;
	size_t i, j, k, l;

	(void)state;
	hash_key_random(&key);
	for (i = 0; i < VALUES; i++) {
		for (k = 0; k < 4 && values[i][k]; k++) {
			scan(&a, values[i][k]);
			for (j = 0; j < VALUES; j++) {
				for (l = 0; l < 4 && values[j][l]; l++) {
					scan(&b, values[j][l]);
					same_or_not(&a, &b, &key, i == j);
					record_release(&b);
				}
			}
			record_release(&a);
		}
	}
}

/* `_sync` at the top doesn't count; with EQUAL_ABSENT_NULL a null there doesn't, either: neither of them further down. */
static void equal_records(void **state)
{
	static const struct { const char *a, *b; unsigned how; bool same; } cases[] = {
		{ "{\"_sync\":{\"op\":\"insert\"},\"a\":1}", "{\"a\":1.0}", 0, true },
		{ "{\"a\":1,\"_sync\":{\"ts\":\"x\"}}", "{\"_s\\u0079nc\":{},\"a\":1}", 0, true },
		{ "{\"a\":{\"_sync\":1}}", "{\"a\":{}}", 0, false },
		{ "{\"a\":1,\"b\":null}", "{\"a\":1}", 0, false },
		{ "{\"a\":1,\"b\":null}", "{\"a\":1}", EQUAL_ABSENT_NULL, true },
		{ "{\"a\":1,\"b\":null}", "{\"c\":null,\"a\":1}", EQUAL_ABSENT_NULL, true },
		{ "{\"a\":null}", "{\"a\":0}", EQUAL_ABSENT_NULL, false },
		{ "{\"a\":{\"b\":null}}", "{\"a\":{}}", EQUAL_ABSENT_NULL, false },
		{ "{\"a\":[null]}", "{\"a\":[]}", EQUAL_ABSENT_NULL, false },
	};
	struct record a, b;
	struct hash_key key;
	size_t i;

	(void)state;
	hash_key_random(&key);
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		scan(&a, cases[i].a);
		scan(&b, cases[i].b);
		assert_int_equal(record_equal(&a, &b, cases[i].how), cases[i].same);
		assert_int_equal(record_equal(&b, &a, cases[i].how), cases[i].same);
		assert_int_equal(hash128_eq(record_hash(&a, &key, cases[i].how), record_hash(&b, &key, cases[i].how)), cases[i].same);
		record_release(&a);
		record_release(&b);
	}
}

/* An object of so many members, each an object, from the first name to the last or the other way; `more` is added to what is in them. */
static void add_object(struct buf *out, int n, int depth, bool back, int more)
{
	int i, name;

	buf_addc(out, '{');
	for (i = 0; i < n; i++) {
		name = back ? n - 1 - i : i;
		buf_addf(out, "%s\"%s%03d\":", i ? "," : "", back && i % 3 ? "\\u006e" : "n", name);
		if (depth > 1)
			add_object(out, n, depth - 1, back == (i % 2), more);
		else
			buf_addf(out, "%d", name + more);
	}
	buf_addc(out, '}');
}

static void large_objects(void **state)
{
	static const struct { int n, depth; } sizes[] = { { 200, 1 }, { 62, 2 }, { 63, 2 }, { 64, 2 }, { 20, 3 }, { 3, 7 } };
	struct buf x = BUF_INIT, y = BUF_INIT;
	struct record a, b;
	struct hash_key key;
	size_t i;
	int more;

	(void)state;
	hash_key_random(&key);
	for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		buf_reset(&x);
		add_object(&x, sizes[i].n, sizes[i].depth, false, 0);
		scan(&a, buf_str(&x));
		for (more = 0; more < 2; more++) {
			buf_reset(&y);
			add_object(&y, sizes[i].n, sizes[i].depth, true, more);
			scan(&b, buf_str(&y));
			same_or_not(&a, &b, &key, !more);
			record_release(&b);
		}
		record_release(&a);
	}
	buf_release(&x);
	buf_release(&y);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(remembered), cmocka_unit_test(equal_values), cmocka_unit_test(equal_records), cmocka_unit_test(large_objects),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
