/* record_change: edits whose outcome depends on what stands there: values changed, members kept, in one walk. */
#include "json/record_private.h"

struct changing {
	struct record *rec;
	const struct path *path;
	struct cursor *cursor;	/* or NULL */
	change_fn *fn;
	void *ctx;
	struct error *err;
};

static void remove_slot(struct record *rec, uint32_t container, uint32_t slot)
{
	rec->tape.tok[slot - (rec->tape.tok[container].type == TOKEN_OBJECT)].flags |= TOKEN_REMOVED;
}

/* 1 changed, 0 not, -1 error. */
static int change_slot(const struct changing *c, uint32_t container, uint32_t slot)
{
	struct buf *json = &c->rec->links->change;
	struct value v = { c->rec, slot_token(c->rec, slot) };
	int what;

	buf_reset(json);
	what = c->fn(c->ctx, v, json, c->err);
	if (what == CHANGE_SET)
		return record_set_slot(c->rec, slot, buf_span(json), c->err) ? -1 : 1;
	if (what == CHANGE_REMOVE)
		remove_slot(c->rec, container, slot);
	return what < 0 ? -1 : what == CHANGE_REMOVE;
}

static int change_below(const struct changing *c, uint32_t container, uint32_t i);

static int change_at(const struct changing *c, uint32_t container, uint32_t slot, uint32_t i)
{
	uint32_t child = slot_token(c->rec, slot);

	if (i + 1 == c->path->n)
		return change_slot(c, container, slot);
	return is_container(&c->rec->tape.tok[child]) ? change_below(c, child, i + 1) : 0;
}

static int change_each(const struct changing *c, uint32_t container, uint32_t i)
{
	struct walk walk = { 0, 0, 0 };
	int changed = 0, got;
	uint32_t slot;

	if (c->rec->tape.tok[container].type != TOKEN_ARRAY)
		return 0;
	while (walk_slot(c->rec, container, &walk, &slot)) {
		got = change_at(c, container, slot, i);
		if (got < 0)
			return -1;
		changed |= got;
	}
	return changed;
}

static int change_below(const struct changing *c, uint32_t container, uint32_t i)
{
	const struct step *step = &c->path->step[i];
	uint32_t *guess = c->cursor && i < 4 ? &c->cursor->guess[i] : NULL, slot;
	int got = 0;

	if (step->kind == STEP_EACH)
		got = change_each(c, container, i);
	else if (find_guessed(c->rec, container, step, guess, &slot))
		got = change_at(c, container, slot, i);
	if (got > 0)
		record_mark_dirty(c->rec, container);
	return got;
}

static int change_root(const struct changing *c)
{
	struct buf *json = &c->rec->links->change;
	int what;

	buf_reset(json);
	what = c->fn(c->ctx, record_root(c->rec), json, c->err);
	if (what == CHANGE_REMOVE)
		return error_data(c->err, "no-parent", "the whole record can't be removed");
	if (what != CHANGE_SET)
		return what < 0 ? -1 : 0;
	c->rec->links->front = 0;
	return record_set_slot(c->rec, 0, buf_span(json), c->err);
}

int record_change(struct record *rec, const struct path *path, struct cursor *cursor, change_fn *fn, void *ctx, struct error *err)
{
	const struct changing c = { rec, path, cursor, fn, ctx, err };
	uint32_t root = slot_token(rec, 0);

	if (path->n == 0)
		return change_root(&c);
	if (!is_container(&rec->tape.tok[root]))
		return 0;
	return change_below(&c, root, 0) < 0 ? -1 : 0;
}

/* True if something went. */
static bool prune_below(struct record *rec, uint32_t container, uint32_t depth, prune_fn *fn, void *ctx)
{
	bool object = rec->tape.tok[container].type == TOKEN_OBJECT, changed = false;
	struct walk walk = { 0, 0, 0 };
	uint32_t slot, index = 0, child;
	struct value name, v;
	enum change_to what;

	while (walk_slot(rec, container, &walk, &slot)) {
		child = slot_token(rec, slot);
		name = object ? (struct value){ rec, slot - 1 } : VALUE_NONE;
		v = (struct value){ rec, child };
		what = fn(ctx, depth, name, index++, v);
		if (what == CHANGE_INSIDE && is_container(&rec->tape.tok[child])) {
			changed |= prune_below(rec, child, depth + 1, fn, ctx);
		} else if (what != CHANGE_NOT) {
			remove_slot(rec, container, slot);
			changed = true;
		}
	}
	if (changed)
		record_mark_dirty(rec, container);
	return changed;
}

void record_prune(struct record *rec, prune_fn *fn, void *ctx)
{
	uint32_t root = slot_token(rec, 0);

	if (is_container(&rec->tape.tok[root]))
		(void)prune_below(rec, root, 0, fn, ctx);
}
