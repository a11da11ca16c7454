#include "apply/priv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "service.pb-c.h"

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

enum { MAX_SHARDS = 1024, MAX_PARTITIONS = 1 << 20 };

/* common.proto ConsistencyLevel */
static int
consistency(const struct opline *o, int *level, struct err *e)
{
	static const char *const names[] = { "Strong", "Session", "Bounded",
		"Eventually", "Customized" };
	const json_t *j = json_object_get(o->doc, "consistency");
	const char *s = json_string_value(j);

	*level = 2;
	if (j == NULL)
		return 0;
	for (int i = 0; s != NULL && i < 5; i++)
		if (strcmp(s, names[i]) == 0) {
			*level = i;
			return 0;
		}
	return err_set(
	    e, ERR_DATA, "'consistency' is '%s'", s == NULL ? "no text" : s);
}

/* The collection is there already: compare it (law 2). */
static int
compare(struct apply *a, struct coll *c, const struct schema *s,
    const struct kvs *props, int shards, struct err *e)
{
	int ours = a->op.ensure || identity_is_known(a);
	struct kvs more = { 0 };
	int rc;

	if (fields_follow(a, s, &c, ours, e) == -1)
		return err_wrap(e,
		    "it is at the target already, with other fields (first: "
		    "the source, second: the target)");
	if (c->shards != shards && shards > 0 && c->shards > 0)
		log_warn("collection '%s.%s' has %d shards at the target and "
			 "%d at the source",
		    a->db, a->coll, c->shards, shards);
	kvs_missing(props, &c->properties, &more);
	rc = coll_set(a, &more, NULL, 0, e);
	kvs_fini(&more);
	return rc;
}

/*
 * If the name is an alias at the target, from an earlier or a later state, the
 * alias is dropped first.
 */
static int
create_call(struct apply *a, Pb__CreateCollectionRequest *req, struct err *e)
{
	Pb__DropAliasRequest alias = PB__DROP_ALIAS_REQUEST__INIT;
	const char *what = apply_label(a->db, a->coll, NULL);
	struct mv_status s;
	int rc = apply_call(a, "CreateCollection", what, &req->base, &s, e);

	if (rc == 1 && strstr(s.reason, "alias") != NULL) {
		alias.db_name = mv_str(a->db);
		alias.alias = mv_str(a->coll);
		if (apply_must(a, "DropAlias", what, &alias.base, 1, e) == -1)
			return -1;
		rc = apply_call(a, "CreateCollection", what, &req->base, &s, e);
	}
	return rc == 1 ? apply_refused("CreateCollection", what, &s, e) : rc;
}

static int
create(struct apply *a, struct schema *s, const struct kvs *props, int shards,
    struct err *e)
{
	Pb__CreateCollectionRequest req = PB__CREATE_COLLECTION_REQUEST__INIT;
	int64_t parts;
	uint8_t *packed;
	int rc, level;

	if (consistency(&a->op, &level, e) == -1 ||
	    opline_int(&a->op, "num_partitions", 0, &parts, e) == -1)
		return -1;
	if (s->functions > 0)
		return err_set(e, ERR_DATA,
		    "it has functions, which this version cannot make; make "
		    "the collection at the target by hand");
	if (strcmp(a->db, a->op.db.ptr) != 0 &&
	    ensure_database(a, a->db, e) == -1)
		return -1;
	for (size_t i = 0; i < s->n; i++)
		s->v[i].auto_id = 0; /* the source's keys are kept */
	req.db_name = mv_str(a->db);
	req.collection_name = mv_str(a->coll);
	req.schema.len = schema_to_pb(s, a->coll, &packed);
	req.schema.data = packed;
	req.shards_num = shards;
	req.consistency_level = level;
	req.n_properties = props->n;
	req.properties = apply_pairs(props);
	if (schema_partition_key(s) != NULL && parts > 0 &&
	    parts < MAX_PARTITIONS)
		req.num_partitions = parts;
	rc = apply_redo(a, e);
	if (rc == 0)
		rc = create_call(a, &req, e);
	apply_pairs_free(req.properties);
	free(packed);
	if (rc == 0 && a->conf->dry_run)
		colls_pretend(&a->colls, a->db, a->coll, s)->id =
		    INT64_MAX - a->who.pretended++;
	return rc;
}

/*
 * Before a create compares by name: a collection that had to step aside gets
 * its name back. *rc is 1 if another collection of the source has the name; it
 * is not this one, even if it looks alike.
 */
static int
settle_name(struct apply *a, int *rc, struct err *e)
{
	const char *db, *coll;

	*rc = 0;
	names_coll(&a->conf->rename, a->op.db.ptr, a->op.coll.ptr, &db, &coll);
	if (!identity_is_known(a)) {
		*rc = identity_has(a, db, coll);
		return 0;
	}
	if (!identity_moved_aside(a))
		return 0;
	if (identity_rename(a, db, coll, e) == -1)
		return -1;
	identity_resolve(a);
	return 0;
}

static int
lost(struct apply *a, struct err *e)
{
	return err_set(e, ERR_DATA,
	    "the target had this collection and has lost it, as '%s'; "
	    "--create-missing goes on with an empty one, or with what has "
	    "that name there now",
	    apply_label(a->db, a->coll, NULL));
}

static int
create_or_compare(
    struct apply *a, struct schema *s, struct kvs *props, struct err *e)
{
	struct coll *c;
	int64_t shards;
	int rc;

	if (schema_from_json(s, json_object_get(a->op.doc, "schema"), e) == -1)
		return err_wrap(e, "schema");
	if (op_kvs(&a->op, "properties", props, e) == -1 ||
	    opline_int(&a->op, "shards", 1, &shards, e) == -1)
		return -1;
	if (shards < 0 || shards > MAX_SHARDS)
		return err_set(e, ERR_DATA, "%" PRId64 " shards", shards);
	if (settle_name(a, &rc, e) == -1)
		return -1;
	/* A collection that has the name by now does not have its rows. */
	if (a->op.ensure && identity_is_lost(a) && !a->conf->create_missing)
		return lost(a, e);
	if (rc == 0)
		rc = apply_find(a, &c, e);
	if (rc == 0) {
		if (!a->op.ensure && !identity_is_known(a) &&
		    own_is_anothers(a, c, "written to", e) == -1)
			return -1;
		if (compare(a, c, s, props, (int)shards, e) == -1)
			return -1;
		rc = apply_find(a, &c, e); /* the alter made it forgotten */
		return rc == 0 ? own_take(a, c, e) : rc;
	}
	if (rc == -1)
		return -1;
	if (a->op.ensure && !a->conf->create_missing)
		return lost(a, e);
	if (self_new(a, e) == -1 ||
	    identity_make_room(a, a->db, a->coll, e) == -1 ||
	    create(a, s, props, (int)shards, e) == -1)
		return -1;
	rc = apply_find(a, &c, e);
	return rc == 0 ? identity_is(a, c, 1, e) : rc;
}

int
do_create_collection(struct apply *a, struct err *e)
{
	struct schema s = { 0 };
	struct kvs props = { 0 };
	int rc;

	if (a->op.partial)
		log_warn("collection '%s.%s': rows from before the start of "
			 "the stream are not in it",
		    a->op.db.ptr, a->op.coll.ptr);
	rc = create_or_compare(a, &s, &props, e);
	schema_fini(&s);
	kvs_fini(&props);
	return rc;
}

/* Newer targets refuse to drop a collection that has aliases. */
static int
drop_aliases(struct apply *a, struct err *e)
{
	Pb__DropAliasRequest req = PB__DROP_ALIAS_REQUEST__INIT;
	struct coll *c;
	int rc;

	colls_forget(&a->colls, a->db, a->coll);
	if ((rc = apply_find(a, &c, e)) != 0)
		return rc == 1 ? 0 : -1;
	req.db_name = mv_str(a->db);
	for (size_t i = 0; i < c->naliases; i++) {
		req.alias = c->aliases[i];
		if (apply_must(a, "DropAlias",
			apply_label(a->db, c->aliases[i], NULL), &req.base, 1,
			e) == -1)
			return -1;
	}
	return 0;
}

int
do_drop_collection(struct apply *a, struct err *e)
{
	struct mv_status s;
	struct coll *c;
	int rc;

	if (identity_is_lost(a))
		return identity_dropped(a, e);
	if (!identity_is_known(a) && identity_has(a, a->db, a->coll))
		return 0; /* the name belongs to another collection by now */
	if ((rc = apply_find(a, &c, e)) != 0)
		/* absent, or the name is only an alias */
		return rc == 1 ? 0 : -1;
	if (own_may(a, c, "dropped", e) == -1)
		return -1;
	rc = coll_call(a, "DropCollection", a->db, a->coll, &s, e);
	if (rc == 1 && strstr(s.reason, "alias") != NULL) {
		if (drop_aliases(a, e) == -1)
			return -1;
		rc = coll_call(a, "DropCollection", a->db, a->coll, &s, e);
	}
	colls_forget(&a->colls, a->db, a->coll);
	if (rc == 0 || (rc == 1 && s.class == MV_ABSENT))
		return identity_dropped(a, e);
	return rc == 1 ? apply_refused("DropCollection",
			     apply_label(a->db, a->coll, NULL), &s, e)
		       : rc;
}

/*
 * Drops the collection that has the name which one made in this run is to get:
 * the whole history is being replayed, and the older one is the later state of
 * the new one.
 */
static int
drop_later_self(
    struct apply *a, const char *db, const char *coll, struct err *e)
{
	struct mv_status s;
	int rc = coll_call(a, "DropCollection", db, coll, &s, e);

	colls_forget(&a->colls, db, coll);
	identity_gone(a, db, coll);
	return rc == 1 ? apply_refused("DropCollection",
			     apply_label(db, coll, NULL), &s, e)
		       : rc;
}

/* In a dry run: later lines find the collection under its new name. */
static int
pretend_rename(struct apply *a, const struct coll *c, const char *db,
    const char *coll, struct err *e)
{
	struct schema s = { 0 };
	int64_t id = c->id;
	int rc;

	schema_copy(&s, &c->schema);
	rc = identity_rename(a, db, coll, e); /* forgets c */
	if (rc == 0)
		colls_pretend(&a->colls, db, coll, &s)->id = id;
	schema_fini(&s);
	return rc;
}

int
do_rename_collection(struct apply *a, struct err *e)
{
	const char *new_db, *new_coll, *db, *coll;
	struct coll *c, *there;
	int rc, done;

	if (opline_str(&a->op, "new_db", &new_db, e) == -1 ||
	    opline_str(&a->op, "new_coll", &new_coll, e) == -1)
		return -1;
	names_coll(&a->conf->rename, new_db, new_coll, &db, &coll);
	if (strcmp(db, a->db) == 0 && strcmp(coll, a->coll) == 0)
		return 0;
	if ((rc = apply_find(a, &c, e)) == -1)
		return -1;
	done = colls_get(&a->colls, a->m, db, coll, &there, e);
	if (done == -1)
		return -1;
	if (rc == 1 && done == 0) /* the rename was done before */
		return identity_has(a, db, coll) ? 0 : own_take(a, there, e);
	if (rc == 1)
		return err_set(e, ERR_DATA,
		    "neither it nor '%s.%s' is at the target", db, coll);
	if (done == 0 && !identity_has(a, db, coll)) {
		if (own_is_anothers(a, there, "put aside", e) == -1)
			return -1;
		if (!identity_made(a))
			return err_set(e, ERR_DATA,
			    "the target has both it and '%s.%s'", db, coll);
		if (drop_later_self(a, db, coll, e) == -1)
			return -1;
	}
	if (own_may(a, c, "renamed", e) == -1 || identity_is(a, c, 0, e) == -1)
		return -1;
	return a->conf->dry_run ? pretend_rename(a, c, db, coll, e)
				: identity_rename(a, db, coll, e);
}

/*
 * 0 for a collection with a partition key, whose partitions Milvus makes, and
 * with --ignore-partitions.
 */
static int
has_own_partitions(struct apply *a, struct err *e)
{
	struct coll *c;
	int rc;

	if (strcmp(a->op.part.ptr, "_default") == 0)
		return 0;
	rc = apply_find(a, &c, e);
	if (rc == 1 && a->op.op == OP_DROP_PARTITION)
		return 0;
	if (rc == 1)
		return err_set(e, ERR_DATA,
		    "collection '%s.%s' is not at the target", a->db, a->coll);
	return rc == -1 ? -1 : !c->blank_part;
}

int
do_create_partition(struct apply *a, struct err *e)
{
	const char *part = a->op.part.ptr;
	struct mv_status s;
	int rc = has_own_partitions(a, e);

	if (rc != 1)
		return rc;
	rc = name_call(a, "CreatePartition", a->db, a->coll, part, &s, e);
	return rc == 1 ? apply_refused("CreatePartition",
			     apply_label(a->db, a->coll, part), &s, e)
		       : rc;
}

static int
wants_release(const struct mv_status *s)
{
	return strstr(s->reason, "release") != NULL ||
	       strstr(s->reason, "loaded") != NULL;
}

/*
 * Drops a loaded partition after releasing it alone. If the target releases
 * only whole collections, the other partitions are loaded again.
 */
static int
drop_loaded(
    struct apply *a, const char *part, struct mv_status *s, struct err *e)
{
	struct vload was = { 0 };
	char *name = mv_str(part);
	int rc;

	if (loaded_get(a, a->db, a->coll, &was, e) == -1)
		return -1;
	rc = parts_call(
	    a, "ReleasePartitions", a->db, a->coll, &name, 1, 0, s, e);
	if (rc != -1)
		rc = name_call(a, "DropPartition", a->db, a->coll, part, s, e);
	if (rc == 1 && wants_release(s)) {
		rc = coll_call(a, "ReleaseCollection", a->db, a->coll, s, e);
		if (rc == 0)
			rc = name_call(
			    a, "DropPartition", a->db, a->coll, part, s, e);
		if (rc == 0)
			rc = loaded_restore(a, a->db, a->coll, &was, part, e);
	}
	vload_fini(&was);
	return rc;
}

int
do_drop_partition(struct apply *a, struct err *e)
{
	const char *part = a->op.part.ptr;
	struct mv_status s;
	struct coll *c;
	int rc = has_own_partitions(a, e);

	if (rc != 1)
		return rc;
	if ((rc = apply_find(a, &c, e)) != 0)
		return rc == 1 ? 0 : -1;
	if (own_may(a, c, "changed so", e) == -1)
		return -1;
	rc = name_call(a, "DropPartition", a->db, a->coll, part, &s, e);
	if (rc == 1 && wants_release(&s))
		rc = drop_loaded(a, part, &s, e);
	if (rc == 1 && s.class == MV_ABSENT)
		return 0;
	return rc == 1 ? apply_refused("DropPartition",
			     apply_label(a->db, a->coll, part), &s, e)
		       : rc;
}

/* A flush only seals; the target writes the data out by itself. */
int
do_flush(struct apply *a, struct err *e)
{
	Pb__FlushRequest req = PB__FLUSH_REQUEST__INIT;
	char *name = mv_str(a->coll);

	req.db_name = mv_str(a->db);
	req.n_collection_names = 1;
	req.collection_names = &name;
	return apply_must(
	    a, "Flush", apply_label(a->db, a->coll, NULL), &req.base, 1, e);
}
