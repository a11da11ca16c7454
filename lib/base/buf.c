#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
buf_fini(struct buf *b)
{
	free(b->ptr);
	memset(b, 0, sizeof *b);
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
	if (b->ptr != NULL)
		b->ptr[0] = '\0';
}

void
buf_cut(struct buf *b, size_t n)
{
	if (n >= b->len) {
		buf_clear(b);
		return;
	}
	memmove(b->ptr, b->ptr + n, b->len - n + 1);
	b->len -= n;
}

char *
buf_room(struct buf *b, size_t n)
{
	size_t want = b->len + n + 1, cap = b->cap;

	if (want <= n) {
		fputs("buffer size overflow\n", stderr);
		abort();
	}
	if (want > cap) {
		cap = cap < 64 ? 64 : cap;
		while (cap < want)
			cap += cap / 2;
		b->ptr = x_realloc(b->ptr, cap);
		b->cap = cap;
	}
	return b->ptr + b->len;
}

void
buf_add(struct buf *b, const void *p, size_t n)
{
	char *to = buf_room(b, n);

	if (n > 0)
		memcpy(to, p, n);
	b->len += n;
	b->ptr[b->len] = '\0';
}

void
buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_addc(struct buf *b, char c)
{
	char *to = buf_room(b, 1);

	to[0] = c;
	to[1] = '\0';
	b->len++;
}

void
buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort(); /* the format string is wrong */
	buf_room(b, (size_t)n);
	va_start(ap, fmt);
	vsnprintf(b->ptr + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

void
buf_addu64(struct buf *b, uint64_t v)
{
	char t[24], *p = t + sizeof t;

	do {
		*--p = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	buf_add(b, p, (size_t)(t + sizeof t - p));
}

void
buf_addi64(struct buf *b, int64_t v)
{
	if (v < 0)
		buf_addc(b, '-');
	buf_addu64(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

char *
buf_take(struct buf *b)
{
	char *s;

	buf_room(b, 0)[0] = '\0';
	s = b->ptr;
	memset(b, 0, sizeof *b);
	return s;
}
