/* summary: a difference in numbers, for people. */
#include "summary.h"

#include <stdlib.h>

/* 1,234,567 */
static void add_number(struct buf *out, uint64_t n)
{
	if (n >= 1000) {
		add_number(out, n / 1000);
		buf_addf(out, ",%03u", (unsigned)(n % 1000));
	} else {
		buf_addf(out, "%u", (unsigned)n);
	}
}

static void add_line(struct buf *out, const char *word, uint64_t n)
{
	struct buf number = BUF_INIT;

	add_number(&number, n);
	buf_addf(out, "  %-7s %12s", word, buf_str(&number));
	buf_release(&number);
}

static int most_first(const void *a, const void *b)
{
	const struct diff_field *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return span_cmp(x->name, y->name);
}

static void add_fields(struct buf *out, struct diff_stream *s)
{
	uint32_t i;

	if (s->fields)
		qsort(s->field, s->fields, sizeof *s->field, most_first);
	for (i = 0; i < s->fields; i++) {
		buf_addf(out, "%s%s ", i ? ", " : "   ", error_show(s->field[i].name));
		add_number(out, s->field[i].n);
	}
}

static void add_stream(struct buf *out, struct diff *d, struct diff_stream *s, const char *name)
{
	int i;

	buf_addf(out, "%s: ", *name ? error_show(span_of(name)) : "rows");
	for (i = 0; i < 2; i++) {
		add_number(out, s->rows[i]);
		buf_addf(out, " in %s%s", error_show(span_of(d->side[i].operand.text)), i ? "\n" : ", ");
	}
	if (d->opt.only & DIFF_INSERT) {
		add_line(out, "insert", s->inserts);
		buf_addc(out, '\n');
	}
	if (d->opt.only & DIFF_UPDATE) {
		add_line(out, "update", s->updates);
		add_fields(out, s);
		buf_addc(out, '\n');
	}
	if (d->opt.only & DIFF_DELETE) {
		add_line(out, "delete", s->deletes);
		buf_addc(out, '\n');
	}
	if (d->opt.only & DIFF_UPDATE) {
		add_line(out, "equal", s->equal);
		buf_addc(out, '\n');
	}
}

void summary_write(struct diff *d, struct buf *out)
{
	uint32_t i;

	for (i = 0; i < d->stream_n; i++)
		if (d->stream[i])
			add_stream(out, d, d->stream[i], streams_name(d->streams, i));
}
