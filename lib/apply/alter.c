#include <stdlib.h>
#include <string.h>

#include "service.pb-c.h"

#include "apply/priv.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

/* Milvus takes what is set and what goes in calls of their own. */
int
coll_set(struct apply *a, const struct kvs *props, char **gone, size_t n_gone,
    struct err *e)
{
	Pb__AlterCollectionRequest req = PB__ALTER_COLLECTION_REQUEST__INIT;
	const char *what = apply_label(a->db, a->coll, NULL);
	int rc = 0;

	req.db_name = mv_str(a->db);
	req.collection_name = mv_str(a->coll);
	req.n_properties = props->n;
	req.properties = apply_pairs(props);
	if (props->n > 0)
		rc = apply_must(a, "AlterCollection", what, &req.base, 0, e);
	apply_pairs_free(req.properties);
	req.n_properties = 0;
	req.properties = NULL;
	req.n_delete_keys = n_gone;
	req.delete_keys = gone;
	if (rc == 0 && n_gone > 0)
		rc = apply_must(a, "AlterCollection", what, &req.base, 0, e);
	if ((props->n > 0 || n_gone > 0) && !a->conf->dry_run)
		colls_forget(&a->colls, a->db, a->coll);
	return rc;
}

/*
 * Leaves of the n names those that the target has: an older Milvus, which can
 * take nothing away, is not asked for nothing.
 */
static int
only_there(struct apply *a, char **gone, size_t *n, struct err *e)
{
	struct coll *c;
	size_t left = 0;
	int rc = *n == 0 ? 1 : apply_find(a, &c, e);

	for (size_t i = 0; rc == 0 && i < *n; i++)
		if (kvs_get(&c->properties, gone[i]) != NULL)
			gone[left++] = gone[i];
	if (rc == 0)
		*n = left;
	return rc == -1 ? -1 : 0;
}

/* What Milvus alters by names of its own among the properties. */
static void
others(const struct opline *o, struct kvs *props)
{
	static const struct {
		const char *key, *property;
	} v[] = { { "description", "collection.description" },
		{ "consistency", "consistency_level" } };

	for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
		const char *s =
		    json_string_value(json_object_get(o->doc, v[i].key));

		if (s != NULL)
			kvs_set(props, v[i].property, s);
	}
}

int
do_alter_collection(struct apply *a, struct err *e)
{
	struct kvs props = { 0 };
	char **gone = NULL;
	size_t n;
	int rc = op_kvs(&a->op, "properties", &props, e);

	others(&a->op, &props);
	if (rc == 0)
		rc = op_texts(&a->op, "delete", &gone, &n, e);
	if (rc == 0)
		rc = only_there(a, gone, &n, e);
	if (rc == 0)
		rc = coll_set(a, &props, gone, n, e);
	kvs_fini(&props);
	free(gone);
	return rc;
}

/*
 * Nothing else makes a collection empty and keeps what it is: rows of a
 * collection that is not loaded cannot be deleted, and one that is dropped and
 * made anew is lost if this program is killed in between.
 */
static int
cannot_truncate(const char *what, struct err *e)
{
	return err_set(e, ERR_DATA,
	    "the source has thrown away all rows of '%s' here, and the target "
	    "is older than TruncateCollection, a call of Milvus 2.6: delete "
	    "its rows there by hand and go on, this once, with "
	    "--skip=truncate_collection, or upgrade the target",
	    what);
}

/* All rows before it are answered; what is gone has none. */
int
do_truncate_collection(struct apply *a, struct err *e)
{
	const char *what;
	struct mv_status s;
	struct coll *c;
	int rc = apply_find(a, &c, e);

	if (rc != 0)
		return rc == 1 ? 0 : -1;
	if (own_may(a, c, "truncated", e) == -1)
		return -1;
	what = apply_label(a->db, a->coll, NULL);
	rc = coll_call(a, "TruncateCollection", a->db, a->coll, &s, e);
	if (rc == 1 && s.no_call)
		return cannot_truncate(what, e);
	return rc == 1 ? apply_refused("TruncateCollection", what, &s, e) : rc;
}

int
alter_call(struct apply *a, const char *method, const char *name,
    const struct kvs *params, char **gone, size_t n_gone, struct mv_status *s,
    struct err *e)
{
	Pb__AlterRequest req = PB__ALTER_REQUEST__INIT;
	int rc;

	req.db_name = mv_str(a->db);
	req.collection_name = mv_str(a->coll);
	req.name = mv_str(name);
	req.n_params = params->n;
	req.params = apply_pairs(params);
	req.n_delete_keys = n_gone;
	req.delete_keys = gone;
	rc = apply_call(
	    a, method, apply_label(a->db, a->coll, name), &req.base, s, e);
	apply_pairs_free(req.params);
	return rc;
}

/*
 * Parameters of an index change no row: a target that cannot alter them goes
 * on. A field's limit does, when a row is beyond it.
 */
static int
refused(const char *method, const char *what, const struct mv_status *s,
    int index, struct err *e)
{
	if (!index || !s->no_call)
		return apply_refused(method, what, s, e);
	log_warn("index '%s' is not altered at the target, which is older than "
		 "such a call",
	    what);
	return 0;
}

int
alter_line(struct apply *a, const char *method, const char *key, struct err *e)
{
	const char *name, *what;
	struct kvs params = { 0 };
	struct mv_status s = { 0 };
	char **gone = NULL;
	size_t n;
	int rc;

	if (opline_str(&a->op, key, &name, e) == -1)
		return -1;
	if ((rc = op_kvs(&a->op, "params", &params, e)) == 0)
		rc = op_texts(&a->op, "delete", &gone, &n, e);
	if (rc == 0)
		rc = alter_call(a, method, name, &params, gone, n, &s, e);
	kvs_fini(&params);
	free(gone);
	what = apply_label(a->db, a->coll, name);
	return rc == 1 ? refused(method, what, &s, strcmp(key, "index") == 0, e)
		       : rc;
}

int
do_alter_index(struct apply *a, struct err *e)
{
	return alter_line(a, "AlterIndex", "index", e);
}
