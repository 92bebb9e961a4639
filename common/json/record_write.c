/* record_write: records and values as text; adjoining members that nobody touched go as one run. */
#include "json/record_private.h"

struct run {
	const char *from, *to;	/* clean bytes not written yet; from NULL: none */
	bool any;		/* something was written in this container */
};

static const char *base_of(const struct record *rec, const struct token *t)
{
	return t->flags & TOKEN_EDITED ? rec->edit.p : rec->line.p;
}

static void write_token(const struct record *rec, uint32_t at, struct buf *out);

static void end_run(struct run *run, struct buf *out)
{
	if (!run->from)
		return;
	if (run->any)
		buf_addc(out, ',');
	buf_add(out, run->from, (size_t)(run->to - run->from));
	run->from = NULL;
	run->any = true;
}

static void write_string(const struct record *rec, const struct token *t, struct buf *out)
{
	/* wherever its bytes are, its quotes are around them */
	buf_add(out, base_of(rec, t) + t->at - 1, t->len + (size_t)2);
}

/* A member or element by itself. */
static void write_piece(const struct record *rec, uint32_t slot, bool object, struct run *run, struct buf *out)
{
	end_run(run, out);
	if (run->any)
		buf_addc(out, ',');
	run->any = true;
	if (object) {
		write_string(rec, &rec->tape.tok[slot - 1], out);
		buf_addc(out, ':');
	}
	write_token(rec, slot_token(rec, slot), out);
}

static bool is_clean(const struct token *t)
{
	return !(t->flags & (TOKEN_EDITED | TOKEN_DIRTY | TOKEN_MOVED | TOKEN_REMOVED));
}

/* Adds a clean member or element to the run: first is its key or the value itself. */
static void extend(const struct record *rec, const struct token *first, const struct token *value, struct run *run)
{
	if (!run->from)
		run->from = rec->line.p + first->at - (first->type == TOKEN_STRING);
	run->to = rec->line.p + value->at + value->len + (value->type == TOKEN_STRING);
}

/* The members that stand in the tape behind their container, in runs. */
static void write_own(const struct record *rec, uint32_t container, struct run *run, struct buf *out)
{
	const struct token *tok = rec->tape.tok;
	uint32_t object = tok[container].type == TOKEN_OBJECT, at = container + 1, end = tok[container].next;

	for (; at < end; at = tok[at + object].next) {
		if (tok[at].flags & TOKEN_REMOVED)
			end_run(run, out);
		else if (is_clean(&tok[at]) && is_clean(&tok[at + object]))
			extend(rec, &tok[at], &tok[at + object], run);
		else
			write_piece(rec, at + object, object, run, out);
	}
	end_run(run, out);
}

static void write_links(const struct record *rec, uint32_t first, bool object, struct run *run, struct buf *out)
{
	const struct link *l;

	for (; first; first = l->next) {
		l = &rec->links->v[first - 1];
		if (!(rec->tape.tok[l->tok].flags & TOKEN_REMOVED))
			write_piece(rec, l->tok + object, object, run, out);
	}
}

static void write_dirty(const struct record *rec, uint32_t at, struct buf *out)
{
	const struct token *t = &rec->tape.tok[at];
	bool object = t->type == TOKEN_OBJECT;
	struct run run = { NULL, NULL, false };

	buf_addc(out, object ? '{' : '[');
	if (at == slot_token(rec, 0))
		write_links(rec, rec->links->front, object, &run, out);
	write_own(rec, at, &run, out);
	write_links(rec, t->len, object, &run, out);
	buf_addc(out, object ? '}' : ']');
}

static void write_token(const struct record *rec, uint32_t at, struct buf *out)
{
	const struct token *t = &rec->tape.tok[at];

	if (t->flags & TOKEN_DIRTY)
		write_dirty(rec, at, out);
	else if (t->type == TOKEN_STRING)
		write_string(rec, t, out);
	else
		buf_add(out, base_of(rec, t) + t->at, t->len);
}

void value_write(struct value v, struct buf *out)
{
	write_token(v.rec, v.tok, out);
}

void record_write(const struct record *rec, struct buf *out)
{
	if (rec->dirty)
		write_token(rec, slot_token(rec, 0), out);
	else
		buf_addspan(out, rec->line);
}
