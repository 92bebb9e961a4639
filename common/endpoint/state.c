/* state: how far a job has come, in a file that is swapped under a lock. */
#include "endpoint/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/fileio.h"
#include "base/xalloc.h"
#include "endpoint/exec.h"
#include "endpoint/uri.h"

enum { MOST = 64 << 20 };

int state_place_parse(struct state_place *p, const char *text, struct error *err)
{
	const char *hash = strrchr(text, '#');

	*p = (struct state_place){ NULL, NULL };
	if (!*text || hash == text || (hash && !hash[1]))
		return error_set(err, EXIT_USAGE, "--state: '%s' names no place", error_show(span_of(text)));
	p->where = hash ? xstrndup(text, (size_t)(hash - text)) : xstrdup(text);
	p->job = xstrdup(hash ? hash + 1 : "default");
	return 0;
}

void state_place_release(struct state_place *p)
{
	free(p->where);
	free(p->job);
	*p = (struct state_place){ NULL, NULL };
}

void state_init(struct state *s)
{
	s->generation = 0;
	s->changed = false;
	s->job = json_object();
	if (!s->job)
		xalloc_die();
}

void state_release(struct state *s)
{
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
	json_t *tokens = json_object_get(s->job, "tokens"), *v = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);

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

static int take_job(struct state *s, json_t *job, const char *where, struct error *err)
{
	const char *generation = json_string_value(json_object_get(job, "generation"));
	char *end;

	if (!leaves_are_strings(job) || !json_is_object(job))
		return damaged(where, "a leaf is no string", err);
	if (!generation || generation[0] < '0' || generation[0] > '9')
		return damaged(where, "no generation", err);
	errno = 0;
	s->generation = strtoull(generation, &end, 10);
	if (*end || errno || s->generation == 0)
		return damaged(where, "the generation is no number", err);
	json_decref(s->job);
	s->job = json_incref(job);
	return 0;
}

int state_parse(struct state *s, struct span text, const char *where, struct error *err)
{
	json_error_t why;
	json_t *job = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &why);
	int failed = job ? take_job(s, job, where, err) : damaged(where, why.text, err);

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

/* The file's whole object; a new one where there is no file. */
static json_t *load_file(const char *path, struct error *err)
{
	struct buf text = BUF_INIT;
	json_t *all = NULL;
	json_error_t why;

	if (access(path, F_OK) && errno == ENOENT)
		return json_pack("{s:i, s:{}}", "format", 1, "jobs");
	if (!io_slurp(path, MOST, &text, err)) {
		all = json_loadb(text.p ? text.p : "", text.n, JSON_REJECT_DUPLICATES, &why);
		if (!all)
			damaged(path, why.text, err);
		else if (json_integer_value(json_object_get(all, "format")) != 1 || !json_is_object(json_object_get(all, "jobs"))) {
			damaged(path, "it is not a state of format 1", err);
			json_decref(all);
			all = NULL;
		}
	}
	buf_release(&text);
	return all;
}

static int job_of(struct state *s, json_t *all, const struct state_place *p, struct error *err)
{
	json_t *job = json_object_get(json_object_get(all, "jobs"), p->job);

	s->generation = 0;
	return job ? take_job(s, job, p->where, err) : 0;
}

int state_read_file(struct state *s, const struct state_place *p, struct error *err)
{
	json_t *all = load_file(p->where, err);
	int failed = all ? job_of(s, all, p, err) : -1;

	json_decref(all);
	return failed;
}

/* ---- a database: read by its connector */

/* The first line that sync-extract gives for a query, or nothing. */
static int query(const char *where, const char *sql, struct buf *out, struct error *err)
{
	const char *const options[] = { "--plain", "--stream=state", "--query", sql, NULL };
	struct extraction x;
	char buf[4096];
	ssize_t got;

	if (extraction_start(&x, where, options, err))
		return -1;
	while ((got = io_read(x.fd, buf, sizeof buf)) > 0)
		buf_add(out, buf, (size_t)got);
	return extraction_end(&x, err);
}

/* Takes {"state":"…"} apart. */
static int take_row(struct state *s, struct span line, const char *where, struct error *err)
{
	json_t *row = json_loadb(line.p, line.n, 0, NULL);
	const char *text = json_string_value(json_object_get(row, "state"));
	int failed = text ? state_parse(s, span_of(text), where, err) : damaged(where, "no 'state' in its row", err);

	json_decref(row);
	return failed;
}

static int read_database(struct state *s, const struct state_place *p, struct error *err)
{
	struct buf sql = BUF_INIT, row = BUF_INIT;
	const char *c;
	int failed;

	s->generation = 0;
	if (access(p->where, F_OK) && errno == ENOENT)
		return 0;
	failed = query(p->where, "SELECT name FROM sqlite_master WHERE type='table' AND name='_sync_state'", &row, err);
	if (!failed && row.n) {
		buf_reset(&row);
		buf_adds(&sql, "SELECT state FROM _sync_state WHERE job='");
		for (c = p->job; *c; c++) {
			if (*c == '\'')
				buf_addc(&sql, '\'');
			buf_addc(&sql, *c);
		}
		buf_addc(&sql, '\'');
		failed = query(p->where, buf_str(&sql), &row, err);
		if (!failed && row.n)
			failed = take_row(s, buf_span(&row), p->where, err);
	}
	buf_release(&sql);
	buf_release(&row);
	return failed;
}

int state_read(struct state *s, const struct state_place *p, struct error *err)
{
	return path_is_sqlite(p->where) ? read_database(s, p, err) : state_read_file(s, p, err);
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

static int swap(struct state *s, const struct state_place *p, json_t *all, struct error *err)
{
	struct state now;
	struct buf text = BUF_INIT;
	int failed;

	state_init(&now);
	failed = job_of(&now, all, p, err);
	if (!failed && now.generation != s->generation)
		failed = error_set(err, EXIT_AGAIN, "another run has moved the state in '%s' from generation %llu to %llu", p->where,
				   (unsigned long long)s->generation, (unsigned long long)now.generation);
	state_release(&now);
	if (failed)
		return -1;
	set_generation(s->job, s->generation + 1);
	if (json_object_set(json_object_get(all, "jobs"), p->job, s->job))
		xalloc_die();
	dump(all, JSON_INDENT(1), &text);
	buf_addc(&text, '\n');
	failed = replace_file(p->where, buf_span(&text), err);
	buf_release(&text);
	if (!failed) {
		s->generation++;
		s->changed = false;
	}
	return failed;
}

int state_store_file(struct state *s, const struct state_place *p, struct error *err)
{
	json_t *all;
	int fd, failed;

	if (!s->changed)
		return 0;
	fd = lock(p->where, err);
	if (fd < 0)
		return -1;
	all = load_file(p->where, err);
	failed = all ? swap(s, p, all, err) : -1;
	json_decref(all);
	close(fd);
	return failed;
}
