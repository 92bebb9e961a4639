/* load_print: what a dry run would do, as a change stream that does it. */
#include "load.h"

int print_begin(struct database *d, struct error *err)
{
	return d->o->dry_run ? writer_begin(&d->load->tool->writer, SCOPE_PART, SPAN_LIT(""), SPAN_LIT(""), SPAN_LIT(""), err) : 0;
}

int print_row(struct database *d, const struct row *r, enum effect effect, struct error *err)
{
	const struct scan_limits limits = { 1024, INT32_MAX };
	struct streams *streams = &d->load->tool->streams;
	struct record rec;
	struct meta meta;
	int failed;

	if (effect == EFFECT_NONE || effect == EFFECT_SAME)
		return 0;
	record_init(&rec);
	failed = record_scan(&rec, r->arrival.line.p, r->arrival.line.n, &limits, err) || meta_read(&meta, &rec, streams, err);
	meta.stream = r->arrival.stream;
	if (!failed)
		failed = meta_set(&meta, &rec, streams, "op", effect == EFFECT_INSERTED ? SPAN_LIT("\"insert\"") : effect == EFFECT_DELETED
				  ? SPAN_LIT("\"delete\"") : r->op == OP_UPDATE ? SPAN_LIT("\"update\"") : SPAN_LIT("\"upsert\""), err) ||
			writer_record(&d->load->tool->writer, &rec, &meta, err);
	record_release(&rec);
	return failed ? -1 : 0;
}
