/* spec: what users write (sync-map.5) into steps. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "doc/suggest.h"
#include "map/lists.h"

static const struct map_kind *const kinds[] = {
	&step_rename, &step_keep, &step_drop, &step_set, &step_cast, &step_time, &step_map, &step_flatten, &step_nest, &step_explode, &step_clean,
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* Words of the language that this version doesn't have. */
static const char *const later[] = { "compute", "where", "join", "mask", "dedup", NULL };

/* ---- values */

int spec_path(struct spec *spec, struct value v, const char *what, struct path *out, struct error *err)
{
	if (doc_path(spec->doc, v, what, out, err))
		return -1;
	if (out->n == 0)
		return doc_error(spec->doc, v, err, "%s: a field's name is missing", what);
	if (out->step[0].kind != STEP_NAME)
		return doc_error(spec->doc, v, err, "%s: '%s': a record has fields, no elements", what, error_show(out->text));
	if (span_is(out->step[0].name, "_sync"))
		return doc_error(spec->doc, v, err, "%s: '_sync' is no field", what);
	return 0;
}

int spec_paths(struct spec *spec, struct value v, const char *what, struct fields *out, struct error *err)
{
	struct arena *arena = map_arena(spec->map);
	struct walk walk = { 0, 0, 0 };
	struct value each;

	out->n = 0;
	out->v = arena_zalloc(arena, sizeof *out->v);
	if (value_type(v) != TOKEN_ARRAY) {
		out->n = 1;
		return spec_path(spec, v, what, &out->v->path, err);
	}
	if (!value_count(v))
		return doc_error(spec->doc, v, err, "%s: no field is named", what);
	out->v = arena_zalloc(arena, value_count(v) * sizeof *out->v);
	while (value_next(v, &walk, NULL, &each))
		if (spec_path(spec, each, what, &out->v[out->n++].path, err))
			return -1;
	return 0;
}

int spec_fields(struct spec *spec, struct value map, const char *what, struct fields *out, struct error *err)
{
	struct value one, many;
	bool has_one = doc_get(map, "field", &one), has_many = doc_get(map, "fields", &many);

	if (has_one == has_many)
		return doc_error(spec->doc, map, err, has_one ? "%s: 'field' and 'fields' exclude each other" : "%s: 'field' is missing", what);
	if (has_one && value_type(one) == TOKEN_ARRAY)
		return doc_error(spec->doc, one, err, "%s: 'field' is one; several are 'fields'", what);
	return spec_paths(spec, has_one ? one : many, what, out, err);
}

/* One behind the other: what goes at `a` doesn't move what `b` means. */
static bool goes_after(const struct path *a, const struct path *b)
{
	return a->n != b->n ? a->n < b->n : path_last(a)->index < path_last(b)->index;
}

void fields_last_first(struct fields *f)
{
	struct field swap;
	uint32_t i, j;

	for (i = 1; i < f->n; i++)
		for (j = i; j > 0 && goes_after(&f->v[j - 1].path, &f->v[j].path); j--) {
			swap = f->v[j];
			f->v[j] = f->v[j - 1];
			f->v[j - 1] = swap;
		}
}

/* ---- steps */

static int unknown_word(struct spec *spec, struct value name, struct span word, struct error *err)
{
	const char *words[KINDS + 2];
	const char *near;
	size_t i;

	for (i = 0; later[i]; i++)
		if (span_is(word, later[i]))
			return doc_error(spec->doc, name, err, "step '%s' is not built into this version", later[i]);
	for (i = 0; i < KINDS; i++)
		words[i] = kinds[i]->word;
	words[KINDS] = "streams";	/* what a map, not a step, begins with */
	words[KINDS + 1] = NULL;
	near = suggest(word, words);
	if (near)
		return doc_error(spec->doc, name, err, "there is no step '%s', did you mean '%s'?", error_show(word), near);
	return doc_error(spec->doc, name, err, "there is no step '%s'", error_show(word));
}

static int read_step(struct spec *spec, struct value v, struct map_step *step, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct value name, what;
	struct span word;
	size_t i;

	if (value_type(v) != TOKEN_OBJECT || value_count(v) != 1)
		return doc_error(spec->doc, v, err, "a step is one word and what belongs to it, as in 'rename: {old: new}'");
	value_next(v, &walk, &name, &what);
	word = value_text(name, &spec->doc->arena);
	for (i = 0; i < KINDS; i++) {
		if (!span_is(word, kinds[i]->word))
			continue;
		step->kind = kinds[i];
		return kinds[i]->compile(spec, what, step, err);
	}
	return unknown_word(spec, name, word, err);
}

/* A list of steps, or one; for a stream, or for all (NULL). */
static int read_list(struct spec *spec, struct value v, const char *stream, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct value each;

	if (stream)
		map_name_stream(spec->map, stream);
	if (value_type(v) == TOKEN_OBJECT)
		return read_step(spec, v, map_add_step(spec->map, stream), err);
	if (value_type(v) == TOKEN_NULL)
		return 0;
	if (value_type(v) != TOKEN_ARRAY)
		return doc_error(spec->doc, v, err, "steps are a list, each with a '-' before it");
	while (value_next(v, &walk, NULL, &each))
		if (read_step(spec, each, map_add_step(spec->map, stream), err))
			return -1;
	return 0;
}

static int read_streams(struct spec *spec, struct value v, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct value name, list;
	struct span text;

	if (doc_is_map(spec->doc, v, "streams", err))
		return -1;
	while (value_next(v, &walk, &name, &list)) {
		if (doc_text(spec->doc, name, "a stream's name", &text, err) || read_list(spec, list, text.p, err))
			return -1;
	}
	return 0;
}

int spec_read(struct map *map, struct doc *doc, const char *file, struct error *err)
{
	static const char *const words[] = { "streams", NULL };
	struct spec spec = { map, doc, file };
	struct value root = doc_root(doc), streams;

	if (value_type(root) != TOKEN_OBJECT || !doc_get(root, "streams", &streams))
		return read_list(&spec, root, NULL, err);
	if (doc_names(doc, root, "a map of streams", words, err))
		return -1;
	return read_streams(&spec, streams, err);
}
