/* regex_row: expressions that are a row of characters and classes, `^[A-Z]{2}-\d+$`, matched without an engine. */
#include "value/regex_private.h"

void row_add(struct row *r, const struct ascii_set *set, bool ascii)
{
	if (!ascii || r->n == ROW_STEPS)
		r->possible = false;
	if (r->possible)
		r->step[r->n++] = (struct row_step){ *set, 1, 1 };
}

void row_repeat(struct row *r, uint32_t min, uint32_t max)
{
	if (!r->possible || !r->n)
		return;
	r->step[r->n - 1].min = min;
	r->step[r->n - 1].max = max;
}

static bool meet(const struct ascii_set *a, const struct ascii_set *b)
{
	return (a->bits[0] & b->bits[0]) || (a->bits[1] & b->bits[1]);
}

/* What may come after a step that can stop early: the next one, and those after it while they may be skipped. */
static bool is_settled(const struct row *r, uint32_t i)
{
	const struct row_step *s = &r->step[i];
	uint32_t k;

	if (s->min == s->max)
		return true;
	for (k = i + 1; k < r->n; k++) {
		if (meet(&s->set, &r->step[k].set))
			return false;
		if (r->step[k].min)
			return true;
	}
	return true;
}

bool row_done(const struct row *r)
{
	uint32_t i;

	if (!r->possible || !r->begun)
		return false;
	for (i = 0; i < r->n; i++)
		if (!is_settled(r, i))
			return false;
	return true;
}

bool row_match(const struct row *r, struct span text)
{
	const struct row_step *s;
	size_t i = 0, start, end;
	uint32_t k;

	for (k = 0; k < r->n; k++) {
		s = &r->step[k];
		start = i;
		end = text.n - i > s->max ? i + s->max : text.n;
		while (i < end && set_has(&s->set, (unsigned char)text.p[i]))
			i++;
		if (i - start < s->min)
			return false;
	}
	return !r->to_end || i == text.n;
}
