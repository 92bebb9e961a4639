/* sync-extract-postgresql: tables, views and queries of a PostgreSQL database as a stream. extract.h has a map of its parts. */
#include "extract.h"

#include <stdlib.h>

#include "base/diag.h"

/* ---- the stream's section */

static int begin(struct extract *x, struct error *err)
{
	struct buf source = BUF_INIT;
	int failed;

	buf_addc(&source, '[');
	if (json_add_string(&source, span_of(x->pg.shown)))
		buf_adds(&source, "\"postgresql\"");
	buf_addc(&source, ']');
	failed = writer_begin(&x->tool->writer, x->o->shard.n ? SCOPE_PART : SCOPE_FULL, SPAN_LIT(""), buf_span(&source), SPAN_LIT(""), err);
	buf_release(&source);
	return failed;
}

static int read_tables(struct extract *x, struct error *err)
{
	uint32_t i;

	for (i = 0; i < x->tables; i++)
		if (declare(x, &x->table[i], err) || table_read(x, &x->table[i], err))
			return -1;
	return 0;
}

/* Everything is read in one transaction, as of one moment. */
static int extract(struct extract *x, const char *uri, char **names, int n, struct error *err)
{
	progress_start(&x->tool->progress, x->tool->opt.progress, 0);
	if (pg_open(&x->pg, uri, x->o->lock_timeout, err) ||
	    pg_run(&x->pg, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "read", err) ||
	    (x->o->query ? tables_query(x, err) : tables_find(x, names, n, err)))
		return -1;
	x->tagged = x->tables > 1;
	if (x->o->stream && x->tables > 1)
		return error_set(err, EXIT_USAGE, "--stream names one stream, and there are %u tables: name the table that is meant", x->tables);
	if (begin(x, err) || read_tables(x, err) || pg_run(&x->pg, "COMMIT", "read", err) ||
	    rejects_check(&x->tool->rejects, x->tool->writer.records + x->tool->rejects.n, true, err))
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
	if (o->state || o->cursor || o->reset)
		return error_set(err, EXIT_USAGE, "PostgreSQL's extractor has no deltas: it takes no --state and no --cursor");
	if (o->follow)
		return error_set(err, EXIT_USAGE, "PostgreSQL can't be followed: run sync-extract again");
	return 0;
}

/* "a,b" as ["a","b"] */
static void read_key(struct extract *x)
{
	const char *k = x->o->key, *end;

	if (!k || !*k)
		return;
	buf_addc(&x->key, '[');
	for (;; k = end + 1) {
		end = k + strcspn(k, ",");
		json_add_string(&x->key, (struct span){ k, (size_t)(end - k) });
		if (!*end)
			break;
		buf_addc(&x->key, ',');
	}
	buf_addc(&x->key, ']');
}

static int run(struct extract *x, char **operands, int n, struct error *err)
{
	if (n == 0)
		return error_set(err, EXIT_USAGE, "a database is missing; try 'sync-extract --help'");
	if (tool_open(x->tool, err) || check_options(x, n - 1, err))
		return -1;
	read_key(x);
	return extract(x, operands[0], operands + 1, n - 1, err);
}

static void release(struct extract *x)
{
	tables_release(x);
	pg_close(&x->pg);
	record_release(&x->scratch);
	record_names_release(x->names);
	buf_release(&x->key);
	buf_release(&x->tag);
	buf_release(&x->text);
}

int main(int argc, char **argv)
{
	struct extract_options options = EXTRACT_OPTIONS_INIT;
	struct error err = ERROR_INIT;
	struct tool tool;
	struct extract x = { .tool = &tool, .o = &options, .pg_text = { .kind = PG_TEXT, .plain = true } };
	const struct opt_group groups[] = {
		{ "What to read", extract_any_opts, &options, false },
		{ "Databases", extract_sql_opts, &options, false },
		TOOL_GROUPS(&tool),
	};
	const struct opt_program program = {
		"sync-extract", "[OPTION...] DATABASE [TABLE...]", "Reads tables of a PostgreSQL database as a stream.", NULL, groups, NULL, NULL,
		tool_version,
	};
	int first, failed;

	tool_start(&tool, "sync-extract");
	first = opt_parse(&program, argc, argv, &err);
	if (first < 0)
		return first == OPT_ASKED ? EXIT_DONE : diag_fail(&err);
	record_init(&x.scratch);
	failed = run(&x, argv + first, argc - first, &err);
	release(&x);
	return tool_end(&tool, failed, &err);
}
