/* sandbox: what a computing stage gives up before it reads input. */
#ifdef __linux__
#define _GNU_SOURCE
#endif
#include "base/sandbox.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifdef __linux__
#include <sys/prctl.h>
#endif
#ifdef __FreeBSD__
#include <sys/capsicum.h>
#endif

#if defined(__linux__) && !defined(SANITIZED)
#include "base/sandbox_linux.h"
#endif

void sandbox_no_cores(void)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
#if defined(__linux__) && !defined(SANITIZED)	/* whose search for leaks traces the program */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);	/* cores that a program of the system takes go by this, not by the limit */
#endif
}

int sandbox_enter(struct error *err)
{
	sandbox_no_cores();
#if defined(SANITIZED)
	(void)err;
	return 0;
#elif defined(__linux__)
	return sandbox_linux(err);
#elif defined(__OpenBSD__)
	return pledge("stdio", NULL) ? error_errno(err, EXIT_FAILED, "cannot drop rights (pledge)") : 0;
#elif defined(__FreeBSD__)
	return cap_enter() && errno != ENOSYS ? error_errno(err, EXIT_FAILED, "cannot drop rights (cap_enter)") : 0;
#else
	(void)err;
	return 0;
#endif
}

const char *sandbox_describe(void)
{
#if defined(SANITIZED)
	return "off (sanitizers)";
#elif defined(__linux__)
	return sandbox_linux_describe();
#elif defined(__OpenBSD__)
	return "pledge";
#elif defined(__FreeBSD__)
	return "capsicum";
#else
	return "none on this system";
#endif
}
