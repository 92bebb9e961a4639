/* run: the loop of a loader. */
#include "load/run.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/fileio.h"
#include "value/number.h"

int load_member(const struct load *l, const char *name, struct value *out)
{
	return l->sync.has && value_member(record_root(&l->sync.rec), span_of(name), out);
}

/* ---- the state */

static int check_from(struct load *l, const struct begin *b, struct error *err)
{
	struct value v;
	uint64_t generation;

	if (value_type(b->from) != TOKEN_OBJECT || !value_member(b->from, SPAN_LIT("generation"), &v) || value_type(v) != TOKEN_STRING ||
	    !value_bytes(v).n || value_bytes(v).n > 20 || number_uint64(value_bytes(v), &generation))
		return error_set(err, EXIT_FAILED, "begin: 'from' names no generation");
	if (generation != l->state.generation)
		return error_set(err, EXIT_AGAIN, "the stream starts from generation %llu of the state, which another run has moved to %llu",
				 (unsigned long long)generation, (unsigned long long)l->state.generation);
	return 0;
}

static void copy_string(struct load *l, const struct begin *b, const char *name)
{
	struct arena arena = ARENA_INIT;
	struct value v;
	struct span text;

	if (value_member(b->from, span_of(name), &v) && value_type(v) == TOKEN_STRING) {
		text = value_text(v, &arena);
		state_set_string(&l->state, name, arena_dup(&arena, text.p, text.n));
	}
	arena_release(&arena);
}

static void describe_run(struct load *l, const struct begin *b)
{
	static const char *const names[] = { "connector", "source", "selection" };
	size_t i, n = b->run.n < sizeof l->run ? b->run.n : sizeof l->run - 1;

	memcpy(l->run, b->run.p, n);
	l->run[n] = '\0';
	buf_reset(&l->source);
	if (value_present(b->source))
		value_write(b->source, &l->source);
	if (!l->o->state)
		return;
	state_set_string(&l->state, "run", l->run);
	for (i = 0; value_present(b->from) && i < sizeof names / sizeof *names; i++)
		copy_string(l, b, names[i]);
}

/* ---- frames */

static int on_begin(struct load *l, const struct reader *r, const struct meta *meta, struct error *err)
{
	struct begin b;

	if (begin_read(&b, meta, err))
		return -1;
	if (!value_present(meta->sync) && (l->connector->plain_is_full || l->tool->opt.plain))
		b.scope = SCOPE_FULL;
	if (l->begun) {
		/* a further section: its streams are added to those before; the whole is full only if all are */
		if (l->o->state)
			return error_set(err, EXIT_USAGE, "several streams one after the other can't share a --state");
		l->scope = l->scope == b.scope ? l->scope : SCOPE_PART;
		return 0;
	}
	l->begun = true;
	l->framed = r->framed;
	l->scope = b.scope;
	if (value_present(b.from) != (l->o->state != NULL)) {
		l->stateless = true;
		return 0;
	}
	if (l->connector->open(l->self, l, err) || (l->o->state && check_from(l, &b, err)))
		return -1;
	describe_run(l, &b);
	return 0;
}

static int on_schema(struct load *l, struct record *rec, struct meta *meta, struct error *err)
{
	struct value key = VALUE_NONE, schema = VALUE_NONE;
	uint32_t stream = meta->stream;

	if (schema_restore(rec, err) || meta_read(meta, rec, &l->tool->streams, err))
		return -1;
	meta->stream = stream;
	meta_member(meta, "key", &key);
	if (!meta_member(meta, "schema", &schema))
		return error_set(err, EXIT_FAILED, "a schema frame without 'schema'");
	return l->connector->schema ? l->connector->schema(l->self, l, meta->stream, key, schema, err) : 0;
}

/* Records first, then the state: by the connector in one transaction, or in the state's file behind its commit. */
static int commit_by(struct load *l, int (*fn)(void *self, struct load *l, struct error *err), struct error *err)
{
	const bool file = l->o->state && !l->state_here && !l->o->dry_run;
	int done = rejects_sync(&l->tool->rejects, err) || (file && state_hold_file(&l->state, &l->place, err)) ? -1 : fn(l->self, l, err);

	if (done == LOAD_DONE && file)
		done = state_store_file(&l->state, &l->place, err);
	state_let_go(&l->state);
	return done;
}

static int commit(struct load *l, struct error *err)
{
	return commit_by(l, l->connector->commit, err) < 0 ? -1 : 0;
}

static int on_checkpoint(struct load *l, const struct meta *meta, struct error *err)
{
	struct buf text = BUF_INIT;
	struct value v;
	bool named = meta_member(meta, "stream", &v);
	int failed;

	if (l->o->dry_run)
		return 0;
	if (!l->o->state)	/* checkpoints without `from`: the source is followed, and what came is to be seen */
		return l->mode == MODE_REPLACE || l->mode == MODE_MIRROR ? 0 : commit(l, err);
	if (!meta_member(meta, "state", &v))
		return error_set(err, EXIT_FAILED, "a checkpoint without 'state'");
	value_write(v, &text);
	failed = state_set_token(&l->state, named ? streams_name(&l->tool->streams, meta->stream) : "", buf_span(&text), err);
	buf_release(&text);
	if (failed || l->connector->at_end & 1u << l->mode)
		return failed;	/* these act at the end, and nothing is durable before */
	return commit(l, err);
}

static int on_frame(struct load *l, const struct reader *r, struct record *rec, struct meta *meta, struct error *err)
{
	switch (meta->op) {
	case OP_BEGIN:
		return on_begin(l, r, meta, err);
	case OP_SCHEMA:
		return on_schema(l, rec, meta, err);
	case OP_CHECKPOINT:
		return on_checkpoint(l, meta, err);
	default:
		l->aside += counts_total(&r->aside);
		return 0;
	}
}

/* ---- records */

/* Takes `_sync` out of the record and gives reserved names back. */
static int strip(struct load *l, struct record *rec, struct meta *meta, struct error *err)
{
	static const struct scan_limits limits = { 1024, INT32_MAX };
	struct step step = { .kind = STEP_NAME, .name = SPAN_LIT("_sync") };
	const struct path path = { .step = &step, .n = 1, .text = SPAN_LIT("_sync") };
	struct buf text = BUF_INIT;
	int failed = 0;

	l->sync.has = value_present(meta->sync);
	if (l->sync.has) {
		value_write(meta->sync, &text);
		failed = record_copy(&l->sync.rec, text.p, text.n, &limits, err) || record_remove(rec, &path, err);
		buf_release(&text);
		meta->sync = VALUE_NONE;
	}
	return failed || (!names_are_free(rec, l->free_names) && names_restore(rec, err)) ? -1 : 0;
}

static int check_op(const struct load *l, const struct meta *meta, struct error *err)
{
	bool changes = meta->op != OP_UPSERT && meta->op != OP_INSERT;

	if (changes && (l->mode == MODE_REPLACE || l->mode == MODE_APPEND))
		return error_set(err, EXIT_FAILED, "mode %s takes no '%s' (--mode upsert does)", load_mode_name(l->mode), op_name(meta->op));
	if (!(l->connector->operations & 1u << meta->op))
		return error_set(err, EXIT_FAILED, "%s takes no '%s'", l->connector->name, op_name(meta->op));
	return 0;
}

struct loop {
	struct load *load;
	struct reader reader;
	struct record rec;
};

static int where(const struct load *l, const struct arrival *a, struct error *err)
{
	return error_prefix(err, "%s:%llu", l->input, (unsigned long long)a->lineno);
}

static const struct scan_limits any_depth = { 1024, INT32_MAX };	/* of what was scanned before */

/* The record as it came, with its `_sync`. */
int load_set_aside(struct load *l, const struct arrival *a, struct error *err)
{
	struct error ignored = ERROR_INIT;
	struct meta meta;
	int failed;

	l->aside++;
	failed = record_scan(&l->set_aside, a->line.p, a->line.n, &any_depth, &ignored) ||
		meta_read(&meta, &l->set_aside, &l->tool->streams, &ignored);
	meta.stream = a->stream;
	failed = failed ? writer_reject_raw(&l->tool->writer, a->line, a->stream, err, err)
		: writer_reject(&l->tool->writer, &l->set_aside, &meta, err, SPAN_LIT(""), SPAN_LIT(""), err);
	return failed ? where(l, a, err) : 0;
}

static int give(struct load *l, struct record *rec, struct meta *meta, struct error *err)
{
	int verdict;

	if (strip(l, rec, meta, err))
		return where(l, &l->arrival, err);
	verdict = l->connector->record(l->self, l, rec, meta, err);
	return verdict == LOAD_REJECT ? load_set_aside(l, &l->arrival, err) : verdict;
}

static void swap_hands(struct load *l)
{
	struct load_sync sync = l->sync;

	l->sync = l->other_sync;
	l->other_sync = sync;
}

int load_again(struct load *l, const struct arrival *a, struct error *err)
{
	struct arrival in_hand = l->arrival;
	struct meta meta;
	int failed;

	l->arrival = *a;
	swap_hands(l);
	failed = record_scan(&l->again, a->line.p, a->line.n, &any_depth, err) || meta_read(&meta, &l->again, &l->tool->streams, err);
	meta.stream = a->stream;
	failed = failed ? where(l, a, err) : give(l, &l->again, &meta, err);
	swap_hands(l);
	l->arrival = in_hand;
	return failed;
}

static int on_record(struct loop *loop, struct meta *meta, struct error *err)
{
	struct load *l = loop->load;
	struct value name;

	l->seen++;
	l->arrival = (struct arrival){ loop->reader.line, loop->reader.lineno, meta->stream };
	if (reader_duplicate(&loop->reader, &loop->rec, &name)) {
		error_data(err, "duplicate-name", "two members are called '%s'", error_show(value_bytes(name)));
		return load_set_aside(l, &l->arrival, err);
	}
	if (check_op(l, meta, err))
		return where(l, &l->arrival, err);
	l->records++;
	return give(l, &loop->rec, meta, err);
}

static int on_bad_line(struct loop *loop, struct error *err)
{
	struct load *l = loop->load;

	l->aside++;
	l->seen++;
	l->arrival = (struct arrival){ loop->reader.line, loop->reader.lineno, loop->reader.only };
	return writer_reject_raw(&l->tool->writer, loop->reader.line, loop->reader.only, err, err) ? where(l, &l->arrival, err) : 0;
}

/* Said only once the stream has gone on: where a stage has failed at once, its message is the one that matters. */
static int check_stateless(const struct load *l, struct error *err)
{
	if (!l->stateless)
		return 0;
	return error_set(err, EXIT_USAGE, l->o->state ? "--state: the stream starts from no state: give sync-extract the same --state"
			 : "the stream starts from a state: give sync-load the same --state");
}

static int read_all(struct loop *loop, struct error *err)
{
	struct load *l = loop->load;
	struct meta meta;
	int got;

	while ((got = reader_next(&loop->reader, &loop->rec, &meta, err)) > 0) {
		if (check_stateless(l, err))
			return -1;
		if (got == READER_FRAME)
			got = on_frame(l, &loop->reader, &loop->rec, &meta, err);
		else if (got == READER_RECORD)
			got = on_record(loop, &meta, err);
		else
			got = on_bad_line(loop, err);
		if (got < 0)
			return -1;
	}
	return got;
}

/* ---- the whole */

static int open_state(struct load *l, const char *target, struct error *err)
{
	l->state.reset = l->o->reset;
	if (!l->o->state)
		return 0;
	if (state_place_parse(&l->place, l->o->state, err))
		return -1;
	l->state_here = l->connector->own_state && state_place_is(&l->place, target);
	if (!l->state_here && l->place.kind != STATE_FILE)
		return error_set(err, EXIT_USAGE, "--state: '%s' is a database, and not the one that is loaded: keep the state in a JSON file%s",
				 l->place.where, l->connector->own_state ? ", or at the target" : "");
	return l->state_here ? 0 : state_read_file(&l->state, &l->place, err);	/* its own is read by open */
}

static int check_options(struct load *l, struct error *err)
{
	l->mode = l->o->mode == MODE_DEFAULT ? l->connector->mode : (enum load_mode)l->o->mode;
	if (!(l->connector->modes & 1u << l->mode))
		return error_set(err, EXIT_USAGE, "%s has no --mode %s", l->connector->name, load_mode_name(l->mode));
	if (l->o->reset && !l->o->state)
		return error_set(err, EXIT_USAGE, "--reset begins the state anew: it wants --state");
	return guard_deletes(l, 0, 0, err);	/* is --max-delete well formed? */
}

static void say_what(const struct load *l)
{
	diag_note("%llu records: %llu inserted, %llu updated, %llu unchanged, %llu deleted, %llu set aside", (unsigned long long)l->seen,
		  (unsigned long long)l->inserted, (unsigned long long)l->updated, (unsigned long long)l->unchanged,
		  (unsigned long long)l->deleted, (unsigned long long)l->aside);
}

static void add_stats(void *ctx, struct buf *b)
{
	const struct load *l = ctx;

	buf_addf(b, ",\"inserted\":%llu,\"updated\":%llu,\"unchanged\":%llu,\"deleted\":%llu", (unsigned long long)l->inserted,
		 (unsigned long long)l->updated, (unsigned long long)l->unchanged, (unsigned long long)l->deleted);
}

static int load_stream(struct loop *loop, struct error *err)
{
	struct load *l = loop->load;

	if (read_all(loop, err) || rejects_check(&l->tool->rejects, l->seen, true, err))
		return -1;
	l->tool->rejects.ended = true;	/* those that wait may still be set aside */
	if (commit_by(l, l->connector->finish, err))
		return -1;
	l->durable = true;
	l->tool->look = l->aside > 0;
	say_what(l);
	return 0;
}

int load_main(struct tool *tool, struct load_options *o, const struct connector *connector, void *self, const char *stream,
	      const char *target)
{
	struct load l = { .tool = tool, .o = o, .connector = connector, .self = self, .stream = stream, .input = "standard input" };
	struct loop loop = { .load = &l };
	struct record *const records[] = { &loop.rec, &l.sync.rec, &l.other_sync.rec, &l.again, &l.set_aside };
	struct error err = ERROR_INIT;
	struct reader_options options;
	size_t i;
	int failed;

	tool->more_stats = add_stats;
	tool->ctx = &l;
	state_init(&l.state);
	for (i = 0; i < sizeof records / sizeof *records; i++)
		record_init(records[i]);
	failed = tool_open(tool, &err);
	tool->rejects.seen = &l.seen;
	tool->writer.plain = !o->dry_run;	/* standard output is no stream of ours */
	options = tool_reader_options(tool, io_is_regular(STDIN_FILENO));
	reader_open(&loop.reader, STDIN_FILENO, l.input, &tool->streams, &options);
	if (!failed)
		failed = check_options(&l, &err) || open_state(&l, target, &err) || load_stream(&loop, &err) ? -1 : 0;
	connector->close(self, &l);
	tool_account(tool, &loop.reader);
	reader_close(&loop.reader);
	for (i = 0; i < sizeof records / sizeof *records; i++)
		record_release(records[i]);
	failed = tool_end(tool, failed, &err);
	state_release(&l.state);
	state_place_release(&l.place);
	buf_release(&l.source);
	return failed;
}
