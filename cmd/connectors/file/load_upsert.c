/*
 * load_upsert: a change stream applied to a file by key.
 *
 * The stream comes first: what it makes of each key is folded into one line (a whole row, an update, or that it is
 * gone). At its end the old file is read once, each row as it is or as its key's line says, and what is left of the
 * stream is added behind. The new file then replaces the old one.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "endpoint/exec.h"
#include "json/equal.h"
#include "load.h"
#include "set/key.h"
#include "set/store.h"
#include "set/table.h"

enum { ROW = 1, UPDATE, GONE };

/* What is to become of a key. */
struct pending {
	uint64_t at;		/* of its line in the store */
	uint32_t kind;		/* ROW, UPDATE or GONE */
	uint32_t met;		/* its row was in the old file */
};

struct upsert {
	struct key key;
	struct memory memory;
	struct spill spill;
	struct store store;
	struct table table;
	struct hash_key secret;
	struct record rec;	/* a line of the store */
	struct buf bytes, line;
	bool truncated;		/* nothing of the old file stays */
	uint64_t rows, deleted;	/* of the old file */
};

static const struct scan_limits limits = { 1024, INT32_MAX };

int upsert_open(struct files *f, struct load *l, struct error *err)
{
	struct upsert *u = f->upsert = xcalloc(1, sizeof *u);
	struct out *o = f->out[0];

	u->spill.fd = -1;
	u->memory.limit = l->tool->opt.memory;
	record_init(&u->rec);
	hash_key_random(&u->secret);
	table_init(&u->table, sizeof(struct pending), &u->memory);
	store_init(&u->store, &u->spill, &u->memory);
	if (spill_open(&u->spill, err) || (f->o->key && key_parse(&u->key, f->o->key, err)))
		return -1;
	if (o->existed && (o->format == FORMAT_CSV || o->format == FORMAT_TSV))
		return head_follow(o, f->delimiter, err);
	return 0;
}

void upsert_release(struct files *f)
{
	struct upsert *u = f->upsert;

	if (!u)
		return;
	table_release(&u->table);
	store_release(&u->store);
	spill_close(&u->spill);
	key_release(&u->key);
	record_release(&u->rec);
	buf_release(&u->bytes);
	buf_release(&u->line);
	free(u);
}

int upsert_schema(struct files *f, struct value key, struct error *err)
{
	return f->o->key || !value_present(key) ? 0 : (key_release(&f->upsert->key), key_from_schema(&f->upsert->key, key, err));
}

/* ---- folding */

static int too_much(struct error *err)
{
	return error_set(err, EXIT_FAILED, "more keys change than --memory holds: give it more, or cut the stream in parts");
}

static int key_of(struct upsert *u, const struct record *rec, struct hash128 *hash, struct error *err)
{
	if (!u->key.n)
		return error_set(err, EXIT_USAGE, "no key is known to upsert by: name one with --key");
	buf_reset(&u->bytes);
	if (key_bytes(&u->key, rec, &u->bytes, err))
		return LOAD_REJECT;
	*hash = key_hash(buf_span(&u->bytes), 0, &u->secret);
	return 0;
}

static int keep(struct upsert *u, struct pending *p, uint32_t kind, struct span line, struct error *err)
{
	p->kind = kind;
	return kind == GONE ? 0 : store_add(&u->store, line, &p->at, err);
}

static int keep_row(struct upsert *u, struct pending *p, const struct record *rec, struct error *err)
{
	buf_reset(&u->line);
	record_write(rec, &u->line);
	return keep(u, p, ROW, buf_span(&u->line), err);
}

static int fetch(struct upsert *u, const struct pending *p, struct record *into, struct error *err)
{
	if (store_get(&u->store, p->at, &u->line, err))
		return -1;
	return record_copy(into, u->line.p, u->line.n, &limits, err);
}

static struct path one_name(struct step *step, struct span name)
{
	*step = (struct step){ .kind = STEP_NAME, .name = name };
	return (struct path){ .step = step, .n = 1, .text = name };
}

/* Every member of an object set in `to`. */
static int put_members(struct record *to, struct value from, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct arena arena = ARENA_INIT;
	struct value name, v;
	struct step step;
	struct path path;
	int failed = 0;

	while (!failed && value_next(from, &walk, &name, &v)) {
		path = one_name(&step, value_text(name, &arena));
		failed = record_put(to, &path, v, err);
	}
	arena_release(&arena);
	return failed;
}

static int remove_names(struct record *to, struct value names, struct error *err)
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
		failed = record_remove(to, &path, err);
	}
	arena_release(&arena);
	return failed;
}

/* An update's line is [names it removes, members it sets]. */
struct update { struct value unset, set; };

static struct update update_of(const struct record *line)
{
	struct walk walk = { 0, 0, 0 };
	struct update u;

	value_next(record_root(line), &walk, NULL, &u.unset);
	value_next(record_root(line), &walk, NULL, &u.set);
	return u;
}

/* The row that an update makes of another. */
static int apply(struct record *row, struct update update, struct error *err)
{
	return put_members(row, update.set, err) || remove_names(row, update.unset, err) ? -1 : 0;
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

/* A second update of a key: one that does what both do. */
static int join_updates(struct upsert *u, struct pending *p, struct update second, struct error *err)
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
	failed = record_copy(&both, members.p, members.n, &limits, err) || put_members(&both, second.set, err) ||
		remove_names(&both, second.unset, err);
	if (!failed) {
		record_write(&both, &line);
		buf_addc(&line, ']');
		failed = keep(u, p, UPDATE, buf_span(&line), err);
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

/* An update of a key that has a line already. */
static int fold_update(struct upsert *u, struct pending *p, struct span line, struct error *err)
{
	struct record second;
	int failed;

	record_init(&second);
	failed = fetch(u, p, &u->rec, err) || record_copy(&second, line.p, line.n, &limits, err);
	if (!failed && p->kind == UPDATE)
		failed = join_updates(u, p, update_of(&second), err);
	else if (!failed)
		failed = apply(&u->rec, update_of(&second), err) || keep_row(u, p, &u->rec, err);
	record_release(&second);
	return failed ? -1 : 0;
}

static int missing(struct load *l, struct error *err)
{
	if (l->o->missing == MISSING_SKIP)
		return LOAD_DONE;
	error_data(err, "missing-row", "an update of a row that isn't there (--missing insert|skip)");
	return LOAD_REJECT;
}

static int take_update(struct load *l, struct upsert *u, struct pending *p, bool added, struct record *rec, struct error *err)
{
	struct buf line = BUF_INIT;
	int verdict;

	if (added && u->truncated)
		p->kind = GONE;
	if (p->kind == GONE && l->o->missing == MISSING_INSERT)
		return keep_row(u, p, rec, err);
	if (p->kind == GONE)
		return missing(l, err);
	update_line(l, rec, &line);
	verdict = added ? keep(u, p, UPDATE, buf_span(&line), err) : fold_update(u, p, buf_span(&line), err);
	buf_release(&line);
	return verdict;
}

/* Everything that came before is gone, and so is the old file. */
static void truncate_all(struct upsert *u)
{
	u->truncated = true;
	table_release(&u->table);
	table_init(&u->table, sizeof(struct pending), &u->memory);
}

int upsert_record(struct files *f, struct load *l, struct record *rec, const struct meta *meta, struct error *err)
{
	struct upsert *u = f->upsert;
	struct pending *p;
	struct hash128 hash;
	struct value old;
	bool added;
	int verdict;

	if (meta->op == OP_TRUNCATE)
		return truncate_all(u), LOAD_DONE;
	verdict = key_of(u, rec, &hash, err);
	if (verdict)
		return verdict;
	if (load_member(l, "key", &old)) {
		error_data(err, "moved-key", "a row's key moves: in a file that is a delete and an insert");
		return LOAD_REJECT;
	}
	p = table_put(&u->table, hash, &added);
	if (!p)
		return too_much(err);
	if (meta->op == OP_DELETE)
		return keep(u, p, GONE, SPAN_LIT(""), err);
	if (meta->op == OP_UPDATE)
		return take_update(l, u, p, added, rec, err);
	return keep_row(u, p, rec, err);
}

/* ---- the old file, and what is left of the stream */

static bool has_columns(const struct out *o)
{
	return o->format == FORMAT_CSV || o->format == FORMAT_TSV;
}

/* What becomes of an old row: written as it is, changed, or not at all. */
static int old_row(struct files *f, struct load *l, struct record *row, struct error *err)
{
	struct upsert *u = f->upsert;
	struct out *o = f->out[0];
	struct pending *p;
	struct hash128 hash;
	struct buf before = BUF_INIT, after = BUF_INIT;
	int verdict = key_of(u, row, &hash, err), failed = 0;

	u->rows++;
	if (verdict < 0)
		return -1;
	p = verdict ? NULL : table_find(&u->table, hash);	/* a row without a key stays as it is */
	if (!p)
		return out_record(f, o, row, err);
	if (p->met++ && p->kind != GONE)
		return error_set(err, EXIT_FAILED, "'%s' has two rows of one key that is to be changed: nothing is changed", o->path);
	if (p->kind == GONE) {
		u->deleted++;
		l->deleted++;
		return LOAD_DONE;
	}
	record_write(row, &before);
	failed = fetch(u, p, &u->rec, err);
	if (!failed && (p->kind == UPDATE || has_columns(o))) {	/* a row keeps the columns that the stream doesn't have */
		failed = p->kind == UPDATE ? apply(row, update_of(&u->rec), err) : put_members(row, record_root(&u->rec), err);
		if (!failed)
			record_write(row, &after);
	} else if (!failed) {
		record_write(&u->rec, &after);
		failed = record_copy(row, after.p, after.n, &limits, err);
	}
	if (span_eq(buf_span(&before), buf_span(&after)))
		l->unchanged++;
	else
		l->updated++;
	if (!failed)
		failed = out_record(f, o, row, err);
	buf_release(&before);
	buf_release(&after);
	return failed;
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

/* The old file as sync-extract reads it. */
static int pass_old(struct files *f, struct load *l, struct error *err)
{
	static const char *const formats[] = { "--format=ndjson", "--format=json", "--format=csv", "--format=tsv" };
	struct out *o = f->out[0];
	char delimiter[] = { '-', '-', 'd', 'e', 'l', 'i', 'm', 'i', 't', 'e', 'r', '=', f->delimiter, '\0' };
	const char *const options[] = { formats[o->format], has_columns(o) ? delimiter : NULL, NULL };
	struct reader_options ro = tool_reader_options(l->tool, false);
	struct error later = ERROR_INIT;
	struct streams streams;
	struct extraction x;
	struct record row;
	struct reader r;
	int failed;

	if (!o->existed || f->upsert->truncated)
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

/* What a left update sets, as a record. */
static int members_only(struct upsert *u, struct error *err)
{
	struct buf members = BUF_INIT;
	int failed;

	value_write(update_of(&u->rec).set, &members);
	failed = record_copy(&u->rec, members.p, members.n, &limits, err);
	buf_release(&members);
	return failed;
}

/* An update whose row the old file doesn't have. */
static int left_update(struct files *f, struct load *l, struct error *err)
{
	struct meta meta = { OP_UPDATE, 0, VALUE_NONE };
	struct record *rec = &f->upsert->rec;

	if (members_only(f->upsert, err))
		return -1;
	if (l->o->missing == MISSING_INSERT) {
		l->inserted++;
		return out_record(f, f->out[0], rec, err);
	}
	if (missing(l, err) == LOAD_DONE)
		return 0;
	l->aside++;
	return names_reserve(rec, &(struct error)ERROR_INIT) ||
		meta_set(&meta, rec, &l->tool->streams, "op", SPAN_LIT("\"update\""), &(struct error)ERROR_INIT) ||
		writer_reject(&l->tool->writer, rec, &meta, err, SPAN_LIT(""), SPAN_LIT(""), err) ? -1 : 0;
}

static int add_left(struct files *f, struct load *l, struct error *err)
{
	struct upsert *u = f->upsert;
	struct pending *p;
	uint32_t i;
	int verdict = 0;

	for (i = 0; i < u->table.n; i++) {
		p = table_entry(&u->table, i);
		if (p->met || p->kind == GONE)
			continue;
		if (fetch(u, p, &u->rec, err))
			return -1;
		if (p->kind == ROW)
			l->inserted++;
		verdict = p->kind == ROW ? out_record(f, f->out[0], &u->rec, err) : left_update(f, l, err);
		if (verdict)
			return -1;
	}
	return 0;
}

int upsert_finish(struct files *f, struct load *l, struct error *err)
{
	struct upsert *u = f->upsert;

	if (pass_old(f, l, err) || guard_deletes(l, u->deleted, u->rows, err))
		return -1;
	return add_left(f, l, err) || rejects_sync(&l->tool->rejects, err) ? -1 : 0;
}
