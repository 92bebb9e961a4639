/* equal: equality and hash of values. */
#include "json/equal.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "value/number.h"

enum { TOP_SYNC = 1 << 8 };	/* how: `_sync` of this object doesn't count */
enum { ROOM = 64 };		/* members that are sorted at a time without an allocation */

struct member {
	struct value name, value;
	struct span text;	/* the name, unescaped */
};

/* Where members are sorted, those of an object behind those of the object that it is in. */
struct room {
	uint32_t used;
	struct member v[ROOM];
};

struct members {
	struct member *v;	/* in the room, or in the arena */
	uint32_t n, before;	/* before: what the room had used */
	struct arena arena;	/* of what the room is too small for, and of names with escapes */
};

static bool equal(struct value a, struct value b, unsigned how, struct room *room);
static struct hash128 hash(struct value v, const struct hash_key *key, unsigned how, struct room *room);

static bool ignored(struct value name, struct value v, unsigned how)
{
	return ((how & EQUAL_ABSENT_NULL) && value_type(v) == TOKEN_NULL) || ((how & TOP_SYNC) && value_text_is(name, SPAN_LIT("_sync")));
}

static int by_name(const void *a, const void *b)
{
	return span_cmp(((const struct member *)a)->text, ((const struct member *)b)->text);
}

/* The members that count, sorted by name. */
static void sort_members(struct members *m, struct value object, unsigned how, struct room *room)
{
	uint32_t most = value_count(object) + 1;	/* one more is looked at than is kept */
	struct walk walk = { 0, 0, 0 };
	struct member *at;
	bool in_order = true;

	*m = (struct members){ .before = room->used, .arena = ARENA_INIT };
	if (most <= ROOM - room->used) {
		m->v = room->v + room->used;
		room->used += most;
	} else {
		m->v = arena_alloc(&m->arena, most * sizeof *m->v);
	}
	for (at = m->v; value_next(object, &walk, &at->name, &at->value); ) {
		if (ignored(at->name, at->value, how))
			continue;
		at->text = value_text(at->name, &m->arena);
		in_order = in_order && (m->n == 0 || span_cmp(at[-1].text, at->text) < 0);
		at = &m->v[++m->n];
	}
	if (!in_order)
		qsort(m->v, m->n, sizeof *m->v, by_name);
}

static void release_members(struct members *m, struct room *room)
{
	room->used = m->before;
	arena_release(&m->arena);
}

static bool objects_equal_sorted(struct value a, struct value b, unsigned how, struct room *room)
{
	struct members x, y;
	bool same;
	uint32_t i;

	sort_members(&x, a, how, room);
	sort_members(&y, b, how, room);
	same = x.n == y.n;
	for (i = 0; same && i < x.n; i++)
		same = span_eq(x.v[i].text, y.v[i].text) && equal(x.v[i].value, y.v[i].value, 0, room);
	release_members(&y, room);
	release_members(&x, room);
	return same;
}

/* The next member that counts: 1 or 0. */
static int next_counted(struct value object, struct walk *walk, struct value *name, struct value *v, unsigned how)
{
	while (value_next(object, walk, name, v))
		if (!how || !ignored(*name, *v, how))
			return 1;
	return 0;
}

static bool names_equal(struct value a, struct value b)
{
	if (!((value_token(a)->flags | value_token(b)->flags) & TOKEN_ESCAPED))
		return span_eq(value_bytes(a), value_bytes(b));
	if (!(value_token(a)->flags & TOKEN_ESCAPED))
		return value_text_is(b, value_bytes(a));
	return false;	/* perhaps equal, left to the sorted way */
}

static bool objects_equal(struct value a, struct value b, unsigned how, struct room *room)
{
	struct walk wa = { 0, 0, 0 }, wb = { 0, 0, 0 };
	struct value na, nb, va, vb;
	int more;

	/* the usual case: the same names in the same order */
	for (;;) {
		more = next_counted(a, &wa, &na, &va, how);
		if (more != next_counted(b, &wb, &nb, &vb, how))
			return objects_equal_sorted(a, b, how, room);
		if (!more)
			return true;
		if (!names_equal(na, nb))
			return objects_equal_sorted(a, b, how, room);
		if (!equal(va, vb, 0, room))
			return false;
	}
}

static bool arrays_equal(struct value a, struct value b, struct room *room)
{
	struct walk wa = { 0, 0, 0 }, wb = { 0, 0, 0 };
	struct value va, vb;
	int more;

	for (;;) {
		more = value_next(a, &wa, NULL, &va);
		if (more != value_next(b, &wb, NULL, &vb))
			return false;
		if (!more)
			return true;
		if (!equal(va, vb, 0, room))
			return false;
	}
}

static bool strings_equal(struct value a, struct value b)
{
	struct arena arena = ARENA_INIT;
	bool equal;

	if (!(value_token(a)->flags & TOKEN_ESCAPED))
		return value_text_is(b, value_bytes(a));
	if (!(value_token(b)->flags & TOKEN_ESCAPED))
		return value_text_is(a, value_bytes(b));
	equal = value_text_is(b, value_text(a, &arena));
	arena_release(&arena);
	return equal;
}

static bool equal(struct value a, struct value b, unsigned how, struct room *room)
{
	if (value_type(a) != value_type(b))
		return false;
	switch (value_type(a)) {
	case TOKEN_NUMBER:
		return number_equal(value_bytes(a), value_bytes(b));
	case TOKEN_STRING:
		return strings_equal(a, b);
	case TOKEN_ARRAY:
		return arrays_equal(a, b, room);
	case TOKEN_OBJECT:
		return objects_equal(a, b, how, room);
	default:
		return true;
	}
}

bool value_equal(struct value a, struct value b, unsigned how)
{
	struct room room;

	room.used = 0;
	return equal(a, b, how, &room);
}

bool record_equal(const struct record *a, const struct record *b, unsigned how)
{
	return value_equal(record_root(a), record_root(b), how | TOP_SYNC);
}

/* ---- hash: of a type and a text, or of a type and the hashes below in order */

static struct hash128 hash_number(struct span digits, const struct hash_key *key)
{
	char room[128], *text = digits.n + NUMBER_CANONICAL_EXTRA <= sizeof room ? room : xmalloc(digits.n + NUMBER_CANONICAL_EXTRA);
	struct hash128 h = hash_bytes(text, number_canonical(digits, text), key);

	if (text != room)
		free(text);
	return h;
}

static struct hash128 hash_string(struct value v, const struct hash_key *key)
{
	struct arena arena = ARENA_INIT;
	struct hash128 h;
	struct span text;

	text = value_text(v, &arena);
	h = hash_bytes(text.p, text.n, key);
	arena_release(&arena);
	return h;
}

static struct hash128 hash_object(struct value v, const struct hash_key *key, unsigned how, struct room *room)
{
	struct hash128 h, name;
	struct members m;
	uint32_t i;

	sort_members(&m, v, how, room);
	h = (struct hash128){ TOKEN_OBJECT, m.n };
	for (i = 0; i < m.n; i++) {
		name = hash_bytes(m.v[i].text.p, m.v[i].text.n, key);
		h = hash_combine(h, hash_combine(name, hash(m.v[i].value, key, 0, room), key), key);
	}
	release_members(&m, room);
	return h;
}

static struct hash128 hash_array(struct value v, const struct hash_key *key, struct room *room)
{
	struct hash128 h = { TOKEN_ARRAY, 0 };
	struct walk walk = { 0, 0, 0 };
	struct value element;

	while (value_next(v, &walk, NULL, &element))
		h = hash_combine(h, hash(element, key, 0, room), key);
	return h;
}

static struct hash128 hash(struct value v, const struct hash_key *key, unsigned how, struct room *room)
{
	struct hash128 type = { value_type(v), 0 }, h = { 0, 0 };

	switch (value_type(v)) {
	case TOKEN_NUMBER:
		h = hash_number(value_bytes(v), key);
		break;
	case TOKEN_STRING:
		h = hash_string(v, key);
		break;
	case TOKEN_ARRAY:
		return hash_array(v, key, room);
	case TOKEN_OBJECT:
		return hash_object(v, key, how, room);
	default:
		break;
	}
	return hash_combine(type, h, key);
}

struct hash128 value_hash(struct value v, const struct hash_key *key, unsigned how)
{
	struct room room;

	room.used = 0;
	return hash(v, key, how, &room);
}

struct hash128 record_hash(const struct record *rec, const struct hash_key *key, unsigned how)
{
	return value_hash(record_root(rec), key, how | TOP_SYNC);
}
