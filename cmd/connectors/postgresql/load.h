/*
 * load: sync-load-postgresql: a stream into tables of a PostgreSQL database.
 *
 *   load.c            the connector: records, checkpoints, what happens at the end
 *   load_session.c    transactions, savepoints, failures as verdicts
 *   load_table.c      a stream's table: found, its columns and key
 *   load_make.c       tables that are made, columns that are added
 *   load_text.c       a JSON value as the text that PostgreSQL takes for it
 *   load_time.c       …dates and times
 *   load_nested.c     …arrays, rows and hstore
 *   load_batch.c      rows gathered, operations on one key folded in their order
 *   load_write.c      a batch written, by halves where a row is refused
 *   load_copy.c       …by COPY, straight into the table or into the staging table
 *   load_probe.c      …those rows that aren't there as they are to be
 *   load_stage.c      …the staging table, and groups of its rows that one statement takes
 *   load_merge.c      …into a table that has rows: these statements
 *   load_keys.c       keys that move, sequences
 *   load_mirror.c     rows that a mirror deletes
 *   load_replace.c    rows that go in replace mode
 *   load_journal.c    constraints that are checked at the commit
 *   load_state.c      _sync_state
 *
 * One transaction holds everything from its first record to the next commit. A batch is written under a savepoint: what
 * the server refuses is found by halving and set aside, or kept and tried again where another row may make way.
 */
#ifndef SYNC_POSTGRESQL_LOAD_H
#define SYNC_POSTGRESQL_LOAD_H

#include "load/spool.h"
#include "load/waiting.h"
#include "pg.h"
#include "value/hash.h"

struct column {
	struct span name;	/* owned, with a NUL behind it */
	char *quoted;		/* owned */
	char *declared;		/* owned: its type with modifiers; of a domain, its base's */
	char *base;		/* owned: that type's schema and name */
	char *collation;	/* owned: " COLLATE …" or "" */
	bool by_equals;		/* values that are equal are the same */
	char *equals, *at_least;	/* owned: operators of that type, with their schema */
	bool domain;
	bool defaults;		/* a row that lacks it gets another value than null */
	char *parked;		/* owned: of a unique index: what it can be while others take its value; or NULL */
	char *sequence;		/* owned: where its default comes from one, or NULL */
	int64_t largest;	/* …what was loaded since that was moved */
	struct pg_type *type;
	int32_t typmod;		/* of its type, or of its domain's base */
	bool key;
	bool declares;		/* the stream's schema has it: an upsert sets it even where a record lacks it */
	bool base64, ejson;	/* what the stream's schema says of its values */
	bool generated;		/* computed by the server: not written */
	bool always;		/* GENERATED ALWAYS AS IDENTITY: inserted, never updated */
	uint64_t seen;		/* the last record that set it */
	struct path path;
	struct cursor cursor;
};

/* A value as COPY's text has it, escaped; NULL is p == NULL. */
typedef struct span cell;

enum row_op { ROW_UPSERT, ROW_UPDATE, ROW_DELETE };

struct row {
	enum row_op op;
	bool anew;		/* upsert: what was there is deleted first */
	struct span shape;	/* a byte for each column: 1 where the row sets it */
	cell *cell;		/* by column; those that it doesn't set are garbage */
	uint64_t hash;		/* of its key */
	struct arrival arrival;
	struct row *earlier, *latest;	/* it is folded from these; or NULL */
};

enum { BATCH_ROWS = 20000, BATCH_BYTES = 8 << 20 };

/* Rows. */
struct touched {
	uint64_t inserted, deleted;
};

struct table {
	uint32_t stream;
	char *name;		/* owned: as the stream or STREAM says it */
	char *schema, *relation;	/* owned */
	char *quoted;		/* owned: "schema"."relation" */
	char stage[32];		/* the staging table's name, once made; "" */
	bool staged, mixed;	/* the rows in hand stand in it; and set various columns */
	bool alike;		/* …all are upserts of the same columns */
	bool calm;		/* few rows of the last batch had to be written */
	bool unproven;		/* rows that needn't be written can't be told by their text */
	bool restless;		/* its rows are of several kinds, or keys come again within a batch */
	bool direct;		/* COPY can write into it: no view, no rules, no row security */
	bool view;
	bool looked, exists, made, has_schema;
	bool empty;		/* it had no rows when this run came, and no row has come twice since */
	bool alias;		/* keys of other texts may be equal */
	struct buf declared;	/* the schema frame's schema */
	struct buf key_names;	/* its key, a JSON array */
	struct column *column;	/* owned */
	uint32_t columns, cap;
	uint32_t *key;		/* owned */
	uint32_t keys;
	uint64_t rows_at_start;
	bool counted, seen;	/* the mirror's table of keys is made */
	struct touched run;	/* by this run */
	struct touched at_journal, at_mirror;	/* …when the journal was opened, and when a mirror began to try its deletes */
	bool bound;		/* replace: foreign keys make its records wait in the spool */
	bool emptied, emptied_late;	/* …what was there is gone; since the journal was opened */
	struct spool spool;
	struct held held;	/* the first records, until the table is made from them */
	struct arena arena;
};

struct counters {
	uint64_t inserted, updated, deleted;
	uint64_t deletes;	/* rows that were to be deleted */
	uint64_t passed;	/* updates of rows that aren't there */
};

enum session_path { PATH_UNKNOWN, PATH_OURS, PATH_THEIRS };

/* Counts, to have them back where what was counted is undone. */
struct tally {
	uint64_t inserted, updated, unchanged, deleted;	/* of the run */
	struct touched here;	/* of a table */
	size_t kept;		/* in the journal */
};

struct journal {
	bool on;		/* a table has constraints that can be checked at the commit */
	bool open;		/* there is the savepoint _sync_good, to which all can be undone */
	bool lost;		/* …but not what came since */
	bool moving;		/* within another savepoint */
	bool replaying, failed;	/* …and a record was refused, */
	bool trial;		/* a record that is refused isn't set aside, it just fails */
	struct error why;	/* for this */
	struct held held;	/* what was written since */
	struct tally tally;	/* …before */
};

/* Rows of the batch that are looked for where they are to go: see load_probe.c. */
struct probe {
	bool on, flight, failed;	/* flight: the server answers */
	uint32_t asked;		/* so many rows */
	char *proven;		/* by row, in the batch's arena */
	cell *there;		/* by column, likewise */
};

struct database {
	struct load *load;
	struct load_options *o;
	struct pg pg;
	const char *uri;
	bool in_transaction;
	enum session_path path;
	struct table **table;	/* owned */
	uint32_t tables;
	struct table *last;
	uint64_t record;	/* number of the one in hand */
	struct arena arena;	/* of the record in hand */
	struct buf raw;		/* scratch: a value's text */

	/* the batch */
	struct table *batch;	/* NULL: none */
	struct row *row;	/* owned */
	uint32_t rows, rows_cap;
	size_t bytes;
	struct arena batch_arena;
	uint32_t *slot;		/* owned: by hash of the key, number of its row + 1 */
	uint32_t slots;
	struct hash_key hash_key;
	bool copying;		/* straight into the table, as rows come */
	uint32_t sent;		/* …so many of its first rows */
	bool staging;		/* into the staging table, as rows come */
	bool staged;		/* all rows of the batch came there so */
	struct probe probe;
	struct buf out;		/* COPY data that isn't sent yet */
	struct counters count;	/* of the part being written */
	bool dangling;		/* what was refused last points to a row that isn't there, or is pointed to */
	bool make_way;		/* rows that give unique values to others are made null first */

	struct journal journal;
	struct waiting *waiting;	/* owned: rows that may succeed later */
	bool expecting;		/* of a record only its key is noted: see mirror_expect */
};

enum { TRY_LATER = 2 };		/* a verdict beside LOAD_REJECT: refused for a unique value or a row to point to */

/* ---- load_session.c */
int session_begin(struct database *d, struct error *err);
int session_commit(struct database *d, struct error *err);
int session_run(struct database *d, const char *sql, struct error *err);
/* The search path is the users' own where their triggers, checks and defaults run, and empty where the catalogue is read. */
int session_theirs(struct database *d, struct error *err);
int session_ours(struct database *d, struct error *err);
/* Undoes what came behind a savepoint, and it. */
int session_rollback(struct database *d, const char *savepoint, struct error *err);
/* Rows affected, or -1 and a verdict in *verdict: LOAD_REJECT, TRY_LATER, or -1. */
int64_t session_change(struct database *d, const char *sql, int *verdict, struct error *err);
/* The first cell of the first row as a number; 0 for none. */
int session_number(struct database *d, const char *sql, const char *value, uint64_t *out, struct error *err);
/* What a failed result of a statement means, or of a COPY's rows (sql NULL): its error in err, the result cleared. */
int session_verdict(struct database *d, PGresult *r, const char *sql, struct error *err);
/* The last failure was a deadlock or a serialization failure. */
bool session_may_retry(const struct database *d);

/* ---- load_table.c */
struct table *table_of(struct database *d, uint32_t stream, struct error *err);
/* As for SQLite: 1 it is there, 0 nothing says what columns it has, -1. */
int table_ready(struct database *d, struct table *t, struct error *err);
int table_declare(struct database *d, struct table *t, struct error *err);
/* Its columns know what the stream's schema says of them. */
int table_declared(struct table *t, struct error *err);
struct column *table_column(struct table *t, struct span name);
int table_find(struct database *d, struct table *t, struct error *err);
bool table_only_added(const struct database *d, const struct table *t);
void table_forget_columns(struct table *t);
void table_free(struct table *t);

/* ---- load_make.c */
int make_from_schema(struct database *d, struct table *t, const struct record *schema, struct error *err);
int make_from_held(struct database *d, struct table *t, struct error *err);
int make_column(struct database *d, struct table *t, struct value name, struct value v, bool is_property, struct error *err);

/* ---- load_text.c, load_time.c, load_nested.c */
/* 0, or LOAD_REJECT with err ("lossy", "bad-value"). The cell lives in the arena. */
int cell_of(struct database *d, const struct column *c, struct value v, struct arena *arena, cell *out, struct error *err);
/* The text of a value of a type, unescaped, added to out. */
int type_text(struct database *d, const struct column *c, const struct pg_type *t, int32_t typmod, struct value v, struct buf *out, struct error *err);
int nested_text(struct database *d, const struct column *c, const struct pg_type *t, int32_t typmod, struct value v, struct buf *out, struct error *err);
int time_text(struct database *d, const struct column *c, const struct pg_type *t, int32_t typmod, struct span s, struct buf *out, struct error *err);
/* What the server would make of the bounds of a range, or of the ranges of a multirange. */
int time_check_bounds(struct database *d, const struct column *c, const struct pg_type *t, struct span s, struct error *err);
/* LOAD_REJECT, unless --lossy accepts it. */
int text_lossy(struct database *d, const struct column *c, const char *why, struct error *err);
int text_rejected(struct error *err, const char *code, const struct column *c, const char *why);

/* ---- load_batch.c */
/* Adds a record to the table's batch, folding it into an earlier one of its key. LOAD_DONE, LOAD_REJECT, -1. */
int batch_add(struct database *d, struct table *t, const struct record *rec, enum row_op op, struct error *err);
/* Columns that the record has and the table lacks are added, where --evolve says so. */
int batch_evolve(struct database *d, struct table *t, const struct record *rec, struct error *err);
/* Writes what is gathered. */
int batch_flush(struct database *d, struct error *err);
/* Records that waited are given once more, until that gets no further; then they are set aside (last). */
int batch_retry(struct database *d, bool last, struct error *err);
/* The row of just a key, from an object of its fields. */
int batch_key(struct database *d, struct table *t, struct value object, struct row *r, struct error *err);
/* The number of the batch's row with this key, its cells by column. */
bool batch_find(const struct database *d, const struct table *t, cell *key, uint32_t *n);
/* For waiting: where keys of other texts may be equal, all of a table wait together. */
uint64_t wait_hash(const struct table *t, uint64_t hash);

/* ---- load_write.c */
/* t may be NULL. */
void tally_take(const struct database *d, const struct table *t, struct tally *out);
void tally_restore(struct database *d, struct table *t, const struct tally *tally);
int write_rows(struct database *d, struct error *err);

/* ---- load_copy.c */
int copy_rows(struct database *d, uint32_t from, uint32_t to, bool stage, struct error *err);
/* The last row goes into the staging table at once, where all of the batch are alike; its COPY is given up where one isn't. */
int stage_now(struct database *d, struct error *err);
int stage_stop(struct database *d, struct error *err);
/* Ends the COPY that is open: a verdict. */
int copy_end(struct database *d, struct error *err);
/* Sends a row straight into the table, where it can go there. */
int write_now(struct database *d, const struct row *r, struct error *err);

/* They are all upserts of the same columns, none folded from several. */
bool rows_alike(const struct database *d);

/* ---- load_probe.c */
/* Few of the table's rows are to be written, as far as is known, and those that aren't can be told by reading. */
bool probe_wanted(const struct database *d, const struct table *t);
/* A row came, the last one: the connection is busy from then on, until the probe is stopped or ended. */
int probe_row(struct database *d, struct error *err);
/* It is given up, as a row came that isn't like the others. */
int probe_stop(struct database *d, struct error *err);
/* The batch is whole: its rows that may have to be written come first, *rest of them. */
int probe_end(struct database *d, uint32_t *rest, struct error *err);

/* ---- load_stage.c */
/* COPY's text without its escapes, added. */
void cell_restored(cell c, struct buf *out);
struct member {
	struct span shape;
	uint32_t n;		/* of its row */
};

/* Rows that one statement takes. */
struct group {
	char op;		/* '+' upserts, '~' updates, '-' what is deleted */
	struct span shape;	/* what they set; by_case: what any of them does */
	const struct member *rows;
	uint32_t n;
	bool whole;		/* all of the operation */
	bool by_case;		/* each row has columns of its own */
	bool inline_rows;	/* they stand in the statement */
	const char *numbers;	/* those of them that are to be written, where that was asked first: "1,7"; or NULL */
};
typedef int group_fn(struct database *d, struct table *t, const struct group *g, struct error *err);

/* Makes the staging table, if there is none of these columns. */
int merge_prepare(struct database *d, struct table *t, struct error *err);
int stage_clear(struct database *d, struct table *t, struct error *err);
/* The batch's rows from to to get where statements find them: a verdict. */
int stage_fill(struct database *d, uint32_t from, uint32_t to, struct error *err);
int stage_each_group(struct database *d, char op, uint32_t from, uint32_t to, bool inserts, group_fn *fn, struct error *err);
/* What stands behind FROM, and the condition that holds for the group: its rows are s. */
void stage_add_rows(const struct database *d, const struct table *t, const struct group *g, struct buf *sql);
void stage_add_where(const struct table *t, const struct group *g, struct buf *sql);
/* "ROW(…)" of one row, as the staging table has it; and a set of just that row. */
void stage_add_row(const struct table *t, const struct row *r, uint32_t number, struct buf *sql);
void stage_add_one(const struct table *t, const struct row *r, const char *alias, struct buf *sql);
/* The staging table's columns before those of the target, as COPY's text. */
void stage_add_head(const struct table *t, const struct row *r, uint32_t number, struct buf *out);
void stage_add_names(const struct table *t, struct span shape, const char *before, struct buf *sql);
void table_add_names(const struct table *t, struct span shape, struct buf *sql);

/* ---- load_merge.c */
/* Rows from to to through the staging table. A verdict; LOAD_REJECT also where rows of one key stand in it twice. */
int merge_rows(struct database *d, uint32_t from, uint32_t to, struct error *err);
/* Unique values that these rows change are given up, so that they can take each other's: a verdict. */
int merge_make_way(struct database *d, uint32_t from, uint32_t to, struct error *err);
/* "t.a = s.c0 AND …" of the key. */
void add_key_match(const struct table *t, const char *left, const char *right, struct buf *sql);

/* ---- load_keys.c */
int keys_move(struct database *d, struct table *t, const struct record *rec, struct value old, bool upsert, struct error *err);
int keys_count(struct database *d, struct table *t, struct error *err);
int keys_truncate(struct database *d, struct table *t, struct error *err);
int sequences_move(struct database *d, struct table *t, struct error *err);

/* ---- load_mirror.c */
/* Before a record: a table of the keys that come, where this is a mirror. */
int mirror_prepare(struct database *d, struct table *t, struct error *err);
/* Notes the keys of the batch's rows: a verdict. */
int mirror_see(struct database *d, struct table *t, uint32_t from, uint32_t to, struct error *err);
/* The row of the record in hand isn't one that no record came for, though it isn't written yet: a verdict. */
int mirror_expect(struct database *d, struct table *t, const struct record *rec, struct error *err);
/*
 * Deletes what no row came for, in all tables at once: so foreign keys between them are no matter. Records that wait are settled:
 * written too, or set aside, and then nothing is deleted.
 */
int mirror_finish(struct database *d, struct error *err);

/* ---- load_replace.c */
/* Before a record: what was there goes. 1: the record is put by until the end. */
int replace_prepare(struct database *d, struct table *t, struct error *err);
/* At the end: tables that no record came for are emptied too, and records that were put by are written. */
int replace_finish(struct database *d, struct error *err);
/* All since the journal was opened is undone: what went since goes again. */
int replace_again(struct database *d, struct error *err);

/* ---- load_journal.c */
/* Before a batch is written. */
int journal_open(struct database *d, struct error *err);
/* A record is written; what was kept can't be given again. */
void journal_add(struct database *d, const struct arrival *a);
void journal_lose(struct database *d);
/* Behind a batch: if all is well, nothing need be kept. */
int journal_check(struct database *d, struct error *err);
/* Before a commit: what the checks refuse is set aside. */
int journal_settle(struct database *d, struct error *err);
/* A record that is given again is refused. */
void journal_refuse(struct database *d, const struct error *err);
/* Whether that is to be told so, as all is undone then, instead of setting it aside. */
bool journal_tries(const struct database *d);
/* It was undone with what it lies in. */
void journal_drop(struct database *d);

/* ---- load_state.c */
int state_load(struct database *d, struct error *err);
int state_save(struct database *d, struct error *err);

#endif
