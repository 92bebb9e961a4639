/* key: which values make it, and how it is written. */
#include "set/key.h"

#include <stdlib.h>

#include "base/xalloc.h"

static int add_part(struct key *key, const struct path *path, struct error *err)
{
	uint32_t i;

	for (i = 0; i < path->n; i++)
		if (path->step[i].kind != STEP_NAME)
			return error_set(err, EXIT_USAGE, "a key's path names fields, not elements: '%s'", error_show(path->text));
	if (!path->n)
		return error_set(err, EXIT_USAGE, "a key needs a field's name");
	for (i = 0; i < key->n; i++)
		if (path_eq(&key->part[i].path, path))
			return error_set(err, EXIT_USAGE, "a key has '%s' twice", error_show(path->text));
	key->part = xreallocarray(key->part, key->n + 1, sizeof *key->part);
	key->part[key->n++] = (struct key_part){ .path = *path, .read = KEY_TYPED };
	return 0;
}

int key_add(struct key *key, struct span text, struct error *err)
{
	struct path path;

	return path_compile(&path, arena_span(&key->arena, text), &key->arena, err) || add_part(key, &path, err) ? -1 : 0;
}

int key_parse(struct key *key, const char *list, struct error *err)
{
	const char *end;

	for (;; list = end + 1) {
		end = path_list_end(list);
		if (key_add(key, (struct span){ list, (size_t)(end - list) }, err))
			return -1;
		if (!*end)
			return 0;
	}
}

static int add_name(struct key *key, struct value v, struct error *err)
{
	struct span name = arena_span(&key->arena, value_text(v, &key->arena));
	struct path path;

	if (name.n && name.p[0] == '/') {
		if (path_compile(&path, name, &key->arena, err))
			return -1;
	} else {
		path_name(&path, name, &key->arena);
	}
	return add_part(key, &path, err);
}

int key_from_schema(struct key *key, struct value names, struct error *err)
{
	struct walk walk = { 0, 0, 0 };
	struct value v;

	if (value_type(names) != TOKEN_ARRAY)
		return error_data(err, "bad-key", "the key of a schema is no array of names");
	while (value_next(names, &walk, NULL, &v)) {
		if (value_type(v) != TOKEN_STRING)
			return error_data(err, "bad-key", "the key of a schema is no array of names");
		if (add_name(key, v, err)) {
			err->status = EXIT_FAILED;
			err->code = "bad-key";
			return -1;
		}
	}
	return 0;
}

void key_copy(struct key *to, const struct key *from)
{
	struct scan_limits limits = SCAN_LIMITS_INIT;
	struct error err = ERROR_INIT;
	struct buf names = BUF_INIT;
	struct record rec;

	/* they were good once, so they are again */
	record_init(&rec);
	key_write_names(from, &names);
	if (!record_copy(&rec, names.p, names.n, &limits, &err))
		(void)key_from_schema(to, record_root(&rec), &err);
	record_release(&rec);
	buf_release(&names);
}

void key_release(struct key *key)
{
	free(key->part);
	arena_release(&key->arena);
	arena_release(&key->scratch);
	*key = (struct key)KEY_INIT;
}

bool key_same(const struct key *a, const struct key *b)
{
	uint32_t i;

	if (a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++)
		if (!path_eq(&a->part[i].path, &b->part[i].path))
			return false;
	return true;
}

/* A part that is a top member by its plain name. */
static bool is_plain(const struct path *path)
{
	return path->n == 1;
}

void key_write_names(const struct key *key, struct buf *out)
{
	const struct path *path;
	struct buf pointer = BUF_INIT;
	uint32_t i;

	buf_addc(out, '[');
	for (i = 0; i < key->n; i++) {
		path = &key->part[i].path;
		if (i)
			buf_addc(out, ',');
		if (is_plain(path) && !(path->step[0].name.n && path->step[0].name.p[0] == '/')) {
			buf_addspan(out, path->step[0].quoted);
			continue;
		}
		buf_reset(&pointer);
		path_pointer(path, &pointer);
		json_add_string(out, buf_span(&pointer));
	}
	buf_addc(out, ']');
	buf_release(&pointer);
}

struct hash128 key_hash(struct span bytes, uint32_t stream, const struct hash_key *secret)
{
	struct hash128 h = hash_bytes(bytes.p, bytes.n, secret);

	return stream ? hash_combine(h, (struct hash128){ stream, 0 }, secret) : h;
}

/* The members of nested paths, built on an empty record so that parts of one parent share it. */
static void write_nested(const struct key *key, const struct record *rec, struct buf *out)
{
	struct scan_limits limits = SCAN_LIMITS_INIT;
	struct error err = ERROR_INIT;
	struct buf text = BUF_INIT;
	struct record made;
	struct value v;
	uint32_t i;

	record_init(&made);
	record_copy(&made, "{}", 2, &limits, &err);
	for (i = 0; i < key->n; i++) {
		if (!record_get(rec, &key->part[i].path, NULL, &v))
			continue;
		buf_reset(&text);
		value_write(v, &text);
		record_set_deep(&made, &key->part[i].path, buf_span(&text), &err);
	}
	buf_reset(&text);
	record_write(&made, &text);
	buf_add(out, text.p + 1, text.n - 2);
	buf_release(&text);
	record_release(&made);
}

void key_write_members(const struct key *key, const struct record *rec, struct buf *out)
{
	struct value v;
	uint32_t i;

	for (i = 0; i < key->n; i++)
		if (!is_plain(&key->part[i].path)) {
			write_nested(key, rec, out);
			return;
		}
	for (i = 0; i < key->n; i++) {
		if (i)
			buf_addc(out, ',');
		buf_addspan(out, key->part[i].path.step[0].quoted);
		buf_addc(out, ':');
		if (record_get(rec, &key->part[i].path, NULL, &v))
			value_write(v, out);
		else
			buf_adds(out, "null");
	}
}

void key_show(const struct key *key, const struct record *rec, struct buf *out)
{
	struct value v;
	uint32_t i;

	for (i = 0; i < key->n; i++) {
		if (i)
			buf_addc(out, ',');
		if (record_get(rec, &key->part[i].path, NULL, &v))
			value_write(v, out);
	}
}
