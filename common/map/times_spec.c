/* times_spec: what a time step says of its forms and zones. */
#include "doc/suggest.h"
#include "map/times.h"
#include "value/time_format.h"

static const char *const form_words[] = { "rfc3339", "epoch", "epoch-ms", "epoch-us", "epoch-ns", NULL };
static const char *const choices[] = { "reject", "earlier", "later", NULL };

/* Whether the format has one of these conversions. */
static bool has_conversion(const char *format, const char *which)
{
	const char *p;

	for (p = format; (p = strchr(p, '%')) && p[1]; p += 2)
		if (strchr(which, p[1]))
			return true;
	return false;
}

/* 1 a word or a format, 0 neither, -1 an error. */
static int read_form(struct spec *spec, struct value v, struct span text, struct time_form *form, struct error *err)
{
	struct error why = ERROR_INIT;
	int i;

	*form = (struct time_form){ .kind = TIME_RFC3339 };
	for (i = 0; form_words[i]; i++) {
		if (!span_is(text, form_words[i]))
			continue;
		form->kind = i ? TIME_EPOCH : TIME_RFC3339;
		form->power = i ? 3 * (i - 1) : 0;
		return 1;
	}
	if (!memchr(text.p, '%', text.n))
		return 0;
	form->kind = TIME_FORMAT;
	form->format = text.p;
	return time_format_check(text.p, &why) ? doc_error(spec->doc, v, err, "time: %s", why.text) : 1;
}

static int read_one_from(struct times *t, struct spec *spec, struct value v, struct error *err)
{
	struct time_form *form = &t->from[t->n];
	struct span text;
	const char *near;
	int got;

	if (doc_text(spec->doc, v, "time: from", &text, err))
		return -1;
	got = read_form(spec, v, text, form, err);
	near = suggest(text, form_words);
	if (got == 0)
		return doc_error(spec->doc, v, err, "time: from: '%s' is no format with '%%' and none of rfc3339, epoch, epoch-ms, epoch-us, epoch-ns%s%s",
				 error_show(text), near ? "; did you mean " : "", near ? near : "");
	if (got > 0 && form->kind == TIME_FORMAT && has_conversion(form->format, "I") != has_conversion(form->format, "p"))
		return doc_error(spec->doc, v, err, "time: from: '%%I' and '%%p' belong together");
	t->n++;
	return got < 0 ? -1 : 0;
}

static int read_from(struct times *t, struct spec *spec, struct value map, struct error *err)
{
	struct arena *arena = map_arena(spec->map);
	struct walk walk = { 0, 0, 0 };
	struct value v, each;

	t->from = arena_zalloc(arena, sizeof *t->from);
	if (!doc_get(map, "from", &v)) {
		t->n = 1;
		return 0;
	}
	if (value_type(v) != TOKEN_ARRAY)
		return read_one_from(t, spec, v, err);
	if (!value_count(v))
		return doc_error(spec->doc, v, err, "time: from: no form is named");
	t->from = arena_zalloc(arena, value_count(v) * sizeof *t->from);
	while (value_next(v, &walk, NULL, &each))
		if (read_one_from(t, spec, each, err))
			return -1;
	return 0;
}

static int read_zone(struct spec *spec, struct value v, struct zone **out, struct error *err)
{
	struct error why = ERROR_INIT;
	struct span name;

	if (doc_text(spec->doc, v, "time: a zone", &name, err))
		return -1;
	*out = zone_load(name.p, &why);
	return *out ? 0 : doc_error(spec->doc, v, err, "time: %s", why.text);
}

/* `to`: a word, a format, a zone, or a map of format and zone. */
static int read_to(struct times *t, struct spec *spec, struct value map, struct error *err)
{
	static const char *const words[] = { "format", "zone", NULL };
	struct value v, part;
	struct span text;
	int got;

	if (!doc_get(map, "to", &v))
		return 0;
	if (value_type(v) == TOKEN_STRING) {
		if (doc_text(spec->doc, v, "time: to", &text, err))
			return -1;
		got = read_form(spec, v, text, &t->to, err);
		return got ? (got < 0 ? -1 : 0) : read_zone(spec, v, &t->to_zone, err);
	}
	if (doc_names(spec->doc, v, "time: to", words, err))
		return -1;
	if (doc_get(v, "format", &part) && (doc_text(spec->doc, part, "time: to: format", &text, err) ||
	    (got = read_form(spec, part, text, &t->to, err)) < 0 ||
	    (got == 0 && doc_error(spec->doc, part, err, "time: to: '%s' is no format with '%%'", error_show(text)))))
		return -1;
	return doc_get(v, "zone", &part) ? read_zone(spec, part, &t->to_zone, err) : 0;
}

/* What comes out needs to know the moment, not just what a clock showed. */
static bool wants_moment(const struct times *t)
{
	return t->to.kind != TIME_FORMAT || t->to_zone || has_conversion(t->to.format, "zZs");
}

/* What the forms don't say must not be made up. */
static int check_forms(const struct times *t, struct spec *spec, struct value map, struct error *err)
{
	bool moment = wants_moment(t);
	const struct time_form *f;

	for (f = t->from; f < t->from + t->n; f++) {
		if (f->kind != TIME_FORMAT)
			continue;
		if (!has_conversion(f->format, "YyFDs") && (moment || t->zone || has_conversion(t->to.format, "YyFDs")))
			return doc_error(spec->doc, map, err, "time: '%s' says no year", error_show(span_of(f->format)));
		if (moment && !t->zone && !has_conversion(f->format, "zZs"))
			return doc_error(spec->doc, map, err, "time: 'zone' is missing: '%s' says no offset", error_show(span_of(f->format)));
	}
	return 0;
}

/* A format without a zone of its own is written as clocks show it where it was read. */
static int same_zone(struct times *t, struct spec *spec, struct value map, struct error *err)
{
	struct value v;

	if (t->to.kind != TIME_FORMAT || t->to_zone || !doc_get(map, "zone", &v))
		return 0;
	return read_zone(spec, v, &t->to_zone, err);
}

int times_compile(struct times *t, struct spec *spec, struct value map, struct error *err)
{
	struct value v;
	struct span name;

	if (read_from(t, spec, map, err) || read_to(t, spec, map, err))
		return -1;
	if (doc_get(map, "zone", &v)) {
		if (read_zone(spec, v, &t->zone, err) || doc_text(spec->doc, v, "time: a zone", &name, err))
			return -1;
		t->zone_name = name.p;
	}
	if ((doc_get(map, "gap", &v) && doc_word(spec->doc, v, "time: gap", choices, &t->gap, err)) ||
	    (doc_get(map, "overlap", &v) && doc_word(spec->doc, v, "time: overlap", choices, &t->overlap, err)))
		return -1;
	return check_forms(t, spec, map, err) || same_zone(t, spec, map, err) ? -1 : 0;
}

void times_release(struct times *t)
{
	zone_free(t->zone);
	zone_free(t->to_zone);
}
