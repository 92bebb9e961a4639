/*
 * pg: what reading and writing PostgreSQL share: a connection, its failures told, names and literals, types.
 *
 * An operand is a URI of libpq's (postgresql://[user@]host[:port]/database?parameter=value). The session runs with an
 * empty search path, so every name in SQL of ours says its schema; dates are ISO, times UTC, text UTF-8.
 */
#ifndef SYNC_POSTGRESQL_PG_H
#define SYNC_POSTGRESQL_PG_H

#include <libpq-fe.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "value/sql.h"

struct pg {
	PGconn *c;		/* NULL: not open */
	char *schema;		/* owned: the first schema of the user's search path, where names without one are; "" for none */
	char *path;		/* owned: the user's search path, as SQL */
	const char *shown;	/* borrowed: the operand, for messages */
	int version;		/* 150004 */
	double lock_timeout;	/* seconds */
	bool verified;		/* TLS that verifies the server was asked for, as nobody said otherwise */
	char state[6];		/* SQLSTATE of the last failure, or "" */
	struct pg_type **type;	/* owned: those that were asked for */
	uint32_t types, cap;
	struct arena arena;	/* theirs */
};

/* Connects and sets up the session. SYNC_PASSWORD is taken and forgotten. 75 where it may pass, 2 where the server refuses the user. */
int pg_open(struct pg *pg, const char *uri, double lock_timeout, struct error *err);
void pg_close(struct pg *pg);
/*
 * In a process that was forked: a connection of its own, set up alike, to the very server that the parent's leads to; the
 * parent's is left as it is. The types that were asked for stay.
 */
int pg_open_again(struct pg *pg, struct error *err);

/* The exit status for a SQLSTATE, or NULL: EXIT_AGAIN for what may pass. */
int pg_status(const char *state);
/* One line of libpq's several. */
void pg_one_line(struct buf *b, const char *text);
/* Sets err from a result (cleared, may be NULL) or the connection: by SQLSTATE 75, 2 or 3. "cannot read 'x': relation …". */
int pg_fail(struct pg *pg, PGresult *r, const char *verb, struct error *err);
/* One statement with text parameters and a text result; NULL and err. The caller clears it. */
PGresult *pg_query(struct pg *pg, const char *sql, int n, const char *const *values, const char *verb, struct error *err);
/* Statements without results, several in one text too. */
int pg_run(struct pg *pg, const char *sql, const char *verb, struct error *err);

/* "schema"."name", or just "name" where schema is NULL. */
void pg_add_name(struct buf *sql, const char *schema, const char *name);
void pg_add_literal(struct buf *sql, struct span text);

/* ---- types */

enum pg_kind {
	PG_AS_TEXT,	/* through its text form: the SELECT casts it */
	PG_BOOL, PG_INT2, PG_INT4, PG_INT8, PG_OID, PG_FLOAT4, PG_FLOAT8, PG_NUMERIC, PG_TEXT, PG_CHAR, PG_BYTEA, PG_UUID, PG_DATE, PG_TIME,
	PG_TIMETZ, PG_TIMESTAMP, PG_TIMESTAMPTZ, PG_INTERVAL, PG_JSON, PG_JSONB, PG_INET, PG_CIDR, PG_MACADDR, PG_BIT, PG_HSTORE,
	PG_LTREE, PG_ARRAY, PG_COMPOSITE, PG_RANGE, PG_MULTIRANGE,
};

struct pg_field {
	char *name;
	struct pg_type *type;
	int32_t typmod;
	struct span lead;	/* `"name":` */
};

struct pg_type {
	Oid oid;
	enum pg_kind kind;
	char *name;		/* as format_type says it, for x-type */
	int32_t typmod;		/* of a domain: its base's; else -1 */
	bool plain;		/* it and all in it can be read from their binary form */
	bool is_enum;
	char delimiter;		/* between elements of its arrays' text */
	struct pg_type *element;	/* of an array, a range (its subtype), a multirange (its range); a domain has its base's all */
	struct pg_field *field;	/* of a composite */
	uint32_t fields;
};

/* The type of an OID, looked up in the catalogue once; NULL and err. */
struct pg_type *pg_type_of(struct pg *pg, Oid oid, struct error *err);

#endif
