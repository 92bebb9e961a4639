/*
 * capability: what a connector can do, said in one place: its options are parsed and refused by it, and --capabilities
 * prints it (sync-connector.7).
 */
#ifndef SYNC_ENDPOINT_CAPABILITY_H
#define SYNC_ENDPOINT_CAPABILITY_H

#include "endpoint/extract_opts.h"
#include "stream/frame.h"

/* What an extractor is. Lists of words look like "cursor|xmin". */
struct extractor {
	const char *scheme;		/* "postgresql" */
	const char *synopsis;		/* "[OPTION...] DATABASE [TABLE...]" */
	const char *summary;		/* one sentence */
	const char *wants;		/* its first operand: "a database" */
	const struct opt_lack *lacks;	/* options of its groups that it doesn't serve; NULL: none */
	unsigned scopes;		/* 1 << SCOPE_… of the streams that it can write */
	bool snapshot;			/* a stream of scope full is as of one moment, all tables of it */
	const char *delta;		/* how it knows what came since a state; "": it doesn't, and lacks --state */
};

/*
 * Parses the options of sync-extract-SCHEME into the groups' structs. Returns the index of the first operand; OPT_ASKED
 * when it has printed what was asked for (--help, --capabilities); -1 with a usage error.
 */
int extractor_parse(const struct extractor *e, const struct opt_group *groups, const struct extract_options *o, int argc, char **argv,
		    struct error *err);

/* ---- for those who print capabilities: one object on a line */
void capability_begin(struct buf *b, const char *scheme, const char *role, const struct opt_program *program);
void capability_words(struct buf *b, const char *name, const char *words);	/* "a|b" as ["a","b"], "" as [] */
void capability_flag(struct buf *b, const char *name, bool value);
/* Is there an option of this name that the program serves? */
bool capability_option(const struct opt_program *program, const char *name);
/* Prints it on standard output and releases b: OPT_ASKED, or -1. */
int capability_end(struct buf *b, struct error *err);

#endif
