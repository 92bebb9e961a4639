/* sync-load-mongodb: records into the collections of a MongoDB database. load.h has a map of its parts. */
#include "load.h"

#include <stdlib.h>

#include "base/diag.h"

/* Nothing may count as written that nobody has answered for. */
static int check_answers(const struct database *d, struct error *err)
{
	if (mongoc_write_concern_is_acknowledged(mongoc_client_get_write_concern(d->mongo.client)))
		return 0;
	return error_set(err, EXIT_USAGE, "'%s': with w=0 the server doesn't say whether it has written", error_show(span_of(d->uri)));
}

static int database_open(void *self, struct load *l, struct error *err)
{
	struct database *d = self;

	d->load = l;
	hash_key_random(&d->hash_key);
	d->memory.limit = l->tool->opt.memory;
	return mongo_open(&d->mongo, d->uri, err) || check_answers(d, err) || (l->state_here && state_load(d, err)) ? -1 : 0;
}

static int database_schema(void *self, struct load *l, uint32_t stream, struct value key, struct value schema, struct error *err)
{
	struct target *t = target_of(self, stream, err);

	(void)l;
	return t ? target_declare(t, key, schema, err) : -1;
}

/* ---- records, once the checkpoint behind them has come */

static int take_row(struct target *t, struct record *rec, const struct meta *meta, struct error *err)
{
	struct load *l = t->d->load;
	struct row row;
	int verdict;

	if (meta->op == OP_TRUNCATE)
		return batch_flush(t, err) || target_truncate(t, err) ? -1 : 0;
	verdict = row_of(t, rec, meta, &row, err);
	if (verdict) {
		row_release(&row);
		return verdict;
	}
	if (l->mode == MODE_MIRROR && l->scope == SCOPE_KEYS) {
		row_release(&row);
		return LOAD_DONE;
	}
	return batch_add(t, &row, err);
}

/* ---- …and before */

/* Keys of what deletes, and in a mirror of what stays, are known before anything is written; what can't be one is told. */
static int look_at(struct target *t, struct record *rec, const struct meta *meta, struct error *err)
{
	uint64_t times = t->reading.times_as_text, numbers = t->reading.numbers_as_text;
	bool mirror = t->d->load->mode == MODE_MIRROR && meta->op != OP_DELETE;
	struct value moved;
	struct row row;
	int verdict;

	if (!mirror && meta->op != OP_DELETE && !load_member(t->d->load, "key", &moved))
		return LOAD_DONE;
	verdict = row_of(t, rec, meta, &row, err);
	if (!verdict && (meta->op == OP_DELETE || row.old))
		verdict = deletes_add(t, row.key, err);
	if (!verdict && mirror && !table_put(&t->seen, row.hash, NULL))
		verdict = error_set(err, EXIT_FAILED, "more keys than --memory holds the hashes of (32 bytes each)");
	row_release(&row);
	t->reading.times_as_text = times;
	t->reading.numbers_as_text = numbers;
	return verdict;
}

static int database_record(void *self, struct load *l, struct record *rec, const struct meta *meta, struct error *err)
{
	struct database *d = self;
	struct target *t = target_of(d, meta->stream, err);
	int verdict;

	if (!t || target_ready(t, rec, err))
		return -1;
	d->taken += d->spool.applying;
	if (d->spool.applying)
		return take_row(t, rec, meta, err);
	if (meta->op == OP_TRUNCATE) {
		if (deletes_add_all(t, err))
			return -1;
	} else {
		verdict = look_at(t, rec, meta, err);
		if (verdict)
			return verdict;
	}
	return spool_add(&d->spool, &l->arrival, err);
}

/* ---- making it durable */

/* Deletes are counted before anything is written: MongoDB takes nothing back. */
static int check_deletes(struct database *d, struct error *err)
{
	struct target *t;
	uint32_t i;

	for (i = 0; i < d->targets; i++) {
		t = d->target[i];
		if (deletes_flush(t, err))
			return -1;
		if (t->deletes && (target_count(t, err) || guard_deletes(d->load, (uint64_t)t->deletes, (uint64_t)t->rows_at_start, err)))
			return -1;
	}
	return 0;
}

static int each_target(struct database *d, int (*fn)(struct target *t, struct error *err), struct error *err)
{
	uint32_t i;

	for (i = 0; i < d->targets; i++)
		if (fn(d->target[i], err))
			return -1;
	return 0;
}

static void forget_frames(struct database *d)
{
	struct target *t;
	uint32_t i, f;

	for (i = 0; i < d->targets; i++) {
		t = d->target[i];
		for (f = 0; f + 1 < t->frames; f++) {
			free(t->frame[f].text);
			shapes_release(&t->frame[f].shapes);
		}
		t->frame[0] = t->frame[t->frames - 1];
		t->frame[0].from = 0;
		t->frames = 1;
		t->at = 0;
	}
	d->taken = 0;
}

static int write_spooled(struct database *d, struct error *err)
{
	if ((d->load->state_here && state_check(d, err)) || check_deletes(d, err))
		return -1;
	if (spool_apply(&d->spool, d->load, err) || each_target(d, batch_flush, err))
		return -1;
	forget_frames(d);
	return 0;
}

static int store_state(struct database *d, struct error *err)
{
	return d->load->state_here && d->load->state.changed ? state_save(d, err) : 0;
}

static int database_commit(void *self, struct load *l, struct error *err)
{
	(void)l;
	return write_spooled(self, err) || store_state(self, err) ? -1 : 0;
}

static int ready(struct target *t, struct error *err)
{
	return target_ready(t, NULL, err);
}

static int database_finish(void *self, struct load *l, struct error *err)
{
	struct database *d = self;

	if (l->mode != MODE_APPEND && l->stream && !d->targets && !target_of(d, 0, err))	/* an empty source, of a collection that is named */
		return -1;
	if (each_target(d, ready, err))
		return -1;
	if ((l->mode == MODE_MIRROR && each_target(d, mirror_check, err)) || (l->mode == MODE_REPLACE && each_target(d, replace_start, err)))
		return -1;
	if (write_spooled(d, err) || (l->mode == MODE_REPLACE && (each_target(d, replace_check, err) || each_target(d, replace_finish, err))) ||
	    (l->mode == MODE_MIRROR && each_target(d, mirror_finish, err)) || store_state(d, err))
		return -1;
	targets_say_text(d);
	return 0;
}

static void database_close(void *self, struct load *l)
{
	struct database *d = self;
	uint32_t i;

	(void)l;
	for (i = 0; i < d->targets; i++) {
		replace_undo(d->target[i]);
		target_release(d->target[i]);
	}
	free(d->target);
	spool_release(&d->spool);
	mongo_close(&d->mongo);
}

static const struct opt_lack lacks[] = {
	{ "dry-run", "--dry-run: MongoDB's loader can't print what it would do; sync-diff says it" },
	{ NULL, NULL },
};

static const struct connector connector = {
	.scheme = "mongodb", .name = "MongoDB", .synopsis = "[OPTION...] DATABASE [COLLECTION]",
	.summary = "Writes a stream into collections of a MongoDB database.", .operands = 2,
	.wants = "one database and perhaps a collection are wanted", .lacks = lacks,
	.atomic = 1u << MODE_REPLACE, .operations = 1u << OP_UPSERT | 1u << OP_INSERT | 1u << OP_UPDATE | 1u << OP_DELETE | 1u << OP_TRUNCATE,
	.values = "boolean|integer|decimal|string|object|array", .keys = "integer|number|string|composite", .mode = MODE_UPSERT,
	.modes = 1u << MODE_UPSERT | 1u << MODE_APPEND | 1u << MODE_REPLACE | 1u << MODE_MIRROR | 1u << MODE_PATCH,
	.at_end = 1u << MODE_REPLACE | 1u << MODE_MIRROR, .own_state = true, .state_behind = true, .open = database_open, .schema = database_schema,
	.record = database_record, .commit = database_commit, .finish = database_finish, .close = database_close,
};

int main(int argc, char **argv)
{
	struct load_options options = LOAD_OPTIONS_INIT;
	struct error err = ERROR_INIT;
	struct tool tool;
	struct database database = { .o = &options, .spool = SPOOL_INIT };
	const struct opt_group groups[] = {
		{ "How to write", load_any_opts, &options, false },
		{ "MongoDB", load_index_opts, &options, false },
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
