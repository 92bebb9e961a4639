/*
 * extract: sync-extract-sqlite: tables, views and queries of a SQLite file as a stream, as of one moment.
 *
 *   extract.c          main: options, the read transaction, sections, checkpoints
 *   extract_tables.c   what there is to read: tables, their columns and keys
 *   extract_schema.c   a table as a JSON Schema
 *   extract_memory.c   the schema that a table was made from
 *   extract_rows.c     a row as a record
 *   any.c              what stands for values that SQLite has no type for (the loader's too)
 *   extract_parts.c    which rows: all of them, a shard, what is behind a cursor
 *   extract_mark.c     how far a cursor has come: the token of a checkpoint
 */
#ifndef SYNC_SQLITE_EXTRACT_H
#define SYNC_SQLITE_EXTRACT_H

#include "db.h"
#include "endpoint/extract_opts.h"
#include "endpoint/state.h"
#include "stream/pace.h"
#include "stream/tool.h"

/*
 * What a column's declared type makes of it. ANY: no type was declared; LOOSE: one that SQLite doesn't know (DATE, …);
 * JSON: the table was made for values of several kinds there, or of any (any.h).
 */
enum column_kind { COLUMN_ANY, COLUMN_LOOSE, COLUMN_INTEGER, COLUMN_NUMBER, COLUMN_BOOLEAN, COLUMN_TEXT, COLUMN_BLOB, COLUMN_JSON };

enum { LEAD_PADDING = 32 };

struct column {
	char *name;		/* owned */
	char *declared;		/* owned: the declared type, "" for none */
	char *lead;		/* owned: `"name":`, with the underscore of a reserved name, and LEAD_PADDING bytes */
	size_t lead_len;
	enum column_kind kind;
	char *property;		/* owned: its JSON Schema, where a loader remembered one; else NULL */
	int key;		/* place in the primary key, from 1; 0: not in it */
	bool not_null, generated;
};

struct table {
	char *name;		/* owned; a query's is that of its stream */
	uint32_t stream;
	char *query;		/* owned: the SQL of --query, or NULL */
	const char *rowid;	/* the name that its rowid goes by; NULL: it has none */
	bool view;
	struct column *column;	/* owned */
	uint32_t columns, cap;
	uint32_t *key;		/* owned: columns of the primary key in its order */
	uint32_t keys;
	struct mark *mark;	/* owned: with --cursor, how far it was read; else NULL */
	struct mark *was;	/* while rows at its value are read again: how far it had come */
	bool declared;		/* its schema was written in this section */
};

struct extract {
	struct tool *tool;
	struct extract_options *o;
	struct db db;
	struct table *table;	/* owned */
	uint32_t tables, cap;
	bool tagged;		/* several streams: every record names its own */
	struct buf key;		/* JSON array of --key, or empty */
	struct buf identity;	/* of the file, for states */
	struct state state;
	struct state_place place;
	bool resumed;		/* something was read before */
	struct buf tag;		/* what a record of the table in hand starts with: `{` or `{"_sync":{"stream":"x"},` */
	struct record scratch;	/* of rows set aside */
	struct pace pace;	/* of checkpoints */
};

/* ---- extract_tables.c */
/* The tables to read: those named, or all but SQLite's and Syncline's own, parents before children of foreign keys. */
int tables_find(struct extract *x, char **names, int n, struct error *err);
/* The one stream of --query. */
int tables_query(struct extract *x, struct error *err);
void tables_release(struct extract *x);
/* The column of a name, as SQLite compares names; NULL: none. */
const struct column *table_column(const struct table *t, const char *name);

/* ---- extract_schema.c */
enum column_kind kind_of(const char *declared);
/* Writes the table's schema frame, unless done. */
int declare(struct extract *x, struct table *t, struct error *err);

/* ---- extract_memory.c */
/*
 * sync-load keeps the schema that it makes a table from in _sync_schema. Its columns are declared by it again, so that
 * types which SQLite lacks come back: objects, arrays, formats, numbers that are kept as text, what was untyped.
 */
int memory_read(struct extract *x, struct table *t, struct error *err);

/* ---- extract_rows.c */
/*
 * What a row is good for, asked when its text stands in the writer but isn't counted yet: 1 keep, 0 drop, -1. The text
 * has no tag and no line feed.
 */
typedef int row_judge(struct extract *x, struct table *t, sqlite3_stmt *row, struct span text, struct error *err);
/*
 * Writes all rows of a statement whose first columns are the table's; judge may be NULL. With checkpoints the rows come in
 * the order of the cursor, and a deferred signal ends them.
 */
int rows_write(struct extract *x, struct table *t, sqlite3_stmt *stmt, row_judge *judge, bool checkpoints, struct error *err);

/* ---- extract_parts.c */
/* The SELECT of all rows; NULL and err. */
sqlite3_stmt *table_prepare(struct extract *x, const struct table *t, struct error *err);
/* Reads a table or a query, as the options say. */
int table_read(struct extract *x, struct table *t, struct error *err);

/* ---- extract_mark.c */
struct mark *mark_new(const char *cursor);
void mark_free(struct mark *m);
/* From a state's token; -1: it is none of ours. */
int mark_parse(struct mark *m, const json_t *token, struct error *err);
void mark_token(const struct mark *m, struct buf *out);
bool mark_set(const struct mark *m);	/* something was read */
bool mark_is_null(const struct mark *m);
int mark_bind(const struct mark *m, sqlite3_stmt *stmt, int parameter);
/* Takes note of a row whose cursor is v and whose hash is that of its text; -1: v can't be a cursor. */
int mark_note(struct mark *m, sqlite3_value *v, struct span text, struct error *err);
/* Starts to collect the rows at the mark's value anew; `was` keeps what was known of them. */
void mark_restart(struct mark *m, struct mark **was);
/* Whether a row is among those that were read at the mark's value; each of them counts once. */
bool mark_take(struct mark *m, struct span text);
/* Whether the mark knows its rows one by one; else only all of them together (mark_same). */
bool mark_by_row(const struct mark *m);
bool mark_same(const struct mark *a, const struct mark *b);

/* ---- extract.c */
/* A checkpoint of the table, if one is due (or due or not, with now). */
int checkpoint(struct extract *x, const struct table *t, bool now, struct error *err);

#endif
