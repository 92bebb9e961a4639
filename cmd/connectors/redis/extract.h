/*
 * extract: sync-extract-redis: keys of every type, or rows under a template of keys.
 *
 *   extract.c        main: options, SCAN, each key once
 *   extract_read.c   keys' types, then their values, some at a time
 *   extract_rows.c   a hash or a JSON string as a row
 */
#ifndef SYNC_REDIS_EXTRACT_H
#define SYNC_REDIS_EXTRACT_H

#include "endpoint/extract_opts.h"
#include "keys.h"
#include "set/sort.h"
#include "set/table.h"
#include "stream/tool.h"
#include "template.h"
#include "typed.h"

struct own_options {
	const char *key_template, *type;
};

/* Keys are read so many at a time, and their values so many in one MULTI: fewer where they are large, since the server holds them. */
enum { KEYS_AT_ONCE = 512, KEYS_IN_MULTI = 32, MULTI_BYTES = 1 << 20 };

struct extract {
	struct tool *tool;
	struct extract_options *o;
	struct own_options *own;
	struct redis redis;
	struct template tmpl;	/* parts 0: keys as they are */
	uint32_t stream;
	struct memory memory, later_memory;
	struct table seen;	/* hashes of the keys read */
	struct sort later;	/* keys that came when the table was full: each once, at the end */
	struct spill spill;
	bool full;
	struct hash_key hash_key;
	struct record scratch;
	struct record schema;	/* of rows: what a loader remembered */
	struct typed typed;
	bool has_schema;
	bool any_key;		/* keys of Syncline's own too: they were asked for */
	size_t value_bytes;	/* of a value, as they were of late */
	struct buf key;		/* JSON array of --key, or empty */
};

/* ---- extract_read.c */
int keys_read(struct extract *x, const struct span *name, size_t n, struct error *err);
/* Ends the record that stands in the writer, or sets it aside where it is too long. */
int end_record(struct extract *x, const struct key *k, struct error *err);
/* A key that makes no record: "the key 'x' …". */
int set_aside(struct extract *x, const struct key *k, const char *code, const char *why, struct error *err);

/* ---- extract_rows.c */
int schema_write(struct extract *x, struct error *err);
int row_write(struct extract *x, const struct key *k, struct span raw, struct error *err);

#endif
