/* map: values by others from a table: a file, a database, any endpoint, or one in the specification. */
#include "map/into.h"
#include "map/lookup.h"

enum policy { UNMAPPED_REJECT, UNMAPPED_KEEP, UNMAPPED_NULL, UNMAPPED_DROP, UNMAPPED_DEFAULT };
static const char *const policies[] = { "reject", "keep", "null", "drop", NULL };

struct mapping {
	struct into in;
	struct lookup *lookup;	/* owned */
	const char *operand;	/* NULL: the table is in the specification */
	struct path from, to;
	int unmapped;		/* enum policy */
	struct span fallback;	/* UNMAPPED_DEFAULT: JSON text */
	unsigned fallback_type;
	struct map_run *run;	/* while it runs */
	struct buf json;	/* owned scratch */
};

/* ---- reading */

static int read_table(struct mapping *m, struct spec *spec, struct value table, struct error *err)
{
	struct error why = ERROR_INIT;
	struct walk walk = { 0, 0, 0 };
	struct value name, v;

	m->lookup = lookup_new(map_memory(spec->map), true);
	while (value_next(table, &walk, &name, &v))
		if (lookup_add(m->lookup, name, v, &why))
			return doc_error(spec->doc, name, err, "map: using: %s", why.text);
	return 0;
}

static bool has_scheme(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789+.-");

	return n && s[n] == ':';
}

/* A path in a file is meant from where that file is. */
static const char *resolve(struct spec *spec, struct span operand)
{
	const char *slash = spec->file ? strrchr(spec->file, '/') : NULL;
	struct buf path = BUF_INIT;
	const char *out;

	if (!slash || *operand.p == '/' || *operand.p == '@' || has_scheme(operand.p))
		return operand.p;
	buf_add(&path, spec->file, (size_t)(slash - spec->file) + 1);
	buf_addspan(&path, operand);
	out = arena_dup(map_arena(spec->map), path.p, path.n);
	buf_release(&path);
	return out;
}

static int read_operand(struct mapping *m, struct spec *spec, struct value map, struct value using, struct error *err)
{
	struct span operand;
	struct value v;

	if (doc_text(spec->doc, using, "map: using", &operand, err))
		return -1;
	if (!operand.n || span_is(operand, "-"))
		return doc_error(spec->doc, using, err, "map: using: standard input is for the records");
	m->operand = resolve(spec, operand);
	if (!doc_get(map, "from", &v))
		return doc_error(spec->doc, map, err, "map: 'from' is missing: the field of '%s' that is looked up", error_show(operand));
	if (spec_path(spec, v, "map: from", &m->from, err))
		return -1;
	if (!doc_get(map, "to", &v))
		return doc_error(spec->doc, map, err, "map: 'to' is missing: the field of '%s' that is taken", error_show(operand));
	if (spec_path(spec, v, "map: to", &m->to, err))
		return -1;
	if (path_in_array(&m->from) || path_in_array(&m->to))
		return doc_error(spec->doc, map, err, "map: 'from' and 'to' name fields, not elements");
	m->lookup = lookup_new(map_memory(spec->map), false);
	return 0;
}

static int read_policy(struct mapping *m, struct spec *spec, struct value v, struct error *err)
{
	static const char *const words[] = { "default", NULL };
	struct buf text = BUF_INIT;
	struct value fallback;

	if (value_type(v) == TOKEN_NULL) {
		m->unmapped = UNMAPPED_NULL;
		return 0;
	}
	if (value_type(v) != TOKEN_OBJECT)
		return doc_word(spec->doc, v, "map: unmapped (a value is '{default: VALUE}')", policies, &m->unmapped, err);
	if (doc_names(spec->doc, v, "map: unmapped", words, err))
		return -1;
	if (!doc_get(v, "default", &fallback))
		return doc_error(spec->doc, v, err, "map: unmapped: 'default' is missing");
	value_write(fallback, &text);
	m->unmapped = UNMAPPED_DEFAULT;
	m->fallback = arena_span(map_arena(spec->map), buf_span(&text));
	m->fallback_type = lookup_type(fallback);
	buf_release(&text);
	return 0;
}

static int compile(struct spec *spec, struct value v, struct map_step *step, struct error *err)
{
	static const char *const words[] = { "field", "fields", "to-field", "keep", "using", "from", "to", "unmapped", NULL };
	struct mapping *m = arena_zalloc(map_arena(spec->map), sizeof *m);
	struct value part;

	step->self = m;
	if (doc_names(spec->doc, v, "map", words, err) || into_compile(&m->in, spec, v, "map", err))
		return -1;
	if (m->in.to.n && m->in.from.n > 1)
		return doc_error(spec->doc, v, err, "map: 'to-field' goes with one field");
	if (doc_get(v, "unmapped", &part) && read_policy(m, spec, part, err))
		return -1;
	if (m->unmapped == UNMAPPED_DROP)
		fields_last_first(&m->in.from);
	if (!doc_get(v, "using", &part))
		return doc_error(spec->doc, v, err, "map: 'using' is missing: a table, or the file or endpoint that holds it");
	if (value_type(part) != TOKEN_OBJECT)
		return read_operand(m, spec, v, part, err);
	if (doc_get(v, "from", &part) || doc_get(v, "to", &part))
		return doc_error(spec->doc, part, err, "map: a table in place has no fields");
	doc_get(v, "using", &part);
	return read_table(m, spec, part, err);
}

static int open_table(struct map_step *step, struct map *map, struct error *err)
{
	struct mapping *m = step->self;

	if (!m->operand || !lookup_read(m->lookup, m->operand, &m->from, &m->to, map_limits(map), err))
		return 0;
	return error_prefix(err, "map: using");
}

static void release(struct map_step *step)
{
	struct mapping *m = step->self;

	lookup_free(m->lookup);
	buf_release(&m->json);
}

/* ---- running */

static int convert(void *ctx, struct value v, struct buf *json, struct error *err)
{
	struct mapping *m = ctx;
	struct span found;

	if (value_type(v) == TOKEN_NULL)
		return CHANGE_NOT;
	found = lookup_find(m->lookup, v, &m->run->rec->arena);
	if (found.p) {
		buf_addspan(json, found);
		return CHANGE_SET;
	}
	switch ((enum policy)m->unmapped) {
	case UNMAPPED_KEEP:
		return CHANGE_NOT;
	case UNMAPPED_NULL:
		buf_adds(json, "null");
		return CHANGE_SET;
	case UNMAPPED_DROP:
		return CHANGE_REMOVE;
	case UNMAPPED_DEFAULT:
		buf_addspan(json, m->fallback);
		return CHANGE_SET;
	default:
		return error_data(err, "unmapped", "'%s' is not in %s", error_show(value_type(v) < TOKEN_ARRAY ? value_bytes(v) : SPAN_LIT("it")),
				  m->operand ? m->operand : "the table");
	}
}

static int run_into(struct mapping *m, struct map_run *run, struct error *err)
{
	struct value v;
	int what = into_take(&m->in, run, &v, err), change;

	if (what == INTO_NULL)
		return into_put(&m->in, run, SPAN_LIT("null"), err);
	if (what != INTO_VALUE)
		return what;
	buf_reset(&m->json);
	change = convert(m, v, &m->json, err);
	if (change < 0 && (run->mode != MAP_BEFORE || !err->code)) {
		run->at = &m->in.from.v->path;
		return -1;
	}
	if (change < 0)
		return into_forget(&m->in, run, err);
	if (change == CHANGE_NOT)
		value_write(v, &m->json);
	if (change == CHANGE_REMOVE && run->unset)
		unset_add(run->unset, m->in.to.step[0].name);
	return into_put(&m->in, run, buf_span(&m->json), err);
}

static int run_map(struct map_step *step, struct map_run *run, struct error *err)
{
	struct mapping *m = step->self;
	struct path top;
	struct value v;
	uint32_t i;

	m->run = run;
	if (m->in.to.n)
		return run_into(m, run, err);
	for (i = 0; i < m->in.from.n; i++) {
		struct fields one = { &m->in.from.v[i], 1 };
		bool was = run->unset && m->unmapped == UNMAPPED_DROP && one.v->path.n == 1 && record_get(run->rec, &one.v->path, NULL, &v);

		if (map_change(run, &one, convert, m, err))
			return -1;
		top = path_head(&one.v->path, 1);
		if (was && !record_get(run->rec, &top, NULL, &v))	/* else the old value would stay */
			unset_add(run->unset, top.step[0].name);
	}
	return 0;
}

/* ---- the schema */

static void add_schema(const struct mapping *m, bool nullable, struct buf *out)
{
	static const char *const names[LOOKUP_TYPES] = { "null", "boolean", "integer", "number", "string", "array", "object" };
	unsigned types = lookup_types(m->lookup), i, n = 0;

	if (m->unmapped == UNMAPPED_KEEP || (!types && m->unmapped != UNMAPPED_DEFAULT)) {
		buf_adds(out, "{}");
		return;
	}
	types |= m->unmapped == UNMAPPED_DEFAULT ? m->fallback_type : 0;
	types |= nullable || m->unmapped == UNMAPPED_NULL ? 1u << LOOKUP_NULL : 0;
	if (types & 1u << LOOKUP_NUMBER)
		types &= ~(1u << LOOKUP_INTEGER);
	buf_adds(out, "{\"type\":[");
	for (i = LOOKUP_TYPES; i-- > 0; )	/* null last */
		if (types & 1u << i)
			buf_addf(out, "%s\"%s\"", n++ ? "," : "", names[i]);
	buf_addc(out, ']');
	if (lookup_untyped(m->lookup) && m->unmapped != UNMAPPED_DEFAULT)
		buf_adds(out, ",\"x-type\":\"untyped\"");
	buf_addc(out, '}');
}

static int shape(struct map_step *step, struct shape *s, const void **known, struct error *err)
{
	struct mapping *m = step->self;
	const struct path *field;
	struct buf text = BUF_INIT;
	struct value v;
	int failed = 0;
	uint32_t i;

	if (m->in.to.n) {
		add_schema(m, into_nullable(&m->in, s), &text);
		failed = into_shape(&m->in, s, buf_span(&text), known, err) ||
			(m->unmapped == UNMAPPED_DROP && shape_optional(s, &m->in.to, err));
	}
	for (i = 0; !m->in.to.n && !failed && i < m->in.from.n; i++) {
		field = &m->in.from.v[i].path;
		buf_reset(&text);
		add_schema(m, shape_may_be_null(s, field), &text);
		failed = shape_get(s, field, &v) ? shape_put(s, field, buf_span(&text), err) : shape_free(s, field, err);
		if (!failed && m->unmapped == UNMAPPED_DROP)
			failed = shape_optional(s, field, err);
	}
	buf_release(&text);
	return failed ? -1 : 0;
}

const struct map_kind step_map = {
	.word = "map", .compile = compile, .open = open_table, .run = run_map, .shape = shape, .release = release,
};
