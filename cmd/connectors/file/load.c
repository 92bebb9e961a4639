/* sync-load-file: a stream as files. load.h has a map of its parts. */
#include "load.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/xalloc.h"

enum { MOST_FILES = 500 };

/* ---- which file */

/* A file name made of any text: what a file system could take amiss becomes %XX, and no name is hidden or empty. */
static void add_safe(struct buf *b, struct span s)
{
	size_t i;

	if (s.n == 0)
		buf_adds(b, "%empty");
	for (i = 0; i < s.n && i < 200; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 || c == 0x7f || strchr("/\\:*?\"<>|%", c) || (i == 0 && (c == '.' || c == '-')))
			buf_addf(b, "%%%02X", c);
		else
			buf_addc(b, (char)c);
	}
	if (i < s.n)
		buf_adds(b, "%...");
}

static const char *ending_of(const struct files *f)
{
	static const char *const endings[] = { ".ndjson", ".json", ".csv", ".tsv" };

	return endings[f->o->format < 0 ? FORMAT_NDJSON : f->o->format];
}

static struct out *find_out(struct files *f, struct span name)
{
	size_t i;

	if (f->last && span_is(name, f->last->name))
		return f->last;
	for (i = 0; i < f->n; i++)
		if (span_is(name, f->out[i]->name))
			return f->out[i];
	return NULL;
}

static struct out *add_out(struct files *f, struct load *l, const char *path, const char *name, struct error *err)
{
	struct out *o;

	if (f->n == MOST_FILES) {
		error_set(err, EXIT_FAILED, "more than %d files at once: split by a field with fewer values", MOST_FILES);
		return NULL;
	}
	o = out_open(f, l, path, name, err);
	if (!o)
		return NULL;
	XGROW(f->out, f->n, f->cap);
	f->out[f->n++] = o;
	return o;
}

/* The file of the folder that records of this name go to. */
static struct out *out_in_folder(struct files *f, struct load *l, struct span name, struct error *err)
{
	struct out *o = find_out(f, name);
	struct buf path = BUF_INIT, text = BUF_INIT;

	if (!o) {
		buf_addf(&path, "%s%s", f->target, f->target[strlen(f->target) - 1] == '/' ? "" : "/");
		add_safe(&path, name);
		buf_adds(&path, ending_of(f));
		buf_addspan(&text, name);
		o = add_out(f, l, buf_str(&path), buf_str(&text), err);
	}
	buf_release(&path);
	buf_release(&text);
	return o;
}

static struct out *choose(struct files *f, struct load *l, const struct record *rec, uint32_t stream, struct error *err)
{
	struct buf json = BUF_INIT;
	struct out *o = NULL;
	struct value v;

	if (!f->folder) {
		if (stream != l->only && l->records > 1)
			error_set(err, EXIT_USAGE, "there are several streams: name a folder ('%s/') to get a file for each", f->target);
		else
			o = f->out[0];
		l->only = stream;
		return o;
	}
	if (!f->o->split_by)
		return out_in_folder(f, l, l->stream ? span_of(l->stream) : span_of(streams_name(&l->tool->streams, stream)), err);
	if (!record_get(rec, &f->split, &f->split_cursor, &v)) {
		error_data(err, "no-field", "no '%s' to split by", f->o->split_by);
	} else if (value_type(v) == TOKEN_STRING) {
		o = out_in_folder(f, l, value_text(v, (struct arena *)(uintptr_t)&rec->arena), err);
	} else {
		value_write(v, &json);
		o = out_in_folder(f, l, buf_span(&json), err);
	}
	buf_release(&json);
	return o;
}

/* ---- the connector */

static int open_folder(struct files *f, struct error *err)
{
	struct stat st;

	if (!stat(f->target, &st) && S_ISDIR(st.st_mode))
		return 0;
	if (mkdir(f->target, 0777) && errno != EEXIST)
		return error_errno(err, EXIT_FAILED, "cannot make the folder '%s'", f->target);
	return 0;
}

static int files_open(void *self, struct load *l, struct error *err)
{
	struct files *f = self;
	struct stat st;
	size_t n = strlen(f->target);

	f->folder = f->o->split_by || (n && f->target[n - 1] == '/') || (!stat(f->target, &st) && S_ISDIR(st.st_mode));
	f->delimiter = f->o->delimiter ? f->o->delimiter[0] : format_of(f->target, f->o->format) == FORMAT_TSV ? '\t' : ',';
	if (f->o->delimiter && strlen(f->o->delimiter) != 1)
		return error_set(err, EXIT_USAGE, "--delimiter is one byte");
	if (f->o->split_by && path_compile(&f->split, span_of(f->o->split_by), &f->arena, err))
		return -1;
	if (l->o->dry_run)
		return writer_begin(&l->tool->writer, SCOPE_PART, SPAN_LIT(""), SPAN_LIT(""), SPAN_LIT(""), err);
	if (f->folder && l->mode == MODE_UPSERT)
		return error_set(err, EXIT_USAGE, "--mode upsert changes one file, and '%s' is a folder", f->target);
	if (f->folder)
		return open_folder(f, err);
	if (!add_out(f, l, f->target, "", err))
		return -1;
	return l->mode == MODE_UPSERT ? upsert_open(f, l, err) : 0;
}

static int files_schema(void *self, struct load *l, uint32_t stream, struct value key, struct value schema, struct error *err)
{
	struct files *f = self;
	struct value properties;

	(void)stream;
	if (l->mode == MODE_UPSERT && !l->o->dry_run && upsert_schema(f, key, err))
		return -1;
	columns_release(&f->schema);
	if (value_type(schema) == TOKEN_OBJECT && value_member(schema, SPAN_LIT("properties"), &properties) &&
	    value_type(properties) == TOKEN_OBJECT)
		columns_from_object(&f->schema, properties);
	return 0;
}

static int files_record(void *self, struct load *l, struct record *rec, const struct meta *meta, struct error *err)
{
	struct files *f = self;
	int verdict;

	if (l->o->dry_run)
		return writer_record(&l->tool->writer, rec, meta, err);
	f->last = choose(f, l, rec, meta->stream, err);
	if (!f->last)
		return err->code ? LOAD_REJECT : -1;
	if (l->mode == MODE_UPSERT)
		return upsert_record(f, l, rec, meta, err);
	verdict = out_record(f, f->last, rec, err);
	l->inserted += verdict == LOAD_DONE;
	return verdict;
}

static int files_commit(void *self, struct load *l, struct error *err)
{
	struct files *f = self;
	size_t i;

	for (i = 0; i < f->n; i++)
		if (out_sync(f->out[i], err))
			return -1;
	append_note(f, l);
	return 0;
}

static int files_finish(void *self, struct load *l, struct error *err)
{
	struct files *f = self;
	size_t i;

	if (l->o->dry_run)
		return writer_end(&l->tool->writer, err);
	if (l->mode == MODE_UPSERT && upsert_finish(f, l, err))
		return -1;
	for (i = 0; i < f->n; i++)
		if (l->mode == MODE_REPLACE && guard_whole(l, f->out[i]->existed, err))
			return -1;
	for (i = 0; i < f->n; i++)
		if (out_finish(f, f->out[i], err))
			return -1;
	if (l->mode == MODE_APPEND && l->o->state)
		append_note(f, l);
	return 0;
}

static void files_close(void *self, struct load *l)
{
	struct files *f = self;
	size_t i;

	for (i = 0; i < f->n; i++)
		out_close(f->out[i], l->durable);
	free(f->out);
	upsert_release(f);
	columns_release(&f->schema);
	arena_release(&f->arena);
}

static const struct connector connector = {
	.name = "a file", .mode = MODE_REPLACE, .modes = 1u << MODE_REPLACE | 1u << MODE_APPEND | 1u << MODE_UPSERT,
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
	const struct opt_program program = {
		"sync-load", "[OPTION...] FILE [STREAM]", "Writes a stream into files.", NULL, groups, NULL, NULL, tool_version,
	};
	int first;

	tool_start(&tool, "sync-load");
	first = opt_parse(&program, argc, argv, &err);
	if (first == OPT_ASKED)
		return EXIT_DONE;
	if (first >= 0 && (argc - first < 1 || argc - first > 2))
		first = error_set(&err, EXIT_USAGE, "one file and perhaps a stream's name are wanted; try 'sync-load --help'");
	if (first < 0)
		return diag_fail(&err);
	files.target = strncmp(argv[first], "file://", 7) ? argv[first] : argv[first] + 7;
	return load_main(&tool, &options, &connector, &files, argc - first == 2 ? argv[first + 1] : NULL, files.target);
}
