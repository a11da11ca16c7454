#include "apply/priv.h"

#include <stdlib.h>
#include <string.h>

#include "service.pb-c.h"

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

enum { MAX_REPLICAS = 1024 };

static int
replicas(struct apply *a, const char *db, const char *coll, struct err *e)
{
	int rc = ask_replicas(a->m, db, coll, e);

	return rc == 0 ? 1 : rc;
}

int
loaded_get(struct apply *a, const char *db, const char *coll, struct vload *l,
    struct err *e)
{
	struct textset parts = { 0 };
	struct mv_status s;
	int rc = ask_load_state(a->m, db, coll, NULL, e);

	if (rc < MV_LOADING)
		return rc == -1 ? -1 : 0;
	rc = milvus_partitions(a->m, db, coll, &parts, &s, e);
	if (rc == 0)
		rc = ask_load_parts(a->m, db, coll, &parts, l, e);
	textset_fini(&parts);
	if (rc == -1)
		vload_fini(l);
	if (l->replicas == 0)
		l->replicas = 1;
	return rc == 1 ? apply_refused("ShowPartitions",
			     apply_label(db, coll, NULL), &s, e)
		       : rc;
}

static int
load_all(struct apply *a, const char *db, const char *coll, int n,
    struct mv_status *s, struct err *e)
{
	Pb__LoadCollectionRequest req = PB__LOAD_COLLECTION_REQUEST__INIT;

	req.db_name = mv_str(db);
	req.collection_name = mv_str(coll);
	req.replica_number = n;
	return apply_call(
	    a, "LoadCollection", apply_label(db, coll, NULL), &req.base, s, e);
}

int
parts_call(struct apply *a, const char *method, const char *db,
    const char *coll, char **parts, size_t nparts, int n, struct mv_status *s,
    struct err *e)
{
	Pb__PartitionsRequest req = PB__PARTITIONS_REQUEST__INIT;
	struct buf what = { 0 };
	int rc;

	buf_adds(&what, apply_label(db, coll, NULL));
	for (size_t i = 0; i < nparts; i++)
		buf_addf(&what, "%c%s", i == 0 ? '/' : ',', parts[i]);
	req.db_name = mv_str(db);
	req.collection_name = mv_str(coll);
	req.n_partition_names = nparts;
	req.partition_names = parts;
	req.replica_number = n;
	rc = apply_call(a, method, what.ptr, &req.base, s, e);
	buf_fini(&what);
	return rc;
}

int
loaded_restore(struct apply *a, const char *db, const char *coll,
    const struct vload *l, const char *without, struct err *e)
{
	struct mv_status s;
	char **parts;
	size_t n = 0;
	int rc;

	if (!l->any)
		return 0;
	if (l->all) {
		rc = load_all(a, db, coll, l->replicas, &s, e);
		return rc == 1 ? apply_refused("LoadCollection",
				     apply_label(db, coll, NULL), &s, e)
			       : rc;
	}
	parts = x_calloc(l->parts.n + 1, sizeof *parts);
	for (size_t i = 0; i < l->parts.n; i++)
		if (without == NULL || strcmp(l->parts.v[i], without) != 0)
			parts[n++] = l->parts.v[i];
	rc = n == 0 ? 0
		    : parts_call(a, "LoadPartitions", db, coll, parts, n,
			  l->replicas, &s, e);
	free(parts);
	return rc == 1 ? apply_refused("LoadPartitions",
			     apply_label(db, coll, NULL), &s, e)
		       : rc;
}

/*
 * 1 if the target cannot hold so many replicas, or has another number loaded.
 */
static int
about_replicas(const struct mv_status *s)
{
	return strstr(s->reason, "replica") != NULL ||
	       strstr(s->reason, "enough nodes") != NULL;
}

static int
load_refused(struct apply *a, const struct mv_status *s, struct err *e)
{
	if (s->code == MVC_NO_INDEX ||
	    strstr(s->reason, "no vector index") != NULL)
		return err_set(e, ERR_DATA,
		    "the collection has no index at the target, and cannot be "
		    "loaded without: %s",
		    s->reason);
	return apply_refused("Load", apply_label(a->db, a->coll, NULL), s, e);
}

static int
replica_count(struct apply *a, int *n, struct err *e)
{
	int64_t v;

	if (opline_int(&a->op, "replicas", 1, &v, e) == -1)
		return -1;
	if (v < 0 || v > MAX_REPLICAS)
		return err_set(e, ERR_DATA, "'replicas' is too large");
	*n = v == 0 ? 1 : (int)v;
	return 0;
}

static int
load(struct apply *a, char **parts, size_t nparts, int n, struct mv_status *s,
    struct err *e)
{
	if (parts == NULL)
		return load_all(a, a->db, a->coll, n, s, e);
	return parts_call(
	    a, "LoadPartitions", a->db, a->coll, parts, nparts, n, s, e);
}

/*
 * Loads with the source's number of replicas. If the target cannot, takes the
 * number that is loaded already, or one, with a warning.
 */
static int
load_op(struct apply *a, char **parts, size_t nparts, struct err *e)
{
	struct mv_status s;
	int n = 1, rc, there;

	if (replica_count(a, &n, e) == -1)
		return -1;
	rc = load(a, parts, nparts, n, &s, e);
	if (rc != 1)
		return rc;
	if (!about_replicas(&s))
		return load_refused(a, &s, e);
	log_warn("collection '%s.%s' is not loaded with %d replicas at the "
		 "target: %s",
	    a->db, a->coll, n, s.reason);
	if ((there = replicas(a, a->db, a->coll, e)) == -1)
		return -1;
	rc = load(a, parts, nparts, there == n ? 1 : there, &s, e);
	return rc == 1 ? load_refused(a, &s, e) : rc;
}

int
do_load_collection(struct apply *a, struct err *e)
{
	return load_op(a, NULL, 0, e);
}

/* Judges a release: what is absent or not loaded counts as released. */
static int
released(struct apply *a, int rc, const struct mv_status *s, struct err *e)
{
	if (rc == 1 && (s->class == MV_ABSENT || s->code == MVC_NOT_LOADED))
		return 0;
	return rc == 1 ? apply_refused(
			     "Release", apply_label(a->db, a->coll, NULL), s, e)
		       : rc;
}

int
do_release_collection(struct apply *a, struct err *e)
{
	struct mv_status s;
	int rc = coll_call(a, "ReleaseCollection", a->db, a->coll, &s, e);

	return released(a, rc, &s, e);
}

/* The line's "parts"; the texts are borrowed from it. */
static int
op_parts(struct apply *a, char ***v, size_t *n, struct err *e)
{
	json_t *j = json_object_get(a->op.doc, "parts"), *p;
	size_t i;

	*n = 0;
	if (!json_is_array(j))
		return err_set(e, ERR_DATA, "'parts' is missing");
	*v = x_calloc(json_array_size(j) + 1, sizeof **v);
	json_array_foreach(j, i, p)
	{
		if (!json_is_string(p)) {
			free(*v);
			err_set(e, ERR_DATA, "'parts' are no names");
			return -1;
		}
		(*v)[(*n)++] = mv_str(json_string_value(p));
	}
	return 0;
}

int
do_load_partitions(struct apply *a, struct err *e)
{
	char **parts;
	size_t n;
	int rc;

	if (a->conf->one_part)
		return load_op(a, NULL, 0, e);
	if (op_parts(a, &parts, &n, e) == -1)
		return -1;
	rc = n == 0 ? 0 : load_op(a, parts, n, e);
	free(parts);
	return rc;
}

int
do_release_partitions(struct apply *a, struct err *e)
{
	char **parts;
	size_t n;
	struct mv_status s;
	int rc;

	if (a->conf->one_part)
		return 0;
	if (op_parts(a, &parts, &n, e) == -1)
		return -1;
	rc = n == 0 ? 0
		    : parts_call(a, "ReleasePartitions", a->db, a->coll, parts,
			  n, 0, &s, e);
	free(parts);
	return released(a, rc, &s, e);
}
