/*
 * reader: lines in a row, from a descriptor or from memory, as records and frames.
 *
 * It keeps the order of frames (begin, then schemas, records and checkpoints, then end), checks counts,
 * and notices a truncated stream. Plain input (which doesn't start with a begin frame) gets its begin
 * and end made up, so that every user sees the same sequence: BEGIN, …, END, and perhaps BEGIN again.
 * Large reads; never a read that would block before `before_block` was called. A line stays where it is until
 * `before_reuse` is called.
 */
#ifndef SYNC_STREAM_READER_H
#define SYNC_STREAM_READER_H

#include "stream/frame.h"
#include "stream/progress.h"

struct reader_options {
	bool plain;		/* --plain: frames are skipped and nothing is counted; empty input is meant */
	bool uncounted;		/* --uncounted: begin and end are wanted, counts are not checked */
	bool data;		/* input is data of the user's: a `_sync` or `__sync` in it travels with one more underscore
				   (extractors; not with --changes or for a saved stream) */
	bool file;		/* a regular file: empty means an empty source */
	bool whole_lines;	/* an unterminated last line that is no whole record is not given: it may still grow */
	bool resumed;		/* data from the middle of a file: it can't be a saved stream */
	uint64_t limit;		/* bytes to read at most of a descriptor, 0 for all: the rest of the file is not looked at */
	size_t max_record;	/* bytes a line, 16 MiB unless told */
	struct scan_limits limits;
};
#define READER_OPTIONS_INIT { .max_record = 16u << 20, .limits = SCAN_LIMITS_INIT }

enum reader_what {
	READER_END = 0,		/* input is over, and ended well */
	READER_RECORD,		/* meta->op is a record's */
	READER_FRAME,		/* meta->op is a frame's; for made-up ones meta->sync is none */
	READER_BAD,		/* a line that is no record: err says why, reader->line is the line; reading can go on */
};

struct reader {
	struct reader_options opt;
	struct streams *streams;	/* borrowed: shared with the writer */
	char *name;		/* owned: for messages, a file's name or "standard input" */
	uint64_t lineno;	/* of the line last returned, from 1 */
	uint64_t bytes;		/* read so far */
	uint64_t offset;	/* where the line last returned begins, in bytes from the start */
	uint64_t records;	/* given so far */
	uint64_t consumed;	/* bytes up to the end of the line last returned */
	struct span line;	/* the line last returned, without its line feed; until the next call */
	bool framed;		/* the input has frames */
	struct counts counts;	/* records since begin */
	struct counts total;	/* records in all */
	struct progress *progress;	/* borrowed, may be NULL: told about every buffer read */
	struct counts aside;	/* what the end frame said was set aside upstream, good at READER_FRAME OP_END */
	enum scope scope;	/* of the section being read; plain input is `part` */
	uint32_t only;		/* the stream that records without a name belong to: the one that a schema frame declared, else 0
				   (for plain input the caller may set it) */
	struct record_names *names;	/* owned: of the last record that reader_duplicate found good */
	void (*before_block)(void *ctx);	/* flush what should be seen; may be NULL */
	void (*before_reuse)(void *ctx);	/* lines given so far are about to be overwritten; may be NULL */
	void *ctx;
	struct reader_private *priv;	/* owned */
};

/* fd is borrowed and not closed. name is copied. */
void reader_open(struct reader *r, int fd, const char *name, struct streams *streams, const struct reader_options *opt);
/* Reads from memory, which is borrowed and need not be padded. */
void reader_open_memory(struct reader *r, struct span text, const char *name, struct streams *streams, const struct reader_options *opt);
/* Bytes that were read from the descriptor before; call it before the first reader_next. At most 64. */
void reader_unread(struct reader *r, struct span head);
void reader_close(struct reader *r);

/*
 * The next line into rec and meta. Returns an enum reader_what, or -1: the stream is broken (truncated, order of
 * frames, counts, an end frame that says another stage failed: err->status is that status), the descriptor can't be
 * read, or a line is over max_record (status EXIT_FAILED; messages start with "NAME:LINE: ").
 * Records without `_sync.stream` get meta->stream = reader->only; that is an error where two schemas were declared.
 */
int reader_next(struct reader *r, struct record *rec, struct meta *meta, struct error *err);
/* record_duplicate of the record last returned, which costs nothing where its names are those of one before. */
int reader_duplicate(struct reader *r, const struct record *rec, struct value *name);

/*
 * Looks at the next line before reader_next gives it: 1 and r->line (lineno and offset are its own), where it is a record
 * of plain data (opt.data); 0 anywhere else, at the end too; -1 as reader_next.
 */
int reader_peek(struct reader *r, struct error *err);
/* Passes over the line that reader_peek showed, counted as a record, for a caller who knows what it holds. */
void reader_skip(struct reader *r);

#endif
