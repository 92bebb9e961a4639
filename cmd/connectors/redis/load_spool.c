/* load_spool: records until the checkpoint behind them has come. */
#include "load.h"

struct entry {
	uint64_t lineno;
	uint32_t stream, n;
};

/* The oldest go to the file: those in memory follow them. */
static int to_file(struct database *d, struct error *err)
{
	struct buf block = BUF_INIT;
	struct entry e;
	uint64_t at;
	size_t i;
	int failed;

	if (d->spill.fd < 0 && spill_open(&d->spill, err))
		return -1;
	for (i = 0; i < d->held.n; i++) {
		e = (struct entry){ d->held.v[i].lineno, d->held.v[i].stream, (uint32_t)d->held.v[i].line.n };
		buf_add(&block, &e, sizeof e);
		buf_addspan(&block, d->held.v[i].line);
	}
	failed = spill_write(&d->spill, block.p, block.n, &at, err);
	buf_release(&block);
	held_release(&d->held);
	return failed;
}

int spool_add(struct database *d, const struct arrival *a, struct error *err)
{
	held_add(&d->held, a);
	return d->held.bytes < SPOOL_MEMORY ? 0 : to_file(d, err);
}

static int apply_file(struct database *d, struct error *err)
{
	struct buf line = BUF_INIT;
	struct arrival a;
	struct entry e;
	uint64_t at = 0;
	int failed = 0;

	while (!failed && d->spill.fd >= 0 && at < d->spill.size) {
		failed = spill_read(&d->spill, at, &e, sizeof e, err);
		if (failed)
			break;
		buf_reset(&line);
		buf_reserve(&line, e.n + SCAN_PADDING);
		failed = spill_read(&d->spill, at + sizeof e, line.p, e.n, err);
		memset(line.p + e.n, 0, SCAN_PADDING);
		a = (struct arrival){ { line.p, e.n }, e.lineno, e.stream };
		failed = failed || load_again(d->load, &a, err) ? -1 : 0;
		at += sizeof e + e.n;
	}
	buf_release(&line);
	if (d->spill.fd >= 0)
		spill_close(&d->spill);
	d->spill = (struct spill)SPILL_INIT;
	return failed;
}

int spool_apply(struct database *d, struct error *err)
{
	int failed;

	d->applying = true;
	failed = apply_file(d, err) || held_take(&d->held, d->load, err) ? -1 : 0;
	d->applying = false;
	return failed;
}

void spool_release(struct database *d)
{
	held_release(&d->held);
	if (d->spill.fd >= 0)
		spill_close(&d->spill);
}
