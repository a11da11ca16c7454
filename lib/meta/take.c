#include <string.h>

#include "meta/priv.h"

struct item *
meta_apply(struct meta *m, const struct etcd_kv *kv)
{
	size_t n = strlen(m->base);
	struct item *i;

	if (strncmp(kv->key, m->base, n) != 0 || kv->key[n] != '/' ||
	    strlen(kv->key) != kv->key_len)
		return NULL;
	if (kv->deleted)
		return metastore_delete(m->store, kv->key + n + 1);
	i = metastore_put(m->store, kv->key + n + 1, kv->value, kv->value_len);
	if (i != NULL)
		i->mod = kv->mod;
	if (i != NULL && i->kind == ITEM_COLL)
		metastore_make(m->store, ITEM_HEAD, i->a, 0, "");
	return i;
}

int
meta_wants(const struct meta *m, int64_t coll)
{
	struct meta_name name;

	if (m->conf->patterns.n == 0)
		return 1;
	meta_coll_name(m->store, coll, &name);
	/* one that does not parse has no name: its line says why */
	return name.coll[0] == '\0' ||
	       patterns_match(&m->conf->patterns, name.db, name.coll);
}
