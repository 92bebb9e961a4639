/* text: UTF-8 (RFC 3629) as characters, and what is done to texts: white space, case, normal forms, by utf8proc's tables of Unicode. */
#ifndef SYNC_VALUE_TEXT_H
#define SYNC_VALUE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

/* Code points in well-formed UTF-8. */
size_t text_length(struct span s);

/*
 * trim       no white space (Unicode's White_Space) at either end
 * squeeze    every run of white space is one blank
 * nfc        Normalization Form C (UAX 15)
 * lower, upper   each code point's simple mapping (UnicodeData.txt), whatever stands beside it
 * fold       full case folding (CaseFolding.txt, C and F), for comparing
 */
enum text_change { TEXT_TRIM, TEXT_SQUEEZE, TEXT_NFC, TEXT_LOWER, TEXT_UPPER, TEXT_FOLD };

/* Room for code points, kept from text to text. */
struct text_room {
	int32_t *v;	/* owned; free() it */
	size_t cap;
};

/* Adds the changed text to out (which doesn't hold it); false where it would be the same: then nothing is added. s is UTF-8. */
bool text_change(enum text_change what, struct span s, struct text_room *room, struct buf *out);

#endif
