/* yaml: YAML by libfyaml's events, made into JSON text whose tokens have places. */
#include "doc/yaml.h"

#include <libfyaml.h>
#include <stdlib.h>

#include "base/fileio.h"
#include "base/xalloc.h"
#include "doc/yaml_private.h"
#include "value/number.h"

enum { DEPTH = 64, NODES = 100000, FILE_SIZE = 16 << 20 };

struct anchor {
	char *name;		/* owned */
	size_t from, to;	/* in text; to 0 while it is open */
	uint32_t first, last;	/* places */
};

struct level {
	bool map;
	bool value_next;	/* map: a key was read */
	uint32_t n;		/* entries so far */
	size_t anchor;		/* index + 1 of the anchor that this collection defines */
};

struct maker {
	struct doc *doc;
	struct buf text;
	struct level level[DEPTH + 1];
	uint32_t depth;
	struct anchor *anchor;	/* owned */
	size_t anchors, anchor_cap;
	uint32_t cap;		/* of places */
	bool done;		/* a document was read */
	const struct fy_event *e;
	struct error *err;
};

static int refuse(struct maker *m, const char *why)
{
	const struct fy_mark *mark = fy_event_start_mark((struct fy_event *)(uintptr_t)m->e);

	return error_set(m->err, EXIT_USAGE, "%s:%d:%d: %s", m->doc->name, mark ? mark->line + 1 : 1, mark ? mark->column + 1 : 1, why);
}

static int place(struct maker *m)
{
	const struct fy_mark *mark = fy_event_start_mark((struct fy_event *)(uintptr_t)m->e);
	struct doc *d = m->doc;

	if (d->places == NODES)
		return refuse(m, "more than 100000 values and names");
	XGROW(d->place, d->places, m->cap);
	d->place[d->places++] = (struct doc_place){ mark ? (uint32_t)mark->line + 1 : 1, mark ? (uint32_t)mark->column + 1 : 1 };
	return 0;
}

/* What stands before a node: a comma, a colon. Says whether the node is a key. */
static bool before_node(struct maker *m)
{
	struct level *l = &m->level[m->depth];
	bool key;

	if (!m->depth)
		return false;
	key = l->map && !l->value_next;
	if (key || !l->map) {
		if (l->n++)
			buf_addc(&m->text, ',');
	} else {
		buf_addc(&m->text, ':');
	}
	if (l->map)
		l->value_next = key;
	return key;
}

/* ---- anchors and aliases */

static size_t define(struct maker *m, struct fy_token *token)
{
	const char *name;
	size_t n;

	if (!token)
		return 0;
	name = fy_token_get_text(token, &n);
	XGROW(m->anchor, m->anchors, m->anchor_cap);
	m->anchor[m->anchors] = (struct anchor){ xstrndup(name, n), m->text.n, 0, m->doc->places, 0 };
	return ++m->anchors;
}

static void close_anchor(struct maker *m, size_t anchor)
{
	if (!anchor)
		return;
	m->anchor[anchor - 1].to = m->text.n;
	m->anchor[anchor - 1].last = m->doc->places;
}

static int alias(struct maker *m, struct fy_token *token)
{
	const struct anchor *a = NULL;
	struct span copy;
	const char *name;
	size_t n, i;
	uint32_t j;

	name = fy_token_get_text(token, &n);
	for (i = m->anchors; i > 0 && !a; i--)
		if (span_eq(span_of(m->anchor[i - 1].name), (struct span){ name, n }))
			a = &m->anchor[i - 1];
	if (!a || !a->to)
		return refuse(m, a ? "an alias inside what it names" : "an alias of nothing");
	if (before_node(m) && m->text.p[a->from] != '"')
		return refuse(m, "a name must be text");
	copy = arena_span(&m->doc->arena, (struct span){ m->text.p + a->from, a->to - a->from });
	for (j = a->first; j < a->last; j++)
		if (place(m))
			return -1;
	buf_addspan(&m->text, copy);
	return 0;
}

/* ---- scalars */

/* A member's name. */
static int add_name(struct maker *m, struct span s, bool is_plain)
{
	if (is_plain && span_is(s, "<<"))
		return refuse(m, "YAML 1.2 has no merge keys: write the members out");
	return json_add_string(&m->text, s) ? refuse(m, "no UTF-8") : 0;
}

static int add_text(struct maker *m, struct span s)
{
	return json_add_string(&m->text, s) ? refuse(m, "no UTF-8") : 0;
}

static bool is_word(struct span s, const char *a, const char *b, const char *c)
{
	return span_is(s, a) || span_is(s, b) || span_is(s, c);
}

static int plain(struct maker *m, struct span s)
{
	if (s.n == 0 || is_word(s, "null", "Null", "NULL") || span_is(s, "~"))
		buf_adds(&m->text, "null");
	else if (is_word(s, "true", "True", "TRUE"))
		buf_adds(&m->text, "true");
	else if (is_word(s, "false", "False", "FALSE"))
		buf_adds(&m->text, "false");
	else if (number_is_json(s))
		buf_addspan(&m->text, s);
	else if (yaml_number(s, &m->text))
		return 0;
	else if (yaml_is_infinite(s))
		return refuse(m, "infinities and NaN have no place here");
	else
		return add_text(m, s);
	return 0;
}

static int scalar(struct maker *m)
{
	struct fy_token *token = m->e->scalar.value;
	enum fy_scalar_style style = fy_token_scalar_style(token);
	bool key, is_plain;
	struct span s;
	size_t anchor;
	int failed;

	if (m->e->scalar.tag)
		return refuse(m, "tags are not used here");
	key = before_node(m);
	anchor = define(m, m->e->scalar.anchor);
	if (place(m))
		return -1;
	s.p = token ? fy_token_get_text(token, &s.n) : NULL;
	if (!s.p)
		s.n = 0;
	is_plain = style == FYSS_PLAIN || style == FYSS_ANY;
	failed = key ? add_name(m, s, is_plain) : is_plain ? plain(m, s) : add_text(m, s);
	close_anchor(m, anchor);
	return failed;
}

static int open_collection(struct maker *m, bool map, struct fy_token *anchor, struct fy_token *tag)
{
	if (tag)
		return refuse(m, "tags are not used here");
	if (m->depth == DEPTH)
		return refuse(m, "nested deeper than 64");
	if (before_node(m))
		return refuse(m, "a name must be text");
	m->level[++m->depth] = (struct level){ map, false, 0, define(m, anchor) };
	if (place(m))
		return -1;
	buf_addc(&m->text, map ? '{' : '[');
	return 0;
}

static int close_collection(struct maker *m)
{
	buf_addc(&m->text, m->level[m->depth].map ? '}' : ']');
	close_anchor(m, m->level[m->depth].anchor);
	m->depth--;
	return 0;
}

static int take(struct maker *m)
{
	switch (m->e->type) {
	case FYET_DOCUMENT_START:
		if (m->done)
			return refuse(m, "a second document");
		m->done = true;
		return 0;
	case FYET_SCALAR:
		return scalar(m);
	case FYET_ALIAS:
		return alias(m, m->e->alias.anchor);
	case FYET_MAPPING_START:
		return open_collection(m, true, m->e->mapping_start.anchor, m->e->mapping_start.tag);
	case FYET_SEQUENCE_START:
		return open_collection(m, false, m->e->sequence_start.anchor, m->e->sequence_start.tag);
	case FYET_MAPPING_END:
	case FYET_SEQUENCE_END:
		return close_collection(m);
	default:
		return 0;
	}
}

/* ---- the parser */

static int syntax_error(struct maker *m, struct fy_diag *diag)
{
	void *prev = NULL;
	struct fy_diag_error *e = fy_diag_errors_iterate(diag, &prev);

	if (m->err->status)
		return -1;
	if (!e)
		return error_set(m->err, EXIT_USAGE, "%s:1:1: no YAML", m->doc->name);
	return error_set(m->err, EXIT_USAGE, "%s:%d:%d: %s", m->doc->name, e->line > 0 ? e->line : 1, e->column > 0 ? e->column : 1,
			 e->msg ? error_show(span_of(e->msg)) : "no YAML");
}

static int parse_events(struct maker *m, struct fy_parser *parser, struct fy_diag *diag)
{
	struct fy_event *e;
	int failed = 0;

	while (!failed && (e = fy_parser_parse(parser))) {
		m->e = e;
		failed = take(m);
		fy_parser_event_free(parser, e);
	}
	return failed || fy_parser_get_stream_error(parser) ? syntax_error(m, diag) : 0;
}

static int parse(struct maker *m, struct span text)
{
	struct fy_diag_cfg how;
	struct fy_parse_cfg cfg = { .flags = FYPCF_QUIET };
	struct fy_parser *parser;
	int failed;

	fy_diag_cfg_default(&how);
	cfg.diag = fy_diag_create(&how);
	if (!cfg.diag)
		xalloc_die();
	fy_diag_set_collect_errors(cfg.diag, true);
	fy_diag_set_level(cfg.diag, FYET_ERROR);
	parser = fy_parser_create(&cfg);
	if (!parser)
		xalloc_die();
	failed = fy_parser_set_string(parser, text.p, text.n) ? syntax_error(m, cfg.diag) : parse_events(m, parser, cfg.diag);
	fy_parser_destroy(parser);
	fy_diag_destroy(cfg.diag);
	return failed;
}

static void release(struct maker *m)
{
	size_t i;

	for (i = 0; i < m->anchors; i++)
		free(m->anchor[i].name);
	free(m->anchor);
	buf_release(&m->text);
}

static const struct scan_limits limits = { DEPTH + 1, NODES + 1 };

/* The length of the character here, if it's one that YAML's text may hold (§5.1) in good UTF-8; else 0. */
static size_t printable(const char *text, size_t n)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t len = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0, i;
	uint32_t c = len > 1 ? p[0] & (0x7fu >> len) : p[0];

	for (i = 1; i < len; i++) {
		if (i == n || (p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (len == 1)
		return (c >= ' ' && c < 0x7f) || c == '\n' || c == '\t' || c == '\r';
	if ((len == 3 && c < 0x800) || (len == 4 && (c < 0x10000 || c > 0x10ffff)))
		return 0;
	return (c < 0xa0 && c != 0x85) || (c >= 0xd800 && c < 0xe000) || c == 0xfffe || c == 0xffff ? 0 : len;
}

/* libfyaml may not come back from bytes that are no text. */
static int check_text(const struct doc *doc, struct span s, struct error *err)
{
	struct doc_place at = { 1, 1 };
	size_t i, len;

	for (i = 0; i < s.n; i += len) {
		len = printable(s.p + i, s.n - i);
		if (!len)
			return error_set(err, EXIT_USAGE, "%s:%u:%u: a byte that is no text in UTF-8", doc->name, at.line, at.column);
		at = s.p[i] == '\n' ? (struct doc_place){ at.line + 1, 1 } : (struct doc_place){ at.line, at.column + 1 };
	}
	return 0;
}

static int make_yaml(struct doc *doc, struct span text, struct error *err)
{
	struct maker m = { .doc = doc, .err = err };
	int failed;

	error_reset(err);
	failed = check_text(doc, text, err) || parse(&m, text) ? -1 : 0;
	if (!failed && !m.text.n)
		failed = error_set(err, EXIT_USAGE, "%s:1:1: there is nothing in it", doc->name);
	if (!failed && record_copy(&doc->rec, m.text.p, m.text.n, &limits, err))
		failed = error_prefix(err, "%s", doc->name);
	release(&m);
	return failed;
}

/* ---- JSON: the scan's own tokens, whose places are counted from their offsets */

static void places_of_tokens(struct doc *doc)
{
	const char *p = doc->rec.line.p, *at;
	struct doc_place here = { 1, 1 };
	uint32_t i;

	doc->place = xcalloc(doc->rec.tape.n, sizeof *doc->place);
	doc->places = doc->rec.tape.n;
	for (i = 0; i < doc->places; i++) {
		const struct token *t = &doc->rec.tape.tok[i];

		for (at = doc->rec.line.p + t->at - (t->type == TOKEN_STRING); p < at; p++) {
			if (*p == '\n')
				here = (struct doc_place){ here.line + 1, 1 };
			else
				here.column += (*p & 0xc0) != 0x80;	/* code points, as in YAML */
		}
		doc->place[i] = here;
	}
}

static int check_duplicates(const struct doc *doc, struct error *err)
{
	struct record_names *memo = NULL;
	struct value name;
	int found = record_duplicate(&doc->rec, &memo, &name);

	record_names_release(memo);
	return found ? doc_error(doc, name, err, "'%s' stands there twice", error_show(value_bytes(name))) : 0;
}

int doc_load_text(struct doc *doc, struct span text, const char *name, struct error *err)
{
	struct error not_json;
	int failed = 0;

	*doc = (struct doc){ .name = xstrdup(name) };
	record_init(&doc->rec);
	if (text.n && !record_copy(&doc->rec, text.p, text.n, &limits, &not_json))
		places_of_tokens(doc);
	else
		failed = make_yaml(doc, text.p ? text : SPAN_LIT(""), err);
	if (!failed)
		failed = check_duplicates(doc, err);
	if (failed) {
		err->status = EXIT_USAGE;
		doc_release(doc);
	}
	return failed;
}

int doc_load(struct doc *doc, const char *path, struct error *err)
{
	struct buf text = BUF_INIT;
	int failed = io_slurp(path, FILE_SIZE, &text, err);

	if (failed)
		err->status = EXIT_USAGE;
	else
		failed = doc_load_text(doc, buf_span(&text), strcmp(path, "-") ? path : "standard input", err);
	buf_release(&text);
	return failed;
}

void doc_release(struct doc *doc)
{
	record_release(&doc->rec);
	arena_release(&doc->arena);
	free(doc->place);
	free(doc->name);
	*doc = (struct doc){ .name = NULL };
}
