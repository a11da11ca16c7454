#include "apply/priv.h"

#include <string.h>

#include "service.pb-c.h"

#include "base/err.h"
#include "base/log.h"

/*
 * The databases that the target had when it was asked, and those made since.
 * This is enough to decide what to ask at the start. For a create line, the
 * target itself is asked.
 */
void
know_databases(struct apply *a, const struct textset *dbs, uint64_t born)
{
	kvs_fini(&a->dbs);
	a->who.born = born;
	for (size_t i = 0; i < dbs->n; i++)
		kvs_set(&a->dbs, dbs->v[i], "");
}

/*
 * Asks the target: 1 if it has the database. A refusal of CreateDatabase does
 * not tell.
 */
static int
look_for(struct apply *a, const char *db, struct err *e)
{
	struct textset dbs = { 0 };
	uint64_t born;
	struct mv_status s;
	int rc = milvus_databases(a->m, &dbs, &born, &s, e);

	if (rc == 0)
		know_databases(a, &dbs, born);
	textset_fini(&dbs);
	if (rc != 0)
		return rc == 1 ? apply_refused("ListDatabases", "*", &s, e)
			       : -1;
	return kvs_get(&a->dbs, db) != NULL;
}

static int
create(struct apply *a, const char *db, const struct kvs *props, struct err *e)
{
	Pb__DatabaseRequest req = PB__DATABASE_REQUEST__INIT;
	struct mv_status s;
	int rc;

	if (kvs_get(&a->dbs, db) != NULL)
		return 0;
	req.db_name = mv_str(db);
	req.n_properties = props->n;
	req.properties = apply_pairs(props);
	rc = apply_call(a, "CreateDatabase", db, &req.base, &s, e);
	apply_pairs_free(req.properties);
	/* Another client was faster, or the answer to a first try was lost. */
	if (rc == 1 && (rc = look_for(a, db, e)) == 0)
		return apply_refused("CreateDatabase", db, &s, e);
	if (rc == -1)
		return -1;
	kvs_set(&a->dbs, db, "");
	return 0;
}

int
do_create_database(struct apply *a, struct err *e)
{
	const char *db = names_db(&a->conf->rename, a->op.db.ptr);
	struct kvs props = { 0 };
	int rc = op_kvs(&a->op, "properties", &props, e);

	/* This shard does not drop it, but another shard may have. */
	if (!a->op.ensure && !a->conf->dry_run)
		kvs_unset(&a->dbs, db);
	if (rc == 0)
		rc = create(a, db, &props, e);
	kvs_fini(&props);
	return rc;
}

int
ensure_database(struct apply *a, const char *db, struct err *e)
{
	struct kvs none = { 0 };

	return strcmp(db, DEFAULT_DB) == 0 ? 0 : create(a, db, &none, e);
}

int
do_drop_database(struct apply *a, struct err *e)
{
	const char *db = names_db(&a->conf->rename, a->op.db.ptr);
	Pb__DatabaseRequest req = PB__DATABASE_REQUEST__INIT;
	struct mv_status s;
	int rc;

	if (strcmp(db, DEFAULT_DB) == 0)
		return 0; /* it always exists */
	req.db_name = mv_str(db);
	rc = apply_call(a, "DropDatabase", db, &req.base, &s, e);
	kvs_unset(&a->dbs, db);
	if (rc == 1 && s.class == MV_ABSENT)
		return 0;
	if (rc == 1 && strstr(s.reason, "not empty") != NULL) {
		log_warn("database '%s' is left at the target: it has "
			 "collections that are not of this stream",
		    db);
		return 0;
	}
	return rc == 1 ? apply_refused("DropDatabase", db, &s, e) : rc;
}

int
do_alter_database(struct apply *a, struct err *e)
{
	const char *db = names_db(&a->conf->rename, a->op.db.ptr);
	Pb__AlterDatabaseRequest req = PB__ALTER_DATABASE_REQUEST__INIT;
	struct kvs props = { 0 };
	char **gone = NULL;
	int rc = op_kvs(&a->op, "properties", &props, e);

	req.db_name = mv_str(db);
	if (rc == 0 && props.n > 0) {
		req.n_properties = props.n;
		req.properties = apply_pairs(&props);
		rc = apply_must(a, "AlterDatabase", db, &req.base, 0, e);
		apply_pairs_free(req.properties);
		req.n_properties = 0;
		req.properties = NULL;
	}
	if (rc == 0)
		rc = op_texts(&a->op, "delete", &gone, &req.n_delete_keys, e);
	req.delete_keys = gone;
	if (rc == 0 && req.n_delete_keys > 0)
		rc = apply_must(a, "AlterDatabase", db, &req.base, 0, e);
	kvs_fini(&props);
	free(gone);
	return rc;
}
