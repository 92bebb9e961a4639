/* spool: records put by until the stream is known to be whole so far. */
#include "load/spool.h"

enum { SPOOL_MEMORY = 16 << 20 };

/* What stands before each line in the file. */
struct entry {
	uint64_t lineno;
	uint32_t stream, n;
};

/* The oldest go to the file: those in memory follow them. */
static int to_file(struct spool *s, struct error *err)
{
	struct buf block = BUF_INIT;
	struct entry e;
	uint64_t at;
	size_t i;
	int failed;

	if (s->spill.fd < 0 && spill_open(&s->spill, err))
		return -1;
	for (i = 0; i < s->held.n; i++) {
		e = (struct entry){ s->held.v[i].lineno, s->held.v[i].stream, (uint32_t)s->held.v[i].line.n };
		buf_add(&block, &e, sizeof e);
		buf_addspan(&block, s->held.v[i].line);
	}
	failed = spill_write(&s->spill, block.p, block.n, &at, err);
	buf_release(&block);
	held_release(&s->held);
	return failed;
}

int spool_add(struct spool *s, const struct arrival *a, struct error *err)
{
	held_add(&s->held, a);
	s->n++;
	return s->held.bytes < SPOOL_MEMORY ? 0 : to_file(s, err);
}

static int take_file(const struct spill *spill, struct load *l, struct error *err)
{
	struct buf line = BUF_INIT;
	struct arrival a;
	struct entry e;
	uint64_t at = 0;
	int failed = 0;

	while (!failed && at < spill->size) {
		failed = spill_read(spill, at, &e, sizeof e, err);
		if (failed)
			break;
		buf_reset(&line);
		buf_reserve(&line, e.n + SCAN_PADDING);
		failed = spill_read(spill, at + sizeof e, line.p, e.n, err);
		memset(line.p + e.n, 0, SCAN_PADDING);
		a = (struct arrival){ { line.p, e.n }, e.lineno, e.stream };
		failed = failed || load_again(l, &a, err) ? -1 : 0;
		at += sizeof e + e.n;
	}
	buf_release(&line);
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
	int failed;

	s->applying = true;
	failed = (s->spill.fd >= 0 && take_file(&s->spill, l, err)) || held_take(&s->held, l, err) ? -1 : 0;
	s->applying = false;
	close_file(s);
	s->n = 0;
	return failed;
}

void spool_release(struct spool *s)
{
	held_release(&s->held);
	close_file(s);
}
