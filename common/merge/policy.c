/* policy: reads how versions are settled. */
#include "merge/policy.h"

#include <stdlib.h>

#include "doc/suggest.h"
#include "doc/yaml.h"
#include "merge/clock.h"

struct reading {
	struct policy *policy;
	struct doc *doc;
	const char *const *side;
	int n;
	bool base;
	struct error *err;
};

enum { MOST_WORDS = 48 };

/* Words that a rule may be, besides the sides' names; the same order as the strategies. */
static const struct { const char *word; enum strategy how; } words[] = {
	{ "manual", BY_NOBODY }, { "newest", BY_NEWEST }, { "oldest", BY_OLDEST }, { "first", BY_FIRST }, { "last", BY_LAST },
	{ "union", BY_UNION }, { "counter", BY_COUNTER }, { "max", BY_MAX }, { "min", BY_MIN },
	{ "delete", BY_DELETE }, { "keep", BY_KEEP },
};
enum { WORDS = sizeof words / sizeof *words };

#define BIT(how) (1u << (how))
enum {
	OF_ROWS = BIT(BY_NOBODY) | BIT(BY_NEWEST) | BIT(BY_OLDEST) | BIT(BY_FIRST) | BIT(BY_LAST),
	OF_FIELDS = OF_ROWS | BIT(BY_UNION) | BIT(BY_COUNTER) | BIT(BY_MAX) | BIT(BY_MIN),
	OF_DELETES = BIT(BY_NOBODY) | BIT(BY_FIRST) | BIT(BY_LAST) | BIT(BY_DELETE) | BIT(BY_KEEP),
};

/* One of the words that `allowed` has bits for, or a side's name. */
static int read_rule(struct reading *r, struct value v, const char *what, unsigned allowed, struct rule *rule)
{
	const char *known[MOST_WORDS + 1];
	int side_of[MOST_WORDS], n = 0, found, i;

	for (i = 0; i < WORDS; i++)
		if (allowed & BIT(words[i].how)) {
			side_of[n] = -1 - i;
			known[n++] = words[i].word;
		}
	for (i = 0; i < r->n && n < MOST_WORDS; i++) {
		side_of[n] = i;
		known[n++] = r->side[i];
	}
	known[n] = NULL;
	if (doc_word(r->doc, v, what, known, &found, r->err))
		return -1;
	i = side_of[found];
	*rule = i >= 0 ? (struct rule){ BY_SIDE, i } : (struct rule){ words[-1 - i].how, -1 };
	if (rule->how == BY_COUNTER && !r->base)
		return doc_error(r->doc, v, r->err, "%s: a counter needs --base: without it nobody knows what was added", what);
	return 0;
}

static int read_field(struct reading *r, struct value name, struct value v)
{
	struct policy *p = r->policy;
	struct span text = arena_span(&p->arena, value_text(name, &p->arena));
	struct buf what = BUF_INIT;
	struct value rule;
	int failed;

	buf_addf(&what, "fields.%s", error_show(text));
	if (value_type(v) == TOKEN_OBJECT && value_member(v, SPAN_LIT("rule"), &rule))
		failed = doc_error(r->doc, rule, r->err, "%s: rules in CEL are not in this version", buf_str(&what));
	else
		failed = read_rule(r, v, buf_str(&what), OF_FIELDS, &p->field[p->fields].rule);
	if (!failed)
		p->field[p->fields++].name = text;
	buf_release(&what);
	return failed;
}

static int read_fields(struct reading *r, struct value map)
{
	struct walk walk = { 0, 0, 0 };
	struct value name, v;

	if (doc_is_map(r->doc, map, "fields", r->err))
		return -1;
	r->policy->field = arena_alloc(&r->policy->arena, (value_count(map) + 1) * sizeof *r->policy->field);
	while (value_next(map, &walk, &name, &v))
		if (read_field(r, name, v))
			return -1;
	return 0;
}

static int read_key(struct reading *r, struct value v)
{
	struct walk walk = { 0, 0, 0 };
	struct error why = ERROR_INIT;
	struct value element;
	struct span text;

	if (value_type(v) != TOKEN_ARRAY) {
		if (doc_text(r->doc, v, "key", &text, r->err))
			return -1;
		return key_add(&r->policy->key, text, &why) ? doc_error(r->doc, v, r->err, "key: %s", why.text) : 0;
	}
	while (value_next(v, &walk, NULL, &element)) {
		if (doc_text(r->doc, element, "a part of the key", &text, r->err))
			return -1;
		if (key_add(&r->policy->key, text, &why))
			return doc_error(r->doc, element, r->err, "key: %s", why.text);
	}
	return r->policy->key.n ? 0 : doc_error(r->doc, v, r->err, "key: a key needs a field's name");
}

static int set_clock(struct policy *p, struct span text, struct error *err)
{
	buf_reset(&p->clock_text);
	buf_addspan(&p->clock_text, text);
	p->has_clock = true;
	return path_compile(&p->clock, buf_span(&p->clock_text), &p->arena, err);
}

static int read_clock(struct reading *r, struct value v)
{
	struct error why = ERROR_INIT;
	struct span text;

	if (doc_text(r->doc, v, "clock", &text, r->err))
		return -1;
	return set_clock(r->policy, text, &why) ? doc_error(r->doc, v, r->err, "clock: %s", why.text) : 0;
}

static int read_skew(struct reading *r, struct value v)
{
	struct span text;

	if (doc_text(r->doc, v, "skew", &text, r->err))
		return -1;
	if (duration_parse(text, &r->policy->skew))
		return doc_error(r->doc, v, r->err, "skew: '%s' is no duration such as PT5S or 5s", error_show(text));
	return 0;
}

static int read_root(struct reading *r, struct value root)
{
	static const char *const names[] = { "key", "default", "clock", "skew", "fields", "deletes", "check", NULL };
	struct value v;

	if (doc_names(r->doc, root, "a policy", names, r->err))
		return -1;
	if (doc_get(root, "check", &v))
		return doc_error(r->doc, v, r->err, "check: rules for the merged row are not in this version; sync-validate judges what comes out");
	if ((doc_get(root, "key", &v) && read_key(r, v)) || (doc_get(root, "clock", &v) && read_clock(r, v)) ||
	    (doc_get(root, "skew", &v) && read_skew(r, v)) || (doc_get(root, "fields", &v) && read_fields(r, v)) ||
	    (doc_get(root, "default", &v) && read_rule(r, v, "default", OF_ROWS, &r->policy->fallback)))
		return -1;
	/* what settles an edit against an edit settles it against a delete, where a delete has what it takes: a place, but no clock */
	if (r->policy->fallback.how == BY_FIRST || r->policy->fallback.how == BY_LAST || r->policy->fallback.how == BY_SIDE)
		r->policy->deletes = r->policy->fallback;
	return doc_get(root, "deletes", &v) ? read_rule(r, v, "deletes", OF_DELETES, &r->policy->deletes) : 0;
}

static int set_side(struct policy *p, const char *name, const char *const *side, int n, struct error *err)
{
	int i;

	for (i = 0; i < n; i++)
		if (!strcmp(side[i], name))
			p->fallback = p->deletes = (struct rule){ BY_SIDE, i };
	if (p->fallback.how != BY_SIDE || strcmp(side[p->fallback.side], name))
		return error_set(err, EXIT_USAGE, "--prefer: no side is called '%s'", error_show(span_of(name)));
	return 0;
}

static int check(const struct policy *p, struct error *err)
{
	bool wants = p->fallback.how == BY_NEWEST || p->fallback.how == BY_OLDEST;
	uint32_t i;

	for (i = 0; i < p->fields; i++)
		wants = wants || p->field[i].rule.how == BY_NEWEST || p->field[i].rule.how == BY_OLDEST;
	if (wants && !p->has_clock)
		return error_set(err, EXIT_USAGE, "newest and oldest need a clock: the field that says when a row was changed");
	return 0;
}

int policy_load(struct policy *p, const struct policy_options *opt, const char *const *side, int n, bool base, struct error *err)
{
	struct doc doc;
	struct reading r = { p, &doc, side, n, base, err };
	int failed = 0;

	*p = (struct policy){ .key = KEY_INIT, .arena = ARENA_INIT, .clock_text = BUF_INIT };
	if (opt->file) {
		failed = doc_load(&doc, opt->file, err);
		if (!failed)
			failed = read_root(&r, doc_root(&doc));
		doc_release(&doc);
	}
	if (!failed && opt->key) {
		key_release(&p->key);
		failed = key_parse(&p->key, opt->key, err) ? error_prefix(err, "--key") : 0;
	}
	if (!failed && opt->newest) {
		p->fallback = (struct rule){ BY_NEWEST, -1 };
		failed = set_clock(p, span_of(opt->newest), err) ? error_prefix(err, "--newest") : 0;
	}
	if (!failed && opt->prefer)
		failed = set_side(p, opt->prefer, side, n, err);
	return failed ? -1 : check(p, err);
}

void policy_release(struct policy *p)
{
	key_release(&p->key);
	arena_release(&p->arena);
	buf_release(&p->clock_text);
}

struct rule policy_rule(const struct policy *p, struct span field, bool *own)
{
	uint32_t i;

	*own = true;
	for (i = 0; i < p->fields; i++)
		if (span_eq(p->field[i].name, field))
			return p->field[i].rule;
	if (p->has_clock && p->clock.n == 1 && span_eq(p->clock.step[0].name, field))
		return (struct rule){ BY_MAX, -1 };
	*own = false;
	return p->fallback;
}
