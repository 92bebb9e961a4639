/* record_names: finds two members of one name. A record whose names stand where the last one's stood needs no search. */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "json/record_private.h"

/* A key of the last record that was found free of duplicates. */
struct place {
	uint32_t tok, len;
	uint32_t at;		/* offset of its bytes in text */
	uint32_t next;		/* of its value's subtree: the shape of what is below */
};

struct record_names {
	struct place *v;	/* owned */
	uint32_t n, cap;
	uint32_t tokens;	/* of that record; 0: none is remembered */
	uint64_t good[TAPE_SHAPES];	/* shapes of records found free of duplicates; 0: none */
	struct buf text;	/* the keys' bytes, padded */
};

enum { PADDING = 16, MEMO_TOKENS = 4096, FEW = 32 };

void record_names_release(struct record_names *memo)
{
	if (!memo)
		return;
	buf_release(&memo->text);
	free(memo->v);
	free(memo);
}

/* Bytes 0 to 7 and 8 to 15 of a word that count for a name of so many bytes. */
static const struct { unsigned char byte[16]; } masks[17] = {
#define F 0xff
	{ { 0 } }, { { F } }, { { F, F } }, { { F, F, F } }, { { F, F, F, F } }, { { F, F, F, F, F } }, { { F, F, F, F, F, F } },
	{ { F, F, F, F, F, F, F } }, { { F, F, F, F, F, F, F, F } }, { { F, F, F, F, F, F, F, F, F } },
	{ { F, F, F, F, F, F, F, F, F, F } }, { { F, F, F, F, F, F, F, F, F, F, F } }, { { F, F, F, F, F, F, F, F, F, F, F, F } },
	{ { F, F, F, F, F, F, F, F, F, F, F, F, F } }, { { F, F, F, F, F, F, F, F, F, F, F, F, F, F } },
	{ { F, F, F, F, F, F, F, F, F, F, F, F, F, F, F } }, { { F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F } },
#undef F
};

static inline uint64_t load8(const void *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return v;
}

/* Equality of n bytes behind which 16 more can be read. */
static inline bool same_bytes(const char *a, const char *b, uint32_t n)
{
	if (n > 16)
		return !memcmp(a, b, n);
	return !(((load8(a) ^ load8(b)) & load8(masks[n].byte)) | ((load8(a + 8) ^ load8(b + 8)) & load8(masks[n].byte + 8)));
}

/* All keys stand at the same places with the same bytes below the same objects. */
static bool same_as_last(const struct record *rec, const struct record_names *memo)
{
	const struct token *tok = rec->tape.tok, *t;
	const struct place *p;
	uint32_t i;

	if (rec->tape.n != memo->tokens)
		return false;
	for (i = 0; i < memo->n; i++) {
		p = &memo->v[i];
		t = &tok[p->tok];
		if (!(t->flags & TOKEN_KEY) || t->len != p->len || t->next != p->next ||
		    !same_bytes(rec->line.p + t->at, memo->text.p + p->at, p->len))
			return false;
	}
	return true;
}

static void remember(const struct record *rec, struct record_names *memo)
{
	const struct token *tok = rec->tape.tok;
	uint32_t i;

	memo->n = 0;
	memo->tokens = rec->tape.n;
	buf_reset(&memo->text);
	if (rec->tape.n > MEMO_TOKENS)	/* not worth its memory */
		memo->tokens = 0;
	for (i = 0; i < memo->tokens; i++) {
		if (!(tok[i].flags & TOKEN_KEY))
			continue;
		XGROW(memo->v, memo->n, memo->cap);
		memo->v[memo->n++] = (struct place){ i, tok[i].len, (uint32_t)memo->text.n, tok[i].next };
		buf_add(&memo->text, rec->line.p + tok[i].at, tok[i].len);
	}
	buf_reserve(&memo->text, PADDING);
	memset(memo->text.p + memo->text.n, 0, PADDING);
}

struct named {
	struct span text;
	struct value name;
};

static int by_text(const void *a, const void *b)
{
	return span_cmp(((const struct named *)a)->text, ((const struct named *)b)->text);
}

/* Looks for a duplicate in one object; few members are compared in pairs, many sorted. */
static int search(const struct record *rec, uint32_t object, struct arena *arena, struct value *name)
{
	struct value v = { rec, object }, value;
	struct named *names;
	struct walk walk = { 0, 0, 0 };
	uint32_t n = 0, i, j;

	names = arena_alloc(arena, (value_count(v) + 1) * sizeof *names);
	while (value_next(v, &walk, &names[n].name, &value)) {
		names[n].text = value_text(names[n].name, arena);
		n++;
	}
	if (n > 16)
		qsort(names, n, sizeof *names, by_text);
	for (i = 1; i < n; i++) {
		for (j = n > 16 ? i - 1 : 0; j < i; j++) {
			if (!span_eq(names[i].text, names[j].text))
				continue;
			*name = names[i].name.tok > names[j].name.tok ? names[i].name : names[j].name;
			return 1;
		}
	}
	return 0;
}

/* A number that differs for most names that differ, and is equal for equal bytes. */
static inline uint32_t sign(const char *p, uint32_t n)
{
	uint64_t a = load8(p) & load8(masks[n < 8 ? n : 8].byte), b = n > 8 ? load8(p + n - 8) : 0;

	return (uint32_t)(((a ^ n) * 0x9e3779b97f4a7c15u ^ b * 0xc2b2ae3d27d4eb4fu) >> 32);
}

/* The same for a record without edits, where names have few members and no escapes: nothing is allocated. */
static int search_few(const struct record *rec, uint32_t object, struct arena *arena, struct value *name)
{
	const struct token *tok = rec->tape.tok;
	uint32_t key[FEW], signs[FEW], n = 0, i, j;

	for (i = object + 1; i < tok[object].next; i = tok[i].next) {
		if (n == FEW || tok[i].flags & TOKEN_ESCAPED)
			return search(rec, object, arena, name);
		key[n] = i;
		signs[n++] = sign(rec->line.p + tok[i].at, tok[i].len);
	}
	for (i = 1; i < n; i++) {
		for (j = 0; j < i; j++) {
			if (signs[i] != signs[j] || !span_eq(value_bytes((struct value){ rec, key[i] }), value_bytes((struct value){ rec, key[j] })))
				continue;
			*name = (struct value){ rec, key[i] };
			return 1;
		}
	}
	return 0;
}

static int search_all(const struct record *rec, struct value *name)
{
	struct arena arena = ARENA_INIT;
	uint32_t i;
	int found = 0;

	for (i = 0; i < rec->tape.n && !found; i++)
		if (rec->tape.tok[i].type == TOKEN_OBJECT && !(rec->tape.tok[i].flags & TOKEN_MOVED))
			found = rec->dirty ? search(rec, i, &arena, name) : search_few(rec, i, &arena, name);
	arena_release(&arena);
	return found;
}

int record_duplicate(const struct record *rec, struct record_names **memo, struct value *name)
{
	uint64_t shape = rec->tape.shape;
	struct record_names *m = *memo;

	if (rec->dirty)
		return search_all(rec, name);
	if (m && shape && m->good[rec->tape.which] == shape)
		return 0;
	if (!m || !m->tokens || !same_as_last(rec, m)) {
		if (search_all(rec, name))
			return 1;
		if (!m)
			m = *memo = xcalloc(1, sizeof *m);
		remember(rec, m);
	}
	if (shape)
		m->good[rec->tape.which] = shape;
	return 0;
}
