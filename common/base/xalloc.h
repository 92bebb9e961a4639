/*
 * xalloc: small allocations that don't fail. On exhausted memory the process ends with status 3 and
 * one line on standard error. What the input sizes uses malloc or buf_try_reserve and returns an error.
 */
#ifndef SYNC_BASE_XALLOC_H
#define SYNC_BASE_XALLOC_H

#include <stddef.h>

void *xmalloc(size_t n);
void *xcalloc(size_t count, size_t size);	/* zeroed; overflow counts as exhausted */
void *xrealloc(void *p, size_t n);
void *xreallocarray(void *p, size_t count, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *p, size_t n);	/* n bytes and a NUL */
_Noreturn void xalloc_die(void);

/* Makes room for one more element: doubles *cap when n has reached it. */
#define XGROW(p, n, cap) \
	((n) < (cap) ? (void)0 : (void)((cap) = (cap) ? (cap) * 2 : 8, \
	(p) = xreallocarray((p), (cap), sizeof *(p))))

#endif
