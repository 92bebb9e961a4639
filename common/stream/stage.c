/* stage: the loop of a program that reads a stream and writes one. */
#include "stream/stage.h"

#include "stream/reject.h"

struct run {
	const struct stage *stage;
	void *self;
	struct reader *r;
	struct writer *w;
	struct stage_reason *reason;
	struct error flush;	/* what went wrong in before_block or before_reuse */
};

static void flush(void *ctx)
{
	struct run *run = ctx;

	if (!run->flush.status)
		(void)writer_flush(run->w, &run->flush);
}

static void settle(void *ctx)
{
	struct run *run = ctx;

	if (!run->flush.status)
		(void)writer_settle(run->w, &run->flush);
}

static int where(const struct run *run, struct error *err)
{
	return error_prefix(err, "%s:%llu", run->r->name, (unsigned long long)run->r->lineno);
}

/* The record as it came, whatever was done to it before a step failed. */
static int restore(struct run *run, struct record *rec, struct meta *meta, struct error *err)
{
	uint32_t stream = meta->stream;

	if (!rec->dirty || (run->reason && run->reason->as_edited))
		return 0;
	if (record_scan(rec, run->r->line.p, run->r->line.n, &run->r->opt.limits, err) || meta_read(meta, rec, run->w->streams, err))
		return -1;
	meta->stream = stream;
	return 0;
}

static int set_aside(struct run *run, struct record *rec, struct meta *meta, struct error *err)
{
	struct error reason = *err;
	struct buf path = BUF_INIT, rule = BUF_INIT;
	int failed;

	if (run->reason) {	/* what they borrow from may go with the edits */
		buf_addspan(&path, run->reason->path);
		buf_addspan(&rule, run->reason->rule);
	}
	failed = restore(run, rec, meta, err) ||
		writer_reject(run->w, rec, meta, &reason, buf_span(&path), buf_span(&rule), err) ? where(run, err) : 0;
	buf_release(&path);
	buf_release(&rule);
	return failed;
}

static int one_record(struct run *run, struct record *rec, struct meta *meta, struct error *err)
{
	struct value name;
	int verdict = STAGE_PASS;

	if (run->reason)
		*run->reason = (struct stage_reason){ { "", 0 }, { "", 0 }, false };
	if (!run->stage->names_pass && reader_duplicate(run->r, rec, &name)) {
		error_data(err, "duplicate-name", "two members are called '%s'", error_show(value_bytes(name)));
		return set_aside(run, rec, meta, err);
	}
	if (run->stage->record)
		verdict = run->stage->record(run->self, rec, meta, run->w, err);
	if (verdict == STAGE_PASS)
		return rec->line.p == run->r->line.p ? writer_pass(run->w, rec, meta, err) : writer_record(run->w, rec, meta, err);
	if (verdict == STAGE_REJECT)
		return set_aside(run, rec, meta, err);
	return verdict < 0 ? -1 : 0;
}

static int end_frame(struct run *run, struct error *err)
{
	uint32_t i;

	for (i = 0; i < run->w->streams->n; i++)
		counts_add(&run->w->aside, i, counts_get(&run->r->aside, i));
	return writer_end(run->w, err);
}

/* The checkpoint goes on with this stage's counts and number. */
static int checkpoint(struct run *run, const struct meta *meta, struct error *err)
{
	struct buf state = BUF_INIT;
	struct value v;
	bool named = meta_member(meta, "stream", &v);
	int failed;

	if (meta_member(meta, "state", &v))
		value_write(v, &state);
	failed = writer_checkpoint(run->w, named ? meta->stream : UINT32_MAX, buf_span(&state), err);
	buf_release(&state);
	return failed;
}

static int one_frame(struct run *run, struct record *rec, struct meta *meta, struct error *err)
{
	int verdict = STAGE_PASS;

	if (run->stage->frame)
		verdict = run->stage->frame(run->self, rec, meta, run->w, err);
	if (verdict != STAGE_PASS)
		return verdict < 0 ? -1 : 0;
	if (meta->op == OP_END)
		return end_frame(run, err);
	if (meta->op == OP_CHECKPOINT)
		return checkpoint(run, meta, err);
	return writer_frame(run->w, rec, meta, err);
}

/* A line that is no record is set aside with its place, which it doesn't hold itself. */
static int bad_line(struct run *run, struct error *err)
{
	(void)where(run, err);
	return writer_reject_raw(run->w, run->r->line, run->r->only, err, err);
}

static int loop(struct run *run, struct record *rec, struct error *err)
{
	struct meta meta;
	int got;

	for (;;) {
		got = reader_next(run->r, rec, &meta, err);
		if (run->flush.status) {	/* nothing may follow what couldn't be written */
			*err = run->flush;
			return -1;
		}
		if (got == READER_RECORD)
			got = one_record(run, rec, &meta, err);
		else if (got == READER_FRAME)
			got = one_frame(run, rec, &meta, err);
		else if (got == READER_BAD)
			got = bad_line(run, err);
		else
			return got;
		if (got < 0)
			return -1;
	}
}

int stage_run(const struct stage *stage, void *self, struct reader *r, struct writer *w, struct stage_reason *reason,
	      struct error *err)
{
	struct run run = { .stage = stage, .self = self, .r = r, .w = w, .reason = reason, .flush = ERROR_INIT };
	struct record rec;
	int failed;

	record_init(&rec);
	r->before_block = flush;
	r->before_reuse = settle;
	r->ctx = &run;
	failed = loop(&run, &rec, err);
	if (!failed && w->rejects)
		failed = rejects_check(w->rejects, w->records + w->rejects->n, true, err);
	if (failed)
		writer_fail(w, err);
	(void)writer_settle(w, &run.flush);	/* the reader may be closed now */
	r->before_block = r->before_reuse = NULL;
	record_release(&rec);
	return failed ? -1 : 0;
}
