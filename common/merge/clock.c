/* clock: clocks of rows compared. */
#include "merge/clock.h"

#include <math.h>
#include <stdlib.h>

#include "base/opt.h"
#include "value/number.h"

#define SECOND 1000000000

struct row_clock row_clock_read(struct value v, struct arena *arena)
{
	struct row_clock c = { CLOCK_NONE, { 0, 0 }, { NULL, 0 } };
	int32_t offset;

	if (!value_present(v))
		return c;
	if (value_type(v) == TOKEN_NUMBER) {
		c.kind = CLOCK_NUMBER;
		c.number = value_bytes(v);
	} else if (value_type(v) == TOKEN_STRING && !time_parse_rfc3339(value_text(v, arena), &c.moment, &offset)) {
		c.kind = CLOCK_TIME;
	}
	return c;
}

/* Is a - b more than the skew? a is not before b. */
static bool far_enough(const struct row_clock *a, const struct row_clock *b, int64_t skew_ns)
{
	int64_t seconds, nano;

	if (a->kind == CLOCK_NUMBER)
		return number_double(a->number) - number_double(b->number) > (double)skew_ns / SECOND;
	seconds = a->moment.second - b->moment.second - skew_ns / SECOND;
	nano = a->moment.nano - b->moment.nano - skew_ns % SECOND;
	return seconds > 1 || seconds * SECOND + nano > 0;
}

static int order(const struct row_clock *a, const struct row_clock *b)
{
	if (a->kind == CLOCK_NUMBER)
		return number_compare(a->number, b->number);
	if (a->moment.second != b->moment.second)
		return a->moment.second < b->moment.second ? -1 : 1;
	return (a->moment.nano > b->moment.nano) - (a->moment.nano < b->moment.nano);
}

int row_clock_compare(const struct row_clock *a, const struct row_clock *b, int64_t skew_ns)
{
	int c;

	if (a->kind == CLOCK_NONE || a->kind != b->kind)
		return 0;
	c = order(a, b);
	if (c == 0 || skew_ns == 0)
		return c;
	return far_enough(c > 0 ? a : b, c > 0 ? b : a, skew_ns) ? c : 0;
}

/* ---- durations */

/* The next number and its letter: 1, 0 at the end, -1. */
static int next_part(const char **p, const char *end, double *number, char *unit)
{
	char text[32];
	size_t n = 0;

	if (*p == end)
		return 0;
	while (*p < end && n < sizeof text - 1 && ((**p >= '0' && **p <= '9') || (**p == '.' && n)))
		text[n++] = *(*p)++;
	text[n] = '\0';
	if (n == 0 || *p == end)
		return -1;
	*number = strtod(text, NULL);
	*unit = *(*p)++;
	return 1;
}

/* Seconds of "P1DT2H3M4.5S"; -1 if it isn't that. */
static double iso_seconds(const char *p, const char *end)
{
	double sum = 0, number;
	bool time = false, any = false;
	char unit;
	int got;

	for (p++; ; ) {
		if (p < end && *p == 'T' && !time) {
			time = true;
			p++;
		}
		got = next_part(&p, end, &number, &unit);
		if (got <= 0)
			return got < 0 || !any ? -1 : sum;
		any = true;
		if (!time && (unit == 'D' || unit == 'W'))
			sum += number * (unit == 'D' ? 86400 : 7 * 86400);
		else if (time && (unit == 'H' || unit == 'M' || unit == 'S'))
			sum += number * (unit == 'H' ? 3600 : unit == 'M' ? 60 : 1);
		else
			return -1;
	}
}

int duration_parse(struct span s, int64_t *ns)
{
	struct error ignored = ERROR_INIT;
	char text[64];
	double seconds = -1;

	if (s.n == 0 || s.n >= sizeof text)
		return -1;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	if (text[0] == 'P')
		seconds = iso_seconds(text, text + s.n);
	else if (opt_seconds(text, "skew", &seconds, &ignored))
		return -1;
	if (!(seconds >= 0) || seconds > 4e9)
		return -1;
	*ns = (int64_t)llround(seconds * SECOND);
	return 0;
}
