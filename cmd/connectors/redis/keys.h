/* keys: a key of any type: the command that reads it, its value as a record, its value compared. */
#ifndef SYNC_REDIS_KEYS_H
#define SYNC_REDIS_KEYS_H

#include "redis.h"

struct key {
	struct span name;	/* borrowed */
	struct span type;	/* borrowed; "none" where the key isn't there */
	int64_t expires;	/* milliseconds since 1970, or -1 */
};

/* The command that reads a value of this type: the number of words. */
size_t value_words(struct span type, struct span name, struct span words[6]);
/* PEXPIRETIME, or PTTL where the server is older. */
void expiry_send(struct redis *r, struct span key);
/* Its reply as a time, -1 for none. */
int64_t expiry_of_reply(const struct redis *r, struct span raw);
/* Two such times are the same one: an older server's are known to some milliseconds. */
bool expiry_same(const struct redis *r, int64_t a, int64_t b);

/* The reply is what it should be for the type: 1; the key is no more: 0; it is of another type by now: -1. */
int value_check(struct span type, struct span raw);
/* Adds the record of a key whose value is there. -1: it can't be read, by the message in err. */
int key_put(const struct key *k, struct span raw, struct buf *out, struct error *err);
/* A string; bytes that are no UTF-8 as canonical Extended JSON. */
void put_text(struct buf *out, struct span s);
/* Adds `{"_sync":{"expires":"…"}` if it expires, else `{`. Whether anything stands behind the bracket. */
bool put_head(int64_t expires, struct buf *out);

/*
 * A value's words, as a loader writes them and as replies have them: a text; a hash's fields and values; a list's or a set's
 * members; a sorted set's members and scores; a payload of DUMP's. A stream's are its own: see below. Equal whatever the order,
 * where that has no meaning.
 */
bool words_equal(struct span type, struct span a, struct span b);
/* A member, or a field, that stands twice: 1 and *name; 0. step: 2 where every other word is a value. */
int words_duplicate(struct span words, size_t step, struct span *name);
size_t words_count(struct span words);

/*
 * A stream's words: last id, entries added, last deleted id; the number of entries, and for each id, number of words, fields and
 * values; the number of groups, and for each name, last id, entries read or "", the number of consumers, their names, the
 * number of pending entries, and for each id, consumer, time, count.
 */
int stream_words(struct span raw, struct buf *out);

#endif
