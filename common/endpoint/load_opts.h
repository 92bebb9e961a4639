/* load_opts: the options of sync-load. The dispatcher knows all of them, a connector those groups that it serves. */
#ifndef SYNC_ENDPOINT_LOAD_OPTS_H
#define SYNC_ENDPOINT_LOAD_OPTS_H

#include "base/opt.h"

enum load_mode { MODE_DEFAULT = -1, MODE_UPSERT, MODE_APPEND, MODE_REPLACE, MODE_MIRROR, MODE_PATCH };
enum missing { MISSING_REJECT, MISSING_INSERT, MISSING_SKIP };

struct load_options {
	/* any connector */
	int mode;			/* enum load_mode */
	const char *key, *state;
	const char *max_delete;		/* "N" or "P%"; NULL: 50 % */
	const char *newer;
	int missing;			/* enum missing */
	bool reset, allow_empty, accept_part, dry_run, lossy, capabilities;
	/* files */
	int format;			/* index in "ndjson|json|csv|tsv", -1 unless given */
	const char *fields, *split_by, *delimiter;
	/* databases */
	bool evolve;
	double lock_timeout;		/* seconds */
	bool create_indexes;
};
#define LOAD_OPTIONS_INIT { .mode = MODE_DEFAULT, .format = -1, .lock_timeout = 30 }

extern const struct opt load_any_opts[];
extern const struct opt load_file_opts[];
extern const struct opt load_sql_opts[];
extern const struct opt load_index_opts[];

#define LOAD_SYNOPSIS "[OPTION...] ENDPOINT [STREAM]"
#define LOAD_SUMMARY "Writes records into a system, idempotently, and makes the checkpoint durable."

#endif
