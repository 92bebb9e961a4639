/*
 * regex: regular expressions as ECMA-262 means them with its u flag, which is what JSON Schema's `pattern` says
 * (JSON Schema Core §6.4): translated to PCRE2 with JIT, or, where the expression is a plain row of characters and
 * classes, run by a few lines of our own. Text is UTF-8 that was checked before.
 *
 * Refused, with the column: what ECMA-262 lacks (atomic groups, possessive quantifiers, inline flags, \A, \Z, POSIX
 * classes, …), lone surrogates, counts above 65535, and lookbehind of variable length, which PCRE2 lacks. The escapes of
 * punctuation and the bare ']' and '}' that ECMA-262 allows only without the u flag (annex B) are taken.
 */
#ifndef SYNC_VALUE_REGEX_H
#define SYNC_VALUE_REGEX_H

#include "base/error.h"

struct regex;

/* The caller's, for regex_free; NULL and a usage error "column 7: why". */
struct regex *regex_compile(struct span pattern, struct error *err);
void regex_free(struct regex *re);

/*
 * Whether the expression matches anywhere in the text: 1, 0, or -1 with a data error "pattern-limit" when that would take
 * more than a bounded work (a million steps, 16 MiB).
 */
int regex_match(const struct regex *re, struct span text, struct error *err);

#endif
