/* extract_read: documents as records. */
#include <stdlib.h>

#include "extract.h"
#include "value.h"
#include "value/digest.h"

enum { CHECK_EVERY = 256 };

int collection_declare(struct extract *x, struct collection *c, struct error *err)
{
	struct writer *w = &x->tool->writer;
	struct buf schema = BUF_INIT;
	int failed;

	shapes_write(&c->shapes, &schema);
	failed = writer_schema(w, c->stream, buf_span(&x->key), buf_span(&schema), err);
	buf_release(&schema);
	buf_reset(&x->tag);
	buf_adds(&x->tag, x->tagged ? "{\"_sync\":{\"stream\":" : "{");
	if (x->tagged)
		buf_addf(&x->tag, "%s},", w->streams->entry[c->stream].json);
	return failed;
}

/* Which shard a document belongs to goes by its _id, so that it is the same in every run. */
static bool in_shard(const struct extract *x, const bson_t *document)
{
	struct error ignored = ERROR_INIT;
	struct buf id = BUF_INIT;
	struct digest digest;
	uint64_t hash = 0;
	bson_iter_t it;

	if (!x->o->shard.n)
		return true;
	if (bson_iter_init_find(&it, document, "_id"))
		(void)value_json(&it, NULL, &id, &ignored);
	digest_start(&digest, sizeof hash, SPAN_LIT(""));
	digest_add(&digest, id.p, id.n);
	digest_end(&digest, (unsigned char *)&hash);
	buf_release(&id);
	return hash % x->o->shard.n == x->o->shard.i - 1;
}

static int set_aside(struct extract *x, const struct collection *c, const bson_t *document, const struct error *why, struct error *err)
{
	struct span bytes = { (const char *)bson_get_data(document), document->len };

	writer_line_cancel(&x->tool->writer);
	return writer_reject_raw(&x->tool->writer, bytes, c->stream, why, err);
}

static int one_document(struct extract *x, struct collection *c, const bson_t *document, struct error *err)
{
	struct writer *w = &x->tool->writer;
	struct error why = ERROR_INIT;
	struct buf *out;
	bson_iter_t it;

	counts_add(&x->tool->read, c->stream, 1);
	out = writer_line_start(w);
	buf_add(out, x->tag.p, x->tag.n);
	if (!bson_iter_init(&it, document))
		error_data(&why, "bad-bson", "%s: the document is damaged", c->name);
	else if (!members_json(&it, &c->shapes.top, true, out, &why))
		buf_addc(out, '}');
	if (why.status) {
		error_prefix(&why, "%s", c->name);
		return set_aside(x, c, document, &why, err);
	}
	if (out->n >= 2 && out->p[out->n - 2] == ',')	/* a tag, and no fields */
		out->p[--out->n - 1] = '}';
	if (out->n - w->line > x->tool->opt.max_record) {
		error_data(&why, "too-long", "%s: a document of more than --max-record bytes", c->name);
		return set_aside(x, c, document, &why, err);
	}
	return writer_line_end(w, c->stream, err);
}

int collection_read(struct extract *x, struct collection *c, struct error *err)
{
	struct tool *tool = x->tool;
	bson_t condition = BSON_INITIALIZER;
	bson_error_t why = { 0 };
	mongoc_cursor_t *cursor;
	const bson_t *document;
	int failed = 0;

	delta_condition(x, c, &condition);
	cursor = collection_cursor(x, c, &condition, 0, 0);
	while (!failed && mongoc_cursor_next(cursor, &document)) {
		if (!in_shard(x, document))
			continue;
		failed = one_document(x, c, document, err);
		if (tool->writer.records % CHECK_EVERY == 0)
			progress_update(&tool->progress, counts_total(&tool->read), tool->writer.bytes);
	}
	if (!failed && mongoc_cursor_error(cursor, &why))
		failed = mongo_fail(&x->mongo, &why, "read", err);
	mongoc_cursor_destroy(cursor);
	bson_destroy(&condition);
	return failed;
}
