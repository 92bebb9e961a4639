/* count: the names of a run's streams, and records counted by stream. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "stream/frame.h"

/* Up to here names are looked for one after the other. */
enum { FEW_STREAMS = 16 };

void streams_init(struct streams *s)
{
	*s = (struct streams){ 0 };
	streams_index(s, SPAN_LIT(""));
}

void streams_release(struct streams *s)
{
	uint32_t i;

	for (i = 0; i < s->n; i++) {
		free(s->entry[i].name);
		free(s->entry[i].json);
	}
	free(s->entry);
	free(s->slot);
	*s = (struct streams){ 0 };
}

static struct span name_of(const struct streams *s, uint32_t i)
{
	return (struct span){ s->entry[i].name, s->entry[i].len };
}

/* The slot that holds the name, or the empty one where it would be. */
static uint32_t *slot_of(const struct streams *s, struct span name)
{
	uint32_t at = (uint32_t)hash_bytes(name.p, name.n, &s->key).lo & (s->slots - 1);

	while (s->slot[at] && !span_eq(name, name_of(s, s->slot[at] - 1)))
		at = (at + 1) & (s->slots - 1);
	return &s->slot[at];
}

static void grow_slots(struct streams *s)
{
	uint32_t i;

	if (!s->slots)
		hash_key_random(&s->key);
	s->slots = s->slots ? s->slots * 2 : FEW_STREAMS * 4;
	free(s->slot);
	s->slot = xcalloc(s->slots, sizeof *s->slot);
	for (i = 0; i < s->n; i++)
		*slot_of(s, name_of(s, i)) = i + 1;
}

int streams_find(const struct streams *s, struct span name)
{
	uint32_t i;

	if (s->slots)
		return (int)*slot_of(s, name) - 1;
	for (i = 0; i < s->n; i++)
		if (span_eq(name, name_of(s, i)))
			return (int)i;
	return -1;
}

uint32_t streams_index(struct streams *s, struct span name)
{
	int found = streams_find(s, name);
	struct buf json = BUF_INIT;

	if (found >= 0)
		return (uint32_t)found;
	XGROW(s->entry, s->n, s->cap);
	json_add_string(&json, name);
	s->entry[s->n++] = (struct stream_entry){ xstrndup(name.p, name.n), name.n, buf_take(&json) };
	if (s->slots && s->n < s->slots / 2)
		*slot_of(s, name) = s->n;
	else if (s->n > FEW_STREAMS)
		grow_slots(s);
	return s->n - 1;
}

void counts_grow(struct counts *c, uint32_t stream)
{
	uint32_t cap = stream + stream / 2 + 8;

	c->n = xreallocarray(c->n, cap, sizeof *c->n);
	memset(c->n + c->cap, 0, (cap - c->cap) * sizeof *c->n);
	c->cap = cap;
}

uint64_t counts_get(const struct counts *c, uint32_t stream)
{
	return stream < c->cap ? c->n[stream] : 0;
}

uint64_t counts_total(const struct counts *c)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < c->cap; i++)
		sum += c->n[i];
	return sum;
}

void counts_reset(struct counts *c)
{
	if (c->cap)
		memset(c->n, 0, c->cap * sizeof *c->n);
}

void counts_release(struct counts *c)
{
	free(c->n);
	*c = (struct counts){ NULL, 0 };
}

void counts_write(const struct counts *c, const struct streams *s, struct buf *out)
{
	const char *comma = "";
	uint32_t i;

	buf_addc(out, '{');
	for (i = 0; i < s->n; i++) {
		if (!counts_get(c, i))
			continue;
		buf_addf(out, "%s%s:%llu", comma, s->entry[i].json, (unsigned long long)c->n[i]);
		comma = ",";
	}
	buf_addc(out, '}');
}
