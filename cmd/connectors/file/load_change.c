/* load_change: the changes that an upsert would make, printed as a change stream (--dry-run). */
#include "load_upsert.h"
#include "merge/compare.h"

/* Sets a member of `_sync`. */
static int say(struct load *l, struct record *rec, struct meta *meta, const char *name, struct span json, struct error *err)
{
	return meta_set(meta, rec, &l->tool->streams, name, json, err);
}

static int print(struct load *l, struct span members, const char *op, struct span unset, struct error *err)
{
	struct meta meta = { OP_UPSERT, l->only, VALUE_NONE };
	const char *stream = l->tool->streams.entry[l->only].json;
	struct record rec;
	int failed;

	record_init(&rec);
	failed = record_copy(&rec, members.p, members.n, &fold_limits, err) || say(l, &rec, &meta, "op", span_of(op), err) ||
		(l->only && say(l, &rec, &meta, "stream", span_of(stream), err)) ||
		(unset.n > 2 && say(l, &rec, &meta, "unset", unset, err)) ||
		writer_record(&l->tool->writer, &rec, &meta, err);
	record_release(&rec);
	return failed ? -1 : 0;
}

int change_truncate(struct load *l, struct error *err)
{
	return print(l, SPAN_LIT("{}"), "\"truncate\"", SPAN_LIT(""), err);
}

/* The key's members as an object. */
static void key_object(const struct key *key, const struct record *rec, struct buf *out)
{
	buf_addc(out, '{');
	key_write_members(key, rec, out);
	buf_addc(out, '}');
}

/* Another key: the old one goes at once, and the row comes when all that is to go has gone. */
static bool has_moved(struct upsert *u, const struct record *before, const struct record *after)
{
	struct error ignored = ERROR_INIT;
	struct buf a = BUF_INIT, b = BUF_INIT;
	bool moved;

	moved = !key_bytes(&u->key, before, &a, &ignored) && !key_bytes(&u->key, after, &b, &ignored) && !span_eq(buf_span(&a), buf_span(&b));
	buf_release(&a);
	buf_release(&b);
	return moved;
}

static int print_update(struct load *l, struct upsert *u, const struct record *before, const struct record *after, struct error *err)
{
	struct shape old = SHAPE_INIT, new = SHAPE_INIT;
	struct compare c = { &old, &new, NULL, 0 };
	struct delta d = DELTA_INIT;
	struct buf set = BUF_INIT, unset = BUF_INIT;
	int failed;

	old.untyped = old.all_untyped = u->table;
	compare_delta(&c, &u->key, before, after, false, &d, &u->arena);
	buf_addc(&set, '{');
	buf_addspan(&set, buf_span(&d.set));
	buf_addc(&set, '}');
	buf_addc(&unset, '[');
	buf_addspan(&unset, buf_span(&d.unset));
	buf_addc(&unset, ']');
	failed = print(l, buf_span(&set), "\"update\"", buf_span(&unset), err);
	buf_release(&set);
	buf_release(&unset);
	buf_release(&d.set);
	buf_release(&d.unset);
	return failed;
}

/* The row as it travels: its own `_sync` with one more underscore. NULL becomes an empty one. */
static int reserve(struct record *to, const struct record *row, struct error *err)
{
	struct buf text = BUF_INIT;
	int failed;

	record_init(to);
	if (row)
		record_write(row, &text);
	else
		buf_adds(&text, "{}");
	failed = record_copy(to, text.p, text.n, &fold_limits, err) || names_reserve(to, err);
	buf_release(&text);
	return failed ? -1 : 0;
}

static int print_delete(struct load *l, struct upsert *u, const struct record *row, struct error *err)
{
	struct buf text = BUF_INIT;
	int failed;

	key_object(&u->key, row, &text);
	failed = print(l, buf_span(&text), "\"delete\"", SPAN_LIT(""), err);
	buf_release(&text);
	return failed;
}

static int print_insert(struct load *l, const struct record *row, struct error *err)
{
	struct buf text = BUF_INIT;
	int failed;

	record_write(row, &text);
	failed = print(l, buf_span(&text), "\"insert\"", SPAN_LIT(""), err);
	buf_release(&text);
	return failed;
}

static int print_change(struct load *l, struct upsert *u, struct pending *p, const struct record *before, const struct record *after,
			struct error *err)
{
	if (!has_moved(u, before, after))
		return print_update(l, u, before, after, err);
	p->late = true;
	return fold_keep_row(u, p, after, err) || print_delete(l, u, before, err) ? -1 : 0;
}

int change_print(struct files *f, struct load *l, struct pending *p, const struct record *before, const struct record *after, struct error *err)
{
	struct upsert *u = f->upsert;
	struct record old, new;
	int failed;

	failed = reserve(&old, before, err);
	failed = reserve(&new, after, err) || failed;
	if (!failed && before && after)
		failed = print_change(l, u, p, &old, &new, err);
	else if (!failed)
		failed = before ? print_delete(l, u, &old, err) : print_insert(l, &new, err);
	record_release(&old);
	record_release(&new);
	return failed;
}

int change_print_late(struct files *f, struct load *l, struct error *err)
{
	return print_insert(l, &f->upsert->rec, err);
}
