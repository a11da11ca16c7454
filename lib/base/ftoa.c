#include "base/num.h"

#include <endian.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

/*
 * Floats as the shortest decimal, by R. Giulietti, "The Schubfach way to render
 * doubles" (2020), figure 7. It needs powers of ten, rounded up to 128 bits (61
 * or more for a float). They are computed once, exactly, so that no table of
 * 617 lines has to be kept.
 */
enum { MIN10 = -292, MAX10 = 324, WORDS = 40 };

struct pow10 {
	uint64_t hi, lo; /* the highest bit of hi is set */
};
static struct pow10 table[MAX10 - MIN10 + 1];

/*
 * For each exponent of a float: the value of its last bit, as g / 2^60 x 10^e.
 */
struct scale {
	uint64_t g; /* 2^60 or more, and less than 10 x 2^60 */
	int e;
};
enum { EXPONENTS = 255, BIAS = 127, POINT = 23 };
static struct scale scales[EXPONENTS];
static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_int made; /* the table: reading this is cheaper than `once` */

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

/*
 * Division rounds down, which is exact here: floor(floor(x / 5) / 5) = floor(x
 * / 25).
 */
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

/* The highest 128 bits, rounded up if any bit below them is set. */
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

/* floor(log10(2^q)), or of 3/4 of it */
static inline int
log10_of(int q, int closer)
{
	return (q * 1262611 - (closer ? 524031 : 0)) >> 22;
}

/* floor(log2(10^k)) */
static inline int
log2_of(int k)
{
	return k * 1741647 >> 19;
}

/* For a float whose last bit is worth 2^q. */
static inline int
last_bit(int x)
{
	return (x == 0 ? 1 : x) - BIAS - POINT;
}

static void
fill_scales(void)
{
	for (int x = 0; x < EXPONENTS; x++) {
		int q = last_bit(x), e = log10_of(q, 0);
		int drop = 3 - q - log2_of(-e); /* 0 to 3 of 64 bits */

		scales[x].g = (table[-e - MIN10].hi >> drop) + 1;
		scales[x].e = e;
	}
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
	fill_scales();
	atomic_store_explicit(&made, 1, memory_order_release);
}

static inline void
make(void)
{
	if (!atomic_load_explicit(&made, memory_order_acquire))
		pthread_once(&once, fill);
}

__extension__ typedef unsigned __int128 u128;

/*
 * The highest 64 bits of the product; the lowest of them is set if any bit
 * below is.
 */
static inline uint64_t
times(struct pow10 g, uint64_t c)
{
	u128 x = (u128)g.lo * c;
	u128 y = (u128)g.hi * c + (uint64_t)(x >> 64);

	return (uint64_t)(y >> 64) | ((uint64_t)y > 1);
}

/*
 * The shortest digits d x 10^*k in the interval that rounds to c x 2^q. closer:
 * the number below is only half as far away as the one above. For random
 * numbers each condition is true half of the time, so all are computed and none
 * is branched on.
 */
static inline __attribute__((always_inline)) uint64_t
shortest(uint64_t c, int q, uint64_t closer, int *k)
{
	uint64_t lower, upper, v, s, t, near, odd = c & 1;
	int h, e = log10_of(q, closer != 0), down, up, half, shorter;
	struct pow10 g = table[-e - MIN10];

	h = q + log2_of(-e) + 1;
	lower = times(g, (4 * c - 2 + closer) << h) + odd;
	v = times(g, 4 * c << h);
	upper = times(g, (4 * c + 2) << h) - odd;
	s = v / 4;
	/* the nearer one, on a tie the even one; or the only one inside */
	down = lower <= 4 * s;
	up = 4 * s + 4 <= upper;
	half = v + (s & 1) > 4 * s + 2;
	near = s + (uint64_t)(((down ^ up) & up) | ((down ^ up ^ 1) & half));
	/* one digit less, if a candidate is inside */
	t = s / 10;
	down = lower <= 40 * t;
	up = 40 * t + 40 <= upper;
	shorter = (down != up) & (s >= 10);
	*k = e + shorter;
	t += (uint64_t)up;
	return near ^ ((near ^ t) & (0 - (uint64_t)shorter));
}

static const uint64_t tens[] = { 1, 10, 100, 1000, 10000, 100000, 1000000,
	10000000, 100000000, 1000000000, 10000000000, 100000000000,
	1000000000000, 10000000000000, 100000000000000, 1000000000000000,
	10000000000000000, 100000000000000000 };

/*
 * The number of digits of v > 0. The estimate from its bits is right or one too
 * small.
 */
static inline int
count(uint64_t v)
{
	int n = (64 - __builtin_clzll(v)) * 1233 >> 12; /* log10(2) */

	return n + (v >= tens[n]);
}

/*
 * The 8 digits of v < 10^8, a byte each, the first in the lowest byte: split
 * into halves of four, two and one digit, all lanes at once. t has each lane
 * divided by 100 and then by 10, exactly; t goes to the lower half and the
 * remainder to the upper.
 */
static inline uint64_t
digits8(uint32_t v)
{
	uint64_t t = v / 10000;
	uint64_t x = ((uint64_t)v << 32) - t * (((uint64_t)10000 << 32) - 1);

	t = x * 10486 >> 20 & 0x7f0000007f;
	x = (x << 16) - t * ((100 << 16) - 1);
	t = x * 103 >> 10 & 0xf000f000f000f;
	return (x << 8) - t * ((10 << 8) - 1);
}

static inline char *
put8(char *o, uint64_t w)
{
	w = htole64(w | 0x3030303030303030);
	memcpy(o, &w, sizeof w);
	return o + sizeof w;
}

/* The number's digits, 1 + 8 + 8 of them, zeros behind the last of n. */
struct digits {
	uint32_t first;
	uint64_t a, b; /* as digits8 makes them */
	int n;
	int e; /* the power of ten of the first digit */
};

static inline __attribute__((always_inline)) struct digits
spread(uint64_t d, int k)
{
	struct digits g = { .n = count(d) };

	g.e = g.n - 1 + k;
	d *= tens[17 - g.n];
	g.b = digits8((uint32_t)(d % 100000000));
	d /= 100000000;
	g.first = (uint32_t)(d / 100000000);
	g.a = digits8((uint32_t)(d % 100000000));
	/* zeros at the end are the high bytes */
	g.n = g.a != 0 ? 9 - (__builtin_clzll(g.a) >> 3) : 1;
	if (g.b != 0)
		g.n = 17 - (__builtin_clzll(g.b) >> 3);
	return g;
}

/*
 * In the form 1.5e-10. The struct is passed by value, so that it stays in
 * registers.
 */
static __attribute__((noinline)) int
scientific(uint32_t first, uint64_t a, uint64_t b, int n, int e, char *o)
{
	char *from = o;

	*o++ = (char)('0' + first);
	*o = '.';
	put8(put8(o + 1, a), b);
	o += n > 1 ? n : 0;
	*o++ = 'e';
	*o = '-';
	o += e < 0;
	e = e < 0 ? -e : e;
	if (e >= 100)
		*o++ = (char)('0' + e / 100);
	if (e >= 10)
		*o++ = (char)('0' + e / 10 % 10);
	*o++ = (char)('0' + e % 10);
	return (int)(o - from);
}

/*
 * Eight or sixteen digits are written at once, also those that do not count;
 * the digits behind the point are written again, one place further.
 */
static inline __attribute__((always_inline)) int
layout(struct digits g, int is32, char *o)
{
	static const char below[] = { '0', '.', '0', '0', '0', '0' };
	char *p;
	int e = g.e;

	if (e < -5 || e >= (is32 ? 9 : 17))
		return scientific(g.first, g.a, g.b, g.n, e, o);
	if (e < 0) {
		memcpy(o, below, sizeof below);
		p = o + 1 - e;
		*p = (char)('0' + g.first);
		p = put8(p + 1, g.a);
		if (!is32)
			put8(p, g.b);
		return 1 - e + g.n;
	}
	*o = (char)('0' + g.first);
	p = put8(o + 1, g.a);
	if (!is32)
		put8(p, g.b);
	if (g.n <= e + 1)
		return e + 1;
	o[e + 1] = '.';
	if (is32 || e < 8) {
		put8(o + e + 2, g.a >> 8 * e);
		if (!is32)
			put8(p + 1, g.b);
	} else {
		put8(o + e + 2, g.b >> 8 * (e - 8));
	}
	return 1 + g.n;
}

/*
 * The digits of a float with zeros before and behind them; the last digit is
 * worth 10^e.
 */
struct nine {
	uint64_t a; /* eight, as digits8 makes them */
	uint32_t last;
	int e;
	int cut; /* how many zeros are at the end */
};

/*
 * As shortest(), for a float of c units, with one product. The bounds are half
 * a unit below and above, unless the float is a power of two. All values are in
 * units of 2^-34 x 10^e, and at most one of these too large. So the bounds of
 * an odd float, which are outside of its interval, move inwards by one, and
 * those of an even float outwards. A test over all floats shows that this is
 * enough. Where the last digit would be rounded up to ten, the number with one
 * digit less is inside and is taken.
 */
static inline __attribute__((always_inline)) struct nine
nine(uint32_t c, struct scale unit)
{
	uint64_t v = (uint64_t)((u128)unit.g * c >> 26);
	uint32_t s = (uint32_t)(v >> 34), t = s / 10;
	uint64_t rest = v - ((uint64_t)t * 10 << 34), odd = c & 1;
	uint64_t half = (unit.g >> 27) + 1 - 2 * odd;
	uint32_t down = rest <= half, up = rest + half >= (uint64_t)10 << 34;
	uint32_t shorter = 0 - (down | up);
	struct nine d = { .a = digits8(t + up), .e = unit.e };

	/*
	 * the nearer one, on a tie the even one; the product may be one too
	 * large
	 */
	odd = s & 1;
	rest += ((uint64_t)1 << 33) - 2 + 2 * odd;
	d.last = (uint32_t)(rest >> 34) & ~shorter;
	d.cut = (1 + (__builtin_clzll(d.a | 1) >> 3)) & (int)shorter;
	return d;
}

/* The same without the zeros in front. */
static inline struct digits
closed(struct nine d)
{
	int z = __builtin_ctzll(d.a | (uint64_t)1 << 63) >> 3;

	if (d.a == 0) /* the float is below 10^-44 */
		return (struct digits){ .first = d.last, .n = 1, .e = d.e };
	return (struct digits){
		.first = d.a >> 8 * z & 0xf,
		.a = d.a >> 8 * z >> 8 | (uint64_t)d.last << (56 - 8 * z),
		.n = 9 - z - d.cut,
		.e = d.e + 8 - z,
	};
}

/*
 * From 2^-16 to 1: no exponent, and only zeros in front of the nine digits, of
 * which the last is digit number -e behind the point.
 */
static inline int
fraction(struct nine d, char *o)
{
	char *p = o - 7 - d.e;

	memcpy(o, "0.00000", 8);
	put8(p, d.a)[0] = (char)('0' + d.last);
	o[1] = '.';
	return 2 - d.e - d.cut;
}

/*
 * Minus zero gets a fraction, since many readers of JSON take -0 for an
 * integer and lose its sign.
 */
static int
zero(int neg, char out[static NUM_FLT_MAX])
{
	memcpy(out, neg ? "-0.0" : "0", neg ? 5 : 2);
	return neg ? 4 : 1;
}

/* Zero; a power of two, whose lower bound is nearer; all others. */
static __attribute__((noinline)) int
other(uint32_t m, int x, int neg, char *o)
{
	struct digits g;
	uint64_t d;
	int k;

	if (m == 0 && x == 0)
		return zero(neg, o);
	if (m == 0 && x > 1) {
		d = shortest((uint64_t)1 << POINT, last_bit(x), 1, &k);
		g = spread(d, k);
	} else {
		g = closed(nine(x == 0 ? m : m | 1 << POINT, scales[x]));
	}
	return neg + layout(g, 1, o + neg);
}

static inline __attribute__((always_inline)) int
put_f32(uint32_t u, char *o)
{
	uint32_t m = u & 0x7fffff;
	int x = u >> POINT & 0xff, neg = (int)(u >> 31);

	*o = '-';
	if (m == 0 || x < BIAS - 16 || x >= BIAS)
		return other(m, x, neg, o);
	return neg + fraction(nine(m | 1 << POINT, scales[x]), o + neg);
}

size_t
num_f32(float v, char out[static NUM_FLT_MAX])
{
	uint32_t u;
	int n;

	memcpy(&u, &v, sizeof u);
	make();
	n = put_f32(u, out);
	out[n] = '\0';
	return (size_t)n;
}

char *
num_f32s(const void *le, size_t *n, char *out)
{
	const char *p = le;
	size_t i = 0;
	uint32_t u;

	make();
	for (; i < *n; i++) {
		memcpy(&u, p + i * sizeof u, sizeof u);
		u = le32toh(u);
		if ((u >> POINT & 0xff) == 0xff)
			break;
		out += put_f32(u, out);
		*out++ = ',';
	}
	*n = i;
	return out;
}

size_t
num_f64(double v, char out[static NUM_FLT_MAX])
{
	uint64_t u, m, x, d, neg;
	struct digits g;
	size_t n;
	int k;

	memcpy(&u, &v, sizeof u);
	m = u & 0xfffffffffffff;
	x = u >> 52 & 0x7ff;
	neg = u >> 63;
	if (m == 0 && x == 0)
		return (size_t)zero(neg != 0, out);
	make();
	d = shortest(x == 0 ? m : m | 0x10000000000000,
	    (x == 0 ? 1 : (int)x) - 1075, m == 0 && x > 1, &k);
	g = spread(d, k);
	out[0] = '-';
	n = neg + (size_t)layout(g, 0, out + neg);
	out[n] = '\0';
	return n;
}
