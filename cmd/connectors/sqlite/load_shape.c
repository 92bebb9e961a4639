/* load_shape: the columns that a record sets, and their statements, prepared once for each set of columns. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "load.h"

enum { MOST_SHAPES = 16, DEEP = 100 };

/* ---- which columns a record sets */

static int unknown_member(struct value name, const struct table *t, struct error *err)
{
	error_data(err, "unknown-field", "no column of '%s' for '%s' (--evolve adds columns)", t->name, error_show(value_bytes(name)));
	return LOAD_REJECT;
}

static int set_column(struct database *d, struct table *t, uint32_t at, struct value v, struct error *err)
{
	struct column *c = &t->column[at];

	if (c->seen == d->row) {
		error_data(err, "duplicate-field", "two members for the column '%s' (names of columns don't tell upper case from lower)",
			   error_show(c->name));
		return LOAD_REJECT;
	}
	c->seen = d->row;
	if (c->generated)
		return LOAD_DONE;
	if (d->cells == MOST_COLUMNS)
		return error_set(err, EXIT_FAILED, "more than %d columns", MOST_COLUMNS);
	d->chosen[d->cells] = at;
	d->cell[d->cells].kind = CELL_NULL;
	return value_present(v) ? cell_of(d, c, v, &d->cell[d->cells++], err) : (d->cells++, LOAD_DONE);
}

/* The column of a member, which mostly stands where the last one lets guess; -1, or NULL and LOAD_REJECT. */
static int column_of(struct database *d, struct table *t, struct value name, struct value v, uint32_t guess, uint32_t *out, struct error *err)
{
	struct column *c;

	*out = guess;
	if (guess < t->columns && value_text_is(name, t->column[guess].name))
		return LOAD_DONE;
	c = table_column(t, value_text(name, &d->arena));
	if (!c && d->o->evolve && name_can_be(value_text(name, &d->arena))) {
		if (make_column(d, t, name, v, false, err))
			return -1;
		c = &t->column[t->columns - 1];
	}
	if (!c)
		return unknown_member(name, t, err);
	*out = (uint32_t)(c - t->column);
	return LOAD_DONE;
}

/* Members in the record's order. */
static int choose_members(struct database *d, struct table *t, const struct record *rec, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct value name, v;
	uint32_t at, guess = 0;
	int verdict;

	d->row++;
	d->cells = 0;
	while (value_next(record_root(rec), &walk, &name, &v)) {
		verdict = column_of(d, t, name, v, guess, &at, err);
		if (!verdict)
			verdict = set_column(d, t, at, v, err);
		if (verdict)
			return verdict;
		guess = at + 1;
	}
	return LOAD_DONE;
}

/* An upsert sets every column that the stream declares, null where the record lacks it. */
static int choose_declared(struct database *d, struct table *t, struct error *err)
{
	uint32_t i;

	for (i = 0; t->has_schema && i < t->columns; i++)
		if (t->column[i].declared && t->column[i].seen != d->row && set_column(d, t, i, VALUE_NONE, err))
			return -1;
	return LOAD_DONE;
}

/* Nulls for the members that an update removes, also where it makes the row. */
static int choose_unset(struct database *d, struct table *t, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct value unset, each;
	struct column *c;

	if (!load_member(d->load, "unset", &unset) || value_type(unset) != TOKEN_ARRAY)
		return LOAD_DONE;
	while (value_next(unset, &walk, NULL, &each)) {
		c = value_type(each) == TOKEN_STRING ? table_column(t, name_restored(value_text(each, &d->arena))) : NULL;
		if (c && c->seen != d->row && set_column(d, t, (uint32_t)(c - t->column), VALUE_NONE, err))
			return -1;
	}
	return LOAD_DONE;
}

/* ---- shapes */

static struct shape *new_shape(const struct database *d, const struct table *t)
{
	struct shape *s = xcalloc(1, sizeof *s);
	uint32_t i, j;

	s->n = d->cells;
	s->column = xreallocarray(NULL, s->n + 1, sizeof *s->column);
	memcpy(s->column, d->chosen, s->n * sizeof *s->column);
	s->key = xreallocarray(NULL, t->keys + 1, sizeof *s->key);
	s->only_keys = true;
	s->rowid = NO_COLUMN;
	for (i = 0; i < s->n; i++)
		if (t->column[s->column[i]].rowid)
			s->rowid = i;
	for (i = 0; i < s->n; i++)
		s->only_keys = s->only_keys && t->column[s->column[i]].key && !t->column[s->column[i]].collation;
	for (i = 0; i < t->keys; i++) {
		for (j = 0; j < s->n && s->column[j] != t->key[i]; j++)
			;
		s->key[i] = j < s->n ? j : NO_COLUMN;
	}
	return s;
}

void shape_free(struct shape *s)
{
	int i;

	for (i = 0; i < SQLS; i++)
		sqlite3_finalize(s->stmt[i]);
	free(s->column);
	free(s->key);
	free(s);
}

static bool is_chosen(const struct database *d, const struct shape *s)
{
	return s->n == d->cells && !memcmp(s->column, d->chosen, s->n * sizeof *s->column);
}

/* The shape of the columns chosen, newest first. */
static int find_shape(struct database *d, struct table *t, struct error *err)
{
	struct shape *s;
	uint32_t i;

	for (i = 0; i < t->shapes; i++)
		if (is_chosen(d, t->shape[i])) {
			d->shape = t->shape[i];
			return 0;
		}
	if (!t->shape)
		t->shape = xcalloc(MOST_SHAPES, sizeof *t->shape);
	if (t->shapes == MOST_SHAPES) {
		if (gather_flush(d, err))	/* it may hold rows of the one that goes */
			return -1;
		shape_free(t->shape[--t->shapes]);
	}
	s = new_shape(d, t);
	memmove(t->shape + 1, t->shape, t->shapes * sizeof(struct shape *));
	t->shapes++;
	d->shape = t->shape[0] = s;
	return 0;
}

/* The cells of the record's key, where it has one. */
static int take_key(struct database *d, const struct table *t, bool wanted, struct error *err)
{
	uint32_t i, at;

	for (i = 0; i < t->keys; i++) {
		at = d->shape->key[i];
		d->key[i] = at == NO_COLUMN ? (struct cell){ .kind = CELL_NULL } : d->cell[at];
		if (d->key[i].kind != CELL_NULL || !wanted)
			continue;
		error_data(err, "no-key", "the key '%s' is missing or null", error_show(t->column[t->key[i]].name));
		return LOAD_REJECT;
	}
	return LOAD_DONE;
}

int shape_of(struct database *d, struct table *t, const struct record *rec, bool update, struct error *err)
{
	int verdict;

	d->in_the_way = false;
	verdict = choose_members(d, t, rec, err);
	if (!verdict)
		verdict = choose_unset(d, t, err);
	if (!verdict && !update)
		verdict = choose_declared(d, t, err);
	if (verdict)
		return verdict;
	if (!d->cells) {
		error_data(err, "bad-record", "a record without members makes no row");
		return LOAD_REJECT;
	}
	return find_shape(d, t, err) ? -1 : take_key(d, t, update || !rows_only_added(d, t), err);
}

/* ---- their SQL */

/*
 * form is written for each column: $ its name, ? its parameter, # its place among those gathered. Within two parentheses,
 * which " OR " wants: SQLite takes no expression that is a thousand deep.
 */
static void add_list(const struct table *t, const struct shape *s, const char *form, const char *between, bool keys, bool others, struct buf *sql)
{
	const char *sep = "", *p;
	uint32_t i, n = 0;

	for (i = 0; i < s->n; i++) {
		const struct column *c = &t->column[s->column[i]];

		/* a key's text is to be written too where its collation doesn't see the change */
		if (c->key ? !keys && !c->collation : !others)
			continue;
		buf_adds(sql, n && n % DEEP == 0 && !strcmp(between, " OR ") ? ") OR (" : sep);
		n++;
		for (p = form; *p; p++) {
			if (*p == '$')
				buf_adds(sql, c->quoted);
			else if (*p == '?')
				buf_addf(sql, "?%u", i + 1);
			else if (*p == '#')
				buf_addf(sql, "c%u", i);
			else
				buf_addc(sql, *p);
		}
		sep = between;
	}
}

#define SELF "\"_sync_row\""	/* the table by another name: it may itself be called "excluded" */

static void add_newer(struct database *d, struct table *t, const struct shape *s, bool excluded, struct buf *sql)
{
	const struct column *c = d->o->newer ? table_column(t, span_of(d->o->newer)) : NULL;
	uint32_t i;

	for (i = 0; c && i < s->n; i++) {
		if (&t->column[s->column[i]] != c)
			continue;
		if (excluded)
			buf_addf(sql, " AND (" SELF ".%s IS NULL OR excluded.%s >= " SELF ".%s)", c->quoted, c->quoted, c->quoted);
		else
			buf_addf(sql, " AND (%s IS NULL OR ?%u >= %s)", c->quoted, i + 1, c->quoted);
	}
}

/* OR ABORT: the table's own ON CONFLICT clauses would overwrite or drop rows. */
static void add_insert(const struct table *t, const struct shape *s, struct buf *sql)
{
	buf_addf(sql, "INSERT OR ABORT INTO %s AS " SELF "(", t->quoted);
	add_list(t, s, "$", ",", true, true, sql);
	buf_adds(sql, ") VALUES(");
	add_list(t, s, "?", ",", true, true, sql);
	buf_addc(sql, ')');
}

static void add_try(const struct table *t, const struct shape *s, struct buf *sql)
{
	add_insert(t, s, sql);
	buf_adds(sql, " ON CONFLICT(");
	add_list(t, s, "$", ",", true, false, sql);
	buf_adds(sql, ") DO NOTHING");
}

static void add_upsert(struct database *d, struct table *t, const struct shape *s, struct buf *sql)
{
	if (s->only_keys) {
		add_try(t, s, sql);
		return;
	}
	add_insert(t, s, sql);
	buf_adds(sql, " ON CONFLICT(");
	add_list(t, s, "$", ",", true, false, sql);
	buf_adds(sql, ") DO UPDATE SET ");
	add_list(t, s, "$=excluded.$", ",", false, true, sql);
	buf_adds(sql, " WHERE ((");
	/* by value: 1 and 1.0 are one, '1' is another; and texts by their bytes, whatever the column's collation */
	add_list(t, s, "$ IS NOT excluded.$ COLLATE BINARY", " OR ", false, true, sql);
	buf_adds(sql, "))");
	add_newer(d, t, s, true, sql);
}

static void add_update(struct database *d, struct table *t, const struct shape *s, struct buf *sql)
{
	buf_addf(sql, "UPDATE OR ABORT %s SET ", t->quoted);
	add_list(t, s, "$=?", ",", false, true, sql);
	buf_adds(sql, " WHERE ");
	add_list(t, s, "$=?", " AND ", true, false, sql);
	buf_adds(sql, " AND ((");
	add_list(t, s, "$ IS NOT ? COLLATE BINARY", " OR ", false, true, sql);
	buf_adds(sql, "))");
	add_newer(d, t, s, false, sql);
}

static void add_many(const struct table *t, const struct shape *s, struct buf *sql)
{
	buf_addf(sql, "INSERT OR FAIL INTO %s(", t->quoted);
	add_list(t, s, "$", ",", true, true, sql);
	buf_adds(sql, ") SELECT ");
	add_list(t, s, "#", ",", true, true, sql);
	buf_adds(sql, " FROM _sync_gather");
}

/* Unique values that no row has, in the columns that the record sets. Without any such column: an empty text. */
static void add_park(const struct table *t, const struct shape *s, struct buf *sql)
{
	const struct column *c;
	const char *sep = "";
	uint32_t i;

	for (i = 0; i < s->n; i++) {
		c = &t->column[s->column[i]];
		if (c->key || !c->unique)
			continue;
		if (!*sep)
			buf_addf(sql, "UPDATE OR ABORT %s SET ", t->quoted);
		buf_addf(sql, "%s%s=%s", sep, c->quoted, c->affinity == AFFINITY_TEXT || c->affinity == AFFINITY_NONE
			 ? "lower(hex(randomblob(16)))" : "-1-abs(random()%4611686018427387904)");
		sep = ",";
	}
	if (*sep) {
		buf_adds(sql, " WHERE ");
		add_list(t, s, "$=?", " AND ", true, false, sql);
	}
}

sqlite3_stmt *shape_statement(struct database *d, struct table *t, struct shape *s, enum sql kind, struct error *err)
{
	struct buf sql = BUF_INIT;

	if (s->stmt[kind])
		return s->stmt[kind];
	switch (kind) {
	case SQL_INSERT:
		add_insert(t, s, &sql);
		break;
	case SQL_UPSERT:
		add_upsert(d, t, s, &sql);
		break;
	case SQL_TRY:
		add_try(t, s, &sql);
		break;
	case SQL_UPDATE:
		add_update(d, t, s, &sql);
		break;
	case SQL_PARK:
		add_park(t, s, &sql);
		break;
	default:
		add_many(t, s, &sql);
	}
	if (target_prepare(d, buf_str(&sql), &s->stmt[kind], err))
		s->stmt[kind] = NULL;
	buf_release(&sql);
	return s->stmt[kind];
}
