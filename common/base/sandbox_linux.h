/* sandbox_linux: the Linux half of sandbox, used by sandbox.c alone. */
#ifndef SYNC_BASE_SANDBOX_LINUX_H
#define SYNC_BASE_SANDBOX_LINUX_H

#include "base/error.h"

int sandbox_linux(struct error *err);
const char *sandbox_linux_describe(void);

#endif
