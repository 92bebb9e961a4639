/* sync-load-sqlite: a stream into tables of a SQLite database. load.h has a map of its parts. */
#include "load.h"

#include <stdlib.h>

#include "base/diag.h"

static int database_open(void *self, struct load *l, struct error *err)
{
	struct database *d = self;

	d->load = l;
	retry_open(d);
	if (target_open(d, err) || gather_open(d, err) || (l->state_here && state_load(d, err)))
		return -1;
	return print_begin(d, err);
}

/* In replace mode what was there goes first; the transaction brings it back if anything fails. */
static int empty_first(struct database *d, struct table *t, struct error *err)
{
	struct buf sql = BUF_INIT;
	int failed;

	if (d->load->mode != MODE_REPLACE || t->made || t->counted)
		return 0;
	if (target_begin(d, err) || rows_count(d, t, err))
		return -1;
	buf_addf(&sql, "DELETE FROM %s", t->quoted);
	failed = t->rows_at_start && (print_truncate(d, t, err) || target_exec(d, buf_str(&sql), err)) ? -1 : 0;
	buf_release(&sql);
	return failed;
}

/* ---- records of a table that isn't there, and that no schema declares: the first ones say what columns it has */

static int release_held(struct database *d, struct table *t, struct error *err)
{
	return t->exists || !t->held.n ? 0 : make_from_held(d, t, err);
}

/* 1: the record is kept, or there is nothing to do for it; 0: the table is there now; or as a verdict. */
static int hold(struct database *d, struct table *t, const struct meta *meta, struct error *err)
{
	if (held_first(&t->held, d->load, meta->op))
		return held_enough(&t->held) && release_held(d, t, err) ? -1 : 1;
	return release_held(d, t, err) ? -1 : !t->exists;
}

/* Records that wait are taken by what was said when they came. */
static int database_schema(void *self, struct load *l, uint32_t stream, struct value key, struct value schema, struct error *err)
{
	struct database *d = self;
	struct table *t = table_of(d, stream, err);

	(void)l;
	if (!t || gather_flush(d, err) || release_held(d, t, err) || (t->looked && !declared_again(&t->schema, schema) && retry_all(d, true, err)))
		return -1;
	t->printed = false;
	buf_reset(&t->schema);
	value_write(schema, &t->schema);
	buf_reset(&t->key_names);
	if (value_present(key))
		value_write(key, &t->key_names);
	return t->exists ? table_declare(d, t, err) : 0;
}

/* ---- records */

static int one_record(struct database *d, struct table *t, struct record *rec, const struct meta *meta, struct error *err)
{
	int verdict;

	switch (meta->op) {
	case OP_TRUNCATE:
		return rows_truncate(d, t, err);
	case OP_UPDATE:
		return rows_update(d, t, rec, err);
	case OP_DELETE:
		return rows_delete(d, t, rec, err);
	default:
		if (d->load->mode != MODE_MIRROR || d->load->scope != SCOPE_KEYS)
			return rows_upsert(d, t, rec, err);
		verdict = cells_of_key(d, t, record_root(rec), d->key, err);
		return verdict ? verdict : mirror_see(d, t, d->key, err);
	}
}

static int database_record(void *self, struct load *l, struct record *rec, const struct meta *meta, struct error *err)
{
	struct database *d = self;
	struct table *t = table_of(d, meta->stream, err);
	uint64_t inserted = l->inserted, done;
	int ready, kept, verdict;

	ready = t ? table_ready(d, t, err) : -1;
	if (!ready) {
		kept = hold(d, t, meta, err);
		if (kept)
			return kept < 0 ? -1 : t->held.n || t->exists ? LOAD_DONE : held_missing(l, meta->op, t->name, err);
	}
	if (ready < 0 || target_begin(d, err) || empty_first(d, t, err) || retry_if_many(d, err))
		return -1;
	arena_reset(&d->arena);
	done = l->inserted + l->updated + l->deleted;
	verdict = one_record(d, t, rec, meta, err);
	if (verdict || l->inserted + l->updated + l->deleted == done)
		return verdict;
	return print_change(d, t, rec, meta, l->inserted > inserted, err);
}

static int check_deletes(struct database *d, struct error *err)
{
	const struct table *t;
	uint32_t i;

	for (i = 0; d->load->mode != MODE_MIRROR && i < d->tables; i++) {
		t = d->table[i];
		/* a table that was empty loses what this run has put there */
		if (t->deleted && guard_deletes(d->load, t->deleted, t->rows_at_start ? t->rows_at_start : t->added, err))
			return -1;
	}
	return 0;
}

/* Everything that waits for others is written, but for rows that a mirror may still make room for. */
static int write_waiting(struct database *d, struct error *err)
{
	uint32_t i;

	for (i = 0; i < d->tables; i++)
		if (release_held(d, d->table[i], err))
			return -1;
	return gather_flush(d, err) || (d->load->mode != MODE_MIRROR && retry_all(d, true, err)) ? -1 : 0;
}

/* At a checkpoint. A file that somebody reads right now is committed later. */
static int database_commit(void *self, struct load *l, struct error *err)
{
	struct database *d = self;

	if (write_waiting(d, err) || check_deletes(d, err) || (l->state_here && state_save(d, err)))
		return -1;
	return target_commit(d, false, err);
}

static int finish_table(struct database *d, struct table *t, struct error *err)
{
	if (table_ready(d, t, err) < 0)
		return -1;
	if (!t->exists || d->load->mode != MODE_REPLACE)
		return 0;	/* no columns were declared and no record came */
	return empty_first(d, t, err) || (t->counted && guard_whole(d->load, t->rows_at_start, err)) ? -1 : 0;
}

static int database_finish(void *self, struct load *l, struct error *err)
{
	struct database *d = self;
	uint32_t i;

	if (write_waiting(d, err))
		return -1;
	for (i = 0; i < d->tables; i++)
		if (finish_table(d, d->table[i], err))
			return -1;
	if (l->mode == MODE_MIRROR && (target_begin(d, err) || mirror_finish(d, err)))
		return -1;
	if (check_deletes(d, err))
		return -1;
	if (l->o->dry_run)
		return print_end(d, err);	/* and close rolls back */
	if (l->state_here && state_save(d, err))
		return -1;
	return target_commit(d, true, err);
}

static void database_close(void *self, struct load *l)
{
	struct database *d = self;
	uint32_t i;

	(void)l;
	for (i = 0; i < d->tables; i++)
		table_free(d->table[i]);
	free(d->table);
	gather_close(d);
	retry_close(d);
	arena_release(&d->arena);
	if (d->db)
		target_close(d);
	db_release(&d->file);
}

static const struct connector connector = {
	.scheme = "sqlite", .name = "SQLite", .synopsis = "[OPTION...] DATABASE [TABLE]",
	.summary = "Writes a stream into tables of a SQLite database.", .operands = 2,
	.wants = "one database and perhaps a table are wanted",
	.atomic = 1u << MODE_UPSERT | 1u << MODE_APPEND | 1u << MODE_REPLACE | 1u << MODE_MIRROR,
	.operations = 1u << OP_UPSERT | 1u << OP_INSERT | 1u << OP_UPDATE | 1u << OP_DELETE | 1u << OP_TRUNCATE,
	.values = "boolean|integer|decimal|string|object|array", .keys = "integer|number|string|composite",
	.mode = MODE_UPSERT,
	.modes = 1u << MODE_UPSERT | 1u << MODE_APPEND | 1u << MODE_REPLACE | 1u << MODE_MIRROR,
	.at_end = 1u << MODE_REPLACE | 1u << MODE_MIRROR, .own_state = true, .open = database_open, .schema = database_schema, .record = database_record, .commit = database_commit,
	.finish = database_finish, .close = database_close,
};

int main(int argc, char **argv)
{
	struct load_options options = LOAD_OPTIONS_INIT;
	struct error err = ERROR_INIT;
	struct tool tool;
	static struct database database;	/* with room for the widest record */
	const struct opt_group groups[] = {
		{ "How to write", load_any_opts, &options, false },
		{ "Databases", load_sql_opts, &options, false },
		TOOL_GROUPS(&tool),
	};
	int first;

	database.o = &options;
	tool_start(&tool, "sync-load");
	first = load_parse(&connector, groups, &options, argc, argv, &err);
	if (first == OPT_ASKED)
		return EXIT_DONE;
	if (first < 0)
		return diag_fail(&err);
	if (db_name(&database.file, argv[first], options.lock_timeout, &err))
		return diag_fail(&err);
	database.path = database.file.path;
	return load_main(&tool, &options, &connector, &database, argc - first == 2 ? argv[first + 1] : NULL, database.path);
}
