/* test_backoff: waits grow, differ, and end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/backoff.h"

static void waits_grow_within_bounds(void **state)
{
	struct backoff b = { .first_ms = 20, .most = 40 };
	unsigned want = 20, i, ms;

	(void)state;
	for (i = 0; i < 40; i++, want = want * 2 < 10000 ? want * 2 : 10000) {
		ms = backoff_next(&b);
		assert_in_range(ms, want / 2, want + want / 2);
	}
	assert_int_equal(b.waits, 40);
}

static void waits_differ(void **state)
{
	unsigned first = 0, ms, i, others = 0;

	(void)state;
	for (i = 0; i < 100; i++) {
		ms = backoff_next(&(struct backoff){ .first_ms = 1000, .most = 1 });
		others += i && ms != first;
		first = i ? first : ms;
	}
	assert_true(others > 50);
}

static void waits_end(void **state)
{
	struct backoff b = { .first_ms = 1, .most = 2 };

	(void)state;
	assert_true(backoff_wait(&b));
	assert_true(backoff_wait(&b));
	assert_false(backoff_wait(&b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_grow_within_bounds), cmocka_unit_test(waits_differ), cmocka_unit_test(waits_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
