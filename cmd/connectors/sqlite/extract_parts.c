/*
 * extract_parts: which rows of a table are read: all of them, a shard's, those behind a cursor.
 *
 * Shards must part a table in the same way whenever they run, so they don't depend on what it holds now: blocks of
 * BLOCK rowids go round, the Ith of every N to shard I; where there is no rowid, or a cursor gives the order, a
 * digest of the key (of the whole row where there is none) decides.
 */
#include <stdlib.h>

#include "base/diag.h"
#include "extract.h"
#include "value/digest.h"

enum { BLOCK = 4096 };

static void add_from_clause(const struct table *t, struct buf *sql)
{
	buf_adds(sql, " FROM ");
	if (t->query) {
		buf_addf(sql, "(%s\n)", t->query);	/* a comment may end it */
	} else {
		buf_adds(sql, "main.");
		sql_add_identifier(sql, span_of(t->name));
	}
}

/* SELECT of the table's columns, then the cursor where it is none of them. */
static void add_select(const struct extract *x, const struct table *t, struct buf *sql)
{
	uint32_t i;

	buf_adds(sql, "SELECT ");
	for (i = 0; i < t->columns; i++) {
		if (i)
			buf_adds(sql, ", ");
		sql_add_identifier(sql, span_of(t->column[i].name));
	}
	if (x->o->cursor) {
		buf_adds(sql, ", ");
		sql_add_identifier(sql, span_of(x->o->cursor));
	}
	add_from_clause(t, sql);
}

static sqlite3_stmt *prepare(struct extract *x, struct buf *sql, struct error *err)
{
	return db_prepare(&x->db, buf_str(sql), "read", err);
}

/* ---- shards */

/* Everything about the key that the row's text has: the values of its members, in order. */
static void digest_key(struct digest *d, const struct table *t, sqlite3_stmt *row)
{
	const void *p;
	uint32_t i;
	int n;

	for (i = 0; i < t->keys; i++) {
		p = sqlite3_column_blob(row, (int)t->key[i]);
		n = sqlite3_column_bytes(row, (int)t->key[i]);
		digest_add(d, (unsigned char[]){ (unsigned char)n, (unsigned char)(n >> 8), (unsigned char)(n >> 16) }, 3);
		digest_add(d, p, (size_t)n);
	}
}

static bool in_shard(const struct extract *x, const struct table *t, sqlite3_stmt *row, struct span text)
{
	unsigned char out[8];
	uint64_t v = 0;
	struct digest d;
	int i;

	digest_start(&d, sizeof out, SPAN_LIT(""));
	if (t->keys)
		digest_key(&d, t, row);
	else
		digest_add(&d, text.p, text.n);
	digest_end(&d, out);
	for (i = 0; i < 8; i++)
		v = v << 8 | out[i];
	return v % x->o->shard.n == x->o->shard.i - 1;
}

static int judge_shard(struct extract *x, struct table *t, sqlite3_stmt *row, struct span text, struct error *err)
{
	(void)err;
	return in_shard(x, t, row, text);
}

static int64_t block_of(int64_t rowid)
{
	return rowid >= 0 ? rowid / BLOCK : -((-(rowid + 1)) / BLOCK) - 1;
}

/* The first rowid at or after `from`: 1, 0, -1. */
static int next_rowid(struct extract *x, sqlite3_stmt *s, int64_t from, int64_t *rowid, struct error *err)
{
	int got;

	sqlite3_reset(s);
	sqlite3_bind_int64(s, 1, from);
	got = db_step(&x->db, s, "read", err);
	if (got > 0)
		*rowid = sqlite3_column_int64(s, 0);
	return got;
}

/* How many blocks from here to the shard's next one, 0 to N - 1. */
static uint64_t blocks_to_go(const struct extract *x, int64_t block)
{
	int64_t n = (int64_t)x->o->shard.n, at = block % n;

	at = at < 0 ? at + n : at;
	return (uint64_t)(((int64_t)x->o->shard.i - 1 - at + n) % n);
}

static int read_blocks(struct extract *x, struct table *t, sqlite3_stmt *find, sqlite3_stmt *rows, struct error *err)
{
	int64_t rowid = INT64_MIN, block, last;
	uint64_t go;
	int got;

	for (;;) {
		got = next_rowid(x, find, rowid, &rowid, err);
		if (got <= 0)
			return got;
		block = block_of(rowid);
		go = blocks_to_go(x, block);
		if (go > (uint64_t)(INT64_MAX / BLOCK - block))
			return 0;
		block += (int64_t)go;
		if (go == 0) {
			last = block == INT64_MAX / BLOCK ? INT64_MAX : (block + 1) * BLOCK - 1;
			sqlite3_reset(rows);
			sqlite3_bind_int64(rows, 1, rowid);
			sqlite3_bind_int64(rows, 2, last);
			if (rows_write(x, t, rows, NULL, false, err))
				return -1;
			if (last == INT64_MAX)
				return 0;
			rowid = last + 1;
		} else {
			rowid = block * BLOCK;
		}
	}
}

static int read_shard(struct extract *x, struct table *t, struct error *err)
{
	struct buf find = BUF_INIT, rows = BUF_INIT;
	sqlite3_stmt *f, *r;
	int failed = -1;

	buf_addf(&find, "SELECT %s FROM main.", t->rowid);
	sql_add_identifier(&find, span_of(t->name));
	buf_addf(&find, " WHERE %s >= ?1 ORDER BY %s LIMIT 1", t->rowid, t->rowid);
	add_select(x, t, &rows);
	buf_addf(&rows, " WHERE %s BETWEEN ?1 AND ?2", t->rowid);
	f = prepare(x, &find, err);
	r = f ? prepare(x, &rows, err) : NULL;
	if (r)
		failed = read_blocks(x, t, f, r, err);
	sqlite3_finalize(f);
	sqlite3_finalize(r);
	buf_release(&find);
	buf_release(&rows);
	return failed;
}

/* ---- cursors */

/* Notes the row, and says whether it is this shard's. */
static int judge_new(struct extract *x, struct table *t, sqlite3_stmt *row, struct span text, struct error *err)
{
	if (mark_note(t->mark, sqlite3_column_value(row, (int)t->columns), text, err))
		return -1;
	return !x->o->shard.n || in_shard(x, t, row, text);
}

/* A row at the value that the mark stood at: read unless it was read before. */
static int judge_tie(struct extract *x, struct table *t, sqlite3_stmt *row, struct span text, struct error *err)
{
	if (judge_new(x, t, row, text, err) < 0)
		return -1;
	return !mark_take(t->was, text) && (!x->o->shard.n || in_shard(x, t, row, text));
}

/* Only looks. */
static int judge_look(struct extract *x, struct table *t, sqlite3_stmt *row, struct span text, struct error *err)
{
	return judge_new(x, t, row, text, err) < 0 ? -1 : 0;
}

static void add_order(const struct extract *x, const struct table *t, struct buf *sql)
{
	uint32_t i;

	buf_adds(sql, " ORDER BY ");
	sql_add_identifier(sql, span_of(x->o->cursor));
	buf_adds(sql, " COLLATE BINARY");
	if (t->rowid)
		buf_addf(sql, ", %s", t->rowid);
	for (i = 0; !t->rowid && i < t->keys; i++) {
		buf_adds(sql, ", ");
		sql_add_identifier(sql, span_of(t->column[t->key[i]].name));
	}
}

/* The rows whose cursor is (`IS ?1`) or comes after (`> ?1`) the mark's value, in order. */
static int read_behind(struct extract *x, struct table *t, const char *compare, row_judge *judge, bool checkpoints, struct error *err)
{
	struct buf sql = BUF_INIT;
	sqlite3_stmt *s;
	int failed = -1;

	add_select(x, t, &sql);
	if (compare) {
		buf_adds(&sql, " WHERE ");
		sql_add_identifier(&sql, span_of(x->o->cursor));
		buf_addf(&sql, " COLLATE BINARY %s", compare);
	}
	add_order(x, t, &sql);
	s = prepare(x, &sql, err);
	if (s && strchr(compare ? compare : "", '?') && mark_bind(t->was ? t->was : t->mark, s, 1) != SQLITE_OK)
		db_fail(&x->db, "read", err);
	else if (s)
		failed = rows_write(x, t, s, judge, checkpoints, err);
	sqlite3_finalize(s);
	buf_release(&sql);
	return failed;
}

/* Rows that came, or were changed, since, without moving the cursor on. */
static int read_ties(struct extract *x, struct table *t, struct error *err)
{
	struct mark *again;
	int failed = 0;

	mark_restart(t->mark, &t->was);
	if (mark_by_row(t->was)) {
		failed = read_behind(x, t, "IS ?1", judge_tie, false, err);
	} else {
		failed = read_behind(x, t, "IS ?1", judge_look, false, err);
		if (!failed && !mark_same(t->mark, t->was)) {	/* too many to know which: all of them again */
			mark_restart(t->mark, &again);
			failed = read_behind(x, t, "IS ?1", judge_new, false, err);
			mark_free(again);
		}
	}
	mark_free(t->was);
	t->was = NULL;
	return failed;
}

/* Rows that a comparison never finds: whether any of them came since, nobody can tell. */
static int warn_of_nulls(struct extract *x, struct table *t, struct error *err)
{
	struct buf sql = BUF_INIT;
	sqlite3_stmt *s;
	int got = -1;

	buf_adds(&sql, "SELECT count(*)");
	add_from_clause(t, &sql);
	buf_adds(&sql, " WHERE ");
	sql_add_identifier(&sql, span_of(x->o->cursor));
	buf_adds(&sql, " IS NULL");
	s = prepare(x, &sql, err);
	got = s ? db_step(&x->db, s, "read", err) : -1;
	if (got > 0 && sqlite3_column_int64(s, 0))
		diag_warn("%lld rows of '%s' have no '%s': of these, what came since the first run isn't read",
			  (long long)sqlite3_column_int64(s, 0), t->name, x->o->cursor);
	sqlite3_finalize(s);
	buf_release(&sql);
	return got < 0 ? -1 : 0;
}

static int read_delta(struct extract *x, struct table *t, struct error *err)
{
	bool from_null = mark_is_null(t->mark);

	if (!mark_set(t->mark))
		return read_behind(x, t, NULL, judge_new, true, err);
	if (!from_null && !x->o->follow && warn_of_nulls(x, t, err))
		return -1;
	return read_ties(x, t, err) || read_behind(x, t, from_null ? "IS NOT NULL" : "> ?1", judge_new, true, err) ? -1 : 0;
}

sqlite3_stmt *table_prepare(struct extract *x, const struct table *t, struct error *err)
{
	struct buf sql = BUF_INIT;
	sqlite3_stmt *s;

	add_select(x, t, &sql);
	s = prepare(x, &sql, err);
	buf_release(&sql);
	return s;
}

int table_read(struct extract *x, struct table *t, struct error *err)
{
	sqlite3_stmt *s;
	int failed = -1;

	if (x->o->cursor)
		return read_delta(x, t, err);
	if (x->o->shard.n && t->rowid)
		return read_shard(x, t, err);
	s = table_prepare(x, t, err);
	if (s)
		failed = rows_write(x, t, s, x->o->shard.n ? judge_shard : NULL, false, err);
	sqlite3_finalize(s);
	return failed;
}
