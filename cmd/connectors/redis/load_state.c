/* load_state: the state under _sync_state:JOB, in the MULTI of the last rows; schemas under _sync_schema:TEMPLATE. */
#include "load.h"

static struct span state_key(struct database *d)
{
	struct buf b = BUF_INIT;
	struct span s;

	buf_addf(&b, "_sync_state:%s", d->load->place.job);
	s = arena_span(&d->arena, buf_span(&b));
	buf_release(&b);
	return s;
}

static redisReply *get(struct database *d, struct span key, struct error *err)
{
	return redis_ask(&d->redis, "read the state in", 2, (struct span[]){ SPAN_LIT("GET"), key }, err);
}

int state_load(struct database *d, struct error *err)
{
	redisReply *reply = get(d, state_key(d), err);
	int failed;

	if (!reply)
		return -1;
	failed = reply->type == REDIS_REPLY_STRING ? state_parse(&d->load->state, reply_span(reply), d->uri, err) : 0;
	freeReplyObject(reply);
	return failed;
}

int state_watch(struct database *d, struct error *err)
{
	struct state now;
	redisReply *reply = redis_ask(&d->redis, "write to", 2, (struct span[]){ SPAN_LIT("WATCH"), state_key(d) }, err);
	int failed = 0;

	if (!reply)
		return -1;
	freeReplyObject(reply);
	reply = get(d, state_key(d), err);
	if (!reply)
		return -1;
	state_init(&now);
	now.reset = d->load->state.damaged;
	if (reply->type == REDIS_REPLY_STRING)
		failed = state_parse(&now, reply_span(reply), d->uri, err);
	if (!failed && now.generation != d->load->state.generation)
		failed = error_set(err, EXIT_AGAIN, "another run has moved the state in '%s'", error_show(span_of(d->uri)));
	state_release(&now);
	freeReplyObject(reply);
	return failed;
}

void state_send(struct database *d)
{
	struct state *s = &d->load->state;
	struct buf text = BUF_INIT;

	s->generation++;
	state_text(s, &text);
	s->generation--;
	redis_send(&d->redis, 3, (struct span[]){ SPAN_LIT("SET"), state_key(d), buf_span(&text) });
	buf_release(&text);
}

int schema_save(struct database *d, struct error *err)
{
	struct buf key = BUF_INIT;
	redisReply *reply;

	if (!d->tmpl.parts || d->own->as || d->schema.n <= 2)
		return 0;
	buf_addf(&key, "_sync_schema:%s", d->own->key_template);
	reply = redis_ask(&d->redis, "write to", 3, (struct span[]){ SPAN_LIT("SET"), buf_span(&key), buf_span(&d->schema) }, err);
	buf_release(&key);
	buf_reset(&d->schema);
	if (!reply)
		return -1;
	freeReplyObject(reply);
	return 0;
}
