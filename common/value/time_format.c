/* time_format: times in other people's formats. */
#include "value/time_format.h"

#include <stdlib.h>
#include <strings.h>

static const char *const months[] = {
	"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
};
static const char *const days[] = { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday" };

/* What a short conversion stands for. */
static const char *expansion(char c)
{
	switch (c) {
	case 'F':
		return "%Y-%m-%d";
	case 'T':
		return "%H:%M:%S";
	case 'R':
		return "%H:%M";
	case 'D':
		return "%m/%d/%y";
	default:
		return NULL;
	}
}

int time_format_check(const char *format, struct error *err)
{
	const char *p;

	for (p = format; (p = strchr(p, '%')); p += 2)
		if (!p[1] || !strchr("YymdebBhaAHIpMSfjzZsFTRDnt%", p[1]))
			return error_set(err, EXIT_USAGE, "'%s': no conversion '%%%c'; a '%%' itself is written '%%%%'", error_show(span_of(format)),
					 p[1] ? p[1] : ' ');
	return 0;
}

/* ---- reading */

struct scan {
	const char *p, *end;
	struct time_parsed *out;
	int hour12, pm;		/* -1: not given */
	int yday;
};

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* One to `most` digits. */
static int64_t number(struct scan *s, int most)
{
	int64_t v = 0;
	int n = 0;

	for (; n < most && s->p < s->end && *s->p >= '0' && *s->p <= '9'; n++)
		v = v * 10 + (*s->p++ - '0');
	return n ? v : -1;
}

static int in_range(int64_t v, int low, int high, int *out)
{
	if (v < low || v > high)
		return -1;
	*out = (int)v;
	return 0;
}

/* A name or its first three letters: its index, or -1. */
static int name(struct scan *s, const char *const *names, int n)
{
	size_t left = (size_t)(s->end - s->p), len;
	int i;

	for (i = 0; i < n; i++) {
		len = strlen(names[i]);
		if (left >= len && !strncasecmp(s->p, names[i], len)) {
			s->p += len;
			return i;
		}
	}
	for (i = 0; i < n; i++) {
		if (left >= 3 && !strncasecmp(s->p, names[i], 3)) {
			s->p += 3;
			return i;
		}
	}
	return -1;
}

static int offset(struct scan *s)
{
	int64_t h, m = 0;
	bool negative;

	s->out->has_offset = true;
	if (s->p < s->end && (*s->p | 0x20) == 'z') {
		s->p++;
		s->out->offset = 0;
		return 0;
	}
	if (s->p == s->end || (*s->p != '+' && *s->p != '-'))
		return -1;
	negative = *s->p++ == '-';
	h = number(s, 2);
	if (s->p < s->end && *s->p == ':')
		s->p++;
	if (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		m = number(s, 2);
	if (h < 0 || h > 23 || m < 0 || m > 59)
		return -1;
	s->out->offset = (int32_t)((negative ? -1 : 1) * (h * 3600 + m * 60));
	return 0;
}

static int zone_name(struct scan *s)
{
	static const char *const names[] = { "UTC", "GMT", "Z" };
	size_t i;

	s->out->has_offset = true;
	s->out->offset = 0;
	for (i = 0; i < 3; i++) {
		if ((size_t)(s->end - s->p) < strlen(names[i]) || strncasecmp(s->p, names[i], strlen(names[i])))
			continue;
		s->p += strlen(names[i]);
		return 0;
	}
	return -1;
}

static int fraction(struct scan *s)
{
	int32_t unit = 100000000;
	const char *start = s->p;

	for (s->out->civil.nano = 0; s->p < s->end && *s->p >= '0' && *s->p <= '9'; s->p++, unit /= 10) {
		s->out->civil.nano += (*s->p - '0') * unit;
		s->out->cut = s->out->cut || (!unit && *s->p != '0');
	}
	return s->p == start ? -1 : 0;
}

static int epoch(struct scan *s)
{
	bool negative = s->p < s->end && *s->p == '-';
	int64_t v;

	s->p += negative;
	v = number(s, 14);
	if (v < 0)
		return -1;
	civil_from_seconds(negative ? -v : v, &s->out->civil);
	s->out->has_moment = true;
	return 0;
}

static int year(struct scan *s, int width)
{
	const char *start = s->p;
	int64_t v = number(s, width);

	if (v < 0 || (width == 4 && s->p - start != 4))
		return -1;
	s->out->civil.year = width == 2 ? v + (v < 69 ? 2000 : 1900) : v;
	return 0;
}

static int scan_format(struct scan *s, const char *format);

static int convert(struct scan *s, char c)
{
	struct civil *t = &s->out->civil;
	int i;

	s->out->has_date = s->out->has_date || strchr("YymdebBhjsFD", c);
	s->out->has_time = s->out->has_time || strchr("HIMSsTR", c);
	switch (c) {
	case 'Y':
		return year(s, 4);
	case 'y':
		return year(s, 2);
	case 'm':
		return in_range(number(s, 2), 1, 12, &t->month);
	case 'e':
		while (s->p < s->end && *s->p == ' ')
			s->p++;
		return in_range(number(s, 2), 1, 31, &t->day);
	case 'd':
		return in_range(number(s, 2), 1, 31, &t->day);
	case 'b':
	case 'B':
	case 'h':
		i = name(s, months, 12);
		t->month = i + 1;
		return i < 0 ? -1 : 0;
	case 'a':
	case 'A':
		return name(s, days, 7) < 0 ? -1 : 0;
	case 'H':
		return in_range(number(s, 2), 0, 23, &t->hour);
	case 'I':
		return in_range(number(s, 2), 1, 12, &s->hour12);
	case 'p':
		s->pm = s->end - s->p >= 2 && (s->p[1] | 0x20) == 'm' ? ((*s->p | 0x20) == 'p' ? 1 : (*s->p | 0x20) == 'a' ? 0 : -1) : -1;
		s->p += 2;
		return s->pm < 0 ? -1 : 0;
	case 'M':
		return in_range(number(s, 2), 0, 59, &t->minute);
	case 'S':
		return in_range(number(s, 2), 0, 60, &t->second);
	case 'f':
		return fraction(s);
	case 'j':
		return in_range(number(s, 3), 1, 366, &s->yday);
	case 'z':
		return offset(s);
	case 'Z':
		return zone_name(s);
	case 's':
		return epoch(s);
	case '%':
		return s->p < s->end && *s->p++ == '%' ? 0 : -1;
	default:
		return scan_format(s, expansion(c));
	}
}

static int scan_format(struct scan *s, const char *format)
{
	for (; *format; format++) {
		if (is_space(*format) || (*format == '%' && (format[1] == 'n' || format[1] == 't'))) {
			format += *format == '%';
			while (s->p < s->end && is_space(*s->p))
				s->p++;
		} else if (*format == '%') {
			if (convert(s, *++format))
				return -1;
		} else if (s->p == s->end || *s->p++ != *format) {
			return -1;
		}
	}
	return 0;
}

/* What two conversions say together: the hour by %I and %p, the day by %j; and whether there is such a day. */
static int settle(struct scan *s)
{
	struct civil *t = &s->out->civil;
	struct civil day;

	if (s->hour12 >= 0)
		t->hour = s->hour12 % 12 + (s->pm == 1 ? 12 : 0);
	if (s->yday) {
		civil_from_seconds((days_from_civil(t->year, 1, 1) + s->yday - 1) * 86400, &day);
		if (day.year != t->year)
			return -1;
		t->month = day.month;
		t->day = day.day;
	}
	return t->day > days_in_month(t->year, t->month) ? -1 : 0;
}

int time_format_parse(const char *format, struct span text, struct time_parsed *out, struct error *err)
{
	struct scan s = { text.p, text.p + text.n, out, -1, -1, 0 };

	*out = (struct time_parsed){ .civil = { .year = 1970, .month = 1, .day = 1 } };
	if (!scan_format(&s, format) && s.p == s.end && !settle(&s))
		return 0;
	return error_data(err, "bad-time", "'%s' is not a time as '%s' says", error_show(text), error_show(span_of(format)));
}

/* ---- writing */

static void print_offset(int32_t seconds, struct buf *out)
{
	int32_t a = seconds < 0 ? -seconds : seconds;

	buf_addf(out, "%c%02d%02d", seconds < 0 ? '-' : '+', a / 3600, a / 60 % 60);
}

static void print_one(char c, const struct civil *t, struct moment m, int32_t east, struct buf *out)
{
	int64_t day = days_from_civil(t->year, t->month, t->day);

	switch (c) {
	case 'Y':
		buf_addf(out, "%04lld", (long long)t->year);
		break;
	case 'y':
		buf_addf(out, "%02d", (int)((t->year % 100 + 100) % 100));
		break;
	case 'm':
		buf_addf(out, "%02d", t->month);
		break;
	case 'd':
		buf_addf(out, "%02d", t->day);
		break;
	case 'e':
		buf_addf(out, "%2d", t->day);
		break;
	case 'b':
	case 'h':
		buf_addf(out, "%.3s", months[t->month - 1]);
		break;
	case 'B':
		buf_adds(out, months[t->month - 1]);
		break;
	case 'a':
		buf_addf(out, "%.3s", days[weekday(day)]);
		break;
	case 'A':
		buf_adds(out, days[weekday(day)]);
		break;
	case 'H':
		buf_addf(out, "%02d", t->hour);
		break;
	case 'I':
		buf_addf(out, "%02d", t->hour % 12 ? t->hour % 12 : 12);
		break;
	case 'p':
		buf_adds(out, t->hour < 12 ? "AM" : "PM");
		break;
	case 'M':
		buf_addf(out, "%02d", t->minute);
		break;
	case 'S':
		buf_addf(out, "%02d", t->second);
		break;
	case 'f':
		buf_addf(out, "%09d", m.nano);
		break;
	case 'j':
		buf_addf(out, "%03d", (int)(day - days_from_civil(t->year, 1, 1)) + 1);
		break;
	case 'z':
		print_offset(east, out);
		break;
	case 'Z':
		if (east)
			print_offset(east, out);
		else
			buf_adds(out, "UTC");
		break;
	case 's':
		buf_addf(out, "%lld", (long long)m.second);
		break;
	default:
		buf_addc(out, c == 'n' ? '\n' : c == 't' ? '\t' : '%');
	}
}

static void print(const char *format, const struct civil *t, struct moment m, int32_t east, struct buf *out)
{
	for (; *format; format++) {
		if (*format != '%')
			buf_addc(out, *format);
		else if (expansion(*++format))
			print(expansion(*format), t, m, east, out);
		else
			print_one(*format, t, m, east, out);
	}
}

void time_format_print(const char *format, struct moment m, int32_t east, struct buf *out)
{
	struct civil t;

	civil_from_seconds(m.second + east, &t);
	print(format, &t, m, east, out);
}
