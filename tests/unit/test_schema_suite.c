/*
 * test_schema_suite: the JSON-Schema-Test-Suite, draft 2020-12, run whole: one line of TAP a test. Where this
 * program decides otherwise than the suite, a row of the table below says so and why; a row that nothing uses is a failure.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fileio.h"
#include "rules/schema.h"

#define SUITE "tests/data/json-schema-test-suite/tests/draft2020-12"

enum decision { REFUSED, OTHER, AS_THERE };	/* the schema isn't taken; the answer is the opposite one; as the suite says */

static struct row {
	const char *file, *group, *test;	/* beginnings; NULL: any */
	enum decision decision;
	const char *why;
	unsigned used;
} table[] = {
	{ "unevaluatedItems.json", NULL, NULL, REFUSED, "unevaluatedItems is not supported", 0 },
	{ "unevaluatedProperties.json", NULL, NULL, REFUSED, "unevaluatedProperties is not supported", 0 },
	{ "not.json", "collect annotations inside", NULL, REFUSED, "unevaluatedProperties", 0 },
	{ "ref.json", "ref creates new scope", NULL, REFUSED, "unevaluatedProperties", 0 },
	{ "dynamicRef.json", "A $ref to a $dynamicAnchor", NULL, AS_THERE, "without $dynamicRef it is an anchor", 0 },
	{ "dynamicRef.json", NULL, NULL, REFUSED, "dynamic references are not supported", 0 },
	{ "optional/dynamicRef.json", NULL, NULL, REFUSED, "dynamic references", 0 },
	{ "refRemote.json", NULL, NULL, REFUSED, "remote references are not supported", 0 },
	{ "ref.json", "remote ref, containing refs itself", NULL, REFUSED, "a remote reference", 0 },
	{ "defs.json", "validate definition against metaschema", NULL, REFUSED, "a remote reference", 0 },
	{ "optional/cross-draft.json", NULL, NULL, REFUSED, "a remote reference", 0 },
	{ "vocabulary.json", NULL, NULL, REFUSED, "$schema names a dialect that isn't known here", 0 },
	{ "optional/format-assertion.json", NULL, NULL, REFUSED, "$schema names a dialect that isn't known here", 0 },
	{ "optional/dependencies-compatibility.json", NULL, NULL, REFUSED, "an older draft's keyword, whose silence would surprise", 0 },
	{ "format.json", "email format", "invalid email string is only", OTHER, "formats are asserted", 0 },
	{ "format.json", "date format", "invalid date string is only", OTHER, "formats are asserted", 0 },
	{ "format.json", "date-time format", "invalid date-time string is only", OTHER, "formats are asserted", 0 },
	{ "format.json", "time format", "invalid time string is only", OTHER, "formats are asserted", 0 },
	{ "format.json", "duration format", "invalid duration string is only", OTHER, "formats are asserted", 0 },
	{ "format.json", "hostname format", "invalid hostname string is only", OTHER, "formats are asserted", 0 },
	{ "format.json", "ipv4 format", "invalid ipv4 string is only", OTHER, "formats are asserted", 0 },
	{ "format.json", "ipv6 format", "invalid ipv6 string is only", OTHER, "formats are asserted", 0 },
	{ "format.json", "uri format", "invalid uri string is only", OTHER, "formats are asserted", 0 },
	{ "format.json", "uuid format", "invalid uuid string is only", OTHER, "formats are asserted", 0 },
};
enum { ROWS = sizeof table / sizeof *table };

static unsigned tests, failed;
static const struct scan_limits limits = { 128, 10000000 };

static bool begins(const char *with, const char *s)
{
	return !with || !strncmp(s, with, strlen(with));
}

static struct row *find(const char *file, const char *group, const char *test)
{
	size_t i;

	for (i = 0; i < ROWS; i++) {
		if (begins(table[i].file, file) && begins(table[i].group, group) && begins(table[i].test, test)) {
			table[i].used++;
			return &table[i];
		}
	}
	return NULL;
}

static const char *text_of(struct value object, const char *name, struct arena *arena)
{
	struct value v;
	struct span s;

	if (!value_member(object, span_of(name), &v))
		return "";
	s = value_text(v, arena);
	return arena_dup(arena, s.p, s.n);
}

static void tap(bool ok, const char *file, const char *group, const char *test, const char *note)
{
	tests++;
	failed += !ok;
	printf("%sok %u - %s: %s: %s\n", ok ? "" : "not ", tests, file, group, test);
	if (!ok)
		printf("# %s\n", note);
}

/* 1, 0, or -1 if the schema isn't taken or nothing can be told. */
static int answer(struct schema *s, struct value data, struct buf *note)
{
	struct error err = ERROR_INIT;
	struct verdict v;
	struct record rec;
	struct buf text = BUF_INIT;
	int rc = -1;
	uint32_t i;

	verdict_init(&v);
	record_init(&rec);
	value_write(data, &text);
	if (record_copy(&rec, text.p, text.n, &limits, &err) || (rc = schema_check(s, record_root(&rec), 0, &v, &err)) < 0)
		buf_adds(note, err.text);
	for (i = 0; i < v.n; i++) {
		schema_pointer(&rec, v.failure[i].tok, note);
		buf_adds(note, ": ");
		buf_addspan(note, v.failure[i].rule);
		buf_adds(note, ": ");
		buf_addspan(note, v.failure[i].message);
		buf_adds(note, "; ");
	}
	record_release(&rec);
	verdict_release(&v);
	buf_release(&text);
	return rc;
}

static void run_test(const char *file, const char *group, struct schema *s, const char *refused, struct value test, struct arena *arena)
{
	const char *name = text_of(test, "description", arena);
	const struct row *row = find(file, group, name);
	struct buf note = BUF_INIT;
	struct value data, valid;
	int want, got = -1;

	if (!value_member(test, SPAN_LIT("data"), &data) || !value_member(test, SPAN_LIT("valid"), &valid)) {
		tap(false, file, group, name, "the suite has another form");
		return;
	}
	want = value_type(valid) == TOKEN_TRUE;
	if (row)
		want = row->decision == REFUSED ? -1 : row->decision == OTHER ? !want : want;
	if (s)
		got = answer(s, data, &note);
	else
		buf_adds(&note, refused);
	tap(got == want, file, group, name, buf_str(&note));
	buf_release(&note);
}

static void run_group(const char *file, struct value group, struct arena *arena)
{
	static const struct schema_source source = { .name = "schema" };
	const char *name = text_of(group, "description", arena);
	struct error err = ERROR_INIT;
	struct value schema, list, test;
	struct schema *s = NULL;
	struct walk walk = { 0 };

	if (!value_member(group, SPAN_LIT("schema"), &schema) || !value_member(group, SPAN_LIT("tests"), &list)) {
		tap(false, file, name, "", "the suite has another form");
		return;
	}
	schema_compile(&s, schema, &source, &err);
	while (value_next(list, &walk, NULL, &test))
		run_test(file, name, s, err.text, test, arena);
	schema_free(s);
}

static void run_file(const char *path)
{
	const char *file = path + sizeof SUITE;
	struct error err = ERROR_INIT;
	struct arena arena = ARENA_INIT;
	struct buf text = BUF_INIT;
	struct walk walk = { 0 };
	struct record rec;
	struct value group;

	record_init(&rec);
	if (io_slurp(path, 64u << 20, &text, &err) || record_copy(&rec, text.p, text.n, &limits, &err))
		tap(false, file, "", "can be read", err.text);
	else
		while (value_next(record_root(&rec), &walk, NULL, &group))
			run_group(file, group, &arena);
	record_release(&rec);
	buf_release(&text);
	arena_release(&arena);
}

static void run_glob(const char *pattern)
{
	glob_t found;
	size_t i;

	if (glob(pattern, 0, NULL, &found)) {
		tap(false, pattern, "", "has files", "none");
		return;
	}
	for (i = 0; i < found.gl_pathc; i++)
		run_file(found.gl_pathv[i]);
	globfree(&found);
}

int main(void)
{
	size_t i;

	run_glob(SUITE "/*.json");
	run_glob(SUITE "/optional/*.json");
	run_glob(SUITE "/optional/format/*.json");
	for (i = 0; i < ROWS; i++)
		if (!table[i].used)
			tap(false, table[i].file, table[i].group ? table[i].group : "", "is decided otherwise", table[i].why);
	printf("1..%u\n", tests);
	return failed ? 1 : 0;
}
