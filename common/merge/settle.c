/* settle: rows settled field by field. */
#include "merge/settle.h"

#include "merge/strategy.h"

void group_init(struct group *g, int sides, bool has_base)
{
	int i;

	*g = (struct group){ .sides = sides, .has_base = has_base, .arena = ARENA_INIT };
	for (i = 0; i <= sides; i++)
		record_init(&g->v[i].rec);
}

void group_release(struct group *g)
{
	int i;

	for (i = 0; i <= g->sides; i++)
		record_release(&g->v[i].rec);
	arena_release(&g->arena);
}

struct settling {
	struct group *g;
	const struct policy *policy;
	const struct take *take;
	const struct hash_key *secret;
	struct outcome *out;
	uint32_t sides;		/* that have a say: bits */
	struct buf made;
	struct error *err;
};

static inline bool has(uint32_t mask, int side) { return mask >> side & 1; }

/* ---- the fields of all versions */

static void list_fields(struct group *g, int i)
{
	struct version *v = &g->v[i];

	if (!v->there) {
		v->place = v->name = (struct fields){ NULL, 0 };
		return;
	}
	v->place = fields_of(&v->rec, &g->arena);
	v->name = (struct fields){ arena_alloc(&g->arena, (v->place.n + 1) * sizeof *v->name.v), v->place.n };
	memcpy(v->name.v, v->place.v, v->place.n * sizeof *v->name.v);
	fields_sort(&v->name);
}

/* Its value there, and a mark that it was found; hint: its place in the version before. */
static struct value field_in(struct version *v, struct span name, uint32_t hint)
{
	const struct field *f = NULL;

	if (hint < v->place.n && span_eq(v->place.v[hint].name, name))
		f = &v->place.v[hint];
	else
		f = fields_find(&v->name, name);
	if (!f)
		return VALUE_NONE;
	v->place.v[f->place].seen = true;
	return f->value;
}

static bool same(const struct group *g, struct value a, struct value b)
{
	bool no_a = !value_present(a) || (g->absent_null && value_type(a) == TOKEN_NULL);
	bool no_b = !value_present(b) || (g->absent_null && value_type(b) == TOKEN_NULL);

	return no_a || no_b ? no_a == no_b : value_equal(a, b, 0);
}

static void find_candidates(struct settling *s, const struct field *f, struct candidates *c)
{
	struct group *g = s->g;
	int i, j;

	c->sides = s->sides;
	c->changed = 0;
	c->base = field_in(group_base(g), f->name, f->place);
	for (i = 0; i < g->sides; i++) {
		c->v[i] = VALUE_NONE;
		c->same[i] = i;
		if (!has(s->sides, i))
			continue;
		c->v[i] = field_in(&g->v[i], f->name, f->place);
		if (g->has_base && same(g, c->v[i], c->base))
			continue;
		c->changed |= UINT32_C(1) << i;
		for (j = 0; j < i && c->same[i] == i; j++)
			if (has(c->changed, j) && c->same[j] == j && same(g, c->v[i], c->v[j]))
				c->same[i] = j;
	}
}

static int first_of(uint32_t mask) { return __builtin_ctz(mask); }

static bool all_equal(const struct group *g, const struct candidates *c)
{
	int i;

	for (i = 0; i < g->sides; i++)
		if (has(c->changed, i) && c->same[i] != first_of(c->changed))
			return false;
	return true;
}

/* ---- one field */

static void add_conflict(struct settling *s, const struct field *f)
{
	struct outcome *out = s->out;
	struct span *grown;
	struct buf name = BUF_INIT;

	grown = arena_alloc(&s->g->arena, (out->fields + 1) * sizeof *grown);
	if (out->fields)
		memcpy(grown, out->field, out->fields * sizeof *grown);
	buf_addc(&name, '"');
	buf_addspan(&name, value_bytes(f->key));
	buf_addc(&name, '"');
	grown[out->fields] = arena_span(&s->g->arena, buf_span(&name));
	out->field = grown;
	out->fields++;
	buf_release(&name);
}

static int take_field(struct settling *s, const struct field *f, struct choice *choice)
{
	const struct take *t = s->take;

	choice->conflict = false;
	choice->made = NULL;
	if (t->how == TAKE_VERSION) {
		choice->v = field_in(&s->g->v[t->version], f->name, f->place);
		return 0;
	}
	if (value_member(t->values, f->name, &choice->v))
		return 0;
	return error_data(s->err, "take-lacks", "take lacks the field '%s', which is in conflict", error_show(f->name));
}

static int choose(struct settling *s, const struct field *f, struct choice *choice)
{
	struct candidates c;
	struct rule rule;
	bool own, counts;

	find_candidates(s, f, &c);
	*choice = (struct choice){ false, c.base, NULL };
	if (s->take->how == TAKE_VALUES && value_member(s->take->values, f->name, &choice->v)) {
		add_conflict(s, f);
		return 0;
	}
	if (!c.changed) {	/* the same value as the base's, as a side writes it */
		choice->v = c.v[first_of(c.sides)];
		return 0;
	}
	rule = policy_rule(s->policy, f->name, &own);
	counts = rule.how == BY_COUNTER && (c.changed & (c.changed - 1));
	if (!counts && all_equal(s->g, &c)) {
		choice->v = c.v[first_of(c.changed)];
		return 0;
	}
	strategy_choose(s->g, s->policy, rule, &c, s->secret, &s->made, choice);
	if (!choice->conflict)
		return 0;
	add_conflict(s, f);
	return s->take->how == TAKE_NOTHING ? 0 : take_field(s, f, choice);
}

static void write_field(struct settling *s, struct span quoted, const struct choice *choice)
{
	struct buf *row = &s->out->row;

	if (choice->conflict || (!choice->made && !value_present(choice->v)))
		return;
	buf_adds(row, row->n > 1 ? ",\"" : "\"");
	buf_addspan(row, quoted);
	buf_adds(row, "\":");
	if (choice->made)
		buf_addspan(row, buf_span(choice->made));
	else
		value_write(choice->v, row);
}

/* ---- a row that at least one side has */

/* Fields that nobody has but who decided. */
static void add_taken(struct settling *s)
{
	struct choice choice = { false, VALUE_NONE, NULL };
	struct walk walk = { 0, 0, 0 };
	struct value name;
	bool known;
	int i;

	while (value_next(s->take->values, &walk, &name, &choice.v)) {
		known = value_text_is(name, SPAN_LIT("_sync"));
		for (i = 0; !known && i < s->g->sides; i++)
			known = has(s->sides, i) && fields_find(&s->g->v[i].name, value_text(name, &s->g->arena));
		if (!known)
			write_field(s, value_bytes(name), &choice);
	}
}

static int settle_fields(struct settling *s, const char *why)
{
	struct outcome *out = s->out;
	struct choice choice;
	struct field *f;
	uint32_t j;
	int i;

	for (i = 0; i <= s->g->sides; i++)
		list_fields(s->g, i);
	buf_addc(&out->row, '{');
	for (i = 0; i < s->g->sides; i++) {
		for (j = 0; has(s->sides, i) && j < s->g->v[i].place.n; j++) {
			f = &s->g->v[i].place.v[j];
			if (f->seen)
				continue;
			if (choose(s, f, &choice))
				return -1;
			write_field(s, value_bytes(f->key), &choice);
		}
	}
	if (s->take->how == TAKE_VALUES)
		add_taken(s);
	buf_addc(&out->row, '}');
	out->verdict = VERDICT_ROW;
	if (out->fields) {
		out->why = why;
		out->verdict = s->take->how == TAKE_NOTHING ? VERDICT_CONFLICT : VERDICT_ROW;
	}
	return 0;
}

static void whole_row(struct settling *s, struct value row)
{
	struct walk walk = { 0, 0, 0 };
	struct choice choice = { false, VALUE_NONE, NULL };
	struct value name;

	s->out->verdict = VERDICT_ROW;
	buf_addc(&s->out->row, '{');
	while (value_next(row, &walk, &name, &choice.v))
		if (!value_text_is(name, SPAN_LIT("_sync")))
			write_field(s, value_bytes(name), &choice);
	buf_addc(&s->out->row, '}');
}

/* ---- deleted here, edited there */

static int settle_delete(struct settling *s, uint32_t deleted, uint32_t edited)
{
	const struct rule *rule = &s->policy->deletes;
	uint32_t changed = deleted | edited;
	int side = -1;

	if (rule->how == BY_FIRST)
		side = first_of(changed);
	else if (rule->how == BY_LAST)
		side = 31 - __builtin_clz(changed);
	else if (rule->how == BY_SIDE && has(changed, rule->side))
		side = rule->side;
	if (rule->how == BY_DELETE || (side >= 0 && has(deleted, side))) {
		s->out->verdict = VERDICT_GONE;
		return 0;
	}
	if (rule->how == BY_KEEP || side >= 0)
		return settle_fields(s, "edit-edit");
	s->out->why = "delete-edit";
	s->out->verdict = VERDICT_CONFLICT;
	if (s->take->how == TAKE_VALUES)
		whole_row(s, s->take->values);
	else if (s->take->how == TAKE_VERSION && s->g->v[s->take->version].there)
		whole_row(s, record_root(&s->g->v[s->take->version].rec));
	else if (s->take->how == TAKE_VERSION)
		s->out->verdict = VERDICT_GONE;
	return 0;
}

/* ---- all cases */

static int settle_any(struct settling *s)
{
	struct group *g = s->g;
	const struct version *base = group_base(g);
	uint32_t deleted = 0, edited = 0;
	int i;

	for (i = 0; i < g->sides; i++) {
		if (g->v[i].there)
			s->sides |= UINT32_C(1) << i;
		if (!base->there)
			continue;
		if (!g->v[i].there)
			deleted |= has(g->unknown, i) ? 0 : UINT32_C(1) << i;
		else if (!record_equal(&g->v[i].rec, &base->rec, g->absent_null ? EQUAL_ABSENT_NULL : 0))
			edited |= UINT32_C(1) << i;
	}
	if (deleted && edited)
		return settle_delete(s, deleted, edited);
	if (deleted) {
		s->out->verdict = VERDICT_GONE;
		return 0;
	}
	if (!s->sides) {	/* nobody can say */
		whole_row(s, record_root(&base->rec));
		return 0;
	}
	return settle_fields(s, base->there ? "edit-edit" : g->has_base ? "create-create" : "differ");
}

int settle(struct group *g, const struct policy *p, const struct take *take, const struct hash_key *secret, struct outcome *out, struct error *err)
{
	struct settling s = { g, p, take, secret, out, 0, BUF_INIT, err };
	int failed;

	arena_reset(&g->arena);
	buf_reset(&out->row);
	out->why = NULL;
	out->field = NULL;
	out->fields = 0;
	failed = settle_any(&s);
	buf_release(&s.made);
	return failed;
}

void settle_as(struct group *g, int version, struct outcome *out)
{
	struct settling s = { .g = g, .out = out };

	buf_reset(&out->row);
	whole_row(&s, record_root(&g->v[version].rec));
}
