/* load_table: a stream's table: found, its columns and key. */
#include <stdlib.h>
#include <strings.h>

#include "base/xalloc.h"
#include "load.h"

static char *quote_name(struct span name)
{
	struct buf b = BUF_INIT;

	sql_add_identifier(&b, name);
	return buf_take(&b);
}

static struct span target_name(const struct database *d, uint32_t stream)
{
	const char *name = streams_name(&d->load->tool->streams, stream);

	return span_of(d->load->stream ? d->load->stream : name);
}

/* Tables of SQLite's and of Syncline's own are no stream's. */
static bool is_reserved(struct span name)
{
	return (name.n >= 6 && !strncasecmp(name.p, "_sync_", 6)) || (name.n >= 7 && !strncasecmp(name.p, "sqlite_", 7));
}

static int check_name(const struct database *d, struct span name, struct error *err)
{
	if (d->load->stream && d->tables)
		return error_set(err, EXIT_USAGE, "there are several streams: one name for all ('%s') would mix them", d->load->stream);
	if (!name.n)
		return error_set(err, EXIT_USAGE, "the stream has no name: name the table, as in 'sync-load %s TABLE'", d->path);
	if (is_reserved(name))
		return error_set(err, EXIT_USAGE, "no stream can be loaded into '%s': tables of such names are SQLite's or Syncline's own",
				 error_show(name));
	return 0;
}

/* Two streams in one table would replace or delete each other's rows. */
static int check_other_names(const struct database *d, struct span name, struct error *err)
{
	uint32_t i;

	for (i = 0; i < d->tables; i++)
		if (strlen(d->table[i]->name) == name.n && !strncasecmp(d->table[i]->name, name.p, name.n))
			return error_set(err, EXIT_USAGE, "the streams '%s' and '%s' would be one table (names of tables don't tell upper case "
					 "from lower)", d->table[i]->name, error_show(name));
	return 0;
}

struct table *table_of(struct database *d, uint32_t stream, struct error *err)
{
	struct span name = target_name(d, stream);
	struct table *t;
	uint32_t i;

	if (d->last && d->last->stream == stream)
		return d->last;
	for (i = 0; i < d->tables; i++)
		if (d->table[i]->stream == stream)
			return d->last = d->table[i];
	if (check_name(d, name, err) || check_other_names(d, name, err))
		return NULL;
	d->table = xreallocarray(d->table, d->tables + 1, sizeof *d->table);
	t = d->table[d->tables++] = xmalloc(sizeof *t);
	*t = (struct table){ .stream = stream, .name = xstrndup(name.p, name.n), .quoted = quote_name(name), .held = HELD_INIT };
	return d->last = t;
}

/* ---- columns */

/* SQLite's rules (datatype3, §3.1). */
static enum affinity affinity_of(const char *type)
{
	static const struct { const char *part; enum affinity affinity; } rules[] = {
		{ "INT", AFFINITY_INTEGER }, { "CHAR", AFFINITY_TEXT }, { "CLOB", AFFINITY_TEXT }, { "TEXT", AFFINITY_TEXT },
		{ "BLOB", AFFINITY_NONE }, { "REAL", AFFINITY_REAL }, { "FLOA", AFFINITY_REAL }, { "DOUB", AFFINITY_REAL },
	};
	const char *p;
	size_t i;

	if (!type || !*type)
		return AFFINITY_NONE;
	for (i = 0; i < sizeof rules / sizeof *rules; i++)
		for (p = type; *p; p++)
			if (!strncasecmp(p, rules[i].part, strlen(rules[i].part)))
				return rules[i].affinity;
	return AFFINITY_NUMERIC;
}

struct column *table_new_column(struct table *t, struct span name, const char *type)
{
	struct column *c;

	XGROW(t->column, t->columns, t->cap);
	c = &t->column[t->columns++];
	*c = (struct column){ .name = { xstrndup(name.p, name.n), name.n }, .quoted = quote_name(name), .affinity = affinity_of(type) };
	path_name(&c->path, name, &t->arena);
	return c;
}

/* Names of columns are compared as SQLite does, without regard to the case of ASCII letters; exactly first. */
struct column *table_column(struct table *t, struct span name)
{
	uint32_t i;

	for (i = 0; i < t->columns; i++)
		if (span_eq(name, t->column[i].name))
			return &t->column[i];
	for (i = 0; i < t->columns; i++)
		if (t->column[i].name.n == name.n && !strncasecmp(t->column[i].name.p, name.p, name.n))
			return &t->column[i];
	return NULL;
}

/* ---- a table that is there */

/* The order of a column's texts, where it isn't that of their bytes. */
static char *collation_of(struct database *d, const struct table *t, const char *column)
{
	const char *name = NULL;

	if (sqlite3_table_column_metadata(d->db, NULL, t->name, column, NULL, &name, NULL, NULL, NULL) != SQLITE_OK || !name ||
	    !strcasecmp(name, "BINARY"))
		return NULL;
	return quote_name(span_of(name));
}

/* Views and virtual tables have their own ways, as have expressions: they may fail by more than constraints. */
static int find_kind(struct database *d, struct table *t, struct error *err)
{
	uint64_t special, without;

	if (target_number(d, "SELECT count(*) FROM sqlite_master WHERE (name=?1 COLLATE NOCASE AND (type<>'table' OR sql LIKE 'create virtual%'))"
			  " OR (tbl_name=?1 COLLATE NOCASE AND (type='trigger' OR sql LIKE '%json%'))", t->name, &special, err) ||
	    target_number(d, "SELECT count(*) FROM pragma_index_list(?1) AS i WHERE i.origin='pk' AND NOT EXISTS"
			  "(SELECT 1 FROM sqlite_master WHERE type='index' AND name=i.name)", t->name, &without, err))
		return -1;
	t->rowid = !without;	/* the key's index of a table without rowid is the table itself, and isn't listed */
	t->simple = !special;
	return 0;
}

/* A STRICT table; SQLite that doesn't know how to tell has none. */
static bool is_strict(struct database *d, const struct table *t)
{
	struct error ignored = ERROR_INIT;
	uint64_t strict;

	return !target_number(d, "SELECT strict FROM pragma_table_list WHERE schema='main' AND name=?1 COLLATE NOCASE", t->name, &strict, &ignored) &&
		strict;
}

static void take_column(struct database *d, struct table *t, sqlite3_stmt *stmt, bool strict)
{
	const char *type = (const char *)sqlite3_column_text(stmt, 1);
	struct column *c = table_new_column(t, span_of((const char *)sqlite3_column_text(stmt, 0)), type);

	if (strict && type && !strcasecmp(type, "ANY"))
		c->affinity = AFFINITY_NONE;
	c->key = sqlite3_column_int(stmt, 2) > 0;
	c->rowid = c->key && type && !strcasecmp(type, "INTEGER");
	c->generated = sqlite3_column_int(stmt, 3) > 1;
	c->collation = collation_of(d, t, c->name.p);
}

static int find_columns(struct database *d, struct table *t, struct error *err)
{
	bool strict = is_strict(d, t);
	sqlite3_stmt *stmt;
	int rc;

	if (target_prepare(d, "SELECT name, type, pk, hidden FROM pragma_table_xinfo(?)", &stmt, err))
		return -1;
	sqlite3_bind_text(stmt, 1, t->name, -1, SQLITE_STATIC);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
		take_column(d, t, stmt, strict);
	if (rc != SQLITE_DONE)
		target_error(d, "reading the table's columns", err);
	sqlite3_finalize(stmt);
	t->exists = t->columns > 0;
	if (rc != SQLITE_DONE || (t->exists && find_kind(d, t, err)))
		return -1;
	t->simple = t->simple && !strict;
	return 0;
}

struct key_taker {
	struct database *d;
	struct table *t;
	bool any;
};

static int take_key(void *ctx, struct span name, struct error *err)
{
	struct key_taker *k = ctx;
	struct column *c = table_column(k->t, name);
	uint32_t i;

	for (i = 0; !k->any && i < k->t->columns; i++)
		k->t->column[i].key = false;
	k->any = true;
	if (!c)
		return error_set(err, EXIT_USAGE, "'%s': the key '%s' is no column of '%s'", k->d->path, error_show(name), k->t->name);
	c->key = true;
	return 0;
}

/* --key a,b, else the schema frame's, else the table's own primary key. */
int table_choose_key(struct database *d, struct table *t, struct error *err)
{
	struct key_taker k = { d, t, false };
	uint32_t i;
	int failed = declared_key(d->o->key, buf_span(&t->key_names), take_key, &k, err);

	t->key = xreallocarray(t->key, t->columns + 1, sizeof *t->key);
	for (i = 0, t->keys = 0; i < t->columns; i++)
		if (t->column[i].key)
			t->key[t->keys++] = i;
	return failed < 0 ? -1 : 0;
}

/* A key that no index makes unique can't be upserted by. */
static int check_unique(struct database *d, struct table *t, struct error *err)
{
	struct buf sql = BUF_INIT;
	sqlite3_stmt *stmt = NULL;
	uint32_t i;
	int failed = 0;

	if (!t->keys || t->made || d->load->mode == MODE_APPEND || d->load->mode == MODE_REPLACE)
		return 0;
	buf_addf(&sql, "INSERT INTO %s(%s) SELECT NULL WHERE 0 ON CONFLICT(", t->quoted, t->column[0].quoted);
	for (i = 0; i < t->keys; i++)
		buf_addf(&sql, "%s%s", i ? "," : "", t->column[t->key[i]].quoted);
	buf_adds(&sql, ") DO NOTHING");
	if (sqlite3_prepare_v2(d->db, buf_str(&sql), -1, &stmt, NULL) != SQLITE_OK)
		failed = error_set(err, EXIT_USAGE, "'%s': no unique index of '%s' has just the key's columns: make one, or name another --key",
				   d->path, t->name);
	sqlite3_finalize(stmt);
	buf_release(&sql);
	return failed;
}

/* ---- what its stream declares */

/* What the schema says of columns that are there. */
static void declare_columns(struct table *t, const struct record *schema)
{
	struct walk walk = { 0, 0, 0 };
	struct value properties, name, v;
	struct column *c;
	uint32_t i;
	bool ejson = record_is_object(schema) && declared_as(record_root(schema), "x-values", "ejson");

	for (i = 0; i < t->columns; i++)
		t->column[i].declared = t->column[i].untyped = t->column[i].base64 = t->column[i].number = t->column[i].ejson = false;
	t->has_schema = declared_properties(schema, &properties);
	if (!t->has_schema)
		return;
	while (value_next(properties, &walk, &name, &v)) {
		c = table_column(t, value_text(name, &t->arena));
		if (!c)
			continue;
		c->declared = true;
		c->untyped = declared_as(v, "x-type", "untyped");
		c->base64 = declared_as(v, "contentEncoding", "base64");
		c->number = (declared_type(v, "number") || declared_type(v, "integer")) && !declared_type(v, "string");
		c->ejson = ejson && !declared_type(v, "object");
	}
}

/* With --evolve, columns that the schema has and the table lacks. */
static int evolve(struct database *d, struct table *t, const struct record *schema, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct value properties, name, v;

	if (!d->o->evolve || !declared_properties(schema, &properties))
		return 0;
	while (value_next(properties, &walk, &name, &v))
		if (!table_column(t, value_text(name, &t->arena)) && name_can_be(value_text(name, &t->arena)) && make_column(d, t, name, v, true, err))
			return -1;
	return 0;
}

static int check_newer(const struct database *d, struct table *t, struct error *err)
{
	if (!d->o->newer || d->o->evolve || table_column(t, span_of(d->o->newer)))
		return 0;
	return error_set(err, EXIT_USAGE, "--newer: '%s' is no column of '%s'", d->o->newer, t->name);
}

static int take_found(struct database *d, struct table *t, const struct record *schema, struct error *err)
{
	bool adds = d->load->mode == MODE_APPEND || d->load->mode == MODE_REPLACE;

	if (schema_recall(d, t, err) || table_choose_key(d, t, err) || check_unique(d, t, err) || evolve(d, t, schema, err) || check_newer(d, t, err))
		return -1;
	if (!t->keys && !adds)
		return error_set(err, EXIT_USAGE, "'%s': table '%s' has no key: name one with --key, or use --mode append", d->path, t->name);
	return 0;
}

int table_ready(struct database *d, struct table *t, struct error *err)
{
	struct record schema;
	struct value properties;
	int failed;

	if (t->exists)
		return 1;
	failed = declared_schema(buf_span(&t->schema), &schema, err);
	if (!failed && !t->looked) {
		t->looked = true;
		failed = find_columns(d, t, err) || (t->exists && take_found(d, t, &schema, err));
	}
	if (!failed && !t->exists && declared_properties(&schema, &properties))
		failed = make_from_schema(d, t, &schema, err);
	if (!failed)
		declare_columns(t, &schema);
	record_release(&schema);
	return failed ? -1 : t->exists;
}

int table_declare(struct database *d, struct table *t, struct error *err)
{
	struct record schema;
	int failed = declared_schema(buf_span(&t->schema), &schema, err) || evolve(d, t, &schema, err);

	if (!failed)
		declare_columns(t, &schema);
	record_release(&schema);
	return failed ? -1 : 0;
}

void table_free(struct table *t)
{
	uint32_t i;

	for (i = 0; i < t->columns; i++) {
		free((char *)(uintptr_t)t->column[i].name.p);
		free(t->column[i].quoted);
		free(t->column[i].collation);
	}
	for (i = 0; i < t->shapes; i++)
		shape_free(t->shape[i]);
	sqlite3_finalize(t->delete);
	sqlite3_finalize(t->find);
	sqlite3_finalize(t->both);
	sqlite3_finalize(t->move);
	sqlite3_finalize(t->seen);
	free(t->shape);
	free(t->column);
	free(t->key);
	free(t->name);
	free(t->quoted);
	buf_release(&t->schema);
	buf_release(&t->key_names);
	held_release(&t->held);
	arena_release(&t->arena);
	free(t);
}
