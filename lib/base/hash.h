#ifndef CDC_BASE_HASH_H
#define CDC_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/*
 * 122 bits that stand for bytes: values with equal hashes are taken for equal.
 * Each process has other hashes, so that nobody can construct a collision;
 * therefore they must not be kept in files. All zero is the hash of nothing.
 */
struct hash {
	uint64_t a, b;
};

/* Add a number; the order counts. */
void hash_num(struct hash *h, uint64_t v);
/* Add n bytes and then n itself. */
void hash_bytes(struct hash *h, const void *p, size_t n);

/*
 * A hash of a number and n bytes, for hash tables: 64 bits, of which 61 are
 * random.
 */
uint64_t hash_key(uint64_t num, const void *p, size_t n);

/*
 * Hash alike in each process from now on: for values that are shown and asked
 * for again, such as tags. To be called first in main().
 */
void hash_fixed(void);

/* x with its bits mixed; the same in each process. */
uint64_t hash_mix(uint64_t x);

int hash_equal(const struct hash *x, const struct hash *y);

#endif
