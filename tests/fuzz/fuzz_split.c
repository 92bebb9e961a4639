/*
 * fuzz_split: any bytes as a JSON document. However they come, the records are the same; a document that the scanner takes
 * is taken here too, and all its records are.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json/record.h"
#include "json/split.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
	struct span text;
	size_t at, piece;
	struct buf out;		/* the records, a line each */
	bool all_scan;
};

static const struct scan_limits limits = { 128, 1000000 };

static ssize_t read_piece(void *ctx, void *p, size_t n, struct error *err)
{
	struct run *r = ctx;

	(void)err;
	n = n < r->piece ? n : r->piece;
	n = n < r->text.n - r->at ? n : r->text.n - r->at;
	memcpy(p, r->text.p + r->at, n);
	r->at += n;
	return (ssize_t)n;
}

static int on_record(void *ctx, struct span text, uint64_t line, struct error *err)
{
	struct run *r = ctx;
	struct record rec;

	record_init(&rec);
	if (record_copy(&rec, text.p, text.n, &limits, err))
		r->all_scan = false;
	else if (memchr(text.p, '\n', text.n))
		abort();
	record_release(&rec);
	error_reset(err);
	buf_addf(&r->out, "%llu ", (unsigned long long)line);
	buf_addspan(&r->out, text);
	buf_addc(&r->out, '\n');
	return 0;
}

static int run(struct run *r, const struct path *path)
{
	const struct split split = { .path = path, .name = "fuzz", .max_record = 1 << 20, .max_depth = 128, .read = read_piece,
				     .record = on_record, .ctx = r };
	struct error err = ERROR_INIT;

	return split_run(&split, &err);
}

static bool scans(struct span text)
{
	struct error err = ERROR_INIT;
	struct record rec;
	bool ok;

	record_init(&rec);
	ok = !record_copy(&rec, text.p, text.n, &limits, &err);
	record_release(&rec);
	return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const paths[] = { "a", "a[*].b", "a[1]", "[*]", "/a/0" };
	struct arena arena = ARENA_INIT;
	struct error err = ERROR_INIT;
	struct span text;
	struct path path;
	const struct path *p = NULL;
	int a, b;

	if (size < 2)
		return 0;
	text = (struct span){ (const char *)data + 2, size - 2 };
	if (data[0] % 6 && !path_compile(&path, span_of(paths[data[0] % 6 - 1]), &arena, &err))
		p = &path;
	struct run whole = { text, 0, SIZE_MAX, BUF_INIT, true }, parts = { text, 0, 1u + data[1] % 30, BUF_INIT, true };

	a = run(&whole, p);
	b = run(&parts, p);
	if (a != b || !span_eq(buf_span(&whole.out), buf_span(&parts.out)))
		abort();
	if (!p && scans(text) && (a || !whole.all_scan))
		abort();
	buf_release(&whole.out);
	buf_release(&parts.out);
	arena_release(&arena);
	return 0;
}
