/* fuzz_record: edits chosen by the input; what is written afterwards is JSON again, and is written alike once more. */
#include <stdlib.h>

#include "json/equal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const paths[] = { "a", "b", "a.b", "a[0]", "a[*]", "c.d.e", "a[*].b", "[\"\"]", "b.c", "" };
static const char *const values[] = { "1", "\"x\"", "{}", "[]", "{\"a\":1}", "[1,{\"b\":2}]", "null", "1e400", "{\"a\":{\"b\":[]}}" };
static const char *const names[] = { "a", "b", "c", "", "\xc3\xa9\"" };

static int edit(struct record *rec, const uint8_t *p, struct error *err)
{
	struct arena arena = ARENA_INIT;
	struct path path, from;
	struct value v;
	int failed = 0;

	path_compile(&path, span_of(paths[p[1] % 10]), &arena, err);
	path_compile(&from, span_of(paths[p[2] % 10]), &arena, err);
	switch (p[0] % 6) {
	case 0:
		failed = record_set(rec, &path, span_of(values[p[2] % 9]), err);
		break;
	case 1:
		failed = record_set_deep(rec, &path, span_of(values[p[2] % 9]), err);
		break;
	case 2:
		failed = record_remove(rec, &path, err);
		break;
	case 3:
		failed = record_rename(rec, &path, span_of(names[p[2] % 5]), err);
		break;
	case 4:
		failed = record_set_first(rec, span_of(names[p[1] % 5]), span_of(values[p[2] % 9]), err);
		break;
	default:
		if (record_get(rec, &from, NULL, &v))
			failed = record_put(rec, &path, v, err);
	}
	arena_release(&arena);
	return failed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct scan_limits limits = SCAN_LIMITS_INIT, deep = { 1000, 1000000 };
	size_t head = size ? data[0] % 30u : 0, i;
	struct error err = ERROR_INIT;
	struct buf out = BUF_INIT, again = BUF_INIT;
	struct record rec, copy;
	int failed = 0;

	if (size < head * 3 + 1)
		return 0;
	record_init(&rec);
	record_init(&copy);
	if (!record_copy(&rec, (const char *)data + 1 + head * 3, size - 1 - head * 3, &limits, &err)) {
		for (i = 0; i < head && !failed && out.n < 65536; i++) {
			failed = edit(&rec, data + 1 + i * 3, &err);
			buf_reset(&out);
			if (!failed)
				record_write(&rec, &out);
		}
		if (!failed && head) {
			if (record_copy(&copy, out.p, out.n, &deep, &err))
				abort();
			record_write(&copy, &again);
			if (again.n != out.n || memcmp(again.p, out.p, out.n) || !value_equal(record_root(&rec), record_root(&copy), 0))
				abort();
		}
	}
	record_release(&rec);
	record_release(&copy);
	buf_release(&out);
	buf_release(&again);
	return 0;
}
