/*
 * extract: sync-extract-file: files as a stream.
 *
 *   extract.c         main, options
 *   extract_section.c the sections of the stream: what is the same for every form
 *   extract_source.c  one file, from where it was left
 *   extract_list.c    operands: files, folders and patterns, and the streams they make
 *   extract_open.c    a file opened, looked through gzip and zstd
 *   extract_lines.c   NDJSON and saved streams
 *   extract_json.c    records inside a JSON document, streamed
 *   extract_csv.c     CSV and TSV
 *   extract_position.c   how far a file was read, and whether it is still that file
 *   extract_state.c   what was read before
 *   extract_follow.c  waiting for more
 */
#ifndef SYNC_FILE_EXTRACT_H
#define SYNC_FILE_EXTRACT_H

#include <sys/stat.h>
#include <sys/types.h>

#include "endpoint/extract_opts.h"
#include "endpoint/state.h"
#include "set/table.h"
#include "stream/pace.h"
#include "stream/tool.h"

/*
 * How far a file was read, and how it is known again: its first and its last bytes up to there (BLAKE2b of at most 4096
 * and 1024, in hex), whatever its name; the inode number says which file to look at first.
 */
struct position {
	bool known;
	uint64_t offset;	/* bytes of whole records, unpacked */
	uint64_t line;		/* lines before it */
	uint64_t ino;
	uint32_t head_size, tail_size;
	char head[33], tail[33];
};

struct source {
	char *path;		/* owned; "-" is standard input */
	char *name;		/* owned: of the stream */
	uint32_t stream;	/* its index in the tool's streams */
	int format;		/* FORMAT_NDJSON, … */
	struct position pos;
	uint64_t looked, looked_at;	/* its size and when it was changed, as of when it was last opened */
};

struct sources {
	struct source *v;	/* owned */
	size_t n, cap;
	struct table paths;	/* …known by them, as there may be very many */
	struct hash_key key;
	struct memory memory;
	struct opt_list folders;	/* operands that are folders: new files in them count when following */
};

struct extract {
	struct tool *tool;
	struct extract_options *o;
	struct sources sources;
	struct path records;	/* of --records */
	struct buf key;		/* JSON array of --key, or empty */
	struct record schema;	/* of --schema */
	bool has_schema;
	bool tagged;		/* several streams: every record names its own */
	bool in_section;	/* begin was written */
	struct state state;	/* of --state */
	struct state_place place;
	bool resumed;		/* the state knew something of these files */
	struct source *source;	/* being read */
	struct input *in;	/* it, open */
	const char *path;	/* of what is open: the source's, or where its rest was moved to */
	bool growing;		/* more may come behind its end: an unfinished last record is left for later */
	struct buf lead;	/* members before a record's own: `"_sync":{"stream":"x"},"_path":"a.csv"`, or nothing */
	struct buf declared;	/* the schema last declared for the source's stream */
	struct arena arena;
	struct pace pace;	/* of checkpoints */
	struct counts moved;	/* 1 for each stream that went on since its last checkpoint */
};

/* ---- extract_list.c */
int list_sources(struct extract *x, char **operands, int n, struct error *err);
void sources_init(struct sources *s, uint64_t memory);
void sources_release(struct sources *s);
bool sources_has(const struct sources *s, const char *path);
size_t packing_of(struct span name);	/* how many bytes of its end say that it is packed */
bool is_packed(const char *path);	/* by its name */
/* New files of the folders, added to the list; the number of them. */
int list_new(struct extract *x, struct error *err);

/* ---- extract_open.c */
struct input {
	int fd;			/* to read from: see input_read */
	int raw;		/* the file itself; fd, where nothing is unpacked */
	pid_t child;		/* that unpacks, or -1 */
	bool file;		/* a regular file, perhaps packed */
	bool packed;
	char head[4];		/* of a pipe: bytes that were looked at before */
	unsigned head_n;
	struct stat st;
	struct writer *writer;	/* flushed before a read that would block; NULL: nothing is */
};
int input_open(struct input *in, const char *path, struct error *err);
/* Bytes, unpacked; 0 at the end, -1. */
ssize_t input_read(struct input *in, void *p, size_t n, const char *path, struct error *err);
/* Goes on so many (unpacked) bytes from the start, before anything was read. */
int input_skip(struct input *in, uint64_t n, const char *path, struct error *err);
/* -1 where unpacking failed: the data is damaged or truncated. Call it at the end of input. */
int input_close(struct input *in, const char *path, struct error *err);
/* -1 for a regular file that shrank, went or was rewritten since input_open. */
int input_check(const struct input *in, const char *path, struct error *err);
uint64_t changed_at(const struct stat *st);	/* in nanoseconds */

/* ---- extract_section.c */
/* Writes begin before the first record, unless done. */
int open_section(struct extract *x, struct error *err);
int close_section(struct extract *x, struct error *err);
/* Declares the source's stream; schema is JSON text. A repeat of the same is not written. */
int declare(struct extract *x, struct span schema, struct error *err);
/* Adds the schema of --schema, on one line. */
void add_schema(const struct extract *x, struct buf *out);
/* Whether the stream has them at all. */
bool has_checkpoints(const struct extract *x);
/* Between two records: a checkpoint of the stream in hand, if one is due. */
int checkpoint(struct extract *x, struct error *err);
/* Between two files: one of every stream that went on since its last, if they are due (or due or not, with now). */
int checkpoint_streams(struct extract *x, bool now, struct error *err);
/* Writes a record of the source (an object, scanned) with what stands before its own members; meta: of --changes, or NULL. */
int emit(struct extract *x, struct record *rec, struct meta *meta, struct error *err);
/* Sets a line aside that is no record. */
int set_aside(struct extract *x, struct span line, uint64_t lineno, const struct error *why, struct error *err);
/* Whether the nth record from 0 is of this shard, where parts can't be told by bytes. */
bool in_shard(const struct extract *x, uint64_t n);
/* The bytes of a file of this size whose records (those that begin there) are this shard's. */
void shard_bytes(const struct extract *x, uint64_t size, uint64_t *from, uint64_t *to);
void show_progress(struct extract *x);
/* A file that doesn't end with a line feed, where more may come: what stands behind the last one is left for later. */
void say_unfinished(const struct extract *x);

/* ---- extract_source.c */
/* Reads a source from s->pos on; where it is another file than it was, the rest of the old one first. */
int extract_source(struct extract *x, struct source *s, struct error *err);

/* ---- the forms: each reads a source that is open, from source->pos on; a deferred signal ends what may grow between two records */
int extract_lines(struct extract *x, struct input *in, struct error *err);
int extract_json(struct extract *x, struct input *in, struct error *err);
int extract_csv(struct extract *x, struct input *in, struct error *err);

/* ---- extract_position.c */
/* Whether the file goes on from the position: 1, 0, -1. */
int position_fits(const struct position *pos, const struct input *in, const char *path, struct error *err);
/* Makes the position that of the file, at the offset that it has; offset and line are the caller's. */
int position_note(struct position *pos, const struct input *in, const char *path, struct error *err);
/* The file in the folder of path that goes on from the position, for the caller to free; NULL. */
char *position_find(const struct position *pos, const char *path);
/*
 * The file that had the name of path next after `moved` had it: of the files beside it that are called as `moved` is but for
 * their numbers, the oldest that is younger and no younger than path, and no source itself. For the caller to free; NULL.
 */
char *position_next(const struct sources *s, const char *path, const char *moved);

/* ---- extract_state.c */
int state_start(struct extract *x, struct error *err);	/* reads --state, and places the sources where they were left */
/* Gives sources without a position that of the file that they are, if it was read under another name. */
int take_over(struct extract *x, struct error *err);
void add_from(struct extract *x, struct buf *out);	/* JSON for begin.from, or nothing */
void add_token(const struct extract *x, uint32_t stream, struct buf *out);

/* ---- extract_follow.c */
int follow(struct extract *x, struct error *err);

#endif
