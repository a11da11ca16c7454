#ifndef CDC_FUZZ_H
#define CDC_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is left of an input. */
struct fuzz {
	const uint8_t *p;
	size_t len;
};

/* The next n bytes, or NULL if there are not so many. */
static inline const uint8_t *
fuzz_take(struct fuzz *f, size_t n)
{
	const uint8_t *p = f->p;

	if (n > f->len)
		return NULL;
	f->p += n;
	f->len -= n;
	return p;
}

static inline uint8_t
fuzz_byte(struct fuzz *f)
{
	const uint8_t *p = fuzz_take(f, 1);

	return p == NULL ? 0 : *p;
}

/* Up to the next byte c, which is stepped over, or to the end. */
static inline struct fuzz
fuzz_until(struct fuzz *f, uint8_t c)
{
	const uint8_t *hit = f->len > 0 ? memchr(f->p, c, f->len) : NULL;
	struct fuzz part = { f->p,
		hit == NULL ? f->len : (size_t)(hit - f->p) };

	fuzz_take(f, part.len + (hit != NULL));
	return part;
}

/* Two ways to one text, or death. */
static inline void
fuzz_same(const char *a, size_t n, const char *b, size_t m)
{
	if (n == m && (n == 0 || memcmp(a, b, n) == 0))
		return;
	fprintf(stderr, "these differ:\n%.*s\n%.*s\n", (int)n, a, (int)m, b);
	abort();
}

#endif
