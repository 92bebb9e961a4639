/*
 * load: sync-load-file: a stream as files.
 *
 *   load.c          main, and what the loop of all loaders asks for
 *   load_folder.c   one file, or one for each stream or value, and their names
 *   load_out.c      a file being written: replaced whole or appended to, packed or not
 *   load_append.c   what makes an append whole: it is cut back to where a killed run began
 *   load_csv.c      records as rows
 *   load_upsert.c   a change stream applied to a file by key
 */
#ifndef SYNC_FILE_LOAD_H
#define SYNC_FILE_LOAD_H

#include "base/fileio.h"
#include "load/run.h"

enum { FORMAT_NDJSON, FORMAT_JSON, FORMAT_CSV, FORMAT_TSV };

struct column {
	struct path path;
	struct cursor cursor;
};

struct columns {
	struct column *v;	/* owned; their paths live in the arena */
	size_t n, cap;
	struct arena arena;
	bool given;		/* by --fields: other members are left out */
	bool known;
};

struct packer;

struct out {
	char *path;		/* owned */
	struct buf name;	/* the stream or value that it is for */
	int fd;
	bool direct;		/* a pipe, a device or standard output: written as it comes */
	struct replacement temp;	/* of a file that is replaced */
	struct packer *packer;	/* NULL: not packed */
	struct buf buf;		/* not written yet */
	int format;
	struct columns columns;
	uint64_t records;
	uint64_t size;		/* append: bytes that were there and bytes written since */
	char *undo;		/* owned: append: the note of the size at the start, or NULL */
	bool existed;		/* there was something in it */
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
	struct columns schema;	/* columns of the schema frame last seen */
	char delimiter;
	struct upsert *upsert;	/* owned: in mode upsert */
};

/* ---- load_folder.c */
int folder_open(struct files *f, struct error *err);
/* The file that the record goes to. NULL: err; with a code it is the record that can't go anywhere. */
struct out *folder_choose(struct files *f, struct load *l, const struct record *rec, uint32_t stream, struct error *err);
struct out *folder_add(struct files *f, struct load *l, const char *path, struct span name, struct error *err);
/* Before file i is written for good: -1 if it is one of those before by another name. */
int folder_check(const struct files *f, size_t i, struct error *err);
void folder_written(struct files *f, size_t i);

/* ---- load_out.c */
struct out *out_open(struct files *f, struct load *l, const char *path, struct span name, struct error *err);
int out_record(struct files *f, struct out *o, struct record *rec, struct error *err);	/* LOAD_DONE, LOAD_REJECT, -1 */
/* Writes what is gathered to the file, and to the disk. */
int out_sync(struct out *o, struct error *err);
/* The file's end: replaced for good, or synced. */
int out_finish(struct files *f, struct out *o, struct error *err);
void out_close(struct out *o, bool durable);
int format_of(const char *path, int wish);

/* ---- load_append.c */
int append_open(struct files *f, struct load *l, struct out *o, struct error *err);
/* Notes the sizes in the state. */
void append_note(const struct files *f, struct load *l);

/* ---- load_upsert.c */
int upsert_open(struct files *f, struct load *l, struct error *err);
int upsert_schema(struct files *f, struct value key, struct error *err);
int upsert_record(struct files *f, struct load *l, struct record *rec, const struct meta *meta, struct error *err);
int upsert_finish(struct files *f, struct load *l, struct error *err);
void upsert_release(struct files *f);

/* ---- load_csv.c */
int columns_from_list(struct columns *c, const char *list, struct error *err);
int columns_from_object(struct columns *c, struct value object);
int columns_from_header(struct columns *c, const char *path, char delimiter, struct error *err);
void columns_release(struct columns *c);
void csv_header(const struct columns *c, char delimiter, struct buf *out);
int csv_row(struct columns *c, const struct record *rec, char delimiter, struct buf *out, struct error *err);

#endif
