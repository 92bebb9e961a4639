/*
 * drive_number: does what number.t says. A line of input is two numbers A and B with a blank between; its line of output
 * says compare(A, B), of A: integer, zero, int64, uint64, double, fits a double, the double's shortest text, canonical;
 * whether A is a multiple of B ("?" where B is no divisor). A line "? TEXT" asks whether the text is a number.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/fileio.h"
#include "value/number.h"

static void integers(struct span a, struct buf *out)
{
	uint64_t u;
	int64_t i;

	if (number_int64(a, &i))
		buf_adds(out, " -");
	else
		buf_addf(out, " %" PRId64, i);
	if (number_uint64(a, &u))
		buf_adds(out, " -");
	else
		buf_addf(out, " %" PRIu64, u);
}

static void doubles(struct span a, struct buf *out)
{
	char text[NUMBER_DOUBLE_ROOM];
	double d = number_double(a);
	size_t n = number_from_double(d, text);

	buf_addf(out, " %a %d %s", d, number_fits_double(a), n ? text : "-");
}

static void pair(struct span a, struct span b, struct buf *out)
{
	static const struct span zero = { "0", 1 };
	char canonical[4096];
	size_t n;

	buf_addf(out, "%d %d %d", number_compare(a, b), number_is_integer(a), number_is_zero(a));
	integers(a, out);
	doubles(a, out);
	n = a.n + NUMBER_CANONICAL_EXTRA <= sizeof canonical ? number_canonical(a, canonical) : 0;
	buf_addf(out, " %.*s", (int)n, canonical);
	if (number_compare(b, zero) <= 0 || number_digits(b) > NUMBER_DIVISOR_DIGITS)
		buf_adds(out, " ?\n");
	else
		buf_addf(out, " %d\n", number_is_multiple(a, b));
}

int main(void)
{
	struct buf in = BUF_INIT, out = BUF_INIT;
	struct error err = ERROR_INIT;
	char *p, *eol, *blank;

	if (io_slurp("-", (size_t)1 << 30, &in, &err))
		return 3;
	for (p = buf_str(&in); (eol = strchr(p, '\n')); p = eol + 1) {
		blank = memchr(p, ' ', (size_t)(eol - p));
		if (!blank)
			return 2;
		if (*p == '?')
			buf_addf(&out, "%d\n", number_is_json((struct span){ p + 2, (size_t)(eol - p) - 2 }));
		else
			pair((struct span){ p, (size_t)(blank - p) }, (struct span){ blank + 1, (size_t)(eol - blank) - 1 }, &out);
	}
	fwrite(out.p, 1, out.n, stdout);
	buf_release(&in);
	buf_release(&out);
	return fflush(stdout) ? 3 : 0;
}
