/* load_fold: what a change stream makes of each key, folded into one line: a whole row, an update, or that it is gone. */
#include "json/equal.h"
#include "load_upsert.h"
#include "merge/clock.h"

const struct scan_limits fold_limits = { 1024, INT32_MAX };

/* ---- members */

static struct path one_name(struct step *step, struct span name)
{
	*step = (struct step){ .kind = STEP_NAME, .name = name };
	return (struct path){ .step = step, .n = 1, .text = name };
}

/* Every member of an object set in `to`; those that are there as equal values stay as they are written. */
int put_members(struct upsert *u, struct record *to, struct value from, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct value name, v, was;
	struct step step;
	struct path path;
	struct span text;
	int failed = 0;

	while (!failed && value_next(from, &walk, &name, &v)) {
		text = value_text(name, &u->arena);
		if (value_member(record_root(to), text, &was) && compare_values(was, u->table, v, shape_is_untyped(&u->shape, text), &u->arena))
			continue;
		path = one_name(&step, text);
		failed = record_put(to, &path, v, err);
	}
	return failed;
}

/* `null`: as in CSV, where a row that lacks a column leaves it as it was. */
static int drop_names(struct record *to, struct value names, bool null, struct error *err)
{
	struct arena arena = ARENA_INIT;
	struct walk walk = { 0, 0, 0 };
	struct value v;
	struct step step;
	struct path path;
	int failed = 0;

	while (!failed && value_type(names) == TOKEN_ARRAY && value_next(names, &walk, NULL, &v)) {
		if (value_type(v) != TOKEN_STRING)
			continue;
		path = one_name(&step, value_text(v, &arena));
		failed = null ? record_set(to, &path, SPAN_LIT("null"), err) : record_remove(to, &path, err);
	}
	arena_release(&arena);
	return failed;
}

int remove_names(struct record *to, struct value names, struct error *err)
{
	return drop_names(to, names, false, err);
}

struct update update_of(const struct record *line)
{
	struct walk walk = { 0, 0, 0 };
	struct update u;

	value_next(record_root(line), &walk, NULL, &u.unset);
	value_next(record_root(line), &walk, NULL, &u.set);
	return u;
}

/* A clock; in CSV a number may be text. */
static struct row_clock clock_of(struct upsert *u, struct value v)
{
	struct row_clock c = row_clock_read(v, &u->arena);
	struct buf number = BUF_INIT;

	if (c.kind == CLOCK_NONE && u->table && retype(v, SHAPE_NUMBER, &u->arena, &number))
		c = (struct row_clock){ .kind = CLOCK_NUMBER, .number = arena_span(&u->arena, buf_span(&number)) };
	buf_release(&number);
	return c;
}

bool is_newer(const struct load *l, struct upsert *u, struct value a, struct value b)
{
	struct row_clock x, y;
	struct value v, w;

	if (!l->o->newer || !value_member(a, span_of(l->o->newer), &v) || !value_member(b, span_of(l->o->newer), &w))
		return false;
	x = clock_of(u, v);
	y = clock_of(u, w);
	if (x.kind == CLOCK_NONE && y.kind == CLOCK_NONE && value_type(v) == TOKEN_STRING && value_type(w) == TOKEN_STRING)
		return span_cmp(value_text(v, &u->arena), value_text(w, &u->arena)) > 0;	/* dates, versions, … */
	return row_clock_compare(&x, &y, 0) > 0;
}

/* ---- lines */

static int keep(struct upsert *u, struct pending *p, enum pending_kind kind, struct span line, struct error *err)
{
	p->kind = (uint8_t)kind;
	p->seq = ++u->seq;
	return kind == GONE ? 0 : store_add(&u->store, line, &p->at, err);
}

int fold_keep_row(struct upsert *u, struct pending *p, const struct record *rec, struct error *err)
{
	buf_reset(&u->line);
	record_write(rec, &u->line);
	return keep(u, p, ROW, buf_span(&u->line), err);
}

int fold_fetch(struct upsert *u, const struct pending *p, struct record *into, struct error *err)
{
	if (store_get(&u->store, p->at, &u->line, err))
		return -1;
	return record_copy(into, u->line.p, u->line.n, &fold_limits, err);
}

static bool is_named(struct value names, struct value name)
{
	struct walk walk = { 0, 0, 0 };
	struct value v;

	while (value_next(names, &walk, NULL, &v))
		if (value_type(v) == TOKEN_STRING && value_equal(v, name, 0))
			return true;
	return false;
}

/* The removals of the first update that the second one doesn't set again, and those of the second. */
static void join_unset(struct update first, struct update second, struct buf *out)
{
	struct walk walk = { 0, 0, 0 };
	struct arena arena = ARENA_INIT;
	const char *comma = "";
	struct value v, x;

	buf_addc(out, '[');
	while (value_next(first.unset, &walk, NULL, &v)) {
		if (value_member(second.set, value_text(v, &arena), &x) || is_named(second.unset, v))
			continue;
		buf_adds(out, comma);
		value_write(v, out);
		comma = ",";
	}
	for (walk = (struct walk){ 0, 0, 0 }; value_next(second.unset, &walk, NULL, &v); comma = ",") {
		buf_adds(out, comma);
		value_write(v, out);
	}
	buf_addc(out, ']');
	arena_release(&arena);
}

/* The update in u->rec, then a second one: one that does what both do. */
static int join_updates(struct upsert *u, struct pending *to, struct update second, struct error *err)
{
	struct update first = update_of(&u->rec);
	struct buf line = BUF_INIT, members = BUF_INIT;
	struct record both;
	int failed;

	record_init(&both);
	buf_addc(&line, '[');
	join_unset(first, second, &line);
	buf_addc(&line, ',');
	value_write(first.set, &members);
	failed = record_copy(&both, members.p, members.n, &fold_limits, err) || put_members(u, &both, second.set, err) ||
		remove_names(&both, second.unset, err);
	if (!failed) {
		record_write(&both, &line);
		buf_addc(&line, ']');
		failed = keep(u, to, UPDATE, buf_span(&line), err);
	}
	record_release(&both);
	buf_release(&line);
	buf_release(&members);
	return failed ? -1 : 0;
}

/* The line of the record in hand, which is an update. */
static void update_line(struct load *l, const struct record *rec, struct buf *line)
{
	struct arena arena = ARENA_INIT;
	struct walk walk = { 0, 0, 0 };
	const char *comma = "";
	struct value names, v;

	buf_adds(line, "[[");
	if (load_member(l, "unset", &names) && value_type(names) == TOKEN_ARRAY)
		while (value_next(names, &walk, NULL, &v)) {
			if (value_type(v) != TOKEN_STRING)
				continue;
			buf_adds(line, comma);
			json_add_string(line, name_restored(value_text(v, &arena)));
			comma = ",";
		}
	buf_adds(line, "],");
	record_write(rec, line);
	buf_addc(line, ']');
	arena_release(&arena);
}

/* Puts what an update makes of a key's line under another key's entry, or the same. */
static int fold_update(struct upsert *u, const struct pending *from, struct pending *to, struct span line, struct error *err)
{
	struct record second;
	int failed;

	record_init(&second);
	failed = fold_fetch(u, from, &u->rec, err) || record_copy(&second, line.p, line.n, &fold_limits, err);
	if (!failed && from->kind == UPDATE)
		failed = join_updates(u, to, update_of(&second), err);
	else if (!failed)
		failed = put_members(u, &u->rec, update_of(&second).set, err) || drop_names(&u->rec, update_of(&second).unset, u->table, err) ||
			fold_keep_row(u, to, &u->rec, err);
	record_release(&second);
	return failed ? -1 : 0;
}

/* ---- keys */

/* What the types of the key's values are, for the old file, whose values have none. */
static int look_at(struct upsert *u, struct value from, struct error *err)
{
	struct value v;
	uint32_t i;

	for (i = 0; u->table && i < u->key.n; i++) {
		if (!value_get(from, &u->key.part[i].path, NULL, &v))
			continue;
		switch (value_type(v)) {
		case TOKEN_NUMBER:
			u->seen[i].number = true;
			break;
		case TOKEN_TRUE:
		case TOKEN_FALSE:
			u->seen[i].boolean = true;
			break;
		case TOKEN_STRING:
			u->seen[i].text = true;
			break;
		default:
			error_data(err, "bad-key", "the key '%s' is an object or an array, which CSV can't have", error_show(u->key.part[i].path.text));
			return LOAD_REJECT;
		}
	}
	return 0;
}

static int key_of(struct upsert *u, const struct record *rec, struct hash128 *hash, struct error *err)
{
	buf_reset(&u->bytes);
	if (key_bytes(&u->key, rec, &u->bytes, err))
		return LOAD_REJECT;
	*hash = key_hash(buf_span(&u->bytes), 0, &u->secret);
	return look_at(u, record_root(rec), err);
}

/* The old key, if the change moves it: 1, 0, or LOAD_REJECT as -2. */
static int moved_from(struct load *l, struct upsert *u, struct hash128 now, struct hash128 *old, struct error *err)
{
	struct value v;

	if (!load_member(l, "key", &v) || value_type(v) != TOKEN_OBJECT)
		return 0;
	buf_reset(&u->bytes);
	if (key_bytes_of(&u->key, v, &u->bytes, err) || look_at(u, v, err))
		return -2;
	*old = key_hash(buf_span(&u->bytes), 0, &u->secret);
	return !hash128_eq(*old, now);
}

/* The entry of a key; a new one is ROW without a line, to be filled. NULL: err. */
static struct pending *entry(struct upsert *u, struct hash128 hash, bool *added, struct error *err)
{
	struct pending *p = table_put(&u->pending, hash, added);

	if (!p)
		error_set(err, EXIT_FAILED, "more keys change than --memory holds: give it more, or cut the stream in parts");
	else if (*added)
		p->self = u->pending.n - 1;
	return p;
}

/* ---- changes */

int fold_missing(const struct load *l, struct error *err)
{
	if (l->o->missing == MISSING_SKIP)
		return LOAD_DONE;
	error_data(err, "missing-row", "an update of a row that isn't there (--missing insert|skip)");
	return LOAD_REJECT;
}

/* Adds the names that an update removes to the text of an object, as nulls. */
static void set_null(struct buf *object, struct value names)
{
	struct walk walk = { 0, 0, 0 };
	struct value v;

	while (value_next(names, &walk, NULL, &v)) {
		object->n--;
		buf_adds(object, object->n > 1 ? "," : "");
		value_write(v, object);
		buf_adds(object, ":null}");
	}
}

/* A whole row of CSV over what is known of its key, of that kind, in u->rec: columns that it doesn't have stay as they were. */
static int lay_over(struct upsert *u, uint8_t kind, struct pending *p, const struct record *rec, struct error *err)
{
	struct buf text = BUF_INIT;
	int failed = 0;

	if (kind == UPDATE) {
		value_write(update_of(&u->rec).set, &text);
		set_null(&text, update_of(&u->rec).unset);
		failed = record_copy(&u->rec, text.p, text.n, &fold_limits, err);
		buf_release(&text);
	}
	return failed || put_members(u, &u->rec, record_root(rec), err) ? -1 : fold_keep_row(u, p, &u->rec, err);
}

static int take_row(struct load *l, struct upsert *u, struct hash128 hash, const struct record *rec, struct error *err)
{
	bool added;
	struct pending *p = entry(u, hash, &added, err);

	if (!p)
		return -1;
	if (!added && p->kind == GONE)
		p->anew = true;
	if (!added && p->kind != GONE && (l->o->newer || u->table)) {
		if (fold_fetch(u, p, &u->rec, err))
			return -1;
		if (is_newer(l, u, p->kind == ROW ? record_root(&u->rec) : update_of(&u->rec).set, record_root(rec)))
			return LOAD_DONE;
		if (u->table)
			return lay_over(u, p->kind, p, rec, err);
	}
	return fold_keep_row(u, p, rec, err);
}

static int take_update(struct load *l, struct upsert *u, struct hash128 hash, const struct record *rec, struct error *err)
{
	struct pending *p = table_find(&u->pending, hash);
	struct buf line = BUF_INIT;
	bool added = false;
	int failed;

	if (p ? p->kind == GONE : u->truncated)
		return l->o->missing == MISSING_INSERT ? take_row(l, u, hash, rec, err) : fold_missing(l, err);
	if (!p && !(p = entry(u, hash, &added, err)))
		return -1;
	update_line(l, rec, &line);
	failed = added ? keep(u, p, UPDATE, buf_span(&line), err) : fold_update(u, p, p, buf_span(&line), err);
	buf_release(&line);
	return failed;
}

/* What stands under the old key from now on: nothing; its row in the old file goes where it has moved. */
static void leave(struct upsert *u, struct pending *old, const struct pending *new)
{
	struct pending *origin = old->kind == UPDATE && old->from ? table_entry(&u->pending, old->from - 1) : old;

	if (origin->to == TO_SELF || origin != old)
		origin->to = new->self + 1;
	old->kind = GONE;
	old->seq = ++u->seq;
	old->from = 0;
}

/* An update that gives a row another key. */
static int take_move(struct load *l, struct upsert *u, struct hash128 from, struct hash128 to, const struct record *rec, struct error *err)
{
	struct pending *old = table_find(&u->pending, from), *new = table_find(&u->pending, to);
	struct buf line = BUF_INIT;
	bool fresh = false, added = false;
	uint32_t origin;
	int failed;

	if (old ? old->kind == GONE : u->truncated)
		return l->o->missing == MISSING_INSERT ? take_row(l, u, to, rec, err) : fold_missing(l, err);
	if (new && new->kind != GONE) {
		error_data(err, "key-exists", "a row's key moves to one that is there already");
		return LOAD_REJECT;
	}
	if ((!old && !(old = entry(u, from, &fresh, err))) || (!new && !(new = entry(u, to, &added, err))))
		return -1;
	if (added)
		new->to = u->truncated ? TO_NOTHING : TO_CLASH;
	else if (new->to == TO_SELF)
		new->to = TO_NOTHING;
	update_line(l, rec, &line);
	origin = fresh || (old->kind == UPDATE && !old->from) ? old->self + 1 : old->from;
	failed = fresh ? keep(u, new, UPDATE, buf_span(&line), err) : fold_update(u, old, new, buf_span(&line), err);
	new->from = new->kind == UPDATE ? origin : 0;
	new->anew = old->anew;
	leave(u, old, new);
	buf_release(&line);
	return failed;
}

/* A whole row that has moved: nothing stays under the old key, whose place it takes, and in CSV its other columns. */
static int take_moved_row(struct load *l, struct upsert *u, struct hash128 from, struct hash128 to, const struct record *rec, struct error *err)
{
	bool fresh;
	struct pending *old = entry(u, from, &fresh, err), *new = table_find(&u->pending, to);
	uint8_t kind;

	if (new && new->kind == GONE && new->to == TO_SELF)
		new->to = TO_NOTHING;
	if (!old || take_row(l, u, to, rec, err))
		return -1;
	kind = fresh ? GONE : old->kind;
	new = table_find(&u->pending, to);
	if (u->table && kind != GONE && (fold_fetch(u, old, &u->rec, err) || lay_over(u, kind, new, rec, err)))
		return -1;
	new->anew = !fresh && (kind == GONE || old->anew);
	leave(u, old, new);
	return 0;
}

int fold_truncate(struct upsert *u)
{
	u->truncated = u->changed = true;
	table_release(&u->pending);
	table_init(&u->pending, sizeof(struct pending), &u->memory);
	return LOAD_DONE;
}

static int take_delete(struct upsert *u, struct hash128 hash, struct error *err)
{
	bool added;
	struct pending *p = entry(u, hash, &added, err);

	if (!p)
		return -1;
	p->kind = GONE;
	p->seq = ++u->seq;
	p->from = 0;
	return LOAD_DONE;
}

int fold_record(struct load *l, struct upsert *u, struct record *rec, const struct meta *meta, struct error *err)
{
	struct hash128 hash, old;
	int verdict = key_of(u, rec, &hash, err), moved;

	if (verdict)
		return verdict;
	if (meta->op == OP_DELETE)
		return take_delete(u, hash, err);
	moved = moved_from(l, u, hash, &old, err);
	if (moved == -2)
		return LOAD_REJECT;
	if (meta->op == OP_UPDATE)
		return moved ? take_move(l, u, old, hash, rec, err) : take_update(l, u, hash, rec, err);
	return moved ? take_moved_row(l, u, old, hash, rec, err) : take_row(l, u, hash, rec, err);
}
