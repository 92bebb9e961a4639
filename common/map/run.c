/* run: a record through its stream's steps. */
#include "map/lists.h"

static int failed_at(struct map *m, const struct stream_steps *s, uint32_t i, const struct path *at, struct error *err)
{
	buf_reset(&m->where);
	buf_reset(&m->rule);
	if (at)
		path_pointer(at, &m->where);
	buf_addf(&m->rule, "step %u %s", i + 1, s->step[i]->kind->word);
	return error_prefix(err, "step %u (%s)", i + 1, s->step[i]->kind->word);
}

static int run_one(struct map *m, struct stream_steps *s, struct record *rec, enum map_mode mode, uint32_t i, uint32_t depth,
		   struct error *err)
{
	struct map_run run = { .map = m, .rec = rec, .mode = mode, .known = s->known[i] };
	struct map_step *step = s->step[i];

	if (mode == MAP_UPDATE) {
		run.unset = &m->unset;
		run.before = m->has_before ? &m->before : NULL;
	}
	if (step->kind->run(step, &run, err))
		return failed_at(m, s, i, run.at, err);
	if (depth)
		return 0;
	if (m->has_before) {
		run = (struct map_run){ .map = m, .rec = &m->before, .mode = MAP_BEFORE, .known = s->known[i] };
		if (step->kind->run(step, &run, err))
			return failed_at(m, s, i, run.at, err);
	}
	if (m->has_key) {
		run = (struct map_run){ .map = m, .rec = &m->key, .mode = MAP_KEYS, .known = s->known[i] };
		if (step->kind->run(step, &run, err))
			return failed_at(m, s, i, run.at, err);
	}
	return 0;
}

/* A line that one record became. */
static int emit(struct map *m, const struct record *rec, struct error *err)
{
	record_write(rec, &m->many);
	buf_addc(&m->many, '\n');
	if (m->many.n > m->memory->limit)
		return error_data(err, "too-large", "exploded to more than %zu bytes (--memory)", m->memory->limit);
	return 0;
}

int map_run_steps(struct map *m, struct stream_steps *s, struct record *rec, enum map_mode mode, uint32_t from, uint32_t depth,
		  struct error *err)
{
	bool alone = depth || (!m->has_before && !m->has_key);
	struct map_run run = { .map = m, .rec = rec, .mode = mode };
	const struct path *at = NULL;
	uint32_t i;

	for (i = from; i < s->n; i++) {
		if (s->step[i]->kind->run && alone && mode == MAP_ROW) {	/* what run_one does for the usual record */
			run.known = s->known[i];
			if (s->step[i]->kind->run(s->step[i], &run, err))
				return failed_at(m, s, i, run.at, err);
		} else if (s->step[i]->kind->run) {
			if (run_one(m, s, rec, mode, i, depth, err))
				return -1;
		} else if (map_explode(m, s, rec, mode, i, depth, &at, err)) {
			return m->rule.n ? -1 : failed_at(m, s, i, at, err);	/* one of the rest may have said so */
		} else {
			return 0;	/* the rest was run on each of them */
		}
	}
	return depth ? emit(m, rec, err) : 0;
}

static enum map_mode mode_of(const struct map *m, enum op op)
{
	if (op == OP_UPDATE)
		return MAP_UPDATE;
	return op == OP_DELETE || m->scope == SCOPE_KEYS ? MAP_KEYS : MAP_ROW;
}

/* meta as it is now; a record that doesn't name its stream stays with the one it had. */
static int read_again(struct map *m, struct record *rec, struct meta *meta, struct error *err)
{
	uint32_t stream = meta->stream;

	if (meta_read(meta, rec, m->streams, err))
		return -1;
	meta->stream = stream;
	return 0;
}

/* The record as it was read, so that it can be mended and fed back. */
static int set_aside(struct map *m, struct record *rec, struct meta *meta, struct error *err)
{
	struct error again = ERROR_INIT;

	if (!err->code)
		return -1;
	if (record_scan(rec, rec->line.p, rec->line.n, &m->limits, &again) || read_again(m, rec, meta, &again)) {
		*err = again;
		return -1;
	}
	return MAP_REJECT;
}

static bool explodes(const struct stream_steps *s)
{
	uint32_t i;

	for (i = 0; i < s->n; i++)
		if (!s->step[i]->kind->run)
			return true;
	return false;
}

int map_record(struct map *m, struct record *rec, struct meta *meta, struct error *err)
{
	struct stream_steps *s = map_stream(m, meta->stream);
	bool keyed = meta->op == OP_UPDATE || meta->op == OP_DELETE;

	if (!s->n || meta->op == OP_TRUNCATE)
		return MAP_DONE;
	buf_reset(&m->where);
	buf_reset(&m->rule);
	buf_reset(&m->many);
	m->many_at = 0;
	if (keyed && s->key_lost) {
		error_data(err, "no-key", "the steps take a field of the key away: what is left doesn't say which row this changes");
		return MAP_REJECT;
	}
	if (change_open(m, rec, meta, err) || map_run_steps(m, s, rec, mode_of(m, meta->op), 0, 0, err))
		return set_aside(m, rec, meta, err);
	if (m->explodes && explodes(s))
		return MAP_MANY;
	if (!value_present(meta->sync) && !m->unset.changed)
		return MAP_DONE;
	return read_again(m, rec, meta, err) || change_close(m, rec, meta, err) ? set_aside(m, rec, meta, err) : MAP_DONE;
}

int map_next(struct map *m, struct span *line)
{
	const char *p, *eol;

	if (m->many_at >= m->many.n)
		return 0;
	p = m->many.p + m->many_at;
	eol = memchr(p, '\n', m->many.n - m->many_at);
	*line = (struct span){ p, (size_t)(eol - p) };
	m->many_at += line->n + 1;
	return 1;
}

struct span map_where(const struct map *m) { return buf_span(&m->where); }
struct span map_rule(const struct map *m) { return buf_span(&m->rule); }
