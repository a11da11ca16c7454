#include "base/mem.h"

#include <errno.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *
check(void *p)
{
	if (p == NULL) {
		fputs("out of memory\n", stderr);
		abort();
	}
	return p;
}

void *
x_malloc(size_t n)
{
	return check(malloc(n == 0 ? 1 : n));
}

void *
x_calloc(size_t n, size_t size)
{
	return check(calloc(n == 0 ? 1 : n, size));
}

void *
x_realloc(void *p, size_t n)
{
	return check(realloc(p, n == 0 ? 1 : n));
}

void *
x_reallocarray(void *p, size_t n, size_t size)
{
	return check(reallocarray(p, n == 0 ? 1 : n, size));
}

char *
x_strdup(const char *s)
{
	return check(strdup(s));
}

char *
x_strndup(const char *s, size_t n)
{
	return check(strndup(s, n));
}

void *
x_memdup(const void *p, size_t n)
{
	void *q = x_malloc(n);

	if (n > 0)
		memcpy(q, p, n);
	return q;
}

char *
x_asprintf(const char *fmt, ...)
{
	va_list ap;
	char *s = NULL;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	return check(n == -1 ? NULL : s);
}

void
x_keep(int bytes)
{
#ifdef __GLIBC__
	mallopt(M_TRIM_THRESHOLD, bytes);
	mallopt(M_MMAP_THRESHOLD, bytes);
#else
	(void)bytes;
#endif
}

void
x_trim(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

void *
x_grow(void *p, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return p;
	*cap = *cap == 0 ? 8 : *cap * 2;
	return x_reallocarray(p, *cap, size);
}

ssize_t
x_read(int fd, void *p, size_t n)
{
	ssize_t k;

	do
		k = read(fd, p, n);
	while (k == -1 && errno == EINTR);
	return k;
}
