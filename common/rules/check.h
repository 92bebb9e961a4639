/* check: a program run over the tape of a record. Private to this room. */
#ifndef SYNC_RULES_CHECK_H
#define SYNC_RULES_CHECK_H

#include "rules/program.h"

enum { DEPTH_MAX = 2000 };	/* schemas inside each other, while they run */

struct run {
	struct schema *s;
	const struct record *rec;
	const struct token *tok;	/* of the record */
	const char *text;		/* of its line */
	uint32_t skip;			/* the key at the top that is no data, or 0 */
	uint32_t depth;
	uint64_t budget;		/* schemas that may still be run */
	bool collect;			/* failures are collected; else the first one settles it */
	bool broken;			/* it can't be told: err says why */
	struct verdict *v;
	struct failure *first;		/* not NULL: the first failure goes here, then nothing more */
	struct error *err;
};

void run_start(struct run *r, struct schema *s, const struct record *rec, uint32_t skip, struct verdict *v, struct error *err);
/* Ends with -1, 0 or 1, as schema_check. */
int run_result(const struct run *r, bool ok);
/* What can't be told, with r->err set: false. */
bool run_break(struct run *r);
bool run_too_much(struct run *r);

/*
 * Whether the value at a token obeys. Failures are collected if r->collect. All functions below follow
 * this: false with r->broken when it can't be told, which no `not` may turn round.
 */
bool node_check(struct run *r, struct node *n, uint32_t at);
/* The same without a word about failures. */
bool node_obeys(struct run *r, struct node *n, uint32_t at);
/* The first failure of a value that doesn't obey: its message. */
struct span node_complaint(struct run *r, struct node *n, uint32_t at);

bool number_check(struct run *r, const struct node *n, uint32_t at);
/* Whether pattern, format and encoding accept a text, of which one is kept in mind; false may also mean that it can't be told. */
bool string_accepts(struct string_rules *s, struct span text);
bool string_check(struct run *r, const struct node *n, uint32_t at);
bool enum_check(struct run *r, const struct node *n, struct enum_rules *e, uint32_t at);
bool array_check(struct run *r, const struct node *n, uint32_t at);
bool object_check(struct run *r, const struct node *n, uint32_t at);
bool logic_check(struct run *r, const struct node *n, const struct logic *l, uint32_t at);
/* What the name of the member at a key asks for; NULL with r->broken. */
struct plan *object_plan(struct run *r, struct object_rules *o, uint32_t key, uint32_t slot);
/* The member's own rules: its name and its value. */
bool member_check(struct run *r, const struct node *n, struct plan *p, uint32_t key);
/* The key token of a member of the object at a token, or 0. */
uint32_t object_member(const struct run *r, uint32_t at, struct span name);
/* How many members, less what is no data. */
uint64_t object_count(const struct run *r, uint32_t at);

/* A string's text, unescaped. */
struct span run_text(const struct run *r, uint32_t at);
/* A value as messages show it: "'abc'", "12", "null", "an array". */
const char *run_show(const struct run *r, uint32_t at);

/*
 * Says that the value at a token breaks a keyword of a node; keyword NULL: the node itself. Returns whether to go on and
 * look for more.
 */
bool fail(struct run *r, const struct node *n, const char *keyword, uint32_t at, const char *fmt, ...) __attribute__((format(printf, 5, 6), cold));
/* The same with a code that isn't the keyword. */
bool fail_code(struct run *r, const char *code, const struct node *n, const char *keyword, uint32_t at, const char *fmt, ...)
	__attribute__((format(printf, 6, 7), cold));

/* Goes on after a failure that was said by whoever found it, or stops. */
#define TRY(r, ok, what) do { if (!(what)) { (ok) = false; if (!(r)->collect) return false; } } while (0)
/* Says that a keyword is broken where it isn't so, and goes on or stops. */
#define MUST(ok, holds, ...) do { if (!(holds)) { (ok) = false; if (!fail(__VA_ARGS__)) return false; } } while (0)

#endif
