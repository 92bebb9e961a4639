/* sort_run: sorted runs in the spill file: written, read back, merged by a heap. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "json/scan.h"
#include "set/sort_private.h"

/* ---- reading */

static bool whole_item(const struct sort_run *run)
{
	return run->n - run->from >= sizeof(struct sort_item) && run->n - run->from >= sort_item_bytes(sort_run_item(run));
}

static void make_room(struct sort_run *run, size_t buffer, struct memory *memory)
{
	size_t want = buffer, held = run->n - run->from;

	if (held >= sizeof(struct sort_item) && sort_item_bytes(sort_run_item(run)) > want)
		want = sort_item_bytes(sort_run_item(run));
	if (run->from)
		memmove(run->p, run->p + run->from, held);
	run->from = 0;
	run->n = held;
	if (run->cap >= want)
		return;
	memory_force(memory, want - run->cap);
	run->p = xrealloc(run->p, want + SCAN_PADDING);
	run->cap = want;
}

int sort_run_fill(struct sort_run *run, const struct spill *spill, size_t buffer, struct memory *memory, struct error *err)
{
	size_t n;

	while (!whole_item(run)) {
		if (!run->left)
			return 0;
		make_room(run, buffer, memory);
		n = run->cap - run->n < run->left ? run->cap - run->n : (size_t)run->left;
		if (spill_read(spill, run->at, run->p + run->n, n, err))
			return -1;
		run->n += n;
		run->at += n;
		run->left -= n;
	}
	return 1;
}

void sort_run_release(struct sort_run *run, struct memory *memory)
{
	memory_give(memory, run->cap);
	free(run->p);
	*run = (struct sort_run){ 0 };
}

/* ---- merging */

static bool comes_first(const struct sort_heap *h, uint32_t a, uint32_t b)
{
	int c = span_cmp(sort_item_key(sort_run_item(&h->run[a])), sort_item_key(sort_run_item(&h->run[b])));

	return c < 0 || (c == 0 && a < b);
}

static void sink(struct sort_heap *h, uint32_t i)
{
	uint32_t least, child, tmp;

	for (;; i = least) {
		least = i;
		for (child = 2 * i + 1; child <= 2 * i + 2 && child < h->n; child++)
			if (comes_first(h, h->at[child], h->at[least]))
				least = child;
		if (least == i)
			return;
		tmp = h->at[i];
		h->at[i] = h->at[least];
		h->at[least] = tmp;
	}
}

int sort_heap_open(struct sort_heap *h, struct sort_run *run, uint32_t n, size_t buffer, const struct spill *spill, struct memory *memory,
		   struct error *err)
{
	uint32_t i;
	int got;

	*h = (struct sort_heap){ run, xmalloc((n + 1) * sizeof *h->at), 0 };
	for (i = 0; i < n; i++) {
		got = sort_run_fill(&run[i], spill, buffer, memory, err);
		if (got < 0)
			return -1;
		if (got)
			h->at[h->n++] = i;
	}
	for (i = h->n; i-- > 0; )
		sink(h, i);
	return 0;
}

int sort_heap_drop(struct sort_heap *h, size_t buffer, const struct spill *spill, struct memory *memory, struct error *err)
{
	struct sort_run *run = sort_heap_top(h);
	int got;

	run->from += sort_item_bytes(sort_run_item(run));
	got = sort_run_fill(run, spill, buffer, memory, err);
	if (got < 0)
		return -1;
	if (!got) {
		sort_run_release(run, memory);
		h->at[0] = h->at[--h->n];
	}
	sink(h, 0);
	return 0;
}

void sort_heap_release(struct sort_heap *h)
{
	free(h->at);
	*h = (struct sort_heap){ NULL, NULL, 0 };
}

/* ---- writing */

static int flush(struct sort_out *out, const char *p, size_t n, struct error *err)
{
	uint64_t at;

	if (spill_write(out->spill, p, n, &at, err))
		return -1;
	if (!out->started)
		out->at = at;
	out->started = true;
	return 0;
}

int sort_out_add(struct sort_out *out, const char *p, size_t n, struct error *err)
{
	if (!out->p)
		out->p = xmalloc(out->cap);
	out->size += n;
	if (out->cap - out->n < n) {
		if (flush(out, out->p, out->n, err))
			return -1;
		out->n = 0;
		if (n > out->cap)
			return flush(out, p, n, err);
	}
	memcpy(out->p + out->n, p, n);
	out->n += n;
	return 0;
}

int sort_out_end(struct sort_out *out, struct sort_run *run, struct error *err)
{
	int rc = out->n ? flush(out, out->p, out->n, err) : 0;

	free(out->p);
	out->p = NULL;
	*run = (struct sort_run){ .at = out->at, .left = out->size };
	return rc;
}
