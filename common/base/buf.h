/*
 * buf: bytes that grow. The buffer owns p; what it holds is n bytes, with no NUL behind them
 * unless buf_str is asked. Sizes are bytes.
 */
#ifndef SYNC_BASE_BUF_H
#define SYNC_BASE_BUF_H

#include <stdarg.h>

#include "base/span.h"

struct buf {
	char *p;	/* owned; NULL while cap is 0 */
	size_t n;	/* bytes held */
	size_t cap;	/* bytes allocated */
};

#define BUF_INIT { NULL, 0, 0 }

void buf_release(struct buf *b);	/* frees what it holds */
void buf_clear(struct buf *b);		/* release, then empty and usable again */
static inline void buf_reset(struct buf *b) { b->n = 0; }	/* empty, memory kept */

/* Makes room for `extra` more bytes. Dies on exhausted memory, or returns -1 in the try form. */
void buf_reserve(struct buf *b, size_t extra);
int buf_try_reserve(struct buf *b, size_t extra);

void buf_add_slow(struct buf *b, const void *p, size_t n);
static inline void buf_add(struct buf *b, const void *p, size_t n)
{
	if (b->cap - b->n < n) {
		buf_add_slow(b, p, n);
		return;
	}
	if (n)
		memcpy(b->p + b->n, p, n);
	b->n += n;
}
static inline void buf_addc(struct buf *b, char c) { buf_add(b, &c, 1); }
static inline void buf_adds(struct buf *b, const char *s) { buf_add(b, s, strlen(s)); }
static inline void buf_addspan(struct buf *b, struct span s) { buf_add(b, s.p, s.n); }
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vaddf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* Drops the first n bytes, moving the rest down. */
void buf_drop(struct buf *b, size_t n);
/* Adds a NUL behind the bytes, not counted in n; returns p. Good until the next change. */
char *buf_str(struct buf *b);
/* Hands the bytes, NUL-terminated, to the caller, who frees them; the buffer is empty then. */
char *buf_take(struct buf *b);
static inline struct span buf_span(const struct buf *b) { return (struct span){ b->p, b->n }; }

#endif
