/*
 * extract: sync-extract-redis: keys of every type, or rows under a template of keys.
 *
 *   extract.c        main: options, SCAN, pages of keys
 *   extract_keys.c   a key of any type as a record
 *   extract_rows.c   a hash or a JSON string as a row
 */
#ifndef SYNC_REDIS_EXTRACT_H
#define SYNC_REDIS_EXTRACT_H

#include "endpoint/extract_opts.h"
#include "keys.h"
#include "set/table.h"
#include "stream/tool.h"

struct own_options {
	const char *key_template, *type;
};

struct extract {
	struct tool *tool;
	struct extract_options *o;
	struct own_options *own;
	struct redis redis;
	struct template tmpl;	/* parts 0: keys as they are */
	uint32_t stream;
	struct memory memory;
	struct table seen;	/* hashes of the keys read */
	struct hash_key hash_key;
	struct arena arena;	/* of a page of keys */
	struct record scratch;
	struct record schema;	/* of rows: what a loader remembered */
	bool has_schema;
	bool any_key;		/* keys of Syncline's own too: they were asked for */
	struct buf key;		/* JSON array of --key, or empty */
};

/* ---- extract_keys.c */
/* Sends what asks for the key's value, and sets key->asked, unless it is gone. */
void value_ask(struct extract *x, struct key *k);
/* The key with its type, its value and its expiry as a record. A key that went meanwhile is none. */
int key_write(struct extract *x, const struct key *k, const redisReply *value, struct error *err);
/* Ends the record that stands in the writer, or sets it aside where it is too long. */
int end_record(struct extract *x, struct error *err);

/* ---- extract_rows.c */
int schema_write(struct extract *x, struct error *err);
int row_write(struct extract *x, const struct key *k, const redisReply *value, struct error *err);

#endif
