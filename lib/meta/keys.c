#include "meta/keys.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "format/format.h"
#include "meta/priv.h"

/*
 * The newest version first: a version has a mark that no older one has, and the
 * last row takes all sources without a mark.
 */
static const struct keys *const all[] = { &keys_v26, &keys_v23 };
enum { OLDEST = sizeof all / sizeof *all - 1 };

static int
on_any(void *arg, const struct etcd_kv *kv, struct err *e)
{
	int *any = arg;

	(void)kv;
	(void)e;
	*any = 1;
	return 0;
}

/* 1 if there is a key in this folder, 0 if not, -1. */
static int
is_there(const struct meta *m, const char *folder, struct err *e)
{
	char *path = x_asprintf("%s/%s", m->base, folder);
	char *end = etcd_prefix_end(path);
	struct etcd_range r = {
		.from = path,
		.end = end,
		.rev = m->rev,
		.limit = 1,
		.keys_only = 1,
	};
	int64_t now;
	int any = 0, rc;

	rc = etcd_range(m->etcd, &r, on_any, &any, &now, e);
	free(path);
	free(end);
	if (rc == -1)
		return m->rev == 0 ? -1
				   : err_wrap(e, "revision %" PRId64, m->rev);
	return any;
}

static const struct keys *
refuse(const struct meta *m, const struct keys *k, struct err *e)
{
	struct buf versions = { 0 };

	format_versions(&versions);
	err_set(e, ERR_DATA,
	    "'%s' is a Milvus %s or later (it has '%s'): its log cannot be "
	    "read, sources are %s",
	    m->conf->root, k->versions, k->mark, versions.ptr);
	buf_fini(&versions);
	return NULL;
}

const struct keys *
keys_of(const struct meta *m, struct err *e)
{
	size_t i = 0;
	int rc = 0;

	while (i < OLDEST && (rc = is_there(m, all[i]->mark, e)) == 0)
		i++;
	if (rc == -1)
		return NULL;
	return all[i]->families == NULL ? refuse(m, all[i], e) : all[i];
}
