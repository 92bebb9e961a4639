/* digest: BLAKE2b (RFC 7693). */
#include "value/digest.h"

static const uint64_t iv[8] = {
	0x6a09e667f3bcc908u, 0xbb67ae8584caa73bu, 0x3c6ef372fe94f82bu, 0xa54ff53a5f1d36f1u,
	0x510e527fade682d1u, 0x9b05688c2b3e6c1fu, 0x1f83d9abfb41bd6bu, 0x5be0cd19137e2179u,
};

static const unsigned char sigma[12][16] = {
	{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
	{ 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3 },
	{ 11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4 },
	{ 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8 },
	{ 9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13 },
	{ 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9 },
	{ 12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11 },
	{ 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10 },
	{ 6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5 },
	{ 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0 },
	{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
	{ 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3 },
};

static inline uint64_t rotate(uint64_t v, unsigned by)
{
	return v >> by | v << (64 - by);
}

static inline uint64_t word(const unsigned char *p)
{
	uint64_t v = 0;
	int i;

	for (i = 7; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

static inline void mix(uint64_t *a, uint64_t *b, uint64_t *c, uint64_t *d, uint64_t x, uint64_t y)
{
	*a += *b + x;
	*d = rotate(*d ^ *a, 32);
	*c += *d;
	*b = rotate(*b ^ *c, 24);
	*a += *b + y;
	*d = rotate(*d ^ *a, 16);
	*c += *d;
	*b = rotate(*b ^ *c, 63);
}

static void compress(struct digest *d, bool last)
{
	uint64_t v[16], m[16];
	const unsigned char *s;
	int i;

	for (i = 0; i < 8; i++) {
		v[i] = d->h[i];
		v[i + 8] = iv[i];
	}
	for (i = 0; i < 16; i++)
		m[i] = word(d->block + 8 * i);
	v[12] ^= d->total[0];
	v[13] ^= d->total[1];
	v[14] = last ? ~v[14] : v[14];
	for (i = 0; i < 12; i++) {
		s = sigma[i];
		mix(&v[0], &v[4], &v[8], &v[12], m[s[0]], m[s[1]]);
		mix(&v[1], &v[5], &v[9], &v[13], m[s[2]], m[s[3]]);
		mix(&v[2], &v[6], &v[10], &v[14], m[s[4]], m[s[5]]);
		mix(&v[3], &v[7], &v[11], &v[15], m[s[6]], m[s[7]]);
		mix(&v[0], &v[5], &v[10], &v[15], m[s[8]], m[s[9]]);
		mix(&v[1], &v[6], &v[11], &v[12], m[s[10]], m[s[11]]);
		mix(&v[2], &v[7], &v[8], &v[13], m[s[12]], m[s[13]]);
		mix(&v[3], &v[4], &v[9], &v[14], m[s[14]], m[s[15]]);
	}
	for (i = 0; i < 8; i++)
		d->h[i] ^= v[i] ^ v[i + 8];
}

static void count(struct digest *d, uint64_t n)
{
	d->total[0] += n;
	d->total[1] += d->total[0] < n;
}

void digest_start(struct digest *d, unsigned size, struct span key)
{
	memcpy(d->h, iv, sizeof iv);
	d->h[0] ^= 0x01010000u ^ (uint64_t)key.n << 8 ^ size;
	d->total[0] = d->total[1] = 0;
	d->in_block = 0;
	d->size = size;
	memset(d->block, 0, sizeof d->block);
	if (!key.n)
		return;
	memcpy(d->block, key.p, key.n);
	d->in_block = sizeof d->block;
}

/* The last block is kept until more comes or the end: it is compressed in another way. */
void digest_add(struct digest *d, const void *p, size_t n)
{
	const unsigned char *from = p;
	size_t room;

	while (n) {
		if (d->in_block == sizeof d->block) {
			count(d, sizeof d->block);
			compress(d, false);
			d->in_block = 0;
		}
		room = sizeof d->block - d->in_block;
		room = n < room ? n : room;
		memcpy(d->block + d->in_block, from, room);
		d->in_block += room;
		from += room;
		n -= room;
	}
}

void digest_end(struct digest *d, unsigned char *out)
{
	unsigned i;

	memset(d->block + d->in_block, 0, sizeof d->block - d->in_block);
	count(d, d->in_block);
	compress(d, true);
	for (i = 0; i < d->size; i++)
		out[i] = (unsigned char)(d->h[i / 8] >> 8 * (i % 8));
}

void digest_end_hex(struct digest *d, char *out)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char bytes[DIGEST_MOST];
	unsigned i, size = d->size;

	digest_end(d, bytes);
	for (i = 0; i < size; i++) {
		*out++ = hex[bytes[i] >> 4];
		*out++ = hex[bytes[i] & 15];
	}
	*out = '\0';
}

void digest_hex(struct span text, unsigned size, char *out)
{
	struct digest d;

	digest_start(&d, size, (struct span){ NULL, 0 });
	digest_add(&d, text.p, text.n);
	digest_end_hex(&d, out);
}
