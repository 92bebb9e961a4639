/* sides: names before operands. */
#include "sides.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "merge/conflict.h"

/* The length of a name before '=', or 0. */
static size_t name_length(const char *arg)
{
	size_t n = strspn(arg, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

	return arg[n] == '=' ? n : 0;
}

static int add(struct sides *s, const char *arg, struct error *err)
{
	size_t n = name_length(arg);
	int i;

	s->operand[s->n] = arg;
	if (n) {
		s->name[s->n] = s->owned[s->n] = xstrndup(arg, n);
		s->operand[s->n] = arg + n + 1;
	}
	for (i = 0; n && i < s->n; i++)
		if (s->name[i] && !strcmp(s->name[i], s->name[s->n]))
			return error_set(err, EXIT_USAGE, "two operands are called '%s'", s->name[i]);
	if (n && conflicts_reserved(s->name[s->n]))
		return error_set(err, EXIT_USAGE, "an operand can't be called '%s': that word means something else here", s->name[s->n]);
	if (!*s->operand[s->n])
		return error_set(err, EXIT_USAGE, "'%s' names no endpoint", arg);
	s->n++;
	return 0;
}

int sides_parse(struct sides *s, char **argv, int n, struct error *err)
{
	int i, named = 0;

	if (n < 2)
		return error_set(err, EXIT_USAGE, "at least two operands are merged; try 'sync-merge --help'");
	if (n > MOST_SIDES)
		return error_set(err, EXIT_USAGE, "at most %d operands are merged", MOST_SIDES);
	for (i = 0; i < n; i++) {
		if (add(s, argv[i], err))
			return -1;
		named += s->name[i] != NULL;
	}
	if (named == 0 && n == 2) {
		s->name[0] = "ours";
		s->name[1] = "theirs";
	} else if (named < n) {
		return error_set(err, EXIT_USAGE, "name the operands: NAME=ENDPOINT (only two without names are 'ours' and 'theirs')");
	}
	return 0;
}

int sides_file(const struct sides *s, const char *arg, const char **file, struct error *err)
{
	size_t n = name_length(arg);
	int i;

	for (i = 0; n && i < s->n; i++)
		if (strlen(s->name[i]) == n && !strncmp(s->name[i], arg, n)) {
			*file = arg + n + 1;
			if (**file)
				return i;
		}
	return error_set(err, EXIT_USAGE, "--changes: '%s' is not NAME=FILE with the name of an operand", error_show(span_of(arg)));
}

void sides_release(struct sides *s)
{
	int i;

	for (i = 0; i < MOST_SIDES; i++)
		free(s->owned[i]);
}
