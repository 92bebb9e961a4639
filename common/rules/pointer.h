/* pointer: a name as a step of a JSON Pointer (RFC 6901). */
#ifndef SYNC_RULES_POINTER_H
#define SYNC_RULES_POINTER_H

#include "base/buf.h"

static inline void pointer_step(struct span name, struct buf *out)
{
	size_t i;

	buf_addc(out, '/');
	for (i = 0; i < name.n; i++) {
		if (name.p[i] == '~')
			buf_adds(out, "~0");
		else if (name.p[i] == '/')
			buf_adds(out, "~1");
		else
			buf_addc(out, name.p[i]);
	}
}

#endif
