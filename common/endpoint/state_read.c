/* state_read: a job's state wherever it is, a database's by its own connector, and whether an extractor may go on from it. */
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/fileio.h"
#include "endpoint/exec.h"
#include "endpoint/extract_opts.h"
#include "endpoint/state.h"
#include "json/record.h"

/* What sync-extract writes of an operand: a line, or nothing. */
static int extract(const char *operand, const char *const *options, struct buf *out, struct error *err)
{
	struct extraction x;
	char buf[4096];
	ssize_t got;

	if (extraction_start(&x, operand, options, err))
		return -1;
	while ((got = io_read(x.fd, buf, sizeof buf)) > 0)
		buf_add(out, buf, (size_t)got);
	return extraction_end(&x, err);
}

static int query(const struct state_place *p, const char *sql, struct buf *out, struct error *err)
{
	const char *const options[] = { "--plain", "--stream=state", "--query", sql, NULL };

	return extract(p->where, options, out, err);
}

/* {"state":"…"}, or Redis's {"key":…,"value":"…"} */
static int take_row(struct state *s, struct span line, const struct state_place *p, struct error *err)
{
	json_t *row = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	const char *text = json_string_value(json_object_get(row, p->kind == STATE_REDIS ? "value" : "state"));
	int failed = text ? state_parse(s, span_of(text), p->where, err) : state_damaged(s, p->where, "no text where it should be", err);

	json_decref(row);
	return failed;
}

static int read_key(const struct state_place *p, struct buf *row, struct error *err)
{
	const char *const options[] = { "--plain", NULL };
	struct buf operand = BUF_INIT;
	const char *c;
	int failed;

	buf_addf(&operand, "%s#_sync_state:", p->where);
	for (c = p->job; *c; c++) {	/* what is read is a pattern of keys */
		if (strchr("*?[]\\", *c))
			buf_addc(&operand, '\\');
		buf_addc(&operand, *c);
	}
	failed = extract(buf_str(&operand), options, row, err);
	buf_release(&operand);
	return failed;
}

/* The connector takes a collection of this name for empty where it isn't there. */
static int read_document(const struct state_place *p, struct buf *row, struct error *err)
{
	struct buf operand = BUF_INIT, query = BUF_INIT;
	const char *options[] = { "--plain", "--query", NULL, NULL };
	int failed;

	buf_addf(&operand, "%s#_sync_state", p->where);
	buf_adds(&query, "{\"filter\":{\"_id\":");
	failed = json_add_string(&query, span_of(p->job)) ? error_set(err, EXIT_USAGE, "--state: the job '%s' is no UTF-8", error_show(span_of(p->job))) : 0;
	buf_adds(&query, "}}");
	options[2] = buf_str(&query);
	failed = failed || extract(buf_str(&operand), options, row, err) ? -1 : 0;
	buf_release(&operand);
	buf_release(&query);
	return failed;
}

static int read_table(const struct state_place *p, struct buf *row, struct error *err)
{
	struct buf sql = BUF_INIT;
	const char *c;
	int failed;

	if (p->kind == STATE_SQLITE && access(p->where, F_OK) && errno == ENOENT)
		return 0;
	failed = query(p, p->kind == STATE_POSTGRESQL ? "SELECT 1 AS there WHERE pg_catalog.to_regclass('_sync_state') IS NOT NULL"
		       : "SELECT name FROM sqlite_master WHERE type='table' AND name='_sync_state'", row, err);
	if (failed || !row->n)
		return failed;
	buf_reset(row);
	buf_adds(&sql, "SELECT state FROM _sync_state WHERE job='");
	for (c = p->job; *c; c++) {
		if (*c == '\'')
			buf_addc(&sql, '\'');
		buf_addc(&sql, *c);
	}
	buf_addc(&sql, '\'');
	failed = query(p, buf_str(&sql), row, err);
	buf_release(&sql);
	return failed;
}

int state_read(struct state *s, const struct state_place *p, struct error *err)
{
	struct buf row = BUF_INIT;
	int failed;

	if (p->kind == STATE_FILE)
		return state_read_file(s, p, err);
	s->generation = 0;
	failed = p->kind == STATE_REDIS ? read_key(p, &row, err) : p->kind == STATE_MONGODB ? read_document(p, &row, err) : read_table(p, &row, err);
	if (!failed && row.n)
		failed = take_row(s, buf_span(&row), p, err);
	buf_release(&row);
	return failed;
}

/* ---- for an extractor */

static int check(const struct state *s, const struct state_place *p, const char *what, const char *is, struct error *err)
{
	const char *was = state_string(s, what);

	if (!was || !strcmp(was, is))
		return 0;
	return error_set(err, EXIT_USAGE, "the state in '%s' belongs to another %s ('%s', not '%s'): use another state, or --reset", p->where,
			 what, error_show(span_of(was)), error_show(span_of(is)));
}

int state_resume(struct state *s, struct state_place *p, const char *where, bool reset, const struct state_owner *owner, struct error *err)
{
	s->reset = reset;
	if (state_place_parse(p, where, err) || state_read(s, p, err))
		return -1;
	return !reset && (check(s, p, "connector", owner->connector, err) || (owner->source && check(s, p, "source", owner->source, err)) ||
			  check(s, p, "selection", owner->selection, err)) ? -1 : 0;
}

void state_add_from(const struct state *s, const struct state_owner *owner, struct buf *out)
{
	buf_addf(out, "{\"generation\":\"%" PRIu64 "\",\"connector\":\"%s\"", s->generation, owner->connector);
	if (owner->source) {
		buf_adds(out, ",\"source\":");
		json_add_string(out, span_of(owner->source));
	}
	buf_adds(out, ",\"selection\":");
	json_add_string(out, span_of(owner->selection));
	buf_addc(out, '}');
}

int state_take_up(struct state *s, struct state_place *p, const struct extract_options *o, const char *connector, const char *source, char **names,
		int n, struct buf *from, struct error *err)
{
	struct buf selection = BUF_INIT;
	struct state_owner owner = { .connector = connector, .source = source };
	int failed;

	extract_selection(o, names, n, &selection);
	owner.selection = buf_str(&selection);
	failed = state_resume(s, p, o->state, o->reset, &owner, err);
	state_add_from(s, &owner, from);
	buf_release(&selection);
	return failed;
}
