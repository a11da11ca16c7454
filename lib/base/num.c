#include "base/num.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/err.h"

/*
 * The decimal digits of s as an unsigned number; -1 if a character is no digit
 * or the number does not fit.
 */
static int
digits(const char *s, size_t n, uint64_t *v)
{
	uint64_t x = 0;

	if (n == 0 || n > 20)
		return -1;
	for (size_t i = 0; i < n; i++) {
		uint64_t d = (uint64_t)(unsigned char)s[i] - '0';

		if (d > 9 || x > (UINT64_MAX - d) / 10)
			return -1;
		x = x * 10 + d;
	}
	*v = x;
	return 0;
}

int
num_i64n(const char *s, size_t n, int64_t min, int64_t max, int64_t *v,
    struct err *e)
{
	uint64_t u;
	int neg = n > 0 && s[0] == '-';

	if (digits(s + neg, n - (size_t)neg, &u) == -1 ||
	    u > (uint64_t)INT64_MAX + (uint64_t)neg)
		goto bad;
	*v = neg ? (int64_t)(0 - u) : (int64_t)u;
	if (*v < min || *v > max)
		goto bad;
	return 0;
bad:
	return err_set(e, ERR_DATA,
	    "'%.*s' is not an integer from %" PRId64 " to %" PRId64,
	    (int)(n > 64 ? 64 : n), s, min, max);
}

int
num_u64n(const char *s, size_t n, uint64_t min, uint64_t max, uint64_t *v,
    struct err *e)
{
	if (digits(s, n, v) == -1 || *v < min || *v > max)
		return err_set(e, ERR_DATA,
		    "'%.*s' is not an integer from %" PRIu64 " to %" PRIu64,
		    (int)(n > 64 ? 64 : n), s, min, max);
	return 0;
}

int
num_i64(const char *s, int64_t min, int64_t max, int64_t *v, struct err *e)
{
	return num_i64n(s, strlen(s), min, max, v, e);
}

int
num_u64(const char *s, uint64_t min, uint64_t max, uint64_t *v, struct err *e)
{
	return num_u64n(s, strlen(s), min, max, v, e);
}

static int
digit36(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'z' ? c - 'a' + 10
				      : -1;
}

int
num_base36(const char *s, size_t n, uint64_t *v, struct err *e)
{
	size_t i;

	*v = 0;
	for (i = 0; i < n && digit36(s[i]) != -1; i++)
		if (__builtin_mul_overflow(*v, 36, v) ||
		    __builtin_add_overflow(*v, digit36(s[i]), v))
			break;
	if (i == n && *v > 0)
		return 0;
	return err_set(e, ERR_DATA,
	    "'%.*s' is not an integer from 1 on in base 36",
	    (int)(n > 64 ? 64 : n), s);
}

int
num_has(const int64_t *v, size_t n, int64_t x)
{
	for (size_t i = 0; i < n; i++)
		if (v[i] == x)
			return 1;
	return 0;
}

int
num_add(size_t a, size_t b, size_t *v)
{
	return __builtin_add_overflow(a, b, v) ? -1 : 0;
}

int
num_mul(size_t a, size_t b, size_t *v)
{
	return __builtin_mul_overflow(a, b, v) ? -1 : 0;
}

uint16_t
num_le16(const void *p)
{
	const uint8_t *b = p;

	return (uint16_t)(b[0] | b[1] << 8);
}

uint32_t
num_le32(const void *p)
{
	const uint8_t *b = p;

	return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
	       (uint32_t)b[3] << 24;
}

uint64_t
num_le64(const void *p)
{
	const uint8_t *b = p;

	return num_le32(b) | (uint64_t)num_le32(b + 4) << 32;
}

void
num_put_le32(void *p, uint32_t v)
{
	uint8_t *b = p;

	for (int i = 0; i < 4; i++)
		b[i] = (uint8_t)(v >> (8 * i));
}

void
num_put_le64(void *p, uint64_t v)
{
	uint8_t *b = p;

	for (int i = 0; i < 8; i++)
		b[i] = (uint8_t)(v >> (8 * i));
}

static float
from_bits(uint32_t u)
{
	float f;

	memcpy(&f, &u, sizeof f);
	return f;
}

static uint32_t
to_bits(float f)
{
	uint32_t u;

	memcpy(&u, &f, sizeof u);
	return u;
}

float
num_f16(uint16_t h)
{
	uint32_t sign = (uint32_t)(h & 0x8000) << 16;
	uint32_t exp = h >> 10 & 0x1f, man = h & 0x3ff;

	if (exp == 0x1f)
		return from_bits(sign | 0x7f800000 | man << 13);
	if (exp == 0) /* zero and subnormals: man x 2^-24 */
		return from_bits(sign | to_bits((float)man * 0x1p-24f));
	return from_bits(sign | (exp + 112) << 23 | man << 13);
}

float
num_bf16(uint16_t h)
{
	return from_bits((uint32_t)h << 16);
}

uint16_t
num_to_f16(float f)
{
	uint32_t u = to_bits(f), sign = u >> 16 & 0x8000, a = u & 0x7fffffff;

	if (a > 0x7f800000)
		return (uint16_t)(sign | 0x7e00 | (a >> 13 & 0x3ff));
	if (a >= 0x477ff000) /* rounds to 2^16 or more */
		return (uint16_t)(sign | 0x7c00);
	if (a < 0x38800000) /* below the least normal half, 2^-14 */
		return (
		    uint16_t)(sign | (uint32_t)lrintf(from_bits(a) * 0x1p24f));
	a += 0xfff + (a >> 13 & 1);
	return (uint16_t)(sign | (a - 0x38000000) >> 13);
}

uint16_t
num_to_bf16(float f)
{
	uint32_t u = to_bits(f);

	if ((u & 0x7fffffff) > 0x7f800000)
		return (uint16_t)(u >> 16 | 0x40);
	return (uint16_t)((u + 0x7fff + (u >> 16 & 1)) >> 16);
}
