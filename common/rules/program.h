/*
 * program: what a schema is compiled to. Private to this room: compile*.c make it, check*.c and
 * change.c run it.
 *
 * There is one node for each place in the schema's document where a schema stands, so references
 * are pointers and recursion needs nothing special. A node has a group of rules for each kind of value; a group
 * that says nothing is NULL, and a node that says nothing at all is not even called.
 */
#ifndef SYNC_RULES_PROGRAM_H
#define SYNC_RULES_PROGRAM_H

#include "json/equal.h"
#include "rules/schema.h"
#include "rules/short.h"
#include "value/format.h"
#include "value/regex.h"

struct node;

/* Which types are allowed: a bit for each token type, and one for numbers that are integers. */
enum {
	TYPE_NUMBER = 1 << TOKEN_NUMBER,
	TYPE_STRING = 1 << TOKEN_STRING,
	TYPE_OBJECT = 1 << TOKEN_OBJECT,
	TYPE_INTEGER = SCHEMA_INTEGER,
	TYPE_ANY = 0x7f,
};

enum limit_kind { LIMIT_MIN, LIMIT_MAX, LIMIT_ABOVE, LIMIT_BELOW, LIMIT_STEP, LIMITS };

struct number_rules {
	int64_t lo, hi;		/* all from lo to hi is within the limits; lo > hi where that isn't known */
	struct span limit[LIMITS];	/* digits as written; NULL where there is none */
	int64_t step;		/* multipleOf, if a small integer; else 0 */
};

enum { LAST_MAX = 48 };

struct string_rules {
	uint64_t min, max;	/* code points */
	struct regex *pattern;	/* owned; NULL: none */
	struct span pattern_text;
	const struct format *format;	/* asserted; NULL: none */
	bool base64;
	bool picky;		/* there is a pattern, a format or an encoding */
	struct short_text last;	/* what pattern and format accepted last, as columns repeat; n 0: none */
	char last_text[LAST_MAX];
	uint32_t accepted;	/* so many: one in eight is kept as last */
};

struct choice {
	struct short_text text;	/* unescaped; p NULL: no string */
	struct value value;	/* in the schema's document */
};

struct enum_rules {
	struct choice *choice;
	uint32_t n;
	uint32_t last;		/* the one that matched last */
	const char *code;	/* "enum" or "const" */
};

struct array_rules {
	uint64_t min, max;
	bool unique;
	struct node **prefix;
	uint32_t nprefix;
	struct node *items;	/* the rest; NULL: free */
	struct node *contains;
	uint64_t min_contains, max_contains;
};

/* All that follows from a member's name alone, made when the name is first met. What every member needs comes first. */
struct plan {
	struct short_text name;	/* unescaped */
	uint64_t bit;		/* of the first 64 required names */
	struct node **sub;	/* its schemas, those that say nothing left out */
	uint32_t nsub;
	uint32_t required;	/* index in required + 1; 0: not required */
	uint64_t hash;
	struct plan *next;	/* of the same bucket */
	bool declared;		/* a name of `properties` */
	bool kept;		/* lives as long as the schema, so that a memo may point to it */
	enum { NAME_UNKNOWN, NAME_GOOD, NAME_BAD } as_name;	/* what propertyNames says */
};

struct pattern_rule {
	struct regex *regex;	/* owned */
	struct node *node;
};

struct dependency {
	struct span name;	/* when this is there… */
	struct span *needs;	/* …these must be (dependentRequired) */
	uint32_t n;
	struct node *node;	/* …or this holds of the whole object (dependentSchemas); NULL for the former */
	struct dependency *next;
};

/* Bounds of what is remembered of an object's members. */
enum { MEMO_MAX = 512, PLANS_MAX = 1024, PLAN_NAME_MAX = 256 };

/*
 * Of the last object that stood at a place of a line's shape: the members whose names ask for something. In lines of that
 * shape (see scan.h) these are the same ones.
 */
struct object_places {
	uint64_t shape;		/* 0: not known */
	uint32_t at, skip;	/* the object's token, and the key that was no data */
	uint64_t seen;		/* bits of the required names that were there */
	struct place { struct plan *plan; const struct node *only; uint32_t key; } *place;	/* only: all it asks for; or NULL */
	uint32_t n, cap;
};

struct object_rules {
	uint64_t min, max;
	struct value properties;	/* in the schema's document, or none */
	struct plan **bucket;	/* by hash; a power of two of them */
	uint32_t buckets;
	uint32_t met;		/* names kept that aren't the schema's own */
	struct plan **memo;	/* the plan of the n-th member last time */
	uint32_t memos;
	struct object_places places[TAPE_SHAPES];
	struct span *required;
	uint32_t nrequired;
	uint64_t need;		/* bits of the first 64 required */
	struct pattern_rule *pattern;
	uint32_t npattern;
	struct node *additional;	/* NULL: free */
	struct node *names;	/* propertyNames; NULL: free */
	struct dependency *dependency;
};

enum logic_kind { LOGIC_REF, LOGIC_ALL, LOGIC_ANY, LOGIC_ONE, LOGIC_NOT, LOGIC_IF };

struct logic {
	enum logic_kind kind;
	struct node **sub;	/* for LOGIC_IF: if, then, else, of which the last two may be NULL */
	uint32_t n;
	struct logic *next;
};

struct node {
	uint8_t types;		/* TYPE_* bits allowed */
	bool never;		/* the schema false */
	bool leaf;		/* nothing but types, number, string and values: see node_quick */
	bool busy;		/* being looked at by the search for endless references */
	bool sound;		/* was looked at */
	struct number_rules *number;
	struct string_rules *string;
	struct array_rules *array;
	struct object_rules *object;
	struct enum_rules *values;	/* enum */
	struct enum_rules *constant;	/* const */
	struct logic *logic;
	uint32_t tok;		/* in the schema's document */
	struct span where;	/* "#/properties/age" */
};

struct schema {
	struct record doc;	/* owned: its document */
	struct buf text;	/* owned: the document's text, padded */
	struct arena arena;	/* all that is compiled */
	struct node *root;
	struct node **node;	/* owned: by token of the document; NULL where no schema stands */
	bool frame;
	uint64_t seed;		/* of the hash of names */
	struct hash_key key;	/* of the hash of values */
	struct arena scratch;	/* while a record is judged */
	struct buf text_scratch;
};

/* Says nothing of any value. */
static inline bool node_is_free(const struct node *n)
{
	return n->types == TYPE_ANY && !n->never && !n->number && !n->string && !n->array && !n->object && !n->values &&
	       !n->constant && !n->logic;
}

/* Past schemas that do nothing but refer to another. NULL stays NULL. */
static inline struct node *node_target(struct node *n)
{
	while (n && n->logic && n->logic->kind == LOGIC_REF && !n->logic->next && n->types == TYPE_ANY && !n->number && !n->string &&
	       !n->array && !n->object && !n->values && !n->constant)
		n = n->logic->sub[0];
	return n;
}

/* The plan of a name that was met before, or NULL. */
struct plan *plan_find(const struct schema *s, const struct object_rules *o, struct span name);
/* Makes it, and keeps it if asked to. -1: a pattern's limit. */
int plan_make(struct schema *s, struct object_rules *o, struct span name, struct node *property, bool keep, struct plan **out,
	      struct error *err);

#endif
