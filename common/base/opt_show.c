/* opt_show: help, version and shell completion from the tables of options. */
#include "base/opt_show.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fileio.h"

static int print(struct buf *b, struct error *err)
{
	int failed = io_write(STDOUT_FILENO, b->p, b->n, "standard output", err);

	buf_release(b);
	return failed;
}

static void add_usage(struct buf *b, const struct opt_program *program)
{
	const char *line = program->synopsis, *end;
	const char *head = "usage: ";

	do {
		end = line + strcspn(line, "\n");
		buf_addf(b, "%s%s %.*s\n", head, program->name, (int)(end - line), line);
		head = "       ";
		line = end + 1;
	} while (*end);
}

/* "  -k, --key F[,F]" */
static size_t add_name(struct buf *b, const struct opt *o)
{
	size_t start = b->n;

	if (o->letter)
		buf_addf(b, "  -%c, --%s", o->letter, o->name);
	else
		buf_addf(b, "      --%s", o->name);
	if (o->arg && opt_is_optional(o))
		buf_addf(b, "%s", o->arg);
	else if (o->arg)
		buf_addf(b, " %s", o->arg);
	return b->n - start;
}

static void add_option(struct buf *b, const struct opt *o)
{
	size_t width = add_name(b, o);

	if (width > 28)
		buf_addf(b, "\n%*s%s\n", 30, "", o->help);
	else
		buf_addf(b, "%*s%s\n", (int)(30 - width), "", o->help);
}

int opt_help(const struct opt_program *program, struct error *err)
{
	struct buf b = BUF_INIT;
	const struct opt_group *g;
	const struct opt *o;

	add_usage(&b, program);
	buf_addf(&b, "%s\n\n", program->summary);
	for (g = program->groups; g->opt; g++) {
		if (g->hidden)
			continue;
		if (g->title)
			buf_addf(&b, "%s:\n", g->title);
		for (o = g->opt; o->name; o++)
			if (!opt_lacks(program, o))
				add_option(&b, o);
	}
	add_option(&b, &opt_built_in()[0]);
	add_option(&b, &opt_built_in()[1]);
	buf_addf(&b, "\n%s%s'man %s' tells all\n", program->after ? program->after : "", program->after ? "\n" : "",
		 program->name);
	return print(&b, err);
}

int opt_version(const struct opt_program *program, bool verbose, struct error *err)
{
	struct buf b = BUF_INIT;

	buf_addf(&b, "%s (Syncline) %s\n", program->name, SYNC_VERSION);
	if (verbose)
		buf_addf(&b, "profile: %s\n", SYNC_PROFILE);
	if (print(&b, err))
		return -1;
	if (program->version)
		program->version(verbose);
	return 0;
}

/* ---- completion */

typedef void each_fn(struct buf *b, const struct opt_program *program, const struct opt *o);

static void each_option(struct buf *b, const struct opt_program *program, each_fn *fn)
{
	const struct opt_group *g;
	const struct opt *o;

	for (g = program->groups; g->opt; g++)
		for (o = g->opt; o->name; o++)
			if (!opt_lacks(program, o))
				fn(b, program, o);
	for (o = opt_built_in(); o->name; o++)
		fn(b, program, o);
}

static bool takes_value(const struct opt *o)
{
	return o->arg && !opt_is_optional(o);
}

/* The words of "a|b|c" with blanks between, or a name as a shell function may have it. */
static void add_translated(struct buf *b, const char *s, char from, char to)
{
	for (; *s; s++)
		buf_addc(b, *s == from ? to : *s);
}

static void bash_name(struct buf *b, const struct opt_program *program, const struct opt *o)
{
	(void)program;
	buf_addf(b, " --%s", o->name);
}

static void bash_case(struct buf *b, const struct opt_program *program, const struct opt *o)
{
	(void)program;
	if (o->kind == OPT_CHOICE) {
		buf_addf(b, "\t--%s) COMPREPLY=($(compgen -W '", o->name);
		add_translated(b, o->arg, '|', ' ');
		buf_adds(b, "' -- \"$cur\")); return;;\n");
	} else if (takes_value(o)) {
		buf_addf(b, "\t--%s) COMPREPLY=($(compgen -f -- \"$cur\")); return;;\n", o->name);
	}
}

static void add_bash(struct buf *b, const struct opt_program *program)
{
	buf_addf(b, "# bash completion for %s\n_", program->name);
	add_translated(b, program->name, '-', '_');
	buf_adds(b, "()\n{\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n\tcase $prev in\n");
	each_option(b, program, bash_case);
	buf_adds(b, "\tesac\n\tcase $cur in\n\t-*) COMPREPLY=($(compgen -W '");
	each_option(b, program, bash_name);
	buf_addf(b, "' -- \"$cur\"));;\n\t*) COMPREPLY=($(compgen -f -- \"$cur\"));;\n\tesac\n}\n");
	buf_adds(b, "complete -o filenames -F _");
	add_translated(b, program->name, '-', '_');
	buf_addf(b, " %s\n", program->name);
}

/* Help as it may stand between single quotes and brackets of zsh and fish. */
static void add_quoted(struct buf *b, const char *s)
{
	for (; *s; s++) {
		if (*s == '\'')
			buf_adds(b, "'\\''");
		else if (strchr("[]:\\", *s))
			buf_addf(b, "\\%c", *s);
		else
			buf_addc(b, *s);
	}
}

static void zsh_option(struct buf *b, const struct opt_program *program, const struct opt *o)
{
	(void)program;
	buf_addf(b, "\t'%s--%s%s[", o->kind == OPT_LIST ? "*" : "", o->name, takes_value(o) ? "=" : "");
	add_quoted(b, o->help);
	buf_addc(b, ']');
	if (o->kind == OPT_CHOICE) {
		buf_adds(b, ":value:(");
		add_translated(b, o->arg, '|', ' ');
		buf_addc(b, ')');
	} else if (takes_value(o)) {
		buf_adds(b, ":value:_files");
	}
	buf_adds(b, "' \\\n");
}

static void add_zsh(struct buf *b, const struct opt_program *program)
{
	buf_addf(b, "#compdef %s\n_arguments -S \\\n", program->name);
	each_option(b, program, zsh_option);
	buf_adds(b, "\t'*:operand:_files'\n");
}

static void fish_option(struct buf *b, const struct opt_program *program, const struct opt *o)
{
	const char *c;

	buf_addf(b, "complete -c %s -l %s", program->name, o->name);
	if (o->letter)
		buf_addf(b, " -s %c", o->letter);
	if (o->kind == OPT_CHOICE) {
		buf_adds(b, " -x -a '");
		add_translated(b, o->arg, '|', ' ');
		buf_addc(b, '\'');
	} else if (takes_value(o)) {
		buf_adds(b, " -r");
	}
	buf_adds(b, " -d '");
	for (c = o->help; *c; c++)
		if (*c == '\'')
			buf_adds(b, "\\'");
		else
			buf_addc(b, *c);
	buf_adds(b, "'\n");
}

int opt_completion(const struct opt_program *program, int shell, struct error *err)
{
	struct buf b = BUF_INIT;

	if (shell == 0) {
		add_bash(&b, program);
	} else if (shell == 1) {
		add_zsh(&b, program);
	} else {
		each_option(&b, program, fish_option);
	}
	return print(&b, err);
}

/* ---- the nearest word */

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Edit distance of two short words. */
static unsigned distance(struct span a, struct span b)
{
	unsigned row[64], diagonal, above;
	size_t i, j;

	if (a.n >= 63 || b.n >= 63)
		return 99;
	for (j = 0; j <= b.n; j++)
		row[j] = (unsigned)j;
	for (i = 1; i <= a.n; i++) {
		diagonal = row[0];
		row[0] = (unsigned)i;
		for (j = 1; j <= b.n; j++) {
			above = row[j];
			row[j] = least(least(above, row[j - 1]) + 1, diagonal + (a.p[i - 1] != b.p[j - 1]));
			diagonal = above;
		}
	}
	return row[b.n];
}

const char *opt_nearest(const struct opt_program *program, const char *arg)
{
	const struct opt_group *g;
	const struct opt *o;
	const char *best = NULL;
	unsigned d, best_d = 3;
	struct span word;

	if (strncmp(arg, "--", 2))
		return NULL;
	word = (struct span){ arg + 2, strcspn(arg + 2, "=") };
	for (g = program->groups; g->opt; g++) {
		for (o = g->opt; o->name; o++) {
			d = distance(word, span_of(o->name));
			if (d < best_d && d < word.n && !opt_lacks(program, o)) {
				best_d = d;
				best = o->name;
			}
		}
	}
	return best;
}
