/* load_table: a stream's table: found, its columns and key. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "load.h"

bool table_only_added(const struct database *d, const struct table *t)
{
	return d->load->mode == MODE_APPEND || d->load->mode == MODE_REPLACE || !t->keys;
}

/* ---- names */

static int check_name(const struct database *d, struct span name, struct error *err)
{
	if (d->load->stream && d->tables)
		return error_set(err, EXIT_USAGE, "there are several streams: one name for all ('%s') would mix them", d->load->stream);
	if (!name.n)
		return error_set(err, EXIT_USAGE, "the stream has no name: name the table, as in 'sync-load %s TABLE'", error_show(span_of(d->uri)));
	if (name.n >= 6 && !memcmp(name.p, "_sync_", 6))
		return error_set(err, EXIT_USAGE, "no stream can be loaded into '%s': tables of such names are Syncline's own", error_show(name));
	return 0;
}

/* SCHEMA.TABLE where there is such a schema, else TABLE in the search path's first. */
static int place(struct database *d, struct table *t, struct error *err)
{
	const char *dot = strchr(t->name, '.');
	char *schema = dot ? xstrndup(t->name, (size_t)(dot - t->name)) : NULL;
	struct buf quoted = BUF_INIT;
	uint64_t there = 0;
	int failed = 0;

	if (schema)
		failed = session_ours(d, err) ? -1 : session_number(d, "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname=$1", schema, &there, err);
	if (!failed && !there && !*d->pg.schema)
		failed = error_set(err, EXIT_USAGE, "the search path has no schema here: name the table as SCHEMA.TABLE");
	t->schema = there ? schema : xstrdup(d->pg.schema);
	if (!there)
		free(schema);
	t->relation = xstrdup(there ? dot + 1 : t->name);
	pg_add_name(&quoted, t->schema, t->relation);
	t->quoted = buf_take(&quoted);
	return failed;
}

struct table *table_of(struct database *d, uint32_t stream, struct error *err)
{
	const char *name = d->load->stream ? d->load->stream : streams_name(&d->load->tool->streams, stream);
	struct table *t;
	uint32_t i;

	if (d->last && d->last->stream == stream)
		return d->last;
	for (i = 0; i < d->tables; i++)
		if (d->table[i]->stream == stream)
			return d->last = d->table[i];
	if (check_name(d, span_of(name), err))
		return NULL;
	t = xcalloc(1, sizeof *t);
	t->spool = (struct spool)SPOOL_INIT;
	t->stream = stream;
	t->name = xstrdup(name);
	d->table = xreallocarray(d->table, d->tables + 1, sizeof *d->table);
	d->table[d->tables++] = t;
	return place(d, t, err) ? NULL : (d->last = t);
}

/* ---- columns */

struct column *table_column(struct table *t, struct span name)
{
	uint32_t i;

	for (i = 0; i < t->columns; i++)
		if (span_eq(name, t->column[i].name))
			return &t->column[i];
	return NULL;
}

/* A column's type is its domain's base, all the way down. */
static const char columns_sql[] =
	"SELECT a.attname, b.oid, b.typmod, pg_catalog.format_type(b.oid, b.typmod), a.attgenerated<>'', a.attidentity='a', "
	"a.attnum=ANY(coalesce((SELECT i.indkey FROM pg_catalog.pg_index i WHERE i.indrelid=a.attrelid AND i.indisprimary), '')), "
	"(SELECT 'OPERATOR('||pg_catalog.quote_ident(on_.nspname)||'.'||o.oprname||')' FROM op "
	"JOIN pg_catalog.pg_operator o ON o.oid=op.oid JOIN pg_catalog.pg_namespace on_ ON on_.oid=o.oprnamespace WHERE type=b.oid AND strategy=3 LIMIT 1), "
	"(SELECT 'OPERATOR('||pg_catalog.quote_ident(on_.nspname)||'.'||o.oprname||')' FROM op "
	"JOIN pg_catalog.pg_operator o ON o.oid=op.oid JOIN pg_catalog.pg_namespace on_ ON on_.oid=o.oprnamespace WHERE type=b.oid AND strategy=4 LIMIT 1), "
	"CASE WHEN a.attidentity<>'' OR coalesce(pg_catalog.pg_get_expr(ad.adbin, ad.adrelid), '') LIKE 'nextval(%' "
	"THEN pg_catalog.pg_get_serial_sequence(pg_catalog.quote_ident(n.nspname)||'.'||pg_catalog.quote_ident(c.relname), a.attname) END, "
	"EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid=a.attrelid AND (i.indisunique OR i.indisexclusion) AND a.attnum=ANY(i.indkey)), "
	"a.attnotnull OR b.refuses_null, a.atthasdef OR a.attidentity<>'' OR b.defaults, b.oid<>a.atttypid, "
	"pg_catalog.quote_ident(bn.nspname)||'.'||pg_catalog.quote_ident(bt.typname), "
	"CASE WHEN a.attcollation<>bt.typcollation THEN ' COLLATE '||pg_catalog.quote_ident(cn.nspname)||'.'||pg_catalog.quote_ident(co.collname) "
	"ELSE '' END, coalesce(co.collisdeterministic, true) AND bt.typname NOT IN ('bpchar', 'xml') AND (bn.nspname='pg_catalog' OR bt.typtype='e') "
	"FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid=a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid=c.relnamespace "
	"CROSS JOIN LATERAL (WITH RECURSIVE d(oid, typmod, n, refuses_null, defaults) AS (SELECT a.atttypid, a.atttypmod, 0, false, false UNION ALL "
	"SELECT t.typbasetype, t.typtypmod, d.n+1, d.refuses_null OR t.typnotnull, d.defaults OR t.typdefault IS NOT NULL "
	"FROM d JOIN pg_catalog.pg_type t ON t.oid=d.oid WHERE t.typtype='d') SELECT * FROM d ORDER BY d.n DESC LIMIT 1) b "
	"JOIN pg_catalog.pg_type bt ON bt.oid=b.oid JOIN pg_catalog.pg_namespace bn ON bn.oid=bt.typnamespace "
	"LEFT JOIN pg_catalog.pg_collation co ON co.oid=a.attcollation LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid=co.collnamespace "
	"LEFT JOIN pg_catalog.pg_attrdef ad ON ad.adrelid=a.attrelid AND ad.adnum=a.attnum "
	"WHERE n.nspname=$1 AND c.relname=$2 AND c.relkind IN ('r','p','v','f') AND a.attnum>0 AND NOT a.attisdropped ORDER BY a.attnum";

/* Operators of types' own order: an operator of the same name that someone else made isn't among them. */
static const char operators_sql[] =
	"WITH op(family, type, strategy, oid) AS (SELECT oc.opcfamily, oc.opcintype, ao.amopstrategy, ao.amopopr FROM pg_catalog.pg_opclass oc "
	"JOIN pg_catalog.pg_am am ON am.oid=oc.opcmethod AND am.amname='btree' JOIN pg_catalog.pg_amop ao ON ao.amopfamily=oc.opcfamily "
	"AND ao.amoplefttype=oc.opcintype AND ao.amoprighttype=oc.opcintype WHERE oc.opcdefault) ";

/* What a value of a type can be while another row takes its unique one; s.n is another number for each row. NULL: nothing. */
static const char *parking(const struct column *c, bool not_null)
{
	static const struct { enum pg_kind kind; const char *value; } values[] = {
		{ PG_INT2, "('-32768'::pg_catalog.int4 OPERATOR(pg_catalog.+) s.n)" },
		{ PG_INT4, "('-2147483648'::pg_catalog.int4 OPERATOR(pg_catalog.+) s.n)" },
		{ PG_INT8, "('-9223372036854775808'::pg_catalog.int8 OPERATOR(pg_catalog.+) s.n)" },
		{ PG_FLOAT8, "('-1e300'::pg_catalog.float8 OPERATOR(pg_catalog.*) pg_catalog.random())" },
		{ PG_TEXT, "pg_catalog.md5(pg_catalog.concat(pg_catalog.random(), s.n))" },
		{ PG_UUID, "pg_catalog.md5(pg_catalog.concat(pg_catalog.random(), s.n))::pg_catalog.uuid" },
		{ PG_DATE, "('4713-01-01 BC'::pg_catalog.date OPERATOR(pg_catalog.+) s.n)" },
		{ PG_TIMESTAMP, "('4713-01-01 BC'::pg_catalog.timestamp OPERATOR(pg_catalog.+) pg_catalog.make_interval(0,0,0,0,0,0,s.n))" },
		{ PG_TIMESTAMPTZ, "('4713-01-02 BC'::pg_catalog.timestamptz OPERATOR(pg_catalog.+) pg_catalog.make_interval(0,0,0,0,0,0,s.n))" },
		{ PG_RANGE, "'empty'" }, { PG_MULTIRANGE, "'{}'" },
	};
	size_t i;

	if (!not_null)
		return "NULL";
	if (c->type->kind == PG_NUMERIC && c->typmod < 0)
		return "('-1e200'::pg_catalog.numeric OPERATOR(pg_catalog.+) s.n)";
	for (i = 0; i < sizeof values / sizeof *values; i++)
		if (values[i].kind == c->type->kind && !c->type->is_enum)
			return values[i].value;
	return NULL;
}

/* A text that is no longer than its column. */
static char *park(const struct column *c, bool not_null)
{
	const char *value = parking(c, not_null);
	struct buf b = BUF_INIT;

	if (value && not_null && c->type->kind == PG_TEXT && c->typmod >= 4) {
		buf_addf(&b, "pg_catalog.left(%s, %d)", value, (int)c->typmod - 4);
		return buf_take(&b);
	}
	return value ? xstrdup(value) : NULL;
}

/* Whether equal values of a type are the same bytes. */
static bool equal_is_same(enum pg_kind kind)
{
	switch (kind) {
	case PG_BOOL:
	case PG_INT2:
	case PG_INT4:
	case PG_INT8:
	case PG_OID:
	case PG_TEXT:
	case PG_BYTEA:
	case PG_UUID:
	case PG_DATE:
	case PG_TIME:
	case PG_TIMESTAMP:
	case PG_TIMESTAMPTZ:
		return true;
	default:
		return false;
	}
}

static bool is_true(PGresult *r, int row, int column)
{
	return *PQgetvalue(r, row, column) == 't';
}

static int add_column(struct database *d, struct table *t, PGresult *r, int i, struct error *err)
{
	struct buf b = BUF_INIT;
	struct column *c;

	XGROW(t->column, t->columns, t->cap);
	c = &t->column[t->columns++];
	*c = (struct column){ .name = { xstrdup(PQgetvalue(r, i, 0)), (size_t)PQgetlength(r, i, 0) }, .declared = xstrdup(PQgetvalue(r, i, 3)) };
	sql_add_identifier(&b, c->name);
	c->quoted = buf_take(&b);
	c->typmod = (int32_t)strtol(PQgetvalue(r, i, 2), NULL, 10);
	c->generated = is_true(r, i, 4);
	c->always = is_true(r, i, 5);
	c->key = is_true(r, i, 6);
	c->equals = xstrdup(PQgetisnull(r, i, 7) ? "OPERATOR(pg_catalog.=)" : PQgetvalue(r, i, 7));
	c->at_least = xstrdup(PQgetisnull(r, i, 8) ? "OPERATOR(pg_catalog.>=)" : PQgetvalue(r, i, 8));
	c->sequence = PQgetisnull(r, i, 9) ? NULL : xstrdup(PQgetvalue(r, i, 9));
	c->defaults = is_true(r, i, 12);
	c->domain = is_true(r, i, 13);
	c->base = xstrdup(PQgetvalue(r, i, 14));
	c->collation = xstrdup(PQgetvalue(r, i, 15));
	path_name(&c->path, c->name, &t->arena);
	c->type = pg_type_of(&d->pg, (Oid)strtoul(PQgetvalue(r, i, 1), NULL, 10), err);
	if (!c->type)
		return -1;
	c->by_equals = is_true(r, i, 16) && equal_is_same(c->type->kind);
	c->parked = is_true(r, i, 10) ? park(c, is_true(r, i, 11)) : NULL;
	return 0;
}

static int find_columns(struct database *d, struct table *t, struct error *err)
{
	const char *values[] = { t->schema, t->relation };
	struct buf sql = BUF_INIT;
	PGresult *r;
	int i, failed;

	buf_addf(&sql, "%s%s", operators_sql, columns_sql);
	r = session_ours(d, err) ? NULL : pg_query(&d->pg, buf_str(&sql), 2, values, "read the columns of", err);
	failed = r ? 0 : -1;
	buf_release(&sql);

	for (i = 0; !failed && i < PQntuples(r); i++)
		failed = add_column(d, t, r, i, err);
	PQclear(r);
	t->exists = t->columns > 0;
	return failed;
}

/* ---- the key */

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
		return error_set(err, EXIT_USAGE, "the key '%s' is no column of '%s'", error_show(name), k->t->name);
	c->key = true;
	return 0;
}

/* Whether two texts of a type can be one value: then keys are compared by the server alone. */
static bool has_aliases(const struct pg_type *t)
{
	switch (t->kind) {
	case PG_INT2:
	case PG_INT4:
	case PG_INT8:
	case PG_OID:
	case PG_BOOL:
		return false;
	default:
		return t->kind != PG_TEXT || strcmp(t->name, "text");
	}
}

static int choose_key(struct database *d, struct table *t, struct error *err)
{
	struct key_taker k = { d, t, false };
	uint32_t i;
	int failed = declared_key(d->o->key, buf_span(&t->key_names), take_key, &k, err);

	t->key = xreallocarray(t->key, t->columns + 1, sizeof *t->key);
	for (i = 0, t->keys = 0; i < t->columns; i++) {
		if (!t->column[i].key)
			continue;
		t->key[t->keys++] = i;
		t->alias = t->alias || has_aliases(t->column[i].type);
	}
	return failed < 0 ? -1 : 0;
}

/* A key that no index makes unique can't be upserted by. */
static int check_unique(struct database *d, struct table *t, struct error *err)
{
	static const char sql[] = "SELECT 1 FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid=i.indrelid JOIN pg_catalog.pg_namespace n "
		"ON n.oid=c.relnamespace WHERE n.nspname=$1 AND c.relname=$2 AND i.indisunique AND i.indimmediate AND i.indisvalid AND i.indpred IS NULL "
		"AND i.indexprs IS NULL AND (SELECT pg_catalog.array_agg(a.attname::pg_catalog.text ORDER BY a.attname::pg_catalog.text) FROM "
		"pg_catalog.pg_attribute a WHERE a.attrelid=c.oid AND a.attnum=ANY((i.indkey::pg_catalog.int2[])[0:i.indnkeyatts-1]))=(SELECT "
		"pg_catalog.array_agg(k ORDER BY k) FROM pg_catalog.unnest($3::pg_catalog.text[]) k)";
	const char *values[] = { t->schema, t->relation, NULL };
	struct buf names = BUF_INIT;
	PGresult *r;
	uint32_t i, j;
	int failed;

	if (t->view && t->keys && d->o->key)
		return 0;	/* what is unique there is the word of whoever asks */
	if (!t->keys)
		return error_set(err, EXIT_USAGE, "table '%s' has no key: name one with --key, or use --mode append", t->name);
	for (i = 0; i < t->keys; i++) {
		buf_adds(&names, i ? ",\"" : "{\"");
		for (j = 0; j < t->column[t->key[i]].name.n; j++) {
			if (strchr("\"\\", t->column[t->key[i]].name.p[j]))
				buf_addc(&names, '\\');
			buf_addc(&names, t->column[t->key[i]].name.p[j]);
		}
		buf_addc(&names, '"');
	}
	buf_addc(&names, '}');
	values[2] = buf_str(&names);
	r = pg_query(&d->pg, sql, 3, values, "read the indexes of", err);
	failed = !r ? -1 : PQntuples(r) ? 0 : error_set(err, EXIT_USAGE, "no unique index of '%s' has just the key's columns: make one, or name another "
							"--key", t->name);
	PQclear(r);
	buf_release(&names);
	return failed;
}

/* ---- what its stream declares */

static void declare_columns(struct table *t, const struct record *schema)
{
	struct walk walk = { 0, 0, 0 };
	struct value properties, name, v;
	struct column *c;
	uint32_t i;
	bool ejson = record_is_object(schema) && declared_as(record_root(schema), "x-values", "ejson");

	for (i = 0; i < t->columns; i++)
		t->column[i].declares = t->column[i].base64 = t->column[i].ejson = false;
	t->has_schema = declared_properties(schema, &properties);
	while (t->has_schema && value_next(properties, &walk, &name, &v)) {
		c = table_column(t, value_text(name, &t->arena));
		if (!c)
			continue;
		c->declares = true;
		c->base64 = declared_as(v, "contentEncoding", "base64");
		c->ejson = ejson;
	}
}

int table_declared(struct table *t, struct error *err)
{
	struct record schema;
	int failed = declared_schema(buf_span(&t->declared), &schema, err);

	if (!failed)
		declare_columns(t, &schema);
	record_release(&schema);
	return failed;
}

static int evolve(struct database *d, struct table *t, const struct record *schema, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct value properties, name, v;

	if (!d->o->evolve || !declared_properties(schema, &properties))
		return 0;
	while (value_next(properties, &walk, &name, &v))
		if (!table_column(t, value_text(name, &t->arena)) && make_column(d, t, name, v, true, err))
			return -1;
	return 0;
}

/* Whether COPY can write into it. */
static int find_kind(struct database *d, struct table *t, struct error *err)
{
	static const char sql[] = "SELECT c.relkind, c.relkind<>'v' AND NOT pg_catalog.row_security_active(c.oid) AND NOT EXISTS (SELECT 1 FROM "
		"pg_catalog.pg_rewrite w WHERE w.ev_class=c.oid AND w.ev_type<>'1'), EXISTS (SELECT 1 FROM pg_catalog.pg_trigger g WHERE "
		"g.tgrelid=c.oid AND g.tgdeferrable) FROM pg_catalog.pg_class c "
		"JOIN pg_catalog.pg_namespace n ON n.oid=c.relnamespace WHERE n.nspname=$1 AND c.relname=$2";
	const char *values[] = { t->schema, t->relation };
	PGresult *r = pg_query(&d->pg, sql, 2, values, "read the columns of", err);

	if (r && PQntuples(r)) {
		t->view = *PQgetvalue(r, 0, 0) == 'v';
		t->direct = is_true(r, 0, 1);
		d->journal.on = d->journal.on || is_true(r, 0, 2);
	}
	PQclear(r);
	return r ? 0 : -1;
}

int table_find(struct database *d, struct table *t, struct error *err)
{
	uint64_t any = 1;
	struct buf sql = BUF_INIT;
	int failed = find_columns(d, t, err) || find_kind(d, t, err) || (t->exists && choose_key(d, t, err));

	if (!failed && t->exists && !t->made && d->load->mode != MODE_APPEND && d->load->mode != MODE_REPLACE)
		failed = check_unique(d, t, err);
	if (!failed && t->exists) {
		buf_addf(&sql, "SELECT 1 FROM %s LIMIT 1", t->quoted);
		failed = session_number(d, buf_str(&sql), NULL, &any, err);
	}
	t->empty = !any;
	t->calm = any != 0;
	buf_release(&sql);
	return failed ? -1 : 0;
}

int table_ready(struct database *d, struct table *t, struct error *err)
{
	struct record schema;
	struct value properties;
	int failed;

	if (t->exists)
		return 1;
	failed = declared_schema(buf_span(&t->declared), &schema, err);
	if (!failed && !t->looked) {
		t->looked = true;
		failed = table_find(d, t, err) || (t->exists && evolve(d, t, &schema, err));
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
	int failed = declared_schema(buf_span(&t->declared), &schema, err) || evolve(d, t, &schema, err);

	if (!failed)
		declare_columns(t, &schema);
	record_release(&schema);
	return failed ? -1 : 0;
}

void table_forget_columns(struct table *t)
{
	uint32_t i;

	for (i = 0; i < t->columns; i++) {
		free((char *)(uintptr_t)t->column[i].name.p);
		free(t->column[i].quoted);
		free(t->column[i].declared);
		free(t->column[i].base);
		free(t->column[i].collation);
		free(t->column[i].equals);
		free(t->column[i].at_least);
		free(t->column[i].parked);
		free(t->column[i].sequence);
	}
	t->columns = 0;
}

void table_free(struct table *t)
{
	table_forget_columns(t);
	free(t->column);
	free(t->key);
	free(t->name);
	free(t->schema);
	free(t->relation);
	free(t->quoted);
	buf_release(&t->declared);
	buf_release(&t->key_names);
	held_release(&t->held);
	spool_release(&t->spool);
	arena_release(&t->arena);
	free(t);
}
