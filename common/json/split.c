/* split: the records inside a JSON document, while it is read. */
#include "json/split.h"

#include <stdlib.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/xalloc.h"
#include "json/record.h"
#include "value/number.h"

enum { CHUNK = 256 << 10, END = -1 };

struct document {
	const struct split *s;
	char *buf;		/* owned: SCAN_PADDING more than cap */
	size_t at, n, cap;	/* unread bytes are buf[at..n) */
	uint64_t line;		/* of the next byte */
	struct buf value;	/* a record's text, or a name */
	struct buf word, open;	/* of what is passed over */
	bool found;		/* the path led somewhere */
	struct record rec;	/* of a name */
	struct error *err;
};

static int refuse(struct document *d, const char *why)
{
	if (!d->err->status)
		error_set(d->err, EXIT_FAILED, "%s:%llu: %s", d->s->name, (unsigned long long)d->line, why);
	return -1;
}

/* Reads behind the bytes that are there. END at the end, or on an error, which err then has. */
static int read_more(struct document *d)
{
	ssize_t got = d->s->read(d->s->ctx, d->buf + d->n, d->cap - d->n, d->err);

	if (got <= 0)
		return END;
	d->n += (size_t)got;
	return 0;
}

static int fill(struct document *d)
{
	d->at = d->n = 0;
	return read_more(d);
}

/* Keeps what is unread, and reads more behind it. */
static int fill_behind(struct document *d)
{
	char *grown;

	memmove(d->buf, d->buf + d->at, d->n - d->at);
	d->n -= d->at;
	d->at = 0;
	if (d->n == d->cap) {
		grown = d->n > d->s->max_record ? NULL : realloc(d->buf, d->cap * 2 + SCAN_PADDING);
		if (!grown)
			return refuse(d, "a record of more than --max-record bytes");
		d->buf = grown;
		d->cap *= 2;
	}
	return read_more(d) && !d->err->status ? refuse(d, "the document is truncated") : d->err->status ? -1 : 0;
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
	if (out->n >= d->s->max_record)
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
	bool any = false;
	int c;

	buf_reset(&d->word);
	while ((c = peek(d)) != END && c > ' ' && c != ',' && c != ']' && c != '}' && c != ':' && c != '"' && c != '[' && c != '{') {
		if (add(d, out ? out : &d->word, take(d)))
			return -1;
		any = true;
	}
	if (!any || (!out && !is_literal(buf_span(&d->word)) && !number_is_json(buf_span(&d->word))))
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
		if (open->n == d->s->max_depth)
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

/* ---- records */

/* How far the end of an object or array was looked for. */
struct ending {
	uint64_t depth;
	bool in_string;
};

#if defined(__SSE2__)
/* The first of 16 bytes a time that is one of these; or end. Brackets differ from braces in one bit. */
static const char *next_mark(const char *p, const char *end, bool in_string)
{
	const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), open = _mm_set1_epi8('{'), close = _mm_set1_epi8('}');
	const __m128i bit = _mm_set1_epi8(0x20);
	__m128i v, m;
	int mask;

	for (; p < end; p += 16) {
		v = _mm_loadu_si128((const __m128i *)(const void *)p);
		m = _mm_cmpeq_epi8(v, quote);
		if (in_string) {
			m = _mm_or_si128(m, _mm_cmpeq_epi8(v, slash));
		} else {
			v = _mm_or_si128(v, bit);
			m = _mm_or_si128(m, _mm_or_si128(_mm_cmpeq_epi8(v, open), _mm_cmpeq_epi8(v, close)));
		}
		mask = _mm_movemask_epi8(m);
		if (mask) {
			p += __builtin_ctz((unsigned)mask);
			return p < end ? p : end;
		}
	}
	return end;
}
#else
static const char *next_mark(const char *p, const char *end, bool in_string)
{
	for (; p < end; p++)
		if (*p == '"' || (in_string ? *p == '\\' : (*p | 0x20) == '{' || (*p | 0x20) == '}'))
			break;
	return p;
}
#endif

/* Goes on from *at: true when *at is behind the end of the value. Whether brackets match is for the scan to say. */
static bool find_end(struct ending *e, const char **at, const char *end)
{
	const char *p = *at;

	for (;;) {
		p = next_mark(p, end, e->in_string);
		*at = p;
		if (p == end || (*p == '\\' && e->in_string && end - p < 2))
			return false;
		if (e->in_string && *p == '\\')
			p += 2;
		else if (*p == '"')
			e->in_string = !e->in_string, p++;
		else if ((*p++ | 0x20) == '{')
			e->depth++;
		else if (--e->depth == 0)
			break;
	}
	*at = p;
	return true;
}

/* An object or array that stands next, whole in the buffer, and taken. */
static int take_container(struct document *d, struct span *text)
{
	struct ending e = { 0, false };
	size_t looked = 0;
	const char *at;

	for (;;) {
		at = d->buf + d->at + looked;
		if (find_end(&e, &at, d->buf + d->n))
			break;
		looked = (size_t)(at - d->buf) - d->at;
		if (fill_behind(d))
			return -1;
	}
	*text = (struct span){ d->buf + d->at, (size_t)(at - d->buf) - d->at };
	d->at += text->n;
	return text->n > d->s->max_record ? refuse(d, "a record of more than --max-record bytes") : 0;
}

/* A record in several lines, on one: without the white space between its values. */
static void join_lines(struct document *d, struct span *text)
{
	const char *p = text->p, *end = p + text->n, *mark;

	buf_reset(&d->value);
	for (; p < end; p = mark) {
		if (*p == '"') {
			for (mark = p + 1; mark < end && *mark != '"'; mark++)
				mark += *mark == '\\';
			mark = mark < end ? mark + 1 : end;
		} else {
			for (mark = p; mark < end && *mark != '"' && *mark != ' ' && *mark != '\t' && *mark != '\n' && *mark != '\r'; mark++)
				;
		}
		buf_add(&d->value, p, (size_t)(mark - p));
		if (mark == end || *mark == '"')
			continue;
		while (mark < end && (*mark == ' ' || *mark == '\t' || *mark == '\n' || *mark == '\r'))
			d->line += *mark++ == '\n';
		/* two words stay two: that is for the scan to refuse */
		if (mark < end && !strchr("{}[]:,\"", *mark) && d->value.n && !strchr("{}[]:,", d->value.p[d->value.n - 1]))
			buf_addc(&d->value, ' ');
	}
	buf_reserve(&d->value, SCAN_PADDING);
	*text = buf_span(&d->value);
}

static int copy_record(struct document *d)
{
	int c = peek_token(d);
	uint64_t line = d->line;
	struct span text;

	if (c == '{' || c == '[') {
		if (take_container(d, &text))
			return -1;
		if (memchr(text.p, '\n', text.n) || memchr(text.p, '\r', text.n))
			join_lines(d, &text);
	} else {
		buf_reset(&d->value);
		if (value(d, &d->value))
			return -1;
		buf_reserve(&d->value, SCAN_PADDING);
		text = buf_span(&d->value);
	}
	return d->s->record(d->s->ctx, text, line, d->err);
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
	const struct step *s = &d->s->path->step[step];
	bool match = s->kind == STEP_EACH || ((s->kind == STEP_INDEX || s->either) && s->index == index);

	return match ? descend(d, step + 1) : value(d, NULL);
}

/* Whether the name in d->value (with its quotes) is that of a step. */
static int is_name(struct document *d, const struct step *s)
{
	const struct scan_limits limits = SCAN_LIMITS_INIT;

	if (record_copy(&d->rec, d->value.p, d->value.n, &limits, d->err))
		return error_prefix(d->err, "%s:%llu", d->s->name, (unsigned long long)d->line);
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
		match = is_name(d, &d->s->path->step[step]);
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

	if (step == (d->s->path ? d->s->path->n : 0)) {
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
	if (any && !d->found)
		return error_set(d->err, EXIT_FAILED, "'%s' has nothing at --records '%.*s'", d->s->name, (int)d->s->path->text.n,
				 d->s->path->text.p);
	return 0;
}

int split_run(const struct split *split, struct error *err)
{
	struct document d = { .s = split, .line = 1, .cap = CHUNK, .err = err };
	int failed;

	error_reset(err);
	d.buf = xmalloc(CHUNK + SCAN_PADDING);
	record_init(&d.rec);
	failed = documents(&d);
	record_release(&d.rec);
	buf_release(&d.value);
	buf_release(&d.word);
	buf_release(&d.open);
	free(d.buf);
	return failed;
}
