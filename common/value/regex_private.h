/* regex_private: an expression being translated. For regex*.c alone. */
#ifndef SYNC_VALUE_REGEX_PRIVATE_H
#define SYNC_VALUE_REGEX_PRIVATE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

/* A set of ASCII characters. */
struct ascii_set { uint64_t bits[2]; };

static inline bool set_has(const struct ascii_set *s, unsigned char c)
{
	return c < 128 && s->bits[c >> 6] >> (c & 63) & 1;
}

/* One step of a plain row: so many characters of a set. */
struct row_step {
	struct ascii_set set;
	uint32_t min, max;
};

/*
 * An anchored row of ASCII sets with counts, in which no choice is ever open: what follows a step that may stop early is
 * never in its set. Then taking as much as there is is right, and no step is taken back.
 */
enum { ROW_STEPS = 32 };
struct row {
	struct row_step step[ROW_STEPS];
	uint32_t n;
	bool to_end;		/* anchored at the end too */
	bool possible;		/* while translating: nothing was met that a row can't say */
	bool begun;		/* the '^' was there */
};

struct translation {
	struct span text;
	size_t i;		/* where we are */
	struct buf out;		/* the same for PCRE2 */
	uint32_t groups, refs;	/* capturing groups in all; the highest group referred to */
	bool named_refs;
	unsigned depth;
	struct row row;
	struct error *err;
};

/* A usage error that names the column of a byte. -1. */
int regex_fail(struct translation *t, size_t at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static inline bool at_end(const struct translation *t) { return t->i >= t->text.n; }
static inline char peek(const struct translation *t) { return at_end(t) ? '\0' : t->text.p[t->i]; }
static inline bool looking_at(const struct translation *t, const char *s)
{
	size_t n = strlen(s);

	return t->text.n - t->i >= n && !memcmp(t->text.p + t->i, s, n);
}
/* The code point here, which is passed. The text is UTF-8 that was checked. */
uint32_t take_point(struct translation *t);

/* ---- classes */

enum atom_kind {
	ATOM_CHAR,	/* one code point */
	ATOM_CLASS,	/* \d, \w, \s, \p{…}, …: `inner` is its text for inside of brackets */
	ATOM_EDGE,	/* \b, \B */
	ATOM_REF,	/* \1, \k<name> */
};

struct atom {
	enum atom_kind kind;
	uint32_t point;
	struct ascii_set set;	/* of a character or a class that is ASCII only */
	bool ascii;		/* set says it all */
	char inner[256];
};

/* Reads an escape, at the backslash. In brackets \b is a backspace and \B, \1 and \k are refused. */
int take_escape(struct translation *t, bool brackets, struct atom *a);
/* Reads a class in brackets, at the '[', and adds it to out; set and ascii as of an atom. */
int take_brackets(struct translation *t, struct ascii_set *set, bool *ascii);
/* Adds a code point as a literal. */
void add_point(struct buf *out, uint32_t point);
/* The class of a property "Letter" or "Script=Greek": text for inside of brackets. -1: ECMA-262 has no such. */
int property_class(struct span name, bool negated, char out[256]);

static inline void set_add(struct ascii_set *s, uint32_t from, uint32_t to)
{
	for (; from <= to && from < 128; from++)
		s->bits[from >> 6] |= 1ull << (from & 63);
}

/* ---- rows */

/* Adds a step of one, or says that a row won't do. */
void row_add(struct row *r, const struct ascii_set *set, bool ascii);
/* Repeats the last step. */
void row_repeat(struct row *r, uint32_t min, uint32_t max);
/* Whether the row stands for the whole expression. */
bool row_done(const struct row *r);
bool row_match(const struct row *r, struct span text);

/* Translates all: 0, or -1 with err. */
int regex_translate(struct translation *t);

#endif
