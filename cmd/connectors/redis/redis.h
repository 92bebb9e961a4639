/*
 * redis: what reading and writing Redis share: a connection, its failures told, key templates.
 *
 * An operand is redis://[USER@]HOST[:PORT][/DB] or redis:///[DB]?host=/PATH/OF/SOCKET. The password comes from
 * SYNC_PASSWORD (the endpoints file) or REDISCLI_AUTH.
 */
#ifndef SYNC_REDIS_REDIS_H
#define SYNC_REDIS_REDIS_H

#include <hiredis/hiredis.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

struct redis {
	redisContext *c;	/* NULL: not open */
	const char *shown;	/* borrowed: the operand */
	int version;		/* 70015: 7.0.15 */
};

int redis_open(struct redis *r, const char *uri, struct error *err);
void redis_close(struct redis *r);

/* Sends a command later, with the next read. */
void redis_send(struct redis *r, int n, const struct span *words);
/* The next reply, which the caller frees by freeReplyObject; errors of the server's are replies too. NULL: the connection is gone. */
redisReply *redis_read(struct redis *r, struct error *err);
/* One command and its reply; NULL also where the server refuses it. */
redisReply *redis_ask(struct redis *r, const char *verb, int n, const struct span *words, struct error *err);
/* An error reply in err: 75 where it may pass. Always -1. */
int redis_refused(struct redis *r, const redisReply *reply, const char *verb, struct error *err);
static inline struct span reply_span(const redisReply *r) { return (struct span){ r->str, (size_t)r->len }; }

/* ---- key templates: game:{season}:{id} */

enum { MOST_PARTS = 16 };

struct template {
	struct span literal[MOST_PARTS + 1];	/* before each part, and behind the last */
	struct span name[MOST_PARTS];
	uint32_t parts;
};

/* text must outlive it. -1: a usage error. */
int template_parse(struct template *t, const char *text, struct error *err);
/* As a pattern of SCAN's. */
void template_pattern(const struct template *t, struct buf *out);
/* The parts of a key that it fits; false for any other. No part is empty or holds what stands behind it. */
bool template_match(const struct template *t, struct span key, struct span parts[MOST_PARTS]);

#endif
