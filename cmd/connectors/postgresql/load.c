/* sync-load-postgresql: a stream into tables of a PostgreSQL database. load.h has a map of its parts. */
#include "load.h"

#include <stdlib.h>

#include "base/diag.h"
#include "base/xalloc.h"

static int database_open(void *self, struct load *l, struct error *err)
{
	struct database *d = self;

	d->load = l;
	d->waiting = xcalloc(1, sizeof *d->waiting);
	hash_key_random(&d->hash_key);
	if (pg_open(&d->pg, d->uri, l->o->lock_timeout, err))
		return -1;
	d->path = PATH_OURS;
	/* rows are the rights' that the user has: what row security refuses is set aside */
	return session_run(d, "SET row_security TO on; SET jit TO off", err) || (l->state_here && state_load(d, err)) ? -1 : 0;
}

/* ---- records of a table that isn't there, and that no schema declares */

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

/* ---- records */

static int one_record(struct database *d, struct table *t, struct record *rec, const struct meta *meta, struct error *err)
{
	struct value old;
	bool moves = load_member(d->load, "key", &old) && value_type(old) == TOKEN_OBJECT && t->keys;

	switch (meta->op) {
	case OP_TRUNCATE:
		return keys_truncate(d, t, err);
	case OP_DELETE:
		if (!t->keys)
			return error_set(err, EXIT_USAGE, "'%s': a delete wants a key: name one with --key", t->name);
		return batch_add(d, t, rec, ROW_DELETE, err);
	case OP_UPDATE:
		return moves ? keys_move(d, t, rec, old, false, err) : batch_add(d, t, rec, ROW_UPDATE, err);
	default:
		return moves && !table_only_added(d, t) ? keys_move(d, t, rec, old, true, err) : batch_add(d, t, rec, ROW_UPSERT, err);
	}
}

static int any_record(void *self, struct load *l, struct record *rec, const struct meta *meta, struct error *err)
{
	struct database *d = self;
	struct table *t = table_of(d, meta->stream, err);
	int ready, kept;

	if (!t || (d->batch && d->batch != t && batch_flush(d, err)))
		return -1;
	ready = table_ready(d, t, err);
	if (!ready) {
		kept = hold(d, t, meta, err);
		if (kept)
			return kept < 0 ? -1 : t->held.n || t->exists ? LOAD_DONE : held_missing(l, meta->op, t->name, err);
	}
	if (ready < 0 || session_begin(d, err) || mirror_prepare(d, t, err))
		return -1;
	kept = replace_prepare(d, t, err);
	if (kept)
		return kept < 0 ? -1 : LOAD_DONE;
	if (waiting_many(d->waiting) && (batch_flush(d, err) || batch_retry(d, true, err)))
		return -1;
	if (d->expecting)
		return meta->op == OP_DELETE ? LOAD_DONE : mirror_expect(d, t, rec, err);
	arena_reset(&d->arena);
	return one_record(d, t, rec, meta, err);
}

static int database_record(void *self, struct load *l, struct record *rec, const struct meta *meta, struct error *err)
{
	struct database *d = self;
	int verdict = any_record(d, l, rec, meta, err);

	if (verdict != LOAD_REJECT || !journal_tries(d))
		return verdict;
	journal_refuse(d, err);
	return LOAD_DONE;
}

/* Where there was no row, of those that this run has inserted. */
static int check_deletes(struct database *d, struct error *err)
{
	uint32_t i;

	for (i = 0; i < d->tables; i++) {
		const struct table *t = d->table[i];

		if (d->load->mode != MODE_MIRROR && t->run.deleted &&
		    guard_deletes(d->load, t->run.deleted, t->rows_at_start ? t->rows_at_start : t->run.inserted, err))
			return -1;
	}
	return 0;
}

/* last: what then still waits is set aside. */
static int write_waiting(struct database *d, bool last, struct error *err)
{
	uint32_t i;

	for (i = 0; i < d->tables; i++)
		if (release_held(d, d->table[i], err))
			return -1;
	return batch_flush(d, err) || batch_retry(d, last, err) || journal_settle(d, err) ? -1 : 0;
}

/* Records that wait are taken by what was said when they came. */
static int database_schema(void *self, struct load *l, uint32_t stream, struct value key, struct value schema, struct error *err)
{
	struct database *d = self;
	struct table *t = table_of(d, stream, err);

	(void)l;
	if (!t || batch_flush(d, err) || release_held(d, t, err) || (t->looked && !declared_again(&t->declared, schema) && write_waiting(d, true, err)))
		return -1;
	buf_reset(&t->declared);
	value_write(schema, &t->declared);
	buf_reset(&t->key_names);
	if (value_present(key))
		value_write(key, &t->key_names);
	return t->exists ? table_declare(d, t, err) : 0;
}

static int move_sequences(struct database *d, struct error *err)
{
	uint32_t i;

	for (i = 0; i < d->tables; i++)
		if (d->table[i]->exists && sequences_move(d, d->table[i], err))
			return -1;
	return 0;
}

static int database_commit(void *self, struct load *l, struct error *err)
{
	struct database *d = self;

	if (write_waiting(d, true, err) || check_deletes(d, err) || move_sequences(d, err) || (l->state_here && state_save(d, err)))
		return -1;
	return session_commit(d, err);
}

static int finish_table(struct database *d, struct table *t, struct error *err)
{
	if (table_ready(d, t, err) < 0)
		return -1;
	if (!t->exists)
		return 0;	/* no columns were declared and no record came */
	if (d->load->mode == MODE_REPLACE)
		return t->counted ? guard_whole(d->load, t->rows_at_start, err) : 0;
	return d->load->mode == MODE_MIRROR && (session_begin(d, err) || mirror_prepare(d, t, err)) ? -1 : 0;
}

static int database_finish(void *self, struct load *l, struct error *err)
{
	struct database *d = self;
	uint32_t i;

	if (batch_flush(d, err) || replace_finish(d, err) || write_waiting(d, l->mode != MODE_MIRROR, err))
		return -1;
	for (i = 0; i < d->tables; i++)
		if (finish_table(d, d->table[i], err))
			return -1;
	if (l->mode == MODE_MIRROR && mirror_finish(d, err))
		return -1;
	if (check_deletes(d, err) || move_sequences(d, err) || (l->state_here && state_save(d, err)))
		return -1;
	return session_commit(d, err);
}

static void database_close(void *self, struct load *l)
{
	struct database *d = self;
	uint32_t i;

	(void)l;
	pg_close(&d->pg);	/* which rolls back what isn't committed */
	for (i = 0; i < d->tables; i++)
		table_free(d->table[i]);
	free(d->table);
	free(d->row);
	free(d->slot);
	if (d->waiting)
		held_release(&d->waiting->held);
	free(d->waiting);
	held_release(&d->journal.held);
	buf_release(&d->raw);
	buf_release(&d->out);
	arena_release(&d->arena);
	arena_release(&d->batch_arena);
}

static const struct opt_lack lacks[] = {
	{ "dry-run", "--dry-run: PostgreSQL's loader can't print what it would do; sync-diff says it" },
	{ NULL, NULL },
};

static const struct connector connector = {
	.scheme = "postgresql", .name = "PostgreSQL", .synopsis = "[OPTION...] DATABASE [TABLE]",
	.summary = "Writes a stream into tables of a PostgreSQL database.", .operands = 2,
	.wants = "one database and perhaps a table are wanted", .lacks = lacks,
	.atomic = 1u << MODE_UPSERT | 1u << MODE_APPEND | 1u << MODE_REPLACE | 1u << MODE_MIRROR,
	.operations = 1u << OP_UPSERT | 1u << OP_INSERT | 1u << OP_UPDATE | 1u << OP_DELETE | 1u << OP_TRUNCATE,
	.values = "boolean|integer|decimal|string|object|array", .keys = "integer|number|string|composite",
	.mode = MODE_UPSERT,
	.modes = 1u << MODE_UPSERT | 1u << MODE_APPEND | 1u << MODE_REPLACE | 1u << MODE_MIRROR,
	.at_end = 1u << MODE_REPLACE | 1u << MODE_MIRROR, .own_state = true, .open = database_open, .schema = database_schema,
	.record = database_record, .commit = database_commit, .finish = database_finish, .close = database_close,
};

int main(int argc, char **argv)
{
	struct load_options options = LOAD_OPTIONS_INIT;
	struct error err = ERROR_INIT;
	struct tool tool;
	struct database database = { .o = &options };
	const struct opt_group groups[] = {
		{ "How to write", load_any_opts, &options, false },
		{ "Databases", load_sql_opts, &options, false },
		TOOL_GROUPS(&tool),
	};
	int first;

	tool_start(&tool, "sync-load");
	first = load_parse(&connector, groups, &options, argc, argv, &err);
	if (first == OPT_ASKED)
		return EXIT_DONE;
	if (first < 0)
		return diag_fail(&err);
	database.uri = argv[first];
	return load_main(&tool, &options, &connector, &database, argc - first == 2 ? argv[first + 1] : NULL, database.uri);
}
