/*
 * score: how good the records of a stream are: how many obey, which rules are broken how often, how complete each field is.
 *
 * A field's completeness is the number of whole rows (upserts and inserts) in which it is there and not null, over the
 * number of whole rows. Counted are the fields that the schema declares, nested ones too, and others met at the top of
 * records, SCORE_FIELDS at most.
 */
#ifndef SYNC_RULES_SCORE_H
#define SYNC_RULES_SCORE_H

#include "rules/schema.h"

enum { SCORE_FIELDS = 1000, SCORE_RULES = 1000 };

struct field;
struct tally;

struct score {
	uint64_t records, valid;	/* judged; of these, how many obey */
	uint64_t rows;			/* whole rows among them */
	struct field *top;		/* in the arena */
	uint32_t fields;
	struct tally *rule, *code;
	uint32_t rules;
	struct arena arena;
};

void score_init(struct score *s);
void score_release(struct score *s);
/* Adds the fields that a schema declares. */
void score_declare(struct score *s, struct schema *schema);
/* Counts a whole row's fields. skip: the token of the name `_sync`, or 0. */
void score_row(struct score *s, const struct record *rec, uint32_t skip);
/* Counts a record that was judged: its verdict, or for one that is set aside for another reason that code. */
void score_verdict(struct score *s, const struct verdict *v);
void score_aside(struct score *s, const char *code);
/* Adds "rows":…,"rules":{…},"codes":{…},"completeness":{…}: members of an object that the caller opened. */
void score_write(const struct score *s, struct buf *out);

#endif
