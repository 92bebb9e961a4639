/* test_format: the formats, value by value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/error.h"
#include "value/format.h"

static const struct { const char *format, *text; bool want; } rows[] = {
	{ "date-time", "2026-03-01T09:00:00Z", true }, { "date-time", "2026-03-01t09:00:00z", true }, { "date-time", "2026-03-01 09:00:00Z", false },
	{ "date-time", "2026-03-01T09:00:00.123456789+05:30", true }, { "date-time", "2026-03-01T09:00:00", false },
	{ "date-time", "2026-02-29T09:00:00Z", false }, { "date-time", "2024-02-29T09:00:00Z", true }, { "date-time", "1900-02-29T09:00:00Z", false },
	{ "date-time", "2000-02-29T09:00:00Z", true }, { "date-time", "2026-13-01T09:00:00Z", false }, { "date-time", "2026-00-01T09:00:00Z", false },
	{ "date-time", "2026-04-31T09:00:00Z", false }, { "date-time", "2026-03-00T09:00:00Z", false }, { "date-time", "2026-03-01T24:00:00Z", false },
	{ "date-time", "2026-03-01T09:60:00Z", false }, { "date-time", "1998-12-31T23:59:60Z", true }, { "date-time", "1998-12-31T23:59:61Z", false },
	{ "date-time", "1998-12-31T22:59:60Z", false }, { "date-time", "1998-12-31T15:59:60.123-08:00", true }, { "date-time", "2026-03-01T09:00:00.Z", false },
	{ "date-time", "2026-03-01T09:00:00+24:00", false }, { "date-time", "2026-03-01T09:00:00+05:60", false }, { "date-time", "2026-03-01T09:00:00Zx", false },
	{ "date-time", "2026-3-1T09:00:00Z", false }, { "date-time", "", false }, { "date-time", "\xd9\xa2" "026-03-01T09:00:00Z", false },
	{ "local-date-time", "2026-03-01T09:00:00", true }, { "local-date-time", "2026-03-01T09:00:00.5", true }, { "local-date-time", "2026-03-01T09:00:00Z", false },
	{ "local-date-time", "2026-03-01", false },
	{ "date", "2026-03-01", true }, { "date", "2026-03-01T", false }, { "date", "2026-060", false }, { "date", "20260301", false },
	{ "time", "09:00:00Z", true }, { "time", "09:00:00", false }, { "time", "09:00Z", false }, { "time", "23:59:60Z", true }, { "time", "01:29:60+01:30", true },
	{ "time", "12:00:60Z", false },
	{ "duration", "P4DT12H30M5S", true }, { "duration", "PT36H", true }, { "duration", "P4W", true }, { "duration", "P1Y2M3D", true },
	{ "duration", "P", false }, { "duration", "PT", false }, { "duration", "P1YT", false }, { "duration", "P1Y2W", false }, { "duration", "P1D2H", false },
	{ "duration", "P2D1Y", false }, { "duration", "P1Y1D", false }, { "duration", "PT1H1S", false }, { "duration", "P1", false }, { "duration", "4DT12H", false },
	{ "duration", "PT0.5S", false }, { "duration", "P1WT1H", false },
	{ "email", "ada@example.com", true }, { "email", "ada@localhost", true }, { "email", "ada", false }, { "email", "@example.com", false },
	{ "email", "ada@", false }, { "email", "a..b@example.com", false }, { "email", ".a@example.com", false }, { "email", "a.@example.com", false },
	{ "email", "\"a b\"@example.com", true }, { "email", "\"a\\\"b\"@example.com", true }, { "email", "\"a\"b@example.com", false }, { "email", "a b@example.com", false },
	{ "email", "a@[127.0.0.1]", true }, { "email", "a@[IPv6:::1]", true }, { "email", "a@[300.0.0.1]", false }, { "email", "a@b@c", false },
	{ "email", "a@-b.com", false }, { "email", "a@b_c.com", false }, { "email", "\"\"@example.com", true },
	{ "uri", "http://example.com/a?b#c", true }, { "uri", "urn:isbn:0451450523", true }, { "uri", "//example.com", false }, { "uri", "a b:c", false },
	{ "uri", "http://[2001:db8::7]:80/", true }, { "uri", "http://[::1", false }, { "uri", "http://[v1.fe:x]/", true }, { "uri", "http://a:80x/", false },
	{ "uri", "http://a/%zz", false }, { "uri", "http://a/%41", true }, { "uri", "http://u:p@h/", true }, { "uri", "http://a/\\", false }, { "uri", "1a:b", false },
	{ "uri", "a:", true }, { "uri", "http://a/#b#c", false }, { "uri", "http://\xc3\xa9/", false }, { "uri", "", false },
	{ "uuid", "2eb8aa08-aa98-11ea-b4aa-73b441d16380", true }, { "uuid", "2EB8AA08-AA98-11EA-B4AA-73B441D16380", true },
	{ "uuid", "2eb8aa08-aa98-11ea-b4aa-73b441d1638", false }, { "uuid", "2eb8aa08aa98-11ea-b4aa-73b441d16380-", false }, { "uuid", "2eb8aa08-aa98-11ea-b4aa-73b441d1638g", false },
	{ "ipv4", "192.168.0.1", true }, { "ipv4", "256.0.0.1", false }, { "ipv4", "1.2.3", false }, { "ipv4", "1.2.3.4.5", false }, { "ipv4", "01.2.3.4", false },
	{ "ipv4", "0.0.0.0", true }, { "ipv4", "1.2.3.4 ", false }, { "ipv4", "1..3.4", false }, { "ipv4", "0x1.2.3.4", false }, { "ipv4", "1.2.3.0001", false },
	{ "ipv6", "::", true }, { "ipv6", "::1", true }, { "ipv6", "1::", true }, { "ipv6", "1:2:3:4:5:6:7:8", true }, { "ipv6", "1:2:3:4:5:6:7", false },
	{ "ipv6", "1:2:3:4:5:6:7:8:9", false }, { "ipv6", "1::2::3", false }, { "ipv6", ":1", false }, { "ipv6", "1:", false }, { "ipv6", ":::", false },
	{ "ipv6", "1:2:3:4:5:6:7::", true }, { "ipv6", "::2:3:4:5:6:7:8", true }, { "ipv6", "1:2:3:4:5:6:7::8", false }, { "ipv6", "::ffff:192.168.0.1", true },
	{ "ipv6", "1:2:3:4:5:6:1.2.3.4", true }, { "ipv6", "1:2:3:4:5:6:7:1.2.3.4", false }, { "ipv6", "::1.2.3", false }, { "ipv6", "12345::", false },
	{ "ipv6", "::1%eth0", false }, { "ipv6", "", false }, { "ipv6", "1.2.3.4", false }, { "ipv6", "::1.2.3.4:5", false },
	{ "hostname", "www.example.com", true }, { "hostname", "a", true }, { "hostname", "-a", false }, { "hostname", "a-", false }, { "hostname", "a..b", false },
	{ "hostname", "a.", false }, { "hostname", "", false }, { "hostname", "a_b", false }, { "hostname", "1host", true },
};

static void each_value(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct format *f = format_find(span_of(rows[i].format));

		assert_non_null(f);
		if (f->check(span_of(rows[i].text)) != rows[i].want)
			fail_msg("%s: '%s'", rows[i].format, rows[i].text);
	}
}

static void lengths(void **state)
{
	char text[300];

	(void)state;
	memset(text, 'a', sizeof text);
	assert_true(format_find(SPAN_LIT("hostname"))->check((struct span){ text, 63 }));
	assert_false(format_find(SPAN_LIT("hostname"))->check((struct span){ text, 64 }));
	memcpy(text + 64, "@b.c", 4);
	assert_true(format_find(SPAN_LIT("email"))->check((struct span){ text, 68 }));
	memcpy(text + 65, "@b.c", 4);
	text[64] = 'a';
	assert_false(format_find(SPAN_LIT("email"))->check((struct span){ text, 69 }));
}

static void unknown(void **state)
{
	size_t n;

	(void)state;
	assert_null(format_find(SPAN_LIT("datetime")));
	assert_string_equal(format_table(&n)[0].name, "date-time");
	assert_int_equal(n, 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_value), cmocka_unit_test(lengths), cmocka_unit_test(unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
