/* reject: records set aside with their reason. */
#include "stream/reject.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fileio.h"
#include "base/xalloc.h"

static int parse_bound(struct rejects *r, const char *text, struct error *err)
{
	char *end;

	r->max = UINT64_MAX;
	r->max_percent = -1;
	if (!text)
		return 0;
	errno = 0;
	if (text[0] >= '0' && text[0] <= '9') {
		r->max_percent = strtod(text, &end);
		if (!strcmp(end, "%") && r->max_percent <= 100)
			return 0;
		r->max_percent = -1;
		r->max = strtoull(text, &end, 10);
		if (!*end && !errno)
			return 0;
	}
	return error_set(err, EXIT_USAGE, "--max-errors: '%s' is neither a number nor a percentage", error_show(span_of(text)));
}

int rejects_open(struct rejects *r, const char *by, const char *path, const char *max_errors, struct error *err)
{
	*r = (struct rejects){ .by = by, .fd = -1 };
	if (parse_bound(r, max_errors, err))
		return -1;
	if (!path)
		return 0;
	r->path = xstrdup(path);
	r->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (r->fd < 0)
		return error_errno(err, EXIT_USAGE, "--rejects: cannot open '%s'", path);
	return 0;
}

int rejects_sync(struct rejects *r, struct error *err)
{
	if (!r->unsynced)
		return 0;
	r->unsynced = false;
	return io_sync(r->fd, r->path, err);
}

int rejects_check(const struct rejects *r, uint64_t seen, bool last, struct error *err)
{
	if (r->n > r->max)
		return error_set(err, EXIT_FAILED, "%llu records set aside, more than --max-errors %llu", (unsigned long long)r->n,
				 (unsigned long long)r->max);
	if (r->max_percent >= 0 && (last || seen >= 1000) && (double)r->n * 100 > r->max_percent * (double)seen)
		return error_set(err, EXIT_FAILED, "%llu of %llu records set aside, more than --max-errors %g%%",
				 (unsigned long long)r->n, (unsigned long long)seen, r->max_percent);
	return 0;
}

void rejects_close(struct rejects *r)
{
	if (r->fd >= 0)
		close(r->fd);
	free(r->path);
	buf_release(&r->line);
	r->path = NULL;
	r->fd = -1;
}
