#ifndef CDC_RANDOM_H
#define CDC_RANDOM_H

#include <stdint.h>

/* xorshift64: the same numbers for the same start, which is not 0. */
static inline uint64_t
next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

#endif
