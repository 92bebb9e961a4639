/*
 * extract: sync-extract-file: files as a stream.
 *
 *   extract.c         main, the sections of the stream, what is the same for every form
 *   extract_list.c    operands: files, folders and patterns, and the streams they make
 *   extract_open.c    a file opened, looked through gzip and zstd
 *   extract_lines.c   NDJSON and saved streams
 *   extract_json.c    records inside a JSON document, streamed
 *   extract_csv.c     CSV and TSV
 *   extract_types.c   CSV cells by a schema's types
 *   extract_state.c   what was read before
 *   extract_follow.c  waiting for more
 */
#ifndef SYNC_FILE_EXTRACT_H
#define SYNC_FILE_EXTRACT_H

#include <sys/stat.h>
#include <sys/types.h>

#include "endpoint/extract_opts.h"
#include "endpoint/state.h"
#include "stream/tool.h"

struct source {
	char *path;		/* owned; "-" is standard input */
	char *name;		/* owned: of the stream */
	uint32_t stream;	/* its index in the tool's streams */
	int format;		/* FORMAT_NDJSON, … */
	/* what was read of it, for states and for following */
	uint64_t offset;	/* whole records end here */
	dev_t dev;
	ino_t ino;
	char head[33];		/* hash of its first bytes (as many as offset, 4096 at most), in hex */
	bool known;		/* the above is set */
};

struct sources {
	struct source *v;	/* owned */
	size_t n, cap;
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
	struct source *source;	/* being read */
	struct buf tag;		/* `{"_sync":{"stream":"x"}`, for tagged */
	struct buf declared;	/* the schema last declared for the source's stream */
	struct arena arena;
	int64_t checkpointed;	/* when the last checkpoint was written */
	uint64_t since;		/* bytes written since */
};

/* ---- extract_list.c */
int list_sources(struct extract *x, char **operands, int n, struct error *err);
void sources_release(struct sources *s);
/* New files of the folders, added to the list; the number of them. */
int list_new(struct extract *x, struct error *err);

/* ---- extract_open.c */
struct input {
	int fd;			/* to read from */
	pid_t child;		/* that unpacks, or -1 */
	bool file;		/* a regular file, perhaps packed */
	bool packed;
	struct stat st;
};
int input_open(struct input *in, const char *path, struct error *err);
/* -1 where unpacking failed: the data is damaged or truncated. Call it at the end of input. */
int input_close(struct input *in, const char *path, struct error *err);

/* ---- extract.c */
/* Writes begin before the first record, unless done. */
int open_section(struct extract *x, struct error *err);
int close_section(struct extract *x, struct error *err);
/* Declares the source's stream; schema is JSON text. A repeat of the same is not written. */
int declare(struct extract *x, struct span schema, struct error *err);
/* A checkpoint, if one is due (or due or not, with now). */
int checkpoint(struct extract *x, bool now, struct error *err);
/* Writes one record's text (an object, scanned in rec) as a record of the source: tagged, reserved names and path added. */
int emit(struct extract *x, struct record *rec, struct error *err);
/* Sets a line aside that is no record. */
int set_aside(struct extract *x, struct span line, uint64_t lineno, const struct error *why, struct error *err);

/* ---- the forms: each reads a source that is open, from source->offset on; from and limit are bytes of the shard */
int extract_lines(struct extract *x, struct input *in, uint64_t limit, struct error *err);
int extract_json(struct extract *x, struct input *in, struct error *err);
int extract_csv(struct extract *x, struct input *in, struct error *err);

/* ---- extract_types.c */
/* The JSON type that a schema gives a property: 0 none, else 's', 'i', 'n', 'b'. */
char declared_type(const struct extract *x, struct span name);
/* Adds a cell as that type; -1 data error where it doesn't fit. */
int add_typed(struct buf *out, struct span cell, char type, struct error *err);

/* ---- extract_state.c */
int state_start(struct extract *x, struct error *err);	/* reads --state, and places the sources where they were left */
/* Whether the file is the one that was read before; resets the offset, with a word, when it isn't. */
int check_identity(struct extract *x, const struct input *in, struct error *err);
int note_identity(struct source *s, const struct input *in, struct error *err);
void add_from(struct extract *x, struct buf *out);	/* JSON for begin.from, or nothing */
void add_token(const struct extract *x, uint32_t stream, struct buf *out);

/* ---- extract_follow.c */
int follow(struct extract *x, int (*one)(struct extract *x, struct source *s, struct error *err), struct error *err);

#endif
