/* judge: the stage: each record against its stream's schema. */
#include "judge.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/diag.h"
#include "base/xalloc.h"
#include "untyped.h"

void judge_init(struct judge *j, struct streams *streams, bool report)
{
	memset(j, 0, sizeof *j);
	j->streams = streams;
	j->report = report;
	verdict_init(&j->verdict);
}

/* What a schema frame said. */
static void ruled_forget(struct ruled *r)
{
	schema_free(r->frame);
	untyped_free(r->untyped);
	r->schema = r->frame = NULL;
	r->untyped = NULL;
}

static void ruled_release(struct ruled *r)
{
	ruled_forget(r);
	arena_release(&r->arena);
	if (r->counted)
		score_release(&r->score);
}

void judge_release(struct judge *j)
{
	uint32_t k;
	size_t i;

	for (i = 0; i < j->ngiven; i++) {
		free(j->given[i].stream);
		schema_free(j->given[i].schema);
	}
	for (k = 0; k < j->nruled; k++)
		ruled_release(&j->ruled[k]);
	free(j->given);
	free(j->ruled);
	verdict_release(&j->verdict);
	buf_release(&j->path);
	buf_release(&j->errors);
}

/* ---- which schema rules a stream */

static struct given *find_given(const struct judge *j, const char *stream)
{
	size_t i;

	for (i = 0; i < j->ngiven; i++) {
		const char *name = j->given[i].stream;

		if (name == stream || (name && stream && !strcmp(name, stream)))
			return &j->given[i];
	}
	return NULL;
}

int judge_give(struct judge *j, const char *stream, struct schema *schema, struct error *err)
{
	if (find_given(j, stream)) {
		schema_free(schema);
		return error_set(err, EXIT_USAGE, "two schemas for %s%s%s", stream ? "stream '" : "all streams", stream ? stream : "",
				 stream ? "'" : "");
	}
	XGROW(j->given, j->ngiven, j->cgiven);
	j->given[j->ngiven++] = (struct given){ stream ? xstrdup(stream) : NULL, schema, false };
	return 0;
}

static struct ruled *ruled_of(struct judge *j, uint32_t stream)
{
	if (stream >= j->nruled) {
		j->ruled = xreallocarray(j->ruled, stream + 1, sizeof *j->ruled);
		memset(j->ruled + j->nruled, 0, (stream + 1 - j->nruled) * sizeof *j->ruled);
		j->nruled = stream + 1;
	}
	return &j->ruled[stream];
}

static struct given *given_for(struct judge *j, uint32_t stream)
{
	struct given *g = stream ? find_given(j, streams_name(j->streams, stream)) : NULL;

	return g ? g : find_given(j, NULL);
}

static void count_stream(struct judge *j, struct ruled *r)
{
	if (!j->report)
		return;
	if (!r->counted)
		score_init(&r->score);
	r->counted = true;
	score_declare(&r->score, r->schema);
}

static int choose_schema(struct judge *j, struct ruled *r, uint32_t stream, struct error *err)
{
	struct given *g = given_for(j, stream);
	const char *name = streams_name(j->streams, stream);

	r->schema = g ? g->schema : r->frame;
	if (g)
		g->used = true;
	if (!r->schema)
		return error_set(err, EXIT_USAGE, "%s%s%s no schema: --schema %sFILE gives one", *name ? "stream '" : "the input has",
				 *name ? error_show(span_of(name)) : "", *name ? "' has" : "", *name && j->ngiven ? "NAME=" : "");
	count_stream(j, r);
	return 0;
}

/* ---- records */

/* All failures, where there are several: `_sync.errors`. */
static int add_errors(struct judge *j, const struct record *judged, struct record *rec, struct meta *meta, struct error *err)
{
	const struct verdict *v = &j->verdict;
	struct buf pointer = BUF_INIT;
	uint32_t i;

	buf_reset(&j->errors);
	for (i = 0; i < v->n; i++) {
		buf_reset(&pointer);
		schema_pointer(judged, v->failure[i].tok, &pointer);
		buf_addf(&j->errors, "%s{\"code\":\"%s\",\"path\":", i ? "," : "[", v->failure[i].code);
		json_add_string(&j->errors, buf_span(&pointer));
		buf_adds(&j->errors, ",\"rule\":");
		json_add_string(&j->errors, v->failure[i].rule);
		buf_adds(&j->errors, ",\"message\":");
		json_add_string(&j->errors, v->failure[i].message);
		buf_addc(&j->errors, '}');
	}
	buf_addc(&j->errors, ']');
	buf_release(&pointer);
	return meta_set(meta, rec, j->streams, "errors", buf_span(&j->errors), err);
}

static int set_aside(struct judge *j, const struct record *judged, struct record *rec, struct meta *meta, struct error *err)
{
	const struct failure *f = &j->verdict.failure[0];

	buf_reset(&j->path);
	schema_pointer(judged, f->tok, &j->path);
	if (j->verdict.n > 1 && add_errors(j, judged, rec, meta, err))
		return -1;
	error_data(err, f->code, "%.*s", (int)f->message.n, f->message.p);
	j->reason.path = buf_span(&j->path);
	j->reason.rule = f->rule;
	j->reason.as_edited = true;
	return STAGE_REJECT;
}

/* A repaired reject goes on without what was said of it. */
static int pass(struct judge *j, struct record *rec, struct meta *meta, struct error *err)
{
	struct value v;

	if (!value_present(meta->sync))
		return STAGE_PASS;
	if (meta_member(meta, "error", &v) && meta_unset(meta, rec, j->streams, "error", err))
		return -1;
	if (meta_member(meta, "errors", &v) && meta_unset(meta, rec, j->streams, "errors", err))
		return -1;
	return STAGE_PASS;
}

/* 1, 0 with a verdict on *judged, -1 with err. */
static int check_record(struct judge *j, struct ruled *r, const struct record **judged, const struct meta *meta, struct error *err)
{
	struct change change = { .unset = VALUE_NONE, .key = r->key, .nkey = r->nkey };

	change.skip = value_present(meta->sync) ? meta->sync.tok - 1 : 0;
	if (r->counted && meta->op <= OP_INSERT)
		score_row(&r->score, *judged, change.skip);
	if (meta->op == OP_UPDATE && meta_member(meta, "unset", &change.unset) && value_type(change.unset) != TOKEN_ARRAY)
		return error_data(err, "bad-sync", "_sync: 'unset' is no array");
	if (r->untyped) {
		*judged = untyped_read(r->untyped, *judged, change.skip, err);
		if (!*judged)
			return -1;
		change.skip = 0;
	}
	if (meta->op == OP_UPDATE)
		return schema_check_update(r->schema, *judged, &change, &j->verdict, err);
	if (meta->op == OP_DELETE)
		return schema_check_delete(r->schema, *judged, &change, &j->verdict, err);
	return schema_check(r->schema, record_root(*judged), change.skip, &j->verdict, err);
}

static int judge_record(void *self, struct record *rec, struct meta *meta, struct writer *w, struct error *err)
{
	struct judge *j = self;
	struct ruled *r = ruled_of(j, meta->stream);
	const struct record *judged = rec;
	struct value raw;
	int rc;

	(void)w;
	if (meta->op == OP_TRUNCATE)
		return STAGE_PASS;
	if (value_present(meta->sync) && meta_member(meta, "raw", &raw)) {
		error_data(err, "bad-record", "this line was no record, and isn't repaired: its text is still in '_sync.raw'");
		return STAGE_REJECT;
	}
	if (!r->schema && choose_schema(j, r, meta->stream, err))
		return -1;
	rc = check_record(j, r, &judged, meta, err);
	if (r->counted && rc < 0)
		score_aside(&r->score, err->code);
	else if (r->counted)
		score_verdict(&r->score, &j->verdict);
	if (rc < 0)
		return STAGE_REJECT;
	return rc ? pass(j, rec, meta, err) : set_aside(j, judged, rec, meta, err);
}

/* ---- frames */

static void take_key(struct ruled *r, const struct meta *meta)
{
	struct walk walk = { 0 };
	struct value key, one;

	arena_reset(&r->arena);
	r->key = NULL;
	r->nkey = 0;
	if (!meta_member(meta, "key", &key) || value_type(key) != TOKEN_ARRAY)
		return;
	r->key = arena_zalloc(&r->arena, (value_count(key) + 1) * sizeof *r->key);
	while (value_next(key, &walk, NULL, &one))
		if (value_type(one) == TOKEN_STRING)
			r->key[r->nkey++] = arena_span(&r->arena, value_text(one, &r->arena));
}

static int take_schema(struct judge *j, const struct meta *meta, struct error *err)
{
	struct schema_source source = { .frame = true };
	struct ruled *r = ruled_of(j, meta->stream);
	struct given *g = given_for(j, meta->stream);
	struct buf name = BUF_INIT;
	struct value schema;
	int rc;

	take_key(r, meta);
	ruled_forget(r);
	if (!meta_member(meta, "schema", &schema))
		return 0;
	if (g) {
		r->untyped = untyped_new(schema, g->schema);
		return 0;
	}
	buf_addf(&name, "schema frame of stream '%s'", error_show(span_of(streams_name(j->streams, meta->stream))));
	source.name = buf_str(&name);
	rc = schema_compile(&r->frame, schema, &source, err);
	if (rc)
		err->status = EXIT_FAILED;
	buf_release(&name);
	return rc;
}

/* Another section declares its streams again. */
static void forget_frames(struct judge *j)
{
	uint32_t i;

	for (i = 0; i < j->nruled; i++) {
		ruled_forget(&j->ruled[i]);
		j->ruled[i].key = NULL;
	}
}

static int judge_frame(void *self, struct record *rec, struct meta *meta, struct writer *w, struct error *err)
{
	struct judge *j = self;

	(void)rec;
	(void)w;
	if (meta->op == OP_BEGIN)
		forget_frames(j);
	if (meta->op == OP_SCHEMA && take_schema(j, meta, err))
		return -1;
	return STAGE_PASS;
}

const struct stage judge_stage = { .record = judge_record, .frame = judge_frame };

/* ---- the end */

void judge_warn_unused(const struct judge *j)
{
	size_t i;

	for (i = 0; i < j->ngiven; i++)
		if (j->given[i].stream && !j->given[i].used)
			diag_warn("no record of stream '%s', which a schema was given for", error_show(span_of(j->given[i].stream)));
}

struct sum { uint64_t valid, invalid, unjudged; };

static struct sum sum_of(const struct judge *j, const struct writer *w, uint32_t stream)
{
	const struct score *s = stream < j->nruled && j->ruled[stream].counted ? &j->ruled[stream].score : NULL;
	uint64_t judged = s ? s->records - s->valid : 0, aside = counts_get(&w->total_aside, stream);

	/* without --rejects the one that ended the run isn't among those set aside */
	return (struct sum){ counts_get(&w->total, stream), aside > judged ? aside : judged, aside > judged ? aside - judged : 0 };
}

static void add_sum(struct buf *out, struct sum s)
{
	buf_addf(out, "\"records\":%" PRIu64 ",\"valid\":%" PRIu64 ",\"invalid\":%" PRIu64 ",\"unjudged\":%" PRIu64, s.valid + s.invalid,
		 s.valid, s.invalid, s.unjudged);
}

void judge_report(const struct judge *j, const struct writer *w, struct buf *out)
{
	struct sum all = { 0, 0, 0 }, s;
	const char *between = "";
	uint32_t i;

	for (i = 0; i < j->streams->n; i++) {
		s = sum_of(j, w, i);
		all = (struct sum){ all.valid + s.valid, all.invalid + s.invalid, all.unjudged + s.unjudged };
	}
	buf_addc(out, '{');
	add_sum(out, all);
	buf_adds(out, ",\"streams\":{");
	for (i = 0; i < j->nruled; i++) {
		if (!j->ruled[i].counted)
			continue;
		buf_addf(out, "%s%s:{", between, j->streams->entry[i].json);
		add_sum(out, sum_of(j, w, i));
		buf_addc(out, ',');
		score_write(&j->ruled[i].score, out);
		buf_addc(out, '}');
		between = ",";
	}
	buf_adds(out, "}}\n");
}
