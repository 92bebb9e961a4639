/*
 * extract_schema: a table as a JSON Schema.
 *
 * A column's type is that of its declared type's affinity (https://www.sqlite.org/datatype3.html, §3.1); `x-type` keeps
 * the declaration. A value off its column's type is written as it is where JSON has it, else as canonical Extended
 * JSON v2, which `x-values` says: a blob in a column not declared so, text in one that is, an infinity where no number
 * was declared.
 */
#include "extract.h"

static bool holds(const char *declared, const char *word)
{
	size_t n = strlen(word);

	for (; *declared; declared++)
		if (!sqlite3_strnicmp(declared, word, (int)n))
			return true;
	return false;
}

/* SQLite's own rules in their order, then what of NUMERIC affinity is surely a number. */
enum column_kind kind_of(const char *declared)
{
	static const struct { const char *word; enum column_kind kind; } rules[] = {
		{ "INT", COLUMN_INTEGER }, { "CHAR", COLUMN_TEXT }, { "CLOB", COLUMN_TEXT }, { "TEXT", COLUMN_TEXT },
		{ "BLOB", COLUMN_BLOB }, { "REAL", COLUMN_NUMBER }, { "FLOA", COLUMN_NUMBER }, { "DOUB", COLUMN_NUMBER },
		{ "BOOL", COLUMN_BOOLEAN }, { "DECIMAL", COLUMN_NUMBER }, { "NUMERIC", COLUMN_NUMBER }, { "NUMBER", COLUMN_NUMBER },
	};
	size_t i;

	if (!*declared || !sqlite3_stricmp(declared, "ANY"))
		return COLUMN_ANY;
	for (i = 0; i < sizeof rules / sizeof *rules; i++)
		if (holds(declared, rules[i].word))
			return rules[i].kind;
	return COLUMN_LOOSE;
}

static void add_type(const struct column *c, struct buf *b)
{
	static const char *const types[] = {
		[COLUMN_ANY] = NULL, [COLUMN_LOOSE] = "\"string\",\"number\"", [COLUMN_INTEGER] = "\"integer\"",
		[COLUMN_NUMBER] = "\"number\"", [COLUMN_BOOLEAN] = "\"boolean\"", [COLUMN_TEXT] = "\"string\"", [COLUMN_BLOB] = "\"string\"",
		[COLUMN_JSON] = NULL,
	};
	const char *type = types[c->kind];

	if (!type)
		return;
	if (c->not_null)
		buf_addf(b, c->kind == COLUMN_LOOSE ? "\"type\":[%s]," : "\"type\":%s,", type);
	else
		buf_addf(b, "\"type\":[%s,\"null\"],", type);
}

static int add_declared(const struct column *c, struct buf *b, struct error *err)
{
	struct buf type = BUF_INIT;
	int failed;

	buf_addf(&type, "sqlite:%s", c->declared);
	buf_adds(b, "\"x-type\":");
	failed = json_add_string(b, buf_span(&type));
	buf_release(&type);
	return failed ? error_set(err, EXIT_FAILED, "the type of column '%s' is no UTF-8", error_show(span_of(c->name))) : 0;
}

static int add_property(const struct column *c, struct buf *b, struct error *err)
{
	if (c->property) {
		buf_adds(b, c->property);
		return 0;
	}
	buf_addc(b, '{');
	add_type(c, b);
	if (c->kind == COLUMN_BLOB)
		buf_adds(b, "\"contentEncoding\":\"base64\",");
	if (c->generated)
		buf_adds(b, "\"readOnly\":true,");
	if (add_declared(c, b, err))
		return -1;
	buf_addc(b, '}');
	return 0;
}

static int add_properties(const struct table *t, struct buf *b, struct error *err)
{
	const struct column *c;
	uint32_t i;

	buf_adds(b, ",\"properties\":{");
	for (i = 0; i < t->columns; i++) {
		c = &t->column[i];
		if (i)
			buf_addc(b, ',');
		buf_add(b, c->lead, c->lead_len);
		if (add_property(c, b, err))
			return -1;
	}
	buf_addc(b, '}');
	return 0;
}

/* A column's name as a JSON string, as records have it. */
static void add_name(const struct column *c, struct buf *b)
{
	buf_add(b, c->lead, c->lead_len - 1);
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
	if (*before == ',' && !before[1])
		buf_addc(b, ']');
}

/* ---- foreign keys: `x-references`, in the words of a rules file: [{"fields":["venue"],"in":"venues","key":["id"]}] */

struct reference {
	struct buf fields, key;
	bool named;		/* the parent's columns are named; else its primary key is meant */
};

static void end_reference(struct reference *r, struct buf *b)
{
	if (!r->fields.n)
		return;
	buf_addf(b, "%.*s]", (int)r->fields.n, r->fields.p);
	if (r->named)
		buf_addf(b, ",\"key\":[%.*s]", (int)r->key.n, r->key.p);
	buf_addc(b, '}');
	buf_reset(&r->fields);
	buf_reset(&r->key);
	r->named = false;
}

static const char *text_of(sqlite3_stmt *s, int i)
{
	const char *text = (const char *)sqlite3_column_text(s, i);

	return text ? text : "";
}

static void add_reference_row(const struct table *t, sqlite3_stmt *s, struct reference *r, bool *any, struct buf *b)
{
	const struct column *c = table_column(t, text_of(s, 2));

	if (sqlite3_column_int(s, 0) == 0) {
		end_reference(r, b);
		buf_adds(b, *any ? "," : ",\"x-references\":[");
		*any = true;
		buf_adds(b, "{\"in\":");
		json_add_string(b, span_of(text_of(s, 1)));
		buf_adds(&r->fields, ",\"fields\":[");
	} else {
		buf_addc(&r->fields, ',');
		buf_addc(&r->key, ',');
	}
	if (c)
		add_name(c, &r->fields);
	r->named = sqlite3_column_type(s, 3) != SQLITE_NULL;
	json_add_string(&r->key, span_of(text_of(s, 3)));
}

static int add_references(struct extract *x, const struct table *t, struct buf *b, struct error *err)
{
	sqlite3_stmt *s;
	struct reference r = { BUF_INIT, BUF_INIT, false };
	bool any = false;
	int got;

	if (t->view)
		return 0;
	s = db_prepare(&x->db, "SELECT seq, \"table\", \"from\", \"to\" FROM pragma_foreign_key_list(?1) ORDER BY id DESC, seq",
		       "read the schema of", err);
	if (!s)
		return -1;
	sqlite3_bind_text(s, 1, t->name, -1, SQLITE_STATIC);
	while ((got = db_step(&x->db, s, "read the schema of", err)) > 0)
		add_reference_row(t, s, &r, &any, b);
	end_reference(&r, b);
	if (any)
		buf_addc(b, ']');
	sqlite3_finalize(s);
	buf_release(&r.fields);
	buf_release(&r.key);
	return got;
}

/* ---- the frame */

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

int declare(struct extract *x, struct table *t, struct error *err)
{
	struct buf schema = BUF_INIT, key = BUF_INIT;
	int failed;

	buf_reset(&x->tag);
	if (x->tagged)
		buf_addf(&x->tag, "{\"_sync\":{\"stream\":%s},", x->tool->streams.entry[t->stream].json);
	else
		buf_addc(&x->tag, '{');
	if (t->declared)
		return 0;
	t->declared = true;
	buf_adds(&schema, "{\"type\":\"object\",\"x-absent\":null,\"x-values\":\"ejson\"");
	failed = add_properties(t, &schema, err);
	add_required(t, &schema);
	failed = failed || add_references(x, t, &schema, err);
	buf_addc(&schema, '}');
	add_key(t, &key);
	if (!failed)
		failed = writer_schema(&x->tool->writer, t->stream, x->key.n ? buf_span(&x->key) : buf_span(&key), buf_span(&schema), err);
	buf_release(&schema);
	buf_release(&key);
	return failed ? -1 : 0;
}
