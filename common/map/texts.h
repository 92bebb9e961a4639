/*
 * texts: what is done to texts: white space, case, normal forms, by utf8proc's tables of Unicode. For common/map alone.
 */
#ifndef SYNC_MAP_TEXTS_H
#define SYNC_MAP_TEXTS_H

#include <stdint.h>

#include "base/buf.h"

/*
 * trim       no white space (Unicode's White_Space) at either end
 * squeeze    every run of white space is one blank
 * nfc        Normalization Form C (UAX 15)
 * lower, upper   each code point's simple mapping (UnicodeData.txt)
 * fold       full case folding (CaseFolding.txt, C and F), for comparing
 */
enum string_change { STRING_TRIM, STRING_SQUEEZE, STRING_NFC, STRING_LOWER, STRING_UPPER, STRING_FOLD };

/* Room for code points, kept from text to text. */
struct string_room {
	int32_t *v;	/* owned; free() it */
	size_t cap;
};

/* Adds the changed text to out (which doesn't hold it); false where it would be the same: then nothing is added. s is UTF-8. */
bool string_change(enum string_change what, struct span s, struct string_room *room, struct buf *out);

#endif
