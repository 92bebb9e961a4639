/* lookup: a table of values by other values. */
#include "map/lookup.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "endpoint/exec.h"
#include "set/table.h"
#include "stream/reader.h"

struct row {
	uint64_t at;		/* in values */
	uint32_t len, pad;
};

struct lookup {
	struct table table;	/* owned: rows by the hash of their key */
	struct hash_key secret;
	struct memory *memory;	/* borrowed; charged with values too */
	struct buf values;	/* owned: JSON texts, one after the other */
	bool text;		/* keys are compared as texts */
	bool untyped;		/* so are the values */
	unsigned types;
};

struct lookup *lookup_new(struct memory *memory, bool text)
{
	struct lookup *l = xcalloc(1, sizeof *l);

	l->memory = memory;
	l->text = text;
	hash_key_random(&l->secret);
	table_init_small(&l->table, sizeof(struct row), memory);
	return l;
}

void lookup_free(struct lookup *l)
{
	if (!l)
		return;
	table_release(&l->table);
	memory_give(l->memory, l->values.cap);
	buf_release(&l->values);
	free(l);
}

unsigned lookup_types(const struct lookup *l) { return l->types; }
bool lookup_untyped(const struct lookup *l) { return l->untyped; }

unsigned lookup_type(struct value v)
{
	static const unsigned char of[] = {
		[TOKEN_NULL] = LOOKUP_NULL, [TOKEN_FALSE] = LOOKUP_BOOLEAN, [TOKEN_TRUE] = LOOKUP_BOOLEAN, [TOKEN_NUMBER] = LOOKUP_NUMBER,
		[TOKEN_STRING] = LOOKUP_STRING, [TOKEN_ARRAY] = LOOKUP_ARRAY, [TOKEN_OBJECT] = LOOKUP_OBJECT,
	};
	enum token_type type = value_type(v);

	return 1u << (type == TOKEN_NUMBER && (value_token(v)->flags & TOKEN_INTEGER) ? LOOKUP_INTEGER : of[type]);
}

static struct hash128 hash_of(const struct lookup *l, struct value key, struct arena *arena)
{
	struct span text;

	if (!l->text || value_type(key) >= TOKEN_ARRAY)
		return value_hash(key, &l->secret, 0);
	text = value_type(key) == TOKEN_STRING ? value_text(key, arena) : value_bytes(key);
	return hash_bytes(text.p, text.n, &l->secret);
}

/* Adds to values; *at is where. */
static int keep(struct lookup *l, struct value value, struct row *row, struct error *err)
{
	size_t cap = l->values.cap;

	row->at = l->values.n;
	value_write(value, &l->values);
	row->len = (uint32_t)(l->values.n - row->at);
	if (l->values.cap != cap && !memory_take(l->memory, l->values.cap - cap)) {
		memory_force(l->memory, l->values.cap - cap);
		return error_set(err, EXIT_FAILED, "the table takes more than --memory allows");
	}
	l->types |= lookup_type(value);
	return 0;
}

static int again(const struct lookup *l, const struct row *row, struct value key, struct value value, struct error *err)
{
	struct buf text = BUF_INIT;
	struct span old = { l->values.p + row->at, row->len };
	bool same;

	value_write(value, &text);
	same = span_eq(buf_span(&text), old);
	buf_release(&text);
	return same ? 0 : error_set(err, EXIT_FAILED, "'%s' stands there twice, with different values", error_show(value_bytes(key)));
}

int lookup_add(struct lookup *l, struct value key, struct value value, struct error *err)
{
	struct arena arena = ARENA_INIT;
	struct hash128 hash = hash_of(l, key, &arena);
	struct row *row;
	bool added;

	arena_release(&arena);
	row = table_put(&l->table, hash, &added);
	if (!row)
		return error_set(err, EXIT_FAILED, "the table takes more than --memory allows");
	return added ? keep(l, value, row, err) : again(l, row, key, value, err);
}

struct span lookup_find(const struct lookup *l, struct value key, struct arena *arena)
{
	const struct row *row = table_find(&l->table, hash_of(l, key, arena));

	return row ? (struct span){ l->values.p + row->at, row->len } : (struct span){ NULL, 0 };
}

/* ---- from an endpoint */

struct reading {
	struct lookup *l;
	const struct path *from, *to;
	struct cursor from_cursor, to_cursor;
	struct streams streams;
	uint32_t stream;	/* the only one */
	bool any;
	uint64_t rows, found_from, found_to;
};

static bool is_untyped(const struct meta *meta, const struct path *path)
{
	struct value v;
	uint32_t i;

	if (!meta_member(meta, "schema", &v))
		return false;
	for (i = 0; i < path->n; i++)
		if (!value_member(v, SPAN_LIT("properties"), &v) || !value_member(v, path->step[i].name, &v))
			return false;
	return value_member(v, SPAN_LIT("x-type"), &v) && value_type(v) == TOKEN_STRING && value_text_is(v, SPAN_LIT("untyped"));
}

static int one_stream(struct reading *r, const struct meta *meta, struct error *err)
{
	if (r->any && meta->stream != r->stream)
		return error_set(err, EXIT_USAGE, "it holds several streams: name one, as in '#%s'", streams_name(&r->streams, meta->stream));
	r->any = true;
	r->stream = meta->stream;
	return 0;
}

static int take_row(struct reading *r, const struct record *rec, struct error *err)
{
	static const char null_text[] = "null";
	struct value key, value;
	struct record none;
	struct scan_limits limits = SCAN_LIMITS_INIT;
	int failed;

	r->rows++;
	if (!record_get(rec, r->from, &r->from_cursor, &key))
		return 0;
	r->found_from++;
	if (value_type(key) == TOKEN_NULL)
		return 0;
	if (record_get(rec, r->to, &r->to_cursor, &value)) {
		r->found_to++;
		return lookup_add(r->l, key, value, err);
	}
	record_init(&none);
	failed = record_copy(&none, null_text, 4, &limits, err) || lookup_add(r->l, key, record_root(&none), err);
	record_release(&none);
	return failed ? -1 : 0;
}

static int take_line(struct reading *r, int what, const struct record *rec, const struct meta *meta, struct error *err)
{
	if (what == READER_BAD)
		return -1;
	if (what == READER_RECORD)
		return one_stream(r, meta, err) ? -1 : take_row(r, rec, err);
	if (meta->op != OP_SCHEMA)
		return 0;
	r->l->text = r->l->text || is_untyped(meta, r->from);
	r->l->untyped = r->l->untyped || is_untyped(meta, r->to);
	return one_stream(r, meta, err);
}

static int read_all(struct reading *r, int fd, const char *operand, const struct scan_limits *limits, struct error *err)
{
	struct reader_options opt = READER_OPTIONS_INIT;
	struct reader reader;
	struct record rec;
	struct meta meta;
	int what;

	opt.limits = *limits;
	record_init(&rec);
	reader_open(&reader, fd, operand, &r->streams, &opt);
	while ((what = reader_next(&reader, &rec, &meta, err)) > 0) {
		if (!take_line(r, what, &rec, &meta, err))
			continue;
		if (what == READER_RECORD)
			error_prefix(err, "row %llu", (unsigned long long)r->rows);
		error_prefix(err, "%s", operand);
		what = -1;
		break;
	}
	reader_close(&reader);
	record_release(&rec);
	return what;
}

/* A misspelt name would make every lookup fail. */
static int check_names(const struct reading *r, const char *operand, struct error *err)
{
	if (r->rows && !r->found_from)
		return error_set(err, EXIT_USAGE, "'%s' has no field '%s'", operand, error_show(r->from->text));
	if (r->rows && !r->found_to)
		return error_set(err, EXIT_USAGE, "'%s' has no field '%s'", operand, error_show(r->to->text));
	return 0;
}

int lookup_read(struct lookup *l, const char *operand, const struct path *from, const struct path *to, const struct scan_limits *limits,
		struct error *err)
{
	struct reading r = { .l = l, .from = from, .to = to };
	struct extraction x;
	struct error end = ERROR_INIT;
	int failed;

	if (extraction_start(&x, operand, NULL, err))
		return -1;
	streams_init(&r.streams);
	failed = read_all(&r, x.fd, operand, limits, err);
	if (extraction_end(&x, &end) && (!failed || end.status == EXIT_AGAIN)) {
		*err = end;
		failed = -1;
	}
	streams_release(&r.streams);
	return failed ? -1 : check_names(&r, operand, err);
}
