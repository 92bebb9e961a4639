/* uri: references resolved against a base, as RFC 3986 §5.2 does it. What `$id` and `$ref` need. */
#ifndef SYNC_RULES_URI_H
#define SYNC_RULES_URI_H

#include "base/buf.h"

struct uri {
	struct span scheme, authority, path, query, fragment;	/* without their delimiters */
	bool has_scheme, has_authority, has_query, has_fragment;
};

/* Splits by the expression of RFC 3986, appendix B; every string can be split. Spans borrow. */
void uri_split(struct uri *u, struct span text);
/* Sets out to the absolute form of `ref`, with its fragment. `base` has a scheme. */
void uri_resolve(struct span base, struct span ref, struct buf *out);
/* Replaces %XX; what isn't one stays as it is. */
void uri_decode(struct span text, struct buf *out);

#endif
