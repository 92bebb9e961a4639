/* load_target: the database: opening, errors, waiting for locks, transactions. */
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "load.h"

/* How long a commit in the middle waits for readers before it is left for later: one of them may wait for this process. */
enum { SHORT_WAIT_MS = 100 };

static bool is_records_fault(int rc)
{
	rc &= 0xff;
	return rc == SQLITE_CONSTRAINT || rc == SQLITE_MISMATCH || rc == SQLITE_TOOBIG || rc == SQLITE_RANGE;
}

int target_error(struct database *d, const char *what, struct error *err)
{
	int code = sqlite3_extended_errcode(d->db), rc = code & 0xff;

	d->in_the_way = code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY || code == SQLITE_CONSTRAINT_ROWID;
	if (is_records_fault(rc))
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

	if (!count)
		d->deadline = clock_mono() + (int64_t)(d->patience * 1e9);
	if (clock_mono() >= d->deadline)
		return 0;
	nanosleep(&pause, NULL);
	return 1;
}

static void wait_for_locks(struct database *d, double seconds)
{
	d->patience = seconds;
}

/* Which of an upsert's two ways it was; what triggers do to other tables is their own. */
static void on_change(void *ctx, int kind, const char *db, const char *table, sqlite3_int64 rowid)
{
	struct database *d = ctx;

	(void)db;
	(void)rowid;
	if (!d->changed && d->watched && !strcasecmp(table, d->watched))
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

int target_number(struct database *d, const char *sql, const char *name, uint64_t *out, struct error *err)
{
	sqlite3_stmt *stmt;
	int rc;

	*out = 0;
	if (target_prepare(d, sql, &stmt, err))
		return -1;
	if (name)
		sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*out = (uint64_t)sqlite3_column_int64(stmt, 0);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		target_error(d, sql, err);
	sqlite3_finalize(stmt);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : -1;
}

int target_run(struct database *d, sqlite3_stmt *stmt, const struct table *t, struct error *err)
{
	int rc;

	d->changed = 0;
	d->watched = t->name;
	rc = sqlite3_step(stmt);
	if ((rc & 0xff) == SQLITE_ERROR) {	/* an expression of the table's can't take the row */
		d->in_the_way = false;
		error_data(err, "constraint", "%s: %s", t->name, sqlite3_errmsg(d->db));
	} else if (rc != SQLITE_DONE && rc != SQLITE_ROW) {
		target_error(d, t->name, err);
	}
	sqlite3_reset(stmt);
	return rc == SQLITE_DONE || rc == SQLITE_ROW ? LOAD_DONE
		: (rc & 0xff) == SQLITE_ERROR || is_records_fault(rc) ? LOAD_REJECT : -1;
}

/* A dry run on a file that isn't there has a database of its own, which is gone at the end. */
static int open_file(struct database *d, struct error *err)
{
	if (d->file.read_only)
		return error_set(err, EXIT_USAGE, "'%s' is not to be written to: its address says mode=ro or immutable=1", d->path);
	if (d->o->dry_run && access(d->path, F_OK))
		return sqlite3_open_v2("", &d->file.h, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK
			? 0 : db_fail(&d->file, "open", err);
	return db_open(&d->file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err);
}

int target_open(struct database *d, struct error *err)
{
	if (open_file(d, err))
		return -1;
	d->db = d->file.h;
	sqlite3_busy_handler(d->db, on_busy, d);
	sqlite3_update_hook(d->db, on_change, d);
	wait_for_locks(d, d->o->lock_timeout);
	if (target_exec(d, d->load->mode == MODE_REPLACE ? "PRAGMA foreign_keys=OFF" : "PRAGMA foreign_keys=ON", err))
		return -1;
	/* EXTRA: a commit is durable, also where the journal is a file whose going must be (the state may follow elsewhere) */
	return target_exec(d, "PRAGMA synchronous=EXTRA; PRAGMA temp_store=FILE; PRAGMA cache_size=-16000", err);
}

int target_begin(struct database *d, struct error *err)
{
	if (d->in_transaction)
		return 0;
	wait_for_locks(d, d->o->lock_timeout);
	if (target_exec(d, "BEGIN IMMEDIATE", err))
		return -1;
	d->in_transaction = true;
	wait_for_locks(d, 0);	/* the lock is held; only a spill of the cache could meet readers now, and needn't */
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
	wait_for_locks(d, wait ? d->o->lock_timeout : SHORT_WAIT_MS / 1e3);
	rc = sqlite3_exec(d->db, "COMMIT", NULL, NULL, NULL);
	if ((rc & 0xff) == SQLITE_BUSY && !wait) {
		wait_for_locks(d, 0);
		return LOAD_POSTPONED;
	}
	if (rc == SQLITE_CONSTRAINT_FOREIGNKEY)
		return foreign_keys(d, err) ? -1 : target_error(d, "commit", err);
	if (rc != SQLITE_OK)
		return target_error(d, "commit", err);
	d->in_transaction = false;
	wait_for_locks(d, d->o->lock_timeout);
	return 0;
}

void target_close(struct database *d)
{
	if (d->in_transaction)
		sqlite3_exec(d->db, "ROLLBACK", NULL, NULL, NULL);
	db_close(&d->file);
	d->db = NULL;
}
