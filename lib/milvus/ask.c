#include "milvus/ask.h"

#include <string.h>

#include "service.pb-c.h"

#include "base/err.h"

int
ask_refused(const struct peer *s, const char *what, const char *db,
    const char *coll, const struct mv_status *st, struct err *e)
{
	return err_set(e, ERR_DATA, "%s: %s '%s%s%s': %s", s->name, what, db,
	    coll == NULL ? "" : ".", coll == NULL ? "" : coll, st->reason);
}

/* 1 if the refusal says that something is absent, in the words of 2.3 too. */
static int
absent(const struct mv_status *st)
{
	return st->class == MV_ABSENT ||
	       strstr(st->reason, "can't find collection") != NULL ||
	       strstr(st->reason, "not found") != NULL;
}

static int
judged(const struct peer *s, int rc, const char *method, const char *db,
    const char *coll, const struct mv_status *st, struct err *e)
{
	if (rc == 1 && absent(st))
		return 1;
	return rc == 1 ? ask_refused(s, method, db, coll, st, e) : rc;
}

/* Calls a method whose answer is needed. */
static int
ask(struct peer *s, const char *method, const ProtobufCMessage *req,
    const ProtobufCMessageDescriptor *answer, const char *db,
    ProtobufCMessage **out, struct err *e)
{
	struct mv_status st;
	int rc = milvus_call(s->m, method, req, answer, out, &st, e);

	return judged(s, rc, method, db, NULL, &st, e);
}

int
ask_databases(struct peer *s, struct textset *t, struct err *e)
{
	struct mv_status st;
	int rc = milvus_databases(s->m, t, NULL, &st, e);

	rc = judged(s, rc, "ListDatabases", "*", NULL, &st, e);
	return rc == -1 ? -1 : 0;
}

int
ask_collections(
    struct peer *s, const char *db, struct textset *t, struct err *e)
{
	Pb__CollectionRequest req = PB__COLLECTION_REQUEST__INIT;
	ProtobufCMessage *out = NULL;
	Pb__ShowCollectionsResponse *r;
	int rc;

	req.db_name = mv_str(db);
	rc = ask(s, "ShowCollections", &req.base,
	    &pb__show_collections_response__descriptor, db, &out, e);
	if (rc != 0)
		return rc;
	r = (Pb__ShowCollectionsResponse *)out;
	for (size_t i = 0; i < r->n_collection_names; i++)
		textset_add(t, r->collection_names[i]);
	protobuf_c_message_free_unpacked(out, NULL);
	return 0;
}

int
ask_partitions(struct peer *s, const char *db, const char *coll,
    struct textset *t, struct err *e)
{
	struct mv_status st;
	int rc = milvus_partitions(s->m, db, coll, t, &st, e);

	return judged(s, rc, "ShowPartitions", db, coll, &st, e);
}

int
ask_indexes(struct peer *s, const char *db, const char *coll,
    struct vindexes *x, struct err *e)
{
	struct mv_status st;
	int rc = milvus_indexes(s->m, db, coll, x, &st, e);

	return judged(s, rc, "DescribeIndex", db, coll, &st, e);
}

/* GetLoadState's number; part NULL: of the whole collection. */
int
ask_load_state(struct milvus *m, const char *db, const char *coll,
    const char *part, struct err *e)
{
	Pb__GetLoadStateRequest req = PB__GET_LOAD_STATE_REQUEST__INIT;
	ProtobufCMessage *out = NULL;
	char *parts = mv_str(part);
	struct mv_status st;
	int rc;

	req.db_name = mv_str(db);
	req.collection_name = mv_str(coll);
	req.n_partition_names = part != NULL;
	req.partition_names = &parts;
	rc = milvus_call(m, "GetLoadState", &req.base,
	    &pb__get_load_state_response__descriptor, &out, &st, e);
	if (rc != 0)
		return rc == 1 ? 0 : -1;
	rc = ((Pb__GetLoadStateResponse *)out)->state;
	protobuf_c_message_free_unpacked(out, NULL);
	return rc < 0 ? 0 : rc;
}

int
ask_replicas(struct milvus *m, const char *db, const char *coll, struct err *e)
{
	Pb__GetReplicasRequest req = PB__GET_REPLICAS_REQUEST__INIT;
	ProtobufCMessage *out = NULL;
	struct mv_status st;
	int rc;

	req.db_name = mv_str(db);
	req.collection_name = mv_str(coll);
	rc = milvus_call(m, "GetReplicas", &req.base,
	    &pb__get_replicas_response__descriptor, &out, &st, e);
	if (rc != 0)
		return rc == 1 ? 0 : -1;
	rc = (int)((Pb__GetReplicasResponse *)out)->n_replicas;
	protobuf_c_message_free_unpacked(out, NULL);
	return rc;
}

void
vload_fini(struct vload *l)
{
	textset_fini(&l->parts);
	memset(l, 0, sizeof *l);
}

int
ask_load_parts(struct milvus *m, const char *db, const char *coll,
    const struct textset *parts, struct vload *l, struct err *e)
{
	l->any = 1;
	if ((l->replicas = ask_replicas(m, db, coll, e)) == -1)
		return -1;
	for (size_t i = 0; i < parts->n; i++) {
		int rc = ask_load_state(m, db, coll, parts->v[i], e);

		if (rc == -1)
			return -1;
		if (rc >= MV_LOADING)
			textset_add(&l->parts, parts->v[i]);
	}
	l->all = l->parts.n == parts->n;
	return 0;
}

int
ask_load(struct milvus *m, const char *db, const char *coll,
    const struct textset *parts, struct vload *l, struct err *e)
{
	int rc = ask_load_state(m, db, coll, NULL, e);

	if (rc < MV_LOADING)
		return rc == -1 ? -1 : 0;
	return ask_load_parts(m, db, coll, parts, l, e);
}

int
ask_timestamp(struct peer *s, uint64_t *ts, struct err *e)
{
	Pb__EmptyRequest req = PB__EMPTY_REQUEST__INIT;
	ProtobufCMessage *out = NULL;

	if (ask(s, "AllocTimestamp", &req.base,
		&pb__alloc_timestamp_response__descriptor, "*", &out, e) != 0)
		return -1;
	*ts = ((Pb__AllocTimestampResponse *)out)->timestamp;
	protobuf_c_message_free_unpacked(out, NULL);
	return 0;
}
