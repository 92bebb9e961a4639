/* fuzz_yaml: any bytes as a specification: refused with a reason, or values whose every token has a position. */
#include <stdint.h>
#include <stdlib.h>

#include "doc/yaml.h"

/* libfyaml 0.7 loses a few bytes of some broken texts; the program that gave them ends then. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = ERROR_INIT;
	struct buf out = BUF_INIT;
	struct doc d;
	uint32_t i;

	if (doc_load_text(&d, (struct span){ (const char *)data, size }, "fuzz", &err)) {
		if (err.status != EXIT_USAGE || !err.text[0])
			abort();
		return 0;
	}
	for (i = 0; i < d.rec.tape.n; i++)
		if (!doc_place(&d, (struct value){ &d.rec, i }).line || !doc_place(&d, (struct value){ &d.rec, i }).column)
			abort();
	value_write(doc_root(&d), &out);
	buf_release(&out);
	doc_release(&d);
	return 0;
}
