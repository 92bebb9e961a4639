/* opt_show: what a program says of its options: help, version, completion. Used by opt.c alone. */
#ifndef SYNC_BASE_OPT_SHOW_H
#define SYNC_BASE_OPT_SHOW_H

#include "base/opt.h"

/* Its value may be left out: "[=LIST]". */
static inline bool opt_is_optional(const struct opt *o)
{
	return o->arg && o->arg[0] == '[' && o->arg[1] == '=';
}

/* --help, --version, --completion: a table ended by OPT_END. */
const struct opt *opt_built_in(void);
int opt_version(const struct opt_program *program, bool verbose, struct error *err);
int opt_completion(const struct opt_program *program, int shell, struct error *err);	/* 0 bash, 1 zsh, 2 fish */
/* The long option nearest to what was written, or NULL. */
const char *opt_nearest(const struct opt_program *program, const char *arg);

#endif
