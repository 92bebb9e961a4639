/* extract_keys: keys of any type as records of the stream. */
#include "extract.h"

static int too_long(struct extract *x, size_t start, struct error *err)
{
	struct writer *w = &x->tool->writer;
	struct error reason = ERROR_INIT;
	struct buf line = BUF_INIT;
	int failed;

	buf_add(&line, w->out.p + start, w->out.n - start);
	writer_line_cancel(w);
	error_data(&reason, "too-long", "a record of more than --max-record bytes");
	failed = writer_reject_raw(w, buf_span(&line), x->stream, &reason, err);
	buf_release(&line);
	return failed;
}

int end_record(struct extract *x, struct error *err)
{
	struct writer *w = &x->tool->writer;

	counts_add(&x->tool->read, x->stream, 1);
	if (w->out.n - w->line > x->tool->opt.max_record)
		return too_long(x, w->line, err);
	return writer_line_end(w, x->stream, err);
}

void value_ask(struct extract *x, struct key *k)
{
	struct span words[5];

	if (!strcmp(k->type, "none") || (x->tmpl.parts && strcmp(k->type, "string") && strcmp(k->type, "hash")))
		return;
	redis_send(&x->redis, value_words(k, words), words);
	k->asked = true;
}

int key_write(struct extract *x, const struct key *k, const redisReply *value, struct error *err)
{
	if (value_is_gone(k, value))
		return 0;
	if (value->type == REDIS_REPLY_ERROR)
		return redis_refused(&x->redis, value, "read", err);
	key_put(k, value, writer_line_start(&x->tool->writer));
	return end_record(x, err);
}
