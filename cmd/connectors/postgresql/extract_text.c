/* extract_text: a value's binary form as text that PostgreSQL takes for the same value. */
#include <stdlib.h>

#include "extract_scalar.h"

/* ---- what holds others */

enum quoting { IN_ARRAY, IN_ROW, IN_RANGE };

/* Adds text with double quotes where it needs them. */
static void add_quoted(struct span s, enum quoting how, char delimiter, struct buf *out)
{
	static const char *const special[] = { "{}\"\\ \t\n\r\v\f", "(),\"\\ \t\n\r\v\f", "[](),\"\\ \t\n\r\v\f" };
	bool quote = !s.n || (how == IN_ARRAY && s.n == 4 && !strncasecmp(s.p, "null", 4));
	size_t i;

	for (i = 0; i < s.n && !quote; i++)
		quote = s.p[i] == delimiter || (s.p[i] && strchr(special[how], s.p[i]));
	if (!quote) {
		buf_addspan(out, s);
		return;
	}
	buf_addc(out, '"');
	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_addc(out, how == IN_ROW ? s.p[i] : '\\');
		buf_addc(out, s.p[i]);
	}
	buf_addc(out, '"');
}

static int add_element(const struct pg_type *t, struct bytes v, enum quoting how, char delimiter, struct buf *out)
{
	struct buf text = BUF_INIT;
	int failed = text_of(t, v, &text);

	add_quoted(buf_span(&text), how, delimiter, out);
	buf_release(&text);
	return failed;
}

static int add_dimension(const struct pg_type *t, struct bytes *b, const uint32_t *size, int left, struct buf *out)
{
	struct bytes v;
	uint32_t i;
	int got = 0;

	buf_addc(out, '{');
	for (i = 0; i < *size && got >= 0; i++) {
		if (i)
			buf_addc(out, t->element->delimiter);
		if (left > 1) {
			got = add_dimension(t, b, size + 1, left - 1, out);
			continue;
		}
		got = take_value(b, &v);
		if (got == 0)
			buf_adds(out, "NULL");
		else if (got > 0)
			got = add_element(t->element, v, IN_ARRAY, t->element->delimiter, out);
	}
	buf_addc(out, '}');
	return got < 0 ? -1 : 0;
}

int take_dimensions(struct bytes *b, uint32_t size[DIMENSIONS], int32_t lower[DIMENSIONS])
{
	uint32_t n = (uint32_t)take(b, 4), i;
	uint64_t all = 1;

	(void)take(b, 8);
	if (!b->p || n > DIMENSIONS)
		return -1;
	for (i = 0; i < n; i++) {
		size[i] = (uint32_t)take(b, 4);
		lower[i] = (int32_t)(uint32_t)take(b, 4);
		all *= size[i];
		if (!b->p || !all || all > (uint64_t)(b->end - b->p) / 4)	/* each element has four bytes at least */
			return -1;
	}
	return (int)n;
}

static int text_of_array(const struct pg_type *t, struct bytes b, struct buf *out)
{
	uint32_t size[DIMENSIONS];
	int32_t lower[DIMENSIONS];
	int n = take_dimensions(&b, size, lower), i;
	bool bounds = false;

	if (n < 0)
		return -1;
	for (i = 0; i < n; i++)
		bounds = bounds || lower[i] != 1;
	if (!n) {
		buf_adds(out, "{}");
		return 0;
	}
	for (i = 0; bounds && i < n; i++)
		buf_addf(out, "[%d:%lld]", lower[i], (long long)lower[i] + size[i] - 1);
	if (bounds)
		buf_addc(out, '=');
	return add_dimension(t, &b, size, n, out);
}

static int text_of_row(const struct pg_type *t, struct bytes b, struct buf *out)
{
	uint32_t n = (uint32_t)take(&b, 4), i;
	struct bytes v;
	int got = b.p && n == t->fields ? 0 : -1;

	buf_addc(out, '(');
	for (i = 0; i < n && got >= 0; i++) {
		if (i)
			buf_addc(out, ',');
		(void)take(&b, 4);
		got = take_value(&b, &v);
		if (got > 0)
			got = add_element(t->field[i].type, v, IN_ROW, ',', out);
	}
	buf_addc(out, ')');
	return got < 0 ? -1 : 0;
}

static int text_of_range(const struct pg_type *t, struct bytes b, struct buf *out)
{
	unsigned flags = (unsigned)take(&b, 1);
	struct bytes v;
	int failed = b.p ? 0 : -1;

	if (flags & 1) {
		buf_adds(out, "empty");
		return failed;
	}
	buf_addc(out, flags & 2 ? '[' : '(');
	if (!(flags & 8))
		failed = take_value(&b, &v) <= 0 || add_element(t->element, v, IN_RANGE, ',', out);
	buf_addc(out, ',');
	if (!(flags & 16) && !failed)
		failed = take_value(&b, &v) <= 0 || add_element(t->element, v, IN_RANGE, ',', out);
	buf_addc(out, flags & 4 ? ']' : ')');
	return failed ? -1 : 0;
}

static int text_of_multirange(const struct pg_type *t, struct bytes b, struct buf *out)
{
	uint32_t n = (uint32_t)take(&b, 4), i;
	struct bytes v;
	int failed = b.p ? 0 : -1;

	buf_addc(out, '{');
	for (i = 0; i < n && !failed; i++) {
		if (i)
			buf_addc(out, ',');
		failed = take_value(&b, &v) <= 0 || text_of_range(t->element, v, out);
	}
	buf_addc(out, '}');
	return failed ? -1 : 0;
}

static void add_pair_text(struct bytes v, struct buf *out)
{
	buf_addc(out, '"');
	for (; v.p < v.end; v.p++) {
		if (*v.p == '"' || *v.p == '\\')
			buf_addc(out, '\\');
		buf_addc(out, (char)*v.p);
	}
	buf_addc(out, '"');
}

static int text_of_hstore(struct bytes b, struct buf *out)
{
	uint32_t n = (uint32_t)take(&b, 4), i;
	struct bytes v;
	int got = b.p ? 0 : -1;

	for (i = 0; i < n && got >= 0; i++) {
		if (i)
			buf_adds(out, ", ");
		if (take_value(&b, &v) <= 0)
			return -1;
		add_pair_text(v, out);
		buf_adds(out, "=>");
		got = take_value(&b, &v);
		if (got > 0)
			add_pair_text(v, out);
		else
			buf_adds(out, "NULL");
	}
	return got < 0 ? -1 : 0;
}

/* ---- all of them */

int text_of(const struct pg_type *t, struct bytes b, struct buf *out)
{
	switch (t->kind) {
	case PG_NUMERIC:
		return text_of_numeric(b, out);
	case PG_BYTEA:
		buf_adds(out, "\\x");
		add_hex(b, 0, 0, out);
		return 0;
	case PG_UUID:
		return text_of_uuid(b, out);
	case PG_INET:
	case PG_CIDR:
		return text_of_inet(b, t->kind == PG_CIDR, out);
	case PG_MACADDR:
		add_hex(b, 1, ':', out);
		return 0;
	case PG_BIT:
		return text_of_bits(b, out);
	case PG_JSONB:
	case PG_LTREE:	/* the version of their form, then text */
		if (take(&b, 1) != 1)
			return -1;
		buf_add(out, b.p, (size_t)(b.end - b.p));
		return 0;
	case PG_HSTORE:
		return text_of_hstore(b, out);
	case PG_ARRAY:
		return text_of_array(t, b, out);
	case PG_COMPOSITE:
		return text_of_row(t, b, out);
	case PG_RANGE:
		return text_of_range(t, b, out);
	case PG_MULTIRANGE:
		return text_of_multirange(t, b, out);
	case PG_AS_TEXT:
	case PG_TEXT:
	case PG_CHAR:
	case PG_JSON:
		buf_add(out, b.p, (size_t)(b.end - b.p));
		return 0;
	default:
		return text_of_fixed(t, b, false, out);
	}
}

int iso_of(const struct pg_type *t, struct bytes b, struct buf *out)
{
	return text_of_fixed(t, b, true, out);
}
