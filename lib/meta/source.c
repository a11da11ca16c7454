
#include <stdlib.h>
#include <string.h>

#include "service.pb-c.h"

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "meta/keys.h"
#include "meta/priv.h"
#include "milvus/ask.h"

enum {
	TRIES = 10, /* while collections come and go */
	CHUNK = 64, /* collections that are asked about at once */
	FIRST_MAJOR = 2,
	FIRST_MINOR = 6,
};

/* The questions about one collection. */
enum { OF_COLL, OF_PARTS, OF_INDEXES, OF_LOAD, QUESTIONS };

struct questions {
	Pb__CollectionRequest coll, parts;
	Pb__IndexRequest indexes;
	Pb__GetLoadStateRequest load;
	struct mv_ask q[QUESTIONS];
};

struct survey {
	struct meta *m;
	struct milvus *s;
	struct inventory found;
	int64_t *db_ids; /* of found.dbs */
	int denied;      /* it does not tell users and roles */
};

/* "2.6.20", "v3.0.0": are changes in its log? */
static int
check_version(struct survey *y, struct err *e)
{
	struct mv_status s;
	char version[128] = "";
	const char *p = version, *dot;
	int64_t major, minor;
	int rc = milvus_version(y->s, version, sizeof version, &s, e);

	if (rc != 0)
		return rc == -1 ? -1
				: err_set(e, ERR_DATA, "source: GetVersion: %s",
				      s.reason);
	p += *p == 'v';
	dot = strchr(p, '.');
	if (dot == NULL ||
	    num_i64n(p, (size_t)(dot - p), 0, 1000, &major, e) == -1 ||
	    num_i64n(dot + 1, strcspn(dot + 1, ".-"), 0, 1000, &minor, e) == -1)
		return err_set(e, ERR_DATA,
		    "source: its version is '%s', want 2.6 or later", version);
	if (major > FIRST_MAJOR ||
	    (major == FIRST_MAJOR && minor >= FIRST_MINOR))
		return 0;
	return err_set(e, ERR_DATA,
	    "source: Milvus %s does not have all changes in its log: give "
	    "--etcd instead of --source",
	    version);
}

static int
list(struct survey *y, struct inventory *v, struct err *e)
{
	struct mv_status s;
	int rc = milvus_inventory(y->s, v, &s, e);

	if (rc == 1)
		return err_set(e, ERR_DATA, "source: %s '%s': %s", v->method,
		    v->about, s.reason);
	return rc;
}

static int
by_id(const void *a, const void *b)
{
	const struct inventory_coll *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* Collections come in any order. */
static int
same(struct inventory *a, struct inventory *b)
{
	if (a->n != b->n || a->dbs.n != b->dbs.n)
		return 0;
	for (size_t i = 0; i < a->dbs.n; i++)
		if (strcmp(a->dbs.v[i], b->dbs.v[i]) != 0)
			return 0;
	if (a->n == 0)
		return 1;
	qsort(a->v, a->n, sizeof *a->v, by_id);
	qsort(b->v, b->n, sizeof *b->v, by_id);
	for (size_t i = 0; i < a->n; i++)
		if (a->v[i].id != b->v[i].id ||
		    strcmp(a->v[i].name, b->v[i].name) != 0 ||
		    strcmp(a->v[i].db, b->v[i].db) != 0)
			return 0;
	return 1;
}

/* 0, 1: a database is gone, or -1. */
static int
ask_dbs(struct survey *y, struct err *e)
{
	int rc = 0;

	y->db_ids = x_calloc(y->found.dbs.n + 1, sizeof *y->db_ids);
	for (size_t i = 0; i < y->found.dbs.n && rc == 0; i++) {
		Pb__DatabaseRequest req = PB__DATABASE_REQUEST__INIT;
		ProtobufCMessage *out = NULL;
		struct mv_status s;

		req.db_name = y->found.dbs.v[i];
		rc = milvus_call(y->s, "DescribeDatabase", &req.base,
		    &pb__describe_database_response__descriptor, &out, &s, e);
		if (rc == 1 && s.class != MV_ABSENT)
			rc = err_set(e, ERR_DATA,
			    "source: DescribeDatabase '%s': %s", req.db_name,
			    s.reason);
		if (rc == 0) {
			metasource_database(y->m, out);
			y->db_ids[i] =
			    ((Pb__DescribeDatabaseResponse *)out)->dbid;
		}
		if (out != NULL)
			protobuf_c_message_free_unpacked(out, NULL);
	}
	return rc;
}

static void
compose(struct questions *q, const struct inventory_coll *c)
{
	pb__collection_request__init(&q->coll);
	pb__collection_request__init(&q->parts);
	pb__index_request__init(&q->indexes);
	pb__get_load_state_request__init(&q->load);
	q->coll.db_name = q->parts.db_name = mv_str(c->db);
	q->indexes.db_name = q->load.db_name = mv_str(c->db);
	q->coll.collectionid = c->id; /* whatever it is called by then */
	q->parts.collection_name = q->indexes.collection_name = c->name;
	q->load.collection_name = c->name;
	q->q[OF_COLL] = (struct mv_ask){ .method = "DescribeCollection",
		.req = &q->coll.base,
		.answer = &pb__describe_collection_response__descriptor };
	q->q[OF_PARTS] = (struct mv_ask){ .method = "ShowPartitions",
		.req = &q->parts.base,
		.answer = &pb__show_partitions_response__descriptor };
	q->q[OF_INDEXES] = (struct mv_ask){ .method = "DescribeIndex",
		.req = &q->indexes.base,
		.answer = &pb__describe_index_response__descriptor };
	q->q[OF_LOAD] = (struct mv_ask){ .method = "GetLoadState",
		.req = &q->load.base,
		.answer = &pb__get_load_state_response__descriptor };
}

static int64_t
db_of(const struct survey *y, const char *db)
{
	for (size_t i = 0; i < y->found.dbs.n; i++)
		if (strcmp(y->found.dbs.v[i], db) == 0)
			return y->db_ids[i];
	return 0;
}

static int
take_load(struct survey *y, const struct inventory_coll *c,
    const struct questions *q, struct err *e)
{
	const Pb__ShowPartitionsResponse *r =
	    (const Pb__ShowPartitionsResponse *)q->q[OF_PARTS].out;
	struct textset names = { 0 };
	struct vload l = { 0 };
	int rc;

	if (((Pb__GetLoadStateResponse *)q->q[OF_LOAD].out)->state < MV_LOADING)
		return 0;
	for (size_t i = 0; i < r->n_partition_names; i++)
		textset_add(&names, r->partition_names[i]);
	rc = ask_load_parts(y->s, c->db, c->name, &names, &l, e);
	if (rc == 0)
		metasource_load(y->m, c->id, &l, &r->base);
	vload_fini(&l);
	textset_fini(&names);
	return rc;
}

/*
 * One that is gone is told by the listing behind it. No index is none. Only the
 * code says so: "not found" stands in reasons of failures, too.
 */
static int
refused(const struct mv_ask *q, const struct inventory_coll *c, struct err *e)
{
	if (q->out != NULL || q->s.class == MV_ABSENT)
		return 0;
	return err_set(e, ERR_DATA, "source: %s '%s.%s': %s", q->method, c->db,
	    c->name, q->s.reason);
}

static int
take(struct survey *y, const struct inventory_coll *c,
    const struct questions *q, struct err *e)
{
	for (size_t i = 0; i < QUESTIONS; i++)
		if (refused(&q->q[i], c, e) == -1)
			return -1;
	if (q->q[OF_COLL].out == NULL || q->q[OF_PARTS].out == NULL)
		return 0;
	if (metasource_collection(
		y->m, db_of(y, c->db), q->q[OF_COLL].out, e) == -1)
		return -1;
	metasource_partitions(y->m, c->id, q->q[OF_PARTS].out);
	if (q->q[OF_INDEXES].out != NULL)
		metasource_indexes(y->m, c->id, q->q[OF_INDEXES].out);
	return q->q[OF_LOAD].out == NULL ? 0 : take_load(y, c, q, e);
}

static int
ask_chunk(struct survey *y, size_t from, size_t n, struct err *e)
{
	struct questions *q = x_calloc(n, sizeof *q);
	struct mv_ask *all = x_calloc(n * QUESTIONS, sizeof *all);
	int rc;

	for (size_t i = 0; i < n; i++) {
		compose(&q[i], &y->found.v[from + i]);
		memcpy(all + i * QUESTIONS, q[i].q, sizeof q[i].q);
	}
	rc = milvus_ask(y->s, all, n * QUESTIONS, e);
	for (size_t i = 0; i < n; i++) {
		memcpy(q[i].q, all + i * QUESTIONS, sizeof q[i].q);
		if (rc == 0)
			rc = take(y, &y->found.v[from + i], &q[i], e);
		for (size_t k = 0; k < QUESTIONS; k++)
			if (q[i].q[k].out != NULL)
				protobuf_c_message_free_unpacked(
				    q[i].q[k].out, NULL);
	}
	free(all);
	free(q);
	return rc;
}

/* ---- who may what ---- */

static int
is_asked_for(const struct survey *y, enum meta_kind kind)
{
	return (y->m->conf->kinds & 1u << kind) != 0;
}

/* 0 with *out, or 1: the login may not know it, which is said. */
static int
ask_rights(struct survey *y, const char *method, const ProtobufCMessage *req,
    const ProtobufCMessageDescriptor *answer, ProtobufCMessage **out,
    struct err *e)
{
	struct mv_status s;
	int rc = milvus_call(y->s, method, req, answer, out, &s, e);

	if (rc == 1 && !y->denied)
		log_warn("source: %s: %s; users, roles and privilege groups "
			 "are left out",
		    method, s.reason);
	y->denied |= rc == 1;
	return rc;
}

static int
ask_grants(struct survey *y, char *role, struct err *e)
{
	Pb__SelectGrantRequest req = PB__SELECT_GRANT_REQUEST__INIT;
	Pb__GrantEntity entity = PB__GRANT_ENTITY__INIT;
	Pb__Name name = PB__NAME__INIT;
	ProtobufCMessage *out = NULL;
	int rc;

	name.name = role;
	entity.role = &name;
	entity.db_name = mv_str("*");
	req.entity = &entity;
	rc = ask_rights(y, "SelectGrant", &req.base,
	    &pb__select_grant_response__descriptor, &out, e);
	if (rc == 0)
		metasource_grants(y->m, role, out);
	if (out != NULL)
		protobuf_c_message_free_unpacked(out, NULL);
	return rc;
}

static int
ask_roles(struct survey *y, struct err *e)
{
	Pb__EmptyRequest req = PB__EMPTY_REQUEST__INIT;
	ProtobufCMessage *out = NULL;
	int rc = ask_rights(y, "SelectRole", &req.base,
	    &pb__select_role_response__descriptor, &out, e);
	const Pb__SelectRoleResponse *r = (const Pb__SelectRoleResponse *)out;

	if (rc == 0)
		metasource_roles(y->m, out);
	for (size_t i = 0; rc == 0 && i < r->n_results; i++)
		if (r->results[i]->role != NULL)
			rc = ask_grants(y, r->results[i]->role->name, e);
	if (out != NULL)
		protobuf_c_message_free_unpacked(out, NULL);
	return rc;
}

static int
ask_users(struct survey *y, struct err *e)
{
	Pb__SelectUserRequest req = PB__SELECT_USER_REQUEST__INIT;
	ProtobufCMessage *out = NULL;
	int rc;

	req.include_role_info = 1;
	rc = ask_rights(y, "SelectUser", &req.base,
	    &pb__select_user_response__descriptor, &out, e);
	if (rc == 0)
		metasource_users(y->m, out);
	if (out != NULL)
		protobuf_c_message_free_unpacked(out, NULL);
	return rc;
}

static int
ask_groups(struct survey *y, struct err *e)
{
	Pb__EmptyRequest req = PB__EMPTY_REQUEST__INIT;
	ProtobufCMessage *out = NULL;
	int rc = ask_rights(y, "ListPrivilegeGroups", &req.base,
	    &pb__list_privilege_groups_response__descriptor, &out, e);

	if (rc == 0)
		metasource_groups(y->m, out);
	if (out != NULL)
		protobuf_c_message_free_unpacked(out, NULL);
	return rc;
}

/* All of it or nothing: half of it would look like revoked rights. */
static int
ask_all_rights(struct survey *y, struct err *e)
{
	int rc = 0;

	if (is_asked_for(y, META_USER))
		rc = ask_users(y, e);
	if (rc == 0 && is_asked_for(y, META_ROLE))
		rc = ask_roles(y, e);
	if (rc == 0 && is_asked_for(y, META_GROUP))
		rc = ask_groups(y, e);
	return rc == -1 ? -1 : 0;
}

/* All once: 0, 1 if something has come or gone meanwhile, or -1. */
static int
once(struct survey *y, struct err *e)
{
	struct inventory after = { 0 };
	int rc;

	metastore_free(y->m->store);
	y->m->store = metastore_new(&keys_v26);
	rc = list(y, &y->found, e);
	if (rc == 0)
		rc = ask_dbs(y, e);
	for (size_t i = 0; i < y->found.n && rc == 0; i += CHUNK)
		rc = ask_chunk(
		    y, i, y->found.n - i < CHUNK ? y->found.n - i : CHUNK, e);
	if (rc == 0)
		rc = ask_all_rights(y, e);
	if (rc == 0)
		rc = list(y, &after, e);
	if (rc == 0)
		rc = !same(&y->found, &after);
	inventory_fini(&after);
	inventory_fini(&y->found);
	free(y->db_ids);
	y->db_ids = NULL;
	return rc;
}

int
meta_ask(struct meta *m, struct milvus *source, struct err *e)
{
	struct survey y = { .m = m, .s = source };
	struct peer peer = { .name = "source", .m = source };
	uint64_t now;
	int rc = 1;

	if (check_version(&y, e) == -1 || ask_timestamp(&peer, &now, e) == -1)
		return -1;
	m->rev = (int64_t)now;
	for (int i = 0; i < TRIES && rc == 1; i++)
		rc = once(&y, e);
	if (rc == 1)
		return err_set(e, ERR_TEMP,
		    "source: collections come and go faster than they can be "
		    "asked for (%d tries)",
		    TRIES);
	if (rc == 0)
		metasource_control(m);
	if (y.denied)
		m->hidden =
		    1u << META_USER | 1u << META_ROLE | 1u << META_GROUP;
	return rc;
}
