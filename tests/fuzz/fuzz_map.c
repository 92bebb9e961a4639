/*
 * fuzz_map: the first line is a list of steps, what follows it a stream whose schemas and records go through them. Whatever
 * the bytes, nothing crashes; what comes out are objects without two members of one name; a record that is set aside is as it
 * was read.
 */
#include <stdlib.h>

#include "endpoint/exec.h"
#include "map/map.h"
#include "stream/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* libfyaml 0.7 loses a few bytes of some broken texts (see fuzz_yaml). */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml";
}

static const struct scan_limits limits = { 1024, 1000000 };

/* Tables are those in the steps: nothing is started. */
int extraction_start(struct extraction *x, const char *operand, const char *const *options, struct error *err)
{
	(void)options;
	x->name = operand;
	return error_set(err, EXIT_USAGE, "nothing is read here");
}

int extraction_end(struct extraction *x, struct error *err)
{
	(void)x;
	(void)err;
	return 0;
}

static void check_line(struct span line, bool fresh)
{
	struct record_names *names = NULL;
	struct error err = ERROR_INIT;
	struct record rec;
	struct value twice;

	record_init(&rec);
	if (record_copy(&rec, line.p, line.n, &limits, &err) || !record_is_object(&rec) || (fresh && record_duplicate(&rec, &names, &twice)))
		abort();
	record_names_release(names);
	record_release(&rec);
}

static void check_same(const struct record *rec, struct span was)
{
	struct buf now = BUF_INIT;

	record_write(rec, &now);
	if (!span_eq(buf_span(&now), was))
		abort();
	buf_release(&now);
}

static int on_record(struct map *m, struct record *rec, struct meta *meta, struct error *err)
{
	struct record_names *names = NULL;
	struct buf text = BUF_INIT;
	struct value twice;
	struct span line;
	int what;

	record_write(rec, &text);
	if (record_duplicate(rec, &names, &twice)) {	/* the stage sets those aside first */
		what = MAP_REJECT;
	} else if ((what = map_record(m, rec, meta, err)) == MAP_MANY) {
		while (map_next(m, &line))
			check_line(line, true);
	} else if (what == MAP_REJECT) {
		if (!err->code)
			abort();
		check_same(rec, buf_span(&text));
	} else if (what == MAP_DONE) {
		buf_reset(&text);
		record_write(rec, &text);
		check_line(buf_span(&text), true);
	}
	record_names_release(names);
	buf_release(&text);
	return what;
}

static int on_frame(struct map *m, struct record *rec, struct meta *meta, struct error *err)
{
	struct buf text = BUF_INIT;
	int failed = 0;

	if (meta->op == OP_BEGIN)
		return map_begin(m, meta, err);
	if (meta->op != OP_SCHEMA)
		return 0;
	failed = map_schema(m, rec, meta, err);
	if (!failed) {
		record_write(rec, &text);
		check_line(buf_span(&text), false);
	}
	buf_release(&text);
	return failed;
}

static void run(struct map *m, struct streams *streams, struct span text)
{
	struct reader_options o = READER_OPTIONS_INIT;
	struct error err = ERROR_INIT;
	struct reader r;
	struct record rec;
	struct meta meta;
	int what;

	o.limits = limits;
	o.plain = true;
	record_init(&rec);
	reader_open_memory(&r, text, "fuzz", streams, &o);
	while ((what = reader_next(&r, &rec, &meta, &err)) > 0) {
		error_reset(&err);
		if ((what == READER_RECORD && on_record(m, &rec, &meta, &err) < 0) ||
		    (what == READER_FRAME && on_frame(m, &rec, &meta, &err) < 0))
			break;
	}
	reader_close(&r);
	record_release(&rec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *eol = size ? memchr(data, '\n', size) : NULL;
	struct span steps = { (const char *)data, eol ? (size_t)(eol - (const char *)data) : size };
	struct memory memory = { .limit = 1 << 20 };
	struct error err = ERROR_INIT;
	struct streams streams;
	struct map *m;

	streams_init(&streams);
	m = map_new(&streams, &memory, &limits);
	if (!map_add_text(m, steps, "fuzz", &err) && !map_open(m, &err) && eol)
		run(m, &streams, (struct span){ eol + 1, size - steps.n - 1 });
	while (map_unseen(m))
		;
	map_free(m);
	streams_release(&streams);
	return 0;
}
