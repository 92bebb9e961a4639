/* opt: parses argv by the tables of a program's options. */
#include "base/opt.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/opt_show.h"
#include "base/xalloc.h"

void opt_list_add(struct opt_list *list, const char *s)
{
	XGROW(list->v, list->n, list->cap);
	list->v[list->n++] = s;
}

void opt_list_release(struct opt_list *list)
{
	free(list->v);
	*list = (struct opt_list){ NULL, 0, 0 };
}

int opt_number(const char *s, const char *what, uint64_t *out, struct error *err)
{
	char *end;

	errno = 0;
	*out = strtoull(s, &end, 10);
	if (!isdigit((unsigned char)s[0]) || *end || errno)
		return error_set(err, EXIT_USAGE, "%s: '%s' is no number", what, error_show(span_of(s)));
	return 0;
}

int opt_size(const char *s, const char *what, uint64_t *out, struct error *err)
{
	static const char units[] = "KMGT";
	const char *unit;
	char *end;
	uint64_t n;
	unsigned shift = 0;

	errno = 0;
	n = strtoull(s, &end, 10);
	if (!isdigit((unsigned char)s[0]) || errno)
		return error_set(err, EXIT_USAGE, "%s: '%s' is no size; sizes look like 64M", what, error_show(span_of(s)));
	unit = *end ? strchr(units, toupper((unsigned char)*end)) : NULL;
	if (unit) {
		shift = 10 * (unsigned)(unit - units + 1);
		end++;
		if (!strcmp(end, "iB") || !strcmp(end, "B"))
			end += strlen(end);
	}
	if (*end || (shift && n > UINT64_MAX >> shift))
		return error_set(err, EXIT_USAGE, "%s: '%s' is no size; sizes look like 64M", what, error_show(span_of(s)));
	*out = n << shift;
	return 0;
}

int opt_seconds(const char *s, const char *what, double *out, struct error *err)
{
	static const struct { const char *unit; double seconds; } units[] = {
		{ "", 1 }, { "s", 1 }, { "ms", 0.001 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 },
	};
	char *end;
	double n = strtod(s, &end);
	size_t i;

	for (i = 0; i < sizeof units / sizeof *units; i++) {
		if (!isdigit((unsigned char)s[0]) || strcmp(end, units[i].unit) || !isfinite(n))
			continue;
		*out = n * units[i].seconds;
		return 0;
	}
	return error_set(err, EXIT_USAGE, "%s: '%s' is no time; times look like 500ms, 30s, 5m, 2h", what,
			 error_show(span_of(s)));
}

static int opt_choice(const struct opt *o, const char *s, const char *what, int *out, struct error *err)
{
	const char *word = o->arg, *bar;
	int i;

	for (i = 0; *word; i++) {
		bar = word + strcspn(word, "|");
		if (span_eq(span_of(s), (struct span){ word, (size_t)(bar - word) })) {
			*out = i;
			return 0;
		}
		word = *bar ? bar + 1 : bar;
	}
	return error_set(err, EXIT_USAGE, "%s: '%s' is none of %s", what, error_show(span_of(s)), o->arg);
}

static int opt_shard(const char *s, const char *what, struct opt_shard *out, struct error *err)
{
	char *end, *last = NULL;

	errno = 0;
	out->i = strtoull(s, &end, 10);
	if (*end == '/')
		out->n = strtoull(end + 1, &last, 10);
	if (errno || !isdigit((unsigned char)s[0]) || !last || *last || !isdigit((unsigned char)end[1]) ||
	    out->i < 1 || out->i > out->n)
		return error_set(err, EXIT_USAGE, "%s: '%s' is no shard; shards of four are 1/4 to 4/4", what,
				 error_show(span_of(s)));
	return 0;
}

static int opt_store(const struct opt *o, void *into, const char *value, struct error *err)
{
	void *at = (char *)into + o->offset;
	char what[80];

	snprintf(what, sizeof what, "--%s", o->name);
	if (!value)
		value = "";
	switch (o->kind) {
	case OPT_FLAG:
		*(bool *)at = true;
		return 0;
	case OPT_STRING:
		*(const char **)at = value;
		return 0;
	case OPT_LIST:
		opt_list_add(at, value);
		return 0;
	case OPT_NUMBER:
		return opt_number(value, what, at, err);
	case OPT_SIZE:
		return opt_size(value, what, at, err);
	case OPT_SECONDS:
		return opt_seconds(value, what, at, err);
	case OPT_CHOICE:
		return opt_choice(o, value, what, at, err);
	case OPT_SHARD:
		return opt_shard(value, what, at, err);
	}
	return 0;
}

/* ---- getopt_long's tables, made from ours */

enum { BUILT_IN = 3, FIRST_VALUE = 256 };

struct parser {
	const struct opt_program *program;
	struct option *longs;		/* owned */
	char *shorts;			/* owned */
	struct { const struct opt *opt; void *into; } *row;	/* owned; row i belongs to longs[i] */
	int n;
};

static int count_rows(const struct opt_program *program)
{
	const struct opt_group *g;
	const struct opt *o;
	int n = BUILT_IN;

	for (g = program->groups; g->opt; g++)
		for (o = g->opt; o->name; o++)
			n++;
	return n;
}

static void add_row(struct parser *p, const struct opt *o, void *into, char **letters)
{
	int has = !o->arg ? no_argument : opt_is_optional(o) ? optional_argument : required_argument;

	p->longs[p->n] = (struct option){ o->name, has, NULL, FIRST_VALUE + p->n };
	p->row[p->n].opt = o;
	p->row[p->n++].into = into;
	if (!o->letter)
		return;
	*(*letters)++ = o->letter;
	if (has != no_argument)
		*(*letters)++ = ':';
	if (has == optional_argument)
		*(*letters)++ = ':';
}

static const struct opt built_in[BUILT_IN + 1] = {
	{ "help", 'h', OPT_FLAG, NULL, 0, "show this help" },
	{ "version", 'V', OPT_FLAG, NULL, 0, "show the version; with -v what it was built with" },
	{ "completion", 0, OPT_CHOICE, "bash|zsh|fish", 0, "print the completion script of a shell" },
	OPT_END,
};
enum { ROW_HELP, ROW_VERSION, ROW_COMPLETION };

const struct opt *opt_built_in(void)
{
	return built_in;
}

static void parser_init(struct parser *p, const struct opt_program *program)
{
	int n = count_rows(program), i;
	const struct opt_group *g;
	const struct opt *o;
	char *letters;

	p->program = program;
	p->n = 0;
	p->longs = xcalloc((size_t)n + 1, sizeof *p->longs);
	p->row = xcalloc((size_t)n, sizeof *p->row);
	p->shorts = letters = xcalloc((size_t)n * 3 + 2, 1);
	*letters++ = ':';
	for (i = 0; i < BUILT_IN; i++)
		add_row(p, &built_in[i], NULL, &letters);
	for (g = program->groups; g->opt; g++)
		for (o = g->opt; o->name; o++)
			add_row(p, o, g->into, &letters);
}

static void parser_release(struct parser *p)
{
	free(p->longs);
	free(p->shorts);
	free(p->row);
}

static int row_of_letter(const struct parser *p, int letter)
{
	int i;

	for (i = 0; i < p->n; i++)
		if (p->row[i].opt->letter == letter)
			return i;
	return -1;
}

/* What the user wrote that getopt_long refuses. */
static int complain(const struct parser *p, int c, char **argv, struct error *err)
{
	const char *arg = argv[optind - 1];
	const char *name = p->program->name;
	const char *near;

	if (optopt >= FIRST_VALUE && c == '?')
		return error_set(err, EXIT_USAGE, "option '--%s' takes no value; try '%s --help'",
				 p->longs[optopt - FIRST_VALUE].name, name);
	if (optopt && c == ':')
		return error_set(err, EXIT_USAGE, "option '%s' wants a value; try '%s --help'", arg, name);
	if (optopt)
		return error_set(err, EXIT_USAGE, "unknown option '-%c'; try '%s --help'", optopt, name);
	near = opt_nearest(p->program, arg);
	if (near)
		return error_set(err, EXIT_USAGE, "unknown option '%s', did you mean '--%s'?", error_show(span_of(arg)), near);
	return error_set(err, EXIT_USAGE, "unknown option '%s'; try '%s --help'", error_show(span_of(arg)), name);
}

static bool passes(const struct parser *p, int c, char **argv)
{
	const struct opt_program *program = p->program;

	return c == '?' && !optopt && program->accept_unknown && program->accept_unknown(argv[optind - 1]);
}

struct asked {
	int row;		/* -1: nothing asked */
	const char *value;
};

const char *opt_lacks(const struct opt_program *program, const struct opt *o)
{
	const struct opt_lack *lack;

	for (lack = program->lacks; lack && lack->name; lack++)
		if (!strcmp(lack->name, o->name))
			return lack->why;
	return NULL;
}

static int take(struct parser *p, int c, struct asked *asked, struct error *err)
{
	int i = c >= FIRST_VALUE ? c - FIRST_VALUE : row_of_letter(p, c);
	const char *why = i >= BUILT_IN ? opt_lacks(p->program, p->row[i].opt) : NULL;

	if (why)
		return error_set(err, EXIT_USAGE, "%s", why);
	if (i >= BUILT_IN)
		return opt_store(p->row[i].opt, p->row[i].into, optarg, err);
	if (asked->row < 0) {
		asked->row = i;
		asked->value = optarg;
	}
	return 0;
}

static int parse(struct parser *p, int argc, char **argv, struct asked *asked, struct error *err)
{
	int c;

	opterr = 0;
#ifdef __linux__
	optind = 0;	/* glibc and musl start afresh */
#else
	optind = 1;
#endif
	while ((c = getopt_long(argc, argv, p->shorts, p->longs, NULL)) != -1) {
		if (passes(p, c, argv))
			opt_list_add(p->program->unknown, argv[optind - 1]);
		else if (c == '?' || c == ':')
			return complain(p, c, argv, err);
		else if (take(p, c, asked, err))
			return -1;
	}
	return optind;
}

/* -v asked for beside --version: looked up by its letter, since who shares the option group knows its struct. */
static bool verbose_given(const struct parser *p)
{
	int i = row_of_letter(p, 'v');

	return i >= BUILT_IN && p->row[i].opt->kind == OPT_FLAG &&
	       *(const bool *)((const char *)p->row[i].into + p->row[i].opt->offset);
}

static int answer(const struct parser *p, const struct asked *asked, struct error *err)
{
	int which, failed = 0;

	if (asked->row == ROW_HELP)
		failed = opt_help(p->program, err);
	else if (asked->row == ROW_VERSION)
		failed = opt_version(p->program, verbose_given(p), err);
	else if (opt_choice(&built_in[ROW_COMPLETION], asked->value, "--completion", &which, err))
		failed = -1;
	else
		failed = opt_completion(p->program, which, err);
	return failed ? -1 : OPT_ASKED;
}

int opt_parse(const struct opt_program *program, int argc, char **argv, struct error *err)
{
	struct asked asked = { -1, NULL };
	struct parser p;
	int first;

	parser_init(&p, program);
	first = parse(&p, argc, argv, &asked, err);
	if (first >= 0 && asked.row >= 0)
		first = answer(&p, &asked, err);
	parser_release(&p);
	return first;
}
