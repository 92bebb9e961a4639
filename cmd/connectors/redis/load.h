/*
 * load: sync-load-redis: rows under a template of keys, or keys of every type.
 *
 *   load.c         the connector: records put by, checkpoints, what happens at the end
 *   load_rows.c    a row as the hash or the JSON text that it becomes
 *   load_keys.c    a record of a key as the words that make its value
 *   load_spool.c   what records became, until the checkpoint behind them has come: in memory, then in a file without a name
 *   load_chunk.c   some of them at a time: what is there is asked, what differs is written in one MULTI
 *   load_change.c  what must know what was there: updates, moves, values that differ; the state
 *   load_words.c   the commands that make a value
 *   load_mirror.c  keys that nothing brought; --max-delete
 *   load_state.c   the state; schemas
 *   load_print.c   --dry-run
 *
 * Redis takes nothing back, so nothing is written before the checkpoint or the end that says the stream is whole so far.
 */
#ifndef SYNC_REDIS_LOAD_H
#define SYNC_REDIS_LOAD_H

#include "keys.h"
#include "load/held.h"
#include "set/sort.h"
#include "template.h"
#include "typed.h"
#include "value/hash.h"

struct own_options {
	const char *key_template, *publish;
	int as;			/* 0 hash, 1 json */
	double ttl;		/* seconds; 0: none is set */
};

enum { ROWS_AT_ONCE = 512, CHUNK_BYTES = 512 << 10, SPOOL_MEMORY = 8 << 20, CHUNK_SLOTS = 2048 };

/* What a record becomes. */
struct row {
	int op;			/* enum op */
	bool dump;		/* words hold what DUMP gave */
	bool rejected;		/* it was set aside */
	struct span key, old;	/* old: the key it had before, or empty */
	struct span type;	/* of the value */
	struct span words;	/* see keys.h; an update's: fields and values, or the JSON of its change */
	struct span names;	/* on its way: if any, the fields' names, and words has just the values */
	size_t count;		/* of words, in a chunk */
	struct span gone;	/* an update: names of fields that go, as words */
	int64_t expires;	/* milliseconds since 1970, or -1 */
	struct arrival arrival;	/* its line only where somebody may ask for it */
};

enum effect { EFFECT_NONE, EFFECT_SAME, EFFECT_INSERTED, EFFECT_UPDATED, EFFECT_DELETED };

/* Rows on their way, each key once. */
struct chunk {
	struct row row[ROWS_AT_ONCE];
	enum effect effect[ROWS_AT_ONCE];
	uint32_t replies[ROWS_AT_ONCE];	/* of its commands */
	bool there[ROWS_AT_ONCE];
	bool settled[ROWS_AT_ONCE];	/* it is as it should be */
	uint32_t n, sent;	/* sent: commands in the MULTI */
	size_t bytes;
	bool careful;		/* what is there matters: see load_change.c */
	bool values;		/* values were asked, not just whether keys are there */
	struct arena arena;	/* what the rows point to */
	uint64_t slot[CHUNK_SLOTS];	/* hashes of its keys */
};

struct database {
	struct load *load;
	struct load_options *o;
	struct own_options *own;
	struct redis redis;
	const char *uri;
	struct template tmpl;	/* parts 0: keys of every type */

	/* records becoming rows */
	struct record schema;	/* the stream's */
	struct typed typed;
	bool ejson;		/* x-values: ejson */
	bool schema_saved;
	uint32_t stream;	/* the only one; UINT32_MAX: none came yet */
	struct arena arena;	/* of a record */
	struct buf words, names, gone, key, old;
	struct record scratch;

	/* the spool */
	struct buf held;	/* the newest rows */
	struct buf last_names;	/* of the row before: those that are the same aren't stored again */
	struct spill spill;	/* the others, or not open */

	/* rows becoming keys */
	struct chunk chunk[3], *gathering, *asked, *written;
	bool expect;		/* the last keys were there: their values are asked at once */
	struct hash_key hash_key;

	/* guards, mirror */
	struct sort seen;	/* keys that came, keys that are there */
	struct spill seen_spill;
	struct memory memory;
	uint64_t keys_at_start, deletes, truncates;
	bool counted;
};

/* ---- load_rows.c */
/* What becomes of a record, in out. LOAD_DONE, LOAD_REJECT. */
int row_of(struct database *d, struct record *rec, const struct meta *meta, struct row *out, struct error *err);
/* Bytes: a string, a number's digits, or {"$binary":{"base64":…}}. */
int bytes_of(struct database *d, struct value v, struct span *out);

/* ---- load_keys.c */
int row_of_key(struct database *d, struct record *rec, struct row *r, struct error *err);

/* ---- load_spool.c */
int spool_add(struct database *d, const struct row *r, struct error *err);
/* Gives all rows to fn, in their order, and forgets them. */
int spool_take(struct database *d, int (*fn)(struct database *d, const struct row *r, struct error *err), struct error *err);
void spool_release(struct database *d);

/* ---- load_chunk.c */
/* Adds a row, which is copied. */
int chunk_add(struct database *d, const struct row *r, struct error *err);
/* All rows are written. */
int chunk_drain(struct database *d, struct error *err);
/* …and the state with the last ones. */
int chunk_commit(struct database *d, struct error *err);
/* What the MULTI's replies say: 0, 1 where somebody changed a watched key, -1. */
int chunk_result(struct database *d, struct chunk *c, struct error *err);
/* Adds to the counts that --verbose says. */
void chunk_count(struct database *d, const struct chunk *c);
/* The reply of value_words holds the row's value. */
bool value_same(const struct row *r, struct span raw);
/* A key with this expiry has the one that it should have. */
bool expiry_kept(const struct database *d, const struct row *r, int64_t expires);
/* PUBLISH, in the MULTI, if the row changes something. */
void chunk_publish(struct database *d, struct chunk *c, uint32_t i);
void chunk_release(struct database *d);

/* ---- load_change.c */
int chunk_change(struct database *d, struct chunk *c, bool state, struct error *err);

/* ---- load_words.c */
/* Sends the commands that make a row's value where no key is: how many. expires: of the key then, or -1. */
uint32_t value_send(struct database *d, const struct row *r, int64_t expires);
uint32_t expiry_set(struct database *d, struct span key, int64_t expires);

/* ---- load_state.c */
int state_load(struct database *d, struct error *err);
/* Before MULTI: WATCHes the state and checks its generation. Inside: sets it. */
int state_watch(struct database *d, struct error *err);
void state_send(struct database *d);
int schema_save(struct database *d, struct error *err);

/* ---- load_mirror.c */
int mirror_see(struct database *d, struct span key, struct error *err);
/* Adds the deletes of a mirror to the spool. */
int mirror_deletes(struct database *d, struct error *err);
/* --max-delete, before anything is written. */
int guard_spooled(struct database *d, struct error *err);
/* Deletes all keys under the template. */
int keys_truncate(struct database *d, struct error *err);

/* ---- load_print.c */
int print_begin(struct database *d, struct error *err);
int print_row(struct database *d, const struct row *r, enum effect effect, struct error *err);

#endif
