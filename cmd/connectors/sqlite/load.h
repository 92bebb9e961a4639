/*
 * load: sync-load-sqlite: a stream into tables of a SQLite database.
 *
 *   load.c            the connector: transactions, checkpoints, what happens at the end
 *   load_target.c     the database: opening, errors, waiting for locks, transactions
 *   load_table.c      a stream's table: found, made, its columns and key
 *   load_bind.c       values into columns, exactly or not at all
 *   load_rows.c       statements: upsert, insert, update, delete
 *   load_mirror.c     keys that were seen, and deleting the others
 *   load_state.c      _sync_state and _sync_schema
 *
 * One transaction holds everything from one commit to the next. Where another process reads the same file, a
 * commit in the middle may not get its lock, and then simply isn't made: all is committed at the end.
 */
#ifndef SYNC_SQLITE_LOAD_H
#define SYNC_SQLITE_LOAD_H

#include <sqlite3.h>

#include "db.h"
#include "load/run.h"

enum affinity { AFFINITY_NONE, AFFINITY_TEXT, AFFINITY_INTEGER, AFFINITY_REAL, AFFINITY_NUMERIC };

struct column {
	char *name;		/* owned */
	char *quoted;		/* owned: as an identifier of SQL */
	enum affinity affinity;
	bool key;
	bool declared;		/* by the stream's schema: an upsert sets it even where a record lacks it */
	bool untyped;		/* text is to be read by the column's type */
	bool base64;		/* text is the base64 of a blob */
	bool number;		/* its schema is a number's: "Infinity" is one */
	bool ejson;		/* values off its schema are Extended JSON */
	bool generated;		/* computed by the database: not written */
	struct path path;	/* of the record's member */
	struct cursor cursor;
};

/* A prepared statement for one set of columns. */
struct statement {
	char kind;		/* 'u' upsert, 'i' insert, 's' update (set) */
	uint32_t *column;	/* owned: those that it binds, in order */
	uint32_t n;
	sqlite3_stmt *stmt;	/* owned */
};

struct table {
	uint32_t stream;
	char *name;		/* owned */
	char *quoted;		/* owned */
	bool exists;		/* in the database */
	bool made;		/* by this run */
	bool has_schema;	/* the stream declared its columns */
	struct buf schema;	/* the schema frame's text */
	struct buf key;		/* its key, a JSON array */
	struct column *column;	/* owned */
	uint32_t columns, cap;
	uint32_t keys;		/* columns of the key; 0: none */
	struct statement *statement;	/* owned: a few, newest first */
	uint32_t statements;
	sqlite3_stmt *delete, *find, *move, *seen;
	uint64_t rows_at_start;	/* known when counted */
	bool counted;
	uint64_t deleted;	/* since the last commit */
	struct arena arena;	/* of the columns' paths */
};

struct database {
	struct load *load;
	struct load_options *o;
	struct db file;		/* what the operand names */
	const char *path;	/* borrowed from it */
	sqlite3 *db;
	bool in_transaction;
	bool patient;		/* wait for locks now; else a busy file is busy */
	int64_t deadline;
	struct table *table;	/* owned */
	uint32_t tables;
	struct table *last;
	struct arena arena;	/* of the record in hand */
	int changed;		/* by the last statement: SQLITE_INSERT, SQLITE_UPDATE or 0 */
	uint64_t uncommitted;
};

/* ---- load_target.c */
int target_open(struct database *d, struct error *err);
void target_close(struct database *d);
/* An error of SQLite as ours: busy is 75, constraints are the record's own (code "constraint"), all else fails. */
int target_error(struct database *d, const char *what, struct error *err);
bool target_is_records_fault(int rc);
int target_exec(struct database *d, const char *sql, struct error *err);
int target_prepare(struct database *d, const char *sql, sqlite3_stmt **stmt, struct error *err);
/* The first column of the first row as a number, 0 for no row. */
int target_number(struct database *d, const char *sql, uint64_t *out, struct error *err);
int target_begin(struct database *d, struct error *err);
/* 0 committed; 1 busy and not waited for (wait false); -1. */
int target_commit(struct database *d, bool wait, struct error *err);
char *quote_name(struct span name);	/* the caller frees it */

/* ---- load_table.c */
struct table *table_of(struct database *d, uint32_t stream, struct error *err);
/* Makes the table, or finds its columns, before its first record; rec gives names where no schema does. */
int table_ready(struct database *d, struct table *t, const struct record *rec, struct error *err);
struct column *table_column(struct table *t, struct span name);
/* ALTER TABLE … ADD COLUMN for a member that has none. */
int table_add_column(struct database *d, struct table *t, struct value name, struct value v, struct error *err);
void table_release(struct table *t);

/* ---- load_bind.c */
/* 0, or LOAD_REJECT with err (code "lossy", "bad-base64"). */
int bind_value(struct database *d, sqlite3_stmt *stmt, int at, const struct column *c, struct value v, struct error *err);

/* ---- load_rows.c */
int rows_upsert(struct database *d, struct table *t, struct record *rec, bool plain_insert, struct error *err);
int rows_update(struct database *d, struct table *t, struct record *rec, struct error *err);
int rows_delete(struct database *d, struct table *t, struct record *rec, struct error *err);
int rows_truncate(struct database *d, struct table *t, struct error *err);
int rows_count(struct database *d, struct table *t, struct error *err);

/* ---- load_mirror.c */
int mirror_see(struct database *d, struct table *t, struct record *rec, struct error *err);
int mirror_finish(struct database *d, struct table *t, struct error *err);
/* Binds the key's values from at on; LOAD_REJECT where one is missing or null. */
int bind_key(struct database *d, struct table *t, sqlite3_stmt *stmt, int at, struct value object, struct error *err);

/* ---- load_state.c */
int state_load(struct database *d, struct error *err);
int state_save(struct database *d, struct error *err);
int schema_save(struct database *d, const struct table *t, struct error *err);

#endif
