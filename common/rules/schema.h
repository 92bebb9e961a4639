/*
 * schema: JSON Schema 2020-12, compiled to run on the tape of a record.
 *
 * What a schema can say is in sync-rules.5. Numbers are compared by their digits, strings in code points,
 * patterns as ECMA-262 means them. The formats date-time, local-date-time, date, time, duration, email,
 * uri, uuid, ipv4, ipv6 and hostname are asserted. Keywords of the specification that aren't done here
 * are refused by name; unknown ones are annotations.
 *
 * A compiled schema remembers the layout of the values that it judged last, so it serves one thread.
 */
#ifndef SYNC_RULES_SCHEMA_H
#define SYNC_RULES_SCHEMA_H

#include "json/record.h"

struct schema;

/* Where a schema was written: for the positions in messages. */
struct schema_source {
	const char *name;	/* of the file, or what stands for it */
	/* Line and column (from 1) of a token of the record that is compiled from; NULL where there are none. */
	void (*where)(const void *ctx, uint32_t tok, uint32_t *line, uint32_t *column);
	const void *ctx;
	/* Told of probable mistakes, such as a keyword that is nearly one; NULL: nobody is. */
	void (*warn)(const char *text);
	/*
	 * A schema frame, whose conventions are those of sync-stream.5: "NaN", "Infinity" and "-Infinity" are
	 * numbers, contentEncoding base64 is asserted.
	 */
	bool frame;
};

/*
 * Compiles the schema that stands at `root`, which it copies. *out is the caller's, for schema_free.
 * -1 with a usage error that begins with the position: "NAME:LINE:COLUMN: #/properties/a/type: …".
 */
int schema_compile(struct schema **out, struct value root, const struct schema_source *source, struct error *err);
void schema_free(struct schema *s);

/* One way in which a value breaks its schema. */
struct failure {
	const char *code;	/* the keyword, or "false" where the schema is false; "partial": see schema_check_update. Static. */
	uint32_t tok;		/* where in the record */
	struct span rule;	/* place of the keyword in its document: "#/properties/age/maximum" */
	struct span message;	/* "must be at most 120, is 130" */
};

enum { VERDICT_MAX = 100 };	/* failures that are kept of one record; nothing is judged beyond them */

/* The failures of one record, in the order they were found. Good until the next check into it. */
struct verdict {
	struct failure failure[VERDICT_MAX];
	uint32_t n;
	struct arena arena;	/* rules and messages */
};

void verdict_init(struct verdict *v);
void verdict_release(struct verdict *v);

/*
 * Judges a value of a record without edits and without duplicate names. `skip` is the token of a
 * top-level name that is not data (`_sync`), or 0.
 * Returns 1 if it obeys, 0 with the failures in *v, or -1 with a data error if that can't be told:
 * "pattern-limit" (a pattern's work is bounded), "rule-limit" (so is the record's).
 */
int schema_check(struct schema *s, struct value value, uint32_t skip, struct verdict *v, struct error *err);

/* What a change says of its row. */
struct change {
	uint32_t skip;			/* the token of the name `_sync`, or 0 */
	struct value unset;		/* the array of names that an update removes, or VALUE_NONE */
	const struct span *key;		/* a delete's key fields, unescaped; NULL: all that it has */
	size_t nkey;
};

/*
 * Judges an update by the fields it has. An absent field is unchanged, so rules about it alone hold as they
 * did before; one that is unset breaks `required`. A rule that would need an absent field to judge a
 * present one fails with code "partial".
 */
int schema_check_update(struct schema *s, const struct record *rec, const struct change *change, struct verdict *v, struct error *err);
/* Judges a delete: the rules of its key's fields, one by one. */
int schema_check_delete(struct schema *s, const struct record *rec, const struct change *change, struct verdict *v, struct error *err);

/* Adds the place of a token as a JSON Pointer (RFC 6901). */
void schema_pointer(const struct record *rec, uint32_t tok, struct buf *out);

/*
 * The types that a schema allows for a field at the top: a bit 1 << enum token_type for each, SCHEMA_INTEGER
 * where a number must be an integer. All, where it says nothing.
 */
enum { SCHEMA_INTEGER = 1 << 7 };
unsigned schema_types(const struct schema *s, struct span name);

/*
 * Visits the fields that a schema's `properties` declare, those of nested objects too, in order and each once. fn
 * gets what it returned for the object above (NULL for the top) and returns what stands for the field, or NULL to see no
 * more of it.
 */
void schema_fields(struct schema *s, void *(*fn)(void *ctx, void *above, struct span name), void *ctx);

#endif
