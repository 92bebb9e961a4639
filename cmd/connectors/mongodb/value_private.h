/* value_private: what both directions of value.h must agree on. */
#ifndef SYNC_MONGODB_VALUE_PRIVATE_H
#define SYNC_MONGODB_VALUE_PRIVATE_H

#include "value.h"

/* 0000-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z, in milliseconds. */
#define DATE_FIRST INT64_C(-62167219200000)
#define DATE_LAST  INT64_C(253402300799999)

/* Objects of Extended JSON v2, by their names alone, in any order. */
enum extended {
	EXTENDED_NONE,
	EXTENDED_OID, EXTENDED_SYMBOL, EXTENDED_INT, EXTENDED_LONG, EXTENDED_DOUBLE, EXTENDED_DECIMAL, EXTENDED_BINARY, EXTENDED_UUID,
	EXTENDED_CODE, EXTENDED_SCOPED, EXTENDED_TIMESTAMP, EXTENDED_REGEX, EXTENDED_POINTER, EXTENDED_DATE, EXTENDED_MIN, EXTENDED_MAX,
	EXTENDED_UNDEFINED, EXTENDED_LITERAL,
};
enum extended extended_of(const struct span *names, size_t n);

static inline bool kind_is_number(enum shape_kind kind)
{
	return (kind >= SHAPE_INT32 && kind <= SHAPE_DECIMAL) || kind == SHAPE_NUMBER;
}

/* Text that a field of this kind would be read from as something other than text. */
bool text_is_declared(struct span text, enum shape_kind kind);

/* NaN, Infinity, -Infinity. */
bool text_is_special(struct span text);
double special_double(struct span text);
void special_decimal(struct span text, bson_decimal128_t *out);

/* Each: whether the text is that, and what it is. */
bool oid_parse(struct span text, bson_oid_t *out);
bool uuid_parse(struct span text, uint8_t out[16]);
enum date_fit { DATE_NOT, DATE_EXACT, DATE_FINER };
enum date_fit date_parse(struct span text, int64_t *ms);	/* DATE_FINER: *ms is cut */
bool decimal_parse(struct span text, bson_decimal128_t *out);	/* exactly */

#endif
