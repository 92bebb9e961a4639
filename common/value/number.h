/*
 * number: JSON numbers (RFC 8259 §6) as their digits, compared and converted exactly, whatever their length.
 * Every span given must obey the grammar. Exponents beyond 10^17 either way are all the same one.
 */
#ifndef SYNC_VALUE_NUMBER_H
#define SYNC_VALUE_NUMBER_H

#include <stdint.h>

#include "base/span.h"

/* -1, 0, 1 by value: 1.0 = 1 = 10e-1, -0 = 0. */
int number_compare(struct span a, struct span b);
static inline bool number_equal(struct span a, struct span b) { return span_eq(a, b) || number_compare(a, b) == 0; }
/* The text obeys the grammar of RFC 8259, whole. The one function here that takes any text. */
bool number_is_json(struct span s);
/* Is an integer by value: 1.0 and 1e2 are, 1.5 is not. */
bool number_is_integer(struct span s);
bool number_is_zero(struct span s);
/* 0 and *out where the value is an integer that fits, else -1. */
int number_int64(struct span s, int64_t *out);
int number_uint64(struct span s, uint64_t *out);
/* The nearest double (round half to even); infinite when out of range. */
double number_double(struct span s);
/* An integer's digits, in the room given. */
enum { NUMBER_INT64_ROOM = 24 };
struct span number_from_int64(int64_t v, char room[NUMBER_INT64_ROOM]);
/* A double's shortest text that reads back as the same double, as JSON; n bytes with a NUL. Infinities and NaN: 0 and "". */
enum { NUMBER_DOUBLE_ROOM = 32 };
size_t number_from_double(double d, char out[NUMBER_DOUBLE_ROOM]);
/* The value comes back equal from a double: 0.1 does (its shortest text is 0.1), 0.10000000000000000001 does not. */
bool number_fits_double(struct span s);
/* Significant digits: those between leading and trailing zeros; 0 for zero. */
size_t number_digits(struct span s);
/* The value divided by the divisor is an integer, exactly (JSON Schema multipleOf). The divisor is above 0 and has few enough digits. */
enum { NUMBER_DIVISOR_DIGITS = 37 };
bool number_is_multiple(struct span s, struct span divisor);

/*
 * The one text of a value: "-", significant digits without leading or trailing zeros, "e" and the exponent of 0.digits
 * (7 is "7e1", 0.25 is "25e0"); "0".
 * Equal values give equal bytes. out has room for s.n + NUMBER_CANONICAL_EXTRA bytes. Returns the length.
 */
enum { NUMBER_CANONICAL_EXTRA = 24 };
size_t number_canonical(struct span s, char *out);

#endif
