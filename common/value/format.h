/*
 * format: the formats of JSON Schema (Validation §7.3) that can be checked, and `local-date-time` (sync-stream.5).
 *
 *   date-time, date, time  RFC 3339 §5.6, leap seconds where they can be
 *   local-date-time        the same as date-time without an offset
 *   duration               RFC 3339 appendix A
 *   email                  RFC 5321 §4.1.2, Mailbox
 *   uri                    RFC 3986, with a scheme
 *   uuid                   RFC 4122
 *   ipv4, ipv6             RFC 2673 §3.2, RFC 4291 §2.2
 *   hostname               RFC 1123 §2.1, ASCII
 */
#ifndef SYNC_VALUE_FORMAT_H
#define SYNC_VALUE_FORMAT_H

#include "base/span.h"

struct format {
	const char *name;
	bool (*check)(struct span text);
};

/* By its name; NULL: unknown. */
const struct format *format_find(struct span name);
/* All of them. */
const struct format *format_table(size_t *n);


#endif
