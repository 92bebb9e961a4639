/* into: values of one or more fields into one. */
#include "map/into.h"

int into_compile(struct into *in, struct spec *spec, struct value map, const char *what, struct error *err)
{
	struct value v;
	uint32_t i;

	if (spec_fields(spec, map, what, &in->from, err))
		return -1;
	if (!doc_get(map, "to-field", &v))
		return doc_get(map, "keep", &v) ? doc_error(spec->doc, v, err, "%s: 'keep' belongs to 'to-field'", what) : 0;
	if (spec_path(spec, v, what, &in->to, err))
		return -1;
	for (i = 0; i < in->from.n; i++) {
		if (path_in_array(&in->from.v[i].path) || path_in_array(&in->to))
			return doc_error(spec->doc, v, err, "%s: 'to-field' is not for what stands in an array", what);
		if (!path_eq(&in->from.v[i].path, &in->to) && (path_covers(&in->from.v[i].path, &in->to) || path_covers(&in->to, &in->from.v[i].path)))
			return doc_error(spec->doc, v, err, "%s: '%s' and '%s' meet", what, error_show(in->from.v[i].path.text), error_show(in->to.text));
	}
	return doc_get(map, "keep", &v) ? doc_bool(spec->doc, v, "keep", &in->keep, err) : 0;
}

static int remove_fields(struct into *in, struct map_run *run, struct error *err)
{
	uint32_t i;

	for (i = 0; !in->keep && i < in->from.n; i++) {
		if (path_eq(&in->from.v[i].path, &in->to))
			continue;
		if (record_remove(run->rec, &in->from.v[i].path, err))
			return -1;
		if (run->unset && in->from.v[i].path.n == 1)
			unset_remove(run->unset, in->from.v[i].path.step[0].name);
	}
	return 0;
}

int into_forget(struct into *in, struct map_run *run, struct error *err)
{
	struct path top = path_head(&in->to, 1);

	error_reset(err);
	return record_remove(run->rec, &top, err) || remove_fields(in, run, err) ? -1 : INTO_NOTHING;
}

/* An update whose fields are all removed: so is what was made of them. */
static int all_removed(struct into *in, struct map_run *run, struct error *err)
{
	const bool *lacks = run->known;
	bool unknown = false, had = false;
	uint32_t i;

	for (i = 0; i < in->from.n; i++) {
		unknown = unknown || map_had(run, &in->from.v[i].path) == HAD_UNKNOWN;
		had = had || map_had(run, &in->from.v[i].path) == HAD;
	}
	if (in->to.n > 1 || (unknown && !had && !(lacks && *lacks)))
		return map_partial(run, &in->to, err);
	if (had || unknown)
		unset_add(run->unset, in->to.step[0].name);
	return remove_fields(in, run, err) ? -1 : INTO_NOTHING;
}

/* The result becomes a part of an object, of which a change that holds a source may say nothing, or the other way round. */
static bool apart(const struct into *in)
{
	uint32_t i;

	for (i = 0; in->to.n > 1 && i < in->from.n; i++)
		if (!span_eq(in->from.v[i].path.step->name, in->to.step->name))
			return true;
	return false;
}

int into_take(struct into *in, struct map_run *run, struct value *v, struct error *err)
{
	uint32_t i, there = 0, touched = 0, values = 0;
	const struct path *missing = NULL;

	for (i = 0; i < in->from.n; i++) {
		v[i] = VALUE_NONE;
		touched += map_touched(run, &in->from.v[i].path);
		if (!record_get(run->rec, &in->from.v[i].path, &in->from.v[i].cursor, &v[i])) {
			missing = &in->from.v[i].path;
			continue;
		}
		there++;
		if (value_type(v[i]) == TOKEN_NULL)
			v[i] = VALUE_NONE;
		else
			values++;
	}
	if (run->mode != MAP_ROW && touched && (touched < in->from.n || (there && missing))) {
		if (run->mode == MAP_BEFORE)
			return into_forget(in, run, err);
		return map_partial(run, missing ? missing : &in->to, err);
	}
	if (run->mode == MAP_UPDATE && touched && !there)
		return all_removed(in, run, err);
	if (apart(in) && (touched || map_touched(run, &in->to))) {
		if (run->mode == MAP_BEFORE)
			return into_forget(in, run, err);
		if (run->mode == MAP_UPDATE)
			return map_partial(run, &in->to, err);
	}
	return !there ? INTO_NOTHING : values ? INTO_VALUE : INTO_NULL;
}

static bool is_source(const struct into *in)
{
	uint32_t i;

	for (i = 0; i < in->from.n; i++)
		if (path_eq(&in->from.v[i].path, &in->to))
			return true;
	return false;
}

int into_put(struct into *in, struct map_run *run, struct span json, struct error *err)
{
	struct value v;

	if (!is_source(in)) {
		if (record_get(run->rec, &in->to, NULL, &v) && run->mode == MAP_BEFORE)
			return into_forget(in, run, err);
		if (record_get(run->rec, &in->to, NULL, &v))
			return map_refuse(run, &in->to, err, "name-exists", "there is a field '%s' already", error_show(in->to.text));
		if (json.n && !in->keep && path_siblings(&in->from.v[0].path, &in->to) &&
		    record_rename(run->rec, &in->from.v[0].path, path_last(&in->to)->name, err))	/* it takes the first field's place */
			return -1;
	}
	if (json.n ? record_set_deep(run->rec, &in->to, json, err) : record_remove(run->rec, &in->to, err)) {
		run->at = &in->to;
		return -1;
	}
	return remove_fields(in, run, err);
}

bool into_nullable(const struct into *in, const struct shape *s)
{
	uint32_t i;

	for (i = 0; i < in->from.n; i++)
		if (!shape_may_be_null(s, &in->from.v[i].path))
			return false;
	return true;
}

int into_shape(const struct into *in, struct shape *s, struct span schema, const void **known, struct error *err)
{
	bool *lacks = arena_alloc(s->keep, sizeof *lacks);
	uint32_t i, in_key = 0;
	bool source = is_source(in);
	struct value v;

	*lacks = shape_lacks(s, &in->to);
	*known = lacks;
	if (!source && shape_get(s, &in->to, &v))
		schema = SPAN_LIT("{}");	/* a record has either */
	else if (!shape_get(s, &in->from.v[0].path, &v) && !source)
		schema.n = 0;	/* what isn't declared doesn't become so */
	for (i = 0; i < in->from.n; i++)
		in_key += shape_in_key(s, &in->from.v[i].path);
	if (in_key == in->from.n && !in->keep) {	/* together they named the row, as what is made of them does */
		for (i = 1; i < in->from.n; i++)
			shape_key_remove(s, &in->from.v[i].path);
		if (!source && shape_rename(s, &in->from.v[0].path, &in->to, err))
			return -1;
	}
	if (schema.n ? shape_put_deep(s, &in->to, schema, err) : shape_admit(s, &in->to, err))
		return -1;
	for (i = 0; !in->keep && i < in->from.n; i++)
		if (!path_eq(&in->from.v[i].path, &in->to) && shape_remove(s, &in->from.v[i].path, err))
			return -1;
	return 0;
}
