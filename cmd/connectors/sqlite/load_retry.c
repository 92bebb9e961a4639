/*
 * load_retry: rows that another one stands in the way of.
 *
 * A unique value may move from one row to another, and the row that gets it come before the one that gives it away (or
 * before that one is deleted, which a mirror does last). Such a record is kept and tried again before the commit; records
 * of the same key that follow wait behind it, so that each row sees its changes in their order.
 */
#include <stdlib.h>

#include "base/xalloc.h"
#include "load.h"

enum { BITS = 1 << 16, MANY = 100000, MANY_BYTES = 32 << 20, VAIN = 2 };

struct retry {
	struct held held;
	uint64_t waits[BITS / 64];	/* keys that wait, by their hash: others with it just wait too… */
	uint64_t salt;			/* …and are others the next time */
	bool last;			/* rejects are final… */
	bool trial;			/* …or all kept */
};

void retry_open(struct database *d)
{
	d->retry = xcalloc(1, sizeof *d->retry);
}

void retry_close(struct database *d)
{
	if (d->retry)
		held_release(&d->retry->held);
	free(d->retry);
	d->retry = NULL;
}

bool retry_some(const struct database *d)
{
	return d->retry->held.n > 0;
}

void retry_copy(const struct database *d, struct held *out)
{
	size_t i;

	for (i = 0; i < d->retry->held.n; i++)
		held_add(out, &d->retry->held.v[i]);
}

void retry_replace(struct database *d, struct held *by)
{
	held_release(&d->retry->held);
	d->retry->held = *by;
	*by = (struct held)HELD_INIT;
}

static uint32_t bit_of(const struct database *d, const struct table *t, const struct cell *key)
{
	return (uint32_t)(key_hash(t, key, d->retry->salt) % BITS);
}

bool retry_waits(const struct database *d, const struct table *t, const struct cell *key)
{
	uint32_t bit = bit_of(d, t, key);

	return d->retry->waits[bit / 64] >> bit % 64 & 1;
}

bool retry_helps(const struct database *d, const struct table *t)
{
	return (d->in_the_way || d->retry->trial) && !d->retry->last && !rows_only_added(d, t);
}

static void wait_for(struct database *d, const struct table *t, const struct cell *key)
{
	uint32_t bit = bit_of(d, t, key);

	d->retry->waits[bit / 64] |= UINT64_C(1) << bit % 64;
}

void retry_keep(struct database *d, const struct table *t, const struct cell *old)
{
	wait_for(d, t, d->key);
	if (old)
		wait_for(d, t, old);
	held_add(&d->retry->held, &d->load->arrival);
}

static int try_all(struct database *d, struct error *err)
{
	struct retry *r = d->retry;

	memset(r->waits, 0, sizeof r->waits);
	r->salt += UINT64_C(0x9e3779b97f4a7c15);
	return held_take(&r->held, d->load, err) || gather_flush(d, err) ? -1 : 0;
}

void retry_on_trial(struct database *d, bool trial)
{
	d->retry->trial = trial;
}

int retry_while_it_helps(struct database *d, struct error *err)
{
	struct retry *r = d->retry;
	size_t before;
	int failed = 0, vain = 0;

	while (!failed && r->held.n && vain < VAIN) {
		before = r->held.n;
		failed = try_all(d, err);
		vain = r->held.n < before ? 0 : vain + 1;
	}
	return failed;
}

int retry_all(struct database *d, bool last, struct error *err)
{
	struct retry *r = d->retry;
	int failed = retry_while_it_helps(d, err);

	if (!failed && r->held.n)
		failed = park_all(d, err);
	if (failed || !last || !r->held.n)
		return failed;
	r->last = true;
	failed = try_all(d, err);
	r->last = false;
	return failed;
}

int retry_if_many(struct database *d, struct error *err)
{
	return d->retry->held.n >= MANY || d->retry->held.bytes >= MANY_BYTES ? retry_all(d, true, err) : 0;
}
