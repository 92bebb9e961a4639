/* template: keys that hold fields, game:{season}:{id}. */
#include "template.h"

#include "json/record.h"

static bool is_name(struct span s)
{
	struct buf json = BUF_INIT;
	bool good = s.n && !memchr(s.p, '{', s.n) && !json_add_string(&json, s);

	buf_release(&json);
	return good;
}

int template_parse(struct template *t, const char *text, struct error *err)
{
	const char *p = text, *open, *close;
	uint32_t i, j;

	*t = (struct template){ .parts = 0 };
	for (;; p = close + 1) {
		open = strchr(p, '{');
		t->literal[t->parts] = (struct span){ p, open ? (size_t)(open - p) : strlen(p) };
		if (!open)
			break;
		close = strchr(open, '}');
		if (!close || t->parts == MOST_PARTS || !is_name((struct span){ open + 1, (size_t)(close - open - 1) }))
			return error_set(err, EXIT_USAGE, "--key-template: '%s' is not like game:{id}", error_show(span_of(text)));
		if (t->parts && !t->literal[t->parts].n)
			return error_set(err, EXIT_USAGE, "--key-template: in '%s' nothing parts two fields", error_show(span_of(text)));
		t->name[t->parts++] = (struct span){ open + 1, (size_t)(close - open - 1) };
	}
	for (i = 0; i < t->parts; i++)
		for (j = 0; j < i; j++)
			if (span_eq(t->name[i], t->name[j]))
				return error_set(err, EXIT_USAGE, "--key-template: '%s' names a field twice", error_show(span_of(text)));
	return t->parts ? 0 : error_set(err, EXIT_USAGE, "--key-template: '%s' has no field, as game:{id} has", error_show(span_of(text)));
}

void template_pattern(const struct template *t, struct buf *out)
{
	uint32_t i;
	size_t j;

	for (i = 0; i <= t->parts; i++) {
		for (j = 0; j < t->literal[i].n; j++) {
			if (strchr("*?[]\\", t->literal[i].p[j]))
				buf_addc(out, '\\');
			buf_addc(out, t->literal[i].p[j]);
		}
		if (i < t->parts)
			buf_addc(out, '*');
	}
}

static const char *find(const char *p, const char *end, struct span what)
{
	for (; (size_t)(end - p) >= what.n; p++)
		if (!memcmp(p, what.p, what.n))
			return p;
	return NULL;
}

bool template_key(const struct template *t, const struct span parts[MOST_PARTS], struct buf *out)
{
	struct span again[MOST_PARTS];
	size_t start = out->n;
	uint32_t i;

	for (i = 0; i < t->parts; i++) {
		buf_addspan(out, t->literal[i]);
		buf_addspan(out, parts[i]);
	}
	buf_addspan(out, t->literal[i]);
	if (!template_match(t, (struct span){ out->p + start, out->n - start }, again))
		return false;
	for (i = 0; i < t->parts; i++)
		if (!span_eq(parts[i], again[i]))
			return false;
	return true;
}

bool template_match(const struct template *t, struct span key, struct span parts[MOST_PARTS])
{
	const char *p = key.p, *end = key.p + key.n, *next;
	uint32_t i;

	if (key.n < t->literal[0].n || memcmp(p, t->literal[0].p, t->literal[0].n))
		return false;
	p += t->literal[0].n;
	for (i = 0; i < t->parts; i++) {
		struct span behind = t->literal[i + 1];

		next = i + 1 == t->parts && !behind.n ? end : find(p, end, behind);
		if (!next || next == p || (i + 1 == t->parts && next + behind.n != end))
			return false;
		parts[i] = (struct span){ p, (size_t)(next - p) };
		p = next + behind.n;
	}
	return p == end;
}
