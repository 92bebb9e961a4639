/* load_keys: keys that move, rows that a mirror deletes, sequences. */
#include <stdlib.h>

#include "load.h"

int keys_count(struct database *d, struct table *t, struct error *err)
{
	struct buf sql = BUF_INIT;
	int failed;

	if (t->counted)
		return 0;
	t->counted = true;
	buf_addf(&sql, "SELECT count(*) FROM %s", t->quoted);
	failed = session_number(d, buf_str(&sql), NULL, &t->rows_at_start, err);
	buf_release(&sql);
	return failed;
}

int keys_truncate(struct database *d, struct table *t, struct error *err)
{
	struct buf sql = BUF_INIT;
	int64_t n;
	int verdict = 0;

	if (batch_flush(d, err) || batch_retry(d, true, err) || keys_count(d, t, err))
		return -1;
	buf_addf(&sql, "DELETE FROM %s", t->quoted);
	n = session_change(d, buf_str(&sql), &verdict, err);
	buf_release(&sql);
	if (n < 0)
		return -1;
	t->deleted += (uint64_t)n;
	d->load->deleted += (uint64_t)n;
	return 0;
}

/* ---- keys that move */

/* "k=…" of an object's key, as SQL. */
static int add_key_of(struct database *d, struct table *t, struct value object, const char *between, struct buf *sql, struct error *err)
{
	struct column *c;
	struct value v;
	uint32_t i;
	int verdict;

	for (i = 0; i < t->keys; i++) {
		c = &t->column[t->key[i]];
		if (!value_get(object, &c->path, &c->cursor, &v) || value_type(v) == TOKEN_NULL) {
			error_data(err, "no-key", "the key '%s' is missing or null", error_show(c->name));
			return LOAD_REJECT;
		}
		buf_reset(&d->raw);
		verdict = type_text(d, c, c->type, c->typmod, v, &d->raw, err);
		if (verdict)
			return verdict;
		buf_addf(sql, "%s%s%s", i ? between : "", c->quoted, *between == ',' ? "=" : c->equals);
		pg_add_literal(sql, buf_span(&d->raw));
		buf_addf(sql, "::%s", c->declared);
	}
	return LOAD_DONE;
}

/* The row of the old key gets the new one; or, where an upsert's new key is there already, goes. */
static int move(struct database *d, struct table *t, const struct record *rec, struct value old, bool upsert, struct error *err)
{
	struct buf update = BUF_INIT, find = BUF_INIT, from = BUF_INIT;
	uint64_t there = 0;
	int verdict, ignored = 0;

	buf_addf(&update, "UPDATE %s SET ", t->quoted);
	buf_addf(&find, "SELECT 1 FROM %s WHERE ", t->quoted);
	verdict = add_key_of(d, t, record_root(rec), ",", &update, err);
	if (!verdict)
		verdict = add_key_of(d, t, record_root(rec), " AND ", &find, err);
	if (!verdict)
		verdict = add_key_of(d, t, old, " AND ", &from, err);
	if (!verdict && upsert)
		verdict = session_number(d, buf_str(&find), NULL, &there, err);
	if (!verdict && there) {
		buf_reset(&update);
		buf_addf(&update, "DELETE FROM %s", t->quoted);
	}
	if (!verdict) {
		buf_addf(&update, " WHERE %s", buf_str(&from));
		if (session_change(d, buf_str(&update), &ignored, err) < 0)
			verdict = ignored;
	}
	buf_release(&update);
	buf_release(&find);
	buf_release(&from);
	return verdict;
}

static bool same(struct database *d, struct table *t, struct value a, struct value b, struct error *err)
{
	struct buf one = BUF_INIT, two = BUF_INIT;
	bool equal = !add_key_of(d, t, a, " AND ", &one, err) && !add_key_of(d, t, b, " AND ", &two, err) &&
		span_eq(buf_span(&one), buf_span(&two));

	buf_release(&one);
	buf_release(&two);
	error_reset(err);
	return equal;
}

/* The move and the change behind it are one: both or neither. LOAD_DONE, LOAD_REJECT, -1. */
int keys_move(struct database *d, struct table *t, const struct record *rec, struct value old, bool upsert, struct error *err)
{
	uint64_t aside = d->load->aside;
	size_t waiting;
	int verdict;

	if (same(d, t, record_root(rec), old, err))
		return batch_add(d, t, rec, upsert ? ROW_UPSERT : ROW_UPDATE, err);
	if (batch_flush(d, err) || session_run(d, "SAVEPOINT _sync_move", err))
		return -1;
	waiting = d->waiting->held.n;
	t->empty = false;
	verdict = move(d, t, rec, old, upsert, err);
	if (!verdict)
		verdict = batch_add(d, t, rec, upsert ? ROW_UPSERT : ROW_UPDATE, err);
	if (!verdict)
		verdict = batch_flush(d, err);
	if (verdict < 0)
		return -1;
	if (verdict || d->load->aside != aside || d->waiting->held.n != waiting)
		return session_run(d, "ROLLBACK TO SAVEPOINT _sync_move; RELEASE SAVEPOINT _sync_move", &(struct error)ERROR_INIT) ? -1
			: verdict == TRY_LATER ? LOAD_REJECT : verdict;
	return session_run(d, "RELEASE SAVEPOINT _sync_move", err);
}

/* ---- mirror */

static void seen_name(const struct table *t, char out[32])
{
	snprintf(out, 32, "_sync_seen_%u", t->stream);
}

static void add_keys(const struct table *t, const char *alias, struct buf *sql)
{
	uint32_t i;

	for (i = 0; i < t->keys; i++)
		buf_addf(sql, "%s%s%s", i ? "," : "", alias, t->column[t->key[i]].quoted);
}

/* Before the first batch's savepoint: a table of keys, compared as the table's own. */
static int make_seen(struct database *d, struct table *t, struct error *err)
{
	struct buf sql = BUF_INIT;
	char name[32];
	uint32_t i;
	int failed;

	seen_name(t, name);
	buf_addf(&sql, "CREATE TEMP TABLE %s (", name);
	for (i = 0; i < t->keys; i++)
		buf_addf(&sql, "%s%s %s", i ? ", " : "", t->column[t->key[i]].quoted, t->column[t->key[i]].declared);
	buf_addc(&sql, ')');
	failed = session_run(d, buf_str(&sql), err);
	buf_release(&sql);
	t->seen = !failed;
	return failed;
}

int mirror_prepare(struct database *d, struct table *t, struct error *err)
{
	if (t->seen || d->load->mode != MODE_MIRROR)
		return 0;
	return keys_count(d, t, err) || make_seen(d, t, err) ? -1 : 0;
}

int mirror_see(struct database *d, struct table *t, int *verdict, struct error *err)
{
	struct buf sql = BUF_INIT;
	char name[32];
	int64_t n;

	seen_name(t, name);
	buf_addf(&sql, "INSERT INTO pg_temp.%s SELECT ", name);
	add_keys(t, "s.", &sql);
	buf_addf(&sql, " FROM pg_temp.%s AS s WHERE s._sync_op<>'-'", t->stage);
	n = session_change(d, buf_str(&sql), verdict, err);
	buf_release(&sql);
	return n < 0 ? -1 : 0;
}

static void add_unseen(const struct table *t, struct buf *sql)
{
	char name[32];

	if (!t->seen)
		return;
	seen_name(t, name);
	buf_addf(sql, " WHERE NOT EXISTS (SELECT 1 FROM pg_temp.%s AS s WHERE ", name);
	add_key_match(t, "t", "s", sql);
	buf_addc(sql, ')');
}

int mirror_finish(struct database *d, struct table *t, struct error *err)
{
	struct buf sql = BUF_INIT;
	uint64_t gone = 0;
	int64_t n;
	int verdict = 0, failed;

	if (guard_keeps_all(d->load))
		return 0;
	failed = keys_count(d, t, err) || guard_whole(d->load, t->rows_at_start, err);
	if (!failed) {
		buf_addf(&sql, "SELECT count(*) FROM %s AS t", t->quoted);
		add_unseen(t, &sql);
		failed = session_number(d, buf_str(&sql), NULL, &gone, err) || guard_deletes(d->load, gone + t->deleted, t->rows_at_start, err);
	}
	if (!failed && gone) {
		buf_reset(&sql);
		buf_addf(&sql, "DELETE FROM %s AS t", t->quoted);
		add_unseen(t, &sql);
		n = session_change(d, buf_str(&sql), &verdict, err);
		failed = n < 0;
		d->load->deleted += gone;
	}
	buf_release(&sql);
	return failed ? -1 : 0;
}

/* ---- sequences */

/* A default that gives numbers goes on behind the largest that was loaded. */
int sequences_move(struct database *d, struct table *t, struct error *err)
{
	struct buf sql = BUF_INIT;
	uint64_t ignored;
	uint32_t i;
	int failed = 0;

	for (i = 0; t->inserted && !failed && i < t->columns; i++) {
		enum pg_kind kind = t->column[i].type->kind;

		if (!t->column[i].sequence || (kind != PG_INT2 && kind != PG_INT4 && kind != PG_INT8))
			continue;
		buf_reset(&sql);
		buf_adds(&sql, "SELECT pg_catalog.setval(q.s, m.n) FROM (SELECT ");
		pg_add_literal(&sql, span_of(t->column[i].sequence));
		buf_addf(&sql, "::pg_catalog.regclass AS s) q, (SELECT pg_catalog.max(%s) AS n FROM %s) m WHERE m.n > "
			 "coalesce((SELECT CASE WHEN p.last_value IS NULL THEN 0 ELSE p.last_value END FROM pg_catalog.pg_sequences p WHERE "
			 "(pg_catalog.quote_ident(p.schemaname)||'.'||pg_catalog.quote_ident(p.sequencename))::pg_catalog.regclass=q.s), 0)",
			 t->column[i].quoted, t->quoted);
		failed = session_number(d, buf_str(&sql), NULL, &ignored, err);
	}
	t->inserted = 0;
	buf_release(&sql);
	return failed;
}
