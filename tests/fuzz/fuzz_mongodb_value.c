/*
 * fuzz_mongodb_value: any bytes as a document, of BSON or of JSON, with or without what sampling it would declare. What is taken
 * goes through JSON and is then the same BSON, byte for byte.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "stream/frame.h"
#include "value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct scan_limits limits = { 128, 1000000 };

/* As the extractor writes it; -1 where it can't be said in JSON. */
static int write_json(struct shapes *s, const bson_t *b, struct buf *out)
{
	struct error err = ERROR_INIT;
	bson_iter_t it;

	buf_addc(out, '{');
	if (!bson_iter_init(&it, b) || members_json(&it, &s->top, true, out, &err))
		return -1;
	buf_addc(out, '}');
	return 0;
}

/* As the loader reads it. 1: not even as a record, as one with two members called _sync. */
static int read_json(struct shapes *s, struct span text, bson_t *out)
{
	struct reading r = { .shapes = s };
	struct error err = ERROR_INIT;
	struct record rec;
	int failed;

	record_init(&rec);
	failed = record_copy(&rec, text.p, text.n, &limits, &err) || value_type(record_root(&rec)) != TOKEN_OBJECT || names_restore(&rec, &err) ? 1 :
		members_bson(out, record_root(&rec), &s->top, &r, &err);
	record_release(&rec);
	arena_release(&r.arena);
	return failed;
}

/* The shapes that the frame of these says. */
static void through_frame(const struct shapes *from, struct shapes *to)
{
	struct error err = ERROR_INIT;
	struct buf text = BUF_INIT;
	struct record rec;

	record_init(&rec);
	shapes_write(from, &text);
	if (record_copy(&rec, text.p, text.n, &limits, &err))
		abort();
	shapes_read(to, record_root(&rec));
	record_release(&rec);
	buf_release(&text);
}

/* strict: what was written must be read. */
static void there_and_back(const bson_t *b, bool sampled, bson_t *back, bool strict)
{
	struct shapes s = { .native = true }, read = { 0 };
	struct buf text = BUF_INIT;
	bson_t same = BSON_INITIALIZER;
	int failed;

	if (sampled)
		shapes_note(&s, b);
	through_frame(&s, &read);
	if (!write_json(&s, b, &text)) {
		failed = read_json(&read, buf_span(&text), &same);
		if (strict && (failed < 0 || (!failed && !bson_equal(b, &same))))
			abort();
		if (back && !failed)
			bson_concat(back, &same);
	}
	buf_release(&text);
	bson_destroy(&same);
	shapes_release(&s);
	shapes_release(&read);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct shapes none = { 0 };
	bson_t is, of = BSON_INITIALIZER;
	size_t offset;

	if (!size)
		return 0;
	none.native = *data & 2;
	none.ejson = *data & 4;
	if (*data & 1) {	/* BSON's arrays may have any names, and its lengths may be wrong: JSON makes them right */
		if (bson_init_static(&is, data + 1, size - 1) && bson_validate(&is, BSON_VALIDATE_NONE, &offset))
			there_and_back(&is, *data & 8, &of, false);
	} else if (read_json(&none, (struct span){ (const char *)data + 1, size - 1 }, &of)) {
		bson_reinit(&of);
	}
	there_and_back(&of, *data & 8, NULL, true);
	bson_destroy(&of);
	shapes_release(&none);
	return 0;
}
