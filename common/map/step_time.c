/* time: times of one form as times of another: moments in UTC, unless told. */
#include "map/into.h"
#include "map/times.h"

struct timing {
	struct times times;
	struct into in;
	struct value *value;	/* scratch for each of in.from */
	struct arena *arena;	/* the record's, while it runs */
	struct buf json;	/* owned scratch */
};

static int compile(struct spec *spec, struct value v, struct map_step *step, struct error *err)
{
	static const char *const words[] = { "field", "fields", "to-field", "keep", "from", "zone", "gap", "overlap", "to", NULL };
	struct timing *t = arena_zalloc(map_arena(spec->map), sizeof *t);

	step->self = t;
	if (doc_names(spec->doc, v, "time", words, err) || into_compile(&t->in, spec, v, "time", err) || times_compile(&t->times, spec, v, err))
		return -1;
	t->value = arena_zalloc(map_arena(spec->map), t->in.from.n * sizeof *t->value);
	return 0;
}

static void release(struct map_step *step)
{
	struct timing *t = step->self;

	times_release(&t->times);
	buf_release(&t->json);
}

/* Is a text what would be written for it? Of RFC 3339 in UTC that can be seen. */
static bool is_written_so(const struct times *t, struct span text)
{
	return t->to.kind == TIME_RFC3339 && !t->to_zone && text.n >= 20 && text.p[10] == 'T' && text.p[text.n - 1] == 'Z' &&
		t->n == 1 && t->from->kind == TIME_RFC3339 && text.p[17] != '6';
}

static int convert(void *ctx, struct value v, struct buf *json, struct error *err)
{
	struct timing *t = ctx;
	struct span text = { "", 0 };
	struct moment m;

	if (value_type(v) == TOKEN_NULL)
		return CHANGE_NOT;
	if (value_type(v) == TOKEN_STRING)
		text = value_text(v, t->arena);
	if (times_read(&t->times, v, text, &m, err))
		return -1;
	if (is_written_so(&t->times, text))
		return CHANGE_NOT;
	return times_write(&t->times, m, json, err) ? -1 : CHANGE_SET;
}

/* The texts of several fields with a blank between them. */
static int join(struct timing *t, struct map_run *run, struct span *text, struct value *v, struct error *err)
{
	struct span part;
	size_t n = 0;
	uint32_t i;
	char *out;

	for (i = 0; i < t->in.from.n; i++) {
		if (!value_present(t->value[i]))
			continue;
		*v = t->value[i];
		if (value_type(*v) != TOKEN_STRING && t->in.from.n > 1)
			return map_refuse(run, &t->in.from.v[i].path, err, "bad-time", "'%s' is no text", error_show(t->in.from.v[i].path.text));
		n += value_token(*v)->len + 1;
	}
	*text = (struct span){ out = arena_alloc(t->arena, n + 1), 0 };
	for (i = 0; i < t->in.from.n; i++) {
		if (!value_present(t->value[i]) || value_type(t->value[i]) != TOKEN_STRING)
			continue;
		part = value_text(t->value[i], t->arena);
		if (text->n)
			out[text->n++] = ' ';
		memcpy(out + text->n, part.p, part.n);
		text->n += part.n;
	}
	return 0;
}

static int convert_all(struct timing *t, struct map_run *run, struct error *err)
{
	struct span text;
	struct moment m;
	struct value v = VALUE_NONE;

	if (join(t, run, &text, &v, err))
		return -1;
	buf_reset(&t->json);
	if (!times_read(&t->times, v, text, &m, err) && !times_write(&t->times, m, &t->json, err))
		return 0;
	run->at = &t->in.from.v[0].path;
	return -1;
}

static int run_into(struct timing *t, struct map_run *run, struct error *err)
{
	int what = into_take(&t->in, run, t->value, err);

	if (what == INTO_NULL)
		return into_put(&t->in, run, SPAN_LIT("null"), err);
	if (what != INTO_VALUE)
		return what;
	if (!convert_all(t, run, err))
		return into_put(&t->in, run, buf_span(&t->json), err);
	if (run->mode != MAP_BEFORE || !err->code)
		return -1;
	return into_forget(&t->in, run, err);
}

static int run_time(struct map_step *step, struct map_run *run, struct error *err)
{
	struct timing *t = step->self;

	t->arena = &run->rec->arena;
	return t->in.to.n ? run_into(t, run, err) : map_change(run, &t->in.from, convert, t, err);
}

static int shape(struct map_step *step, struct shape *s, const void **known, struct error *err)
{
	struct timing *t = step->self;
	const char *type = times_type(&t->times), *format = times_format(&t->times);
	struct buf text = BUF_INIT;
	int failed = 0;
	uint32_t i;

	if (t->in.to.n) {
		buf_addf(&text, into_nullable(&t->in, s) ? "{\"type\":[\"%s\",\"null\"]" : "{\"type\":\"%s\"", type);
		if (*format)
			buf_addf(&text, ",\"format\":\"%s\"", format);
		buf_addc(&text, '}');
		failed = into_shape(&t->in, s, buf_span(&text), known, err);
		buf_release(&text);
		return failed;
	}
	for (i = 0; !failed && i < t->in.from.n; i++)
		failed = shape_retype(s, &t->in.from.v[i].path, type, format, err);
	return failed;
}

const struct map_kind step_time = { .word = "time", .compile = compile, .run = run_time, .shape = shape, .release = release };
