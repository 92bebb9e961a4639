/* test_base: buffers, arenas, errors, options, replaced files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fileio.h"
#include "base/opt.h"

static void buf_grows_and_drops(void **state)
{
	struct buf b = BUF_INIT;
	int i;

	(void)state;
	for (i = 0; i < 10000; i++)
		buf_addf(&b, "%d,", i);
	assert_int_equal(b.n, 48890);
	assert_string_equal(buf_str(&b) + b.n - 5, "9999,");
	buf_drop(&b, 2);
	assert_memory_equal(b.p, "1,2,", 4);
	buf_drop(&b, 1u << 20);
	assert_int_equal(b.n, 0);
	buf_addf(&b, "%0200d", 7);
	assert_int_equal(b.n, 200);
	assert_int_equal(buf_try_reserve(&b, SIZE_MAX - 10), -1);
	assert_int_equal(b.n, 200);
	buf_clear(&b);
	assert_null(b.p);
}

static void arena_keeps_pointers(void **state)
{
	struct arena a = ARENA_INIT;
	char *first, *big;
	int i;

	(void)state;
	first = arena_dup(&a, "first", 5);
	for (i = 0; i < 1000; i++)
		memset(arena_alloc(&a, (size_t)i), 'x', (size_t)i);
	assert_string_equal(first, "first");
	big = arena_alloc(&a, 1u << 20);
	assert_int_equal((uintptr_t)big % 16, 0);
	arena_reset(&a);
	assert_ptr_equal(arena_alloc(&a, 1), big);	/* the largest chunk is kept */
	arena_release(&a);
	assert_null(a.chunk);
	arena_release(&a);
}

static void error_texts(void **state)
{
	struct error err = ERROR_INIT;
	char longer[3000];

	(void)state;
	assert_int_equal(error_data(&err, "lossy", "no place for '%s'", "x"), -1);
	assert_int_equal(err.status, EXIT_FAILED);
	assert_string_equal(err.code, "lossy");
	error_prefix(&err, "%s:%d", "f.json", 7);
	assert_string_equal(err.text, "f.json:7: no place for 'x'");
	memset(longer, 'y', sizeof longer);
	longer[sizeof longer - 1] = '\0';
	error_set(&err, EXIT_USAGE, "%s", longer);
	assert_int_equal(strlen(err.text), ERROR_TEXT - 1);
	assert_string_equal(err.text + ERROR_TEXT - 4, "...");
	error_prefix(&err, "%s", longer);
}

static void shown_data_is_harmless(void **state)
{
	static const struct { const char *in, *out; } cases[] = {
		{ "plain", "plain" }, { "a\nb", "a\\x0ab" }, { "\x1b[31m", "\\x1b[31m" }, { "M\xc3\xbcnchen", "M\xc3\xbcnchen" },
		{ "\xff\xfe", "\\xff\\xfe" }, { "\xe2\x80\xae" "x", "\\xe2\\x80\\xaex" }, { "\xc0\xaf", "\\xc0\\xaf" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" }, { "\xe2\x82", "\\xe2\\x82" }, { "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
	};
	char longer[200];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(error_show(span_of(cases[i].in)), cases[i].out);
	memset(longer, 'z', sizeof longer);
	assert_int_equal(strlen(error_show((struct span){ longer, 200 })), 83);
	assert_int_equal(strlen(error_show((struct span){ longer, 80 })), 80);
	memcpy(longer + 79, "\xc3\xbc", 2);
	assert_int_equal(strlen(error_show((struct span){ longer, 200 })), 82);	/* no half character */
}

struct values {
	bool flag;
	const char *string, *maybe;
	struct opt_list list;
	uint64_t number, size;
	double seconds;
	int choice;
	struct opt_shard shard;
};

static const struct opt table[] = {
	OPT("flag", 'f', OPT_FLAG, NULL, struct values, flag, "a flag"),
	OPT("string", 's', OPT_STRING, "TEXT", struct values, string, "a text"),
	OPT("maybe", 0, OPT_STRING, "[=TEXT]", struct values, maybe, "perhaps a text"),
	OPT("list", 'l', OPT_LIST, "X", struct values, list, "as often as wanted"),
	OPT("number", 0, OPT_NUMBER, "N", struct values, number, "a number"),
	OPT("size", 0, OPT_SIZE, "SIZE", struct values, size, "a size"),
	OPT("seconds", 0, OPT_SECONDS, "TIME", struct values, seconds, "a time"),
	OPT("choice", 0, OPT_CHOICE, "red|green|blue", struct values, choice, "a word"),
	OPT("shard", 0, OPT_SHARD, "I/N", struct values, shard, "a part"),
	OPT("served", 'S', OPT_FLAG, NULL, struct values, flag, "elsewhere"),
	OPT_END,
};

/* Parses words separated by blanks; fills values; returns what opt_parse does. */
static int parse(const char *words, struct values *v, char **operand, struct error *err)
{
	const struct opt_group groups[] = { { NULL, table, v, false }, { NULL, NULL, NULL, false } };
	static const struct opt_lack lacks[] = { { "served", "--served: not here" }, { NULL, NULL } };
	const struct opt_program program = { "sync-test", "[OPTION...]", "Tests.", NULL, groups, NULL, NULL, NULL, lacks };
	static char text[500];
	static char *argv[32];
	int argc = 0, first;
	char *word;

	memset(v, 0, sizeof *v);
	snprintf(text, sizeof text, "sync-test %s", words);
	for (word = strtok(text, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	first = opt_parse(&program, argc, argv, err);
	if (operand)
		*operand = first >= 0 ? argv[first] : NULL;
	return first >= 0 ? argc - first : first;
}

static void options_are_parsed(void **state)
{
	struct error err = ERROR_INIT;
	struct values v;
	char *operand;

	(void)state;
	assert_int_equal(parse("a -f --string=x -l1 --list 2 - --size 64M --seconds 1.5m --choice green --shard 2/4 -- -z", &v,
			       &operand, &err), 3);
	assert_string_equal(operand, "a");
	assert_true(v.flag);
	assert_string_equal(v.string, "x");
	assert_int_equal(v.list.n, 2);
	assert_string_equal(v.list.v[1], "2");
	assert_int_equal(v.size, 64 << 20);
	assert_true(v.seconds == 90);
	assert_int_equal(v.choice, 1);
	assert_int_equal(v.shard.i, 2);
	assert_int_equal(v.shard.n, 4);
	opt_list_release(&v.list);
	assert_int_equal(parse("--maybe x", &v, &operand, &err), 1);
	assert_string_equal(v.maybe, "");
	assert_int_equal(parse("--maybe=y --size 3KiB", &v, NULL, &err), 0);
	assert_string_equal(v.maybe, "y");
	assert_int_equal(v.size, 3072);
}

static void options_are_refused(void **state)
{
	static const struct { const char *words, *says; } cases[] = {
		{ "--strng x", "did you mean '--string'?" }, { "--nothing-like-it", "unknown option '--nothing-like-it'; try" },
		{ "-q", "unknown option '-q'" }, { "--string", "option '--string' wants a value" }, { "-s", "option '-s' wants a value" },
		{ "--flag=1", "option '--flag' takes no value" }, { "--number -1", "--number: '-1' is no number" },
		{ "--number 18446744073709551616", "is no number" }, { "--size 5X", "is no size" }, { "--size 99999999999T", "is no size" },
		{ "--seconds inf", "is no time" }, { "--choice re", "--choice: 're' is none of red|green|blue" },
		{ "--shard 0/4", "is no shard" }, { "--shard 5/4", "is no shard" }, { "--shard 1/", "is no shard" },
		{ "--shard -1/4", "is no shard" }, { "--shard 1", "is no shard" }, { "-S", "--served: not here" },
		{ "--serv", "--served: not here" }, { "--servd", "unknown option '--servd'; try" },
	};
	struct error err = ERROR_INIT;
	struct values v;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (parse(cases[i].words, &v, NULL, &err) != -1)
			fail_msg("%s is taken", cases[i].words);
		assert_int_equal(err.status, EXIT_USAGE);
		if (!strstr(err.text, cases[i].says))
			fail_msg("%s: %s", cases[i].words, err.text);
	}
}

static void files_are_replaced(void **state)
{
	char folder[] = "/tmp/test_base.XXXXXX", path[64], link[64], leftover[64];
	struct error err = ERROR_INIT;
	struct replacement r;
	struct buf b = BUF_INIT;
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/file", folder);
	snprintf(link, sizeof link, "%s/link", folder);
	snprintf(leftover, sizeof leftover, "%s/.file.abcdef.tmp", folder);
	assert_int_equal(replace_file(path, SPAN_LIT("one\n"), &err), 0);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(symlink("file", link), 0);
	assert_int_equal(replace_file(leftover, SPAN_LIT("old"), &err), 0);
	assert_int_equal(replace_open(&r, link, &err), 0);
	assert_int_equal(access(leftover, F_OK), -1);	/* what a killed run left is gone */
	assert_int_equal(io_write(r.fd, "two\n", 4, "x", &err), 0);
	assert_int_equal(io_slurp(path, 100, &b, &err), 0);
	assert_int_equal(b.n, 4);
	assert_memory_equal(b.p, "one\n", 4);
	assert_int_equal(replace_commit(&r, &err), 0);
	buf_reset(&b);
	assert_int_equal(io_slurp(path, 100, &b, &err), 0);
	assert_memory_equal(b.p, "two\n", 4);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(replace_open(&r, path, &err), 0);
	replace_abort(&r);
	assert_int_equal(replace_file(folder, SPAN_LIT(""), &err), -1);
	assert_int_equal(io_slurp(path, 3, &b, &err), -1);
	assert_non_null(strstr(err.text, "larger than 3 bytes"));
	unlink(link);
	unlink(path);
	assert_int_equal(rmdir(folder), 0);	/* nothing else was left */
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buf_grows_and_drops), cmocka_unit_test(arena_keeps_pointers), cmocka_unit_test(error_texts),
		cmocka_unit_test(shown_data_is_harmless), cmocka_unit_test(options_are_parsed), cmocka_unit_test(options_are_refused),
		cmocka_unit_test(files_are_replaced),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
