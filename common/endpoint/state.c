/* state: how far a job has come, in a file that is swapped under a lock. */
#include "endpoint/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fileio.h"
#include "base/xalloc.h"
#include "endpoint/uri.h"

enum { MOST = 64 << 20, STRICT = JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL };	/* a token may be any text */

/* A state in a server, by its address. */
static void set_server(struct state_place *p, const char *where)
{
	static const struct { const char *connector; enum state_kind kind; } servers[] = {
		{ "postgresql", STATE_POSTGRESQL }, { "redis", STATE_REDIS }, { "mongodb", STATE_MONGODB },
	};
	char *connector = uri_connector(where);
	size_t i;

	for (i = 0; connector && i < sizeof servers / sizeof *servers; i++)
		if (!strcmp(connector, servers[i].connector))
			p->kind = servers[i].kind;
	free(connector);
}

int state_place_parse(struct state_place *p, const char *text, struct error *err)
{
	const char *hash = strrchr(text, '#');
	char *where, *path;

	*p = (struct state_place){ 0 };
	if (!*text || hash == text || (hash && !hash[1]))
		return error_set(err, EXIT_USAGE, "--state: '%s' names no place", error_show(span_of(text)));
	where = hash ? xstrndup(text, (size_t)(hash - text)) : xstrdup(text);
	if (!strncmp(where, "sqlite://", 9)) {
		path = sqlite_path(where);
		free(where);
		if (!path)
			return error_set(err, EXIT_USAGE, "--state: '%s' is no address of a SQLite file", error_show(span_of(text)));
		where = path;
		p->kind = STATE_SQLITE;
	}
	if (path_is_sqlite(where))
		p->kind = STATE_SQLITE;
	set_server(p, where);
	p->where = where;
	p->job = xstrdup(hash ? hash + 1 : "default");
	return 0;
}

/* The folder of a file that need not be there, and the name in it. */
static bool same_place(const char *a, const char *b)
{
	char *folders[2], *names[2];
	const char *paths[2] = { a, b };
	bool same;
	int i;

	for (i = 0; i < 2; i++) {
		const char *slash = strrchr(paths[i], '/');
		char *folder = slash ? xstrndup(paths[i], (size_t)(slash - paths[i]) + 1) : xstrdup(".");

		folders[i] = realpath(folder, NULL);
		names[i] = xstrdup(slash ? slash + 1 : paths[i]);
		free(folder);
	}
	same = folders[0] && folders[1] && !strcmp(folders[0], folders[1]) && !strcmp(names[0], names[1]);
	for (i = 0; i < 2; i++) {
		free(folders[i]);
		free(names[i]);
	}
	return same;
}

bool state_place_is(const struct state_place *p, const char *path)
{
	struct stat a, b;
	bool there = !stat(p->where, &a), target = !stat(path, &b);

	if (!strcmp(p->where, path))
		return true;
	return there && target ? a.st_dev == b.st_dev && a.st_ino == b.st_ino : !there && !target && same_place(p->where, path);
}

void state_place_release(struct state_place *p)
{
	free(p->where);
	free(p->job);
	*p = (struct state_place){ 0 };
}

void state_init(struct state *s)
{
	*s = (struct state){ .job = json_object() };
	if (!s->job)
		xalloc_die();
}

void state_release(struct state *s)
{
	state_let_go(s);
	json_decref(s->job);
	s->job = NULL;
}

/* ---- the job's members */

const char *state_string(const struct state *s, const char *name)
{
	return json_string_value(json_object_get(s->job, name));
}

void state_set_string(struct state *s, const char *name, const char *value)
{
	if (json_object_set_new(s->job, name, json_string(value)))
		xalloc_die();
}

json_t *state_token(const struct state *s, const char *stream)
{
	return json_object_get(json_object_get(s->job, "tokens"), stream);
}

int state_set_token(struct state *s, const char *stream, struct span text, struct error *err)
{
	json_t *tokens = json_object_get(s->job, "tokens"), *v = json_loadb(text.p, text.n, STRICT, NULL);

	if (!v || !json_is_object(v)) {
		json_decref(v);
		return error_set(err, EXIT_FAILED, "a checkpoint's state is no object: '%s'", error_show(text));
	}
	if (!tokens) {
		tokens = json_object();
		json_object_set_new(s->job, "tokens", tokens);
	}
	s->changed = s->changed || !json_equal(v, json_object_get(tokens, stream));
	if (json_object_set_new(tokens, stream, v))
		xalloc_die();
	return 0;
}

json_t *state_loader(const struct state *s)
{
	return json_object_get(s->job, "loader");
}

void state_set_loader(struct state *s, json_t *v)
{
	s->changed = s->changed || !json_equal(v, json_object_get(s->job, "loader"));
	if (json_object_set_new(s->job, "loader", v))
		xalloc_die();
}

/* ---- text */

static int damaged(const char *where, const char *why, struct error *err)
{
	return error_set(err, EXIT_FAILED, "the state in '%s' is damaged (%s): restore it, or start anew with --reset", where, why);
}

/* Every leaf is a string: numbers would pass through doubles somewhere. */
static bool leaves_are_strings(const json_t *v)
{
	const char *name;
	json_t *member;

	if (json_is_string(v))
		return true;
	if (!json_is_object(v))
		return false;
	json_object_foreach((json_t *)(uintptr_t)v, name, member)
		if (!leaves_are_strings(member))
			return false;
	return true;
}

/* Its generation, and the object itself; why: what is wrong with it. */
static const char *check_job(const json_t *job, uint64_t *generation)
{
	const char *text = json_string_value(json_object_get(job, "generation"));
	char *end;

	if (!leaves_are_strings(job) || !json_is_object(job))
		return "a leaf is no string";
	if (!text || text[0] < '0' || text[0] > '9')
		return "no generation";
	errno = 0;
	*generation = strtoull(text, &end, 10);
	return *end || errno || *generation == 0 ? "the generation is no number" : NULL;
}

/* The state is what it was before anything was stored, if --reset says so of a damaged one. */
int state_damaged(struct state *s, const char *where, const char *why, struct error *err)
{
	if (!s->reset)
		return damaged(where, why, err);
	s->generation = 0;
	s->damaged = true;
	json_object_clear(s->job);
	return 0;
}

static int take_job(struct state *s, json_t *job, const char *where, struct error *err)
{
	uint64_t generation;
	const char *why = check_job(job, &generation);

	if (why)
		return state_damaged(s, where, why, err);
	s->generation = generation;
	if (s->reset)
		return 0;	/* what it knew is not wanted */
	json_decref(s->job);
	s->job = json_incref(job);
	return 0;
}

int state_parse(struct state *s, struct span text, const char *where, struct error *err)
{
	json_error_t why;
	json_t *job = json_loadb(text.p ? text.p : "", text.n, STRICT, &why);
	int failed = job ? take_job(s, job, where, err) : state_damaged(s, where, why.text, err);

	json_decref(job);
	return failed;
}

static void dump(const json_t *v, size_t flags, struct buf *out)
{
	char *text = json_dumps(v, flags);

	if (!text)
		xalloc_die();
	buf_adds(out, text);
	free(text);
}

static void set_generation(json_t *job, uint64_t generation)
{
	char text[24];

	snprintf(text, sizeof text, "%llu", (unsigned long long)generation);
	if (json_object_set_new(job, "generation", json_string(text)))
		xalloc_die();
}

void state_text(const struct state *s, struct buf *out)
{
	set_generation(s->job, s->generation);
	dump(s->job, JSON_COMPACT, out);
}

/* ---- files */

static json_t *new_file(void)
{
	return json_pack("{s:i, s:{}}", "format", 1, "jobs");
}

/* What is wrong with a file's object, or NULL. */
static const char *check_file(const json_t *all)
{
	return json_integer_value(json_object_get(all, "format")) != 1 || !json_is_object(json_object_get(all, "jobs"))
		? "it is not a state of format 1" : NULL;
}

/* The file's whole object; a new one where there is no file, or a damaged one that s begins anew. */
static json_t *load_file(struct state *s, const char *path, struct error *err)
{
	struct buf text = BUF_INIT;
	json_t *all;
	json_error_t parse;
	const char *why;

	if (access(path, F_OK) && errno == ENOENT)
		return new_file();
	if (io_slurp(path, MOST, &text, err)) {
		buf_release(&text);
		return NULL;
	}
	all = json_loadb(text.p ? text.p : "", text.n, STRICT, &parse);
	buf_release(&text);
	why = all ? check_file(all) : parse.text;
	if (!why)
		return all;
	json_decref(all);
	return state_damaged(s, path, why, err) ? NULL : new_file();
}

static int job_of(struct state *s, json_t *all, const struct state_place *p, struct error *err)
{
	json_t *job = json_object_get(json_object_get(all, "jobs"), p->job);

	s->generation = 0;
	return job ? take_job(s, job, p->where, err) : 0;
}

int state_read_file(struct state *s, const struct state_place *p, struct error *err)
{
	json_t *all = load_file(s, p->where, err);
	int failed = all ? job_of(s, all, p, err) : -1;

	json_decref(all);
	return failed;
}

/* ---- storing in a file */

/* Locks "PATH.lock" beside the state, which is never removed: a removed lock could be held twice. */
static int lock(const char *path, struct error *err)
{
	struct buf name = BUF_INIT;
	int fd;

	buf_addf(&name, "%s.lock", path);
	fd = open(buf_str(&name), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		error_errno(err, EXIT_FAILED, "cannot open '%s'", name.p);
	else if (flock(fd, LOCK_EX)) {
		error_errno(err, EXIT_AGAIN, "cannot lock '%s'", name.p);
		close(fd);
		fd = -1;
	}
	buf_release(&name);
	return fd;
}

/* now: the state as the file has it. */
static int swap(struct state *s, const struct state *now, const struct state_place *p, json_t *all, struct error *err)
{
	struct buf text = BUF_INIT;
	int failed;

	if (now->generation != s->generation)
		return error_set(err, EXIT_AGAIN, "another run has moved the state in '%s' from generation %llu to %llu", p->where,
				 (unsigned long long)s->generation, (unsigned long long)now->generation);
	set_generation(s->job, s->generation + 1);
	if (json_object_set(json_object_get(all, "jobs"), p->job, s->job))
		xalloc_die();
	dump(all, JSON_INDENT(1), &text);
	buf_addc(&text, '\n');
	failed = replace_file(p->where, buf_span(&text), err);
	buf_release(&text);
	if (!failed) {
		s->generation++;
		s->changed = s->damaged = false;
	}
	return failed;
}

int state_store_file(struct state *s, const struct state_place *p, struct error *err)
{
	struct state now;
	json_t *all;
	int fd, failed;

	if (!s->changed)
		return 0;
	fd = lock(p->where, err);
	if (fd < 0)
		return -1;
	state_init(&now);
	now.reset = s->damaged;
	all = load_file(&now, p->where, err);
	failed = all && !job_of(&now, all, p, err) ? swap(s, &now, p, all, err) : -1;
	json_decref(all);
	state_release(&now);
	close(fd);
	return failed;
}
