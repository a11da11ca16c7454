#include "base/utf8.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* RFC 3629 section 4. */
size_t
utf8_seq(const void *p, size_t n)
{
	const unsigned char *s = p;
	unsigned char lo = 0x80, hi = 0xbf;
	size_t len;

	if (n == 0)
		return 0;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		len = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		len = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		len = 4;
	else
		return s[0] < 0x80;
	if (n < len)
		return 0;
	if (s[0] == 0xe0)
		lo = 0xa0;
	else if (s[0] == 0xed)
		hi = 0x9f;
	else if (s[0] == 0xf0)
		lo = 0x90;
	else if (s[0] == 0xf4)
		hi = 0x8f;
	if (s[1] < lo || s[1] > hi)
		return 0;
	for (size_t i = 2; i < len; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	return len;
}

/* Are these 8 bytes ASCII? */
static int
ascii8(const unsigned char *s)
{
	uint64_t v;

	memcpy(&v, s, sizeof v);
	return (v & 0x8080808080808080) == 0;
}

int
utf8_is(const void *p, size_t n)
{
	const unsigned char *s = p;
	size_t k;

	for (; n > 0; s += k, n -= k) {
		if (n >= 8 && ascii8(s))
			k = 8;
		else if ((k = utf8_seq(s, n)) == 0)
			return 0;
	}
	return 1;
}

/*
 * How many bytes at the end of the n begin a character and do not complete it.
 */
static size_t
begun(const char *s, size_t n)
{
	const unsigned char *end = (const unsigned char *)s + n;

	for (size_t back = 1; back <= 3 && back <= n; back++) {
		unsigned char c = end[-(ptrdiff_t)back];
		size_t len = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;

		if ((c & 0xc0) != 0x80)
			return len > back ? back : 0;
	}
	return 0;
}

size_t
utf8_cut(const char *s, size_t n, size_t most)
{
	return n <= most ? n : most - begun(s, most);
}

void
utf8_copy(char *to, size_t cap, const char *s, size_t n)
{
	static const char bad[] = "\xef\xbf\xbd";
	size_t len = 0, k, w;

	for (; n > 0; s += k, n -= k, len += w) {
		const char *from = s;

		k = w = utf8_seq(s, n);
		if (k == 0) {
			k = 1;
			w = sizeof bad - 1;
			from = bad;
		}
		if (len + w >= cap)
			break;
		memcpy(to + len, from, w);
	}
	to[len] = '\0';
}

void
utf8_mend(char *s, size_t cap, int cut)
{
	size_t n = strlen(s);
	char *was;

	if (cut)
		s[n -= begun(s, n)] = '\0';
	if (utf8_is(s, n))
		return;
	was = x_memdup(s, n);
	utf8_copy(s, cap, was, n);
	free(was);
}
