/* load_print: what a dry run would do, as a change stream that does it. */
#include <stdlib.h>

#include "load.h"
#include "value/base64.h"
#include "value/number.h"

static bool prints(const struct database *d)
{
	return d->o->dry_run && !d->silent;
}

static struct writer *writer_of(struct database *d)
{
	return &d->load->tool->writer;
}

/* The stream that is called as the table is, after its schema. */
static int stream_of(struct database *d, struct table *t, uint32_t *stream, struct error *err)
{
	*stream = streams_index(&d->load->tool->streams, span_of(t->name));
	if (t->printed || !t->schema.n)
		return 0;
	t->printed = true;
	return writer_schema(writer_of(d), *stream, buf_span(&t->key_names), buf_span(&t->schema), err);
}

int print_begin(struct database *d, struct error *err)
{
	return prints(d) ? writer_begin(writer_of(d), SCOPE_PART, SPAN_LIT(""), SPAN_LIT(""), SPAN_LIT(""), err) : 0;
}

int print_end(struct database *d, struct error *err)
{
	return writer_end(writer_of(d), err);
}

/* Its `_sync`, which was taken out of the record. */
static int give_back(struct load *l, struct record *rec, struct meta *m, struct error *err)
{
	struct buf text = BUF_INIT;
	int failed;

	if (names_reserve(rec, err))
		return -1;
	if (!l->sync.has)
		return 0;
	value_write(record_root(&l->sync.rec), &text);
	failed = record_set_first(rec, SPAN_LIT("_sync"), buf_span(&text), err) || meta_read(m, rec, &l->tool->streams, err) ? -1 : 0;
	buf_release(&text);
	return failed;
}

int print_change(struct database *d, struct table *t, struct record *rec, const struct meta *meta, bool inserted, struct error *err)
{
	struct load *l = d->load;
	struct meta m = *meta;
	struct buf name = BUF_INIT, op = BUF_INIT;
	uint32_t stream;
	int failed;

	if (!prints(d))
		return 0;
	buf_addf(&op, "\"%s\"", op_name(inserted ? OP_INSERT : meta->op == OP_INSERT ? OP_UPSERT : meta->op));
	json_add_string(&name, span_of(t->name));
	failed = stream_of(d, t, &stream, err) || give_back(l, rec, &m, err) ||
		meta_set(&m, rec, &l->tool->streams, "stream", buf_span(&name), err) ||
		meta_set(&m, rec, &l->tool->streams, "op", buf_span(&op), err) || writer_record(&l->tool->writer, rec, &m, err) ? -1 : 0;
	buf_release(&name);
	buf_release(&op);
	return failed;
}

static struct buf *start_line(struct database *d, const struct table *t, const char *op)
{
	struct buf *line = writer_line_start(writer_of(d));

	buf_addf(line, "{\"_sync\":{\"op\":\"%s\",\"stream\":", op);
	json_add_string(line, span_of(t->name));
	buf_addc(line, '}');
	return line;
}

int print_truncate(struct database *d, struct table *t, struct error *err)
{
	uint32_t stream;

	if (!prints(d))
		return 0;
	if (stream_of(d, t, &stream, err))
		return -1;
	buf_addc(start_line(d, t, "truncate"), '}');
	return writer_line_end(writer_of(d), stream, err);
}

static void add_blob(struct buf *line, struct span bytes)
{
	buf_addc(line, '"');
	base64_add(line, bytes);
	buf_addc(line, '"');
}

static void add_text(struct buf *line, const struct column *c, struct span text)
{
	const struct scan_limits limits = { 1000, INT32_MAX };
	struct record scratch;
	bool read;

	record_init(&scratch);
	read = c->any && any_read(text, &scratch, &limits, line);
	record_release(&scratch);
	if (!read)
		json_add_string(line, text);
}

static void add_cell(struct buf *line, const struct column *c, sqlite3_stmt *stmt, int i)
{
	char number[NUMBER_DOUBLE_ROOM], digits[NUMBER_INT64_ROOM];

	switch (sqlite3_column_type(stmt, i)) {
	case SQLITE_NULL:
		buf_adds(line, "null");
		break;
	case SQLITE_INTEGER:
		buf_addspan(line, number_from_int64(sqlite3_column_int64(stmt, i), digits));
		break;
	case SQLITE_FLOAT:
		buf_add(line, number, number_from_double(sqlite3_column_double(stmt, i), number));
		break;
	case SQLITE_BLOB:
		add_blob(line, (struct span){ sqlite3_column_blob(stmt, i), (size_t)sqlite3_column_bytes(stmt, i) });
		break;
	default:
		add_text(line, c, (struct span){ (const char *)sqlite3_column_text(stmt, i), (size_t)sqlite3_column_bytes(stmt, i) });
	}
}

static int print_delete(struct database *d, struct table *t, sqlite3_stmt *stmt, uint32_t stream, struct error *err)
{
	struct buf *line = start_line(d, t, "delete");
	uint32_t i;

	for (i = 0; i < t->keys; i++) {
		buf_addc(line, ',');
		json_add_string(line, t->column[t->key[i]].name);
		buf_addc(line, ':');
		add_cell(line, &t->column[t->key[i]], stmt, (int)i);
	}
	buf_addc(line, '}');
	return writer_line_end(writer_of(d), stream, err);
}

int print_deletes(struct database *d, struct table *t, const char *keys, struct error *err)
{
	sqlite3_stmt *stmt = NULL;
	uint32_t stream;
	int rc, failed;

	if (!prints(d))
		return 0;
	failed = stream_of(d, t, &stream, err) || target_prepare(d, keys, &stmt, err);
	while (!failed && (rc = sqlite3_step(stmt)) != SQLITE_DONE)
		failed = rc == SQLITE_ROW ? print_delete(d, t, stmt, stream, err) : target_error(d, "reading keys", err);
	sqlite3_finalize(stmt);
	return failed ? -1 : 0;
}
