/*
 * fuzz_scan: all variants give the same tape and the same error for every line of the input, alone and behind the lines before it,
 * and what is accepted is written byte for byte.
 */
#include <stdlib.h>

#include "json/equal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const variants[] = { "portable", "sse2", "avx2" };
static const struct scan_limits limits = { 16, 1000 };

static void written_alike(const char *text, size_t size)
{
	struct error err = ERROR_INIT;
	struct buf out = BUF_INIT;
	struct record rec;

	record_init(&rec);
	if (!record_scan(&rec, text, size, &limits, &err)) {
		record_write(&rec, &out);
		if (out.n != size || memcmp(out.p ? out.p : "", text, size) || !value_equal(record_root(&rec), record_root(&rec), 0))
			abort();
	}
	record_release(&rec);
	buf_release(&out);
}

/* text has padding. Each variant has a tape that knows the lines before. */
static void one_line(const char *text, size_t size, struct tape warm[3])
{
	struct error err = ERROR_INIT, other = ERROR_INIT;
	struct tape first = TAPE_INIT;
	int got, i;

	scan_choose(variants[0]);
	got = scan_text(&first, text, size, &limits, &err);
	for (i = 0; i < 3; i++) {
		if (scan_choose(variants[i]))
			continue;
		if (scan_text(&warm[i], text, size, &limits, &other) != got || (got && strcmp(err.text, other.text)) ||
		    (!got && (warm[i].n != first.n || memcmp(warm[i].tok, first.tok, first.n * sizeof *first.tok))))
			abort();
	}
	tape_release(&first);
	written_alike(text, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tape warm[3] = { TAPE_INIT, TAPE_INIT, TAPE_INIT };
	char *text = malloc(size + SCAN_PADDING), *line, *eol, *copy;
	size_t n;
	int i;

	if (size)
		memcpy(text, data, size);
	for (line = text; line; line = eol ? eol + 1 : NULL) {
		eol = memchr(line, '\n', size - (size_t)(line - text));
		n = eol ? (size_t)(eol - line) : size - (size_t)(line - text);
		copy = malloc(n + SCAN_PADDING);	/* so that no byte behind the padding can be read */
		memcpy(copy, line, n);
		memset(copy + n, size & 1 ? '"' : '1', SCAN_PADDING);
		one_line(copy, n, warm);
		free(copy);
	}
	for (i = 0; i < 3; i++)
		tape_release(&warm[i]);
	free(text);
	return 0;
}
