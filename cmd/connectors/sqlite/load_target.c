/* load_target: the database: opening, errors, waiting for locks, transactions. */
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "load.h"

char *quote_name(struct span name)
{
	struct buf b = BUF_INIT;

	db_identifier(&b, name);
	return buf_take(&b);
}

bool target_is_records_fault(int rc)
{
	rc &= 0xff;
	return rc == SQLITE_CONSTRAINT || rc == SQLITE_MISMATCH || rc == SQLITE_TOOBIG || rc == SQLITE_RANGE;
}

int target_error(struct database *d, const char *what, struct error *err)
{
	int rc = sqlite3_errcode(d->db) & 0xff;

	if (target_is_records_fault(rc))
		return error_data(err, "constraint", "%s: %s", what, sqlite3_errmsg(d->db));
	if (rc == SQLITE_BUSY || rc == SQLITE_LOCKED)
		return error_set(err, EXIT_AGAIN, "'%s' is locked by another process: %s (--lock-timeout waits longer)", d->path, what);
	return error_set(err, EXIT_FAILED, "'%s': %s: %s", d->path, what, sqlite3_errmsg(d->db));
}

/* Waits only where that can help: not for a reader that may itself wait for what this process is to read. */
static int on_busy(void *ctx, int count)
{
	const struct timespec pause = { 0, 5000000 };
	struct database *d = ctx;

	(void)count;
	if (!d->patient || clock_mono() > d->deadline)
		return 0;
	nanosleep(&pause, NULL);
	return 1;
}

static void wait_for_locks(struct database *d, bool wait)
{
	d->patient = wait;
	d->deadline = clock_mono() + (int64_t)(d->o->lock_timeout * 1e9);
}

static void on_change(void *ctx, int kind, const char *db, const char *table, sqlite3_int64 rowid)
{
	struct database *d = ctx;

	(void)db;
	(void)table;
	(void)rowid;
	d->changed = kind;
}

int target_exec(struct database *d, const char *sql, struct error *err)
{
	return sqlite3_exec(d->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : target_error(d, sql, err);
}

int target_prepare(struct database *d, const char *sql, sqlite3_stmt **stmt, struct error *err)
{
	return sqlite3_prepare_v2(d->db, sql, -1, stmt, NULL) == SQLITE_OK ? 0 : target_error(d, sql, err);
}

int target_number(struct database *d, const char *sql, uint64_t *out, struct error *err)
{
	sqlite3_stmt *stmt;
	int rc;

	*out = 0;
	if (target_prepare(d, sql, &stmt, err))
		return -1;
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*out = (uint64_t)sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : target_error(d, sql, err);
}

int target_open(struct database *d, struct error *err)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

	if (sqlite3_open_v2(d->path, &d->db, flags, NULL) != SQLITE_OK)
		return error_set(err, EXIT_FAILED, "cannot open '%s': %s", d->path, d->db ? sqlite3_errmsg(d->db) : "out of memory");
	sqlite3_extended_result_codes(d->db, 1);
	sqlite3_busy_handler(d->db, on_busy, d);
	sqlite3_update_hook(d->db, on_change, d);
	wait_for_locks(d, true);
	/* triggers of the database are its own business, but a file from elsewhere may not run what it likes */
	sqlite3_db_config(d->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(d->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (target_exec(d, d->load->mode == MODE_REPLACE ? "PRAGMA foreign_keys=OFF" : "PRAGMA foreign_keys=ON", err))
		return -1;
	return target_exec(d, "PRAGMA temp_store=FILE", err) || target_exec(d, "PRAGMA cache_size=-16000", err) || target_begin(d, err) ? -1 : 0;
}

int target_begin(struct database *d, struct error *err)
{
	wait_for_locks(d, true);
	if (target_exec(d, "BEGIN IMMEDIATE", err))
		return -1;
	d->in_transaction = true;
	d->uncommitted = 0;
	wait_for_locks(d, false);	/* the lock is held; only a spill of the cache could meet readers now, and needn't */
	return target_exec(d, "PRAGMA defer_foreign_keys=ON", err);
}

static int foreign_keys(struct database *d, struct error *err)
{
	sqlite3_stmt *stmt;
	int failed = 0;

	if (sqlite3_prepare_v2(d->db, "PRAGMA foreign_key_check", -1, &stmt, NULL) != SQLITE_OK)
		return 0;
	if (sqlite3_step(stmt) == SQLITE_ROW)
		failed = error_set(err, EXIT_FAILED, "'%s': foreign keys: a row of '%s' points to a row of '%s' that isn't there: nothing is changed",
				   d->path, (const char *)sqlite3_column_text(stmt, 0), (const char *)sqlite3_column_text(stmt, 2));
	sqlite3_finalize(stmt);
	return failed;
}

int target_commit(struct database *d, bool wait, struct error *err)
{
	int rc;

	if (!d->in_transaction)
		return 0;
	if (d->load->mode == MODE_REPLACE && foreign_keys(d, err))
		return -1;
	wait_for_locks(d, wait);
	rc = sqlite3_exec(d->db, "COMMIT", NULL, NULL, NULL);
	wait_for_locks(d, false);
	if ((rc & 0xff) == SQLITE_BUSY && !wait)
		return 1;
	if (rc == SQLITE_CONSTRAINT_FOREIGNKEY)
		return foreign_keys(d, err) ? -1 : target_error(d, "commit", err);
	if (rc != SQLITE_OK)
		return target_error(d, "commit", err);
	d->in_transaction = false;
	return 0;
}

void target_close(struct database *d)
{
	if (d->in_transaction)
		sqlite3_exec(d->db, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(d->db);
	d->db = NULL;
}
