/* extract_state: how far each file was read before, by the state. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "extract.h"

/* ---- the state's token: {"files":{PATH:{"offset","line","ino","head","head_size","tail","tail_size"}}} */

static uint64_t number_of(const json_t *file, const char *name)
{
	const char *text = json_string_value(json_object_get(file, name));

	return text ? strtoull(text, NULL, 10) : 0;
}

static const char *hash_of(const json_t *file, const char *name)
{
	const char *text = json_string_value(json_object_get(file, name));

	return text && strlen(text) <= 32 ? text : "";
}

static void read_position(struct position *pos, const json_t *file)
{
	if (!json_object_get(file, "offset"))
		return;
	*pos = (struct position){ .known = true, .offset = number_of(file, "offset"), .line = number_of(file, "line"),
				  .ino = number_of(file, "ino"), .head_size = (uint32_t)number_of(file, "head_size"),
				  .tail_size = (uint32_t)number_of(file, "tail_size") };
	snprintf(pos->head, sizeof pos->head, "%s", hash_of(file, "head"));
	snprintf(pos->tail, sizeof pos->tail, "%s", hash_of(file, "tail"));
	if (pos->head_size > 4096 || pos->tail_size > 1024 || pos->tail_size > pos->offset)
		pos->known = false;
}

static json_t *write_position(const struct position *pos)
{
	char number[5][24];

	snprintf(number[0], 24, "%" PRIu64, pos->offset);
	snprintf(number[1], 24, "%" PRIu64, pos->line);
	snprintf(number[2], 24, "%" PRIu64, pos->ino);
	snprintf(number[3], 24, "%" PRIu32, pos->head_size);
	snprintf(number[4], 24, "%" PRIu32, pos->tail_size);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "offset", number[0], "line", number[1], "ino", number[2],
			 "head", pos->head, "head_size", number[3], "tail", pos->tail, "tail_size", number[4]);
}

/* ---- from the state */

/* What was selected: another selection must not go on from this state. */
static void selection_of(const struct extract *x, struct buf *b)
{
	const struct extract_options *o = x->o;

	buf_addf(b, "changes=%d with-path=%d", o->changes, o->with_path);
	if (o->format != FORMAT_ANY)
		buf_addf(b, " format=%d", o->format);
	if (o->stream)
		buf_addf(b, " stream=%s", o->stream);
	if (o->header)
		buf_addf(b, " header=%s", o->header);
	if (o->delimiter)
		buf_addf(b, " delimiter=%s", o->delimiter);
	if (o->quote)
		buf_addf(b, " quote=%s", o->quote);
}

static const json_t *files_of(const struct extract *x, uint32_t stream)
{
	return json_object_get(state_token(&x->state, streams_name(&x->tool->streams, stream)), "files");
}

/* A state that knows files, but none of these, is that of another job; but in a folder or in a stream of one name new files are meant. */
static int check_files(const struct extract *x, struct error *err)
{
	const json_t *tokens = json_object_get(x->state.job, "tokens");
	bool grows = x->o->stream || x->sources.folders.n;
	size_t i;

	for (i = 0; i < x->sources.n; i++)
		if (x->sources.v[i].pos.known || (grows && files_of(x, x->sources.v[i].stream)))
			return 0;
	if (!json_object_size(tokens) || !x->sources.n)
		return 0;
	return error_set(err, EXIT_USAGE, "the state in '%s' belongs to other files than '%s': use another state, or --reset", x->place.where,
			 error_show(span_of(x->sources.v[0].path)));
}

int state_start(struct extract *x, struct error *err)
{
	struct buf selection = BUF_INIT;
	size_t i;
	int failed;

	selection_of(x, &selection);
	failed = state_resume(&x->state, &x->place, x->o->state, x->o->reset, &(struct state_owner){ "file", NULL, buf_str(&selection) }, err);
	buf_release(&selection);
	if (failed || x->o->reset)
		return failed ? -1 : 0;
	for (i = 0; i < x->sources.n; i++)
		read_position(&x->sources.v[i].pos, json_object_get(files_of(x, x->sources.v[i].stream), x->sources.v[i].path));
	if (take_over(x, err))
		return -1;
	x->resumed = json_object_size(json_object_get(x->state.job, "tokens")) > 0;
	return check_files(x, err);
}

/* ---- files that were read under another name */

static int fits(const struct position *pos, const char *path, struct error *err)
{
	struct input in;
	int got;

	if (access(path, F_OK))
		return 0;
	if (input_open(&in, path, err))
		return -1;
	got = in.file && pos->ino == (uint64_t)in.st.st_ino ? position_fits(pos, &in, path, err) : 0;
	(void)input_close(&in, path, err);
	return got;
}

/* Another source of this run whose file this is: its own path has another one now, which starts anew. */
static int from_source(struct extract *x, struct source *s, uint64_t ino, struct error *err)
{
	struct source *other;
	size_t i;
	int got = 0;

	for (i = 0; i < x->sources.n && !got; i++) {
		other = &x->sources.v[i];
		if (other == s || !other->pos.known || other->pos.ino != ino || other->stream != s->stream)
			continue;
		got = fits(&other->pos, s->path, err);
		if (got > 0 && fits(&other->pos, other->path, err) == 0) {
			s->pos = other->pos;
			other->pos = (struct position){ .known = false };
		}
	}
	return got < 0 ? -1 : 0;
}

/* A file that the state knows by a name which this run doesn't have. */
static int from_state(struct extract *x, struct source *s, uint64_t ino, struct error *err)
{
	const json_t *files = files_of(x, s->stream);
	struct position pos = { .known = false };
	const char *path;
	json_t *file;
	int got;

	json_object_foreach((json_t *)(uintptr_t)files, path, file) {
		if (number_of(file, "ino") != ino)
			continue;
		read_position(&pos, file);
		got = pos.known && strcmp(path, s->path) ? fits(&pos, s->path, err) : 0;
		if (got < 0)
			return -1;
		if (!got)
			continue;
		s->pos = pos;
		break;
	}
	return 0;
}

int take_over(struct extract *x, struct error *err)
{
	struct source *s;
	struct stat st;
	size_t i;

	for (i = 0; i < x->sources.n; i++) {
		s = &x->sources.v[i];
		if (s->pos.known || !strcmp(s->path, "-") || stat(s->path, &st))
			continue;
		if (from_source(x, s, (uint64_t)st.st_ino, err) ||
		    (!s->pos.known && x->o->state && !x->o->reset && from_state(x, s, (uint64_t)st.st_ino, err)))
			return -1;
	}
	return 0;
}

/* ---- to the stream */

void add_from(struct extract *x, struct buf *out)
{
	struct buf selection = BUF_INIT;

	if (!x->o->state)
		return;
	selection_of(x, &selection);
	state_add_from(&x->state, &(struct state_owner){ "file", NULL, buf_str(&selection) }, out);
	buf_release(&selection);
}

/* The sources of a stream whose places are known, by their inode numbers. */
struct known {
	const struct source **v;	/* owned */
	size_t n;
};

static int by_inode(const void *a, const void *b)
{
	const struct source *const *x = a, *const *y = b;

	return (*x)->pos.ino < (*y)->pos.ino ? -1 : (*x)->pos.ino > (*y)->pos.ino;
}

static struct known known_sources(const struct extract *x, uint32_t stream)
{
	struct known k = { xcalloc(x->sources.n + 1, sizeof *k.v), 0 };
	size_t i;

	for (i = 0; i < x->sources.n; i++)
		if (x->sources.v[i].stream == stream && x->sources.v[i].pos.known)
			k.v[k.n++] = &x->sources.v[i];
	qsort(k.v, k.n, sizeof *k.v, by_inode);
	return k;
}

/* A file that goes by another name now is forgotten under its old one. */
static void forget_moved(json_t *files, const struct known *known)
{
	const struct source *found, **at;
	struct source wanted;
	const char *path;
	json_t *file;
	void *next;

	json_object_foreach_safe(files, next, path, file) {
		wanted.pos.known = false;
		wanted.pos.ino = number_of(file, "ino");
		found = &wanted;
		at = bsearch(&found, known->v, known->n, sizeof *known->v, by_inode);
		if (at && strcmp(path, (*at)->path))
			json_object_del(files, path);
	}
}

/* Files of the stream that the state knows and this run doesn't name keep their places. */
static json_t *token_of(const struct extract *x, uint32_t stream)
{
	const json_t *before = x->o->reset ? NULL : state_token(&x->state, streams_name(&x->tool->streams, stream));
	json_t *token = before ? json_deep_copy(before) : json_object(), *files = json_object_get(token, "files");
	struct known known = known_sources(x, stream);
	size_t i;

	if (!files) {
		files = json_object();
		json_object_set_new(token, "files", files);
	}
	forget_moved(files, &known);
	for (i = 0; i < known.n; i++)
		if (json_object_set_new(files, known.v[i]->path, write_position(&known.v[i]->pos)))
			xalloc_die();
	free(known.v);
	return token;
}

void add_token(const struct extract *x, uint32_t stream, struct buf *out)
{
	json_t *token = token_of(x, stream);
	char *text = json_dumps(token, JSON_COMPACT | JSON_SORT_KEYS);

	if (!text)
		xalloc_die();
	buf_adds(out, text);
	free(text);
	json_decref(token);
}
