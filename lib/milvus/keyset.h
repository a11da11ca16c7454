#ifndef CDC_MILVUS_KEYSET_H
#define CDC_MILVUS_KEYSET_H

#include <stddef.h>
#include <stdint.h>

/*
 * Which primary keys are on their way to the target, and in which batch: the
 * last one that has the key. Keys are known by a hash of collection and key.
 * Each process has other hashes, so that nobody can choose keys that collide;
 * two keys of one hash only wait for each other without need. All zero is valid
 * and empty.
 */
struct keyset {
	struct keyset_slot {
		uint64_t hash; /* 0: free */
		void *owner;
		size_t at; /* the key's row in owner */
	} * v;
	size_t n, cap; /* cap is a power of two, or 0 */
};

void keyset_fini(struct keyset *k);
/* The hash of a key, never 0. num is the number of its collection. */
uint64_t keyset_hash(uint64_t num, const void *key, size_t len);
/* The owner of a key, or NULL. */
void *keyset_get(const struct keyset *k, uint64_t hash);
/* The key's row in its owner; 0 if there is no owner. */
size_t keyset_at(const struct keyset *k, uint64_t hash);
/* Make owner the holder of this key; replaces any other. */
void keyset_put(struct keyset *k, uint64_t hash, void *owner, size_t at);
/* Remove the key, unless it has another owner by now. */
void keyset_del(struct keyset *k, uint64_t hash, const void *owner);

#endif
