#include "apply/priv.h"

#include <string.h>

#include "service.pb-c.h"

#include "base/err.h"
#include "base/log.h"

static int
create(struct apply *a, const char *field, const char *index,
    const struct kvs *params, struct mv_status *s, struct err *e)
{
	Pb__CreateIndexRequest req = PB__CREATE_INDEX_REQUEST__INIT;
	int rc;

	req.db_name = mv_str(a->db);
	req.collection_name = mv_str(a->coll);
	req.field_name = mv_str(field);
	req.index_name = mv_str(index);
	req.n_extra_params = params->n;
	req.extra_params = apply_pairs(params);
	rc = apply_call(a, "CreateIndex", apply_label(a->db, a->coll, index),
	    &req.base, s, e);
	apply_pairs_free(req.extra_params);
	return rc;
}

static int
drop(struct apply *a, const char *field, const char *index, struct mv_status *s,
    struct err *e)
{
	Pb__IndexRequest req = PB__INDEX_REQUEST__INIT;
	int rc;

	req.db_name = mv_str(a->db);
	req.collection_name = mv_str(a->coll);
	req.field_name = mv_str(field);
	req.index_name = mv_str(index);
	rc = apply_call(a, "DropIndex", apply_label(a->db, a->coll, index),
	    &req.base, s, e);
	if (rc == 1 && s->class == MV_ABSENT)
		return 0;
	return rc;
}

/* The name of the target's index on a field, "" if it has none. */
static int
name_on(struct apply *a, const char *field, struct buf *name, struct err *e)
{
	struct vindexes x = { 0 };
	struct mv_status s;
	int rc = milvus_indexes(a->m, a->db, a->coll, &x, &s, e);

	buf_clear(name);
	buf_adds(name, "");
	for (size_t i = 0; rc == 0 && i < x.n; i++)
		if (strcmp(x.v[i].field, field) == 0) {
			buf_clear(name);
			buf_adds(name, x.v[i].name);
		}
	vindexes_fini(&x);
	if (rc == 1 && s.class == MV_ABSENT)
		return 0;
	return rc == 1 ? apply_refused("DescribeIndex",
			     apply_label(a->db, a->coll, field), &s, e)
		       : rc;
}

static int
drop_released(struct apply *a, const char *field, const char *index,
    struct mv_status *s, struct err *e)
{
	int rc = drop(a, field, index, s, e);

	if (rc != 1 || strstr(s->reason, "release") == NULL)
		return rc;
	if ((rc = coll_call(a, "ReleaseCollection", a->db, a->coll, s, e)) == 0)
		rc = drop(a, field, index, s, e);
	return rc;
}

/* Replaces another index on the field, and loads the collection again. */
static int
replace(struct apply *a, const char *field, const char *index,
    const struct kvs *params, struct mv_status *s, struct err *e)
{
	struct vload was = { 0 };
	struct buf old = { 0 };
	int rc = name_on(a, field, &old, e);

	if (rc == 0 && old.len == 0)
		rc = 1; /* *s says what else is wrong */
	if (rc == 0)
		rc = loaded_get(a, a->db, a->coll, &was, e);
	if (rc == 0) {
		log_warn("index '%s' on field '%s' of '%s.%s' at the target "
			 "is another one, and is made anew",
		    old.ptr, field, a->db, a->coll);
		rc = drop_released(a, field, old.ptr, s, e);
	}
	if (rc == 0)
		rc = create(a, field, index, params, s, e);
	if (rc == 0)
		rc = loaded_restore(a, a->db, a->coll, &was, NULL, e);
	vload_fini(&was);
	buf_fini(&old);
	return rc;
}

int
do_create_index(struct apply *a, struct err *e)
{
	const char *field, *index;
	struct kvs params = { 0 };
	struct mv_status s = { 0 };
	int rc;

	if (opline_str(&a->op, "field", &field, e) == -1 ||
	    opline_str(&a->op, "index", &index, e) == -1)
		return -1;
	if ((rc = op_kvs(&a->op, "params", &params, e)) == 0)
		rc = create(a, field, index, &params, &s, e);
	if (rc == 1 && (s.class == MV_FAIL || s.class == MV_ODD))
		rc = replace(a, field, index, &params, &s, e);
	if (rc == 1)
		rc = apply_refused(
		    "CreateIndex", apply_label(a->db, a->coll, index), &s, e);
	kvs_fini(&params);
	return rc;
}

int
do_drop_index(struct apply *a, struct err *e)
{
	const char *field, *index;
	struct mv_status s;
	int rc;

	if (opline_str(&a->op, "field", &field, e) == -1 ||
	    opline_str(&a->op, "index", &index, e) == -1)
		return -1;
	rc = drop_released(a, field, index, &s, e);
	return rc == 1 ? apply_refused("DropIndex",
			     apply_label(a->db, a->coll, index), &s, e)
		       : rc;
}
