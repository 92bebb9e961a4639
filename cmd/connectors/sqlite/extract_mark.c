/*
 * extract_mark: how far a cursor has come: its last value, and which rows with that value were read.
 *
 * Rows are known by a digest of their text, so one that came later with the same value, or was changed without moving
 * it, is read, and none is read twice. As a token: {"cursor":"updated_at","type":"text","value":"2026-03-01","rows":
 * "HASH HASH"}; where more than MOST rows share the value, "count" and one "digest" of all of them in their order.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "extract.h"
#include "value/digest.h"
#include "value/number.h"

enum { MOST = 500, HASH = 12 };

struct mark {
	char *cursor;			/* owned */
	int type;			/* SQLITE_INTEGER, …; 0: nothing was read */
	int64_t integer;
	double real;
	struct buf text;
	unsigned char (*row)[HASH];	/* owned: of the rows with this value, the first MOST */
	bool taken[MOST];		/* of these, by mark_take */
	uint64_t rows;			/* how many there are */
	struct digest all;		/* of all of them */
	char all_hex[2 * HASH + 1];	/* of a token; "" where rows are known one by one */
};

struct mark *mark_new(const char *cursor)
{
	struct mark *m = xcalloc(1, sizeof *m);

	m->cursor = xstrdup(cursor);
	m->row = xcalloc(MOST, sizeof *m->row);
	digest_start(&m->all, HASH, SPAN_LIT(""));
	return m;
}

void mark_free(struct mark *m)
{
	if (!m)
		return;
	free(m->cursor);
	free(m->row);
	buf_release(&m->text);
	free(m);
}

bool mark_set(const struct mark *m)
{
	return m->type != 0;
}

bool mark_is_null(const struct mark *m)
{
	return m->type == SQLITE_NULL;
}

bool mark_by_row(const struct mark *m)
{
	return m->rows <= MOST;
}

/* ---- rows */

static void hash_row(struct span text, unsigned char out[HASH])
{
	struct digest d;

	digest_start(&d, HASH, SPAN_LIT(""));
	digest_add(&d, text.p, text.n);
	digest_end(&d, out);
}

static void forget_rows(struct mark *m)
{
	m->rows = 0;
	m->all_hex[0] = '\0';
	digest_start(&m->all, HASH, SPAN_LIT(""));
}

static void add_row(struct mark *m, struct span text)
{
	unsigned char hash[HASH];

	hash_row(text, hash);
	if (m->rows < MOST)
		memcpy(m->row[m->rows], hash, HASH);
	digest_add(&m->all, hash, HASH);
	m->rows++;
}

bool mark_take(struct mark *m, struct span text)
{
	unsigned char hash[HASH];
	uint64_t i;

	hash_row(text, hash);
	for (i = 0; i < m->rows && i < MOST; i++) {
		if (m->taken[i] || memcmp(m->row[i], hash, HASH))
			continue;
		m->taken[i] = true;
		return true;
	}
	return false;
}

static void all_hex(const struct mark *m, char out[2 * HASH + 1])
{
	struct digest d = m->all;

	if (m->all_hex[0])
		memcpy(out, m->all_hex, sizeof m->all_hex);
	else
		digest_end_hex(&d, out);
}

bool mark_same(const struct mark *a, const struct mark *b)
{
	char of_a[2 * HASH + 1], of_b[2 * HASH + 1];

	all_hex(a, of_a);
	all_hex(b, of_b);
	return a->rows == b->rows && !strcmp(of_a, of_b);
}

void mark_restart(struct mark *m, struct mark **was)
{
	struct mark *old = mark_new(m->cursor);
	struct mark swap = *old;

	*old = *m;
	*m = swap;
	m->type = old->type;
	m->integer = old->integer;
	m->real = old->real;
	buf_addspan(&m->text, buf_span(&old->text));
	*was = old;
}

/* ---- values */

static bool same_value(const struct mark *m, sqlite3_value *v, int type)
{
	if (m->type == SQLITE_NULL || type == SQLITE_NULL)
		return m->type == type;
	if (m->type == SQLITE_TEXT || type == SQLITE_TEXT)
		return m->type == type && span_eq(buf_span(&m->text), (struct span){ (const char *)sqlite3_value_text(v),
						  (size_t)sqlite3_value_bytes(v) });
	if (m->type == SQLITE_INTEGER && type == SQLITE_INTEGER)
		return m->integer == sqlite3_value_int64(v);
	return (m->type == SQLITE_INTEGER ? (double)m->integer : m->real) == sqlite3_value_double(v);
}

int mark_note(struct mark *m, sqlite3_value *v, struct span text, struct error *err)
{
	int type = sqlite3_value_type(v);

	if (type == SQLITE_BLOB)
		return error_set(err, EXIT_FAILED, "--cursor: '%s' holds a blob, which has no order to go on from", m->cursor);
	if (!mark_set(m) || !same_value(m, v, type)) {
		m->type = type;
		m->integer = type == SQLITE_INTEGER ? sqlite3_value_int64(v) : 0;
		m->real = type == SQLITE_FLOAT ? sqlite3_value_double(v) : 0;
		buf_reset(&m->text);
		if (type == SQLITE_TEXT)
			buf_add(&m->text, sqlite3_value_text(v), (size_t)sqlite3_value_bytes(v));
		if (scan_check_utf8(buf_span(&m->text)))
			return error_set(err, EXIT_FAILED, "--cursor: '%s' holds text that is no UTF-8", m->cursor);
		forget_rows(m);
	}
	add_row(m, text);
	return 0;
}

int mark_bind(const struct mark *m, sqlite3_stmt *stmt, int parameter)
{
	switch (m->type) {
	case SQLITE_INTEGER:
		return sqlite3_bind_int64(stmt, parameter, m->integer);
	case SQLITE_FLOAT:
		return sqlite3_bind_double(stmt, parameter, m->real);
	case SQLITE_TEXT:
		return sqlite3_bind_text64(stmt, parameter, m->text.p ? m->text.p : "", m->text.n, SQLITE_TRANSIENT, SQLITE_UTF8);
	default:
		return sqlite3_bind_null(stmt, parameter);
	}
}

/* ---- the token */

static const struct { int type; const char *name; } types[] = {
	{ SQLITE_INTEGER, "integer" }, { SQLITE_FLOAT, "real" }, { SQLITE_TEXT, "text" }, { SQLITE_NULL, "null" },
};
enum { TYPES = sizeof types / sizeof *types };

static void add_value(const struct mark *m, struct buf *out)
{
	if (m->type == SQLITE_INTEGER)
		buf_addf(out, "\"%" PRId64 "\"", m->integer);
	else if (m->type == SQLITE_FLOAT)
		buf_addf(out, "\"%a\"", m->real);	/* hexadecimal: exact, infinities too */
	else if (json_add_string(out, buf_span(&m->text)))
		buf_adds(out, "\"\"");
}

static void add_hex(struct buf *out, const unsigned char *p)
{
	int i;

	for (i = 0; i < HASH; i++)
		buf_addf(out, "%02x", p[i]);
}

void mark_token(const struct mark *m, struct buf *out)
{
	char hex[2 * HASH + 1];
	uint64_t i;
	int t;

	buf_adds(out, "{\"cursor\":");
	json_add_string(out, span_of(m->cursor));
	for (t = 0; t < TYPES; t++)
		if (types[t].type == m->type)
			buf_addf(out, ",\"type\":\"%s\",\"value\":", types[t].name);
	if (mark_set(m))
		add_value(m, out);
	if (mark_set(m) && mark_by_row(m)) {
		buf_adds(out, ",\"rows\":\"");
		for (i = 0; i < m->rows; i++) {
			if (i)
				buf_addc(out, ' ');
			add_hex(out, m->row[i]);
		}
		buf_addc(out, '"');
	} else if (mark_set(m)) {
		all_hex(m, hex);
		buf_addf(out, ",\"count\":\"%" PRIu64 "\",\"digest\":\"%s\"", m->rows, hex);
	}
	buf_addc(out, '}');
}

static int parse_value(struct mark *m, const json_t *token)
{
	const json_t *value = json_object_get(token, "value");
	const char *text = json_string_value(value), *type = json_string_value(json_object_get(token, "type"));
	char *end = NULL;
	int t;

	for (t = 0; type && t < TYPES; t++)
		if (!strcmp(types[t].name, type))
			m->type = types[t].type;
	if (!text || !m->type)
		return -1;
	if (m->type == SQLITE_INTEGER)
		m->integer = strtoll(text, &end, 10);
	else if (m->type == SQLITE_FLOAT)
		m->real = strtod(text, &end);
	else
		buf_add(&m->text, text, json_string_length(value));
	return end && (end == text || *end) ? -1 : 0;
}

static int parse_rows(struct mark *m, const char *text)
{
	unsigned byte;
	size_t i;

	for (; *text; text += 2 * HASH + (text[2 * HASH] == ' ')) {
		if (m->rows == MOST || strspn(text, "0123456789abcdef") != 2 * HASH)
			return -1;
		for (i = 0; i < HASH; i++) {
			sscanf(text + 2 * i, "%2x", &byte);
			m->row[m->rows][i] = (unsigned char)byte;
		}
		digest_add(&m->all, m->row[m->rows++], HASH);
	}
	return 0;
}

int mark_parse(struct mark *m, const json_t *token, struct error *err)
{
	const char *cursor = json_string_value(json_object_get(token, "cursor")), *rows = json_string_value(json_object_get(token, "rows"));
	const char *count = json_string_value(json_object_get(token, "count")), *digest = json_string_value(json_object_get(token, "digest"));
	int failed;

	if (cursor && !json_object_get(token, "type"))
		return 0;	/* nothing was there to read */
	failed = !cursor || parse_value(m, token);
	if (!failed && rows)
		failed = parse_rows(m, rows);
	else if (!failed && count && digest && strlen(digest) == 2 * HASH) {
		m->rows = strtoull(count, NULL, 10);
		memcpy(m->all_hex, digest, sizeof m->all_hex);
		failed = m->rows <= MOST;
	} else {
		failed = -1;
	}
	return failed ? error_set(err, EXIT_FAILED, "the state's token is none of sync-extract for SQLite: restore the state, or start anew "
				  "with --reset") : 0;
}
