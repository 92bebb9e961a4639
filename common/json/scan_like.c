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

static void learn_shape(struct tape *tape, const char *p, size_t n)
{
	struct scan_like *like = &tape->work->like;
	struct learner l = { .tok = tape->tok, .line = p, .tokens = tape->n };

	/* lines that are never alike are not worth the learning */
	if (like->used || !like->patience)
		like->patience = PATIENCE;
	else if (like->patience < PATIENCE_MOST)
		like->patience *= 2;
	like->steps = like->depth = 0;
	like->tokens = tape->n;
	like->missed = 0;
	like->used = false;
	l.like = like;
	like->shape = tape->shape = learn(&l, n) ? ++shapes : 0;
}

void scan_learn(struct tape *tape, const char *p, size_t n)
{
	struct scan_like *like = &tape->work->like;

	/* a first line may be the only one */
	if (++like->missed < (like->patience ? like->patience : 2) || tape->n < 3 || tape->n > LIKE_TOKENS)
		return;
	learn_shape(tape, p, n);
}

void scan_leave(struct tape *tape, uint32_t step, bool behind, struct scan_state *s)
{
	const struct scan_like *like = &tape->work->like;
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
