/* record_write: records and values as text; adjoining members that nobody touched go as one run. */
#include "json/record_private.h"

/* Where text is written; there is room for all that a record can become, and for what `put` copies too much. */
struct pen {
	const struct record *rec;
	char *o;
};

enum { CHUNK = 16, ROOM = 2 * CHUNK };	/* bytes copied at once; so many may be read and written behind a short piece */
_Static_assert((int)ROOM <= (int)SCAN_PADDING, "so many bytes behind a piece are readable");

/* A short piece is copied in whole chunks: what is behind it in a line, or in the edit buffer, is padding at least. */
static inline void put(struct pen *pen, const char *p, size_t n)
{
	if (n <= ROOM) {
		memcpy(pen->o, p, CHUNK);
		memcpy(pen->o + CHUNK, p + CHUNK, CHUNK);
	} else {
		memcpy(pen->o, p, n);
	}
	pen->o += n;
}

static inline const char *base_of(const struct record *rec, const struct token *t)
{
	return t->flags & TOKEN_EDITED ? rec->edit.p : rec->line.p;
}

static inline void put_string(struct pen *pen, const struct token *t)
{
	put(pen, base_of(pen->rec, t) + t->at - 1, t->len + (size_t)2);	/* wherever its bytes are, its quotes are around them */
}

static void write_token(struct pen *pen, uint32_t at);

/* A member or element by itself. */
static void write_piece(struct pen *pen, uint32_t slot, bool object, bool *any)
{
	if (*any)
		*pen->o++ = ',';
	*any = true;
	if (object) {
		put_string(pen, &pen->rec->tape.tok[slot - 1]);
		*pen->o++ = ':';
	}
	write_token(pen, slot_token(pen->rec, slot));
}

/* Members or elements of the line that stand beside each other: from the first's key, or the value itself, to the last value. */
static void write_run(struct pen *pen, const struct token *first, const struct token *last, bool *any)
{
	uint32_t from = first->at - (first->type == TOKEN_STRING), to = last->at + last->len + (last->type == TOKEN_STRING);

	if (*any)
		*pen->o++ = ',';
	*any = true;
	put(pen, pen->rec->line.p + from, to - from);
}

/* The members that stand in the tape behind their container, in runs. */
static void write_own(struct pen *pen, uint32_t container, bool object, bool *any)
{
	const struct token *tok = pen->rec->tape.tok, *first = NULL, *last = NULL, *t, *value;
	const uint32_t changed = TOKEN_EDITED | TOKEN_DIRTY | TOKEN_MOVED | TOKEN_REMOVED;
	uint32_t at = container + 1, end = tok[container].next;

	for (; at < end; at = t->next) {
		t = &tok[at];
		value = t + object;
		if (!((t->flags | value->flags) & changed)) {
			first = first ? first : t;
			last = value;
			continue;
		}
		if (first)
			write_run(pen, first, last, any);
		first = NULL;
		if (!(t->flags & TOKEN_REMOVED))
			write_piece(pen, at + object, object, any);
	}
	if (first)
		write_run(pen, first, last, any);
}

static void write_links(struct pen *pen, uint32_t first, bool object, bool *any)
{
	const struct link *l;

	for (; first; first = l->next) {
		l = &pen->rec->links->v[first - 1];
		if (!(pen->rec->tape.tok[l->tok].flags & TOKEN_REMOVED))
			write_piece(pen, l->tok + object, object, any);
	}
}

static void write_dirty(struct pen *pen, uint32_t at)
{
	const struct token *t = &pen->rec->tape.tok[at];
	bool object = t->type == TOKEN_OBJECT, any = false;

	*pen->o++ = object ? '{' : '[';
	if (at == slot_token(pen->rec, 0))
		write_links(pen, pen->rec->links->front, object, &any);
	write_own(pen, at, object, &any);
	write_links(pen, t->len, object, &any);
	*pen->o++ = object ? '}' : ']';
}

static void write_token(struct pen *pen, uint32_t at)
{
	const struct token *t = &pen->rec->tape.tok[at];

	if (t->flags & TOKEN_DIRTY)
		write_dirty(pen, at);
	else if (t->type == TOKEN_STRING)
		put_string(pen, t);
	else
		put(pen, base_of(pen->rec, t) + t->at, t->len);
}

/* Text stands once in the line or in the edit buffer; what is written between it are quotes, brackets, commas and colons. */
static void write_edited(const struct record *rec, uint32_t at, struct buf *out)
{
	size_t most = rec->line.n + rec->edit.n + 6 * (size_t)rec->tape.n + ROOM;
	struct pen pen = { rec, NULL };

	if (out->cap - out->n < most)
		buf_reserve(out, most);
	pen.o = out->p + out->n;
	write_token(&pen, at);
	out->n = (size_t)(pen.o - out->p);
}

void value_write(struct value v, struct buf *out)
{
	const struct token *t = value_token(v);

	if (t->flags & TOKEN_DIRTY) {
		write_edited(v.rec, v.tok, out);
		return;
	}
	if (t->type != TOKEN_STRING) {
		buf_addspan(out, value_bytes(v));
		return;
	}
	buf_add(out, base_of(v.rec, t) + t->at - 1, t->len + (size_t)2);
}

void record_write(const struct record *rec, struct buf *out)
{
	if (rec->dirty)
		write_edited(rec, slot_token(rec, 0), out);
	else
		buf_addspan(out, rec->line);
}
