/* hash: keyed 128-bit hashes of bytes. */
#include "value/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/random.h>
#endif

#include "base/fileio.h"
#include "base/xalloc.h"

int random_bytes(void *p, size_t n)
{
	ssize_t got;
	int fd;

#ifdef __linux__
	if (n <= 256 && getrandom(p, n, 0) == (ssize_t)n)
		return 0;
#endif
	fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	got = io_read_full(fd, p, n);
	close(fd);
	return got == (ssize_t)n ? 0 : -1;
}

void hash_key_random(struct hash_key *key)
{
	static const char text[] = "sync: error: the system gives no random bytes\n";
	ssize_t n;

	if (!random_bytes(key, sizeof *key))
		return;
	n = write(STDERR_FILENO, text, sizeof text - 1);
	(void)n;
	xalloc_die();
}

static inline uint64_t load(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	memcpy(&v, p, n);
	return v;
}

static inline uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 m = (unsigned __int128)a * b;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* Two words into both lanes. */
static inline void mix(struct hash128 *h, uint64_t a, uint64_t b, const struct hash_key *key)
{
	h->lo = fold(h->lo ^ a ^ key->k[0], b ^ key->k[1]);
	h->hi = fold(h->hi ^ b ^ key->k[2], a ^ key->k[3]) + h->lo;
}

struct hash128 hash_bytes(const void *data, size_t n, const struct hash_key *key)
{
	struct hash128 h = { key->k[4] ^ n, key->k[5] };
	const unsigned char *p = data;
	size_t left = n;

	for (; left > 16; left -= 16, p += 16)
		mix(&h, load(p, 8), load(p + 8, 8), key);
	if (left > 8)
		mix(&h, load(p, 8), load(p + 8, left - 8), key);
	else
		mix(&h, load(p, left), n, key);
	mix(&h, key->k[6], key->k[7], key);
	return h;
}

struct hash128 hash_combine(struct hash128 a, struct hash128 b, const struct hash_key *key)
{
	struct hash128 h = { key->k[5] ^ a.lo, key->k[4] ^ a.hi };

	mix(&h, b.lo, a.hi, key);
	mix(&h, a.lo, b.hi, key);
	return h;
}
