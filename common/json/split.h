/*
 * split: the records inside a JSON document of any size (RFC 8259), one after the other, while it is read. No more than
 * one record and one buffer are held.
 */
#ifndef SYNC_JSON_SPLIT_H
#define SYNC_JSON_SPLIT_H

#include <sys/types.h>

#include "json/path.h"
#include "json/scan.h"

struct split {
	/*
	 * Where the records are: an array there holds them, an object is one; with STEP_EACH in many places. NULL: the
	 * document itself is an array of records or one record, and several documents may follow each other.
	 */
	const struct path *path;
	const char *name;	/* of the document, for messages: "NAME:LINE: " */
	size_t max_record, max_depth;
	/* The next bytes: their number, 0 at the end, -1 with err. */
	ssize_t (*read)(void *ctx, void *p, size_t n, struct error *err);
	/*
	 * An element: any JSON value, on one line, not scanned yet, SCAN_PADDING bytes behind it readable, and the line that it
	 * begins in. One that stood in several lines comes without the white space between its values. 0 to go on, or -1.
	 */
	int (*record)(void *ctx, struct span text, uint64_t line, struct error *err);
	void *ctx;
};

/*
 * Reads to the end. What is passed over is checked for the grammar, too; numbers and literals by value, strings only for
 * their end. Returns 0; or -1: what record or read returned, or the document is damaged or truncated, or has nothing at path.
 */
int split_run(const struct split *split, struct error *err);

#endif
