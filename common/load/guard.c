/* guard: what keeps a loader from deleting too much. */
#include <errno.h>
#include <stdlib.h>

#include "load/run.h"

bool guard_keeps_all(const struct load *l)
{
	return l->mode == MODE_MIRROR && l->aside > 0;
}

int guard_whole(const struct load *l, uint64_t target_rows, struct error *err)
{
	const char *mode = l->mode == MODE_MIRROR ? "mirror" : "replace";
	bool whole = l->scope == SCOPE_FULL || (l->scope == SCOPE_KEYS && l->mode == MODE_MIRROR);

	if (target_rows == 0 || guard_keeps_all(l))
		return 0;
	if (!whole && !l->o->accept_part)
		return error_set(err, EXIT_FAILED, "the stream is a part of its source (scope '%s'), and %s would delete the rest: nothing is "
				 "changed (--accept-part takes it for the whole)", scope_name(l->scope), mode);
	if (l->aside && !l->o->accept_part)
		return error_set(err, EXIT_FAILED, "%llu records were set aside, and %s would delete their rows: nothing is changed "
				 "(--accept-part accepts that)", (unsigned long long)l->aside, mode);
	if (l->records == 0 && !l->o->allow_empty)
		return error_set(err, EXIT_FAILED, "the source has no rows, and %s would delete all: nothing is changed (--allow-empty "
				 "accepts that)", mode);
	return 0;
}

int guard_deletes(const struct load *l, uint64_t deletes, uint64_t rows, struct error *err)
{
	const char *most = l->o->max_delete ? l->o->max_delete : "50%";
	char *end;
	double n;

	errno = 0;
	n = strtod(most, &end);
	if (most[0] < '0' || most[0] > '9' || errno || (*end && strcmp(end, "%")) || (*end && n > 100))
		return error_set(err, EXIT_USAGE, "--max-delete: '%s' is neither a number nor a percentage", error_show(span_of(most)));
	if (!deletes || (double)deletes <= (*end ? n * (double)rows / 100 : n) || (l->records == 0 && l->o->allow_empty))
		return 0;
	return error_set(err, EXIT_FAILED, "%llu of %llu rows would be deleted, more than --max-delete %s: nothing is changed",
			 (unsigned long long)deletes, (unsigned long long)rows, most);
}
