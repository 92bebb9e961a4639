/* sync-load-redis: rows under a template of keys, or keys of every type. load.h has a map of its parts. */
#include "load.h"

#include "base/diag.h"

static const struct opt own_opts[] = {
	OPT("key-template", 0, OPT_STRING, "T", struct own_options, key_template, "rows under keys such as game:{id}"),
	OPT("as", 0, OPT_CHOICE, "hash|json", struct own_options, as, "what a row becomes (a hash)"),
	OPT("ttl", 0, OPT_SECONDS, "TIME", struct own_options, ttl, "rows end by themselves after TIME"),
	OPT("publish", 0, OPT_STRING, "CHANNEL", struct own_options, publish, "publish each change beside its write"),
	OPT_END,
};

static int database_open(void *self, struct load *l, struct error *err)
{
	struct database *d = self;

	d->load = l;
	hash_key_random(&d->hash_key);
	d->memory.limit = l->tool->opt.memory;
	if (redis_open(&d->redis, d->uri, err))
		return -1;
	if (l->o->state && !l->state_here)
		diag_warn("--state: what Redis has taken may be lost with it, unless it syncs every write, while a state kept elsewhere stays");
	return l->state_here ? state_load(d, err) : 0;
}

static int database_schema(void *self, struct load *l, uint32_t stream, struct value key, struct value schema, struct error *err)
{
	struct database *d = self;

	(void)l;
	(void)key;
	(void)err;
	(void)stream;
	buf_reset(&d->schema);
	value_write(schema, &d->schema);
	return 0;
}

static int take_row(struct database *d, struct record *rec, const struct meta *meta, struct error *err)
{
	struct row row;
	int verdict;

	if (!d->rows)
		arena_reset(&d->arena);
	verdict = row_of(d, rec, meta, &row, err);
	if (verdict)
		return verdict;
	if (d->load->mode == MODE_MIRROR && meta->op != OP_DELETE && !table_put(&d->seen, hash_bytes(row.key.p, row.key.n, &d->hash_key), NULL))
		return error_set(err, EXIT_FAILED, "more keys than --memory holds the hashes of (32 bytes each)");
	if (d->load->mode == MODE_MIRROR && d->load->scope == SCOPE_KEYS)
		return LOAD_DONE;
	row.arrival = d->load->arrival;
	row.arrival.line = line_copy(&d->arena, row.arrival.line);
	return chunk_add(d, &row, err);
}

static int database_record(void *self, struct load *l, struct record *rec, const struct meta *meta, struct error *err)
{
	struct database *d = self;
	struct row row;
	int verdict;

	if (d->applying)
		return take_row(d, rec, meta, err);
	/* what can't be a key is told before anything is written */
	arena_reset(&d->arena);
	verdict = row_of(d, rec, meta, &row, err);
	if (verdict)
		return verdict;
	d->deletes += meta->op == OP_DELETE;
	return spool_add(d, &l->arrival, err);
}

/* Deletes are counted before anything is written: Redis takes nothing back. */
static int apply(struct database *d, bool end, struct error *err)
{
	struct load *l = d->load;
	bool state = l->state_here && l->state.changed;

	if (d->deletes && (keys_count(d, err) || guard_deletes(l, d->deletes, d->keys_at_start, err)))
		return -1;
	if (schema_save(d, err) || spool_apply(d, err) || (end && l->mode == MODE_MIRROR && (chunk_flush(d, false, err) || mirror_finish(d, err))) ||
	    chunk_flush(d, state, err))
		return -1;
	if (state) {
		l->state.generation++;
		l->state.changed = l->state.damaged = false;
	}
	return 0;
}

static int database_commit(void *self, struct load *l, struct error *err)
{
	(void)l;
	return apply(self, false, err);
}

static int database_finish(void *self, struct load *l, struct error *err)
{
	(void)l;
	return apply(self, true, err);
}

static void database_close(void *self, struct load *l)
{
	struct database *d = self;

	(void)l;
	spool_release(d);
	redis_close(&d->redis);
	table_release(&d->keys);
	table_release(&d->seen);
	arena_release(&d->arena);
	record_release(&d->scratch);
	buf_release(&d->schema);
}

static const struct opt_lack lacks[] = {
	{ "dry-run", "--dry-run: Redis's loader can't print what it would do; sync-diff says it" },
	{ "key", "--key: rows of Redis are found by their keys' template (--key-template)" },
	{ "newer", "--newer: Redis's loader compares no rows" },
	{ NULL, NULL },
};

static const struct connector connector = {
	.scheme = "redis", .name = "Redis", .synopsis = "[OPTION...] ADDRESS", .summary = "Writes rows or keys into Redis.",
	.operands = 1, .wants = "one address is wanted", .lacks = lacks,
	.operations = 1u << OP_UPSERT | 1u << OP_INSERT | 1u << OP_UPDATE | 1u << OP_DELETE,
	.values = "boolean|integer|decimal|string|object|array", .keys = "integer|number|string|composite",
	.mode = MODE_UPSERT, .modes = 1u << MODE_UPSERT | 1u << MODE_MIRROR, .at_end = 1u << MODE_MIRROR, .own_state = true,
	.open = database_open, .schema = database_schema, .record = database_record, .commit = database_commit,
	.finish = database_finish, .close = database_close,
};

int main(int argc, char **argv)
{
	struct load_options options = LOAD_OPTIONS_INIT;
	struct own_options own = { NULL, NULL, 0, 0 };
	struct error err = ERROR_INIT;
	struct tool tool;
	static struct database database;
	const struct opt_group groups[] = {
		{ "How to write", load_any_opts, &options, false },
		{ "Redis", own_opts, &own, false },
		TOOL_GROUPS(&tool),
	};
	int first;

	tool_start(&tool, "sync-load");
	first = load_parse(&connector, groups, &options, argc, argv, &err);
	if (first == OPT_ASKED)
		return EXIT_DONE;
	if (first >= 0 && own.key_template)
		first = template_parse(&database.tmpl, own.key_template, &err) ? -1 : first;
	if (first < 0)
		return diag_fail(&err);
	database.o = &options;
	database.own = &own;
	database.uri = argv[first];
	database.spill = (struct spill)SPILL_INIT;
	table_init(&database.keys, 0, &database.memory);
	table_init(&database.seen, 0, &database.memory);
	record_init(&database.scratch);
	return load_main(&tool, &options, &connector, &database, NULL, database.uri);
}
