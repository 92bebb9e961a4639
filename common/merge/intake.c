/* intake: operands read and sorted. */
#include "merge/intake.h"

#include <stdlib.h>

#include "base/xalloc.h"

/* A sorted line is this, then the row. */
struct line_head {
	uint64_t lineno;
	uint64_t plain;
};

void intake_init(struct intake *in, int n, bool has_base, const struct key *given, struct streams *streams, struct writer *w, struct spill *spill,
		 struct memory *memory)
{
	int i;

	*in = (struct intake){ .side = xcalloc((size_t)n, sizeof *in->side), .n = n, .has_base = has_base, .given = given, .streams = streams,
			       .w = w, .spill = spill, .memory = memory };
	for (i = 0; i < n; i++) {
		operand_init(&in->side[i].operand, spill, memory);
		sort_init(&in->side[i].sort, spill, memory, memory->limit / (size_t)(n + 1));
	}
}

static void free_stream(struct intake_stream *s, int n)
{
	int i;

	for (i = 0; s && i < n; i++) {
		shape_release(&s->shape[i]);
		key_release(&s->key[i]);
	}
	if (s)
		learned_release(&s->learned);
	free(s);
}

void intake_release(struct intake *in)
{
	uint32_t i;
	int j;

	for (j = 0; j < in->n; j++) {
		operand_release(&in->side[j].operand);
		sort_release(&in->side[j].sort);
		buf_release(&in->side[j].last);
	}
	for (i = 0; i < in->stream_n; i++)
		free_stream(in->stream[i], in->n);
	free(in->stream);
	free(in->side);
	buf_release(&in->scratch);
}

int intake_open(struct intake *in, int i, const char *text, const struct operand_options *opt, struct error *err)
{
	return operand_open(&in->side[i].operand, text, opt, in->streams, err);
}

/* ---- streams */

static struct intake_stream *stream_at(struct intake *in, uint32_t i)
{
	uint32_t n;

	if (i >= in->stream_n) {
		n = i + 8;
		in->stream = xreallocarray(in->stream, n, sizeof(*in->stream));
		memset(in->stream + in->stream_n, 0, (n - in->stream_n) * sizeof(*in->stream));
		in->stream_n = n;
	}
	if (!in->stream[i])
		in->stream[i] = xcalloc(1, sizeof **in->stream);
	return in->stream[i];
}

/* Streams as the first operand that has a name for its only one calls it, where all have just one; else by name. */
static uint32_t common_stream(struct intake *in, int i)
{
	int j;

	for (j = 0; in->all_single && j < in->n; j++)
		if (in->side[j].operand.own_name)
			return streams_index(in->streams, span_of(in->side[j].operand.own_name));
	return in->side[i].operand.meta.stream;
}

static int declare(struct intake *in, int i, struct error *err)
{
	struct intake_side *x = &in->side[i];
	struct intake_stream *s = stream_at(in, common_stream(in, i));

	s->seen[i] = true;
	if (shape_read(&s->shape[i], &x->operand.meta, err))
		return operand_where(&x->operand, err);
	x->untyped = x->untyped || s->shape[i].untyped;
	s->absent_null = s->absent_null || s->shape[i].absent_null;
	return 0;
}

/* The key as asked for, or as this operand's schema says, or another's. */
static int find_key(struct intake *in, struct intake_stream *s, int i, const char *name, struct error *err)
{
	const struct key *key = in->given->n ? in->given : &s->shape[i].key;
	int j;

	for (j = 0; !key->n && j < in->n; j++)
		key = &s->shape[j].key;
	if (!key->n)
		return error_set(err, EXIT_USAGE, "nothing says what the key of stream '%s' is (--key FIELD,…)", error_show(span_of(name)));
	for (j = 0; j < in->n; j++)
		key_copy(&s->key[j], key);
	return 0;
}

static int check_keys(const struct intake *in, const struct intake_stream *s, const char *name, struct error *err)
{
	int j;

	for (j = 0; !in->given->n && j < in->n; j++)
		if (s->shape[j].key.n && s->key[j].n && !key_same(&s->shape[j].key, &s->key[j]))
			return error_set(err, EXIT_USAGE, "'%s' has another key for stream '%s' (--key FIELD,… decides)", in->side[j].operand.text,
					 error_show(span_of(name)));
	return 0;
}

/* A stream that an operand lacks as a whole wasn't deleted row by row. */
static int check_lack(const struct intake *in, const struct intake_stream *s, const char *name, struct error *err)
{
	int j;

	for (j = 0; !in->all_single && in->has_base && s->rows[in->n - 1] && j < in->n; j++)
		if (!s->seen[j] && !(in->side[j].operand.own_name && !strcmp(in->side[j].operand.own_name, name)))
			return error_set(err, EXIT_USAGE, "'%s' has no stream '%s', which the base has: name those to be merged ('%s#NAME'), or give "
					 "all one name with --stream", in->side[j].operand.text, error_show(span_of(name)), in->side[j].operand.text);
	return 0;
}

/* ---- rows */

static int set_aside(struct intake *in, int i, const struct error *why, struct error *err)
{
	in->side[i].aside++;
	return operand_set_aside(&in->side[i].operand, in->w, why, err);
}

/* The type that somebody else declares for a field, or that its values have elsewhere. */
static enum shape_type type_elsewhere(const struct intake *in, const struct intake_stream *s, struct span name)
{
	enum shape_type type = SHAPE_ANY;
	int j;

	for (j = 0; type == SHAPE_ANY && j < in->n; j++)
		if (!in->side[j].untyped)
			type = shape_type(&s->shape[j], name);
	return type == SHAPE_ANY ? learned_type(&s->learned, name) : type;
}

static int retype_row(struct intake *in, const struct intake_stream *s, int i, struct error *err)
{
	struct record *rec = &in->side[i].operand.rec;
	struct arena arena = ARENA_INIT;
	struct fields f = fields_of(rec, &arena);
	struct buf text = BUF_INIT;
	struct path path;
	uint32_t k;
	int failed = 0;

	for (k = 0; !failed && k < f.n; k++) {
		buf_reset(&text);
		if (!shape_is_untyped(&s->shape[i], f.v[k].name) ||
		    !retype(f.v[k].value, type_elsewhere(in, s, f.v[k].name), &arena, &text))
			continue;
		path_name(&path, f.v[k].name, &arena);
		failed = record_set(rec, &path, buf_span(&text), err);
	}
	buf_release(&text);
	arena_release(&arena);
	return failed;
}

static int take_row(struct intake *in, int i, struct error *err)
{
	struct operand *o = &in->side[i].operand;
	uint32_t stream = common_stream(in, i);
	struct intake_stream *s = stream_at(in, stream);
	struct line_head head = { o->reader.lineno, !value_present(o->meta.sync) };
	const char prefix[4] = { (char)(stream >> 24), (char)(stream >> 16), (char)(stream >> 8), (char)stream };
	struct error why = ERROR_INIT;
	struct buf *b = &in->scratch;
	size_t key;

	s->seen[i] = true;
	s->rows[i]++;
	if (!s->key[i].n && find_key(in, s, i, streams_name(in->streams, stream), err))
		return -1;
	if (in->side[i].untyped ? retype_row(in, s, i, err) : in->some_untyped ? (learn(&s->learned, &o->rec), 0) : 0)
		return -1;
	buf_reset(b);
	buf_add(b, prefix, sizeof prefix);
	if (key_bytes(&s->key[i], &o->rec, b, &why))
		return set_aside(in, i, &why, err);
	key = b->n;
	buf_add(b, &head, sizeof head);
	record_write(&o->rec, b);
	return sort_add(&in->side[i].sort, (struct span){ b->p, key }, (struct span){ b->p + key, b->n - key }, err);
}

/* ---- all of it */

static int take(struct intake *in, int i, int what, struct error *err)
{
	switch (what) {
	case OPERAND_SCHEMA:
		return declare(in, i, err);
	case OPERAND_ROW:
		return take_row(in, i, err);
	case OPERAND_BAD:
		return set_aside(in, i, &in->side[i].why, err);
	default:
		return -1;
	}
}

static int next(struct intake_side *x, struct error *err)
{
	x->pending = operand_next(&x->operand, &x->why);
	if (x->pending < 0)
		*err = x->why;
	return x->pending;
}

/* The first thing of every operand, which says what it is. */
static int look(struct intake *in, struct error *err)
{
	bool any_single = false;
	int i;

	for (i = 0; i < in->n; i++) {
		if (next(&in->side[i], err) < 0)
			return -1;
		any_single = any_single || in->side[i].operand.single;
	}
	/* one that has just one stream can only be merged with the one stream of others */
	for (i = 0; i < in->n && any_single; i++)
		operand_make_single(&in->side[i].operand, in->side[i].pending == OPERAND_SCHEMA || in->side[i].pending == OPERAND_ROW);
	in->all_single = any_single;
	for (i = 0; i < in->n; i++)
		if (in->side[i].pending == OPERAND_SCHEMA && declare(in, i, err))
			return -1;
	for (i = 0; i < in->n; i++)
		in->some_untyped = in->some_untyped || in->side[i].untyped;
	return 0;
}

static int read_side(struct intake *in, int i, struct error *err)
{
	struct intake_side *x = &in->side[i];
	bool told = x->pending == OPERAND_SCHEMA;	/* look() has dealt with it */

	while (x->pending != OPERAND_END) {
		if (!told && take(in, i, x->pending, err))
			return -1;
		told = false;
		if (next(x, err) < 0)
			return -1;
	}
	x->aside += counts_total(&x->operand.aside);
	return operand_unchanged(&x->operand, err);
}

int intake_read(struct intake *in, struct error *err)
{
	uint32_t k;
	int untyped, i;

	if (look(in, err))
		return -1;
	for (untyped = 0; untyped < 2; untyped++)
		for (i = 0; i < in->n; i++)
			if (in->side[i].untyped == untyped && read_side(in, i, err))
				return -1;
	for (k = 0; k < in->stream_n; k++)
		if (in->stream[k] && (check_keys(in, in->stream[k], streams_name(in->streams, k), err) ||
				      check_lack(in, in->stream[k], streams_name(in->streams, k), err)))
			return -1;
	return 0;
}

/* ---- walking them together */

static uint32_t stream_of(struct span key)
{
	const unsigned char *p = (const unsigned char *)key.p;

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* A row whose key was there before is set aside. */
static int set_twice_aside(struct intake *in, int i, struct error *err)
{
	struct intake_side *x = &in->side[i];
	struct operand *o = &x->operand;
	struct error why = ERROR_INIT;
	struct buf shown = BUF_INIT;
	struct line_head head;

	memcpy(&head, x->line.p, sizeof head);
	if (record_scan(&o->rec, x->line.p + sizeof head, x->line.n - sizeof head, &o->opt.reader.limits, err) ||
	    meta_read(&o->meta, &o->rec, in->streams, err))
		return -1;
	o->meta.stream = stream_of(x->key);
	key_show(&in->stream[o->meta.stream]->key[i], &o->rec, &shown);
	error_data(&why, "duplicate-key", "key %s was there before", error_show(buf_span(&shown)));
	buf_release(&shown);
	o->bad_line = false;
	o->reader.lineno = head.lineno;
	return operand_set_aside(o, in->w, &why, err);
}

static int advance(struct intake *in, int i, struct error *err)
{
	struct intake_side *x = &in->side[i];
	int got;

	x->used = false;
	for (;;) {
		got = sort_next(&x->sort, &x->key, &x->line, err);
		x->more = got > 0;
		if (got <= 0)
			return got;
		if (!x->last.n || !span_eq(buf_span(&x->last), x->key))
			break;
		if (set_twice_aside(in, i, err))
			return -1;
	}
	buf_reset(&x->last);
	buf_addspan(&x->last, x->key);
	return 0;
}

int intake_next(struct intake *in, struct intake_row *row, struct error *err)
{
	struct intake_side *x;
	const struct span *least = NULL;
	struct line_head head;
	int i;

	for (i = 0; i < in->n; i++) {
		x = &in->side[i];
		if ((x->used || !in->walking) && advance(in, i, err))
			return -1;
		if (x->more && (!least || span_cmp(x->key, *least) < 0))
			least = &x->key;
	}
	in->walking = true;
	if (!least)
		return 0;
	row->stream = stream_of(*least);
	row->key = (struct span){ least->p + 4, least->n - 4 };
	for (i = 0; i < in->n; i++) {
		x = &in->side[i];
		row->raw[i] = (struct span){ NULL, 0 };
		x->used = x->more && span_eq(x->key, *least);
		if (!x->used)
			continue;
		memcpy(&head, x->line.p, sizeof head);
		row->raw[i] = (struct span){ x->line.p + sizeof head, x->line.n - sizeof head };
		row->plain[i] = head.plain;
	}
	return 1;
}

/* ---- the schema of what comes out */

static int base_schema(const struct intake *in, const struct intake_stream *s)
{
	int found = -1, i;

	for (i = 0; i < in->n; i++)
		if (s->shape[i].n && (found < 0 || (s->shape[found].untyped && !s->shape[i].untyped)))
			found = i;
	return found;
}

/* Adds the properties of `from` that rec has not. */
static void add_properties(struct record *rec, const struct shape *from)
{
	static const struct step root_step = { .kind = STEP_NAME, .name = SPAN_LIT("properties"), .quoted = SPAN_LIT("\"properties\"") };
	struct scan_limits limits = SCAN_LIMITS_INIT;
	struct error ignored = ERROR_INIT;
	struct arena arena = ARENA_INIT;
	struct record other;
	struct walk walk = { 0, 0, 0 };
	struct value properties, name, v, have;
	struct path path = { .step = arena_alloc(&arena, 2 * sizeof(struct step)), .n = 2 };
	struct path one;

	record_init(&other);
	path.step[0] = root_step;
	if (!record_copy(&other, from->schema.p, from->schema.n, &limits, &ignored) &&
	    value_member(record_root(&other), SPAN_LIT("properties"), &properties))
		while (value_next(properties, &walk, &name, &v)) {
			path_name(&one, value_text(name, &arena), &arena);
			path.step[1] = one.step[0];
			if (!record_get(rec, &path, NULL, &have))
				(void)record_put(rec, &path, v, &ignored);
		}
	record_release(&other);
	arena_release(&arena);
}

/* What the others' rows may lack can't be required any more. */
static void merge_schemas(const struct intake *in, const struct intake_stream *s, int from, struct buf *out)
{
	static const struct step step = { .kind = STEP_NAME, .name = SPAN_LIT("required"), .quoted = SPAN_LIT("\"required\"") };
	struct scan_limits limits = SCAN_LIMITS_INIT;
	struct error ignored = ERROR_INIT;
	struct record rec;
	struct path required = { .step = (struct step *)&step, .n = 1, .text = SPAN_LIT("required") };
	int i;

	record_init(&rec);
	if (!record_copy(&rec, s->shape[from].schema.p, s->shape[from].schema.n, &limits, &ignored)) {
		(void)record_remove(&rec, &required, &ignored);
		for (i = 0; i < in->n; i++)
			if (i != from && s->shape[i].n)
				add_properties(&rec, &s->shape[i]);
		record_write(&rec, out);
	}
	record_release(&rec);
}

void intake_schema(const struct intake *in, uint32_t stream, struct buf *out)
{
	const struct intake_stream *s = in->stream[stream];
	int from = base_schema(in, s), i;
	bool all = true;

	if (from < 0) {
		buf_adds(out, "{}");
		return;
	}
	for (i = 0; i < in->n; i++)
		all = all && span_eq(buf_span(&s->shape[i].schema), buf_span(&s->shape[from].schema));
	if (all)
		buf_addspan(out, buf_span(&s->shape[from].schema));
	else
		merge_schemas(in, s, from, out);
}
