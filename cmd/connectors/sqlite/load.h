/*
 * load: sync-load-sqlite: a stream into tables of a SQLite database.
 *
 *   load.c            the connector: records, checkpoints, what happens at the end
 *   load_target.c     the database: opening, errors, waiting for locks, transactions
 *   load_table.c      a stream's table: found, its columns and key
 *   load_make.c       tables that are made, columns that are added
 *   load_cell.c       values as cells of columns, exactly or not at all
 *   load_shape.c      the columns that a record sets, and their statements
 *   load_rows.c       rows put, changed, moved, deleted
 *   load_gather.c     new rows, inserted many at once
 *   load_retry.c      rows that another one stands in the way of
 *   load_park.c       rows that stand in each other's way
 *   load_mirror.c     keys that were seen, and deleting the others
 *   load_print.c      what a dry run would do, as a change stream
 *   load_state.c      _sync_state and _sync_schema
 *   any.c             what stands for values that SQLite has no type for (the extractor's too)
 *
 * One transaction holds everything from its first record to the next commit. Where another process reads the same file, a
 * commit in the middle may not get its lock, and then simply isn't made: all is committed later, or at the end.
 */
#ifndef SYNC_SQLITE_LOAD_H
#define SYNC_SQLITE_LOAD_H

#include <sqlite3.h>

#include "any.h"
#include "db.h"
#include "load/held.h"

enum affinity { AFFINITY_NONE, AFFINITY_TEXT, AFFINITY_INTEGER, AFFINITY_REAL, AFFINITY_NUMERIC };

struct column {
	struct span name;	/* owned, with a NUL behind it */
	char *quoted;		/* owned: as an identifier of SQL */
	char *collation;	/* owned: quoted; NULL for SQLite's usual one, which compares bytes */
	enum affinity affinity;
	bool key;
	bool declared;		/* by the stream's schema: an upsert sets it even where a record lacks it */
	bool untyped;		/* text is to be read by the column's type */
	bool base64;		/* text is the base64 of a blob */
	bool number;		/* its schema is a number's: "Infinity" is one */
	bool ejson;		/* values off its schema are Extended JSON */
	bool any;		/* it was made for values of any kind (any.h) */
	bool unique;		/* in a unique index, once that was asked for */
	bool generated;		/* computed by the database: not written */
	bool rowid;		/* another name of the rowid: it takes nothing but integers */
	uint64_t seen;		/* the last record that set it */
	struct path path;	/* of the record's member */
	struct cursor cursor;
};

enum cell_kind { CELL_NULL, CELL_INTEGER, CELL_REAL, CELL_TEXT, CELL_BLOB };

/* What goes into a column. Its text or bytes are borrowed from the record or the database's arena. */
struct cell {
	enum cell_kind kind;
	union {
		int64_t i;
		double d;
		struct span s;
	};
};

enum sql { SQL_INSERT, SQL_UPSERT, SQL_TRY, SQL_UPDATE, SQL_MANY, SQL_PARK, SQLS };
enum { NO_COLUMN = UINT32_MAX, MOST_COLUMNS = 2000, MANY_COLUMNS = 128 };

/* The columns that a record sets, in its order, and statements for them, prepared when first used. */
struct shape {
	uint32_t n;
	uint32_t *column;	/* owned */
	uint32_t *key;		/* owned: for each column of the table's key its place among these, or NO_COLUMN */
	uint32_t rowid;		/* the place of the column that is the rowid, or NO_COLUMN */
	bool only_keys;		/* nothing else can change */
	sqlite3_stmt *stmt[SQLS];	/* owned */
};

struct table {
	uint32_t stream;
	char *name;		/* owned */
	char *quoted;		/* owned */
	bool looked;		/* for it in the database */
	bool exists;		/* in the database */
	bool made;		/* by this run */
	bool rowid;		/* it has one (else it is WITHOUT ROWID) */
	bool simple;		/* a row is refused by nothing but constraints: no view, triggers, expressions that may fail */
	bool has_schema;	/* the stream declared its columns */
	struct buf schema;	/* the schema frame's text */
	struct buf key_names;	/* its key, a JSON array */
	struct column *column;	/* owned */
	uint32_t columns, cap;
	uint32_t *key;		/* owned: the key's columns */
	uint32_t keys;		/* 0: it has none */
	struct shape **shape;	/* owned: a few, newest first */
	uint32_t shapes;
	sqlite3_stmt *delete, *find, *both, *move, *seen;
	uint64_t rows_at_start;	/* known when counted */
	bool counted;
	bool asked;		/* which columns are unique */
	bool printed;		/* its schema, by a dry run */
	uint64_t added;		/* in all */
	uint64_t deleted;	/* in all: --max-delete */
	uint32_t new_rows;	/* the last so many were new */
	struct held held;	/* the first records, until the table is made from them */
	struct arena arena;	/* of the columns' paths */
};

/* What was counted, to go back to. */
struct tally {
	uint64_t inserted, updated, unchanged, deleted;
	uint64_t *of_tables;	/* owned: added and deleted */
};

struct gather;
struct retry;

struct database {
	struct load *load;
	struct load_options *o;
	struct db file;		/* what the operand names */
	const char *path;	/* borrowed from it */
	sqlite3 *db;		/* borrowed from it */
	bool in_transaction;
	double patience;	/* seconds that a lock is waited for… */
	int64_t deadline;	/* …the one that is waited for now */
	bool parking;
	bool silent;		/* a dry run only tries */
	struct table **table;	/* owned */
	uint32_t tables;
	struct table *last;
	struct arena arena;	/* of the record in hand */
	uint64_t row;		/* records so far */
	struct shape *shape;	/* of the record in hand… */
	uint32_t chosen[MOST_COLUMNS];	/* …its columns */
	struct cell cell[MOST_COLUMNS];	/* …its cells */
	uint32_t cells;
	struct cell key[MOST_COLUMNS];	/* …its key's */
	int changed;		/* by the last statement: SQLITE_INSERT, SQLITE_UPDATE or 0 */
	const char *watched;	/* …to this table */
	bool moved;		/* the last move found a row… */
	uint64_t gone;		/* …or this many had to go for it */
	bool in_the_way;	/* the last constraint was of a unique value: another row has it */
	struct gather *gather;	/* owned */
	struct retry *retry;	/* owned */
};

/* ---- load_target.c */
int target_open(struct database *d, struct error *err);
void target_close(struct database *d);
/* An error of SQLite as ours: busy is 75, constraints are the record's own (code "constraint"), all else fails. */
int target_error(struct database *d, const char *what, struct error *err);
int target_exec(struct database *d, const char *sql, struct error *err);
int target_prepare(struct database *d, const char *sql, sqlite3_stmt **stmt, struct error *err);
/* The first column of the first row as a number, 0 for no row. name is bound to a parameter, if any; it may be NULL. */
int target_number(struct database *d, const char *sql, const char *name, uint64_t *out, struct error *err);
/* Runs a statement to its end. LOAD_DONE, LOAD_REJECT, or -1. */
int target_run(struct database *d, sqlite3_stmt *stmt, const struct table *t, struct error *err);
/* Begins a transaction, unless there is one. */
int target_begin(struct database *d, struct error *err);
/* 0 committed; LOAD_POSTPONED: busy, and not waited for long (wait false); -1. */
int target_commit(struct database *d, bool wait, struct error *err);

/* ---- load_table.c */
struct table *table_of(struct database *d, uint32_t stream, struct error *err);
/*
 * Finds the table and its columns, or makes it from the stream's schema, before its first record. 1, and t->exists;
 * 0: it isn't there, and nothing declares its columns; -1.
 */
int table_ready(struct database *d, struct table *t, struct error *err);
/* The schema frame came again: what it says of columns. */
int table_declare(struct database *d, struct table *t, struct error *err);
struct column *table_column(struct table *t, struct span name);
struct column *table_new_column(struct table *t, struct span name, const char *type);
/* SQL has no names with a NUL. */
static inline bool name_can_be(struct span name) { return !name.n || !memchr(name.p, '\0', name.n); }
int table_choose_key(struct database *d, struct table *t, struct error *err);
void table_free(struct table *t);

/* ---- load_make.c */
int make_from_schema(struct database *d, struct table *t, const struct record *schema, struct error *err);
/* From the records held. Those are loaded then. */
int make_from_held(struct database *d, struct table *t, struct error *err);
/* ALTER TABLE … ADD COLUMN for a member that has none, or a property of the schema. */
int make_column(struct database *d, struct table *t, struct value name, struct value v, bool is_property, struct error *err);

/* ---- load_cell.c */
/* 0, or LOAD_REJECT with err (code "lossy", "bad-base64"). */
int cell_of(struct database *d, const struct column *c, struct value v, struct cell *out, struct error *err);
void cells_bind(sqlite3_stmt *stmt, int at, const struct cell *c, uint32_t n);
/* The cells of the key of an object; LOAD_REJECT where one is missing or null. */
int cells_of_key(struct database *d, struct table *t, struct value object, struct cell *out, struct error *err);
/* A number for a key: equal keys have equal ones. Those that others share by chance go by the salt. */
uint64_t key_hash(const struct table *t, const struct cell *key, uint64_t salt);

/* ---- load_shape.c */
/* What the record sets: d->shape, d->cell. LOAD_DONE, LOAD_REJECT or -1. An update also sets null what it unsets. */
int shape_of(struct database *d, struct table *t, const struct record *rec, bool update, struct error *err);
sqlite3_stmt *shape_statement(struct database *d, struct table *t, struct shape *s, enum sql kind, struct error *err);
void shape_free(struct shape *s);

/* ---- load_rows.c */
int rows_upsert(struct database *d, struct table *t, const struct record *rec, struct error *err);
int rows_update(struct database *d, struct table *t, const struct record *rec, struct error *err);
int rows_delete(struct database *d, struct table *t, const struct record *rec, struct error *err);
int rows_truncate(struct database *d, struct table *t, struct error *err);
int rows_count(struct database *d, struct table *t, struct error *err);
/* Puts one row, by an upsert or an insert as the mode says, and counts what that did. */
int rows_put(struct database *d, struct table *t, struct shape *s, const struct cell *cell, struct error *err);
bool rows_only_added(const struct database *d, const struct table *t);

/* ---- load_gather.c */
int gather_open(struct database *d, struct error *err);
/* Whether this row had better wait for others. */
bool gather_wants(const struct database *d, const struct table *t, const struct shape *s);
int gather_add(struct database *d, struct table *t, struct shape *s, struct error *err);
int gather_flush(struct database *d, struct error *err);
void gather_close(struct database *d);

/* ---- load_retry.c */
void retry_open(struct database *d);
bool retry_some(const struct database *d);
/* An earlier record of this key waits. */
bool retry_waits(const struct database *d, const struct table *t, const struct cell *key);
/* The last reject was for another row's unique value, which a later record may free. */
bool retry_helps(const struct database *d, const struct table *t);
/* Keeps the record in hand, whose key is d->key (and was old, if not NULL), until retry_all. */
void retry_keep(struct database *d, const struct table *t, const struct cell *old);
/* Tries all again while that gets any further; those left stay, or are set aside (last). Not while a record is being written. */
int retry_all(struct database *d, bool last, struct error *err);
/* …if there are many. */
int retry_if_many(struct database *d, struct error *err);
void retry_copy(const struct database *d, struct held *out);
void retry_replace(struct database *d, struct held *by);	/* takes over what it holds */
void retry_close(struct database *d);

/* As retry_all tries them: again and again while that gets any further. */
int retry_while_it_helps(struct database *d, struct error *err);
/* All rejects are kept now: it is to be seen whether all records go in. */
void retry_on_trial(struct database *d, bool trial);

/* ---- load_park.c */
/*
 * Rows that wait for each other's unique values, round in a circle: they get values that no row has, and then those of their
 * records. Those that find no way even so keep waiting, as if nothing had been tried with them.
 */
int park_all(struct database *d, struct error *err);
bool park_now(const struct database *d);
/* What rows_… do with the record in hand while park_now. */
int park_row(struct database *d, struct table *t, const struct cell *old, struct error *err);
void tally_take(const struct database *d, struct tally *out);
void tally_give_back(struct database *d, const struct tally *t);
void tally_release(struct tally *t);

/* ---- load_mirror.c */
int mirror_see(struct database *d, struct table *t, const struct cell *key, struct error *err);
/* Deletes what was not seen, in all tables. */
int mirror_finish(struct database *d, struct error *err);

/* ---- load_print.c: nothing unless it is a dry run */
int print_begin(struct database *d, struct error *err);
/* A record that has done something; inserted: it made a row. */
int print_change(struct database *d, struct table *t, struct record *rec, const struct meta *meta, bool inserted, struct error *err);
int print_truncate(struct database *d, struct table *t, struct error *err);
/* Deletes of the rows that keys gives, a query for the columns of the key. */
int print_deletes(struct database *d, struct table *t, const char *keys, struct error *err);
int print_end(struct database *d, struct error *err);

/* ---- load_state.c */
int state_load(struct database *d, struct error *err);
int state_save(struct database *d, struct error *err);
/* A table made from a schema remembers it, so that what its columns can't say comes back. */
int schema_save(struct database *d, const struct table *t, struct span schema, struct error *err);
/* What is remembered of a table's columns. */
int schema_recall(struct database *d, struct table *t, struct error *err);
/* A column that is added is remembered by its property. */
int schema_add(struct database *d, const struct table *t, struct span name, struct span property, struct error *err);

#endif
