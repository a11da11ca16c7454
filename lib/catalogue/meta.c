#include "catalogue/meta.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "catalogue/priv.h"
#include "catalogue/roots.h"
#include "format/format.h"
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
	m->store = metastore_new();
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

static int
on_kv(void *arg, const struct etcd_kv *kv, struct err *e)
{
	(void)e;
	meta_witness_note(arg, kv);
	meta_apply(arg, kv);
	return 0;
}

static int
on_any(void *arg, const struct etcd_kv *kv, struct err *e)
{
	int *any = arg;

	(void)kv;
	(void)e;
	*any = 1;
	return 0;
}

/* The families to read; plain keys stand before their snapshots. */
static const struct {
	const char *prefix;
	enum meta_kind kind; /* only for this one; META_KINDS: always */
} families[] = {
	{ "root-coord/", META_KINDS },
	{ "snapshots/root-coord/", META_KINDS },
	{ "field-index/", META_INDEX },
	{ "querycoord-collection-loadinfo/", META_LOAD },
	{ "querycoord-partition-loadinfo/", META_LOAD },
	{ "datacoord-meta/channel-cp/", META_CHECKPOINT },
	{ "importtask/", META_IMPORT },
};

static int
read_family(struct meta *m, const char *prefix, struct err *e)
{
	char *path = x_asprintf("%s/%s", m->base, prefix);
	int rc = etcd_scan(m->etcd, path, &m->rev, on_kv, m, e);

	free(path);
	return rc;
}

/* Milvus 2.6 keeps its log in streaming nodes. */
static int
refuse_streaming(struct meta *m, struct err *e)
{
	char *path = x_asprintf("%s/streamingcoord-meta/", m->base);
	char *end = etcd_prefix_end(path);
	struct etcd_range r = {
		.from = path,
		.end = end,
		.rev = m->rev,
		.limit = 1,
		.keys_only = 1,
	};
	struct buf versions = { 0 };
	int64_t now;
	int any = 0, rc;

	rc = etcd_range(m->etcd, &r, on_any, &any, &now, e);
	free(path);
	free(end);
	if (rc == -1 || !any)
		return rc == -1 ? -1 : 0;
	format_versions(&versions);
	err_set(e, ERR_DATA,
	    "'%s' is a Milvus 2.6 or later (it has 'streamingcoord-meta/'): "
	    "its log cannot be read, sources are %s",
	    m->conf->root, versions.ptr);
	buf_fini(&versions);
	return -1;
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
	unsigned kinds = m->conf->kinds;

	metastore_free(m->store);
	m->store = metastore_new();
	m->n_changes = 0;
	for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
		if (families[i].kind != META_KINDS && kinds != 0 &&
		    (kinds & 1u << families[i].kind) == 0)
			continue;
		if (read_family(m, families[i].prefix, e) == -1)
			return m->rev == 0
				   ? -1
				   : err_wrap(e, "revision %" PRId64, m->rev);
		if (i == 0 && refuse_streaming(m, e) == -1)
			return -1;
		if (i == 0 && is_empty(m))
			return metaroots_explain(m->etcd, m->conf->root,
			    m->conf->meta_path, m->rev, e);
	}
	return 0;
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
