/* template: keys that hold fields, game:{season}:{id}. */
#ifndef SYNC_REDIS_TEMPLATE_H
#define SYNC_REDIS_TEMPLATE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

enum { MOST_PARTS = 16 };

struct template {
	struct span literal[MOST_PARTS + 1];	/* before each part, and behind the last */
	struct span name[MOST_PARTS];
	uint32_t parts;
};

/* text must outlive it. -1: a usage error. */
int template_parse(struct template *t, const char *text, struct error *err);
/* As a pattern of SCAN's. */
void template_pattern(const struct template *t, struct buf *out);
/* The key of these parts. False where the key would be taken apart into others, or a part is empty. */
bool template_key(const struct template *t, const struct span parts[MOST_PARTS], struct buf *out);
/* The parts of a key that it fits; false for any other. No part is empty or holds what stands behind it. */
bool template_match(const struct template *t, struct span key, struct span parts[MOST_PARTS]);

#endif
