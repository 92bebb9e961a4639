/* load_make: tables that are made, from a schema or from the first records, and columns that are added. */
#include <stdlib.h>

#include "base/diag.h"
#include "load.h"

/* What holds a property's values exactly, where the source's own type is none of PostgreSQL's. */
static const char *type_of_property(struct value p)
{
	static const struct { const char *format, *type; } formats[] = {
		{ "date-time", "timestamp with time zone" }, { "local-date-time", "timestamp without time zone" }, { "date", "date" }, { "uuid", "uuid" },
	};
	static const struct { const char *word, *type; } words[] = {
		{ "string", "text" }, { "integer", "bigint" }, { "number", "numeric" }, { "boolean", "boolean" },
	};
	const char *found = NULL;
	size_t i;

	if (declared_type(p, "object") || declared_type(p, "array"))
		return "jsonb";
	for (i = 0; i < sizeof words / sizeof *words; i++) {
		if (!declared_type(p, words[i].word))
			continue;
		if (found && strcmp(words[i].word, "number"))
			return "jsonb";	/* several types: any JSON value */
		found = words[i].type;
	}
	if (!found)
		return "jsonb";
	if (strcmp(found, "text"))
		return found;
	if (declared_as(p, "contentEncoding", "base64"))
		return "bytea";
	for (i = 0; i < sizeof formats / sizeof *formats; i++)
		if (declared_as(p, "format", formats[i].format))
			return formats[i].type;
	return "text";
}

/*
 * "postgresql:numeric(12,2)" is the column's own type, told by the source: taken if the server reads it as a type's name
 * and nothing more.
 */
static int own_type(struct database *d, struct table *t, struct value p, char **type, struct error *err)
{
	const char *values[2] = { NULL, NULL };
	struct value v;
	struct span s;
	PGresult *r;

	*type = NULL;
	if (value_type(p) != TOKEN_OBJECT || !value_member(p, SPAN_LIT("x-type"), &v) || value_type(v) != TOKEN_STRING)
		return 0;
	s = value_text(v, &t->arena);
	if (s.n <= 11 || memcmp(s.p, "postgresql:", 11) || memchr(s.p, 0, s.n) || memchr(s.p, ';', s.n) || memchr(s.p, '\'', s.n))
		return 0;
	values[0] = arena_dup(&t->arena, s.p + 11, s.n - 11);
	if (session_ours(d, err) || session_run(d, "SAVEPOINT _sync_type", err))
		return -1;
	r = PQexecParams(d->pg.c, "SELECT pg_catalog.to_regtype($1) IS NOT NULL", 1, NULL, values, NULL, NULL, 0);
	if (PQresultStatus(r) == PGRES_TUPLES_OK && *PQgetvalue(r, 0, 0) == 't')
		*type = (char *)(uintptr_t)values[0];
	PQclear(r);
	return session_run(d, "ROLLBACK TO _sync_type", err);
}

static int type_for(struct database *d, struct table *t, struct value property, const char **type, struct error *err)
{
	char *own;

	if (own_type(d, t, property, &own, err))
		return -1;
	*type = own ? own : type_of_property(property);
	return 0;
}

struct maker {
	struct table *t;
	struct buf *sql;
	bool any;
};

static int add_key_column(void *ctx, struct span name, struct error *err)
{
	struct maker *m = ctx;

	(void)err;
	buf_adds(m->sql, m->any ? ", " : ", PRIMARY KEY (");
	sql_add_identifier(m->sql, name);
	m->any = true;
	return 0;
}

/* The columns stand in sql; the key, the table and what the catalogue says of them follow. */
static int create(struct database *d, struct table *t, struct buf *columns, struct error *err)
{
	struct buf sql = BUF_INIT;
	struct maker m = { t, columns, false };
	int failed = declared_key(d->o->key, buf_span(&t->key_names), add_key_column, &m, err) < 0 ? -1 : 0;

	if (m.any)
		buf_addc(columns, ')');
	buf_addf(&sql, "CREATE TABLE %s (%s)", t->quoted, buf_str(columns));
	failed = failed || session_ours(d, err) || session_run(d, buf_str(&sql), err) ? -1 : 0;
	buf_release(&sql);
	if (failed)
		return -1;
	t->made = true;
	journal_lose(d);
	diag_note("'%s': table '%s' made", error_show(span_of(d->uri)), t->name);
	return table_find(d, t, err);
}

int make_from_schema(struct database *d, struct table *t, const struct record *schema, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct value properties = VALUE_NONE, name, v;
	struct buf columns = BUF_INIT;
	struct span text;
	const char *type;
	int failed = session_begin(d, err);

	(void)declared_properties(schema, &properties);
	while (!failed && value_next(properties, &walk, &name, &v)) {
		text = value_text(name, &t->arena);
		failed = type_for(d, t, v, &type, err);
		if (failed)
			break;
		if (columns.n)
			buf_adds(&columns, ", ");
		sql_add_identifier(&columns, text);
		buf_addf(&columns, " %s%s", type, declared_not_null(schema, text) ? " NOT NULL" : "");
	}
	failed = failed || create(d, t, &columns, err) ? -1 : 0;
	buf_release(&columns);
	return failed;
}

/* ---- from records */

static const char *type_of_seen(int kinds)
{
	switch (kinds) {
	case SEEN_TEXT:
		return "text";
	case SEEN_BOOLEAN:
		return "boolean";
	case SEEN_INTEGER:
	case SEEN_NUMBER:
	case SEEN_INTEGER | SEEN_NUMBER:
		return "numeric";	/* later ones may be larger, or have fractions */
	default:
		return "jsonb";
	}
}

static bool is_in_key(const char *key, struct span name)
{
	size_t n;

	for (; key; key = key[n] ? key + n + 1 : NULL) {
		n = strcspn(key, ",");
		if (span_eq((struct span){ key, n }, name))
			return true;
	}
	return false;
}

int make_from_held(struct database *d, struct table *t, struct error *err)
{
	struct seen seen = SEEN_INIT;
	struct buf columns = BUF_INIT;
	size_t i;
	int failed = held_seen(&t->held, false, &seen, err);

	if (!failed && !seen.n)
		failed = error_set(err, EXIT_FAILED, "a record without members makes no table '%s'", t->name);
	for (i = 0; !failed && i < seen.n; i++) {
		if (i)
			buf_adds(&columns, ", ");
		sql_add_identifier(&columns, seen.v[i].name);
		buf_addf(&columns, " %s", seen.v[i].kinds == SEEN_INTEGER && is_in_key(d->o->key, seen.v[i].name) ? "bigint"
			 : type_of_seen(seen.v[i].kinds));
	}
	failed = failed || session_begin(d, err) || create(d, t, &columns, err) ? -1 : 0;
	seen_release(&seen);
	buf_release(&columns);
	return failed ? -1 : held_take(&t->held, d->load, err);
}

int make_column(struct database *d, struct table *t, struct value name, struct value v, bool is_property, struct error *err)
{
	const char *type = is_property ? NULL : type_of_seen(seen_kind(v));
	struct buf sql = BUF_INIT;
	int failed;

	if (batch_flush(d, err) || session_begin(d, err) || (is_property && type_for(d, t, v, &type, err)))
		return -1;
	buf_addf(&sql, "ALTER TABLE %s ADD COLUMN ", t->quoted);
	sql_add_identifier(&sql, value_text(name, &t->arena));
	buf_addf(&sql, " %s", type);
	/* a table whose deferred checks are still to come can't be altered */
	failed = journal_check(d, err) || session_theirs(d, err) || session_run(d, "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED", err) ||
		session_ours(d, err) || session_run(d, buf_str(&sql), err) ? -1 : 0;
	buf_release(&sql);
	if (failed)
		return -1;
	table_forget_columns(t);
	t->stage[0] = '\0';	/* another is made with the new column */
	return table_find(d, t, err) || table_declared(t, err) ? -1 : 0;
}
