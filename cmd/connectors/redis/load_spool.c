/* load_spool: rows until the checkpoint behind them has come. */
#include "load.h"

enum { BLOCK = 256 << 10, SPANS = 7 };

/* A row as it is stored; its spans follow, in the order of spans_of. */
struct entry {
	uint64_t lineno;
	int64_t expires;
	uint32_t n[SPANS];
	uint32_t stream;
	int16_t op;
	bool dump, same;	/* same: names as the row before */
};

static void spans_of(struct row *r, struct span *out[SPANS])
{
	memcpy(out, (struct span *[SPANS]){ &r->key, &r->old, &r->type, &r->words, &r->names, &r->gone, &r->arrival.line }, SPANS * sizeof *out);
}

int spool_add(struct database *d, const struct row *row, struct error *err)
{
	struct row r = *row;
	struct span *span[SPANS];
	struct entry e = { .lineno = r.arrival.lineno, .expires = r.expires, .stream = r.arrival.stream, .op = (int16_t)r.op, .dump = r.dump };
	uint64_t at;
	int i;

	if (span_eq(r.names, buf_span(&d->last_names))) {
		e.same = true;
		r.names = (struct span){ NULL, 0 };
	} else {
		buf_reset(&d->last_names);
		buf_addspan(&d->last_names, r.names);
	}
	spans_of(&r, span);
	for (i = 0; i < SPANS; i++)
		e.n[i] = (uint32_t)span[i]->n;
	buf_add(&d->held, &e, sizeof e);
	for (i = 0; i < SPANS; i++)
		buf_addspan(&d->held, *span[i]);
	if (d->held.n < SPOOL_MEMORY)
		return 0;
	if ((d->spill.fd < 0 && spill_open(&d->spill, err)) || spill_write(&d->spill, d->held.p, d->held.n, &at, err))
		return -1;
	buf_reset(&d->held);
	return 0;
}

/* The row at the beginning of these bytes: how many it takes, 0 where it isn't whole. */
static size_t unpack(const char *p, size_t n, struct row *r, struct buf *last_names)
{
	struct span *span[SPANS];
	struct entry e;
	size_t at = sizeof e;
	int i;

	if (n < sizeof e)
		return 0;
	memcpy(&e, p, sizeof e);
	*r = (struct row){ .op = e.op, .dump = e.dump, .expires = e.expires, .arrival = { .lineno = e.lineno, .stream = e.stream } };
	spans_of(r, span);
	for (i = 0; i < SPANS; i++) {
		*span[i] = (struct span){ p + at, e.n[i] };
		at += e.n[i];
		if (at > n)
			return 0;
	}
	if (e.same) {
		r->names = buf_span(last_names);
	} else {
		buf_reset(last_names);
		buf_addspan(last_names, r->names);
	}
	return at;
}

typedef int row_fn(struct database *d, const struct row *r, struct error *err);

/* Gives the rows that are whole in these bytes, and drops them. */
static int give(struct database *d, struct buf *b, struct buf *last_names, row_fn *fn, struct error *err)
{
	struct row r;
	size_t at = 0, n;

	while ((n = unpack(b->p + at, b->n - at, &r, last_names))) {
		if (fn(d, &r, err))
			return -1;
		at += n;
	}
	buf_drop(b, at);
	return 0;
}

int spool_take(struct database *d, row_fn *fn, struct error *err)
{
	struct buf block = BUF_INIT, held = d->held, last_names = BUF_INIT;
	uint64_t at = 0, some;
	int failed = 0;

	d->held = (struct buf)BUF_INIT;
	buf_reset(&d->last_names);
	while (!failed && d->spill.fd >= 0 && at < d->spill.size) {
		some = d->spill.size - at < BLOCK ? d->spill.size - at : BLOCK;
		buf_reserve(&block, (size_t)some);
		failed = spill_read(&d->spill, at, block.p + block.n, (size_t)some, err);
		block.n += (size_t)some;
		at += some;
		failed = failed || give(d, &block, &last_names, fn, err) ? -1 : 0;
	}
	if (d->spill.fd >= 0)
		spill_close(&d->spill);
	if (!failed)
		failed = give(d, &held, &last_names, fn, err);
	buf_release(&block);
	buf_release(&held);
	buf_release(&last_names);
	return failed;
}

void spool_release(struct database *d)
{
	buf_release(&d->held);
	buf_release(&d->last_names);
	if (d->spill.fd >= 0)
		spill_close(&d->spill);
}
