/*
 * extract: sync-extract-postgresql: tables, views and queries of a PostgreSQL database as a stream, as of one moment.
 *
 *   extract.c          main: options, the snapshot, sections, checkpoints
 *   extract_tables.c   what there is to read: tables, their columns and keys
 *   extract_schema.c   a table as a JSON Schema
 *   extract_delta.c    what came since a state
 *   extract_copy.c     COPY … TO STDOUT (FORMAT binary): rows as records
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
	char *from, *to;	/* owned: where the delta begins, or NULL; with --trust-cursor where it ends */
};

struct extract {
	struct tool *tool;
	struct extract_options *o;
	struct pg pg;
	struct table *table;	/* owned */
	uint32_t tables, cap;
	struct state state;
	struct state_place place;
	char *bound;		/* owned: what a delta by time reads up to */
	uint64_t horizon, ahead;	/* …by xmin */
	bool tagged;		/* several streams: every record names its own */
	struct buf key;		/* JSON array of --key, or empty */
	struct buf tag;		/* what a record of the table in hand starts with */
	struct record scratch;	/* of JSON values, and of rows set aside */
	struct record_names *names;	/* owned: of the JSON value last looked at */
	struct pg_type pg_text;	/* of values that come by their text form */
	bool bad_text;		/* the value just written is text that is no UTF-8 */
};

/* ---- extract_tables.c */
/* The tables to read: those named (NAME, SCHEMA.NAME, SCHEMA.*), or all of the search path's first schema. */
int tables_find(struct extract *x, char **names, int n, struct error *err);
int tables_query(struct extract *x, struct error *err);
/* --keys: only the columns of keys are read. */
int tables_keep_keys(struct extract *x, struct error *err);
void tables_release(struct extract *x);

/* ---- extract_schema.c */
/* Writes the table's schema frame, unless done, and sets x->tag. */
int declare(struct extract *x, struct table *t, struct error *err);

/* ---- extract_delta.c */
/* Before the snapshot: what a delta by time may read up to. */
int delta_bound(struct extract *x, struct error *err);
/* In the snapshot, when the tables and where they start are known. */
int delta_prepare(struct extract *x, struct error *err);
/* Adds the rows' condition behind " WHERE " or another one. */
int delta_where(const struct extract *x, const struct table *t, struct buf *sql, struct error *err);
int delta_token_read(struct extract *x, struct table *t, const json_t *token, struct error *err);
int delta_checkpoint(struct extract *x, const struct table *t, struct error *err);

/* ---- extract_copy.c */
void table_source(const struct table *t, struct buf *sql);	/* " FROM … AS q" */
/* Reads all rows of a table. */
int table_read(struct extract *x, struct table *t, struct error *err);

/* ---- extract_json.c, extract_text.c */
/* A value in network byte order, as of a type's binary form. */
struct bytes {
	const unsigned char *p, *end;
};
/* Adds it as JSON. -1: its bytes make no sense; x->bad_text where it holds text that is no UTF-8. */
int json_of(struct extract *x, const struct pg_type *t, struct bytes b, struct buf *out);
/* Adds it as the text that PostgreSQL takes for it. */
int text_of(const struct pg_type *t, struct bytes b, struct buf *out);
/* The n bytes that are next, big endian; past the end they are zeros and b->p is NULL from then on. */
uint64_t take(struct bytes *b, int n);
/* A value with its length before it: 1, 0 for null, -1. */
int take_value(struct bytes *b, struct bytes *value);

#endif
