/*
 * fuzz_redis: any bytes as a server's replies, and as a key template with a key. However they are cut into pieces, and whatever the
 * limit, the same replies come; a reply is walked to its end; a key that is taken apart is put together again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../cmd/connectors/redis/resp.c"
#include "../../cmd/connectors/redis/template.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* No channel here is encrypted. */
ssize_t tls_recv(struct tls *t, void *to, size_t n, bool wait)
{
	(void)t, (void)to, (void)n, (void)wait;
	abort();
}

ssize_t tls_send(struct tls *t, const void *from, size_t n)
{
	(void)t, (void)from, (void)n;
	abort();
}

int tls_error(const struct tls *t, struct error *err)
{
	(void)t, (void)err;
	abort();
}

/* What came, up to the first failure. */
struct heard {
	struct buf replies;
	uint64_t n, over;
};

static void walk(struct span raw)
{
	struct span rest = raw, whole = item_whole(&rest);
	struct item it;
	uint64_t left = 1;

	if (rest.n || whole.n != raw.n)
		abort();
	for (; left; left--) {
		if (!item_next(&raw, &it))
			abort();
		left += it.type == '*' ? (uint64_t)it.n : 0;
		if (it.type == '$' && it.text.n != (size_t)it.n)
			abort();
	}
	if (raw.n)
		abort();
}

/* Each piece is a packet, which one read takes. */
static struct heard hear(const uint8_t *data, size_t size, size_t piece, size_t limit)
{
	struct heard h = { BUF_INIT, 0, 0 };
	struct resp r = { .fd = -1 };
	struct error err = ERROR_INIT;
	struct span raw;
	size_t at, some;
	int pair[2], got;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair))
		abort();
	for (at = 0; at < size; at += some) {
		some = size - at < piece ? size - at : piece;
		if (write(pair[1], data + at, some) != (ssize_t)some)
			abort();
	}
	shutdown(pair[1], SHUT_WR);
	r.fd = pair[0];
	while ((got = resp_read(&r, limit, &raw, &err)) >= 0) {
		h.over += got == RESP_OVER;
		h.n += got != RESP_OVER;
		if (got == RESP_OVER)
			continue;
		walk(raw);
		buf_addspan(&h.replies, raw);
	}
	close(pair[0]);
	close(pair[1]);
	resp_release(&r);
	return h;
}

static void check_template(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, 0, size);
	struct error err = ERROR_INIT;
	struct template t;
	struct span key, parts[MOST_PARTS];
	struct buf again = BUF_INIT, pattern = BUF_INIT;
	uint32_t i;

	if (!end || template_parse(&t, (const char *)data, &err))
		return;
	key = (struct span){ (const char *)end + 1, size - (size_t)(end - data) - 1 };
	template_pattern(&t, &pattern);
	if (template_match(&t, key, parts)) {
		for (i = 0; i < t.parts; i++)
			if (!parts[i].n)
				abort();
		if (!template_key(&t, parts, &again) || !span_eq(buf_span(&again), key))
			abort();
	}
	buf_release(&again);
	buf_release(&pattern);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct heard whole, pieces, small;

	if (size > 20000)
		return 0;
	check_template(data, size);
	whole = hear(data, size, size + 1, SIZE_MAX / 2);
	pieces = hear(data, size, size / 64 + 1, SIZE_MAX / 2);
	small = hear(data, size, size / 50 + 1, 64);
	if (whole.n != pieces.n || !span_eq(buf_span(&whole.replies), buf_span(&pieces.replies)) || small.n + small.over < whole.n)
		abort();
	buf_release(&whole.replies);
	buf_release(&pieces.replies);
	buf_release(&small.replies);
	return 0;
}
