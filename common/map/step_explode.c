/* explode: an array into a record for each of its elements. */
#include <stdio.h>

#include "map/lists.h"
#include "map/shape.h"

enum empty { EMPTY_DROP, EMPTY_KEEP, EMPTY_REJECT };
static const char *const empties[] = { "drop", "keep", "reject", NULL };

struct explosion {
	struct path field, as, index;	/* index.n 0: not wanted */
	struct cursor cursor;
	int empty;			/* enum empty */
	bool in_place;			/* as is field */
};

static int compile(struct spec *spec, struct value v, struct map_step *step, struct error *err)
{
	static const char *const words[] = { "field", "as", "index", "empty", NULL };
	struct explosion *x = arena_zalloc(map_arena(spec->map), sizeof *x);
	struct value part;

	step->self = x;
	if (value_type(v) == TOKEN_STRING) {
		if (spec_path(spec, v, "explode", &x->field, err))
			return -1;
	} else if (doc_names(spec->doc, v, "explode", words, err)) {
		return -1;
	} else if (!doc_get(v, "field", &part)) {
		return doc_error(spec->doc, v, err, "explode: 'field' is missing");
	} else if (spec_path(spec, part, "explode", &x->field, err)) {
		return -1;
	}
	x->as = x->field;
	if (value_type(v) == TOKEN_OBJECT && ((doc_get(v, "as", &part) && spec_path(spec, part, "explode: as", &x->as, err)) ||
	    (doc_get(v, "index", &part) && spec_path(spec, part, "explode: index", &x->index, err)) ||
	    (doc_get(v, "empty", &part) && doc_word(spec->doc, part, "explode: empty", empties, &x->empty, err))))
		return -1;
	if (path_in_array(&x->field) || path_in_array(&x->as) || path_in_array(&x->index))
		return doc_error(spec->doc, v, err, "explode: an array inside an array's elements wants that one exploded first");
	x->in_place = path_eq(&x->as, &x->field);
	if (x->index.n && (path_covers(&x->index, &x->as) || path_covers(&x->as, &x->index)))
		return doc_error(spec->doc, v, err, "explode: 'index' and 'as' meet");
	return 0;
}

/* ---- running */

static int refuse(const struct explosion *x, const struct path **where, struct error *err, const char *code, const char *why)
{
	*where = &x->field;
	return error_data(err, code, "'%s' %s", error_show(x->field.text), why);
}

/* The record without the array; old values of it say nothing of one element. */
static int prepare(const struct explosion *x, struct record *rec, const struct path **where, struct error *err)
{
	static struct step steps[] = { { .kind = STEP_NAME, .name = { "_sync", 5 } }, { .kind = STEP_NAME, .name = { "before", 6 } } };
	static const struct path before = { .step = steps, .n = 2 };
	struct value v;

	if (record_remove(rec, &before, err) ||
	    (x->in_place ? record_get(rec, &x->field, NULL, &v) && record_set(rec, &x->field, SPAN_LIT("null"), err)
	     : record_remove(rec, &x->field, err)))
		return -1;
	*where = NULL;
	if (!x->in_place && record_get(rec, &x->as, NULL, &v))
		*where = &x->as;
	else if (x->index.n && record_get(rec, &x->index, NULL, &v))
		*where = &x->index;
	return *where ? error_data(err, "name-exists", "there is a field '%s' already", error_show((*where)->text)) : 0;
}

/* One record: a copy with the element, which is JSON text, in its place. */
static int one(struct map *m, const struct explosion *x, uint32_t depth, struct span element, uint32_t index, const struct path **where,
	       struct error *err)
{
	struct record *child = &m->child[depth];
	char number[16];
	size_t n;

	if (record_copy(child, m->child_text[depth].p, m->child_text[depth].n, &m->limits, err))
		return -1;
	*where = &x->as;
	if (record_set_deep(child, &x->as, element, err))
		return -1;
	*where = &x->index;
	n = (size_t)snprintf(number, sizeof number, "%u", index);
	if (x->index.n && record_set_deep(child, &x->index, index == UINT32_MAX ? SPAN_LIT("null") : (struct span){ number, n }, err))
		return -1;
	*where = NULL;
	return 0;
}

static int nothing(struct map *m, struct stream_steps *s, const struct explosion *x, uint32_t at, uint32_t depth, const struct path **where,
		   struct error *err)
{
	if (x->empty == EMPTY_DROP)
		return 0;
	if (x->empty == EMPTY_REJECT)
		return refuse(x, where, err, "no-elements", "has no element");
	if (one(m, x, depth, SPAN_LIT("null"), UINT32_MAX, where, err))
		return -1;
	return map_run_steps(m, s, &m->child[depth], MAP_ROW, at + 1, depth + 1, err);
}

/* The elements' texts, in the arena of the record, since the record is edited before they are used. */
static uint32_t take_elements(struct map *m, struct record *rec, struct value array, struct span **out)
{
	uint32_t n = value_count(array), i = 0;
	struct walk walk = { 0, 0, 0 };
	struct value v;

	*out = arena_alloc(&rec->arena, (n + 1) * sizeof **out);
	while (value_next(array, &walk, NULL, &v)) {
		buf_reset(&m->text);
		value_write(v, &m->text);
		(*out)[i++] = arena_span(&rec->arena, buf_span(&m->text));
	}
	return i;
}

int map_explode(struct map *m, struct stream_steps *s, struct record *rec, enum map_mode mode, uint32_t at, uint32_t depth,
		const struct path **where, struct error *err)
{
	struct explosion *x = s->step[at]->self;
	struct value array = VALUE_NONE;
	struct span *element;
	uint32_t n = 0, i;

	if (mode != MAP_ROW || (!depth && m->has_key))
		return refuse(x, where, err, "partial", "is exploded: which rows a change of it means isn't known; have full rows read (--full-rows)");
	if (record_get(rec, &x->field, &x->cursor, &array) && value_type(array) != TOKEN_ARRAY && value_type(array) != TOKEN_NULL)
		return refuse(x, where, err, "not-an-array", "is no array");
	if (value_present(array) && value_type(array) == TOKEN_ARRAY)
		n = take_elements(m, rec, array, &element);
	if (prepare(x, rec, where, err))
		return -1;
	buf_reset(&m->child_text[depth]);
	record_write(rec, &m->child_text[depth]);
	if (n == 0)
		return nothing(m, s, x, at, depth, where, err);
	for (i = 0; i < n; i++)
		if (one(m, x, depth, element[i], i, where, err) || map_run_steps(m, s, &m->child[depth], MAP_ROW, at + 1, depth + 1, err))
			return -1;
	return 0;
}

/* ---- the schema: a row is now named by its old key and the place in the array, if that is kept */

static int shape(struct map_step *step, struct shape *s, const void **known, struct error *err)
{
	struct explosion *x = step->self;
	struct step each = { .kind = STEP_EACH };
	struct path items = x->field;
	struct buf text = BUF_INIT;
	struct value v;
	bool had_key = s->keys > 0;
	int failed;

	(void)known;
	items.step = arena_alloc(&s->arena, (items.n + 1) * sizeof each);
	steps_copy(items.step, x->field.step, items.n);
	items.step[items.n++] = each;
	if (shape_get(s, &items, &v))
		value_write(v, &text);
	else
		buf_adds(&text, "{}");
	failed = shape_remove(s, &x->field, err) || shape_put_deep(s, &x->as, buf_span(&text), err) ||
		(x->empty == EMPTY_KEEP && shape_nullable(s, &x->as, err)) ||
		(x->index.n && shape_put_deep(s, &x->index, x->empty == EMPTY_KEEP ? SPAN_LIT("{\"type\":[\"integer\",\"null\"]}")
			: SPAN_LIT("{\"type\":\"integer\"}"), err));
	buf_release(&text);
	if (had_key && x->index.n)
		shape_key_add(s, &x->index);
	else
		s->keys = 0;
	return failed ? -1 : 0;
}

const struct map_kind step_explode = { .word = "explode", .compile = compile, .shape = shape };
