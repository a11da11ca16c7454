#ifndef CDC_HASH_H
#define CDC_HASH_H

#include <stddef.h>
#include <stdint.h>

/*
 * 128 bits that stand for bytes: two values are taken for equal if these are.
 * Not for what an enemy may choose. All zero is the hash of nothing.
 */
struct hash {
	uint64_t a, b;
};

/* Add a number; the order counts. */
void hash_num(struct hash *h, uint64_t v);
/* Add n bytes and their number. */
void hash_bytes(struct hash *h, const void *p, size_t n);

int hash_equal(const struct hash *x, const struct hash *y);

#endif
