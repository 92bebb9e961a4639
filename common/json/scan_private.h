/* scan_private: what the variants of the scanner share. */
#ifndef SYNC_JSON_SCAN_PRIVATE_H
#define SYNC_JSON_SCAN_PRIVATE_H

#include "json/scan.h"

enum fault {
	FAULT_END, FAULT_VALUE, FAULT_NUMBER, FAULT_NAME, FAULT_COLON, FAULT_COMMA, FAULT_AFTER, FAULT_CONTROL, FAULT_ESCAPE,
	FAULT_UTF8, FAULT_SURROGATE, FAULT_DEEP, FAULT_TOKENS, FAULT_MEMORY,
};

struct scan_fault {
	enum fault what;
	size_t at;	/* offset of the byte, from 0 */
};

/*
 * Scans size bytes at base + from onto the end of the tape (from tape->n on); offsets are relative to base.
 * Returns 0, or -1 with the fault; the tape's n is then not to be relied on.
 */
typedef int scan_fn(struct tape *tape, const char *base, size_t from, size_t size, const struct scan_limits *limits,
		    struct scan_fault *fault);

scan_fn scan_portable;
#if defined(__x86_64__)
#define SCAN_X86 1
scan_fn scan_sse2, scan_avx2;
#endif

/* scan_text onto the end of the tape; on an error the tape is as before. */
int scan_onto(struct tape *tape, const char *base, size_t from, size_t size, const struct scan_limits *limits, struct error *err);

/* All for the variants' use. */
int scan_fail(struct scan_fault *fault, enum fault what, size_t at);	/* -1 */
int scan_grow(struct tape *tape, const struct scan_limits *limits, struct scan_fault *fault, size_t at);
/* Past the escape whose backslash stands at p, a low surrogate that belongs to it included; NULL with the fault set. */
const char *scan_escape(const char *p, const char *end, struct scan_fault *fault, const char *base);
bool scan_ascii(const char *p, const char *end);
/* The first byte from p to end that is no UTF-8 (RFC 3629), or NULL. */
const char *scan_utf8(const char *p, const char *end);

#endif
