/*
 * record: one line, its tape, and edits that patch the tape. Untouched bytes are written untouched;
 * numbers keep their digits. Every read sees earlier edits; edits compose in any order. Once warm,
 * nothing is allocated per record.
 *
 * A value is a place in a record. It is good until the next scan of that record; an edit leaves other
 * values good, but not the edited one or those below it.
 */
#ifndef SYNC_JSON_RECORD_H
#define SYNC_JSON_RECORD_H

#include "base/arena.h"
#include "base/buf.h"
#include "json/path.h"
#include "json/scan.h"

struct record {
	struct span line;	/* borrowed: SCAN_PADDING bytes after it are readable; record_copy's own copy */
	struct tape tape;	/* owned */
	struct buf edit;	/* owned: the text of edits, padded */
	struct arena arena;	/* owned: scratch, reset by every scan */
	bool dirty;		/* something was edited since the scan */
	struct record_links *links;	/* owned: chains of new members; private to the record's own files */
};

struct value {
	const struct record *rec;	/* NULL: no value */
	uint32_t tok;
};
#define VALUE_NONE ((struct value){ NULL, 0 })

/*
 * A place to remember where a path was found last time; zeroed at first. One for each use of a path. Where an object has
 * two members of the name, the one remembered may be found instead of the first.
 */
struct cursor {
	uint32_t guess[4];
	uint64_t shape;		/* of the last line without edits that the path was looked for in; 0: none */
	uint32_t from, found;	/* from which token, and what was found there: a token + 1, or 0 */
};

/* A walk over members or elements; zeroed at first. */
struct walk {
	uint32_t at;
	uint32_t link;
	uint32_t done;
};

void record_init(struct record *rec);
void record_release(struct record *rec);

/* Scans a line, of which it keeps a borrowed span. Errors as scan_text. Any JSON value is taken: see record_is_object. */
int record_scan(struct record *rec, const char *line, size_t n, const struct scan_limits *limits, struct error *err);
/* The same from bytes without padding: they are copied into the record first. */
int record_copy(struct record *rec, const char *line, size_t n, const struct scan_limits *limits, struct error *err);
struct value record_root(const struct record *rec);

/* ---- reading */

/*
 * Finds the first value at the path; names are compared unescaped. cursor may be NULL.
 * Returns 1 and sets *out, or 0. With STEP_EACH the first match; record_each visits all.
 */
int record_get(const struct record *rec, const struct path *path, struct cursor *cursor, struct value *out);
/* The same, starting at a value of the record instead of its root. */
int value_get(struct value from, const struct path *path, struct cursor *cursor, struct value *out);
/* The member of an object by unescaped name: 1 or 0. For rare use; paths with cursors are faster. */
int value_member(struct value object, struct span name, struct value *out);
/* Calls fn for every match of the path, until it returns other than 0, which is returned. */
int record_each(const struct record *rec, const struct path *path, int (*fn)(void *ctx, struct value v), void *ctx);
/*
 * The next member or element of a container: 1, or 0 after the last. name is the member's key token as
 * a value (of type string), VALUE_NONE in an array; name may be NULL.
 */
int value_next(struct value parent, struct walk *walk, struct value *name, struct value *out);
uint32_t value_count(struct value container);	/* members or elements, duplicates included */

static inline bool value_present(struct value v) { return v.rec != NULL; }
static inline const struct token *value_token(struct value v) { return &v.rec->tape.tok[v.tok]; }
static inline enum token_type value_type(struct value v) { return (enum token_type)value_token(v)->type; }

/* The bytes of a token: a string's without its quotes and as written, a number's digits. Not for dirty containers. */
static inline struct span value_bytes(struct value v)
{
	const struct token *t = value_token(v);
	const char *base = t->flags & TOKEN_EDITED ? v.rec->edit.p : v.rec->line.p;

	return (struct span){ base + t->at, t->len };
}
/* A string's text, unescaped: borrowed from the record when it has no escapes, else built in the arena. */
struct span value_text(struct value v, struct arena *arena);
/* Equality of a string or key with unescaped text, without building it. */
bool value_text_is(struct value v, struct span text);
/* 0 and *out if the number is an integer by value (1.0, 1e2 too) that fits, else -1. */
int value_int64(struct value v, int64_t *out);
/* Adds the JSON text of any value, edits included. */
void value_write(struct value v, struct buf *out);

/* 1 if any object of the record has two members of one unescaped name, and sets *name to the second; else 0. `memo` remembers the last line's names (zeroed at first, freed by record_names_release). */
struct record_names;
int record_duplicate(const struct record *rec, struct record_names **memo, struct value *name);
void record_names_release(struct record_names *memo);

/* ---- edits: 0, or -1 with a data error ("no-parent", "not-a-container", "name-exists", "bad-json"). After an error the record may be half
 * edited: scan it again before it is used. */

/* Sets the value at the path to JSON text, which is scanned. The last step is created when missing, its parents are not. STEP_EACH sets all. */
int record_set(struct record *rec, const struct path *path, struct span json, struct error *err);
/* The same, with objects made for missing parents. */
int record_set_deep(struct record *rec, const struct path *path, struct span json, struct error *err);
/* Sets it to a copy of a value of any record, this one included. */
int record_put(struct record *rec, const struct path *path, struct value v, struct error *err);
/* The same, with objects made for missing parents. */
int record_put_deep(struct record *rec, const struct path *path, struct value v, struct error *err);
/* Removes what is there; nothing there is no error. */
int record_remove(struct record *rec, const struct path *path, struct error *err);
/* Gives the member at the path another name, in its place. Onto a name that exists: -1, "name-exists". Nothing there: 0. */
int record_rename(struct record *rec, const struct path *path, struct span name, struct error *err);
/* The same with a place to remember where it was. */
int record_rename_at(struct record *rec, const struct path *path, struct cursor *cursor, struct span name, struct error *err);
/* Sets a member as the first one of the record's top object (for `_sync`). */
int record_set_first(struct record *rec, struct span name, struct span json, struct error *err);

enum change_to {
	CHANGE_NOT,	/* it stays as it is */
	CHANGE_SET,	/* it becomes the JSON text in `json` */
	CHANGE_REMOVE,	/* it goes */
	CHANGE_INSIDE,	/* record_prune: those below it are asked */
};			/* -1: an error */
/* What becomes of a value: `json` is empty when it is called; the record is not to be edited meanwhile. */
typedef int change_fn(void *ctx, struct value v, struct buf *json, struct error *err);
/* Calls fn for every value at the path; nothing there is no error. cursor may be NULL. The whole record ("") can be set, not removed. */
int record_change(struct record *rec, const struct path *path, struct cursor *cursor, change_fn *fn, void *ctx, struct error *err);

/* Whether a member (name) or an element (index; name none) stays; depth 0 is the top object. CHANGE_INSIDE of what holds nothing is CHANGE_REMOVE. */
typedef enum change_to prune_fn(void *ctx, uint32_t depth, struct value name, uint32_t index, struct value v);
void record_prune(struct record *rec, prune_fn *fn, void *ctx);

/* Adds the record's text without a line feed: byte for byte the line when nothing was edited. */
void record_write(const struct record *rec, struct buf *out);

static inline bool record_is_object(const struct record *rec) { return value_type(record_root(rec)) == TOKEN_OBJECT; }

/* ---- building JSON text */

/* Adds text as a JSON string with quotes; only what RFC 8259 wants escaped is. Bytes that aren't UTF-8 return -1 and add nothing. */
int json_add_string(struct buf *out, struct span text);

#endif
