/* sync-load-file: a stream as files. load.h has a map of its parts. */
#include "load.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/xalloc.h"

/* ---- the connector */

static int check_delimiter(struct files *f, int format, struct error *err)
{
	bool csv = format == FORMAT_CSV || format == FORMAT_TSV;

	if (!csv && (f->o->delimiter || f->o->fields))
		return error_set(err, EXIT_USAGE, "%s is for CSV (--format csv says so)", f->o->fields ? "--fields" : "--delimiter");
	f->delimiter = f->o->delimiter ? f->o->delimiter[0] : format == FORMAT_TSV ? '\t' : ',';
	if (f->o->delimiter && (strlen(f->o->delimiter) != 1 || f->delimiter & 0x80 || strchr("\"\r\n", f->delimiter)))
		return error_set(err, EXIT_USAGE, "--delimiter is one ASCII character, and no quote or line feed");
	return 0;
}

/* Would what is written here be written over? */
static int check_places(const struct files *f, const struct load *l, struct error *err)
{
	struct stat st, rejects;

	if (l->o->state && state_place_is(&l->place, f->target))
		return error_set(err, EXIT_USAGE, "--state: '%s' is what is loaded", f->target);
	if (l->tool->rejects.fd >= 0 && !fstat(l->tool->rejects.fd, &rejects) && S_ISREG(rejects.st_mode) && !stat(f->target, &st) &&
	    st.st_dev == rejects.st_dev && st.st_ino == rejects.st_ino)
		return error_set(err, EXIT_USAGE, "--rejects: '%s' is what is loaded", f->target);
	return 0;
}

static int check_mode(const struct files *f, const struct load *l, struct error *err)
{
	if (l->o->newer && l->mode != MODE_UPSERT)
		return error_set(err, EXIT_USAGE, "--newer compares with rows that are there: it wants --mode upsert");
	if (f->folder && l->mode == MODE_UPSERT)
		return error_set(err, EXIT_USAGE, "--mode upsert changes one file, and '%s' is a folder", f->target);
	if (l->mode == MODE_UPSERT && l->scope == SCOPE_KEYS)
		return error_set(err, EXIT_FAILED, "the stream has keys and nothing else (scope 'keys'), which can't be upserted");
	return 0;
}

static int files_open(void *self, struct load *l, struct error *err)
{
	struct files *f = self;
	struct stat st;
	size_t n = strlen(f->target);
	int format;

	f->folder = f->o->split_by || (n && f->target[n - 1] == '/') || (!stat(f->target, &st) && S_ISDIR(st.st_mode));
	format = f->folder ? f->o->format : format_of(f->target, f->o->format);
	if (check_delimiter(f, format, err) || check_places(f, l, err) || check_mode(f, l, err))
		return -1;
	if (f->o->split_by && path_compile(&f->split, span_of(f->o->split_by), &f->arena, err))
		return -1;
	if (l->o->dry_run && writer_begin(&l->tool->writer, SCOPE_PART, SPAN_LIT(""), SPAN_LIT(""), SPAN_LIT(""), err))
		return -1;
	if (f->folder)
		return folder_open(f, l, err);
	if (!folder_add(f, l, f->target, SPAN_LIT(""), err))
		return -1;
	return l->mode == MODE_UPSERT ? upsert_open(f, l, err) : 0;
}

static int files_schema(void *self, struct load *l, uint32_t stream, struct value key, struct value schema, struct error *err)
{
	struct files *f = self;
	struct columns *c;
	struct value properties;

	f->stream = stream;
	if (l->mode == MODE_UPSERT && upsert_schema(f, l, key, schema, err))
		return -1;
	for (; f->schemas <= stream; f->schemas++) {
		XGROW(f->schema, f->schemas, f->schemas_cap);
		f->schema[f->schemas] = (struct columns){ .v = NULL };
	}
	c = &f->schema[stream];
	columns_release(c);
	if (value_type(schema) == TOKEN_OBJECT && value_member(schema, SPAN_LIT("properties"), &properties) &&
	    value_type(properties) == TOKEN_OBJECT)
		columns_from_object(c, properties);
	return folder_declare(f, l, stream, err);
}

/* What is written, as --dry-run prints it. */
static int print_row(struct load *l, struct record *rec, const struct meta *meta, struct error *err)
{
	struct meta m = *meta;
	const char *name = l->tool->streams.entry[meta->stream].json;

	m.op = OP_UPSERT;
	return names_reserve(rec, err) || (meta->stream && meta_set(&m, rec, &l->tool->streams, "stream", span_of(name), err)) ||
		writer_record(&l->tool->writer, rec, &m, err) ? -1 : 0;
}

static int files_record(void *self, struct load *l, struct record *rec, const struct meta *meta, struct error *err)
{
	struct files *f = self;
	int verdict;

	f->stream = meta->stream;
	f->last = folder_choose(f, l, rec, meta->stream, err);
	if (!f->last)
		return err->code ? LOAD_REJECT : -1;
	if (l->mode == MODE_UPSERT)
		return upsert_record(f, l, rec, meta, err);
	verdict = out_record(f, f->last, rec, err);
	l->inserted += verdict == LOAD_DONE;
	return verdict == LOAD_DONE && l->o->dry_run ? print_row(l, rec, meta, err) : verdict;
}

static int files_commit(void *self, struct load *l, struct error *err)
{
	struct files *f = self;
	size_t i;

	if (l->mode != MODE_APPEND || l->o->dry_run)
		return 0;
	for (i = 0; i < f->n; i++)
		if (out_flush(f->out[i], err))
			return -1;
	if (append_commit(f, l, err))
		return -1;
	append_note(f, l);
	return 0;
}

/* May the files that are there be replaced? */
static int guard_files(const struct files *f, const struct load *l, struct error *err)
{
	size_t i;

	for (i = 0; i < f->n; i++) {
		if (guard_whole(l, f->out[i]->existed, err))
			return -1;
		if (f->out[i]->existed && !f->out[i]->records && !l->o->allow_empty)
			return error_set(err, EXIT_FAILED, "the source has no rows for '%s', and replace would delete all: nothing is changed "
					 "(--allow-empty accepts that)", f->out[i]->path);
	}
	return 0;
}

static int files_finish(void *self, struct load *l, struct error *err)
{
	struct files *f = self;
	size_t i;

	if ((l->mode == MODE_UPSERT && upsert_finish(f, l, err)) || (l->mode == MODE_REPLACE && guard_files(f, l, err)))
		return -1;
	for (i = 0; i < f->n; i++) {
		if (l->mode == MODE_UPSERT && !upsert_changed(f))
			break;	/* the file is as it should be, and stays the same one */
		if (folder_check(f, i, err) || out_finish(f, l, f->out[i], err))
			return -1;
		folder_written(f, i);
	}
	return l->o->dry_run ? writer_end(&l->tool->writer, err) : files_commit(f, l, err);
}

static void files_close(void *self, struct load *l)
{
	struct files *f = self;
	struct error ignored = ERROR_INIT;
	size_t i;

	for (i = 0; i < f->n; i++)
		out_close(f->out[i], l);
	(void)append_unmark(f, &ignored);
	undo_close(f, l);
	free(f->out);
	upsert_release(f);
	while (f->schemas)
		columns_release(&f->schema[--f->schemas]);
	free(f->schema);
	arena_release(&f->arena);
}

static const struct connector connector = {
	.scheme = "file", .name = "a file", .synopsis = "[OPTION...] FILE [STREAM]", .summary = "Writes a stream into files.",
	.operands = 2, .wants = "one file and perhaps a stream's name are wanted",
	.atomic = 1u << MODE_REPLACE | 1u << MODE_UPSERT,
	.operations = 1u << OP_UPSERT | 1u << OP_INSERT | 1u << OP_UPDATE | 1u << OP_DELETE | 1u << OP_TRUNCATE,
	.values = "null|boolean|integer|decimal|string|object|array", .keys = "integer|number|string|composite",
	.mode = MODE_REPLACE, .modes = 1u << MODE_REPLACE | 1u << MODE_APPEND | 1u << MODE_UPSERT,
	.at_end = 1u << MODE_REPLACE | 1u << MODE_UPSERT, .plain_is_full = true,
	.open = files_open, .schema = files_schema, .record = files_record, .commit = files_commit, .finish = files_finish,
	.close = files_close,
};

int main(int argc, char **argv)
{
	struct load_options options = LOAD_OPTIONS_INIT;
	struct error err = ERROR_INIT;
	struct tool tool;
	struct files files = { .o = &options };
	const struct opt_group groups[] = {
		{ "How to write", load_any_opts, &options, false },
		{ "Files", load_file_opts, &options, false },
		TOOL_GROUPS(&tool),
	};
	int first;

	tool_start(&tool, "sync-load");
	first = load_parse(&connector, groups, &options, argc, argv, &err);
	if (first == OPT_ASKED)
		return EXIT_DONE;
	if (first < 0)
		return diag_fail(&err);
	files.target = strncmp(argv[first], "file://", 7) ? argv[first] : argv[first] + 7;
	return load_main(&tool, &options, &connector, &files, argc - first == 2 ? argv[first + 1] : NULL, files.target);
}
