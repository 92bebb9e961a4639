/* load_state: the state under _sync_state:JOB, in the MULTI of the last rows; schemas under _sync_schema:TEMPLATE. */
#include "load.h"

static struct span state_key(struct database *d, struct buf *b)
{
	buf_addf(b, "_sync_state:%s", d->load->place.job);
	return buf_span(b);
}

static int get(struct database *d, struct state *s, struct error *err)
{
	struct buf key = BUF_INIT;
	struct span raw;
	struct item it;
	int failed = redis_ask(&d->redis, "read the state in", 2, (struct span[]){ SPAN_LIT("GET"), state_key(d, &key) }, &raw, err);

	buf_release(&key);
	if (failed)
		return -1;
	it = item_first(raw);
	return it.type == '$' ? state_parse(s, it.text, d->uri, err) : 0;
}

int state_load(struct database *d, struct error *err)
{
	return get(d, &d->load->state, err);
}

int state_watch(struct database *d, struct error *err)
{
	struct buf key = BUF_INIT;
	struct state now;
	struct span raw;
	int failed = redis_ask(&d->redis, "write to", 2, (struct span[]){ SPAN_LIT("WATCH"), state_key(d, &key) }, &raw, err);

	buf_release(&key);
	if (failed)
		return -1;
	state_init(&now);
	now.reset = d->load->state.damaged;
	failed = get(d, &now, err);
	if (!failed && now.generation != d->load->state.generation)
		failed = error_set(err, EXIT_AGAIN, "another run has moved the state in '%s'", error_show(span_of(d->uri)));
	state_release(&now);
	return failed;
}

void state_send(struct database *d)
{
	struct state *s = &d->load->state;
	struct buf text = BUF_INIT, key = BUF_INIT;

	s->generation++;
	state_text(s, &text);
	s->generation--;
	redis_send(&d->redis, 3, (struct span[]){ SPAN_LIT("SET"), state_key(d, &key), buf_span(&text) });
	buf_release(&text);
	buf_release(&key);
}

/* ---- schemas */

/* Fields that an earlier stream declared stay declared; in a hash null and absent are the same. */
static int merge(struct database *d, struct span old, struct buf *out, struct error *err)
{
	const struct scan_limits limits = { 1000, INT32_MAX };
	struct step step[2] = { { .kind = STEP_NAME, .name = SPAN_LIT("properties") }, { .kind = STEP_NAME } };
	struct path path = { .step = step, .n = 2, .text = SPAN_LIT("properties") };
	struct step absent = { .kind = STEP_NAME, .name = SPAN_LIT("x-absent") };
	const struct path absent_path = { .step = &absent, .n = 1, .text = SPAN_LIT("x-absent") };
	struct error ignored = ERROR_INIT;
	struct record before, *now = &d->scratch;
	struct walk walk = { 0, 0, 0 };
	struct value properties, name, v, same;
	struct arena arena = ARENA_INIT;
	struct buf text = BUF_INIT;
	int failed;

	record_init(&before);
	record_write(&d->schema, &text);
	failed = record_copy(now, text.p, text.n, &limits, err) || (!d->own->as && record_set(now, &absent_path, SPAN_LIT("null"), err));
	if (!failed && old.n && !record_copy(&before, old.p, old.n, &limits, &ignored) && record_is_object(&before) &&
	    value_member(record_root(&before), SPAN_LIT("properties"), &properties) && value_type(properties) == TOKEN_OBJECT) {
		while (!failed && value_next(properties, &walk, &name, &v)) {
			step[1].name = value_text(name, &arena);
			if (!record_get(now, &path, NULL, &same))
				failed = record_put_deep(now, &path, v, err);
		}
	}
	if (!failed)
		record_write(now, out);
	buf_release(&text);
	arena_release(&arena);
	record_release(&before);
	return failed ? -1 : 0;
}

/* Once a run, and only if it says something else than the one that is there. */
int schema_save(struct database *d, struct error *err)
{
	struct buf key = BUF_INIT, text = BUF_INIT;
	struct span raw, old;
	struct item it;
	int failed;

	if (!d->tmpl.parts || d->schema_saved || !d->typed.n || d->o->dry_run)
		return 0;
	d->schema_saved = true;
	buf_addf(&key, "_sync_schema:%s", d->own->key_template);
	failed = redis_ask(&d->redis, "read the schema in", 2, (struct span[]){ SPAN_LIT("GET"), buf_span(&key) }, &raw, err);
	if (!failed) {
		it = item_first(raw);
		old = it.type == '$' ? it.text : SPAN_LIT("");
		failed = merge(d, old, &text, err);
		if (!failed && !span_eq(old, buf_span(&text)))
			failed = redis_ask(&d->redis, "write to", 3, (struct span[]){ SPAN_LIT("SET"), buf_span(&key), buf_span(&text) }, &raw, err);
	}
	buf_release(&key);
	buf_release(&text);
	return failed;
}
