/* base64: bytes as text with padding (RFC 4648 §4), as `contentEncoding: base64` has them. */
#ifndef SYNC_VALUE_BASE64_H
#define SYNC_VALUE_BASE64_H

#include <stdint.h>

#include "base/buf.h"

void base64_add(struct buf *b, struct span bytes);	/* without quotes */
/* Bytes that a text of so many characters has at most. */
static inline size_t base64_room(size_t characters) { return characters / 4 * 3 + 3; }
/* Whether base64_decode would take it. */
bool base64_is(struct span text);
/* Strictly: no line breaks, padding as it must be. The number of bytes in out, which has base64_room(text.n) of them; or -1. */
int64_t base64_decode(struct span text, unsigned char *out);

#endif
