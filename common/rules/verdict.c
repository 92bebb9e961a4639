/* verdict: the failures of a record, in words. */
#include "rules/check.h"

#include <stdio.h>

#include "rules/pointer.h"

void verdict_init(struct verdict *v)
{
	v->n = 0;
	v->arena = (struct arena)ARENA_INIT;
}

void verdict_release(struct verdict *v)
{
	arena_release(&v->arena);
	v->n = 0;
}

static struct span printed(struct arena *arena, const char *fmt, va_list ap)
{
	struct buf text = BUF_INIT;
	struct span out;

	buf_vaddf(&text, fmt, ap);
	out = arena_span(arena, buf_span(&text));
	buf_release(&text);
	return out;
}

static struct span place(struct arena *arena, const struct node *n, const char *keyword)
{
	struct buf text = BUF_INIT;
	struct span out;

	buf_addspan(&text, n->where);
	if (keyword) {
		buf_addc(&text, '/');
		buf_adds(&text, keyword);
	}
	out = arena_span(arena, buf_span(&text));
	buf_release(&text);
	return out;
}

static bool add(struct run *r, const char *code, const struct node *n, const char *keyword, uint32_t at, const char *fmt, va_list ap)
{
	struct verdict *v = r->v;
	struct failure *f = r->first;

	if (!f) {
		if (!r->collect)
			return false;
		f = &v->failure[v->n++];
	} else if (f->code) {
		return false;
	}
	f->code = code;
	f->tok = at;
	f->rule = place(&v->arena, n, keyword);
	f->message = printed(&v->arena, fmt, ap);
	if (r->first)
		return false;
	r->collect = v->n < VERDICT_MAX;
	return r->collect;
}

bool fail(struct run *r, const struct node *n, const char *keyword, uint32_t at, const char *fmt, ...)
{
	va_list ap;
	bool more;

	va_start(ap, fmt);
	more = add(r, keyword, n, keyword, at, fmt, ap);
	va_end(ap);
	return more;
}

bool fail_code(struct run *r, const char *code, const struct node *n, const char *keyword, uint32_t at, const char *fmt, ...)
{
	va_list ap;
	bool more;

	va_start(ap, fmt);
	more = add(r, code, n, keyword, at, fmt, ap);
	va_end(ap);
	return more;
}

const char *run_show(const struct run *r, uint32_t at)
{
	static char out[4][128];
	static unsigned turn;
	const struct token *t = &r->tok[at];
	char *s = out[turn++ % 4];

	switch ((enum token_type)t->type) {
	case TOKEN_ARRAY:
		return "an array";
	case TOKEN_OBJECT:
		return "an object";
	case TOKEN_STRING:
		snprintf(s, sizeof out[0], "'%s'", error_show(run_text(r, at)));
		return s;
	default:
		return error_show((struct span){ r->text + t->at, t->len });
	}
}

/* ---- places in a record */

static void add_step(const struct record *rec, bool object, uint32_t i, uint32_t index, struct buf *out)
{
	struct arena arena = ARENA_INIT;

	if (object)
		pointer_step(value_text((struct value){ rec, i }, &arena), out);
	else
		buf_addf(out, "/%u", index);
	arena_release(&arena);
}

void schema_pointer(const struct record *rec, uint32_t tok, struct buf *out)
{
	const struct token *t = rec->tape.tok;
	uint32_t at = 0, i, index;
	bool object;

	while (at != tok) {
		object = t[at].type == TOKEN_OBJECT;
		for (i = at + 1, index = 0; t[i].next <= tok; i = t[i].next)
			index++;
		add_step(rec, object, i, index, out);
		at = object && i != tok ? i + 1 : i;	/* from a key to its value */
	}
}
