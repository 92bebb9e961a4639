/* spool: records put by until the stream is known to be whole so far. */
#include "load/spool.h"

enum { MEMORY = 8 << 20, BLOCK = 256 << 10 };

/* What stands before each line. */
struct entry {
	uint64_t lineno;
	uint32_t stream, n;
};

int spool_add(struct spool *s, const struct arrival *a, struct error *err)
{
	const struct entry e = { a->lineno, a->stream, (uint32_t)a->line.n };
	uint64_t at;

	buf_add(&s->newest, &e, sizeof e);
	buf_addspan(&s->newest, a->line);
	s->n++;
	if (s->newest.n < MEMORY)
		return 0;
	if ((s->spill.fd < 0 && spill_open(&s->spill, err)) || spill_write(&s->spill, s->newest.p, s->newest.n, &at, err))
		return -1;
	buf_reset(&s->newest);
	return 0;
}

/* Gives the records that are whole in these bytes, and drops them. *want: what the next one needs, as far as that is known. */
static int give(struct buf *b, struct load *l, size_t *want, struct error *err)
{
	struct arrival a;
	struct entry e;
	size_t at = 0;
	int failed = 0;

	for (*want = sizeof e; !failed && b->n - at >= *want; at += *want, *want = sizeof e) {
		memcpy(&e, b->p + at, sizeof e);
		*want = sizeof e + e.n;
		if (b->n - at < *want)
			break;
		a = (struct arrival){ { b->p + at + sizeof e, e.n }, e.lineno, e.stream };
		failed = load_again(l, &a, err);
	}
	buf_drop(b, at);
	return failed;
}

static int take_file(const struct spill *spill, struct load *l, struct error *err)
{
	struct buf block = BUF_INIT;
	uint64_t at = 0, some;
	size_t want = 0;
	int failed = 0;

	while (!failed && at < spill->size) {
		some = want > block.n + BLOCK ? want - block.n : BLOCK;
		if (some > spill->size - at)
			some = spill->size - at;
		buf_reserve(&block, (size_t)some + SCAN_PADDING);
		failed = spill_read(spill, at, block.p + block.n, (size_t)some, err);
		block.n += (size_t)some;
		at += some;
		failed = failed || give(&block, l, &want, err) ? -1 : 0;
	}
	buf_release(&block);
	return failed;
}

static void close_file(struct spool *s)
{
	if (s->spill.fd >= 0)
		spill_close(&s->spill);
	s->spill = (struct spill)SPILL_INIT;
}

int spool_apply(struct spool *s, struct load *l, struct error *err)
{
	struct buf newest = s->newest;
	size_t want;
	int failed;

	s->newest = (struct buf)BUF_INIT;
	buf_reserve(&newest, SCAN_PADDING);
	s->applying = true;
	failed = (s->spill.fd >= 0 && take_file(&s->spill, l, err)) || give(&newest, l, &want, err) ? -1 : 0;
	s->applying = false;
	buf_release(&newest);
	close_file(s);
	s->n = 0;
	return failed;
}

void spool_release(struct spool *s)
{
	buf_release(&s->newest);
	close_file(s);
}
