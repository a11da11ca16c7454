#include "codec/base64.h"

#include <endian.h>
#include <pthread.h>
#include <string.h>

#include "base/buf.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The value of each character plus 1; 0 for those outside the alphabet. */
/* clang-format off */
static const uint8_t value[256] = {
	['A'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
	19, 20, 21, 22, 23, 24, 25, 26,
	['a'] = 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42,
	43, 44, 45, 46, 47, 48, 49, 50, 51, 52,
	['0'] = 53, 54, 55, 56, 57, 58, 59, 60, 61, 62,
	['+'] = 63,
	['/'] = 64,
};
/* clang-format on */

/* The two characters for each 12 bits: halves the loads and stores. */
static char pair[4096][2];
/* The bits of a character at each place of a group of four. */
static uint32_t place[4][256];
#define NONE 0x80000000u /* not in the alphabet */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
fill(void)
{
	for (int i = 0; i < 4096; i++) {
		pair[i][0] = alphabet[i >> 6];
		pair[i][1] = alphabet[i & 63];
	}
	for (int i = 0; i < 1024; i++) {
		uint32_t v = value[i & 255];

		place[i >> 8][i & 255] =
		    v == 0 ? NONE : (v - 1) << (18 - 6 * (i >> 8));
	}
}

/* Writes six bytes at a time and reads eight; returns how many were written. */
static size_t
sixes(char *o, const uint8_t *s, size_t n)
{
	size_t done = 0;

	for (; n - done >= 8; done += 6, o += 8) {
		uint64_t v;

		memcpy(&v, s + done, sizeof v);
		v = be64toh(v);
		memcpy(o, pair[v >> 52], 2);
		memcpy(o + 2, pair[v >> 40 & 4095], 2);
		memcpy(o + 4, pair[v >> 28 & 4095], 2);
		memcpy(o + 6, pair[v >> 16 & 4095], 2);
	}
	return done;
}

void
b64_add(struct buf *b, const void *p, size_t n)
{
	const uint8_t *s = p;
	char *o = buf_room(b, (n + 2) / 3 * 4);
	char *start = o;
	size_t done;

	pthread_once(&once, fill);
	done = sixes(o, s, n);
	o += done / 6 * 8;
	s += done;
	for (n -= done; n >= 3; n -= 3, s += 3) {
		uint32_t v = (uint32_t)s[0] << 16 | (uint32_t)s[1] << 8 | s[2];

		memcpy(o, pair[v >> 12], 2);
		memcpy(o + 2, pair[v & 4095], 2);
		o += 4;
	}
	if (n > 0) {
		uint32_t v =
		    (uint32_t)s[0] << 16 | (n == 2 ? (uint32_t)s[1] << 8 : 0);

		*o++ = alphabet[v >> 18];
		*o++ = alphabet[v >> 12 & 63];
		*o++ = n == 2 ? alphabet[v >> 6 & 63] : '=';
		*o++ = '=';
	}
	*o = '\0';
	b->len += (size_t)(o - start);
}

size_t
b64_max(size_t n)
{
	return n / 4 * 3;
}

/*
 * The last four characters, which may end in one or two '='. Bits that belong
 * to no byte must be zero. Returns the number of bytes, or -1.
 */
static ptrdiff_t
last(const uint8_t *p, uint8_t *o)
{
	int pad = p[3] != '=' ? 0 : p[2] != '=' ? 1 : 2;
	uint8_t c = value[p[0]], d = value[p[1]];
	uint8_t f = pad == 2 ? 1 : value[p[2]], g = pad > 0 ? 1 : value[p[3]];
	uint32_t v;

	if (c == 0 || d == 0 || f == 0 || g == 0)
		return -1;
	v = (uint32_t)(c - 1) << 18 | (uint32_t)(d - 1) << 12 |
	    (uint32_t)(f - 1) << 6 | (uint32_t)(g - 1);
	o[0] = (uint8_t)(v >> 16);
	if (pad < 2)
		o[1] = (uint8_t)(v >> 8);
	if (pad < 1)
		o[2] = (uint8_t)v;
	if ((v & (pad == 2 ? 0xffff : pad == 1 ? 0xff : 0)) != 0)
		return -1;
	return 3 - pad;
}

ptrdiff_t
b64_get(const char *s, size_t n, void *out)
{
	const uint8_t *p = (const uint8_t *)s, *end;
	uint8_t *o = out, *start = out;
	uint32_t all = 0;
	ptrdiff_t rest;

	if (n % 4 != 0)
		return -1;
	if (n == 0)
		return 0;
	pthread_once(&once, fill);
	for (end = p + n - 4; p < end; p += 4, o += 3) {
		uint32_t v = place[0][p[0]] | place[1][p[1]] | place[2][p[2]] |
			     place[3][p[3]];

		all |= v;
		o[0] = (uint8_t)(v >> 16);
		o[1] = (uint8_t)(v >> 8);
		o[2] = (uint8_t)v;
	}
	if ((all & NONE) != 0 || (rest = last(p, o)) == -1)
		return -1;
	return o - start + rest;
}
