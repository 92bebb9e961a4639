/*
 * times: moments read from JSON values in one of several forms and written in another. Local times become moments by a
 * zone; those that no clock shows, or that clocks show twice, are decided as told, after ECMAScript's Temporal: `earlier` and
 * `later` choose between the two offsets around the change. For common/map alone.
 */
#ifndef SYNC_MAP_TIMES_H
#define SYNC_MAP_TIMES_H

#include "map/map_private.h"
#include "value/time.h"
#include "value/zone.h"

enum time_kind { TIME_RFC3339, TIME_EPOCH, TIME_FORMAT };

struct time_form {
	enum time_kind kind;
	int power;		/* TIME_EPOCH: counts 10^-power seconds: 0, 3, 6, 9 */
	const char *format;	/* TIME_FORMAT */
};

enum time_choice { CHOOSE_REJECT, CHOOSE_EARLIER, CHOOSE_LATER };

struct times {
	struct time_form *from;		/* tried in this order */
	uint32_t n;
	struct zone *zone;		/* owned: of what says no offset; NULL: UTC, where it doesn't matter */
	const char *zone_name;
	int gap, overlap;		/* enum time_choice */
	struct time_form to;
	struct zone *to_zone;		/* owned; NULL: UTC */
};

/* Reads `from`, `zone`, `gap`, `overlap` and `to` of a map. Usage errors say where. */
int times_compile(struct times *t, struct spec *spec, struct value map, struct error *err);
void times_release(struct times *t);

/* v is a string or a number; text is the string's. -1: "bad-time", "time-gap", "time-overlap", "lossy". */
int times_read(struct times *t, struct value v, struct span text, struct moment *m, struct error *err);
/* Adds JSON text. -1: "bad-time" (no year of four digits), "lossy". */
int times_write(struct times *t, struct moment m, struct buf *json, struct error *err);

/* The JSON type and format of what is written. */
const char *times_type(const struct times *t);
const char *times_format(const struct times *t);

#endif
