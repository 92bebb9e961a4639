/* load_table: a stream's table: found or made, its columns and key. */
#include <stdlib.h>
#include <strings.h>

#include "base/diag.h"
#include "base/xalloc.h"
#include "load.h"

static struct span target_name(const struct database *d, uint32_t stream)
{
	const char *name = streams_name(&d->load->tool->streams, stream);

	return span_of(d->load->stream ? d->load->stream : name);
}

struct table *table_of(struct database *d, uint32_t stream, struct error *err)
{
	struct span name = target_name(d, stream);
	struct table *t;
	uint32_t i;

	if (d->last && d->last->stream == stream)
		return d->last;
	for (i = 0; i < d->tables; i++)
		if (d->table[i].stream == stream)
			return d->last = &d->table[i];
	if (d->load->stream && d->tables) {
		error_set(err, EXIT_USAGE, "there are several streams: one name for all ('%s') would mix them", d->load->stream);
		return NULL;
	}
	if (!name.n) {
		error_set(err, EXIT_USAGE, "the stream has no name: name the table, as in 'sync-load %s TABLE'", d->path);
		return NULL;
	}
	d->table = xreallocarray(d->table, d->tables + 1, sizeof *d->table);
	t = &d->table[d->tables++];
	*t = (struct table){ .stream = stream, .name = xstrndup(name.p, name.n), .quoted = quote_name(name) };
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

static struct column *add_column(struct table *t, struct span name, const char *type)
{
	struct column *c;

	XGROW(t->column, t->columns, t->cap);
	c = &t->column[t->columns++];
	*c = (struct column){ .name = xstrndup(name.p, name.n), .quoted = quote_name(name), .affinity = affinity_of(type) };
	path_name(&c->path, name, &t->arena);
	return c;
}

/* Names of columns are compared as SQLite does, without regard to the case of ASCII letters; exactly first. */
struct column *table_column(struct table *t, struct span name)
{
	uint32_t i;

	for (i = 0; i < t->columns; i++)
		if (span_is(name, t->column[i].name))
			return &t->column[i];
	for (i = 0; i < t->columns; i++)
		if (strlen(t->column[i].name) == name.n && !strncasecmp(t->column[i].name, name.p, name.n))
			return &t->column[i];
	return NULL;
}

/* ---- a table that is there */

static int find_columns(struct database *d, struct table *t, struct error *err)
{
	sqlite3_stmt *stmt;
	struct column *c;
	int rc;

	if (target_prepare(d, "SELECT name, type, pk, hidden FROM pragma_table_xinfo(?)", &stmt, err))
		return -1;
	sqlite3_bind_text(stmt, 1, t->name, -1, SQLITE_STATIC);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		c = add_column(t, span_of((const char *)sqlite3_column_text(stmt, 0)), (const char *)sqlite3_column_text(stmt, 1));
		c->key = sqlite3_column_int(stmt, 2) > 0;
		c->generated = sqlite3_column_int(stmt, 3) > 1;
	}
	sqlite3_finalize(stmt);
	t->exists = t->columns > 0;
	return rc == SQLITE_DONE ? 0 : target_error(d, "reading the table's columns", err);
}

static void clear_key(struct table *t)
{
	uint32_t i;

	for (i = 0; i < t->columns; i++)
		t->column[i].key = false;
}

static int name_key(struct database *d, struct table *t, struct span name, struct error *err)
{
	struct column *c = table_column(t, name);

	if (!c)
		return error_set(err, EXIT_USAGE, "'%s': the key '%s' is no column of '%s'", d->path, error_show(name), t->name);
	c->key = true;
	return 0;
}

/* --key a,b, else the schema frame's, else the table's own primary key. */
static int choose_key(struct database *d, struct table *t, struct error *err)
{
	const struct scan_limits limits = SCAN_LIMITS_INIT;
	const char *k = d->o->key, *end;
	struct walk walk = { 0, 0, 0 };
	struct record rec;
	struct value v;
	uint32_t i;
	int failed = 0;

	if (k) {
		clear_key(t);
		for (; !failed; k = end + 1) {
			end = k + strcspn(k, ",");
			failed = name_key(d, t, (struct span){ k, (size_t)(end - k) }, err);
			if (!*end)
				break;
		}
	} else if (t->key.n) {
		clear_key(t);
		record_init(&rec);
		failed = record_copy(&rec, t->key.p, t->key.n, &limits, err);
		if (!failed && value_type(record_root(&rec)) == TOKEN_ARRAY)
			while (!failed && value_next(record_root(&rec), &walk, NULL, &v))
				failed = value_type(v) == TOKEN_STRING ? name_key(d, t, value_text(v, &t->arena), err)
					: error_set(err, EXIT_FAILED, "schema: 'key' is not an array of names");
		record_release(&rec);
	}
	for (i = 0, t->keys = 0; i < t->columns; i++)
		t->keys += t->column[i].key;
	return failed;
}

/* A key that no index makes unique can't be upserted by. */
static int check_unique(struct database *d, struct table *t, struct error *err)
{
	struct buf sql = BUF_INIT;
	sqlite3_stmt *stmt = NULL;
	const char *comma = "";
	uint32_t i;
	int failed = 0;

	if (!t->keys || t->made || d->load->mode == MODE_APPEND || d->load->mode == MODE_REPLACE)
		return 0;
	buf_addf(&sql, "INSERT INTO %s(%s) SELECT NULL WHERE 0 ON CONFLICT(", t->quoted, t->column[0].quoted);
	for (i = 0; i < t->columns; i++) {
		if (!t->column[i].key)
			continue;
		buf_addf(&sql, "%s%s", comma, t->column[i].quoted);
		comma = ",";
	}
	buf_adds(&sql, ") DO NOTHING");
	if (sqlite3_prepare_v2(d->db, buf_str(&sql), -1, &stmt, NULL) != SQLITE_OK)
		failed = error_set(err, EXIT_USAGE, "'%s': no unique index of '%s' has just the key's columns: make one, or name another --key",
				   d->path, t->name);
	sqlite3_finalize(stmt);
	buf_release(&sql);
	return failed;
}

/* ---- a table to be made */

/* The declared type of a schema's property, or of a value where there is no schema. */
static const char *type_of_property(struct value schema)
{
	struct walk walk = { 0, 0, 0 };
	struct value type, each;
	const char *found = NULL;
	struct value x;

	if (value_type(schema) != TOKEN_OBJECT)
		return "";
	if (value_member(schema, SPAN_LIT("contentEncoding"), &x))
		return "BLOB";
	if (!value_member(schema, SPAN_LIT("type"), &type))
		return "";
	if (value_type(type) == TOKEN_ARRAY) {
		while (value_next(type, &walk, NULL, &each)) {
			if (value_text_is(each, SPAN_LIT("null")))
				continue;
			if (found)
				return "";	/* several types: the column takes any */
			found = value_text_is(each, SPAN_LIT("integer")) ? "INTEGER" : value_text_is(each, SPAN_LIT("number")) ? "REAL" :
				value_text_is(each, SPAN_LIT("boolean")) ? "BOOLEAN" : "TEXT";
		}
		return found ? found : "";
	}
	return value_text_is(type, SPAN_LIT("integer")) ? "INTEGER" : value_text_is(type, SPAN_LIT("number")) ? "REAL" :
		value_text_is(type, SPAN_LIT("boolean")) ? "BOOLEAN" : "TEXT";
}

/* Where only a record says what a column is: numbers may get larger or longer, so their column takes any value. */
static const char *type_of_value(struct value v)
{
	switch (value_type(v)) {
	case TOKEN_STRING:
	case TOKEN_OBJECT:
	case TOKEN_ARRAY:
		return "TEXT";
	case TOKEN_FALSE:
	case TOKEN_TRUE:
		return "BOOLEAN";
	default:
		return "";
	}
}

static bool has_flag(struct value schema, const char *name, const char *text)
{
	struct value v;

	return value_type(schema) == TOKEN_OBJECT && value_member(schema, span_of(name), &v) && value_type(v) == TOKEN_STRING &&
		value_text_is(v, span_of(text));
}

/* "sqlite:VARCHAR(20)" is the column's own type, told by the source; nothing else may stand in SQL as it is. */
static const char *own_type(struct table *t, struct value schema)
{
	struct value v;
	struct span s;
	size_t i;

	if (value_type(schema) != TOKEN_OBJECT || !value_member(schema, SPAN_LIT("x-type"), &v) || value_type(v) != TOKEN_STRING)
		return NULL;
	s = value_text(v, &t->arena);
	if (s.n < 7 || memcmp(s.p, "sqlite:", 7))
		return NULL;
	for (i = 7; i < s.n; i++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_ (),", s.p[i]) || !s.p[i])
			return NULL;
	return arena_dup(&t->arena, s.p + 7, s.n - 7);
}

/* A record's member as a column, where no schema says more. A key of one integer is SQLite's own row number. */
static void columns_of_record(struct table *t, const struct record *rec, const char *key, struct buf *types)
{
	struct walk walk = { 0, 0, 0 };
	struct value name, v;
	const char *type;
	int64_t n;

	while (value_next(record_root(rec), &walk, &name, &v)) {
		type = key && value_text_is(name, span_of(key)) && !value_int64(v, &n) ? "INTEGER" : type_of_value(v);
		add_column(t, value_text(name, &t->arena), type);
		buf_add(types, type, strlen(type) + 1);
	}
}

static void columns_of_schema(struct table *t, struct value properties, struct buf *types)
{
	struct walk walk = { 0, 0, 0 };
	struct value name, v;
	const char *type;

	while (value_next(properties, &walk, &name, &v)) {
		type = own_type(t, v);
		if (!type)
			type = type_of_property(v);
		add_column(t, value_text(name, &t->arena), type);
		buf_add(types, type, strlen(type) + 1);
	}
}

static int properties_of(const struct record *schema, struct value *properties)
{
	return record_is_object(schema) && value_member(record_root(schema), SPAN_LIT("properties"), properties) &&
		value_type(*properties) == TOKEN_OBJECT && value_count(*properties) > 0;
}

static bool is_required(const struct record *schema, const char *name)
{
	struct walk walk = { 0, 0, 0 };
	struct value required, each;

	if (!record_is_object(schema) || !value_member(record_root(schema), SPAN_LIT("required"), &required) ||
	    value_type(required) != TOKEN_ARRAY)
		return false;
	while (value_next(required, &walk, NULL, &each))
		if (value_type(each) == TOKEN_STRING && value_text_is(each, span_of(name)))
			return true;
	return false;
}

static bool may_be_null(const struct record *schema, const char *name)
{
	struct walk walk = { 0, 0, 0 };
	struct value properties, v, type, each;

	if (!properties_of(schema, &properties) || !value_member(properties, span_of(name), &v) || value_type(v) != TOKEN_OBJECT ||
	    !value_member(v, SPAN_LIT("type"), &type))
		return true;
	if (value_type(type) != TOKEN_ARRAY)
		return value_text_is(type, SPAN_LIT("null"));
	while (value_next(type, &walk, NULL, &each))
		if (value_text_is(each, SPAN_LIT("null")))
			return true;
	return false;
}

static void add_key_clause(const struct table *t, struct buf *sql)
{
	const char *comma = "";
	uint32_t i;

	if (!t->keys)
		return;
	buf_adds(sql, ", PRIMARY KEY(");
	for (i = 0; i < t->columns; i++) {
		if (!t->column[i].key)
			continue;
		buf_addf(sql, "%s%s", comma, t->column[i].quoted);
		comma = ",";
	}
	buf_addc(sql, ')');
}

static int create(struct database *d, struct table *t, const struct record *schema, const char *types, struct error *err)
{
	struct buf sql = BUF_INIT;
	uint32_t i;
	int failed;

	buf_addf(&sql, "CREATE TABLE %s(", t->quoted);
	for (i = 0; i < t->columns; i++, types += strlen(types) + 1) {
		buf_addf(&sql, "%s%s%s%s", i ? ", " : "", t->column[i].quoted, *types ? " " : "", types);
		if (t->column[i].key || (is_required(schema, t->column[i].name) && !may_be_null(schema, t->column[i].name)))
			buf_adds(&sql, " NOT NULL");
	}
	add_key_clause(t, &sql);
	buf_addc(&sql, ')');
	failed = target_exec(d, buf_str(&sql), err);
	buf_release(&sql);
	if (failed)
		return -1;
	t->made = t->exists = true;
	diag_note("'%s': table '%s' made", d->path, t->name);
	return schema_save(d, t, err);
}

static int make_table(struct database *d, struct table *t, const struct record *schema, const struct record *rec, struct error *err)
{
	struct buf types = BUF_INIT;
	struct value properties;
	int failed;

	if (properties_of(schema, &properties))
		columns_of_schema(t, properties, &types);
	else if (rec)
		columns_of_record(t, rec, d->o->key, &types);
	failed = !t->columns ? (rec ? error_set(err, EXIT_FAILED, "a record without members makes no table '%s'", t->name) : 0)
		: choose_key(d, t, err) || create(d, t, schema, types.p, err) ? -1 : 0;
	buf_release(&types);
	return failed;
}

/* "type" is this word, or an array that holds it. */
static bool has_type(struct value schema, const char *word)
{
	struct walk walk = { 0, 0, 0 };
	struct value type, each;

	if (value_type(schema) != TOKEN_OBJECT || !value_member(schema, SPAN_LIT("type"), &type))
		return false;
	if (value_type(type) == TOKEN_STRING)
		return value_text_is(type, span_of(word));
	while (value_type(type) == TOKEN_ARRAY && value_next(type, &walk, NULL, &each))
		if (value_type(each) == TOKEN_STRING && value_text_is(each, span_of(word)))
			return true;
	return false;
}

/* What the schema says of columns that are there. */
static void declare_columns(struct table *t, const struct record *schema)
{
	struct walk walk = { 0, 0, 0 };
	struct value properties, name, v;
	struct column *c;
	bool ejson = record_is_object(schema) && has_flag(record_root(schema), "x-values", "ejson");

	if (!properties_of(schema, &properties))
		return;
	t->has_schema = true;
	while (value_next(properties, &walk, &name, &v)) {
		c = table_column(t, value_text(name, &t->arena));
		if (!c)
			continue;
		c->declared = true;
		c->untyped = has_flag(v, "x-type", "untyped");
		c->base64 = has_flag(v, "contentEncoding", "base64");
		c->number = (has_type(v, "number") || has_type(v, "integer")) && !has_type(v, "string");
		c->ejson = ejson && !has_type(v, "object");
	}
}

/* With --evolve, columns that the schema has and the table lacks. */
static int evolve(struct database *d, struct table *t, const struct record *schema, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct value properties, name, v;

	if (!d->o->evolve || t->made || !properties_of(schema, &properties))
		return 0;
	while (value_next(properties, &walk, &name, &v))
		if (!table_column(t, value_text(name, &t->arena)) && table_add_column(d, t, name, v, err))
			return -1;
	return 0;
}

int table_ready(struct database *d, struct table *t, const struct record *rec, struct error *err)
{
	static const struct scan_limits limits = SCAN_LIMITS_INIT;
	struct record schema;
	int failed;

	if (t->exists)
		return 0;
	record_init(&schema);
	failed = record_copy(&schema, t->schema.n ? t->schema.p : "{}", t->schema.n ? t->schema.n : 2, &limits, err) || find_columns(d, t, err);
	if (!failed && t->exists)
		failed = choose_key(d, t, err) || check_unique(d, t, err) || evolve(d, t, &schema, err);
	else if (!failed)
		failed = make_table(d, t, &schema, rec, err);
	if (!failed)
		declare_columns(t, &schema);
	record_release(&schema);
	if (!failed && t->exists && !t->made && !t->keys && d->load->mode != MODE_APPEND && d->load->mode != MODE_REPLACE)
		failed = error_set(err, EXIT_USAGE, "'%s': table '%s' has no key: name one with --key, or use --mode append", d->path, t->name);
	return failed ? -1 : 0;
}

int table_add_column(struct database *d, struct table *t, struct value name, struct value v, struct error *err)
{
	struct span text = value_text(name, &t->arena);
	bool schema = value_type(v) == TOKEN_OBJECT && value_member(v, SPAN_LIT("type"), &(struct value){ 0 });
	const char *type = schema ? type_of_property(v) : type_of_value(v);
	char *quoted = quote_name(text);
	struct buf sql = BUF_INIT;
	int failed;

	buf_addf(&sql, "ALTER TABLE %s ADD COLUMN %s %s", t->quoted, quoted, type);
	failed = target_exec(d, buf_str(&sql), err);
	buf_release(&sql);
	free(quoted);
	if (!failed)
		add_column(t, text, type);
	return failed;
}

void table_release(struct table *t)
{
	uint32_t i;

	for (i = 0; i < t->columns; i++) {
		free(t->column[i].name);
		free(t->column[i].quoted);
	}
	for (i = 0; i < t->statements; i++) {
		sqlite3_finalize(t->statement[i].stmt);
		free(t->statement[i].column);
	}
	sqlite3_finalize(t->delete);
	sqlite3_finalize(t->find);
	sqlite3_finalize(t->move);
	sqlite3_finalize(t->seen);
	free(t->statement);
	free(t->column);
	free(t->name);
	free(t->quoted);
	buf_release(&t->schema);
	buf_release(&t->key);
	arena_release(&t->arena);
}
