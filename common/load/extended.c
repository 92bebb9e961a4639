/* extended: objects of Extended JSON as plain values. */
#include "load/extended.h"

#include "value/number.h"
#include "value/time.h"

static bool text_of(struct value v, struct arena *arena, struct span *text)
{
	if (value_type(v) != TOKEN_STRING)
		return false;
	*text = value_text(v, arena);
	return true;
}

static bool member_text(struct value object, const char *name, struct arena *arena, struct span *text)
{
	struct value v;

	return value_type(object) == TOKEN_OBJECT && value_member(object, span_of(name), &v) && text_of(v, arena, text);
}

/* {"$numberLong":MILLISECONDS} or a time of RFC 3339, as the latter. */
static enum extended_kind date(struct value inner, struct arena *arena, struct span *text)
{
	struct buf out = BUF_INIT;
	int64_t ms, second;

	if (text_of(inner, arena, text))
		return EXTENDED_TEXT;
	if (!member_text(inner, "$numberLong", arena, text) || !number_is_json(*text) || number_int64(*text, &ms))
		return EXTENDED_NONE;
	second = ms / 1000 - (ms % 1000 < 0);
	time_add_rfc3339(&out, (struct moment){ second, (int32_t)(ms - second * 1000) * 1000000 }, 0, true);
	*text = arena_span(arena, buf_span(&out));
	buf_release(&out);
	return EXTENDED_TEXT;
}

static enum extended_kind number(struct value inner, struct arena *arena, struct span *text)
{
	if (!text_of(inner, arena, text))
		return EXTENDED_NONE;
	if (number_is_json(*text))
		return EXTENDED_NUMBER;
	return span_is(*text, "NaN") || span_is(*text, "Infinity") || span_is(*text, "-Infinity") ? EXTENDED_TEXT : EXTENDED_NONE;
}

enum extended_kind extended_read(struct value v, struct arena *arena, struct span *text)
{
	static const char *const numbers[] = { "$numberInt", "$numberLong", "$numberDouble", "$numberDecimal" };
	struct walk walk = { 0, 0, 0 };
	struct value name, inner;
	struct span is;
	size_t i;

	if (value_type(v) != TOKEN_OBJECT || value_count(v) != 1 || !value_next(v, &walk, &name, &inner))
		return EXTENDED_NONE;
	is = value_text(name, arena);
	if (!is.n || is.p[0] != '$')
		return EXTENDED_NONE;
	if (span_is(is, "$symbol") || span_is(is, "$literal"))
		return text_of(inner, arena, text) ? EXTENDED_EXACT : EXTENDED_NONE;
	if (span_is(is, "$oid") || span_is(is, "$uuid"))
		return text_of(inner, arena, text) ? EXTENDED_TEXT : EXTENDED_NONE;
	if (span_is(is, "$date"))
		return date(inner, arena, text);
	if (span_is(is, "$binary"))
		return member_text(inner, "base64", arena, text) ? EXTENDED_BYTES : EXTENDED_NONE;
	for (i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (span_is(is, numbers[i]))
			return number(inner, arena, text);
	return EXTENDED_NONE;
}
