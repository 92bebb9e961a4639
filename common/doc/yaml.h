/*
 * yaml: what users write: YAML 1.2 (core schema: `no` is a word) or JSON, as a record with a place for every value.
 *
 * Numbers keep their digits where JSON could have written them; 0x1F, 0o17, +1, .5 become what they mean. Refused:
 * .inf and .nan, tags, several documents, duplicate keys, keys that are no scalars, nesting below 64, more than 100,000
 * nodes after aliases. Every error starts with "FILE:LINE:COLUMN: ".
 */
#ifndef SYNC_DOC_YAML_H
#define SYNC_DOC_YAML_H

#include "base/error.h"
#include "json/record.h"

struct doc_place { uint32_t line, column; };	/* from 1 */

struct doc {
	char *name;			/* owned: for messages */
	struct record rec;		/* the document; its tape is never edited */
	struct doc_place *place;	/* owned: of each token */
	uint32_t places;
	struct arena arena;		/* texts that doc_… functions give live here */
};

/* The file's whole text; "-" is standard input. */
int doc_load(struct doc *doc, const char *path, struct error *err);
/* From memory; name is for messages. */
int doc_load_text(struct doc *doc, struct span text, const char *name, struct error *err);
void doc_release(struct doc *doc);
static inline struct value doc_root(const struct doc *doc) { return record_root(&doc->rec); }

/* Sets a usage error that begins with where the value stands. Returns -1. */
int doc_error(const struct doc *doc, struct value v, struct error *err, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
struct doc_place doc_place(const struct doc *doc, struct value v);

/* A member of a map: 1, 0 when it is not there. */
static inline int doc_get(struct value map, const char *name, struct value *out) { return value_member(map, span_of(name), out); }
/* The value is of that kind, or an error "WHAT is no map". */
int doc_is_map(const struct doc *doc, struct value v, const char *what, struct error *err);
int doc_is_list(const struct doc *doc, struct value v, const char *what, struct error *err);
/* A text, with a NUL behind it, in the document's arena. Numbers and booleans are no texts: they want quotes. */
int doc_text(struct doc *doc, struct value v, const char *what, struct span *out, struct error *err);
int doc_bool(const struct doc *doc, struct value v, const char *what, bool *out, struct error *err);
/* One of words (ended by NULL): its index, or an error with the nearest one. */
int doc_word(struct doc *doc, struct value v, const char *what, const char *const *words, int *out, struct error *err);
/* Every name of a map is one of words; else an error with the nearest one. */
int doc_names(struct doc *doc, struct value map, const char *what, const char *const *words, struct error *err);
/* A path. */
int doc_path(struct doc *doc, struct value v, const char *what, struct path *out, struct error *err);

#endif
