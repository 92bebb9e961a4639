/* test_number: integers as digits. What is compared and cast is tested against Python in number.t. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "value/number.h"

static void check(int64_t v)
{
	char room[NUMBER_INT64_ROOM], want[32];
	struct span got = number_from_int64(v, room);

	assert_int_equal(got.n, snprintf(want, sizeof want, "%" PRId64, v));
	assert_memory_equal(got.p, want, got.n);
}

static void from_int64(void **state)
{
	int64_t power = 1;
	int i;

	(void)state;
	check(0);
	check(INT64_MAX);
	check(INT64_MIN);
	for (i = 0; i < 19; i++, power *= i < 19 ? 10 : 1) {
		check(power);
		check(-power);
		check(power - 1);
		check(1 - power);
		check(power + 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(from_int64) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
