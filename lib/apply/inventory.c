#include "apply/priv.h"

#include <string.h>

#include "base/err.h"
#include "base/log.h"

static int
refused(const struct apply *a, const struct inventory *v,
    const struct mv_status *s, struct err *e)
{
	if (strcmp(v->method, "GetVersion") == 0)
		return err_set(e, ERR_DATA, "target '%s': %s",
		    a->conf->milvus.grpc.uri, s->reason);
	return apply_refused(v->method, v->about, s, e);
}

int
apply_meet(struct apply *a, struct err *e)
{
	struct inventory v = { 0 };
	struct mv_status s;
	int rc = milvus_inventory(a->m, &v, &s, e);

	if (v.version[0] != '\0')
		log_info("target '%s' is Milvus %s", a->conf->milvus.grpc.uri,
		    v.version);
	if (rc == 1)
		rc = refused(a, &v, &s, e);
	if (rc == 0)
		know_databases(a, &v.dbs, v.born);
	for (size_t i = 0; i < v.n && rc == 0; i++)
		identity_put(&a->who, v.v[i].id, v.v[i].db, v.v[i].name);
	inventory_fini(&v);
	return rc;
}
