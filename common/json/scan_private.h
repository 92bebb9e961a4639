/* scan_private: what the variants of the scanner share. */
#ifndef SYNC_JSON_SCAN_PRIVATE_H
#define SYNC_JSON_SCAN_PRIVATE_H

#include <stddef.h>
#include <string.h>

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

/*
 * The shape of a line: its text between one scalar and the next, and the tokens that this text makes. A step is the text
 * before a scalar, the tokens of that text (names, containers), the containers that it closes, and the scalar's own token.
 */
enum { LIKE_TOKENS = 1024, LIKE_STEPS = 512, LIKE_BLOCK = 32, LIKE_TEXT = 255, LIKE_LONG = 4096 };

/* The second half of a token. */
struct token_tail {
	uint32_t next;
	uint8_t type, flags;
	uint16_t aux;
};
_Static_assert(offsetof(struct token, next) + sizeof(struct token_tail) == sizeof(struct token), "a token is two halves");

struct like_step {
	_Alignas(64) char text[LIKE_BLOCK];	/* its first bytes */
	uint32_t mask;		/* a bit for each byte that counts of these */
	uint16_t n;		/* bytes of the text, LIKE_TEXT at most */
	uint16_t rest;		/* where those behind the first ones stand in `rest` */
	uint16_t first;		/* its first token */
	uint16_t own;		/* the scalar's token; what is between the two are names and containers */
	uint16_t close, closes;	/* which of `close` it closes, and how many */
	/* how the scanner stands before the scalar: the open container, its members or elements so far, how many are open */
	uint16_t open, count, depth;
	bool plain;		/* one token at most before the scalar; nothing closed; no rest; not the last step */
	struct token_tail tail;	/* of the scalar's token, if it were a string in ASCII */
};

struct like_close {
	uint16_t tok;		/* the container */
	uint16_t end;		/* what stands after its bracket: an offset in the step's text */
};

struct scan_like {
	struct like_step step[LIKE_STEPS + 1];	/* the last one has the text behind the last scalar */
	struct token tok[LIKE_TOKENS];	/* `at` counts from the step's text; a container's len is its parent's index */
	uint16_t upto[LIKE_TOKENS];	/* of a container: which member or element of its parent it is */
	struct like_close close[LIKE_TOKENS];
	char rest[LIKE_LONG];
	uint64_t shape;		/* 0: none is known */
	uint32_t tokens, steps, depth;
	uint64_t when;		/* a line had it: how many shapes had been learned by then */
	bool used;		/* a line had the shape */
};

/*
 * A piece of a line looked at many bytes at once, so that no step has to wait for a string's end: a bit for each byte, the
 * first one's lowest in the first word. Behind the last word stands one of zeros.
 */
enum { INDEX_WORDS = 128, INDEX_BYTES = INDEX_WORDS * 64 };

struct scan_index {
	uint32_t from, size;			/* offset of the first byte, and bytes */
	bool any;				/* something is special */
	uint64_t quote[INDEX_WORDS + 1];	/* quotes that no backslash escapes */
	uint64_t special[INDEX_WORDS + 1];	/* backslashes, control characters and what is no ASCII */
};

/*
 * What the scanner keeps from line to line. A line is tried against the shape that matched last; where it differs, it goes on
 * in another one that is the same up to there.
 */
struct scan_work {
	struct scan_like *like[TAPE_SHAPES];	/* owned; NULL: none yet */
	uint16_t common[TAPE_SHAPES][TAPE_SHAPES];	/* how many steps two shapes have in common, from the first */
	uint32_t last;		/* the shape that matched last */
	uint64_t learned;	/* shapes, so far */
	unsigned missed;	/* lines in a row of other shapes */
	unsigned patience;	/* after so many of them another shape is learned */
	struct scan_index index;
};

/* Where the scanner goes on by itself when a line isn't like the shape. */
struct scan_state {
	const char *p;
	uint32_t n, open, depth, count;
};
enum like { LIKE_NOT, LIKE_WHOLE, LIKE_VALUE, LIKE_AFTER };	/* not at all; to its end; up to a value, or behind one */

/* A shape that is followed, from a step whose text begins at an offset in the line. */
struct like_run {
	const struct scan_like *like;
	uint32_t step, at;
};

/* Learns the shape of a line just scanned, if it is worth it, and gives the tape its number. */
void scan_learn(struct tape *tape, const char *p, size_t n);
/* Sets *s to how the scanner stands in a step of a shape, before or behind its value; the tape's open containers are made so. */
void scan_leave(struct tape *tape, const struct scan_like *like, uint32_t step, bool behind, struct scan_state *s);
/* The tape, which has the tokens of another shape up to a step, gets those that this shape has there. */
void scan_change_over(struct tape *tape, const struct scan_like *like, uint32_t step);
void scan_forget(struct scan_work *work);	/* all shapes */

/* Whether a line can be tried against a shape within these limits, with room for it in the tape. */
static inline bool scan_try_like(const struct tape *tape, const struct scan_like *like, const struct scan_limits *limits)
{
	return like && like->shape && tape->cap >= like->tokens && like->tokens <= limits->tokens && like->depth <= limits->depth;
}

/* 57 bits of an index or more, the first one's lowest, from the byte at offset i on. */
static inline uint64_t scan_bits(const uint64_t *words, size_t i)
{
	uint64_t v;

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = words[i / 64] >> (i & 56);
	if (i & 56)
		v |= words[i / 64 + 1] << (64 - (i & 56));
#else
	memcpy(&v, (const char *)words + i / 8, 8);
#endif
	return v >> (i & 7);
}

/* Takes the quotes that are escaped out of an index. */
void scan_index_escapes(struct scan_index *x, const char *p);

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
