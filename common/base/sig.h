/*
 * sig: what a program does with signals and with the descriptors it was born with.
 *
 * SIGINT, SIGTERM and SIGHUP remove the registered temporary files, then the signal is raised again with
 * its default action, so that the parent sees it. SIGPIPE has its default action, whatever was inherited.
 */
#ifndef SYNC_BASE_SIG_H
#define SYNC_BASE_SIG_H

#include <stdbool.h>

/*
 * Call first in main. Descriptors 0 to 2 that are closed are opened so that using them fails with EBADF-like
 * errors instead of hitting another file: 0 on /dev/null for writing, 1 and 2 on /dev/null for reading.
 * Exits with 3 if that can't be done.
 */
void sig_start(void);

/* Registers a file to be unlinked when a signal ends the program; -1 when 64 are registered. The path is copied. */
int sig_temporary(const char *path);
/* Forgets it (it was renamed or removed). */
void sig_forget(const char *path);

/*
 * First in a process that was forked: signals end it as they end any other, what is registered is its parent's, and where the
 * system can tell (Linux, FreeBSD) it ends when its parent does.
 */
void sig_child(void);

/*
 * For programs that follow a source: from here on the first SIGINT or SIGTERM only sets a flag, so that a
 * stream can be ended well; the second one acts as ever. sig_stopping tells, and sig_finish raises the
 * signal again when the work is done (it returns if there was none).
 */
void sig_defer(void);
bool sig_stopping(void);
void sig_finish(void);

#endif
