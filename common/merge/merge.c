/* merge: every key's versions settled, and what comes out of that. */
#include "merge/merge.h"

#include <stdlib.h>

#include "base/fileio.h"
#include "base/xalloc.h"

enum { GATHER = 64 << 10 };

int merge_init(struct merge *m, struct policy *policy, const char *const *names, int sides, bool base, size_t memory, struct streams *streams,
	       struct writer *w, const struct scan_limits *limits, struct error *err)
{
	int i;

	*m = (struct merge){ .policy = policy, .name = names, .sides = sides, .streams = streams, .memory = { memory, 0 }, .spill = SPILL_INIT,
			     .outcome = OUTCOME_INIT, .delta = DELTA_INIT, .limits = *limits, .conflicts_fd = -1 };
	hash_key_random(&m->secret);
	intake_init(&m->intake, sides + base, base, &policy->key, streams, w, &m->spill, &m->memory);
	group_init(&m->group, sides, base);
	conflicts_init(&m->conflicts, names, streams, &m->spill, &m->memory);
	store_init(&m->rows, &m->spill, &m->memory);
	record_init(&m->merged);
	m->changes = xcalloc((size_t)sides, sizeof *m->changes);
	for (i = 0; i < sides; i++)
		changes_init(&m->changes[i], streams, &m->spill, &m->memory, memory / 16);
	return spill_open(&m->spill, err);
}

void merge_release(struct merge *m)
{
	int i;

	intake_release(&m->intake);
	group_release(&m->group);
	conflicts_release(&m->conflicts);
	store_release(&m->rows);
	record_release(&m->merged);
	for (i = 0; i < m->sides; i++)
		changes_release(&m->changes[i]);
	free(m->changes);
	buf_release(&m->outcome.row);
	buf_release(&m->delta.set);
	buf_release(&m->delta.unset);
	buf_release(&m->line);
	buf_release(&m->conflict_lines);
	spill_close(&m->spill);
}

/* ---- one key */

/* All versions have the same bytes, which are the row and nothing else. */
static bool all_same(const struct merge *m, const struct intake_row *row)
{
	int i;

	for (i = 0; i < m->intake.n; i++)
		if (!row->raw[i].p || !row->plain[i] || !span_eq(row->raw[i], row->raw[0]))
			return false;
	return true;
}

static int keep_row(struct merge *m, uint32_t stream, struct span text, struct error *err)
{
	uint64_t at;

	buf_reset(&m->line);
	buf_add(&m->line, &stream, sizeof stream);
	buf_addspan(&m->line, text);
	m->counts.rows++;
	return store_add(&m->rows, buf_span(&m->line), &at, err);
}

static int scan_versions(struct merge *m, const struct intake_row *row, struct error *err)
{
	const struct intake_stream *s = m->intake.stream[row->stream];
	struct version *v;
	int i;

	m->group.absent_null = s->absent_null;
	for (i = 0; i < m->intake.n; i++) {
		v = &m->group.v[i];
		v->there = row->raw[i].p != NULL;
		if (v->there && record_scan(&v->rec, row->raw[i].p, row->raw[i].n, &m->limits, err))
			return -1;
	}
	if (!m->intake.has_base)
		group_base(&m->group)->there = false;
	return 0;
}

/* The merged row's key must be what it was. */
static int check_key(struct merge *m, const struct intake_row *row, struct error *err)
{
	struct key *key = &m->intake.stream[row->stream]->key[0];

	buf_reset(&m->line);
	if (!key_bytes(key, &m->merged, &m->line, err) && span_eq(buf_span(&m->line), row->key))
		return 0;
	buf_reset(&m->line);
	key_show(key, &m->merged, &m->line);
	return error_set(err, EXIT_FAILED, "'%s': take makes a row of another key: %s", m->conflicts.name, error_show(buf_span(&m->line)));
}

/* What brings one side's row to the merged one. */
static int change_side(struct merge *m, int side, const struct intake_row *row, struct error *err)
{
	static const struct shape typed = SHAPE_INIT;
	struct shape nulls = SHAPE_INIT;
	const struct compare compare = { &typed, &nulls, NULL, 0 };
	struct key *key = &m->intake.stream[row->stream]->key[side];
	const struct version *v = &m->group.v[side];

	nulls.absent_null = m->group.absent_null;
	if (m->outcome.verdict == VERDICT_GONE) {
		if (!v->there)
			return 0;
		buf_reset(&m->line);
		key_write_members(key, &v->rec, &m->line);
		return changes_delete(&m->changes[side], row->stream, row->key, buf_span(&m->line), err);
	}
	if (!v->there)
		return changes_insert(&m->changes[side], row->stream, row->key, &m->merged, VALUE_NONE, err);
	if (compare_rows(&compare, &v->rec, &m->merged, &m->group.arena))
		return 0;
	compare_delta(&compare, key, &v->rec, &m->merged, false, &m->delta, &m->group.arena);
	return changes_update(&m->changes[side], row->stream, row->key, buf_span(&m->delta.set), buf_span(&m->delta.unset), VALUE_NONE, err);
}

static int change_sides(struct merge *m, const struct intake_row *row, struct error *err)
{
	int i;

	for (i = 0; i < m->sides; i++)
		if (m->wanted[i] && change_side(m, i, row, err))
			return -1;
	return 0;
}

static int flush_conflicts(struct merge *m, struct error *err)
{
	struct buf *b = &m->conflict_lines;
	int failed = b->n && m->conflicts_fd >= 0 ? io_write(m->conflicts_fd, b->p, b->n, m->conflicts_name, err) : 0;

	buf_reset(b);
	return failed;
}

/* A row in conflict keeps its base, or is absent. */
static int leave_open(struct merge *m, const struct intake_row *row, struct error *err)
{
	const struct version *any = group_base(&m->group);
	struct key *key = &m->intake.stream[row->stream]->key[0];
	struct outcome base = OUTCOME_INIT;
	int i, failed = 0;

	m->counts.conflicts++;
	for (i = 0; !any->there; i++)
		any = &m->group.v[i];
	buf_reset(&m->line);
	key_write_members(key, &any->rec, &m->line);
	conflicts_write(&m->conflicts, &m->group, row->stream, buf_span(&m->line), &m->outcome, &m->conflict_lines);
	if (m->conflict_lines.n >= GATHER && flush_conflicts(m, err))
		return -1;
	if (group_base(&m->group)->there) {
		settle_as(&m->group, m->sides, &base);
		failed = keep_row(m, row->stream, buf_span(&base.row), err);
	}
	buf_release(&base.row);
	return failed;
}

static int settle_key(struct merge *m, const struct intake_row *row, struct error *err)
{
	struct take take = { TAKE_NOTHING, 0, VALUE_NONE };
	int got;

	if (settle(&m->group, m->policy, &take, &m->secret, &m->outcome, err))
		return -1;
	if (m->outcome.verdict != VERDICT_CONFLICT)
		return 0;
	got = conflicts_find(&m->conflicts, &m->group, row->stream, row->key, &take, err);
	if (got <= 0)
		return got;
	m->counts.resolved++;
	return settle(&m->group, m->policy, &take, &m->secret, &m->outcome, err) ? error_prefix(err, "'%s'", m->conflicts.name) : 0;
}

static int one_key(struct merge *m, const struct intake_row *row, struct error *err)
{
	if (all_same(m, row)) {
		m->counts.equal++;
		return keep_row(m, row->stream, row->raw[0], err);
	}
	if (scan_versions(m, row, err) || settle_key(m, row, err))
		return -1;
	if (m->outcome.verdict == VERDICT_CONFLICT)
		return leave_open(m, row, err);
	if (m->outcome.verdict == VERDICT_GONE) {
		m->counts.gone++;
		return change_sides(m, row, err);
	}
	if (record_copy(&m->merged, m->outcome.row.p, m->outcome.row.n, &m->limits, err) || (m->outcome.why && check_key(m, row, err)))
		return -1;
	return change_sides(m, row, err) || keep_row(m, row->stream, buf_span(&m->outcome.row), err) ? -1 : 0;
}

/* ---- all of them */

static struct key *key_of(void *ctx, uint32_t stream)
{
	struct merge *m = ctx;
	uint32_t i, only = 0, n = 0;

	for (i = 0; i < m->intake.stream_n; i++)
		if (m->intake.stream[i] && m->intake.stream[i]->key[0].n) {
			only = i;
			n++;
		}
	if (stream < m->intake.stream_n && m->intake.stream[stream] && m->intake.stream[stream]->key[0].n)
		return &m->intake.stream[stream]->key[0];
	return stream == 0 && n == 1 ? &m->intake.stream[only]->key[0] : NULL;
}

int merge_run(struct merge *m, struct reader *resolved, struct error *err)
{
	struct intake_row row;
	int got, i;

	if (intake_read(&m->intake, err) || (resolved && conflicts_read(&m->conflicts, resolved, key_of, m, err)))
		return -1;
	for (i = 0; i < m->sides; i++)
		if (m->intake.side[i].aside)
			m->group.unknown |= UINT32_C(1) << i;
	while ((got = intake_next(&m->intake, &row, err)) > 0)
		if (one_key(m, &row, err))
			return -1;
	return got < 0 ? -1 : flush_conflicts(m, err);
}

/* ---- writing */

static int write_schemas(struct merge *m, struct writer *w, uint32_t *streams, struct error *err)
{
	struct buf names = BUF_INIT, schema = BUF_INIT;
	const struct intake_stream *s;
	uint32_t i;
	int failed = 0;

	*streams = 0;
	for (i = 0; !failed && i < m->intake.stream_n; i++) {
		s = m->intake.stream[i];
		if (!s || !s->key[0].n)
			continue;
		++*streams;
		buf_reset(&names);
		buf_reset(&schema);
		key_write_names(&s->key[0], &names);
		intake_schema(&m->intake, i, &schema);
		failed = writer_schema(w, i, buf_span(&names), buf_span(&schema), err);
	}
	buf_release(&names);
	buf_release(&schema);
	return failed;
}

/* {"_sync":{"stream":"games"}, before the row's own members, where there are several streams. */
static void add_stream(const struct merge *m, uint32_t stream, struct span row, struct buf *out)
{
	size_t i = 0;

	buf_addf(out, "{\"_sync\":{\"stream\":%s}", m->streams->entry[stream].json);
	while (row.p[i] != '{')
		i++;
	do
		i++;
	while (strchr(" \t\r\n", row.p[i]) && row.p[i]);
	if (row.p[i] != '}')
		buf_addc(out, ',');
	buf_add(out, row.p + i, row.n - i);
}

static int write_rows(struct merge *m, struct writer *w, bool several, struct error *err)
{
	struct buf line = BUF_INIT, *out;
	struct span row;
	uint64_t at;
	uint32_t stream;
	int failed = 0;

	for (at = 0; !failed && at < m->rows.size; at = store_next(at, &line)) {
		failed = store_get(&m->rows, at, &line, err);
		if (failed)
			break;
		memcpy(&stream, line.p, sizeof stream);
		row = (struct span){ line.p + sizeof stream, line.n - sizeof stream };
		out = writer_line_start(w);
		if (several)
			add_stream(m, stream, row, out);
		else
			buf_addspan(out, row);
		failed = writer_line_end(w, stream, err);
	}
	buf_release(&line);
	return failed;
}

/* Rows that operands set aside before they came here. */
static void add_aside(const struct merge *m, struct writer *w)
{
	uint32_t k;
	int i;

	for (i = 0; i < m->intake.n; i++)
		for (k = 0; k < m->streams->n; k++)
			counts_add(&w->aside, k, counts_get(&m->intake.side[i].operand.aside, k));
	for (k = 0; k < m->streams->n; k++)
		counts_add(&w->aside, k, counts_get(&w->total_aside, k));
}

/* Every row of its streams, unless something is open or was missing. */
static enum scope scope_of(const struct merge *m, const struct writer *w)
{
	bool part = m->counts.conflicts || counts_total(&w->total_aside);
	int i;

	for (i = 0; i < m->intake.n; i++)
		part = part || m->intake.side[i].operand.part || m->intake.side[i].aside;
	return part ? SCOPE_PART : SCOPE_FULL;
}

int merge_write(struct merge *m, struct writer *w, struct span source, struct error *err)
{
	uint32_t streams;

	if (writer_begin(w, scope_of(m, w), SPAN_LIT(""), source, SPAN_LIT(""), err))
		return -1;
	add_aside(m, w);
	return write_schemas(m, w, &streams, err) || write_rows(m, w, streams > 1, err) || writer_end(w, err) ? -1 : 0;
}

int merge_write_changes(struct merge *m, int side, struct writer *w, struct span source, struct error *err)
{
	uint32_t streams;

	if (writer_begin(w, SCOPE_PART, SPAN_LIT(""), source, SPAN_LIT(""), err) || write_schemas(m, w, &streams, err))
		return -1;
	return changes_write(&m->changes[side], w, err) || writer_end(w, err) ? -1 : 0;
}
