#include "meta/meta.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "meta/keys.h"
#include "meta/priv.h"
#include "model/pattern_met.h"

struct meta *
meta_new(const struct meta_conf *conf, struct etcd *etcd, struct out *out)
{
	struct meta *m = x_calloc(1, sizeof *m);

	m->conf = conf;
	m->etcd = etcd;
	m->out = out;
	m->rev = conf->rev;
	m->base = x_asprintf("%s/%s", conf->root, conf->meta_path);
	return m;
}

void
meta_free(struct meta *m)
{
	if (m == NULL)
		return;
	metastore_free(m->store);
	buf_fini(&m->line);
	buf_fini(&m->body);
	free(m->changes);
	free(m->witness.key);
	free(m->base);
	free(m);
}

static int
is_empty(const struct meta *m)
{
	size_t n;

	metastore_all(m->store, ITEM_DB, &n);
	if (n == 0)
		metastore_all(m->store, ITEM_COLL, &n);
	return n == 0;
}

int
meta_read(struct meta *m, struct err *e)
{
	const struct keys *keys = keys_of(m, e);

	if (keys == NULL)
		return -1;
	metastore_free(m->store);
	m->store = metastore_new(keys);
	m->n_changes = 0;
	m->first = m->last = 0;
	if (meta_fetch_all(m, KEYS_ALL, e) == -1)
		return -1;
	if (is_empty(m))
		return metaroots_explain(
		    m->etcd, m->conf->root, m->conf->meta_path, m->rev, e);
	return meta_fetch_wanted(m, e);
}

int
meta_meets(const struct meta *m, int live, struct err *e)
{
	struct meets met;
	struct meta_name name;
	struct item *const *v;
	size_t n;
	int rc;

	meets_init(&met, "pattern", &m->conf->patterns, NULL);
	v = meta_heads(m->store, META_DATABASE, &n);
	for (size_t i = 0; i < n; i++) {
		meta_db_name(m->store, v[i]->a, name.db);
		meets_db(&met, name.db);
	}
	v = meta_heads(m->store, META_COLLECTION, &n);
	for (size_t i = 0; i < n; i++) {
		int state = meta_coll_name(m->store, v[i]->a, &name);
		int dead = state == STATE_DROPPING || state == STATE_DROPPED;

		meets_coll(&met, name.db, name.coll,
		    live && dead ? MEET_DROPPED : MEET_LIVE);
	}
	rc = meets_check(
	    &met, "the source", m->conf->allow_none || m->conf->follow, e);
	meets_fini(&met);
	return rc;
}
