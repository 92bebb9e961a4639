/* extract_scalar: numbers, times, addresses and bits, from their binary form. */
#include <arpa/inet.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "extract_scalar.h"
#include "value/number.h"
#include "value/time.h"

#define EPOCH_SECONDS INT64_C(946684800)	/* 2000-01-01 */
#define DAY_US INT64_C(86400000000)

/* ---- numbers */

static void text_of_int(int64_t v, struct buf *out)
{
	char digits[NUMBER_INT64_ROOM];

	buf_addspan(out, number_from_int64(v, digits));
}

static void special(double d, struct buf *out)
{
	buf_adds(out, isnan(d) ? "NaN" : d < 0 ? "-Infinity" : "Infinity");
}

static void text_of_float8(uint64_t bits, struct buf *out)
{
	char text[NUMBER_DOUBLE_ROOM];
	double d;

	memcpy(&d, &bits, sizeof d);
	if (isfinite(d))
		buf_add(out, text, number_from_double(d, text));
	else
		special(d, out);
}

/* The fewest digits that read back as the same float. */
static void text_of_float4(uint32_t bits, struct buf *out)
{
	char text[32];
	float f;
	int digits;

	memcpy(&f, &bits, sizeof f);
	if (!isfinite(f)) {
		special((double)f, out);
		return;
	}
	for (digits = fabsf(f) < FLT_MIN ? 1 : 6; digits <= 9; digits++) {	/* small ones have fewer */
		snprintf(text, sizeof text, "%.*g", digits, (double)f);
		if (strtof(text, NULL) == f)
			break;
	}
	buf_adds(out, text);
}

static char *two_digits(char *p, unsigned v)
{
	p[0] = (char)('0' + v / 10 % 10);
	p[1] = (char)('0' + v % 10);
	return p + 2;
}

static void add_four(unsigned v, struct buf *out)
{
	char text[4];

	two_digits(two_digits(text, v / 100), v);
	buf_add(out, text, 4);
}

enum { GROUP_MOST = 9999 };

static bool add_group(struct bytes *b, bool there, struct buf *out)
{
	unsigned v = there ? (unsigned)take(b, 2) : 0;

	add_four(v, out);
	return v <= GROUP_MOST;
}

/* Groups of four decimal digits; weight is the place of the first, dscale the digits to show behind the point. */
int text_of_numeric(struct bytes b, struct buf *out)
{
	int n = (int)take(&b, 2), weight = (int16_t)take(&b, 2), sign = (int)take(&b, 2), scale = (int)take(&b, 2), i;
	unsigned group;
	bool usual = true;
	size_t point;

	if (!b.p || b.end - b.p != 2 * n)
		return -1;
	if (sign & 0x8000) {
		buf_adds(out, sign == 0xC000 ? "NaN" : sign == 0xF000 ? "-Infinity" : "Infinity");
		return 0;
	}
	if (sign)
		buf_addc(out, '-');
	if (weight < 0)
		buf_addc(out, '0');
	if (weight >= 0) {
		group = n ? (unsigned)take(&b, 2) : 0;
		usual = group <= GROUP_MOST && (group || !weight);	/* nothing begins with zeros */
		text_of_int(group, out);
	}
	for (i = 1; i <= weight && usual; i++)
		usual = add_group(&b, i < n, out);
	if (!scale)
		return usual ? 0 : -1;
	buf_addc(out, '.');
	point = out->n;
	for (i = weight + 1; usual && (size_t)(out->n - point) < (size_t)scale; i++)
		usual = add_group(&b, i >= 0 && i < n, out);
	out->n = point + (size_t)scale;
	return usual ? 0 : -1;
}

/* ---- times */

/*
 * ISO: years 0000 to 9999 as RFC 3339 has them; others with a sign (ISO 8601, expanded): -0001 is the year 2 BC. Else as PostgreSQL
 * writes them, and 1 where " BC" is to follow.
 */
static bool add_date(int64_t days, bool iso, struct buf *out)
{
	struct civil c;
	char text[6] = "-";
	int64_t year;

	civil_from_seconds(EPOCH_SECONDS + days * 86400, &c);
	year = c.year > 0 ? c.year : iso ? -c.year : 1 - c.year;
	if (iso && (c.year < 0 || c.year > 9999))
		buf_addc(out, c.year < 0 ? '-' : '+');
	if (year > 9999)
		text_of_int(year, out);
	else
		add_four((unsigned)year, out);
	two_digits(text + 1, (unsigned)c.month);
	text[3] = '-';
	two_digits(text + 4, (unsigned)c.day);
	buf_add(out, text, 6);
	return !iso && c.year < 1;
}

static void add_fraction(int64_t us, struct buf *out)
{
	unsigned v = (unsigned)us;
	char text[7] = ".";
	size_t n = 7;

	if (!us)
		return;
	two_digits(two_digits(two_digits(text + 1, v / 10000), v / 100), v);
	while (text[n - 1] == '0')
		n--;
	buf_add(out, text, n);
}

static void add_time(int64_t us, struct buf *out)
{
	unsigned s = (unsigned)(us / 1000000);
	char text[8];

	*two_digits(text, s / 3600) = ':';
	*two_digits(text + 3, s / 60 % 60) = ':';
	two_digits(text + 6, s % 60);
	buf_add(out, text, 8);
	add_fraction(us % 1000000, out);
}

/* The usual: ISO, of years from 1 to 9999. */
static bool add_usual(int64_t us, bool utc, struct buf *out)
{
	struct civil c;
	char text[19];
	int64_t s = us / 1000000 - (us % 1000000 < 0);

	civil_from_seconds(EPOCH_SECONDS + s, &c);
	if (c.year < 1 || c.year > 9999)
		return false;
	two_digits(two_digits(text, (unsigned)c.year / 100), (unsigned)c.year);
	text[4] = text[7] = '-';
	two_digits(text + 5, (unsigned)c.month);
	two_digits(text + 8, (unsigned)c.day);
	text[10] = 'T';
	two_digits(text + 11, (unsigned)c.hour);
	text[13] = text[16] = ':';
	two_digits(text + 14, (unsigned)c.minute);
	two_digits(text + 17, (unsigned)c.second);
	buf_add(out, text, 19);
	add_fraction(us - s * 1000000, out);
	if (utc)
		buf_addc(out, 'Z');
	return true;
}

static void add_timestamp(int64_t us, bool utc, bool iso, struct buf *out)
{
	int64_t days = us / DAY_US, rest = us % DAY_US;
	bool bc;

	if (us == INT64_MAX || us == INT64_MIN) {
		buf_adds(out, us < 0 ? "-infinity" : "infinity");
		return;
	}
	if (iso && add_usual(us, utc, out))
		return;
	if (rest < 0) {
		rest += DAY_US;
		days--;
	}
	bc = add_date(days, iso, out);
	buf_addc(out, iso ? 'T' : ' ');
	add_time(rest, out);
	if (utc)
		buf_adds(out, iso ? "Z" : "+00");
	buf_adds(out, bc ? " BC" : "");
}

static void text_of_date(int32_t days, bool iso, struct buf *out)
{
	if (days == INT32_MAX || days == INT32_MIN)
		buf_adds(out, days < 0 ? "-infinity" : "infinity");
	else
		buf_adds(out, add_date(days, iso, out) ? " BC" : "");
}

static void text_of_timetz(int64_t us, int32_t west, struct buf *out)
{
	uint32_t z = west < 0 ? 0 - (uint32_t)west : (uint32_t)west;

	add_time(us, out);
	buf_addf(out, "%c%02u:%02u", west > 0 ? '-' : '+', z / 3600, z / 60 % 60);
	if (z % 60)
		buf_addf(out, ":%02u", z % 60);
}

/* As intervalstyle iso_8601 writes it. */
static void text_of_interval(int64_t us, int32_t days, int32_t months, struct buf *out)
{
	int64_t hours = us / INT64_C(3600000000), minutes = us / 60000000 % 60, rest = us % 60000000;

	if (!us && !days && !months) {
		buf_adds(out, "PT0S");
		return;
	}
	buf_addc(out, 'P');
	if (months / 12)
		buf_addf(out, "%dY", months / 12);
	if (months % 12)
		buf_addf(out, "%dM", months % 12);
	if (days)
		buf_addf(out, "%dD", days);
	if (!us)
		return;
	buf_addc(out, 'T');
	if (hours)
		buf_addf(out, "%lldH", (long long)hours);
	if (minutes)
		buf_addf(out, "%lldM", (long long)minutes);
	if (!rest)
		return;
	if (rest < 0)
		buf_addc(out, '-');
	rest = rest < 0 ? -rest : rest;
	buf_addf(out, "%lld", (long long)(rest / 1000000));
	add_fraction(rest % 1000000, out);
	buf_addc(out, 'S');
}

/* ---- addresses, bits, bytes */

int text_of_inet(struct bytes b, bool cidr, struct buf *out)
{
	int family = (int)take(&b, 1), bits = (int)take(&b, 1), n, whole;
	char text[INET6_ADDRSTRLEN];

	(void)take(&b, 1);
	n = (int)take(&b, 1);
	whole = family == 2 ? 32 : 128;
	if (!b.p || n * 8 != whole || b.end - b.p != n || !inet_ntop(family == 2 ? AF_INET : AF_INET6, b.p, text, sizeof text))
		return -1;
	buf_adds(out, text);
	if (cidr || bits != whole)
		buf_addf(out, "/%d", bits);
	return 0;
}

void add_hex(struct bytes b, int group, char between, struct buf *out)
{
	static const char hex[] = "0123456789abcdef";
	int i;

	for (i = 0; b.p < b.end; b.p++, i++) {
		if (i && group && i % group == 0)
			buf_addc(out, between);
		buf_addc(out, hex[*b.p >> 4]);
		buf_addc(out, hex[*b.p & 15]);
	}
}

int text_of_uuid(struct bytes b, struct buf *out)
{
	static const int parts[] = { 4, 2, 2, 2, 6 };
	size_t i;

	if (b.end - b.p != 16)
		return -1;
	for (i = 0; i < sizeof parts / sizeof *parts; b.p += parts[i++]) {
		if (i)
			buf_addc(out, '-');
		add_hex((struct bytes){ b.p, b.p + parts[i] }, 0, 0, out);
	}
	return 0;
}

int text_of_bits(struct bytes b, struct buf *out)
{
	uint64_t n = take(&b, 4), i;

	if (!b.p || (uint64_t)(b.end - b.p) != (n + 7) / 8)
		return -1;
	for (i = 0; i < n; i++)
		buf_addc(out, b.p[i / 8] >> (7 - i % 8) & 1 ? '1' : '0');
	return 0;
}

/* ---- those of a fixed size */

int text_of_fixed(const struct pg_type *t, struct bytes b, bool iso, struct buf *out)
{
	static const unsigned char sizes[] = {
		[PG_BOOL] = 1, [PG_INT2] = 2, [PG_INT4] = 4, [PG_INT8] = 8, [PG_OID] = 4, [PG_FLOAT4] = 4, [PG_FLOAT8] = 8, [PG_DATE] = 4,
		[PG_TIME] = 8, [PG_TIMETZ] = 12, [PG_TIMESTAMP] = 8, [PG_TIMESTAMPTZ] = 8, [PG_INTERVAL] = 16,
	};
	int n = sizes[t->kind];
	uint64_t v = take(&b, n < 8 ? n : 8), more = take(&b, n > 8 ? 4 : 0), last = take(&b, n > 12 ? 4 : 0);

	if (!b.p || b.p != b.end)
		return -1;
	switch (t->kind) {
	case PG_BOOL:
		buf_addc(out, v ? 't' : 'f');
		return 0;
	case PG_INT2:
		text_of_int((int16_t)v, out);
		return 0;
	case PG_INT4:
		text_of_int((int32_t)v, out);
		return 0;
	case PG_INT8:
	case PG_OID:
		text_of_int((int64_t)v, out);
		return 0;
	case PG_FLOAT4:
		text_of_float4((uint32_t)v, out);
		return 0;
	case PG_FLOAT8:
		text_of_float8(v, out);
		return 0;
	case PG_DATE:
		text_of_date((int32_t)v, iso, out);
		return 0;
	case PG_TIME:
		add_time((int64_t)v, out);
		return 0;
	case PG_TIMETZ:
		text_of_timetz((int64_t)v, (int32_t)(uint32_t)more, out);
		return 0;
	case PG_INTERVAL:
		text_of_interval((int64_t)v, (int32_t)(uint32_t)more, (int32_t)(uint32_t)last, out);
		return 0;
	default:
		add_timestamp((int64_t)v, t->kind == PG_TIMESTAMPTZ, iso, out);
		return 0;
	}
}
