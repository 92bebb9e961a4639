/*
 * spill: the one file that a tool puts aside what --memory doesn't hold. It has no name: O_TMPFILE, or made 0600 and
 * unlinked at once, in $TMPDIR or /var/tmp; so nothing stays behind, whatever ends the process. Blocks of any length are
 * written one after another and read back from where they are; several users share the file.
 */
#ifndef SYNC_SET_SPILL_H
#define SYNC_SET_SPILL_H

#include <stdint.h>

#include "base/error.h"

struct spill {
	int fd;			/* -1: not open */
	uint64_t size;		/* bytes written so far */
	char *folder;		/* owned: for messages */
};
#define SPILL_INIT { -1, 0, NULL }

/* Opens it: before the sandbox is entered, needed or not. -1: "cannot make a temporary file in '/var/tmp': why". */
int spill_open(struct spill *s, struct error *err);
/* Appends a block; *at is where. -1 with status EXIT_FAILED (a full disk, …). */
int spill_write(struct spill *s, const void *p, size_t n, uint64_t *at, struct error *err);
/* Reads n bytes back, all of them. */
int spill_read(const struct spill *s, uint64_t at, void *p, size_t n, struct error *err);
void spill_close(struct spill *s);

#endif
