/* db: what reading and writing SQLite share. */
#include "db.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "endpoint/uri.h"

static bool has_parameter(const char *operand, const char *parameter)
{
	const char *p = strchr(operand, '?'), *end;
	size_t n = strlen(parameter);

	for (; p && *p; p = *end == '&' ? end : NULL) {
		p++;
		end = p + strcspn(p, "&#");
		if ((size_t)(end - p) == n && !memcmp(p, parameter, n))
			return true;
	}
	return false;
}

int db_name(struct db *db, const char *operand, double lock_timeout, struct error *err)
{
	*db = (struct db){ .operand = operand, .uri = !strncmp(operand, "sqlite://", 9) };
	db->lock_ms = lock_timeout < 0 ? 0 : lock_timeout > 2000000 ? 2000000000 : (int)(lock_timeout * 1000);
	db->path = db->uri ? sqlite_path(operand) : xstrdup(operand);
	if (!db->path)
		return error_set(err, EXIT_USAGE, "'%s' is no address of a SQLite file: it looks like sqlite:///home/me/app.db?mode=ro",
				 error_show(span_of(operand)));
	db->read_only = db->uri && (has_parameter(operand, "mode=ro") || has_parameter(operand, "immutable=1"));
	return 0;
}

/* What SQLite is to open: names such as ":memory:" or "file:x" mean files here. */
static void file_name(const struct db *db, struct buf *out)
{
	if (db->uri)
		buf_addf(out, "file:%s", db->operand + 7);
	else
		buf_addf(out, "%s%s", db->path[0] == '/' ? "" : "./", db->path);
}

static int configure(struct db *db, struct error *err)
{
	sqlite3_extended_result_codes(db->h, 1);
	sqlite3_busy_timeout(db->h, db->lock_ms);
	sqlite3_db_config(db->h, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(db->h, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	/* TRUSTED_SCHEMA stays on: no function of ours is there to be abused, and without it an index on JSON can't be read */
	sqlite3_db_config(db->h, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return db_run(db, "PRAGMA cell_size_check = on", "open", err);
}

int db_open(struct db *db, int flags, struct error *err)
{
	struct buf name = BUF_INIT;
	struct stat st;
	int rc;

	if (!(flags & SQLITE_OPEN_CREATE) && stat(db->path, &st))
		return error_errno(err, EXIT_FAILED, "cannot open '%s'", db->path);
	if (db->read_only)
		flags = SQLITE_OPEN_READONLY;
	file_name(db, &name);
	rc = sqlite3_open_v2(buf_str(&name), &db->h, flags | SQLITE_OPEN_NOMUTEX | (db->uri ? SQLITE_OPEN_URI : 0), NULL);
	buf_release(&name);
	if (rc == SQLITE_OK && !configure(db, err))
		return 0;
	if (rc != SQLITE_OK)
		db_fail(db, "open", err);
	db_close(db);
	return -1;
}

void db_close(struct db *db)
{
	sqlite3_close_v2(db->h);
	db->h = NULL;
}

void db_release(struct db *db)
{
	db_close(db);
	free(db->path);
	db->path = NULL;
}

int db_fail(struct db *db, const char *verb, struct error *err)
{
	int code = db->h ? sqlite3_errcode(db->h) & 0xff : SQLITE_NOMEM;
	bool locked = code == SQLITE_BUSY || code == SQLITE_LOCKED || code == SQLITE_PROTOCOL;

	return error_set(err, locked ? EXIT_AGAIN : EXIT_FAILED, "cannot %s '%s': %s%s", verb, db->path,
			 db->h ? sqlite3_errmsg(db->h) : "out of memory", locked ? " (--lock-timeout waits longer)" : "");
}

sqlite3_stmt *db_prepare(struct db *db, const char *sql, const char *verb, struct error *err)
{
	sqlite3_stmt *stmt = NULL;
	const char *rest;

	if (sqlite3_prepare_v2(db->h, sql, -1, &stmt, &rest) != SQLITE_OK) {
		db_fail(db, verb, err);
		return NULL;
	}
	if (!stmt || rest[strspn(rest, " \t\r\n;")]) {
		error_set(err, EXIT_USAGE, "'%s' is not one SQL statement", error_show(span_of(sql)));
		sqlite3_finalize(stmt);
		return NULL;
	}
	return stmt;
}

int db_run(struct db *db, const char *sql, const char *verb, struct error *err)
{
	return sqlite3_exec(db->h, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : db_fail(db, verb, err);
}

int db_step(struct db *db, sqlite3_stmt *stmt, const char *verb, struct error *err)
{
	int rc = sqlite3_step(stmt);

	return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : db_fail(db, verb, err);
}

void db_identity(const struct db *db, struct buf *out)
{
	struct stat st;

	if (!stat(db->path, &st))
		buf_addf(out, "inode:%llu", (unsigned long long)st.st_ino);
}
