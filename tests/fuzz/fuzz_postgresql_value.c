/*
 * fuzz_postgresql_value: any bytes as the binary form of a value of any type. What is taken is JSON without a line feed, and
 * as text it is UTF-8 where the JSON is.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "extract.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PLAIN(k) { .kind = (k), .plain = true, .delimiter = ',' }
#define OF(k, e) { .kind = (k), .plain = true, .delimiter = ',', .element = (e) }

enum { SIMPLE = PG_LTREE + 1, FIELDS = 3 };
static struct pg_type simple[SIMPLE];
static struct pg_field field[FIELDS];
static struct pg_type row = { .kind = PG_COMPOSITE, .plain = true, .delimiter = ',', .field = field, .fields = FIELDS };
static struct pg_type numbers = OF(PG_ARRAY, &simple[PG_NUMERIC]), texts = OF(PG_ARRAY, &simple[PG_TEXT]), rows = OF(PG_ARRAY, &row),
	bits = OF(PG_ARRAY, &simple[PG_BIT]), days = OF(PG_RANGE, &simple[PG_DATE]), times = OF(PG_RANGE, &simple[PG_TIMESTAMPTZ]),
	many = OF(PG_MULTIRANGE, &days), ranges = OF(PG_ARRAY, &times), documents = OF(PG_ARRAY, &simple[PG_JSONB]);
static struct pg_type *const compound[] = { &row, &numbers, &texts, &rows, &bits, &days, &times, &many, &ranges, &documents };

static void make_types(void)
{
	static struct pg_type *const types[FIELDS] = { &simple[PG_INT4], &texts, &times };
	static const char *const leads[FIELDS] = { "\"a\":", "\"b\":", "\"c\":" };
	int i;

	for (i = 0; i < SIMPLE; i++)
		simple[i] = (struct pg_type)PLAIN((enum pg_kind)i);
	for (i = 0; i < FIELDS; i++)
		field[i] = (struct pg_field){ .type = types[i], .lead = span_of(leads[i]) };
}

static void check_json(const struct buf *json)
{
	const struct scan_limits limits = { 1000, 100000000 };
	struct error err = ERROR_INIT;
	struct record rec;

	record_init(&rec);
	if (record_copy(&rec, json->p, json->n, &limits, &err) || memchr(json->p, '\n', json->n))
		abort();
	record_release(&rec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tool tool = { .opt = { .max_depth = 128, .max_tokens = 1000000 } };
	static struct extract x = { .tool = &tool };
	struct buf json = BUF_INIT, text = BUF_INIT;
	const struct pg_type *t;
	struct bytes b;
	unsigned char *copy;

	if (!size)
		return 0;
	if (!simple[PG_BOOL].kind) {
		make_types();
		record_init(&x.scratch);
	}
	t = *data < SIMPLE ? &simple[*data] : compound[*data % (sizeof compound / sizeof *compound)];
	copy = malloc(size);	/* no byte more */
	memcpy(copy, data + 1, size - 1);
	b = (struct bytes){ copy, copy + size - 1 };
	x.bad_text = false;
	if (!json_of(&x, t, b, &json)) {
		check_json(&json);
		if (text_of(t, b, &text))
			abort();
	}
	free(copy);
	buf_release(&json);
	buf_release(&text);
	return 0;
}
