/*
 * fuzz_schema: the first line is a schema, every other line a record that it judges as a row, as an update and as a
 * delete. Whatever the bytes, nothing crashes, a verdict has failures just when a record is refused, and judging twice says
 * the same.
 */
#include <stdint.h>
#include <stdlib.h>

#include "rules/schema.h"

static const struct scan_limits limits = { 128, 100000 };

static struct span take_line(struct span *rest)
{
	const char *eol = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;
	struct span line = { rest->p, eol ? (size_t)(eol - rest->p) : rest->n };

	rest->p += line.n + (eol != NULL);
	rest->n -= line.n + (eol != NULL);
	return line;
}

static int judge(struct schema *s, const struct record *rec, int kind, struct verdict *v)
{
	struct change change = { .unset = VALUE_NONE };
	struct error err = ERROR_INIT;
	struct value sync;

	if (value_member(record_root(rec), SPAN_LIT("_sync"), &sync)) {
		change.skip = sync.tok - 1;
		if (value_member(sync, SPAN_LIT("unset"), &change.unset) && value_type(change.unset) != TOKEN_ARRAY)
			change.unset = VALUE_NONE;
	}
	if (kind == 0)
		return schema_check(s, record_root(rec), change.skip, v, &err);
	return (kind == 1 ? schema_check_update : schema_check_delete)(s, rec, &change, v, &err);
}

static void judge_twice(struct schema *s, const struct record *rec, int kind)
{
	struct verdict a, b;
	struct buf pointer = BUF_INIT;
	int first, second;
	uint32_t i;

	if (kind && !record_is_object(rec))
		return;
	verdict_init(&a);
	verdict_init(&b);
	first = judge(s, rec, kind, &a);
	second = judge(s, rec, kind, &b);
	if (first != second || a.n != b.n || (first == 0) != (a.n != 0 && first >= 0))
		abort();
	for (i = 0; i < a.n; i++)
		schema_pointer(rec, a.failure[i].tok, &pointer);
	buf_release(&pointer);
	verdict_release(&a);
	verdict_release(&b);
}

static void judge_line(struct schema *s, struct record *rec, struct span line)
{
	struct record_names *names = NULL;
	struct error err = ERROR_INIT;
	struct value twice;
	int kind;

	if (!record_copy(rec, line.p, line.n, &limits, &err) && !record_duplicate(rec, &names, &twice))
		for (kind = 0; kind < 3; kind++)
			judge_twice(s, rec, kind);
	record_names_release(names);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = { (const char *)data, size }, line = take_line(&rest);
	struct schema_source source = { .name = "fuzz", .frame = size & 1 };
	struct error err = ERROR_INIT;
	struct schema *s = NULL;
	struct record rec;

	record_init(&rec);
	if (!record_copy(&rec, line.p, line.n, &limits, &err) && !schema_compile(&s, record_root(&rec), &source, &err))
		while (rest.n)
			judge_line(s, &rec, take_line(&rest));
	schema_free(s);
	record_release(&rec);
	return 0;
}
