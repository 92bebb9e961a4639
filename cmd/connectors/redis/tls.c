/* tls: an encrypted channel over a socket. */
#include "tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/xalloc.h"

struct tls {
	SSL_CTX *context;
	SSL *ssl;
	BIO_METHOD *method;
	int fd;
	bool refused;	/* the other side said so, by an alert */
	char why[200];
};

enum { HANDSHAKE_MS = 15000, TICKET_MS = 500, MOST_AT_ONCE = 1 << 30 };

/* ---- failures */

/* The first failure in OpenSSL's queue, which it empties. An alert is what the other side says. */
static void note(struct tls *t)
{
	unsigned long e = ERR_get_error();
	const char *text = e ? ERR_reason_error_string(e) : NULL;

	t->refused = ERR_GET_LIB(e) == ERR_LIB_SSL && ERR_GET_REASON(e) > SSL_AD_REASON_OFFSET;
	snprintf(t->why, sizeof t->why, "TLS: %s", text ? text : "the protocol was broken");
	ERR_clear_error();
}

int tls_error(const struct tls *t, struct error *err)
{
	return error_set(err, t->refused ? EXIT_USAGE : EXIT_AGAIN, "%s", t->why);
}

/* What SSL_get_error says, as errno: EAGAIN with what to wait for. */
static int failure(struct tls *t, int got, short *events)
{
	int number = errno;

	switch (SSL_get_error(t->ssl, got)) {
	case SSL_ERROR_WANT_READ:
		*events = POLLIN;
		return EAGAIN;
	case SSL_ERROR_WANT_WRITE:
		*events = POLLOUT;
		return EAGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_SYSCALL:
		return number ? number : ECONNRESET;
	default:
		note(t);
		return EPROTO;
	}
}

/* ---- the socket, as OpenSSL's own but that a broken one raises no SIGPIPE */

static int again(BIO *b, ssize_t n, int flag)
{
	BIO_clear_retry_flags(b);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		BIO_set_flags(b, flag | BIO_FLAGS_SHOULD_RETRY);
	return (int)n;
}

static int socket_write(BIO *b, const char *from, int n)
{
	const struct tls *t = BIO_get_data(b);

	return again(b, send(t->fd, from, (size_t)n, MSG_NOSIGNAL), BIO_FLAGS_WRITE);
}

static int socket_read(BIO *b, char *to, int n)
{
	const struct tls *t = BIO_get_data(b);

	return again(b, recv(t->fd, to, (size_t)n, 0), BIO_FLAGS_READ);
}

static long socket_control(BIO *b, int what, long n, void *p)
{
	(void)b;
	(void)n;
	(void)p;
	return what == BIO_CTRL_FLUSH;
}

static void set_socket(struct tls *t)
{
	BIO *b;

	t->method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
	if (!t->method || BIO_meth_set_write(t->method, socket_write) != 1 || BIO_meth_set_read(t->method, socket_read) != 1 ||
	    BIO_meth_set_ctrl(t->method, socket_control) != 1 || !(b = BIO_new(t->method)))
		xalloc_die();
	BIO_set_data(b, t);
	BIO_set_init(b, 1);
	SSL_set_bio(t->ssl, b, b);
}

/* ---- bytes */

ssize_t tls_recv(struct tls *t, void *to, size_t n, bool wait)
{
	struct pollfd p = { .fd = t->fd };
	int got;

	for (;;) {
		ERR_clear_error();
		errno = 0;
		got = SSL_read(t->ssl, to, n < MOST_AT_ONCE ? (int)n : MOST_AT_ONCE);
		if (got > 0)
			return got;
		errno = failure(t, got, &p.events);
		if (errno != EAGAIN || !wait)
			return errno ? -1 : 0;
		if (poll(&p, 1, -1) < 0)
			return -1;
	}
}

ssize_t tls_send(struct tls *t, const void *from, size_t n)
{
	short events;
	int got;

	ERR_clear_error();
	errno = 0;
	got = SSL_write(t->ssl, from, n < MOST_AT_ONCE ? (int)n : MOST_AT_ONCE);
	if (got > 0)
		return got;
	errno = failure(t, got, &events);
	if (!errno)
		errno = EPIPE;
	return -1;
}

/* ---- opening */

static int give_password(char *to, int size, int writing, void *password)
{
	(void)writing;
	return password ? snprintf(to, (size_t)size, "%s", (const char *)password) : 0;
}

static int bad_file(struct tls *t, const char *what, const char *path, struct error *err)
{
	note(t);
	return error_set(err, EXIT_USAGE, "cannot use the %s '%s': %s", what, error_show(span_of(path)), t->why + 5);
}

static int trust(struct tls *t, const struct tls_options *o, struct error *err)
{
	if (o->insecure)
		return 0;
	SSL_CTX_set_verify(t->context, SSL_VERIFY_PEER, NULL);
	if (o->ca ? SSL_CTX_load_verify_file(t->context, o->ca) != 1 : SSL_CTX_set_default_verify_paths(t->context) != 1)
		return bad_file(t, "authorities", o->ca ? o->ca : "of the system", err);
	return 0;
}

static int show_ourselves(struct tls *t, const struct tls_options *o, struct error *err)
{
	if (!o->cert && !o->key)
		return 0;
	if (!o->cert || !o->key)
		return error_set(err, EXIT_USAGE, "a certificate (cert) and its key (key) belong together");
	SSL_CTX_set_default_passwd_cb(t->context, give_password);
	SSL_CTX_set_default_passwd_cb_userdata(t->context, (void *)(uintptr_t)o->password);
	if (SSL_CTX_use_certificate_chain_file(t->context, o->cert) != 1)
		return bad_file(t, "certificate", o->cert, err);
	if (SSL_CTX_use_PrivateKey_file(t->context, o->key, SSL_FILETYPE_PEM) != 1)
		return bad_file(t, "key", o->key, err);
	return 0;
}

/* An IP address is looked for among the certificate's addresses, and not sent as a name (RFC 6066, 3). */
static void set_name(struct tls *t, const char *name)
{
	unsigned char address[16];

	if (inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1) {
		if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(t->ssl), name) != 1)
			xalloc_die();
	} else if (SSL_set_tlsext_host_name(t->ssl, name) != 1 || SSL_set1_host(t->ssl, name) != 1) {
		xalloc_die();
	}
}

static int handshake_error(struct tls *t, int number, const char *name, struct error *err)
{
	long verified = SSL_get_verify_result(t->ssl);

	if (number == EPROTO && verified != X509_V_OK)
		return error_set(err, EXIT_USAGE, "TLS: the certificate of '%s' isn't trusted: %s", error_show(span_of(name)),
				 X509_verify_cert_error_string(verified));
	if (number == EPROTO)
		return error_set(err, EXIT_USAGE, "%s", t->why);
	if (number == ETIMEDOUT)
		return error_set(err, EXIT_AGAIN, "no TLS after %d seconds", HANDSHAKE_MS / 1000);
	return error_set(err, EXIT_AGAIN, "%s", number ? strerror(number) : "the server closed it");
}

static int shake_hands(struct tls *t, const char *name, struct error *err)
{
	const int64_t until = clock_mono() + (int64_t)HANDSHAKE_MS * 1000000;
	struct pollfd p = { .fd = t->fd };
	int got, number;
	int64_t left;

	for (;;) {
		ERR_clear_error();
		errno = 0;
		got = SSL_connect(t->ssl);
		if (got == 1)
			return 0;
		number = failure(t, got, &p.events);
		if (number != EAGAIN)
			return handshake_error(t, number, name, err);
		left = (until - clock_mono()) / 1000000;
		if (left <= 0 || (poll(&p, 1, (int)left) < 0 && errno != EINTR))
			return handshake_error(t, ETIMEDOUT, name, err);
	}
}

/*
 * With TLS 1.3 a server that misses a certificate of ours says so behind the handshake, and then ends the connection: what is sent
 * meanwhile would take that word away. If all is well it sends a ticket.
 */
static int hear_refusal(struct tls *t, const struct tls_options *o, struct error *err)
{
	struct pollfd p = { .fd = t->fd, .events = POLLIN };
	char byte;
	int got, number;

	if (o->cert || SSL_version(t->ssl) < TLS1_3_VERSION || poll(&p, 1, TICKET_MS) <= 0)
		return 0;
	ERR_clear_error();
	errno = 0;
	got = SSL_peek(t->ssl, &byte, 1);
	number = got > 0 ? EAGAIN : failure(t, got, &p.events);
	return number == EAGAIN ? 0 : handshake_error(t, number, o->name, err);
}

struct tls *tls_open(int fd, const struct tls_options *o, struct error *err)
{
	struct tls *t = xmalloc(sizeof *t);
	int flags = fcntl(fd, F_GETFL), failed;

	*t = (struct tls){ .fd = fd, .context = SSL_CTX_new(TLS_client_method()) };
	if (!t->context || SSL_CTX_set_min_proto_version(t->context, TLS1_2_VERSION) != 1)
		xalloc_die();
	SSL_CTX_set_mode(t->context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	failed = trust(t, o, err) || show_ourselves(t, o, err);
	if (!failed && fcntl(fd, F_SETFL, flags | O_NONBLOCK))
		failed = error_errno(err, EXIT_FAILED, "cannot open a TLS channel");
	if (!failed) {
		t->ssl = SSL_new(t->context);
		if (!t->ssl)
			xalloc_die();
		set_socket(t);
		set_name(t, o->name);
		failed = shake_hands(t, o->name, err) || hear_refusal(t, o, err);
	}
	if (!failed)
		return t;
	tls_close(t);
	return NULL;
}

void tls_close(struct tls *t)
{
	if (!t)
		return;
	SSL_free(t->ssl);
	SSL_CTX_free(t->context);
	BIO_meth_free(t->method);
	free(t);
}
