/*
 * error: what failed, in words for a person, with the exit status it leads to and, where data is to
 * blame, the reason code that a reject carries. Functions that can fail return int 0 or -1 (or a count)
 * and take a trailing struct error *, which is never NULL.
 */
#ifndef SYNC_BASE_ERROR_H
#define SYNC_BASE_ERROR_H

#include "base/span.h"

/* Exit statuses of every tool (DESIGN, Exit status). */
enum {
	EXIT_DONE = 0,		/* done */
	EXIT_LOOK = 1,		/* done, with something to look at */
	EXIT_USAGE = 2,		/* usage or configuration */
	EXIT_FAILED = 3,	/* data, I/O, target, truncated stream, guard */
	EXIT_AGAIN = 75,	/* failed for a reason that may pass */
};

enum { ERROR_TEXT = 1024 };

struct error {
	int status;		/* EXIT_USAGE, EXIT_FAILED or EXIT_AGAIN; 0 while nothing failed */
	const char *code;	/* reject code such as "duplicate-name", static; NULL where data isn't to blame */
	char text[ERROR_TEXT];	/* lower case, subject quoted, no full stop; cut with "..." if too long */
};

#define ERROR_INIT { 0, NULL, "" }

/* All return -1, so that `return error_set(err, …)` fails in one line. */
int error_set(struct error *err, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Sets a failure of data: status EXIT_FAILED and the reject code. */
int error_data(struct error *err, const char *code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Appends ": " and the text of errno; call it before errno can change. */
int error_errno(struct error *err, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Puts "text: " before what is there (a file name and line, a step's number). */
int error_prefix(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Forgets the error. */
void error_reset(struct error *err);

/*
 * Data made fit for a message: cut to 80 bytes (then "..."), control, bidirectional and invalid UTF-8
 * bytes written as \xHH, no quotes added. Returns one of eight static buffers in turn.
 */
const char *error_show(struct span data);

#endif
