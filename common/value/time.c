/* time: moments and the calendar. */
#include "value/time.h"

/* Days since 1970-01-01, by eras of 400 years (Howard Hinnant, "chrono-compatible low-level date algorithms"). */
int64_t days_from_civil(int64_t year, int month, int day)
{
	int64_t y = year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400, in_era = y - era * 400;
	int64_t in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

int days_in_month(int64_t year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

int weekday(int64_t days)
{
	int64_t w = (days + 4) % 7;

	return (int)(w < 0 ? w + 7 : w);
}

int64_t civil_seconds(const struct civil *c)
{
	return days_from_civil(c->year, c->month, c->day) * 86400 + c->hour * 3600 + c->minute * 60 + c->second;
}

void civil_from_seconds(int64_t second, struct civil *c)
{
	int64_t days = second / 86400, rest = second % 86400, era, in_era, year, in_year, month;

	if (rest < 0) {
		rest += 86400;
		days--;
	}
	c->hour = (int)(rest / 3600);
	c->minute = (int)(rest / 60 % 60);
	c->second = (int)(rest % 60);
	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	in_era = days - era * 146097;
	year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	in_year = in_era - (365 * year + year / 4 - year / 100);
	month = (5 * in_year + 2) / 153;
	c->day = (int)(in_year - (153 * month + 2) / 5 + 1);
	c->month = (int)(month < 10 ? month + 3 : month - 9);
	c->year = year + era * 400 + (c->month <= 2);
	c->nano = 0;
}

/* n digits at p: their number, or -1. */
static int digits(const char *p, const char *end, int n)
{
	int v = 0;

	if (end - p < n)
		return -1;
	for (; n > 0; n--, p++) {
		if (*p < '0' || *p > '9')
			return -1;
		v = v * 10 + (*p - '0');
	}
	return v;
}

/* ".123": past it, or NULL. */
static const char *fraction(const char *p, const char *end, int32_t *nano)
{
	int32_t unit = 100000000;

	if (++p == end || *p < '0' || *p > '9')
		return NULL;
	for (*nano = 0; p < end && *p >= '0' && *p <= '9'; p++, unit /= 10)
		*nano += (*p - '0') * unit;
	return p;
}

static const char *parse_offset(const char *p, const char *end, int32_t *offset)
{
	int h, m;

	if (p < end && (*p | 0x20) == 'z') {
		*offset = 0;
		return p + 1;
	}
	if (end - p < 6 || (*p != '+' && *p != '-') || p[3] != ':')
		return NULL;
	h = digits(p + 1, end, 2);
	m = digits(p + 4, end, 2);
	if (h < 0 || h > 23 || m < 0 || m > 59)
		return NULL;
	*offset = (*p == '-' ? -1 : 1) * (h * 3600 + m * 60);
	return p + 6;
}

static uint64_t load8(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

/* "hh:mm:ss" or "yyyy-mm-": bytes that must be digits are, as one word. */
static bool are_digits(uint64_t v, uint64_t where)
{
	const uint64_t high = 0xf0f0f0f0f0f0f0f0u & where, sixes = 0x0606060606060606u & where;

	return (v & high) == (0x3030303030303030u & where) && (((v & 0x0f0f0f0f0f0f0f0fu & where) + sixes) & high) == 0;
}

static int two(const char *p)
{
	return (p[0] - '0') * 10 + (p[1] - '0');
}

/* The date and the time of day, without a fraction: 19 bytes, of which the eleventh is any. */
static int parse_local(const char *p, struct civil *c)
{
	static const unsigned char date[8] = { 255, 255, 255, 255, 0, 255, 255, 0 }, clock[8] = { 255, 255, 0, 255, 255, 0, 255, 255 };
	uint64_t date_digits, clock_digits;

	memcpy(&date_digits, date, sizeof date_digits);
	memcpy(&clock_digits, clock, sizeof clock_digits);
	if (!are_digits(load8(p), date_digits) || !are_digits(load8(p + 11), clock_digits) || p[4] != '-' || p[7] != '-' || p[13] != ':' ||
	    p[16] != ':' || p[8] < '0' || p[8] > '9' || p[9] < '0' || p[9] > '9')
		return -1;
	*c = (struct civil){ two(p) * 100 + two(p + 2), two(p + 5), two(p + 8), two(p + 11), two(p + 14), two(p + 17), 0 };
	return c->month < 1 || c->month > 12 || c->day < 1 || (c->day > 28 && c->day > days_in_month(c->year, c->month)) || c->hour > 23 ||
		c->minute > 59 || c->second > 60 ? -1 : 0;
}

int time_parse_rfc3339(struct span s, struct moment *m, int32_t *offset)
{
	const char *p = s.p + 19, *end = s.p + s.n;
	struct civil c;

	if (s.n < 20 || ((s.p[10] | 0x20) != 't' && s.p[10] != ' ') || parse_local(s.p, &c))
		return -1;
	if (*p == '.')
		p = fraction(p, end, &c.nano);
	p = p ? parse_offset(p, end, offset) : NULL;
	if (p != end)
		return -1;
	m->second = civil_seconds(&c) - *offset;
	m->nano = c.nano;
	return c.second == 60 && m->second % 86400 ? -1 : 0;
}

void time_add_rfc3339(struct buf *out, struct moment m, int32_t offset, bool utc)
{
	struct civil c;
	char frac[12];
	int32_t nano = m.nano;
	int n;

	civil_from_seconds(m.second + offset, &c);
	buf_addf(out, "%04lld-%02d-%02dT%02d:%02d:%02d", (long long)c.year, c.month, c.day, c.hour, c.minute, c.second);
	if (nano) {
		frac[0] = '.';
		for (n = 9; n > 0; n--, nano /= 10)
			frac[n] = (char)('0' + nano % 10);
		for (n = 10; frac[n - 1] == '0'; n--)
			;
		buf_add(out, frac, (size_t)n);
	}
	if (utc)
		buf_addc(out, 'Z');
	else
		buf_addf(out, "%c%02d:%02d", offset < 0 ? '-' : '+', (offset < 0 ? -offset : offset) / 3600,
			 (offset < 0 ? -offset : offset) / 60 % 60);
}
