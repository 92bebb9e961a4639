/* times: moments read and written. */
#include "map/times.h"

#include <stdlib.h>

#include "map/cast.h"
#include "value/number.h"
#include "value/time_format.h"

static const int64_t powers[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000 };

/* ---- numbers */

static int64_t floor_div(int64_t a, int64_t b, int64_t *rest)
{
	int64_t q = a / b;

	*rest = a % b;
	if (*rest < 0) {
		*rest += b;
		q--;
	}
	return q;
}

/* At most 18 digits and a sign: 0 and *out. */
static int small_integer(struct span s, int64_t *out)
{
	size_t i = s.n && *s.p == '-';
	int64_t v = 0;

	if (s.n - i > 18 || s.n == i)
		return -1;
	for (; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
		v = v * 10 + (s.p[i] - '0');
	}
	*out = *s.p == '-' ? -v : v;
	return 0;
}

enum { DIGITS = 64, MOST = 21 };	/* longest number read; whole digits of nanoseconds that a year of four digits needs */

/* Any JSON number, in units of 10^-power seconds. */
static int read_number(struct span s, int power, struct moment *m, struct error *err)
{
	char canonical[DIGITS + NUMBER_CANONICAL_EXTRA], *p = canonical, *e;
	bool negative;
	int64_t v, rest, exponent, i;
	__int128 nanos = 0;

	if (!small_integer(s, &v)) {
		m->second = floor_div(v, powers[power], &rest);
		m->nano = (int32_t)(rest * powers[9 - power]);
		return 0;
	}
	if (s.n > DIGITS)
		return error_data(err, "bad-time", "'%s' is too long for a time", error_show(s));
	if (number_is_zero(s)) {
		*m = (struct moment){ 0, 0 };
		return 0;
	}
	e = memchr(p, 'e', number_canonical(s, p));
	negative = *p == '-';
	p += negative;
	exponent = strtoll(e + 1, NULL, 10) + 9 - power;
	if (exponent > MOST)
		return error_data(err, "bad-time", "'%s' is no time of a year of four digits", error_show(s));
	if (e - p > exponent)
		return error_data(err, "lossy", "'%s' is finer than nanoseconds", error_show(s));
	for (i = 0; i < exponent; i++)
		nanos = nanos * 10 + (p + i < e ? p[i] - '0' : 0);
	if (negative)
		nanos = -nanos;
	m->second = (int64_t)(nanos / 1000000000);
	m->nano = (int32_t)(nanos % 1000000000);
	if (m->nano < 0) {
		m->nano += 1000000000;
		m->second--;
	}
	return 0;
}

static int read_epoch(struct value v, struct span text, int power, struct moment *m, struct error *err)
{
	char room[DIGITS * 2];
	struct buf number = { room, 0, sizeof room };

	if (value_type(v) == TOKEN_NUMBER)
		return read_number(value_bytes(v), power, m, err);
	if (text.n > DIGITS || cast_number(text, &number))
		return error_data(err, "bad-time", "'%s' is no number", error_show(text));
	return read_number(buf_span(&number), power, m, err);
}

/* ---- local times */

static int settle(const struct times *t, struct span text, int64_t local, int64_t *second, struct error *err)
{
	int64_t at[2];
	int n, choice;

	if (!t->zone) {
		*second = local;
		return 0;
	}
	n = zone_local(t->zone, local, at);
	choice = n == 1 ? CHOOSE_EARLIER : n == 0 ? t->gap : t->overlap;
	if (choice == CHOOSE_REJECT && n == 0)
		return error_data(err, "time-gap", "'%s' did not happen in %s: clocks went forward over it", error_show(text), t->zone_name);
	if (choice == CHOOSE_REJECT)
		return error_data(err, "time-overlap", "'%s' happened twice in %s, when clocks went back", error_show(text), t->zone_name);
	*second = at[choice == CHOOSE_LATER];
	return 0;
}

/* ---- text */

enum { PARSED, NOT_PARSED, REFUSED };

/* More than nine digits of a fraction, and not just zeros behind them. */
static bool too_fine(struct span s)
{
	const char *point = s.n > 29 ? memchr(s.p, '.', s.n) : NULL, *end = s.p + s.n;
	size_t i;

	for (i = 1; point && point + i < end && point[i] >= '0' && point[i] <= '9'; i++)
		if (i > 9 && point[i] != '0')
			return true;
	return false;
}

enum { RFC3339_LOCAL = 19, RFC3339_ROOM = 64 };

static int read_rfc3339(const struct times *t, struct span text, struct moment *m, struct error *err)
{
	char utc[RFC3339_ROOM];
	int32_t offset;

	if (time_parse_rfc3339(text, m, &offset)) {
		if (!t->zone || text.n < RFC3339_LOCAL || text.n >= RFC3339_ROOM)
			return NOT_PARSED;
		memcpy(utc, text.p, text.n);	/* no offset: the same in UTC, then in the zone */
		utc[text.n] = 'Z';
		if (time_parse_rfc3339((struct span){ utc, text.n + 1 }, m, &offset))
			return NOT_PARSED;
		if (settle(t, text, m->second, &m->second, err))
			return REFUSED;
	}
	if (!too_fine(text))
		return PARSED;
	error_data(err, "lossy", "'%s' is finer than nanoseconds", error_show(text));
	return REFUSED;
}

static int read_format(const struct times *t, const char *format, struct span text, struct moment *m, struct error *err)
{
	struct time_parsed p;
	int64_t local;

	if (time_format_parse(format, text, &p, err))
		return NOT_PARSED;
	local = civil_seconds(&p.civil);
	m->nano = p.civil.nano;
	if (p.has_moment)
		m->second = local;
	else if (p.has_offset)
		m->second = local - p.offset;
	else if (settle(t, text, local, &m->second, err))
		return REFUSED;
	if (p.cut) {
		error_data(err, "lossy", "'%s' is finer than nanoseconds", error_show(text));
		return REFUSED;
	}
	if (p.civil.second < 60 || m->second % 86400 == 0)	/* a leap second, where there can be one */
		return PARSED;
	error_data(err, "bad-time", "'%s' has a second 60", error_show(text));
	return REFUSED;
}

static int not_parsed(const struct times *t, struct span text, struct error *err)
{
	if (t->n > 1)
		return error_data(err, "bad-time", "'%s' is a time in none of %u forms", error_show(text), t->n);
	if (t->from->kind == TIME_FORMAT)
		return error_data(err, "bad-time", "'%s' is no time as '%s' says", error_show(text), error_show(span_of(t->from->format)));
	if (!t->zone && text.n >= RFC3339_LOCAL && text.n < RFC3339_ROOM)
		return error_data(err, "bad-time", "'%s' is no time of RFC 3339 with its offset", error_show(text));
	return error_data(err, "bad-time", "'%s' is no time of RFC 3339", error_show(text));
}

int times_read(struct times *t, struct value v, struct span text, struct moment *m, struct error *err)
{
	enum token_type type = value_type(v);
	uint32_t i;
	int how;

	if (type != TOKEN_STRING && type != TOKEN_NUMBER)
		return error_data(err, "bad-time", "%s is no time", type == TOKEN_OBJECT ? "an object" : type == TOKEN_ARRAY ? "an array" : "a boolean");
	for (i = 0; i < t->n; i++) {
		if (t->from[i].kind == TIME_EPOCH) {
			if (!read_epoch(v, text, t->from[i].power, m, err))
				return 0;
			if (t->n == 1)
				return -1;
			continue;
		}
		if (type == TOKEN_NUMBER)
			continue;
		how = t->from[i].kind == TIME_FORMAT ? read_format(t, t->from[i].format, text, m, err) : read_rfc3339(t, text, m, err);
		if (how != NOT_PARSED)
			return how == PARSED ? 0 : -1;
	}
	return type == TOKEN_NUMBER ? error_data(err, "bad-time", "the number '%s' is no time", error_show(value_bytes(v))) : not_parsed(t, text, err);
}

/* ---- writing */

/* Of the years 0000 and 9999. */
static const int64_t first_second = -62167219200, last_second = 253402300799;

/* Writes digits before p, `least` of them at least; where they begin. */
static char *digits_before(char *p, uint64_t v, int least)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960"
				    "616263646566676869707172737475767778798081828384858687888990919293949596979899";
	const char *end = p - least;

	for (; v >= 10; v /= 100)
		memcpy(p -= 2, pairs + v % 100 * 2, 2);
	if (v || p > end)
		*--p = (char)('0' + (int)v);
	while (p > end)
		*--p = '0';
	return p;
}

static int write_epoch(int power, struct moment m, struct buf *json, struct error *err)
{
	uint64_t unit = (uint64_t)powers[9 - power], nano = (uint64_t)m.nano, part = nano ? nano / unit : 0, second;
	char room[24], *end = room + sizeof room, *p = end;

	if (nano && nano % unit)
		return error_data(err, "lossy", "the fraction of a second is finer than %s", power == 0 ? "seconds" : power == 3 ? "milliseconds" : "microseconds");
	second = m.second < 0 ? (uint64_t)-(m.second + (part > 0)) : (uint64_t)m.second;
	part = m.second < 0 && part ? (uint64_t)powers[power] - part : part;
	if (!second)
		p = digits_before(p, part, 1);
	else if (power)
		p = digits_before(p, part, power);
	if (second)
		p = digits_before(p, second, 1);
	if (m.second < 0)
		*--p = '-';
	buf_add(json, p, (size_t)(end - p));
	return 0;
}

/* What stands in json from `start` on, as a JSON string. */
static void quote(struct buf *json, size_t start)
{
	struct span text;
	size_t n = json->n - start;

	buf_reserve(json, 6 * n + 2);	/* so that the text stays where it is */
	text = (struct span){ json->p + start, n };
	json_add_string(json, text);
	memmove(json->p + start, json->p + start + n, json->n - start - n);
	json->n -= n;
}

int times_write(struct times *t, struct moment m, struct buf *json, struct error *err)
{
	int32_t offset = t->to_zone ? zone_offset(t->to_zone, m.second) : 0;
	size_t start = json->n;

	if (m.second + offset < first_second || m.second + offset > last_second)
		return error_data(err, "bad-time", "the year has more than four digits");
	if (t->to.kind == TIME_EPOCH)
		return write_epoch(t->to.power, m, json, err);
	if (t->to.kind == TIME_FORMAT) {
		time_format_print(t->to.format, m, offset, json);
		quote(json, start);
		return 0;
	}
	if (offset % 60)
		return error_data(err, "lossy", "the offset has seconds then, which RFC 3339 can't say");
	buf_addc(json, '"');
	time_add_rfc3339(json, m, offset, !t->to_zone);
	buf_addc(json, '"');
	return 0;
}

const char *times_type(const struct times *t)
{
	return t->to.kind == TIME_EPOCH ? "integer" : "string";
}

const char *times_format(const struct times *t)
{
	static const char *const known[][2] = {
		{ "%F", "date" }, { "%Y-%m-%d", "date" }, { "%FT%T", "local-date-time" }, { "%Y-%m-%dT%H:%M:%S", "local-date-time" },
		{ "%FT%H:%M:%S", "local-date-time" }, { "%Y-%m-%dT%T", "local-date-time" },
	};
	size_t i;

	if (t->to.kind == TIME_RFC3339)
		return "date-time";
	for (i = 0; t->to.kind == TIME_FORMAT && i < sizeof known / sizeof *known; i++)
		if (!strcmp(t->to.format, known[i][0]))
			return known[i][1];
	return "";
}
