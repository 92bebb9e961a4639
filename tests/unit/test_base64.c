/* test_base64: RFC 4648 §10, and every length there and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "value/base64.h"

static void published(void **state)
{
	static const char *const pairs[][2] = { { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" } };
	struct buf b = BUF_INIT;
	unsigned char out[16];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		buf_reset(&b);
		base64_add(&b, span_of(pairs[i][0]));
		assert_string_equal(buf_str(&b), pairs[i][1]);
		assert_int_equal(base64_decode(buf_span(&b), out), strlen(pairs[i][0]));
		assert_memory_equal(out, pairs[i][0], strlen(pairs[i][0]));
	}
	buf_release(&b);
}

static void strict(void **state)
{
	static const char *const bad[] = { "Q", "QQ", "QQ=", "Q===", "====", "QQ==QQ==", "QU=I", "QU I", "QUI\n", "QU-_", "QUIé" };
	unsigned char out[16];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(base64_decode(span_of(bad[i]), out), -1);
		assert_false(base64_is(span_of(bad[i])));
	}
}

static void all_lengths(void **state)
{
	unsigned char in[300], out[304];
	struct buf b = BUF_INIT;
	size_t n, i;

	(void)state;
	for (n = 0; n < sizeof in; n++) {
		for (i = 0; i < n; i++)
			in[i] = (unsigned char)(i * 37 + n);
		buf_reset(&b);
		base64_add(&b, (struct span){ (const char *)in, n });
		assert_true(base64_room(b.n) >= n);
		assert_true(base64_is(buf_span(&b)));
		assert_int_equal(base64_decode(buf_span(&b), out), n);
		assert_memory_equal(in, out, n);
	}
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(published), cmocka_unit_test(strict), cmocka_unit_test(all_lengths) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
