#include "apply/priv.h"

#include <stdlib.h>
#include <string.h>

#include "service.pb-c.h"

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

/*
 * Questions that do not depend on each other are sent at once, because the
 * target may be far away.
 */
enum { OF_VERSION, OF_DATABASES, OF_DEFAULT, QUESTIONS };

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

static void
free_answers(struct mv_ask *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].out != NULL)
			protobuf_c_message_free_unpacked(v[i].out, NULL);
}

static int
take_version(struct apply *a, const struct mv_ask *q, struct err *e)
{
	const char *uri = a->conf->milvus.grpc.uri;
	const Pb__NamesResponse *r = (const Pb__NamesResponse *)q->out;

	if (r == NULL)
		return err_set(
		    e, ERR_DATA, "target '%s': %s", uri, q->s.reason);
	log_info("target '%s' is Milvus %s", uri,
	    r->n_names > 0 ? r->names[0] : "of unknown version");
	return 0;
}

static int
take_databases(struct apply *a, const struct mv_ask *q, struct err *e)
{
	if (q->out == NULL)
		return apply_refused(q->method, "*", &q->s, e);
	know_databases(a, (const Pb__NamesResponse *)q->out);
	return 0;
}

static int
take_collections(
    struct apply *a, const char *db, const struct mv_ask *q, struct err *e)
{
	const Pb__ShowCollectionsResponse *r =
	    (const Pb__ShowCollectionsResponse *)q->out;

	if (r == NULL && q->s.class == MV_ABSENT)
		return 0; /* it was dropped after it was listed */
	if (r == NULL)
		return apply_refused(q->method, db, &q->s, e);
	for (size_t i = 0; i < r->n_collection_names && i < r->n_collection_ids;
	     i++)
		identity_put(
		    &a->who, r->collection_ids[i], db, r->collection_names[i]);
	return 0;
}

/* Lists the collections of all databases except the default one. */
static int
ask_others(struct apply *a, struct err *e)
{
	Pb__DatabaseRequest *reqs = x_calloc(a->dbs.n + 1, sizeof *reqs);
	struct mv_ask *v = x_calloc(a->dbs.n + 1, sizeof *v);
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < a->dbs.n; i++)
		if (strcmp(a->dbs.v[i].key, DEFAULT_DB) != 0) {
			v[n] = of_database(&reqs[n], a->dbs.v[i].key);
			n++;
		}
	rc = milvus_ask(a->m, v, n, e);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = take_collections(a, reqs[i].db_name, &v[i], e);
	free_answers(v, n);
	free(v);
	free(reqs);
	return rc;
}

int
apply_meet(struct apply *a, struct err *e)
{
	Pb__EmptyRequest nothing = PB__EMPTY_REQUEST__INIT;
	Pb__DatabaseRequest in_default;
	struct mv_ask v[QUESTIONS];
	int rc;

	v[OF_VERSION] = of_nothing(&nothing, "GetVersion");
	v[OF_DATABASES] = of_nothing(&nothing, "ListDatabases");
	v[OF_DEFAULT] = of_database(&in_default, DEFAULT_DB);
	rc = milvus_ask(a->m, v, QUESTIONS, e);
	if (rc == 0)
		rc = take_version(a, &v[OF_VERSION], e);
	if (rc == 0)
		rc = take_databases(a, &v[OF_DATABASES], e);
	/* A login that may not use the database does not get its name. */
	if (rc == 0 && kvs_get(&a->dbs, DEFAULT_DB) != NULL)
		rc = take_collections(a, DEFAULT_DB, &v[OF_DEFAULT], e);
	if (rc == 0)
		rc = ask_others(a, e);
	free_answers(v, QUESTIONS);
	return rc;
}
