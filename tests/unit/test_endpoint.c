/* test_endpoint: what operands name, and that no password stays in an address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "endpoint/uri.h"

static const struct { const char *operand, *scheme, *text, *stream, *password; } good[] = {
	{ "games.csv", "file", "games.csv", NULL, NULL },
	{ "-", "file", "-", NULL, NULL },
	{ "@", "file", "@", NULL, NULL },
	{ "dir/", "file", "dir/", NULL, NULL },
	{ "app.db#games", "sqlite", "app.db", "games", NULL },
	{ "a.sqlite", "sqlite", "a.sqlite", NULL, NULL },
	{ "a.sqlite3#b#c", "file", "a.sqlite3#b", "c", NULL },
	{ ".db", "file", ".db", NULL, NULL },
	{ "a.db.csv", "file", "a.db.csv", NULL, NULL },
	{ "sqlite:///a.db?mode=ro#t", "sqlite", "sqlite:///a.db?mode=ro", "t", NULL },
	{ "Http://x", "file", "Http://x", NULL, NULL },
	{ "x+y-1.2://h/p", "x+y-1.2", "x+y-1.2://h/p", NULL, NULL },
	{ "pg://user@h/p", "pg", "pg://user@h/p", NULL, NULL },
	{ "pg://h:1/p?u=a:b@c", "pg", "pg://h:1/p?u=a:b@c", NULL, NULL },
	{ "@plain", "sqlite", "x.db", "t", NULL },
	{ "@plain#u", "sqlite", "x.db", "u", NULL },
	{ "@secret", "pg", "pg://me@h:1/x?y=u:v@w", "t", "s%40:c" },
	{ "@at", "pg", "pg://me@h", NULL, "a@b" },
	{ "@empty", "pg", "pg://me@h", NULL, "" },
};

static const struct { const char *operand, *why; } bad[] = {
	{ "", "empty" },
	{ "pg://me:secret@h/x", "endpoints file" },
	{ "pg://:secret@h", "endpoints file" },
	{ "pg://me:a@b@h", "endpoints file" },
	{ "@nowhere", "no endpoint 'nowhere'" },
	{ "@pl", "no endpoint 'pl'" },
	{ "@comment", "no endpoint" },
};

static void is(const char *operand, const char *what, const char *got, const char *want)
{
	if (!got != !want || (got && strcmp(got, want)))
		fail_msg("%s: %s is %s, not %s", operand, what, got ? got : "absent", want ? want : "absent");
}

static void operands(void **state)
{
	struct error err = ERROR_INIT;
	struct endpoint e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof good / sizeof *good; i++) {
		if (endpoint_parse(&e, good[i].operand, &err))
			fail_msg("%s: %s", good[i].operand, err.text);
		is(good[i].operand, "scheme", e.scheme, good[i].scheme);
		is(good[i].operand, "text", e.text, good[i].text);
		is(good[i].operand, "stream", e.stream, good[i].stream);
		is(good[i].operand, "password", e.password, good[i].password);
		endpoint_release(&e);
	}
}

static void refused(void **state)
{
	struct error err = ERROR_INIT;
	struct endpoint e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(endpoint_parse(&e, bad[i].operand, &err), -1);
		assert_int_equal(err.status, EXIT_USAGE);
		if (!strstr(err.text, bad[i].why) || strstr(err.text, "secret"))
			fail_msg("%s: %s", bad[i].operand, err.text);
	}
}

static char path[] = "/tmp/test_endpoint.XXXXXX";

static int make_file(void **state)
{
	static const char text[] = "# comment pg://x\nplain x.db#t\n\n  secret\tpg://me:s%40:c@h:1/x?y=u:v@w#t\r\nat pg://me:a@b@h\nempty pg://me:@h\n";
	int fd = mkstemp(path);

	(void)state;
	if (fd < 0 || write(fd, text, sizeof text - 1) != (ssize_t)sizeof text - 1 || close(fd))
		return -1;
	return setenv("SYNC_ENDPOINTS", path, 1);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static void others_may_read(void **state)
{
	struct error err = ERROR_INIT;
	struct endpoint e;

	(void)state;
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(endpoint_parse(&e, "@plain", &err), -1);
	assert_non_null(strstr(err.text, "chmod 600"));
	assert_int_equal(chmod(path, 0600), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operands), cmocka_unit_test(refused), cmocka_unit_test(others_may_read),
	};

	return cmocka_run_group_tests_name("endpoint", tests, make_file, remove_file);
}
