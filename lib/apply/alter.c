#include <stdlib.h>
#include <string.h>

#include "service.pb-c.h"

#include "apply/priv.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

/* AlterIndex and AlterCollectionField: what is set and what goes. */
static int
call(struct apply *a, const char *method, const char *name,
    const struct kvs *params, const json_t *gone, struct mv_status *s,
    struct err *e)
{
	Pb__AlterRequest req = PB__ALTER_REQUEST__INIT;
	int rc;

	req.db_name = mv_str(a->db);
	req.collection_name = mv_str(a->coll);
	req.name = mv_str(name);
	req.n_params = params->n;
	req.params = apply_pairs(params);
	req.delete_keys = x_calloc(json_array_size(gone) + 1, sizeof(char *));
	for (; req.n_delete_keys < json_array_size(gone); req.n_delete_keys++)
		req.delete_keys[req.n_delete_keys] = mv_str(
		    json_string_value(json_array_get(gone, req.n_delete_keys)));
	rc = apply_call(
	    a, method, apply_label(a->db, a->coll, name), &req.base, s, e);
	apply_pairs_free(req.params);
	free(req.delete_keys);
	return rc;
}

/* "delete" of a line is absent, or a list of texts. */
static int
are_texts(const json_t *list, struct err *e)
{
	size_t i;
	const json_t *x;

	if (list != NULL && !json_is_array(list))
		return err_set(e, ERR_DATA, "'delete' is no list");
	json_array_foreach(list, i, x) if (!json_is_string(x)) return err_set(
	    e, ERR_DATA, "'delete' has what is no text");
	return 0;
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

static int
alter(struct apply *a, const char *method, const char *key, struct err *e)
{
	const char *what;
	const json_t *gone = json_object_get(a->op.doc, "delete");
	const char *name;
	struct kvs params = { 0 };
	struct mv_status s;
	int rc;

	if (opline_str(&a->op, key, &name, e) == -1 || are_texts(gone, e) == -1)
		return -1;
	if ((rc = op_kvs(&a->op, "params", &params, e)) == 0)
		rc = call(a, method, name, &params, gone, &s, e);
	kvs_fini(&params);
	what = apply_label(a->db, a->coll, name);
	return rc == 1 ? refused(method, what, &s, strcmp(key, "index") == 0, e)
		       : rc;
}

int
do_alter_index(struct apply *a, struct err *e)
{
	return alter(a, "AlterIndex", "index", e);
}

int
do_alter_field(struct apply *a, struct err *e)
{
	int rc = alter(a, "AlterCollectionField", "field", e);

	colls_forget(&a->colls, a->db, a->coll);
	return rc;
}

/* What Milvus can change of a field that is there. */
static void
other(const struct field *f, const struct field *have, struct kvs *out)
{
	static const char *const keys[] = { "max_length", "max_capacity",
		"mmap.enabled" };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const char *want = kvs_get(&f->params, keys[i]);
		const char *is = kvs_get(&have->params, keys[i]);

		if (want != NULL && (is == NULL || strcmp(want, is) != 0))
			kvs_set(out, keys[i], want);
	}
}

static int
field_alter(
    struct apply *a, const struct field *f, struct field *have, struct err *e)
{
	struct kvs params = { 0 };
	struct mv_status s;
	int rc = 0;

	other(f, have, &params);
	if (params.n > 0)
		rc = call(
		    a, "AlterCollectionField", f->name, &params, NULL, &s, e);
	for (size_t i = 0; rc == 0 && i < params.n; i++)
		kvs_set(&have->params, params.v[i].key, params.v[i].value);
	kvs_fini(&params);
	if (rc == 1) /* the comparison says what is wrong */
		log_info("AlterCollectionField %s: %s",
		    apply_label(a->db, a->coll, f->name), s.reason);
	return rc == -1 ? -1 : 0;
}

int
fields_alter(
    struct apply *a, const struct schema *s, struct schema *have, struct err *e)
{
	for (size_t i = 0; i < have->n; i++) {
		const struct field *f = schema_field(s, have->v[i].name);

		if (f != NULL && field_alter(a, f, &have->v[i], e) == -1)
			return -1;
	}
	return 0;
}
