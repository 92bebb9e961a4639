/*
 * zone: time zones by their IANA names, from the system's TZif files (RFC 8536; $TZDIR, else /usr/share/zoneinfo, else
 * /usr/lib/zoneinfo), and what the rule at a file's end says of times behind its table.
 */
#ifndef SYNC_VALUE_ZONE_H
#define SYNC_VALUE_ZONE_H

#include <stdint.h>

#include "base/error.h"

struct zone;

/* "Europe/London", "UTC", or a fixed "+02:00". Read whole: nothing is opened later. NULL with a usage error. */
struct zone *zone_load(const char *name, struct error *err);
void zone_free(struct zone *z);

/* Seconds east of UTC at a moment. The last range found is remembered. */
int32_t zone_offset(struct zone *z, int64_t second);
/*
 * The moments that local time `local` (civil seconds, as if UTC) names: 1 usually; 2 where clocks went back (at[0] is the
 * earlier); 0 where they went forward: then at[0] is the earlier and at[1] the later of the moments that the offsets
 * before and after the gap give.
 */
int zone_local(struct zone *z, int64_t local, int64_t at[2]);

#endif
