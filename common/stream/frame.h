/*
 * frame: what the reserved member `_sync` says of a line (sync-stream.5), and the names of streams.
 */
#ifndef SYNC_STREAM_FRAME_H
#define SYNC_STREAM_FRAME_H

#include "json/record.h"

enum op {
	OP_UPSERT, OP_INSERT, OP_UPDATE, OP_DELETE, OP_TRUNCATE,	/* records */
	OP_BEGIN, OP_SCHEMA, OP_CHECKPOINT, OP_END,			/* frames */
};

static inline bool op_is_frame(enum op op) { return op >= OP_BEGIN; }
const char *op_name(enum op op);
int op_parse(struct span name, enum op *op);	/* -1: unknown */

enum scope { SCOPE_PART, SCOPE_FULL, SCOPE_KEYS };
const char *scope_name(enum scope s);

/* The streams of a run, by name. An index stays good as long as the table. Index 0 is "" (no name). */
struct streams {
	struct stream_entry *entry;	/* owned */
	uint32_t n, cap;
};
struct stream_entry {
	char *name;		/* owned, NUL-terminated UTF-8 */
	size_t len;
	char *json;		/* owned: the name as JSON text with quotes */
};
void streams_init(struct streams *s);
void streams_release(struct streams *s);
uint32_t streams_index(struct streams *s, struct span name);	/* finds or adds */
int streams_find(const struct streams *s, struct span name);	/* -1: none */
static inline const char *streams_name(const struct streams *s, uint32_t i) { return s->entry[i].name; }

/* How many records of each stream. */
struct counts {
	uint64_t *n;		/* owned, by stream index */
	uint32_t cap;
};
void counts_add(struct counts *c, uint32_t stream, uint64_t n);
uint64_t counts_get(const struct counts *c, uint32_t stream);
uint64_t counts_total(const struct counts *c);
void counts_reset(struct counts *c);
void counts_release(struct counts *c);
/* Adds {"games":41003,…}, streams without records left out, in the order of their names'"'"' first appearance. */
void counts_write(const struct counts *c, const struct streams *s, struct buf *out);

/* What a line is. */
struct meta {
	enum op op;
	uint32_t stream;	/* index in struct streams; 0 where the only stream has no name */
	struct value sync;	/* the `_sync` object; VALUE_NONE where the line has none */
};

/*
 * Reads `_sync` of a scanned line, wherever it stands at the top. Returns 0; or -1 with a data error: "bad-record" (no
 * object), "bad-sync" (not an object, twice, an unknown op, a wrongly typed member).
 * The stream'"'"'s name is looked up in, and added to, `streams`.
 */
int meta_read(struct meta *meta, const struct record *rec, struct streams *streams, struct error *err);
/* A member of `_sync` by name: 1 or 0. */
int meta_member(const struct meta *meta, const char *name, struct value *out);
/* Sets or removes a member of the record'"'"'s `_sync` (made first if missing), and reads meta again. */
int meta_set(struct meta *meta, struct record *rec, struct streams *streams, const char *name, struct span json, struct error *err);
int meta_unset(struct meta *meta, struct record *rec, struct streams *streams, const char *name, struct error *err);

/* The begin frame, parsed. Spans borrow from the record. */
struct begin {
	enum scope scope;
	struct span run;	/* a ULID, or "" */
	struct value source;	/* array of strings, or none */
	struct value from;	/* or none */
};
int begin_read(struct begin *b, const struct meta *meta, struct error *err);

/* A new run'"'"'s name: a ULID (26 characters and a NUL), from the clock and getrandom. */
void run_new(char out[27]);

#endif
EOF
cat > common/stream/reader.h <<'"'"'EOF'"'"'
/*
 * reader: lines in a row, from a descriptor or from memory, as records and frames.
 *
 * It keeps the order of frames (begin, then schemas, records and checkpoints, then end), checks counts,
 * and notices a truncated stream. Plain input (which doesn'"'"'t start with a begin frame) gets its begin
 * and end made up, so that every user sees the same sequence: BEGIN, …, END, and perhaps BEGIN again.
 * Large reads; never a read that would block before `before_block` was called.
 */
#ifndef SYNC_STREAM_READER_H
#define SYNC_STREAM_READER_H

#include "stream/frame.h"

struct reader_options {
	bool plain;		/* --plain: frames are skipped and nothing is counted; empty input is meant */
	bool uncounted;		/* --uncounted: begin and end are wanted, counts are not checked */
	bool data;		/* input is data of the user'"'"'s: a `_sync` or `__sync` in it travels with one more underscore
				   (extractors; not with --changes or for a saved stream) */
	bool file;		/* a regular file: empty means an empty source */
	size_t max_record;	/* bytes a line, 16 MiB unless told */
	struct scan_limits limits;
};
#define READER_OPTIONS_INIT { false, false, false, false, 16u << 20, SCAN_LIMITS_INIT }

enum reader_what {
	READER_END = 0,		/* input is over, and ended well */
	READER_RECORD,		/* meta->op is a record'"'"'s */
	READER_FRAME,		/* meta->op is a frame'"'"'s; for made-up ones meta->sync is none */
	READER_BAD,		/* a line that is no record: err says why, reader->line is the line; reading can go on */
};

struct reader {
	struct reader_options opt;
	struct streams *streams;	/* borrowed: shared with the writer */
	char *name;		/* owned: for messages, a file'"'"'s name or "standard input" */
	uint64_t lineno;	/* of the line last returned, from 1 */
	uint64_t bytes;		/* read so far */
	struct span line;	/* the line last returned, without its line feed; until the next call */
	bool framed;		/* the input has frames */
	struct counts counts;	/* records since begin */
	struct counts aside;	/* what the end frame said was set aside upstream, good at READER_FRAME OP_END */
	enum scope scope;	/* of the section being read; plain input is `part` */
	uint32_t only;		/* the stream that records without a name belong to: the one that a schema frame declared, else 0 */
	void (*before_block)(void *ctx);	/* flush what should be seen; may be NULL */
	void *ctx;
	struct reader_private *priv;	/* owned */
};

/* fd is borrowed and not closed. name is copied. */
void reader_open(struct reader *r, int fd, const char *name, struct streams *streams, const struct reader_options *opt);
/* Reads from memory, which is borrowed and need not be padded. */
void reader_open_memory(struct reader *r, struct span text, const char *name, struct streams *streams, const struct reader_options *opt);
void reader_close(struct reader *r);

/*
 * The next line into rec and meta. Returns an enum reader_what, or -1: the stream is broken (truncated, order of
 * frames, counts, an end frame that says another stage failed: err->status is that status), the descriptor can'"'"'t be
 * read, or a line is over max_record (status EXIT_FAILED; messages start with "NAME:LINE: ").
 * Records without `_sync.stream` get meta->stream = reader->only; that is an error where two schemas were declared.
 */
int reader_next(struct reader *r, struct record *rec, struct meta *meta, struct error *err);

#endif
EOF
cat > common/stream/writer.h <<'"'"'EOF'"'"'
/*
 * writer: a stream'"'"'s lines out, counted, checked to the last byte. Writes are gathered; writer_flush before a read
 * that would block keeps a live pipe live (stage_run does it).
 */
#ifndef SYNC_STREAM_WRITER_H
#define SYNC_STREAM_WRITER_H

#include "stream/frame.h"

struct rejects;

struct writer {
	int fd;			/* borrowed */
	char *name;		/* owned: for messages */
	struct buf out;		/* what isn'"'"'t written yet */
	struct streams *streams;	/* borrowed */
	struct counts counts;	/* records written since begin */
	struct counts aside;	/* set aside here and upstream since begin */
	uint64_t records, bytes;	/* in all */
	struct rejects *rejects;	/* borrowed, may be NULL: where writer_reject puts records */
	bool plain;		/* --plain: no frames are written */
	bool begun, ended;
};

void writer_open(struct writer *w, int fd, const char *name, struct streams *streams, bool plain);
/* Releases memory; does not flush or close the descriptor: see writer_finish. */
void writer_close(struct writer *w);

/* All return 0, or -1 with err set (EPIPE arrives as the signal). */
int writer_record(struct writer *w, const struct record *rec, const struct meta *meta, struct error *err);
/* For sources that make their own text: append one whole record without line feed to w->out after writer_line_start, then writer_line_end counts it. */
struct buf *writer_line_start(struct writer *w);
int writer_line_end(struct writer *w, uint32_t stream, struct error *err);
/* Takes back what was appended since writer_line_start. */
void writer_line_cancel(struct writer *w);

/* Frames. begin resets counts; source and from are JSON texts or empty; run is made when empty. */
int writer_begin(struct writer *w, enum scope scope, struct span run, struct span source, struct span from, struct error *err);
/* A begin, schema or other frame as read (perhaps edited). A made-up begin (meta->sync none) is written as a plain source'"'"'s begin. */
int writer_frame(struct writer *w, const struct record *rec, const struct meta *meta, struct error *err);
/* stream: index; key: JSON array text or empty; schema: JSON text. */
int writer_schema(struct writer *w, uint32_t stream, struct span key, struct span schema, struct error *err);
/* stream: index, or UINT32_MAX for the run'"'"'s; seq counts up by itself; state: JSON object text. Flushes rejects first. */
int writer_checkpoint(struct writer *w, uint32_t stream, struct span state, struct error *err);
/* The end frame with this writer'"'"'s counts; flushes everything, rejects synced first. */
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
/* The same for a line that is no record: `_sync.raw`. */
int writer_reject_raw(struct writer *w, struct span line, const struct error *reason, struct error *err);

#endif
EOF
cat > common/stream/reject.h <<'"'"'EOF'"'"'
/*
 * reject: records set aside with their reason (--rejects FILE). Opened for append, one write a record, synced before
 * any checkpoint or end goes on; a rerun may repeat lines.
 */
#ifndef SYNC_STREAM_REJECT_H
#define SYNC_STREAM_REJECT_H

#include "stream/frame.h"

struct rejects {
	const char *by;		/* the tool'"'"'s name, static */
	char *path;		/* owned; NULL where --rejects wasn'"'"'t given */
	int fd;
	bool unsynced;
	uint64_t n;		/* set aside so far */
	uint64_t max;		/* --max-errors N: more than so many fail; UINT64_MAX: no bound */
	double max_percent;	/* --max-errors P%: judged at the end, and while running after 1000 records; < 0: no bound */
	struct buf line;
};

/* path may be NULL. max_errors: NULL, "N" or "P%". -1: cannot open, or wrong max_errors. */
int rejects_open(struct rejects *r, const char *by, const char *path, const char *max_errors, struct error *err);
int rejects_sync(struct rejects *r, struct error *err);
/* `seen` is the records judged so far; -1 when over the bound. At the end with last set. */
int rejects_check(const struct rejects *r, uint64_t seen, bool last, struct error *err);
void rejects_close(struct rejects *r);

#endif
EOF
cat > common/stream/stage.h <<'"'"'EOF'"'"'
/*
 * stage: the loop of a program that reads a stream and writes one. It passes on frames, counts, sets bad lines
 * aside, flushes before a read that would block, and tells those after it when it failed.
 */
#ifndef SYNC_STREAM_STAGE_H
#define SYNC_STREAM_STAGE_H

#include "stream/reader.h"
#include "stream/writer.h"

enum stage_verdict {
	STAGE_PASS,		/* write the record as it stands now */
	STAGE_DROP,		/* write nothing (or it was written already) */
	STAGE_REJECT,		/* set it aside: err is its reason; reject_path and reject_rule may say more */
};				/* -1: the stage fails with err */

struct stage {
	/* Each may be NULL: passed on. frame() is called for every frame, before it is written (for checkpoint: after all records before it are written). */
	int (*record)(void *self, struct record *rec, struct meta *meta, struct writer *w, struct error *err);
	int (*frame)(void *self, struct record *rec, struct meta *meta, struct writer *w, struct error *err);
};

struct stage_reason { struct span path, rule; };	/* what a STAGE_REJECT adds; set by the stage, cleared by stage_run */

/* Runs to the end of input. 0; or -1 with err, after an end frame with the failure was written. */
int stage_run(const struct stage *stage, void *self, struct reader *r, struct writer *w, struct stage_reason *reason, struct error *err);

#endif
EOF
git add -
