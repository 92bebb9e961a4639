/* pace: when a checkpoint is due. */
#include "stream/pace.h"

#include <stdlib.h>

#include "base/clock.h"

enum { EVERY_BYTES = 64 << 20, LOOK_EVERY = 256 };
#define EVERY_NS 1000000000

/* Tests have many checkpoints in few rows. */
static int64_t every_ns(void)
{
	const char *ms = getenv("SYNC_CHECKPOINT_MS");

	return ms ? atoi(ms) * INT64_C(1000000) : EVERY_NS;
}

void pace_mark(struct pace *p, uint64_t bytes)
{
	*p = (struct pace){ clock_mono(), every_ns(), bytes };
}

bool pace_due(const struct pace *p, uint64_t bytes)
{
	return bytes - p->bytes >= EVERY_BYTES || clock_mono() - p->at >= p->every;
}

bool pace_due_at(const struct pace *p, uint64_t bytes, uint64_t records)
{
	return records % LOOK_EVERY == 0 && pace_due(p, bytes);
}
