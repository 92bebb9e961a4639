/* test_set: keys, tables, sorts, stores and the spill file, in memory and out of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "set/key.h"
#include "set/sort.h"
#include "set/store.h"
#include "set/table.h"

static uint64_t random_state = 88172645463325252u;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* ---- keys */

static struct scan_limits limits = SCAN_LIMITS_INIT;

/* The canonical bytes of {"k":JSON}. */
static void bytes_as(const char *json, enum key_read read, struct buf *out)
{
	struct error err = ERROR_INIT;
	struct key key = KEY_INIT;
	struct buf text = BUF_INIT;
	struct record rec;

	record_init(&rec);
	buf_addf(&text, "{\"x\":1,\"k\":%s}", json);
	assert_int_equal(record_copy(&rec, text.p, text.n, &limits, &err), 0);
	assert_int_equal(key_parse(&key, "k", &err), 0);
	key.part[0].read = read;
	buf_reset(out);
	assert_int_equal(key_bytes(&key, &rec, out, &err), 0);
	key_release(&key);
	record_release(&rec);
	buf_release(&text);
}

static int order(const char *a, enum key_read read_a, const char *b, enum key_read read_b)
{
	struct buf x = BUF_INIT, y = BUF_INIT;
	int c;

	bytes_as(a, read_a, &x);
	bytes_as(b, read_b, &y);
	c = span_cmp(buf_span(&x), buf_span(&y));
	buf_release(&x);
	buf_release(&y);
	return (c > 0) - (c < 0);
}

static void keys_are_ordered(void **state)
{
	static const char *const row[] = {
		"false", "true", "-1e400", "-1e101", "-1e100", "-123456789012345678901", "-123456789012345678900", "-101", "-100", "-99", "-2.5", "-2", "-1",
		"-0.001", "-1e-101", "-1e-400", "0", "1e-400", "1e-101", "0.001", "0.1", "0.11", "0.2", "1", "1.5", "2", "9", "10", "11", "99", "100", "101",
		"1000", "123456789012345678900", "123456789012345678901", "1e99", "1e100", "1e101", "1e400", "1e9999999999",
		"\"\"", "\"\\u0000\"", "\"\\u0000\\u0000\"", "\"\\u0001\"", "\"10\"", "\"9\"", "\"a\"", "\"a\\u0000\"", "\"ab\"", "\"b\"", "\"\\u00e9\"",
		"[]", "[null]", "[1]", "[1,1]", "[1,2]", "[2]", "[[]]", "{}", "{\"a\":1}", "{\"a\":1,\"b\":2}", "{\"a\":2}", "{\"b\":0}",
	};
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof row / sizeof *row; i++)
		for (j = 0; j < sizeof row / sizeof *row; j++)
			if (order(row[i], KEY_TYPED, row[j], KEY_TYPED) != (i > j) - (i < j))
				fail_msg("%s and %s are out of order", row[i], row[j]);
}

static void keys_are_equal_as_values_are(void **state)
{
	static const char *const pair[][2] = {
		{ "1", "1.0" }, { "1", "1e0" }, { "100", "1e2" }, { "0", "-0" }, { "0", "0e5" }, { "0.5", "5e-1" }, { "-120", "-1.2e2" },
		{ "12345678901234567890123456789", "12345678901234567890123456789.0" }, { "\"a\"", "\"\\u0061\"" }, { "\"\\u00e9\"", "\"\xc3\xa9\"" },
		{ "{\"a\":1,\"b\":[2]}", "{ \"b\" : [2.0], \"\\u0061\" : 1 }" }, { "[1, 2]", "[1,2]" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof pair / sizeof *pair; i++)
		assert_int_equal(order(pair[i][0], KEY_TYPED, pair[i][1], KEY_TYPED), 0);
	assert_int_not_equal(order("\"1\"", KEY_TYPED, "1", KEY_TYPED), 0);
}

static void keys_without_types(void **state)
{
	(void)state;
	assert_int_equal(order("\"7\"", KEY_NUMBER, "7.0", KEY_NUMBER), 0);
	assert_int_equal(order("\"-2.50\"", KEY_NUMBER, "-2.5", KEY_TYPED), 0);
	assert_int_not_equal(order("\"007\"", KEY_NUMBER, "7", KEY_NUMBER), 0);
	assert_int_not_equal(order("\" 7\"", KEY_NUMBER, "7", KEY_NUMBER), 0);
	assert_int_equal(order("\"true\"", KEY_BOOLEAN, "true", KEY_TYPED), 0);
	assert_int_equal(order("\"7\"", KEY_TEXT, "7", KEY_TEXT), 0);
	assert_int_equal(order("\"7\"", KEY_TEXT, "7.0", KEY_TEXT), 0);
	assert_int_equal(order("\"-700\"", KEY_TEXT, "-7e2", KEY_TEXT), 0);
	assert_int_equal(order("\"0.025\"", KEY_TEXT, "25e-3", KEY_TEXT), 0);
	assert_int_equal(order("\"12.5\"", KEY_TEXT, "12.50", KEY_TEXT), 0);
	assert_int_equal(order("\"0\"", KEY_TEXT, "0.0", KEY_TEXT), 0);
	assert_int_equal(order("\"false\"", KEY_TEXT, "false", KEY_TEXT), 0);
	assert_int_not_equal(order("\"7.0\"", KEY_TEXT, "7", KEY_TEXT), 0);
}

static void refused(const char *list, const char *json, const char *why)
{
	struct error err = ERROR_INIT;
	struct key key = KEY_INIT;
	struct buf out = BUF_INIT;
	struct record rec;

	record_init(&rec);
	if (!key_parse(&key, list, &err)) {
		assert_int_equal(record_copy(&rec, json, strlen(json), &limits, &err), 0);
		assert_int_equal(key_bytes(&key, &rec, &out, &err), -1);
		assert_string_equal(err.code, "no-key");
		assert_int_equal(out.n, 0);
	}
	if (!strstr(err.text, why))
		fail_msg("'%s' does not say '%s'", err.text, why);
	key_release(&key);
	record_release(&rec);
	buf_release(&out);
}

static void keys_are_refused(void **state)
{
	(void)state;
	refused("id,no", "{\"id\":1}", "field 'no' of the key is missing");
	refused("id,no", "{\"id\":1,\"no\":null}", "field 'no' of the key is null");
	refused("a.b", "{\"a\":{}}", "field 'a.b' of the key is missing");
	refused("a[0]", "", "names fields, not elements");
	refused("a,b,a", "", "a key has 'a' twice");
	refused("", "", "");
}

static void written(const char *list, const char *json, const char *names, const char *members, const char *show)
{
	struct error err = ERROR_INIT;
	struct key key = KEY_INIT, again = KEY_INIT;
	struct buf out = BUF_INIT;
	struct record rec;

	record_init(&rec);
	assert_int_equal(key_parse(&key, list, &err), 0);
	key_write_names(&key, &out);
	assert_string_equal(buf_str(&out), names);
	assert_int_equal(record_copy(&rec, out.p, out.n, &limits, &err), 0);
	assert_int_equal(key_from_schema(&again, record_root(&rec), &err), 0);
	assert_true(key_same(&key, &again));
	assert_int_equal(record_copy(&rec, json, strlen(json), &limits, &err), 0);
	buf_reset(&out);
	key_write_members(&key, &rec, &out);
	assert_string_equal(buf_str(&out), members);
	buf_reset(&out);
	key_show(&key, &rec, &out);
	assert_string_equal(buf_str(&out), show);
	key_release(&key);
	key_release(&again);
	record_release(&rec);
	buf_release(&out);
}

static void keys_are_written(void **state)
{
	(void)state;
	written("id", "{\"x\":1,\"id\":7.50}", "[\"id\"]", "\"id\":7.50", "7.50");
	written("region,id", "{\"id\":7,\"region\":\"n\\u00f6\"}", "[\"region\",\"id\"]", "\"region\":\"n\\u00f6\",\"id\":7", "\"n\\u00f6\",7");
	written("a.b,a.c,d", "{\"d\":1,\"a\":{\"c\":2,\"x\":0,\"b\":3}}", "[\"/a/b\",\"/a/c\",\"d\"]", "\"a\":{\"b\":3,\"c\":2},\"d\":1", "3,2,1");
	written("[\"a,b\"],[\"/x\"]", "{\"a,b\":1,\"/x\":2}", "[\"a,b\",\"/~1x\"]", "\"a,b\":1,\"/x\":2", "1,2");
}

/* ---- tables */

static struct hash128 hash_of(uint64_t i) { return (struct hash128){ i * 0x9e3779b97f4a7c15u, i * 0xc2b2ae3d27d4eb4fu + 1 }; }

static void tables_find_what_was_put(void **state)
{
	struct memory memory = { 32 << 20, 0 };
	struct table t;
	uint64_t *entry, i;
	bool added;

	(void)state;
	table_init(&t, sizeof *entry, &memory);
	assert_null(table_find(&t, hash_of(1)));
	for (i = 0; i < 200000; i++) {
		entry = table_put(&t, hash_of(i), &added);
		assert_true(added);
		assert_int_equal(*entry, 0);
		*entry = i + 5;
	}
	for (i = 0; i < 200000; i++) {
		entry = table_put(&t, hash_of(i), &added);
		assert_false(added);
		assert_int_equal(*entry, i + 5);
		assert_ptr_equal(table_find(&t, hash_of(i)), table_entry(&t, (uint32_t)i));
		assert_true(hash128_eq(table_hash(&t, (uint32_t)i), hash_of(i)));
		assert_null(table_find(&t, hash_of(i + 200000)));
	}
	assert_int_equal(t.n, 200000);
	assert_in_range(memory.used, 200000 * 24, 200000 * 48);
	table_release(&t);
	assert_int_equal(memory.used, 0);
}

static void tables_keep_to_memory(void **state)
{
	struct memory memory = { 1 << 20, 0 };
	struct table t;
	uint64_t i;

	(void)state;
	table_init(&t, 24, &memory);
	for (i = 0; table_put(&t, hash_of(i), NULL); i++)
		;
	assert_in_range(i, 10000, 30000);
	assert_in_range(memory.used, 1, 1 << 20);
	assert_int_equal(t.n, i);
	assert_non_null(table_find(&t, hash_of(i - 1)));
	assert_null(table_find(&t, hash_of(i)));
	table_release(&t);
}

/* ---- stores */

static size_t line_length(uint64_t i) { return i % 1000 == 999 ? 70000 : (size_t)(i * 37 % 900); }

static void store_and_get(size_t limit, bool early)
{
	struct memory memory = { limit, 0 };
	struct spill spill = SPILL_INIT;
	struct error err = ERROR_INIT;
	struct buf out = BUF_INIT;
	struct store store;
	static char line[70000];
	static uint64_t at[3000];
	uint64_t i, j;

	assert_int_equal(spill_open(&spill, &err), 0);
	store_init(&store, &spill, &memory);
	for (i = 0; i < 3000; i++) {
		memset(line, (char)('a' + i % 26), sizeof line);
		assert_int_equal(store_add(&store, (struct span){ line, line_length(i) }, &at[i], &err), 0);
		if (early && i == 1500)
			assert_int_equal(store_spill(&store, &err), 0);
	}
	for (i = 0; i < 3000; i++) {
		j = next_random() % 3000;
		assert_int_equal(store_get(&store, at[j], &out, &err), 0);
		assert_int_equal(out.n, line_length(j));
		assert_true(out.n == 0 || (out.p[0] == (char)('a' + j % 26) && out.p[out.n - 1] == out.p[0]));
	}
	assert_true(memory.used <= limit);
	assert_int_equal(spill.size > 0, early || limit < store.size);
	store_release(&store);
	assert_int_equal(memory.used, 0);
	spill_close(&spill);
	buf_release(&out);
}

static void stores_give_back_lines(void **state)
{
	(void)state;
	store_and_get(64 << 20, false);
	store_and_get(64 << 20, true);
	store_and_get(1 << 20, false);
	store_and_get(100 << 10, false);
}

/* ---- sorts */

static void sort_lines(size_t limit, uint64_t n, uint64_t keys, bool big)
{
	struct memory memory = { limit, 0 };
	struct spill spill = SPILL_INIT;
	struct error err = ERROR_INIT;
	struct buf key = BUF_INIT, line = BUF_INIT, last = BUF_INIT;
	struct span k, l;
	struct sort sort;
	uint64_t i, order_now, order_before = 0;
	int c;

	assert_int_equal(spill_open(&spill, &err), 0);
	sort_init(&sort, &spill, &memory, limit);
	for (i = 0; i < n; i++) {
		buf_reset(&key);
		buf_reset(&line);
		buf_addf(&key, "%s%llu", next_random() % 2 ? "" : "a long prefix of ", (unsigned long long)(next_random() % keys));
		buf_addf(&line, "%llu ", (unsigned long long)i);
		buf_reserve(&line, 100000);
		line.n += big && i % 100 == 0 ? 100000 - line.n : i % 90;
		memset(line.p + 12, 'x', line.n > 12 ? line.n - 12 : 0);
		assert_int_equal(sort_add(&sort, buf_span(&key), buf_span(&line), &err), 0);
	}
	assert_int_equal(sort.n, n);
	for (i = 0; sort_next(&sort, &k, &l, &err) == 1; i++) {
		order_now = strtoull(l.p, NULL, 10);
		c = i ? span_cmp(buf_span(&last), k) : -1;
		assert_true(c < 0 || (c == 0 && order_before < order_now));
		buf_reset(&last);
		buf_addspan(&last, k);
		order_before = order_now;
	}
	assert_int_equal(i, n);
	assert_int_equal(sort_next(&sort, &k, &l, &err), 0);
	sort_release(&sort);
	assert_int_equal(memory.used, 0);
	assert_int_equal(spill.size > 0, limit < 4 << 20);
	spill_close(&spill);
	buf_release(&key);
	buf_release(&line);
	buf_release(&last);
}

static void sorts_in_memory_and_out_of_it(void **state)
{
	(void)state;
	sort_lines(64 << 20, 20000, 5000, false);
	sort_lines(1 << 20, 20000, 5000, false);
	sort_lines(64 << 10, 20000, 50, false);	/* more runs than are merged at once */
	sort_lines(1 << 20, 2000, 1000, true);
	sort_lines(64 << 20, 0, 1, false);
}

static void spills_have_no_name(void **state)
{
	struct spill spill = SPILL_INIT;
	struct error err = ERROR_INIT;
	char folder[] = "/tmp/sync-spill-test.XXXXXX", back[5];
	uint64_t at;

	(void)state;
	assert_non_null(mkdtemp(folder));
	setenv("TMPDIR", folder, 1);
	assert_int_equal(spill_open(&spill, &err), 0);
	assert_int_equal(spill_write(&spill, "hello", 5, &at, &err), 0);
	assert_int_equal(at, 0);
	assert_int_equal(spill_write(&spill, "world", 5, &at, &err), 0);
	assert_int_equal(at, 5);
	assert_int_equal(spill_read(&spill, 3, back, 5, &err), 0);
	assert_memory_equal(back, "lowor", 5);
	assert_int_equal(spill_read(&spill, 6, back, 5, &err), -1);
	assert_non_null(strstr(err.text, "has lost its end"));
	assert_int_equal(rmdir(folder), 0);	/* so it was empty */
	spill_close(&spill);
	assert_int_equal(spill_open(&spill, &err), -1);
	assert_non_null(strstr(err.text, "cannot make a temporary file in '/tmp/sync-spill-test."));
	spill_close(&spill);
	unsetenv("TMPDIR");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_ordered),
		cmocka_unit_test(keys_are_equal_as_values_are),
		cmocka_unit_test(keys_without_types),
		cmocka_unit_test(keys_are_refused),
		cmocka_unit_test(keys_are_written),
		cmocka_unit_test(tables_find_what_was_put),
		cmocka_unit_test(tables_keep_to_memory),
		cmocka_unit_test(stores_give_back_lines),
		cmocka_unit_test(sorts_in_memory_and_out_of_it),
		cmocka_unit_test(spills_have_no_name),
	};

	return cmocka_run_group_tests_name("set", tests, NULL, NULL);
}
