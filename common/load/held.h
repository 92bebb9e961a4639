/* held: records that a loader keeps, as they came, to take them again. */
#ifndef SYNC_LOAD_HELD_H
#define SYNC_LOAD_HELD_H

#include "load/declared.h"
#include "load/run.h"

struct held {
	struct arrival *v;	/* owned; their lines lie in the arena */
	size_t n, cap;
	size_t bytes;		/* of the lines */
	struct arena arena;
};
#define HELD_INIT { NULL, 0, 0, 0, ARENA_INIT }

void held_add(struct held *h, const struct arrival *a);	/* copies the line */
/* load_again for each, in their order, and forgets them. What is added meanwhile is not among them, and stays. */
int held_take(struct held *h, struct load *l, struct error *err);
/* What the fields of these records hold. */
int held_seen(const struct held *h, bool any_case, struct seen *out, struct error *err);
/* Adds those of h to out that the other has, or hasn't (by their lines' numbers, which are one record's each). */
void held_select(const struct held *h, const struct held *other, bool has, struct held *out);
void held_release(struct held *h);

/* ---- a table that isn't there, and that no schema declares: its first records say what fields it has */

/* Keeps the record in hand, if one of this op makes a row. */
bool held_first(struct held *h, const struct load *l, enum op op);
/* Those kept are enough to say it: a thousand, or 1 MiB of them. */
bool held_enough(const struct held *h);
/* What becomes of any other record there: LOAD_DONE, since nothing is there to delete; for an update as --missing says. */
int held_missing(const struct load *l, enum op op, const char *table, struct error *err);

/* A copy of a line, padded for the scanner. */
struct span line_copy(struct arena *arena, struct span line);

#endif
