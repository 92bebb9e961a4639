/*
 * outputs: files that a sandboxed program replaces at its end. They are opened before, and a small process of ours, started
 * before the sandbox, puts them in their places when it is told to; if the program ends without a word, they are dropped, and
 * what was there before stays. What is no regular file (a pipe, a device) is written as it is.
 */
#ifndef SYNC_CMD_MERGE_OUTPUTS_H
#define SYNC_CMD_MERGE_OUTPUTS_H

#include <sys/types.h>

#include "base/fileio.h"

struct output {
	char *path;			/* owned */
	int fd;				/* to write to; not closed by its user */
	struct replacement replacement;	/* fd -1 where the file is written as it is */
};

struct outputs {
	struct output *v;	/* owned */
	size_t n, cap;
	pid_t helper;		/* -1: none */
	int order, answer;	/* pipes to and from it; -1 */
};
#define OUTPUTS_INIT { NULL, 0, 0, -1, -1, -1 }

/* Opens a file; its index, or -1. */
int outputs_add(struct outputs *o, const char *path, struct error *err);
/* -1: an output would replace the file at path, by whatever name it goes. */
int outputs_spare(const struct outputs *o, const char *path, struct error *err);
/* Starts the helper, if there is anything to replace. After outputs_add, before operands are started and the sandbox. */
int outputs_start(struct outputs *o, struct error *err);
/* All is written: puts the files in their places. */
int outputs_commit(struct outputs *o, struct error *err);
/* Drops what wasn't committed. */
void outputs_release(struct outputs *o);

#endif
