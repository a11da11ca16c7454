#include "apply/priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service.pb-c.h"

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "net/transient.h"

/* Most DDL calls answer with a Status, these with one in field 1. */
static int
answers_more(const char *method)
{
	static const char *const calls[] = { "Flush", "TruncateCollection",
		"AlterCollectionSchema" };

	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
		if (strcmp(method, calls[i]) == 0)
			return 1;
	return 0;
}

int
apply_call(struct apply *a, const char *method, const char *what,
    const ProtobufCMessage *req, struct mv_status *s, struct err *e)
{
	const ProtobufCMessageDescriptor *answer = NULL;
	struct buf b = { 0 };
	int rc;

	if (a->conf->dry_run) {
		buf_addf(&b, "%s %s", method, what);
		out_text(&a->out, &b);
		buf_fini(&b);
		memset(s, 0, sizeof *s);
		return 0;
	}
	if (answers_more(method))
		answer = &pb__status_answer__descriptor;
	rc = milvus_call(a->m, method, req, answer, NULL, s, e);
	if (rc == 0)
		log_info("%s %s", method, what);
	return rc;
}

int
apply_refused(const char *method, const char *what, const struct mv_status *s,
    struct err *e)
{
	if (s->class == MV_ODD)
		return err_set(e, ERR_ODD, "%s '%s': %s (code %d)", method,
		    what, s->reason, s->code);
	if (passing_cause(s->reason) != PASSING_NOT)
		return err_set(e, ERR_DATA, "%s '%s': %s", method, what,
		    s->reason); /* logins and certificates may be changed on
				   both sides */
	if (s->code == 0)
		return err_set(e, ERR_DATA,
		    "%s '%s': %s; trying again will not help", method, what,
		    s->reason);
	return err_set(e, ERR_DATA,
	    "%s '%s': %s (code %d); trying again will not help", method, what,
	    s->reason, s->code);
}

int
apply_must(struct apply *a, const char *method, const char *what,
    const ProtobufCMessage *req, int absent_ok, struct err *e)
{
	struct mv_status s;
	int rc = apply_call(a, method, what, req, &s, e);

	if (rc == 1 && absent_ok && s.class == MV_ABSENT)
		return 0;
	return rc == 1 ? apply_refused(method, what, &s, e) : rc;
}

const char *
apply_label(const char *db, const char *coll, const char *x)
{
	enum { RING = 4, LEN = 1024 };
	static char ring[RING][LEN];
	static unsigned at;
	char *s = ring[at++ % RING];

	snprintf(s, LEN, "%s.%s%s%s", db, coll, x == NULL ? "" : "/",
	    x == NULL ? "" : x);
	return s;
}

Pb__KeyValuePair **
apply_pairs(const struct kvs *k)
{
	Pb__KeyValuePair **v = x_calloc(k->n + 1, sizeof *v);

	for (size_t i = 0; i < k->n; i++) {
		v[i] = x_malloc(sizeof **v);
		pb__key_value_pair__init(v[i]);
		v[i]->key = k->v[i].key;
		v[i]->value = k->v[i].value;
	}
	return v;
}

void
apply_pairs_free(Pb__KeyValuePair **v)
{
	for (size_t i = 0; v[i] != NULL; i++)
		free(v[i]);
	free(v);
}

int
op_kvs(const struct opline *o, const char *key, struct kvs *k, struct err *e)
{
	if (kvs_from_json(k, json_object_get(o->doc, key), e) == -1)
		return err_wrap(e, "'%s'", key);
	return 0;
}

int
op_texts(const struct opline *o, const char *key, char ***v, size_t *n,
    struct err *e)
{
	const json_t *list = json_object_get(o->doc, key), *x;
	size_t i;

	*n = 0;
	*v = x_calloc(json_array_size(list) + 1, sizeof **v);
	if (list != NULL && !json_is_array(list))
		return err_set(e, ERR_DATA, "'%s' is no list", key);
	json_array_foreach(list, i, x)
	{
		if (!json_is_string(x))
			return err_set(
			    e, ERR_DATA, "'%s' has what is no text", key);
		(*v)[(*n)++] = mv_str(json_string_value(x));
	}
	return 0;
}

int
name_call(struct apply *a, const char *method, const char *db, const char *coll,
    const char *name, struct mv_status *s, struct err *e)
{
	Pb__NameRequest req = PB__NAME_REQUEST__INIT;

	req.db_name = mv_str(db);
	req.collection_name = mv_str(coll);
	req.name = mv_str(name);
	return apply_call(
	    a, method, apply_label(db, coll, name), &req.base, s, e);
}

int
coll_call(struct apply *a, const char *method, const char *db, const char *coll,
    struct mv_status *s, struct err *e)
{
	Pb__CollectionRequest req = PB__COLLECTION_REQUEST__INIT;

	req.db_name = mv_str(db);
	req.collection_name = mv_str(coll);
	return apply_call(
	    a, method, apply_label(db, coll, NULL), &req.base, s, e);
}

int64_t
apply_coll_id(const struct apply *a)
{
	struct err ignored;
	int64_t id = 0;

	if (a->op.coll_id.len == 0 ||
	    num_i64(a->op.coll_id.ptr, 0, INT64_MAX, &id, &ignored) == -1)
		return 0;
	return id;
}
