/* extract_memory: the schema that a table was made from, as sync-load keeps it. */
#include "any.h"
#include "extract.h"

static const char verb[] = "read the schemas in";

static enum column_kind kind_of_types(struct value type, enum column_kind otherwise)
{
	static const struct { const char *word; enum column_kind kind; } words[] = {
		{ "string", COLUMN_TEXT }, { "number", COLUMN_NUMBER }, { "integer", COLUMN_INTEGER }, { "boolean", COLUMN_BOOLEAN },
	};
	struct walk walk;
	struct value each;
	size_t i;

	for (i = 0; i < sizeof words / sizeof *words; i++) {
		if (value_type(type) == TOKEN_STRING && value_text_is(type, span_of(words[i].word)))
			return words[i].kind;
		if (value_type(type) != TOKEN_ARRAY)
			continue;
		for (walk = (struct walk){ 0, 0, 0 }; value_next(type, &walk, NULL, &each); )
			if (value_type(each) == TOKEN_STRING && value_text_is(each, span_of(words[i].word)))
				return words[i].kind;
	}
	return otherwise;
}

static void take_property(struct column *c, struct value v)
{
	struct buf text = BUF_INIT;
	struct value type, encoding;

	if (value_type(v) == TOKEN_OBJECT && value_member(v, SPAN_LIT("type"), &type))
		c->kind = kind_of_types(type, c->kind);
	if (any_is(v))
		c->kind = COLUMN_JSON;
	if (value_type(v) == TOKEN_OBJECT && value_member(v, SPAN_LIT("contentEncoding"), &encoding) && value_type(encoding) == TOKEN_STRING &&
	    value_text_is(encoding, SPAN_LIT("base64")))
		c->kind = COLUMN_BLOB;
	value_write(v, &text);
	c->property = buf_take(&text);
}

static void take_schema(struct extract *x, struct table *t, struct span text)
{
	const struct scan_limits limits = { 1000, UINT32_MAX / 2 };
	struct error ignored;
	struct value properties, v;
	uint32_t i;

	if (memchr(text.p, '\n', text.n) || record_copy(&x->scratch, text.p, text.n, &limits, &ignored) || !record_is_object(&x->scratch) ||
	    !value_member(record_root(&x->scratch), SPAN_LIT("properties"), &properties) || value_type(properties) != TOKEN_OBJECT)
		return;	/* nothing that could be used: the table's own types do */
	for (i = 0; i < t->columns; i++)
		if (!t->column[i].generated && value_member(properties, span_of(t->column[i].name), &v))
			take_property(&t->column[i], v);
}

int memory_read(struct extract *x, struct table *t, struct error *err)
{
	sqlite3_stmt *s = db_prepare(&x->db, "SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND name = '_sync_schema'", verb, err);
	int got = s ? db_step(&x->db, s, verb, err) : -1;

	sqlite3_finalize(s);
	if (got <= 0)
		return got;
	s = db_prepare(&x->db, "SELECT schema FROM main._sync_schema WHERE name = ?1", verb, err);
	if (!s)
		return -1;
	sqlite3_bind_text(s, 1, t->name, -1, SQLITE_STATIC);
	got = db_step(&x->db, s, verb, err);
	if (got > 0 && sqlite3_column_type(s, 0) == SQLITE_TEXT) {
		const char *text = (const char *)sqlite3_column_text(s, 0);

		take_schema(x, t, (struct span){ text, (size_t)sqlite3_column_bytes(s, 0) });
	}
	sqlite3_finalize(s);
	return got < 0 ? -1 : 0;
}
