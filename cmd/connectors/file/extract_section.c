/* extract_section: a section of the stream: begin, schemas, records, checkpoints, end. */
#include <unistd.h>

#include "base/diag.h"
#include "base/fileio.h"
#include "extract.h"

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
	pace_mark(&x->pace, x->tool->writer.bytes);
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

static int write_checkpoint(struct extract *x, uint32_t stream, struct error *err)
{
	struct buf token = BUF_INIT;
	int failed;

	pace_mark(&x->pace, x->tool->writer.bytes);
	if (counts_get(&x->moved, stream))
		x->moved.n[stream] = 0;
	add_token(x, stream, &token);
	failed = writer_checkpoint(&x->tool->writer, stream, buf_span(&token), err);
	buf_release(&token);
	return failed;
}

bool has_checkpoints(const struct extract *x)
{
	return (x->o->state || x->o->follow) && x->in_section;
}

int checkpoint(struct extract *x, struct error *err)
{
	if (!has_checkpoints(x) || !pace_due_at(&x->pace, x->tool->writer.bytes, x->tool->writer.records))
		return 0;
	return position_note(&x->source->pos, x->in, x->path, err) ? -1 : write_checkpoint(x, x->source->stream, err);
}

int checkpoint_streams(struct extract *x, bool now, struct error *err)
{
	uint32_t i;

	if (!has_checkpoints(x) || (!now && !pace_due(&x->pace, x->tool->writer.bytes)))
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
