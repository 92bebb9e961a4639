/* yaml_private: numbers of YAML's core schema that JSON writes otherwise. */
#ifndef SYNC_DOC_YAML_PRIVATE_H
#define SYNC_DOC_YAML_PRIVATE_H

#include "base/span.h"

/* 0x1F, 0o17, +1, 007, .5, 5. as a JSON number in out; false where s is no number (or one too long for out). */
bool yaml_number(struct span s, char *out, size_t room);
bool yaml_is_infinite(struct span s);	/* .inf, -.Inf, .NaN, … */

#endif
