/* format: times and durations as RFC 3339 has them, and the table of all formats. */
#include "value/format.h"

#include <stdint.h>

#include "value/format_net.h"

/* ---- times */

static bool digit(char c)
{
	return (unsigned char)(c - '0') < 10;
}

/* Takes n digits off the front; -1 if they aren't there. */
static int take_digits(struct span *s, size_t n)
{
	int v = 0;
	size_t i;

	if (s->n < n)
		return -1;
	for (i = 0; i < n; i++) {
		if (!digit(s->p[i]))
			return -1;
		v = v * 10 + (s->p[i] - '0');
	}
	s->p += n;
	s->n -= n;
	return v;
}

static bool take_char(struct span *s, char c)
{
	if (!s->n || s->p[0] != c)
		return false;
	s->p++;
	s->n--;
	return true;
}

static int days_of(int year, int month)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

static bool take_date(struct span *s)
{
	int year, month, day;

	year = take_digits(s, 4);
	if (year < 0 || !take_char(s, '-'))
		return false;
	month = take_digits(s, 2);
	if (month < 1 || month > 12 || !take_char(s, '-'))
		return false;
	day = take_digits(s, 2);
	return day >= 1 && day <= days_of(year, month);
}

struct moment { int hour, minute, second; };

static bool take_clock(struct span *s, struct moment *m)
{
	m->hour = take_digits(s, 2);
	if (m->hour < 0 || m->hour > 23 || !take_char(s, ':'))
		return false;
	m->minute = take_digits(s, 2);
	if (m->minute < 0 || m->minute > 59 || !take_char(s, ':'))
		return false;
	m->second = take_digits(s, 2);
	if (m->second < 0 || m->second > 60)
		return false;
	if (take_char(s, '.')) {
		if (take_digits(s, 1) < 0)
			return false;
		while (s->n && digit(s->p[0]))
			take_digits(s, 1);
	}
	return true;
}

/* Minutes east of UTC. */
static bool take_offset(struct span *s, int *minutes)
{
	int sign, hour, minute;

	*minutes = 0;
	if (take_char(s, 'Z') || take_char(s, 'z'))
		return true;
	sign = take_char(s, '-') ? -1 : take_char(s, '+') ? 1 : 0;
	hour = sign ? take_digits(s, 2) : -1;
	if (hour < 0 || hour > 23 || !take_char(s, ':'))
		return false;
	minute = take_digits(s, 2);
	*minutes = sign * (hour * 60 + minute);
	return minute >= 0 && minute <= 59;
}

/* A leap second is the last one of a day in UTC. */
static bool may_leap(const struct moment *m, int offset)
{
	return m->second < 60 || (m->hour * 60 + m->minute - offset + 2 * 1440) % 1440 == 1439;
}

static bool take_time(struct span *s)
{
	struct moment m;
	int offset;

	return take_clock(s, &m) && take_offset(s, &offset) && may_leap(&m, offset);
}

static bool is_date(struct span s)
{
	return take_date(&s) && !s.n;
}

static bool is_time(struct span s)
{
	return take_time(&s) && !s.n;
}

/* The form that nearly all have, 2026-03-01T09:00:00Z, by eight bytes at a time: digits where the picture has '0'. */
static bool fits(const char *p, const char *picture, const char *fixed, unsigned char digits[8])
{
	uint64_t text, want, rest;

	memcpy(&text, p, 8);
	memcpy(&want, picture, 8);
	memcpy(&rest, fixed, 8);
	text ^= want;
	memcpy(digits, &text, 8);
	return !(((text | (text + 0x0606060606060606u)) & 0xf0f0f0f0f0f0f0f0u) | (text & rest));
}

/* True if it surely is one. */
static bool is_usual(struct span s)
{
	unsigned char a[8], b[8], c[8];
	int year, month, day;

	if (s.n != 20 || !fits(s.p, "0000-00-", "\0\0\0\0\377\0\0\377", a) || !fits(s.p + 8, "00T00:00", "\0\0\377\0\0\377\0\0", b) ||
	    !fits(s.p + 12, "0:00:00Z", "\0\377\0\0\377\0\0\377", c))
		return false;
	year = a[0] * 1000 + a[1] * 100 + a[2] * 10 + a[3];
	month = a[5] * 10 + a[6];
	day = b[0] * 10 + b[1];
	return month >= 1 && month <= 12 && day >= 1 && day <= days_of(year, month) && b[3] * 10 + b[4] < 24 && b[6] < 6 && c[5] < 6;
}

static bool is_date_time(struct span s)
{
	if (is_usual(s))
		return true;
	return take_date(&s) && (take_char(&s, 'T') || take_char(&s, 't')) && take_time(&s) && !s.n;
}

static bool is_local_date_time(struct span s)
{
	struct moment m;

	return take_date(&s) && (take_char(&s, 'T') || take_char(&s, 't')) && take_clock(&s, &m) && !s.n;
}

/* ---- durations: each unit may be followed by the next smaller one only */

static bool take_units(struct span *s, const char *units)
{
	const char *at = NULL, *found;
	size_t n;

	while (s->n && digit(s->p[0])) {
		for (n = 0; n < s->n && digit(s->p[n]); n++)
			;
		if (n == s->n || !(found = strchr(units, s->p[n])) || !*found || (at && found != at + 1))
			return false;
		at = found;
		s->p += n + 1;
		s->n -= n + 1;
	}
	return at != NULL;
}

static bool is_duration(struct span s)
{
	struct span weeks;

	if (!take_char(&s, 'P'))
		return false;
	weeks = s;
	if (take_units(&weeks, "W") && !weeks.n)
		return true;
	if (s.n && s.p[0] != 'T' && !take_units(&s, "YMD"))
		return false;
	if (!s.n)
		return s.p[-1] != 'P';
	return take_char(&s, 'T') && take_units(&s, "HMS") && !s.n;
}

/* ---- the rest */

static int hex(char c)
{
	if (digit(c))
		return c - '0';
	return (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

static bool is_uuid(struct span s)
{
	size_t i;

	if (s.n != 36)
		return false;
	for (i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s.p[i] != '-' : hex(s.p[i]) < 0)
			return false;
	}
	return true;
}

static const struct format formats[] = {
	{ "date-time", is_date_time }, { "local-date-time", is_local_date_time }, { "date", is_date }, { "time", is_time },
	{ "duration", is_duration }, { "email", net_is_email }, { "uri", net_is_uri }, { "uuid", is_uuid },
	{ "ipv4", net_is_ipv4 }, { "ipv6", net_is_ipv6 }, { "hostname", net_is_hostname },
};
enum { FORMATS = sizeof formats / sizeof *formats };

const struct format *format_find(struct span name)
{
	size_t i;

	for (i = 0; i < FORMATS; i++)
		if (span_is(name, formats[i].name))
			return &formats[i];
	return NULL;
}

const struct format *format_table(size_t *n)
{
	*n = FORMATS;
	return formats;
}
