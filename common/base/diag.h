/*
 * diag: the only way common/ prints. One write a line to standard error:
 * `sync-load: error: cannot open 'x': No such file or directory`, or with JSON on, one object a line
 * {"time":…,"level":"error","program":"sync-load","message":"…"}. Line feeds and control bytes in a text are escaped.
 */
#ifndef SYNC_BASE_DIAG_H
#define SYNC_BASE_DIAG_H

#include "base/error.h"

/* Names the program for all that follows; program is static. */
void diag_start(const char *program);
const char *diag_program(void);

void diag_json(bool on);	/* --log-format json */
void diag_verbose(bool on);	/* --verbose: notes too */
void diag_quiet(bool on);	/* --quiet: errors only */
bool diag_is_verbose(void);

void diag_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void diag_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void diag_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));	/* only with --verbose */
/* Prints the error and returns its status, so that main can `return diag_fail(&err)`. */
int diag_fail(const struct error *err);

#endif
