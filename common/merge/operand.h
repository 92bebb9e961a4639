/*
 * operand: an endpoint whose rows are compared or merged. A regular file of NDJSON is opened directly, `-` is a stream on
 * standard input, and anything else is read by running sync-extract on it.
 *
 * An operand is a set of rows, so a stream of changes is refused, and so is a part of a source, unless told: rows that it
 * lacks would count as deleted. Standard input without frames is such a part.
 */
#ifndef SYNC_MERGE_OPERAND_H
#define SYNC_MERGE_OPERAND_H

#include <sys/stat.h>

#include "endpoint/exec.h"
#include "set/store.h"
#include "stream/tool.h"

struct operand_options {
	struct reader_options reader;
	const char *stream;	/* --stream: every row belongs to it; NULL */
	bool accept_part;	/* --accept-part */
	bool keys;		/* keys alone will do */
};

enum operand_what { OPERAND_END, OPERAND_ROW, OPERAND_SCHEMA, OPERAND_BAD };

struct operand {
	const char *text;	/* as given, borrowed */
	struct operand_options opt;
	bool direct;		/* a file that can be read again */
	bool named;		/* the user has given its stream a name */
	bool single;		/* all rows are of one stream; known from the first row or schema on */
	char *own_name;		/* owned: what that stream is called whatever the rows say, or NULL while that isn't known */
	char *said_name;	/* owned: what the rows of a single one call it, or NULL while none came */
	bool known;		/* said and own are: the index that rows say, and that they get */
	uint32_t said, own;
	int fd;			/* -1 where a program is read that has its own */
	struct stat st;		/* of a direct one, when it was opened */
	struct extraction extraction;
	struct reader reader;
	struct record rec;	/* the row that was read last */
	struct meta meta;
	uint64_t rows;		/* read so far */
	struct counts aside;	/* set aside before they came here, by stream */
	bool part;		/* it is a part of its source (that --accept-part took) */
	bool unjudged;		/* a section has begun, and whether it may be a part wasn't looked at yet */
	bool bad_line;		/* what was read last is no record */
	struct record_names *names;
	struct store store;	/* rows kept of one that can't be read again */
	struct buf line;	/* scratch of reading again */
	uint64_t line_at;	/* lineno of what was read again */
};

/* spill and memory are for the rows it keeps. */
void operand_init(struct operand *o, struct spill *spill, struct memory *memory);
/* Opens it and starts what reads it. */
int operand_open(struct operand *o, const char *text, const struct operand_options *opt, struct streams *streams, struct error *err);
void operand_release(struct operand *o);

/*
 * The next row (o->rec, o->meta, whose stream is set), schema frame (the same) or bad record (err is why; it is for
 * operand_set_aside); OPERAND_END; or -1: all is over. At the end the reading program's exit status has been checked.
 */
int operand_next(struct operand *o, struct error *err);
/* From here on all its rows are to be of one stream, that of what was read last (if anything was); another one is an error. */
void operand_make_single(struct operand *o, bool any);
/* For two plain files: 1 and the raw text of the next row, which is not read yet; 0 where that can't be known. */
int operand_peek(struct operand *o, struct span *line, struct error *err);
/* Passes over the row that was peeked at. */
void operand_skip(struct operand *o);
/* Sets the row last read aside, or the line that is none. -1 as writer_reject, with the line's place in front. */
int operand_set_aside(struct operand *o, struct writer *w, const struct error *why, struct error *err);
/* Puts the operand's name and line before the error's text; -1. */
int operand_where(const struct operand *o, struct error *err);

/* ---- reading rows again */

/* A name for the row last read, by which it can be read again; kept if need be. */
int operand_keep(struct operand *o, uint64_t *at, struct error *err);
/* Reads it again into rec, with meta (sync and stream); *raw is its line. */
int operand_again(struct operand *o, uint64_t at, struct record *rec, struct meta *meta, struct span *raw, struct error *err);
/* Sets a row aside that was read again. */
int operand_set_aside_again(struct operand *o, uint64_t at, struct record *rec, const struct meta *meta, struct writer *w,
			    const struct error *why, struct error *err);
/* -1 if the file isn't what it was when it was opened. */
int operand_unchanged(struct operand *o, struct error *err);

#endif
