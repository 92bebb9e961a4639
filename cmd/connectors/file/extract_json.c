/* extract_json: records inside a JSON document, streamed. */
#include "extract.h"
#include "json/split.h"

struct document {
	struct extract *x;
	struct input *in;
	struct record rec;
	uint64_t records;	/* so far, of every shard */
	bool begun;		/* the first bytes were read */
};

static ssize_t read_some(struct document *d, char *p, size_t n, struct error *err)
{
	return input_read(d->in, p, n, d->x->path, err);
}

/* A byte order mark at the start counts for nothing (RFC 8259, §8.1). No more is read than will tell. */
static ssize_t read_first(struct document *d, char *p, size_t n, struct error *err)
{
	static const char mark[] = "\xef\xbb\xbf";
	ssize_t more = 1, got = 0;

	d->begun = true;
	while (more > 0 && got < 3 && !memcmp(p, mark, (size_t)got)) {
		more = read_some(d, p + got, n - (size_t)got, err);
		got += more > 0 ? more : 0;
	}
	if (more < 0)
		return -1;
	if (got < 3 || memcmp(p, mark, 3))
		return got;
	memmove(p, p + 3, (size_t)got - 3);
	return got > 3 ? got - 3 : read_some(d, p, n, err);
}

static ssize_t read_bytes(void *ctx, void *p, size_t n, struct error *err)
{
	struct document *d = ctx;
	ssize_t got = d->begun ? read_some(d, p, n, err) : read_first(d, p, n, err);

	d->x->tool->bytes_in += got > 0 ? (uint64_t)got : 0;
	show_progress(d->x);
	return got;
}

static int on_record(void *ctx, struct span text, uint64_t line, struct error *err)
{
	struct document *d = ctx;
	struct extract *x = d->x;
	const struct scan_limits limits = { (uint32_t)x->tool->opt.max_depth, (uint32_t)x->tool->opt.max_tokens };
	struct error why = ERROR_INIT;

	if (x->o->shard.n && !in_shard(x, d->records++))
		return 0;
	counts_add(&x->tool->read, x->source->stream, 1);
	if (record_scan(&d->rec, text.p, text.n, &limits, &why))
		return set_aside(x, text, line, &why, err);
	if (!record_is_object(&d->rec)) {
		error_data(&why, "bad-record", "a record is a JSON object");
		return set_aside(x, text, line, &why, err);
	}
	return names_reserve(&d->rec, &why) ? set_aside(x, text, line, &why, err) : emit(x, &d->rec, NULL, err);
}

int extract_json(struct extract *x, struct input *in, struct error *err)
{
	struct document d = { .x = x, .in = in };
	const struct split split = {
		.path = x->o->records ? &x->records : NULL, .name = x->path, .max_record = x->tool->opt.max_record,
		.max_depth = x->tool->opt.max_depth, .read = read_bytes, .record = on_record, .ctx = &d,
	};
	int failed;

	if (open_section(x, err) || declare(x, SPAN_LIT("{}"), err))
		return -1;
	record_init(&d.rec);
	failed = split_run(&split, err);
	record_release(&d.rec);
	return failed;
}
