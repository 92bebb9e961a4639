/* suggest: the nearest right word. */
#ifndef SYNC_DOC_SUGGEST_H
#define SYNC_DOC_SUGGEST_H

#include "base/span.h"

/* Of words (ended by NULL), the one that is nearest to what was written: at most a third of its letters off
 * (insertions, deletions, exchanges and swaps of neighbours: Damerau-Levenshtein); NULL if none is. */
const char *suggest(struct span written, const char *const *words);

#endif
