/* any: columns for values of any kind: what stands for a value that SQLite has no type for. */
#include "any.h"

#include "value/number.h"
#include "value/text.h"

#define NUMBER_START "{\"$numberDecimal\":\""
#define NUMBER_END "\"}"

/* ---- which columns */

enum { KIND_TEXT = 1, KIND_NUMBER = 2, KIND_BOOLEAN = 4, KIND_NESTED = 8 };

static int kind_of_word(struct value word)
{
	static const struct { const char *word; int kind; } kinds[] = {
		{ "string", KIND_TEXT }, { "number", KIND_NUMBER }, { "integer", KIND_NUMBER }, { "boolean", KIND_BOOLEAN },
		{ "object", KIND_NESTED }, { "array", KIND_NESTED },
	};
	size_t i;

	for (i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (value_type(word) == TOKEN_STRING && value_text_is(word, span_of(kinds[i].word)))
			return kinds[i].kind;
	return 0;
}

static int kinds_of_type(struct value type)
{
	struct walk walk = { 0, 0, 0 };
	struct value each;
	int kinds = 0;

	if (value_type(type) != TOKEN_ARRAY)
		return kind_of_word(type);
	while (value_next(type, &walk, NULL, &each))
		kinds |= kind_of_word(each);
	return kinds;
}

/* A column of SQLite's own has SQLite's own values: they are copied as they are. */
static bool is_own(struct value property)
{
	struct value v;

	return value_member(property, SPAN_LIT("x-type"), &v) && value_type(v) == TOKEN_STRING && value_bytes(v).n >= 7 &&
		!memcmp(value_bytes(v).p, "sqlite:", 7);
}

bool any_is(struct value property)
{
	struct value v;
	int kinds;

	if (value_type(property) != TOKEN_OBJECT)
		return true;
	if (value_member(property, SPAN_LIT("contentEncoding"), &v) || is_own(property))
		return false;
	if (!value_member(property, SPAN_LIT("type"), &v))
		return true;
	kinds = kinds_of_type(v);
	return kinds & KIND_NESTED || kinds & (kinds - 1);
}

/* ---- values as text */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The first character that isn't blank, or NUL. */
static char first_of(struct span s)
{
	size_t i;

	for (i = 0; i < s.n && is_blank(s.p[i]); i++)
		;
	return i < s.n ? s.p[i] : '\0';
}

static bool is_boolean(struct span s)
{
	return span_is(s, "true") || span_is(s, "false");
}

static bool is_number(struct span s, struct span *digits)
{
	const size_t start = strlen(NUMBER_START), end = strlen(NUMBER_END);

	if (s.n <= start + end || memcmp(s.p, NUMBER_START, start) || memcmp(s.p + s.n - end, NUMBER_END, end))
		return false;
	s = (struct span){ s.p + start, s.n - start - end };
	if (!number_is_json(s))
		return false;
	*digits = s;
	return true;
}

void any_add_text(struct span text, struct buf *out)
{
	const char first = first_of(text);

	if (first == '{' || first == '[' || first == '"' || is_boolean(text))
		json_add_string(out, text);
	else
		buf_addspan(out, text);
}

void any_add_number(struct span digits, struct buf *out)
{
	buf_adds(out, NUMBER_START);
	buf_addspan(out, digits);
	buf_adds(out, NUMBER_END);
}

void any_add_nested(struct span json, struct buf *out)
{
	struct span digits;

	if (is_number(json, &digits))
		buf_addc(out, ' ');
	buf_addspan(out, json);
}

/* ---- and back */

bool any_read(struct span text, struct record *scratch, const struct scan_limits *limits, struct buf *out)
{
	struct error ignored;
	const char first = first_of(text);
	size_t i = out->n;

	if (is_number(text, &text) || is_boolean(text)) {
		buf_addspan(out, text);
		return true;
	}
	if ((first != '{' && first != '[' && first != '"') || record_copy(scratch, text.p, text.n, limits, &ignored))
		return false;
	for (buf_addspan(out, text); i < out->n; i++)
		if (out->p[i] == '\n' || out->p[i] == '\r')
			out->p[i] = ' ';	/* it stands between values only */
	return true;
}
