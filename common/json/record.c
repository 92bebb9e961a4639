/* record: scanning, finding and walking; every read sees earlier edits. */
#include "json/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "json/record_private.h"
#include "value/number.h"

void record_init(struct record *rec)
{
	memset(rec, 0, sizeof *rec);
	rec->links = xcalloc(1, sizeof *rec->links);
}

void record_release(struct record *rec)
{
	tape_release(&rec->tape);
	buf_release(&rec->edit);
	arena_release(&rec->arena);
	if (rec->links) {
		buf_release(&rec->links->copy_value);
		buf_release(&rec->links->copy);
		buf_release(&rec->links->change);
		free(rec->links->v);
		free(rec->links->renamed);
		free(rec->links);
	}
	memset(rec, 0, sizeof *rec);
}

int record_scan(struct record *rec, const char *line, size_t n, const struct scan_limits *limits, struct error *err)
{
	rec->line = (struct span){ line, n };
	if (rec->dirty) {
		buf_reset(&rec->edit);
		rec->links->n = rec->links->front = 0;
		rec->dirty = false;
	}
	rec->links->renames = 0;
	arena_reset(&rec->arena);
	return scan_text(&rec->tape, line, n, limits, err);
}

int record_copy(struct record *rec, const char *line, size_t n, const struct scan_limits *limits, struct error *err)
{
	struct buf *copy = &rec->links->copy;

	buf_reset(copy);
	if (n > SIZE_MAX - SCAN_PADDING || buf_try_reserve(copy, n + SCAN_PADDING))
		return error_set(err, EXIT_FAILED, "out of memory for a record of %zu bytes", n);
	buf_add(copy, line, n);
	memset(copy->p + n, 0, SCAN_PADDING);
	return record_scan(rec, copy->p, n, limits, err);
}

struct value record_root(const struct record *rec)
{
	return (struct value){ rec, slot_token(rec, 0) };
}

/* ---- walking */

enum { WALK_START, WALK_TAPE, WALK_LINKS, WALK_DONE };

static int follow_links(const struct record *rec, uint32_t container, struct walk *walk, uint32_t *slot)
{
	const struct token *tok = rec->tape.tok;
	const struct link *l;

	while (walk->link) {
		l = &rec->links->v[walk->link - 1];
		walk->link = l->next;
		if (tok[l->tok].flags & TOKEN_REMOVED)
			continue;
		*slot = l->tok + (tok[container].type == TOKEN_OBJECT);
		return 1;
	}
	return 0;
}

int walk_slot(const struct record *rec, uint32_t container, struct walk *walk, uint32_t *slot)
{
	const struct token *tok = rec->tape.tok, *t = &tok[container];
	uint32_t object = t->type == TOKEN_OBJECT, at;

	if (walk->done == WALK_START) {
		if (container == slot_token(rec, 0) && rec->dirty && rec->links->front && !walk->at)
			walk->link = rec->links->front;
		walk->at = container + 1;
		if (follow_links(rec, container, walk, slot)) {
			walk->done = walk->link ? WALK_START : WALK_TAPE;
			return 1;
		}
		walk->done = WALK_TAPE;
	}
	if (walk->done == WALK_TAPE) {
		while (walk->at < t->next) {
			at = walk->at;
			walk->at = tok[at + object].next;
			if (tok[at].flags & TOKEN_REMOVED)
				continue;
			*slot = at + object;
			return 1;
		}
		walk->done = WALK_LINKS;
		walk->link = t->flags & TOKEN_DIRTY ? t->len : 0;
	}
	if (walk->done == WALK_LINKS) {
		if (follow_links(rec, container, walk, slot))
			return 1;
		walk->done = WALK_DONE;
	}
	return 0;
}

int value_next(struct value parent, struct walk *walk, struct value *name, struct value *out)
{
	uint32_t slot;

	if (!walk_slot(parent.rec, parent.tok, walk, &slot))
		return 0;
	if (name)
		*name = value_type(parent) == TOKEN_OBJECT ? (struct value){ parent.rec, slot - 1 } : VALUE_NONE;
	*out = (struct value){ parent.rec, slot_token(parent.rec, slot) };
	return 1;
}

uint32_t value_count(struct value container)
{
	const struct token *t = value_token(container);
	struct walk walk = { 0, 0, 0 };
	uint32_t n = 0, slot;

	if (!is_container(t))
		return 0;
	if (!(t->flags & TOKEN_DIRTY) && t->aux < UINT16_MAX)
		return t->aux;
	while (walk_slot(container.rec, container.tok, &walk, &slot))
		n++;
	return n;
}

/* ---- finding */

static int find_member(const struct record *rec, uint32_t object, struct span name, uint32_t *guess, uint32_t *slot)
{
	const struct token *tok = rec->tape.tok;
	struct walk walk = { 0, 0, 0 };
	uint32_t g = guess ? *guess : 0;
	int found;

	/* a key knows its object, so a guess can be trusted without a walk */
	if (g && g < rec->tape.n && (tok[g].flags & (TOKEN_KEY | TOKEN_REMOVED)) == TOKEN_KEY && tok[g].aux == object &&
	    object < UINT16_MAX && key_is(rec, g, name)) {
		*slot = g + 1;
		return 1;
	}
	found = places_find(rec, object, name, slot);
	while (found < 0)
		found = !walk_slot(rec, object, &walk, slot) ? 0 : key_is(rec, *slot - 1, name) ? 1 : -1;
	if (found && guess)
		*guess = *slot - 1;
	return found;
}

static int find_element(const struct record *rec, uint32_t array, uint32_t index, uint32_t *slot)
{
	struct walk walk = { 0, 0, 0 };

	while (walk_slot(rec, array, &walk, slot))
		if (index-- == 0)
			return 1;
	return 0;
}

int find_slot(const struct record *rec, uint32_t container, const struct step *step, uint32_t *guess, uint32_t *slot)
{
	const struct token *t = &rec->tape.tok[container];

	if (t->type == TOKEN_OBJECT && step->kind == STEP_NAME)
		return find_member(rec, container, step->name, guess, slot);
	if (t->type == TOKEN_ARRAY && (step->kind == STEP_INDEX || step->either))
		return find_element(rec, container, step->index, slot);
	return 0;
}

struct first_match {
	struct value value;
};

static int take_first(void *ctx, struct value v)
{
	((struct first_match *)ctx)->value = v;
	return 1;
}

typedef int each_fn(void *ctx, struct value v);

/* Calls fn for each match below a token, from step i on. */
static int each_below(const struct record *rec, uint32_t at, const struct path *path, uint32_t i, each_fn *fn, void *ctx)
{
	struct walk walk = { 0, 0, 0 };
	uint32_t slot;
	int stop;

	for (; i < path->n; i++) {
		if (path->step[i].kind == STEP_EACH)
			break;
		if (!find_slot(rec, at, &path->step[i], NULL, &slot))
			return 0;
		at = slot_token(rec, slot);
	}
	if (i == path->n)
		return fn(ctx, (struct value){ rec, at });
	if (rec->tape.tok[at].type != TOKEN_ARRAY)
		return 0;
	while (walk_slot(rec, at, &walk, &slot)) {
		stop = each_below(rec, slot_token(rec, slot), path, i + 1, fn, ctx);
		if (stop)
			return stop;
	}
	return 0;
}

int record_each(const struct record *rec, const struct path *path, each_fn *fn, void *ctx)
{
	return each_below(rec, slot_token(rec, 0), path, 0, fn, ctx);
}

/* The token of the first match below a token, or UINT32_MAX. */
static uint32_t find_first(const struct record *rec, uint32_t at, const struct path *path, struct cursor *cursor)
{
	struct first_match first;
	uint32_t i, slot;

	if (path->each)
		return each_below(rec, at, path, 0, take_first, &first) ? first.value.tok : UINT32_MAX;
	for (i = 0; i < path->n; i++) {
		if (!find_slot(rec, at, &path->step[i], cursor && i < 4 ? &cursor->guess[i] : NULL, &slot))
			return UINT32_MAX;
		at = slot_token(rec, slot);
	}
	return at;
}

int value_get(struct value from, const struct path *path, struct cursor *cursor, struct value *out)
{
	const struct record *rec = from.rec;
	uint64_t shape = cursor && !rec->dirty ? rec->tape.shape : 0;
	uint32_t at;

	/* lines of one shape have it at one place, or none of them has it */
	if (shape && shape == cursor->shape && cursor->from == from.tok) {
		at = cursor->found - 1;
	} else {
		at = find_first(rec, from.tok, path, cursor);
		if (cursor) {
			cursor->shape = shape;
			cursor->from = from.tok;
			cursor->found = at + 1;
		}
	}
	if (at == UINT32_MAX)
		return 0;
	*out = (struct value){ rec, at };
	return 1;
}

int record_get(const struct record *rec, const struct path *path, struct cursor *cursor, struct value *out)
{
	return value_get(record_root(rec), path, cursor, out);
}

int value_member(struct value object, struct span name, struct value *out)
{
	uint32_t slot;

	if (value_type(object) != TOKEN_OBJECT || !find_member(object.rec, object.tok, name, NULL, &slot))
		return 0;
	*out = (struct value){ object.rec, slot_token(object.rec, slot) };
	return 1;
}

int value_int64(struct value v, int64_t *out)
{
	return value_type(v) == TOKEN_NUMBER ? number_int64(value_bytes(v), out) : -1;
}
