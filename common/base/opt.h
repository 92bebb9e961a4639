/*
 * opt: one table of options gives parsing (getopt_long), --help and shell completion.
 *
 * A program has groups of options (its own, those it shares), each a table ended by OPT_END and the struct that
 * the values go into. --help, --version and --completion are there for every program. Operands may stand between
 * options; `--` ends options; `-` is an operand.
 */
#ifndef SYNC_BASE_OPT_H
#define SYNC_BASE_OPT_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum opt_kind {
	OPT_FLAG,	/* bool: set to true */
	OPT_STRING,	/* const char *: borrowed from argv; the last one counts */
	OPT_LIST,	/* struct opt_list: every one, in order */
	OPT_NUMBER,	/* uint64_t: decimal digits */
	OPT_SIZE,	/* uint64_t: bytes, with K, M, G, T (1024) behind, "KiB" and so on too */
	OPT_SECONDS,	/* double: seconds, or with ms, s, m, h, d behind */
	OPT_CHOICE,	/* int: which of the words in arg ("ndjson|json|csv"), from 0 */
	OPT_SHARD,	/* struct opt_shard: I/N with 1 <= I <= N */
};

struct opt {
	const char *name;	/* long name without dashes; NULL ends a table */
	char letter;		/* short name or 0 */
	enum opt_kind kind;
	const char *arg;	/* "FILE", "N|P%", "ndjson|json|csv"; "[=LIST]" for one that may be left out (then ""); NULL for a flag */
	size_t offset;		/* where in the group's struct */
	const char *help;	/* a few words, lower case, no full stop */
};
#define OPT_END { NULL, 0, OPT_FLAG, NULL, 0, NULL }
/* A row: OPT("rejects", 0, OPT_STRING, "FILE", struct options, rejects, "set bad records aside in FILE") */
#define OPT(name, letter, kind, arg, type, field, help) { (name), (letter), (kind), (arg), offsetof(type, field), (help) }

struct opt_list {
	const char **v;		/* owned array of borrowed strings; NULL while n is 0 */
	size_t n, cap;
};

struct opt_shard {
	uint64_t i, n;		/* n 0: not sharded */
};

struct opt_group {
	const char *title;	/* over its lines in --help; NULL for none */
	const struct opt *opt;	/* NULL ends the groups */
	void *into;		/* the struct that offsets refer to */
	bool hidden;		/* parsed and completed, but left out of --help, which must fit a screen: the man page has them */
};

/* A row of a shared table that a program doesn't serve: it isn't shown, and asked for it is refused with the reason. */
struct opt_lack {
	const char *name;	/* NULL ends a table */
	const char *why;	/* the whole message */
};

struct opt_program {
	const char *name;	/* "sync-diff" */
	const char *synopsis;	/* lines after the name: "[OPTION...] A B"; several lines with '\n' */
	const char *summary;	/* one sentence for --help */
	const char *after;	/* more lines for the end of --help, or NULL */
	const struct opt_group *groups;
	bool (*accept_unknown)(const char *arg);	/* NULL: unknown options are errors; else may let `--name=value` pass: it is kept in unknown */
	struct opt_list *unknown;
	void (*version)(bool verbose);	/* prints more lines for --version (with -v), or NULL */
	const struct opt_lack *lacks;	/* or NULL */
};

enum { OPT_ASKED = -2 };	/* --help, --version or --completion was answered: leave with status 0 (or 3: see below) */

/*
 * Parses argv, which is permuted so that operands stand last. Returns the index of the first operand; -1 with a
 * usage error that says the nearest right word; OPT_ASKED when it has printed what was asked for on standard
 * output (-1 when that could not be written).
 */
int opt_parse(const struct opt_program *program, int argc, char **argv, struct error *err);
/* Prints "usage: NAME SYNOPSIS" lines to a buffer-like stdout: what --help begins with. */
int opt_help(const struct opt_program *program, struct error *err);
void opt_list_add(struct opt_list *list, const char *s);
void opt_list_release(struct opt_list *list);

/* Why the program doesn't serve an option that its groups have; NULL if it does. */
const char *opt_lacks(const struct opt_program *program, const struct opt *o);

/* The values by themselves, for those who read them elsewhere; -1 with a usage error naming `what`. */
int opt_number(const char *s, const char *what, uint64_t *out, struct error *err);
int opt_size(const char *s, const char *what, uint64_t *out, struct error *err);
int opt_seconds(const char *s, const char *what, double *out, struct error *err);

#endif
