/* sort: an external merge sort. Items are copied into memory; when that is used up they are sorted and become a run. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "json/scan.h"
#include "set/sort_private.h"

enum { LEAST_ROOM = 64 << 10, CHUNK = 256 << 10, BUFFER = 128 << 10, LEAST_BUFFER = 4 << 10, MOST_RUNS = 512 };

/* Where an item lies, with the first bytes of its key as a number that orders as they do. */
struct ref {
	uint64_t first;
	const char *item;
};

struct chunk {
	struct chunk *next;
	size_t n, cap;
	char p[];
};

struct sort_private {
	struct chunk *chunk;	/* owned: newest first */
	struct ref *ref;	/* owned: room for twice cap, the second half is for sorting */
	size_t n, cap;
	size_t held;		/* bytes charged for chunks and refs */
	struct sort_run *run;	/* owned */
	uint32_t runs, runs_cap;
	struct sort_heap heap;
	size_t buffer;		/* bytes a run being read */
	size_t at;		/* of ref: the next to hand out where nothing was spilled */
	bool ended, holding;	/* no more is added; the heap's top was handed out */
};

void sort_init(struct sort *s, struct spill *spill, struct memory *memory, size_t room)
{
	*s = (struct sort){ .spill = spill, .memory = memory, .room = room < LEAST_ROOM ? LEAST_ROOM : room, .priv = xcalloc(1, sizeof *s->priv) };
}

/* ---- in memory */

static void drop_items(struct sort *s)
{
	struct sort_private *p = s->priv;
	struct chunk *c;

	while ((c = p->chunk)) {
		p->chunk = c->next;
		free(c);
	}
	free(p->ref);
	p->ref = NULL;
	p->n = p->cap = 0;
	memory_give(s->memory, p->held);
	p->held = 0;
}

void sort_release(struct sort *s)
{
	struct sort_private *p = s->priv;
	uint32_t i;

	if (!p)
		return;
	drop_items(s);
	for (i = 0; i < p->runs; i++)
		sort_run_release(&p->run[i], s->memory);
	sort_heap_release(&p->heap);
	free(p->run);
	free(p);
	s->priv = NULL;
}

static uint64_t first_bytes(struct span key)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < 8; i++)
		v = v << 8 | (i < key.n ? (unsigned char)key.p[i] : 0);
	return v;
}

static bool in_order(const struct ref *a, const struct ref *b)
{
	if (a->first != b->first)
		return a->first < b->first;
	return span_cmp(sort_item_key(a->item), sort_item_key(b->item)) <= 0;
}

/* Merge sort, stable; tmp has room for n. */
static void sort_refs(struct ref *a, size_t n, struct ref *tmp)
{
	size_t mid = n / 2, i = 0, j = mid, k;

	if (n < 2)
		return;
	sort_refs(a, mid, tmp);
	sort_refs(a + mid, n - mid, tmp);
	if (in_order(&a[mid - 1], &a[mid]))
		return;
	memcpy(tmp, a, mid * sizeof *a);
	for (k = 0; i < mid && j < n; k++)
		a[k] = in_order(&tmp[i], &a[j]) ? tmp[i++] : a[j++];
	memcpy(a + k, tmp + i, (mid - i) * sizeof *a);
}

/* ---- runs */

static struct sort_run *new_run(struct sort_private *p)
{
	XGROW(p->run, p->runs, p->runs_cap);
	p->run[p->runs] = (struct sort_run){ 0 };
	return &p->run[p->runs++];
}

static int write_run(struct sort *s, struct error *err)
{
	struct sort_private *p = s->priv;
	struct sort_out out = { .spill = s->spill, .cap = BUFFER };
	int rc = 0, ended;
	size_t i;

	sort_refs(p->ref, p->n, p->ref + p->cap);
	for (i = 0; !rc && i < p->n; i++)
		rc = sort_out_add(&out, p->ref[i].item, sort_item_bytes(p->ref[i].item), err);
	ended = sort_out_end(&out, new_run(p), err);
	drop_items(s);
	return rc || ended ? -1 : 0;
}

/* ---- adding */

/* Charges n bytes more within the room or, where it must be, beyond; or says no. */
static bool charge(struct sort *s, size_t n, bool must)
{
	struct sort_private *p = s->priv;

	if (must)
		memory_force(s->memory, n);
	else if (p->held + n > s->room || !memory_take(s->memory, n))
		return false;
	p->held += n;
	return true;
}

static bool room_for_ref(struct sort *s, bool must)
{
	struct sort_private *p = s->priv;
	size_t cap = p->cap ? p->cap * 2 : 256;

	if (p->n < p->cap)
		return true;
	if (!charge(s, (cap - p->cap) * 2 * sizeof *p->ref, must))
		return false;
	p->ref = xreallocarray(p->ref, cap * 2, sizeof *p->ref);
	p->cap = cap;
	return true;
}

static bool room_for_item(struct sort *s, size_t n, bool must)
{
	struct sort_private *p = s->priv;
	size_t cap = s->room / 8 < CHUNK ? s->room / 8 : CHUNK;
	struct chunk *c;

	if (p->chunk && p->chunk->cap - p->chunk->n >= n)
		return true;
	if (cap < n)
		cap = n;
	if (!charge(s, sizeof *c + cap + SCAN_PADDING, must))
		return false;
	c = xmalloc(sizeof *c + cap + SCAN_PADDING);
	c->next = p->chunk;
	c->n = 0;
	c->cap = cap;
	p->chunk = c;
	return true;
}

/* Room for one more item of n bytes: memory as it is, memory after a run was written, or more than is allowed. */
static int make_room(struct sort *s, size_t n, struct error *err)
{
	if (room_for_ref(s, false) && room_for_item(s, n, false))
		return 0;
	if (s->priv->n && write_run(s, err))
		return -1;
	if (!room_for_ref(s, false) || !room_for_item(s, n, false)) {
		room_for_ref(s, true);
		room_for_item(s, n, true);
	}
	return 0;
}

int sort_add(struct sort *s, struct span key, struct span line, struct error *err)
{
	struct sort_private *p = s->priv;
	struct sort_item item = { (uint32_t)key.n, (uint32_t)line.n };
	char *to;

	if (key.n > UINT32_MAX || line.n > UINT32_MAX)
		return error_set(err, EXIT_FAILED, "a line of more than 4 GiB");
	if (make_room(s, sizeof item + key.n + line.n, err))
		return -1;
	to = p->chunk->p + p->chunk->n;
	memcpy(to, &item, sizeof item);
	memcpy(to + sizeof item, key.p, key.n);
	if (line.n)
		memcpy(to + sizeof item + key.n, line.p, line.n);
	p->chunk->n += sizeof item + key.n + line.n;
	p->ref[p->n++] = (struct ref){ first_bytes(key), to };
	s->n++;
	return 0;
}

/* ---- reading */

/* Merges runs [from, from + n) into one that takes their place. */
static int merge_runs(struct sort *s, uint32_t from, uint32_t n, struct error *err)
{
	struct sort_private *p = s->priv;
	struct sort_out out = { .spill = s->spill, .cap = BUFFER };
	struct sort_heap heap;
	struct sort_run *top, whole;
	int rc = sort_heap_open(&heap, p->run + from, n, p->buffer, s->spill, s->memory, err), ended;

	while (!rc && (top = sort_heap_top(&heap))) {
		rc = sort_out_add(&out, sort_run_item(top), sort_item_bytes(sort_run_item(top)), err);
		if (!rc)
			rc = sort_heap_drop(&heap, p->buffer, s->spill, s->memory, err);
	}
	sort_heap_release(&heap);
	ended = sort_out_end(&out, &whole, err);
	if (rc || ended)
		return -1;
	p->run[from] = whole;
	memmove(p->run + from + 1, p->run + from + n, (p->runs - from - n) * sizeof *p->run);
	p->runs -= n - 1;
	return 0;
}

static int start_reading(struct sort *s, struct error *err)
{
	struct sort_private *p = s->priv;
	uint32_t most, i, n;

	p->ended = true;
	if (!p->runs) {
		sort_refs(p->ref, p->n, p->ref + p->cap);
		return 0;
	}
	if (p->n && write_run(s, err))
		return -1;
	p->buffer = s->room / p->runs < BUFFER ? s->room / p->runs : BUFFER;
	if (p->buffer < LEAST_BUFFER)
		p->buffer = LEAST_BUFFER;
	most = s->room / p->buffer < 4 ? 4 : s->room / p->buffer > MOST_RUNS ? MOST_RUNS : (uint32_t)(s->room / p->buffer);
	while (p->runs > most)
		for (i = 0; i < p->runs && p->runs > most; i++) {
			n = p->runs - i < most ? p->runs - i : most;
			if (n > 1 && merge_runs(s, i, n, err))
				return -1;
		}
	return sort_heap_open(&p->heap, p->run, p->runs, p->buffer, s->spill, s->memory, err);
}

static int give(const char *item, struct span *key, struct span *line)
{
	*key = sort_item_key(item);
	*line = sort_item_line(item);
	return 1;
}

int sort_next(struct sort *s, struct span *key, struct span *line, struct error *err)
{
	struct sort_private *p = s->priv;

	if (!p->ended && start_reading(s, err))
		return -1;
	if (!p->runs)
		return p->at < p->n ? give(p->ref[p->at++].item, key, line) : 0;
	if (p->holding && sort_heap_drop(&p->heap, p->buffer, s->spill, s->memory, err))
		return -1;
	p->holding = p->heap.n > 0;
	return p->holding ? give(sort_run_item(sort_heap_top(&p->heap)), key, line) : 0;
}
