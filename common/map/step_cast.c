/* cast: fields to integer, number, string or boolean, exactly. */
#include "map/cast.h"
#include "map/map_private.h"
#include "map/shape.h"

static const char *const types[] = { "integer", "number", "string", "boolean", NULL };

struct casting {
	struct fields field;	/* one */
	int to;			/* enum cast */
	struct arena *arena;	/* of the record, while it runs */
};

struct casts {
	struct casting *v;
	uint32_t n;
};

static int compile(struct spec *spec, struct value v, struct map_step *step, struct error *err)
{
	struct casts *s = arena_zalloc(map_arena(spec->map), sizeof *s);
	struct walk walk = { 0, 0, 0 };
	struct value name, to;
	struct casting *one;

	step->self = s;
	if (doc_is_map(spec->doc, v, "cast", err))
		return -1;
	s->v = arena_zalloc(map_arena(spec->map), (value_count(v) + 1) * sizeof *s->v);
	while (value_next(v, &walk, &name, &to)) {
		one = &s->v[s->n++];
		one->field = (struct fields){ arena_zalloc(map_arena(spec->map), sizeof *one->field.v), 1 };
		if (spec_path(spec, name, "cast", &one->field.v->path, err) || doc_word(spec->doc, to, "cast: the type", types, &one->to, err))
			return -1;
	}
	return 0;
}

static int cast_one(void *ctx, struct value v, struct buf *json, struct error *err)
{
	const struct casting *c = ctx;

	return cast_value((enum cast)c->to, v, c->arena, json, err);
}

static int run_cast(struct map_step *step, struct map_run *run, struct error *err)
{
	struct casts *s = step->self;
	uint32_t i;

	for (i = 0; i < s->n; i++) {
		s->v[i].arena = &run->rec->arena;
		if (map_change(run, &s->v[i].field, cast_one, &s->v[i], err))
			return -1;
	}
	return 0;
}

static int shape(struct map_step *step, struct shape *sh, const void **known, struct error *err)
{
	struct casts *s = step->self;
	uint32_t i;

	(void)known;
	for (i = 0; i < s->n; i++)
		if (shape_retype(sh, &s->v[i].field.v->path, types[s->v[i].to], "", err))
			return -1;
	return 0;
}

const struct map_kind step_cast = { .word = "cast", .compile = compile, .run = run_cast, .shape = shape };
