/* sync-extract-file: files as a stream. extract.h has a map of its parts. */
#include "extract.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/diag.h"
#include "base/fileio.h"
#include "base/sig.h"

enum { CHECK_EVERY = 256, CHECKPOINT_BYTES = 64 << 20 };
#define CHECKPOINT_NS 1000000000

/* ---- the stream's section */

/* `full` when every file is read whole, from its start to its end. A pipe may have ended early, and nobody would know. */
static enum scope scope_of(const struct extract *x)
{
	const struct extract_options *o = x->o;
	size_t i;

	if (x->resumed || o->follow || o->shard.n || o->changes)
		return SCOPE_PART;
	for (i = 0; i < x->sources.n; i++)
		if (!strcmp(x->sources.v[i].path, "-") && !io_is_regular(STDIN_FILENO))
			return SCOPE_PART;
	return SCOPE_FULL;
}

static void add_source_name(const struct extract *x, struct buf *b)
{
	size_t i;

	buf_addc(b, '[');
	for (i = 0; i < x->sources.n; i++) {
		if (i)
			buf_addc(b, ',');
		if (json_add_string(b, span_of(x->sources.v[i].path)))
			json_add_string(b, span_of(error_show(span_of(x->sources.v[i].path))));
	}
	buf_addc(b, ']');
}

int open_section(struct extract *x, struct error *err)
{
	struct buf source = BUF_INIT, from = BUF_INIT;
	int failed;

	if (x->in_section)
		return 0;
	x->in_section = true;
	buf_reset(&x->declared);
	x->checkpointed = clock_mono();
	add_source_name(x, &source);
	add_from(x, &from);
	failed = writer_begin(&x->tool->writer, scope_of(x), SPAN_LIT(""), buf_span(&source), buf_span(&from), err);
	buf_release(&source);
	buf_release(&from);
	return failed;
}

int close_section(struct extract *x, struct error *err)
{
	if (!x->in_section)
		return 0;
	x->in_section = false;
	return writer_end(&x->tool->writer, err);
}

/* What every record of the source gets before its own members. */
static void set_lead(struct extract *x)
{
	buf_reset(&x->lead);
	if (x->tagged)
		buf_addf(&x->lead, "\"_sync\":{\"stream\":%s}", x->tool->streams.entry[x->source->stream].json);
	if (!x->o->with_path)
		return;
	buf_adds(&x->lead, x->lead.n ? ",\"_path\":" : "\"_path\":");
	if (json_add_string(&x->lead, span_of(x->path)))
		json_add_string(&x->lead, span_of(error_show(span_of(x->path))));
}

void add_schema(const struct extract *x, struct buf *out)
{
	size_t i = out->n;

	record_write(&x->schema, out);
	for (; i < out->n; i++)
		if (out->p[i] == '\n' || out->p[i] == '\r')
			out->p[i] = ' ';	/* in JSON a line feed stands between values only */
}

int declare(struct extract *x, struct span schema, struct error *err)
{
	struct buf mark = BUF_INIT, own = BUF_INIT;
	bool same;
	int failed = 0;

	if (x->has_schema && schema.n == 2) {
		add_schema(x, &own);
		schema = buf_span(&own);
	}
	buf_addf(&mark, "%u:", x->source->stream);
	buf_addspan(&mark, schema);
	same = span_eq(buf_span(&mark), buf_span(&x->declared));
	buf_clear(&x->declared);
	x->declared = mark;
	set_lead(x);
	/* a stream without a name, key and schema needs no introduction */
	if (!same && (x->source->stream || x->key.n || schema.n > 2))
		failed = writer_schema(&x->tool->writer, x->source->stream, buf_span(&x->key), schema, err);
	buf_release(&own);
	return failed;
}

/* ---- checkpoints */

static bool is_due(const struct extract *x)
{
	return x->tool->writer.bytes - x->since >= CHECKPOINT_BYTES || clock_mono() - x->checkpointed >= CHECKPOINT_NS;
}

static int write_checkpoint(struct extract *x, uint32_t stream, struct error *err)
{
	struct buf token = BUF_INIT;
	int failed;

	x->checkpointed = clock_mono();
	x->since = x->tool->writer.bytes;
	if (counts_get(&x->moved, stream))
		x->moved.n[stream] = 0;
	add_token(x, stream, &token);
	failed = writer_checkpoint(&x->tool->writer, stream, buf_span(&token), err);
	buf_release(&token);
	return failed;
}

static bool has_checkpoints(const struct extract *x)
{
	return (x->o->state || x->o->follow) && x->in_section;
}

int checkpoint(struct extract *x, struct error *err)
{
	if (!has_checkpoints(x) || x->tool->writer.records % CHECK_EVERY || !is_due(x))
		return 0;
	return position_note(&x->source->pos, x->in, x->path, err) ? -1 : write_checkpoint(x, x->source->stream, err);
}

int checkpoint_streams(struct extract *x, bool now, struct error *err)
{
	uint32_t i;

	if (!has_checkpoints(x) || (!now && !is_due(x)))
		return 0;
	for (i = 0; i < x->tool->streams.n; i++)
		if (counts_get(&x->moved, i) && write_checkpoint(x, i, err))
			return -1;
	return 0;
}

/* ---- records */

static int has_member(struct record *rec, const char *name)
{
	struct value v;

	return value_member(record_root(rec), span_of(name), &v);
}

/* A record with a `_sync` of its own (--changes): the stream is said there. */
static int emit_change(struct extract *x, struct record *rec, struct meta *meta, struct error *err)
{
	struct streams *streams = &x->tool->streams;
	struct step step = { .kind = STEP_NAME, .name = SPAN_LIT("_path") };
	const struct path path = { .step = &step, .n = 1, .text = SPAN_LIT("_path") };
	struct buf json = BUF_INIT;
	struct value v;
	int failed = 0;

	if (x->tagged && !meta_member(meta, "stream", &v))
		failed = meta_set(meta, rec, streams, "stream", span_of(streams->entry[x->source->stream].json), err);
	if (!failed && x->o->with_path) {
		if (json_add_string(&json, span_of(x->path)))
			json_add_string(&json, span_of(error_show(span_of(x->path))));
		failed = record_set(rec, &path, buf_span(&json), err);
	}
	buf_release(&json);
	return failed ? -1 : writer_record(&x->tool->writer, rec, meta, err);
}

int emit(struct extract *x, struct record *rec, struct meta *meta, struct error *err)
{
	struct writer *w = &x->tool->writer;
	const struct meta mine = { OP_UPSERT, x->source->stream, VALUE_NONE };
	struct error why = ERROR_INIT;
	struct buf *out;
	size_t start;

	if (x->o->with_path && has_member(rec, "_path")) {
		error_data(&why, "name-exists", "a member is called '_path' already (--with-path)");
		return writer_reject(w, rec, meta ? meta : &mine, &why, SPAN_LIT("/_path"), SPAN_LIT(""), err);
	}
	if (meta && value_present(meta->sync))
		return emit_change(x, rec, meta, err);
	out = writer_line_start(w);
	if (!x->lead.n) {
		record_write(rec, out);
		return writer_line_end(w, x->source->stream, err);
	}
	buf_addc(out, '{');
	buf_addspan(out, buf_span(&x->lead));
	start = out->n;
	record_write(rec, out);
	/* the record's own opening bracket goes: it is the first byte, or white space stands before it */
	while (out->p[start] != '{')
		start++;
	out->p[start] = value_count(record_root(rec)) ? ',' : ' ';
	return writer_line_end(w, x->source->stream, err);
}

int set_aside(struct extract *x, struct span line, uint64_t lineno, const struct error *why, struct error *err)
{
	struct error reason = *why;

	error_prefix(&reason, "%s:%llu", x->path, (unsigned long long)lineno);
	return writer_reject_raw(&x->tool->writer, line, x->source->stream, &reason, err);
}

void show_progress(struct extract *x)
{
	struct progress *p = &x->tool->progress;

	progress_update(p, counts_total(&x->tool->read) - p->records, x->tool->bytes_in - p->bytes);
}

/* The bytes of all files, where none is packed or a pipe; else 0. */
static uint64_t size_of_all(const struct extract *x)
{
	uint64_t total = 0;
	struct stat st;
	size_t i;

	for (i = 0; i < x->sources.n; i++) {
		if (stat(x->sources.v[i].path, &st) || !S_ISREG(st.st_mode) || is_packed(x->sources.v[i].path))
			return 0;
		total += (uint64_t)st.st_size;
	}
	return total;
}

void say_unfinished(const struct extract *x)
{
	if (!x->o->follow)
		diag_warn("'%s' doesn't end with a line feed: what stands behind the last one is left for the next run", x->path);
}

/* ---- shards */

bool in_shard(const struct extract *x, uint64_t n)
{
	return n % x->o->shard.n == x->o->shard.i - 1;
}

void shard_bytes(const struct extract *x, uint64_t size, uint64_t *from, uint64_t *to)
{
	*from = (uint64_t)((unsigned __int128)size * (x->o->shard.i - 1) / x->o->shard.n);
	*to = (uint64_t)((unsigned __int128)size * x->o->shard.i / x->o->shard.n);
}

/* ---- one file after the other */

static int read_form(struct extract *x, struct input *in, struct error *err)
{
	switch (x->source->format) {
	case FORMAT_JSON:
		return extract_json(x, in, err);
	case FORMAT_CSV:
	case FORMAT_TSV:
		return extract_csv(x, in, err);
	default:
		return extract_lines(x, in, err);
	}
}

/* A file that more may be appended to must have a place to go on from. */
static int check_growing(const struct extract *x, const struct input *in, struct error *err)
{
	if (!in->file)
		return error_set(err, EXIT_USAGE, "'%s' has no place to go on from: --state and --follow read files", x->path);
	if (x->source->format == FORMAT_JSON)
		return error_set(err, EXIT_USAGE, "'%s' is a JSON document, which isn't appended to: --state and --follow read NDJSON, CSV and "
				 "TSV", x->path);
	return 0;
}

static int read_moved(struct extract *x, struct source *s, struct error *err);

/* A file that was read before: is it still that one? Else what is left of the old one comes first, if it can be found. */
static int check_position(struct extract *x, struct source *s, struct input *in, struct error *err)
{
	int fits;

	if (!s->pos.known)
		return 0;
	fits = position_fits(&s->pos, in, x->path, err);
	if (fits)
		return fits < 0 ? -1 : 0;
	if (read_moved(x, s, err))
		return -1;
	s->pos = (struct position){ .known = false };
	return 0;
}

static int read_opened(struct extract *x, struct source *s, struct input *in, struct error *err)
{
	struct error cause = ERROR_INIT;
	int failed = read_form(x, in, err);

	if (!x->o->follow && input_check(in, x->path, &cause)) {
		*err = cause;	/* half a line was not the cause */
		failed = -1;
	}
	if (failed)
		return -1;
	if (!has_checkpoints(x))
		return 0;
	counts_grow(&x->moved, s->stream);
	x->moved.n[s->stream] = 1;
	return position_note(&s->pos, in, x->path, err);
}

static int close_input(struct extract *x, struct input *in, int failed, struct error *err)
{
	struct error later = ERROR_INIT;

	x->in = NULL;
	if (input_close(in, x->path, &later) && (!failed || in->packed)) {
		*err = later;	/* what a damaged file made of its records is not the cause */
		failed = -1;
	}
	return failed;
}

/* The rest of a file that was moved away; it is whole, so its last record is too. */
static int read_moved(struct extract *x, struct source *s, struct error *err)
{
	const char *path = x->path;
	struct input *in = x->in, moved;
	char *found;
	int failed;

	if (!position_find(&s->pos, path, &found)) {
		diag_warn("'%s' is another file than it was, or was truncated, and the old one isn't beside it: what came behind its "
			  "byte %llu is lost, and the new one is read from its start", path, (unsigned long long)s->pos.offset);
		return 0;
	}
	diag_note("'%s' has become '%s', which is read to its end first", path, found);
	x->path = found;
	x->growing = false;
	failed = input_open(&moved, found, err);
	if (!failed) {
		moved.writer = &x->tool->writer;
		x->in = &moved;
		failed = close_input(x, &moved, read_opened(x, s, &moved, err), err);
	}
	x->path = path;
	x->in = in;
	x->growing = true;
	free(found);
	return failed;
}

static int extract_source(struct extract *x, struct source *s, struct error *err)
{
	struct input in;
	int failed = 0;

	x->source = s;
	x->path = s->path;
	x->growing = x->o->state || x->o->follow;
	if (input_open(&in, s->path, err))
		return x->o->follow && errno == ENOENT ? 0 : -1;
	in.writer = &x->tool->writer;
	x->in = &in;
	s->looked = (uint64_t)in.st.st_size;
	s->looked_at = changed_at(&in.st);
	if (x->growing)
		failed = check_growing(x, &in, err) || check_position(x, s, &in, err);
	if (!failed)
		failed = read_opened(x, s, &in, err);
	failed = close_input(x, &in, failed, err);
	return failed ? -1 : checkpoint_streams(x, false, err);
}

static int extract_all(struct extract *x, struct error *err)
{
	size_t i;

	progress_start(&x->tool->progress, x->tool->opt.progress, x->o->follow ? 0 : size_of_all(x));
	for (i = 0; i < x->sources.n; i++)
		if (extract_source(x, &x->sources.v[i], err))
			return -1;
	if (x->o->follow && follow(x, extract_source, err))
		return -1;
	if (!x->sources.n && open_section(x, err))
		return -1;
	if (rejects_check(&x->tool->rejects, x->tool->writer.records + x->tool->rejects.n, true, err))
		return -1;
	return checkpoint_streams(x, true, err) || close_section(x, err) ? -1 : 0;
}

/* ---- options */

static bool is_one_byte(const char *s)
{
	return strlen(s) == 1 && (unsigned char)*s < 0x80 && *s != '\n' && *s != '\r';
}

static int check_options(const struct extract *x, struct error *err)
{
	const struct extract_options *o = x->o;

	if (o->reset && !o->state)
		return error_set(err, EXIT_USAGE, "--reset says to ignore the state: it wants --state");
	if (o->shard.n && (o->state || o->follow))
		return error_set(err, EXIT_USAGE, "--shard reads files once: it goes with neither --state nor --follow");
	if (o->header && !*o->header)
		return error_set(err, EXIT_USAGE, "--header wants the names of the columns");
	if (o->delimiter && !is_one_byte(o->delimiter))
		return error_set(err, EXIT_USAGE, "--delimiter is one ASCII character");
	if (o->quote && *o->quote && !is_one_byte(o->quote))
		return error_set(err, EXIT_USAGE, "--quote is one ASCII character, or nothing for none");
	if (o->quote && o->delimiter && *o->quote == *o->delimiter)
		return error_set(err, EXIT_USAGE, "--quote and --delimiter are the same");
	return 0;
}

static bool has_format(const struct extract *x, int a, int b)
{
	size_t i;

	for (i = 0; i < x->sources.n; i++)
		if (x->sources.v[i].format == a || x->sources.v[i].format == b)
			return true;
	return x->sources.folders.n > 0;	/* files may come */
}

/* An option that means nothing to any of the files is a mistake. */
static int check_formats(const struct extract *x, struct error *err)
{
	const struct extract_options *o = x->o;
	const char *csv = o->header ? "--header" : o->delimiter ? "--delimiter" : o->quote ? "--quote" : NULL;

	if (csv && !has_format(x, FORMAT_CSV, FORMAT_TSV))
		return error_set(err, EXIT_USAGE, "%s is for CSV, and no file is CSV (--format csv says so)", csv);
	if (o->records && !has_format(x, FORMAT_JSON, FORMAT_JSON))
		return error_set(err, EXIT_USAGE, "--records is for JSON documents, and no file is one (--format json says so)");
	if (o->changes && !has_format(x, FORMAT_NDJSON, FORMAT_NDJSON))
		return error_set(err, EXIT_USAGE, "--changes is for NDJSON, and no file is NDJSON (--format ndjson says so)");
	return 0;
}

static int read_schema(struct extract *x, struct error *err)
{
	const struct scan_limits limits = SCAN_LIMITS_INIT;
	struct buf text = BUF_INIT;
	int failed;

	if (!x->o->schema)
		return 0;
	failed = io_slurp(x->o->schema, 64 << 20, &text, err) || record_copy(&x->schema, text.p ? text.p : "", text.n, &limits, err) ||
		(!record_is_object(&x->schema) && error_set(err, EXIT_USAGE, "a schema is a JSON object"));
	if (failed) {
		error_prefix(err, "--schema '%s'", x->o->schema);
		err->status = EXIT_USAGE;
	}
	buf_release(&text);
	x->has_schema = true;
	return failed ? -1 : 0;
}

/* "a,b" as ["a","b"] */
static void read_key(struct extract *x)
{
	const char *k = x->o->key, *end;

	if (!k || !*k)
		return;
	buf_addc(&x->key, '[');
	for (;; k = end + 1) {
		end = k + strcspn(k, ",");
		json_add_string(&x->key, (struct span){ k, (size_t)(end - k) });
		if (!*end)
			break;
		buf_addc(&x->key, ',');
	}
	buf_addc(&x->key, ']');
}

static int prepare(struct extract *x, char **operands, int n, struct error *err)
{
	if (n == 0)
		return error_set(err, EXIT_USAGE, "a file is missing; try 'sync-extract --help'");
	if (tool_open(x->tool, err) || check_options(x, err) || read_schema(x, err))
		return -1;
	read_key(x);
	if (x->o->records && path_compile(&x->records, span_of(x->o->records), &x->arena, err))
		return -1;
	return list_sources(x, operands, n, err) || check_formats(x, err) || (x->o->state && state_start(x, err)) ? -1 : 0;
}

static void release(struct extract *x)
{
	sources_release(&x->sources);
	state_release(&x->state);
	state_place_release(&x->place);
	record_release(&x->schema);
	buf_release(&x->key);
	buf_release(&x->lead);
	counts_release(&x->moved);
	buf_release(&x->declared);
	arena_release(&x->arena);
}

int main(int argc, char **argv)
{
	struct extract_options options = EXTRACT_OPTIONS_INIT;
	struct error err = ERROR_INIT;
	struct tool tool;
	struct extract x = { .tool = &tool, .o = &options };
	const struct opt_group groups[] = {
		{ "What to read", extract_any_opts, &options, false },
		{ "Files", extract_file_opts, &options, false },
		TOOL_GROUPS(&tool),
	};
	const struct opt_program program = {
		"sync-extract", "[OPTION...] FILE...", "Reads files as a stream.", NULL, groups, NULL, NULL, tool_version,
	};
	int first, failed;

	tool_start(&tool, "sync-extract");
	first = opt_parse(&program, argc, argv, &err);
	if (first < 0)
		return first == OPT_ASKED ? EXIT_DONE : diag_fail(&err);
	state_init(&x.state);
	record_init(&x.schema);
	failed = prepare(&x, argv + first, argc - first, &err) || extract_all(&x, &err) ? -1 : 0;
	release(&x);
	return tool_end(&tool, failed, &err);
}
