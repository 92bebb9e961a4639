/* text: UTF-8 (RFC 3629) as characters. */
#ifndef SYNC_VALUE_TEXT_H
#define SYNC_VALUE_TEXT_H

#include "base/span.h"

/* Code points in well-formed UTF-8. */
size_t text_length(struct span s);

#endif
