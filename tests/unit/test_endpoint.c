/* test_endpoint: what operands name, and that no password stays in an address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "endpoint/state.h"
#include "endpoint/uri.h"

static const struct { const char *operand, *scheme, *text, *stream, *password, *secrets; } good[] = {
	{ "games.csv", "file", "games.csv", NULL, NULL, NULL },
	{ "-", "file", "-", NULL, NULL, NULL },
	{ "@", "file", "@", NULL, NULL, NULL },
	{ "dir/", "file", "dir/", NULL, NULL, NULL },
	{ "app.db#games", "sqlite", "app.db", "games", NULL, NULL },
	{ "a.sqlite", "sqlite", "a.sqlite", NULL, NULL, NULL },
	{ "a.sqlite3#b#c", "file", "a.sqlite3#b", "c", NULL, NULL },
	{ ".db", "file", ".db", NULL, NULL, NULL },
	{ "a.db.csv", "file", "a.db.csv", NULL, NULL, NULL },
	{ "sqlite:///a.db?mode=ro#t", "sqlite", "sqlite:///a.db?mode=ro", "t", NULL, NULL },
	{ "Http://x", "file", "Http://x", NULL, NULL, NULL },
	{ "x+y-1.2://h/p", "x+y-1.2", "x+y-1.2://h/p", NULL, NULL, NULL },
	{ "pg://user@h/p", "pg", "pg://user@h/p", NULL, NULL, NULL },
	{ "pg://h:1/p?u=a:b@c", "pg", "pg://h:1/p?u=a:b@c", NULL, NULL, NULL },
	{ "postgres://h/p#t", "postgresql", "postgres://h/p", "t", NULL, NULL },
	{ "rediss://h/0?cacert=x", "redis", "rediss://h/0?cacert=x", NULL, NULL, NULL },
	{ "mongodb+srv://h/x", "mongodb", "mongodb+srv://h/x", NULL, NULL, NULL },
	{ "@plain", "sqlite", "x.db", "t", NULL, NULL },
	{ "@plain#u", "sqlite", "x.db", "u", NULL, NULL },
	{ "@secret", "pg", "pg://me@h:1/x?y=u:v@w", "t", "s%40:c", NULL },
	{ "@at", "pg", "pg://me@h", NULL, "a@b", NULL },
	{ "@empty", "pg", "pg://me@h", NULL, "", NULL },
	{ "@query", "pg", "pg://me@h/x?a=1&b=2", "t", "p%26", NULL },
	{ "@only", "pg", "pg://h/x", NULL, "p", NULL },
	{ "@several", "pg", "pg://h/x?a=1", "t", "q", "sslPassword=r&access_token=s%40" },
	{ "@path", "sqlite", "/my files/x.db", NULL, NULL, NULL },
	{ "pg://h/x?tokens=1&passwordless=2&t=password", "pg", "pg://h/x?tokens=1&passwordless=2&t=password", NULL, NULL, NULL },
	{ "pg://h:1,k:2/x?a=b@c", "pg", "pg://h:1,k:2/x?a=b@c", NULL, NULL, NULL },
	{ "pg://[::1]:5/x@y", "pg", "pg://[::1]:5/x@y", NULL, NULL, NULL },
	{ "pg://[::1]/x@y", "pg", "pg://[::1]/x@y", NULL, NULL, NULL },
	{ "a.csv?password=x", "file", "a.csv?password=x", NULL, NULL, NULL },
};

static const struct { const char *operand, *why; } bad[] = {
	{ "", "empty" },
	{ "pg://me:secret@h/x", "endpoints file" },
	{ "pg://:secret@h", "endpoints file" },
	{ "pg://me:a@b@h", "endpoints file" },
	{ "pg://h/x?password=secret", "endpoints file" },
	{ "pg://h?a=b&PassWord=secret#t", "endpoints file" },
	{ "pg://h/x?sslpassword=secret", "endpoints file" },
	{ "pg://h/x?p%61ssw%4frd=secret", "endpoints file" },
	{ "pg://h/x?token=secret&a=b", "endpoints file" },
	{ "pg://h/x?pwd=secret", "endpoints file" },
	{ "pg://me:se/secret@h", "endpoints file" },
	{ "@slash", "percent" },
	{ "@twice", "two passwords" },
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
		is(good[i].operand, "secrets", e.secrets, good[i].secrets);
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
	static const char text[] = "# comment pg://x\nplain x.db#t\n\n  secret\tpg://me:s%40:c@h:1/x?y=u:v@w#t\r\nat pg://me:a@b@h\nempty pg://me:@h\n"
		"query pg://me@h/x?a=1&password=p%26&b=2#t\nonly pg://h/x?password=p\n"
		"several pg://h/x?sslPassword=r&a=1&password=q&access_token=s%40#t\npath /my files/x.db \t\n"
		"slash pg://me:se/secret@h\ntwice pg://me:secret@h/x?password=secret\n";
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

/* The rights that a descriptor of it has count, not those of a name that may be another file by then. */
static void no_file_of_ours(void **state)
{
	static const struct { const char *path, *why; } files[] = {
		{ "/tmp", "no file" }, { "/dev/null", "no file" }, { "/nowhere/at/all", "No such file" },
	};
	struct error err = ERROR_INIT;
	struct endpoint e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof files / sizeof *files; i++) {
		assert_int_equal(setenv("SYNC_ENDPOINTS", files[i].path, 1), 0);
		assert_int_equal(endpoint_parse(&e, "@plain", &err), -1);
		assert_int_equal(err.status, EXIT_USAGE);
		if (!strstr(err.text, files[i].why))
			fail_msg("%s: %s", files[i].path, err.text);
	}
	assert_int_equal(setenv("SYNC_ENDPOINTS", path, 1), 0);
}

/* Another user's file isn't believed, though it be closed to all others; root's is. */
static void another_owner(void **state)
{
	struct error err = ERROR_INIT;
	struct endpoint e;

	(void)state;
	if (geteuid())
		skip();
	assert_int_equal(chown(path, 1234, (gid_t)-1), 0);
	assert_int_equal(endpoint_parse(&e, "@plain", &err), -1);
	assert_int_equal(err.status, EXIT_USAGE);
	assert_non_null(strstr(err.text, "belongs to another user"));
	assert_int_equal(chown(path, 0, (gid_t)-1), 0);
}

/* Each descriptor's lock is its own: two loaders can be one process here. */
static void state_held_by_one(void **ctx)
{
	struct state_place one, other;
	struct state a, b;
	struct error err = ERROR_INIT;
	char folder[] = "/tmp/sync-state-XXXXXX", where[64], name[80];

	(void)ctx;
	assert_non_null(mkdtemp(folder));
	snprintf(where, sizeof where, "%s/s.json", folder);
	assert_int_equal(state_place_parse(&one, where, &err), 0);
	snprintf(name, sizeof name, "%s#two", where);
	assert_int_equal(state_place_parse(&other, name, &err), 0);
	state_init(&a);
	state_init(&b);
	assert_int_equal(state_hold_file(&a, &one, &err), 0);
	assert_int_equal(state_hold_file(&b, &one, &err), -1);
	assert_int_equal(err.status, EXIT_AGAIN);
	assert_int_equal(state_hold_file(&b, &other, &err), 0);	/* another job */
	assert_int_equal(state_set_token(&a, "x", SPAN_LIT("{}"), &err), 0);
	assert_int_equal(state_store_file(&a, &one, &err), 0);	/* while it is held */
	state_let_go(&a);
	assert_int_equal(state_hold_file(&b, &one, &err), -1);	/* moved meanwhile */
	assert_non_null(strstr(err.text, "from generation 0 to 1"));
	assert_int_equal(state_hold_file(&a, &one, &err), 0);
	state_release(&a);
	state_release(&b);
	state_place_release(&one);
	state_place_release(&other);
	unlink(where);
	snprintf(name, sizeof name, "%s.lock", where);
	unlink(name);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operands), cmocka_unit_test(refused), cmocka_unit_test(others_may_read),
		cmocka_unit_test(no_file_of_ours), cmocka_unit_test(another_owner), cmocka_unit_test(state_held_by_one),
	};

	return cmocka_run_group_tests_name("endpoint", tests, make_file, remove_file);
}
