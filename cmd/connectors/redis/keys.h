/* keys: a key of any type as a record, for reading it and for knowing whether it is as it should be. */
#ifndef SYNC_REDIS_KEYS_H
#define SYNC_REDIS_KEYS_H

#include "redis.h"

struct key {
	struct span name;	/* borrowed from SCAN's reply */
	const char *type;	/* in the arena */
	int64_t expires;	/* milliseconds since 1970, or -1 */
	redisReply *groups;	/* owned: a stream's consumer groups, or NULL */
	bool asked;		/* its value is on its way */
};

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
