/* sync-load-sqlite: a stream into tables of a SQLite database. load.h has a map of its parts. */
#include "load.h"

#include <stdlib.h>

#include "base/diag.h"

static int database_open(void *self, struct load *l, struct error *err)
{
	struct database *d = self;

	d->load = l;
	if (target_open(d, err) || (l->state_here && state_load(d, err)))
		return -1;
	if (l->o->dry_run && writer_begin(&l->tool->writer, SCOPE_PART, SPAN_LIT(""), SPAN_LIT(""), SPAN_LIT(""), err))
		return -1;
	return 0;
}

static int database_schema(void *self, struct load *l, uint32_t stream, struct value key, struct value schema, struct error *err)
{
	struct database *d = self;
	struct table *t = table_of(d, stream, err);

	(void)l;
	if (!t)
		return -1;
	buf_reset(&t->schema);
	value_write(schema, &t->schema);
	buf_reset(&t->key);
	if (value_present(key))
		value_write(key, &t->key);
	return 0;
}

/* In replace mode what was there goes first; the transaction brings it back if anything fails. */
static int empty_first(struct database *d, struct table *t, struct error *err)
{
	struct buf sql = BUF_INIT;
	int failed;

	if (d->load->mode != MODE_REPLACE || t->made || t->counted)
		return 0;
	if (rows_count(d, t, err))
		return -1;
	buf_addf(&sql, "DELETE FROM %s", t->quoted);
	failed = t->rows_at_start ? target_exec(d, buf_str(&sql), err) : 0;
	buf_release(&sql);
	return failed;
}

static int one_record(struct database *d, struct table *t, struct record *rec, const struct meta *meta, struct error *err)
{
	bool mirror = d->load->mode == MODE_MIRROR;
	int verdict;

	switch (meta->op) {
	case OP_UPDATE:
		verdict = rows_update(d, t, rec, err);
		break;
	case OP_DELETE:
		return t->keys ? rows_delete(d, t, rec, err) : 0;
	default:
		if (mirror && d->load->scope == SCOPE_KEYS)
			return mirror_see(d, t, rec, err);
		verdict = rows_upsert(d, t, rec, d->load->mode == MODE_APPEND || d->load->mode == MODE_REPLACE || !t->keys, err);
	}
	return verdict || !mirror ? verdict : mirror_see(d, t, rec, err);
}

static int print_change(struct database *d, struct table *t, struct record *rec, const struct meta *meta, uint64_t before, struct error *err)
{
	struct load *l = d->load;
	struct meta m = *meta;
	const char *op = l->inserted > before ? "\"insert\"" : meta->op == OP_DELETE ? "\"delete\"" : meta->op == OP_UPDATE ? "\"update\"" : "\"upsert\"";
	struct buf name = BUF_INIT;
	int failed;

	json_add_string(&name, span_of(t->name));
	failed = names_reserve(rec, err) || meta_set(&m, rec, &l->tool->streams, "stream", buf_span(&name), err) ||
		meta_set(&m, rec, &l->tool->streams, "op", span_of(op), err) || writer_record(&l->tool->writer, rec, &m, err) ? -1 : 0;
	buf_release(&name);
	return failed;
}

static int database_record(void *self, struct load *l, struct record *rec, const struct meta *meta, struct error *err)
{
	struct database *d = self;
	struct table *t = table_of(d, meta->stream, err);
	uint64_t inserted = l->inserted, unchanged = l->unchanged;
	int verdict;

	arena_reset(&d->arena);
	if (!t)
		return -1;
	if (meta->op == OP_TRUNCATE)
		return table_ready(d, t, NULL, err) || (t->exists && rows_truncate(d, t, err)) ? -1 : 0;
	if (!t->exists && table_ready(d, t, rec, err))
		return -1;
	if (empty_first(d, t, err))
		return -1;
	verdict = one_record(d, t, rec, meta, err);
	if (!verdict && l->o->dry_run && l->unchanged == unchanged)
		return print_change(d, t, rec, meta, inserted, err);
	return verdict;
}

static int check_deletes(struct database *d, struct error *err)
{
	uint32_t i;

	for (i = 0; i < d->tables; i++)
		if (d->load->mode != MODE_MIRROR && d->table[i].deleted &&
		    guard_deletes(d->load, d->table[i].deleted, d->table[i].rows_at_start, err))
			return -1;
	return 0;
}

/* At a checkpoint. A file that somebody reads right now is committed later. */
static int database_commit(void *self, struct load *l, struct error *err)
{
	struct database *d = self;
	int rc;

	if (check_deletes(d, err) || (l->state_here && state_save(d, err)))
		return -1;
	rc = target_commit(d, !l->state_here && l->o->state, err);
	if (rc < 0)
		return -1;
	return rc ? 0 : target_begin(d, err);
}

static int finish_table(struct database *d, struct table *t, struct error *err)
{
	struct load *l = d->load;

	if (!t->exists && table_ready(d, t, NULL, err))
		return -1;
	if (!t->exists)
		return 0;	/* no columns were declared and no record came */
	if (l->mode == MODE_MIRROR)
		return mirror_finish(d, t, err);
	if (l->mode == MODE_REPLACE)
		return empty_first(d, t, err) || (t->counted && guard_whole(l, t->rows_at_start, err)) ? -1 : 0;
	return 0;
}

static int database_finish(void *self, struct load *l, struct error *err)
{
	struct database *d = self;
	uint32_t i;

	for (i = 0; i < d->tables; i++)
		if (finish_table(d, &d->table[i], err))
			return -1;
	if (check_deletes(d, err))
		return -1;
	if (l->o->dry_run)
		return writer_end(&l->tool->writer, err);	/* and close rolls back */
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
		table_release(&d->table[i]);
	free(d->table);
	arena_release(&d->arena);
	if (d->db)
		target_close(d);
	db_release(&d->file);
}

static const struct connector connector = {
	.name = "SQLite", .mode = MODE_UPSERT,
	.modes = 1u << MODE_UPSERT | 1u << MODE_APPEND | 1u << MODE_REPLACE | 1u << MODE_MIRROR,
	.at_end = 1u << MODE_REPLACE | 1u << MODE_MIRROR, .own_state = true, .open = database_open, .schema = database_schema, .record = database_record, .commit = database_commit,
	.finish = database_finish, .close = database_close,
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
	const struct opt_program program = {
		"sync-load", "[OPTION...] DATABASE [TABLE]", "Writes a stream into tables of a SQLite database.", NULL, groups, NULL, NULL,
		tool_version,
	};
	int first;

	tool_start(&tool, "sync-load");
	first = opt_parse(&program, argc, argv, &err);
	if (first == OPT_ASKED)
		return EXIT_DONE;
	if (first >= 0 && (argc - first < 1 || argc - first > 2))
		first = error_set(&err, EXIT_USAGE, "one database and perhaps a table are wanted; try 'sync-load --help'");
	if (first < 0)
		return diag_fail(&err);
	if (db_name(&database.file, argv[first], options.lock_timeout, &err))
		return diag_fail(&err);
	database.path = database.file.path;
	return load_main(&tool, &options, &connector, &database, argc - first == 2 ? argv[first + 1] : NULL, database.path);
}
