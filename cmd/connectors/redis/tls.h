/*
 * tls: an encrypted channel over a connected socket, with OpenSSL: TLS 1.2 or 1.3 (RFC 8446). The other side's certificate must
 * lead to an authority that is trusted and be for the name that was dialled, a host name or an IP address (RFC 6125).
 */
#ifndef SYNC_REDIS_TLS_H
#define SYNC_REDIS_TLS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

struct tls_options {
	const char *name;	/* whom the certificate must be for */
	const char *ca;		/* a file of authorities; NULL: those that the system trusts */
	const char *cert, *key;	/* files of our own certificate and its key, or NULL */
	const char *password;	/* of the key, NULL for none */
	bool insecure;		/* any certificate will do */
};

struct tls;

/*
 * Shakes hands, for 15 seconds at most. The socket stays the caller's, and doesn't block from then on. NULL with err: EXIT_USAGE
 * where a file can't be used or one side doesn't take the other's certificate, EXIT_AGAIN where the connection broke.
 */
struct tls *tls_open(int fd, const struct tls_options *o, struct error *err);
void tls_close(struct tls *t);

/* As recv and send are, with errno. EPROTO is told by tls_error. wait: until something has come; else EAGAIN. */
ssize_t tls_recv(struct tls *t, void *to, size_t n, bool wait);
ssize_t tls_send(struct tls *t, const void *from, size_t n);
/* Why the channel broke: always -1. EXIT_USAGE where the other side refused us. */
int tls_error(const struct tls *t, struct error *err);

#endif
