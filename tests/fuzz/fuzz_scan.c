/* fuzz_scan: all variants give the same tape and the same error, and what is accepted is written byte for byte. */
#include <stdlib.h>

#include "json/equal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const variants[] = { "portable", "sse2", "avx2" };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct scan_limits limits = { 16, 1000 };
	struct tape first = { NULL, 0, 0 }, tape = { NULL, 0, 0 };
	struct error err = ERROR_INIT, other = ERROR_INIT;
	struct record rec;
	struct buf out = BUF_INIT;
	char *text = malloc(size + SCAN_PADDING);
	int got, i;

	if (size)
		memcpy(text, data, size);
	memset(text + size, size & 1 ? '"' : '1', SCAN_PADDING);
	scan_choose(variants[0]);
	got = scan_text(&first, text, size, &limits, &err);
	for (i = 1; i < 3; i++) {
		if (scan_choose(variants[i]))
			continue;
		if (scan_text(&tape, text, size, &limits, &other) != got || (got && strcmp(err.text, other.text)) ||
		    (!got && (tape.n != first.n || memcmp(tape.tok, first.tok, tape.n * sizeof *tape.tok))))
			abort();
	}
	record_init(&rec);
	if (!record_scan(&rec, text, size, &limits, &err)) {
		record_write(&rec, &out);
		if (out.n != size || memcmp(out.p ? out.p : "", text, size) || !value_equal(record_root(&rec), record_root(&rec), 0))
			abort();
	}
	record_release(&rec);
	buf_release(&out);
	tape_release(&first);
	tape_release(&tape);
	free(text);
	return 0;
}
