/* groups: fields by the object they stand in. */
#include "map/groups.h"

static struct group *group_of(struct groups *g, const struct path *parent, uint32_t most, struct arena *arena)
{
	struct group *group;

	for (group = g->v; group < g->v + g->n; group++)
		if (path_eq(&group->parent, parent))
			return group;
	*group = (struct group){ .parent = *parent, .name = arena_alloc(arena, most * sizeof *group->name) };
	g->n++;
	return group;
}

static int compile_fields(struct groups *g, struct spec *spec, struct value v, const struct fields *fields, const char *what, struct error *err)
{
	struct arena *arena = map_arena(spec->map);
	struct group *group;
	struct path parent;
	uint32_t i;

	g->v = arena_zalloc(arena, fields->n * sizeof *g->v);
	for (i = 0; i < fields->n; i++) {
		if (path_last(&fields->v[i].path)->kind != STEP_NAME)
			return doc_error(spec->doc, v, err, "%s: '%s' is an element, no field", what, error_show(fields->v[i].path.text));
		parent = path_head(&fields->v[i].path, fields->v[i].path.n - 1);
		group = group_of(g, &parent, fields->n, arena);
		group->name[group->n++] = path_last(&fields->v[i].path)->name;
	}
	return 0;
}

int groups_compile(struct groups *g, struct spec *spec, struct value v, const char *what, struct error *err)
{
	static const char *const words[] = { "field", "fields", "separator", NULL };
	struct fields fields = { NULL, 0 };
	struct value part;
	int failed;

	record_init(&g->check);
	g->separator = SPAN_LIT(".");
	if (value_type(v) != TOKEN_OBJECT) {
		failed = spec_paths(spec, v, what, &fields, err);
	} else {
		failed = doc_names(spec->doc, v, what, words, err) ||
			((doc_get(v, "field", &part) || doc_get(v, "fields", &part)) && spec_fields(spec, v, what, &fields, err));
		if (!failed && doc_get(v, "separator", &part))
			failed = doc_text(spec->doc, part, "a separator", &g->separator, err) ||
				(!g->separator.n && doc_error(spec->doc, part, err, "%s: a separator is one character at least", what));
	}
	if (failed)
		return -1;
	if (fields.n)
		return compile_fields(g, spec, v, &fields, what, err);
	g->v = arena_zalloc(map_arena(spec->map), sizeof *g->v);
	g->n = 1;
	return 0;
}

void groups_release(struct groups *g)
{
	record_release(&g->check);
	record_names_release(g->names);
}

bool group_has(const struct group *g, struct span name)
{
	uint32_t i;

	if (!g->n)
		return !span_is(name, "_sync") || g->parent.n;
	for (i = 0; i < g->n; i++)
		if (span_eq(g->name[i], name))
			return true;
	return false;
}

int groups_free(const struct group *group, struct shape *s, struct error *err)
{
	struct path any = group->parent;

	any.step = arena_alloc(&s->arena, (any.n + 1) * sizeof *any.step);
	steps_copy(any.step, group->parent.step, any.n);
	any.step[any.n++] = (struct step){ .kind = STEP_NAME, .name = SPAN_LIT("") };
	return shape_free(s, &any, err);
}

int groups_check(struct groups *g, const struct group *group, struct span json, struct map_run *run, struct error *err)
{
	const struct scan_limits limits = { 1024, INT32_MAX };
	struct value name;

	if (record_copy(&g->check, json.p, json.n, &limits, err))
		return -1;
	if (!record_duplicate(&g->check, &g->names, &name))
		return 0;
	return map_refuse(run, &group->parent, err, "name-exists", "two fields would be called '%s'", error_show(value_bytes(name)));
}
