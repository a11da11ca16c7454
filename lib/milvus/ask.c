#include "milvus/ask.h"

#include <stdlib.h>
#include <string.h>

#include "service.pb-c.h"

#include "base/err.h"
#include "base/mem.h"

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

/* Calls a method whose answer is needed. */
static int
ask(struct peer *s, const char *method, const ProtobufCMessage *req,
    const ProtobufCMessageDescriptor *answer, const char *db, const char *coll,
    ProtobufCMessage **out, struct err *e)
{
	struct mv_status st;
	int rc = milvus_call(s->m, method, req, answer, out, &st, e);

	if (rc == 1 && absent(&st))
		return 1;
	return rc == 1 ? ask_refused(s, method, db, coll, &st, e) : rc;
}

int
ask_databases(struct peer *s, struct textset *t, struct err *e)
{
	Pb__EmptyRequest req = PB__EMPTY_REQUEST__INIT;
	ProtobufCMessage *out = NULL;
	Pb__NamesResponse *r;
	int rc = ask(s, "ListDatabases", &req.base,
	    &pb__names_response__descriptor, "*", NULL, &out, e);

	if (rc == -1)
		return -1;
	r = (Pb__NamesResponse *)out;
	for (size_t i = 0; rc == 0 && i < r->n_names; i++)
		textset_add(t, r->names[i]);
	if (out != NULL)
		protobuf_c_message_free_unpacked(out, NULL);
	return 0;
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
	    &pb__show_collections_response__descriptor, db, NULL, &out, e);
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
	Pb__CollectionRequest req = PB__COLLECTION_REQUEST__INIT;
	ProtobufCMessage *out = NULL;
	Pb__ShowPartitionsResponse *r;
	int rc;

	req.db_name = mv_str(db);
	req.collection_name = mv_str(coll);
	rc = ask(s, "ShowPartitions", &req.base,
	    &pb__show_partitions_response__descriptor, db, coll, &out, e);
	if (rc != 0)
		return rc;
	r = (Pb__ShowPartitionsResponse *)out;
	for (size_t i = 0; i < r->n_partition_names; i++)
		textset_add(t, r->partition_names[i]);
	protobuf_c_message_free_unpacked(out, NULL);
	return 0;
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
ask_load(struct peer *s, const char *db, const char *coll,
    const struct textset *parts, struct vload *l, struct err *e)
{
	int rc = ask_load_state(s->m, db, coll, NULL, e);

	if (rc < MV_LOADING)
		return rc == -1 ? -1 : 0;
	l->any = 1;
	if ((l->replicas = ask_replicas(s->m, db, coll, e)) == -1)
		return -1;
	for (size_t i = 0; i < parts->n; i++) {
		if ((rc = ask_load_state(s->m, db, coll, parts->v[i], e)) == -1)
			return -1;
		if (rc >= MV_LOADING)
			textset_add(&l->parts, parts->v[i]);
	}
	l->all = l->parts.n == parts->n;
	return 0;
}

int
ask_timestamp(struct peer *s, uint64_t *ts, struct err *e)
{
	Pb__EmptyRequest req = PB__EMPTY_REQUEST__INIT;
	ProtobufCMessage *out = NULL;

	if (ask(s, "AllocTimestamp", &req.base,
		&pb__alloc_timestamp_response__descriptor, "*", NULL, &out,
		e) != 0)
		return -1;
	*ts = ((Pb__AllocTimestampResponse *)out)->timestamp;
	protobuf_c_message_free_unpacked(out, NULL);
	return 0;
}

void
vindexes_fini(struct vindexes *x)
{
	for (size_t i = 0; i < x->n; i++) {
		free(x->v[i].name);
		free(x->v[i].field);
		kvs_fini(&x->v[i].params);
	}
	free(x->v);
	memset(x, 0, sizeof *x);
}

static int
by_name(const void *a, const void *b)
{
	const struct vindex *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int
ask_indexes(struct peer *s, const char *db, const char *coll,
    struct vindexes *x, struct err *e)
{
	Pb__IndexRequest req = PB__INDEX_REQUEST__INIT;
	Pb__DescribeIndexResponse *r;
	ProtobufCMessage *out = NULL;
	int rc;

	req.db_name = mv_str(db);
	req.collection_name = mv_str(coll);
	rc = ask(s, "DescribeIndex", &req.base,
	    &pb__describe_index_response__descriptor, db, coll, &out, e);
	if (rc != 0)
		return rc;
	r = (Pb__DescribeIndexResponse *)out;
	x->n = r->n_index_descriptions;
	x->v = x_calloc(x->n + 1, sizeof *x->v);
	for (size_t i = 0; i < x->n; i++) {
		const Pb__IndexDescription *d = r->index_descriptions[i];

		x->v[i].name = x_strdup(d->index_name);
		x->v[i].field = x_strdup(d->field_name);
		for (size_t k = 0; k < d->n_params; k++)
			kvs_set(&x->v[i].params, d->params[k]->key,
			    d->params[k]->value);
	}
	qsort(x->v, x->n, sizeof *x->v, by_name);
	protobuf_c_message_free_unpacked(out, NULL);
	return 0;
}
