/*
 * extract_schema: a table as a JSON Schema.
 *
 * `x-type` keeps the column's type with its modifiers; `x-values: ejson` says that a value may be {"$symbol":TEXT}, which
 * is its text in PostgreSQL. Foreign keys stand in `x-references`, checks in `x-checks`, comments in `description`.
 */
#include "extract.h"

static void add_string(struct buf *b, const char *text)
{
	if (json_add_string(b, span_of(text)))
		buf_adds(b, "\"\"");
}

static const char *type_word(const struct pg_type *t)
{
	switch (t->kind) {
	case PG_BOOL:
		return "boolean";
	case PG_INT2:
	case PG_INT4:
	case PG_INT8:
	case PG_OID:
		return "integer";
	case PG_FLOAT4:
	case PG_FLOAT8:
	case PG_NUMERIC:
		return "number";
	case PG_ARRAY:
		return "array";
	case PG_COMPOSITE:
	case PG_HSTORE:
		return "object";
	case PG_JSON:
	case PG_JSONB:
		return NULL;	/* any */
	default:
		return "string";
	}
}

static const char *format_of(const struct pg_type *t)
{
	switch (t->kind) {
	case PG_DATE:
		return "date";
	case PG_TIMESTAMP:
		return "local-date-time";
	case PG_TIMESTAMPTZ:
		return "date-time";
	case PG_INTERVAL:
		return "duration";
	case PG_UUID:
		return "uuid";
	default:
		return NULL;
	}
}

static int add_labels(struct extract *x, const struct pg_type *t, bool nullable, struct buf *b, struct error *err)
{
	char oid[16];
	const char *value = oid;
	PGresult *r;
	int i;

	snprintf(oid, sizeof oid, "%u", t->oid);
	r = pg_query(&x->pg, "SELECT e.enumlabel FROM pg_catalog.pg_enum e JOIN pg_catalog.pg_type t ON t.oid=$1::pg_catalog.oid WHERE e.enumtypid="
		     "CASE WHEN t.typbasetype<>0 THEN t.typbasetype ELSE t.oid END ORDER BY e.enumsortorder", 1, &value, "read the types of", err);
	if (!r)
		return -1;
	for (i = 0; i < PQntuples(r); i++) {
		buf_adds(b, i ? "," : ",\"enum\":[");
		add_string(b, PQgetvalue(r, i, 0));
	}
	if (i)
		buf_adds(b, nullable ? ",null]" : "]");
	PQclear(r);
	return 0;
}

/* A column, an element of an array, a field of a composite. */
static int add_property(struct extract *x, const struct pg_type *t, const char *declared, const struct column *c, struct buf *b,
			struct error *err)
{
	const char *type = t->plain ? type_word(t) : "string", *format = t->plain ? format_of(t) : NULL;
	bool nullable = !c || !c->not_null;
	struct buf own = BUF_INIT;

	buf_addc(b, '{');
	if (type)
		buf_addf(b, nullable ? "\"type\":[\"%s\",\"null\"]," : "\"type\":\"%s\",", type);
	if (format)
		buf_addf(b, "\"format\":\"%s\",", format);
	if (t->plain && t->kind == PG_BYTEA)
		buf_adds(b, "\"contentEncoding\":\"base64\",");
	if (c && c->length > 0)
		buf_addf(b, "\"maxLength\":%d,", c->length);
	if (c && c->generated)
		buf_adds(b, "\"readOnly\":true,");
	if (c && c->comment) {
		buf_adds(b, "\"description\":");
		add_string(b, c->comment);
		buf_addc(b, ',');
	}
	buf_addf(&own, "postgresql:%s", declared);
	buf_adds(b, "\"x-type\":");
	add_string(b, buf_str(&own));
	buf_release(&own);
	if (t->is_enum && add_labels(x, t, nullable, b, err))
		return -1;
	if (t->plain && t->kind == PG_ARRAY && t->element->kind != PG_JSON && t->element->kind != PG_JSONB) {
		buf_adds(b, ",\"x-items\":");
		if (add_property(x, t->element, t->element->name, NULL, b, err))
			return -1;
	}
	buf_addc(b, '}');
	return 0;
}

static int add_properties(struct extract *x, const struct table *t, struct buf *b, struct error *err)
{
	uint32_t i;

	buf_adds(b, ",\"properties\":{");
	for (i = 0; i < t->columns; i++) {
		if (i)
			buf_addc(b, ',');
		buf_addspan(b, buf_span(&t->column[i].lead));
		if (add_property(x, t->column[i].type, t->column[i].declared, &t->column[i], b, err))
			return -1;
	}
	buf_addc(b, '}');
	return 0;
}

static void add_name(const struct column *c, struct buf *b)
{
	buf_add(b, c->lead.p, c->lead.n - 1);
}

static void add_required(const struct table *t, struct buf *b)
{
	const char *before = ",\"required\":[";
	uint32_t i;

	for (i = 0; i < t->columns; i++) {
		if (!t->column[i].not_null)
			continue;
		buf_adds(b, before);
		add_name(&t->column[i], b);
		before = ",";
	}
	if (!before[1])
		buf_addc(b, ']');
}

/* {"in":TABLE,"fields":[…],"key":[…]} and {"name":…,"sql":…}, made by the server. */
static int add_constraints(struct extract *x, const struct table *t, struct buf *b, struct error *err)
{
	static const char references[] = "SELECT pg_catalog.json_agg(pg_catalog.json_build_object('in', CASE WHEN n.nspname=$2 THEN '' ELSE n.nspname||'.' END"
		"||f.relname, 'fields', (SELECT pg_catalog.json_agg(a.attname ORDER BY k.i) FROM pg_catalog.unnest(c.conkey) WITH ORDINALITY k(num, i) "
		"JOIN pg_catalog.pg_attribute a ON a.attrelid=c.conrelid AND a.attnum=k.num), 'key', (SELECT pg_catalog.json_agg(a.attname ORDER BY k.i) "
		"FROM pg_catalog.unnest(c.confkey) WITH ORDINALITY k(num, i) JOIN pg_catalog.pg_attribute a ON a.attrelid=c.confrelid AND a.attnum=k.num)) "
		"ORDER BY c.conname)::pg_catalog.jsonb::pg_catalog.text FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_class f ON f.oid=c.confrelid "
		"JOIN pg_catalog.pg_namespace n ON n.oid=f.relnamespace WHERE c.contype='f' AND c.conrelid=$1::pg_catalog.oid";
	static const char checks[] = "SELECT pg_catalog.json_agg(pg_catalog.json_build_object('name', conname, 'sql', pg_catalog.pg_get_constraintdef(oid)) "
		"ORDER BY conname)::pg_catalog.jsonb::pg_catalog.text FROM pg_catalog.pg_constraint WHERE contype='c' AND conrelid=$1::pg_catalog.oid";
	const char *values[] = { t->oid, x->pg.schema };
	const char *const sql[] = { references, checks }, *const names[] = { "x-references", "x-checks" };
	PGresult *r;
	int i;

	for (i = 0; i < 2; i++) {
		r = pg_query(&x->pg, sql[i], i ? 1 : 2, values, "read the constraints of", err);
		if (!r)
			return -1;
		if (!PQgetisnull(r, 0, 0))
			buf_addf(b, ",\"%s\":%s", names[i], PQgetvalue(r, 0, 0));
		PQclear(r);
	}
	return 0;
}

static void add_key(const struct table *t, struct buf *b)
{
	uint32_t i;

	for (i = 0; i < t->keys; i++) {
		buf_addc(b, i ? ',' : '[');
		add_name(&t->column[t->key[i]], b);
	}
	if (t->keys)
		buf_addc(b, ']');
}

void table_start(struct extract *x, const struct table *t)
{
	buf_reset(&x->tag);
	if (x->tagged)
		buf_addf(&x->tag, "{\"_sync\":{\"stream\":%s}%s", x->tool->streams.entry[t->stream].json, t->columns ? "," : "");
	else
		buf_addc(&x->tag, '{');
}

int declare(struct extract *x, struct table *t, struct error *err)
{
	struct buf schema = BUF_INIT, key = BUF_INIT;
	int failed;

	table_start(x, t);
	if (t->declared)
		return 0;
	t->declared = true;
	buf_adds(&schema, "{\"type\":\"object\",\"x-absent\":null,\"x-values\":\"ejson\"");
	if (t->comment) {
		buf_adds(&schema, ",\"description\":");
		add_string(&schema, t->comment);
	}
	failed = add_properties(x, t, &schema, err);
	add_required(t, &schema);
	failed = failed || (!t->query && add_constraints(x, t, &schema, err));
	buf_addc(&schema, '}');
	add_key(t, &key);
	if (!failed)
		failed = writer_schema(&x->tool->writer, t->stream, x->key.n ? buf_span(&x->key) : buf_span(&key), buf_span(&schema), err);
	buf_release(&schema);
	buf_release(&key);
	return failed ? -1 : 0;
}
