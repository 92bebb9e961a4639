/* score: counters by rule, by code and by field. */
#include "rules/score.h"

#include <inttypes.h>

#include "rules/pointer.h"

struct tally {
	struct tally *next;
	struct span name;
	uint64_t n, mark;	/* mark: the record that counted last */
};

struct field {
	struct span name;
	struct field *above, *child, *last, *next;	/* last: of the children */
	struct field **memo;	/* the field of the n-th member last time, for the top alone */
	uint64_t present;
	bool nested;		/* its object's members are counted too */
};

enum { MEMO = 256 };

void score_init(struct score *s)
{
	memset(s, 0, sizeof *s);
	s->top = arena_zalloc(&s->arena, sizeof *s->top);
	s->top->memo = arena_zalloc(&s->arena, MEMO * sizeof *s->top->memo);
}

void score_release(struct score *s)
{
	arena_release(&s->arena);
	memset(s, 0, sizeof *s);
}

/* ---- fields */

static struct field *find(const struct field *above, struct span name)
{
	struct field *f;

	for (f = above->child; f && !span_eq(f->name, name); f = f->next)
		;
	return f;
}

static struct field *add(struct score *s, struct field *above, struct span name)
{
	struct field *f;

	if (s->fields >= SCORE_FIELDS || name.n > 256)
		return NULL;
	f = arena_zalloc(&s->arena, sizeof *f);
	f->name = arena_span(&s->arena, name);
	f->above = above;
	if (above->last)
		above->last->next = f;
	else
		above->child = f;
	above->last = f;
	above->nested = true;
	s->fields++;
	return f;
}

static void *declare(void *ctx, void *above, struct span name)
{
	struct score *s = ctx;
	struct field *parent = above ? above : s->top, *f = find(parent, name);

	return f ? f : add(s, parent, name);
}

void score_declare(struct score *s, struct schema *schema)
{
	schema_fields(schema, declare, s);
}

static struct field *guess(struct score *s, struct value name, uint32_t slot)
{
	struct field *f = slot < MEMO ? s->top->memo[slot] : NULL;
	struct arena arena = ARENA_INIT;
	struct span text;

	if (f && value_text_is(name, f->name))
		return f;
	text = value_text(name, &arena);
	f = find(s->top, text);
	if (!f)
		f = add(s, s->top, text);
	if (f && slot < MEMO)
		s->top->memo[slot] = f;
	arena_release(&arena);
	return f;
}

/* The fields below one that holds an object. */
static void count_nested(struct field *above, struct value object)
{
	struct field *f;
	struct value v;

	for (f = above->child; f; f = f->next) {
		if (!value_member(object, f->name, &v) || value_type(v) == TOKEN_NULL)
			continue;
		f->present++;
		if (f->nested && value_type(v) == TOKEN_OBJECT)
			count_nested(f, v);
	}
}

void score_row(struct score *s, const struct record *rec, uint32_t skip)
{
	struct value root = record_root(rec), name, v;
	struct walk walk = { 0 };
	struct field *f;
	uint32_t slot = 0;

	s->rows++;
	while (value_next(root, &walk, &name, &v)) {
		if (name.tok == skip || value_type(v) == TOKEN_NULL)
			continue;
		f = guess(s, name, slot++);
		if (!f)
			continue;
		f->present++;
		if (f->nested && value_type(v) == TOKEN_OBJECT)
			count_nested(f, v);
	}
}

/* ---- rules */

static void count(struct score *s, struct tally **list, struct span name)
{
	struct tally *t, **end;

	for (end = list; (t = *end); end = &t->next)
		if (span_eq(t->name, name))
			break;
	if (!t) {
		if (s->rules >= SCORE_RULES)
			return;
		t = *end = arena_zalloc(&s->arena, sizeof *t);
		t->name = arena_span(&s->arena, name);
		s->rules++;
	}
	t->n += t->mark != s->records;
	t->mark = s->records;
}

void score_verdict(struct score *s, const struct verdict *v)
{
	uint32_t i;

	s->records++;
	s->valid += !v->n;
	for (i = 0; i < v->n; i++)
		count(s, &s->rule, v->failure[i].rule);
	if (v->n)
		count(s, &s->code, span_of(v->failure[0].code));
}

void score_aside(struct score *s, const char *code)
{
	s->records++;
	count(s, &s->code, span_of(code));
}

/* ---- JSON */

static void write_tally(const struct tally *t, struct buf *out)
{
	const char *between = "";

	buf_addc(out, '{');
	for (; t; t = t->next, between = ",") {
		buf_adds(out, between);
		json_add_string(out, t->name);
		buf_addf(out, ":%" PRIu64, t->n);
	}
	buf_addc(out, '}');
}

static void add_pointer(const struct field *f, struct buf *out)
{
	if (f->above) {
		add_pointer(f->above, out);
		pointer_step(f->name, out);
	}
}

static void write_fields(const struct score *s, const struct field *above, const char **between, struct buf *out)
{
	struct buf pointer = BUF_INIT;
	const struct field *f;

	for (f = above->child; f; f = f->next) {
		buf_reset(&pointer);
		add_pointer(f, &pointer);
		buf_adds(out, *between);
		*between = ",";
		json_add_string(out, buf_span(&pointer));
		buf_addf(out, ":{\"present\":%" PRIu64 ",\"ratio\":%.6g}", f->present, s->rows ? (double)f->present / (double)s->rows : 0.0);
		write_fields(s, f, between, out);
	}
	buf_release(&pointer);
}

void score_write(const struct score *s, struct buf *out)
{
	const char *between = "";

	buf_addf(out, "\"rows\":%" PRIu64 ",\"rules\":", s->rows);
	write_tally(s->rule, out);
	buf_adds(out, ",\"codes\":");
	write_tally(s->code, out);
	buf_adds(out, ",\"completeness\":{");
	write_fields(s, s->top, &between, out);
	buf_addc(out, '}');
}
