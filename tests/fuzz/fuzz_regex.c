/* fuzz_regex: the first line is a pattern, the rest a text. Nothing crashes, and a pattern in a group of its own says the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "value/base64.h"
#include "value/format.h"
#include "value/regex.h"

/* Patterns and texts come from JSON, so they are UTF-8: here ASCII and a few code points of more bytes stand for that. */
static void as_utf8(const uint8_t *data, size_t n, struct buf *out)
{
	static const char *const wide[] = { "\xc3\xa9", "\xe2\x80\xa8", "\xf0\x9f\x90\xb2", "\xc2\xa0" };
	size_t i;

	for (i = 0; i < n; i++) {
		if (data[i] < 0x80)
			buf_addc(out, (char)data[i]);
		else
			buf_adds(out, wide[data[i] & 3]);
	}
}

static int match(struct span pattern, struct span text)
{
	struct error err = ERROR_INIT;
	struct regex *re = regex_compile(pattern, &err);
	int rc = re ? regex_match(re, text, &err) : -2;

	regex_free(re);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *eol = size ? memchr(data, '\n', size) : NULL;
	size_t n = eol ? (size_t)(eol - data) : size, formats, i;
	struct buf pattern = BUF_INIT, grouped = BUF_INIT, text = BUF_INIT;
	int a, b;

	as_utf8(data, n, &pattern);
	if (eol)
		as_utf8(eol + 1, size - n - 1, &text);
	buf_adds(&grouped, "(?:");
	buf_addspan(&grouped, buf_span(&pattern));
	buf_addc(&grouped, ')');
	a = match(buf_span(&pattern), buf_span(&text));
	b = match(buf_span(&grouped), buf_span(&text));
	if (a >= 0 && b >= 0 && a != b)
		abort();
	for (i = 0, format_table(&formats); i < formats; i++)
		format_table(&formats)[i].check(buf_span(&text));
	base64_is(buf_span(&text));
	buf_release(&pattern);
	buf_release(&grouped);
	buf_release(&text);
	return 0;
}
