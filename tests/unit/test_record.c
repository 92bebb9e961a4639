/* test_record: what is remembered from line to line (places of paths, names without duplicates) never says other than a look would. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>

#include "json/record.h"

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

static const char *const paths[] = { "a", "b", "b.c", "b.c[1].d", "b.e", "f", "f.c", "b.c[*].d", "a[*].d", "/b/c/1/e", "", "none", "[1].d" };
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

static void edit(struct record *rec, const struct use *use)
{
	const struct path *path = &use[rand() % PATHS].path;
	struct error err = ERROR_INIT;

	switch (rand() % 3) {
	case 0: (void)record_set(rec, path, SPAN_LIT("{\"c\":1,\"d\":2}"), &err); break;
	case 1: (void)record_remove(rec, path, &err); break;
	default: (void)record_rename(rec, path, SPAN_LIT("a"), &err); break;
	}
}

static void remembered(void **state)
{
	struct arena arena = ARENA_INIT;
	struct error err = ERROR_INIT;
	struct record_names *memo = NULL;
	struct use use[PATHS] = { 0 };
	struct record rec;
	size_t i, j, line = 0;

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
		if (rand() % 4 || !record_is_object(&rec))
			continue;
		edit(&rec, use);
		for (j = 0; !same_duplicate(&rec, &memo) && j < PATHS; j++)
			same_find(&rec, &use[j]);
	}
	record_names_release(memo);
	record_release(&rec);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(remembered) };

	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
