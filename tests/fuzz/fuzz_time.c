/*
 * fuzz_time: the first line is a format, the second a time. What is read and written
 * as RFC 3339 comes back, a time read by a format is the one that its own print reads as, and formats say what they take.
 */
#include <stdlib.h>
#include <string.h>

#include "value/format.h"
#include "value/time.h"
#include "value/time_format.h"

#define MUST(x) do { if (!(x)) abort(); } while (0)

static char *take_line(const uint8_t **p, const uint8_t *end)
{
	const uint8_t *start = *p, *eol = start < end ? memchr(start, '\n', (size_t)(end - start)) : NULL;
	size_t n = (size_t)((eol ? eol : end) - start);
	char *s = malloc(n + 1);

	MUST(s);
	memcpy(s, start, n);
	s[n] = '\0';
	*p = eol ? eol + 1 : end;
	return s;
}

static bool same(struct moment a, struct moment b)
{
	return a.second == b.second && a.nano == b.nano;
}

static void check_civil(const struct civil *c)
{
	MUST(c->month >= 1 && c->month <= 12 && c->day >= 1 && c->day <= days_in_month(c->year, c->month));
	MUST(c->hour >= 0 && c->hour <= 23 && c->minute >= 0 && c->minute <= 59 && c->second >= 0 && c->second <= 60);
	MUST(c->nano >= 0 && c->nano <= 999999999);
}

/* A moment is civil and comes back, in UTC and at its offset where that still has a year of four digits. */
static void check_moment(struct moment m, int32_t offset)
{
	struct buf text = BUF_INIT;
	struct moment back;
	struct civil c;
	int32_t east;

	MUST(m.nano >= 0 && m.nano <= 999999999 && offset > -86400 && offset < 86400);
	civil_from_seconds(m.second, &c);
	check_civil(&c);
	MUST(civil_seconds(&c) == m.second);
	if (c.year >= 0 && c.year <= 9999) {
		time_add_rfc3339(&text, m, 0, true);
		MUST(!time_parse_rfc3339(buf_span(&text), &back, &east) && same(m, back) && east == 0);
	}
	civil_from_seconds(m.second + offset, &c);
	if (c.year >= 0 && c.year <= 9999) {
		buf_reset(&text);
		time_add_rfc3339(&text, m, offset, false);
		MUST(!time_parse_rfc3339(buf_span(&text), &back, &east) && same(m, back) && east == offset);
	}
	buf_release(&text);
}

static void check_rfc3339(const char *s)
{
	static const struct span name = { "date-time", 9 };
	struct span text = span_of(s);
	struct moment m;
	int32_t offset;
	bool parsed = !time_parse_rfc3339(text, &m, &offset);

	if (format_find(name)->check(text))
		MUST(parsed);
	if (parsed)
		check_moment(m, offset);
}

static void check_format(const char *format, const char *s)
{
	static const char full[] = "%Y-%m-%dT%H:%M:%S.%f%z";
	struct error err = ERROR_INIT;
	struct time_parsed a, b;
	struct buf text = BUF_INIT;
	struct moment m;

	if (time_format_check(format, &err) || time_format_parse(format, span_of(s), &a, &err))
		return;
	check_civil(&a.civil);
	m = (struct moment){ civil_seconds(&a.civil), a.civil.nano };
	if (a.civil.year >= 0 && a.civil.year <= 9999 && a.civil.second < 60) {
		time_format_print(full, m, 0, &text);
		MUST(!time_format_parse(full, buf_span(&text), &b, &err));
		MUST(civil_seconds(&b.civil) == m.second && b.civil.nano == m.nano && b.has_offset && b.offset == 0);
		buf_reset(&text);
	}
	time_format_print(format, m, 0, &text);
	buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *p = data, *end = data + size;
	char *format = take_line(&p, end), *s = take_line(&p, end);

	check_rfc3339(s);
	check_format(format, s);
	free(format);
	free(s);
	return 0;
}
