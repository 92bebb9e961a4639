/*
 * key: what names a row among the rows of its stream: the values at one or more paths, as canonical bytes.
 *
 * Two rows have one key if their values are equal as json/equal says (1.0 = 1, members in any order); then the bytes are
 * equal, and so are their hashes. Compared as memcmp does, bytes order keys: false, true, numbers by value, strings by
 * their UTF-8, arrays, objects; a composite key by its first part first. A key that is missing or null is an error of data.
 */
#ifndef SYNC_SET_KEY_H
#define SYNC_SET_KEY_H

#include "json/equal.h"

/* How values are read, where one side of a comparison is text without types (CSV). */
enum key_read {
	KEY_TYPED,	/* as they are */
	KEY_NUMBER,	/* text that is a JSON number, as that number */
	KEY_BOOLEAN,	/* text "true" and "false" as those */
	KEY_TEXT,	/* numbers and booleans as their text (2.50 as "2.5") */
};

struct key_part {
	struct path path;
	struct cursor cursor;
	enum key_read read;
};

struct key {
	struct key_part *part;	/* owned */
	uint32_t n;		/* 0: no key */
	struct arena arena;	/* owned: paths, and scratch of key_bytes after them */
	struct arena scratch;
};

#define KEY_INIT { NULL, 0, ARENA_INIT, ARENA_INIT }

/* From --key: paths with commas between them ("id", "round,home.id", "[\"a,b\"],c"). -1: a usage error. */
int key_parse(struct key *key, const char *list, struct error *err);
/* Adds one path to it. */
int key_add(struct key *key, struct span text, struct error *err);
/* From the `key` of a schema frame: an array of names; one that starts with '/' is a JSON Pointer. -1: a data error, "bad-key". */
int key_from_schema(struct key *key, struct value names, struct error *err);
/* The same paths, owned by the copy. */
void key_copy(struct key *to, const struct key *from);
void key_release(struct key *key);	/* usable again as new */
/* The same paths in the same order. */
bool key_same(const struct key *a, const struct key *b);
/* Adds the `key` of a schema frame: an array of names, or pointers where a path has several steps or starts with '/'. */
void key_write_names(const struct key *key, struct buf *out);

/* Adds the canonical bytes of a record's key. -1: a data error, "no-key", that names the field; nothing is added. */
int key_bytes(struct key *key, const struct record *rec, struct buf *out, struct error *err);
/* The same for the values at the key's paths below `from` (an old key in `_sync.key`). */
int key_bytes_of(struct key *key, struct value from, struct buf *out, struct error *err);
/* Of canonical bytes; `stream` keeps equal keys of different streams apart. */
struct hash128 key_hash(struct span bytes, uint32_t stream, const struct hash_key *secret);
/* Adds the key's members as they stand in the record, without braces: "id":7 (parents as objects: "a":{"b":7}). */
void key_write_members(const struct key *key, const struct record *rec, struct buf *out);
/* Adds the key for people: 7, or "north",3. */
void key_show(const struct key *key, const struct record *rec, struct buf *out);

#endif
