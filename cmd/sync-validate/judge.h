/* judge: the stage: which schema rules a stream, what becomes of its records, and how good they were. */
#ifndef SYNC_VALIDATE_JUDGE_H
#define SYNC_VALIDATE_JUDGE_H

#include "rules/schema.h"
#include "rules/score.h"
#include "stream/stage.h"

/* A schema from the command line. */
struct given {
	char *stream;			/* owned; NULL: it rules every stream that has no other */
	struct schema *schema;		/* owned */
	bool used;
};

/* A stream, by its index. */
struct ruled {
	struct schema *schema;		/* borrowed from a given or from `frame`; NULL: not known yet */
	struct schema *frame;		/* owned: from its schema frame, where none was given */
	struct span *key;		/* of its schema frame; NULL: it named none */
	size_t nkey;
	struct arena arena;		/* of key */
	struct untyped *untyped;	/* owned: fields whose text is judged by the given schema's types; NULL: none */
	struct score score;
	bool counted;			/* score is in use */
};

struct judge {
	struct streams *streams;	/* borrowed */
	struct given *given;		/* owned */
	size_t ngiven, cgiven;
	struct ruled *ruled;		/* owned, by stream */
	uint32_t nruled;
	bool report;			/* count what --report wants */
	struct verdict verdict;
	struct stage_reason reason;
	struct buf path, errors;
};

extern const struct stage judge_stage;

void judge_init(struct judge *j, struct streams *streams, bool report);
void judge_release(struct judge *j);
/* Takes a schema for a stream (copied), or for all with NULL. -1 if it has one. */
int judge_give(struct judge *j, const char *stream, struct schema *schema, struct error *err);
/* After the end of input: a schema that was given for a stream that never came is worth a warning. */
void judge_warn_unused(const struct judge *j);
/* Adds the report as JSON; the writer knows what went on and what was set aside, also before it came here. */
void judge_report(const struct judge *j, const struct writer *w, struct buf *out);

#endif
