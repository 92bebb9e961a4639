/* map: lists of steps by stream; schemas; what is common to all steps. */
#include "map/map.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "map/lists.h"
#include "map/shape.h"

struct map *map_new(struct streams *streams, struct memory *memory, const struct scan_limits *limits)
{
	struct map *m = xcalloc(1, sizeof *m);

	m->streams = streams;
	m->memory = memory;
	m->limits = *limits;
	record_init(&m->before);
	record_init(&m->key);
	return m;
}

static void stream_release(struct stream_steps *s)
{
	free(s->step);
	free(s->known);
	arena_release(&s->arena);
}

void map_free(struct map *m)
{
	size_t i;

	if (!m)
		return;
	for (i = 0; i < m->n; i++)
		if (m->list[i].step->kind && m->list[i].step->kind->release)
			m->list[i].step->kind->release(m->list[i].step);
	for (i = 0; i < m->stream_cap; i++)
		stream_release(&m->stream[i]);
	for (i = 0; m->child && i < m->explodes; i++) {
		record_release(&m->child[i]);
		buf_release(&m->child_text[i]);
	}
	for (i = 0; i < m->docs; i++) {
		doc_release(m->doc[i]);
		free(m->doc[i]);
	}
	record_release(&m->before);
	record_release(&m->key);
	buf_release(&m->text);
	buf_release(&m->many);
	buf_release(&m->where);
	buf_release(&m->rule);
	free(m->child);
	free(m->child_text);
	free(m->unset.v);
	free(m->stream);
	free(m->named);
	free(m->list);
	free(m->doc);
	arena_release(&m->arena);
	free(m);
}

struct arena *map_arena(struct map *m) { return &m->arena; }
struct memory *map_memory(struct map *m) { return m->memory; }
const struct scan_limits *map_limits(const struct map *m) { return &m->limits; }

/* ---- specifications */

static struct doc *add_doc(struct map *m)
{
	XGROW(m->doc, m->docs, m->doc_cap);
	return m->doc[m->docs++] = xcalloc(1, sizeof(struct doc));
}

int map_add_file(struct map *m, const char *path, struct error *err)
{
	struct doc *doc = add_doc(m);

	return doc_load(doc, path, err) || spec_read(m, doc, path, err) ? -1 : 0;
}

int map_add_text(struct map *m, struct span text, const char *name, struct error *err)
{
	struct doc *doc = add_doc(m);

	return doc_load_text(doc, text, name, err) || spec_read(m, doc, NULL, err) ? -1 : 0;
}

struct map_step *map_add_step(struct map *m, const char *stream)
{
	struct map_step *step = arena_zalloc(&m->arena, sizeof *step);

	XGROW(m->list, m->n, m->cap);
	m->list[m->n++] = (struct listed){ stream ? arena_dup(&m->arena, stream, strlen(stream)) : NULL, step };
	return step;
}

void map_name_stream(struct map *m, const char *stream)
{
	size_t i;

	for (i = 0; i < m->names; i++)
		if (!strcmp(m->named[i].name, stream))
			return;
	XGROW(m->named, m->names, m->name_cap);
	m->named[m->names++] = (struct named){ arena_dup(&m->arena, stream, strlen(stream)), false };
}

int map_open(struct map *m, struct error *err)
{
	const struct map_kind *kind;
	size_t i;

	for (i = 0; i < m->n; i++) {
		kind = m->list[i].step->kind;
		m->explodes += !kind->run;
		if (kind->open && kind->open(m->list[i].step, m, err))
			return -1;
	}
	m->child = xcalloc(m->explodes + 1, sizeof *m->child);
	m->child_text = xcalloc(m->explodes + 1, sizeof *m->child_text);
	for (i = 0; i < m->explodes; i++)
		record_init(&m->child[i]);
	return 0;
}

const char *map_unseen(struct map *m)
{
	size_t i;

	for (i = 0; i < m->names; i++) {
		if (m->named[i].seen)
			continue;
		m->named[i].seen = true;
		return m->named[i].name;
	}
	return NULL;
}

/* ---- streams */

static void make_list(struct map *m, struct stream_steps *s, const char *name)
{
	size_t i;

	s->ready = true;
	s->step = xcalloc(m->n + 1, sizeof(*s->step));
	s->known = xcalloc(m->n + 1, sizeof(*s->known));
	for (i = 0; i < m->n; i++)
		if (!m->list[i].stream || !strcmp(m->list[i].stream, name))
			s->step[s->n++] = m->list[i].step;
	for (i = 0; i < m->names; i++)
		m->named[i].seen = m->named[i].seen || !strcmp(m->named[i].name, name);
}

struct stream_steps *map_stream(struct map *m, uint32_t stream)
{
	if (stream >= m->stream_cap) {
		m->stream = xreallocarray(m->stream, stream + 8, sizeof *m->stream);
		memset(m->stream + m->stream_cap, 0, (stream + 8 - m->stream_cap) * sizeof *m->stream);
		m->stream_cap = stream + 8;
	}
	if (!m->stream[stream].ready)
		make_list(m, &m->stream[stream], streams_name(m->streams, stream));
	return &m->stream[stream];
}

static void forget_schema(struct stream_steps *s)
{
	if (s->n)
		memset(s->known, 0, s->n * sizeof *s->known);
	arena_reset(&s->arena);
	s->key_lost = false;
}

int map_begin(struct map *m, const struct meta *meta, struct error *err)
{
	struct begin begin;
	uint32_t i;

	if (begin_read(&begin, meta, err))
		return -1;
	for (i = 0; i < m->stream_cap; i++)
		forget_schema(&m->stream[i]);
	m->scope = begin.scope;
	if (m->scope == SCOPE_KEYS && m->explodes)
		return error_set(err, EXIT_FAILED, "a stream of keys holds no array to explode");
	return 0;
}

/* ---- schemas */

static int shape_steps(struct stream_steps *s, struct shape *shape, struct error *err)
{
	uint32_t i;

	for (i = 0; i < s->n; i++)
		if (s->step[i]->kind->shape(s->step[i], shape, &s->known[i], err))
			return error_prefix(err, "step %u (%s)", i + 1, s->step[i]->kind->word);
	return 0;
}

/* Puts schema and key back into the frame. */
static int write_shape(struct map *m, struct shape *shape, struct record *rec, struct meta *meta, struct error *err)
{
	buf_reset(&m->text);
	record_write(&shape->rec, &m->text);
	if (meta_set(meta, rec, m->streams, "schema", buf_span(&m->text), err))
		return -1;
	if (!shape->keys || shape->key_lost)
		return meta_unset(meta, rec, m->streams, "key", err);
	buf_reset(&m->text);
	shape_key_write(shape, &m->text);
	return meta_set(meta, rec, m->streams, "key", buf_span(&m->text), err);
}

int map_schema(struct map *m, struct record *rec, struct meta *meta, struct error *err)
{
	struct stream_steps *s = map_stream(m, meta->stream);
	struct value schema, key = VALUE_NONE;
	struct shape shape;
	int failed;

	if (!s->n)
		return 0;
	forget_schema(s);
	(void)meta_member(meta, "key", &key);
	if (!meta_member(meta, "schema", &schema))
		return error_set(err, EXIT_FAILED, "schema: the frame of stream '%s' holds none", streams_name(m->streams, meta->stream));
	failed = shape_open(&shape, schema, key, err);
	shape.keep = &s->arena;
	if (!failed)
		failed = shape_steps(s, &shape, err) || write_shape(m, &shape, rec, meta, err);
	s->key_lost = shape.key_lost;
	shape_close(&shape);
	return failed ? -1 : 0;
}

/* ---- for steps */

static int forgiving(void *ctx, struct value v, struct buf *json, struct error *err);

struct forgiven {
	change_fn *fn;
	void *ctx;
};

static int forgiving(void *ctx, struct value v, struct buf *json, struct error *err)
{
	const struct forgiven *f = ctx;
	int what = f->fn(f->ctx, v, json, err);

	if (what >= 0 || !err->code)
		return what;
	error_reset(err);
	return CHANGE_REMOVE;
}

int map_change(struct map_run *run, struct fields *fields, change_fn *fn, void *ctx, struct error *err)
{
	struct forgiven soft = { fn, ctx };
	struct field *f;

	if (run->mode == MAP_BEFORE) {
		fn = forgiving;
		ctx = &soft;
	}
	for (f = fields->v; f < fields->v + fields->n; f++) {
		if (!record_change(run->rec, &f->path, &f->cursor, fn, ctx, err))
			continue;
		run->at = &f->path;
		return -1;
	}
	return 0;
}

int map_refuse(struct map_run *run, const struct path *at, struct error *err, const char *code, const char *fmt, ...)
{
	char text[ERROR_TEXT / 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	run->at = at;
	return error_data(err, code, "%s", text);
}

int map_partial(struct map_run *run, const struct path *at, struct error *err)
{
	if (run->mode == MAP_BEFORE)
		return record_remove(run->rec, at, err);
	return map_refuse(run, at, err, "partial", "'%s' needs more of the row than the change holds: have full rows read (--full-rows)",
			  error_show(at->text));
}

/* ---- what an update removes */

bool unset_has(const struct unset *u, struct span name)
{
	uint32_t i;

	for (i = 0; i < u->n; i++)
		if (span_eq(u->v[i], name))
			return true;
	return false;
}

void unset_add(struct unset *u, struct span name)
{
	if (unset_has(u, name))
		return;
	XGROW(u->v, u->n, u->cap);
	u->v[u->n++] = name;
	u->changed = true;
}

void unset_remove(struct unset *u, struct span name)
{
	uint32_t i, n = 0;

	for (i = 0; i < u->n; i++)
		if (!span_eq(u->v[i], name))
			u->v[n++] = u->v[i];
	u->changed = u->changed || n < u->n;
	u->n = n;
}

void unset_settle(struct map_run *run)
{
	struct unset *u = run->unset;
	uint32_t i, n = 0;
	struct value v;

	for (i = 0; i < u->n; i++)
		if (!value_member(record_root(run->rec), u->v[i], &v))
			u->v[n++] = u->v[i];
	u->changed = u->changed || n < u->n;
	u->n = n;
}

enum map_had map_had(const struct map_run *run, const struct path *path)
{
	struct path top = path_head(path, 1);
	struct value v;

	if (path->n == 1)
		return HAD;	/* the update says so */
	if (!run->before || !record_get(run->before, &top, NULL, &v))
		return HAD_UNKNOWN;
	return record_get(run->before, path, NULL, &v) ? HAD : HAD_NOT;
}

bool map_touched(const struct map_run *run, const struct path *path)
{
	struct path top = path_head(path, 1);
	struct value v;

	return record_get(run->rec, &top, NULL, &v) || (run->unset && unset_has(run->unset, top.step[0].name));
}
