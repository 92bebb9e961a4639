/* sync-extract-file: files as a stream. extract.h has a map of its parts. */
#include "extract.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/diag.h"
#include "base/fileio.h"
#include "base/sig.h"

enum { CHECK_EVERY = 256, CHECKPOINT_BYTES = 64 << 20 };
#define CHECKPOINT_NS 1000000000

/* ---- the stream's section */

/* `full` when every file was read whole from its start, as it stands at one moment. */
static enum scope scope_of(const struct extract *x)
{
	return x->o->state || x->o->follow || x->o->shard.n || x->o->changes ? SCOPE_PART : SCOPE_FULL;
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

int declare(struct extract *x, struct span schema, struct error *err)
{
	struct buf mark = BUF_INIT;
	bool same;

	buf_addf(&mark, "%u:", x->source->stream);
	buf_addspan(&mark, schema);
	same = span_eq(buf_span(&mark), buf_span(&x->declared));
	buf_release(&x->declared);
	x->declared = mark;
	buf_reset(&x->tag);
	buf_addf(&x->tag, "{\"_sync\":{\"stream\":%s}", x->tool->streams.entry[x->source->stream].json);
	return same ? 0 : writer_schema(&x->tool->writer, x->source->stream, buf_span(&x->key), schema, err);
}

int checkpoint(struct extract *x, bool now, struct error *err)
{
	struct writer *w = &x->tool->writer;
	struct buf token = BUF_INIT;
	int failed;

	if (!x->o->state || !x->in_section || (!now && w->records % CHECK_EVERY))
		return 0;
	if (!now && w->bytes - x->since < CHECKPOINT_BYTES && clock_mono() - x->checkpointed < CHECKPOINT_NS)
		return 0;
	x->checkpointed = clock_mono();
	x->since = w->bytes;
	add_token(x, x->source->stream, &token);
	failed = writer_checkpoint(w, x->source->stream, buf_span(&token), err);
	buf_release(&token);
	return failed;
}

/* ---- records */

static int add_path(const struct extract *x, struct record *rec, struct error *err)
{
	struct step step = { .kind = STEP_NAME, .name = SPAN_LIT("_path") };
	const struct path path = { .step = &step, .n = 1, .text = SPAN_LIT("_path") };
	struct buf json = BUF_INIT;
	int failed;

	if (json_add_string(&json, span_of(x->source->path)))
		json_add_string(&json, span_of(error_show(span_of(x->source->path))));
	failed = record_set(rec, &path, buf_span(&json), err);
	buf_release(&json);
	return failed;
}

int emit(struct extract *x, struct record *rec, struct error *err)
{
	struct buf *line = writer_line_start(&x->tool->writer);
	size_t start;

	if (x->o->with_path && add_path(x, rec, err))
		return -1;
	if (x->tagged) {
		start = line->n + x->tag.n;
		buf_addspan(line, buf_span(&x->tag));
		record_write(rec, line);
		/* the record's own opening bracket goes: it is the first byte, or white space stands before it */
		while (line->p[start] != '{')
			start++;
		line->p[start] = value_count(record_root(rec)) ? ',' : ' ';
	} else {
		record_write(rec, line);
	}
	return writer_line_end(&x->tool->writer, x->source->stream, err);
}

int set_aside(struct extract *x, struct span line, uint64_t lineno, const struct error *why, struct error *err)
{
	if (writer_reject_raw(&x->tool->writer, line, why, err))
		return error_prefix(err, "%s:%llu", x->source->path, (unsigned long long)lineno);
	return 0;
}

/* ---- one file after the other */

/* Places the descriptor at the shard's first line; *limit is its length in bytes. */
static int seek_shard(struct extract *x, const struct input *in, uint64_t *limit, struct error *err)
{
	uint64_t size = (uint64_t)in->st.st_size, edge[2];
	char buf[4096], *eol;
	ssize_t got;
	int i;

	if (!in->file || in->packed || x->source->format != FORMAT_NDJSON)
		return error_set(err, EXIT_USAGE, "--shard reads parts of plain NDJSON files, and '%s' is none", x->source->path);
	for (i = 0; i < 2; i++) {
		edge[i] = (uint64_t)((unsigned __int128)size * (x->o->shard.i - 1 + (unsigned)i) / x->o->shard.n);
		/* to the first line that starts there or after */
		for (eol = NULL; edge[i] && edge[i] < size && !eol; edge[i] += eol ? (uint64_t)(eol - buf) : (uint64_t)got) {
			got = pread(in->fd, buf, sizeof buf, (off_t)edge[i] - 1);
			if (got <= 0)
				return error_set(err, EXIT_FAILED, "'%s' shrank while it was read", x->source->path);
			eol = memchr(buf, '\n', (size_t)got);
		}
		if (edge[i] > size)
			edge[i] = size;
	}
	x->source->offset = edge[0];
	*limit = edge[1] - edge[0];
	return lseek(in->fd, (off_t)edge[0], SEEK_SET) < 0 ? error_errno(err, EXIT_FAILED, "cannot seek in '%s'", x->source->path) : 0;
}

static int read_form(struct extract *x, struct input *in, uint64_t limit, struct error *err)
{
	switch (x->source->format) {
	case FORMAT_JSON:
		return extract_json(x, in, err);
	case FORMAT_CSV:
	case FORMAT_TSV:
		return extract_csv(x, in, err);
	default:
		return extract_lines(x, in, limit, err);
	}
}

/* A file read whole must still be as long as it was found: a reader that shrinks under us gives half a file. */
static int check_shrunk(const struct extract *x, const struct input *in, struct error *err)
{
	struct stat now;

	if (!in->file || in->packed || x->o->follow || fstat(in->fd, &now) || now.st_size >= in->st.st_size)
		return 0;
	return error_set(err, EXIT_FAILED, "'%s' shrank while it was read", x->source->path);
}

static int extract_source(struct extract *x, struct source *s, struct error *err)
{
	bool positioned = x->o->state || x->o->follow;
	uint64_t limit = 0;
	struct error later = ERROR_INIT;
	struct input in;
	int failed;

	x->source = s;
	if (input_open(&in, s->path, err))
		return -1;
	failed = positioned ? check_identity(x, &in, err) : 0;
	if (!failed && x->o->shard.n)
		failed = seek_shard(x, &in, &limit, err);
	else if (!failed && positioned && s->format == FORMAT_NDJSON && lseek(in.fd, (off_t)s->offset, SEEK_SET) < 0)
		failed = error_errno(err, EXIT_FAILED, "cannot seek in '%s'", s->path);
	if (!failed && x->o->shard.n && !limit)
		failed = open_section(x, err) || declare(x, SPAN_LIT("{}"), err) ? -1 : 0;	/* a file with fewer lines than shards */
	else if (!failed)
		failed = read_form(x, &in, limit, err);
	if (!failed)
		failed = check_shrunk(x, &in, err);
	if (!failed && positioned)
		failed = note_identity(s, &in, err) || checkpoint(x, true, err) ? -1 : 0;
	if (input_close(&in, s->path, &later) && (!failed || in.packed)) {
		*err = later;	/* what a damaged file made of its records is not the cause */
		failed = -1;
	}
	return failed;
}

static int extract_all(struct extract *x, struct error *err)
{
	size_t i;

	for (i = 0; i < x->sources.n; i++)
		if (extract_source(x, &x->sources.v[i], err))
			return -1;
	if (x->o->follow && follow(x, extract_source, err))
		return -1;
	if (!x->sources.n && open_section(x, err))
		return -1;
	return close_section(x, err);
}

/* ---- options */

static int check_options(const struct extract *x, struct error *err)
{
	const struct extract_options *o = x->o;

	if (o->reset && !o->state)
		return error_set(err, EXIT_USAGE, "--reset says to ignore the state: it wants --state");
	if (o->shard.n && (o->state || o->follow))
		return error_set(err, EXIT_USAGE, "--shard reads files once: it goes with neither --state nor --follow");
	if (o->header && !*o->header)
		return error_set(err, EXIT_USAGE, "--header wants the names of the columns");
	if (o->delimiter && strlen(o->delimiter) != 1)
		return error_set(err, EXIT_USAGE, "--delimiter is one byte");
	if (o->quote && strlen(o->quote) != 1)
		return error_set(err, EXIT_USAGE, "--quote is one byte");
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
	return list_sources(x, operands, n, err) || (x->o->state && state_start(x, err)) ? -1 : 0;
}

static void release(struct extract *x)
{
	sources_release(&x->sources);
	state_release(&x->state);
	state_place_release(&x->place);
	record_release(&x->schema);
	buf_release(&x->key);
	buf_release(&x->tag);
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
