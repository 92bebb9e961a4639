/* number: JSON numbers by their digits. */
#include "value/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A number taken apart: 0.d1d2d3… × 10^exponent, where d1 is not 0 and the last digit isn't either. Its digits
 * are those of `text` (with perhaps a '.' among them) from the first significant one on.
 */
struct parts {
	bool negative;
	const char *p;		/* the first significant digit */
	size_t n;		/* digits, the '.' not counted; 0: the value is zero */
	int64_t exponent;
};

struct digits {
	const char *p;
	size_t left;
};

static inline char next_digit(struct digits *d)
{
	if (!d->left)
		return '0';
	d->left--;
	if (*d->p == '.')
		d->p++;
	return *d->p++;
}

static struct digits digits_of(const struct parts *a)
{
	return (struct digits){ a->p, a->n };
}

static const char *past_digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

bool number_is_json(struct span s)
{
	const char *p = s.p, *end = s.p + s.n, *start;

	p += p < end && *p == '-';
	start = p;
	p = past_digits(p, end);
	if (p == start || (*start == '0' && p - start > 1))
		return false;
	if (p < end && *p == '.') {
		start = ++p;
		p = past_digits(p, end);
		if (p == start)
			return false;
	}
	if (p < end && (*p | 0x20) == 'e') {
		p++;
		p += p < end && (*p == '+' || *p == '-');
		start = p;
		p = past_digits(p, end);
		if (p == start)
			return false;
	}
	return p == end;
}

/* The exponent behind 'e', kept within what arithmetic on it can stand. */
static int64_t read_exponent(const char *p, const char *end)
{
	const int64_t most = INT64_MAX / 4;
	bool negative = false;
	int64_t e = 0;

	if (p < end && (*p == '+' || *p == '-'))
		negative = *p++ == '-';
	for (; p < end; p++)
		e = e > most / 10 ? most : e * 10 + (*p - '0');
	return negative ? -e : e;
}

static struct parts take_apart(struct span s)
{
	struct parts a = { false, NULL, 0, 0 };
	const char *p = s.p, *end = s.p + s.n, *mantissa_end, *last = NULL, *dot = NULL, *q;
	int64_t e = 0;

	if (p < end && *p == '-') {
		a.negative = true;
		p++;
	}
	for (q = p; q < end && (*q | 0x20) != 'e'; q++) {
		if (*q == '.') {
			dot = q;
		} else if (*q != '0') {
			last = q;
			if (!a.p)
				a.p = q;
		}
	}
	mantissa_end = q;
	if (!a.p) {
		a.negative = false;
		return a;
	}
	if (q < end)
		e = read_exponent(q + 1, end);
	if (!dot)
		dot = mantissa_end;
	a.n = (size_t)(last + 1 - a.p) - (a.p < dot && dot < last);
	a.exponent = e + (a.p < dot ? dot - a.p : dot + 1 - a.p);
	return a;
}

static int compare_magnitude(const struct parts *a, const struct parts *b)
{
	struct digits x = digits_of(a), y = digits_of(b);
	char c, d;

	if (!a->n || !b->n)
		return (a->n > 0) - (b->n > 0);
	if (a->exponent != b->exponent)
		return a->exponent < b->exponent ? -1 : 1;
	while (x.left || y.left) {
		c = next_digit(&x);
		d = next_digit(&y);
		if (c != d)
			return c < d ? -1 : 1;
	}
	return 0;
}

int number_compare(struct span s, struct span t)
{
	struct parts a = take_apart(s), b = take_apart(t);

	if (a.negative != b.negative)
		return a.negative ? -1 : 1;
	return a.negative ? compare_magnitude(&b, &a) : compare_magnitude(&a, &b);
}

bool number_is_integer(struct span s)
{
	struct parts a = take_apart(s);

	return !a.n || (a.exponent > 0 && (uint64_t)a.exponent >= a.n);
}

bool number_is_zero(struct span s)
{
	return take_apart(s).n == 0;
}

/* The magnitude of an integer below 2^64: 0, or -1. */
static int magnitude(const struct parts *a, uint64_t *out)
{
	struct digits d = digits_of(a);
	int64_t i;
	uint64_t v = 0;
	unsigned digit;

	*out = 0;
	if (!a->n)
		return 0;
	if (a->exponent <= 0 || a->exponent > 20 || (uint64_t)a->exponent < a->n)
		return -1;
	for (i = 0; i < a->exponent; i++) {
		digit = (unsigned)(next_digit(&d) - '0');
		if (v > (UINT64_MAX - digit) / 10)
			return -1;
		v = v * 10 + digit;
	}
	*out = v;
	return 0;
}

/* Up to 18 plain digits, the usual case. */
static bool plain(struct span s, int64_t *out)
{
	const char *p = s.p, *end = s.p + s.n;
	bool negative = s.n && *p == '-';
	int64_t v = 0;

	if (s.n > 18)
		return false;
	for (p += negative; p < end; p++) {
		if (*p < '0' || *p > '9')
			return false;
		v = v * 10 + (*p - '0');
	}
	*out = negative ? -v : v;
	return true;
}

int number_int64(struct span s, int64_t *out)
{
	struct parts a;
	uint64_t v;

	if (plain(s, out))
		return 0;
	a = take_apart(s);
	if (magnitude(&a, &v) || v > (uint64_t)INT64_MAX + a.negative)
		return -1;
	*out = a.negative ? (int64_t)(0 - v) : (int64_t)v;
	return 0;
}

int number_uint64(struct span s, uint64_t *out)
{
	struct parts a = take_apart(s);

	return a.negative ? -1 : magnitude(&a, out);
}

/* Programs leave LC_NUMERIC at "C", so strtod reads a point. */
double number_double(struct span s)
{
	char room[64], *text = s.n < sizeof room ? room : malloc(s.n + 1);
	double d;

	if (!text)
		return NAN;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	d = strtod(text, NULL);
	if (text != room)
		free(text);
	return d;
}

/* Digits of an integer, with a point before the last `places` of them. Returns the length. */
static size_t put_decimal(bool negative, uint64_t digits, unsigned places, char out[NUMBER_DOUBLE_ROOM])
{
	char text[NUMBER_DOUBLE_ROOM], *p = text + sizeof text;
	unsigned n = 0;
	size_t len;

	do {
		*--p = (char)('0' + digits % 10);
		digits /= 10;
		if (++n == places)
			*--p = '.';
	} while (digits || n <= places);
	if (negative)
		*--p = '-';
	len = (size_t)(text + sizeof text - p);
	memcpy(out, p, len);
	out[len] = '\0';
	return len;
}

/*
 * A number of up to 15 digits that is no large or small one. Such a decimal m / 10^k is the only one of its length that
 * reads as d; d × 10^k is off m by less than a half, and the division, of two exact doubles, rounds as reading does.
 */
static size_t short_decimal(double d, char out[NUMBER_DOUBLE_ROOM])
{
	double a = fabs(d), scale = 1, m;
	unsigned places;

	if (a >= 1e15 || (a < 1e-4 && a != 0))
		return 0;
	for (places = 0; places <= 18; places++, scale *= 10) {
		m = a * scale + 0.5;
		if (m >= 1e15)
			return 0;
		m = (double)(uint64_t)m;
		if (m / scale == a)
			return put_decimal(signbit(d), (uint64_t)m, places, out);
	}
	return 0;
}

/*
 * Doubles below a power of two lie twice as close as those above it, so the nearest decimal of so many digits may read as
 * the one below while the next decimal up reads as d. Writes that one to out; its length, or 0 where it isn't d either.
 */
static size_t next_decimal_up(double d, int precision, char out[NUMBER_DOUBLE_ROOM])
{
	int exponent;
	char *p;

	if (fabs(frexp(d, &exponent)) != 0.5)
		return 0;
	snprintf(out, NUMBER_DOUBLE_ROOM, "%.*e", precision - 1, d);
	for (p = strchr(out, 'e') - 1; p > out && *p == '9'; p--)
		*p = '0';
	if (*p < '0' || *p > '8')
		return 0;
	++*p;
	return strtod(out, NULL) == d ? strlen(out) : 0;
}

struct span number_from_int64(int64_t v, char room[NUMBER_INT64_ROOM])
{
	static const char pairs[] =
		"00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960"
		"616263646566676869707172737475767778798081828384858687888990919293949596979899";
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	char *end = room + NUMBER_INT64_ROOM, *p = end;

	for (; u >= 100; u /= 100) {
		p -= 2;
		memcpy(p, pairs + 2 * (u % 100), 2);
	}
	if (u >= 10) {
		p -= 2;
		memcpy(p, pairs + 2 * u, 2);
	} else {
		*--p = (char)('0' + u);
	}
	if (v < 0)
		*--p = '-';
	return (struct span){ p, (size_t)(end - p) };
}

size_t number_from_double(double d, char out[NUMBER_DOUBLE_ROOM])
{
	int precision = fabs(d) < 1e-300 ? 1 : 15, n;	/* the smallest have fewer digits */
	size_t len;

	out[0] = '\0';
	if (!isfinite(d))
		return 0;
	len = short_decimal(d, out);
	if (len)
		return len;
	for (; precision < 17; precision++) {
		snprintf(out, NUMBER_DOUBLE_ROOM, "%.*g", precision, d);
		if (strtod(out, NULL) == d)
			return strlen(out);
		len = next_decimal_up(d, precision, out);
		if (len)
			return len;
	}
	n = snprintf(out, NUMBER_DOUBLE_ROOM, "%.17g", d);
	return (size_t)n;
}

bool number_fits_double(struct span s)
{
	struct parts a = take_apart(s);
	char text[NUMBER_DOUBLE_ROOM];
	size_t n;

	if (a.n <= 15 && a.exponent > -290 && a.exponent < 290)
		return true;	/* DBL_DIG: so many digits always come back */
	n = number_from_double(number_double(s), text);

	return n && number_compare(s, (struct span){ text, n }) == 0;
}

/* Long division of a's digits, with zeros behind, by a divisor of up to NUMBER_DIVISOR_DIGITS digits. */
static bool divides(const struct parts *a, unsigned __int128 divisor, int64_t zeros)
{
	struct digits d = digits_of(a);
	unsigned __int128 rest = 0;

	while (d.left)
		rest = (rest * 10 + (unsigned)(next_digit(&d) - '0')) % divisor;
	for (; zeros > 0 && rest; zeros--)
		rest = rest * 10 % divisor;
	return rest == 0;
}

/*
 * With a = A × 10^i and b = B × 10^j, A and B integers that don't end in 0: a / b is an integer iff B divides
 * A × 10^(i - j), and where i < j the quotient would need A to be divisible by 10, which it isn't, unless B is to
 * be multiplied: then B × 10^(j - i) must divide A.
 */
bool number_is_multiple(struct span s, struct span divisor)
{
	struct parts a = take_apart(s), b = take_apart(divisor);
	struct digits d = digits_of(&b);
	unsigned __int128 value = 0;
	int64_t shift;

	if (!a.n)
		return true;
	if (!b.n)
		return false;
	shift = (a.exponent - (int64_t)a.n) - (b.exponent - (int64_t)b.n);
	if (shift < 0)
		return false;
	while (d.left)
		value = value * 10 + (unsigned)(next_digit(&d) - '0');
	/* a factor 2 or 5 in value is used up by at most 123 zeros */
	return divides(&a, value, shift > 128 ? 128 : shift);
}

size_t number_digits(struct span s)
{
	return take_apart(s).n;
}

size_t number_canonical(struct span s, char *out)
{
	struct parts a = take_apart(s);
	struct digits d = digits_of(&a);
	char *o = out;

	if (!a.n) {
		*o = '0';
		return 1;
	}
	if (a.negative)
		*o++ = '-';
	while (d.left)
		*o++ = next_digit(&d);
	o += sprintf(o, "e%lld", (long long)a.exponent);
	return (size_t)(o - out);
}
