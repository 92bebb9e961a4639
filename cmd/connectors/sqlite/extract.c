/* sync-extract-sqlite: tables, views and queries of a SQLite file as a stream. extract.h has a map of its parts. */
#include "extract.h"

#include <poll.h>
#include <stdlib.h>

#include "base/diag.h"
#include "endpoint/capability.h"
#include "base/sig.h"
#include "base/xalloc.h"

enum { LOOK_MS = 100 };

/* ---- one moment */

/* Whether the failure is that a journal, or what WAL mode keeps beside the file, can't be made or mended by reading alone. */
static bool wants_to_write(const struct extract *x)
{
	int rc = sqlite3_errcode(x->db.h) & 0xff;

	return rc == SQLITE_READONLY || rc == SQLITE_CANTOPEN;
}

static int first_read(struct extract *x, struct error *err)
{
	return db_run(&x->db, "BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1", "read", err);
}

/*
 * A read transaction, from the first read on: everything until its end is as of one moment. A database whose last
 * writer was killed must be mended by whoever opens it next; that needs more than reading, so it is opened again for it.
 */
static int start_reading(struct extract *x, struct error *err)
{
	if (!x->db.h && db_open(&x->db, SQLITE_OPEN_READONLY, err))
		return -1;
	if (!first_read(x, err))
		return 0;
	if (!wants_to_write(x))
		return -1;
	if (!x->db.read_only) {
		db_close(&x->db);
		error_reset(err);
		if (db_open(&x->db, SQLITE_OPEN_READWRITE, err))
			return -1;
		if (!db_run(&x->db, "PRAGMA query_only = on", "read", err) && !first_read(x, err))
			return 0;
	}
	return wants_to_write(x) ? error_set(err, EXIT_FAILED, "cannot read '%s': its journal wants to be written, and can't be; where nothing "
					     "else uses it, sqlite:///PATH?immutable=1 reads it without", x->db.path) : -1;
}

static int stop_reading(struct extract *x, struct error *err)
{
	return db_run(&x->db, "COMMIT", "read", err);
}

/* ---- checkpoints */

int checkpoint(struct extract *x, const struct table *t, bool now, struct error *err)
{
	struct writer *w = &x->tool->writer;
	struct buf token = BUF_INIT;
	int failed;

	if ((!x->o->state && !x->o->follow) || (!now && !pace_due_at(&x->pace, w->bytes, w->records)))
		return 0;
	pace_mark(&x->pace, w->bytes);
	mark_token(t->mark, &token);
	failed = writer_checkpoint(w, t->stream, buf_span(&token), err);
	buf_release(&token);
	return failed;
}

/* ---- the stream's section */

/* Reads the state, checks that it is this source's, places the marks, and makes begin.from. */
static int start_state(struct extract *x, char **names, int n, struct buf *from, struct error *err)
{
	const json_t *token;
	uint32_t i;
	int failed;

	if (!x->o->state)
		return 0;
	failed = state_take_up(&x->state, &x->place, x->o, "sqlite", buf_str(&x->identity), names, n, from, err);
	for (i = 0; !failed && !x->o->reset && i < x->tables; i++) {
		token = state_token(&x->state, streams_name(&x->tool->streams, x->table[i].stream));
		failed = token ? mark_parse(x->table[i].mark, token, err) : 0;
		x->resumed |= token != NULL;
	}
	return failed;
}

static int begin(struct extract *x, char **names, int n, struct error *err)
{
	struct buf from = BUF_INIT, name = BUF_INIT;
	bool part;
	int failed = start_state(x, names, n, &from, err);

	part = x->resumed || x->o->shard.n || x->o->follow;
	buf_addf(&name, "%s%s", x->db.uri ? "" : "sqlite:", x->db.operand);
	if (!failed)
		failed = extract_begin(&x->tool->writer, part ? SCOPE_PART : SCOPE_FULL, buf_span(&name), "sqlite", buf_span(&from), err);
	pace_mark(&x->pace, x->tool->writer.bytes);
	buf_release(&from);
	buf_release(&name);
	return failed;
}

/* ---- reading */

static int read_tables(struct extract *x, struct error *err)
{
	struct table *t;
	uint32_t i;

	for (i = 0; i < x->tables && !sig_stopping(); i++) {
		t = &x->table[i];
		if (declare(x, t, err) || table_read(x, t, err))
			return -1;
		if (t->mark && checkpoint(x, t, true, err))
			return -1;
	}
	return 0;
}

/* A number that moves when another connection has committed; -1 on an error. */
static int64_t data_version(struct extract *x, struct error *err)
{
	sqlite3_stmt *s = db_prepare(&x->db, "PRAGMA data_version", "read", err);
	int64_t version = s && db_step(&x->db, s, "read", err) > 0 ? sqlite3_column_int64(s, 0) : -1;

	sqlite3_finalize(s);
	return version;
}

/* Where another file was moved over this one, nothing will ever come. */
static int check_file(const struct extract *x, struct error *err)
{
	struct buf now = BUF_INIT;
	bool same;

	db_identity(&x->db, &now);
	same = span_eq(buf_span(&x->identity), buf_span(&now));
	buf_release(&now);
	return same ? 0 : error_set(err, EXIT_FAILED, "'%s' is another file than it was, or gone", x->db.path);
}

/* Waits until another connection has committed, and moves *seen: 1; 0: a signal came; -1. */
static int wait_for_news(struct extract *x, int64_t *seen, struct error *err)
{
	int64_t now = *seen;

	while (now == *seen && !sig_stopping()) {
		(void)poll(NULL, 0, LOOK_MS);
		now = data_version(x, err);
		if (now < 0 || check_file(x, err))
			return -1;
	}
	*seen = now;
	return !sig_stopping();
}

static int follow(struct extract *x, struct error *err)
{
	int64_t seen = data_version(x, err);
	int got = seen < 0 ? -1 : 1;

	while (got > 0) {
		if (writer_flush(&x->tool->writer, err))
			return -1;
		got = wait_for_news(x, &seen, err);
		if (got > 0 && (start_reading(x, err) || read_tables(x, err) || stop_reading(x, err)))
			return -1;
	}
	return got;
}

static int check_cursor(struct extract *x, struct error *err)
{
	static const char *const rowids[] = { "rowid", "oid", "_rowid_" };
	const struct table *t;
	uint32_t i;
	size_t j;
	bool found;

	for (i = 0; x->o->cursor && i < x->tables; i++) {
		t = &x->table[i];
		found = table_column(t, x->o->cursor);
		for (j = 0; t->rowid && !found && j < sizeof rowids / sizeof *rowids; j++)
			found = !sqlite3_stricmp(x->o->cursor, rowids[j]);
		if (!found)
			return error_set(err, EXIT_USAGE, "--cursor: '%s' has no column '%s'", error_show(span_of(t->name)),
					 error_show(span_of(x->o->cursor)));
		x->table[i].mark = mark_new(x->o->cursor);
	}
	return 0;
}

static int extract(struct extract *x, char **names, int n, struct error *err)
{
	if (x->o->follow)
		sig_defer();	/* what is there already may take long, too */
	progress_start(&x->tool->progress, x->tool->opt.progress, 0);
	if (start_reading(x, err) || (x->o->query ? tables_query(x, err) : tables_find(x, names, n, err)))
		return -1;
	db_identity(&x->db, &x->identity);
	x->tagged = x->tables > 1;
	if (x->o->stream && x->tables > 1)
		return error_set(err, EXIT_USAGE, "--stream names one stream, and there are %u tables: name the table that is meant", x->tables);
	if (check_cursor(x, err) || begin(x, names, n, err) || read_tables(x, err) || stop_reading(x, err))
		return -1;
	if (x->o->follow && follow(x, err))
		return -1;
	if (rejects_check(&x->tool->rejects, x->tool->writer.records + x->tool->rejects.n, true, err))
		return -1;
	return writer_end(&x->tool->writer, err);
}

/* ---- options */

static int check_options(const struct extract *x, int names, struct error *err)
{
	const struct extract_options *o = x->o;

	if (o->query && (names || !o->stream))
		return error_set(err, EXIT_USAGE, names ? "--query reads its own rows: no table is named beside it"
				 : "--query wants --stream NAME for its rows");
	if (o->state && !o->cursor)
		return error_set(err, EXIT_USAGE, "--state wants --cursor FIELD: a table doesn't say by itself what came since");
	if (o->follow && !o->cursor)
		return error_set(err, EXIT_USAGE, "--follow wants --cursor FIELD: a table doesn't say by itself what came since");
	if (o->reset && !o->state)
		return error_set(err, EXIT_USAGE, "--reset says to ignore the state: it wants --state");
	return 0;
}

static int prepare(struct extract *x, char **operands, int n, struct error *err)
{
	if (tool_open(x->tool, err) || check_options(x, n - 1, err) || extract_key(x->o->key, &x->key, err))
		return -1;
	return db_name(&x->db, operands[0], x->o->lock_timeout, err);
}

static void release(struct extract *x)
{
	tables_release(x);
	db_release(&x->db);
	state_release(&x->state);
	state_place_release(&x->place);
	record_release(&x->scratch);
	buf_release(&x->key);
	buf_release(&x->tag);
	buf_release(&x->identity);
}

static const struct extractor extractor = {
	.scheme = "sqlite", .synopsis = "[OPTION...] DATABASE [TABLE...]", .summary = "Reads tables of a SQLite file as a stream.",
	.wants = "a database", .scopes = 1u << SCOPE_FULL | 1u << SCOPE_PART, .snapshot = true, .delta = "cursor",
};

int main(int argc, char **argv)
{
	struct extract_options options = EXTRACT_OPTIONS_INIT;
	struct error err = ERROR_INIT;
	struct tool tool;
	struct extract x = { .tool = &tool, .o = &options };
	const struct opt_group groups[] = {
		{ "What to read", extract_any_opts, &options, false },
		{ "Databases", extract_sql_opts, &options, false },
		TOOL_GROUPS(&tool),
	};
	int first, failed;

	tool_start(&tool, "sync-extract");
	first = extractor_parse(&extractor, groups, &options, argc, argv, &err);
	if (first < 0)
		return first == OPT_ASKED ? EXIT_DONE : diag_fail(&err);
	state_init(&x.state);
	record_init(&x.scratch);
	failed = prepare(&x, argv + first, argc - first, &err) || extract(&x, argv + first + 1, argc - first - 1, &err) ? -1 : 0;
	release(&x);
	return tool_end(&tool, failed, &err);
}
