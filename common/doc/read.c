/* read: values of a document as what a specification wants, with errors that say where. */
#include <stdarg.h>
#include <stdio.h>

#include "doc/suggest.h"
#include "doc/yaml.h"

struct doc_place doc_place(const struct doc *doc, struct value v)
{
	return v.rec == &doc->rec && v.tok < doc->places ? doc->place[v.tok] : (struct doc_place){ 1, 1 };
}

int doc_error(const struct doc *doc, struct value v, struct error *err, const char *fmt, ...)
{
	struct doc_place at = doc_place(doc, v);
	char text[ERROR_TEXT / 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return error_set(err, EXIT_USAGE, "%s:%u:%u: %s", doc->name, at.line, at.column, text);
}

int doc_is_map(const struct doc *doc, struct value v, const char *what, struct error *err)
{
	return value_type(v) == TOKEN_OBJECT ? 0 : doc_error(doc, v, err, "%s is a map of names to values", what);
}

int doc_is_list(const struct doc *doc, struct value v, const char *what, struct error *err)
{
	return value_type(v) == TOKEN_ARRAY ? 0 : doc_error(doc, v, err, "%s is a list", what);
}

int doc_text(struct doc *doc, struct value v, const char *what, struct span *out, struct error *err)
{
	struct span text;

	if (value_type(v) != TOKEN_STRING)
		return doc_error(doc, v, err, "%s is a text%s", what, value_type(v) < TOKEN_STRING ? ": put it in quotes" : "");
	text = value_text(v, &doc->arena);
	if (memchr(text.p, '\0', text.n))
		return doc_error(doc, v, err, "%s holds a NUL", what);
	*out = arena_span(&doc->arena, text);
	return 0;
}

int doc_bool(const struct doc *doc, struct value v, const char *what, bool *out, struct error *err)
{
	if (value_type(v) != TOKEN_TRUE && value_type(v) != TOKEN_FALSE)
		return doc_error(doc, v, err, "%s is true or false", what);
	*out = value_type(v) == TOKEN_TRUE;
	return 0;
}

enum { FEW = 8 };	/* words are listed */

static int no_such_word(struct doc *doc, struct value v, const char *what, struct span word, const char *const *words, struct error *err)
{
	const char *near = suggest(word, words);
	struct buf list = BUF_INIT;
	size_t n;

	if (near)
		return doc_error(doc, v, err, "%s: '%s' is not known, did you mean '%s'?", what, error_show(word), near);
	for (n = 0; words[n]; n++)
		buf_addf(&list, "%s%s", n ? ", " : ": one of ", words[n]);
	if (n > FEW)
		buf_reset(&list);
	(void)doc_error(doc, v, err, "%s: '%s' is not known%s", what, error_show(word), list.n ? buf_str(&list) : "");
	buf_release(&list);
	return -1;
}

static int index_of(struct span word, const char *const *words)
{
	int i;

	for (i = 0; words[i]; i++)
		if (span_is(word, words[i]))
			return i;
	return -1;
}

int doc_word(struct doc *doc, struct value v, const char *what, const char *const *words, int *out, struct error *err)
{
	struct span text;

	if (doc_text(doc, v, what, &text, err))
		return -1;
	*out = index_of(text, words);
	return *out < 0 ? no_such_word(doc, v, what, text, words, err) : 0;
}

int doc_names(struct doc *doc, struct value map, const char *what, const char *const *words, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct value name, v;
	struct span text;

	if (doc_is_map(doc, map, what, err))
		return -1;
	while (value_next(map, &walk, &name, &v)) {
		text = value_text(name, &doc->arena);
		if (index_of(text, words) < 0)
			return no_such_word(doc, name, what, text, words, err);
	}
	return 0;
}

int doc_path(struct doc *doc, struct value v, const char *what, struct path *out, struct error *err)
{
	struct span text;
	struct error why = ERROR_INIT;

	if (doc_text(doc, v, what, &text, err))
		return -1;
	return path_compile(out, text, &doc->arena, &why) ? doc_error(doc, v, err, "%s: %s", what, why.text) : 0;
}
