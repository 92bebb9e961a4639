/* progress: a line on a terminal that says how far a run is. */
#include "stream/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

enum { REDRAW = 200000000 };

void progress_start(struct progress *p, bool wanted, uint64_t total)
{
	*p = (struct progress){ .on = wanted && isatty(STDERR_FILENO), .total = total, .began = clock_mono() };
	p->shown = p->began;
}

/* 1234567 as 1,234,567 */
static int grouped(char *o, uint64_t n)
{
	char digits[24];
	int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n), i, put = 0;

	for (i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			o[put++] = ',';
		o[put++] = digits[i];
	}
	o[put] = '\0';
	return put;
}

static int sized(char *o, size_t room, uint64_t bytes)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB" };
	double n = (double)bytes;
	int unit = 0;

	while (n >= 1000 && unit < 5) {
		n /= 1000;
		unit++;
	}
	return snprintf(o, room, n < 10 && unit ? "%.1f %s" : "%.0f %s", n, units[unit]);
}

char *progress_text(char out[120], uint64_t records, uint64_t bytes, uint64_t total, double seconds)
{
	char *o = out, *end = out + 120;
	double left;

	o += grouped(o, records);
	o += snprintf(o, (size_t)(end - o), " records  ");
	o += sized(o, (size_t)(end - o), bytes);
	if (total && bytes <= total)
		o += snprintf(o, (size_t)(end - o), "  %.0f%%", 100.0 * (double)bytes / (double)total);
	if (seconds < 0.001)
		return out;
	o += snprintf(o, (size_t)(end - o), "  ");
	o += grouped(o, (uint64_t)((double)records / seconds));
	o += snprintf(o, (size_t)(end - o), "/s");
	if (total && bytes && bytes <= total) {
		left = (double)(total - bytes) * seconds / (double)bytes;
		snprintf(o, (size_t)(end - o), "  %.0f:%02.0f left", left / 60 < 1 ? 0 : (double)(long)(left / 60),
			 (double)((long)left % 60));
	}
	return out;
}

void progress_update(struct progress *p, uint64_t records, uint64_t bytes)
{
	char text[120], line[140];
	int64_t now;
	ssize_t n;

	if (!p->on)
		return;
	now = clock_mono();
	if (now - p->shown < REDRAW)
		return;
	p->shown = now;
	p->drawn = true;
	progress_text(text, p->records + records, p->bytes + bytes, p->total, (double)(now - p->began) / 1e9);
	n = write(STDERR_FILENO, line, (size_t)snprintf(line, sizeof line, "\r%s\x1b[K", text));
	(void)n;
}

void progress_end(struct progress *p)
{
	ssize_t n;

	if (!p->drawn)
		return;
	n = write(STDERR_FILENO, "\r\x1b[K", 4);
	(void)n;
	p->drawn = false;
}
