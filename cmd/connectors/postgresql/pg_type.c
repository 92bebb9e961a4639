/* pg_type: types of the catalogue, and whether their binary form is known here. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "json/record.h"
#include "pg.h"

/* Types of pg_catalog whose binary form never changed. */
static enum pg_kind kind_of_name(const char *schema, const char *name)
{
	static const struct { const char *name; enum pg_kind kind; } known[] = {
		{ "bool", PG_BOOL }, { "int2", PG_INT2 }, { "int4", PG_INT4 }, { "int8", PG_INT8 }, { "oid", PG_OID }, { "float4", PG_FLOAT4 },
		{ "float8", PG_FLOAT8 }, { "numeric", PG_NUMERIC }, { "text", PG_TEXT }, { "varchar", PG_TEXT }, { "bpchar", PG_TEXT },
		{ "name", PG_TEXT }, { "xml", PG_TEXT }, { "unknown", PG_TEXT }, { "char", PG_CHAR }, { "bytea", PG_BYTEA }, { "uuid", PG_UUID },
		{ "date", PG_DATE }, { "time", PG_TIME }, { "timetz", PG_TIMETZ }, { "timestamp", PG_TIMESTAMP },
		{ "timestamptz", PG_TIMESTAMPTZ }, { "interval", PG_INTERVAL }, { "json", PG_JSON }, { "jsonb", PG_JSONB },
		{ "inet", PG_INET }, { "cidr", PG_CIDR }, { "macaddr", PG_MACADDR }, { "macaddr8", PG_MACADDR }, { "bit", PG_BIT },
		{ "varbit", PG_BIT },
	};
	static const struct { const char *name; enum pg_kind kind; } extensions[] = {
		{ "hstore", PG_HSTORE }, { "citext", PG_TEXT }, { "ltree", PG_LTREE },
	};
	size_t i;

	if (!strcmp(schema, "pg_catalog")) {
		for (i = 0; i < sizeof known / sizeof *known; i++)
			if (!strcmp(name, known[i].name))
				return known[i].kind;
		return PG_AS_TEXT;
	}
	for (i = 0; i < sizeof extensions / sizeof *extensions; i++)
		if (!strcmp(name, extensions[i].name))
			return extensions[i].kind;
	return PG_AS_TEXT;
}

static Oid oid_of(PGresult *r, int row, int column)
{
	return PQgetisnull(r, row, column) ? 0 : (Oid)strtoul(PQgetvalue(r, row, column), NULL, 10);
}

static int read_fields(struct pg *pg, struct pg_type *t, const char *relation, struct error *err)
{
	PGresult *r = pg_query(pg, "SELECT attname, atttypid, atttypmod FROM pg_catalog.pg_attribute WHERE attrelid=$1::pg_catalog.oid AND attnum>0 "
			       "AND NOT attisdropped ORDER BY attnum", 1, &relation, "read the types of", err);
	struct buf lead = BUF_INIT;
	int i, failed = r ? 0 : -1;

	t->fields = r ? (uint32_t)PQntuples(r) : 0;
	t->field = arena_zalloc(&pg->arena, (t->fields + 1) * sizeof *t->field);
	t->plain = true;
	for (i = 0; !failed && i < (int)t->fields; i++) {
		t->field[i].name = arena_dup(&pg->arena, PQgetvalue(r, i, 0), (size_t)PQgetlength(r, i, 0));
		t->field[i].typmod = (int32_t)strtol(PQgetvalue(r, i, 2), NULL, 10);
		buf_reset(&lead);
		if (json_add_string(&lead, span_of(t->field[i].name)))
			failed = error_set(err, EXIT_FAILED, "a field of type '%s' has a name that is no UTF-8", t->name);
		buf_addc(&lead, ':');
		t->field[i].lead = arena_span(&pg->arena, buf_span(&lead));
		t->field[i].type = failed ? NULL : pg_type_of(pg, oid_of(r, i, 1), err);
		failed = failed || !t->field[i].type ? -1 : 0;
		t->plain = t->plain && !failed && t->field[i].type->plain;
	}
	buf_release(&lead);
	PQclear(r);
	return failed;
}

static int take_element(struct pg *pg, struct pg_type *t, enum pg_kind kind, Oid element, struct error *err)
{
	t->kind = kind;
	t->element = pg_type_of(pg, element, err);
	if (!t->element)
		return -1;
	t->plain = t->element->plain;
	return 0;
}

/* A domain reads as its base, under its own name. */
static int take_base(struct pg *pg, struct pg_type *t, Oid base, int32_t typmod, struct error *err)
{
	const struct pg_type *b = pg_type_of(pg, base, err);
	const struct pg_type own = *t;

	if (!b)
		return -1;
	*t = *b;
	t->oid = own.oid;
	t->name = own.name;
	t->typmod = typmod >= 0 ? typmod : b->typmod;
	return 0;
}

/* Columns: typtype, schema, name, format_type, typelem, typrelid, typbasetype, range's subtype, multirange's range, subscripted as an array, delimiter,
   base's typmod */
static int take_row(struct pg *pg, struct pg_type *t, PGresult *r, struct error *err)
{
	char kind = *PQgetvalue(r, 0, 0);

	t->delimiter = *PQgetvalue(r, 0, 10);
	if (*PQgetvalue(r, 0, 9) == 't')
		return take_element(pg, t, PG_ARRAY, oid_of(r, 0, 4), err);
	switch (kind) {
	case 'd':
		return take_base(pg, t, oid_of(r, 0, 6), (int32_t)strtol(PQgetvalue(r, 0, 11), NULL, 10), err);
	case 'e':
		t->kind = PG_TEXT;
		t->is_enum = t->plain = true;
		return 0;
	case 'c':
		t->kind = PG_COMPOSITE;
		return read_fields(pg, t, PQgetvalue(r, 0, 5), err);
	case 'r':
		return take_element(pg, t, PG_RANGE, oid_of(r, 0, 7), err);
	case 'm':
		return take_element(pg, t, PG_MULTIRANGE, oid_of(r, 0, 8), err);
	default:
		t->kind = kind_of_name(PQgetvalue(r, 0, 1), PQgetvalue(r, 0, 2));
		t->plain = t->kind != PG_AS_TEXT;
		return 0;
	}
}

static struct pg_type *read_type(struct pg *pg, Oid oid, struct error *err)
{
	static const char head[] = "SELECT t.typtype, n.nspname, t.typname, pg_catalog.format_type(t.oid, NULL), t.typelem, t.typrelid, "
		"t.typbasetype, (SELECT rngsubtype FROM pg_catalog.pg_range WHERE rngtypid=t.oid), ";
	static const char tail[] = ", t.typlen=-1 AND t.typelem<>0 AND t.typcategory='A', t.typdelim, t.typtypmod FROM pg_catalog.pg_type t "
		"JOIN pg_catalog.pg_namespace n ON n.oid=t.typnamespace WHERE t.oid=$1::pg_catalog.oid";
	struct pg_type *t = arena_zalloc(&pg->arena, sizeof *t);
	struct buf sql = BUF_INIT;
	char text[16];
	const char *value = text;
	PGresult *r;
	int failed;

	snprintf(text, sizeof text, "%u", oid);
	buf_addf(&sql, "%s%s%s", head, pg->version >= 140000 ? "(SELECT rngtypid FROM pg_catalog.pg_range WHERE rngmultitypid=t.oid)" : "0", tail);
	r = pg_query(pg, buf_str(&sql), 1, &value, "read the types of", err);
	buf_release(&sql);
	if (!r)
		return NULL;
	failed = PQntuples(r) ? 0 : error_set(err, EXIT_FAILED, "'%s': there is no type %u", error_show(span_of(pg->shown)), oid);
	t->oid = oid;
	t->typmod = -1;
	if (!failed) {
		t->name = arena_dup(&pg->arena, PQgetvalue(r, 0, 3), (size_t)PQgetlength(r, 0, 3));
		failed = take_row(pg, t, r, err);
	}
	PQclear(r);
	return failed ? NULL : t;
}

struct pg_type *pg_type_of(struct pg *pg, Oid oid, struct error *err)
{
	struct pg_type *t;
	uint32_t i;

	for (i = 0; i < pg->types; i++)
		if (pg->type[i]->oid == oid)
			return pg->type[i];
	t = read_type(pg, oid, err);
	if (!t)
		return NULL;
	XGROW(pg->type, pg->types, pg->cap);
	pg->type[pg->types++] = t;
	return t;
}
