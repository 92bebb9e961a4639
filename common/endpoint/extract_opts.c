/* extract_opts: the options of sync-extract. */
#include "endpoint/extract_opts.h"

#include "json/record.h"

#define ROW(name, letter, kind, arg, field, help) OPT(name, letter, kind, arg, struct extract_options, field, help)

const struct opt extract_any_opts[] = {
	ROW("stream", 's', OPT_STRING, "NAME", stream, "one stream of this name for all"),
	ROW("key", 'k', OPT_STRING, "F[,F]", key, "the key, where the source declares none"),
	ROW("state", 0, OPT_STRING, "WHERE", state, "read only what came since the state"),
	ROW("reset", 0, OPT_FLAG, NULL, reset, "read in full whatever the state says"),
	ROW("follow", 'f', OPT_FLAG, NULL, follow, "go on reading what comes"),
	ROW("shard", 0, OPT_SHARD, "I/N", shard, "read only the Ith of N parts"),
	ROW("capabilities", 0, OPT_FLAG, NULL, capabilities, "print what the connector can do, as JSON"),
	OPT_END,
};

const struct opt extract_file_opts[] = {
	ROW("format", 0, OPT_CHOICE, "ndjson|json|csv|tsv", format, "form of the files (by their ending)"),
	ROW("records", 0, OPT_STRING, "PATH", records, "where in a JSON document the records are"),
	ROW("delimiter", 'd', OPT_STRING, "C", delimiter, "CSV: what stands between cells (,)"),
	ROW("quote", 0, OPT_STRING, "C", quote, "CSV: what cells are quoted with (\")"),
	ROW("header", 0, OPT_STRING, "F[,F]", header, "CSV: names, for files without a header row"),
	ROW("schema", 0, OPT_STRING, "FILE", schema, "JSON Schema: types of CSV cells, declared"),
	ROW("with-path", 0, OPT_FLAG, NULL, with_path, "add the file's path to records as '_path'"),
	ROW("changes", 0, OPT_FLAG, NULL, changes, "'_sync' in plain files says what a record is"),
	OPT_END,
};

const struct opt extract_sql_opts[] = {
	ROW("query", 0, OPT_STRING, "SQL", query, "read a query's rows, as --stream NAME"),
	ROW("cursor", 0, OPT_STRING, "FIELD", cursor, "a column that grows: delta by its value"),
	ROW("lock-timeout", 0, OPT_SECONDS, "TIME", lock_timeout, "wait so long for a lock (30s)"),
	OPT_END,
};

const struct opt extract_server_opts[] = {
	ROW("lag", 0, OPT_SECONDS, "TIME", lag, "delta: stay so far behind the present"),
	ROW("trust-cursor", 0, OPT_FLAG, NULL, trust_cursor, "the cursor only grows, as rows are committed"),
	ROW("keys", 0, OPT_FLAG, NULL, keys, "read keys alone, for a mirror to delete by"),
	OPT_END,
};

const struct opt extract_jobs_opts[] = {
	ROW("jobs", 0, OPT_NUMBER, "N", jobs, "read large tables by N processes"),
	OPT_END,
};

int extract_key(const char *key, struct buf *out, struct error *err)
{
	const char *k = key, *end;

	if (!k || !*k)
		return 0;
	buf_addc(out, '[');
	for (;; k = end + 1) {
		end = k + strcspn(k, ",");
		if (json_add_string(out, (struct span){ k, (size_t)(end - k) }))
			return error_set(err, EXIT_USAGE, "--key: '%s' is no UTF-8", error_show(span_of(key)));
		if (end == k)
			return error_set(err, EXIT_USAGE, "--key: '%s' has an empty name", error_show(span_of(key)));
		if (!*end)
			break;
		buf_addc(out, ',');
	}
	buf_addc(out, ']');
	return 0;
}

void extract_selection(const struct extract_options *o, char **names, int n, struct buf *out)
{
	int i;

	buf_addf(out, "cursor=%s%s%s", o->cursor, o->trust_cursor ? " trusted" : "", o->keys ? " keys" : "");
	if (o->query)
		buf_addf(out, " query=%s", o->query);
	for (i = 0; i < n; i++)
		buf_addf(out, " table=%s", names[i]);
	if (o->shard.n)
		buf_addf(out, " shard=%llu/%llu", (unsigned long long)o->shard.i, (unsigned long long)o->shard.n);
}

enum scope extract_scope(const struct extract_options *o)
{
	return o->shard.n || o->cursor ? SCOPE_PART : o->keys ? SCOPE_KEYS : SCOPE_FULL;
}

int extract_begin(struct writer *w, enum scope scope, struct span operand, const char *connector, struct span from, struct error *err)
{
	struct buf source = BUF_INIT;
	int failed;

	buf_addc(&source, '[');
	if (json_add_string(&source, operand))
		json_add_string(&source, span_of(connector));
	buf_addc(&source, ']');
	failed = writer_begin(w, scope, SPAN_LIT(""), buf_span(&source), from, err);
	buf_release(&source);
	return failed;
}
