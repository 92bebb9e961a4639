/* test_pace: when checkpoints are due. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "stream/pace.h"

static void by_bytes(void **state)
{
	struct pace p;

	(void)state;
	unsetenv("SYNC_CHECKPOINT_MS");
	pace_mark(&p, 100);
	assert_false(pace_due(&p, 100 + (64 << 20) - 1));
	assert_true(pace_due(&p, 100 + (64 << 20)));
	assert_false(pace_due_at(&p, 100 + (64 << 20), 255));
	assert_true(pace_due_at(&p, 100 + (64 << 20), 256));
}

static void by_time(void **state)
{
	struct pace p;

	(void)state;
	pace_mark(&p, 0);
	assert_false(pace_due(&p, 1));
	p.at -= 1000000000;
	assert_true(pace_due(&p, 1));
}

static void by_the_environment(void **state)
{
	struct pace p;

	(void)state;
	setenv("SYNC_CHECKPOINT_MS", "60000", 1);
	pace_mark(&p, 0);
	p.at -= 1000000000;
	assert_false(pace_due(&p, 1));
	setenv("SYNC_CHECKPOINT_MS", "0", 1);
	pace_mark(&p, 0);
	assert_true(pace_due(&p, 1));
	unsetenv("SYNC_CHECKPOINT_MS");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_bytes), cmocka_unit_test(by_time), cmocka_unit_test(by_the_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
