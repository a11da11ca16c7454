#include "milvus/keyset.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

enum { FIRST_CAP = 1024 };

void
keyset_fini(struct keyset *k)
{
	free(k->v);
	memset(k, 0, sizeof *k);
}

uint64_t
keyset_hash(uint64_t num, const void *key, size_t len)
{
	uint64_t h = hash_key(num, key, len);

	return h == 0 ? 1 : h;
}

static size_t
place(const struct keyset *k, uint64_t hash)
{
	size_t i = (size_t)hash & (k->cap - 1);

	while (k->v[i].hash != 0 && k->v[i].hash != hash)
		i = (i + 1) & (k->cap - 1);
	return i;
}

void *
keyset_get(const struct keyset *k, uint64_t hash)
{
	return k->cap == 0 ? NULL : k->v[place(k, hash)].owner;
}

size_t
keyset_at(const struct keyset *k, uint64_t hash)
{
	return k->cap == 0 ? 0 : k->v[place(k, hash)].at;
}

static void
grow(struct keyset *k)
{
	struct keyset old = *k;

	k->cap = old.cap == 0 ? FIRST_CAP : 2 * old.cap;
	k->v = x_calloc(k->cap, sizeof *k->v);
	for (size_t i = 0; i < old.cap; i++)
		if (old.v[i].hash != 0)
			k->v[place(k, old.v[i].hash)] = old.v[i];
	free(old.v);
}

void
keyset_put(struct keyset *k, uint64_t hash, void *owner, size_t at)
{
	size_t i;

	if (2 * (k->n + 1) > k->cap)
		grow(k);
	i = place(k, hash);
	k->n += k->v[i].hash == 0;
	k->v[i].hash = hash;
	k->v[i].owner = owner;
	k->v[i].at = at;
}

/* Later entries of the same run move up, so that they are still found. */
void
keyset_del(struct keyset *k, uint64_t hash, const void *owner)
{
	size_t i, j, mask = k->cap - 1;

	if (k->cap == 0 || k->v[i = place(k, hash)].hash == 0 ||
	    k->v[i].owner != owner)
		return;
	k->n--;
	for (j = (i + 1) & mask; k->v[j].hash != 0; j = (j + 1) & mask) {
		size_t home = (size_t)k->v[j].hash & mask;

		if (((j - home) & mask) < ((j - i) & mask))
			continue;
		k->v[i] = k->v[j];
		i = j;
	}
	memset(&k->v[i], 0, sizeof k->v[i]);
}
