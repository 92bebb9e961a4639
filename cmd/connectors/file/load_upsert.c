/*
 * load_upsert: a change stream applied to a file by key: what comes in.
 *
 * The stream comes first, and is folded to what it makes of each key (load_fold.c). At its end the old file is read once
 * (load_apply.c), each row as it is or as its key's line says, and what is left of the stream is added behind. The new file
 * then replaces the old one, unless nothing changed.
 */
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "load_upsert.h"

/* ---- opening */

/* The columns of CSV are those of the file; --fields says where they are taken from. */
static int find_columns(struct files *f, struct upsert *u, struct out *o, struct error *err)
{
	size_t i;

	u->take = o->columns;
	o->columns = (struct columns){ .v = NULL };
	if (!o->existed) {
		if (u->take.given)
			columns_copy(&o->columns, &u->take);
		return 0;
	}
	if (head_follow(o, f->delimiter, err))
		return -1;
	for (i = 0; i < u->take.n; i++)
		if (!columns_find(&o->columns, u->take.v[i].name))
			return error_set(err, EXIT_USAGE, "--fields: '%s' has no column '%s'", o->path, error_show(u->take.v[i].name));
	return 0;
}

/* In CSV each part of a key is a column, by its name, whatever the path to it is in the stream. */
static int key_of_columns(struct key *key, const struct columns *c, const char *path, struct error *err)
{
	struct scan_limits limits = SCAN_LIMITS_INIT;
	struct buf text = BUF_INIT, names = BUF_INIT;
	struct key plain = KEY_INIT;
	struct path one;
	struct record rec;
	uint32_t i;
	int failed = 0;

	record_init(&rec);
	for (i = 0; i < key->n; i++) {
		const struct path *p = &key->part[i].path;
		struct span name = p->n == 1 ? p->step[0].name : p->text;

		if (c->known && !columns_find(c, name))
			failed = error_set(err, EXIT_USAGE, "the key '%s' is no column of '%s'", error_show(name), path);
		buf_reset(&text);
		path_name(&one, name, &plain.arena);
		path_pointer(&one, &text);
		buf_adds(&names, i ? "," : "[");
		json_add_string(&names, name.n && name.p[0] == '/' ? buf_span(&text) : name);
	}
	buf_addc(&names, ']');
	if (!failed)
		failed = record_copy(&rec, names.p, names.n, &limits, err) || key_from_schema(&plain, record_root(&rec), err);
	if (!failed) {
		key_release(key);
		*key = plain;
	} else {
		key_release(&plain);
	}
	record_release(&rec);
	buf_release(&text);
	buf_release(&names);
	return failed ? -1 : 0;
}

/* The key is known now. */
static int take_key(struct files *f, struct error *err)
{
	struct upsert *u = f->upsert;

	if (u->table && key_of_columns(&u->key, &f->out[0]->columns, f->target, err))
		return -1;
	u->seen = xreallocarray(u->seen, u->key.n, sizeof *u->seen);
	memset(u->seen, 0, u->key.n * sizeof *u->seen);
	return 0;
}

/* Nobody else of us writes to the old file while it is read and replaced. */
static int lock_old(const struct out *o, struct upsert *u, struct error *err)
{
	struct stat now;

	while (o->existed && !o->dry) {
		u->old = io_open_read(o->path, err);
		if (u->old < 0)
			return -1;
		if (flock(u->old, LOCK_EX | LOCK_NB))
			return error_set(err, EXIT_AGAIN, "another run is writing to '%s'", o->path);
		if (!fstat(u->old, &u->was) && !stat(o->path, &now) && now.st_ino == u->was.st_ino && now.st_dev == u->was.st_dev)
			break;
		close(u->old);
	}
	return 0;
}

int upsert_open(struct files *f, struct load *l, struct error *err)
{
	struct upsert *u = f->upsert = xcalloc(1, sizeof *u);
	struct out *o = f->out[0];

	u->old = -1;
	u->spill.fd = -1;
	u->memory.limit = l->tool->opt.memory;
	u->table = o->format == FORMAT_CSV || o->format == FORMAT_TSV;
	record_init(&u->rec);
	record_init(&u->taken);
	hash_key_random(&u->secret);
	table_init(&u->pending, sizeof(struct pending), &u->memory);
	table_init(&u->written, 8, &u->memory);
	store_init(&u->store, &u->spill, &u->memory);
	if ((!o->dry && undo_settle(o->path, l, err)) || lock_old(o, u, err) || head_check(o, err) || spill_open(&u->spill, err) ||
	    (u->table && find_columns(f, u, o, err)))
		return -1;
	if (!f->o->key)
		return 0;
	return key_parse(&u->key, f->o->key, err) || take_key(f, err) ? -1 : 0;
}

void upsert_release(struct files *f)
{
	struct upsert *u = f->upsert;

	if (!u)
		return;
	if (u->old >= 0)
		close(u->old);
	table_release(&u->pending);
	table_release(&u->written);
	store_release(&u->store);
	spill_close(&u->spill);
	key_release(&u->key);
	key_release(&u->old_key);
	columns_release(&u->take);
	shape_release(&u->shape);
	learned_release(&u->learned);
	record_release(&u->rec);
	record_release(&u->taken);
	buf_release(&u->bytes);
	buf_release(&u->line);
	arena_release(&u->arena);
	free(u->seen);
	free(u);
}

/* The shape, from the parts of a schema frame. */
static int read_shape(struct upsert *u, struct load *l, struct value key, struct value schema, struct error *err)
{
	struct buf text = BUF_INIT;
	struct meta meta;
	int failed;

	buf_adds(&text, "{\"_sync\":{\"op\":\"schema\",\"key\":");
	if (value_present(key))
		value_write(key, &text);
	else
		buf_adds(&text, "[]");
	buf_adds(&text, ",\"schema\":");
	value_write(schema, &text);
	buf_adds(&text, "}}");
	failed = record_copy(&u->rec, text.p, text.n, &fold_limits, err) || meta_read(&meta, &u->rec, &l->tool->streams, err) ||
		shape_read(&u->shape, &meta, err);
	buf_release(&text);
	return failed ? -1 : 0;
}

int upsert_schema(struct files *f, struct load *l, struct value key, struct value schema, struct error *err)
{
	struct upsert *u = f->upsert;
	struct key was = u->key;

	if (read_shape(u, l, key, schema, err))
		return -1;
	if (f->o->key || !value_present(key))
		return 0;
	u->key = (struct key)KEY_INIT;
	if (key_from_schema(&u->key, key, err) || take_key(f, err) ||
	    (u->pending.n && !key_same(&was, &u->key) && error_set(err, EXIT_FAILED, "the key of the stream changes on its way"))) {
		key_release(&was);
		return -1;
	}
	key_release(&was);
	return 0;
}

/* ---- the stream */

/* The fields that --fields takes, under the names of their columns. */
static int take_fields(struct upsert *u, const struct record *rec, struct error *err)
{
	struct buf text = BUF_INIT;
	struct value v;
	size_t i;
	int failed;

	buf_addc(&text, '{');
	for (i = 0; i < u->take.n; i++) {
		if (!record_get(rec, &u->take.v[i].path, &u->take.v[i].cursor, &v))
			continue;
		if (text.n > 1)
			buf_addc(&text, ',');
		json_add_string(&text, u->take.v[i].name);
		buf_addc(&text, ':');
		value_write(v, &text);
	}
	buf_addc(&text, '}');
	failed = record_copy(&u->taken, text.p, text.n, &fold_limits, err);
	buf_release(&text);
	return failed;
}

/* Has every member a column? */
static int check_columns(struct files *f, const struct record *rec, const struct meta *meta, struct error *err)
{
	struct out *o = f->out[0];
	struct walk walk = { 0, 0, 0 };
	struct value name, v;
	bool known = o->columns.known;

	if (meta->op == OP_UPSERT || meta->op == OP_INSERT)
		out_columns(f, o, rec);
	if (!known && o->columns.known && key_of_columns(&f->upsert->key, &o->columns, o->path, err))
		return -1;
	while (o->columns.known && value_next(record_root(rec), &walk, &name, &v))
		if (!columns_find(&o->columns, value_text(name, &f->upsert->arena)))
			return csv_unknown(name, err);
	return 0;
}

int upsert_record(struct files *f, struct load *l, struct record *rec, const struct meta *meta, struct error *err)
{
	struct upsert *u = f->upsert;
	int verdict = 0;

	arena_reset(&u->arena);
	if (meta->op == OP_TRUNCATE)
		return fold_truncate(u);
	if (!u->key.n)
		return error_set(err, EXIT_USAGE, "no key is known to upsert by: name one with --key");
	if (u->take.given) {
		if (take_fields(u, rec, err))
			return -1;
		rec = &u->taken;
	}
	if (u->table)
		verdict = check_columns(f, rec, meta, err);
	return verdict ? verdict : fold_record(l, u, rec, meta, err);
}
