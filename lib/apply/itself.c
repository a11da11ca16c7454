#include <inttypes.h>
#include <string.h>

#include "apply/priv.h"
#include "base/err.h"
#include "base/log.h"
#include "milvus/born.h"

static int
own(struct apply *a, const char *why, struct err *e)
{
	a->never_aside = 1;
	return err_set(e, ERR_DATA,
	    "target '%s' " MILVUS_ITSELF ", %s: what is written there would "
	    "come back, again and again; choose another target (-T)",
	    a->conf->milvus.grpc.uri, why);
}

int
self_same(struct apply *a, struct err *e)
{
	int64_t born;

	if (opline_int(&a->op, "born", 0, &born, e) == -1)
		return err_wrap(e, "'born'");
	if (born == 0 || a->who.source == 0 || a->who.source == born)
		return 0;
	return err_set(e, ERR_DATA,
	    "this stream is of source '%s@%" PRId64 "', the one before of "
	    "'%s@%" PRId64 "'; apply each by itself",
	    a->op.cluster.ptr, born, a->cluster, a->who.source);
}

int
self_begin(struct apply *a, struct err *e)
{
	int64_t born;

	if (opline_int(&a->op, "born", 0, &born, e) == -1)
		return err_wrap(e, "'born'");
	if (born != 0)
		a->who.source = born;
	if (born == 0 || (uint64_t)born != a->who.born)
		return 0;
	if (a->op.task.len > 0)
		return own(a, "made at the same moment", e);
	log_warn("target '%s' is the Milvus that this stream is of",
	    a->conf->milvus.grpc.uri);
	return 0;
}

int
self_line(struct apply *a, struct err *e)
{
	return identity_is_own(a)
		   ? own(a, "which has this very collection, by its id", e)
		   : 0;
}

static int
same_coll(struct apply *a, const struct coll *c, struct err *e)
{
	if (c == NULL || c->id == 0 || c->id != apply_coll_id(a))
		return 0;
	return own(a, "which has this very collection, by its id", e);
}

/*
 * Looks the collection up under its name at the source. Without a rename that
 * was done just before.
 */
int
self_new(struct apply *a, struct err *e)
{
	struct coll *c;
	int rc;

	if (strcmp(a->db, a->op.db.ptr) == 0 &&
	    strcmp(a->coll, a->op.coll.ptr) == 0)
		return 0;
	rc = colls_get(&a->colls, a->m, a->op.db.ptr, a->op.coll.ptr, &c, e);
	return rc == 0 ? same_coll(a, c, e) : rc == 1 ? 0 : -1;
}

int
apply_find(struct apply *a, struct coll **c, struct err *e)
{
	int rc = colls_get(&a->colls, a->m, a->db, a->coll, c, e);

	return rc == 0 ? same_coll(a, *c, e) : rc;
}
