#include "hash.h"

#include <string.h>

#include "num.h"

/*
 * Two lanes with constants of their own: the finalizers of splitmix64 (a) and
 * of MurmurHash3 (b). Both are one to one, so that lanes never run together.
 */
static uint64_t
mix_a(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9U;
	x = (x ^ x >> 27) * 0x94d049bb133111ebU;
	return x ^ x >> 31;
}

static uint64_t
mix_b(uint64_t x)
{
	x = (x ^ x >> 33) * 0xff51afd7ed558ccdU;
	x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53U;
	return x ^ x >> 33;
}

void
hash_num(struct hash *h, uint64_t v)
{
	h->a = mix_a(h->a ^ v) + 0x9e3779b97f4a7c15U;
	h->b = mix_b(h->b + v) ^ 0xc2b2ae3d27d4eb4fU;
}

void
hash_bytes(struct hash *h, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	struct hash s = *h;
	uint8_t tail[8] = { 0 };

	hash_num(&s, n);
	for (; n >= 8; p += 8, n -= 8)
		hash_num(&s, num_le64(p));
	if (n > 0) {
		memcpy(tail, p, n);
		hash_num(&s, num_le64(tail));
	}
	*h = s;
}

int
hash_equal(const struct hash *x, const struct hash *y)
{
	return x->a == y->a && x->b == y->b;
}
