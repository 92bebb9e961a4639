/* extract_list: operands of sync-extract for files: files, folders and patterns, and the streams they make. */
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "endpoint/uri.h"
#include "extract.h"

static const char *const packings[] = { ".gz", ".zst", ".zstd", NULL };
static const struct { const char *ending; int format; } forms[] = {
	{ ".ndjson", FORMAT_NDJSON }, { ".jsonl", FORMAT_NDJSON }, { ".json", FORMAT_JSON }, { ".csv", FORMAT_CSV },
	{ ".tsv", FORMAT_TSV }, { NULL, FORMAT_ANY },
};

static bool ends_with(struct span s, const char *ending)
{
	size_t n = strlen(ending);

	return s.n > n && !memcmp(s.p + s.n - n, ending, n);
}

size_t packing_of(struct span name)
{
	size_t i;

	for (i = 0; packings[i]; i++)
		if (ends_with(name, packings[i]))
			return strlen(packings[i]);
	return 0;
}

/* The base name without its endings; *format is what they say. */
static struct span stem(const char *path, int *format)
{
	const char *slash = strrchr(path, '/');
	struct span base = span_of(slash ? slash + 1 : path);
	size_t i;

	*format = FORMAT_NDJSON;
	base.n -= packing_of(base);
	for (i = 0; forms[i].ending; i++) {
		if (!ends_with(base, forms[i].ending))
			continue;
		base.n -= strlen(forms[i].ending);
		*format = forms[i].format;
		break;
	}
	return base;
}

bool is_packed(const char *path)
{
	return packing_of(span_of(path)) > 0;
}

static bool known_ending(const char *name)
{
	int format;
	struct span base = stem(name, &format);
	size_t i;

	for (i = 0; forms[i].ending; i++)
		if (!strncmp(name + base.n, forms[i].ending, strlen(forms[i].ending)))
			return true;
	return false;
}

void sources_init(struct sources *s, uint64_t memory)
{
	*s = (struct sources){ .memory = { .limit = (size_t)memory } };
	hash_key_random(&s->key);
	table_init_small(&s->paths, sizeof(uint64_t), &s->memory);
}

bool sources_has(const struct sources *s, const char *path)
{
	return table_find(&s->paths, hash_bytes(path, strlen(path), &s->key)) != NULL;
}

static int add_source(struct extract *x, const char *path, struct error *err)
{
	struct sources *s = &x->sources;
	struct source *new;
	struct span name;
	struct stat st;
	int format;
	bool is_new = true;

	if (!table_put(&s->paths, hash_bytes(path, strlen(path), &s->key), &is_new))
		return error_set(err, EXIT_FAILED, "more files than --memory has room for");
	if (!is_new)
		return error_set(err, EXIT_USAGE, "'%s' is named twice", path);
	if ((strcmp(path, "-") ? !stat(path, &st) : !fstat(STDIN_FILENO, &st)) && tool_check_input(x->tool, &st, path, err))
		return -1;
	name = strcmp(path, "-") ? stem(path, &format) : (format = FORMAT_NDJSON, SPAN_LIT(""));
	if (x->o->stream)
		name = span_of(x->o->stream);
	if (scan_check_utf8(name))
		return error_set(err, EXIT_USAGE, "'%s' is no UTF-8: name its stream with --stream", error_show(span_of(path)));
	XGROW(s->v, s->n, s->cap);
	new = &s->v[s->n++];
	*new = (struct source){ .path = xstrdup(path), .name = xstrndup(name.p, name.n), .stream = streams_index(&x->tool->streams, name),
				.format = x->o->format == FORMAT_ANY ? format : x->o->format };
	return 0;
}

static int wanted(const struct dirent *e)
{
	return e->d_name[0] != '.' && known_ending(e->d_name);
}

/* The regular files of a folder whose endings say what they are, in the order of their names. Only new ones, where told. */
static int add_folder(struct extract *x, const char *folder, bool only_new, int *added, struct error *err)
{
	struct dirent **list;
	struct buf path = BUF_INIT;
	struct stat st;
	int n = scandir(folder, &list, wanted, alphasort), i, failed = 0;

	if (n < 0)
		return error_errno(err, EXIT_FAILED, "cannot read the folder '%s'", folder);
	for (i = 0; i < n; i++) {
		buf_reset(&path);
		buf_addf(&path, "%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/", list[i]->d_name);
		free(list[i]);
		if (failed || stat(buf_str(&path), &st) || !S_ISREG(st.st_mode) || (only_new && sources_has(&x->sources, path.p)))
			continue;
		failed = add_source(x, path.p, err);
		(*added)++;
	}
	free(list);
	buf_release(&path);
	return failed;
}

/* A file, or a folder that stands for its files. */
static int add_path(struct extract *x, const char *path, struct error *err)
{
	struct stat st;
	int added = 0;

	if (path_is_sqlite(path))
		return error_set(err, EXIT_USAGE, "'%s' is a SQLite database, and the first operand is a file: a run reads one system", path);
	if (stat(path, &st) || !S_ISDIR(st.st_mode))
		return add_source(x, path, err);
	opt_list_add(&x->sources.folders, arena_dup(&x->arena, path, strlen(path)));
	return add_folder(x, path, false, &added, err);
}

static int add_pattern(struct extract *x, const char *pattern, struct error *err)
{
	glob_t g;
	size_t i;
	int failed = 0;

	if (glob(pattern, 0, NULL, &g)) {
		globfree(&g);
		errno = ENOENT;
		return error_errno(err, EXIT_FAILED, "cannot open '%s'", pattern);
	}
	for (i = 0; i < g.gl_pathc && !failed; i++)
		failed = add_path(x, g.gl_pathv[i], err);
	globfree(&g);
	return failed;
}

static int add_operand(struct extract *x, const char *operand, struct error *err);

/* file:///a%20b.csv: an absolute path, percent-encoded (RFC 8089). */
static int add_address(struct extract *x, const char *address, struct error *err)
{
	struct buf path = BUF_INIT;
	int failed;

	if (address[7] != '/' || percent_decode(span_of(address + 7), &path))
		failed = error_set(err, EXIT_USAGE, "'%s' is no address of a file: it looks like file:///home/me/games.csv", address);
	else
		failed = add_operand(x, buf_str(&path), err);
	buf_release(&path);
	return failed;
}

static int add_operand(struct extract *x, const char *operand, struct error *err)
{
	struct stat st;

	if (!strncmp(operand, "file://", 7))
		return add_address(x, operand, err);
	if (!strcmp(operand, "-"))
		return add_source(x, operand, err);
	if (!path_is_sqlite(operand) && stat(operand, &st))
		return add_pattern(x, operand, err);	/* a name that is no pattern matches itself or fails */
	return add_path(x, operand, err);
}

int list_sources(struct extract *x, char **operands, int n, struct error *err)
{
	size_t j;
	int i;

	for (i = 0; i < n; i++)
		if (add_operand(x, operands[i], err))
			return -1;
	for (j = 1; j < x->sources.n; j++)
		if (x->sources.v[j].stream != x->sources.v[0].stream)
			x->tagged = true;
	if (x->o->follow && x->sources.folders.n && !x->o->stream)
		x->tagged = true;	/* a file that comes may be another stream */
	return 0;
}

int list_new(struct extract *x, struct error *err)
{
	int added = 0;
	size_t i;

	for (i = 0; i < x->sources.folders.n; i++)
		if (add_folder(x, x->sources.folders.v[i], true, &added, err))
			return -1;
	return added;
}

void sources_release(struct sources *s)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		free(s->v[i].path);
		free(s->v[i].name);
	}
	free(s->v);
	opt_list_release(&s->folders);
	table_release(&s->paths);
	*s = (struct sources){ .v = NULL };
}
