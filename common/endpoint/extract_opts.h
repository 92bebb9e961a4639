/* extract_opts: the options of sync-extract. The dispatcher knows all of them, a connector those groups that it serves. */
#ifndef SYNC_ENDPOINT_EXTRACT_OPTS_H
#define SYNC_ENDPOINT_EXTRACT_OPTS_H

#include "base/buf.h"
#include "base/opt.h"
#include "stream/writer.h"

enum { FORMAT_ANY = -1, FORMAT_NDJSON, FORMAT_JSON, FORMAT_CSV, FORMAT_TSV };	/* of --format and --from: index in their words */

struct extract_options {
	/* any connector */
	const char *stream, *state, *key;
	struct opt_shard shard;
	bool reset, follow, capabilities;
	/* files */
	int format;			/* FORMAT_ANY unless given */
	const char *records, *delimiter, *quote, *header, *schema;
	bool with_path, changes;
	/* databases */
	const char *query, *cursor;
	double lock_timeout;		/* seconds */
	/* database servers */
	double lag;			/* seconds */
	bool trust_cursor, keys;
	uint64_t jobs;			/* 0: not given */
};
#define EXTRACT_OPTIONS_INIT { .format = FORMAT_ANY, .lock_timeout = 30 }

extern const struct opt extract_any_opts[];
extern const struct opt extract_file_opts[];
extern const struct opt extract_sql_opts[];
extern const struct opt extract_server_opts[];
extern const struct opt extract_jobs_opts[];	/* of those that read by several processes */

/* Adds --key's "a,b" as ["a","b"]; nothing for none. -1: no UTF-8. */
int extract_key(const char *key, struct buf *out, struct error *err);

/* What is selected of a database's tables: another selection must not go on from its state. */
void extract_selection(const struct extract_options *o, char **names, int n, struct buf *out);
/* What a server's tables are read as: by a cursor rows are left for the next read, so it is never all that is there. */
enum scope extract_scope(const struct extract_options *o);
/* The begin frame; its source is the operand, or the connector's name where that is no UTF-8. */
int extract_begin(struct writer *w, enum scope scope, struct span operand, const char *connector, struct span from, struct error *err);

#define EXTRACT_SYNOPSIS "[OPTION...] ENDPOINT [STREAM...]\n[OPTION...] FILE..."
#define EXTRACT_SUMMARY "Reads a system, all of it or what changed since a checkpoint, or follows it live."

#endif
