/* load_make: tables that are made, from a schema or from the first records, and columns that are added. */
#include <stdlib.h>

#include "base/diag.h"
#include "load.h"

/* The declared type of a schema's property, or of a value where there is no schema. */
static const char *type_of_word(struct value word)
{
	/* a number may have more digits than a REAL keeps: a column without a type takes them all */
	return value_text_is(word, SPAN_LIT("integer")) ? "INTEGER" : value_text_is(word, SPAN_LIT("number")) ? "" :
		value_text_is(word, SPAN_LIT("boolean")) ? "BOOLEAN" : "TEXT";
}

static const char *type_of_property(struct value schema)
{
	struct walk walk = { 0, 0, 0 };
	struct value type, each, x;
	const char *found = NULL;

	if (value_type(schema) != TOKEN_OBJECT)
		return "";
	if (value_member(schema, SPAN_LIT("contentEncoding"), &x))
		return "BLOB";
	if (!value_member(schema, SPAN_LIT("type"), &type))
		return "";
	if (value_type(type) != TOKEN_ARRAY)
		return type_of_word(type);
	while (value_next(type, &walk, NULL, &each)) {
		if (value_text_is(each, SPAN_LIT("null")))
			continue;
		if (found && strcmp(found, type_of_word(each)))
			return "";	/* several types: the column takes any */
		found = type_of_word(each);
	}
	return found ? found : "";
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

static void columns_of_schema(struct table *t, struct value properties, struct buf *types)
{
	struct walk walk = { 0, 0, 0 };
	struct value name, v;
	const char *type;

	while (value_next(properties, &walk, &name, &v)) {
		if (!name_can_be(value_text(name, &t->arena)))
			continue;
		type = own_type(t, v);
		if (!type)
			type = type_of_property(v);
		table_new_column(t, value_text(name, &t->arena), type);
		buf_add(types, type, strlen(type) + 1);
	}
}

static void add_key_clause(const struct table *t, struct buf *sql)
{
	uint32_t i;

	if (!t->keys)
		return;
	buf_adds(sql, ", PRIMARY KEY(");
	for (i = 0; i < t->keys; i++)
		buf_addf(sql, "%s%s", i ? "," : "", t->column[t->key[i]].quoted);
	buf_addc(sql, ')');
}

static int not_made(struct database *d, const struct table *t, struct error *err)
{
	struct error ignored = ERROR_INIT;
	uint64_t there = 0;

	err->status = EXIT_FAILED;
	if (!target_number(d, "SELECT count(*) FROM sqlite_master WHERE name=? COLLATE NOCASE", t->name, &there, &ignored) && there)
		err->status = EXIT_AGAIN;	/* another process was faster */
	return -1;
}

/* types: a text with a NUL behind it for each column. schema: may be NULL. */
static int create(struct database *d, struct table *t, const struct record *schema, const char *types, struct error *err)
{
	struct buf sql = BUF_INIT;
	uint32_t i;
	int failed;

	buf_addf(&sql, "CREATE TABLE %s(", t->quoted);
	for (i = 0; i < t->columns; i++, types += strlen(types) + 1) {
		buf_addf(&sql, "%s%s%s%s", i ? ", " : "", t->column[i].quoted, *types ? " " : "", types);
		if (t->column[i].key || (schema && declared_not_null(schema, t->column[i].name)))
			buf_adds(&sql, " NOT NULL");
	}
	add_key_clause(t, &sql);
	buf_addc(&sql, ')');
	failed = target_exec(d, buf_str(&sql), err);
	buf_release(&sql);
	if (failed)
		return not_made(d, t, err);
	for (i = 0; i < t->columns; i++)
		t->column[i].rowid = t->column[i].key && t->column[i].affinity == AFFINITY_INTEGER;
	t->made = t->exists = t->rowid = t->simple = true;
	diag_note("'%s': table '%s' made", d->path, t->name);
	return 0;
}

int make_from_schema(struct database *d, struct table *t, const struct record *schema, struct error *err)
{
	struct buf types = BUF_INIT;
	struct value properties = VALUE_NONE;
	int failed;

	(void)declared_properties(schema, &properties);
	columns_of_schema(t, properties, &types);
	failed = target_begin(d, err) || table_choose_key(d, t, err) || create(d, t, schema, types.p, err) ||
		schema_save(d, t, buf_span(&t->schema), err) || schema_recall(d, t, err) ? -1 : 0;
	buf_release(&types);
	return failed;
}

/* ---- from records */

/* Numbers may get larger or longer, and texts may join them: such a column takes any value as it is. */
static const char *type_of_seen(int seen)
{
	return seen == SEEN_TEXT || seen == SEEN_NESTED || seen == (SEEN_TEXT | SEEN_NESTED) ? "TEXT" : seen == SEEN_BOOLEAN ? "BOOLEAN" : "";
}

/* What is to be remembered of it, if anything. */
static const char *property_of_seen(int seen)
{
	return seen == SEEN_NESTED ? "{\"type\":[\"object\",\"array\",\"null\"]}"
		: seen == (SEEN_TEXT | SEEN_NESTED) ? "{\"type\":[\"string\",\"object\",\"array\",\"null\"]}" : *type_of_seen(seen) ? "" : "{}";
}

/* The types that hold what was seen, and a schema of what SQLite has no type for. */
static void columns_of_seen(struct table *t, const struct seen *seen, const char *key, struct buf *types, struct buf *schema)
{
	const struct seen_field *f;
	const char *type, *property;
	bool number;
	size_t i;

	for (i = 0; i < seen->n; i++) {
		f = &seen->v[i];
		if (!name_can_be(f->name))
			continue;
		number = key && f->kinds == SEEN_INTEGER && span_is(f->name, key);
		type = number ? "INTEGER" : type_of_seen(f->kinds);
		property = number ? "" : property_of_seen(f->kinds);
		table_new_column(t, f->name, type);
		buf_add(types, type, strlen(type) + 1);
		if (!*property)
			continue;
		buf_adds(schema, schema->n ? "," : "{\"type\":\"object\",\"properties\":{");
		json_add_string(schema, f->name);
		buf_addc(schema, ':');
		buf_adds(schema, property);
	}
	if (schema->n)
		buf_adds(schema, "}}");
}

/* None of them has a member that could be a column. */
static int set_held_aside(struct database *d, struct table *t, struct error *err)
{
	struct held held = t->held;
	size_t i;
	int failed = 0;

	t->held = (struct held)HELD_INIT;
	for (i = 0; !failed && i < held.n; i++) {
		error_data(err, "bad-record", "a record without members makes no table '%s'", t->name);
		failed = load_set_aside(d->load, &held.v[i], err);
	}
	held_release(&held);
	return failed;
}

static int create_from_seen(struct database *d, struct table *t, const struct seen *seen, struct error *err)
{
	struct buf types = BUF_INIT, schema = BUF_INIT;
	int failed;

	columns_of_seen(t, seen, d->o->key, &types, &schema);
	if (!t->columns)
		failed = set_held_aside(d, t, err);
	else
		failed = target_begin(d, err) || table_choose_key(d, t, err) || create(d, t, NULL, types.p, err) ||
			schema_save(d, t, buf_span(&schema), err) || schema_recall(d, t, err) ? -1 : 0;
	buf_release(&types);
	buf_release(&schema);
	return failed;
}

int make_from_held(struct database *d, struct table *t, struct error *err)
{
	struct seen seen = SEEN_INIT;
	int failed = held_seen(&t->held, true, &seen, err) || create_from_seen(d, t, &seen, err) ? -1 : 0;

	seen_release(&seen);
	return failed ? -1 : held_take(&t->held, d->load, err);
}

int make_column(struct database *d, struct table *t, struct value name, struct value v, bool is_property, struct error *err)
{
	struct span text = value_text(name, &t->arena);
	const char *type = is_property ? type_of_property(v) : type_of_seen(seen_kind(v));
	struct buf sql = BUF_INIT, property = BUF_INIT;
	int failed;

	buf_addf(&sql, "ALTER TABLE %s ADD COLUMN ", t->quoted);
	sql_add_identifier(&sql, text);
	buf_addf(&sql, " %s", type);
	if (is_property)
		value_write(v, &property);
	else
		buf_adds(&property, property_of_seen(seen_kind(v)));
	failed = target_begin(d, err) || target_exec(d, buf_str(&sql), err) || schema_add(d, t, text, buf_span(&property), err) ? -1 : 0;
	if (!failed)
		table_new_column(t, text, type)->any = is_property ? any_is(v) : property.n > 0;
	buf_release(&sql);
	buf_release(&property);
	return failed;
}
