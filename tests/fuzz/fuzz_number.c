/* fuzz_number: two or three lines that are numbers are compared, hashed and converted, and what is said of them agrees. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "value/number.h"

#define MUST(x) do { if (!(x)) abort(); } while (0)

static int sign(int c)
{
	return (c > 0) - (c < 0);
}

static struct span take_line(const uint8_t **p, const uint8_t *end)
{
	const uint8_t *start = *p, *eol = memchr(start, '\n', (size_t)(end - start));

	if (!eol)
		eol = end;
	*p = eol + (eol < end);
	return (struct span){ (const char *)start, (size_t)(eol - start) };
}

/* What an integer type takes is an integer, and its digits are the value. */
static void check_integers(struct span a)
{
	char text[32];
	uint64_t u;
	int64_t i;

	if (!number_int64(a, &i)) {
		MUST(number_is_integer(a));
		snprintf(text, sizeof text, "%lld", (long long)i);
		MUST(number_equal(a, (struct span){ text, strlen(text) }));
	}
	if (!number_uint64(a, &u)) {
		MUST(number_is_integer(a));
		snprintf(text, sizeof text, "%llu", (unsigned long long)u);
		MUST(number_equal(a, (struct span){ text, strlen(text) }));
	}
}

static void check_double(struct span a)
{
	char text[NUMBER_DOUBLE_ROOM];
	double d = number_double(a);
	size_t n = number_from_double(d, text);
	struct span back = { text, n };

	if (!n) {
		MUST(!isfinite(d) && !number_fits_double(a));
		return;
	}
	MUST(number_is_json(back) && number_double(back) == d && number_digits(back) <= 17);
	MUST(number_fits_double(back));
	MUST(number_fits_double(a) == number_equal(a, back));
}

static struct span canonical_of(struct span a)
{
	char *room = malloc(a.n + NUMBER_CANONICAL_EXTRA);

	MUST(room);
	return (struct span){ room, number_canonical(a, room) };
}

static void check_pair(struct span a, struct span b)
{
	struct span x = canonical_of(a), y = canonical_of(b), zero = { "0", 1 };
	int c = number_compare(a, b);

	MUST(sign(number_compare(b, a)) == -sign(c));
	MUST((c == 0) == number_equal(a, b));
	MUST((c == 0) == span_eq(x, y));
	MUST(c || (number_is_integer(a) == number_is_integer(b) && number_is_zero(a) == number_is_zero(b)));
	MUST(c <= 0 || number_double(a) >= number_double(b));
	if (number_compare(b, zero) > 0 && number_digits(b) <= NUMBER_DIVISOR_DIGITS) {
		MUST(c || number_is_multiple(a, b));
		MUST(!number_is_zero(a) || number_is_multiple(a, b));
	}
	free((char *)(uintptr_t)x.p);
	free((char *)(uintptr_t)y.p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *p = data, *end = data + size;
	struct span s[3], one = { "1", 1 };
	int n, i;

	for (n = 0; n < 3 && p < end; n++) {
		s[n] = take_line(&p, end);
		if (!number_is_json(s[n]))
			return 0;
	}
	for (i = 0; i < n; i++) {
		check_integers(s[i]);
		check_double(s[i]);
		check_pair(s[i], s[i]);
		check_pair(s[i], s[(i + 1) % n]);
		MUST(number_is_integer(s[i]) == number_is_multiple(s[i], one));
	}
	if (n == 3 && number_compare(s[0], s[1]) <= 0 && number_compare(s[1], s[2]) <= 0)
		MUST(number_compare(s[0], s[2]) <= 0);
	return 0;
}
