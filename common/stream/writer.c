/* writer: a stream's lines out, counted. */
#include "stream/writer.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/fileio.h"
#include "base/xalloc.h"
#include "stream/reject.h"
#include "value/base64.h"

enum { GATHER = 128 << 10, RUN_LEAST = 16 << 10, RUN_MOST = 256 << 10 };

void writer_open(struct writer *w, int fd, const char *name, struct streams *streams, bool plain)
{
	*w = (struct writer){ .fd = fd, .name = xstrdup(name), .streams = streams, .plain = plain };
	buf_reserve(&w->out, GATHER + (32 << 10));
	io_pipe_enlarge(fd);
}

void writer_close(struct writer *w)
{
	buf_release(&w->out);
	counts_release(&w->counts);
	counts_release(&w->aside);
	counts_release(&w->total);
	counts_release(&w->total_aside);
	free(w->name);
	w->name = NULL;
}

int writer_flush(struct writer *w, struct error *err)
{
	struct span out = buf_span(&w->out), run = w->run;

	buf_reset(&w->out);
	w->run.n = 0;
	w->line = 0;
	w->bytes += out.n + run.n;
	return out.n || run.n ? io_write_two(w->fd, out, run, w->name, err) : 0;
}

static int gathered(struct writer *w, struct error *err)
{
	return w->out.n >= GATHER ? writer_flush(w, err) : 0;
}

/* Where the next line is to be added. What is in the run comes before it. */
static struct buf *add_to(struct writer *w)
{
	if (w->run.n) {
		buf_addspan(&w->out, w->run);
		w->run.n = 0;
	}
	return &w->out;
}

int writer_settle(struct writer *w, struct error *err)
{
	if (w->run.n >= RUN_LEAST)
		return writer_flush(w, err);
	add_to(w);
	return gathered(w, err);
}

static void counted(struct writer *w, uint32_t stream, uint64_t n)
{
	counts_add(&w->counts, stream, n);
	counts_add(&w->total, stream, n);
	w->records += n;
}

static void add_line(struct writer *w, const struct record *rec)
{
	struct buf *out = add_to(w);

	record_write(rec, out);
	buf_addc(out, '\n');
}

int writer_record(struct writer *w, const struct record *rec, const struct meta *meta, struct error *err)
{
	add_line(w, rec);
	counted(w, meta->stream, 1);
	return gathered(w, err);
}

int writer_pass(struct writer *w, const struct record *rec, const struct meta *meta, struct error *err)
{
	struct span line = rec->line;

	if (rec->dirty || line.p[line.n] != '\n')
		return writer_record(w, rec, meta, err);
	if (!w->run.p || w->run.p + w->run.n != line.p)
		add_to(w);
	if (!w->run.n)
		w->run.p = line.p;
	w->run.n += line.n + 1;
	counted(w, meta->stream, 1);
	return w->run.n >= RUN_MOST ? writer_flush(w, err) : 0;
}

struct buf *writer_line_start(struct writer *w)
{
	struct buf *out = add_to(w);

	w->line = out->n;
	return out;
}

int writer_line_end(struct writer *w, uint32_t stream, struct error *err)
{
	buf_addc(&w->out, '\n');
	counted(w, stream, 1);
	return gathered(w, err);
}

int writer_lines_end(struct writer *w, uint32_t stream, uint64_t records, struct error *err)
{
	counted(w, stream, records);
	return gathered(w, err);
}

void writer_line_cancel(struct writer *w)
{
	w->out.n = w->line;
}

/* ---- frames */

static void head(struct writer *w, const char *op)
{
	buf_addf(add_to(w), "{\"_sync\":{\"op\":\"%s\"", op);
}

static int tail(struct writer *w, struct error *err)
{
	buf_adds(&w->out, "}}\n");
	return gathered(w, err);
}

static void add_member(struct writer *w, const char *name, struct span json)
{
	if (json.n)
		buf_addf(&w->out, ",\"%s\":%.*s", name, (int)json.n, json.p);
}

int writer_begin(struct writer *w, enum scope scope, struct span run, struct span source, struct span from, struct error *err)
{
	char made[27];

	counts_reset(&w->counts);
	counts_reset(&w->aside);
	w->begun = true;
	w->ended = false;
	w->seq = 0;
	if (w->plain)
		return 0;
	if (!run.n) {
		run_new(made);
		run = span_of(made);
	}
	head(w, "begin");
	buf_addf(&w->out, ",\"format\":1,\"run\":\"%.*s\"", (int)run.n, run.p);
	add_member(w, "source", source);
	buf_addf(&w->out, ",\"scope\":\"%s\"", scope_name(scope));
	add_member(w, "from", from);
	return tail(w, err);
}

int writer_frame(struct writer *w, const struct record *rec, const struct meta *meta, struct error *err)
{
	if (meta->op == OP_BEGIN && !value_present(meta->sync))
		return writer_begin(w, SCOPE_PART, SPAN_LIT(""), SPAN_LIT(""), SPAN_LIT(""), err);
	if (meta->op == OP_BEGIN) {
		counts_reset(&w->counts);
		counts_reset(&w->aside);
		w->begun = true;
		w->ended = false;
		w->seq = 0;
	}
	if (w->plain)
		return 0;
	add_line(w, rec);
	return gathered(w, err);
}

int writer_schema(struct writer *w, uint32_t stream, struct span key, struct span schema, struct error *err)
{
	if (w->plain)
		return 0;
	head(w, "schema");
	if (stream)
		add_member(w, "stream", span_of(w->streams->entry[stream].json));
	add_member(w, "key", key);
	add_member(w, "schema", schema);
	return tail(w, err);
}

int writer_checkpoint(struct writer *w, uint32_t stream, struct span state, struct error *err)
{
	if (w->rejects && rejects_sync(w->rejects, err))
		return -1;
	if (w->plain)
		return 0;
	head(w, "checkpoint");
	if (stream != UINT32_MAX)
		add_member(w, "stream", span_of(w->streams->entry[stream].json));
	buf_addf(&w->out, ",\"seq\":%llu", (unsigned long long)++w->seq);
	add_member(w, "state", state);
	buf_adds(&w->out, ",\"count\":");
	counts_write(&w->counts, w->streams, &w->out);
	return tail(w, err);
}

int writer_end(struct writer *w, struct error *err)
{
	if (w->rejects && rejects_sync(w->rejects, err))
		return -1;
	w->ended = true;
	if (!w->plain) {
		head(w, "end");
		buf_adds(&w->out, ",\"count\":");
		counts_write(&w->counts, w->streams, &w->out);
		if (counts_total(&w->aside)) {
			buf_adds(&w->out, ",\"aside\":");
			counts_write(&w->aside, w->streams, &w->out);
		}
		buf_adds(&w->out, "}}\n");
	}
	return writer_flush(w, err);
}

void writer_fail(struct writer *w, const struct error *why)
{
	struct error ignored;

	if (w->plain)
		(void)writer_flush(w, &ignored);
	if (w->plain || w->ended)
		return;
	if (!w->begun && writer_begin(w, SCOPE_PART, SPAN_LIT(""), SPAN_LIT(""), SPAN_LIT(""), &ignored))
		return;
	head(w, "end");
	buf_addf(&w->out, ",\"status\":%d,\"message\":", why->status ? why->status : EXIT_FAILED);
	if (json_add_string(&w->out, span_of(why->text)))
		buf_adds(&w->out, "\"a stage before this one failed\"");
	buf_adds(&w->out, "}}\n");
	w->ended = true;
	(void)writer_flush(w, &ignored);
}

int writer_finish(struct writer *w, struct error *err)
{
	return writer_flush(w, err) ? -1 : io_close(w->fd, w->name, err);
}

/* ---- what is set aside */

static void add_text(struct buf *b, const char *name, struct span text)
{
	buf_addf(b, ",\"%s\":", name);
	if (json_add_string(b, text))
		json_add_string(b, span_of(error_show(text)));
}

static void add_error(struct buf *b, const struct rejects *r, const struct error *reason, struct span path, struct span rule)
{
	buf_addf(b, "{\"code\":\"%s\",\"by\":\"%s\"", reason->code ? reason->code : "failed", r->by);
	if (path.n)
		add_text(b, "path", path);
	if (rule.n)
		add_text(b, "rule", rule);
	add_text(b, "message", span_of(reason->text));
	buf_addc(b, '}');
}

/* One write for the line in r->line. */
static int put(struct writer *w, uint32_t stream, struct error *err)
{
	struct rejects *r = w->rejects;

	buf_addc(&r->line, '\n');
	if (io_write(r->fd, r->line.p, r->line.n, r->path, err))
		return -1;
	r->unsynced = true;
	r->n++;
	counts_add(&w->aside, stream, 1);
	counts_add(&w->total_aside, stream, 1);
	return rejects_check(r, r->seen ? *r->seen : w->records + r->n, r->ended, err);
}

static int refuse(const struct error *reason, struct span path, struct span rule, struct error *err)
{
	return error_data(err, reason->code, "%s%s%s (%s%s%s--rejects FILE sets such records aside)", path.n ? error_show(path) : "",
			  path.n ? ": " : "", reason->text, rule.n ? "rule " : "", rule.n ? error_show(rule) : "", rule.n ? "; " : "");
}

int writer_reject(struct writer *w, struct record *rec, const struct meta *meta, const struct error *reason, struct span path,
		  struct span rule, struct error *err)
{
	struct rejects *r = w->rejects;
	struct meta m = *meta;
	struct value v;
	struct error why = *reason;	/* err may be the same */

	if (!r || r->fd < 0)
		return refuse(&why, path, rule, err);
	buf_reset(&r->line);
	add_error(&r->line, r, &why, path, rule);
	if (meta->stream && !meta_member(&m, "stream", &v) &&
	    meta_set(&m, rec, w->streams, "stream", span_of(w->streams->entry[meta->stream].json), err))
		return -1;
	if (meta_set(&m, rec, w->streams, "error", buf_span(&r->line), err))
		return -1;
	buf_reset(&r->line);
	record_write(rec, &r->line);
	return put(w, meta->stream, err);
}

int writer_reject_raw(struct writer *w, struct span line, uint32_t stream, const struct error *reason, struct error *err)
{
	struct rejects *r = w->rejects;
	struct error why = *reason;

	if (!r || r->fd < 0)
		return refuse(&why, SPAN_LIT(""), SPAN_LIT(""), err);
	buf_reset(&r->line);
	buf_adds(&r->line, "{\"_sync\":{");
	if (stream)
		buf_addf(&r->line, "\"stream\":%s,", w->streams->entry[stream].json);
	buf_adds(&r->line, "\"error\":");
	add_error(&r->line, r, &why, SPAN_LIT(""), SPAN_LIT(""));
	buf_adds(&r->line, ",\"raw\":");
	if (json_add_string(&r->line, line)) {
		buf_addc(&r->line, '"');
		base64_add(&r->line, line);
		buf_adds(&r->line, "\",\"rawEncoding\":\"base64\"");
	}
	buf_adds(&r->line, "}}");
	return put(w, stream, err);
}
