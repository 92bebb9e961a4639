/*
 * extract_scalar: values that hold no others, as text that PostgreSQL takes for the same value; -1: the binary form isn't what it
 * should be.
 */
#ifndef SYNC_POSTGRESQL_EXTRACT_SCALAR_H
#define SYNC_POSTGRESQL_EXTRACT_SCALAR_H

#include "extract.h"

/* Booleans, numbers but for numeric, and times; iso: these as RFC 3339 and ISO 8601 have them. */
int text_of_fixed(const struct pg_type *t, struct bytes b, bool iso, struct buf *out);
int text_of_numeric(struct bytes b, struct buf *out);
int text_of_inet(struct bytes b, bool cidr, struct buf *out);
int text_of_uuid(struct bytes b, struct buf *out);
int text_of_bits(struct bytes b, struct buf *out);
/* Hexadecimal digits, with a character after each `group` bytes but the last; 0: none. */
void add_hex(struct bytes b, int group, char between, struct buf *out);

#endif
