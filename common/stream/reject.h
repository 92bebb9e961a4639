/*
 * reject: records set aside with their reason (--rejects FILE). Opened for append, one write a record, synced before
 * any checkpoint or end goes on; a rerun may repeat lines.
 */
#ifndef SYNC_STREAM_REJECT_H
#define SYNC_STREAM_REJECT_H

#include "stream/frame.h"

struct rejects {
	const char *by;		/* the tool's name, static */
	char *path;		/* owned; NULL where --rejects wasn't given */
	int fd;
	bool unsynced;
	uint64_t n;		/* set aside so far */
	const uint64_t *seen;	/* borrowed: records judged so far; NULL: those set aside and those that the writer has written */
	bool ended;		/* no more records will be judged: those set aside now are judged by all */
	uint64_t max;		/* --max-errors N: more than so many fail; UINT64_MAX: no bound */
	double max_percent;	/* --max-errors P%: judged at the end, and while running after 1000 records; < 0: no bound */
	struct buf line;
};

/* path may be NULL. max_errors: NULL, "N" or "P%". -1: cannot open, or wrong max_errors. */
int rejects_open(struct rejects *r, const char *by, const char *path, const char *max_errors, struct error *err);
int rejects_sync(struct rejects *r, struct error *err);
/* `seen` is the records judged so far; -1 when over the bound. At the end with last set. */
int rejects_check(const struct rejects *r, uint64_t seen, bool last, struct error *err);
void rejects_close(struct rejects *r);

#endif
