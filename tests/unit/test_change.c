/*
 * test_change: judging updates is sound. For random schemas, rows that obey them and updates: an update that passes leaves
 * every such row obeying; one that fails, but for `partial`, leaves none of them so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rules/schema.h"

enum { FIELDS = 4, ROWS = 40, SCHEMAS = 1500, UPDATES = 10 };

static const struct scan_limits limits = { 128, 1000000 };
static const char *const values[] = { "0", "1", "5", "\"x\"", "\"yy\"", "null", "[]", "[1]" };
static uint64_t state = 20;

static unsigned upto(unsigned n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(state >> 33) % n;
}

/* ---- schemas */

static void add_schema(struct buf *b, unsigned depth);

static void add_field(struct buf *b)
{
	buf_addf(b, "\"%c\"", 'a' + (int)upto(FIELDS));
}

static void add_list(struct buf *b, unsigned depth)
{
	buf_addc(b, '[');
	add_schema(b, depth);
	buf_addc(b, ',');
	add_schema(b, depth);
	buf_addc(b, ']');
}

static void add_value_schema(struct buf *b)
{
	static const char *const some[] = { "{\"type\":\"integer\"}", "{\"minimum\":1}", "{\"type\":\"string\"}", "{\"const\":1}", "false",
					    "{\"maxLength\":1}", "{\"enum\":[0,\"x\",null]}", "true" };

	buf_adds(b, some[upto(8)]);
}

static void add_keyword(struct buf *b, unsigned which, unsigned depth)
{
	static const char *const lists[] = { "allOf", "anyOf", "oneOf" };

	if (!depth && which > 6)
		which = upto(6);
	switch (which) {
	case 0: buf_adds(b, "\"required\":["); add_field(b); buf_addc(b, ']'); break;
	case 1: buf_adds(b, "\"properties\":{"); add_field(b); buf_addc(b, ':'); add_value_schema(b); buf_addc(b, '}'); break;
	case 2: buf_adds(b, "\"dependentRequired\":{"); add_field(b); buf_adds(b, ":["); add_field(b); buf_adds(b, "]}"); break;
	case 3: buf_addf(b, "\"%s\":%u", upto(2) ? "minProperties" : "maxProperties", upto(4)); break;
	case 4: buf_adds(b, "\"patternProperties\":{\"^[ab]\":"); add_value_schema(b); buf_addc(b, '}'); break;
	case 5: buf_adds(b, "\"additionalProperties\":"); add_value_schema(b); break;
	case 6: buf_adds(b, "\"propertyNames\":{\"pattern\":\"[abc]\"}"); break;
	case 7: buf_adds(b, "\"not\":"); add_schema(b, depth - 1); break;
	case 8: buf_adds(b, "\"dependentSchemas\":{"); add_field(b); buf_addc(b, ':'); add_schema(b, depth - 1); buf_addc(b, '}'); break;
	case 9:
		buf_adds(b, "\"if\":");
		add_schema(b, depth - 1);
		buf_adds(b, ",\"then\":");
		add_schema(b, depth - 1);
		buf_adds(b, ",\"else\":");
		add_schema(b, depth - 1);
		break;
	default: buf_addf(b, "\"%s\":", lists[which % 3]); add_list(b, depth - 1); break;
	}
}

static void add_schema(struct buf *b, unsigned depth)
{
	unsigned first = upto(13), second = upto(13);

	buf_addc(b, '{');
	add_keyword(b, first, depth);
	if (depth && second > first && (first < 10 || second % 3 != first % 3) && upto(2)) {
		buf_addc(b, ',');
		add_keyword(b, second, depth);
	}
	buf_addc(b, '}');
}

/* ---- rows: for each field an index in values, or -1 */

struct row { int v[FIELDS]; };

static void add_members(struct buf *b, const struct row *r, const char *between)
{
	int i;

	for (i = 0; i < FIELDS; i++) {
		if (r->v[i] < 0)
			continue;
		buf_addf(b, "%s\"%c\":%s", between, 'a' + i, values[r->v[i]]);
		between = ",";
	}
}

static struct row some_row(unsigned chance)
{
	struct row r;
	int i;

	for (i = 0; i < FIELDS; i++)
		r.v[i] = upto(100) < chance ? (int)upto(8) : -1;
	return r;
}

static int judge(struct schema *s, const struct buf *text, bool update, struct verdict *v)
{
	struct change change = { .unset = VALUE_NONE };
	struct error err = ERROR_INIT;
	struct record rec;
	struct value sync;
	int rc;

	record_init(&rec);
	assert_int_equal(record_copy(&rec, text->p, text->n, &limits, &err), 0);
	if (update) {
		assert_int_equal(value_member(record_root(&rec), SPAN_LIT("_sync"), &sync), 1);
		assert_int_equal(value_member(sync, SPAN_LIT("unset"), &change.unset), 1);
		change.skip = sync.tok - 1;
		rc = schema_check_update(s, &rec, &change, v, &err);
	} else {
		rc = schema_check(s, record_root(&rec), 0, v, &err);
	}
	record_release(&rec);
	return rc;
}

static bool obeys(struct schema *s, const struct row *r)
{
	struct buf text = BUF_INIT;
	struct verdict v;
	int rc;

	verdict_init(&v);
	buf_addc(&text, '{');
	add_members(&text, r, "");
	buf_addc(&text, '}');
	rc = judge(s, &text, false, &v);
	verdict_release(&v);
	buf_release(&text);
	assert_true(rc >= 0);
	return rc;
}

/* 1: passes, 0: fails whatever the row is, -1: partial. */
static int judge_update(struct schema *s, const struct row *set, const bool unset[FIELDS], struct buf *text)
{
	const char *between = "";
	struct verdict v;
	int rc, i;

	verdict_init(&v);
	buf_adds(text, "{\"_sync\":{\"op\":\"update\",\"unset\":[");
	for (i = 0; i < FIELDS; i++) {
		if (!unset[i])
			continue;
		buf_addf(text, "%s\"%c\"", between, 'a' + i);
		between = ",";
	}
	buf_adds(text, "]}");
	add_members(text, set, ",");
	buf_addc(text, '}');
	rc = judge(s, text, true, &v);
	assert_true(rc >= 0);
	for (i = 0; rc == 0 && i < (int)v.n; i++)
		if (!strcmp(v.failure[i].code, "partial"))
			rc = -1;
	for (i = 0; rc < 0 && i < (int)v.n; i++)	/* with a sure failure beside it, it fails */
		if (strcmp(v.failure[i].code, "partial"))
			rc = 0;
	verdict_release(&v);
	return rc;
}

static unsigned told[3];

static void try_update(struct schema *s, const struct buf *schema, const struct row *rows, int n)
{
	struct row set = some_row(35), after;
	struct buf text = BUF_INIT;
	bool unset[FIELDS];
	int rc, i, k;

	for (i = 0; i < FIELDS; i++)
		unset[i] = set.v[i] < 0 && upto(4) == 0;
	rc = judge_update(s, &set, unset, &text);
	told[rc + 1]++;
	for (k = 0; k < n && rc >= 0; k++) {
		after = rows[k];
		for (i = 0; i < FIELDS; i++)
			after.v[i] = unset[i] ? -1 : set.v[i] >= 0 ? set.v[i] : after.v[i];
		if (obeys(s, &after) != (rc == 1))
			fail_msg("%.*s says %d of %.*s", (int)schema->n, schema->p, rc, (int)text.n, text.p);
	}
	buf_release(&text);
}

static void try_schema(void)
{
	struct schema_source source = { .name = "s" };
	struct error err = ERROR_INIT;
	struct buf text = BUF_INIT;
	struct row rows[ROWS];
	struct schema *s;
	struct record rec;
	int n = 0, i;

	add_schema(&text, 2);
	record_init(&rec);
	assert_int_equal(record_copy(&rec, text.p, text.n, &limits, &err), 0);
	if (schema_compile(&s, record_root(&rec), &source, &err))
		fail_msg("%s: %.*s", err.text, (int)text.n, text.p);
	for (i = 0; i < ROWS; i++) {
		rows[n] = some_row(60);
		n += obeys(s, &rows[n]);
	}
	for (i = 0; i < UPDATES && n; i++)
		try_update(s, &text, rows, n);
	schema_free(s);
	record_release(&rec);
	buf_release(&text);
}

static void updates_are_judged_soundly(void **unused)
{
	int i;

	(void)unused;
	for (i = 0; i < SCHEMAS; i++)
		try_schema();
	/* and not by calling everything partial */
	assert_true(told[2] > SCHEMAS && told[1] > SCHEMAS / 2 && told[0] > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(updates_are_judged_soundly) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
