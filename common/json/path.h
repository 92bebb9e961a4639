/*
 * path: where a value stands in a record. `contact.email`, `goals[0].minute`, `goals[*].minute`,
 * `["first name"].x`, a backslash before a '.' or '[' that belongs to a name, or a JSON Pointer (RFC 6901) when it starts with '/'; "" is the whole record.
 */
#ifndef SYNC_JSON_PATH_H
#define SYNC_JSON_PATH_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

enum step_kind { STEP_NAME, STEP_INDEX, STEP_EACH };

struct step {
	enum step_kind kind;
	struct span name;	/* unescaped UTF-8, for STEP_NAME; in a pointer an index may be a name too */
	struct span quoted;	/* the same as JSON text with its quotes */
	uint32_t index;		/* for STEP_INDEX */
	bool either;		/* a STEP_NAME of a pointer that is an index too, where it meets an array */
};

struct path {
	struct step *step;	/* lives in the arena given to path_compile */
	uint32_t n;
	bool each;		/* has a STEP_EACH */
	struct span text;	/* as written */
};

/* Compiles text. Everything is allocated from the arena. Returns 0, or -1 with a usage error that names the column. */
int path_compile(struct path *path, struct span text, struct arena *arena, struct error *err);
/* A path of one name, whatever that holds. */
void path_name(struct path *path, struct span name, struct arena *arena);
/* Of paths with commas between them: the end of the first, at a comma outside brackets or at the NUL. */
const char *path_list_end(const char *list);
/* Adds the path as a JSON Pointer (for messages and rejects). */
void path_pointer(const struct path *path, struct buf *out);
bool path_eq(const struct path *a, const struct path *b);
/* a is b or stands above it. */
bool path_covers(const struct path *a, const struct path *b);

#endif
