/* extract_state: how far each file was read before, and whether it is still that file. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/fileio.h"
#include "extract.h"
#include "value/hash.h"

enum { HEAD = 4096 };

/* The key is fixed: the hash is kept in the state, and says only whether a file is the one that it was. */
static const struct hash_key head_key = {
	{ 0x243f6a8885a308d3u, 0x13198a2e03707344u, 0xa4093822299f31d0u, 0x082efa98ec4e6c89u, 0x452821e638d01377u,
	  0xbe5466cf34e90c6cu, 0xc0ac29b7c97c50ddu, 0x3f84d5b5b5470917u },	/* digits of pi */
};

static int head_hash(int fd, const char *path, uint64_t length, char out[33], struct error *err)
{
	char buf[HEAD];
	size_t n = length < HEAD ? (size_t)length : HEAD;
	ssize_t got = pread(fd, buf, n, 0);
	struct hash128 h;

	if (got < 0)
		return error_errno(err, EXIT_FAILED, "cannot read '%s'", path);
	h = hash_bytes(buf, (size_t)got, &head_key);
	snprintf(out, 33, "%016llx%016llx", (unsigned long long)h.hi, (unsigned long long)h.lo);
	return 0;
}

/* ---- the state's token: {"files":{PATH:{"dev","ino","head","offset"}}} */

static void place_source(struct source *s, const json_t *token)
{
	const json_t *file = json_object_get(json_object_get(token, "files"), s->path);
	const char *dev = json_string_value(json_object_get(file, "dev")), *ino = json_string_value(json_object_get(file, "ino"));
	const char *head = json_string_value(json_object_get(file, "head"));
	const char *offset = json_string_value(json_object_get(file, "offset"));

	if (!dev || !ino || !head || !offset || strlen(head) != 32)
		return;
	s->dev = (dev_t)strtoull(dev, NULL, 10);
	s->ino = (ino_t)strtoull(ino, NULL, 10);
	s->offset = strtoull(offset, NULL, 10);
	memcpy(s->head, head, 33);
	s->known = true;
}

/* What was selected: another selection must not go on from this state. */
static void selection_of(const struct extract *x, struct buf *b)
{
	buf_addf(b, "changes=%d with-path=%d", x->o->changes, x->o->with_path);
	if (x->o->stream)
		buf_addf(b, " stream=%s", x->o->stream);
}

int state_start(struct extract *x, struct error *err)
{
	struct buf selection = BUF_INIT;
	const char *was;
	size_t i;
	int failed;

	if (state_place_parse(&x->place, x->o->state, err))
		return -1;
	failed = state_read(&x->state, &x->place, err);
	selection_of(x, &selection);
	was = state_string(&x->state, "selection");
	if (!failed && !x->o->reset && was && strcmp(was, buf_str(&selection)))
		failed = error_set(err, EXIT_USAGE, "the state in '%s' belongs to another selection (%s): use another state, or --reset",
				   x->place.where, was);
	buf_release(&selection);
	for (i = 0; !failed && !x->o->reset && i < x->sources.n; i++)
		place_source(&x->sources.v[i], state_token(&x->state, x->sources.v[i].name));
	return failed;
}

void add_from(struct extract *x, struct buf *out)
{
	struct buf selection = BUF_INIT;

	if (!x->o->state)
		return;
	selection_of(x, &selection);
	buf_addf(out, "{\"generation\":\"%llu\",\"connector\":\"file\",\"selection\":", (unsigned long long)x->state.generation);
	json_add_string(out, buf_span(&selection));
	buf_addc(out, '}');
	buf_release(&selection);
}

/* Files of the stream that the state knows and this run doesn't name keep their places. */
static json_t *token_of(const struct extract *x, uint32_t stream)
{
	const json_t *before = x->o->reset ? NULL : state_token(&x->state, streams_name(&x->tool->streams, stream));
	json_t *token = before ? json_deep_copy(before) : json_object(), *files = json_object_get(token, "files");
	char number[3][24];
	size_t i;

	if (!files) {
		files = json_object();
		json_object_set_new(token, "files", files);
	}
	for (i = 0; i < x->sources.n; i++) {
		const struct source *s = &x->sources.v[i];

		if (s->stream != stream || !s->known)
			continue;
		snprintf(number[0], 24, "%llu", (unsigned long long)s->dev);
		snprintf(number[1], 24, "%llu", (unsigned long long)s->ino);
		snprintf(number[2], 24, "%llu", (unsigned long long)s->offset);
		json_object_set_new(files, s->path, json_pack("{s:s, s:s, s:s, s:s}", "dev", number[0], "ino", number[1], "head", s->head,
							      "offset", number[2]));
	}
	return token;
}

void add_token(const struct extract *x, uint32_t stream, struct buf *out)
{
	json_t *token = token_of(x, stream);
	char *text = json_dumps(token, JSON_COMPACT | JSON_SORT_KEYS);

	buf_adds(out, text ? text : "{}");
	free(text);
	json_decref(token);
}

/* ---- identity */

int note_identity(struct source *s, const struct input *in, struct error *err)
{
	s->dev = in->st.st_dev;
	s->ino = in->st.st_ino;
	s->known = true;
	return head_hash(in->fd, s->path, s->offset, s->head, err);
}

static int start_over(struct source *s, const char *why)
{
	diag_warn("'%s' %s: it is read from its start", s->path, why);
	s->offset = 0;
	s->known = false;
	return 0;
}

int check_identity(struct extract *x, const struct input *in, struct error *err)
{
	struct source *s = x->source;
	char head[33];

	if (!in->file || in->packed)
		return error_set(err, EXIT_USAGE, "'%s' has no place to go on from: --state and --follow read plain files", s->path);
	if (s->format != FORMAT_NDJSON)
		return error_set(err, EXIT_USAGE, "'%s' is no NDJSON: --state and --follow read what is appended line by line", s->path);
	if (!s->known)
		return note_identity(s, in, err);
	if (s->dev != in->st.st_dev || s->ino != in->st.st_ino)
		return start_over(s, "is another file than it was") || note_identity(s, in, err);
	if ((uint64_t)in->st.st_size < s->offset)
		return start_over(s, "was truncated") || note_identity(s, in, err);
	if (head_hash(in->fd, s->path, s->offset, head, err))
		return -1;
	if (strcmp(head, s->head))
		return start_over(s, "begins otherwise than it did") || note_identity(s, in, err);
	return 0;
}
