#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "service.pb-c.h"

#include "apply/priv.h"
#include "base/err.h"
#include "base/log.h"
#include "milvus/count.h"

static size_t
segments(Pb__SegmentsOf *const *v, size_t n)
{
	size_t all = 0;

	for (size_t i = 0; i < n; i++)
		all += v[i]->value == NULL ? 0 : v[i]->value->n_data;
	return all;
}

/*
 * 1 if the collection has segments, or the target does not tell. Rows since the
 * last flush are in no count, and a query needs a loaded collection; but Flush
 * answers with the segments that it seals and with those before, and the first
 * row makes a segment.
 */
static int
has_segments(struct apply *a, const struct coll *c, struct err *e)
{
	Pb__FlushRequest req = PB__FLUSH_REQUEST__INIT;
	const Pb__FlushResponse *r;
	ProtobufCMessage *out = NULL;
	struct mv_status s;
	char *name = c->name;
	int rc;

	req.db_name = mv_str(c->db);
	req.n_collection_names = 1;
	req.collection_names = &name;
	rc = milvus_call(a->m, "Flush", &req.base,
	    &pb__flush_response__descriptor, &out, &s, e);
	if (rc != 0)
		return rc;
	r = (const Pb__FlushResponse *)(const void *)out;
	rc = segments(r->coll_segids, r->n_coll_segids) +
		 segments(r->flush_coll_segids, r->n_flush_coll_segids) >
	     0;
	protobuf_c_message_free_unpacked(out, NULL);
	return rc;
}

/* 1 if it has rows: *n if they were counted, 0 if it may have some. */
static int
has_rows(struct apply *a, const struct coll *c, uint64_t *n, struct err *e)
{
	if (milvus_rows(a->m, c->db, c->name, n, e) == -1)
		return -1;
	return *n > 0 ? 1 : has_segments(a, c, e);
}

/* How to adopt: cdc-task run takes no options, so a task needs a command. */
static const char *
how_to(const struct apply *a, char text[static 160])
{
	const char *task = a->marks.task;

	if (task == NULL || a->conf->dry_run)
		return "";
	snprintf(text, 160, " ('cdc-task set %.100s --adopt')", task);
	return text;
}

int
own_is_anothers(
    struct apply *a, const struct coll *c, const char *verb, struct err *e)
{
	char how[160];
	int64_t its, id = apply_coll_id(a);
	const char *who = a->who.ids == NULL || a->conf->adopt || id == 0
			      ? NULL
			      : ids_another(a->who.ids, id, c->id, &its);

	if (who == NULL)
		return 0;
	return err_set(e, ERR_DATA,
	    "'%s' at the target is collection %" PRId64 " of source '%s', and "
	    "this is collection %" PRId64 " of source '%s': the other's is "
	    "not %s; --rename gives this one a name of its own, --adopt%s "
	    "takes the other's for ours all the same",
	    apply_label(c->db, c->name, NULL), its, who, id,
	    ids_name(a->who.ids), verb, how_to(a, how));
}

static int
is_free(const struct apply *a, const struct coll *c)
{
	return a->conf->dry_run || a->conf->adopt || !identity_is_others(a, c);
}

int
own_take(struct apply *a, const struct coll *c, struct err *e)
{
	char many[48] = "", how[160];
	uint64_t n;
	int rc;

	/* a collection that the checkpoint knows was written by this task */
	if (a->op.ensure || is_free(a, c))
		return a->conf->adopt ? identity_take(a, c, 0, e)
				      : identity_is(a, c, 0, e);
	if (identity_is_known(a))
		return 0; /* the warning was given before */
	if ((rc = has_rows(a, c, &n, e)) == -1)
		return -1;
	if (rc == 1 && n > 0)
		snprintf(many, sizeof many, ", with %" PRIu64 " rows", n);
	if (rc == 1)
		log_warn("collection '%s' is at the target already%s, and "
			 "nobody of this state directory has made it: others "
			 "may write there, too; a drop at the source will be "
			 "refused (--adopt takes it for ours%s)",
		    apply_label(c->db, c->name, NULL),
		    n > 0 ? many : ", with rows", how_to(a, how));
	return identity_take(a, c, rc, e);
}

int
own_may(struct apply *a, const struct coll *c, const char *verb, struct err *e)
{
	char how[160];
	uint64_t n;
	int rc;

	if (own_is_anothers(a, c, verb, e) == -1)
		return -1;
	if (is_free(a, c))
		return 0;
	if ((rc = has_rows(a, c, &n, e)) != 1)
		return rc;
	return err_set(e, ERR_DATA,
	    "'%s' was at the target before anybody of this state directory "
	    "wrote to it, and has rows, which may be others': it is not %s; "
	    "do that there by hand, or let --adopt take it for ours%s, or "
	    "leave it as it is with --skip=%s",
	    apply_label(c->db, c->name, NULL), verb, how_to(a, how),
	    op_name(a->op.op));
}
