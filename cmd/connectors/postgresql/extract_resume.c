/*
 * extract_resume: a first read with --state goes in the order of the key, with checkpoints; one that was broken off goes on
 * behind the key of the last.
 *
 * Both parts read what was written before the first one's bound, and the next delta begins there. So what changes between them
 * comes with that delta, wherever its key lies, and no row is skipped or comes twice. The token has, beside the delta's
 * own, the last key's values as text and what their order depends on: a collation's version may change.
 */
#include <stdlib.h>

#include "base/xalloc.h"
#include "extract.h"

/* ---- the order */

enum { EQUAL = 3, AT_LEAST = 4, GREATER = 5 };	/* a B-tree's strategies */

/* r: strategy, schema, name */
static char *operator_of(PGresult *r, int strategy)
{
	static const char *const usual[] = { [EQUAL] = "=", [AT_LEAST] = ">=", [GREATER] = ">" };
	struct buf b = BUF_INIT;
	int i;

	for (i = 0; i < PQntuples(r); i++)
		if (*PQgetvalue(r, i, 0) == '0' + strategy) {
			buf_adds(&b, "OPERATOR(");
			sql_add_identifier(&b, span_of(PQgetvalue(r, i, 1)));
			buf_addf(&b, ".%s)", PQgetvalue(r, i, 2));
		}
	if (!b.n)
		buf_addf(&b, "OPERATOR(pg_catalog.%s)", usual[strategy]);
	return buf_take(&b);
}

/*
 * ORDER BY takes the operators of the type's default class, a name in SQL those of the search path: so they are asked for. A
 * type without a class of its own is compared as one of pg_catalog.
 */
static int read_operators(struct extract *x, struct table *t, uint32_t i, struct error *err)
{
	static const char sql[] = "SELECT a.amopstrategy, n.nspname, o.oprname FROM pg_catalog.pg_attribute c JOIN pg_catalog.pg_type t ON t.oid=c.atttypid JOIN pg_catalog.pg_opclass p ON p.opcintype="
		"CASE WHEN t.typtype='d' THEN t.typbasetype ELSE t.oid END AND p.opcdefault AND p.opcmethod=403 JOIN pg_catalog.pg_amop a ON "
		"a.amopfamily=p.opcfamily AND a.amoplefttype=p.opcintype AND a.amoprighttype=p.opcintype JOIN pg_catalog.pg_operator o ON "
		"o.oid=a.amopopr JOIN pg_catalog.pg_namespace n ON n.oid=o.oprnamespace WHERE c.attrelid=$1::pg_catalog.oid AND c.attname=$2";
	const char *values[] = { t->oid, t->column[t->key[i]].name };
	PGresult *r = pg_query(&x->pg, sql, 2, values, "read the key of", err);

	if (!r)
		return -1;
	t->by[i] = (struct pg_order){ operator_of(r, GREATER), operator_of(r, EQUAL), operator_of(r, AT_LEAST) };
	PQclear(r);
	return 0;
}

/*
 * The key's columns, their types, their collations and the versions of these, as text. The database's own collation is one of
 * libc's under its name, or has a function.
 */
static int read_order(struct extract *x, struct table *t, struct error *err)
{
	static const char own[] = "CASE WHEN d.datlocprovider='c' THEN NULL ELSE pg_catalog.pg_database_collation_actual_version(d.oid) END";
	struct buf sql = BUF_INIT;
	const char *oid = t->oid;
	PGresult *r;
	uint32_t i;

	buf_addf(&sql, "SELECT pg_catalog.string_agg(a.attname || ' ' || pg_catalog.format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attcollation=100 "
		 "THEN ' ' || d.datcollate || ' ' || coalesce(%s, (SELECT pg_catalog.pg_collation_actual_version(l.oid) FROM pg_catalog.pg_collation l "
		 "WHERE l.collprovider='c' AND l.collcollate=d.datcollate LIMIT 1), '') WHEN c.oid IS NULL THEN '' ELSE ' ' || c.oid::pg_catalog.text || ' ' || "
		 "coalesce(pg_catalog.pg_collation_actual_version(c.oid), '') END, ', ' ORDER BY k.place) FROM pg_catalog.unnest(ARRAY[",
		 x->pg.version >= 150000 ? own : "NULL");
	for (i = 0; i < t->keys; i++) {
		buf_adds(&sql, i ? "," : "");
		pg_add_literal(&sql, span_of(t->column[t->key[i]].name));
	}
	buf_adds(&sql, "]) WITH ORDINALITY AS k(name, place) JOIN pg_catalog.pg_attribute a ON a.attname=k.name AND a.attrelid=$1::pg_catalog.oid "
		 "LEFT JOIN pg_catalog.pg_collation c ON c.oid=a.attcollation, pg_catalog.pg_database d WHERE d.datname=pg_catalog.current_database()");
	r = pg_query(&x->pg, buf_str(&sql), 1, &oid, "read the key of", err);
	buf_release(&sql);
	if (!r)
		return -1;
	t->order = xstrdup(PQgetvalue(r, 0, 0));
	PQclear(r);
	return 0;
}

static const char *value_after(const struct table *t, uint32_t i)
{
	return json_string_value(json_object_get(json_object_get(t->after, "after"), t->column[t->key[i]].name));
}

/* The token's key is the table's, in the same order. */
static int check_after(const struct table *t, struct error *err)
{
	const char *order = json_string_value(json_object_get(t->after, "order"));
	bool same = order && !strcmp(order, t->order);
	uint32_t i;

	for (i = 0; same && i < t->keys; i++)
		same = value_after(t, i) != NULL;
	return same ? 0 : error_set(err, EXIT_FAILED, "the first read of '%s' was broken off, and its key, or the order of its text, is another now: "
				    "start anew with --reset", error_show(span_of(t->name)));
}

int resume_prepare(struct extract *x, struct error *err)
{
	struct table *t;
	uint32_t i, j;

	for (i = 0; x->o->state && i < x->tables; i++) {
		t = &x->table[i];
		t->ordered = t->keys && !t->query && (t->after || (!t->seen && x->o->jobs < 2));
		if (!t->ordered && !t->after)
			continue;
		t->by = xcalloc(t->keys + 1, sizeof *t->by);
		for (j = 0; j < t->keys; j++)
			if (read_operators(x, t, j, err))
				return -1;
		if (read_order(x, t, err) || (t->after && check_after(t, err)))
			return -1;
		t->ordered = x->o->jobs < 2;
	}
	return 0;
}

/* ---- SQL */

static void add_column(const struct table *t, uint32_t i, struct buf *sql)
{
	buf_adds(sql, "q.");
	sql_add_identifier(sql, span_of(t->column[t->key[i]].name));
}

static void add_compared(const struct table *t, uint32_t i, const char *operator, struct buf *sql)
{
	add_column(t, i, sql);
	buf_addf(sql, " %s ", operator);
	pg_add_literal(sql, span_of(value_after(t, i)));
	buf_addf(sql, "::%s", t->column[t->key[i]].declared);
}

/* a >= x, which an index serves, and a > x OR (a = x AND (b > y …)). */
void resume_where(const struct table *t, struct buf *sql)
{
	uint32_t i;

	add_compared(t, 0, t->by[0].least, sql);
	buf_adds(sql, " AND ");
	for (i = 0; i < t->keys; i++) {
		buf_addc(sql, '(');
		add_compared(t, i, t->by[i].greater, sql);
		if (i + 1 == t->keys)
			break;
		buf_adds(sql, " OR (");
		add_compared(t, i, t->by[i].equal, sql);
		buf_adds(sql, " AND ");
	}
	buf_addc(sql, ')');
	for (; i > 0; i--)
		buf_adds(sql, "))");
}

void resume_order(const struct table *t, struct buf *sql)
{
	uint32_t i;

	for (i = 0; i < t->keys; i++) {
		buf_adds(sql, i ? ", " : " ORDER BY ");
		add_column(t, i, sql);
	}
}

/* ---- checkpoints */

/* The values of the row's key as text; 0 where one can't be said. */
static int add_values(const struct extract *x, const struct table *t, struct bytes row, struct buf *token)
{
	struct bytes *v = xcalloc(t->columns, sizeof *v);
	struct buf text = BUF_INIT;
	uint32_t i;
	int got = 1;

	for (i = 0; got && i < t->columns; i++)
		if (take_value(&row, &v[i]) < 0)
			got = 0;
	for (i = 0; got && i < t->keys; i++) {
		const struct column *c = &t->column[t->key[i]];

		buf_reset(&text);
		buf_addc(token, i ? ',' : '{');
		json_add_string(token, span_of(c->name));
		buf_addc(token, ':');
		got = v[t->key[i]].p && !text_of(c->type->plain ? c->type : &x->pg_text, v[t->key[i]], &text) && !json_add_string(token, buf_span(&text));
	}
	buf_addc(token, '}');
	buf_release(&text);
	free(v);
	return got;
}

int resume_row(struct extract *x, const struct table *t, struct bytes row, struct error *err)
{
	struct buf token = BUF_INIT;
	int failed = 0;

	if (!pace_due_at(&x->pace, x->tool->writer.bytes, counts_get(&x->tool->read, t->stream)))
		return 0;
	delta_token(x, t, &token);
	buf_adds(&token, ",\"order\":");
	json_add_string(&token, span_of(t->order));
	buf_adds(&token, ",\"after\":");
	if (add_values(x, t, row, &token)) {
		buf_addc(&token, '}');
		failed = writer_checkpoint(&x->tool->writer, t->stream, buf_span(&token), err);
		pace_mark(&x->pace, x->tool->writer.bytes);
	}
	buf_release(&token);
	return failed;
}
