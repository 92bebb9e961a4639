/*
 * exec: finds connectors and runs them, never through a shell. A connector is a program `sync-extract-SCHEME` or
 * `sync-load-SCHEME`: in ../libexec/sync beside the running program's folder, in the installed libexec folder, then on PATH,
 * whose relative entries are ignored.
 */
#ifndef SYNC_ENDPOINT_EXEC_H
#define SYNC_ENDPOINT_EXEC_H

#include <sys/types.h>

#include "base/error.h"

/* Executes KIND-SCHEME (kind "sync-extract") with argv, whose first element is replaced. Returns only with -1. */
int connector_exec(const char *kind, const char *scheme, char **argv, struct error *err);

/* An operand being read by a child that runs sync-extract. */
struct extraction {
	pid_t pid;
	int fd;			/* its standard output */
	const char *name;	/* the operand, borrowed */
};
/* Starts `sync-extract OPTIONS OPERAND`; options ends with NULL, and may be NULL. */
int extraction_start(struct extraction *x, const char *operand, const char *const *options, struct error *err);
/* Waits for it. 0 if it exited 0; else -1, and err has its status. Closes fd. */
int extraction_end(struct extraction *x, struct error *err);

#endif
