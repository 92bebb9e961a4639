/*
 * redis: what reading and writing Redis share: a connection, its failures told.
 *
 * An operand is an address of address.h. The password comes from SYNC_PASSWORD (the endpoints file) or REDISCLI_AUTH. hiredis
 * makes the connection; what goes over it is resp's.
 */
#ifndef SYNC_REDIS_REDIS_H
#define SYNC_REDIS_REDIS_H

#include <hiredis/hiredis.h>

#include "base/arena.h"
#include "resp.h"

enum { REDIS_7 = 70000, REPLY_LIMIT = 64 << 20 /* bytes, of what isn't a key's value */ };

struct redis {
	redisContext *c;	/* NULL: not open */
	struct resp io;
	const char *shown;	/* borrowed: the operand */
	int version;		/* 70015: 7.0.15 */
	bool cluster;		/* one node of a cluster */
	int64_t ahead;		/* milliseconds that its clock is ahead of ours: see redis_clock */
};

int redis_open(struct redis *r, const char *uri, struct error *err);
void redis_close(struct redis *r);

/* Sends a command later, with the next read. */
void redis_send(struct redis *r, size_t n, const struct span *words);
/* The next reply, borrowed until the next one; errors of the server's are replies too. 0, RESP_OVER, or -1: the connection is gone. */
int redis_read(struct redis *r, size_t limit, struct span *raw, struct error *err);
int redis_open_array(struct redis *r, uint64_t *n, struct error *err);
int redis_flush(struct redis *r, struct error *err);
/* One command and its reply; -1 also where the server refuses it. */
int redis_ask(struct redis *r, const char *verb, size_t n, const struct span *words, struct span *raw, struct error *err);
/* The server's refusal in err: 75 where it may pass. Always -1. */
int redis_refused(const struct redis *r, struct span text, const char *verb, struct error *err);
/* Asks how the server's clock goes; its time, in milliseconds since 1970, is then redis_now. */
int redis_clock(struct redis *r, struct error *err);
int64_t redis_now(const struct redis *r);

/* A key of Syncline's own, which is nobody's data. */
bool key_is_own(struct span key);
/*
 * Calls fn for the keys that SCAN gives, some more than once; type: only these, or NULL. fn may use the connection: the page is a
 * copy.
 */
typedef int scan_fn(void *ctx, struct span *key, size_t n, struct error *err);
int redis_scan(struct redis *r, struct span pattern, const char *type, scan_fn *fn, void *ctx, struct error *err);

#endif
