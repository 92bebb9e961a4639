/* decimal: columns of digits, added one by one. */
#include "merge/decimal.h"

#include <stdlib.h>

#include "base/xalloc.h"

enum { MOST = 4000 };

/* A number's digits and the power of ten that the last of them stands for. */
struct digits {
	const char *p, *end;	/* from the first digit to behind the last, with perhaps a '.' among them */
	long long low;
	long long n;		/* digits */
	bool negative;
};

static struct digits take_apart(struct span s)
{
	struct digits d = { s.p, s.p, 0, 0, s.p[0] == '-' };
	const char *end = s.p + s.n;
	bool fraction = false;

	d.p += d.negative;
	for (d.end = d.p; d.end < end && (*d.end | 0x20) != 'e'; d.end++) {
		fraction = fraction || *d.end == '.';
		d.n += *d.end != '.';
		d.low -= fraction && *d.end != '.';
	}
	if (d.end < end)
		d.low += strtoll(d.end + 1, NULL, 10);	/* saturates; then it is too long anyway */
	return d;
}

/* Column 0 is the power `low`. */
static void add(int *column, long long low, const struct digits *d, bool minus)
{
	long long at = d->low - low + d->n;
	const char *p;

	for (p = d->p; p < d->end; p++) {
		if (*p == '.')
			continue;
		at--;
		column[at] += (d->negative != minus ? -1 : 1) * (*p - '0');
	}
}

/* Makes every column a digit; true if the number is negative, whose magnitude is left. */
static bool carry(int *column, size_t n)
{
	int over = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		column[i] += over;
		over = column[i] >= 0 ? column[i] / 10 : -((9 - column[i]) / 10);
		column[i] -= over * 10;
	}
	if (over >= 0)
		return false;
	for (i = 0; i < n; i++)
		column[i] = -column[i];
	column[n - 1] -= over * 10;
	carry(column, n);
	return true;
}

static void write(const int *column, size_t n, size_t places, bool negative, struct buf *out)
{
	size_t i = n;

	while (i > places + 1 && column[i - 1] == 0)
		i--;
	if (negative)
		buf_addc(out, '-');
	while (i-- > 0) {
		buf_addc(out, (char)('0' + column[i]));
		if (i == places && places)
			buf_addc(out, '.');
	}
}

int decimal_sum(const struct decimal_term *term, size_t n, struct buf *out)
{
	long long low = 0, high = 1;	/* from the lowest power of ten up to, but without, the highest */
	struct digits d;
	size_t i, width;
	int *column;
	bool negative;

	for (i = 0; i < n; i++) {
		d = take_apart(term[i].number);
		if (d.low < -MOST || d.low > MOST || d.n > MOST)
			return -1;
		low = d.low < low ? d.low : low;
		high = d.low + d.n > high ? d.low + d.n : high;
	}
	if (high - low > MOST || n > MOST)
		return -1;
	width = (size_t)(high - low) + 5;	/* room for the carries of up to MOST terms */
	column = xcalloc(width, sizeof *column);
	for (i = 0; i < n; i++) {
		d = take_apart(term[i].number);
		add(column, low, &d, term[i].minus);
	}
	negative = carry(column, width);
	write(column, width, (size_t)-low, negative, out);
	free(column);
	return 0;
}
