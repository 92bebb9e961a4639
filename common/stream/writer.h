/*
 * writer: a stream's lines out, counted, checked to the last byte. Writes are gathered; writer_flush before a read
 * that would block keeps a live pipe live (stage_run does it).
 */
#ifndef SYNC_STREAM_WRITER_H
#define SYNC_STREAM_WRITER_H

#include "stream/frame.h"

struct rejects;

struct writer {
	int fd;			/* borrowed */
	char *name;		/* owned: for messages */
	struct buf out;		/* what isn't written yet */
	struct span run;	/* borrowed: whole lines that come behind `out`, where they were read */
	struct streams *streams;	/* borrowed */
	struct counts counts;	/* records written since begin */
	struct counts aside;	/* set aside here and upstream since begin */
	struct counts total, total_aside;	/* written, and set aside here, in all */
	uint64_t records, bytes;	/* in all */
	struct rejects *rejects;	/* borrowed, may be NULL: where writer_reject puts records */
	bool plain;		/* --plain: no frames are written */
	bool begun, ended;
	size_t line;		/* where writer_line_start began, in out */
	uint64_t seq;		/* of the last checkpoint */
};

void writer_open(struct writer *w, int fd, const char *name, struct streams *streams, bool plain);
/* Releases memory; does not flush or close the descriptor: see writer_finish. */
void writer_close(struct writer *w);

/* All return 0, or -1 with err set (EPIPE arrives as the signal). */
int writer_record(struct writer *w, const struct record *rec, const struct meta *meta, struct error *err);
/*
 * The same without a copy where it can be: the record's line and its line feed may stay where they are until writer_settle,
 * and lines that adjoin are written as one piece.
 */
int writer_pass(struct writer *w, const struct record *rec, const struct meta *meta, struct error *err);
/* Lines given to writer_pass are no longer needed where they were: they are written or copied. */
int writer_settle(struct writer *w, struct error *err);
/* For sources that make their own text: append one whole record without line feed to w->out after writer_line_start, then writer_line_end counts it. */
struct buf *writer_line_start(struct writer *w);
int writer_line_end(struct writer *w, uint32_t stream, struct error *err);
/* The same for several whole lines, each with its line feed. */
int writer_lines_end(struct writer *w, uint32_t stream, uint64_t records, struct error *err);
/* Takes back what was appended since writer_line_start. */
void writer_line_cancel(struct writer *w);

/* Frames. begin resets counts; source and from are JSON texts or empty; run is made when empty. */
int writer_begin(struct writer *w, enum scope scope, struct span run, struct span source, struct span from, struct error *err);
/* A begin, schema or other frame as read (perhaps edited). A made-up begin (meta->sync none) is written as a plain source's begin. */
int writer_frame(struct writer *w, const struct record *rec, const struct meta *meta, struct error *err);
/* stream: index; key: JSON array text or empty; schema: JSON text. */
int writer_schema(struct writer *w, uint32_t stream, struct span key, struct span schema, struct error *err);
/* stream: index, or UINT32_MAX for the run's; seq counts up by itself; state: JSON object text. Flushes rejects first. */
int writer_checkpoint(struct writer *w, uint32_t stream, struct span state, struct error *err);
/* The end frame with this writer's counts; flushes everything, rejects synced first. */
int writer_end(struct writer *w, struct error *err);
/* An end frame with a status and a message instead: says to those after that this stage failed. Best effort. */
void writer_fail(struct writer *w, const struct error *why);
/* Writes all that is gathered. */
int writer_flush(struct writer *w, struct error *err);
/* Flush, and close the descriptor with its error checked (standard output too). */
int writer_finish(struct writer *w, struct error *err);

/*
 * Sets a record aside: the record with `_sync.error` goes to the rejects and is counted in aside. reason: from error_data;
 * path and rule may be empty. Without rejects: -1 and err says what to do (--rejects FILE). Over --max-errors: -1.
 */
int writer_reject(struct writer *w, struct record *rec, const struct meta *meta, const struct error *reason,
		  struct span path, struct span rule, struct error *err);
/* The same for a line that is no record: `_sync.raw`. stream: index of the stream that it was to belong to, 0 where nobody knows. */
int writer_reject_raw(struct writer *w, struct span line, uint32_t stream, const struct error *reason, struct error *err);

#endif
