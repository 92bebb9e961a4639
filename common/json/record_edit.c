/* record_edit: edits that patch the tape. */
#include <string.h>

#include "base/xalloc.h"
#include "json/record_private.h"
#include "json/scan_private.h"

enum edit_kind { EDIT_SET, EDIT_REMOVE, EDIT_RENAME };

struct edit {
	struct record *rec;
	const struct path *path;
	struct cursor *cursor;	/* or NULL */
	enum edit_kind kind;
	bool deep;		/* objects are made for missing parents */
	struct span json;	/* EDIT_SET: the value; borrowed, not from the edit buffer */
	struct span name;	/* EDIT_RENAME: unescaped */
	struct error *err;
};

/* Edits are bounded by memory: what a line may hold was judged when it was scanned. */
static const struct scan_limits edit_limits = { 1024, INT32_MAX };

void record_mark_dirty(struct record *rec, uint32_t container)
{
	struct token *t = &rec->tape.tok[container];

	rec->dirty = true;
	if (t->flags & TOKEN_DIRTY)
		return;
	t->flags |= TOKEN_DIRTY;
	t->len = t->at = 0;
}

/* Room in the edit buffer for n bytes and padding. */
static int make_room(struct record *rec, size_t n, struct error *err)
{
	if (rec->edit.cap - rec->edit.n < n + SCAN_PADDING && (n > INT32_MAX - rec->edit.n || buf_try_reserve(&rec->edit, n + SCAN_PADDING)))
		return error_set(err, EXIT_FAILED, "out of memory for an edited record");
	return 0;
}

/* Adds text to the edit buffer; *at is where it starts. */
static int add_text(struct record *rec, struct span text, size_t *at, struct error *err)
{
	if (make_room(rec, text.n, err))
		return -1;
	*at = rec->edit.n;
	buf_add(&rec->edit, text.p, text.n);
	return 0;
}

/* Scans text in the edit buffer onto the tape. */
static int scan_edit(struct record *rec, size_t at, size_t n, struct error *err)
{
	uint32_t i, first = rec->tape.n;

	memset(rec->edit.p + rec->edit.n, 0, SCAN_PADDING);
	if (scan_onto(&rec->tape, rec->edit.p, at, n, &edit_limits, err))
		return -1;
	for (i = first; i < rec->tape.n; i++)
		rec->tape.tok[i].flags |= TOKEN_EDITED;
	return 0;
}

/* Eight bytes are digits. */
static inline bool digits8(uint64_t v)
{
	const uint64_t high = 0xf0f0f0f0f0f0f0f0u, zeros = 0x3030303030303030u;

	return (v & high) == zeros && ((v + 0x0606060606060606u) & high) == zeros;
}

/* An integer without a sign, as JSON writes it. */
static bool is_natural(const char *p, size_t n)
{
	const uint64_t zeros = 0x3030303030303030u;
	size_t i;

	if (!n || (*p == '0' && n > 1))
		return false;
	if (n >= 8) {	/* the last eight may overlap those before */
		for (i = 0; i + 8 <= n; i += 8)
			if (!digits8(bytes_at(p + i, 8)))
				return false;
		return digits8(bytes_at(p + n - 8, 8));
	}
	if (n >= 4)
		return digits8(bytes_at(p, 4) | zeros << 32) && digits8(bytes_at(p + n - 4, 4) | zeros << 32);
	for (i = 0; i < n && p[i] >= '0' && p[i] <= '9'; i++)
		;
	return i == n;
}

/* The token of a scalar that needs no scanner, as most that are set: a string in ASCII without escapes, an integer. */
static bool plain_scalar(struct span json, size_t at, struct token *t)
{
	bool string = json.n >= 2 && json.p[0] == '"', minus = json.n && json.p[0] == '-';

	if (string ? json.p[json.n - 1] != '"' || !json_is_plain((struct span){ json.p + 1, json.n - 2 })
	    : !is_natural(json.p + minus, json.n - minus))
		return false;
	t->at = (uint32_t)(at + string);
	t->len = (uint32_t)(json.n - 2 * string);
	t->type = string ? TOKEN_STRING : TOKEN_NUMBER;
	t->flags = TOKEN_EDITED | (string ? TOKEN_ASCII : TOKEN_INTEGER);
	return true;
}

/* Puts JSON text in the place of a slot. */
int record_set_slot(struct record *rec, uint32_t slot, struct span json, struct error *err)
{
	uint32_t first = rec->tape.n;
	struct token *t, *s;
	size_t at;

	if (add_text(rec, json, &at, err))
		return -1;
	rec->dirty = true;
	if (plain_scalar(json, at, &rec->tape.tok[slot]))
		return 0;
	if (scan_edit(rec, at, json.n, err))
		return -1;
	t = &rec->tape.tok[first];
	s = &rec->tape.tok[slot];
	if (is_container(t)) {
		s->flags = TOKEN_MOVED;
		s->at = first;
		return 0;
	}
	s->at = t->at;
	s->len = t->len;
	s->type = t->type;
	s->flags = t->flags;
	rec->tape.n = first;
	return 0;
}

/* ---- new members and elements */

static uint32_t push_token(struct record *rec, struct error *err)
{
	struct scan_fault fault;

	if (rec->tape.n == rec->tape.cap && scan_grow(&rec->tape, &edit_limits, &fault, 0)) {
		error_set(err, EXIT_FAILED, "out of memory for an edited record");
		return UINT32_MAX;
	}
	rec->tape.tok[rec->tape.n] = (struct token){ .next = rec->tape.n + 1, .type = TOKEN_NULL, .flags = TOKEN_EDITED };
	return rec->tape.n++;
}

/* Writes a name into a key token. */
static int set_key(struct record *rec, uint32_t key, struct span name, struct error *err)
{
	struct token *t = &rec->tape.tok[key];
	size_t at = rec->edit.n;

	if (make_room(rec, 6 * name.n + 2, err))	/* escaped, every byte of it */
		return -1;
	if (json_add_string(&rec->edit, name))
		return error_data(err, "bad-utf8", "the name '%s' is no UTF-8", error_show(name));
	t->at = (uint32_t)at + 1;
	t->len = (uint32_t)(rec->edit.n - at) - 2;
	t->flags = (uint8_t)(TOKEN_KEY | TOKEN_EDITED | (t->len != name.n ? TOKEN_ESCAPED : 0));
	t->type = TOKEN_STRING;
	return 0;
}

static struct link *new_link(struct record *rec, uint32_t tok)
{
	struct record_links *l = rec->links;

	XGROW(l->v, l->n, l->cap);
	l->v[l->n] = (struct link){ tok, 0 };
	return &l->v[l->n++];
}

/* Chains a new member or element behind the others of its container. */
static void append_link(struct record *rec, uint32_t container, uint32_t tok)
{
	struct record_links *l = rec->links;
	struct token *t;

	record_mark_dirty(rec, container);
	new_link(rec, tok);
	t = &rec->tape.tok[container];
	if (t->at)
		l->v[t->at - 1].next = l->n;
	else
		t->len = l->n;
	t->at = l->n;
}

/* Makes a key (in an object) and a slot at the end of the tape. Returns the slot, or UINT32_MAX. */
static uint32_t make_member(struct record *rec, uint32_t container, struct span name, struct error *err)
{
	uint32_t key = 0, slot;

	if (rec->tape.tok[container].type == TOKEN_OBJECT) {
		key = push_token(rec, err);
		if (key == UINT32_MAX || set_key(rec, key, name, err))
			return UINT32_MAX;
		rec->tape.tok[key].aux = UINT16_MAX;
	}
	slot = push_token(rec, err);
	if (slot != UINT32_MAX && key)
		rec->tape.tok[key].next = slot + 1;
	return slot;
}

/* ---- walking to the place of an edit */

static int no_parent(const struct edit *e, uint32_t i, const char *code, const char *why)
{
	(void)i;
	if (e->kind != EDIT_SET)
		return 0;	/* nothing there to remove or rename */
	return error_data(e->err, code, "%s '%s' %s", e->path->n ? "path" : "the record", error_show(e->path->text), why);
}

static int edit_below(const struct edit *e, uint32_t container, uint32_t i);

static int rename_slot(const struct edit *e, uint32_t container, uint32_t slot)
{
	struct step step = { .kind = STEP_NAME, .name = e->name };
	uint32_t other;

	if (e->rec->tape.tok[container].type != TOKEN_OBJECT)
		return error_data(e->err, "not-a-container", "'%s' is no member: it has no name", error_show(e->path->text));
	if (value_text_is((struct value){ e->rec, slot - 1 }, e->name))
		return 0;
	if (find_slot(e->rec, container, &step, NULL, &other))
		return error_data(e->err, "name-exists", "cannot rename '%s': there is a member '%s' already",
				  error_show(e->path->text), error_show(e->name));
	places_renamed(e->rec, slot - 1);
	return set_key(e->rec, slot - 1, e->name, e->err) ? -1 : 1;
}

/* The edit itself. 1 changed, 0 not, -1 error. */
static int apply(const struct edit *e, uint32_t container, uint32_t slot)
{
	bool object = e->rec->tape.tok[container].type == TOKEN_OBJECT;

	if (e->kind == EDIT_SET)
		return record_set_slot(e->rec, slot, e->json, e->err) ? -1 : 1;
	if (e->kind == EDIT_RENAME)
		return rename_slot(e, container, slot);
	e->rec->tape.tok[slot - object].flags |= TOKEN_REMOVED;
	return 1;
}

static int go_on(const struct edit *e, uint32_t container, uint32_t slot, uint32_t i)
{
	uint32_t child = slot_token(e->rec, slot);

	if (i + 1 == e->path->n)
		return apply(e, container, slot);
	if (!is_container(&e->rec->tape.tok[child]))
		return no_parent(e, i, "not-a-container", "goes through a value that holds no others");
	return edit_below(e, child, i + 1);
}

static int edit_each(const struct edit *e, uint32_t container, uint32_t i)
{
	struct walk walk = { 0, 0, 0 };
	int changed = 0, got;
	uint32_t slot;

	if (e->rec->tape.tok[container].type != TOKEN_ARRAY)
		return no_parent(e, i, "not-a-container", "wants an array");
	while (walk_slot(e->rec, container, &walk, &slot)) {
		got = go_on(e, container, slot, i);
		if (got < 0)
			return -1;
		changed |= got;
	}
	return changed;
}

/* What a set does where there is nothing yet. */
static int create(const struct edit *e, uint32_t container, uint32_t i)
{
	const struct step *step = &e->path->step[i];
	bool object = e->rec->tape.tok[container].type == TOKEN_OBJECT, last = i + 1 == e->path->n;
	uint32_t slot;

	if (object ? step->kind != STEP_NAME : step->kind == STEP_NAME && !step->either)
		return no_parent(e, i, "not-a-container", object ? "has an index where an object is" : "has a name where an array is");
	if (!last && !e->deep)
		return no_parent(e, i, "no-parent", "leads through a value that is not there");
	if (!object && step->index != value_count((struct value){ e->rec, container }))
		return no_parent(e, i, "no-parent", "is past the end of its array");
	slot = make_member(e->rec, container, step->name, e->err);
	if (slot == UINT32_MAX || record_set_slot(e->rec, slot, last ? e->json : SPAN_LIT("{}"), e->err))
		return -1;
	append_link(e->rec, container, slot - object);
	return last ? 1 : go_on(e, container, slot, i) < 0 ? -1 : 1;
}

/* 1 something below changed, 0 nothing did, -1 error. */
static int edit_below(const struct edit *e, uint32_t container, uint32_t i)
{
	const struct step *step = &e->path->step[i];
	uint32_t *guess = e->cursor && i < 4 ? &e->cursor->guess[i] : NULL, slot;
	int got;

	if (step->kind == STEP_EACH)
		got = edit_each(e, container, i);
	else if (find_guessed(e->rec, container, step, guess, &slot))
		got = go_on(e, container, slot, i);
	else
		got = e->kind == EDIT_SET ? create(e, container, i) : 0;
	if (got > 0)
		record_mark_dirty(e->rec, container);
	return got;
}

static int edit(const struct edit *e)
{
	uint32_t root = slot_token(e->rec, 0);

	if (e->path->n == 0) {
		if (e->kind != EDIT_SET)
			return error_data(e->err, "no-parent", "the whole record can be neither removed nor renamed");
		e->rec->links->front = 0;
		return record_set_slot(e->rec, 0, e->json, e->err);
	}
	if (!is_container(&e->rec->tape.tok[root]))
		return no_parent(e, 0, "not-a-container", "leads into a record that is no object");
	return edit_below(e, root, 0) < 0 ? -1 : 0;
}

int record_set(struct record *rec, const struct path *path, struct span json, struct error *err)
{
	const struct edit e = { .rec = rec, .path = path, .kind = EDIT_SET, .json = json, .err = err };

	return edit(&e);
}

int record_set_deep(struct record *rec, const struct path *path, struct span json, struct error *err)
{
	const struct edit e = { .rec = rec, .path = path, .kind = EDIT_SET, .deep = true, .json = json, .err = err };

	return edit(&e);
}

static int put(struct record *rec, const struct path *path, struct value v, bool deep, struct error *err)
{
	struct buf text = rec->links->copy_value;
	struct edit e = { .rec = rec, .path = path, .kind = EDIT_SET, .deep = deep, .err = err };
	int failed;

	buf_reset(&text);
	value_write(v, &text);
	e.json = buf_span(&text);
	failed = edit(&e);
	rec->links->copy_value = text;
	return failed;
}

int record_put(struct record *rec, const struct path *path, struct value v, struct error *err)
{
	return put(rec, path, v, false, err);
}

int record_put_deep(struct record *rec, const struct path *path, struct value v, struct error *err)
{
	return put(rec, path, v, true, err);
}

int record_remove(struct record *rec, const struct path *path, struct error *err)
{
	const struct edit e = { .rec = rec, .path = path, .kind = EDIT_REMOVE, .err = err };

	return edit(&e);
}

int record_rename_at(struct record *rec, const struct path *path, struct cursor *cursor, struct span name, struct error *err)
{
	const struct edit e = { .rec = rec, .path = path, .cursor = cursor, .kind = EDIT_RENAME, .name = name, .err = err };

	return edit(&e);
}

int record_rename(struct record *rec, const struct path *path, struct span name, struct error *err)
{
	return record_rename_at(rec, path, NULL, name, err);
}

int record_set_first(struct record *rec, struct span name, struct span json, struct error *err)
{
	struct step step = { .kind = STEP_NAME, .name = name };
	uint32_t root = slot_token(rec, 0), slot;
	struct link *l;

	if (rec->tape.tok[root].type != TOKEN_OBJECT)
		return error_data(err, "not-a-container", "the record is no object");
	if (find_slot(rec, root, &step, NULL, &slot)) {
		if (record_set_slot(rec, slot, json, err))
			return -1;
	} else {
		slot = make_member(rec, root, name, err);
		if (slot == UINT32_MAX || record_set_slot(rec, slot, json, err))
			return -1;
		l = new_link(rec, slot - 1);
		l->next = rec->links->front;
		rec->links->front = rec->links->n;
	}
	record_mark_dirty(rec, root);
	return 0;
}
