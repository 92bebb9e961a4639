/* error: a failure in words, with the exit status it leads to. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static void format(char *out, size_t size, const char *fmt, va_list ap)
{
	int n = vsnprintf(out, size, fmt, ap);

	if (n >= 0 && (size_t)n >= size && size > 4)
		memcpy(out + size - 4, "...", 4);
}

int error_set(struct error *err, int status, const char *fmt, ...)
{
	va_list ap;

	err->status = status;
	err->code = NULL;
	va_start(ap, fmt);
	format(err->text, sizeof err->text, fmt, ap);
	va_end(ap);
	return -1;
}

int error_data(struct error *err, const char *code, const char *fmt, ...)
{
	va_list ap;

	err->status = EXIT_FAILED;
	err->code = code;
	va_start(ap, fmt);
	format(err->text, sizeof err->text, fmt, ap);
	va_end(ap);
	return -1;
}

int error_errno(struct error *err, int status, const char *fmt, ...)
{
	const char *why = strerror(errno);
	size_t n;
	va_list ap;

	err->status = status;
	err->code = NULL;
	va_start(ap, fmt);
	format(err->text, sizeof err->text, fmt, ap);
	va_end(ap);
	n = strlen(err->text);
	snprintf(err->text + n, sizeof err->text - n, ": %s", why);
	return -1;
}

int error_prefix(struct error *err, const char *fmt, ...)
{
	char old[ERROR_TEXT];
	size_t n;
	va_list ap;

	memcpy(old, err->text, sizeof old);
	va_start(ap, fmt);
	format(err->text, sizeof err->text, fmt, ap);
	va_end(ap);
	n = strlen(err->text);
	snprintf(err->text + n, sizeof err->text - n, ": %.*s", (int)sizeof old - 1, old);
	return -1;
}

void error_reset(struct error *err)
{
	err->status = 0;
	err->code = NULL;
	err->text[0] = '\0';
}

/* The length of the well-formed, printable UTF-8 character at p, or 0. */
static size_t printable(const unsigned char *p, size_t n)
{
	uint32_t c;
	size_t len, i;

	if (p[0] < 0x80)
		return p[0] >= 0x20 && p[0] != 0x7f;
	len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (p[0] < 0xc2 || p[0] > 0xf4 || len > n)
		return 0;
	c = p[0] & (0xffu >> (len + 1));
	for (i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3fu);
	}
	if (c < (len == 3 ? 0x800u : len == 4 ? 0x10000u : 0x80u) || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	if (c < 0xa0 || c == 0x61c || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	    (c >= 0x2060 && c <= 0x206f) || c == 0xfeff)
		return 0;	/* C1 controls, zero width, separators and bidirectional marks */
	return len;
}

const char *error_show(struct span data)
{
	static char ring[8][80 * 4 + 4];
	static unsigned turn;
	char *out = ring[turn++ % 8], *o = out;
	size_t i = 0, len;

	while (i < data.n && i < 80) {
		len = printable((const unsigned char *)data.p + i, data.n - i);
		if (len && i + len > 80)
			break;
		if (len) {
			memcpy(o, data.p + i, len);
			o += len;
			i += len;
		} else {
			o += sprintf(o, "\\x%02x", (unsigned char)data.p[i++]);
		}
	}
	memcpy(o, i < data.n ? "..." : "", i < data.n ? 4 : 1);
	return out;
}
