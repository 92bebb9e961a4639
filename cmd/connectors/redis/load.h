/*
 * load: sync-load-redis: rows under a template of keys, or keys of every type.
 *
 *   load.c         the connector: records put by, checkpoints, what happens at the end
 *   load_spool.c   records until the checkpoint behind them has come: in memory, then in a file without a name
 *   load_rows.c    a record as the key that it becomes
 *   load_chunk.c   some rows at a time: what is there is read, what differs is written in one MULTI
 *   load_state.c   the state, in the MULTI of the last rows; schemas
 *   load_mirror.c  keys that nothing brought
 *
 * Redis takes nothing back, so nothing is written before the checkpoint or the end that says the stream is whole so far.
 */
#ifndef SYNC_REDIS_LOAD_H
#define SYNC_REDIS_LOAD_H

#include "keys.h"
#include "load/held.h"
#include "set/spill.h"
#include "set/table.h"

struct own_options {
	const char *key_template, *publish;
	int as;			/* 0 hash, 1 json */
	double ttl;		/* seconds; 0: none is set */
};

enum { ROWS_AT_ONCE = 500, SPOOL_MEMORY = 16 << 20 };

/* A hash's field, or what a row sets. */
struct pair {
	struct span name, value;
	bool gone;		/* null: the field goes */
};

struct command {
	struct span *word;
	uint32_t words;
};

struct row {
	struct arrival arrival;
	int op;			/* enum op */
	struct span key, old;	/* old: the key it had before, or empty */
	struct pair *pair;	/* hash rows */
	uint32_t pairs;
	struct span text;	/* JSON rows: the record; keys: its line */
	const char *type;	/* keys: their type */
	struct span *word;	/* keys: the command that writes the value, without the key's deletion; NULL: none */
	uint32_t words;
	struct command *entry;	/* keys: a stream's entries and groups */
	uint32_t entries;
	int64_t expires;	/* milliseconds, or -1 */
};

struct database {
	struct load *load;
	struct load_options *o;
	struct own_options *own;
	struct redis redis;
	const char *uri;
	struct template tmpl;	/* parts 0: keys of every type */
	struct held held;	/* the newest records of the spool */
	struct spill spill;	/* the others, or not open */
	bool applying;		/* records come from the spool */
	struct row row[ROWS_AT_ONCE];
	uint32_t rows;
	struct arena arena;	/* theirs */
	struct memory memory;
	struct table keys;	/* hashes of the chunk's keys */
	struct table seen;	/* mirror: of all keys that came */
	struct hash_key hash_key;
	struct record scratch;
	struct buf schema;	/* the stream's, to be remembered */
	uint64_t keys_at_start, deletes;
	bool counted;
};

/* ---- load_spool.c */
int spool_add(struct database *d, const struct arrival *a, struct error *err);
/* Gives all records once more, with d->applying. */
int spool_apply(struct database *d, struct error *err);
void spool_release(struct database *d);

/* ---- load_rows.c */
/* What becomes of a record, in out. LOAD_DONE, LOAD_REJECT. */
int row_of(struct database *d, struct record *rec, const struct meta *meta, struct row *out, struct error *err);

/* ---- load_chunk.c */
/* Adds a row, which lives in d->arena; those gathered are written first where its key is among them. */
int chunk_add(struct database *d, const struct row *r, struct error *err);
/* Writes those gathered; with the state in the same MULTI (state). */
int chunk_flush(struct database *d, bool state, struct error *err);

/* ---- load_state.c */
int state_load(struct database *d, struct error *err);
/* Before MULTI: WATCHes the state and checks its generation. Inside: sets it. */
int state_watch(struct database *d, struct error *err);
void state_send(struct database *d);
int schema_save(struct database *d, struct error *err);

/* ---- load_mirror.c */
int keys_count(struct database *d, struct error *err);
int mirror_finish(struct database *d, struct error *err);

#endif
