/* changes: change records, sorted by what they do and to which row. */
#include "merge/changes.h"

void changes_init(struct changes *c, struct streams *streams, struct spill *spill, struct memory *memory, size_t room)
{
	*c = (struct changes){ .streams = streams, .key = BUF_INIT, .line = BUF_INIT };
	sort_init(&c->sort, spill, memory, room);
}

void changes_release(struct changes *c)
{
	sort_release(&c->sort);
	buf_release(&c->key);
	buf_release(&c->line);
}

enum { DELETES, UPDATES, INSERTS, HEAD = 5 };

/* What a change is sorted by: what it does, its stream (big-endian), its key. */
static void start_key(struct changes *c, int what, uint32_t stream, struct span key)
{
	const char head[HEAD] = { (char)what, (char)(stream >> 24), (char)(stream >> 16), (char)(stream >> 8), (char)stream };

	buf_reset(&c->key);
	buf_add(&c->key, head, HEAD);
	buf_addspan(&c->key, key);
}

/* Members that this change says itself, or that were about another one. */
static bool is_said_here(struct value name)
{
	static const char *const names[] = { "op", "stream", "key", "before", "unset" };
	size_t i;

	for (i = 0; i < sizeof names / sizeof *names; i++)
		if (value_text_is(name, span_of(names[i])))
			return true;
	return false;
}

/* {"_sync":{"op":"update","stream":"games", and what the row's own `_sync` adds */
static void start_line(struct changes *c, const char *op, uint32_t stream, struct value sync)
{
	struct walk walk = { 0, 0, 0 };
	struct value name, v;

	buf_reset(&c->line);
	buf_addf(&c->line, "{\"_sync\":{\"op\":\"%s\"", op);
	if (stream) {
		buf_adds(&c->line, ",\"stream\":");
		buf_adds(&c->line, c->streams->entry[stream].json);
	}
	while (value_present(sync) && value_next(sync, &walk, &name, &v)) {
		if (is_said_here(name))
			continue;
		buf_adds(&c->line, ",\"");
		buf_addspan(&c->line, value_bytes(name));
		buf_adds(&c->line, "\":");
		value_write(v, &c->line);
	}
}

static int add(struct changes *c, uint64_t *count, struct error *err)
{
	buf_addc(&c->line, '}');
	++*count;
	return sort_add(&c->sort, buf_span(&c->key), buf_span(&c->line), err);
}

int changes_delete(struct changes *c, uint32_t stream, struct span key, struct span members, struct error *err)
{
	start_key(c, DELETES, stream, key);
	start_line(c, "delete", stream, VALUE_NONE);
	buf_adds(&c->line, "},");
	buf_addspan(&c->line, members);
	return add(c, &c->deletes, err);
}

int changes_update(struct changes *c, uint32_t stream, struct span key, struct span set, struct span unset, struct value sync,
		   struct error *err)
{
	start_key(c, UPDATES, stream, key);
	start_line(c, "update", stream, sync);
	if (unset.n) {
		buf_adds(&c->line, ",\"unset\":[");
		buf_addspan(&c->line, unset);
		buf_addc(&c->line, ']');
	}
	buf_adds(&c->line, "},");
	buf_addspan(&c->line, set);
	return add(c, &c->updates, err);
}

int changes_insert(struct changes *c, uint32_t stream, struct span key, const struct record *row, struct value sync, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct value name, v;

	start_key(c, INSERTS, stream, key);
	start_line(c, "insert", stream, sync);
	buf_addc(&c->line, '}');
	while (value_next(record_root(row), &walk, &name, &v)) {
		if (value_text_is(name, SPAN_LIT("_sync")))
			continue;
		buf_adds(&c->line, ",\"");
		buf_addspan(&c->line, value_bytes(name));
		buf_adds(&c->line, "\":");
		value_write(v, &c->line);
	}
	return add(c, &c->inserts, err);
}

int changes_write(struct changes *c, struct writer *w, struct error *err)
{
	struct span key, line;
	uint32_t stream;
	int got;

	while ((got = sort_next(&c->sort, &key, &line, err)) > 0) {
		stream = (uint32_t)(unsigned char)key.p[1] << 24 | (uint32_t)(unsigned char)key.p[2] << 16 |
			(uint32_t)(unsigned char)key.p[3] << 8 | (unsigned char)key.p[4];
		if (c->no_deletes && key.p[0] == DELETES)
			continue;
		buf_reset(&c->line);
		if (c->edit && c->edit(c->ctx, stream, line, &c->line, err))
			return -1;
		buf_addspan(writer_line_start(w), c->line.n ? buf_span(&c->line) : line);
		if (writer_line_end(w, stream, err))
			return -1;
	}
	return got;
}
