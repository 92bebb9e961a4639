/* quick: the checks that settle nearly every value without a call. Private to this room. */
#ifndef SYNC_RULES_QUICK_H
#define SYNC_RULES_QUICK_H

#include "rules/check.h"
#include "rules/decimal.h"

enum { ENUM_QUICK = 16 };	/* so many choices are looked at one by one */

/* True if a number is surely within its rules; false if that wants a look at all its digits. */
static inline bool number_quick(const struct number_rules *rules, struct span number)
{
	int64_t floor;
	bool whole;

	return decimal_quick(number.p, number.n, &floor, &whole) && floor >= rules->lo && floor + !whole <= rules->hi &&
	       (!rules->limit[LIMIT_STEP].p || (rules->step && whole && floor % rules->step == 0));
}

/* A code point has one to four bytes. */
static inline bool string_quick(struct string_rules *s, const struct token *t, struct span text)
{
	if (t->flags & TOKEN_ESCAPED || text.n > s->max || (t->flags & TOKEN_ASCII ? text.n : text.n / 4) < s->min)
		return false;
	return !s->picky || (text.n && short_is(&s->last, text.p, text.n)) || string_accepts(s, text);
}

static inline bool enum_quick(const struct enum_rules *e, const struct token *t, struct span text)
{
	uint32_t i;

	if (t->type != TOKEN_STRING || t->flags & TOKEN_ESCAPED)
		return false;
	for (i = 0; i < e->n && i < ENUM_QUICK; i++)
		if (e->choice[i].text.text.p && short_is(&e->choice[i].text, text.p, text.n))
			return true;
	return false;
}

/* True if a value surely obeys; false says nothing. */
static inline __attribute__((always_inline)) bool node_quick(const struct run *r, const struct node *n, uint32_t at)
{
	const struct token *t = &r->tok[at];
	struct span text = { r->text + t->at, t->len };

	if (!n->leaf || !(n->types & (1u << t->type | (t->flags & TOKEN_INTEGER ? TYPE_INTEGER : 0u))))
		return false;
	if (n->values && !enum_quick(n->values, t, text))
		return false;
	switch (t->type) {
	case TOKEN_NUMBER: return !n->number || number_quick(n->number, text);
	case TOKEN_STRING: return !n->string || string_quick(n->string, t, text);
	case TOKEN_ARRAY: return !n->array;
	case TOKEN_OBJECT: return !n->object;
	default: return true;
	}
}

#endif
