/* extract_json: records inside a JSON document, streamed: no more than one record is held. */
#include <stdlib.h>

#include "base/fileio.h"
#include "base/xalloc.h"
#include "extract.h"
#include "value/number.h"

enum { CHUNK = 256 << 10, END = -1 };

struct document {
	struct extract *x;
	struct input *in;
	char *buf;		/* owned */
	size_t at, n;
	uint64_t offset, line;	/* of the next byte */
	struct buf value;	/* a record's text, or a name */
	struct buf word, open;	/* of what is passed over */
	bool found;		/* the path led somewhere */
	uint64_t records;	/* so far, of every shard */
	struct record rec;
	struct error *err;
};

static int refuse(struct document *d, const char *why)
{
	if (!d->err->status)
		error_set(d->err, EXIT_FAILED, "%s:%llu: %s", d->x->path, (unsigned long long)d->line, why);
	return -1;
}

static int fill(struct document *d)
{
	ssize_t got = input_read(d->in, d->buf, CHUNK, d->x->path, d->err);

	if (got <= 0)
		return END;
	d->at = 0;
	d->n = (size_t)got;
	d->x->tool->bytes_in += (uint64_t)got;
	progress_update(&d->x->tool->progress, counts_total(&d->x->tool->read), d->x->tool->bytes_in);
	return 0;
}

/* The next byte without taking it; END at the end (or on an error, which err then has). */
static inline int peek(struct document *d)
{
	if (d->at == d->n && fill(d))
		return END;
	return (unsigned char)d->buf[d->at];
}

static inline int take(struct document *d)
{
	int c = peek(d);

	if (c == END)
		return END;
	d->at++;
	d->line += c == '\n';
	return c;
}

static int peek_token(struct document *d)
{
	int c;

	while ((c = peek(d)) == ' ' || c == '\t' || c == '\n' || c == '\r')
		take(d);
	return c;
}

static int add(struct document *d, struct buf *out, int c)
{
	if (!out)
		return 0;
	if (out->n >= d->x->tool->opt.max_record)
		return refuse(d, "a record of more than --max-record bytes");
	buf_addc(out, (char)c);
	return 0;
}

/* A string from its opening to its closing quote, copied to out where there is one. */
static int string(struct document *d, struct buf *out)
{
	int c = take(d);

	if (add(d, out, c))
		return -1;
	for (;;) {
		c = take(d);
		if (c == END)
			return refuse(d, "the document ends inside a string");
		if (c < 0x20)
			return refuse(d, "a control character in a string must be escaped");
		if (add(d, out, c))
			return -1;
		if (c == '"')
			return 0;
		if (c == '\\') {
			c = take(d);
			if (c == END || add(d, out, c))
				return refuse(d, "the document ends inside a string");
		}
	}
}

static bool is_literal(struct span s)
{
	return span_is(s, "true") || span_is(s, "false") || span_is(s, "null");
}

/* A number or a literal, up to something that ends it. What is copied is scanned later; what is passed over is checked here. */
static int word(struct document *d, struct buf *out)
{
	int c;

	buf_reset(&d->word);
	while ((c = peek(d)) != END && c > ' ' && c != ',' && c != ']' && c != '}' && c != ':' && c != '"' && c != '[' && c != '{') {
		if (add(d, out ? out : &d->word, take(d)))
			return -1;
	}
	if (!out && !is_literal(buf_span(&d->word)) && !number_is_json(buf_span(&d->word)))
		return refuse(d, "no JSON value");
	return 0;
}

/* What may stand next inside a container. */
enum next { NEXT_VALUE, NEXT_FIRST, NEXT_NAME, NEXT_FIRST_NAME, NEXT_COLON, NEXT_COMMA };

/* The next token of a value that is open, by the grammar; *open holds the brackets that would close what is open. */
static int one_token(struct document *d, struct buf *open, enum next *next, struct buf *out)
{
	int c = peek_token(d), failed = 0;
	bool object = open->n && open->p[open->n - 1] == '}';
	bool value = *next == NEXT_VALUE || *next == NEXT_FIRST, name = *next == NEXT_NAME || *next == NEXT_FIRST_NAME;

	if (open->n && c == open->p[open->n - 1] && *next != NEXT_VALUE && *next != NEXT_NAME && *next != NEXT_COLON) {
		open->n--;
		*next = NEXT_COMMA;
		return add(d, out, take(d));
	}
	if (value && (c == '{' || c == '[')) {
		if (open->n == d->x->tool->opt.max_depth)
			return refuse(d, "nested deeper than --max-depth");
		buf_addc(open, c == '{' ? '}' : ']');
		*next = c == '{' ? NEXT_FIRST_NAME : NEXT_FIRST;
		return add(d, out, take(d));
	}
	if ((*next == NEXT_COLON && c == ':') || (*next == NEXT_COMMA && c == ',')) {
		*next = c == ',' && object ? NEXT_NAME : NEXT_VALUE;
		return add(d, out, take(d));
	}
	if ((value || name) && c == '"')
		failed = string(d, out);
	else if (value && c != END && !strchr(",:]}", c))
		failed = word(d, out);
	else
		return refuse(d, c == END ? "the document is truncated" : name ? "a member's name in quotes is missing" : *next == NEXT_COLON ?
			      "a colon is missing" : *next == NEXT_COMMA ? "a comma or a closing bracket is missing" : "no JSON value");
	*next = name ? NEXT_COLON : NEXT_COMMA;
	return failed;
}

/* One value, without the white space between its tokens, to out where there is one. */
static int value(struct document *d, struct buf *out)
{
	enum next next = NEXT_VALUE;

	buf_reset(&d->open);
	do
		if (one_token(d, &d->open, &next, out))
			return -1;
	while (d->open.n);
	return 0;
}

/* A record's text is in d->value. */
static int one_record(struct document *d)
{
	struct extract *x = d->x;
	const struct scan_limits limits = { (uint32_t)x->tool->opt.max_depth, (uint32_t)x->tool->opt.max_tokens };
	struct error why = ERROR_INIT;

	if (x->o->shard.n && !in_shard(x, d->records++))
		return 0;
	counts_add(&x->tool->read, x->source->stream, 1);
	if (record_copy(&d->rec, d->value.p, d->value.n, &limits, &why))
		return set_aside(x, buf_span(&d->value), d->line, &why, d->err);
	if (!record_is_object(&d->rec)) {
		error_data(&why, "bad-record", "a record is a JSON object");
		return set_aside(x, buf_span(&d->value), d->line, &why, d->err);
	}
	return names_reserve(&d->rec, d->err) || emit(x, &d->rec, NULL, d->err) ? -1 : 0;
}

static int copy_record(struct document *d)
{
	buf_reset(&d->value);
	return value(d, &d->value) ? -1 : one_record(d);
}

/* Calls fn for each element of the array that stands next. */
static int elements(struct document *d, uint32_t step, int (*fn)(struct document *d, uint32_t step, uint64_t index))
{
	uint64_t index = 0;
	int c;

	take(d);
	if (peek_token(d) == ']')
		return take(d) == ']' ? 0 : -1;
	for (;;) {
		if (fn(d, step, index++))
			return -1;
		c = peek_token(d);
		if (c != ',' && c != ']')
			return refuse(d, c == END ? "the document is truncated" : "a comma or a closing bracket is missing");
		take(d);
		if (c == ']')
			return 0;
	}
}

static int element_record(struct document *d, uint32_t step, uint64_t index)
{
	(void)step;
	(void)index;
	return copy_record(d);
}

static int descend(struct document *d, uint32_t step);

static int element_step(struct document *d, uint32_t step, uint64_t index)
{
	const struct step *s = &d->x->records.step[step];
	bool match = s->kind == STEP_EACH || ((s->kind == STEP_INDEX || s->either) && s->index == index);

	return match ? descend(d, step + 1) : value(d, NULL);
}

/* Whether the name in d->value (with its quotes) is that of a step. */
static int is_name(struct document *d, const struct step *s)
{
	const struct scan_limits limits = SCAN_LIMITS_INIT;

	if (record_copy(&d->rec, d->value.p, d->value.n, &limits, d->err))
		return error_prefix(d->err, "%s:%llu", d->x->path, (unsigned long long)d->line);
	return s->kind == STEP_NAME && value_text_is(record_root(&d->rec), s->name);
}

static int members(struct document *d, uint32_t step)
{
	int c, match;

	take(d);
	if (peek_token(d) == '}')
		return take(d) == '}' ? 0 : -1;
	for (;;) {
		if (peek_token(d) != '"')
			return refuse(d, "a member's name in quotes is missing");
		buf_reset(&d->value);
		if (string(d, &d->value))
			return -1;
		match = is_name(d, &d->x->records.step[step]);
		if (match < 0)
			return -1;
		if (peek_token(d) != ':')
			return refuse(d, "a colon is missing");
		take(d);
		if (match ? descend(d, step + 1) : value(d, NULL))
			return -1;
		c = peek_token(d);
		if (c != ',' && c != '}')
			return refuse(d, c == END ? "the document is truncated" : "a comma or a closing bracket is missing");
		take(d);
		if (c == '}')
			return 0;
	}
}

/* The value that stands next, at so many steps of the path. */
static int descend(struct document *d, uint32_t step)
{
	int c = peek_token(d);

	if (step == d->x->records.n) {
		d->found = true;
		return c == '[' ? elements(d, 0, element_record) : copy_record(d);
	}
	if (c == '{')
		return members(d, step);
	if (c == '[')
		return elements(d, step, element_step);
	return value(d, NULL);
}

static int documents(struct document *d)
{
	bool any = false;

	while (peek_token(d) != END) {
		if (descend(d, 0))
			return -1;
		any = true;
	}
	if (d->err->status)
		return -1;
	if (any && !d->found && d->x->o->records)
		return error_set(d->err, EXIT_FAILED, "'%s' has nothing at --records '%s'", d->x->path, d->x->o->records);
	return 0;
}

int extract_json(struct extract *x, struct input *in, struct error *err)
{
	struct document d = { .x = x, .in = in, .line = 1, .err = err };
	int failed;

	if (open_section(x, err) || declare(x, SPAN_LIT("{}"), err))
		return -1;
	d.buf = xmalloc(CHUNK);
	record_init(&d.rec);
	failed = documents(&d);
	record_release(&d.rec);
	buf_release(&d.value);
	buf_release(&d.word);
	buf_release(&d.open);
	free(d.buf);
	return failed;
}
