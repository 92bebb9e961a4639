/* check_scalar: numbers, strings and fixed values. */
#include "rules/check.h"

#include "rules/quick.h"
#include "value/base64.h"
#include "value/number.h"
#include "value/text.h"

/* ---- numbers */

static bool within(enum limit_kind kind, int cmp)
{
	switch (kind) {
	case LIMIT_MIN: return cmp >= 0;
	case LIMIT_MAX: return cmp <= 0;
	case LIMIT_ABOVE: return cmp > 0;
	default: return cmp < 0;
	}
}

/* By all their digits. */
static bool number_slow(struct run *r, const struct node *n, uint32_t at, struct span number)
{
	static const struct { const char *keyword, *must; } said[LIMITS] = {
		[LIMIT_MIN] = { "minimum", "must be at least" }, [LIMIT_MAX] = { "maximum", "must be at most" },
		[LIMIT_ABOVE] = { "exclusiveMinimum", "must be above" }, [LIMIT_BELOW] = { "exclusiveMaximum", "must be below" },
		[LIMIT_STEP] = { "multipleOf", "must be a multiple of" },
	};
	const struct span *limit = n->number->limit;
	bool ok = true, holds;
	int i;

	for (i = 0; i < LIMITS; i++) {
		if (!limit[i].p)
			continue;
		holds = i == LIMIT_STEP ? number_is_multiple(number, limit[i]) : within((enum limit_kind)i, number_compare(number, limit[i]));
		MUST(ok, holds, r, n, said[i].keyword, at, "%s %s, is %s", said[i].must, error_show(limit[i]), error_show(number));
	}
	return ok;
}

bool number_check(struct run *r, const struct node *n, uint32_t at)
{
	struct span number = { r->text + r->tok[at].at, r->tok[at].len };

	return number_quick(n->number, number) || number_slow(r, n, at, number);
}

/* ---- strings */

static bool length_check(struct run *r, const struct node *n, uint32_t at, struct span text)
{
	const struct string_rules *s = n->string;
	uint64_t chars = text.n;
	bool ok = true;

	if ((r->tok[at].flags & (TOKEN_ASCII | TOKEN_ESCAPED)) != TOKEN_ASCII && (text.n / 4 < s->min || text.n > s->max))
		chars = text_length(text);
	MUST(ok, chars >= s->min, r, n, "minLength", at, "must have %llu characters or more, has %llu",
	     (unsigned long long)s->min, (unsigned long long)chars);
	MUST(ok, chars <= s->max, r, n, "maxLength", at, "must have %llu characters or fewer, has %llu",
	     (unsigned long long)s->max, (unsigned long long)chars);
	return ok;
}

static bool pattern_check(struct run *r, const struct node *n, uint32_t at, struct span text)
{
	int rc = regex_match(n->string->pattern, text, r->err);

	if (rc < 0)
		return run_break(r);
	if (!rc)
		fail(r, n, "pattern", at, "must match '%s', is '%s'", error_show(n->string->pattern_text), error_show(text));
	return rc;
}

static bool format_ok(struct run *r, const struct node *n, uint32_t at, struct span text)
{
	bool ok = n->string->format->check(text);

	if (!ok)
		fail(r, n, "format", at, "is no %s: '%s'", n->string->format->name, error_show(text));
	return ok;
}

static bool base64_ok(struct run *r, const struct node *n, uint32_t at, struct span text)
{
	bool ok = base64_is(text);

	if (!ok)
		fail(r, n, "contentEncoding", at, "is no base64: '%s'", error_show(text));
	return ok;
}

bool string_accepts(struct string_rules *s, struct span text)
{
	struct error ignored;

	if ((s->pattern && regex_match(s->pattern, text, &ignored) <= 0) || (s->format && !s->format->check(text)) ||
	    (s->base64 && !base64_is(text)))
		return false;
	if (text.n && text.n <= LAST_MAX && s->accepted++ % 8 == 0) {
		memcpy(s->last_text, text.p, text.n);
		short_set(&s->last, (struct span){ s->last_text, text.n });
	}
	return true;
}

bool string_check(struct run *r, const struct node *n, uint32_t at)
{
	struct string_rules *s = n->string;
	struct span text = run_text(r, at);
	bool ok = true;

	TRY(r, ok, length_check(r, n, at, text));
	if (!s->picky || string_accepts(s, text))
		return ok;
	TRY(r, ok, !s->pattern || pattern_check(r, n, at, text));
	TRY(r, ok, !s->format || format_ok(r, n, at, text));
	TRY(r, ok, !s->base64 || base64_ok(r, n, at, text));
	return ok;
}

/* ---- enum and const */

static bool is_choice(const struct choice *c, struct value v, struct span text)
{
	if (text.p)
		return c->text.text.p && span_eq(c->text.text, text);
	return !c->text.text.p && value_equal(v, c->value, 0);
}

static const char *list_choices(const struct enum_rules *e, struct buf *out)
{
	uint32_t i;

	for (i = 0; i < e->n && out->n < 120; i++) {
		if (i)
			buf_adds(out, ", ");
		value_write(e->choice[i].value, out);
	}
	if (i < e->n)
		buf_addf(out, " or %u more", e->n - i);
	return buf_str(out);
}

static void enum_fail(struct run *r, const struct node *n, const struct enum_rules *e, uint32_t at)
{
	struct buf list = BUF_INIT;

	fail(r, n, e->code, at, "must be %s%s, is %s", e->n > 1 ? "one of " : "", list_choices(e, &list), run_show(r, at));
	buf_release(&list);
}

bool enum_check(struct run *r, const struct node *n, struct enum_rules *e, uint32_t at)
{
	struct value v = { r->rec, at };
	struct span text = { NULL, 0 };
	uint32_t i, k;

	if (r->tok[at].type == TOKEN_STRING)
		text = run_text(r, at);
	for (i = 0, k = e->last; i < e->n; i++, k++) {
		if (k >= e->n)
			k = 0;
		if (is_choice(&e->choice[k], v, text)) {
			e->last = k;
			return true;
		}
	}
	enum_fail(r, n, e, at);
	return false;
}
