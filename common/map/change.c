/* change: what a change says beside its fields: the old key, old values, names of fields it removes. */
#include "base/xalloc.h"
#include "map/lists.h"

static int take_object(struct map *m, const struct meta *meta, const char *name, struct record *out, bool *there, struct error *err)
{
	struct value v;

	*there = meta_member(meta, name, &v) && value_type(v) == TOKEN_OBJECT;
	if (!*there)
		return 0;
	buf_reset(&m->text);
	value_write(v, &m->text);
	return record_copy(out, m->text.p, m->text.n, &m->limits, err);
}

static void take_unset(struct map *m, const struct record *rec, struct value list)
{
	struct walk walk = { 0, 0, 0 };
	struct arena *arena = (struct arena *)(uintptr_t)&rec->arena;	/* scratch of the record */
	struct span name;
	struct value v;

	if (value_type(list) != TOKEN_ARRAY)
		return;
	while (value_next(list, &walk, NULL, &v)) {
		if (value_type(v) != TOKEN_STRING)
			continue;
		name = value_text(v, arena);
		XGROW(m->unset.v, m->unset.n, m->unset.cap);
		m->unset.v[m->unset.n++] = arena_span(arena, name);
	}
}

int change_open(struct map *m, const struct record *rec, const struct meta *meta, struct error *err)
{
	struct value list;

	m->has_before = m->has_key = false;
	m->unset.n = 0;
	m->unset.changed = false;
	if (!value_present(meta->sync))
		return 0;
	if (take_object(m, meta, "before", &m->before, &m->has_before, err) || take_object(m, meta, "key", &m->key, &m->has_key, err))
		return -1;
	if (meta->op == OP_UPDATE && meta_member(meta, "unset", &list))
		take_unset(m, rec, list);
	return 0;
}

static int put_object(struct map *m, struct record *rec, struct meta *meta, const char *name, const struct record *part, struct error *err)
{
	if (!part->dirty)
		return 0;
	if (!value_count(record_root(part)))
		return meta_unset(meta, rec, m->streams, name, err);
	buf_reset(&m->text);
	record_write(part, &m->text);
	return meta_set(meta, rec, m->streams, name, buf_span(&m->text), err);
}

static int put_unset(struct map *m, struct record *rec, struct meta *meta, struct error *err)
{
	uint32_t i;

	if (!m->unset.changed)
		return 0;
	unset_settle(&(struct map_run){ .rec = rec, .unset = &m->unset });
	if (!m->unset.n)
		return value_present(meta->sync) ? meta_unset(meta, rec, m->streams, "unset", err) : 0;
	buf_reset(&m->text);
	for (i = 0; i < m->unset.n; i++) {
		buf_addc(&m->text, i ? ',' : '[');
		json_add_string(&m->text, m->unset.v[i]);
	}
	buf_addc(&m->text, ']');
	return meta_set(meta, rec, m->streams, "unset", buf_span(&m->text), err);
}

static int no_key(struct error *err)
{
	return error_data(err, "no-key", "the steps leave nothing of the key: which row this changes isn't said");
}

int change_close(struct map *m, struct record *rec, struct meta *meta, struct error *err)
{
	if (meta->op == OP_DELETE && value_count(record_root(rec)) <= 1)	/* `_sync` alone */
		return no_key(err);
	if (m->has_key && !value_count(record_root(&m->key)))
		return no_key(err);
	if (m->has_before && put_object(m, rec, meta, "before", &m->before, err))
		return -1;
	if (m->has_key && put_object(m, rec, meta, "key", &m->key, err))
		return -1;
	return meta->op == OP_UPDATE ? put_unset(m, rec, meta, err) : 0;
}
