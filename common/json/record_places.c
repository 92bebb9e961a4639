/*
 * record_places: where a name stands in the objects of a line, or that it stands nowhere, remembered for lines of one shape
 * (scan.h). Most useful for names that aren't there, which would else be compared with all that are.
 */
#include <string.h>

#include "base/xalloc.h"
#include "json/record_private.h"

/* The bytes of a key as the line has it. False where that isn't known without escapes. */
static bool as_in_line(const struct record *rec, uint32_t key, struct span *name)
{
	const struct token *t = &rec->tape.tok[key];
	const struct record_links *l = rec->links;
	uint32_t i, at = t->at, len = t->len;
	uint8_t flags = t->flags;

	if (flags & TOKEN_EDITED) {
		for (i = 0; i < l->renames && l->renamed[i].key != key; i++)
			;
		if (i == l->renames)
			return false;
		at = l->renamed[i].at;
		len = l->renamed[i].len;
		flags = l->renamed[i].flags;
	}
	*name = (struct span){ rec->line.p + at, len };
	return !(flags & TOKEN_ESCAPED);
}

/* The first key of the object with a name in the line, 0 for none. False where that can't be told. */
static bool look(const struct record *rec, uint32_t object, struct span name, uint32_t *key)
{
	const struct token *tok = rec->tape.tok;
	struct span own;
	uint32_t i;

	*key = 0;
	for (i = object + 1; i < tok[object].next; i = tok[i + 1].next) {
		if (!as_in_line(rec, i, &own))
			return false;
		if (!*key && span_eq(own, name))
			*key = i;
	}
	return true;
}

/* A name of at most 24 bytes as words that may overlap. */
static void words_of(struct span name, uint64_t w[3])
{
	size_t i;

	w[0] = w[1] = w[2] = 0;
	if (name.n >= 8) {
		w[0] = bytes_at(name.p, 8);
		w[1] = bytes_at(name.p + name.n - 8, 8);
		if (name.n > 16)
			w[2] = bytes_at(name.p + 8, 8);
	} else if (name.n >= 4) {
		w[0] = bytes_at(name.p, 4) << 32 | bytes_at(name.p + name.n - 4, 4);
	} else {
		for (i = 0; i < name.n; i++)
			w[0] = w[0] << 8 | (unsigned char)name.p[i];
	}
}

static bool recall(const struct record *rec, uint32_t object, struct span name, uint32_t *key)
{
	struct known_place *p;
	uint64_t w[3], hash;

	words_of(name, w);
	hash = (w[0] ^ object ^ rec->tape.shape << 32 ^ (uint64_t)name.n << 56) * 0x9e3779b97f4a7c15u;
	p = &rec->links->place[hash >> 32 & (PLACES - 1)];
	if (p->shape == rec->tape.shape && p->object == object && p->len == name.n &&
	    !((p->name[0] ^ w[0]) | (p->name[1] ^ w[1]) | (p->name[2] ^ w[2]))) {
		*key = p->key;
		return true;
	}
	if (!look(rec, object, name, key))
		return false;
	*p = (struct known_place){ rec->tape.shape, object, (uint32_t)name.n, *key, { w[0], w[1], w[2] } };
	return true;
}

/* Whether edits gave an object of the line a member of a name that it hadn't. */
static int added(const struct record *rec, uint32_t object, struct span name, uint32_t *slot)
{
	const struct record_links *l = rec->links;
	uint32_t i;

	if (object == 0 && l->front)
		return -1;
	for (i = 0; i < l->renames; i++)
		if (key_is(rec, l->renamed[i].key, name))
			return -1;
	for (i = rec->tape.tok[object].len; i; i = l->v[i - 1].next) {
		*slot = l->v[i - 1].tok + 1;
		if (!(rec->tape.tok[*slot - 1].flags & TOKEN_REMOVED) && key_is(rec, *slot - 1, name))
			return 1;
	}
	return 0;
}

int places_find(const struct record *rec, uint32_t object, struct span name, uint32_t *slot)
{
	const struct token *tok = rec->tape.tok;
	uint32_t key;

	/* what edits brought stands behind the line's own tokens */
	if (!rec->tape.shape || object >= tok->next || name.n > PLACE_NAME || !recall(rec, object, name, &key))
		return -1;
	if (key && !(tok[key].flags & (TOKEN_REMOVED | TOKEN_EDITED))) {
		*slot = key + 1;
		return 1;
	}
	if (key)
		return -1;
	return tok[object].flags & TOKEN_DIRTY ? added(rec, object, name, slot) : 0;
}

void places_renamed(struct record *rec, uint32_t key)
{
	const struct token *t = &rec->tape.tok[key];
	struct record_links *l = rec->links;

	if (key >= rec->tape.tok->next || t->flags & TOKEN_EDITED)
		return;
	XGROW(l->renamed, l->renames, l->renamed_cap);
	l->renamed[l->renames++] = (struct renamed){ key, t->at, t->len, t->flags };
}
