/* waiting: records that a target refused for what a later record may change. */
#include "load/waiting.h"

enum { MANY = 100000, MANY_BYTES = 32 << 20 };

bool waiting_on(const struct waiting *w, uint64_t hash)
{
	uint32_t bit = (uint32_t)(hash % WAITING_BITS);

	return w->bits[bit / 64] >> bit % 64 & 1;
}

void waiting_mark(struct waiting *w, uint64_t hash)
{
	uint32_t bit = (uint32_t)(hash % WAITING_BITS);

	w->bits[bit / 64] |= UINT64_C(1) << bit % 64;
}

void waiting_keep(struct waiting *w, uint64_t hash, const struct arrival *a)
{
	waiting_mark(w, hash);
	held_add(&w->held, a);
}

bool waiting_many(const struct waiting *w)
{
	return w->held.n >= MANY || w->held.bytes >= MANY_BYTES;
}

int waiting_again(struct waiting *w, struct load *l, int (*flush)(void *ctx, struct error *err), void *ctx, struct error *err)
{
	memset(w->bits, 0, sizeof w->bits);
	return held_take(&w->held, l, err) || flush(ctx, err) ? -1 : 0;
}

int waiting_end(struct waiting *w, struct load *l, int (*flush)(void *ctx, struct error *err), void *ctx, struct error *err)
{
	int failed;

	w->last = true;
	failed = waiting_again(w, l, flush, ctx, err);
	w->last = false;
	return failed;
}

int waiting_retry(struct waiting *w, struct load *l, int (*flush)(void *ctx, struct error *err), void *ctx, bool last, struct error *err)
{
	size_t before;
	int failed = 0;

	do {
		before = w->held.n;
		failed = before ? waiting_again(w, l, flush, ctx, err) : 0;
	} while (!failed && w->held.n && w->held.n < before);
	return failed || !last || !w->held.n ? failed : waiting_end(w, l, flush, ctx, err);
}
