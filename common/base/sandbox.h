/*
 * sandbox: a stage that computes gives up what it doesn't need, after it has read its specifications and opened
 * what it writes to, and before the first byte of input.
 *
 * Then opening, creating, removing and renaming files, exec, fork, sockets, ptrace, io_uring, bpf and their
 * kin fail with EPERM; descriptors that are open go on working; core files are off. Linux: no new privileges, Landlock
 * without paths where the kernel has it, and a seccomp filter; OpenBSD: pledge("stdio"); FreeBSD: Capsicum.
 * Sanitizers need files of their own, so in their builds it is off.
 */
#ifndef SYNC_BASE_SANDBOX_H
#define SYNC_BASE_SANDBOX_H

#include "base/error.h"

/* 0, also where the system has nothing of the kind; -1 if the system has it and refuses. Once for all: there is no way back. */
int sandbox_enter(struct error *err);

/* For what holds secrets: it leaves no core file, and nobody else of the same user can look into it. */
void sandbox_no_cores(void);

/* What sandbox_enter would use here, for --version -v: "no-new-privileges, landlock 7, seccomp", or "off (sanitizers)". Static text. */
const char *sandbox_describe(void);

#endif
