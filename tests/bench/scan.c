/* scan: how fast each variant of the scanner is, over a file of lines in memory. bench/scan FILE [ROUNDS [VARIANT]] */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "base/fileio.h"
#include "json/scan.h"

/* Seconds of processor time; what else the machine does counts less. */
static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double once(const struct buf *b, struct tape *tape)
{
	const struct scan_limits limits = SCAN_LIMITS_INIT;
	const char *p = b->p, *end = b->p + b->n, *eol;
	struct error err = ERROR_INIT;
	double began = now();

	for (; p < end; p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (!eol)
			break;
		if (scan_text(tape, p, (size_t)(eol - p), &limits, &err)) {
			fprintf(stderr, "%s\n", err.text);
			exit(3);
		}
	}
	return now() - began;
}

int main(int argc, char **argv)
{
	static const char *const variants[] = { "avx2", "sse2", "portable" };
	struct tape tape = TAPE_INIT;
	struct error err = ERROR_INIT;
	struct buf b = BUF_INIT;
	int rounds = argc > 2 ? atoi(argv[2]) : 3, i;
	double best, took;
	size_t v;

	if (argc < 2 || io_slurp(argv[1], (size_t)1 << 32, &b, &err)) {
		fprintf(stderr, "usage: scan FILE [ROUNDS [VARIANT]] %s\n", err.text);
		return 2;
	}
	buf_reserve(&b, SCAN_PADDING);
	for (v = 0; v < 3; v++) {
		if ((argc > 3 && strcmp(argv[3], variants[v])) || scan_choose(variants[v]))
			continue;
		for (best = 1e9, i = 0; i < rounds; i++) {
			took = once(&b, &tape);
			best = took < best ? took : best;
		}
		printf("%-9s %.3f s, %.2f GB/s\n", variants[v], best, (double)b.n / best / 1e9);
	}
	tape_release(&tape);
	buf_release(&b);
	return 0;
}
