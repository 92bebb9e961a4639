/*
 * db: what reading and writing SQLite share: an operand opened, its failures told, names and places of databases.
 *
 * An operand is a path, or a URI sqlite:///PATH?PARAMETER=VALUE whose path is absolute and percent-encoded and whose
 * parameters are those of SQLite's own file: URIs (mode=ro, immutable=1, nolock=1).
 */
#ifndef SYNC_SQLITE_DB_H
#define SYNC_SQLITE_DB_H

#include <sqlite3.h>

#include "base/buf.h"
#include "base/error.h"
#include "value/sql.h"

struct db {
	sqlite3 *h;		/* NULL: not open */
	const char *operand;	/* borrowed */
	char *path;		/* owned: the file */
	bool uri;
	bool read_only;		/* the operand says mode=ro or immutable=1 */
	int lock_ms;		/* how long a lock is waited for */
};

/* Takes the operand apart; opens nothing. */
int db_name(struct db *db, const char *operand, double lock_timeout, struct error *err);
/*
 * Opens with SQLITE_OPEN_READONLY, or SQLITE_OPEN_READWRITE perhaps with SQLITE_OPEN_CREATE. Text in double quotes is
 * a name and nothing else. A file that isn't there is an error without SQLITE_OPEN_CREATE.
 */
int db_open(struct db *db, int flags, struct error *err);
void db_close(struct db *db);
void db_release(struct db *db);

/* Sets err from what SQLite said last: 75 for locks, 3 for all else. "cannot read 'app.db': database is locked". */
int db_fail(struct db *db, const char *verb, struct error *err);
/* Prepares one statement (with nothing but white space behind it); NULL and err. */
sqlite3_stmt *db_prepare(struct db *db, const char *sql, const char *verb, struct error *err);
/* Runs statements without results. */
int db_run(struct db *db, const char *sql, const char *verb, struct error *err);
/* The next row: 1, 0, -1. */
int db_step(struct db *db, sqlite3_stmt *stmt, const char *verb, struct error *err);

/* What identifies the database in a state: "inode:N"; "" where the system has none. */
void db_identity(const struct db *db, struct buf *out);

#endif
