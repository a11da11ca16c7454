#include "base/num.h"

#include <endian.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#ifdef __x86_64__
#include <emmintrin.h>
#endif

#include "base/mem.h"

/*
 * Decimals to floats. Most numbers have few digits and a small power of ten:
 * they are an exact integer and an exact power of ten, so that one division or
 * product rounds correctly. All others go to strtod, so that the results agree.
 */
enum { MAX_DIGITS = 19, MAX_POWER = 22, ON_STACK = 64 };

/* These are exact: 10^22 = 2^22 x 5^22, and 5^22 < 2^53. */
static const double powers[MAX_POWER + 1] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6,
	1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
	1e19, 1e20, 1e21, 1e22 };

static int
is_digit(char c)
{
	return (unsigned char)(c - '0') <= 9;
}

/* A number as it is read: c x 10^e. */
struct decimal {
	uint64_t c;
	size_t n; /* digits in c, leading zeros too */
	int64_t e;
	int neg;
};

/* The value of 8 digits, the first in the lowest byte. */
static inline uint64_t
value8(uint64_t x)
{
	x = (x * 10 + (x >> 8)) & 0xff00ff00ff00ff;
	x = (x * 100 + (x >> 16)) & 0xffff0000ffff;
	return (x * 10000 + (x >> 32)) & 0xffffffff;
}

/* For each of 8 bytes, less '0': its high bit is set if the byte is over 9. */
static inline uint64_t
no_digits(uint64_t x)
{
	x |= (x & 0x7f7f7f7f7f7f7f7f) + 0x7676767676767676;
	return x & 0x8080808080808080;
}

static inline uint64_t
load8(const char *p)
{
	uint64_t x;

	memcpy(&x, p, sizeof x);
	return le64toh(x) ^ 0x3030303030303030;
}

/* Reads digits from p on into d, eight at a time; returns where they end. */
static inline __attribute__((always_inline)) const char *
digits(const char *p, const char *end, struct decimal *d)
{
	static const uint32_t tens[] = { 1, 10, 100, 1000, 10000, 100000,
		1000000, 10000000, 100000000 };
	const char *from = p;
	uint64_t x, odd;
	int n;

	while (end - p >= 8) {
		x = load8(p);
		odd = no_digits(x);
		n = odd == 0 ? 8 : __builtin_ctzll(odd) >> 3;
		if (n == 0)
			break;
		d->c = d->c * tens[n] + value8(x << 8 * (8 - n));
		p += n;
		if (n < 8)
			break;
	}
	if (end - p < 8)
		for (; p < end && is_digit(*p); p++)
			d->c = d->c * 10 + (uint64_t)(*p - '0');
	d->n += (size_t)(p - from);
	return p;
}

/* An exponent: e, a sign, digits. A value far out of range is cut. */
static const char *
exponent(const char *p, const char *end, int64_t *e)
{
	int neg = p + 1 < end && p[1] == '-';
	const char *q = p + 1 + (neg || (p + 1 < end && p[1] == '+'));

	if (q >= end || !is_digit(*q))
		return p; /* no exponent: p is not moved */
	for (; q < end && is_digit(*q); q++)
		*e = *e < 100000 ? *e * 10 + (*q - '0') : *e;
	*e = neg ? -*e : *e;
	return q;
}

/*
 * The longest number that begins at p: a minus sign, digits, a point and
 * digits, an exponent; NULL if there is none. Before the point is one digit
 * mostly, behind it are many.
 */
static inline __attribute__((always_inline)) const char *
scan(const char *p, const char *end, struct decimal *d)
{
	const char *q;
	int64_t e = 0;

	*d = (struct decimal){ .neg = p < end && *p == '-' };
	p += d->neg;
	if (p >= end || (!d->neg && !is_digit(*p)))
		return NULL;
	for (q = p; q < end && is_digit(*q); q++)
		d->c = d->c * 10 + (uint64_t)(*q - '0');
	d->n = (size_t)(q - p);
	if (q < end && *q == '.') {
		p = q + 1;
		q = digits(p, end, d);
		d->e = p - q;
	}
	if (d->n == 0)
		return NULL;
	if (q < end && (*q == 'e' || *q == 'E'))
		q = exponent(q, end, &e);
	d->e += e;
	return q;
}

/* c x 10^e of at most 19 digits, with one or two roundings, as a double. */
static inline double
scaled(const struct decimal *d)
{
	double v = (double)d->c;

	v = d->e < 0 ? v / powers[-d->e] : v * powers[d->e];
	return d->neg ? -v : v;
}

static inline int
simple(const struct decimal *d)
{
	return d->n <= MAX_DIGITS && d->e >= -MAX_POWER && d->e <= MAX_POWER;
}

/* Through strtof or strtod, which need a NUL behind the number. */
static double
slow(const char *p, size_t n, int is32)
{
	char small[ON_STACK], *s = n < sizeof small ? small : x_malloc(n + 1);
	double v;

	memcpy(s, p, n);
	s[n] = '\0';
	v = is32 ? (double)strtof(s, NULL) : strtod(s, NULL);
	if (s != small)
		free(s);
	return v;
}

/*
 * The float by way of a double that is off by less than three units in its last
 * place. That is precise enough unless the double lies close to the middle
 * between two floats: there, of the bits that a float does not have, the first
 * is 1 and the next 28 are 0. 10^-22 is no subnormal float.
 */
static inline int
is_middle(double x)
{
	uint64_t u;

	memcpy(&u, &x, sizeof u);
	return ((u + 8) & 0x1fffffff) - 0x10000000 <= 16;
}

static __attribute__((noinline)) size_t
any_f32(const char *p, const char *end, float *v)
{
	struct decimal d;
	const char *q = scan(p, end, &d);
	double x;

	if (q == NULL)
		return 0;
	if (!simple(&d) || is_middle(x = scaled(&d)))
		x = slow(p, (size_t)(q - p), 1);
	*v = (float)x;
	return isinf(*v) ? 0 : (size_t)(q - p);
}

#ifdef __x86_64__
/* The first n bytes, 16 at most. */
static inline __m128i
first_of_16(unsigned n)
{
	static const uint8_t ones[32] = { 255, 255, 255, 255, 255, 255, 255,
		255, 255, 255, 255, 255, 255, 255, 255, 255 };

	return _mm_loadu_si128((const __m128i *)(ones + 16 - n));
}

/* 16 bytes of text, a digit as its value. */
static inline __m128i
load16(const char *p)
{
	return _mm_sub_epi8(
	    _mm_loadu_si128((const __m128i *)p), _mm_set1_epi8('0'));
}

/* The bytes that are equal, the first as the lowest bit. */
static inline uint32_t
same16(__m128i a, __m128i b)
{
	return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(a, b));
}

/*
 * The value of 16 digits, which are joined to pairs, to fours, and to eights.
 */
static inline int64_t
value16(__m128i x)
{
	const __m128i zero = _mm_setzero_si128(),
		      by2 = _mm_set1_epi32(1 << 16 | 10),
		      by4 = _mm_set1_epi32(1 << 16 | 100),
		      by8 = _mm_set1_epi32(1 << 16 | 10000);
	__m128i lo = _mm_madd_epi16(_mm_unpacklo_epi8(x, zero), by2),
		hi = _mm_madd_epi16(_mm_unpackhi_epi8(x, zero), by2);
	uint64_t u;

	x = _mm_madd_epi16(_mm_packs_epi32(lo, hi), by4);
	x = _mm_madd_epi16(_mm_packs_epi32(x, x), by8);
	u = (uint64_t)_mm_cvtsi128_si64(x);
	return (int64_t)((u & UINT32_MAX) * 100000000 + (u >> 32));
}

/*
 * A number as vectors have it: an optional minus sign, digits with an optional
 * point, and a comma, all within 16 bytes. 0 if it is something else, or too
 * near to the end. Signs and lengths cannot be predicted, so no branch depends
 * on them; and where the next number begins depends on the comma only, so that
 * the processor can begin it before this one is done.
 */
static inline __attribute__((always_inline)) size_t
plain_f32(const char *p, const char *end, float *v)
{
	static const double tenths[16] = { 1e-16, 1e-15, 1e-14, 1e-13, 1e-12,
		1e-11, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2,
		1e-1 };
	const __m128i ten = _mm_set1_epi8(10);
	uint32_t comma, odd, neg, u;
	unsigned len, point, n;
	__m128i x, whole;
	double d;
	float f;

	if (end - p < 1 + 1 + 16)
		return 0;
	x = load16(p);
	comma = same16(x, _mm_set1_epi8(',' - '0'));
	if (comma == 0)
		return 0;
	len = (unsigned)__builtin_ctz(comma);
	comma &= -comma;
	/* A comparison here would wait for the number before. */
	neg = ((uint32_t)(unsigned char)(*p ^ '-') - 1) >> 31;
	odd = (same16(_mm_max_epu8(x, ten), x) & (comma | (comma - 1))) ^ neg;
	point = (unsigned)__builtin_ctz(odd);
	n = point - neg; /* digits before it */
	if (n == 0 ||
	    (point < len && (p[point] != '.' || (odd & (odd - 1)) != comma)))
		return 0;
	p += neg;
	whole = first_of_16(n);
	x = _mm_and_si128(load16(p + 1), first_of_16(len - neg - 1));
	x = _mm_or_si128(
	    _mm_and_si128(whole, load16(p)), _mm_andnot_si128(whole, x));
	d = (double)value16(x) * tenths[n];
	if (is_middle(d))
		return 0;
	f = (float)d;
	memcpy(&u, &f, sizeof u);
	u |= neg << 31;
	memcpy(v, &u, sizeof u);
	return len;
}
#endif

/* As num_read_f32. */
static inline __attribute__((always_inline)) size_t
read_f32(const char *p, const char *end, float *v)
{
#ifdef __x86_64__
	size_t n = plain_f32(p, end, v);

	if (n != 0)
		return n;
#endif
	return any_f32(p, end, v);
}

size_t
num_read_f32(const char *p, const char *end, float *v)
{
	return read_f32(p, end, v);
}

const char *
num_read_f32s(const char *p, const char *end, size_t *n, void *le)
{
	const char *last = p;
	char *o = le;
	size_t i = 0, most = *n;

	while (i < most) {
		uint32_t u;
		float f;
		size_t len = read_f32(p, end, &f);

		p += len;
		if (len == 0 || p == end || (*p != ',' && *p != ']'))
			break;
		memcpy(&u, &f, sizeof u);
		u = htole32(u);
		memcpy(o + i++ * sizeof u, &u, sizeof u);
		last = p;
		if (*p++ == ']')
			break;
	}
	*n = i;
	return last;
}

size_t
num_read_f64(const char *p, const char *end, double *v)
{
	struct decimal d;
	const char *q = scan(p, end, &d);

	if (q == NULL)
		return 0;
	if (simple(&d) && d.c <= (uint64_t)1 << 53)
		*v = scaled(&d);
	else
		*v = slow(p, (size_t)(q - p), 0);
	return isinf(*v) ? 0 : (size_t)(q - p);
}
