/* scan_like: learns what a line looks like, for the lines after it. */
#include <stdlib.h>
#include <string.h>

#include "json/scan_private.h"

enum { PATIENCE = 2, PATIENCE_MOST = 256 };

static uint64_t shapes;	/* numbers given so far */

struct learner {
	const struct token *tok;
	const char *line;
	struct scan_like *like;
	struct like_step *step;
	size_t at;		/* where the step's text starts in the line */
	size_t rest;		/* bytes of like->rest used */
	uint32_t tokens, closes;
	uint32_t open, depth;
	uint16_t count[LIKE_TOKENS];	/* members or elements so far, by container */
};

static void close_before(struct learner *l, uint32_t i)
{
	const struct token *t;

	while (l->depth && l->tok[l->open].next == i) {
		t = &l->tok[l->open];
		l->like->close[l->closes++] = (struct like_close){ (uint16_t)l->open, (uint16_t)(t->at + t->len - l->at) };
		l->step->closes++;
		l->open = l->like->tok[l->open].len;
		l->depth--;
	}
}

/* The step's text goes up to `end` in the line, its tokens up to i. False where it is too long. */
static bool end_text(struct learner *l, size_t end, uint32_t i)
{
	struct like_step *s = l->step;
	size_t n = end - l->at, head = n < LIKE_BLOCK ? n : LIKE_BLOCK;

	if (n > LIKE_TEXT || l->rest + n - head + LIKE_BLOCK > sizeof l->like->rest)
		return false;
	s->n = (uint16_t)n;
	s->own = (uint16_t)i;
	s->mask = head < 32 ? ((uint32_t)1 << head) - 1 : UINT32_MAX;
	memcpy(s->text, l->line + l->at, head);
	memcpy(l->like->rest + l->rest, l->line + l->at + head, n - head);
	s->rest = (uint16_t)l->rest;
	l->rest += n - head;
	return true;
}

static void learn_container(struct learner *l, uint32_t i)
{
	struct token *made = &l->like->tok[i];

	made->len = l->depth ? l->open : UINT32_MAX;
	l->like->upto[i] = l->depth ? l->count[l->open] : 0;
	l->open = i;
	l->count[i] = 0;
	l->depth++;
	if (l->depth > l->like->depth)
		l->like->depth = l->depth;
}

static void next_step(struct learner *l, uint32_t first, size_t at)
{
	l->step = &l->like->step[l->like->steps];
	memset(l->step, 0, sizeof *l->step);
	l->step->first = (uint16_t)first;
	l->step->close = (uint16_t)l->closes;
	l->at = at;
}

static bool learn_scalar(struct learner *l, uint32_t i)
{
	const struct token *t = &l->tok[i];
	size_t quotes = t->type == TOKEN_STRING, start = t->at - quotes;
	struct like_step *s = l->step;

	if (l->like->steps == LIKE_STEPS || !end_text(l, start, i))
		return false;
	s->open = (uint16_t)l->open;
	s->count = l->count[l->open];
	s->depth = (uint16_t)l->depth;
	s->tail = (struct token_tail){ i + 1, TOKEN_STRING, TOKEN_ASCII, 0 };
	s->plain = i - s->first <= 1 && !s->closes && s->n <= LIKE_BLOCK;
	l->like->steps++;
	next_step(l, i + 1, start + t->len + 2 * quotes);
	return true;
}

static bool learn(struct learner *l, size_t n)
{
	const struct token *t;
	uint32_t i;

	next_step(l, 0, 0);
	for (i = 0; i < l->tokens; i++) {
		t = &l->tok[i];
		close_before(l, i);
		l->like->tok[i] = *t;
		l->like->tok[i].at = t->at - (uint32_t)l->at;
		if (l->depth && (t->flags & TOKEN_KEY || l->tok[l->open].type == TOKEN_ARRAY))
			l->count[l->open]++;
		if (t->type >= TOKEN_ARRAY)
			learn_container(l, i);
		else if (!(t->flags & TOKEN_KEY) && !learn_scalar(l, i))
			return false;
	}
	close_before(l, i);
	return l->like->steps && end_text(l, n, i);
}

/* How many steps two shapes have in common, the last one of either, which has no scalar, not counted. */
static uint16_t common_steps(const struct scan_like *a, const struct scan_like *b)
{
	uint32_t most = a->steps < b->steps ? a->steps : b->steps, i;
	const struct like_step *s = a->step, *t = b->step;

	for (i = 0; i < most; i++, s++, t++)
		if (s->n != t->n || memcmp(s->text, t->text, LIKE_BLOCK) ||
		    (s->n > LIKE_BLOCK && memcmp(a->rest + s->rest, b->rest + t->rest, s->n - (size_t)LIKE_BLOCK)))
			break;
	return (uint16_t)i;
}

/* The place of a new shape: a free one, or that of the shape that no line had for the longest time. NULL: no memory. */
static struct scan_like *make_place(struct scan_work *w, uint32_t *which)
{
	uint32_t i;

	*which = 0;
	for (i = 0; i < TAPE_SHAPES && w->like[i]; i++)
		if (w->like[i]->when < w->like[*which]->when)
			*which = i;
	if (i == TAPE_SHAPES)
		return w->like[*which];
	*which = i;
	w->like[i] = aligned_alloc(64, (sizeof **w->like + 63) / 64 * 64);
	if (w->like[i])
		w->like[i]->used = true;	/* not known to be of no use */
	return w->like[i];
}

static void learn_shape(struct tape *tape, const char *p, size_t n)
{
	struct learner l = { .tok = tape->tok, .line = p, .tokens = tape->n };
	struct scan_work *w = tape->work;
	struct scan_like *like;
	uint32_t which, i;

	w->missed = 0;
	like = make_place(w, &which);
	if (!like)
		return;
	/* lines that are never alike are not worth the learning */
	if (like->used)
		w->patience = PATIENCE;
	else if (w->patience < PATIENCE_MOST)
		w->patience *= 2;
	like->steps = like->depth = 0;
	like->tokens = tape->n;
	like->used = false;
	like->when = ++w->learned;
	l.like = like;
	like->shape = learn(&l, n) ? ++shapes : 0;
	if (!like->shape)
		return;
	for (i = 0; i < TAPE_SHAPES; i++)
		w->common[i][which] = w->common[which][i] = w->like[i] && w->like[i]->shape ? common_steps(w->like[i], like) : 0;
	w->last = tape->which = which;
	tape->shape = like->shape;
}

void scan_learn(struct tape *tape, const char *p, size_t n)
{
	struct scan_work *w = tape->work;

	/* a first line may be the only one */
	if (++w->missed >= (w->patience ? w->patience : PATIENCE) && tape->n >= 3 && tape->n <= LIKE_TOKENS)
		learn_shape(tape, p, n);
}

void scan_forget(struct scan_work *work)
{
	uint32_t i;

	for (i = 0; i < TAPE_SHAPES && work->like[i]; i++)
		work->like[i]->shape = 0;
}

void scan_change_over(struct tape *tape, const struct scan_like *like, uint32_t step)
{
	const struct token *t;
	uint32_t c;

	/* only containers that are still open could say anything else, and the keys before them */
	for (c = step ? like->step[step - 1].open : UINT32_MAX; c != UINT32_MAX; c = t->len) {
		t = &like->tok[c];
		tape->tok[c].next = t->next;
		tape->tok[c].aux = t->aux;
		if (c && t[-1].flags & TOKEN_KEY)
			tape->tok[c - 1].next = t[-1].next;
	}
}

void scan_leave(struct tape *tape, const struct scan_like *like, uint32_t step, bool behind, struct scan_state *s)
{
	const struct like_step *at = &like->step[step];
	uint32_t c, parent;

	s->n = at->own;
	if (behind)
		s->n++;
	s->open = at->open;
	s->count = at->count;
	s->depth = at->depth;
	for (c = s->open; (parent = like->tok[c].len) != UINT32_MAX; c = parent) {
		tape->tok[c].len = parent;
		tape->tok[parent].aux = like->upto[c];
	}
	tape->tok[c].len = UINT32_MAX;
}
