/* diag: messages on standard error, one write a line. */
#include "base/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static struct {
	const char *program;
	bool json, verbose, quiet;
} diag = { .program = "sync" };

void diag_start(const char *program) { diag.program = program; }
const char *diag_program(void) { return diag.program; }
void diag_json(bool on) { diag.json = on; }
void diag_verbose(bool on) { diag.verbose = on; }
void diag_quiet(bool on) { diag.quiet = on; }
bool diag_is_verbose(void) { return diag.verbose; }

/* Copies text as it may stand in a message, or inside a JSON string. Returns the end. */
static char *put_text(char *o, const char *end, const char *s, bool json)
{
	unsigned char c;

	for (; *s && end - o > 8; s++) {
		c = (unsigned char)*s;
		if (json && (c == '"' || c == '\\'))
			o += sprintf(o, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			o += sprintf(o, json ? "\\u%04x" : "\\x%02x", c);
		else
			*o++ = (char)c;
	}
	return o;
}

static char *put_head(char *o, size_t room, const char *level)
{
	struct timespec now;
	struct tm tm;

	if (!diag.json)
		return o + snprintf(o, room, "%s: %s: ", diag.program, level);
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	o += strftime(o, room, "{\"time\":\"%Y-%m-%dT%H:%M:%S", &tm);
	return o + sprintf(o, ".%03ldZ\",\"level\":\"%s\",\"program\":\"%s\",\"message\":\"",
			   now.tv_nsec / 1000000, level, diag.program);
}

static void say(const char *level, const char *fmt, va_list ap)
{
	char text[ERROR_TEXT + 64], line[2 * sizeof text + 256], *o;
	ssize_t n;

	vsnprintf(text, sizeof text, fmt, ap);
	o = put_head(line, sizeof line - sizeof text, level);
	o = put_text(o, line + sizeof line - 8, text, diag.json);
	if (diag.json) {
		*o++ = '"';
		*o++ = '}';
	}
	*o++ = '\n';
	n = write(STDERR_FILENO, line, (size_t)(o - line));
	(void)n;	/* nowhere left to say it */
}

void diag_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("error", fmt, ap);
	va_end(ap);
}

void diag_warn(const char *fmt, ...)
{
	va_list ap;

	if (diag.quiet)
		return;
	va_start(ap, fmt);
	say("warning", fmt, ap);
	va_end(ap);
}

void diag_note(const char *fmt, ...)
{
	va_list ap;

	if (!diag.verbose || diag.quiet)
		return;
	va_start(ap, fmt);
	say("note", fmt, ap);
	va_end(ap);
}

int diag_fail(const struct error *err)
{
	diag_error("%s", err->text);
	return err->status ? err->status : EXIT_FAILED;
}
