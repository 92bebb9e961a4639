/* extract_tables: what there is to read: tables, their columns and keys. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "extract.h"

static char *copy_of(PGresult *r, int row, int column)
{
	return PQgetisnull(r, row, column) ? NULL : xstrdup(PQgetvalue(r, row, column));
}

/* ---- columns */

static int set_lead(struct column *c, struct error *err)
{
	struct buf name = BUF_INIT;
	int failed;

	name_add_reserved(&name, span_of(c->name));
	failed = json_add_string(&c->lead, buf_span(&name));
	buf_addc(&c->lead, ':');
	buf_release(&name);
	return failed ? error_set(err, EXIT_FAILED, "the name of column '%s' is no UTF-8", error_show(span_of(c->name))) : 0;
}

static struct column *add_column(struct extract *x, struct table *t, const char *name, const char *type, struct error *err)
{
	struct column *c;

	XGROW(t->column, t->columns, t->cap);
	c = &t->column[t->columns++];
	*c = (struct column){ .name = xstrdup(name), .length = -1 };
	c->type = pg_type_of(&x->pg, (Oid)strtoul(type, NULL, 10), err);
	return c->type && !set_lead(c, err) ? c : NULL;
}

static int read_columns(struct extract *x, struct table *t, struct error *err)
{
	static const char sql[] = "SELECT a.attname, a.atttypid, a.attnotnull, a.attgenerated<>'', "
		"pg_catalog.format_type(a.atttypid, a.atttypmod), pg_catalog.col_description(a.attrelid, a.attnum), "
		"CASE WHEN a.atttypid IN (1042, 1043) AND a.atttypmod>4 THEN a.atttypmod-4 ELSE -1 END "
		"FROM pg_catalog.pg_attribute a WHERE a.attrelid=$1::pg_catalog.oid AND a.attnum>0 AND NOT a.attisdropped ORDER BY a.attnum";
	const char *oid = t->oid;
	PGresult *r = pg_query(&x->pg, sql, 1, &oid, "read the columns of", err);
	struct column *c;
	int i, failed = r ? 0 : -1;

	for (i = 0; !failed && i < PQntuples(r); i++) {
		c = add_column(x, t, PQgetvalue(r, i, 0), PQgetvalue(r, i, 1), err);
		if (!c) {
			failed = -1;
			break;
		}
		c->not_null = *PQgetvalue(r, i, 2) == 't';
		c->generated = *PQgetvalue(r, i, 3) == 't';
		c->declared = copy_of(r, i, 4);
		c->comment = copy_of(r, i, 5);
		c->length = (int32_t)strtol(PQgetvalue(r, i, 6), NULL, 10);
	}
	PQclear(r);
	return failed;
}

/* The primary key, else the replica identity: an index that is unique over columns without nulls. */
static int read_key(struct extract *x, struct table *t, struct error *err)
{
	static const char sql[] = "SELECT a.attname FROM (SELECT indexrelid, indrelid, indkey, indnkeyatts FROM pg_catalog.pg_index "
		"WHERE indrelid=$1::pg_catalog.oid AND (indisprimary OR indisreplident) AND indpred IS NULL ORDER BY indisprimary DESC LIMIT 1) i, "
		"pg_catalog.unnest(i.indkey) WITH ORDINALITY AS k(num, place) JOIN pg_catalog.pg_attribute a ON a.attnum=k.num "
		"WHERE a.attrelid=$1::pg_catalog.oid AND k.place<=i.indnkeyatts ORDER BY k.place";
	const char *oid = t->oid;
	PGresult *r = pg_query(&x->pg, sql, 1, &oid, "read the key of", err);
	uint32_t j;
	int i;

	if (!r)
		return -1;
	t->key = xcalloc((size_t)PQntuples(r) + 1, sizeof *t->key);
	for (i = 0; i < PQntuples(r); i++)
		for (j = 0; j < t->columns; j++)
			if (!strcmp(t->column[j].name, PQgetvalue(r, i, 0)))
				t->key[t->keys++] = j;
	PQclear(r);
	return 0;
}

static void column_release(struct column *c)
{
	free(c->name);
	free(c->declared);
	free(c->comment);
	buf_release(&c->lead);
}

/* ---- tables */

static struct table *add_table(struct extract *x, struct span stream)
{
	struct table *t;

	XGROW(x->table, x->tables, x->cap);
	t = &x->table[x->tables++];
	*t = (struct table){ .stream = streams_index(&x->tool->streams, stream) };
	return t;
}

/* Columns: oid, schema, name, comment, whether others inherit from it, whether it can be locked, is a table without such, stores rows */
static int take_table(struct extract *x, PGresult *r, int i, const char *stream, struct error *err)
{
	struct buf name = BUF_INIT;
	struct table *t;
	uint32_t j;

	for (j = 0; j < x->tables; j++)
		if (!strcmp(x->table[j].oid, PQgetvalue(r, i, 0)))
			return stream ? error_set(err, EXIT_USAGE, "'%s' is named twice", error_show(span_of(stream))) : 0;
	if (stream)
		buf_adds(&name, stream);
	else if (!strcmp(PQgetvalue(r, i, 1), x->pg.schema))
		buf_adds(&name, PQgetvalue(r, i, 2));
	else
		buf_addf(&name, "%s.%s", PQgetvalue(r, i, 1), PQgetvalue(r, i, 2));
	t = add_table(x, x->o->stream ? span_of(x->o->stream) : buf_span(&name));
	buf_release(&name);
	t->oid = copy_of(r, i, 0);
	t->schema = copy_of(r, i, 1);
	t->name = copy_of(r, i, 2);
	t->comment = copy_of(r, i, 3);
	t->only = !stream && *PQgetvalue(r, i, 4) == 't';
	t->lockable = *PQgetvalue(r, i, 5) == 't';
	t->own_rows = *PQgetvalue(r, i, 6) == 't';
	t->stored = *PQgetvalue(r, i, 7) == 't';
	return read_columns(x, t, err) || read_key(x, t, err) ? -1 : 0;
}

static const char select_tables[] = "SELECT c.oid, n.nspname, c.relname, pg_catalog.obj_description(c.oid, 'pg_class'), "
	"c.relkind='r' AND c.relhassubclass, c.relkind IN ('r', 'p', 'v') AND pg_catalog.has_table_privilege(c.oid, 'SELECT'), "
	"c.relkind='r' AND NOT c.relhassubclass, c.relkind IN ('r', 'p', 'm') "
	"FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid=c.relnamespace ";

/* All tables of a schema, parents of foreign keys before their children; partitions are read by the table they are parts of. */
static int find_all(struct extract *x, const char *schema, struct error *err)
{
	struct buf sql = BUF_INIT;
	PGresult *r;
	int i, failed;

	buf_addf(&sql, "WITH RECURSIVE fk AS (SELECT conrelid, confrelid FROM pg_catalog.pg_constraint WHERE contype='f' AND conrelid<>confrelid), "
		 "depth AS (SELECT c.oid, 0 AS d FROM pg_catalog.pg_class c UNION SELECT fk.conrelid, depth.d+1 FROM fk JOIN depth "
		 "ON depth.oid=fk.confrelid WHERE depth.d<50) %s"
		 "WHERE n.nspname=$1 AND c.relkind IN ('r','p') AND NOT c.relispartition AND c.relname NOT LIKE '\\_sync\\_%%' "
		 "ORDER BY (SELECT pg_catalog.max(d) FROM depth WHERE depth.oid=c.oid), c.relname", select_tables);
	r = pg_query(&x->pg, buf_str(&sql), 1, &schema, "read the tables of", err);
	buf_release(&sql);
	failed = r ? 0 : -1;
	for (i = 0; !failed && i < PQntuples(r); i++)
		failed = take_table(x, r, i, NULL, err);
	if (!failed && !i)
		failed = error_set(err, EXIT_FAILED, "there are no tables in schema '%s' of '%s'", error_show(span_of(schema)),
				   error_show(span_of(x->pg.shown)));
	PQclear(r);
	return failed;
}

/* NAME in the search path's first schema, or SCHEMA.NAME: the whole as a name is tried first. */
static int find_one(struct extract *x, const char *name, struct error *err)
{
	const char *dot = strchr(name, '.');
	char *schema = dot ? xstrndup(name, (size_t)(dot - name)) : xstrdup(x->pg.schema);
	const char *values[] = { x->pg.schema, name, schema, dot ? dot + 1 : name };
	struct buf sql = BUF_INIT;
	PGresult *r;
	int failed;

	buf_addf(&sql, "%sWHERE c.relkind IN ('r','p','v','m','f') AND ((n.nspname=$1 AND c.relname=$2) OR (n.nspname=$3 AND c.relname=$4)) "
		 "ORDER BY n.nspname=$1 AND c.relname=$2 DESC LIMIT 1", select_tables);
	r = pg_query(&x->pg, buf_str(&sql), 4, values, "read the tables of", err);
	buf_release(&sql);
	free(schema);
	if (!r)
		return -1;
	failed = PQntuples(r) ? take_table(x, r, 0, name, err)
		: error_set(err, EXIT_FAILED, "there is no table or view '%s' in '%s'", error_show(span_of(name)), error_show(span_of(x->pg.shown)));
	PQclear(r);
	return failed;
}

int tables_find(struct extract *x, char **names, int n, struct error *err)
{
	size_t len;
	char *schema;
	int i, failed = 0;

	if (!n && !*x->pg.schema)
		return error_set(err, EXIT_USAGE, "the search path has no schema here: name the tables, as SCHEMA.TABLE or SCHEMA.*");
	if (!n)
		return find_all(x, x->pg.schema, err);
	for (i = 0; !failed && i < n; i++) {
		len = strlen(names[i]);
		if (len > 2 && !strcmp(names[i] + len - 2, ".*")) {
			schema = xstrndup(names[i], len - 2);
			failed = find_all(x, schema, err);
			free(schema);
		} else {
			failed = find_one(x, names[i], err);
		}
	}
	return failed;
}

int tables_lock(struct extract *x, const char *wait, struct error *err)
{
	struct buf sql = BUF_INIT;
	uint32_t i, n = 0;
	int failed;

	for (i = 0; i < x->tables; i++) {
		if (!x->table[i].lockable)
			continue;
		buf_adds(&sql, n++ ? ", " : "LOCK TABLE ");
		buf_adds(&sql, x->table[i].only ? "ONLY " : "");
		pg_add_name(&sql, x->table[i].schema, x->table[i].name);
	}
	buf_addf(&sql, " IN ACCESS SHARE MODE%s", wait);
	failed = n ? pg_run(&x->pg, buf_str(&sql), "read", err) : 0;
	buf_release(&sql);
	return failed;
}

/* ---- a query */

static int check_names(const struct table *t, struct error *err)
{
	uint32_t i, j;

	for (i = 0; i < t->columns; i++)
		for (j = 0; j < i; j++)
			if (!strcmp(t->column[i].name, t->column[j].name))
				return error_set(err, EXIT_USAGE, "--query gives two columns called '%s': name one of them by AS",
						 error_show(span_of(t->column[i].name)));
	return 0;
}

static int take_described(struct extract *x, struct table *t, PGresult *r, struct error *err)
{
	char type[16];
	struct column *c;
	int i;

	if (!PQnfields(r))
		return error_set(err, EXIT_USAGE, "--query is a SELECT that gives rows and changes nothing");
	for (i = 0; i < PQnfields(r); i++) {
		snprintf(type, sizeof type, "%u", PQftype(r, i));
		c = add_column(x, t, PQfname(r, i), type, err);
		if (!c)
			return -1;
		c->declared = xstrdup(c->type->name);
	}
	return check_names(t, err);
}

int tables_query(struct extract *x, struct error *err)
{
	struct table *t = add_table(x, span_of(x->o->stream));
	struct buf sql = BUF_INIT;
	PGresult *r;
	int failed;

	t->query = x->o->query;
	t->name = xstrdup(x->o->stream);
	t->oid = xstrdup("0");
	/* its names are looked for where the user's own session would */
	buf_addf(&sql, "SET search_path TO %s", *x->pg.path ? x->pg.path : "''");
	failed = pg_run(&x->pg, buf_str(&sql), "set up the session of", err);
	buf_release(&sql);
	if (failed)
		return -1;
	r = PQprepare(x->pg.c, "", t->query, 0, NULL);
	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		return pg_fail(&x->pg, r, "run --query on", err);
	PQclear(r);
	r = PQdescribePrepared(x->pg.c, "");
	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		return pg_fail(&x->pg, r, "run --query on", err);
	failed = take_described(x, t, r, err);
	PQclear(r);
	return failed;
}

/* Columns that are in no key are dropped, but for what the cursor is. */
int tables_keep_keys(struct extract *x, struct error *err)
{
	struct table *t;
	uint32_t i, j, k;
	bool keep;

	for (i = 0; i < x->tables; i++) {
		t = &x->table[i];
		if (!t->keys)
			return error_set(err, EXIT_USAGE, "--keys: '%s' has no primary key", error_show(span_of(t->name)));
		for (j = 0, k = 0; j < t->columns; j++) {
			keep = false;
			for (uint32_t n = 0; n < t->keys; n++)
				keep = keep || t->key[n] == j;
			if (!keep) {
				column_release(&t->column[j]);
				continue;
			}
			for (uint32_t n = 0; n < t->keys; n++)
				if (t->key[n] == j)
					t->key[n] = k;
			t->column[k++] = t->column[j];
		}
		t->columns = k;
	}
	return 0;
}

void tables_forget(struct extract *x)
{
	struct table *t;
	uint32_t i, j;

	for (i = 0; i < x->tables; i++) {
		t = &x->table[i];
		for (j = 0; j < t->columns; j++)
			column_release(&t->column[j]);
		free(t->column);
		free(t->key);
		free(t->schema);
		free(t->name);
		free(t->oid);
		free(t->comment);
		free(t->from);
		free(t->to);
		json_decref(t->after);
		free(t->order);
		for (j = 0; t->by && j < t->keys; j++) {
			free(t->by[j].greater);
			free(t->by[j].equal);
			free(t->by[j].least);
		}
		free(t->by);
	}
	free(x->table);
	x->table = NULL;
	x->tables = x->cap = 0;
	x->pg.types = 0;	/* what they have stays in its arena */
}
