/* resp: commands out, replies in. */
#include "resp.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "value/number.h"

enum { PIECE = 64 << 10, MOST_HEAD = 64 << 10 };
#define MOST_BYTES ((int64_t)1 << 40)

void resp_release(struct resp *r)
{
	buf_release(&r->out);
	buf_release(&r->in);
}

/* ---- commands */

/* The type and a size, at p, which has room for it: where it ends. */
static char *head_at(char *p, char type, size_t n)
{
	char digits[NUMBER_INT64_ROOM];
	struct span s;

	*p++ = type;
	if (n < 10) {
		*p++ = (char)('0' + n);
	} else if (n < 100) {
		*p++ = (char)('0' + n / 10);
		*p++ = (char)('0' + n % 10);
	} else {
		s = number_from_int64((int64_t)n, digits);
		memcpy(p, s.p, s.n);
		p += s.n;
	}
	*p++ = '\r';
	*p++ = '\n';
	return p;
}

void resp_command(struct buf *out, size_t words)
{
	if (out->cap - out->n < NUMBER_INT64_ROOM + 4)
		buf_reserve(out, NUMBER_INT64_ROOM + 4);
	out->n = (size_t)(head_at(out->p + out->n, '*', words) - out->p);
}

void resp_word(struct buf *out, struct span word)
{
	const size_t room = word.n + NUMBER_INT64_ROOM + 8;
	char *p;

	if (out->cap - out->n < room)
		buf_reserve(out, room);
	p = head_at(out->p + out->n, '$', word.n);
	if (word.n)
		memcpy(p, word.p, word.n);
	p += word.n;
	*p++ = '\r';
	*p++ = '\n';
	out->n = (size_t)(p - out->p);
}

/* ---- the socket */

static int gone(const struct resp *r, int number, struct error *err)
{
	if (r->tls && number == EPROTO)
		return tls_error(r->tls, err);
	return error_set(err, EXIT_AGAIN, "%s", number ? strerror(number) : "the server closed it");
}

/* Takes what has come, waiting for it unless flags say otherwise. 1: something came; 0: nothing yet. */
static int take(struct resp *r, int flags, struct error *err)
{
	ssize_t n;

	if (r->at == r->in.n)
		r->at = r->in.n = 0;
	if (r->at && r->in.cap - r->in.n < PIECE) {
		buf_drop(&r->in, r->at);
		r->at = 0;
	}
	buf_reserve(&r->in, PIECE);
	do
		n = r->tls ? tls_recv(r->tls, r->in.p + r->in.n, r->in.cap - r->in.n, flags != MSG_DONTWAIT)
			: recv(r->fd, r->in.p + r->in.n, r->in.cap - r->in.n, flags);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	if (n <= 0)
		return gone(r, n ? errno : 0, err);
	r->in.n += (size_t)n;
	return 1;
}

static int wait_for_room(struct resp *r, struct error *err)
{
	struct pollfd p = { .fd = r->fd, .events = POLLIN | POLLOUT };

	if (poll(&p, 1, -1) < 0)
		return errno == EINTR ? 0 : gone(r, errno, err);
	return p.revents & POLLIN && take(r, MSG_DONTWAIT, err) < 0 ? -1 : 0;
}

int resp_flush(struct resp *r, struct error *err)
{
	size_t sent = 0;
	ssize_t n;

	while (sent < r->out.n) {
		n = r->tls ? tls_send(r->tls, r->out.p + sent, r->out.n - sent)
			: send(r->fd, r->out.p + sent, r->out.n - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n >= 0)
			sent += (size_t)n;
		else if (errno == EAGAIN || errno == EWOULDBLOCK ? wait_for_room(r, err) : errno != EINTR && gone(r, errno, err))
			return -1;
	}
	buf_reset(&r->out);
	return 0;
}

/* ---- one item */

static int foreign(struct error *err)
{
	return error_set(err, EXIT_FAILED, "what answers there doesn't speak Redis's protocol");
}

static bool number_of(struct span s, int64_t *out)
{
	size_t i = s.n && s.p[0] == '-';
	int64_t v = 0;

	if (i == s.n || s.n > 20)
		return false;
	for (; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9' || __builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, s.p[i] - '0', &v))
			return false;
	if (s.p[0] != '-' && v == INT64_MIN)
		return false;
	*out = s.p[0] == '-' ? v : -v;
	return true;
}

/* The line that an item begins with: its length with CR LF, 0 where it isn't all there, -1. *body: bytes that follow it. */
static int64_t head(struct span s, struct item *it, int64_t *body)
{
	const char *lf = memchr(s.p, '\n', s.n < MOST_HEAD ? s.n : MOST_HEAD);
	struct span line;

	*body = 0;
	if (!lf)
		return s.n >= MOST_HEAD ? -1 : 0;
	if (lf - s.p < 2 || lf[-1] != '\r')
		return -1;
	line = (struct span){ s.p + 1, (size_t)(lf - s.p) - 2 };
	*it = (struct item){ .type = s.p[0], .text = line, .n = 0 };
	switch (s.p[0]) {
	case '+':
	case '-':
		break;
	case ':':
		if (!number_of(line, &it->n))
			return -1;
		break;
	case '$':
	case '*':
		if (!number_of(line, &it->n) || it->n < -1 || it->n > MOST_BYTES)
			return -1;
		if (it->n < 0)
			*it = (struct item){ .type = '_' };
		else if (s.p[0] == '$')
			*body = it->n + 2;
		break;
	default:
		return -1;
	}
	return lf - s.p + 1;
}

/* A text of less than a thousand bytes, as most are. */
static bool next_short(struct span *raw, struct item *out)
{
	const char *p = raw->p;
	size_t n = 0, i;

	if (raw->n < 8 || p[0] != '$')
		return false;
	for (i = 1; i < 4 && p[i] >= '0' && p[i] <= '9'; i++)
		n = n * 10 + (size_t)(p[i] - '0');
	if (i == 1 || p[i] != '\r' || p[i + 1] != '\n' || n + i + 4 > raw->n)
		return false;
	*out = (struct item){ .type = '$', .text = { p + i + 2, n }, .n = (int64_t)n };
	raw->p += n + i + 4;
	raw->n -= n + i + 4;
	return true;
}

bool item_next(struct span *raw, struct item *out)
{
	int64_t body, n;

	if (next_short(raw, out))
		return true;
	n = raw->n ? head(*raw, out, &body) : 0;

	if (n <= 0 || (uint64_t)(n + body) > raw->n)
		return false;
	if (out->type == '$')
		out->text = (struct span){ raw->p + n, (size_t)out->n };
	raw->p += n + body;
	raw->n -= (size_t)(n + body);
	return true;
}

struct item item_first(struct span raw)
{
	struct item it = { .type = '_' };

	(void)item_next(&raw, &it);
	return it;
}

bool item_is_error(const struct item *i, const char *word)
{
	size_t n = strlen(word);

	return i->type == '-' && i->text.n >= n && !memcmp(i->text.p, word, n) && (i->text.n == n || i->text.p[n] == ' ');
}

struct span item_whole(struct span *raw)
{
	const char *start = raw->p;
	struct item it;
	uint64_t left = 1;

	for (; left && item_next(raw, &it); left--)
		left += it.type == '*' ? (uint64_t)it.n : 0;
	return (struct span){ start, (size_t)(raw->p - start) };
}

/* ---- a reply */

/* How far a reply is understood: items that are still to come, and the bytes of those that came. */
struct progress {
	uint64_t left;
	size_t n;
	bool over;
};

static int drop(struct resp *r, uint64_t n, struct error *err)
{
	size_t some;

	while (n) {
		some = r->in.n - r->at < n ? r->in.n - r->at : (size_t)n;
		r->at += some;
		n -= some;
		if (n && take(r, 0, err) < 0)
			return -1;
	}
	return 0;
}

/* Takes the next item of the reply: 1; 0: more must come first. */
static int step(struct resp *r, struct progress *p, size_t limit, struct error *err)
{
	struct span have = { NULL, r->in.n - r->at - p->n };
	struct item it;
	int64_t body, n;

	if (!have.n)
		return 0;
	have.p = r->in.p + r->at + p->n;
	n = head(have, &it, &body);
	if (n <= 0)
		return n ? foreign(err) : 0;
	p->over = p->over || (uint64_t)(n + body) > limit - p->n;
	if (!p->over && (uint64_t)(n + body) > have.n)
		return 0;
	if (!p->over && body && memcmp(have.p + n + body - 2, "\r\n", 2))
		return foreign(err);
	if (p->over) {
		if (drop(r, p->n + (uint64_t)(n + body), err))
			return -1;
		p->n = 0;
	} else {
		p->n += (size_t)(n + body);
	}
	p->left += it.type == '*' ? (uint64_t)it.n : 0;
	p->left--;
	return 1;
}

int resp_read(struct resp *r, size_t limit, struct span *raw, struct error *err)
{
	struct progress p = { 1, 0, false };
	int got;

	*raw = (struct span){ NULL, 0 };
	if (r->out.n && !r->hold && resp_flush(r, err))
		return -1;
	while (p.left) {
		got = step(r, &p, limit, err);
		if (got < 0 || (!got && take(r, 0, err) < 0))
			return -1;
	}
	if (p.over)
		return RESP_OVER;
	*raw = (struct span){ r->in.p + r->at, p.n };
	r->at += p.n;
	return 0;
}

int resp_open(struct resp *r, uint64_t *n, struct error *err)
{
	struct item it;
	int64_t body, got;

	if (r->out.n && !r->hold && resp_flush(r, err))
		return -1;
	for (;;) {
		got = r->in.n > r->at ? head((struct span){ r->in.p + r->at, r->in.n - r->at }, &it, &body) : 0;
		if (got < 0)
			return foreign(err);
		if (got)
			break;
		if (take(r, 0, err) < 0)
			return -1;
	}
	if (it.type != '*')
		return 1;
	r->at += (size_t)got;
	*n = (uint64_t)it.n;
	return 0;
}
