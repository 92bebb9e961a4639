/*
 * csv_reader: rows of CSV (RFC 4180) and TSV as records, straight from a buffer into JSON text.
 *
 * What goes beyond the RFC: rows end by LF or CR LF; a quote inside a cell that doesn't start with one is text; any
 * delimiter and quote of one byte; no quote at all. Nothing is trimmed, an empty line is a row of one empty cell, an
 * empty cell without quotes is null and one with quotes is "".
 *
 * Why not libcsv, whose callbacks a cell make a record of 19 cells cost 1.07 µs (175 MB/s, before UTF-8 is checked),
 * which keeps the stage below 5 x Miller's speed; this reader takes a quarter of that, checks UTF-8, knows the byte
 * and the line that a row begins at, and gives a damaged row as it was written. tests/unit/test_csv compares both.
 */
#ifndef SYNC_ENDPOINT_CSV_READER_H
#define SYNC_ENDPOINT_CSV_READER_H

#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "value/hash.h"

/* Behind the bytes given so many more must be readable, the first of them a line feed. */
enum { CSV_PADDING = 32 };

/* What a column's cells become. UNTYPED, STRING: the text. JSON: the value that the text spells. */
enum csv_type { CSV_UNTYPED, CSV_STRING, CSV_INTEGER, CSV_NUMBER, CSV_BOOLEAN, CSV_JSON };

struct csv_column {
	char *name;		/* owned, NUL-terminated; UTF-8 */
	size_t name_len;
	char *lead;		/* owned: what stands before a cell's text: `,"name":"`, padded */
	size_t lead_len;
	enum csv_type type;
};

struct csv_reader {
	unsigned char delimiter, quote;
	bool quoting;			/* false: the quote is a byte like others */
	struct csv_column *column;	/* owned */
	uint32_t columns, cap, most;
	uint32_t *slot;			/* owned: columns by the hash of their name, from 1; 0: free */
	uint32_t slots;			/* a power of two, or 0 */
	struct hash_key key;
};

enum { CSV_MOST = 500000 };	/* columns, unless the user sets reader.most */

void csv_reader_init(struct csv_reader *c, char delimiter, char quote, bool quoting);
void csv_reader_release(struct csv_reader *c);

/* Adds a column. -1: the name is no UTF-8, there is a column of that name, or there are more than reader.most. */
int csv_reader_add(struct csv_reader *c, struct span name, enum csv_type type, struct error *err);
/*
 * When all columns are there: every record starts with `start` (`{`, or `{"a":1,` where members stand before the
 * cells). A name that could pass for `_sync` gets one more underscore. May be called again with another start.
 */
void csv_reader_start(struct csv_reader *c, struct span start);

struct csv_place {
	size_t bytes;		/* of the row, with what ends it */
	uint64_t lines;		/* line feeds among them */
};

enum csv_got {
	CSV_MORE,		/* the row isn't whole yet, and may go on behind end */
	CSV_ROW,		/* appended to out, without a line feed */
	CSV_BAD,		/* err says why (ragged-row, bad-utf8, bad-quote, bad-cr, bad-type); nothing is appended; the row's place is known */
	CSV_BROKEN,		/* the input ends inside quotes: err */
};

/* The row at p. last: nothing comes behind end. There must be a byte at least. */
enum csv_got csv_reader_row(const struct csv_reader *c, const char *p, const char *end, bool last, struct buf *out, struct csv_place *place,
		     struct error *err);

/*
 * The row at p as names of columns (a byte order mark before them counts for nothing), all of `type_of` their name.
 * Gives CSV_ROW, CSV_MORE, CSV_BROKEN, or CSV_BAD where csv_reader_add refuses.
 */
enum csv_got csv_reader_header(struct csv_reader *c, const char *p, const char *end, bool last,
			enum csv_type (*type_of)(void *ctx, struct span name), void *ctx, struct csv_place *place, struct error *err);

/* Passes over the row at p, as leniently as can be: CSV_ROW, CSV_MORE or CSV_BROKEN. */
enum csv_got csv_reader_skip(const struct csv_reader *c, const char *p, const char *end, bool last, struct csv_place *place, struct error *err);

#endif
