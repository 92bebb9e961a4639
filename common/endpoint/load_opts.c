/* load_opts: the options of sync-load. */
#include "endpoint/load_opts.h"

#define ROW(name, letter, kind, arg, field, help) OPT(name, letter, kind, arg, struct load_options, field, help)

const struct opt load_any_opts[] = {
	ROW("mode", 'm', OPT_CHOICE, "upsert|append|replace|mirror|patch", mode, "how records meet what is there"),
	ROW("key", 'k', OPT_STRING, "F[,F]", key, "the key, where schema and target have none"),
	ROW("state", 0, OPT_STRING, "WHERE", state, "keep the checkpoint in WHERE"),
	ROW("reset", 0, OPT_FLAG, NULL, reset, "begin the state anew"),
	ROW("max-delete", 0, OPT_STRING, "N|P%", max_delete, "undo and fail when more is deleted (50%)"),
	ROW("allow-empty", 0, OPT_FLAG, NULL, allow_empty, "an empty source may delete all"),
	ROW("accept-part", 0, OPT_FLAG, NULL, accept_part, "replace or mirror from a part"),
	ROW("missing", 0, OPT_CHOICE, "reject|insert|skip", missing, "what an update of a missing row does"),
	ROW("newer", 0, OPT_STRING, "FIELD", newer, "leave rows alone whose FIELD is newer"),
	ROW("lossy", 0, OPT_FLAG, NULL, lossy, "accept values that the target bends"),
	ROW("dry-run", 'n', OPT_FLAG, NULL, dry_run, "print what would be done, as a change stream"),
	ROW("capabilities", 0, OPT_FLAG, NULL, capabilities, "print what the connector can do, as JSON"),
	OPT_END,
};

const struct opt load_file_opts[] = {
	ROW("format", 0, OPT_CHOICE, "ndjson|json|csv|tsv", format, "form of the file (by its ending)"),
	ROW("fields", 0, OPT_STRING, "F[,F]", fields, "CSV: the columns"),
	ROW("delimiter", 'd', OPT_STRING, "C", delimiter, "CSV: what stands between cells (,)"),
	ROW("split-by", 0, OPT_STRING, "FIELD", split_by, "a file for each value, in the folder"),
	OPT_END,
};

const struct opt load_sql_opts[] = {
	ROW("evolve", 0, OPT_FLAG, NULL, evolve, "add columns that the table lacks"),
	ROW("lock-timeout", 0, OPT_SECONDS, "TIME", lock_timeout, "wait so long for a lock (30s)"),
	OPT_END,
};

const struct opt load_index_opts[] = {
	ROW("create-indexes", 0, OPT_FLAG, NULL, create_indexes, "make the unique index that the key wants"),
	OPT_END,
};
