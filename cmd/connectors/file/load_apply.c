/*
 * load_apply: what a folded change stream makes of a file. Where one side is text without types (CSV), keys and values are
 * compared, and written, as the other side's types say.
 */
#include "endpoint/exec.h"
#include "json/equal.h"
#include "load_upsert.h"

/* ---- the old file */

/* A row that is written, or printed as a change. before and after are NULL where there is none. */
static int put(struct files *f, struct load *l, struct pending *p, struct record *before, struct record *after, struct error *err)
{
	int verdict;

	f->upsert->changed = true;
	l->inserted += !before;
	l->deleted += !after;
	l->updated += before && after;
	verdict = after ? out_record(f, f->out[0], after, err) : 0;
	return verdict ? -1 : l->o->dry_run ? change_print(f, l, p, before, after, err) : 0;
}

/* Text without types becomes what stands in the old row, or, where it is new, in other rows. */
static int retype_row(struct upsert *u, struct record *rec, const struct record *old, struct error *err)
{
	struct fields fields = fields_of(rec, &u->arena);
	struct buf text = BUF_INIT;
	enum shape_type type;
	struct path path;
	struct value was;
	uint32_t i;
	int failed = 0;

	for (i = 0; i < fields.n && !failed; i++) {
		if (!shape_is_untyped(&u->shape, fields.v[i].name))
			continue;
		path_name(&path, fields.v[i].name, &u->arena);
		if (old && record_get(old, &path, NULL, &was) && compare_values(was, false, fields.v[i].value, true, &u->arena)) {
			failed = record_put(rec, &path, was, err);
			continue;
		}
		type = learned_type(&u->learned, fields.v[i].name);
		buf_reset(&text);
		if (retype(fields.v[i].value, type, &u->arena, &text))
			failed = record_set(rec, &path, buf_span(&text), err);
	}
	buf_release(&text);
	return failed;
}

/* In CSV a whole row sets every column that the stream declares: null where it lacks it. Other columns stay. */
static int clear_declared(struct files *f, struct record *row, const struct record *new, struct error *err)
{
	const struct columns *c = out_declared(f, f->out[0]);
	struct value v;
	size_t i;

	for (i = 0; c && i < c->n; i++)
		if (!record_get(new, &c->v[i].path, NULL, &v) && record_get(row, &c->v[i].path, NULL, &v) &&
		    record_set(row, &c->v[i].path, SPAN_LIT("null"), err))
			return -1;
	return 0;
}

/* What the key's line, in u->rec, makes of an old row, in `row`. */
static int change(struct files *f, struct upsert *u, const struct pending *p, struct record *row, struct error *err)
{
	struct buf text = BUF_INIT;
	struct update update;
	int failed;

	if (p->kind == UPDATE) {
		update = update_of(&u->rec);
		if (!u->table && u->shape.untyped) {
			value_write(update.set, &text);
			failed = record_copy(&u->taken, text.p, text.n, &fold_limits, err) || retype_row(u, &u->taken, row, err);
			buf_release(&text);
			return failed || put_members(u, row, record_root(&u->taken), err) || remove_names(row, update.unset, err) ? -1 : 0;
		}
		return put_members(u, row, update.set, err) || remove_names(row, update.unset, err) ? -1 : 0;
	}
	if (u->table && !p->anew)
		return clear_declared(f, row, &u->rec, err) || put_members(u, row, record_root(&u->rec), err) ? -1 : 0;
	if (!u->table && u->shape.untyped && retype_row(u, &u->rec, row, err))
		return -1;
	record_write(&u->rec, &text);
	failed = record_copy(row, text.p, text.n, &fold_limits, err);
	buf_release(&text);
	return failed;
}

/* Is the row as it was? In CSV: are its cells? */
static bool is_same(struct files *f, const struct record *before, const struct record *after)
{
	struct upsert *u = f->upsert;
	struct columns *c = &f->out[0]->columns;
	struct error ignored = ERROR_INIT;
	struct buf a = BUF_INIT, b = BUF_INIT;
	bool same;

	if (!u->table)
		return value_equal(record_root(before), record_root(after), u->shape.absent_null ? EQUAL_ABSENT_NULL : 0);
	same = !csv_row(c, before, f->delimiter, &a, &ignored) && !csv_row(c, after, f->delimiter, &b, &ignored) &&
		span_eq(buf_span(&a), buf_span(&b));
	buf_release(&a);
	buf_release(&b);
	return same;
}

static int change_row(struct files *f, struct load *l, struct pending *p, struct record *row, struct error *err)
{
	struct upsert *u = f->upsert;
	struct record before;
	struct buf text = BUF_INIT;
	int failed = fold_fetch(u, p, &u->rec, err);

	record_init(&before);
	record_write(row, &text);
	failed = failed || record_copy(&before, text.p, text.n, &fold_limits, err);
	if (!failed && is_newer(l, u, record_root(row), p->kind == ROW ? record_root(&u->rec) : update_of(&u->rec).set))
		failed = (l->unchanged++, out_record(f, f->out[0], &before, err));
	else if (!failed && !(failed = change(f, u, p, row, err)))
		failed = is_same(f, &before, row) ? (l->unchanged++, out_record(f, f->out[0], &before, err)) : put(f, l, p, &before, row, err);
	record_release(&before);
	buf_release(&text);
	return failed ? -1 : 0;
}

/* Whose line says what becomes of a row of the old file: NULL: it is gone. */
static struct pending *heir(struct upsert *u, struct pending *p)
{
	struct pending *to = p->to == TO_SELF || p->to == TO_CLASH ? p : p->to == TO_NOTHING ? NULL : table_entry(&u->pending, p->to - 1);

	if (!to || to->kind == GONE || to->used)
		return NULL;
	if (p->to == TO_CLASH)
		to->again = true;
	if (to->kind == UPDATE && !to->again && (to == p ? to->from != 0 : to->from != p->self + 1))
		return NULL;	/* it is another row that moves there */
	return to;
}

/*
 * A row moves to a key that the file has already. If the row that moves isn't there, it has done so in an earlier run, and is
 * the one that is there; if it is, that's an error, whichever comes first.
 */
static bool is_clash(const struct upsert *u, const struct pending *p)
{
	const struct pending *to = p->to == TO_SELF || p->to == TO_NOTHING || p->to == TO_CLASH ? NULL : table_entry(&u->pending, p->to - 1);

	return p->to == TO_CLASH ? p->used : to && to->again;
}

/* What becomes of an old row: written as it is, changed, or not at all. */
static int old_row(struct files *f, struct load *l, struct record *row, struct error *err)
{
	struct upsert *u = f->upsert;
	struct pending *p, *to;

	arena_reset(&u->arena);
	u->rows++;
	if (u->truncated) {
		u->deleted++;
		l->deleted++;
		return 0;
	}
	if (!u->table && u->shape.untyped)
		learn(&u->learned, row);
	if (match_row(u, row, &p, err))
		return -1;
	if (!p)
		return out_record(f, f->out[0], row, err) ? -1 : 0;
	if (is_clash(u, p))
		return error_set(err, EXIT_FAILED, "a row's key moves to one that '%s' has already: nothing is changed", f->out[0]->path);
	to = heir(u, p);
	if (p->met && (to || p->used))
		return error_set(err, EXIT_FAILED, "'%s' has two rows of one key that is to be changed: nothing is changed", f->out[0]->path);
	p->met = true;
	if (to) {
		to->used = true;
		return change_row(f, l, to, row, err);
	}
	u->deleted++;
	return put(f, l, NULL, row, NULL, err);
}

static int read_old(struct files *f, struct load *l, struct reader *r, struct record *row, struct error *err)
{
	struct meta meta;
	int got;

	while ((got = reader_next(r, row, &meta, err)) > 0) {
		if (got == READER_BAD)
			return error_prefix(err, "%s:%llu", f->out[0]->path, (unsigned long long)r->lineno);
		if (got == READER_FRAME)
			continue;
		if (names_restore(row, err) || old_row(f, l, row, err))
			return -1;
	}
	return got;
}

/* --max-depth=128, as this run has it. */
static const char *bound(const char *name, uint64_t n, struct arena *arena)
{
	struct buf b = BUF_INIT;
	const char *text;

	buf_addf(&b, "--%s=%llu", name, (unsigned long long)n);
	buf_addc(&b, '\0');
	text = arena_dup(arena, b.p, b.n);
	buf_release(&b);
	return text;
}

/* The old file as sync-extract reads it. */
static int pass_old(struct files *f, struct load *l, struct error *err)
{
	static const char *const formats[] = { "--format=ndjson", "--format=json", "--format=csv", "--format=tsv" };
	const struct tool_options *t = &l->tool->opt;
	struct out *o = f->out[0];
	char delimiter[] = { '-', '-', 'd', 'e', 'l', 'i', 'm', 'i', 't', 'e', 'r', '=', f->delimiter, '\0' };
	const char *const options[] = {
		formats[o->format], bound("max-record", t->max_record, &f->arena), bound("max-tokens", t->max_tokens, &f->arena),
		bound("max-depth", t->max_depth, &f->arena), f->upsert->table ? delimiter : NULL, NULL,
	};
	struct reader_options ro = tool_reader_options(l->tool, false);
	struct error later = ERROR_INIT;
	struct streams streams;
	struct extraction x;
	struct record row;
	struct reader r;
	int failed;

	if (!o->existed)
		return 0;
	if (extraction_start(&x, o->path, options, err))
		return -1;
	ro.plain = false;
	ro.max_record = INT32_MAX;
	streams_init(&streams);
	record_init(&row);
	reader_open(&r, x.fd, o->path, &streams, &ro);
	failed = read_old(f, l, &r, &row, err);
	reader_close(&r);
	record_release(&row);
	streams_release(&streams);
	if (extraction_end(&x, &later) && !failed) {
		*err = later;
		failed = -1;
	}
	return failed;
}

/* ---- what is left of the stream */

/* Sets aside an update, whose line is in u->rec, of a row that isn't there. */
static int reject_update(struct load *l, struct upsert *u, struct error *err)
{
	struct meta meta = { OP_UPDATE, l->only, VALUE_NONE };
	struct error why = *err;
	struct buf set = BUF_INIT, unset = BUF_INIT;
	int failed;

	error_reset(err);
	l->aside++;
	value_write(update_of(&u->rec).set, &set);
	value_write(update_of(&u->rec).unset, &unset);
	failed = record_copy(&u->rec, set.p, set.n, &fold_limits, err) || names_reserve(&u->rec, err) ||
		meta_set(&meta, &u->rec, &l->tool->streams, "op", SPAN_LIT("\"update\""), err) ||
		(unset.n > 2 && meta_set(&meta, &u->rec, &l->tool->streams, "unset", buf_span(&unset), err)) ||
		writer_reject(&l->tool->writer, &u->rec, &meta, &why, SPAN_LIT(""), SPAN_LIT(""), err);
	buf_release(&set);
	buf_release(&unset);
	return failed ? -1 : 0;
}

static int left_update(struct files *f, struct load *l, struct error *err)
{
	struct upsert *u = f->upsert;
	struct buf text = BUF_INIT;
	int failed;

	if (l->o->missing != MISSING_INSERT)
		return fold_missing(l, err) == LOAD_DONE ? 0 : reject_update(l, u, err);
	value_write(update_of(&u->rec).set, &text);
	failed = record_copy(&u->rec, text.p, text.n, &fold_limits, err);
	buf_release(&text);
	return failed || (u->shape.untyped && !u->table && retype_row(u, &u->rec, NULL, err)) ? -1 : put(f, l, NULL, NULL, &u->rec, err);
}

static int add_left(struct files *f, struct load *l, struct error *err)
{
	struct upsert *u = f->upsert;
	struct pending *p;
	uint32_t i;
	int failed = 0;

	for (i = 0; i < u->pending.n && !failed; i++) {
		p = table_entry(&u->pending, i);
		if ((p->used && !p->late) || p->kind == GONE)
			continue;
		arena_reset(&u->arena);
		failed = fold_fetch(u, p, &u->rec, err);
		if (failed)
			break;
		if (match_new(u, &u->rec, p, err))
			return -1;
		if (p->late)
			failed = change_print_late(f, l, err);
		else if (p->kind == UPDATE)
			failed = left_update(f, l, err);
		else
			failed = (!u->table && u->shape.untyped && retype_row(u, &u->rec, NULL, err)) || put(f, l, NULL, NULL, &u->rec, err);
	}
	return failed ? -1 : 0;
}

/* Has somebody else written to the file while it was read? */
static int check_unchanged(const struct out *o, const struct upsert *u, struct error *err)
{
	struct stat now, path;
	bool there = !stat(o->path, &path), same = !there || path.st_size == 0 || !S_ISREG(path.st_mode);

	if (o->dry)
		return 0;
	if (u->old >= 0)
		same = there && !fstat(u->old, &now) && now.st_ino == path.st_ino && now.st_dev == path.st_dev &&
			now.st_size == u->was.st_size && now.st_mtim.tv_sec == u->was.st_mtim.tv_sec && now.st_mtim.tv_nsec == u->was.st_mtim.tv_nsec;
	return same ? 0 : error_set(err, EXIT_AGAIN, "'%s' was changed by somebody else meanwhile: nothing is changed", o->path);
}

int upsert_finish(struct files *f, struct load *l, struct error *err)
{
	struct upsert *u = f->upsert;

	if (!u->key.n && !u->truncated)
		return 0;	/* nothing came */
	if (u->truncated && l->o->dry_run && change_truncate(l, err))
		return -1;
	if (match_start(u, err) || pass_old(f, l, err) || guard_deletes(l, u->deleted, u->rows, err))
		return -1;
	return add_left(f, l, err) || rejects_sync(&l->tool->rejects, err) ||
		check_unchanged(f->out[0], u, err) ? -1 : 0;
}

bool upsert_changed(const struct files *f)
{
	return f->upsert->changed || !f->out[0]->existed;
}
