/* csv_private: what the files of csv_reader share. */
#ifndef SYNC_ENDPOINT_CSV_PRIVATE_H
#define SYNC_ENDPOINT_CSV_PRIVATE_H

#include "endpoint/csv_reader.h"

/* A walk over cells one byte after the other: for headers, rows that are set aside, and cells that are no strings. */
struct csv_cells {
	const struct csv_reader *c;
	const char *p, *end;
	bool last;
	uint64_t lines;
	struct buf text;	/* owned: of a quoted cell */
};

/*
 * The cell at p, as leniently as can be (text behind a closing quote and single carriage returns belong to it), and p
 * behind it: at a delimiter, a row's end, or end. Returns CSV_ROW, CSV_MORE or CSV_BROKEN. The text is borrowed.
 */
enum csv_got csv_cell(struct csv_cells *s, struct span *text, bool *quoted, struct error *err);

/* How many cells the row at p has, as far as it is there. */
uint64_t csv_count(const struct csv_reader *c, const char *p, const char *end, bool last);

/* The bytes of the character at p (2 to 4), or 0 where it is none of UTF-8 (RFC 3629). At least one byte >= 0x80 is there. */
size_t csv_utf8(const char *p, const char *end);

/* Adds a cell's text as a value of the type; -1 data error "bad-type" where it isn't one. */
int csv_add_typed(struct buf *out, struct span text, enum csv_type type, struct error *err);

#endif
