/* held: records that a loader keeps, as they came, to take them again. */
#include "load/held.h"

#include <stdlib.h>

#include "base/xalloc.h"

struct span line_copy(struct arena *arena, struct span line)
{
	char *p = arena_alloc(arena, line.n + SCAN_PADDING);

	memcpy(p, line.p, line.n);
	memset(p + line.n, 0, SCAN_PADDING);
	return (struct span){ p, line.n };
}

void held_add(struct held *h, const struct arrival *a)
{
	XGROW(h->v, h->n, h->cap);
	h->v[h->n++] = (struct arrival){ line_copy(&h->arena, a->line), a->lineno, a->stream };
	h->bytes += a->line.n;
}

int held_take(struct held *h, struct load *l, struct error *err)
{
	struct held taken = *h;
	size_t i;
	int failed = 0;

	*h = (struct held)HELD_INIT;
	for (i = 0; !failed && i < taken.n; i++)
		failed = load_again(l, &taken.v[i], err);
	held_release(&taken);
	return failed;
}

int held_seen(const struct held *h, bool any_case, struct seen *out, struct error *err)
{
	const struct scan_limits limits = { 1024, INT32_MAX };
	struct step step = { .kind = STEP_NAME, .name = SPAN_LIT("_sync") };
	const struct path sync = { .step = &step, .n = 1, .text = SPAN_LIT("_sync") };
	struct record rec;
	size_t i;
	int failed = 0;

	record_init(&rec);
	for (i = 0; !failed && i < h->n; i++) {
		failed = record_scan(&rec, h->v[i].line.p, h->v[i].line.n, &limits, err) || record_remove(&rec, &sync, err) ||
			names_restore(&rec, err) ? -1 : 0;
		if (!failed)
			seen_note(out, &rec, any_case);
	}
	record_release(&rec);
	return failed;
}

static int compare_numbers(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

void held_select(const struct held *h, const struct held *other, bool has, struct held *out)
{
	uint64_t *number = xreallocarray(NULL, other->n + 1, sizeof *number);
	size_t i;

	for (i = 0; i < other->n; i++)
		number[i] = other->v[i].lineno;
	qsort(number, other->n, sizeof *number, compare_numbers);
	for (i = 0; i < h->n; i++)
		if (has == (bsearch(&h->v[i].lineno, number, other->n, sizeof *number, compare_numbers) != NULL))
			held_add(out, &h->v[i]);
	free(number);
}

void held_release(struct held *h)
{
	free(h->v);
	arena_release(&h->arena);
	*h = (struct held)HELD_INIT;
}

/* ---- first records */

enum { FIRST_RECORDS = 1000, FIRST_BYTES = 1 << 20 };

bool held_first(struct held *h, const struct load *l, enum op op)
{
	if (op != OP_UPSERT && op != OP_INSERT && (op != OP_UPDATE || l->o->missing != MISSING_INSERT))
		return false;
	held_add(h, &l->arrival);
	return true;
}

bool held_enough(const struct held *h)
{
	return h->n >= FIRST_RECORDS || h->bytes >= FIRST_BYTES;
}

int held_missing(const struct load *l, enum op op, const char *table, struct error *err)
{
	if (op != OP_UPDATE || l->o->missing == MISSING_SKIP)
		return LOAD_DONE;
	error_data(err, "missing-row", "an update of a row that isn't there, nor is the table '%s' (--missing insert|skip)", table);
	return LOAD_REJECT;
}
