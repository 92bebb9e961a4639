/* load_state: what a loader keeps in the database itself: _sync_state and _sync_schema. */
#include "load.h"

static int make_state_table(struct database *d, struct error *err)
{
	return target_exec(d, "CREATE TABLE IF NOT EXISTS _sync_state(job TEXT PRIMARY KEY, generation INTEGER NOT NULL, state TEXT NOT NULL) "
		       "WITHOUT ROWID", err);
}

/* A row of the table: its generation stands in the state, and beside it. */
static int take_row(struct database *d, struct state *s, sqlite3_stmt *stmt, struct error *err)
{
	const struct span text = { (const char *)sqlite3_column_text(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0) };

	if (state_parse(s, text, d->path, err))
		return -1;
	if (s->damaged || (uint64_t)sqlite3_column_int64(stmt, 1) == s->generation)
		return 0;
	if (!s->reset)
		return state_damaged(s, d->path, "it tells two generations", err);
	s->damaged = true;	/* but the one in the text is what sync-extract has read */
	return 0;
}

static int read_state(struct database *d, struct state *s, struct error *err)
{
	sqlite3_stmt *stmt;
	uint64_t there;
	int rc, failed = 0;

	if (target_number(d, "SELECT 1 FROM sqlite_master WHERE type='table' AND name='_sync_state'", NULL, &there, err))
		return -1;
	if (!there)
		return 0;
	if (target_prepare(d, "SELECT state, generation FROM _sync_state WHERE job=?", &stmt, err))
		return -1;
	sqlite3_bind_text(stmt, 1, d->load->place.job, -1, SQLITE_STATIC);
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		failed = take_row(d, s, stmt, err);
	else if (rc != SQLITE_DONE)
		failed = target_error(d, "reading the state", err);
	sqlite3_finalize(stmt);
	return failed;
}

/* The job's state as it stands in this transaction. */
int state_load(struct database *d, struct error *err)
{
	return read_state(d, &d->load->state, err);
}

/* Others may have written between two transactions. */
static int check_unmoved(struct database *d, struct error *err)
{
	const struct state *s = &d->load->state;
	struct state now;
	int failed;

	state_init(&now);
	now.reset = true;	/* a damaged one is no error here */
	failed = read_state(d, &now, err);
	if (!failed && (now.generation != s->generation || now.damaged != s->damaged))
		failed = error_set(err, EXIT_AGAIN, "another run has moved the state in '%s'", d->path);
	state_release(&now);
	return failed;
}

static int write_state(struct database *d, struct span text, struct error *err)
{
	sqlite3_stmt *stmt;
	int rc;

	if (make_state_table(d, err) || target_prepare(d, "INSERT OR REPLACE INTO _sync_state VALUES(?, ?, ?)", &stmt, err))
		return -1;
	sqlite3_bind_text(stmt, 1, d->load->place.job, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 2, (sqlite3_int64)d->load->state.generation);
	sqlite3_bind_text64(stmt, 3, text.p, text.n, SQLITE_STATIC, SQLITE_UTF8);
	rc = sqlite3_step(stmt);
	if (rc != SQLITE_DONE)
		target_error(d, "keeping the state", err);
	sqlite3_finalize(stmt);
	return rc == SQLITE_DONE ? 0 : -1;
}

/* Swaps the state within the transaction, in which nobody else can. Records alone are checked against it too. */
int state_save(struct database *d, struct error *err)
{
	struct state *s = &d->load->state;
	struct buf text = BUF_INIT;
	int failed;

	if (!s->changed && !d->in_transaction)
		return 0;
	if (target_begin(d, err) || check_unmoved(d, err))
		return -1;
	if (!s->changed)
		return 0;
	s->generation++;
	state_text(s, &text);
	failed = write_state(d, buf_span(&text), err);
	buf_release(&text);
	if (!failed)
		s->changed = s->damaged = false;
	return failed;
}

/* ---- what tables were made from */

static int make_schema_table(struct database *d, struct error *err)
{
	return target_exec(d, "CREATE TABLE IF NOT EXISTS _sync_schema(name TEXT PRIMARY KEY, schema TEXT NOT NULL) WITHOUT ROWID", err);
}

int schema_save(struct database *d, const struct table *t, struct span schema, struct error *err)
{
	sqlite3_stmt *stmt;
	int rc;

	if (schema.n <= 2)
		return 0;	/* {} says nothing */
	if (make_schema_table(d, err) || target_prepare(d, "INSERT OR REPLACE INTO _sync_schema VALUES(?, ?)", &stmt, err))
		return -1;
	sqlite3_bind_text(stmt, 1, t->name, -1, SQLITE_STATIC);
	sqlite3_bind_text64(stmt, 2, schema.p, schema.n, SQLITE_STATIC, SQLITE_UTF8);
	rc = sqlite3_step(stmt);
	if (rc != SQLITE_DONE)
		target_error(d, "keeping the schema", err);
	sqlite3_finalize(stmt);
	return rc == SQLITE_DONE ? 0 : -1;
}

/* The schema that is kept, in rec: a new one where there is none, or it is of no use. */
static int kept_schema(struct database *d, const struct table *t, struct record *rec, struct error *err)
{
	static const char empty[] = "{\"type\":\"object\",\"properties\":{}}";
	const struct scan_limits limits = { 1000, INT32_MAX };
	struct value properties;
	sqlite3_stmt *stmt;
	int found = 0;

	if (target_prepare(d, "SELECT schema FROM _sync_schema WHERE name=?", &stmt, err))
		return -1;
	sqlite3_bind_text(stmt, 1, t->name, -1, SQLITE_STATIC);
	if (sqlite3_step(stmt) == SQLITE_ROW)
		found = !record_copy(rec, (const char *)sqlite3_column_text(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0), &limits,
				     &(struct error)ERROR_INIT) && declared_properties(rec, &properties);
	sqlite3_finalize(stmt);
	return found ? 0 : record_copy(rec, empty, sizeof empty - 1, &limits, err);
}

int schema_add(struct database *d, const struct table *t, struct span name, struct span property, struct error *err)
{
	struct step steps[] = { { .kind = STEP_NAME, .name = SPAN_LIT("properties") }, { .kind = STEP_NAME, .name = name } };
	const struct path path = { .step = steps, .n = 2, .text = name };
	struct buf text = BUF_INIT;
	struct record rec;
	int failed;

	if (!property.n)
		return 0;
	record_init(&rec);
	failed = make_schema_table(d, err) || kept_schema(d, t, &rec, err) || record_set(&rec, &path, property, err) ? -1 : 0;
	if (!failed) {
		record_write(&rec, &text);
		failed = schema_save(d, t, buf_span(&text), err);
	}
	buf_release(&text);
	record_release(&rec);
	return failed;
}

int schema_recall(struct database *d, struct table *t, struct error *err)
{
	struct value properties, v;
	struct record rec;
	uint64_t there;
	uint32_t i;
	int failed;

	if (target_number(d, "SELECT 1 FROM sqlite_master WHERE type='table' AND name='_sync_schema'", NULL, &there, err))
		return -1;
	if (!there)
		return 0;
	record_init(&rec);
	failed = kept_schema(d, t, &rec, err);
	for (i = 0; !failed && declared_properties(&rec, &properties) && i < t->columns; i++)
		t->column[i].any = value_member(properties, t->column[i].name, &v) && any_is(v);
	record_release(&rec);
	return failed;
}
