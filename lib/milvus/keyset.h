#ifndef CDC_MILVUS_KEYSET_H
#define CDC_MILVUS_KEYSET_H

#include <stddef.h>
#include <stdint.h>

/*
 * Which primary keys are on their way to the target, and in which request; in
 * the last of them, if there are several.
 * Keys are known by a hash of collection and key, another one in each process,
 * so that nobody can choose keys that crowd in one place: two keys of one hash
 * only wait for each other without need. All zero is valid and empty.
 */
struct keyset {
	struct keyset_slot {
		uint64_t hash; /* 0: free */
		void *owner;
		size_t at; /* the key's place in it */
	} * v;
	size_t n, cap; /* cap is a power of two, or 0 */
};

void keyset_fini(struct keyset *k);
/* Never 0. num tells collections apart. */
uint64_t keyset_hash(uint64_t num, const void *key, size_t len);
/* The owner, or NULL. */
void *keyset_get(const struct keyset *k, uint64_t hash);
/* And its place there; 0 if there is no owner. */
size_t keyset_at(const struct keyset *k, uint64_t hash);
/* From now on it is owner's, whose ever it was. */
void keyset_put(struct keyset *k, uint64_t hash, void *owner, size_t at);
/* Unless it is another's by now. */
void keyset_del(struct keyset *k, uint64_t hash, const void *owner);

#endif
