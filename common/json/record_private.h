/*
 * record_private: how edits stand in the tape. Shared by the files record_*.c alone.
 *
 * A member is a key token and, right after it, a slot for its value; an element is a slot. An edit never moves
 * tokens. A scalar is written over its slot; a container is scanned onto the end of the tape, and the slot,
 * marked TOKEN_MOVED, names it in `at`. A new member is a key and a slot at the end of the tape, chained to
 * its container by a link. A container with any edit below it is TOKEN_DIRTY: its bytes no longer stand for it,
 * so its len and at hold the first and the last of its links (index + 1, 0 for none).
 */
#ifndef SYNC_JSON_RECORD_PRIVATE_H
#define SYNC_JSON_RECORD_PRIVATE_H

#include <string.h>

#include "json/record.h"

struct link {
	uint32_t tok;	/* the new member's key, or the new element's slot */
	uint32_t next;	/* index + 1 of the next link of the same container, 0 for none */
};

/* A name that was looked for in an object of lines of a shape: its key, or 0. With its length, three words are the name. */
enum { PLACES = 64, PLACE_NAME = 24 };	/* a power of two; bytes */
struct known_place {
	uint64_t shape;
	uint32_t object, len, key;
	uint64_t name[3];
};

/* A key of the line that has another name now, and what it was. */
struct renamed {
	uint32_t key, at, len;
	uint8_t flags;
};

struct record_links {
	struct link *v;		/* owned */
	uint32_t n, cap;
	uint32_t front;		/* links of the root that stand before its own members: index + 1 of the first */
	struct buf copy_value;	/* a value on its way into the edit buffer */
	struct buf copy;	/* the line of record_copy */
	struct buf change;	/* what a change_fn gives */
	struct renamed *renamed;	/* owned; since the scan */
	uint32_t renames, renamed_cap;
	struct known_place place[PLACES];
};

/* The token that stands for a slot. */
static inline uint32_t slot_token(const struct record *rec, uint32_t slot)
{
	while (rec->tape.tok[slot].flags & TOKEN_MOVED)
		slot = rec->tape.tok[slot].at;
	return slot;
}

static inline bool is_container(const struct token *t)
{
	return t->type >= TOKEN_ARRAY;
}

static inline uint64_t bytes_at(const char *p, size_t n)
{
	uint64_t v = 0;

	memcpy(&v, p, n);
	return v;
}

/* memcmp for names, which are short: two words that may overlap. */
static inline bool same_name(const char *a, const char *b, size_t n)
{
	if (n > 16)
		return !memcmp(a, b, n);
	if (n >= 8)
		return !((bytes_at(a, 8) ^ bytes_at(b, 8)) | (bytes_at(a + n - 8, 8) ^ bytes_at(b + n - 8, 8)));
	if (n >= 4)
		return !((bytes_at(a, 4) ^ bytes_at(b, 4)) | (bytes_at(a + n - 4, 4) ^ bytes_at(b + n - 4, 4)));
	while (n && a[n - 1] == b[n - 1])
		n--;
	return !n;
}

/* value_next that gives the slot (its key is the token before it, in an object): 1 or 0. */
int walk_slot(const struct record *rec, uint32_t container, struct walk *walk, uint32_t *slot);
/* The slot of a step below a container: 1 or 0. guess may be NULL. Not for STEP_EACH. */
int find_slot(const struct record *rec, uint32_t container, const struct step *step, uint32_t *guess, uint32_t *slot);

/* The same, at once where the guess is a name of the line that no edit touched. */
static inline int find_guessed(const struct record *rec, uint32_t container, const struct step *step, uint32_t *guess, uint32_t *slot)
{
	const struct token *t;

	if (guess && *guess && *guess < rec->tape.n && step->kind == STEP_NAME) {
		t = &rec->tape.tok[*guess];
		if ((t->flags & (TOKEN_KEY | TOKEN_REMOVED | TOKEN_EDITED | TOKEN_ESCAPED)) == TOKEN_KEY && t->aux == container &&
		    container < UINT16_MAX && t->len == step->name.n && same_name(rec->line.p + t->at, step->name.p, t->len)) {
			*slot = *guess + 1;
			return 1;
		}
	}
	return find_slot(rec, container, step, guess, slot);
}

/* The slot of the member of an object by unescaped name, where it is remembered: 1 or 0; -1: it is to be looked for. */
int places_find(const struct record *rec, uint32_t object, struct span name, uint32_t *slot);
/* A key is about to get another name. */
void places_renamed(struct record *rec, uint32_t key);

static inline bool key_is(const struct record *rec, uint32_t key, struct span name)
{
	const struct token *t = &rec->tape.tok[key];
	const char *base;

	if (t->flags & TOKEN_ESCAPED)
		return value_text_is((struct value){ rec, key }, name);
	base = t->flags & TOKEN_EDITED ? rec->edit.p : rec->line.p;
	return t->len == name.n && same_name(base + t->at, name.p, name.n);
}

/* ASCII that stands in a JSON string as it is. */
bool json_is_plain(struct span text);
/* A container has an edit below it. */
void record_mark_dirty(struct record *rec, uint32_t container);
/* Puts JSON text, which is not in the edit buffer, in the place of a slot. */
int record_set_slot(struct record *rec, uint32_t slot, struct span json, struct error *err);

#endif
