#ifndef CDC_BASE_HASH_H
#define CDC_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/*
 * 122 bits that stand for bytes: two values are taken for equal if these are.
 * They are others in each process, so that nobody can choose values to be
 * taken for equal; not for files that stay. All zero is the hash of nothing.
 */
struct hash {
	uint64_t a, b;
};

/* Add a number; the order counts. */
void hash_num(struct hash *h, uint64_t v);
/* Add n bytes and their number. */
void hash_bytes(struct hash *h, const void *p, size_t n);

/* 61 of them, in all of 64 bits, for tables: of a number and n bytes. */
uint64_t hash_key(uint64_t num, const void *p, size_t n);

/*
 * From now on they are the same in each process, for what is shown and asked
 * for again, such as tags. First of all in a main().
 */
void hash_fixed(void);

/* x, mixed; always the same. */
uint64_t hash_mix(uint64_t x);

int hash_equal(const struct hash *x, const struct hash *y);

#endif
