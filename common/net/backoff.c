/* backoff: the time between one try and the next. */
#include "net/backoff.h"

#include <time.h>

#include "value/hash.h"

enum { LONGEST_MS = 10000 };

unsigned backoff_next(struct backoff *b)
{
	unsigned ms = b->first_ms, i;
	unsigned char byte = 128;

	for (i = 0; i < b->waits && ms < LONGEST_MS; i++)
		ms *= 2;
	b->waits++;
	(void)random_bytes(&byte, 1);
	return (ms < LONGEST_MS ? ms : LONGEST_MS) * (128u + byte) / 256u;
}

bool backoff_wait(struct backoff *b)
{
	struct timespec t;
	unsigned ms;

	if (b->waits >= b->most)
		return false;
	ms = backoff_next(b);
	t = (struct timespec){ ms / 1000, (long)(ms % 1000) * 1000000 };
	nanosleep(&t, NULL);
	return true;
}
