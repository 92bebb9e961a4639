/* clean: texts without stray white space, in one case, in one normal form. What is no text stays. */
#include <stdlib.h>

#include "map/map_private.h"
#include "map/shape.h"
#include "value/text.h"

static const char *const words[] = { "trim", "squeeze", "nfc", "lower", "upper", "fold", NULL };

struct cleaning {
	struct fields fields;
	int *what;		/* enum text_change, in the map's arena */
	uint32_t n;
	struct text_room room;	/* owned */
	struct buf text[2];	/* owned: from one to the other */
	struct arena *arena;	/* the record's, while it runs */
};

static int read_with(struct cleaning *c, struct spec *spec, struct value v, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct value each;

	c->what = arena_zalloc(map_arena(spec->map), (value_type(v) == TOKEN_ARRAY ? value_count(v) + 1 : 1) * sizeof *c->what);
	if (value_type(v) != TOKEN_ARRAY)
		return doc_word(spec->doc, v, "clean: with", words, &c->what[c->n++], err);
	if (!value_count(v))
		return doc_error(spec->doc, v, err, "clean: with: nothing is named");
	while (value_next(v, &walk, NULL, &each))
		if (doc_word(spec->doc, each, "clean: with", words, &c->what[c->n++], err))
			return -1;
	return 0;
}

static int compile(struct spec *spec, struct value v, struct map_step *step, struct error *err)
{
	static const char *const names[] = { "field", "fields", "with", NULL };
	struct cleaning *c = arena_zalloc(map_arena(spec->map), sizeof *c);
	struct value with;

	step->self = c;
	if (doc_names(spec->doc, v, "clean", names, err) || spec_fields(spec, v, "clean", &c->fields, err))
		return -1;
	if (!doc_get(v, "with", &with))
		return doc_error(spec->doc, v, err, "clean: 'with' is missing: some of trim, squeeze, nfc, lower, upper, fold");
	return read_with(c, spec, with, err);
}

static void release(struct map_step *step)
{
	struct cleaning *c = step->self;

	free(c->room.v);
	buf_release(&c->text[0]);
	buf_release(&c->text[1]);
}

static int clean(void *ctx, struct value v, struct buf *json, struct error *err)
{
	struct cleaning *c = ctx;
	bool changed = false;
	struct span text;
	struct buf *out;
	uint32_t i;

	(void)err;
	if (value_type(v) != TOKEN_STRING)
		return CHANGE_NOT;
	text = value_text(v, c->arena);
	for (i = 0; i < c->n; i++) {
		out = &c->text[text.p == c->text[0].p];
		buf_reset(out);
		if (!text_change((enum text_change)c->what[i], text, &c->room, out))
			continue;
		text = buf_span(out);
		changed = true;
	}
	if (!changed)
		return CHANGE_NOT;
	json_add_string(json, text);
	return CHANGE_SET;
}

static int run_clean(struct map_step *step, struct map_run *run, struct error *err)
{
	struct cleaning *c = step->self;

	c->arena = &run->rec->arena;
	return map_change(run, &c->fields, clean, c, err);
}

static int shape(struct map_step *step, struct shape *s, const void **known, struct error *err)
{
	struct cleaning *c = step->self;
	uint32_t i;

	(void)known;
	for (i = 0; i < c->fields.n; i++)
		if (shape_loosen(s, &c->fields.v[i].path, err))
			return -1;
	return 0;
}

const struct map_kind step_clean = { .word = "clean", .compile = compile, .run = run_clean, .shape = shape, .release = release };
