/* extract_tables: what there is to read: tables, views, their columns and keys. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "extract.h"

static const char verb[] = "read the schema of";

static int set_lead(struct column *c, struct error *err)
{
	struct buf b = BUF_INIT, name = BUF_INIT;
	int failed;

	name_add_reserved(&name, span_of(c->name));
	failed = json_add_string(&b, buf_span(&name));
	if (failed)
		error_set(err, EXIT_FAILED, "the name of column '%s' is no UTF-8", error_show(span_of(c->name)));
	buf_addc(&b, ':');
	c->lead_len = b.n;
	buf_reserve(&b, LEAD_PADDING);
	memset(b.p + b.n, 0, LEAD_PADDING);
	c->lead = b.p;
	buf_release(&name);
	return failed;
}

static struct column *add_column(struct table *t, const char *name, const char *declared, struct error *err)
{
	struct column *c;

	XGROW(t->column, t->columns, t->cap);
	c = &t->column[t->columns++];
	*c = (struct column){ .name = xstrdup(name), .declared = xstrdup(declared ? declared : ""),
			      .kind = kind_of(declared ? declared : "") };
	return set_lead(c, err) ? NULL : c;
}

const struct column *table_column(const struct table *t, const char *name)
{
	uint32_t i;

	for (i = 0; i < t->columns; i++)
		if (!sqlite3_stricmp(t->column[i].name, name))
			return &t->column[i];
	return NULL;
}

static const char *text_of(sqlite3_stmt *s, int i)
{
	const char *text = (const char *)sqlite3_column_text(s, i);

	return text ? text : "";
}

/* ---- columns */

static void set_key(struct table *t)
{
	uint32_t i;
	int place;

	t->key = xcalloc(t->columns + 1, sizeof *t->key);
	for (place = 1; place <= (int)t->columns; place++)
		for (i = 0; i < t->columns; i++)
			if (t->column[i].key == place)
				t->key[t->keys++] = i;
}

/* What the key implies: that of a table without rowids and of a strict one is never null, nor is an INTEGER PRIMARY KEY. */
static void set_not_null(struct table *t, bool has_rowid, bool strict)
{
	struct column *c;
	uint32_t i;

	for (i = 0; i < t->keys; i++) {
		c = &t->column[t->key[i]];
		if (!has_rowid || strict || (t->keys == 1 && !sqlite3_stricmp(c->declared, "INTEGER")))
			c->not_null = true;
	}
}

static void set_rowid(struct table *t)
{
	static const char *const names[] = { "rowid", "oid", "_rowid_" };
	size_t i;

	for (i = 0; !t->rowid && i < sizeof names / sizeof *names; i++)
		if (!table_column(t, names[i]))
			t->rowid = names[i];
}

/* Columns in their order, generated ones too; hidden ones of virtual tables are arguments, not data. */
static int read_columns(struct extract *x, struct table *t, struct error *err)
{
	sqlite3_stmt *s = db_prepare(&x->db, "SELECT name, type, \"notnull\", pk, hidden FROM pragma_table_xinfo(?1) WHERE hidden <> 1 "
				     "ORDER BY cid", verb, err);
	struct column *c;
	int got = -1;

	if (!s)
		return -1;
	sqlite3_bind_text(s, 1, t->name, -1, SQLITE_STATIC);
	while ((got = db_step(&x->db, s, verb, err)) > 0) {
		c = add_column(t, text_of(s, 0), text_of(s, 1), err);
		if (!c) {
			got = -1;
			break;
		}
		c->not_null = sqlite3_column_int(s, 2);
		c->key = sqlite3_column_int(s, 3);
		c->generated = sqlite3_column_int(s, 4) > 1;
	}
	sqlite3_finalize(s);
	return got;
}

/* ---- tables */

static int add_table(struct extract *x, const char *name, const char *type, bool has_rowid, bool strict, struct error *err)
{
	const char *stream = x->o->stream ? x->o->stream : name;
	struct table *t;

	if (scan_check_utf8(span_of(stream)))
		return error_set(err, EXIT_FAILED, "the name of table '%s' is no UTF-8: name its stream with --stream",
				 error_show(span_of(stream)));
	XGROW(x->table, x->tables, x->cap);
	t = &x->table[x->tables++];
	*t = (struct table){ .name = xstrdup(name), .stream = streams_index(&x->tool->streams, span_of(stream)),
			     .view = !strcmp(type, "view") };
	if (read_columns(x, t, err) || memory_read(x, t, err))
		return -1;
	set_key(t);
	set_not_null(t, has_rowid, strict);
	if (has_rowid && !strcmp(type, "table"))
		set_rowid(t);
	return 0;
}

static bool is_listed(const struct extract *x, const char *name)
{
	uint32_t i;

	for (i = 0; i < x->tables; i++)
		if (!sqlite3_stricmp(x->table[i].name, name))
			return true;
	return false;
}

/* 1 found and added, 0 there is none of that name, -1. Tables before views that shadow nothing: names are unique. */
static int add_named(struct extract *x, const char *name, struct error *err)
{
	sqlite3_stmt *s = db_prepare(&x->db, "SELECT name, type, wr, strict FROM pragma_table_list WHERE schema = 'main' AND "
				     "name = ?1 COLLATE NOCASE", verb, err);
	int got;

	if (!s)
		return -1;
	sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
	got = db_step(&x->db, s, verb, err);
	if (got > 0 && is_listed(x, text_of(s, 0)))
		got = error_set(err, EXIT_USAGE, "'%s' is named twice", error_show(span_of(name)));
	if (got > 0 && add_table(x, text_of(s, 0), text_of(s, 1), !sqlite3_column_int(s, 2), sqlite3_column_int(s, 3), err))
		got = -1;
	sqlite3_finalize(s);
	return got;
}

/* Adds the parents of a table's foreign keys, then the table: so each is read after what it refers to. */
static int add_with_parents(struct extract *x, const char *name, const struct opt_list *all, unsigned depth, struct error *err)
{
	sqlite3_stmt *s;
	struct opt_list parents = { NULL, 0, 0 };
	size_t i, j;
	int got;

	if (is_listed(x, name))
		return 0;
	s = db_prepare(&x->db, "SELECT DISTINCT \"table\" FROM pragma_foreign_key_list(?1)", verb, err);
	if (!s)
		return -1;
	sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
	while ((got = db_step(&x->db, s, verb, err)) > 0)
		for (i = 0; i < all->n; i++)
			if (!sqlite3_stricmp(all->v[i], text_of(s, 0)))
				opt_list_add(&parents, all->v[i]);
	sqlite3_finalize(s);
	for (j = 0; got == 0 && j < parents.n && depth < all->n; j++)	/* depth ends circles */
		if (sqlite3_stricmp(parents.v[j], name))
			got = add_with_parents(x, parents.v[j], all, depth + 1, err);
	opt_list_release(&parents);
	if (got == 0 && !is_listed(x, name))
		got = add_named(x, name, err) < 0 ? -1 : 0;
	return got;
}

/* Every table, in the order that they were made, but for SQLite's own, Syncline's own, and what virtual tables are stored in. */
static int add_all(struct extract *x, struct error *err)
{
	sqlite3_stmt *s = db_prepare(&x->db, "SELECT l.name FROM pragma_table_list AS l JOIN sqlite_schema AS m ON m.name = l.name "
				     "WHERE l.schema = 'main' AND m.type = 'table' AND l.type IN ('table', 'virtual') AND "
				     "l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND l.name NOT LIKE '\\_sync\\_%' ESCAPE '\\' "
				     "ORDER BY m.rowid", verb, err);
	struct opt_list all = { NULL, 0, 0 };
	size_t i;
	int got;

	if (!s)
		return -1;
	while ((got = db_step(&x->db, s, verb, err)) > 0)
		opt_list_add(&all, xstrdup(text_of(s, 0)));
	sqlite3_finalize(s);
	for (i = 0; got == 0 && i < all.n; i++)
		got = add_with_parents(x, all.v[i], &all, 0, err);
	for (i = 0; i < all.n; i++)
		free((char *)(uintptr_t)all.v[i]);
	opt_list_release(&all);
	return got;
}

int tables_find(struct extract *x, char **names, int n, struct error *err)
{
	int i, got;

	for (i = 0; i < n; i++) {
		got = add_named(x, names[i], err);
		if (got < 0)
			return -1;
		if (!got)
			return error_set(err, EXIT_FAILED, "there is no table or view '%s' in '%s'", error_show(span_of(names[i])),
					 x->db.path);
	}
	return n ? 0 : add_all(x, err);
}

/* ---- a query */

static int query_columns(struct table *t, sqlite3_stmt *s, struct error *err)
{
	int i, n = sqlite3_column_count(s);
	const char *name;

	for (i = 0; i < n; i++) {
		name = sqlite3_column_name(s, i);
		if (!name)
			return error_set(err, EXIT_FAILED, "out of memory");
		if (table_column(t, name))
			return error_set(err, EXIT_USAGE, "--query gives two columns called '%s': name one of them by AS",
					 error_show(span_of(name)));
		if (!add_column(t, name, sqlite3_column_decltype(s, i), err))
			return -1;
	}
	return 0;
}

/* The one statement of --query, without what ends it. NULL: there is none, or more than one, or what isn't SQL. */
static char *one_statement(struct extract *x, struct error *err)
{
	const char *sql = x->o->query, *rest;
	sqlite3_stmt *s = NULL, *more = NULL;
	size_t n;
	bool several;

	if (sqlite3_prepare_v2(x->db.h, sql, -1, &s, &rest) != SQLITE_OK) {
		db_fail(&x->db, "run --query on", err);
		return NULL;
	}
	several = s && (sqlite3_prepare_v2(x->db.h, rest, -1, &more, NULL) != SQLITE_OK || more);
	sqlite3_finalize(more);
	if (!s || several)
		error_set(err, EXIT_USAGE, "--query: '%s' is not one SQL statement", error_show(span_of(sql)));
	else if (sqlite3_column_count(s) == 0 || !sqlite3_stmt_readonly(s) || sqlite3_stmt_isexplain(s))
		error_set(err, EXIT_USAGE, "--query is a SELECT that gives rows and changes nothing");
	else if (sqlite3_bind_parameter_count(s))
		error_set(err, EXIT_USAGE, "--query has a parameter, '%s', that nothing gives a value", sqlite3_bind_parameter_name(s, 1) ?
			  error_show(span_of(sqlite3_bind_parameter_name(s, 1))) : "?");
	sqlite3_finalize(s);
	if (err->status)
		return NULL;
	for (n = (size_t)(rest - sql); n && strchr("; \t\r\n", sql[n - 1]); n--)
		;
	return xstrndup(sql, n);
}

static int find_query(struct extract *x, struct error *err)
{
	char *query = one_statement(x, err);
	sqlite3_stmt *s;
	struct table *t;
	int failed;

	if (!query)
		return -1;
	XGROW(x->table, x->tables, x->cap);
	t = &x->table[x->tables++];
	*t = (struct table){ .name = xstrdup(x->o->stream), .query = query, .view = true,
			     .stream = streams_index(&x->tool->streams, span_of(x->o->stream)) };
	s = db_prepare(&x->db, query, "run --query on", err);
	failed = !s || query_columns(t, s, err);
	sqlite3_finalize(s);
	s = failed ? NULL : table_prepare(x, t, err);	/* what can't be read from is no query either */
	sqlite3_finalize(s);
	return s ? 0 : -1;
}

int tables_query(struct extract *x, struct error *err)
{
	if (!find_query(x, err))
		return 0;
	if (err->status == EXIT_FAILED)
		err->status = EXIT_USAGE;
	return -1;
}

void tables_release(struct extract *x)
{
	uint32_t i, j;

	for (i = 0; i < x->tables; i++) {
		for (j = 0; j < x->table[i].columns; j++) {
			free(x->table[i].column[j].name);
			free(x->table[i].column[j].declared);
			free(x->table[i].column[j].lead);
			free(x->table[i].column[j].property);
		}
		free(x->table[i].name);
		free(x->table[i].query);
		free(x->table[i].column);
		free(x->table[i].key);
		mark_free(x->table[i].mark);
	}
	free(x->table);
}
