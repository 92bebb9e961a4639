/*
 * address: where a Redis is: redis://[USER@]HOST[:PORT][/DB], rediss:// for the same over TLS, or redis:///[DB]?host=/PATH/OF/SOCKET.
 * TLS has the parameters cacert, cert, key, sni (whom the certificate must be for, where that isn't the host), and insecure=true.
 */
#ifndef SYNC_REDIS_ADDRESS_H
#define SYNC_REDIS_ADDRESS_H

#include "base/buf.h"
#include "base/error.h"

struct address {
	struct buf host, user, socket;	/* socket: a path, or empty */
	struct buf cacert, cert, key, sni;
	bool tls, insecure, has_user, has_db;
	int port;
	struct span db;			/* borrowed from the text */
};

/* All that is owned in it, address_release frees, also after a failure. -1: EXIT_USAGE. */
int address_parse(struct address *a, const char *text, struct error *err);
void address_release(struct address *a);

#endif
