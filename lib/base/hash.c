#include "base/hash.h"

#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/num.h"

/*
 * A polynomial modulo the prime 2^61-1. Its coefficients are the 32-bit halves
 * of the input, each plus one; the point is chosen at random when the program
 * starts (Carter and Wegman 1979). Two texts of n halves agree at n points at
 * most, whoever chose the texts; with two polynomials at independent points the
 * chance is (n/2^61)^2. This holds as long as no value is shown to anybody.
 */
__extension__ typedef unsigned __int128 u128;

static const uint64_t prime = (UINT64_C(1) << 61) - 1;

struct point {
	uint64_t x, xx; /* and its square */
};
static struct point points[3]; /* for a, b and keys */

static uint64_t
reduce(u128 v)
{
	uint64_t r = (uint64_t)(v & prime) + (uint64_t)(v >> 61);

	r = (r & prime) + (r >> 61);
	return r >= prime ? r - prime : r;
}

static void
choose(struct point *p, uint64_t x)
{
	p->x = x % (prime - 1) + 1;
	p->xx = reduce((u128)p->x * p->x);
}

__attribute__((constructor)) static void
choose_all(void)
{
	uint64_t x[3];

	if (getrandom(x, sizeof x, 0) != (ssize_t)sizeof x)
		abort(); /* in Linux since 3.17; so few bytes are never cut */
	for (int i = 0; i < 3; i++)
		choose(&points[i], x[i]);
}

void
hash_fixed(void)
{
	for (int i = 0; i < 3; i++)
		choose(&points[i], UINT64_C(0x9e3779b97f4a7c15) * (i + 1u));
}

static uint64_t
step(uint64_t h, uint64_t v, const struct point *p)
{
	return reduce(
	    (u128)(h + (uint32_t)v + 1) * p->xx + (u128)((v >> 32) + 1) * p->x);
}

void
hash_num(struct hash *h, uint64_t v)
{
	h->a = step(h->a, v, &points[0]);
	h->b = step(h->b, v, &points[1]);
}

/* The remaining bytes, fewer than eight, as a number. */
static uint64_t
tail(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)p[i] << 8 * i;
	return v;
}

void
hash_bytes(struct hash *h, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	struct hash s = *h;

	hash_num(&s, n);
	for (; n >= 8; p += 8, n -= 8)
		hash_num(&s, num_le64(p));
	if (n > 0)
		hash_num(&s, tail(p, n));
	*h = s;
}

uint64_t
hash_key(uint64_t num, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	uint64_t h = step(step(0, num, &points[2]), n, &points[2]);

	for (; n >= 8; p += 8, n -= 8)
		h = step(h, num_le64(p), &points[2]);
	if (n > 0)
		h = step(h, tail(p, n), &points[2]);
	return hash_mix(h);
}

/*
 * The finalizer of splitmix64: every bit of x changes every bit of the result.
 */
uint64_t
hash_mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9U;
	x = (x ^ x >> 27) * 0x94d049bb133111ebU;
	return x ^ x >> 31;
}

int
hash_equal(const struct hash *x, const struct hash *y)
{
	return x->a == y->a && x->b == y->b;
}
