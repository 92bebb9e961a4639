/* test_digest: BLAKE2b against RFC 7693 and against Python's hashlib (the values in the table are its). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "value/digest.h"

static void rfc_example(void **state)
{
	char out[129];

	(void)state;
	digest_hex(SPAN_LIT("abc"), 64, out);
	assert_string_equal(out, "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
			    "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
}

static void lengths(void **state)
{
	/* hashlib.blake2b(bytes(i % 251 for i in range(n)), digest_size=16, key=b'key' * k).hexdigest() */
	static const struct { size_t n; unsigned key; const char *want; } rows[] = {
#include "../data/digest/blake2b.h"
	};
	unsigned char text[1000];
	struct digest d;
	char out[33];
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof text; i++)
		text[i] = (unsigned char)(i % 251);
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		digest_start(&d, 16, (struct span){ "keykeykey", 3 * rows[i].key });
		for (j = 0; j < rows[i].n; j += 7)	/* in pieces */
			digest_add(&d, text + j, rows[i].n - j < 7 ? rows[i].n - j : 7);
		digest_end_hex(&d, out);
		assert_string_equal(out, rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(rfc_example), cmocka_unit_test(lengths) };

	return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
