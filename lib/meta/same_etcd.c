#include <inttypes.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "meta/priv.h"

/*
 * An etcd that was restored from a snapshot may grow past the revision that is
 * waited for before it is asked again. Then neither its revisions nor its id
 * show the restore. But the revision of the witness, the newest key that was
 * read, then belongs to another key, or to none. Until that revision is
 * compacted, etcd tells what it was; after that, a witness with an older
 * revision shows the restore.
 *
 * A witness that was removed, or written again since, shows nothing once its
 * revision is compacted.
 */

static struct hash
hash_of(const void *p, size_t n)
{
	struct hash h = { 0 };

	hash_bytes(&h, p, n);
	return h;
}

void
meta_witness_note(struct meta *m, const struct etcd_kv *kv)
{
	struct meta_witness *w = &m->witness;

	if (kv->deleted || kv->mod < w->mod)
		return;
	free(w->key);
	w->key = x_strndup(kv->key, kv->key_len);
	w->mod = kv->mod;
	w->value = hash_of(kv->value, kv->value_len);
}

struct found {
	int64_t mod; /* 0: there is no such key */
	struct hash value;
};

static int
on_key(void *arg, const struct etcd_kv *kv, struct err *e)
{
	struct found *f = arg;

	(void)e;
	f->mod = kv->mod;
	f->value = hash_of(kv->value, kv->value_len);
	return 0;
}

static int
is_another(const struct meta *m, const struct found *f)
{
	return f->mod != m->witness.mod ||
	       !hash_equal(&f->value, &m->witness.value);
}

/* The witness's revision is compacted: compare with the key as it is now. */
static int
ask_now(struct meta *m, struct found *f, int64_t *now, struct err *e)
{
	struct etcd_range r = { .from = m->witness.key };

	err_clear(e);
	if (etcd_range(m->etcd, &r, on_key, f, now, e) == -1)
		return -1;
	return f->mod == 0 || f->mod > m->witness.mod ? 0 : is_another(m, f);
}

int
meta_same(struct meta *m, struct err *e)
{
	struct etcd_range r = { .from = m->witness.key, .rev = m->witness.mod };
	struct found f = { 0 };
	int64_t now;
	int other;

	if (r.from == NULL)
		return 0;
	if (etcd_range(m->etcd, &r, on_key, &f, &now, e) == 0)
		other = is_another(m, &f);
	else if (e->kind == ERR_GONE)
		other = ask_now(m, &f, &now, e);
	else
		return -1;
	if (other == 1)
		err_set(e, ERR_BACK,
		    "etcd '%s' went back: cluster %s is at revision %" PRId64
		    ", and has forgotten its revision %" PRId64
		    ", which was of key '%s'",
		    etcd_endpoint(m->etcd), etcd_cluster(m->etcd), now, r.rev,
		    r.from);
	return other == 0 ? 0 : -1;
}
