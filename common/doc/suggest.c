/* suggest: the nearest right word. */
#include "doc/suggest.h"

enum { MOST = 40 };

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Optimal string alignment: swaps of neighbours cost one. */
static unsigned distance(struct span a, struct span b)
{
	unsigned d[MOST + 1][MOST + 1];
	size_t i, j;

	for (i = 0; i <= a.n; i++)
		d[i][0] = (unsigned)i;
	for (j = 0; j <= b.n; j++)
		d[0][j] = (unsigned)j;
	for (i = 1; i <= a.n; i++) {
		for (j = 1; j <= b.n; j++) {
			d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + (a.p[i - 1] != b.p[j - 1]));
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	}
	return d[a.n][b.n];
}

const char *suggest(struct span written, const char *const *words)
{
	unsigned best = (unsigned)(written.n + 2) / 3 + 1, d;
	const char *found = NULL;
	struct span w;

	if (written.n > MOST || written.n == 0)
		return NULL;
	for (; *words; words++) {
		w = span_of(*words);
		d = w.n <= MOST ? distance(written, w) : best;
		if (d < best) {
			best = d;
			found = *words;
		}
	}
	return found;
}
