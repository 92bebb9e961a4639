/* pace: when a checkpoint is due. */
#include "stream/pace.h"

#include "base/clock.h"

enum { EVERY_BYTES = 64 << 20, LOOK_EVERY = 256 };
#define EVERY_NS 1000000000

void pace_mark(struct pace *p, uint64_t bytes)
{
	*p = (struct pace){ clock_mono(), bytes };
}

bool pace_due(const struct pace *p, uint64_t bytes)
{
	return bytes - p->bytes >= EVERY_BYTES || clock_mono() - p->at >= EVERY_NS;
}

bool pace_due_at(const struct pace *p, uint64_t bytes, uint64_t records)
{
	return records % LOOK_EVERY == 0 && pace_due(p, bytes);
}
