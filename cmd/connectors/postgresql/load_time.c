/*
 * load_time: dates, times and intervals as the server takes them. What it would take for another value is refused: digits, a
 * time or a zone that it drops, a leap second, and words that mean its own clock.
 */
#include <stdlib.h>
#include <strings.h>

#include "load.h"

/* Years with a sign as the server writes them: -0001 is 0002 BC. */
static void date_text(struct span s, struct buf *out)
{
	const char *dash = s.n > 1 ? memchr(s.p + 1, '-', s.n - 1) : NULL;
	long long year;

	if (!dash || dash - s.p > 8 || (s.p[0] != '+' && s.p[0] != '-' && memcmp(s.p, "0000", s.n < 4 ? s.n : 4))) {
		buf_addspan(out, s);
		return;
	}
	year = strtoll(s.p, NULL, 10);
	buf_addf(out, "%04lld", year < 1 ? 1 - year : year);
	buf_add(out, dash, (size_t)(s.p + s.n - dash));
	if (year < 1)
		buf_adds(out, " BC");
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Any digit but 0 from p on, up to one of the characters. */
static bool any_digit(const char *p, const char *end, const char *until)
{
	for (; p < end && !strchr(until, *p); p++)
		if (*p >= '1' && *p <= '9')
			return true;
	return false;
}

/* Digits of a second's fraction beyond what the column keeps, other than zeros. */
static bool is_too_fine(struct span s, int32_t typmod)
{
	const char *point = memchr(s.p, '.', s.n), *p;
	int kept = typmod >= 0 && typmod <= 6 ? typmod : 6;

	for (p = point ? point + 1 : NULL; p && p < s.p + s.n && is_digit(*p); p++)
		if (p - point > kept && *p != '0')
			return true;
	return false;
}

/* ":60" behind the minutes. */
static bool is_leap_second(struct span s)
{
	const char *p = s.n ? memchr(s.p, ':', s.n) : NULL, *end = s.p + s.n;

	return p && end - p >= 6 && p[3] == ':' && p[4] == '6' && p[5] == '0';
}

/* A time of day other than 00:00, where there should be a date alone. */
static bool has_time(struct span s)
{
	const char *colon = s.n ? memchr(s.p, ':', s.n) : NULL;

	if (!colon || colon - s.p < 2)
		return false;
	return any_digit(colon - 2, s.p + s.n, "Zz+-");
}

/* A zone's offset other than 0. */
static bool has_zone(struct span s)
{
	const char *end = s.p + s.n, *p = s.n ? memchr(s.p, ':', s.n) : NULL;

	while (p && p < end && *p != '+' && *p != '-')
		p++;
	return p && any_digit(p, end, "");
}

/* A fraction of years or months, which have no days: but that of a year which makes whole months. */
static bool has_broken_month(struct span s)
{
	const char *p = s.n ? memchr(s.p, '.', s.n) : NULL, *end = s.p + s.n, *from, *last;

	if (!p || *s.p != 'P' || memchr(s.p, 'T', (size_t)(p - s.p)))
		return false;
	from = ++p;
	while (p < end && is_digit(*p))
		p++;
	for (last = p; last > from && last[-1] == '0'; last--)
		;
	if (p == end || last == from)
		return false;
	return *p == 'M' || (*p == 'Y' && !(last - from == 1 && *from == '5') && !(last - from == 2 && (*from == '2' || *from == '7') && from[1] == '5'));
}

enum { SECONDS = 5 };

/* Of an interval's fields, from years to seconds, the last that its column keeps: bits of the modifier name them. */
static int last_field(int32_t typmod)
{
	static const int bits[] = { 18, 17, 19, 26, 27, 28 };
	int i = SECONDS;

	if (typmod < 0 || (typmod >> 16 & 0x7fff) == 0x7fff)
		return SECONDS;
	while (i > 0 && !(typmod >> bits[i] & 1))
		i--;
	return i;
}

/* A field, or a fraction of one, behind the last that its column keeps. */
static bool has_more_fields(struct span s, int32_t typmod)
{
	const int last = last_field(typmod);
	const char *p = s.p + 1, *end = s.p + s.n, *from, *point, *found, *letters = "YMD";
	int field;

	if (last == SECONDS || !s.n || *s.p != 'P')
		return false;
	for (; p < end; p++) {
		for (from = p; p < end && strchr("+-.0123456789", *p); p++)
			;
		if (p == end || !*p)
			break;
		if (*p == 'T')
			letters = "HMS";
		found = strchr(letters, *p == 'W' ? 'D' : *p);
		if (!found)
			continue;
		field = (int)(found - letters) + (*letters == 'H' ? 3 : 0);
		point = memchr(from, '.', (size_t)(p - from));
		if ((field > last && any_digit(from, p, "")) || (field == last && point && any_digit(point, p, "")))
			return true;
	}
	return false;
}

/* "now" and the like. */
static bool says_clock(struct span s)
{
	static const char *const words[] = { "now", "today", "tomorrow", "yesterday" };
	size_t i, at, n;

	for (i = 0; i < sizeof words / sizeof *words; i++)
		for (n = strlen(words[i]), at = 0; at + n <= s.n; at++)
			if (!strncasecmp(s.p + at, words[i], n))
				return true;
	return false;
}

/* What the server would make of it; or NULL. */
static const char *loss(enum pg_kind kind, int32_t typmod, struct span s)
{
	if (is_too_fine(s, kind == PG_INTERVAL && typmod >= 0 ? typmod & 0xffff : typmod))
		return "a time finer than the column keeps (--lossy rounds)";
	if (kind == PG_INTERVAL && has_more_fields(s, typmod))
		return "more than the fields that the column keeps (--lossy drops them)";
	if (kind == PG_INTERVAL)
		return has_broken_month(s) ? "a fraction of a month, whose days aren't known (--lossy takes 30)" : NULL;
	if (is_leap_second(s))
		return "a leap second, which would be the next minute's first (--lossy accepts that)";
	if (kind == PG_DATE && has_time(s))
		return "a time of day, where its column keeps a date (--lossy drops it)";
	if ((kind == PG_TIMESTAMP || kind == PG_TIME) && has_zone(s))
		return "a zone, which its column doesn't keep (--lossy drops it)";
	return NULL;
}

static int check(struct database *d, const struct column *c, enum pg_kind kind, int32_t typmod, struct span s, struct error *err)
{
	const char *why = loss(kind, typmod, s);

	if (says_clock(s))
		return text_rejected(err, "bad-value", c, "a word for the server's own clock");
	return why ? text_lossy(d, c, why, err) : LOAD_DONE;
}

int time_text(struct database *d, const struct column *c, const struct pg_type *t, int32_t typmod, struct span s, struct buf *out,
	      struct error *err)
{
	if (s.n && memchr(s.p, 0, s.n))
		return text_rejected(err, "lossy", c, "text with a NUL, which PostgreSQL can't hold");
	if (check(d, c, t->kind, typmod, s, err))
		return LOAD_REJECT;
	if (t->kind == PG_DATE || t->kind == PG_TIMESTAMP || t->kind == PG_TIMESTAMPTZ)
		date_text(s, out);
	else
		buf_addspan(out, s);
	return LOAD_DONE;
}

static bool is_time(enum pg_kind kind)
{
	return kind == PG_DATE || kind == PG_TIME || kind == PG_TIMETZ || kind == PG_TIMESTAMP || kind == PG_TIMESTAMPTZ || kind == PG_INTERVAL;
}

int time_check_bounds(struct database *d, const struct column *c, const struct pg_type *t, struct span s, struct error *err)
{
	const char *p = s.p, *end = s.p + s.n, *from;
	int verdict = LOAD_DONE;

	while (t->element && (t->kind == PG_RANGE || t->kind == PG_MULTIRANGE))
		t = t->element;
	while (is_time(t->kind) && p < end && !verdict) {
		for (from = p; p < end && *p && !strchr("[](){},\"", *p); p++)
			;
		verdict = check(d, c, t->kind, t->typmod, (struct span){ from, (size_t)(p - from) }, err);
		p++;
	}
	return verdict;
}
