/* sync-load-redis: rows under a template of keys, or keys of every type. load.h has a map of its parts. */
#include "load.h"

#include "base/diag.h"
#include "load/declared.h"

static const struct opt own_opts[] = {
	OPT("key-template", 0, OPT_STRING, "T", struct own_options, key_template, "rows under keys such as game:{id}"),
	OPT("as", 0, OPT_CHOICE, "hash|json", struct own_options, as, "what a row becomes (a hash)"),
	OPT("ttl", 0, OPT_SECONDS, "TIME", struct own_options, ttl, "rows end by themselves after TIME"),
	OPT("publish", 0, OPT_STRING, "CHANNEL", struct own_options, publish, "publish each change beside its write"),
	OPT_END,
};

/* ---- options */

static int is_part(void *ctx, struct span name, struct error *err)
{
	const struct database *d = ctx;
	uint32_t i;

	for (i = 0; i < d->tmpl.parts; i++)
		if (span_eq(d->tmpl.name[i], name))
			return 0;
	return !d->tmpl.parts && span_is(name, "key") ? 0 : error_set(err, EXIT_USAGE, "--key: in Redis the key of a row is what its --key-template says");
}

static int check_options(struct database *d, struct error *err)
{
	if (d->o->key && declared_key(d->o->key, SPAN_LIT(""), is_part, d, err) < 0)
		return -1;
	if (d->o->newer && !d->tmpl.parts)
		return error_set(err, EXIT_USAGE, "--newer compares fields of rows: it wants --key-template");
	if (d->own->as && !d->tmpl.parts)
		return error_set(err, EXIT_USAGE, "--as says what rows become: it wants --key-template");
	return 0;
}

/* ---- the connector */

static int database_open(void *self, struct load *l, struct error *err)
{
	struct database *d = self;

	d->load = l;
	hash_key_random(&d->hash_key);
	d->memory.limit = 12 << 20;
	if (check_options(d, err) || redis_open(&d->redis, d->uri, err) || redis_clock(&d->redis, err) || print_begin(d, err))
		return -1;
	if (l->o->state && !l->state_here)
		diag_warn("--state: what Redis has taken may be lost with it, unless it syncs every write, while a state kept elsewhere stays");
	return l->state_here ? state_load(d, err) : 0;
}

static int database_schema(void *self, struct load *l, uint32_t stream, struct value key, struct value schema, struct error *err)
{
	const struct scan_limits limits = { 1000, INT32_MAX };
	struct database *d = self;
	struct buf text = BUF_INIT;
	struct value v;
	int failed;

	(void)l;
	(void)key;
	(void)stream;
	value_write(schema, &text);
	failed = record_copy(&d->schema, text.p, text.n, &limits, err);
	buf_release(&text);
	if (failed || !record_is_object(&d->schema))
		return failed;
	typed_read(&d->typed, &d->schema);
	d->ejson = value_member(record_root(&d->schema), SPAN_LIT("x-values"), &v) && value_type(v) == TOKEN_STRING && value_text_is(v, SPAN_LIT("ejson"));
	d->schema_saved = false;
	return 0;
}

/* What can't be a key is told before anything is written. */
static int database_record(void *self, struct load *l, struct record *rec, const struct meta *meta, struct error *err)
{
	struct database *d = self;
	struct row row;
	int verdict = row_of(d, rec, meta, &row, err);

	if (verdict)
		return verdict;
	d->deletes += meta->op == OP_DELETE;
	d->truncates += meta->op == OP_TRUNCATE;
	if (l->mode == MODE_MIRROR && meta->op == OP_TRUNCATE)
		return error_set(err, EXIT_FAILED, "a mirror takes no 'truncate'");
	if (l->mode == MODE_MIRROR && meta->op != OP_DELETE && mirror_see(d, row.key, err))
		return -1;
	return l->mode == MODE_MIRROR && l->scope == SCOPE_KEYS ? 0 : spool_add(d, &row, err);
}

/* The guards first: Redis takes nothing back. */
static int apply(struct database *d, bool end, struct error *err)
{
	struct load *l = d->load;
	bool state = l->state_here && l->state.changed && !d->o->dry_run;

	if ((end && l->mode == MODE_MIRROR && mirror_deletes(d, err)) || guard_spooled(d, err) || schema_save(d, err) ||
	    spool_take(d, chunk_add, err) || (state ? chunk_commit(d, err) : chunk_drain(d, err)))
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
	return apply(self, true, err) || (l->o->dry_run && writer_end(&l->tool->writer, err)) ? -1 : 0;
}

static void database_close(void *self, struct load *l)
{
	struct database *d = self;

	(void)l;
	spool_release(d);
	redis_close(&d->redis);
	chunk_release(d);
	sort_release(&d->seen);
	spill_close(&d->seen_spill);
	typed_release(&d->typed);
	arena_release(&d->arena);
	record_release(&d->scratch);
	record_release(&d->schema);
	buf_release(&d->words);
	buf_release(&d->names);
	buf_release(&d->gone);
	buf_release(&d->key);
	buf_release(&d->old);
}

static const struct connector connector = {
	.scheme = "redis", .name = "Redis", .synopsis = "[OPTION...] ADDRESS", .summary = "Writes rows or keys into Redis.",
	.operands = 1, .wants = "one address is wanted",
	.operations = 1u << OP_UPSERT | 1u << OP_INSERT | 1u << OP_UPDATE | 1u << OP_DELETE | 1u << OP_TRUNCATE,
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
	database.stream = UINT32_MAX;
	database.spill = database.seen_spill = (struct spill)SPILL_INIT;
	database.gathering = &database.chunk[0];
	database.asked = &database.chunk[1];
	database.written = &database.chunk[2];
	record_init(&database.scratch);
	record_init(&database.schema);
	record_init(&database.typed.scratch);
	return load_main(&tool, &options, &connector, &database, NULL, database.uri);
}
