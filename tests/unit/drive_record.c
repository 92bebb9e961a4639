/*
 * drive_record: does what record.t says. Each line of input is [TEXT, [OP, PATH, ARG], …]: TEXT is a record, OP one of set,
 * deep, put (ARG is a path), remove, rename, first. Each line of output is [ERRORS, TEXT]: the code of each edit ("" for
 * none), and the record afterwards, twice: as written, and as written after it was scanned again.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/fileio.h"
#include "json/record.h"

static const struct scan_limits limits = SCAN_LIMITS_INIT;

static int edit(struct record *rec, struct span op, const struct path *path, struct span arg, struct error *err)
{
	struct arena arena = ARENA_INIT;
	struct path from;
	struct value v;
	int failed = -1;

	if (span_is(op, "set"))
		failed = record_set(rec, path, arg, err);
	else if (span_is(op, "deep"))
		failed = record_set_deep(rec, path, arg, err);
	else if (span_is(op, "remove"))
		failed = record_remove(rec, path, err);
	else if (span_is(op, "rename"))
		failed = record_rename(rec, path, arg, err);
	else if (span_is(op, "first"))
		failed = record_set_first(rec, path->step[0].name, arg, err);
	else if (!path_compile(&from, arg, &arena, err))
		failed = record_get(rec, &from, NULL, &v) ? record_put(rec, path, v, err) : error_data(err, "nothing", "nothing there");
	arena_release(&arena);
	return failed;
}

static void one_edit(struct record *rec, struct value op, struct buf *out)
{
	struct arena arena = ARENA_INIT;
	struct error err = ERROR_INIT;
	struct walk walk = { 0, 0, 0 };
	struct span word[3] = { { "", 0 }, { "", 0 }, { "", 0 } };
	struct path path;
	struct value v;
	int i;

	for (i = 0; i < 3 && value_next(op, &walk, NULL, &v); i++)
		word[i] = value_text(v, &arena);
	if (path_compile(&path, word[1], &arena, &err))
		err.code = "bad-path";
	else if (!edit(rec, word[0], &path, word[2], &err))
		err.code = "";
	buf_addf(out, "\"%s\"", err.code ? err.code : "?");
	arena_release(&arena);
}

static void drive(struct record *program, struct record *rec, struct buf *out)
{
	struct walk walk = { 0, 0, 0 };
	struct error err = ERROR_INIT;
	struct buf text = BUF_INIT;
	struct value v;
	struct span doc;
	bool first = true;

	value_next(record_root(program), &walk, NULL, &v);
	doc = value_text(v, &program->arena);
	if (record_copy(rec, doc.p, doc.n, &limits, &err))
		exit(3);
	buf_adds(out, "[[");
	while (value_next(record_root(program), &walk, NULL, &v)) {
		if (!first)
			buf_addc(out, ',');
		first = false;
		one_edit(rec, v, out);
	}
	buf_adds(out, "],");
	record_write(rec, &text);
	buf_addspan(out, buf_span(&text));
	buf_addc(out, ',');
	if (record_copy(rec, text.p, text.n, &limits, &err)) {
		fprintf(stderr, "what was written is no JSON: %s: %s\n", err.text, buf_str(&text));
		exit(3);
	}
	record_write(rec, out);
	buf_adds(out, "]\n");
	buf_release(&text);
}

int main(void)
{
	struct record program, rec;
	struct buf in = BUF_INIT, out = BUF_INIT;
	struct error err = ERROR_INIT;
	char *p, *eol;

	record_init(&program);
	record_init(&rec);
	if (io_slurp("-", (size_t)1 << 30, &in, &err))
		return 3;
	for (p = buf_str(&in); (eol = strchr(p, '\n')); p = eol + 1) {
		if (record_copy(&program, p, (size_t)(eol - p), &limits, &err))
			return 3;
		drive(&program, &rec, &out);
	}
	fwrite(out.p, 1, out.n, stdout);
	record_release(&program);
	record_release(&rec);
	buf_release(&in);
	buf_release(&out);
	return fflush(stdout) ? 3 : 0;
}
