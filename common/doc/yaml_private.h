/* yaml_private: numbers of YAML's core schema that JSON writes otherwise. */
#ifndef SYNC_DOC_YAML_PRIVATE_H
#define SYNC_DOC_YAML_PRIVATE_H

#include "base/buf.h"

/* Adds a number of the core schema, 0x1F, 0o17, +1, 007, .5, 5. too, as JSON; false where s is none (or one of 64 digits in another base). */
bool yaml_number(struct span s, struct buf *out);
bool yaml_is_infinite(struct span s);	/* .inf, -.Inf, .NaN, … */

#endif
