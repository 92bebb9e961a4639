/*
 * load: sync-load-file: a stream as files.
 *
 *   load.c          main, and what the loop of all loaders asks for
 *   load_folder.c   one file, or one for each stream or value, and their names
 *   load_out.c      a file being written: replaced whole or appended to, packed or not
 *   load_append.c   what makes an append whole
 *   load_journal.c  its journal: what a killed run has added is taken back
 *   load_undo.c     an upsert that a killed run has made, but not its state, is undone
 *   load_csv.c      records as rows
 *   load_head.c     the first row of a CSV file that is there
 *   load_upsert.c   a change stream applied to a file by key: what comes in
 *   load_fold.c     what the stream makes of each key
 *   load_match.c    which change is meant for a row of the old file
 *   load_apply.c    what becomes of the rows of the old file, and of what is left
 *   load_change.c   what would be done, printed
 */
#ifndef SYNC_FILE_LOAD_H
#define SYNC_FILE_LOAD_H

#include <sys/stat.h>

#include "base/fileio.h"
#include "load/run.h"
#include "value/digest.h"

enum { FORMAT_NDJSON, FORMAT_JSON, FORMAT_CSV, FORMAT_TSV };

struct column {
	struct span name;	/* in the header; in the arena */
	struct path path;	/* what its cells are */
	struct cursor cursor;
	bool empty;		/* the file has it, --fields doesn't: its cells are empty */
};

struct columns {
	struct column *v;	/* owned; their paths live in the arena */
	size_t n, cap;
	struct arena arena;
	bool given;		/* by --fields: other members are left out */
	bool known;
	bool mark, crlf;	/* the file has a byte order mark, its rows end by CR LF */
};

struct packer;

/* An append to a file; the out's own descriptor is that of the journal. */
struct append {
	int fd;			/* the file */
	char *journal;		/* owned: its path */
	struct digest digest;	/* of what is in the journal */
	uint64_t staged;	/* so many bytes */
	uint64_t size;		/* of the file at the start, and after what was added last */
	uint64_t generation;	/* of the state before what was added last */
	bool added;		/* what is in the journal is in the file, and may have to be taken back */
	bool made;		/* the file wasn't there */
};

/* The last line of a journal. */
struct journal {
	uint64_t inode;		/* of the file: what has another one isn't it */
	uint64_t start, length;	/* where it ended, and how much is added */
	uint64_t changed;	/* of a file that was replaced: when it was written, in nanoseconds */
	uint64_t generation;	/* of the state before */
	bool glued;		/* a line feed is added first */
	char digest[33];
	char *state, *job, *mark;	/* owned: what makes it final */
};

struct out {
	char *path;		/* owned */
	struct buf name;	/* the stream or value that it is for */
	int fd;
	bool direct;		/* a pipe, a device or standard output: written as it comes */
	bool dry;		/* --dry-run: nothing is written */
	struct replacement temp;	/* of a file that is replaced */
	struct packer *packer;	/* NULL: not packed */
	struct buf buf;		/* not written yet */
	int format;
	struct columns columns;
	uint32_t stream;	/* whose schema gives the columns */
	uint64_t records;
	uint64_t size;		/* append: bytes that were there and bytes written since */
	struct append *append;	/* owned; NULL: the file is replaced, or is direct */
	bool existed;		/* there was something in it */
	bool headed;		/* a row of names was written */
	bool known;		/* the file is there, as this inode of this device */
	dev_t device;
	ino_t inode;
};

struct files {
	struct load_options *o;
	const char *target;
	bool folder;		/* a file for each stream, or for each value of --split-by */
	struct path split;
	struct cursor split_cursor;
	struct arena arena;
	struct out **out;	/* owned */
	size_t n, cap;
	struct out *last;
	struct columns *schema;	/* owned: columns that schema frames declare, by stream */
	uint32_t schemas, schemas_cap;
	uint32_t stream;	/* of the record or schema frame in hand */
	bool streams;		/* there was one: load->only is the last one */
	char delimiter;
	struct upsert *upsert;	/* owned: in mode upsert */
	struct undo *undo;	/* owned: upsert with a state */
	char *mark;		/* owned: append to several files: while its file is there, nothing of this run is final */
	int mark_fd;
};

/* ---- load_folder.c */
int folder_open(struct files *f, const struct load *l, struct error *err);
/* The file that the record goes to. NULL: err; with a code it is the record that can't go anywhere. */
struct out *folder_choose(struct files *f, struct load *l, const struct record *rec, uint32_t stream, struct error *err);
/* A stream is declared: in a folder it gets its file, even if no record comes. */
int folder_declare(struct files *f, struct load *l, uint32_t stream, struct error *err);
struct out *folder_add(struct files *f, struct load *l, const char *path, struct span name, struct error *err);
/* Before file i is written for good: -1 if it is one of those before by another name. */
int folder_check(const struct files *f, size_t i, struct error *err);
void folder_written(struct files *f, size_t i);

/* ---- load_out.c */
struct out *out_open(struct files *f, struct load *l, const char *path, struct span name, struct error *err);
int out_record(struct files *f, struct out *o, struct record *rec, struct error *err);	/* LOAD_DONE, LOAD_REJECT, -1 */
/* What a schema frame declared for the file, or NULL. */
const struct columns *out_declared(const struct files *f, const struct out *o);
/* Settles the columns, if they can be known: rec may be NULL. */
void out_columns(struct files *f, struct out *o, const struct record *rec);
/* Writes what is gathered to the file, or to its journal. */
int out_flush(struct out *o, struct error *err);
/* The file's end: replaced for good, or all of it in its journal. */
int out_finish(struct files *f, const struct load *l, struct out *o, struct error *err);
/* Takes back what isn't final. l is NULL for a file that failed to open. */
void out_close(struct out *o, const struct load *l);
int format_of(const char *path, int wish);

/* ---- load_append.c */
int append_open(struct files *f, struct load *l, struct out *o, struct error *err);
/* --dry-run: could it be appended to, and in which columns? */
int append_look(struct files *f, struct out *o, struct error *err);
/* Puts what is gathered in o->buf into the journal. */
int append_stage(struct out *o, struct error *err);
/* Adds what is in the journals to the files. Without a state it is final then. */
int append_commit(struct files *f, struct load *l, struct error *err);
/* Notes the sizes in the state. */
void append_note(const struct files *f, struct load *l);
void append_close(struct out *o, const struct load *l);
/* Settles what killed runs left in a folder. */
int append_recover(const char *folder, const struct load *l, struct error *err);
/* After every file was closed. */
int append_unmark(struct files *f, struct error *err);

/* ---- load_journal.c */
enum { JOURNAL_HEAD = 19, JOURNAL_DIGEST = 16 };	/* bytes before what is to be added, and of the digest */
extern const char journal_head[];
/* ".NAME" and an ending, beside a file; the caller frees it. */
char *journal_name(const char *path, const char *ending);
/* Makes it final when the state of this run moves on. */
void journal_state(struct journal *j, const struct load *l);
/* 1; 0: it has no last line, or not all that this speaks of; -1. */
int journal_read(int fd, struct journal *j, const char *path, struct error *err);
/* Is what it speaks of, done to the file of that path, final? 1, 0, or -1 where that can't be known any more; -2: err. */
int journal_final(const struct journal *j, const char *path, const struct load *l, struct error *err);
/* Adds the last line, and syncs. */
int journal_close(int fd, const struct journal *j, const char *path, struct error *err);
void journal_release(struct journal *j);
/* Takes back what isn't final of a journal that was left behind, if there is one, and removes it. file: open and locked. */
int journal_settle(const char *path, int file, const char *journal, const struct load *l, struct error *err);
/* Removes a file, so that it stays removed. */
int journal_remove(const char *path, struct error *err);

/* ---- load_upsert.c, load_apply.c */
int upsert_open(struct files *f, struct load *l, struct error *err);
int upsert_schema(struct files *f, struct load *l, struct value key, struct value schema, struct error *err);
int upsert_record(struct files *f, struct load *l, struct record *rec, const struct meta *meta, struct error *err);
int upsert_finish(struct files *f, struct load *l, struct error *err);
/* After upsert_finish: is the file another one now? */
bool upsert_changed(const struct files *f);
void upsert_release(struct files *f);

/* ---- load_undo.c */
struct undo;
/* Undoes what a killed run has left. */
int undo_settle(const char *path, const struct load *l, struct error *err);
/* Before the file is replaced: keeps the old one until the state is stored. */
int undo_prepare(struct files *f, const struct load *l, const struct out *o, struct error *err);
void undo_close(struct files *f, const struct load *l);

/* ---- load_csv.c */
int columns_from_list(struct columns *c, const char *list, struct error *err);
/* The names of an object's members: a record's, or those of a schema's properties. */
void columns_from_object(struct columns *c, struct value object);
void columns_copy(struct columns *to, const struct columns *from);
/* A column of that name, whose cells are the members of that name. */
struct column *columns_add(struct columns *c, struct span name);
struct column *columns_find(const struct columns *c, struct span name);
void columns_release(struct columns *c);
void csv_header(const struct columns *c, char delimiter, struct buf *out);
/* The verdict on a member that no column holds. */
int csv_unknown(struct value name, struct error *err);
int csv_row(struct columns *c, const struct record *rec, char delimiter, struct buf *out, struct error *err);

/* ---- load_head.c */
/* Makes the columns those of the file that is there, in its order; --fields then says which of them are filled, and from where. */
int head_follow(struct out *o, char delimiter, struct error *err);
/* Can rows of a JSON or NDJSON file that is there be changed or added? */
int head_check(const struct out *o, struct error *err);
/* Does a CSV file, read from fd, end outside of quotes? Reads all of it. */
int head_ends_whole(const struct out *o, int fd, char delimiter, struct error *err);

#endif
