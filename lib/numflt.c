#include "num.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

/*
 * Floats as the shortest decimal, by R. Giulietti, "The Schubfach way to
 * render doubles" (2020), figure 7. It needs the powers of ten, rounded up to
 * 128 bits (64 for a float); we make them once, exactly, instead of keeping
 * them as a table of 617 lines.
 */
enum { MIN10 = -292, MAX10 = 324, WORDS = 40 };

struct pow10 {
	uint64_t hi, lo; /* the highest bit of hi is set */
};
static struct pow10 table[MAX10 - MIN10 + 1];
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* A number of 32-bit words, the lowest first. */
static void
times5(uint32_t w[static WORDS])
{
	uint64_t carry = 0;

	for (int i = 0; i < WORDS; i++) {
		carry += (uint64_t)w[i] * 5;
		w[i] = (uint32_t)carry;
		carry >>= 32;
	}
}

/* Floor, which is exact enough: floor(floor(x / 5) / 5) = floor(x / 25). */
static void
over5(uint32_t w[static WORDS])
{
	uint64_t rest = 0;

	for (int i = WORDS; i-- > 0;) {
		rest = rest << 32 | w[i];
		w[i] = (uint32_t)(rest / 5);
		rest %= 5;
	}
}

/* The 32 bits of w from bit number `at` on, upwards. */
static uint32_t
bits(const uint32_t w[static WORDS], int at)
{
	uint64_t v = 0;

	for (int i = 0; i < 32; i++)
		if (at + i >= 0 && w[(at + i) / 32] >> (at + i) % 32 & 1)
			v |= (uint64_t)1 << i;
	return (uint32_t)v;
}

/* The highest 128 bits, rounded up unless nothing is below. */
static struct pow10
top(const uint32_t w[static WORDS], int inexact)
{
	int n = WORDS * 32;
	struct pow10 p;

	while (!(w[(n - 1) / 32] >> (n - 1) % 32 & 1))
		n--;
	for (int i = 0; i < n - 128; i++)
		inexact |= w[i / 32] >> i % 32 & 1;
	p.hi = (uint64_t)bits(w, n - 32) << 32 | bits(w, n - 64);
	p.lo = (uint64_t)bits(w, n - 96) << 32 | bits(w, n - 128);
	if (inexact && ++p.lo == 0)
		p.hi++;
	return p;
}

/* 10^k and 5^k have the same bits. */
static void
fill(void)
{
	uint32_t w[WORDS] = { 1 };

	for (int k = 0; k <= MAX10; k++, times5(w))
		table[k - MIN10] = top(w, 0);
	memset(w, 0, sizeof w);
	w[WORDS - 1] = 1;
	for (int k = -1; k >= MIN10; k--) {
		over5(w);
		table[k - MIN10] = top(w, 1);
	}
}

__extension__ typedef unsigned __int128 u128;

/* The product's highest 64 bits; the lowest of them says if more follow. */
static uint64_t
times(struct pow10 g, uint64_t c)
{
	u128 x = (u128)g.lo * c;
	u128 y = (u128)g.hi * c + (uint64_t)(x >> 64);

	return (uint64_t)(y >> 64) | ((uint64_t)y > 1);
}

/* As times, of a float: 64 bits of the power, 32 of the product. */
static uint64_t
times32(struct pow10 g, uint64_t c)
{
	uint64_t up = g.hi + (g.lo != 0);
	uint64_t y = (uint64_t)((u128)up * c >> 32);

	return y >> 32 | ((uint32_t)y > 1);
}

/*
 * The shortest digits d x 10^*k in the interval that rounds to c x 2^q.
 * closer: the number below is half as far as the one above.
 */
static uint64_t
shortest(uint64_t c, int q, int closer, int is32, int *k)
{
	uint64_t (*mul)(struct pow10, uint64_t) = is32 ? times32 : times;
	uint64_t lower, upper, v, s, t, odd = c & 1;
	struct pow10 g;
	int h, e, down, up;

	/* floor(log10(2^q)), or of 3/4 of it; then floor(log2(10^-k)) */
	e = (q * 1262611 - (closer ? 524031 : 0)) >> 22;
	h = q + (-e * 1741647 >> 19) + 1;
	g = table[-e - MIN10];
	lower = mul(g, (4 * c - 2 + (uint64_t)closer) << h) + odd;
	v = mul(g, 4 * c << h);
	upper = mul(g, (4 * c + 2) << h) - odd;
	s = v / 4;
	if (s >= 10) { /* one digit less, if one of the two is inside */
		t = s / 10;
		down = lower <= 40 * t;
		up = 40 * t + 40 <= upper;
		if (down != up) {
			*k = e + 1;
			return t + (uint64_t)up;
		}
	}
	*k = e;
	down = lower <= 4 * s;
	up = 4 * s + 4 <= upper;
	if (down != up)
		return s + (uint64_t)up;
	t = 4 * s + 2; /* both, or none: the nearer, else the even */
	return s + (v > t || (v == t && (s & 1)));
}

static char *
put(char *o, uint64_t v)
{
	char t[20], *p = t + sizeof t;

	do {
		*--p = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	memcpy(o, p, (size_t)(t + sizeof t - p));
	return o + (t + sizeof t - p);
}

static char *
zeros(char *o, int n)
{
	memset(o, '0', (size_t)n);
	return o + n;
}

/* d x 10^k, with an exponent if it is below 1e-5 or has over max digits. */
static size_t
format(int neg, uint64_t d, int k, int max, char *out)
{
	char digits[20], *o = out;
	int n, e;

	for (; d % 10 == 0 && d > 0; d /= 10)
		k++;
	n = (int)(put(digits, d) - digits);
	e = n - 1 + k; /* of the first digit */
	if (neg)
		*o++ = '-';
	if (e < -5 || e >= max) {
		*o++ = digits[0];
		if (n > 1)
			*o++ = '.';
		memcpy(o, digits + 1, (size_t)n - 1);
		o += n - 1;
		*o++ = 'e';
		if (e < 0)
			*o++ = '-';
		o = put(o, (uint64_t)(e < 0 ? -e : e));
	} else if (k >= 0) {
		memcpy(o, digits, (size_t)n);
		o = zeros(o + n, k);
	} else if (e < 0) {
		memcpy(o, "0.", 2);
		o = zeros(o + 2, -e - 1);
		memcpy(o, digits, (size_t)n);
		o += n;
	} else {
		memcpy(o, digits, (size_t)e + 1);
		o += e + 1;
		*o++ = '.';
		memcpy(o, digits + e + 1, (size_t)(n - e - 1));
		o += n - e - 1;
	}
	*o = '\0';
	return (size_t)(o - out);
}

/*
 * Minus zero gets a fraction, since many readers of JSON take -0 for an
 * integer and lose its sign.
 */
static size_t
zero(int neg, char out[static NUM_FLT_MAX])
{
	memcpy(out, neg ? "-0.0" : "0", neg ? 5 : 2);
	return neg ? 4 : 1;
}

size_t
num_f32(float v, char out[static NUM_FLT_MAX])
{
	uint32_t u, m, x;
	uint64_t d;
	int k;

	memcpy(&u, &v, sizeof u);
	m = u & 0x7fffff;
	x = u >> 23 & 0xff;
	if (m == 0 && x == 0)
		return zero(u >> 31 != 0, out);
	pthread_once(&once, fill);
	d = shortest(x == 0 ? m : m | 0x800000, (x == 0 ? 1 : (int)x) - 150,
	    m == 0 && x > 1, 1, &k);
	return format(u >> 31 != 0, d, k, 9, out);
}

size_t
num_f64(double v, char out[static NUM_FLT_MAX])
{
	uint64_t u, m, x, d;
	int k;

	memcpy(&u, &v, sizeof u);
	m = u & 0xfffffffffffff;
	x = u >> 52 & 0x7ff;
	if (m == 0 && x == 0)
		return zero(u >> 63 != 0, out);
	pthread_once(&once, fill);
	d = shortest(x == 0 ? m : m | 0x10000000000000,
	    (x == 0 ? 1 : (int)x) - 1075, m == 0 && x > 1, 0, &k);
	return format(u >> 63 != 0, d, k, 17, out);
}
