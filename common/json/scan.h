/*
 * scan: one line of JSON, checked against RFC 8259 and UTF-8 in one pass, into a flat tape of tokens.
 *
 * Lines mostly look like one before: where names and brackets stand as they did there, they are compared
 * instead of parsed, and the tape is that one's with other places.
 *
 * The variants (AVX2, SSE2, portable) are chosen once, at the first scan, by what the processor has;
 * SYNC_SCAN=portable|sse2|avx2 in the environment picks a lesser one. All give the same tape and the
 * same error for the same bytes.
 */
#ifndef SYNC_JSON_SCAN_H
#define SYNC_JSON_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"

/* So many bytes after a line must be readable (their value doesn't matter): buffers are padded. */
enum { SCAN_PADDING = 64 };

enum token_type {
	TOKEN_NULL, TOKEN_FALSE, TOKEN_TRUE, TOKEN_NUMBER, TOKEN_STRING, TOKEN_ARRAY, TOKEN_OBJECT,
};

enum token_flag {
	TOKEN_ESCAPED = 1 << 0,	/* string: holds a backslash, so its text differs from its bytes */
	TOKEN_INTEGER = 1 << 1,	/* number: neither fraction nor exponent as written */
	TOKEN_KEY     = 1 << 2,	/* string: a member's name; its value is the next token */
	TOKEN_EDITED  = 1 << 3,	/* text lies in the record's edit buffer, not in the line */
	TOKEN_DIRTY   = 1 << 4,	/* container: something below was edited, so bytes don't stand for it */
	TOKEN_REMOVED = 1 << 5,	/* key or element: gone */
	TOKEN_ASCII   = 1 << 6,	/* string: bytes are all below 0x80 */
	TOKEN_MOVED   = 1 << 7,	/* its place is taken by the token that `at` names: values are made from that one */
};

/*
 * at, len: where the token's bytes are. A string's are those between its quotes; a container's go from
 * its opening to its closing bracket. next: the index after the whole subtree; for a key, after its value.
 * aux: container: members or elements, 65535 when there are as many or more; key: the index of its object, 65535
 * when that is as large or larger.
 */
struct token {
	uint32_t at, len, next;
	uint8_t type, flags;
	uint16_t aux;
};

enum { TAPE_SHAPES = 8 };

struct tape {
	struct token *tok;	/* owned; tok[0] is the root */
	uint32_t n, cap;	/* tokens used, allocated */
	/*
	 * What the line last scanned looks like: lines of one shape other than 0 have the same names, byte for byte, at the
	 * same places of the tape, and the same containers; only their scalars differ. 0: not known. Numbers are not used
	 * twice in a process. Edits of the tape don't count.
	 */
	uint64_t shape;
	uint32_t which;		/* below TAPE_SHAPES, where there is a shape: few are known at a time, and each has a place among them */
	struct scan_work *work;	/* owned: what the scanner keeps from line to line, private to it */
};
#define TAPE_INIT { .tok = NULL }

struct scan_limits {
	uint32_t depth;		/* nested containers, 128 unless told */
	uint32_t tokens;	/* a line, a million unless told */
};
#define SCAN_LIMITS_INIT { 128, 1000000 }

/*
 * Scans n bytes, one JSON text with nothing but white space around it, into the tape (reused, grown
 * as needed). The tape's offsets are relative to p; nothing is copied.
 * Returns 0, or -1 with a data error whose text names the byte (counted from 1): codes "bad-json",
 * "bad-utf8", "lone-surrogate", "too-deep", "too-many-tokens".
 */
int scan_text(struct tape *tape, const char *p, size_t n, const struct scan_limits *limits, struct error *err);
void tape_release(struct tape *tape);
/* 0 if the bytes are UTF-8 (RFC 3629), else -1. */
int scan_check_utf8(struct span text);

/* Whether lines are tried against the shape of those before (they are): off for tests and measurements. */
void scan_use_shapes(bool on);
/* The variant in use: "avx2", "sse2", "portable". scan_choose returns -1 where this machine lacks it. */
const char *scan_variant(void);
int scan_choose(const char *variant);

#endif
