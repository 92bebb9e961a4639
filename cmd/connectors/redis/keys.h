/* keys: a key of any type as a record, for reading it and for knowing whether it is as it should be. */
#ifndef SYNC_REDIS_KEYS_H
#define SYNC_REDIS_KEYS_H

#include "redis.h"

struct key {
	struct span name;	/* borrowed */
	const char *type;	/* in the arena; "none" where the key isn't there */
	int64_t expires;	/* milliseconds since 1970, or -1 */
	redisReply *value;	/* owned: what its command gave, or NULL where nobody keeps it */
	redisReply *groups;	/* owned: a stream's consumer groups, or NULL */
	bool asked;		/* its value is on its way */
};

/* What types the keys are of, and when they expire. */
int keys_types(struct redis *r, struct key *keys, uint32_t n, struct arena *arena, struct error *err);
/* The consumer groups of those that are streams. */
int keys_groups(struct redis *r, struct key *keys, uint32_t n, struct error *err);
/* Frees their replies. */
void keys_release(struct key *keys, uint32_t n);
/* The command that reads the key's value by its type: the number of words. */
int value_words(const struct key *k, struct span words[5]);
/* The reply says that the key is no more, or is of another type by now. */
bool value_is_gone(const struct key *k, const redisReply *v);
/* Adds the record. */
void key_put(const struct key *k, const redisReply *value, struct buf *out);
/* A string; bytes that are no UTF-8 as canonical Extended JSON. */
void put_text(struct buf *out, struct span s);
/* Adds `{"_sync":{"expires":"…"}` if the key expires, else `{`. Whether anything stands behind the bracket. */
bool put_head(const struct key *k, struct buf *out);

#endif
