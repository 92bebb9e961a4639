/*
 * load: sync-load-mongodb: records into the collections of a MongoDB database.
 *
 *   load.c         the connector: records put by, checkpoints, what happens at the end
 *   load_target.c  the collections: their keys and indexes, made where they aren't there
 *   load_row.c     a record as what it asks for, with the key of its document
 *   load_batch.c   some rows at a time: what is there is read, and the rows are folded into it
 *   load_write.c   …and what differs is written; documents that are refused are set aside
 *   load_whole.c   replace and mirror
 *   load_state.c   the state
 *
 * Without transactions MongoDB takes nothing back, so nothing is written before the checkpoint or the end that says the
 * stream is whole so far.
 */
#ifndef SYNC_MONGODB_LOAD_H
#define SYNC_MONGODB_LOAD_H

#include "load/spool.h"
#include "mongo.h"
#include "set/table.h"
#include "value.h"
#include "value/number.h"

enum { ROWS_AT_ONCE = 1000, BYTES_AT_ONCE = 8 << 20, MOST_KEYS = 32, DOCUMENT_MOST = 16 << 20, DUPLICATE_KEY = 11000 };
enum { ID_BYTES = 17 };	/* of an ObjectId that a document gets as its _id */

enum effect { EFFECT_NONE, EFFECT_INSERTED, EFFECT_UPDATED, EFFECT_UNCHANGED, EFFECT_DELETED };

/* A record, and what became of it. Documents are the row's own. */
struct row {
	struct arrival arrival;	/* its line is in the batch's arena */
	enum op op;
	bson_t *document;	/* of an upsert the whole, _id first; of an update what it sets */
	bson_t *unset;		/* names that an update removes, or NULL */
	bson_t *key, *old;	/* {field: value, …}; old: the key that it had before, or NULL */
	struct hash128 hash, old_hash;
	enum effect effect;
	struct slot *slot;	/* NULL: it was set aside, or is settled */
};

/* A document under its key: as it is there, and as it is to be. */
struct slot {
	const bson_t *key;	/* of a row */
	bson_t *before;		/* owned; NULL: not there */
	const bson_t *now;	/* that, the row's document or `made`; NULL: not there any more */
	bson_t *made;		/* owned */
	bool whole;		/* something other than an update made `now` */
	struct slot *from, *to;	/* its document stood there, under another key; and is another slot's now */
	bool alone;		/* a row that moves a document is about it, and no other row */
	uint32_t code;		/* the server's, of a write that it refused; 0 */
	char *why;		/* owned: its words */
};

/* What a schema frame says, of the records that came behind it. */
struct frame {
	uint64_t from;		/* records put by before it, of all streams */
	char *text;		/* owned */
	struct shapes shapes;
};

struct target {
	struct database *d;
	char *name;		/* owned */
	uint32_t stream;
	struct frame *frame;	/* owned; there is always one */
	uint32_t frames, frames_cap, at;	/* at: that of the record in hand */
	struct reading reading;
	char *key[MOST_KEYS];	/* owned */
	struct buf key_text;	/* owned: scratch */
	uint32_t keys;
	bool keyed;		/* the stream or the options say what the key is; else it is _id */
	bool generates;		/* …and documents without one are added, into a new collection */
	bool ready;		/* it was looked at, and made if need be */
	bool exists;
	char *to;		/* owned: --mode replace: where documents go until the end; else NULL */
	mongoc_collection_t *collection;	/* of `to` or name */
	int64_t rows_at_start, deletes;
	bool counted;
	bool emptied;		/* by a record since the last commit: later deletes are of none of these */
	uint64_t added;		/* of documents that are just added: those that were */
	bson_t *wanted;		/* keys of deletes whose documents aren't counted yet, in an array */
	uint32_t wanteds;
	struct row *row;	/* owned: the batch */
	uint32_t rows, cap;
	size_t bytes;
	struct arena arena;	/* lines of the batch */
	struct table seen;	/* mirror: keys that came */
};

struct database {
	struct load *load;
	struct load_options *o;
	struct mongo mongo;
	const char *uri;
	struct spool spool;
	uint64_t taken;		/* records of the spool, up to the one in hand */
	struct target **target;	/* owned */
	uint32_t targets, cap;
	struct memory memory;
	struct hash_key hash_key;
};

/* ---- load_target.c */
/* The collection of a stream; NULL: its name can't be one. */
struct target *target_of(struct database *d, uint32_t stream, struct error *err);
/* A schema frame of it. */
int target_declare(struct target *t, struct value key, struct value schema, struct error *err);
/* The shapes that hold for the record in hand. */
struct shapes *target_shapes(struct target *t);
/* Looks at the collection before it is first written. first: the first record, or NULL. */
int target_ready(struct target *t, const struct record *first, struct error *err);
int target_count(struct target *t, struct error *err);	/* rows_at_start */
bool key_is_id(const struct target *t);
void target_release(struct target *t);
void targets_say_text(const struct database *d);	/* which values became text */

/* ---- load_row.c */
/* Fills a row but for its line. LOAD_DONE, LOAD_REJECT, -1. */
int row_of(struct target *t, struct record *rec, const struct meta *meta, struct row *out, struct error *err);
void row_release(struct row *r);
/* A number's digits; of NaN and infinities a word. */
enum { NUMBER_OF_ROOM = BSON_DECIMAL128_STRING + NUMBER_DOUBLE_ROOM };
struct span number_digits_of(const bson_iter_t *it, char room[NUMBER_OF_ROOM]);
/* A key's hash, by value: 1 and 1.0 are one key. */
struct hash128 key_hash(struct target *t, const bson_t *document);
/* A condition for documents that have one of the keys; several: {"0": key, …}. The caller destroys it. */
bson_t *key_condition(const struct target *t, const bson_t *several);

/* ---- load_batch.c */
/* Takes a row over; what gathers is written first where it is enough. */
int batch_add(struct target *t, struct row *r, struct error *err);
int batch_flush(struct target *t, struct error *err);
/* Reads, folds and writes these rows; alone: a refused one is set aside, else those of its slot are given again one by one. */
int rows_apply(struct target *t, struct row *row, uint32_t n, bool alone, struct error *err);

/* ---- load_write.c */
/* Writes what differs. -1 where all is over; what is refused has its slot's code set. */
int slots_write(struct target *t, struct slot *slot, uint32_t n, struct error *err);
int rows_append(struct target *t, struct row *row, uint32_t n, struct error *err);
int row_set_aside(struct target *t, const struct row *r, uint32_t code, const char *why, struct error *err);

/* ---- load_whole.c */
/* Counts a delete's document, if it is there, with some others. flush: those that wait. */
int deletes_add(struct target *t, const bson_t *key, struct error *err);
int deletes_flush(struct target *t, struct error *err);
/* …those of a truncate. */
int deletes_add_all(struct target *t, struct error *err);
/* Deletes all documents. */
int target_truncate(struct target *t, struct error *err);
int replace_start(struct target *t, struct error *err);
/* Before any collection takes its place: does the guard let it, and is it whole? */
int replace_check(struct target *t, struct error *err);
int replace_finish(struct target *t, struct error *err);
void replace_undo(struct target *t);
/* Before anything is written: may the documents whose keys didn't come be deleted? */
int mirror_check(struct target *t, struct error *err);
int mirror_finish(struct target *t, struct error *err);

/* ---- load_state.c */
int state_load(struct database *d, struct error *err);
int state_check(struct database *d, struct error *err);
int state_save(struct database *d, struct error *err);

#endif
