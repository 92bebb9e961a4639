/* diff_stream: what two operands say of one stream, and what follows: its key, and how values of both are compared. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "merge/diff_private.h"

enum { MOST_FIELDS = 1000, LONGEST_NAME = 1024 };	/* that are counted by name */

struct diff_stream *diff_stream(struct diff *d, uint32_t stream)
{
	uint32_t n;

	if (stream >= d->stream_n) {
		n = stream + 8;
		d->stream = xreallocarray(d->stream, n, sizeof(*d->stream));
		memset(d->stream + d->stream_n, 0, (n - d->stream_n) * sizeof(*d->stream));
		d->stream_n = n;
	}
	if (!d->stream[stream]) {
		d->stream[stream] = xcalloc(1, sizeof **d->stream);
		**(d->stream + stream) = (struct diff_stream){ .shape = { SHAPE_INIT, SHAPE_INIT }, .key = { KEY_INIT, KEY_INIT } };
	}
	return d->stream[stream];
}

void diff_stream_free(struct diff_stream *s)
{
	int i;

	if (!s)
		return;
	for (i = 0; i < 2; i++) {
		shape_release(&s->shape[i]);
		key_release(&s->key[i]);
	}
	free(s->field);
	learned_release(&s->learned);
	arena_release(&s->arena);
	free(s);
}

void diff_count_field(void *ctx, struct span name)
{
	struct diff_stream *s = ctx;
	uint32_t i;

	for (i = 0; i < s->fields; i++)
		if (span_eq(s->field[i].name, name)) {
			s->field[i].n++;
			return;
		}
	if (s->fields == MOST_FIELDS || name.n > LONGEST_NAME)
		return;
	XGROW(s->field, s->fields, s->fields_cap);
	s->field[s->fields++] = (struct diff_field){ arena_span(&s->arena, name), 1 };
}

/* ---- the key */

static const char *name_of(const struct diff *d, uint32_t stream) { return error_show(span_of(streams_name(d->streams, stream))); }

/* --key, or what the schemas say, for both sides. */
static int find_key(struct diff *d, struct diff_stream *s, uint32_t stream, struct error *err)
{
	const struct key *a = &s->shape[0].key, *b = &s->shape[1].key;
	int i;

	for (i = 0; d->opt.key && i < 2; i++)
		if (key_parse(&s->key[i], d->opt.key, err))
			return error_prefix(err, "--key");
	if (d->opt.key)
		return 0;
	if (!a->n && !b->n)
		return error_set(err, EXIT_USAGE, "neither '%s' nor '%s' says what the key of stream '%s' is (--key FIELD,…)",
				 d->side[0].operand.text, d->side[1].operand.text, name_of(d, stream));
	if (a->n && b->n && !key_same(a, b))
		return error_set(err, EXIT_USAGE, "'%s' and '%s' have different keys for stream '%s' (--key FIELD,… decides)",
				 d->side[0].operand.text, d->side[1].operand.text, name_of(d, stream));
	for (i = 0; i < 2; i++)
		key_copy(&s->key[i], a->n ? a : b);
	return 0;
}

/* How a part of the key is read where one side is text without types. */
static void set_reading(struct diff_stream *s, uint32_t part, enum key_read read[2])
{
	const struct path *path = &s->key[0].part[part].path;
	bool untyped[2];
	int typed, i;

	for (i = 0; i < 2; i++) {
		read[i] = KEY_TYPED;
		untyped[i] = path->n == 1 && shape_is_untyped(&s->shape[i], path->step[0].name);
	}
	if (untyped[0] == untyped[1])
		return;
	typed = untyped[0] ? 1 : 0;
	switch (shape_type(&s->shape[typed], path->step[0].name)) {
	case SHAPE_NUMBER:
		read[!typed] = KEY_NUMBER;
		break;
	case SHAPE_BOOLEAN:
		read[!typed] = KEY_BOOLEAN;
		break;
	case SHAPE_ANY:
		read[typed] = KEY_TEXT;
		break;
	default:
		break;
	}
}

static int check_ignored(const struct diff *d, const struct diff_stream *s, struct error *err)
{
	uint32_t i, j;

	for (i = 0; i < s->key[0].n; i++)
		for (j = 0; j < d->opt.ignored; j++)
			if (span_eq(s->key[0].part[i].path.step[0].name, d->opt.ignore[j]))
				return error_set(err, EXIT_USAGE, "--ignore: '%s' belongs to the key", error_show(d->opt.ignore[j]));
	return 0;
}

static int settle(struct diff *d, struct diff_stream *s, uint32_t stream, struct error *err)
{
	enum key_read read[2];
	uint32_t i;

	if (find_key(d, s, stream, err) || check_ignored(d, s, err))
		return -1;
	for (i = 0; i < s->key[0].n; i++) {
		set_reading(s, i, read);
		s->key[0].part[i].read = read[0];
		s->key[1].part[i].read = read[1];
	}
	s->retype = s->shape[1].untyped && !s->shape[0].untyped;
	s->compare = (struct compare){ &s->shape[0], &s->shape[1], d->opt.ignore, d->opt.ignored };
	s->settled = true;
	return 1;
}

int diff_settle(struct diff *d, int side, uint32_t stream, bool now, struct error *err)
{
	struct diff_stream *s = diff_stream(d, stream);

	if (s->settled)
		return 1;
	if (!s->seen[!side] && !d->side[!side].ended && !now)
		return 0;	/* the other side may say something yet */
	return settle(d, s, stream, err);
}

/* A schema that comes after rows were read by what was known must not change what that meant. */
static int check_late(struct diff *d, struct diff_stream *s, int side, uint32_t stream, struct error *err)
{
	enum key_read read[2];
	uint32_t i;

	if (!d->opt.key && s->shape[side].key.n && !key_same(&s->shape[side].key, &s->key[side]))
		return error_set(err, EXIT_USAGE, "'%s' gives stream '%s' another key (--key FIELD,… decides)", d->side[side].operand.text,
				 name_of(d, stream));
	for (i = 0; i < s->key[0].n; i++) {
		set_reading(s, i, read);
		if (read[0] != s->key[0].part[i].read || read[1] != s->key[1].part[i].read)
			return error_set(err, EXIT_FAILED, "'%s' and '%s' have their streams in different orders: compare stream '%s' by itself",
					 d->side[0].operand.text, d->side[1].operand.text, name_of(d, stream));
	}
	return 0;
}

int diff_declare(struct diff *d, int side, struct error *err)
{
	struct diff_side *x = &d->side[side];
	struct diff_stream *s = diff_stream(d, x->stream);

	s->seen[side] = true;
	if (shape_read(&s->shape[side], &x->operand.meta, err))
		return operand_where(&x->operand, err);
	return s->settled ? check_late(d, s, side, x->stream, err) : 0;
}

/* ---- changes in the types of the first side */

static enum shape_type known_type(const struct diff_stream *s, struct span name)
{
	enum shape_type type = shape_type(&s->shape[0], name);

	return type == SHAPE_ANY ? learned_type(&s->learned, name) : type;
}

static int retype_field(const struct diff_stream *s, struct record *rec, const struct field *f, struct arena *arena, struct error *err)
{
	struct buf text = BUF_INIT;
	struct path path;
	int failed = 0;

	if (retype(f->value, known_type(s, f->name), arena, &text)) {
		path_name(&path, f->name, arena);
		failed = record_set(rec, &path, buf_span(&text), err);
	}
	buf_release(&text);
	return failed;
}

int diff_retype(void *ctx, uint32_t stream, struct span line, struct buf *out, struct error *err)
{
	struct diff *d = ctx;
	const struct diff_stream *s = d->stream[stream];
	struct record *rec = &d->side[1].again;
	struct fields f;
	uint32_t i;

	if (!s->retype)
		return 0;
	arena_reset(&d->arena);
	if (record_scan(rec, line.p, line.n, &d->opt.operand.reader.limits, err))
		return -1;
	f = fields_of(rec, &d->arena);
	for (i = 0; i < f.n; i++)
		if (shape_is_untyped(&s->shape[1], f.v[i].name) && retype_field(s, rec, &f.v[i], &d->arena, err))
			return -1;
	record_write(rec, out);
	return 0;
}
