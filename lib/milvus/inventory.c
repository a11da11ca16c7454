#include "milvus/inventory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "model/names.h"
#include "service.pb-c.h"

static void
free_answer(ProtobufCMessage *out)
{
	if (out != NULL)
		protobuf_c_message_free_unpacked(out, NULL);
}

/* milvus.proto: GetVersionResponse has status 1 and version 2, as this. */
static void
take_version(const ProtobufCMessage *out, char *version, size_t cap)
{
	const Pb__NamesResponse *r = (const Pb__NamesResponse *)out;

	snprintf(version, cap, "%s",
	    r->n_names > 0 && r->names[0][0] != '\0' ? r->names[0]
						     : "of unknown version");
}

int
milvus_version(struct milvus *m, char *version, size_t cap, struct mv_status *s,
    struct err *e)
{
	Pb__EmptyRequest req = PB__EMPTY_REQUEST__INIT;
	ProtobufCMessage *out = NULL;
	int rc = milvus_call(m, "GetVersion", &req.base,
	    &pb__names_response__descriptor, &out, s, e);

	if (rc == 0)
		take_version(out, version, cap);
	free_answer(out);
	return rc;
}

static uint64_t
born_of(const Pb__NamesResponse *r)
{
	for (size_t i = 0; i < r->n_names && i < r->n_created_timestamp; i++)
		if (strcmp(r->names[i], DEFAULT_DB) == 0 &&
		    r->created_timestamp[i] < INT64_MAX)
			return r->created_timestamp[i];
	return 0;
}

static void
take_databases(
    const ProtobufCMessage *out, struct textset *names, uint64_t *born)
{
	const Pb__NamesResponse *r = (const Pb__NamesResponse *)out;

	if (born != NULL)
		*born = born_of(r);
	for (size_t i = 0; names != NULL && i < r->n_names; i++)
		textset_add(names, r->names[i]);
}

int
milvus_databases(struct milvus *m, struct textset *names, uint64_t *born,
    struct mv_status *s, struct err *e)
{
	Pb__EmptyRequest req = PB__EMPTY_REQUEST__INIT;
	ProtobufCMessage *out = NULL;
	int rc = milvus_call(m, "ListDatabases", &req.base,
	    &pb__names_response__descriptor, &out, s, e);

	if (rc == 0)
		take_databases(out, names, born);
	free_answer(out);
	return rc;
}

int
milvus_partitions(struct milvus *m, const char *db, const char *coll,
    struct textset *names, struct mv_status *s, struct err *e)
{
	Pb__CollectionRequest req = PB__COLLECTION_REQUEST__INIT;
	ProtobufCMessage *out = NULL;
	const Pb__ShowPartitionsResponse *r;
	int rc;

	req.db_name = mv_str(db);
	req.collection_name = mv_str(coll);
	rc = milvus_call(m, "ShowPartitions", &req.base,
	    &pb__show_partitions_response__descriptor, &out, s, e);
	r = (const Pb__ShowPartitionsResponse *)out;
	for (size_t i = 0; rc == 0 && i < r->n_partition_names; i++)
		textset_add(names, r->partition_names[i]);
	free_answer(out);
	return rc;
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

static void
take_indexes(const ProtobufCMessage *out, struct vindexes *x)
{
	const Pb__DescribeIndexResponse *r =
	    (const Pb__DescribeIndexResponse *)out;

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
}

int
milvus_indexes(struct milvus *m, const char *db, const char *coll,
    struct vindexes *x, struct mv_status *s, struct err *e)
{
	Pb__IndexRequest req = PB__INDEX_REQUEST__INIT;
	ProtobufCMessage *out = NULL;
	int rc;

	req.db_name = mv_str(db);
	req.collection_name = mv_str(coll);
	rc = milvus_call(m, "DescribeIndex", &req.base,
	    &pb__describe_index_response__descriptor, &out, s, e);
	if (rc == 0)
		take_indexes(out, x);
	free_answer(out);
	return rc;
}

/* ---- all at once ---- */

enum { OF_VERSION, OF_DATABASES, OF_DEFAULT, QUESTIONS };

void
inventory_fini(struct inventory *v)
{
	for (size_t i = 0; i < v->n; i++)
		free(v->v[i].name);
	free(v->v);
	textset_fini(&v->dbs);
	memset(v, 0, sizeof *v);
}

static struct mv_ask
of_nothing(const Pb__EmptyRequest *req, const char *method)
{
	return (struct mv_ask){ .method = method,
		.req = &req->base,
		.answer = &pb__names_response__descriptor };
}

static struct mv_ask
of_database(Pb__DatabaseRequest *req, const char *db)
{
	pb__database_request__init(req);
	req->db_name = mv_str(db);
	return (struct mv_ask){ .method = "ShowCollections",
		.req = &req->base,
		.answer = &pb__show_collections_response__descriptor };
}

static int
refused(struct inventory *v, const struct mv_ask *q, const char *about,
    struct mv_status *s)
{
	v->method = q->method;
	v->about = about;
	*s = q->s;
	return 1;
}

static int
take_collections(struct inventory *v, const struct mv_ask *q, const char *db,
    struct mv_status *s)
{
	const Pb__ShowCollectionsResponse *r =
	    (const Pb__ShowCollectionsResponse *)q->out;

	if (r == NULL && q->s.class == MV_ABSENT)
		return 0; /* it was dropped after it was listed */
	if (r == NULL)
		return refused(v, q, db, s);
	for (size_t i = 0; i < r->n_collection_names && i < r->n_collection_ids;
	     i++) {
		v->v = x_grow(v->v, v->n, &v->cap, sizeof *v->v);
		v->v[v->n++] =
		    (struct inventory_coll){ .id = r->collection_ids[i],
			    .db = db,
			    .name = x_strdup(r->collection_names[i]) };
	}
	return 0;
}

/* The collections of all databases except the default one. */
static int
ask_others(
    struct milvus *m, struct inventory *v, struct mv_status *s, struct err *e)
{
	Pb__DatabaseRequest *reqs = x_calloc(v->dbs.n + 1, sizeof *reqs);
	struct mv_ask *q = x_calloc(v->dbs.n + 1, sizeof *q);
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < v->dbs.n; i++)
		if (strcmp(v->dbs.v[i], DEFAULT_DB) != 0) {
			q[n] = of_database(&reqs[n], v->dbs.v[i]);
			n++;
		}
	rc = milvus_ask(m, q, n, e);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = take_collections(v, &q[i], reqs[i].db_name, s);
	for (size_t i = 0; i < n; i++)
		free_answer(q[i].out);
	free(q);
	free(reqs);
	return rc;
}

static int
take_first(struct inventory *v, const struct mv_ask *q, struct mv_status *s)
{
	if (q[OF_VERSION].out == NULL)
		return refused(v, &q[OF_VERSION], "*", s);
	take_version(q[OF_VERSION].out, v->version, sizeof v->version);
	if (q[OF_DATABASES].out == NULL)
		return refused(v, &q[OF_DATABASES], "*", s);
	take_databases(q[OF_DATABASES].out, &v->dbs, &v->born);
	/* A login that may not use the database does not get its name. */
	return textset_has(&v->dbs, DEFAULT_DB)
		   ? take_collections(v, &q[OF_DEFAULT], DEFAULT_DB, s)
		   : 0;
}

int
milvus_inventory(
    struct milvus *m, struct inventory *v, struct mv_status *s, struct err *e)
{
	Pb__EmptyRequest nothing = PB__EMPTY_REQUEST__INIT;
	Pb__DatabaseRequest in_default;
	struct mv_ask q[QUESTIONS];
	int rc;

	q[OF_VERSION] = of_nothing(&nothing, "GetVersion");
	q[OF_DATABASES] = of_nothing(&nothing, "ListDatabases");
	q[OF_DEFAULT] = of_database(&in_default, DEFAULT_DB);
	rc = milvus_ask(m, q, QUESTIONS, e);
	if (rc == 0)
		rc = take_first(v, q, s);
	if (rc == 0)
		rc = ask_others(m, v, s, e);
	for (size_t i = 0; i < QUESTIONS; i++)
		free_answer(q[i].out);
	return rc;
}
