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
#include "load/waiting.h"

enum { VAIN = 2 };

struct retry {
	struct waiting waiting;
	uint64_t salt;		/* keys whose hashes meet are others the next time */
	bool trial;		/* rejects are all kept */
};

void retry_open(struct database *d)
{
	d->retry = xcalloc(1, sizeof *d->retry);
}

void retry_close(struct database *d)
{
	if (d->retry)
		held_release(&d->retry->waiting.held);
	free(d->retry);
	d->retry = NULL;
}

bool retry_some(const struct database *d)
{
	return waiting_some(&d->retry->waiting);
}

void retry_copy(const struct database *d, struct held *out)
{
	size_t i;

	for (i = 0; i < d->retry->waiting.held.n; i++)
		held_add(out, &d->retry->waiting.held.v[i]);
}

void retry_replace(struct database *d, struct held *by)
{
	held_release(&d->retry->waiting.held);
	d->retry->waiting.held = *by;
	*by = (struct held)HELD_INIT;
}

static uint64_t hash_of(const struct database *d, const struct table *t, const struct cell *key)
{
	return key_hash(t, key, d->retry->salt);
}

bool retry_waits(const struct database *d, const struct table *t, const struct cell *key)
{
	return waiting_on(&d->retry->waiting, hash_of(d, t, key));
}

bool retry_helps(const struct database *d, const struct table *t)
{
	return (d->in_the_way || d->retry->trial) && !d->retry->waiting.last && !rows_only_added(d, t);
}

void retry_keep(struct database *d, const struct table *t, const struct cell *old)
{
	waiting_keep(&d->retry->waiting, hash_of(d, t, d->key), &d->load->arrival);
	if (old)
		waiting_mark(&d->retry->waiting, hash_of(d, t, old));
}

static int flush(void *ctx, struct error *err)
{
	return gather_flush(ctx, err);
}

static void change_salt(struct retry *r)
{
	r->salt += UINT64_C(0x9e3779b97f4a7c15);
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

	while (!failed && retry_some(d) && vain < VAIN) {
		before = r->waiting.held.n;
		change_salt(r);
		failed = waiting_again(&r->waiting, d->load, flush, d, err);
		vain = r->waiting.held.n < before ? 0 : vain + 1;
	}
	return failed;
}

int retry_all(struct database *d, bool last, struct error *err)
{
	int failed = retry_while_it_helps(d, err);

	if (!failed && retry_some(d))
		failed = park_all(d, err);
	if (failed || !last || !retry_some(d))
		return failed;
	change_salt(d->retry);
	return waiting_end(&d->retry->waiting, d->load, flush, d, err);
}

int retry_if_many(struct database *d, struct error *err)
{
	return waiting_many(&d->retry->waiting) ? retry_all(d, true, err) : 0;
}
