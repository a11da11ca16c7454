#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service.pb-c.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/sig.h"
#include "model/types.h"
#include "verify/priv.h"

enum {
	LOOK_MS = 200,
	MOST_S = 3600, /* the most that a load may take */
};

#define INDEX "cdc_verify" /* the name of temporary indexes */

void
vloading_fini(struct vloading *l)
{
	textset_fini(&l->parts);
	textset_fini(&l->fields);
	memset(l, 0, sizeof *l);
}

/* A call that must succeed; else -1. */
static int
must(struct verify *v, const struct pair *p, int s, const char *method,
    const ProtobufCMessage *req, struct err *e)
{
	struct mv_status st;
	int rc = milvus_call(v->side[s].m, method, req, NULL, NULL, &st, e);

	if (rc == 0)
		log_info("%s: %s '%s.%s'", v->side[s].name, method, p->dbs[s],
		    p->names[s]);
	return rc == 1 ? ask_refused(&v->side[s], method, p->dbs[s],
			     p->names[s], &st, e)
		       : rc;
}

/* The simplest index for a type of vector. */
static void
plainest(int type, const char **index, const char **metric)
{
	*index = "FLAT";
	*metric = "L2";
	if (type == TYPE_BINARY_VECTOR) {
		*index = "BIN_FLAT";
		*metric = "HAMMING";
	} else if (type == TYPE_SPARSE_VECTOR) {
		*index = "SPARSE_INVERTED_INDEX";
		*metric = "IP";
	} else if (type == TYPE_INT8_VECTOR) {
		*index = "AUTOINDEX";
	}
}

static int
make_index(struct verify *v, const struct pair *p, int s, const struct field *f,
    struct vloading *l, struct err *e)
{
	Pb__CreateIndexRequest req = PB__CREATE_INDEX_REQUEST__INIT;
	Pb__KeyValuePair kv[3], *kvp[3] = { &kv[0], &kv[1], &kv[2] };
	static const char *const keys[3] = { "index_type", "metric_type",
		"params" };
	const char *values[3] = { NULL, NULL, "{}" };
	char name[128];

	plainest(f->type, &values[0], &values[1]);
	for (int i = 0; i < 3; i++) {
		pb__key_value_pair__init(&kv[i]);
		kv[i].key = mv_str(keys[i]);
		kv[i].value = mv_str(values[i]);
	}
	/* An index name is unique in the collection, not in the field. */
	snprintf(name, sizeof name, INDEX "_%" PRId64, f->id);
	req.db_name = mv_str(p->dbs[s]);
	req.collection_name = mv_str(p->names[s]);
	req.field_name = f->name;
	req.index_name = name;
	req.extra_params = kvp;
	req.n_extra_params = 3;
	textset_add(&l->fields, f->name);
	return must(v, p, s, "CreateIndex", &req.base, e);
}

/*
 * A collection can only be loaded if its vectors have indexes: makes those that
 * are missing.
 */
static int
make_indexes(struct verify *v, const struct pair *p, int s, struct vloading *l,
    struct err *e)
{
	const struct schema *schema = &p->coll[s]->schema;
	struct vindexes x = { 0 };
	int rc = ask_indexes(&v->side[s], p->dbs[s], p->names[s], &x, e);

	for (size_t i = 0; i < schema->n && rc != -1; i++) {
		const struct field *f = &schema->v[i];
		const struct type_info *t = type_info(f->type);
		int there = t == NULL || !t->is_vector;

		for (size_t k = 0; k < x.n; k++)
			there |= strcmp(x.v[k].field, f->name) == 0;
		if (!there)
			rc = make_index(v, p, s, f, l, e);
	}
	vindexes_fini(&x);
	return rc == -1 ? -1 : 0;
}

static int
load_whole(struct verify *v, const struct pair *p, int s, struct vloading *l,
    struct err *e)
{
	Pb__LoadCollectionRequest req = PB__LOAD_COLLECTION_REQUEST__INIT;

	if (make_indexes(v, p, s, l, e) == -1)
		return -1;
	req.db_name = mv_str(p->dbs[s]);
	req.collection_name = mv_str(p->names[s]);
	req.replica_number = 1;
	l->whole = 1;
	return must(v, p, s, "LoadCollection", &req.base, e);
}

/* LoadPartitions or ReleasePartitions. */
static int
partitions(struct verify *v, const struct pair *p, int s, const char *method,
    const struct textset *parts, int replicas, struct err *e)
{
	Pb__PartitionsRequest req = PB__PARTITIONS_REQUEST__INIT;

	req.db_name = mv_str(p->dbs[s]);
	req.collection_name = mv_str(p->names[s]);
	req.partition_names = parts->v;
	req.n_partition_names = parts->n;
	req.replica_number = replicas;
	return must(v, p, s, method, &req.base, e);
}

static int
load_rest(struct verify *v, const struct pair *p, int s, struct vloading *l,
    struct err *e)
{
	const struct vload *is = &p->load[s];

	for (size_t i = 0; i < p->parts[s].n; i++)
		if (!textset_has(&is->parts, p->parts[s].v[i]))
			textset_add(&l->parts, p->parts[s].v[i]);
	return partitions(v, p, s, "LoadPartitions", &l->parts,
	    is->replicas > 0 ? is->replicas : 1, e);
}

/* Waits until everything is loaded. */
static int
await(struct verify *v, const struct pair *p, int s, struct err *e)
{
	struct pollfd stop = { .fd = sig_fd(), .events = POLLIN };
	int64_t until = clock_ns() + (int64_t)MOST_S * NS_PER_S;

	for (size_t i = 0; i < p->parts[s].n;) {
		int rc = ask_load_state(
		    v->side[s].m, p->dbs[s], p->names[s], p->parts[s].v[i], e);

		if (rc == -1)
			return -1;
		if (rc >= MV_LOADED) {
			i++;
			continue;
		}
		if (clock_ns() > until)
			return err_set(e, ERR_TEMP,
			    "%s: '%s.%s' is not loaded after %d s",
			    v->side[s].name, p->dbs[s], p->names[s], MOST_S);
		verify_show(v);
		poll(&stop, 1, LOOK_MS);
		if (sig_stop != 0)
			return err_set(e, ERR_STOP, "stopped");
	}
	return 0;
}

int
verify_load(
    struct verify *v, struct pair *p, struct vloading l[2], struct err *e)
{
	for (int s = SRC; s <= DST; s++) {
		struct vload *is = &p->load[s];
		int rc;

		if (is->all)
			continue;
		rc = is->any ? load_rest(v, p, s, &l[s], e)
			     : load_whole(v, p, s, &l[s], e);
		if (rc == -1 || await(v, p, s, e) == -1)
			return -1;
	}
	for (int s = SRC; s <= DST; s++)
		p->load[s].any = p->load[s].all = 1;
	return 0;
}

static int
release(struct verify *v, const struct pair *p, int s, const struct vloading *l,
    struct err *e)
{
	Pb__CollectionRequest req = PB__COLLECTION_REQUEST__INIT;

	if (l->parts.n > 0)
		return partitions(
		    v, p, s, "ReleasePartitions", &l->parts, 0, e);
	if (!l->whole)
		return 0;
	req.db_name = mv_str(p->dbs[s]);
	req.collection_name = mv_str(p->names[s]);
	return must(v, p, s, "ReleaseCollection", &req.base, e);
}

static int
drop_indexes(struct verify *v, const struct pair *p, int s,
    const struct vloading *l, struct err *e)
{
	Pb__IndexRequest req = PB__INDEX_REQUEST__INIT;
	char name[128];

	req.db_name = mv_str(p->dbs[s]);
	req.collection_name = mv_str(p->names[s]);
	for (size_t i = 0; i < l->fields.n; i++) {
		const struct field *f =
		    schema_field(&p->coll[s]->schema, l->fields.v[i]);

		snprintf(name, sizeof name, INDEX "_%" PRId64, f->id);
		req.field_name = f->name;
		req.index_name = name;
		if (must(v, p, s, "DropIndex", &req.base, e) == -1)
			return -1;
	}
	return 0;
}

/* Puts both sides back, even if one fails. */
int
verify_unload(struct verify *v, const struct pair *p,
    const struct vloading l[2], struct err *e)
{
	int rc = 0;

	for (int s = SRC; s <= DST; s++) {
		struct err f = { 0 };

		if (release(v, p, s, &l[s], &f) == 0 &&
		    drop_indexes(v, p, s, &l[s], &f) == 0)
			continue;
		log_error("collection '%s.%s' of the %s is not put back as it "
			  "was: %s",
		    p->dbs[s], p->names[s], v->side[s].name, f.msg);
		*e = f;
		rc = -1;
	}
	return rc;
}
