/*
 * extract: sync-extract-postgresql: tables, views and queries of a PostgreSQL database as a stream, as of one moment.
 *
 *   extract.c          main: options, the snapshot, sections, checkpoints
 *   extract_tables.c   what there is to read: tables, their columns and keys
 *   extract_schema.c   a table as a JSON Schema
 *   extract_delta.c    what came since a state
 *   extract_resume.c   a first read in the order of keys, which a later run can go on with
 *   extract_copy.c     COPY … TO STDOUT (FORMAT binary): rows as records
 *   extract_jobs.c     …by several processes
 *   extract_json.c     a value of a type as JSON
 *   extract_text.c     …as PostgreSQL's own text
 *
 * Values are decoded from their binary form, which is exact; types unknown here come by their text form.
 */
#ifndef SYNC_POSTGRESQL_EXTRACT_H
#define SYNC_POSTGRESQL_EXTRACT_H

#include "endpoint/extract_opts.h"
#include "endpoint/state.h"
#include "pg.h"
#include "stream/pace.h"
#include "stream/tool.h"

struct column {
	char *name;		/* owned */
	struct pg_type *type;
	char *declared;		/* owned: with its modifiers: "numeric(12,2)" */
	char *comment;		/* owned, or NULL */
	int32_t length;		/* characters at most of a varchar, or -1 */
	bool not_null, generated;
	struct buf lead;	/* `"name":`, with the underscore of a reserved name */
};

struct table {
	char *schema;		/* owned; NULL for a query */
	char *name;		/* owned */
	char *oid;		/* owned: as text */
	char *comment;		/* owned, or NULL */
	const char *query;	/* borrowed: the SQL of --query, or NULL */
	uint32_t stream;
	struct column *column;	/* owned */
	uint32_t columns, cap;
	uint32_t *key;		/* owned: columns of the primary key, in its order */
	uint32_t keys;
	bool only;		/* without the tables that inherit from it, which are read themselves */
	bool declared;		/* its schema frame is written */
	bool own_rows;		/* a table that none inherits from */
	bool stored;		/* no view, no foreign table: its rows have an xmin */
	bool lockable;		/* by LOCK TABLE: its own kind, and this user's right */
	bool seen;		/* a state knows it */
	char *from, *to;	/* owned: where the delta begins, or NULL; where it ends, or NULL: the next one begins there */
	bool ordered;		/* read in the order of its key, with checkpoints */
	json_t *after;		/* owned: a state's token of a first read that was broken off, or NULL */
	char *order;		/* owned: what the order depends on: collations and their versions */
	struct pg_order *by;	/* owned: how its key's columns are compared */
};

/* A value in network byte order, as of a type's binary form. */
struct bytes {
	const unsigned char *p, *end;
};

/* The operators of a type's order, written with their schema. */
struct pg_order {
	char *greater, *equal, *least;	/* owned: OPERATOR(pg_catalog.>), =, >= */
};

struct worker;

struct extract {
	struct tool *tool;
	struct extract_options *o;
	struct pg pg;
	struct table *table;	/* owned */
	uint32_t tables, cap;
	struct state state;
	struct state_place place;
	char *bound, *prepared;	/* owned: what a delta by time reads up to; since when a prepared transaction waits, or NULL */
	uint64_t horizon, ahead;	/* …by xmin */
	struct worker *work;	/* owned: --jobs */
	uint32_t workers;
	struct {
		int fd;		/* this is a worker: where its rows go, or -1 */
		uint32_t rows;
	} worker;
	struct pace pace;
	bool tagged;		/* several streams: every record names its own */
	struct buf key;		/* JSON array of --key, or empty */
	struct buf tag;		/* what a record of the table in hand starts with */
	struct record scratch;	/* of JSON values, and of rows set aside */
	struct record_names *names;	/* owned: of the JSON value last looked at */
	struct pg_type pg_text;	/* of values that come by their text form */
	bool bad_text;		/* the value just written is text that is no UTF-8 */
	const char *bad_column;	/* borrowed: where the row just written has some, or NULL */
};

/* ---- extract_tables.c */
/* The tables to read: those named (NAME, SCHEMA.NAME, SCHEMA.*), or all of the search path's first schema. */
int tables_find(struct extract *x, char **names, int n, struct error *err);
int tables_query(struct extract *x, struct error *err);
/* Those that can be locked are, against anything but reading. wait: " NOWAIT" or nothing. */
int tables_lock(struct extract *x, const char *wait, struct error *err);
/* --keys: only the columns of keys are read. */
int tables_keep_keys(struct extract *x, struct error *err);
/* Forgets them, and what was read of their types. */
void tables_forget(struct extract *x);

/* ---- extract_schema.c */
/* Sets x->tag: records are the table's from here on. */
void table_start(struct extract *x, const struct table *t);
/* …and writes the table's schema frame, unless done. */
int declare(struct extract *x, struct table *t, struct error *err);

/* ---- extract_delta.c */
/* Before the snapshot: what a delta by time may read up to. */
int delta_bound(struct extract *x, struct error *err);
/* In the snapshot, when the tables and where they start are known. */
int delta_prepare(struct extract *x, struct error *err);
/* Adds the rows' condition. */
int delta_where(const struct extract *x, const struct table *t, struct buf *sql, struct error *err);
int delta_token_read(struct extract *x, struct table *t, const json_t *token, struct error *err);
/* How far the table is read: {"cursor":…,"value":…; open: the last brace is the caller's to write. */
void delta_token(const struct extract *x, const struct table *t, struct buf *token);
int delta_checkpoint(struct extract *x, const struct table *t, struct error *err);

/* ---- extract_resume.c */
/* Which tables are read in the order of their keys; -1 where the order of one that goes on is another now. */
int resume_prepare(struct extract *x, struct error *err);
/* Adds the condition of the rows behind those that were read before, and the order. */
void resume_where(const struct table *t, struct buf *sql);
void resume_order(const struct table *t, struct buf *sql);
/* A checkpoint behind this row, if one is due. */
int resume_row(struct extract *x, const struct table *t, struct bytes row, struct error *err);

/* ---- extract_copy.c */
void table_source(const struct table *t, struct buf *sql);	/* " FROM … AS q" */
/* A part of a table: " FROM … AS q", and whether " WHERE …" with a range of blocks follows there. */
struct part {
	struct span source;
	bool blocks;
};
/* The statement that reads a table, or a part of it unless that is NULL. */
int table_sql(struct extract *x, const struct table *t, const struct part *part, struct buf *sql, struct error *err);
/* Runs it and takes the rows. */
int table_copy(struct extract *x, struct table *t, const char *sql, struct error *err);
/* The row, as JSON, is to be set aside. */
int row_aside(struct extract *x, const struct table *t, const char *code, const char *why, struct span row, struct error *err);

/* ---- extract_jobs.c */
enum { JOBS_MOST = 64 };
/* Reads a table by several processes. 1: done; 0: it is to be read by this one. */
int jobs_read(struct extract *x, struct table *t, struct error *err);
/* Ends them all. */
void jobs_end(struct extract *x);
/* In a worker, what goes to the parent: a row, which stands in the writer (or all that stands there); a row to be set aside. */
int worker_row(struct extract *x, bool last, struct error *err);
int worker_aside(struct extract *x, const char *code, const char *why, struct span row, struct error *err);

/* ---- extract_json.c, extract_text.c */
/* Adds it as JSON. -1: its bytes make no sense; x->bad_text where it holds text that is no UTF-8. */
int json_of(struct extract *x, const struct pg_type *t, struct bytes b, struct buf *out);
/* Adds it as the text that PostgreSQL takes for it. */
int text_of(const struct pg_type *t, struct bytes b, struct buf *out);
/* The same of a date or a time stamp, as ISO 8601 has it. */
int iso_of(const struct pg_type *t, struct bytes b, struct buf *out);
enum { DIMENSIONS = 6 };	/* at most */
/* An array's head: how many dimensions it has, their sizes and lower bounds; -1. */
int take_dimensions(struct bytes *b, uint32_t size[DIMENSIONS], int32_t lower[DIMENSIONS]);
/* The n bytes that are next, big endian; past the end they are zeros and b->p is NULL from then on. */
static inline uint32_t four_bytes(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t take(struct bytes *b, int n)
{
	const unsigned char *p = b->p;
	uint64_t v = 0;

	if (!p || b->end - p < n) {
		b->p = NULL;
		return 0;
	}
	b->p += n;
	if (n == 4)
		return four_bytes(p);
	if (n == 8)
		return (uint64_t)four_bytes(p) << 32 | four_bytes(p + 4);
	for (; n > 0; n--)
		v = v << 8 | *p++;
	return v;
}

/* A value with its length before it: 1, 0 for null, -1. */
static inline int take_value(struct bytes *b, struct bytes *value)
{
	int32_t n = (int32_t)(uint32_t)take(b, 4);

	if (!b->p || n < -1 || (n >= 0 && b->end - b->p < n))
		return -1;
	if (n < 0)
		return 0;
	*value = (struct bytes){ b->p, b->p + n };
	b->p += n;
	return 1;
}

#endif
