/* set: fields to literals. Objects are made for missing parents. */
#include "map/map_private.h"
#include "map/shape.h"

struct setting {
	struct path path;
	struct cursor cursor;
	struct span json;	/* the literal's text; in the map's arena */
	enum token_type type;
	bool integer;
	uint32_t to_array;	/* steps before the first that goes into an array; 0: none does */
};

struct settings {
	struct setting *v;
	uint32_t n;
};

static int compile(struct spec *spec, struct value v, struct map_step *step, struct error *err)
{
	struct settings *s = arena_zalloc(map_arena(spec->map), sizeof *s);
	struct walk walk = { 0, 0, 0 };
	struct buf text = BUF_INIT;
	struct value name, literal;
	struct setting *one;
	uint32_t i;

	step->self = s;
	if (doc_is_map(spec->doc, v, "set", err))
		return -1;
	s->v = arena_zalloc(map_arena(spec->map), (value_count(v) + 1) * sizeof *s->v);
	while (value_next(v, &walk, &name, &literal)) {
		one = &s->v[s->n++];
		if (spec_path(spec, name, "set", &one->path, err)) {
			buf_release(&text);
			return -1;
		}
		buf_reset(&text);
		value_write(literal, &text);
		one->json = arena_span(map_arena(spec->map), buf_span(&text));
		one->type = value_type(literal);
		one->integer = value_token(literal)->flags & TOKEN_INTEGER;
		for (i = 0; i < one->path.n && !one->to_array; i++)
			if (one->path.step[i].kind != STEP_NAME)
				one->to_array = i;
	}
	buf_release(&text);
	return 0;
}

static int becomes(void *ctx, struct value v, struct buf *json, struct error *err)
{
	struct setting *s = ctx;

	(void)v;
	(void)err;
	buf_addspan(json, s->json);
	return CHANGE_SET;
}

/* In an update an absent field is unchanged: then its members are what they are. */
static bool is_unknown(const struct map_run *run, const struct setting *s)
{
	struct path top = path_head(&s->path, 1);
	struct value v;

	return (run->mode == MAP_UPDATE || run->mode == MAP_BEFORE) && s->path.n > 1 && !record_get(run->rec, &top, NULL, &v) &&
		!(run->unset && unset_has(run->unset, top.step[0].name));
}

static int set_one(struct map_run *run, struct setting *s, struct error *err)
{
	struct path array, top;
	struct value v;

	if (run->mode == MAP_KEYS || (run->mode == MAP_BEFORE && s->path.n == 1))	/* just where it stands */
		return record_change(run->rec, &s->path, &s->cursor, becomes, s, err);
	if (is_unknown(run, s))
		return 0;
	if (s->to_array) {
		array = path_head(&s->path, s->to_array);
		if (!record_get(run->rec, &array, NULL, &v) || value_type(v) == TOKEN_NULL)
			return 0;
	}
	if (run->unset)
		unset_remove(run->unset, s->path.step[0].name);
	if (!record_set_deep(run->rec, &s->path, s->json, err))
		return 0;
	if (run->mode == MAP_BEFORE && err->code) {
		top = path_head(&s->path, 1);
		error_reset(err);
		return record_remove(run->rec, &top, err);
	}
	run->at = &s->path;
	return -1;
}

static int run_set(struct map_step *step, struct map_run *run, struct error *err)
{
	struct settings *s = step->self;
	uint32_t i;

	for (i = 0; i < s->n; i++)
		if (set_one(run, &s->v[i], err))
			return -1;
	return 0;
}

static int shape(struct map_step *step, struct shape *sh, const void **known, struct error *err)
{
	static const char *const types[] = { "null", "boolean", "boolean", "number", "string", "array", "object" };
	struct settings *s = step->self;
	struct buf text = BUF_INIT;
	struct setting *one;
	int failed = 0;

	(void)known;
	for (one = s->v; !failed && one < s->v + s->n; one++) {
		buf_reset(&text);
		buf_addf(&text, "{\"type\":\"%s\"}", one->integer && one->type == TOKEN_NUMBER ? "integer" : types[one->type]);
		failed = one->to_array ? shape_retype(sh, &one->path, one->integer && one->type == TOKEN_NUMBER ? "integer" : types[one->type], "", err)
			: shape_put_deep(sh, &one->path, buf_span(&text), err);
	}
	buf_release(&text);
	return failed;
}

const struct map_kind step_set = { .word = "set", .compile = compile, .run = run_set, .shape = shape };
