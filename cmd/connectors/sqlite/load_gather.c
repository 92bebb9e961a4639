/*
 * load_gather: new rows, inserted many at once.
 *
 * They go in by INSERT … SELECT from a virtual table, whose rows are those gathered: SQLite then keeps its place in the
 * table from row to row. A row that a constraint refuses stops the statement there; it is put by itself, and the rest
 * follows. Where rows turn out to be there already, each is put by itself, until some are new again.
 */
#include <stdlib.h>

#include "base/xalloc.h"
#include "load.h"

enum { ROWS = 256, BYTES = 1 << 20, LEAST = 4, NEW_ROWS = 64 };

struct gather {
	bool usable;
	struct table *t;
	struct shape *shape;
	struct arrival row[ROWS];	/* as they came, in the arena */
	uint32_t n;
	struct cell *cell;		/* owned: the cells of each row in turn */
	size_t cells;			/* allocated */
	size_t bytes;
	struct arena arena;
	uint32_t at;			/* the row that the virtual table stands on */
	uint32_t from;			/* …and starts from */
};

static const struct cell *cells_of(const struct gather *g, uint32_t row)
{
	return g->cell + (size_t)row * g->shape->n;
}

/* ---- the virtual table: c0, c1, … are a row's cells */

struct view {
	sqlite3_vtab base;
	struct gather *g;
};

static int view_connect(sqlite3 *h, void *ctx, int argc, const char *const *argv, sqlite3_vtab **out, char **message)
{
	struct buf sql = BUF_INIT;
	struct view *v = xcalloc(1, sizeof *v);
	int i, rc;

	(void)argc;
	(void)argv;
	(void)message;
	buf_adds(&sql, "CREATE TABLE x(c0");
	for (i = 1; i < MANY_COLUMNS; i++)
		buf_addf(&sql, ",c%d", i);
	buf_addc(&sql, ')');
	v->g = ctx;
	*out = &v->base;
	sqlite3_vtab_config(h, SQLITE_VTAB_DIRECTONLY);	/* no view or trigger of the file's can look into it */
	rc = sqlite3_declare_vtab(h, buf_str(&sql));
	buf_release(&sql);
	return rc;
}

static int view_disconnect(sqlite3_vtab *v)
{
	free(v);
	return SQLITE_OK;
}

static int view_plan(sqlite3_vtab *v, sqlite3_index_info *info)
{
	(void)v;
	info->estimatedRows = ROWS;
	info->estimatedCost = ROWS;
	return SQLITE_OK;
}

static struct gather *gather_of(sqlite3_vtab_cursor *cursor)
{
	return ((struct view *)cursor->pVtab)->g;
}

static int view_open(sqlite3_vtab *v, sqlite3_vtab_cursor **out)
{
	(void)v;
	*out = xcalloc(1, sizeof **out);
	return SQLITE_OK;
}

static int view_close(sqlite3_vtab_cursor *cursor)
{
	free(cursor);
	return SQLITE_OK;
}

static int view_filter(sqlite3_vtab_cursor *cursor, int plan, const char *text, int argc, sqlite3_value **argv)
{
	(void)plan;
	(void)text;
	(void)argc;
	(void)argv;
	gather_of(cursor)->at = gather_of(cursor)->from;
	return SQLITE_OK;
}

static int view_next(sqlite3_vtab_cursor *cursor)
{
	gather_of(cursor)->at++;
	return SQLITE_OK;
}

static int view_eof(sqlite3_vtab_cursor *cursor)
{
	return gather_of(cursor)->at >= gather_of(cursor)->n;
}

static int view_column(sqlite3_vtab_cursor *cursor, sqlite3_context *out, int i)
{
	const struct gather *g = gather_of(cursor);
	const struct cell *c = cells_of(g, g->at) + i;

	switch (c->kind) {
	case CELL_NULL:
		sqlite3_result_null(out);
		break;
	case CELL_INTEGER:
		sqlite3_result_int64(out, c->i);
		break;
	case CELL_REAL:
		sqlite3_result_double(out, c->d);
		break;
	case CELL_TEXT:
		sqlite3_result_text64(out, c->s.p ? c->s.p : "", c->s.n, SQLITE_STATIC, SQLITE_UTF8);
		break;
	case CELL_BLOB:
		sqlite3_result_blob64(out, c->s.p, c->s.n, SQLITE_STATIC);
	}
	return SQLITE_OK;
}

static int view_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *out)
{
	*out = gather_of(cursor)->at;
	return SQLITE_OK;
}

static const sqlite3_module view = {
	.xConnect = view_connect, .xDisconnect = view_disconnect, .xBestIndex = view_plan, .xOpen = view_open, .xClose = view_close,
	.xFilter = view_filter, .xNext = view_next, .xEof = view_eof, .xColumn = view_column, .xRowid = view_rowid,
};

int gather_open(struct database *d, struct error *err)
{
	uint64_t taken;

	d->gather = xcalloc(1, sizeof *d->gather);
	if (target_number(d, "SELECT count(*) FROM sqlite_master WHERE name='_sync_gather' COLLATE NOCASE", NULL, &taken, err))
		return -1;
	d->gather->usable = !taken && !d->o->dry_run;
	return sqlite3_create_module(d->db, "_sync_gather", &view, d->gather) == SQLITE_OK ? 0 : db_fail(&d->file, "open", err);
}

void gather_close(struct database *d)
{
	if (!d->gather)
		return;
	arena_release(&d->gather->arena);
	free(d->gather->cell);
	free(d->gather);
	d->gather = NULL;
}

/* ---- gathering */

/* Text of a cell lies in the line, of which there is a copy, or is copied itself. */
static void keep_text(struct gather *g, struct cell *c, struct span line, const char *copy)
{
	if (c->kind != CELL_TEXT && c->kind != CELL_BLOB)
		return;
	if (c->s.p >= line.p && c->s.p < line.p + line.n) {
		c->s.p = copy + (c->s.p - line.p);
		return;
	}
	g->bytes += c->s.n;
	c->s.p = arena_dup(&g->arena, c->s.p, c->s.n);
}

static void keep_row(struct database *d, struct gather *g)
{
	const struct arrival *a = &d->load->arrival;
	struct span copy = line_copy(&g->arena, a->line);
	uint32_t n = g->shape->n, i;
	struct cell *cells;

	if (g->cells < (size_t)ROWS * n) {
		g->cells = (size_t)ROWS * n;
		g->cell = xreallocarray(g->cell, g->cells, sizeof *g->cell);
	}
	g->row[g->n] = (struct arrival){ copy, a->lineno, a->stream };
	g->bytes += copy.n;
	cells = g->cell + (size_t)g->n++ * n;
	memcpy(cells, d->cell, n * sizeof *cells);
	for (i = 0; i < n; i++)
		keep_text(g, &cells[i], a->line, copy.p);
}

static bool rows_are_new(const struct database *d, const struct table *t)
{
	return rows_only_added(d, t) || t->made || t->new_rows >= NEW_ROWS;
}

bool gather_wants(const struct database *d, const struct table *t, const struct shape *s)
{
	/* what isn't refused by a constraint stops the statement without telling how far it came */
	bool plain = s->rowid == NO_COLUMN || d->cell[s->rowid].kind == CELL_INTEGER || d->cell[s->rowid].kind == CELL_NULL;

	return d->gather->usable && t->simple && plain && s->n <= MANY_COLUMNS && d->load->arrival.line.n < BYTES && rows_are_new(d, t) &&
		!retry_some(d);
}

int gather_add(struct database *d, struct table *t, struct shape *s, struct error *err)
{
	struct gather *g = d->gather;

	if (g->n && (g->t != t || g->shape != s) && gather_flush(d, err))
		return -1;
	g->t = t;
	g->shape = s;
	keep_row(d, g);
	return g->n == ROWS || g->bytes >= BYTES ? gather_flush(d, err) : 0;
}

/* ---- writing */

static int put_one(struct database *d, struct gather *g, uint32_t row, struct error *err)
{
	uint32_t i;
	int verdict;

	for (i = 0; i < g->t->keys; i++)
		d->key[i] = g->shape->key[i] == NO_COLUMN ? (struct cell){ .kind = CELL_NULL } : cells_of(g, row)[g->shape->key[i]];
	d->load->arrival = g->row[row];
	d->in_the_way = false;
	if (retry_some(d) && retry_waits(d, g->t, d->key)) {
		retry_keep(d, g->t, NULL);
		return 0;
	}
	verdict = rows_put(d, g->t, g->shape, cells_of(g, row), err);
	if (verdict == LOAD_REJECT && retry_helps(d, g->t)) {
		retry_keep(d, g->t, NULL);
		return 0;
	}
	return verdict == LOAD_REJECT ? load_set_aside(d->load, &g->row[row], err) : verdict;
}

/* Inserts from row i on. The number of rows that are in; the next one, if any is left, must be put by itself. -1. */
static int64_t insert_many(struct database *d, struct gather *g, uint32_t i, struct error *err)
{
	sqlite3_stmt *stmt = shape_statement(d, g->t, g->shape, SQL_MANY, err);
	int64_t in;
	int rc;

	if (!stmt)
		return -1;
	g->from = i;
	rc = sqlite3_step(stmt);
	in = sqlite3_changes(d->db);
	if (rc != SQLITE_DONE && (rc & 0xff) != SQLITE_CONSTRAINT) {
		target_error(d, g->t->name, err);
		in = -1;
	}
	sqlite3_reset(stmt);
	if (in > 0) {
		d->load->inserted += (uint64_t)in;
		g->t->added += (uint64_t)in;
		g->t->new_rows += (uint32_t)in;
	}
	return in;
}

static int write_rows(struct database *d, struct gather *g, struct error *err)
{
	uint32_t i = 0;
	int64_t in;

	while (i < g->n) {
		if (g->n - i >= LEAST && rows_are_new(d, g->t) && !retry_some(d)) {
			in = insert_many(d, g, i, err);
			if (in < 0)
				return -1;
			i += (uint32_t)in;
		}
		if (i < g->n && put_one(d, g, i++, err))
			return -1;
	}
	return 0;
}

int gather_flush(struct database *d, struct error *err)
{
	struct gather *g = d->gather;
	struct arrival in_hand = d->load->arrival;
	struct cell key[MANY_COLUMNS];
	uint32_t n;
	int failed;

	if (!g || !g->n)
		return 0;
	n = g->t->keys;	/* no more than the shape's columns */
	memcpy(key, d->key, n * sizeof *key);
	failed = write_rows(d, g, err);
	memcpy(d->key, key, n * sizeof *key);
	d->load->arrival = in_hand;
	g->n = 0;
	g->bytes = 0;
	arena_reset(&g->arena);
	return failed;
}
